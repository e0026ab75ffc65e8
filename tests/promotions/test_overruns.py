"""Where a campaign honours more than its budget holds, what becomes free pays for that first and is nobody's to claim."""

from contextlib import nullcontext
from decimal import Decimal

import pytest

from backoffice.lib.errors import InvalidInput
from promotions.models import Coupon
from promotions.services import expiring, grant_voids, redeeming, returning, voiding
from promotions.services.budgets import budget_figures
from promotions.services.changes import narrow, request_change
from promotions.services.expiring import expire_coupons
from promotions.services.returning import return_coupons
from promotions.services.slices import gather_all_room
from promotions.services.voiding import void_coupon
from promotions.states import ClaimOutcome, CouponStatus, OverrunPolicy, RefusalReason, SlotReturn
from tests.promotions.factories import (
    DAY,
    NOON,
    a_basket,
    a_campaign,
    a_claim,
    a_coupon,
    a_coupon_type,
    an_entry,
    approved,
    cash_out,
    redeem,
    the_asker,
)
from tests.promotions.granting import a_grant, a_void
from tests.promotions.kinds import fresh

pytestmark = pytest.mark.django_db

WHY = {"reason": "test", "at": NOON}


def lower(obj, **changes):
    return narrow(obj, changes=changes, by=the_asker(), **WHY)


def two_full_slices(give, **fields):
    """A type of 10.00 each, its four coupons in two slices of 20.00, of the budget and of the type's own."""
    campaign = a_campaign(budget=Decimal(40), slices=2, overrun_policy=OverrunPolicy.HONOUR, **fields)
    kind = a_coupon_type(campaign=campaign, budget_amount=Decimal(40), slices=2, per_customer=None)
    give(kind)
    return kind


def by_claims(kind):
    entry = an_entry(coupon_type=kind)
    for _ in range(4):
        a_coupon(entry=entry)


def lowered_to_30(kind):
    """A quarter of it overruns, all of that in one slice. Answers a coupon of the other one, and the other coupons."""
    lower(kind, budget_amount=Decimal(30))
    lower(kind.campaign, amount=Decimal(30))
    coupon = Coupon.objects.filter(coupon_type=kind, budget_slice__overrun=0, coupon_type_slice__overrun=0).first()
    return coupon, Coupon.objects.filter(coupon_type=kind).exclude(pk=coupon.pk)


def redeemed_for_less():
    kind = two_full_slices(by_claims)
    coupon, _others = lowered_to_30(kind)
    redeem(coupon, lines=a_basket("4.00"))
    return kind


def returned_for_good():
    kind = two_full_slices(by_claims, slot_return=SlotReturn.NEVER)
    coupon, _others = lowered_to_30(kind)
    redeem(coupon, order_ref="o1")
    assert return_coupons(order_ref="o1", cancelled_by="customer", at=NOON) == 0
    return kind


def voided():
    kind = two_full_slices(by_claims)
    void_coupon(lowered_to_30(kind)[0], by=the_asker(), **WHY)
    return kind


def expired():
    kind = two_full_slices(by_claims)
    lowered_to_30(kind)[1].update(status=CouponStatus.FROZEN)
    assert expire_coupons(NOON + 60 * DAY) == 1
    return kind


def voided_with_its_grant():
    grants = []
    kind = two_full_slices(lambda kind: grants.append(a_grant("u1", "u2", "u3", "u4", coupon_type=kind)))
    for other in lowered_to_30(kind)[1]:
        cash_out(other)
    a_void(grants[0])
    return kind


FREES = {
    redeemed_for_less: Decimal(4),
    returned_for_good: Decimal(0),
    voided: Decimal(0),
    expired: Decimal(0),
    voided_with_its_grant: Decimal(0),
}


def rooms(parts):
    return [part.amount - part.reserved - part.spent for part in parts.all()]


@pytest.mark.parametrize("frees", FREES)
def test_what_becomes_free_pays_for_what_lies_above_the_budget(frees):
    kind = frees()
    budget = fresh(kind.campaign).budget
    for parts in (kind.slices, budget.slices):
        assert sum(part.amount for part in parts.all()) == 30
        assert max(rooms(parts)) == 0
        assert sum(part.overrun for part in parts.all()) == -sum(rooms(parts)) == FREES[frees]
    small = an_entry(coupon_type=a_coupon_type(campaign=kind.campaign, face_value=Decimal("5.00")))
    assert a_claim(entry=small).reason == RefusalReason.BUDGET_SPENT


@pytest.mark.parametrize("frees", FREES)
def test_the_control_gives_more_than_the_budget_has(frees, monkeypatch):
    for module in (redeeming, voiding, expiring, grant_voids):
        monkeypatch.setattr(module, "paying_overruns", lambda kinds: nullcontext())
    monkeypatch.setattr(returning, "pay_overruns", lambda slices: None)
    kind = frees()
    small = an_entry(coupon_type=a_coupon_type(campaign=kind.campaign, face_value=Decimal("5.00")))
    assert a_claim(entry=small).outcome == ClaimOutcome.ISSUED
    assert budget_figures(fresh(kind.campaign).budget)["room"] < 0


def test_a_campaign_stops_honouring_when_nothing_lies_above_its_budget_any_more():
    kind = two_full_slices(by_claims)
    coupon, _others = lowered_to_30(kind)
    approval = request_change(kind.campaign, changes={"overrun_policy": OverrunPolicy.REFUSE}, by=the_asker(), **WHY)
    with pytest.raises(InvalidInput, match="beyond the budget"):
        approved(approval)
    void_coupon(coupon, by=the_asker(), **WHY)
    approved(approval)
    assert fresh(kind.campaign).overrun_policy == OverrunPolicy.REFUSE


def test_gathering_room_where_there_is_less_than_none_leaves_the_slices_alone():
    kind = two_full_slices(by_claims)
    lowered_to_30(kind)
    budget = fresh(kind.campaign).budget
    before = list(budget.slices.order_by("pk").values("amount", "overrun"))
    gather_all_room(kind.pk, budget.pk)
    assert list(budget.slices.order_by("pk").values("amount", "overrun")) == before
