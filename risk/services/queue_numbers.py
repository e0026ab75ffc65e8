"""How long the queue is, how old, what of it is overdue, and how far a reviewer's shift has come.

Each number is counted to a cap alone, along an index: a queue of a million is counted as fast as one of ten thousand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from backoffice.lib.automation import is_silent
from backoffice.lib.counting import MOST_COUNTED, counts_for
from backoffice.lib.sentences import Sentence
from promotions.models import Alarm
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, Severity
from risk.models import Review, ReviewAct, ReviewSkip
from risk.queueing import SHIFT, Urgency
from risk.states import ReviewActKind

OVERDUE = Sentence(
    gettext_noop("%(overdue)s orders wait for a reviewer beyond their due time, of them %(saved)s that can still be saved.")
)


@dataclass(frozen=True)
class QueueNumbers:
    """As of a time, for one reader. Counts stop at MOST_COUNTED. `oldest` is since when the longest waiting one waits."""

    waiting: int
    oldest: datetime | None
    overdue: int
    can_be_saved: int
    escalated: int
    appeals: int
    mine: int


@dataclass(frozen=True)
class Shift:
    """What a reviewer has done since he began, within the last hours: decisions (with appeals), and the middle of their times."""

    begun_at: datetime | None
    decided: int
    cleared: int
    confirmed: int
    appeals: int
    skipped: int
    undone: int
    middle_seconds: int | None


def counted(rows: QuerySet) -> int:
    """How many, at most MOST_COUNTED."""
    return int(rows.order_by()[:MOST_COUNTED].count())


def numbers_for(user: Any, *, at: datetime) -> QueueNumbers:
    """Two queries, however many numbers."""
    rows = Review.objects.all()
    asked = {
        "waiting": rows,
        "overdue": rows.overdue(at),
        "can_be_saved": rows.filter(urgency__lt=Urgency.NOTHING),
        "escalated": rows.filter(is_escalated=True, assigned_to=None),
        "appeals": rows.appeals(),
        "mine": rows.filter(Q(assigned_to=user) | Q(leased_by=user, leased_until__gt=at)),
    }
    oldest = rows.order_by("since").values_list("since", flat=True).first()
    return QueueNumbers(oldest=oldest, **counts_for(user, asked))


def shift_of(user: Any, *, at: datetime) -> Shift:
    acts = list(
        ReviewAct.objects.filter(by=user, at__gt=at - SHIFT, at__lte=at, bulk=None)
        .order_by("-at")
        .values_list("at", "kind", "outcome", "seconds", "undone_by")[:MOST_COUNTED]
    )
    decided = [act for act in acts if act[1] == ReviewActKind.DECIDED and act[4] is None]
    appeals = [act for act in acts if act[1] == ReviewActKind.APPEAL]
    times = [seconds for _at, _kind, _outcome, seconds, _undone in [*decided, *appeals] if seconds is not None]
    return Shift(
        begun_at=acts[-1][0] if acts else None,
        decided=len(decided) + len(appeals),
        cleared=sum(act[2] == "cleared" for act in decided),
        confirmed=sum(act[2] == "confirmed" for act in decided),
        appeals=len(appeals),
        skipped=_number(acts, ReviewActKind.SKIPPED),
        undone=_number(acts, ReviewActKind.UNDONE),
        middle_seconds=int(median(times)) if times else None,
    )


def skipped_until(user: Any, *, at: datetime) -> tuple[int, datetime | None]:
    """How many waiting orders this reviewer has skipped, and when the first of them comes back to him."""
    waiting = ReviewSkip.objects.filter(user=user, until__gt=at, order__in=Review.objects.values("order"))
    return counted(waiting), waiting.order_by("until").values_list("until", flat=True).first()


def watch_queue(at: datetime) -> list[Alarm]:
    """Raise one alarm while orders are overdue that can still be saved, or appeals are; it can be raised anew once acknowledged.

    Nothing is raised in a replay, in which nobody reviews. Decided orders have left the queue, and with it the alarm.
    """
    overdue = Review.objects.overdue(at)
    pressing = overdue.filter(Q(urgency__lt=Urgency.NOTHING) | Q(appeal_due_at__lte=at))
    if is_silent() or not pressing.exists():
        return []
    told = {"overdue": f"{counted(overdue):,}", "saved": f"{counted(pressing):,}"}
    alarm = raise_alarm(
        AlarmCause.REVIEW_OVERDUE,
        scope="platform",
        at=at,
        severity=Severity.WATCH,
        key="review-overdue",
        found=Found(detail=OVERDUE % told),
    )
    return [alarm] if alarm is not None else []


def _number(acts: Sequence[Any], kind: str) -> int:
    return sum(act[1] == kind for act in acts)
