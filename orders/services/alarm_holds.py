"""Orders that redeem what promotions want held.

An order that is placed is held in its own transaction (`placing`). This finds those that were placed before, or while it was
decided, and lets go of those that nothing wants held any more.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_noop

from backoffice.lib.actors import system_user
from backoffice.lib.audit import because
from backoffice.lib.automation import is_observing
from backoffice.lib.sentences import Sentence
from orders.models import Hold, MissedHold, Order, OrderDiscount
from orders.services.breaker import hold_automatically, note_missed, take
from orders.services.holding import tell_released
from orders.states import UNDELIVERED_STATUSES, HoldKind
from promotions.models import RedemptionHold
from promotions.services.redemption_holds import reason_to_hold

BATCH = 1_000
LIFTED_REASON = str(Sentence(gettext_noop("its coupons are no longer held")))


def hold_by_alarm(order: Order, *, reason: str, at: datetime) -> bool:
    """Hold one order, in its transaction, which has its row. Answers whether it is held now: not where these are stopped."""
    if is_observing():
        return False
    return hold_automatically(order, kind=HoldKind.ALARM, reason=reason, at=at) is not None


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
    orders = Order.objects.filter(
        Exists(_discounts_to_hold()), ~Exists(_holds_since()), ~Exists(_missed()), status__in=UNDELIVERED_STATUSES
    )
    rows = orders.select_for_update(skip_locked=True, no_key=True, of=("self",)).annotate(
        why=_discounts_to_hold().annotate(why=reason_to_hold("coupon__")).values("why")[:1]
    )
    found = list(rows.order_by("pk").values_list("pk", "why")[:BATCH])
    granted = take(HoldKind.ALARM, len(found), at=at)
    for order_id, why in found[:granted]:
        with because(why):
            Hold.objects.create(order_id=order_id, kind=HoldKind.ALARM, reason=why, placed_at=at, placed_by=system_user())
    if granted:
        return granted
    note_missed(found, kind=HoldKind.ALARM, at=at)
    return len(found)


def _discounts_to_hold() -> QuerySet:
    """What an order redeemed of coupons that are to be held, since they are."""
    covering = RedemptionHold.objects.open().covering(lambda path: OuterRef(f"coupon__{path}"))
    paid = OrderDiscount.objects.filter(order=OuterRef("pk"))
    return paid.filter(Exists(covering.filter(since__lte=OuterRef("order__placed_at"))))


def _holds_since() -> QuerySet:
    """An order's hold of this kind, open or released: what a person has released is not held again by itself."""
    return Hold.objects.filter(order=OuterRef("pk"), kind=HoldKind.ALARM)


def _missed() -> QuerySet:
    """Orders that were not held while automatic holds were stopped: a person decides about them."""
    return MissedHold.objects.filter(order=OuterRef("pk"), kind=HoldKind.ALARM)


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
    tell_released(sorted(rows.values()), at=at)
    return len(rows)
