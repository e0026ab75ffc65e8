"""Voiding a grant: asked for by one, approved by another, worked by a job. Only coupons that this grant gave are touched."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.aloud import in_english
from backoffice.lib.approvals import approvable, request_approval
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput
from backoffice.lib.jobs import ChunkResult, job_runner, queue_job
from backoffice.lib.models import Approval, Job
from backoffice.lib.models.job import JOB_MOVES, JobStatus
from backoffice.lib.money import ZERO
from backoffice.lib.sentences import Sentence
from backoffice.lib.states import move
from promotions.models import Coupon, Grant, GrantVoid
from promotions.services import grant_statements as statements
from promotions.services.budgets import Booking, book
from promotions.services.grant_rules import rules_of
from promotions.services.granting import ListChanged, locked
from promotions.services.lifecycle import target_of
from promotions.services.slices import paying_overruns
from promotions.states import CouponStatus, GrantStatus

VOID = "promotions.grant.void"
JOB_KIND = "void grant"
CHUNK = 5_000
A_GRANT = Sentence(gettext_noop("grant #%(number)s"), is_part=True)
VOIDED = Sentence(
    gettext_noop("Of the %(count)s coupons that %(grant)s gave, those still issued are voided: %(amount)s. Its list: %(scope)s.")
)
OBSTACLES = {
    "redeemed": gettext_noop("redeemed: lost"),
    "expired": gettext_noop("expired before"),
    "voided": gettext_noop("voided before"),
    "frozen": gettext_noop("frozen"),
}


@transaction.atomic
def request_void(grant: Grant, *, by: Any, reason: str, at: datetime) -> GrantVoid:
    """Ask a second person to void what this grant gave and nobody redeemed. Raises DomainError while the grant's job still runs,
    InvalidInput where there is nothing left to void."""
    grant = locked(grant.pk)
    job = grant.job
    if grant.status not in (GrantStatus.DONE, GrantStatus.STOPPED) or job is None or job.status != JobStatus.DONE:
        raise DomainError(_("The grant is not finished. Stop it first, then void what it gave."))
    issued = coupons_of(grant).filter(status=CouponStatus.ISSUED)
    amount = issued.aggregate(amount=Sum("face_value"))["amount"]
    if not amount:
        raise InvalidInput(_("None of its coupons can be voided any more."))
    with because(reason, user=by.pk):
        job = Job.objects.create(kind=JOB_KIND, reason=reason, requested_by=by, requested_at=at)
        void = GrantVoid.objects.create(grant=grant, job=job, amount=amount)
        with connection.cursor() as cursor:
            cursor.execute(statements.VOID_SCOPE, {"void": void.pk, "grant": grant.pk})
        payload = _payload(void)
        job.total, job.scope_hash = payload["count"], payload["scope_hash"]
        with in_english():
            told = {"count": f"{job.total:,}", "grant": str(grant), "scope": grant.scope_text}
        told["amount"] = f"{amount:,.2f} {grant.coupon_type.campaign.currency}"
        target = target_of(grant)
        job.approval = request_approval(
            action=VOID, target=target, summary=VOIDED % told, payload=payload, reason=reason, by=by, at=at
        )
        job.save(update_fields=["total", "scope_hash", "approval"])
    return void


def coupons_of(grant: Grant) -> Any:
    """The coupons that this grant gave."""
    return Coupon.objects.filter(grant_item__grant=grant)


def _drop(approval: Approval, at: datetime) -> None:
    void = GrantVoid.objects.select_related("job").get(pk=approval.payload["void"])
    move(void.job, JobStatus.CANCELLED, JOB_MOVES, finished_at=at)


@approvable(VOID, permission="promotions.approve_grant", on_reject=_drop)
def _start(approval: Approval, at: datetime) -> None:
    void = GrantVoid.objects.select_related("job").get(pk=approval.payload["void"])
    if approval.payload != _payload(void) or void.job.scope_hash != approval.payload["scope_hash"]:
        raise ListChanged(_("What would be voided is no longer what was asked for. Nothing was voided; ask anew."))
    queue_job(void.job)


@job_runner(JOB_KIND)
def _work(job: Job, at: datetime) -> ChunkResult:
    void = GrantVoid.objects.select_related("grant__coupon_type__campaign").get(job=job)
    ids = list(void.items.filter(coupon_id__gt=job.cursor).order_by("coupon_id").values_list("coupon_id", flat=True)[:CHUNK])
    last = ids[-1] if ids else job.cursor
    if ids:
        _void(void.grant, {"void": void.pk, "after": job.cursor, "last": last, "rules": rules_of(void.grant)})
    return ChunkResult(done=len(ids), failed=0, cursor=last, is_last=len(ids) < CHUNK)


def _void(grant: Grant, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements.VOID_LOCK, values)
        cursor.execute(statements.VOID, values | OBSTACLES)
        amounts = cursor.fetchall()
    bookings = [Booking(of_type, of_budget, -amount, ZERO) for of_type, of_budget, amount in amounts]
    with paying_overruns([grant.coupon_type]):
        if bookings and not book(bookings):
            raise DomainError(_("The budget knows nothing of what this grant reserved. Tell the owner of the campaign."))


def _payload(void: GrantVoid) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(statements.VOID_FINGERPRINT, [void.pk])
        count, sha256 = cursor.fetchone()
    return {"void": void.pk, "grant": void.grant_id, "count": count, "scope_hash": sha256}
