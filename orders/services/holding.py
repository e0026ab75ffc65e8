"""Holds on single orders. Many at once are a freeze, see `freezing`."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.actors import system_user
from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput
from backoffice.lib.models import ApprovalStatus
from backoffice.lib.sentences import Sentence
from orders.models import Freeze, FreezeItem, Hold, Order
from orders.services.errors import LegalHold, OrderIsFinal
from orders.services.texts import checked_prose
from orders.services.waiting import settle_waits
from orders.signals import hold_released
from orders.states import FINAL_STATUSES, HoldKind

__all__ = ["LegalHold", "OrderIsFinal", "place_hold", "release_cooled_off", "release_hold", "tell_released"]

CHUNK = 5_000
COOLED_OFF_REASON = str(Sentence(gettext_noop("the cooling-off time is over")))


@transaction.atomic
def place_hold(
    order: Order,
    *,
    kind: str,
    reason: str,
    by: Any,
    at: datetime,
    until: datetime | None = None,
    freeze: Freeze | None = None,
) -> Hold:
    """Hold the order. Where a hold of this kind is open already, that one is the answer, unchanged.

    Raises OrderIsFinal for a delivered or cancelled order, LegalHold for a legal hold outside a freeze, InvalidInput.
    """
    reason = checked_prose(reason, _("the reason"))
    _check(order, kind, at=at, until=until, freeze=freeze)
    order = Order.objects.locked(order.pk)
    if order.status in FINAL_STATUSES:
        raise OrderIsFinal(order)
    open_hold = Hold.objects.open().filter(order=order, kind=kind).first()
    if open_hold is not None:
        return open_hold
    with because(reason, user=by.pk):
        return Hold.objects.create(order=order, kind=kind, reason=reason, placed_at=at, placed_by=by, until=until, freeze=freeze)


@transaction.atomic
def release_hold(hold: Hold, *, by: Any, reason: str, at: datetime) -> Hold:
    """Release one hold; released already, it stays as it was. Legal holds are refused with LegalHold: a release job ends them."""
    reason = checked_prose(reason, _("the reason"))
    if hold.kind == HoldKind.LEGAL:
        raise LegalHold(_("A legal hold ends by a release, under a reference and by two persons."))
    Order.objects.locked(hold.order_id)
    with because(reason, user=by.pk):
        released = Hold.objects.open().filter(pk=hold.pk).update(released_at=at, released_by=by, release_reason=reason)
    hold.refresh_from_db()
    if released:
        tell_released([hold.order_id], at=at)
    return hold


def release_cooled_off(at: datetime) -> int:
    """Release the cooling-off holds whose time is over, some thousands at a time. Answers how many."""
    released = 0
    while chunk := _release_cooled_chunk(at):
        released += chunk
    return released


def tell_released(order_ids: list[int], *, at: datetime) -> None:
    """Holds on these orders were released in this transaction: tell who waits for their delivery, and send `hold_released`."""
    settle_waits(order_ids, at=at)
    transaction.on_commit(lambda: hold_released.send(sender=Hold, order_ids=order_ids), robust=True)


@transaction.atomic
def _release_cooled_chunk(at: datetime) -> int:
    # Skips what somebody else is releasing at this moment: two sweeps share the work and neither waits.
    due = Hold.objects.cooled_off(at).select_for_update(skip_locked=True, no_key=True).order_by("pk")
    orders = dict(due.values_list("pk", "order_id")[:CHUNK])
    if not orders:
        return 0
    with because(COOLED_OFF_REASON):
        Hold.objects.open().filter(pk__in=orders).update(
            released_at=at, released_by=system_user(), release_reason=COOLED_OFF_REASON
        )
    tell_released(sorted(set(orders.values())), at=at)
    return len(orders)


def _check(order: Order, kind: str, *, at: datetime, until: datetime | None, freeze: Freeze | None) -> None:
    if kind not in HoldKind.values:
        raise InvalidInput(_("A hold is one of: %s.") % ", ".join(HoldKind.values))
    if kind == HoldKind.LEGAL and freeze is None:
        raise LegalHold(_("A legal hold is placed by a freeze, under a reference and by two persons."))
    if freeze is not None and not _is_approved_for(freeze, order, kind):
        raise LegalHold(_("A freeze holds only the orders it was approved for, with the kind of hold it was approved for."))
    if kind == HoldKind.COOLING and until is None:
        raise InvalidInput(_("A cooling-off hold needs the time at which it ends."))
    if until is not None and until <= at:
        raise InvalidInput(_("A hold cannot end before it begins."))


def _is_approved_for(freeze: Freeze, order: Order, kind: str) -> bool:
    approved = FreezeItem.objects.filter(freeze__job__approval__status=ApprovalStatus.APPROVED)
    return approved.filter(freeze=freeze, order=order, freeze__kind=kind).exists()
