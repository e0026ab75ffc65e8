"""The allow list: people whom freezes leave out. Each with a reason, by somebody, until a time or until it is lifted."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput, StaleState
from orders.services.texts import checked_prose
from risk.models import Allowance
from risk.services.naming import named_person

# Two people who allow the same at the same moment: the second waits, and sees the first.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('risk_allowance:' || %s))"


@transaction.atomic
def allow(*, kind: str, value: str, reason: str, expires_at: datetime | None, by: Any, at: datetime) -> Allowance:
    """Put somebody, as staff type him, on the allow list.

    Raises InvalidInput for what names nobody, an expiry that is over, or no reason; StaleState where he is on it already.
    """
    reason = checked_prose(reason, "the reason")
    if expires_at is not None and expires_at <= at:
        raise InvalidInput(_("An allowance expires in the future."))
    named = named_person(kind, value.strip())
    _lock(f"{kind}:{named['shown']}")
    if Allowance.objects.in_force(at).filter(kind=kind, customer=named["customer"], value=named["value"]).exists():
        raise StaleState(_("%s is on the allow list already.") % named["shown"])
    with because(reason, user=by.pk):
        return Allowance.objects.create(kind=kind, reason=reason, created_by=by, created_at=at, expires_at=expires_at, **named)


@transaction.atomic
def lift_allowance(allowance: Allowance, *, by: Any, reason: str, at: datetime) -> Allowance:
    """Freezes leave him out no longer. Raises InvalidInput without a reason, StaleState where it is lifted already."""
    reason = checked_prose(reason, "the reason")
    with because(reason, user=by.pk):
        rows = Allowance.objects.filter(pk=allowance.pk, lifted_at=None)
        if not rows.update(lifted_at=at, lifted_by=by, lift_reason=reason):
            raise StaleState(_("Somebody else has lifted this allowance already."))
    allowance.refresh_from_db()
    return allowance


def _lock(whom: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [whom])
