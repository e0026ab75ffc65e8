"""Grants for tests, made through the services."""

import io

from backoffice.lib.jobs import run_job
from backoffice.lib.models import Approval
from promotions.models import Grant, GrantVoid
from promotions.services.grant_lists import draft_from_file, draft_from_text
from promotions.services.grant_voids import request_void
from promotions.services.granting import request_grant
from tests.promotions.factories import NOON, a_coupon_type, approved, number, the_asker


def refs(count):
    """So many customers of whom nobody heard before."""
    return [f"g{number()}" for _ in range(count)]


def a_draft(*customers, coupon_type=None, **how):
    text = "\n".join(customers or refs(3))
    return draft_from_text(coupon_type or a_coupon_type(), text, by=the_asker(), at=NOON, **how)


def from_file(content, coupon_type=None, **how):
    stream = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    return draft_from_file(coupon_type or a_coupon_type(), stream, name="list.csv", by=the_asker(), at=NOON, **how)


def asked_for(*customers, **how) -> Approval:
    return request_grant(a_draft(*customers, **how), by=the_asker(), reason="gift", at=NOON)


def an_approved_grant(*customers, **how) -> Grant:
    approval = asked_for(*customers, **how)
    approved(approval)
    return Grant.objects.get(pk=approval.payload["grant"])


def worked(grant, *, at=NOON):
    run_job(grant.job_id, now=lambda: at)
    grant.refresh_from_db()
    return grant


def a_grant(*customers, **how) -> Grant:
    """One that was given."""
    return worked(an_approved_grant(*customers, **how))


def a_void(grant) -> GrantVoid:
    """One that was worked."""
    void = request_void(grant, by=the_asker(), reason="mistake", at=NOON)
    approved(void.job.approval)
    run_job(void.job_id, now=lambda: NOON)
    void.refresh_from_db()
    return void


def results(grant):
    """Customer: what became of him."""
    rows = grant.items.order_by("number").values_list("ref", "result", "detail")
    return {ref: " ".join(filter(None, (result, detail))) for ref, result, detail in rows}
