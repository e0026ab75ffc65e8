"""What tests of promotions stand on, built through the services, so that no test stands on an impossible state."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from backoffice.lib import exchanges
from backoffice.lib.approvals import approve
from backoffice.lib.models import Approval
from promotions.models import Campaign, Claim, ClaimToken, Coupon, CouponType, Customer, Entry, Threshold
from promotions.services.campaigns import create_campaign, request_campaign
from promotions.services.changes import request_change
from promotions.services.claiming import Claimant, ClaimRequest, claim_coupon
from promotions.services.coupon_types import create_coupon_type, request_coupon_type
from promotions.services.customers import customer_who_orders
from promotions.services.entries import create_entry, request_entry
from promotions.services.redeeming import BasketLine, Quote, redeem_coupons
from promotions.services.thresholds import arm_threshold
from promotions.services.tokens import make_token_batch, token_text
from promotions.states import Audience, Channel, Metric, ThresholdAction

NOON = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
_numbers = count(1)


def number() -> int:
    """A number that no other object of this test run has."""
    return next(_numbers)


def a_user(name: str = "", **fields: Any) -> User:
    return User.objects.create_user(name or f"user{number()}", is_staff=True, **fields)


def the_asker() -> User:
    return User.objects.get_or_create(username="asker", defaults={"is_staff": True})[0]


def the_approver() -> User:
    """Holds every right by being a superuser; still never approves what he asked for himself."""
    return User.objects.get_or_create(username="approver", defaults={"is_staff": True, "is_superuser": True})[0]


def approved(asked: Approval, *, at: datetime = NOON) -> Approval:
    return approve(asked, by=the_approver(), reason="test", at=at)


def a_campaign(*, is_live: bool = True, **fields: Any) -> Campaign:
    code = f"C{number()}"
    values = {
        "code": code,
        "name": f"Campaign {code}",
        "owner": the_asker(),
        "starts_at": NOON - DAY,
        "ends_at": NOON + 30 * DAY,
        "budget": Decimal(100_000),
    }
    campaign = create_campaign(**{**values, **fields})
    if is_live:
        approved(request_campaign(campaign, by=the_asker(), reason="test", at=NOON))
        campaign.refresh_from_db()
    return campaign


def a_coupon_type(*, campaign: Campaign | None = None, is_live: bool = True, **fields: Any) -> CouponType:
    code = f"T{number()}"
    values: dict[str, Any] = {
        "code": code,
        "name": f"Type {code}",
        "audience": Audience.ONLINE,
        "face_value": Decimal("10.00"),
        "minimum_spend": Decimal("0.00"),
        "claim_from": NOON - DAY,
        "claim_until": NOON + 10 * DAY,
        "valid_until": NOON + 20 * DAY,
        "quantity": 100,
        "per_customer": 1,
        "requires_verified": False,
    }
    coupon_type = create_coupon_type(campaign=campaign or a_campaign(), **{**values, **fields})
    if is_live:
        approved(request_coupon_type(coupon_type, by=the_asker(), reason="test", at=NOON))
        coupon_type.refresh_from_db()
    return coupon_type


def a_restricted_type(**fields: Any) -> CouponType:
    return a_coupon_type(**{"audience": Audience.RESTRICTED, "requires_verified": True, "face_value": Decimal(100), **fields})


def an_entry(*, coupon_type: CouponType | None = None, is_open: bool = True, **fields: Any) -> Entry:
    coupon_type = coupon_type or a_coupon_type()
    values: dict[str, Any] = {
        "code": f"E{number()}",
        "channel": Channel.VENUE_QR if coupon_type.is_restricted else Channel.APP,
        "opens_at": NOON - DAY,
        "closes_at": NOON + 10 * DAY,
        "cap": 100,
        "needs_token": coupon_type.is_restricted,
    }
    entry = create_entry(coupon_type=coupon_type, **{**values, **fields})
    if is_open:
        approved(request_entry(entry, by=the_asker(), reason="test", at=NOON))
        entry.refresh_from_db()
    return entry


def redraw_lines(lines: QuerySet[Threshold], **changes: Any) -> None:
    """Change built-in lines of restricted types, as two persons do."""
    for line in lines:
        if any(getattr(line, name) != value for name, value in changes.items()):
            approved(request_change(line, changes=changes, by=the_asker(), reason="test", at=NOON))


def a_token(*, entry: Entry | None = None, uses: int = 1) -> ClaimToken:
    entry = entry or an_entry(coupon_type=a_restricted_type())
    batch = make_token_batch(entry=entry, code=f"B{number()}", count=1, uses=uses, expires_at=None, by=the_asker(), at=NOON)
    return batch.tokens.get()


def a_claimant(**fields: Any) -> Claimant:
    n = number()
    values = {"ref": f"u{n}", "phone": f"138{n:08d}", "is_verified": True, "registered_at": NOON - 400 * DAY}
    return Claimant(**{**values, **fields})


def a_request(
    *, entry: Entry | None = None, token: ClaimToken | str | None = None, claimant: Claimant | None = None, **fields: Any
) -> ClaimRequest:
    """A claim that would be issued, but for what the arguments change."""
    entry = entry or (token.batch.entry if isinstance(token, ClaimToken) else an_entry())
    values = {
        "coupon_type": entry.coupon_type.code,
        "channel": entry.channel,
        "entry": entry.code,
        "token": token_text(token) if isinstance(token, ClaimToken) else token,
        "device": f"device{number()}",
        "address": "203.0.113.7",
    }
    return ClaimRequest(claimant=claimant or a_claimant(), **{**values, **fields})


def a_claim(*, at: datetime = NOON, **fields: Any) -> Claim:
    return claim_coupon(a_request(**fields), at=at)


def a_customer(ref: str) -> Customer:
    """Somebody who orders for the first time without ever having claimed."""
    with transaction.atomic(), exchanges.gathered():
        customer_who_orders(ref, at=NOON)
    return Customer.objects.get(ref=ref)


def a_coupon(*, at: datetime = NOON, **fields: Any) -> Coupon:
    claim = a_claim(at=at, **fields)
    assert claim.outcome == "issued", claim.reason
    return claim.coupon


def a_basket(*amounts: str, category: str = "clothes") -> list[BasketLine]:
    """Lines of these amounts, by default one of 100 that is no virtual good."""
    return [BasketLine(f"sku{n}", category, Decimal(amount)) for n, amount in enumerate(amounts or ("100.00",))]


def cash_out(coupon: Coupon, *, order_ref: str = "", at: datetime = NOON) -> Quote:
    """The coupon pays for phone credit."""
    return redeem(coupon, lines=a_basket("200.00", category="phone_credit"), order_ref=order_ref, at=at)


def redeem(*coupons: Coupon, lines: list[BasketLine] | None = None, order_ref: str = "", at: datetime = NOON) -> Quote:
    """Redeem coupons of one customer for an order of their own."""
    with transaction.atomic():
        return redeem_coupons(
            codes=[coupon.code for coupon in coupons],
            customer=coupons[0].customer,
            lines=lines or a_basket(),
            order_ref=order_ref or f"order{number()}",
            at=at,
        )


def a_line(
    scope: Any = "platform",
    metric: str = Metric.ISSUED_COUNT,
    limit: Any = 1,
    window: timedelta | None = None,
    action: str = ThresholdAction.ALARM,
) -> Threshold:
    return arm_threshold(scope=scope, metric=metric, window=window, limit=Decimal(limit), action=action)
