"""An incident grows while detection runs: what its anchors lead to comes in, and people called organised lead to new anchors.

It grows by what is the same, under caps: at most MOST_AT_ONCE rows of a kind a run, MOST_IN_ALL in all; of the values that
organised people share it follows at most MOST_FOLLOWED, none that identifies nobody, none that more than HUB_CAP accounts share.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils.translation import gettext_noop

from backoffice.lib.audit import because
from backoffice.lib.sentences import Sentence
from orders.recipients import masked_recipient
from promotions.services.nobody import known_device
from risk.facts import HUB_CAP
from risk.models import Incident, IncidentAnchor
from risk.services import growing_statements as statements
from risk.services.judging import judge_members
from risk.states import AnchorKind, IncidentStatus

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 20_000
MOST_IN_ALL = 200_000
MOST_FOLLOWED = 200
VALUES_READ = 50
ROWS_READ = 500
"""How many orders of one value are read to count its accounts: far more than a value below HUB_CAP has."""
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
GREW = Sentence(gettext_noop("the incident grew"))
SHARED = Sentence(gettext_noop("on an order of somebody called organised; %(accounts)s accounts share it"))
HUB = Sentence(gettext_noop("on an order of somebody called organised, but %(accounts)s accounts share it: a hub leads nowhere"))


def grow_incidents(at: datetime) -> int:
    """Let every incident that grows take in what belongs to it by now; answers how many rows came in.

    One that fails stops no other. Each has a transaction of its own.
    """
    came_in = 0
    for incident_id in list(Incident.objects.growing().values_list("pk", flat=True)):
        try:
            came_in += grow_one(incident_id, at=at)
        except Exception:
            log.exception("incident_not_grown", incident_id=incident_id)
    return came_in


@transaction.atomic
def grow_one(incident_id: int, *, at: datetime) -> int:
    """The same for one; nothing where it was closed or stopped in the meantime."""
    incident = Incident.objects.select_for_update().filter(pk=incident_id, grows=True).first()
    if incident is None or incident.status == IncidentStatus.CLOSED:
        return 0
    with because(str(GREW)):
        return grow(incident, at=at)


def grow(incident: Incident, *, at: datetime) -> int:
    """One round, under the lock of the incident's row; answers how many coupons and orders came in."""
    values = _values(incident, at)
    came_in = 0
    if incident.coupons + incident.orders < MOST_IN_ALL:
        for anchor in incident.anchors.filter(dropped_at=None, is_hub=False):
            came_in += _follow(anchor, values)
        came_in += _run(statements.ORDERS_OF_COUPONS, values) + _run(statements.COUPONS_OF_ORDERS, values)
        _run(statements.PEOPLE, values)
    judge_members(incident, at=at)
    _find_anchors(incident, values)
    with connection.cursor() as cursor:
        cursor.execute(statements.COUNTS, values)
        incident.grown_at, incident.orders, incident.coupons, incident.customers = cursor.fetchone()
    return came_in


def _values(incident: Incident, at: datetime) -> dict[str, Any]:
    return {
        "incident": incident.pk,
        "at": at,
        "since": incident.since,
        "until": incident.until or NEVER,
        "most": MOST_AT_ONCE,
        "read": ROWS_READ,
    }


def _follow(anchor: IncidentAnchor, values: Mapping[str, Any]) -> int:
    given = {**values, "anchor": anchor.pk, "value": anchor.value}
    found = (table.get(AnchorKind(anchor.kind)) for table in (statements.COUPONS_OF_ANCHOR, statements.ORDERS_OF_ANCHOR))
    return sum(_run(statement, given) for statement in found if statement)


def _find_anchors(incident: Incident, values: Mapping[str, Any]) -> None:
    room = MOST_FOLLOWED - incident.anchors.filter(added_by=None, is_hub=False).count()
    with connection.cursor() as cursor:
        cursor.execute(statements.VALUES_OF_ORGANISED, {**values, "most": VALUES_READ})
        found = cursor.fetchall()
    for kind, value, found_on, last_four, accounts in found:
        if kind == AnchorKind.DEVICE and not known_device(value):
            continue
        is_hub = accounts > HUB_CAP
        if not is_hub and room <= 0:
            continue
        room -= not is_hub
        shown = value if kind == AnchorKind.DEVICE else masked_recipient(value, last_four)
        IncidentAnchor.objects.create(
            incident=incident,
            kind=kind,
            value=value,
            shown=shown,
            is_hub=is_hub,
            accounts=accounts,
            found_on_id=found_on,
            added_at=values["at"],
            reason=(HUB if is_hub else SHARED) % {"accounts": accounts},
        )


def _run(statement: str, values: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
