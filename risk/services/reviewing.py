"""A person decides about a flagged order."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.actors import system_user
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput
from orders.models import Hold, Order
from orders.services.holding import place_hold, release_hold
from orders.states import FINAL_STATUSES, HoldKind
from risk.models import Appeal, BulkReview, Flag, Review, ReviewAct
from risk.services.disposing import dispose_customers
from risk.services.leasing import check_free, seconds_with
from risk.states import Decision, Disposition, ReviewActKind

AUTOMATIC_HOLDS = (HoldKind.RISK, HoldKind.COOLING)


class FlagIsDecided(DomainError):
    """Somebody else was first."""

    code = "flag_is_decided"


class AppealIsOpen(DomainError):
    """The customer has appealed: who decides the appeal decides the order."""

    code = "appeal_is_open"


@transaction.atomic
def decide_flag(
    flag: Flag,
    *,
    decision: str,
    reason: str,
    by: Any,
    at: datetime,
    disposition: str = "",
    bulk: BulkReview | None = None,
) -> Flag:
    """Clear a flagged order, or confirm the suspicion. Nobody decides twice: the second of two reviewers gets FlagIsDecided.

    Cleared releases the risk and cooling-off holds that the system placed, and the order is not held by itself again; holds that
    people placed stay. Confirmed sees to it that an order which can still be held has a risk hold, also where the system only
    observes. With a `disposition` the reviewer overrules what the rules said of it, for the same reason.

    Raises InvalidInput for an unknown decision or disposition or no reason, HeldByAnother where another reviewer has the order
    before him, AppealIsOpen. `undoing.undo_decision` takes it back.
    """
    _check(decision, disposition, reason)
    order = Order.objects.locked(flag.order_id)
    review = Review.objects.select_for_update(no_key=True).filter(order=order).first()
    if review is not None:
        check_free(review, by, at=at)
    if Appeal.objects.open().filter(order=order).exists():
        raise AppealIsOpen(_("The customer appealed against order %s being held: decide the appeal.") % order)
    with because(reason):
        found = _settle(flag.pk, order, decision, disposition, reason=reason, by=by, at=at)
        before = {"disposition": found.disposition} | apply_decision(order, decision, reason=reason, by=by, at=at)
        _keep(order, review, decision, reason=reason, by=by, at=at, before=before, bulk=bulk)
        dispose_customers([order.customer_id], at=at)
    flag.refresh_from_db()
    return flag


def apply_decision(order: Order, decision: str, *, reason: str, by: Any, at: datetime) -> dict[str, Any]:
    """What a decision does to the holds of an order that the caller has locked: those it released, and one that it placed."""
    if decision == Decision.CLEARED:
        automatic = Hold.objects.open().filter(order=order, kind__in=AUTOMATIC_HOLDS, placed_by=system_user())
        return {"released": release_all(automatic.order_by("pk"), by=by, reason=reason, at=at)}
    if order.status in FINAL_STATUSES or Hold.objects.open().filter(order=order, kind=HoldKind.RISK).exists():
        return {}
    return {"placed": place_hold(order, kind=HoldKind.RISK, reason=reason, by=by, at=at).pk}


def release_all(holds: Iterable[Hold], *, by: Any, reason: str, at: datetime) -> list[int]:
    return [release_hold(hold, by=by, reason=reason, at=at).pk for hold in holds]


def _settle(flag_id: int, order: Order, decision: str, disposition: str, *, reason: str, by: Any, at: datetime) -> Flag:
    """Write the decision where none is. Answers the flag as it was."""
    waiting = Flag.objects.waiting().filter(pk=flag_id)
    before = waiting.first()
    decided = {"decision": decision, "decided_by": by, "decided_at": at, "decision_reason": reason.strip(), "updated_at": at}
    if before is not None and disposition and disposition != before.disposition:
        decided |= {"disposition": disposition, "overruled": before.disposition}
    if before is None or not waiting.update(**decided):
        raise FlagIsDecided(_("Order %(order)s was decided by somebody else in the meantime. Look again.") % {"order": order})
    return before


def _keep(
    order: Order,
    review: Review | None,
    decision: str,
    *,
    reason: str,
    by: Any,
    at: datetime,
    before: dict[str, Any],
    bulk: BulkReview | None,
) -> None:
    ReviewAct.objects.create(
        order=order,
        kind=ReviewActKind.DECIDED,
        outcome=decision,
        reason=reason.strip(),
        by=by,
        at=at,
        seconds=seconds_with(review, by, at=at),
        before=before,
        bulk=bulk,
    )


def _check(decision: str, disposition: str, reason: str) -> None:
    if decision not in Decision.values:
        raise InvalidInput(_("A flagged order is decided as one of: %s.") % ", ".join(Decision.values))
    if disposition and disposition not in Disposition.values:
        raise InvalidInput(_("A customer is called one of: %s.") % ", ".join(Disposition.values))
    if not reason.strip():
        raise InvalidInput(_("Give a reason: whoever looks at this order later will read it."))
    if "\x00" in reason:
        raise InvalidInput(_("The reason contains characters that cannot be stored."))
