"""Runs of rules are kept for a season, to tell how rules do; what hit is kept for good."""

from datetime import datetime, timedelta

from risk.models import RuleRun

KEPT = timedelta(days=90)
BATCH = 50_000


def forget_runs(at: datetime) -> int:
    """Delete the oldest runs that are over their time, a batch. Answers how many."""
    old = RuleRun.objects.filter(at__lt=at - KEPT).order_by("at").values_list("pk", flat=True)[:BATCH]
    deleted, _by_model = RuleRun.objects.filter(pk__in=list(old)).delete()
    return deleted
