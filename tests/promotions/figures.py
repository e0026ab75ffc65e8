"""What the budget's counters say, what the ledger says, and a copy of every row that money touches."""

from decimal import Decimal

from promotions.models import BudgetSlice, Coupon, Customer, Redemption
from promotions.services.budgets import budget_figures
from promotions.states import CouponStatus
from tests.promotions.factories import (
    a_campaign,
    a_coupon,
    a_coupon_type,
    an_entry,
)


def a_coupon_of(*, campaign=None, claimant=None, **fields):
    return a_coupon(entry=an_entry(coupon_type=a_coupon_type(campaign=campaign or a_campaign(), **fields)), claimant=claimant)


def figures(campaign):
    found = budget_figures(campaign.budget)
    return {name: found[name] for name in ("issued", "reserved", "spent", "returned")}


def money(issued="0", reserved="0", spent="0", returned="0"):
    values = {"issued": issued, "reserved": reserved, "spent": spent, "returned": returned}
    return {name: Decimal(value) for name, value in values.items()}


def status_of(coupon):
    return Coupon.objects.get(pk=coupon.pk).status


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Coupon, Redemption, BudgetSlice, Customer)]


def ledger():
    """What the budget's figures must be, from claims, coupons and redemptions alone."""
    coupons = list(Coupon.objects.all())
    open_redemptions = Redemption.objects.filter(returned_at=None).values_list("amount", flat=True)
    reserved = sum((c.face_value for c in coupons if c.status == CouponStatus.ISSUED), Decimal(0))
    spent = sum(open_redemptions, Decimal(0))
    issued = sum((c.face_value for c in coupons), Decimal(0))
    return {"issued": issued, "reserved": reserved, "spent": spent, "returned": issued - reserved - spent}
