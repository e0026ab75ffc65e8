"""The review queue: what comes first, who has what before him, what leaves it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from backoffice.lib.errors import DomainError, InvalidInput, NotFound
from orders.services.cancelling import cancel_order
from orders.services.delivering import deliver_order
from risk.models import Flag, Review, ReviewAct
from risk.queueing import LEASE, SKIPPED_FOR, TERM_COLUMNS, Urgency
from risk.services.leasing import HeldByAnother, LeaseLost, give_back, renew, take, take_next
from risk.services.queueing import assign, escalate, skip
from risk.services.reviewing import decide_flag
from tests.orders.factories import an_order
from tests.promotions.factories import NOON
from tests.risk.factories import HOUR, MINUTE
from tests.risk.queue_factories import a_reviewer, flagged, flagged_top_up, place_of, term

pytestmark = pytest.mark.django_db
LATER = NOON + MINUTE
SECOND = timedelta(seconds=1)


def decide(flag, decision="cleared", *, by, at=LATER, **more):
    return decide_flag(flag, decision=decision, reason="looked at it", by=by, at=at, **more)


def taken_in_turn(user, count, at=LATER):
    """The orders that one reviewer gets who decides each."""
    found = []
    for _number in range(count):
        review = take_next(user, at=at)
        found.append(review.order_id)
        decide(Flag.objects.get(order=review.order_id), by=user, at=at)
    return found


def test_a_flagged_order_waits_in_the_queue_until_it_is_decided():
    flag, reviewer = flagged(), a_reviewer()
    assert place_of(flag).score == flag.score
    decide(flag, by=reviewer)
    assert Review.objects.exists() is False


def test_an_order_that_was_decided_when_it_came_never_waits():
    flag = flagged()
    decide(flag, by=a_reviewer())
    Flag.objects.filter(pk=flag.pk).update(score=99)
    assert Review.objects.exists() is False


def test_undelivered_top_ups_come_first_then_goods_then_what_is_lost():
    gone, goods, top_up = flagged(score=90), flagged(score=80), flagged_top_up(score=45)
    deliver_order(gone.order.ref, at=NOON)
    assert [place_of(flag).urgency for flag in (gone, goods, top_up)] == [Urgency.NOTHING, Urgency.GOODS, Urgency.TOP_UP]
    assert taken_in_turn(a_reviewer(), 3) == [top_up.order_id, goods.order_id, gone.order_id]


def test_what_is_called_off_is_less_urgent_too_and_due_later():
    flag = flagged_top_up()
    due_before = place_of(flag).due_at
    cancel_order(flag.order.ref, cancelled_by="customer", reason="changed my mind", at=LATER)
    assert place_of(flag).urgency == Urgency.NOTHING
    assert place_of(flag).due_at == NOON + term(Urgency.NOTHING, "organised") > due_before


def test_within_the_same_urgency_the_due_time_decides_and_then_the_score():
    early = flagged(disposition="undetermined", score=40, at=NOON - 8 * HOUR)
    low, high = flagged(score=50), flagged(score=70)
    assert taken_in_turn(a_reviewer(), 3) == [early.order_id, high.order_id, low.order_id]


@pytest.mark.parametrize("urgency", Urgency)
def test_due_times_are_the_same_in_python_and_in_the_database(urgency):
    for disposition in ("organised", "swept_along"):
        flag = flagged_top_up(disposition=disposition) if urgency == Urgency.TOP_UP else flagged(disposition=disposition)
        if urgency == Urgency.NOTHING:
            deliver_order(flag.order.ref, at=NOON)
        assert place_of(flag).due_at == NOON + term(urgency, disposition)
    assert set(TERM_COLUMNS) == set(Urgency)


def test_a_heavier_finding_moves_the_order_forward():
    flag = flagged(score=45, disposition="undetermined")
    Flag.objects.filter(pk=flag.pk).update(score=95, disposition="organised")
    assert (place_of(flag).score, place_of(flag).due_at) == (95, NOON + term(Urgency.GOODS, "organised"))


def test_two_reviewers_get_two_orders():
    flagged(), flagged()
    one, other = take_next(a_reviewer(), at=LATER), take_next(a_reviewer(), at=LATER)
    assert one != other
    assert take_next(a_reviewer(), at=LATER) is None


def test_who_has_an_order_gets_it_again_and_it_is_kept_as_long_again():
    flagged(), flagged()
    reviewer = a_reviewer()
    first = take_next(reviewer, at=LATER)
    again = take_next(reviewer, at=LATER + 5 * MINUTE)
    assert (again.pk, again.leased_until) == (first.pk, LATER + 5 * MINUTE + LEASE)


def test_an_order_whose_time_ran_out_goes_to_the_next_who_asks():
    flagged()
    away, here = a_reviewer(), a_reviewer()
    review = take_next(away, at=LATER)
    assert take_next(here, at=LATER + LEASE - SECOND) is None
    assert take_next(here, at=LATER + LEASE) == review
    with pytest.raises(LeaseLost, match="has taken this order"):
        renew(review.pk, away, at=LATER + LEASE + SECOND)


def test_an_open_page_keeps_the_order():
    flagged()
    reviewer = a_reviewer()
    review = take_next(reviewer, at=LATER)
    assert renew(review.pk, reviewer, at=LATER + 10 * MINUTE) == LATER + 10 * MINUTE + LEASE
    assert take_next(a_reviewer(), at=LATER + 20 * MINUTE) is None


def test_a_lost_lease_is_said_plainly():
    flag, reviewer = flagged(), a_reviewer()
    review = take_next(reviewer, at=LATER)
    with pytest.raises(LeaseLost, match="back in the queue"):
        renew(review.pk, reviewer, at=LATER + LEASE)
    decide(flag, by=reviewer, at=LATER)
    with pytest.raises(LeaseLost, match="was decided"):
        renew(review.pk, reviewer, at=LATER)


def test_nobody_decides_what_another_has_before_him():
    flag, reviewer, other = flagged(), a_reviewer(), a_reviewer()
    take_next(reviewer, at=LATER)
    with pytest.raises(HeldByAnother, match="before him"):
        decide(flag, by=other)
    flag.refresh_from_db()
    assert flag.decision == ""
    decide(flag, by=other, at=LATER + LEASE)
    assert Review.objects.exists() is False


def test_taking_another_order_gives_the_first_one_back():
    first, second = flagged(score=90), flagged(score=40)
    reviewer, other = a_reviewer(), a_reviewer()
    assert take_next(reviewer, at=LATER).order_id == first.order_id
    take(place_of(second), reviewer, at=LATER)
    assert take_next(other, at=LATER).order_id == first.order_id
    with pytest.raises(HeldByAnother):
        take(place_of(second), other, at=LATER)


def test_what_was_decided_cannot_be_taken():
    flag, reviewer = flagged(), a_reviewer()
    review = place_of(flag)
    decide(flag, by=reviewer)
    with pytest.raises(NotFound):
        take(review, reviewer, at=LATER)


def test_a_skipped_order_is_skipped_for_that_reviewer_alone_and_comes_back_by_itself():
    flagged()
    reviewer, other = a_reviewer(), a_reviewer()
    review = take_next(reviewer, at=LATER)
    skip(review, reviewer, at=LATER)
    assert take_next(reviewer, at=LATER + SKIPPED_FOR - SECOND) is None
    assert take_next(other, at=LATER) == review
    give_back(other)
    assert take_next(reviewer, at=LATER + SKIPPED_FOR) == review


def test_what_was_escalated_goes_to_seniors_first_of_all_and_to_nobody_else():
    top_up, plain = flagged_top_up(), flagged()
    reviewer, senior = a_reviewer(), a_reviewer("review_escalated")
    escalate(place_of(plain), reviewer, at=LATER, reason="a relative of mine")
    assert taken_in_turn(reviewer, 1) == [top_up.order_id]
    assert take_next(reviewer, at=LATER) is None
    assert take_next(senior, at=LATER).order_id == plain.order_id


def test_escalating_needs_a_reason_and_gives_the_order_back():
    flagged()
    reviewer = a_reviewer()
    review = take_next(reviewer, at=LATER)
    with pytest.raises(InvalidInput):
        escalate(review, reviewer, at=LATER, reason=" ")
    escalated = escalate(review, reviewer, at=LATER, reason="too large for me")
    assert (escalated.leased_by, escalated.escalated_by, escalated.escalation_reason) == (None, reviewer, "too large for me")


def test_an_assigned_order_goes_to_that_person_first_and_to_nobody_else():
    first, last = flagged(score=95), flagged(score=40)
    lead, reviewer, other = a_reviewer(), a_reviewer(), a_reviewer()
    assign(place_of(last), reviewer, by=lead, at=LATER, reason="knows the shop")
    assert take_next(other, at=LATER).order_id == first.order_id
    assert take_next(lead, at=LATER) is None
    assert take_next(reviewer, at=LATER).order_id == last.order_id
    assign(place_of(last), None, by=reviewer, at=LATER, reason="going home")
    assert take_next(lead, at=LATER).order_id == last.order_id


def test_nothing_is_assigned_to_whoever_may_not_decide():
    from tests.promotions.factories import a_user

    flag = flagged()
    with pytest.raises(DomainError, match="may not decide"):
        assign(place_of(flag), a_user(), by=a_reviewer(), at=LATER, reason="he asked")
    assert place_of(flag).assigned_to is None


def test_every_act_stays_written():
    flag, reviewer = flagged(), a_reviewer()
    review = take_next(reviewer, at=LATER)
    skip(review, reviewer, at=LATER, reason="lunch")
    escalate(review, reviewer, at=LATER, reason="too large")
    assign(review, reviewer, by=reviewer, at=LATER, reason="after all")
    take_next(reviewer, at=LATER)
    decide(flag, "confirmed", by=reviewer, at=LATER + 40 * SECOND)
    acts = list(ReviewAct.objects.order_by("pk").values_list("kind", "reason", "outcome", "seconds"))
    assert acts == [
        ("skipped", "lunch", "", None),
        ("escalated", "too large", "", None),
        ("assigned", "after all", "", None),
        ("decided", "looked at it", "confirmed", 40),
    ]


def test_the_database_lets_nobody_take_what_another_has():
    review = place_of(flagged())
    take(review, a_reviewer(), at=LATER)
    with pytest.raises(IntegrityError, match="another reviewer has this order"), transaction.atomic():
        Review.objects.filter(pk=review.pk).update(leased_by=a_reviewer(), leased_at=LATER + MINUTE, leased_until=LATER + HOUR)


def test_the_database_gives_a_reviewer_one_order():
    one, other, reviewer = place_of(flagged()), place_of(flagged()), a_reviewer()
    take(one, reviewer, at=LATER)
    with pytest.raises(IntegrityError, match="review_one_order_a_reviewer"), transaction.atomic():
        Review.objects.filter(pk=other.pk).update(leased_by=reviewer, leased_at=LATER, leased_until=LATER + HOUR)


def test_the_database_lets_nobody_decide_what_another_has():
    flag, other = flagged(), a_reviewer()
    take(place_of(flag), a_reviewer(), at=LATER)
    decided = {"decision": "cleared", "decided_by": other, "decided_at": LATER, "decision_reason": "mine"}
    with pytest.raises(IntegrityError, match="another reviewer has this order"), transaction.atomic():
        Flag.objects.filter(pk=flag.pk).update(**decided)


def test_the_database_turns_no_decision_into_another():
    flag = flagged()
    decide(flag, by=a_reviewer())
    with pytest.raises(IntegrityError, match="only after its decision was taken back"), transaction.atomic():
        Flag.objects.filter(pk=flag.pk).update(decision="confirmed")


def test_the_database_has_an_order_in_the_queue_once():
    flag = flagged()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO risk_review (order_id, urgency, due_at, score, since, is_escalated, escalation_reason)"
            " SELECT order_id, urgency, due_at, score, since, false, '' FROM risk_review WHERE order_id = %s",
            [flag.order_id],
        )


@pytest.mark.parametrize(
    "broken",
    [
        {"leased_at": NOON},
        {"leased_until": NOON},
        {"is_escalated": True},
        {"escalation_reason": "why"},
        {"assigned_to_id": 1},
        {"assigned_by_id": 1},
    ],
)
def test_the_database_wants_to_know_who_and_why(broken):
    flag = flagged()
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(order=flag.order_id).update(**broken)


def test_acts_are_never_changed():
    review = place_of(flagged())
    skip(review, a_reviewer(), at=LATER)
    for change in (lambda: ReviewAct.objects.update(reason="other"), lambda: ReviewAct.objects.all().delete()):
        with pytest.raises(Exception, match="Cannot"), transaction.atomic():
            change()


def test_an_order_without_a_flag_or_an_appeal_is_in_no_queue():
    order = an_order()
    deliver_order(order.ref, at=NOON)
    assert Review.objects.exists() is False
