"""Twenty times `kill -9` of child, worker, PostgreSQL and Valkey: nothing is lost, nothing is done twice, nobody has to help.

It takes minutes and runs with --run-slow; the fast suite has `test_freeze_worker_killed`, and `test_freeze_survives`, which dies in
every chunk. A site of its own runs in a
process of its own (`tests.orders.chaos_kills`): the PostgreSQL of the tests is not to be killed.
"""

import json
import subprocess
import sys

import pytest

from tests.orders.chaos import REPOSITORY, env_of_nobody

pytestmark = pytest.mark.slow

ORDERS, KILLS, CHUNK, SEED = 100_000, 20, 5_000, 20190120


@pytest.fixture(scope="module")
def told():
    """What the run prints."""
    argv = [sys.executable, "-m", "tests.orders.chaos_kills", *(str(word) for word in (ORDERS, KILLS, CHUNK, SEED))]
    done = subprocess.run(argv, cwd=REPOSITORY, env=env_of_nobody(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stderr, done.stdout)
    return json.loads(done.stdout)


def test_all_kinds_were_killed_before_the_end(told):
    assert told["killed"] == {"child": 5, "worker": 5, "PostgreSQL": 5, "Valkey": 5}


def test_each_order_is_frozen_once(told):
    assert (told["status"], told["total"], told["done"], told["failed"]) == ("done", ORDERS, ORDERS, 0)
    assert told["results"] == {"held": ORDERS}
    assert told["holds"] == told["orders_held"] == ORDERS


def test_each_hold_is_in_the_history_once(told):
    assert told["events"] == told["holds_with_one_event"] == ORDERS


def test_progress_never_ran_backwards(told):
    assert told["ran_backwards"] is False


def test_it_took_no_longer_than_twice_the_clean_time_and_two_minutes(told):
    assert told["seconds"] <= 2 * told["clean_seconds"] + 120
