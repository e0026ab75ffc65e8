"""What the people in an incident are taken for: by the evidence on their orders, unless a reviewer ruled otherwise."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput, StaleState
from orders.services.texts import checked_prose
from risk.models import Incident, IncidentMember, Ruling
from risk.states import Disposition, IncidentStatus

# A customer is what the worst of his orders in the incident is. What a reviewer confirmed counts as organised; an order that he
# cleared speaks no more against its customer and for having been swept along. Without a flagged order nothing is known of him.
JUDGE = """
WITH seen AS (
    SELECT o.customer_id,
           CASE WHEN bool_or(f.decision = 'confirmed' OR (f.disposition = 'organised' AND f.decision <> 'cleared')) THEN 'organised'
                WHEN bool_or(f.disposition = 'swept_along' OR f.decision = 'cleared') THEN 'swept_along'
                ELSE 'undetermined' END AS found
      FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id LEFT JOIN risk_flag f ON f.order_id = m.order_id
     WHERE m.incident_id = %(incident)s GROUP BY o.customer_id
), said AS (
    SELECT o.customer_id,
           coalesce(array_agg(DISTINCT n.rule ORDER BY n.rule) FILTER (WHERE n.score > 0), '{}') AS against,
           coalesce(array_agg(DISTINCT n.rule ORDER BY n.rule) FILTER (WHERE n.score < 0), '{}') AS in_favour
      FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id JOIN risk_finding n ON n.order_id = m.order_id
     WHERE m.incident_id = %(incident)s GROUP BY o.customer_id
), judged AS (
    SELECT seen.customer_id, seen.found, coalesce(said.against, '{}') AS against, coalesce(said.in_favour, '{}') AS in_favour
      FROM seen LEFT JOIN said USING (customer_id)
)
UPDATE risk_incidentmember p
   SET found = j.found, disposition = CASE WHEN p.is_overruled THEN p.disposition ELSE j.found END,
       against = j.against, in_favour = j.in_favour, judged_at = %(at)s
  FROM judged j
 WHERE p.incident_id = %(incident)s AND p.customer_id = j.customer_id
   AND (p.judged_at IS NULL OR p.found <> j.found OR p.against <> j.against OR p.in_favour <> j.in_favour)
"""


def judge_members(incident: Incident, *, at: datetime) -> int:
    """Bring what each person is taken for up to the evidence; answers of how many it changed. A ruling of a reviewer holds."""
    with connection.cursor() as cursor:
        cursor.execute(JUDGE, {"incident": incident.pk, "at": at})
        return int(cursor.rowcount)


@transaction.atomic
def overrule(member: IncidentMember, *, disposition: str, by: Any, reason: str, at: datetime) -> Ruling:
    """A reviewer says what this person is to be taken for in this incident. It holds until somebody rules again.

    Raises InvalidInput for an unknown disposition or no reason, StaleState for a closed incident, or where somebody else changed it
    since it was read.
    """
    reason = checked_prose(reason, _("the reason"))
    if disposition not in Disposition.values:
        raise InvalidInput(_("A customer is organised, swept along, or undetermined."))
    incident = Incident.objects.select_for_update().get(pk=member.incident_id)
    if incident.status == IncidentStatus.CLOSED:
        raise StaleState(_("%(incident)s is closed. Open it again first.") % {"incident": incident})
    locked = IncidentMember.objects.select_for_update().get(pk=member.pk)
    if locked.disposition != member.disposition:
        raise StaleState(_("Somebody else changed it in the meantime. Look again."))
    with because(reason, user=by.pk):
        ruling = Ruling.objects.create(member=locked, was=locked.disposition, disposition=disposition, reason=reason, by=by, at=at)
    member.refresh_from_db()
    return ruling
