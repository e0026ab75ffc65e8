"""Grants: asked for by one person, approved by another, worked by a job in chunks, stopped by anybody who may."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.approvals import approvable, request_approval
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, NotFound
from backoffice.lib.jobs import ChunkResult, job_runner, queue_job
from backoffice.lib.models import Approval, Job
from backoffice.lib.models.job import JOB_MOVES, JobStatus
from backoffice.lib.sentences import Sentence
from backoffice.lib.states import move
from promotions.models import Grant
from promotions.services import grant_statements as statements
from promotions.services.bulk_takes import Source, room_of
from promotions.services.grant_chunks import Chunk, check_giving, give_chunk, skip_chunk
from promotions.services.grant_lists import look_again
from promotions.services.lifecycle import stop, target_of
from promotions.states import GRANT_MOVES, CouponTypeStatus, GrantStatus

GRANT = "promotions.grant"
JOB_KIND = "grant"
CHUNK = 5_000
STANDING_STILL = (JobStatus.FAILED, JobStatus.PAUSED)
GIVEN = Sentence(gettext_noop("%(count)s customers are given a coupon of %(type)s, at most %(amount)s in all: %(scope)s."))
AS_IT_STANDS = Sentence(gettext_noop("As it stands %(given)s of them would get one; quantity and budget have room for %(room)s."))
ALSO_THOSE = Sentence(gettext_noop("Also those who have one already."))


class ListChanged(DomainError):
    """What would run is not what was asked for."""

    code = "scope_changed"


@transaction.atomic
def request_grant(grant: Grant, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask a second person to give exactly this list its coupons. Raises StaleState where the grant is no draft any more,
    DomainError for a coupon type that is not live, or a reason that is missing.
    """
    grant = locked(grant.pk)
    if grant.coupon_type.status != CouponTypeStatus.LIVE:
        raise DomainError(_("%s is not live: no coupons of it can be given.") % grant.coupon_type)
    look_again(grant, at)
    payload = _payload(grant)
    if (payload["count"], payload["scope_hash"]) != (grant.count, grant.list_hash):
        raise ListChanged(_("The list is no longer what was loaded. Nothing was asked for; load it anew."))
    with because(reason, user=by.pk):
        job = Job.objects.create(
            kind=JOB_KIND, reason=reason, requested_by=by, requested_at=at, total=grant.count, scope_hash=grant.list_hash
        )
        move(grant, GrantStatus.IN_REVIEW, GRANT_MOVES, job=job)
        job.approval = request_approval(
            action=GRANT, target=target_of(grant), summary=_summary(grant), payload=payload, reason=reason, by=by, at=at
        )
        job.save(update_fields=["approval"])
    return job.approval


@transaction.atomic
def discard_grant(grant: Grant, *, by: Any, reason: str, at: datetime) -> Grant:
    """Nobody will ask for this draft."""
    with because(reason, user=by.pk):
        return move(locked(grant.pk), GrantStatus.DISCARDED, GRANT_MOVES)


@transaction.atomic
def stop_grant(grant: Grant, *, by: Any, reason: str, at: datetime) -> Grant:
    """Give nothing more. Who has no result yet is skipped by the job; what was given stays given until it is voided."""
    stopped = stop(grant, to=GrantStatus.STOPPED, moves=GRANT_MOVES, by=by, reason=reason)
    job = job_of(locked(grant.pk))
    if job.status in STANDING_STILL:
        queue_job(job)
    return stopped


@transaction.atomic
def resume_grant(grant: Grant, *, by: Any, reason: str, at: datetime) -> Grant:
    """Let a job go on that stood still, for example because the coupon type was suspended. Approved it is still. Raises DomainError
    where the type still gives nothing."""
    grant = locked(grant.pk)
    job = job_of(grant)
    if grant.status != GrantStatus.GIVING or job.status not in STANDING_STILL:
        raise DomainError(_("Nothing stands still here."))
    check_giving(grant, at)
    with because(reason, user=by.pk):
        queue_job(job)
    return grant


def locked(pk: int) -> Grant:
    """The grant, locked until the transaction ends: a chunk and whoever stops it wait for each other."""
    rows = Grant.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("coupon_type__campaign__budget", "job").get(pk=pk)


def job_of(grant: Grant) -> Job:
    """The job of a grant that was asked for."""
    if grant.job is None:
        raise NotFound(_("This grant was not asked for."))
    return Job.objects.get(pk=grant.job.pk)


def source_of(grant: Grant) -> Source:
    coupon_type = grant.coupon_type
    return Source(coupon_type.pk, coupon_type.campaign.budget.pk, coupon_type.face_value)


def _drop(approval: Approval, at: datetime) -> None:
    """Turned down or taken back: a draft again. Its job will never run."""
    grant = locked(approval.payload["grant"])
    move(job_of(grant), JobStatus.CANCELLED, JOB_MOVES, finished_at=at)
    move(grant, GrantStatus.DRAFT, GRANT_MOVES)


@approvable(GRANT, permission="promotions.approve_grant", on_reject=_drop)
def _start(approval: Approval, at: datetime) -> None:
    grant = locked(approval.payload["grant"])
    if approval.payload != _payload(grant) or job_of(grant).scope_hash != grant.list_hash:
        raise ListChanged(_("What would be given is no longer what was asked for. Nothing was given; ask anew."))
    check_giving(grant, at)
    move(grant, GrantStatus.GIVING, GRANT_MOVES)
    queue_job(job_of(grant))


@job_runner(JOB_KIND)
def _work(job: Job, at: datetime) -> ChunkResult:
    grant = locked(Grant.objects.only("pk").get(job=job).pk)
    chunk, count = _next_chunk(grant, job.cursor)
    failed = 0
    if count and grant.status == GrantStatus.STOPPED:
        skip_chunk(chunk)
    elif count:
        failed = give_chunk(chunk, source_of(grant), at)
    is_last = count < CHUNK
    if is_last and grant.status == GrantStatus.GIVING:
        move(grant, GrantStatus.DONE, GRANT_MOVES)
    return ChunkResult(done=count, failed=failed, cursor=chunk.last, is_last=is_last)


def _next_chunk(grant: Grant, after: int) -> tuple[Chunk, int]:
    numbers = list(
        grant.items.filter(number__gt=after).order_by("number").values_list("number", flat=True)[:CHUNK]  # keyset, by its index
    )
    return Chunk(grant, after, numbers[-1] if numbers else after), len(numbers)


def _payload(grant: Grant) -> dict[str, Any]:
    """What the second person approves, with the list as it is in the database now."""
    with connection.cursor() as cursor:
        cursor.execute(statements.FINGERPRINT, [grant.pk])
        count, sha256 = cursor.fetchone()
    return {
        "grant": grant.pk,
        "coupon_type": grant.coupon_type.code,
        "face_value": str(grant.coupon_type.face_value),
        "count": count,
        "amount": str(count * grant.coupon_type.face_value),
        "scope_hash": sha256,
        "in_addition": grant.is_in_addition,
    }


def _summary(grant: Grant) -> str:
    room = room_of(source_of(grant)).coupons
    told = {
        "count": f"{grant.count:,}",
        "type": grant.coupon_type,
        "amount": f"{grant.amount:,.2f} {grant.coupon_type.campaign.currency}",
        "scope": grant.scope_text,
        "given": f"{grant.preview.get('given', 0):,}",
        "room": f"{room:,}",
    }
    return "\n".join([GIVEN % told, AS_IT_STANDS % told, *([str(ALSO_THOSE)] if grant.is_in_addition else [])])
