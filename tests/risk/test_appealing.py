"""A customer appeals against his order being held; somebody who has not decided it decides the appeal."""

import pytest
from django.db import IntegrityError, transaction

from backoffice.lib.errors import InvalidInput
from backoffice.lib.models import OutboxMessage
from backoffice.lib.webhooks import make_webhook
from orders.models import Hold
from orders.services.delivering import OrderHeld, deliver_order
from orders.services.errors import OrderNotFound
from risk.models import Appeal, Flag, Review
from risk.services.appealing import AppealIsDecided, AppealOpen, OrderNotHeld, decide_appeal, file_appeal, holds_left
from risk.services.leasing import HeldByAnother, take, take_next
from risk.services.reviewing import AppealIsOpen, decide_flag
from tests.orders.factories import a_done_freeze, a_hold, an_order
from tests.promotions.factories import NOON, a_user
from tests.risk.factories import HOUR, MINUTE, a_flag
from tests.risk.queue_factories import a_reviewer, an_appeal, appeal_term, place_of

pytestmark = pytest.mark.django_db
LATER = NOON + 10 * MINUTE


def decide(appeal, outcome="granted", *, by=None, at=LATER, **more):
    terms = {"reason": "checked the number", "words": "We are sorry: your order is on its way."} | more
    return decide_appeal(appeal, outcome=outcome, by=by or a_reviewer(), at=at, **terms)


def open_kinds(order):
    return set(Hold.objects.open().filter(order=order).values_list("kind", flat=True))


def test_an_appeal_waits_in_the_queue_with_its_own_due_time():
    appeal = an_appeal()
    review = Review.objects.get(order=appeal.order)
    assert (review.due_at, review.appeal_due_at, review.since) == (NOON + appeal_term(), NOON + appeal_term(), NOON)
    assert take_next(a_reviewer(), at=LATER) == review


def test_a_flagged_order_with_an_appeal_waits_once_and_no_later_than_before():
    flag = a_flag()
    due_before = place_of(flag).due_at
    file_appeal(flag.order.ref, text="why?", at=NOON + MINUTE)
    review = place_of(flag)
    assert (review.due_at, review.appeal_due_at) == (due_before, NOON + MINUTE + appeal_term())
    assert Review.objects.filter(order=flag.order).count() == 1


def test_only_a_held_order_can_be_appealed_for():
    order = an_order()
    with pytest.raises(OrderNotHeld):
        file_appeal(order.ref, text="why?", at=NOON)
    with pytest.raises(OrderNotFound):
        file_appeal("nobodys", text="why?", at=NOON)
    assert Appeal.objects.exists() is False


def test_an_order_has_one_open_appeal():
    appeal = an_appeal()
    with pytest.raises(AppealOpen):
        file_appeal(appeal.order.ref, text="again", at=LATER)
    with pytest.raises(IntegrityError, match="appeal_one_open_per_order"), transaction.atomic():
        Appeal.objects.create(order=appeal.order, text="again", filed_at=NOON, due_at=NOON)
    decide(appeal, "upheld")
    assert file_appeal(appeal.order.ref, text="once more", at=LATER + HOUR).outcome == ""


def test_granting_releases_automatic_and_risk_holds_with_the_appeal_as_reason():
    flag = a_flag()
    appeal = file_appeal(flag.order.ref, text="It is my own number.", at=LATER)
    decide(appeal)
    assert open_kinds(flag.order) == set()
    reasons = set(Hold.objects.filter(order=flag.order).values_list("release_reason", flat=True))
    assert reasons == {f"appeal #{appeal.pk} was granted: checked the number"}
    flag.refresh_from_db()
    assert (flag.decision, Review.objects.filter(order=flag.order).exists()) == ("cleared", False)
    assert deliver_order(flag.order.ref, at=LATER).status == "delivered"


def test_granting_releases_a_risk_hold_that_a_reviewer_placed_and_overturns_his_confirmation():
    flag = a_flag()
    decide_flag(flag, decision="confirmed", reason="a rack", by=a_reviewer(), at=NOON)
    decide(file_appeal(flag.order.ref, text="no", at=LATER))
    flag.refresh_from_db()
    assert (flag.decision, open_kinds(flag.order)) == ("cleared", set())


def test_legal_holds_and_those_placed_by_hand_stay():
    order = an_order()
    a_hold(order, kind="manual")
    appeal = an_appeal(order)
    a_done_freeze(type(order).objects.filter(pk=order.pk))
    decide(appeal)
    assert {hold.kind for hold in holds_left(order)} == {"legal", "manual"}
    with pytest.raises(OrderHeld):
        deliver_order(order.ref, at=LATER)


def test_upholding_releases_nothing_and_confirms_what_waits():
    flag = a_flag()
    before = open_kinds(flag.order)
    decide(file_appeal(flag.order.ref, text="no", at=LATER), "upheld", words="It stays as it is.")
    flag.refresh_from_db()
    assert (flag.decision, open_kinds(flag.order)) == ("confirmed", before)
    assert Review.objects.filter(order=flag.order).exists() is False


def test_nobody_decides_an_appeal_against_his_own_decision():
    flag, reviewer = a_flag(), a_reviewer()
    decide_flag(flag, decision="confirmed", reason="a rack", by=reviewer, at=NOON)
    appeal = file_appeal(flag.order.ref, text="no", at=LATER)
    assert take_next(reviewer, at=LATER).order_id != flag.order_id
    with pytest.raises(HeldByAnother, match="You decided"):
        take(place_of(flag), reviewer, at=LATER)
    with pytest.raises(HeldByAnother, match="You decided"):
        decide(appeal, by=reviewer)
    terms = {"outcome": "granted", "decided_by": reviewer, "decided_at": LATER, "reason": "x", "words": "y"}
    with pytest.raises(IntegrityError, match="somebody other than who decided"), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(**terms)


def test_a_flag_with_an_open_appeal_is_decided_by_the_appeal():
    flag = a_flag()
    file_appeal(flag.order.ref, text="no", at=LATER)
    with pytest.raises(AppealIsOpen):
        decide_flag(flag, decision="cleared", reason="fine", by=a_reviewer(), at=LATER)
    assert Flag.objects.get(pk=flag.pk).decision == ""


def test_an_appeal_is_decided_once():
    appeal = an_appeal()
    decide(appeal, "upheld")
    with pytest.raises(AppealIsDecided):
        decide(appeal, "granted")
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(words="other words")
    assert open_kinds(appeal.order) == {"risk"}


def test_an_appeal_stays_as_it_was_filed():
    appeal = an_appeal()
    for change in ({"text": "other"}, {"filed_at": LATER}, {"due_at": LATER}):
        with pytest.raises(Exception, match=r"read.only|Cannot"), transaction.atomic():
            Appeal.objects.filter(pk=appeal.pk).update(**change)


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"words": " "}, {"outcome": "maybe"}])
def test_an_appeal_needs_an_outcome_a_reason_and_words(wrong):
    appeal = an_appeal()
    with pytest.raises(InvalidInput):
        decide(appeal, **({"outcome": "granted"} | wrong))
    assert open_kinds(appeal.order) == {"risk"}


def test_the_outcome_is_told():
    make_webhook(name="shop", url="https://example.com/h", wants=["appeal.decided"], by=a_user(), at=NOON)
    appeal = an_appeal()
    decide(appeal)
    message = OutboxMessage.objects.get(event="appeal.decided")
    assert message.payload == {
        "at": LATER.isoformat(),
        "appeal": appeal.pk,
        "order": appeal.order.ref,
        "outcome": "granted",
        "words": "We are sorry: your order is on its way.",
        "is_held": False,
    }
