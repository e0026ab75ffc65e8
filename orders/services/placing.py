"""An order of the storefront is stored, and its coupons are redeemed: one transaction, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib import exchanges
from backoffice.lib.automation import is_observing
from backoffice.lib.errors import InvalidInput
from backoffice.lib.money import ZERO
from backoffice.lib.sentences import Sentence
from orders.models import Order, OrderLine
from orders.services.alarm_holds import hold_by_alarm
from orders.services.breaker import hold_automatically
from orders.services.checking import LineRequest, OrderRequest, checked, is_virtual
from orders.services.errors import DuplicateOrder
from orders.services.order_statements import STORE, store_values
from orders.signals import order_placed
from orders.states import HoldKind, OrderStatus
from promotions.models import Coupon, Customer
from promotions.services.customers import customer_who_orders
from promotions.services.nobody import (
    known_delivery_phone,
    known_device,
    known_network,
    known_payment_account,
    known_recipient,
)
from promotions.services.redeeming import BasketLine, CouponRefused, Quote, redeem_coupons

__all__ = ["CouponRefused", "DuplicateOrder", "LineRequest", "OrderRequest", "place_order"]


@dataclass(frozen=True)
class PlacedOrder:
    """An order as it was stored: its lines, each coupon with what it took off, and whether it is held."""

    order: Order
    lines: tuple[OrderLine, ...]
    coupons: tuple[tuple[Coupon, Decimal], ...]
    is_held: bool


COOLING_REASON = str(Sentence(gettext_noop("a restricted coupon turned into virtual goods")))


def place_order(request: OrderRequest, *, at: datetime) -> Order:
    """Store the order and redeem its coupons. `order_placed` is sent once it is committed.

    Raises InvalidInput, CouponRefused or DuplicateOrder, and then nothing is stored and no coupon is spent. Of a recipient that
    is not a top-up's nothing is kept.
    """
    return place(request, at=at).order


def place(request: OrderRequest, *, at: datetime) -> PlacedOrder:
    """As `place_order`, with all that was stored."""
    request = checked(request)
    recipients = _recipients(request.lines)
    with exchanges.gathered():
        try:
            with exchanges.undoable(CouponRefused):
                return _store(request, recipients, at)
        except (CouponRefused, IntegrityError) as error:
            # The first of two equal orders has spent the coupons: what the second one needs to hear is that it is the second.
            if Order.objects.filter(ref=request.ref).exists():
                raise DuplicateOrder(_("Order %s was placed already.") % request.ref) from error
            raise


def has_ordered(customer_ref: str) -> bool:
    """Whether the customer placed an order that was not cancelled."""
    return Order.objects.filter(customer__ref=customer_ref).exclude(status=OrderStatus.CANCELLED).exists()


def _store(request: OrderRequest, recipients: Sequence[tuple[str, str]], at: datetime) -> PlacedOrder:
    customer = customer_who_orders(request.customer_ref, at=at)
    basket = [BasketLine(line.sku, line.category, line.amount, line.product_category) for line in request.lines]
    quote = redeem_coupons(
        codes=request.coupon_codes,
        customer=customer,
        lines=basket,
        order_ref=request.ref,
        at=at,
        has_ordered=lambda: has_ordered(customer.ref),
    )
    order = _order(request, customer, quote, at)
    lines = _lines(order, request.lines, recipients, quote)
    exchanges.queue(STORE, store_values(order, lines, quote.coupons), partial(_look_at_order, order))
    exchanges.flush()
    is_held = _cool_off(order, quote, at)
    if quote.reason_to_hold:
        is_held |= hold_by_alarm(order, reason=quote.reason_to_hold, at=at)
    transaction.on_commit(lambda: order_placed.send(sender=Order, order_id=order.pk), robust=True)
    return PlacedOrder(order, tuple(lines), quote.coupons, is_held)


def _order(request: OrderRequest, customer: Customer, quote: Quote, at: datetime) -> Order:
    payment_hash, payment_last_four = known_payment_account(request.payment_account)
    phone_hash, phone_last_four = known_delivery_phone(request.delivery_phone)
    return Order(
        ref=request.ref,
        customer=customer,
        placed_at=at,
        status=OrderStatus.PAID if request.is_paid else OrderStatus.PLACED,
        paid_at=at if request.is_paid else None,
        currency=quote.currency,
        gross_amount=quote.payable + quote.total_discount,
        discount_amount=quote.total_discount,
        virtual_amount=sum((line.amount for line in request.lines if is_virtual(line)), ZERO),
        device=known_device(request.device),
        address=known_network(request.address),
        payment_account_hash=payment_hash,
        payment_account_last_four=payment_last_four,
        delivery_phone_hash=phone_hash,
        delivery_phone_last_four=phone_last_four,
    )


def _look_at_order(order: Order, row: Any) -> None:
    order.pk = row[0]
    order.customer = order.customer  # whose id was not known before, where no coupon was asked for
    order._state.adding, order._state.db = False, DEFAULT_DB_ALIAS


def _recipients(lines: Sequence[LineRequest]) -> list[tuple[str, str]]:
    """Per line the keyed hash and the last four of who is credited. Raises InvalidInput for one that names nobody."""
    found = []
    for number, line in enumerate(lines, start=1):
        recipient = known_recipient(line.recipient) if is_virtual(line) else ("", "")
        if is_virtual(line) and not recipient[0]:
            raise InvalidInput(_("Line %s: the recipient is no number or account that can be credited.") % number)
        found.append(recipient)
    return found


def _lines(order: Order, lines: Sequence[LineRequest], recipients: Sequence[tuple[str, str]], quote: Quote) -> list[OrderLine]:
    rows = zip(lines, recipients, quote.line_discounts, strict=True)
    return [
        OrderLine(
            order=order,
            position=position,
            sku=line.sku,
            category=line.category,
            product_category=line.product_category,
            quantity=line.quantity,
            amount=line.amount,
            discount=discount,
            recipient_hash=recipient_hash,
            recipient_last_four=last_four,
        )
        for position, (line, (recipient_hash, last_four), discount) in enumerate(rows, start=1)
    ]


def _cool_off(order: Order, quote: Quote, at: datetime) -> bool:
    """An order that turns a restricted coupon into virtual goods waits: as long as the most careful of its coupons asks.

    Answers whether it waits: not where automatic holds are stopped.
    """
    coolings = [coupon.coupon_type.cooling for coupon, _ in quote.coupons if coupon.coupon_type.is_restricted]
    longest = max(coolings, default=timedelta(0))
    if not order.virtual_amount or longest <= timedelta(0) or is_observing():
        return False
    return hold_automatically(order, kind=HoldKind.COOLING, reason=COOLING_REASON, at=at, until=at + longest) is not None
