"""Reviewers take from the queue at the same moment: no order is with two of them. Each guard has a control without it."""

import threading

import pytest
from django.db import transaction

from risk.models import Flag, Review
from risk.services import leasing
from risk.services.leasing import take, take_next
from risk.services.reviewing import decide_flag
from tests.orders.rounds import in_threads, trigger_off
from tests.promotions.factories import NOON
from tests.race.waiting import somebody_waits, wait_until
from tests.risk.factories import HOUR
from tests.risk.queue_factories import a_reviewer, flagged, place_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

TRIGGER = "review_is_leased_to_one"


def reviewed_to_the_end(user):
    """The orders that one reviewer takes and decides until none waits."""
    taken = []
    while review := take_next(user, at=NOON):
        taken.append(review.order_id)
        decide_flag(Flag.objects.get(order=review.order_id), decision="cleared", reason="seen", by=user, at=NOON)
    return taken


def test_of_many_orders_none_is_taken_twice():
    orders = {flagged().order_id for _number in range(24)}
    people = [a_reviewer() for _number in range(6)]
    taken = [order for part in in_threads(*[lambda who=who: reviewed_to_the_end(who) for who in people]) for order in part]
    assert (len(taken), set(taken)) == (24, orders)
    assert Review.objects.exists() is False


def one_takes_while_the_other_has_not_committed():
    """What two reviewers get, the second asking while the first one's transaction is still open."""
    flagged(score=90), flagged(score=40)
    first, second = a_reviewer(), a_reviewer()
    got = []

    def ask():
        got.extend(in_threads(lambda: take_next(second, at=NOON)))

    with transaction.atomic():
        mine = take_next(first, at=NOON)
        other = threading.Thread(target=ask)
        other.start()
        wait_until(lambda: not other.is_alive() or somebody_waits())
    other.join(timeout=30)
    return mine, got[0]


def test_the_second_reviewer_neither_waits_nor_gets_the_same_order():
    mine, others = one_takes_while_the_other_has_not_committed()
    assert mine.order_id != others.order_id


def test_control_without_the_lock_and_the_trigger_both_get_the_same_order(monkeypatch):
    monkeypatch.setattr(leasing, "LOCK", "")
    with trigger_off("risk_review", TRIGGER):
        mine, others = one_takes_while_the_other_has_not_committed()
    assert mine.order_id == others.order_id


def test_without_the_lock_the_trigger_still_gives_them_two_orders(monkeypatch):
    monkeypatch.setattr(leasing, "LOCK", "")
    mine, others = one_takes_while_the_other_has_not_committed()
    assert mine.order_id != others.order_id


def test_two_windows_of_one_reviewer_show_the_same_order():
    flagged(), flagged()
    reviewer = a_reviewer()
    answers = in_threads(*[lambda: take_next(reviewer, at=NOON)] * 4)
    assert {answer.order_id for answer in answers} == {Review.objects.get(leased_by=reviewer).order_id}


def test_of_two_who_take_the_same_order_one_is_refused():
    review = place_of(flagged())
    people = [a_reviewer(), a_reviewer()]
    answers = in_threads(*[lambda who=who: take(review, who, at=NOON) for who in people])
    assert sorted(type(answer).__name__ for answer in answers) == ["HeldByAnother", "Review"]


def test_taking_and_deciding_the_same_order_at_once_leaves_it_decided_or_taken():
    flag = flagged()
    review, taker, decider = place_of(flag), a_reviewer(), a_reviewer()
    in_threads(
        lambda: take(review, taker, at=NOON + HOUR),
        lambda: decide_flag(flag, decision="cleared", reason="seen", by=decider, at=NOON + HOUR),
    )
    flag.refresh_from_db()
    assert (flag.decision == "") is Review.objects.filter(leased_by=taker).exists()
