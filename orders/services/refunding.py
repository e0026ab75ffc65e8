"""Money goes back to the customer, in part or in whole; coupons and budget follow by policy."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput
from backoffice.lib.money import CENT
from backoffice.lib.sentences import Sentence
from backoffice.lib.states import move
from orders.models import Hold, Order, Refund
from orders.services.cancelling import call_off
from orders.services.errors import OrderHeld, OrderNotFound, ReferenceReused, TooMuchRefunded
from orders.services.paying import pay_order
from orders.services.texts import checked_prose, checked_reference
from orders.states import ORDER_MOVES, CancelledBy, OrderStatus, RefundCause
from promotions.services.redeeming import return_coupons

__all__ = ["RefundRequest", "refund_order"]

UNEXPLAINED = str(Sentence(gettext_noop("refunded")))
CANCELLED_BY = {
    RefundCause.CUSTOMER: CancelledBy.CUSTOMER,
    RefundCause.GOODWILL: CancelledBy.STAFF,
    RefundCause.DISPUTE: CancelledBy.DISPUTE,
    RefundCause.RISK: CancelledBy.RISK,
}


@dataclass(frozen=True)
class RefundRequest:
    """What the storefront paid back, in the order's currency. `goods_returned` says that what had left is back."""

    ref: str
    amount: Decimal
    cause: str
    goods_returned: bool = False
    reason: str = ""


@transaction.atomic
def refund_order(order_ref: str, refund: RefundRequest, *, at: datetime) -> Order:
    """Book a refund. Told twice under the same reference, the answer is the same.

    A refund says that the order was paid, though the payment itself may still be on its way. An order that is paid back in whole is
    cancelled where nothing of it has left, else refunded. Its coupons return by their campaign's policy, unless goods are gone for
    good. Raises OrderHeld under any open hold, TooMuchRefunded, ReferenceReused, OrderNotFound, InvalidInput.
    """
    refund = _checked(refund)
    order = Order.objects.locked_by_ref(order_ref)
    if order is None:
        raise OrderNotFound(order_ref)
    known = Refund.objects.filter(order=order, ref=refund.ref).first()
    if known is not None:
        if known.amount != refund.amount:
            words = {"refund": refund.ref, "order": order}
            raise ReferenceReused(_("Refund %(refund)s of order %(order)s was another one.") % words)
        return order  # type: ignore[no-any-return]
    holds = list(Hold.objects.open().filter(order=order).order_by("pk"))
    if holds:
        raise OrderHeld(order, holds, forbids="refunded")
    if order.refunded_amount + refund.amount > order.payable_amount:
        words = {"order": order, "amount": order.payable_amount - order.refunded_amount}
        raise TooMuchRefunded(_("Order %(order)s has %(amount)s left to refund.") % words)
    with because(refund.reason or UNEXPLAINED):
        return _book(order, refund, at)


def _book(order: Order, refund: RefundRequest, at: datetime) -> Order:
    if order.status == OrderStatus.PLACED:
        order = pay_order(order.ref, paid_at=at)
    Refund.objects.create(
        order=order,
        ref=refund.ref,
        amount=refund.amount,
        cause=RefundCause(refund.cause),
        goods_returned=refund.goods_returned,
        reason=refund.reason,
        refunded_at=at,
    )
    order.refunded_amount += refund.amount
    if order.refunded_amount < order.payable_amount or order.status == OrderStatus.CANCELLED:
        return order
    who = CANCELLED_BY[RefundCause(refund.cause)]
    if order.status == OrderStatus.PAID:
        return call_off(order, cancelled_by=who, reason=refund.reason, at=at)
    move(order, OrderStatus.REFUNDED, ORDER_MOVES)
    if refund.goods_returned:
        return_coupons(order_ref=order.ref, cancelled_by=str(who), at=at)
    return order


def _checked(refund: RefundRequest) -> RefundRequest:
    if refund.cause not in RefundCause.values:
        raise InvalidInput(_("A refund is caused by one of: %s.") % ", ".join(RefundCause.values))
    if not isinstance(refund.amount, Decimal) or not refund.amount.is_finite() or refund.amount <= 0 or refund.amount % CENT:
        raise InvalidInput(_("A refund is an amount above zero with at most two decimals."))
    return RefundRequest(
        ref=checked_reference(refund.ref, _("the refund's reference"), longest=64),
        amount=refund.amount.quantize(CENT),
        cause=refund.cause,
        goods_returned=refund.goods_returned,
        reason=checked_prose(refund.reason, _("the reason"), may_be_blank=True),
    )
