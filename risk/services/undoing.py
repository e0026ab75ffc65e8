"""A reviewer takes a decision back within his shift: the order waits again, held as it was where it can still be held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.actors import system_user
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError
from backoffice.lib.sentences import Sentence
from orders.models import Hold, HoldBreaker, Order
from orders.services.holding import place_hold, release_hold
from orders.states import FINAL_STATUSES, HoldKind
from risk.models import BulkReview, Flag, ReviewAct
from risk.queueing import UNDO_WITHIN
from risk.services.disposing import dispose_customers
from risk.states import ReviewActKind

TAKEN_BACK = Sentence(gettext_noop("a decision was taken back"))
HELD_AGAIN = Sentence(gettext_noop("held as before, since a decision was taken back: %(reason)s"))


class NotUndone(DomainError):
    """The decision stays: it is somebody else's, too old, taken back already, or overtaken."""

    code = "not_undone"


@dataclass(frozen=True)
class Undone:
    """The flag, which waits again, and what of the decision could not be undone, in sentences."""

    flag: Flag
    remains: Sequence[str]


def last_decision(user: Any, *, at: datetime) -> ReviewAct | None:
    """The newest decision of this person that he may still take back. One of many at once is taken back with the others."""
    mine = ReviewAct.objects.filter(by=user, at__gt=at - UNDO_WITHIN, kind=ReviewActKind.DECIDED, bulk=None, undone_by=None)
    return mine.select_related("order").order_by("-at", "-pk").first()


@transaction.atomic
def undo_decision(act: ReviewAct, *, by: Any, at: datetime, reason: str = "", bulk: BulkReview | None = None) -> Undone:
    """Take back one's own decision. Raises NotUndone, having changed nothing.

    What it released is held again in the name of who held it, and what it placed is released, unless the order has left or was
    called off meanwhile, or the time of a cooling-off is over: the answer says so.
    """
    order = Order.objects.locked(act.order_id)
    act = ReviewAct.objects.select_related("by").get(pk=act.pk)
    flag = Flag.objects.get(order=order)
    _check(act, flag, by=by, at=at)
    reason = reason.strip() or str(TAKEN_BACK)
    with because(reason):
        ReviewAct.objects.create(order=order, kind=ReviewActKind.UNDONE, by=by, at=at, reason=reason, undoes=act, bulk=bulk)
        Flag.objects.decided().filter(pk=flag.pk).update(
            decision="",
            decided_by=None,
            decided_at=None,
            decision_reason="",
            disposition=act.before.get("disposition", flag.disposition),
            overruled="",
            updated_at=at,
        )
        remains = _hold_again(order, act, by=by, at=at)
        _let_go(act, by=by, at=at, reason=reason)
        dispose_customers([order.customer_id], at=at)
    flag.refresh_from_db()
    return Undone(flag, remains)


def _check(act: ReviewAct, flag: Flag, *, by: Any, at: datetime) -> None:
    if act.kind != ReviewActKind.DECIDED or act.by_id != by.pk:
        raise NotUndone(_("%s decided it: only who decided takes a decision back.") % act.by)
    if ReviewAct.objects.filter(undoes=act).exists():
        raise NotUndone(_("This decision was taken back already."))
    if at - act.at > UNDO_WITHIN:
        hours = int(UNDO_WITHIN.total_seconds() // 3600)
        raise NotUndone(_("This decision is older than %s hours: it stays.") % hours)
    if (flag.decision, flag.decided_by_id, flag.decided_at) != (act.outcome, act.by_id, act.at):
        raise NotUndone(_("Order %s was decided anew since then, on an appeal.") % flag.order)


def _hold_again(order: Order, act: ReviewAct, *, by: Any, at: datetime) -> list[str]:
    remains = []
    for hold in Hold.objects.filter(pk__in=act.before.get("released", ())).order_by("pk"):
        if order.status in FINAL_STATUSES:
            words = {"order": order, "state": order.get_status_display(), "hold": hold.get_kind_display()}
            remains.append(_("Order %(order)s is %(state)s: its hold (%(hold)s) cannot come back.") % words)
        elif hold.until is not None and hold.until <= at:
            remains.append(_("The cooling-off time of order %s is over: that hold does not come back.") % order)
        else:
            _place_again(order, hold, by=by, at=at)
    return remains


def _place_again(order: Order, hold: Hold, *, by: Any, at: datetime) -> None:
    """In the system's name, so that clearing the order later releases it; a person's where automatic holds are stopped."""
    is_stopped = HoldBreaker.objects.filter(kind=hold.kind, stopped_at__isnull=False).exists()
    placed_by = by if is_stopped and hold.placed_by_id == system_user().pk else hold.placed_by
    reason = HELD_AGAIN % {"reason": hold.reason}
    place_hold(order, kind=hold.kind, reason=reason, by=placed_by, at=at, until=hold.until)


def _let_go(act: ReviewAct, *, by: Any, at: datetime, reason: str) -> None:
    """Release what the decision placed."""
    placed = Hold.objects.open().filter(pk=act.before.get("placed", 0), kind=HoldKind.RISK).first()
    if placed is not None:
        release_hold(placed, by=by, reason=reason, at=at)
