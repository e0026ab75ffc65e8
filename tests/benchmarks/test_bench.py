"""The benchmarks run, and count: a claim and an order cost three round trips each. How fast they are is nobody's test."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def printed():
    """What `make bench` prints of a small run. It starts servers of its own."""
    small = ["--seconds", "0.3", "--rounds", "1", "--callers", "4"]
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("HOLDFAST_", "DATABASE_", "REDIS_", "PYTEST_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *small], cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_claim_and_an_order_cost_three_round_trips_and_a_no_op_none(printed):
    trips = re.search(r"round trips to the database: no-op ([\d.]+), claim ([\d.]+), order ([\d.]+)", printed)
    assert trips, printed
    noop, claim, order = (float(count) for count in trips.groups())
    assert (noop, claim, order) == (0, 3, 3)


@pytest.mark.parametrize("what", ["claim / no-op", "order / no-op", "hot / cool", "the same statements under pgbench"])
def test_every_part_prints_its_figure(printed, what):
    assert what in printed


def test_every_call_was_answered_with_success(printed):
    answers = re.findall(r"answers (.*)", printed)
    assert len(answers) == 5
    assert all(re.fullmatch(r"\d+ x 201", answer) for answer in answers)
