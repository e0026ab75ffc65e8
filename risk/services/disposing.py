"""What a customer is called over all that was found on him, and what a person says instead.

Nobody is called organised but by two independent kinds of evidence, one of them strong: see `risk.rules.weighing`. Orders that a
reviewer cleared are no evidence, and nor are the coupons that paid for them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput, StaleState
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.services.texts import checked_prose
from promotions.models import Coupon, Customer
from promotions.states import Audience
from risk.gathering import gather_claim_facts
from risk.models import CustomerDisposition, Flag, Overrule
from risk.models import Finding as StoredFinding
from risk.rules import Evidence, Finding, Strength, apply_rules
from risk.rules.combining import CustomerVerdict, Told, combine
from risk.states import Decision, Disposition

EVIDENCE_WINDOW = timedelta(days=30)
"""Findings on orders placed longer ago say nothing more about the customer."""
CHUNK = 500
DISPOSED = Sentence(gettext_noop("weighed over all that was found on the customer"))

# Only what came to something else is written: a row's history is its changes.
KEEP = """
INSERT INTO risk_customerdisposition AS d
       (customer_id, disposition, found, score, against, in_favour, overrule_id, disposed_at)
SELECT x.customer_id, x.disposition, x.found, x.score, x.against, x.in_favour, x.overrule_id, %(at)s
  FROM jsonb_to_recordset(%(rows)s::jsonb) AS x
       (customer_id bigint, disposition text, found text, score smallint, against jsonb, in_favour jsonb, overrule_id bigint)
 ORDER BY x.customer_id
    ON CONFLICT (customer_id) DO UPDATE
       SET disposition = excluded.disposition, found = excluded.found, score = excluded.score, against = excluded.against,
           in_favour = excluded.in_favour, overrule_id = excluded.overrule_id, disposed_at = excluded.disposed_at
     WHERE (d.disposition, d.found, d.score, d.overrule_id, d.against, d.in_favour)
           IS DISTINCT FROM (excluded.disposition, excluded.found, excluded.score, excluded.overrule_id, excluded.against,
                             excluded.in_favour)
"""


def dispose_customer(customer_id: int, *, at: datetime) -> CustomerDisposition:
    """What this customer is called as of `at`, weighed anew and kept. Safe to repeat. Raises Customer.DoesNotExist."""
    if not dispose_customers([customer_id], at=at):
        raise Customer.DoesNotExist
    return CustomerDisposition.objects.select_related("customer", "overrule__by").get(customer=customer_id)


def dispose_customers(customer_ids: Iterable[int], *, at: datetime) -> int:
    """The same of many, a chunk in a transaction. Answers how many there are; unknown ids are left out."""
    wanted = sorted(set(customer_ids))
    return sum(_dispose_chunk(wanted[start : start + CHUNK], at) for start in range(0, len(wanted), CHUNK))


@transaction.atomic
def overrule_customer(customer_id: int, *, disposition: str, reason: str, by: Any, at: datetime) -> CustomerDisposition:
    """A person says what the customer is to be called; an empty `disposition` takes an earlier word back.

    Raises InvalidInput for an unknown disposition or no reason, StaleState where it stands so already.
    """
    Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    present = dispose_customer(customer_id, at=at)
    if not disposition and present.overrule is None:
        raise StaleState(_("Nobody has overruled it: it is what the evidence says."))
    if disposition and disposition not in Disposition.values:
        raise InvalidInput(_("Somebody is called one of: %s.") % ", ".join(Disposition.values))
    if disposition == present.disposition:
        raise StaleState(_("It stands so already."))
    reason = checked_prose(reason, "the reason")
    with because(reason, user=by.pk):
        Overrule.objects.create(
            customer_id=customer_id, disposition=disposition, was=present.disposition, reason=reason, by=by, at=at
        )
        return dispose_customer(customer_id, at=at)


class _Known(NamedTuple):
    """What the database has on the customers of a chunk."""

    findings: Mapping[int, Mapping[str, Sequence[Finding]]]
    restricted: set[int]
    overrules: Mapping[int, Overrule]


@transaction.atomic
def _dispose_chunk(wanted: Sequence[int], at: datetime) -> int:
    customer_ids = list(Customer.objects.filter(pk__in=wanted).order_by("pk").values_list("pk", flat=True))
    known = _known(customer_ids, at)
    rows = [_row(customer_id, known, at) for customer_id in customer_ids]
    with because(str(DISPOSED)), connection.cursor() as cursor:
        cursor.execute(KEEP, {"rows": json.dumps(rows), "at": at})
    return len(rows)


def _known(customer_ids: Sequence[int], at: datetime) -> _Known:
    cleared = Flag.objects.filter(order=OuterRef("order_id"), decision=Decision.CLEARED)
    stored = StoredFinding.objects.filter(
        ~Exists(cleared),
        order__customer__in=customer_ids,
        order__placed_at__gt=at - EVIDENCE_WINDOW,
        order__placed_at__lte=at,
    )
    findings: dict[int, dict[str, list[Finding]]] = {}
    for row in stored.select_related("order").order_by("order_id", "rule"):
        findings.setdefault(row.order.customer_id, {}).setdefault(row.order.ref, []).append(_finding(row))
    restricted = Coupon.objects.filter(customer__in=customer_ids, coupon_type__audience=Audience.RESTRICTED, issued_at__lte=at)
    overrules = Overrule.objects.newest_of_customers(customer_ids).filter(at__lte=at)
    return _Known(
        findings,
        set(restricted.values_list("customer_id", flat=True)),
        {overrule.customer_id: overrule for overrule in overrules if overrule.disposition},
    )


def _row(customer_id: int, known: _Known, at: datetime) -> dict[str, Any]:
    findings = known.findings.get(customer_id) or _of_claims(customer_id, at)
    told = combine(findings, has_restricted_coupon=customer_id in known.restricted)
    overrule = known.overrules.get(customer_id)
    found = told.verdict.disposition.value
    return {
        "customer_id": customer_id,
        "disposition": overrule.disposition if overrule else found,
        "found": found,
        "score": told.verdict.score,
        "overrule_id": overrule.pk if overrule else None,
        **_kept(told),
    }


def _of_claims(customer_id: int, at: datetime) -> dict[str, list[Finding]]:
    """Of somebody without findings on orders: what the rules find on his coupons, but for those of orders that were cleared."""
    facts = gather_claim_facts(customer_id, at=at)
    return {"": apply_rules(facts)[0]} if facts else {}


def _kept(told: CustomerVerdict) -> dict[str, Any]:
    return {"against": [_words(one) for one in told.against], "in_favour": [_words(one) for one in told.in_favour]}


def _words(told: Told) -> dict[str, Any]:
    finding = told.finding
    return {
        "rule": finding.rule,
        "evidence": finding.evidence.value,
        "strength": finding.strength.value,
        "score": finding.score,
        "text": finding.text,
        "order": told.subject,
    }


def _finding(row: StoredFinding) -> Finding:
    return Finding(row.score, Strength(row.strength), row.text, row.values, row.rule, Evidence(row.evidence))
