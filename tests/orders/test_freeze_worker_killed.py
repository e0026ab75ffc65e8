"""`kill -9` of the child that freezes, and of its worker: each order is frozen once. `test_freeze_killed` is the large one."""

import pytest

from benchmarks.orders import make_few_orders
from tests.orders import chaos_story as story
from tests.orders.chaos_follow import Kill, follow
from tests.orders.killing import a_worker

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS, CHUNK = 2_000, 50


@pytest.fixture(scope="module")
def told(tmp_path_factory, django_db_setup, django_db_blocker):
    """What it came to, read before the tables are emptied."""
    with django_db_blocker.unblock(), a_worker(tmp_path_factory.mktemp("logs"), chunk=CHUNK) as made:
        make_few_orders(ORDERS)
        story.make_staff()
        freeze = story.approved_freeze(story.CLEAN)
        plan = [Kill(ORDERS // 5, 0, "child"), Kill(ORDERS // 2, 0, "worker")]
        seen = follow(made, lambda: story.progress(freeze.job_id), plan, wait=0.02)
        return seen, story.outcome(freeze)


def test_both_were_killed_in_the_middle(told):
    seen, _outcome = told
    first, second = seen.killed_at
    assert ORDERS / 5 <= first < second < ORDERS


def test_progress_never_ran_backwards(told):
    seen, _outcome = told
    assert not seen.ran_backwards


def test_each_order_is_frozen_once(told):
    _seen, outcome = told
    assert outcome == {
        "status": "done",
        "total": ORDERS,
        "done": ORDERS,
        "failed": 0,
        "results": {"held": ORDERS},
        "holds": ORDERS,
        "orders_held": ORDERS,
        "events": ORDERS,
        "holds_with_one_event": ORDERS,
    }
