"""The review queue with many flagged orders waiting and many reviewers taking and deciding, each a process of his own.

Each reviewer takes the next order as the admin does, looks at it for a while and decides it. What is printed is how long taking and
deciding took, beside a bare `SELECT ... SKIP LOCKED LIMIT 1` by the same people at the same pace; and whether any order was taken
twice. Then the same without any pause, for the rate that the machine comes to.
"""

import argparse
import multiprocessing
import random
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission, User
from django.db import connection, transaction

from backoffice.lib import clock
from benchmarks.orders import make_orders, settle
from risk.models import Flag, Review
from risk.services.leasing import give_back, take_next
from risk.services.reviewing import decide_flag

FLAGS = """
    INSERT INTO risk_flag (order_id, score, disposition, flagged_at, updated_at, decision, decision_reason, overruled)
    SELECT id, 40 + id %% 160, CASE id %% 7 WHEN 0 THEN 'organised' WHEN 1 THEN 'swept_along' ELSE 'undetermined' END,
           placed_at, placed_at, '', '', ''
    FROM orders_order WHERE id > %s AND id <= %s ORDER BY id
"""
BARE = (
    "SELECT id FROM risk_review WHERE leased_until IS NULL ORDER BY urgency, due_at, score DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED"
)
BATCH = 250_000


class Work(NamedTuple):
    """What one reviewer did: orders taken, and seconds of each taking, deciding and bare statement."""

    orders: list[int]
    takes: list[float]
    decisions: list[float]
    bare: list[float]


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=queue", description=__doc__)
    parser.add_argument("--flags", type=int, default=1_000_000, help="so many flagged orders wait")
    parser.add_argument("--reviewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60, help="how long they work, at each pace")
    parser.add_argument("--look", type=float, default=1.0, help="seconds that a reviewer looks at an order, in the middle")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> None:
    asked = arguments(given)
    begun = time.perf_counter()
    make_queue(asked.flags)
    print(f"{Review.objects.count():,} flagged orders wait, made in {time.perf_counter() - begun:.0f} s")
    people = reviewers(asked.reviewers)
    _tell("at a pace", _work_together(people, asked.seconds, asked.look), asked)
    _tell("without a pause", _work_together(people, asked.seconds, 0.0), asked)


def make_queue(count: int) -> None:
    make_orders(count, small=min(1_000, count // 10))
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) - 1, max(id) FROM orders_order")
        first, last = cursor.fetchone()
        for start in range(first, last, BATCH):
            cursor.execute(FLAGS, [start, min(start + BATCH, last)])
    settle()


def reviewers(count: int) -> list[User]:
    right = Permission.objects.get(content_type__app_label="risk", codename="decide_flag")
    people = [User.objects.create(username=f"reviewer-{number}", is_staff=True) for number in range(count)]
    for person in people:
        person.user_permissions.add(right)
    return people


def _work_together(people: list[User], seconds: float, look: float) -> list[Work]:
    """Each in a process of his own: Python would otherwise have them wait for each other."""
    _let_go_of_connections()
    context = multiprocessing.get_context("fork")
    answers: Any = context.Queue()
    workers = [context.Process(target=_answer, args=(answers, person.pk, seconds, look)) for person in people]
    for worker in workers:
        worker.start()
    done = [answers.get(timeout=seconds + 120) for _worker in workers]
    for worker in workers:
        worker.join()
    return done


def _let_go_of_connections() -> None:
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


def _answer(answers: Any, user_id: int, seconds: float, look: float) -> None:
    answers.put(_review(User.objects.get(pk=user_id), seconds, look))
    _let_go_of_connections()


def _review(user: User, seconds: float, look: float) -> Work:
    work, chance = Work([], [], [], []), random.Random(user.pk)
    take_next(user, at=clock.now())  # his connection and his rights are there before anything is measured
    give_back(user)
    time.sleep(look * chance.random())
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        begun = time.perf_counter()
        review = take_next(user, at=clock.now())
        work.takes.append(time.perf_counter() - begun)
        if review is None:
            break
        work.orders.append(review.order_id)
        time.sleep(2 * look * chance.random())
        begun = time.perf_counter()
        flag = Flag.objects.get(order=review.order_id)
        decide_flag(flag, decision="cleared", reason="benchmark", by=user, at=clock.now())
        work.decisions.append(time.perf_counter() - begun)
        work.bare.append(_bare())
    return work


def _bare() -> float:
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BARE)
        cursor.fetchone()
    return time.perf_counter() - begun


def _tell(pace: str, done: list[Work], asked: argparse.Namespace) -> None:
    orders = [order for work in done for order in work.orders]
    twice = len(orders) - len(set(orders))
    print(
        f"{pace}: {asked.reviewers} reviewers took and decided {len(orders):,} orders in {asked.seconds:.0f} s; {twice} taken twice"
    )
    for name, waits in (
        ("take next", [wait for work in done for wait in work.takes]),
        ("decide", [wait for work in done for wait in work.decisions]),
        ("bare SKIP LOCKED", [wait for work in done for wait in work.bare]),
    ):
        middle, p99, worst = (1000 * _at(waits, share) for share in (0.5, 0.99, 1))
        print(f"  {name}: middle {middle:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms")
    if twice:
        raise SystemExit("An order was taken twice.")


def _at(waits: list[float], share: float) -> float:
    found = sorted(waits)
    return found[max(0, int(len(found) * share) - 1)] if found else float("nan")
