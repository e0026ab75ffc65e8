"""What the people in an incident are taken for: by all that was found on them, unless a reviewer ruled otherwise here."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput, StaleState
from orders.services.texts import checked_prose
from risk.models import CustomerDisposition, Incident, IncidentMember, Ruling
from risk.services.disposing import dispose_customers
from risk.states import Disposition, IncidentStatus

# What a customer is called over all that was found on him (`disposing`), where he was ever weighed. Of anybody else nothing is
# known but what his orders in the incident were decided to be.
JUDGE = """
WITH decided AS (
    SELECT o.customer_id,
           CASE WHEN bool_or(f.decision = 'confirmed' OR (f.disposition = 'organised' AND f.decision <> 'cleared')) THEN 'organised'
                WHEN bool_or(f.disposition = 'swept_along' OR f.decision = 'cleared') THEN 'swept_along'
                ELSE 'undetermined' END AS found
      FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id JOIN risk_flag f ON f.order_id = m.order_id
     WHERE m.incident_id = %(incident)s GROUP BY o.customer_id
), judged AS (
    SELECT p.id, coalesce(d.disposition, decided.found, 'undetermined') AS found,
           ARRAY(SELECT DISTINCT one ->> 'rule' FROM jsonb_array_elements(d.against) one ORDER BY 1)::varchar[] AS against,
           ARRAY(SELECT DISTINCT one ->> 'rule' FROM jsonb_array_elements(d.in_favour) one ORDER BY 1)::varchar[] AS in_favour
      FROM risk_incidentmember p LEFT JOIN risk_customerdisposition d ON d.customer_id = p.customer_id
      LEFT JOIN decided ON decided.customer_id = p.customer_id
     WHERE p.incident_id = %(incident)s
)
UPDATE risk_incidentmember p
   SET found = j.found, disposition = CASE WHEN p.is_overruled THEN p.disposition ELSE j.found END,
       against = j.against, in_favour = j.in_favour, judged_at = %(at)s
  FROM judged j
 WHERE p.id = j.id
   AND (p.judged_at IS NULL OR p.found <> j.found OR p.against <> j.against OR p.in_favour <> j.in_favour)
"""
WEIGHED_AT_ONCE = 500
"""How many people who were never weighed are weighed in one round: those who only claimed, above all."""


def judge_members(incident: Incident, *, at: datetime) -> int:
    """Bring what each person is taken for up to the evidence; answers of how many it changed. A ruling of a reviewer holds."""
    never = incident.members.filter(~Exists(CustomerDisposition.objects.filter(customer=OuterRef("customer"))))
    dispose_customers(never.order_by("pk").values_list("customer", flat=True)[:WEIGHED_AT_ONCE], at=at)
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
