"""Writes down what an assessment found, and holds what must be held. Works under the lock of the order's row."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from backoffice.lib.audit import because
from backoffice.lib.automation import is_observing
from backoffice.lib.sentences import Sentence
from orders.models import Hold, Order
from orders.services.breaker import hold_automatically
from orders.states import UNDELIVERED_STATUSES, HoldKind
from risk.models import Finding as StoredFinding
from risk.models import Flag
from risk.rules import Disposition, Finding, Verdict
from risk.rules.weighing import FLAG_AT

# One round trip for every order that is ever placed. A row that was inserted and not updated has no xmax.
KEEP_ASSESSMENT = """
INSERT INTO risk_assessment (order_id, assessed_at, error) VALUES (%s, %s, %s)
ON CONFLICT (order_id) DO UPDATE SET assessed_at = excluded.assessed_at, error = excluded.error
RETURNING xmax = 0
"""
FLAG_REASON = Sentence(gettext_noop("assessed by the rules"))
NOT_ASSESSED = Sentence(gettext_noop("the order could not be assessed before its cooling-off was over"))
REASONS_SHOWN = 3


def record(
    order: Order, *, findings: Sequence[Finding], verdict: Verdict | None, failures: Sequence[str], at: datetime
) -> Flag | None:
    """Keep the assessment, replace the findings, raise or refresh the flag, hold the order where the verdict says so.

    What a reviewer has decided keeps the findings and the score that it was decided by; nothing of it is touched, and the order is
    not held again.
    """
    is_first = _keep_assessment(order.pk, error="; ".join(failures), at=at)
    flag = None if is_first else Flag.objects.filter(order=order).first()
    if verdict is None or (flag is not None and flag.decision):
        return flag
    _replace_findings(order, findings, is_first=is_first, at=at)
    if flag is not None or verdict.is_flagged:
        flag = _raise_flag(order, flag, verdict, at)
    if verdict.must_be_held:
        _hold(order, reason=_reason(findings), at=at)
    return flag


def keep_failure(order_id: int, error: Exception, *, at: datetime) -> None:
    """The order could not be assessed at all. It is tried again later, and nobody stumbles over it every minute."""
    _keep_assessment(order_id, error=f"{type(error).__name__}: {error}", at=at)


@transaction.atomic
def keep_back(order_id: int, *, at: datetime) -> None:
    """Hold an order that could not be assessed and flag it for a reviewer, unless one has decided it."""
    order = Order.objects.locked(order_id)
    with because(str(NOT_ASSESSED)):
        flag, _ = Flag.objects.get_or_create(
            order=order,
            defaults={"score": FLAG_AT, "disposition": Disposition.UNDETERMINED.value, "flagged_at": at, "updated_at": at},
        )
    if not flag.decision:
        _hold(order, reason=str(NOT_ASSESSED), at=at)


def _keep_assessment(order_id: int, *, error: str, at: datetime) -> bool:
    """Answers whether it is the order's first."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP_ASSESSMENT, [order_id, at, error])
        return bool(cursor.fetchone()[0])


def _replace_findings(order: Order, findings: Sequence[Finding], *, is_first: bool, at: datetime) -> None:
    """Where nothing speaks against the customer nothing is kept: what speaks for him needs no saying then."""
    if not is_first:
        StoredFinding.objects.filter(order=order).delete()
    if all(finding.speaks_for for finding in findings):
        return
    StoredFinding.objects.bulk_create(
        StoredFinding(
            order=order,
            rule=finding.rule,
            evidence=finding.evidence.value,
            strength=finding.strength.value,
            score=finding.score,
            text=finding.text,
            values=finding.values,
            found_at=at,
        )
        for finding in findings
    )


def _raise_flag(order: Order, flag: Flag | None, verdict: Verdict, at: datetime) -> Flag:
    """Once flagged, an order waits for a reviewer, also where later facts weigh less."""
    weighed = {"score": verdict.score, "disposition": verdict.disposition.value, "updated_at": at}
    with because(str(FLAG_REASON)):
        if flag is None:
            return Flag.objects.create(order=order, flagged_at=at, **weighed)
        if (flag.score, flag.disposition) != (verdict.score, verdict.disposition.value):
            Flag.objects.waiting().filter(pk=flag.pk).update(**weighed)
            flag.refresh_from_db()
    return flag


def _hold(order: Order, *, reason: str, at: datetime) -> None:
    """Once per order: what a person has released is not held again by itself. Where automatic holds are stopped it is listed."""
    if is_observing() or order.status not in UNDELIVERED_STATUSES:
        return
    if not Hold.objects.filter(order=order, kind=HoldKind.RISK).exists():
        hold_automatically(order, kind=HoldKind.RISK, reason=reason, at=at)


def _reason(findings: Sequence[Finding]) -> str:
    """The heaviest against the customer; where nothing weighs, what staff's lists and undecided rules say."""
    worst = sorted((finding for finding in findings if finding.speaks_against), key=lambda finding: -finding.score)
    worst = worst or [finding for finding in findings if not finding.score]
    return "; ".join(finding.text for finding in worst[:REASONS_SHOWN])
