"""`kill -9` while a file of orders is checked and loaded: every row is there once with its result, and nobody has to help.

The small one kills the child that checks and the worker that loads. The large one, a million lines and twenty kills of child,
worker, PostgreSQL and Valkey, takes minutes and runs with --run-slow.
"""

import json
import subprocess
import sys

import pytest

from tests.orders import chaos_invoices as invoices
from tests.orders import chaos_story as story
from tests.orders.chaos import REPOSITORY, env_of_nobody
from tests.orders.chaos_follow import Kill, follow
from tests.orders.killing import a_worker

pytestmark = pytest.mark.django_db(transaction=True)

LINES, CHUNK = 2_000, 100
MANY, KILLS, LARGE_CHUNK, SEED = 1_000_000, 20, 5_000, 20190120


@pytest.fixture(scope="module")
def told(tmp_path_factory, django_db_setup, django_db_blocker):
    """What the small one came to, read before the tables are emptied."""
    with django_db_blocker.unblock(), a_worker(tmp_path_factory.mktemp("logs"), chunk=CHUNK) as made:
        story.make_staff()
        found = invoices.a_read_file(LINES)
        job = invoices.begin_check(found)
        checking = follow(made, lambda: story.progress(job), [Kill(LINES // 4, 0, "child")], wait=0.02)
        job = invoices.begin_load(found)
        killed = Kill(invoices.expected(LINES)["invoices"] // 3, 0, "worker")
        loading = follow(made, lambda: story.progress(job), [killed], wait=0.02)
        return checking, loading, invoices.expected(LINES), invoices.outcome(found)


def test_they_were_killed_in_the_middle(told):
    checking, loading, expected, _outcome = told
    assert LINES / 4 <= checking.killed_at[0] < LINES
    assert expected["invoices"] / 3 <= loading.killed_at[0] < expected["invoices"]


def test_progress_never_ran_backwards(told):
    checking, loading, _expected, _outcome = told
    assert not checking.ran_backwards
    assert not loading.ran_backwards


def test_every_row_is_there_once_with_its_result(told):
    _checking, _loading, expected, outcome = told
    is_whole(expected, outcome)


def is_whole(expected, outcome):
    count = expected["invoices"]
    assert outcome["status"] == "loaded"
    assert outcome["check"] == ["done", expected["rows"], expected["rows"], 0]
    assert outcome["load"] == ["done", count, count, 0]
    assert outcome["results"] == {"loaded": count}
    assert outcome["orders"] == outcome["orders_with_their_lines"] == expected["orders"]
    for name in ("rows", "invoices", "order_lines", "net", "sold"):
        assert outcome[name] == expected[name], name


@pytest.mark.slow
def test_a_million_lines_and_twenty_kills():
    argv = [sys.executable, "-m", "tests.orders.chaos_imports", *(str(word) for word in (MANY, KILLS, LARGE_CHUNK, SEED))]
    done = subprocess.run(argv, cwd=REPOSITORY, env=env_of_nobody(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stderr, done.stdout)
    told = json.loads(done.stdout)
    assert told["killed"] == {"child": 5, "worker": 5, "PostgreSQL": 5, "Valkey": 5}
    assert told["ran_backwards"] is False
    is_whole(told["expected"], told["outcome"])
