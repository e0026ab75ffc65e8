"""Orders that redeem what promotions want held.

An order that is placed is held in its own transaction (`placing`). This finds those that were placed before, or while it was
decided, and lets go of those that nothing wants held any more.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from backoffice.lib.actors import system_user
from backoffice.lib.audit import because
from backoffice.lib.automation import is_observing
from orders.models import Hold, Order, OrderDiscount
from orders.services.holding import tell_released
from orders.states import UNDELIVERED_STATUSES, HoldKind
from promotions.models import RedemptionHold
from promotions.services.redemption_holds import reason_to_hold

BATCH = 1_000
LIFTED_REASON = "its coupons are no longer held"


def hold_by_alarm(order: Order, *, reason: str, at: datetime) -> bool:
    """Hold one order, in the caller's transaction, which has its row. Answers whether it is held now."""
    if is_observing():
        return False
    with because(reason):
        Hold.objects.create(order=order, kind=HoldKind.ALARM, reason=reason, placed_at=at, placed_by=system_user())
    return True


def hold_redeeming_orders(at: datetime) -> int:
    """Hold what is to be held, and let go what no longer is. Answers how many orders changed. Safe to repeat and to run twice."""
    changed = 0
    if not is_observing() and RedemptionHold.objects.open().exists():
        while held := _hold_chunk(at):
            changed += held
    if Hold.objects.open().filter(kind=HoldKind.ALARM).exists():  # asked apart: it is seldom so, and the other question costs more
        while freed := _free_chunk(at):
            changed += freed
    return changed


@transaction.atomic
def _hold_chunk(at: datetime) -> int:
    orders = Order.objects.filter(Exists(_discounts_to_hold()), ~Exists(_holds_since()), status__in=UNDELIVERED_STATUSES)
    rows = orders.select_for_update(skip_locked=True, no_key=True, of=("self",)).annotate(
        why=_discounts_to_hold().annotate(why=reason_to_hold("coupon__")).values("why")[:1]
    )
    found = list(rows.order_by("pk")[:BATCH])
    for order in found:
        hold_by_alarm(order, reason=order.why, at=at)  # type: ignore[attr-defined]
    return len(found)


def _discounts_to_hold() -> QuerySet:
    """What an order redeemed of coupons that are to be held, since they are."""
    covering = RedemptionHold.objects.open().covering(lambda path: OuterRef(f"coupon__{path}"))
    paid = OrderDiscount.objects.filter(order=OuterRef("pk"))
    return paid.filter(Exists(covering.filter(since__lte=OuterRef("order__placed_at"))))


def _holds_since() -> QuerySet:
    """An order's hold of this kind, open or released: what a person has released is not held again by itself."""
    return Hold.objects.filter(order=OuterRef("pk"), kind=HoldKind.ALARM)


@transaction.atomic
def _free_chunk(at: datetime) -> int:
    covering = RedemptionHold.objects.open().covering(lambda path: OuterRef(f"coupon__{path}"))
    paid = OrderDiscount.objects.filter(Exists(covering), order=OuterRef("order"))
    free = Hold.objects.open().filter(~Exists(paid), kind=HoldKind.ALARM)
    free = free.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("pk")
    rows = dict(free.values_list("pk", "order")[:BATCH])
    if not rows:
        return 0
    with because(LIFTED_REASON):
        Hold.objects.open().filter(pk__in=rows).update(released_at=at, released_by=system_user(), release_reason=LIFTED_REASON)
    tell_released(sorted(rows.values()))
    return len(rows)
