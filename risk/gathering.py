"""Gathers what is known of an order, in one place and in few statements: see `risk.facts` for what it means."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from orders.models import Order
from promotions.services.nobody import known_device, known_network
from risk.fact_statements import (
    AROUND,
    CASHING_OUT_ON_ADDRESS,
    CLAIMED_COUPONS,
    COUPONS,
    COUPONS_READ,
    IN_STEP,
    RECIPIENTS,
    RECIPIENTS_READ,
    ROWS_READ,
    SHARED_PURSES,
    WHERE_CLAIMED,
)
from risk.facts import (
    COUNTED_UP_TO,
    CROWD_WINDOW,
    HUB_CAP,
    IN_STEP_WITHIN,
    MADE_WITHIN,
    NEWCOMERS_FROM,
    OLD,
    YOUNG,
    CouponFacts,
    OrderFacts,
    RecipientFacts,
)


class CouponRow(NamedTuple):
    """What COUPONS answers."""

    registered_at: datetime | None
    phone_hash: str
    phone_segment: str
    has_earlier_delivery: bool
    code: str
    is_restricted: bool
    can_pay_alone: bool
    face_value: Any
    claimed_at: datetime
    is_granted: bool
    has_entry: bool
    entry_is_of_its_type: bool
    is_within_entry_period: bool
    has_token: bool
    token_is_of_its_entry: bool
    token_uses_allowed: int | None
    customers_on_token: int | None
    suspended_at: datetime | None
    went_public_at: datetime | None
    made_together: int | None
    entry: int | None
    coupon_type: int
    rules_crossed: list[str]
    bursts: list[str]


def gather_facts(order: Order, *, at: datetime) -> OrderFacts | None:
    """What is known of the order as of `at`; None for an order without coupons, which costs no query."""
    if not order.discount_amount:
        return None
    values = _values(order, at)
    coupons = [CouponRow(*row) for row in _rows(COUPONS, values)]
    if not coupons:
        return None
    customer = coupons[0]
    on_device, on_address = _rows(AROUND, values)[0]
    on_payment_account, on_delivery_phone = _shared_purses(order, values)
    values["registered_at"] = customer.registered_at
    recipients = _recipients(values) if order.virtual_amount else []
    others = [recipient for recipient in recipients if recipient.recipient_hash != customer.phone_hash]
    facts = OrderFacts(
        at=at,
        placed_at=order.placed_at,
        registered_at=customer.registered_at,
        phone_segment=customer.phone_segment,
        has_earlier_delivery=all(row.has_earlier_delivery for row in coupons),
        coupons=tuple(_coupon(row) for row in coupons),
        virtual_amount=order.virtual_amount,
        tops_up_own_number_only=bool(recipients) and not others,
        accounts_on_device=_capped(on_device) if values["device"] else None,
        recipients=tuple(others),
        accounts_on_address=_capped(on_address) if values["address"] else None,
        accounts_on_payment_account=on_payment_account,
        accounts_on_delivery_phone=on_delivery_phone,
    )
    in_step, claimed_together, newcomers_in_step = _in_step(order, coupons, facts, values)
    users, newcomers = _crowd_on_address(facts, values)
    return replace(
        facts,
        in_step=_capped(in_step),
        claimed_together=claimed_together,
        newcomers_in_step=_capped(newcomers_in_step),
        coupon_users_on_address=users,
        newcomers_cashing_out_on_address=newcomers,
    )


def _crowd_on_address(facts: OrderFacts, values: Mapping[str, Any]) -> tuple[int, int]:
    """What others at its address did, where this order itself did that and others are there at all; else it costs no query."""
    if not facts.cashes_out_new or not NEWCOMERS_FROM <= (facts.accounts_on_address or 0) <= HUB_CAP:
        return 0, 0
    return _rows(CASHING_OUT_ON_ADDRESS, values)[0]  # type: ignore[return-value]


def _shared_purses(order: Order, values: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Accounts on the payment account and on the delivery phone; None, and no query, where the storefront has told of neither."""
    payment_account, delivery_phone = order.payment_account_hash, order.delivery_phone_hash
    if not payment_account and not delivery_phone:
        return None, None
    paid, sent = _rows(SHARED_PURSES, {**values, "payment_account": payment_account, "delivery_phone": delivery_phone})[0]
    return (_capped(paid) if payment_account else None), (_capped(sent) if delivery_phone else None)


def _in_step(order: Order, coupons: list[CouponRow], facts: OrderFacts, values: Mapping[str, Any]) -> tuple[int, int, int]:
    """By the first coupon that was claimed and that gangs come for; zeros without one, which costs no query."""
    tempting = [row for row in coupons if (row.is_restricted or row.can_pay_alone) and row.entry is not None]
    if not tempting:
        return 0, 0, 0
    row = min(tempting, key=lambda one: one.claimed_at)
    asked = {
        "customer": order.customer_id,
        "coupon_type": row.coupon_type,
        "entry": row.entry,
        "claimed_at": row.claimed_at,
        "placed_at": order.placed_at,
        "within": IN_STEP_WITHIN,
        "does_it_too": facts.cashes_out_new,
    }
    return _rows(IN_STEP, {**values, **asked})[0]  # type: ignore[return-value]


def gather_claim_facts(customer_id: int, *, at: datetime) -> OrderFacts | None:
    """What is known of somebody who claimed and has not ordered, as if he ordered nothing now; None without a coupon of late.

    A coupon that paid for an order which a reviewer cleared is left out.
    """
    values = {"customer": customer_id, "order": None, "coupons_read": COUPONS_READ, **_window(at)}
    coupons = [CouponRow(*row) for row in _rows(CLAIMED_COUPONS, values)]
    if not coupons:
        return None
    device, address = next(iter(_rows(WHERE_CLAIMED, values)), ("", ""))
    values |= {"device": known_device(device), "address": known_network(address.removesuffix("/64"))}
    on_device, on_address = _rows(AROUND, values)[0]
    return OrderFacts(
        at=at,
        placed_at=max(row.claimed_at for row in coupons),
        registered_at=coupons[0].registered_at,
        phone_segment=coupons[0].phone_segment,
        has_earlier_delivery=all(row.has_earlier_delivery for row in coupons),
        coupons=tuple(_coupon(row) for row in coupons),
        virtual_amount=Decimal(0),
        tops_up_own_number_only=False,
        accounts_on_device=_capped(on_device) if values["device"] else None,
        recipients=(),
        accounts_on_address=_capped(on_address) if values["address"] else None,
    )


def _values(order: Order, at: datetime) -> dict[str, Any]:
    """Values that were listed as nobody's since the order was placed join nobody either."""
    return {
        "order": order.pk,
        "device": known_device(order.device),
        "address": known_network(order.address.removesuffix("/64")),
        "recipients_read": RECIPIENTS_READ,
        **_window(at),
    }


def _window(at: datetime) -> dict[str, Any]:
    return {"at": at, "since": at - CROWD_WINDOW, "young": YOUNG, "rows_read": ROWS_READ, "made_within": MADE_WITHIN, "old": OLD}


def _rows(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _coupon(row: CouponRow) -> CouponFacts:
    return CouponFacts(
        coupon_type=row.code,
        is_restricted=row.is_restricted,
        can_pay_alone=row.can_pay_alone,
        face_value=row.face_value,
        claimed_at=row.claimed_at,
        is_granted=row.is_granted,
        has_entry=row.has_entry,
        entry_is_of_its_type=row.entry_is_of_its_type,
        is_within_entry_period=row.is_within_entry_period,
        has_token=row.has_token,
        token_is_of_its_entry=row.token_is_of_its_entry,
        token_uses_allowed=row.token_uses_allowed,
        customers_on_token=_capped(row.customers_on_token or 0),
        suspended_at=row.suspended_at,
        went_public_at=row.went_public_at,
        made_together=_capped(row.made_together or 0),
        rules_crossed=tuple(row.rules_crossed),
        bursts=tuple(row.bursts),
    )


def _recipients(values: Mapping[str, Any]) -> list[RecipientFacts]:
    return [
        RecipientFacts(recipient_hash, _capped(accounts), _capped(young), _capped(made))
        for recipient_hash, accounts, young, made in _rows(RECIPIENTS, values)
    ]


def _capped(count: int) -> int:
    return min(count, COUNTED_UP_TO)
