"""The scope of bulk work on orders: snapshotted and hashed when it is asked for, worked in chunks once it is approved.

A freeze has orders for its subjects and a release has holds; both keep one item per subject, with its result. The ids never come
into Python's memory but for one chunk.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from django.core.exceptions import EmptyResultSet
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from backoffice.lib.approvals import payload_hash, request_approval
from backoffice.lib.errors import InvalidInput
from backoffice.lib.jobs import ChunkResult, queue_job
from backoffice.lib.models import Approval, Job
from backoffice.lib.models.job import JOB_MOVES, JobStatus
from backoffice.lib.sentences import Sentence
from backoffice.lib.states import move
from orders.models import Document, Freeze, FreezeItem, Release
from orders.services.errors import ScopeChanged
from orders.services.scope_kinds import Scope
from orders.states import ItemResult

log = structlog.get_logger(__name__)

LONGEST_DETAIL = 200
# The items are numbered in the order in which they are worked, so that order is fixed with the scope.
SNAPSHOT = """
    INSERT INTO {items} ({owner}, {subject}, result, detail)
    SELECT %s, scope.id, 'pending', '' FROM ({subjects}) AS scope (id) {order_of_work}
"""
FINGERPRINT = """
    SELECT count(*), encode(sha256(convert_to(coalesce(string_agg({subject}::text, ',' ORDER BY {subject}), ''), 'UTF8')), 'hex')
    FROM {items} WHERE {owner} = %s
"""
# The table keeps the items of every act: the work starts before this act's first. (The sum keeps PostgreSQL from walking there.)
BEFORE_THE_FIRST = "SELECT min(id + 0) - 1 FROM {items} WHERE {owner} = %s"
WORTH = "worth"
NOTHING_MATCHES = gettext_lazy("Nothing matches: there is nothing to do.")
MEANWHILE = Sentence(
    gettext_noop("What is in the database is no longer what was approved: somebody changed it afterwards. Nothing more was done.")
)
GONE = Sentence(gettext_noop("Items that were asked for are gone, or have a result that was not counted."))

Settle = Callable[[Mapping[str, int]], None]
"""Gives a result to every pending item of `owner` whose own number lies from `first` to `last`, of which there are `count`; or
raises, having done nothing."""


@dataclass(frozen=True)
class Fingerprint:
    """How many subjects, and SHA-256 over their ids: sorted as numbers, joined by commas."""

    count: int
    sha256: str


def ask_for(
    scope: Scope,
    owner: Freeze | Release,
    subjects: QuerySet[Any],
    *,
    sentence: Sentence,
    told: Mapping[str, str],
    at: datetime,
    preamble: str = "",
) -> None:
    """Fix the scope of this act as it matches now, and ask a second person for exactly that. Raises InvalidInput for an empty one.

    `owner` is not saved yet; its job is, and says who asks and why. `sentence` tells the second person what would be done, with
    what is `told` and the count and the scope in it, in English; a `preamble` stands above it.
    """
    job = owner.job
    found = fix_scope(scope, owner, subjects)
    summary = sentence % {**told, "count": f"{found.count:,}", "scope": owner.scope_text}
    job.approval = request_approval(
        action=scope.action,
        target=f"{scope.action}:{owner.pk}",
        summary=f"{preamble}\n{summary}" if preamble else summary,
        payload=_payload(scope, owner, found) | {WORTH: _worth(scope, owner)},
        reason=job.reason,
        by=job.requested_by,
        at=at,
    )
    job.save(update_fields=["approval"])


def fix_scope(scope: Scope, owner: Freeze | Release, subjects: QuerySet[Any]) -> Fingerprint:
    """Save the act and fix its scope as it matches now. Its job gets count and hash. Raises InvalidInput for an empty one."""
    owner.save()
    job = owner.job
    found = _snapshot(scope, owner, subjects)
    job.total, job.scope_hash, job.cursor = found.count, found.sha256, _place_before(scope, owner)
    job.save(update_fields=["total", "scope_hash", "cursor"])
    return found


def start(scope: Scope, approval: Approval) -> None:
    """Queue the job of an approved act. Raises ScopeChanged unless items, terms and job are still what was asked for."""
    queue_job(check_unchanged(scope, approval).job)


def check_unchanged(scope: Scope, approval: Approval) -> Freeze | Release:
    """The act that is approved. Raises ScopeChanged unless items, terms and job are still what was asked for."""
    owner = _owner_of(scope, approval)
    found = fingerprint(scope, owner)
    asked = {name: value for name, value in approval.payload.items() if name != WORTH}
    is_as_asked = asked == _payload(scope, owner, found)
    if not is_as_asked or found != Fingerprint(owner.job.total, owner.job.scope_hash):
        raise ScopeChanged(_("What would be done is no longer what was asked for. Nothing was done; ask anew."))
    return owner


def drop(scope: Scope, approval: Approval, at: datetime) -> None:
    """The act was turned down or taken back: its job will never run."""
    move(_owner_of(scope, approval).job, JobStatus.CANCELLED, JOB_MOVES, finished_at=at)


def fingerprint(scope: Scope, owner: Freeze | Release) -> Fingerprint:
    """The items as they are in the database now, counted and hashed there."""
    with connection.cursor() as cursor:
        cursor.execute(scope.statement(FINGERPRINT), [owner.pk])
        count, sha256 = cursor.fetchone()
    return Fingerprint(count, sha256)


def check_running(scope: Scope, owner: Freeze | Release, job: Job) -> None:
    """Raises ScopeChanged unless the items and the terms of a job that runs are what was approved, whoever changed them and how.

    It reads the whole scope, so it is asked when the job begins, when it goes on and when it ends, and not in each chunk.
    """
    found = fingerprint(scope, owner)
    is_as_asked = found == Fingerprint(job.total, job.scope_hash)
    if job.approval is not None:
        approval, now = job.approval, _payload(scope, owner, found)
        left_out = {WORTH, *scope.movable}
        asked = {name: value for name, value in approval.payload.items() if name not in left_out}
        is_as_asked &= asked == {name: value for name, value in now.items() if name not in left_out}
        is_as_asked &= payload_hash(approval.action, approval.target, approval.payload) == approval.payload_hash
    if not is_as_asked:
        raise ScopeChanged(str(MEANWHILE))


def work_chunk(scope: Scope, owner: Freeze | Release, job: Job, settle: Settle) -> ChunkResult:
    """Settle the next items in the order of work, inside the caller's transaction; of a cancelled act, skip them.

    The first chunk, and the first after the job was queued again, only looks whether the scope is what was approved; the last one
    only finds that none is left and that it still is. So neither locks an order while it reads the scope.
    """
    left = job.total - job.done
    if job.scope_checked_at is None or not left:
        check_running(scope, owner, job)
        return ChunkResult(done=0, failed=0, cursor=job.cursor, is_last=not left, has_checked_scope=True)
    pending = scope.items.objects.pending().filter(**{scope.owner: owner.pk}, pk__gt=job.cursor)
    items = list(pending.order_by("pk").values_list("pk", flat=True)[: min(scope.chunk, left)])
    if not items:
        raise ScopeChanged(str(GONE))
    failed = _skip(scope, items) if job.cancelled_at else _settle_or_halve(scope, owner, items, settle)
    return ChunkResult(done=len(items), failed=failed, cursor=items[-1], is_last=False)


def _skip(scope: Scope, items: Sequence[int]) -> int:
    scope.items.objects.filter(pk__in=items).update(result=ItemResult.SKIPPED, detail=scope.cancelled)
    return 0


def _settle_or_halve(scope: Scope, owner: Freeze | Release, items: Sequence[int], settle: Settle) -> int:
    """Settle all at once; where the database refuses one, find it by halving and let it fail alone. Answers how many failed."""
    try:
        with transaction.atomic():
            settle({"owner": owner.pk, "first": items[0], "last": items[-1], "count": len(items)})
    except (IntegrityError, DataError) as error:
        if len(items) > 1:
            half = len(items) // 2
            return sum(_settle_or_halve(scope, owner, part, settle) for part in (items[:half], items[half:]))
        log.warning("item_failed", scope=scope.owner, owner=owner.pk, item=items[0], error=str(error))
        item = scope.items.objects.filter(pk=items[0])
        return item.update(result=ItemResult.FAILED, detail=str(error).splitlines()[0][:LONGEST_DETAIL])
    return 0


def _snapshot(scope: Scope, owner: Freeze | Release, subjects: QuerySet[Any]) -> Fingerprint:
    matching = subjects.model._default_manager.filter(pk__in=subjects.values("pk")).order_by("pk").values("pk")
    try:
        sql, params = matching.query.sql_with_params()
    except EmptyResultSet:
        raise InvalidInput(str(NOTHING_MATCHES)) from None
    with connection.cursor() as cursor:
        cursor.execute(scope.statement(SNAPSHOT, subjects=sql, order_of_work=scope.order_of_work), [owner.pk, *params])
    found = fingerprint(scope, owner)
    if not found.count:
        raise InvalidInput(str(NOTHING_MATCHES))
    return found


def _place_before(scope: Scope, owner: Freeze | Release) -> int:
    with connection.cursor() as cursor:
        cursor.execute(scope.statement(BEFORE_THE_FIRST), [owner.pk])
        return int(cursor.fetchone()[0])


def _payload(scope: Scope, owner: Freeze | Release, found: Fingerprint) -> dict[str, Any]:
    terms = {name: _term(getattr(owner, name)) for name in scope.terms}
    return {scope.name: owner.pk, "scope_hash": found.sha256, "count": found.count, **terms}


def _worth(scope: Scope, owner: Freeze | Release) -> dict[str, str]:
    """What the orders are worth at this moment, by currency: for the person who decides, not a part of what is compared."""
    order = "order" if scope.items is FreezeItem else "hold__order"
    items = scope.items._default_manager.filter(**{scope.owner: owner.pk}).order_by(f"{order}__currency")
    sums = items.values_list(f"{order}__currency").annotate(Sum(f"{order}__gross_amount"))
    return {currency: str(gross) for currency, gross in sums}


def _term(value: Any) -> Any:
    """A term as an approval keeps it: times in UTC, of a document its hash."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Document):
        return {"name": value.name, "sha256": value.sha256}
    return "" if value is None else value


def _owner_of(scope: Scope, approval: Approval) -> Freeze | Release:
    return scope.owners._default_manager.select_related("job").get(pk=approval.payload[scope.name])
