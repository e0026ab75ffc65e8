"""A person decides about a flagged order."""

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
from risk.models import Flag
from risk.services.disposing import dispose_customers
from risk.states import Decision

AUTOMATIC_HOLDS = (HoldKind.RISK, HoldKind.COOLING)


class FlagIsDecided(DomainError):
    """Somebody else was first."""

    code = "flag_is_decided"


@transaction.atomic
def decide_flag(flag: Flag, *, decision: str, reason: str, by: Any, at: datetime) -> Flag:
    """Clear a flagged order, or confirm the suspicion. Nobody decides twice: the second of two reviewers gets FlagIsDecided.

    Cleared releases the risk and cooling-off holds that the system placed, and the order is not held by itself again; holds that
    people placed stay. Confirmed sees to it that an order which can still be held has a risk hold, also where the system only
    observes. Raises InvalidInput for an unknown decision or no reason.
    """
    _check(decision, reason)
    order = Order.objects.locked(flag.order_id)
    with because(reason):
        decided = Flag.objects.waiting().filter(pk=flag.pk)
        if not decided.update(decision=decision, decided_by=by, decided_at=at, decision_reason=reason.strip(), updated_at=at):
            raise FlagIsDecided(_("Order %(order)s was decided by somebody else in the meantime. Look again.") % {"order": order})
        if decision == Decision.CLEARED:
            _release_automatic_holds(order, by=by, reason=reason, at=at)
        elif order.status not in FINAL_STATUSES:
            place_hold(order, kind=HoldKind.RISK, reason=reason, by=by, at=at)
        dispose_customers([order.customer_id], at=at)
    flag.refresh_from_db()
    return flag


def _release_automatic_holds(order: Order, *, by: Any, reason: str, at: datetime) -> None:
    automatic = Hold.objects.open().filter(order=order, kind__in=AUTOMATIC_HOLDS, placed_by=system_user())
    for hold in automatic.order_by("pk"):
        release_hold(hold, by=by, reason=reason, at=at)


def _check(decision: str, reason: str) -> None:
    if decision not in Decision.values:
        raise InvalidInput(_("A flagged order is decided as one of: %s.") % ", ".join(Decision.values))
    if not reason.strip():
        raise InvalidInput(_("Give a reason: whoever looks at this order later will read it."))
    if "\x00" in reason:
        raise InvalidInput(_("The reason contains characters that cannot be stored."))
