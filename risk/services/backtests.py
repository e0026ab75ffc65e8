"""Backtests as jobs: one day of the period is one item, so that a month can be left running and found again."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput
from backoffice.lib.jobs import ChunkResult, job_runner, queue_job
from backoffice.lib.models import Job
from orders.services.texts import checked_prose
from risk.backtesting import Figures, try_rule
from risk.models import Backtest, BacktestDay, BacktestExample, RuleVersion
from risk.rulebook import parse
from risk.rulefacts import BOOKS
from risk.states import BacktestError, Decision, ListsAsOf

KIND = "backtest rule"
DAY = timedelta(days=1)
LONGEST = timedelta(days=400)
EXAMPLES_KEPT = 20
SUMMED = ("judged", "hits", "unknown", "flagged", "confirmed_hits", "cleared_hits", "confirmed", "cleared", "money")


@transaction.atomic
def request_backtest(
    version: RuleVersion,
    *,
    since: datetime,
    until: datetime,
    lists_as: str = ListsAsOf.THEN,
    by: Any,
    reason: str,
    at: datetime,
) -> Backtest:
    """Try the version on a period that is over, beside the rule's published version where that is another.

    Value lists are asked as they stood at each event, or as they stand `at`: what is put on a list today was not on it then.
    Raises InvalidInput for a period that is empty, too long, or not over.
    """
    reason = checked_prose(reason, "the reason")
    if not since < until <= at:
        raise InvalidInput(_("A backtest covers a period that is over: from a time to a later one, not in the future."))
    if until - since > LONGEST:
        raise InvalidInput(_("A backtest covers at most %s days.") % LONGEST.days)
    days = -((since - until) // DAY)
    beside = version.rule.versions.published().exclude(pk=version.pk).first()
    job = Job.objects.create(kind=KIND, reason=reason, requested_by=by, requested_at=at, total=days)
    backtest = Backtest.objects.create(version=version, beside=beside, job=job, since=since, until=until, lists_as=lists_as)
    queue_job(job)
    return backtest


@job_runner(KIND)
def work_a_day(job: Job, at: datetime) -> ChunkResult:
    """The cursor is the number of days that have a result."""
    backtest = Backtest.objects.select_related("version__rule", "beside__rule").get(job=job)
    begins_at = backtest.since + job.cursor * DAY
    ends_at = min(begins_at + DAY, backtest.until)
    lists_at = job.requested_at if backtest.lists_as == ListsAsOf.NOW else None
    for version in filter(None, (backtest.version, backtest.beside)):
        tree = parse(version.tree, BOOKS[version.rule.subject].schema)
        figures = try_rule(version.rule.subject, tree, since=begins_at, until=ends_at, lists_at=lists_at)
        _keep(backtest, version, begins_at, figures)
    return ChunkResult(done=1, failed=0, cursor=job.cursor + 1, is_last=ends_at >= backtest.until)


def _keep(backtest: Backtest, version: RuleVersion, begins_at: datetime, figures: Figures) -> None:
    counted = {name: getattr(figures, name) for name in SUMMED}
    BacktestDay.objects.create(backtest=backtest, version=version, begins_at=begins_at, **counted)
    room: dict[BacktestError, int] = defaultdict(lambda: EXAMPLES_KEPT)
    for kept in BacktestExample.objects.filter(backtest=backtest, version=version).values_list("error", flat=True):
        room[BacktestError(kept)] -= 1
    examples = []
    for order_id, decision in figures.wrong:
        error = BacktestError.CLEARED_HIT if decision == Decision.CLEARED else BacktestError.CONFIRMED_MISS
        if room[error] > 0:
            room[error] -= 1
            examples.append(BacktestExample(backtest=backtest, version=version, order_id=order_id, error=error))
    BacktestExample.objects.bulk_create(examples, ignore_conflicts=True)


def totals(backtest: Backtest, version: RuleVersion) -> dict[str, Any]:
    """Figures over all days that have a result, with precision and recall against the reviewers; None where nothing was decided.

    Of the orders that reviewers decided: precision is the share of confirmed ones among those hit, recall the share of those hit
    among the confirmed ones. `flips` are decisions that it would have got wrong.
    """
    days = backtest.days.filter(version=version)
    sums = days.aggregate(**{name: Sum(name, default=Decimal(0) if name == "money" else 0) for name in SUMMED})
    labelled = sums["confirmed_hits"] + sums["cleared_hits"]
    return sums | {
        "precision": sums["confirmed_hits"] / labelled if labelled else None,
        "recall": sums["confirmed_hits"] / sums["confirmed"] if sums["confirmed"] else None,
        "flips": sums["cleared_hits"] + sums["confirmed"] - sums["confirmed_hits"],
    }
