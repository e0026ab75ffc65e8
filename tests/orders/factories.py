"""What tests of orders stand on, built through the services, so that no test stands on an impossible state."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission, User

from backoffice.lib.approvals import approve
from backoffice.lib.jobs import run_job
from orders.models import Freeze, Hold, Order, Release
from orders.services.freezing import request_freeze, request_release
from orders.services.holding import place_hold
from orders.services.placing import LineRequest, OrderRequest, place_order
from promotions.models import Coupon
from tests.promotions.factories import (
    NOON,
    a_coupon,
    a_coupon_type,
    a_restricted_type,
    a_token,
    a_user,
    an_entry,
    number,
    the_approver,
    the_asker,
)

HOUR = timedelta(hours=1)


def a_line(**fields: Any) -> LineRequest:
    return LineRequest(**{"sku": "tea", "category": "goods", "amount": Decimal("100.00"), **fields})


def a_top_up(**fields: Any) -> LineRequest:
    return a_line(**{"sku": "credit-100", "category": "phone_credit", "recipient": "13800138000", **fields})


def an_order_request(*, coupons: tuple[Coupon, ...] = (), **fields: Any) -> OrderRequest:
    """An order that would be placed, but for what the arguments change. With coupons it is their customer's."""
    n = number()
    values = {
        "ref": f"o{n}",
        "customer_ref": coupons[0].customer.ref if coupons else f"u{n}",
        "coupon_codes": tuple(coupon.code for coupon in coupons),
        "lines": (a_line(),),
        "device": f"device{n}",
        "address": "203.0.113.7",
    }
    return OrderRequest(**{**values, **fields})


def an_order(*, at: datetime = NOON, **fields: Any) -> Order:
    return place_order(an_order_request(**fields), at=at)


def orders(count: int) -> list[Order]:
    return [an_order() for _ in range(count)]


def a_plain_coupon(**type_fields: Any) -> Coupon:
    """A coupon of an online type, 10.00 off."""
    return a_coupon(entry=an_entry(coupon_type=a_coupon_type(**type_fields)))


def a_restricted_coupon(**type_fields: Any) -> Coupon:
    """A coupon of a restricted type, 100.00 off, claimed with a genuine token."""
    return a_coupon(token=a_token(entry=an_entry(coupon_type=a_restricted_type(**type_fields))))


def a_cooling_order(**fields: Any) -> Order:
    """A restricted coupon turned into phone credit: it waits half an hour."""
    return an_order(coupons=(a_restricted_coupon(),), lines=(a_top_up(),), **fields)


def a_hold(order: Order, *, kind: str = "manual", at: datetime = NOON, **fields: Any) -> Hold:
    return place_hold(order, kind=kind, **{"reason": "looks odd", "by": the_asker(), "at": at, **fields})


def everything() -> Any:
    """All orders, as the filter of a list page would give them."""
    return Order.objects.all()


def a_freeze(scope: Any = None, *, at: datetime = NOON, **fields: Any) -> Freeze:
    """Asked for, not yet approved."""
    values = {
        "kind": "legal",
        "legal_reference": "PSB-2026-17",
        "authority": "Public security bureau",
        "scope_text": "all flagged orders of the night",
        "reason": "property preservation",
        "by": the_asker(),
    }
    return request_freeze(everything() if scope is None else scope, at=at, **{**values, **fields})


def approved(act: Freeze | Release, *, at: datetime = NOON) -> Any:
    approve(act.job.approval, by=the_approver(), reason="checked", at=at)
    act.job.refresh_from_db()
    return act


def worked(act: Freeze | Release, *, at: datetime = NOON) -> Any:
    """The job of an approved act, run to its end."""
    assert run_job(act.job_id, now=lambda: at)
    act.job.refresh_from_db()
    return act


def a_done_freeze(scope: Any = None, **fields: Any) -> Freeze:
    return worked(approved(a_freeze(scope, **fields)))


def a_release(freeze: Freeze, *, holds: Any = None, at: datetime = NOON, **fields: Any) -> Release:
    """Asked for, not yet approved."""
    values = {"scope_text": "all of it", "reason": "proceedings closed", "legal_reference": "PSB-2026-18", "by": the_asker()}
    return request_release(freeze, holds=holds, at=at, **{**values, **fields})


def a_done_release(freeze: Freeze, **fields: Any) -> Release:
    return worked(approved(a_release(freeze, **fields)))


def a_freeze_approver() -> User:
    """Staff with the one right to approve freezes."""
    user = a_user()
    user.user_permissions.add(Permission.objects.get(codename="approve_freeze", content_type__app_label="orders"))
    return User.objects.get(pk=user.pk)
