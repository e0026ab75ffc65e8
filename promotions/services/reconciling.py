"""Counters are compared with the ledger, and one unit of drift is an alarm: once, until it changes or is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from django.utils.translation import gettext_noop

from backoffice.lib.sentences import Sentence
from promotions.models import Alarm, Drift
from promotions.services import reconcile_statements as statements
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, Severity

DRIFTS = Sentence(gettext_noop("%(subject)s: %(figure)s is %(found)s, the ledger says %(expected)s."))
MOST_ROWS = 5_000  # of one run; where so much is wrong, that is the news


class Difference(NamedTuple):
    """What one part of the ledger says of one figure of one subject, and what is found there."""

    subject: str
    scope: str
    target: str
    figure: str
    expected: Decimal | None
    found: Decimal | None


@dataclass(frozen=True)
class Finding:
    """Everything that differs of one subject."""

    differences: Sequence[Difference]

    @property
    def subject(self) -> str:
        return self.differences[0].subject

    @property
    def detail(self) -> str:
        return "\n".join(DRIFTS % one._asdict() for one in self.differences)

    def about(self) -> Model:
        """The row that staff are led to, by its key alone: it may be gone."""
        label, _colon, key = self.differences[0].target.rpartition(":")
        return apps.get_model(label)(pk=int(key))


def find_drifts() -> list[Finding]:
    """Everything that differs now, by subject. Changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(statements.DRIFTS, {"most": MOST_ROWS})
        rows = [Difference(*row) for row in cursor.fetchall()]
    return [Finding(tuple(group)) for _subject, group in groupby(rows, key=lambda row: row.subject)]


@transaction.atomic
def reconcile(at: datetime) -> list[Alarm]:
    """Compare once. Answers the alarms that were raised: for what drifts newly, or differently than when it was last told."""
    findings = {finding.subject: finding for finding in find_drifts()}
    known = {drift.subject: drift for drift in Drift.objects.select_for_update().filter(settled_at=None)}
    over = [drift.pk for subject, drift in known.items() if subject not in findings or findings[subject].detail != drift.detail]
    Drift.objects.filter(pk__in=over).update(settled_at=at)
    new = [finding for subject, finding in findings.items() if subject not in known or known[subject].pk in over]
    return [_tell(finding, at) for finding in new]


def _tell(finding: Finding, at: datetime) -> Alarm:
    first = finding.differences[0]
    found = Found(value=first.found, limit=first.expected, detail=finding.detail)
    alarm = raise_alarm(
        AlarmCause.BUDGET_DRIFT, scope=first.scope, at=at, severity=Severity.URGENT, about=finding.about(), found=found
    )
    assert alarm is not None  # noqa: S101  without a key it is always raised
    Drift.objects.create(subject=finding.subject, detail=finding.detail, found_at=at, alarm=alarm)
    return alarm
