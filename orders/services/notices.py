"""What the storefront tells of orders may come late, twice and out of order: before the order itself, or before what it follows.

Whatever cannot be done yet is kept, answered as kept, and done by a sweep once it can be. What can never be done is settled with
the sentence that says why.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.errors import DomainError
from orders.models import Notice, Order
from orders.services.cancelling import cancel_order
from orders.services.completing import NotDelivered, complete_order
from orders.services.errors import OrderHeld, OrderNotFound, ReferenceReused
from orders.services.paying import pay_order
from orders.services.refunding import RefundRequest, refund_order
from orders.services.texts import checked_reference
from orders.states import CancelledBy, NoticeKind

__all__ = ["Told", "give_up_notices", "settle_notices", "tell"]

CHUNK = 500
TRIED_FOR = timedelta(days=30)
GIVEN_UP = "nothing came of it within 30 days"
TOO_EARLY = (OrderNotFound, NotDelivered, OrderHeld)


@dataclass(frozen=True)
class Told:
    """One thing that the storefront tells of one of its orders. `payload` is plain JSON, `ref` names a refund."""

    kind: NoticeKind
    order_ref: str
    ref: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


def tell(told: Told, *, at: datetime) -> Order | None:
    """Do what was told, or keep it where it comes too early: then the answer is None.

    Told twice, it is kept once. Raises the refusals of the service that does it, but for those that time may mend: an order that we
    do not know yet, one that has not left yet. A held order's refund or completion is refused, since somebody waits for the answer.
    """
    checked_reference(told.order_ref, _("the order's reference"), longest=64)
    try:
        return _acts[told.kind](told, at)
    except (OrderNotFound, NotDelivered):
        _keep(told, at)
        return None


def settle_notices(at: datetime) -> int:
    """Try what waits whose order we know by now. Answers how many were settled."""
    settled = 0
    known = Order.objects.values("ref")
    waiting = Notice.objects.waiting().filter(order_ref__in=known)
    for pk in list(waiting.order_by("told_at", "pk").values_list("pk", flat=True)[:CHUNK]):
        settled += _settle(pk, at)
    return settled


def give_up_notices(at: datetime) -> int:
    """Settle what has waited for a month with nothing come of it. Answers how many."""
    return Notice.objects.waiting().filter(told_at__lt=at - TRIED_FOR).update(settled_at=at, refusal=GIVEN_UP)


@transaction.atomic
def _settle(pk: int, at: datetime) -> int:
    notice = Notice.objects.waiting().select_for_update(skip_locked=True).filter(pk=pk).first()
    if notice is None:
        return 0
    refusal = ""
    try:
        told = Told(NoticeKind(notice.kind), notice.order_ref, notice.ref, notice.payload)
        with transaction.atomic():
            _acts[told.kind](told, notice.told_at if told.kind == NoticeKind.PAYMENT else at)
    except TOO_EARLY:
        return 0
    except DomainError as error:
        refusal = str(error)
    return Notice.objects.filter(pk=pk).update(settled_at=at, refusal=refusal)


def _keep(told: Told, at: datetime) -> None:
    row = Notice(kind=told.kind, order_ref=told.order_ref, ref=told.ref, payload=told.payload, told_at=at)
    kept = Notice.objects.filter(order_ref=told.order_ref, kind=told.kind, ref=told.ref).first()
    if kept is None:
        Notice.objects.bulk_create([row], ignore_conflicts=True)
    elif kept.payload != told.payload:
        raise ReferenceReused(_("Something else was told of order %s under this reference.") % told.order_ref)


def _pay(told: Told, at: datetime) -> Order:
    paid_at = told.payload.get("paid_at")
    return pay_order(told.order_ref, paid_at=datetime.fromisoformat(paid_at) if paid_at else at)


def _cancel(told: Told, at: datetime) -> Order:
    return cancel_order(told.order_ref, cancelled_by=CancelledBy.CUSTOMER, reason=told.payload.get("reason", ""), at=at)


def _refund(told: Told, at: datetime) -> Order:
    terms = {**told.payload, "amount": Decimal(told.payload["amount"])}
    return refund_order(told.order_ref, RefundRequest(ref=told.ref, **terms), at=at)


def _complete(told: Told, at: datetime) -> Order:
    return complete_order(told.order_ref, at=at)


_acts: dict[NoticeKind, Callable[[Told, datetime], Order]] = {
    NoticeKind.PAYMENT: _pay,
    NoticeKind.CANCELLATION: _cancel,
    NoticeKind.REFUND: _refund,
    NoticeKind.COMPLETION: _complete,
}
