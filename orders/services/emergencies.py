"""An emergency freeze: no second person is awake. One person holds at once, loudly, and for a day at most."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.approvals import NotAllowed
from backoffice.lib.audit import because
from backoffice.lib.display import time_text
from backoffice.lib.errors import InvalidInput
from backoffice.lib.jobs import queue_job
from backoffice.lib.outbox import tell
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Emergency, Freeze
from orders.models.emergencies import LONGEST
from orders.querysets import OrderQuerySet
from orders.services.emergency_ends import STARTED, payload_of
from orders.services.freezing import request_freeze
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, Severity

START_RIGHT = "orders.start_emergency_freeze"
WORKS_ALREADY = Sentence(
    gettext_noop("EMERGENCY: this works already, started by one person alone. Unless it is confirmed it falls at %(time)s.")
)
LOOK_NOW = Sentence(
    gettext_noop(
        "One person alone froze %(count)s orders. Look at it now, under Approvals: unless a second person confirms it, it falls at"
        " %(time)s."
    )
)


@transaction.atomic
def start_emergency(orders: OrderQuerySet, *, lasts: timedelta, by: Any, at: datetime, **terms: Any) -> Freeze:
    """Freeze these orders at once, without a second person, until `at + lasts`; a day at most. `terms` are of `request_freeze`.

    The same approval is asked for, of the same scope by its hash: whoever gives it confirms. Turned down, taken back or not given
    in time, the freeze falls and what it placed is released. Raises NotAllowed without the right, InvalidInput.
    """
    if not by.has_perm(START_RIGHT):
        raise NotAllowed(_("You do not have the right to start a freeze alone."))
    if not timedelta(0) < lasts <= LONGEST:
        raise InvalidInput(_("A freeze that one person starts alone lasts 24 hours at most."))
    ends_at = at + lasts
    freeze = request_freeze(orders, by=by, at=at, preamble=WORKS_ALREADY % {"time": time_text(ends_at)}, **terms)
    with because(freeze.job.reason, user=by.pk):
        emergency = Emergency.objects.create(freeze=freeze, started_by=by, started_at=at, ends_at=ends_at)
        queue_job(freeze.job)
    _tell_people(emergency)
    return freeze


def _tell_people(emergency: Emergency) -> None:
    """Everybody who is told of urgent alarms, and programs."""
    freeze = emergency.freeze
    raise_alarm(
        AlarmCause.EMERGENCY_STARTED,
        scope=f"freeze:{freeze.pk}",
        at=emergency.started_at,
        severity=Severity.URGENT,
        about=freeze,
        key=f"emergency:{emergency.pk}",
        found=Found(
            value=Decimal(freeze.job.total),
            detail=LOOK_NOW % {"count": f"{freeze.job.total:,}", "time": time_text(emergency.ends_at)},
        ),
    )
    tell(STARTED, payload_of(emergency), at=emergency.started_at)
