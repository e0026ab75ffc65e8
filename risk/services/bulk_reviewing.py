"""Many flagged orders decided alike: previewed, fixed and hashed, worked by a job with a result each; taken back by a job too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from backoffice.lib.aloud import in_english
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput
from backoffice.lib.jobs import ChunkResult, job_runner, queue_job
from backoffice.lib.models import Job
from orders.models import Hold, Order
from orders.services.texts import checked_prose
from risk.models import BulkReview, BulkReviewItem, Flag, Review, ReviewAct
from risk.models.bulk_reviews import JOB_KIND
from risk.queueing import UNDO_WITHIN
from risk.services.reviewing import decide_flag
from risk.services.undoing import NotUndone, undo_decision
from risk.states import BulkResult, Decision, Disposition, ReviewActKind

CHUNK = 100
"""Orders that one transaction decides: they stay locked until it ends."""
LONGEST_DETAIL = 300
FIX_SCOPE = """
    INSERT INTO risk_bulkreviewitem (bulk_id, flag_id, result, detail)
    SELECT %s, f.id, 'pending', '' FROM risk_flag f WHERE f.id IN ({flags}) ORDER BY f.order_id
"""
FINGERPRINT = """
    SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(flag_id::text, ',' ORDER BY flag_id), ''), 'UTF8')), 'hex'),
           coalesce(min(id) - 1, 0)
    FROM risk_bulkreviewitem WHERE bulk_id = %s
"""


class ScopeMoved(DomainError):
    """Other orders match than those that were previewed."""

    code = "scope_changed"


@dataclass(frozen=True)
class BulkPreview:
    """What a bulk decision would be about. `mark` tells whether the same orders match later."""

    mark: str
    count: int
    worth: Sequence[tuple[str, int, Decimal, Decimal]]
    by_look: Sequence[tuple[str, int, Decimal]]
    by_status: Sequence[tuple[str, int, Decimal]]
    decided: int
    with_reviewers: int
    appealed: int
    automatic_holds: int
    sample: Sequence[Flag]


def preview(flags: QuerySet, *, at: datetime, sample: int = 20) -> BulkPreview:
    """Counts, money by currency (orders, gross, taken off by coupons), looks and states, and the first by score."""
    rows = Flag.objects.filter(pk__in=flags.order_by().values("pk")).order_by()
    orders = Order.objects.filter(pk__in=rows.values("order"))
    sums = rows.aggregate(n=Count("pk"), total=Sum("pk"))
    gross = Sum("order__gross_amount")
    queued = Review.objects.filter(order__in=orders)
    held = Hold.objects.open().filter(order__in=orders, placed_by__username="system")
    money = rows.values_list("order__currency").order_by("order__currency")
    return BulkPreview(
        mark=f"{sums['n']}:{sums['total'] or 0}",
        count=sums["n"],
        worth=list(money.annotate(Count("pk"), gross, Sum("order__discount_amount"))),
        by_look=list(rows.values_list("disposition").order_by("disposition").annotate(Count("pk"), gross)),
        by_status=list(rows.values_list("order__status").order_by("order__status").annotate(Count("pk"), gross)),
        decided=rows.exclude(decision="").count(),
        with_reviewers=queued.filter(leased_until__gt=at).count(),
        appealed=queued.appeals().count(),
        automatic_holds=held.count(),
        sample=list(rows.select_related("order__customer").order_by("-score", "-pk")[:sample]),
    )


@transaction.atomic
def decide_in_bulk(
    flags: QuerySet, *, decision: str, reason: str, scope_text: str, previewed: str, by: Any, at: datetime, disposition: str = ""
) -> BulkReview:
    """Fix these flagged orders as they match now, and queue the job that decides them in the name of whoever asked.

    Raises ScopeMoved where `previewed` is the mark of another selection, InvalidInput for an empty one, an unknown decision or
    disposition, or no reason. Orders that somebody decided, has before him, or that are appealed against, are skipped by the job.
    """
    reason = checked_prose(reason, _("the reason"))
    if decision not in Decision.values or (disposition and disposition not in Disposition.values):
        raise InvalidInput(_("A flagged order is decided as one of: %s.") % ", ".join(Decision.values))
    if preview(flags, at=at, sample=0).mark != previewed:
        raise ScopeMoved(_("Other orders match now than when you looked. Nothing was done; look again."))
    bulk = BulkReview(decision=decision, disposition=disposition, scope_text=scope_text)
    return _ask(bulk, flags, reason=reason, by=by, at=at)


@transaction.atomic
def undo_bulk(bulk: BulkReview, *, by: Any, reason: str, at: datetime) -> BulkReview:
    """Take back what a bulk decision decided, by a job: its maker may, within his shift. Raises NotUndone, InvalidInput."""
    reason = checked_prose(reason, _("the reason"))
    if why_not := why_not_undo(bulk, by, at=at):
        raise NotUndone(why_not)
    done = Flag.objects.filter(pk__in=bulk.items.filter(result=BulkResult.DONE).values("flag"))
    undo = BulkReview(undoes=bulk, scope_text=bulk.scope_text)
    return _ask(undo, done, reason=reason, by=by, at=at)


def why_not_undo(bulk: BulkReview, user: Any, *, at: datetime) -> str:
    """Why this person cannot take it back now; empty where he can."""
    if bulk.undoes_id:
        return _("It takes back another: decide those orders anew.")
    if bulk.job.requested_by_id != user.pk:
        return _("%s decided it: only who decided takes a decision back.") % bulk.job.requested_by
    if BulkReview.objects.filter(undoes=bulk).exists():
        return _("This decision was taken back already.")
    if bulk.job.finished_at is None:
        return _("Its job still runs.")
    if at - bulk.job.requested_at > UNDO_WITHIN:
        return _("This decision is older than %s hours: it stays.") % int(UNDO_WITHIN.total_seconds() // 3600)
    return "" if bulk.items.filter(result=BulkResult.DONE).exists() else _("It decided nothing.")


def _ask(bulk: BulkReview, flags: QuerySet, *, reason: str, by: Any, at: datetime) -> BulkReview:
    with because(reason, user=by.pk):
        bulk.job = Job.objects.create(kind=JOB_KIND, reason=reason, requested_by=by, requested_at=at)
        bulk.save()
        sql, params = Flag.objects.filter(pk__in=flags.order_by().values("pk")).order_by().values("pk").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(FIX_SCOPE.format(flags=sql), [bulk.pk, *params])
            cursor.execute(FINGERPRINT, [bulk.pk])
            bulk.job.total, bulk.job.scope_hash, bulk.job.cursor = cursor.fetchone()
        if not bulk.job.total:
            raise InvalidInput(_("Nothing matches: there is nothing to do."))
        bulk.job.save(update_fields=["total", "scope_hash", "cursor"])
        queue_job(bulk.job)
    return bulk


@job_runner(JOB_KIND)
def _work(job: Job, at: datetime) -> ChunkResult:
    """The next orders, in the order of their ids, each by itself: what one trips over stops no other."""
    bulk = BulkReview.objects.select_related("undoes").get(job=job)
    items = list(bulk.items.filter(pk__gt=job.cursor).select_related("flag").order_by("pk")[:CHUNK])
    failed = sum(_work_item(bulk, item, job, at) for item in items)
    last = items[-1].pk if items else job.cursor
    return ChunkResult(done=len(items), failed=failed, cursor=last, is_last=job.done + len(items) >= job.total)


def _work_item(bulk: BulkReview, item: BulkReviewItem, job: Job, at: datetime) -> bool:
    """Decide one, and keep its result. Answers whether it failed."""
    result, detail = BulkResult.DONE, ""
    try:
        with transaction.atomic(), in_english():
            detail = _decide(bulk, item.flag, job, at)
    except DomainError as error:
        result, detail = BulkResult.SKIPPED, str(error)
    except (IntegrityError, DataError) as error:
        result, detail = BulkResult.FAILED, str(error).splitlines()[0]
    BulkReviewItem.objects.filter(pk=item.pk).update(result=result, detail=detail[:LONGEST_DETAIL])
    return result == BulkResult.FAILED


def _decide(bulk: BulkReview, flag: Flag, job: Job, at: datetime) -> str:
    if bulk.undoes_id is None:
        terms = {"decision": bulk.decision, "disposition": bulk.disposition, "reason": job.reason}
        decide_flag(flag, by=job.requested_by, at=at, bulk=bulk, **terms)
        return ""
    act = ReviewAct.objects.get(bulk=bulk.undoes_id, order=flag.order_id, kind=ReviewActKind.DECIDED)
    return " ".join(undo_decision(act, by=job.requested_by, at=at, reason=job.reason, bulk=bulk).remains)
