"""Two workers, two beats, and every message three times: the tables are the same as with one of each, byte for byte.

It takes minutes and runs with --run-slow: each side is a site of its own in a process of its own (`tests.orders.chaos_thrice`).
"""

import json
import subprocess
import sys

import pytest

from tests.orders.chaos import REPOSITORY, env_of_nobody

pytestmark = pytest.mark.slow

ORDERS, CHUNK = 10_000, 500


@pytest.fixture(scope="module")
def told():
    """What both sides print."""
    sides = {}
    for how in ("once", "thrice"):
        argv = [sys.executable, "-m", "tests.orders.chaos_thrice", str(ORDERS), str(CHUNK), how]
        done = subprocess.run(argv, cwd=REPOSITORY, env=env_of_nobody(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        sides[how] = json.loads(done.stdout)
    return sides["once"], sides["thrice"]


def test_the_tables_are_the_same_byte_for_byte(told):
    once, thrice = told
    assert {name: rows for name, rows in thrice["tables"].items() if once["tables"][name] != rows} == {}
    assert once["tables"].keys() == thrice["tables"].keys()


def test_all_of_it_was_worked(told):
    for side in told:
        rows = {name: int(told.split()[0]) for name, told in side["tables"].items()}
        assert rows["orders_hold"] == rows["orders_freezeitem"] == rows["orders_releaseitem"] == ORDERS


def test_every_message_was_sent_three_times(told):
    once, thrice = told
    assert once["sent"] > 0
    assert thrice["sent"] % 3 == 0
    assert thrice["sent"] >= 3


def test_control_one_event_that_is_there_twice_is_told(told):
    for side in told:
        changed = {name for name, rows in side["tables_with_one_event_doubled"].items() if side["tables"][name] != rows}
        assert changed == {"orders_holdevent"}
