"""Deliveries that the storefront asked for in vain: remembered once per order, told once nothing holds it any more.

Whoever releases holds settles the waits of those orders in the same transaction: the message is written where it becomes true, or
not at all. What only two transactions together make true (two holds released at once, a wait that begins while its hold is being
released) neither of them sees: a sweep does. A message says "ask again", never "deliver": the gate alone says that, so a message
that comes late, twice or after a new hold does no harm.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from backoffice.lib.outbox import outbox_event, tell
from orders.models import DeliveryWait, Order
from orders.querysets import DeliveryWaitQuerySet
from orders.states import FINAL_STATUSES, WaitOutcome

DELIVERABLE = outbox_event("order.deliverable", title=_("Orders that were asked to be delivered are no longer held"))
BATCH = 500
"""How many orders one message names."""


def begin_wait(order: Order, *, at: datetime) -> None:
    """Remember that this order, which the caller has locked, was to be delivered and is held. Where it waits already, it waits."""
    DeliveryWait.objects.bulk_create([DeliveryWait(order=order, asked_at=at)], ignore_conflicts=True)


def end_wait(order: Order, *, at: datetime) -> None:
    """The storefront got through, or nothing is left to deliver: it needs no word."""
    DeliveryWait.objects.open().filter(order=order).update(settled_at=at, outcome=WaitOutcome.MOOT)


def settle_waits(order_ids: Sequence[int], *, at: datetime) -> int:
    """Tell of those of these orders that nothing holds any more, in the caller's transaction. Answers how many waits ended."""
    # One array instead of thousands of parameters: making and reading those took longer than the search.
    released = RawSQL("SELECT unnest(%s::bigint[])", [list(order_ids)])
    return _settle_all(DeliveryWait.objects.over().filter(order__in=released), at)


def settle_missed_waits(at: datetime) -> int:
    """The same for whatever nobody has settled. Safe to repeat and to run twice at once."""
    return _settle_all(DeliveryWait.objects.over(), at)


def _settle_all(waits: DeliveryWaitQuerySet, at: datetime) -> int:
    settled = 0
    while chunk := _settle_chunk(waits, at):
        settled += chunk
    return settled


@transaction.atomic
def _settle_chunk(waits: DeliveryWaitQuerySet, at: datetime) -> int:
    """One message about up to BATCH orders. What somebody else settles at this moment is skipped, so nobody waits for anybody."""
    rows = waits.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("pk")
    found = list(rows.values_list("pk", "order__ref", "order__status", "asked_at")[:BATCH])
    free = [row for row in found if row[2] not in FINAL_STATUSES]
    _note([row[0] for row in found if row[2] in FINAL_STATUSES], WaitOutcome.MOOT, "", at)
    if free:
        named = [{"order": ref, "asked_at": asked_at.isoformat()} for _pk, ref, _status, asked_at in free]
        message = tell(DELIVERABLE, {"at": at.isoformat(), "orders": named}, at=at)
        _note([row[0] for row in free], WaitOutcome.TOLD, message.key if message else "", at)
    return len(found)


def _note(pks: Sequence[int], outcome: WaitOutcome, message_key: str, at: datetime) -> None:
    if pks:
        DeliveryWait.objects.open().filter(pk__in=pks).update(settled_at=at, outcome=outcome, message_key=message_key)
