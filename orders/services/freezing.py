"""A freeze: holds on many orders at once, as a legal act. Asked for by one, approved by another, worked by a job."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.aloud import in_english, word
from backoffice.lib.approvals import approvable
from backoffice.lib.errors import InvalidInput
from backoffice.lib.jobs import ChunkResult, job_runner
from backoffice.lib.models import Approval, Job
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Document, Freeze
from orders.querysets import OrderQuerySet
from orders.scopes.reading import none_aloud, scope_aloud
from orders.services.emergency_ends import confirm, let_fall
from orders.services.errors import ScopeChanged
from orders.services.releasing import request_release
from orders.services.scope_kinds import FREEZE_SCOPE
from orders.services.scopes import ask_for, drop, start, work_chunk
from orders.services.texts import checked_prose, checked_reference
from orders.states import HoldKind

__all__ = ["ScopeChanged", "request_freeze", "request_release"]

FREEZABLE_KINDS = (HoldKind.LEGAL, HoldKind.MANUAL)
ASKED = Sentence(
    gettext_noop("A hold of the kind %(kind)s is placed on %(count)s orders: %(scope)s. Reference: %(reference)s."),
    kind=word,
    scope=scope_aloud,
    reference=none_aloud,
)
OBSTACLES = {
    "delivered": gettext_noop("delivered before the freeze"),
    "cancelled": gettext_noop("cancelled before the freeze"),
    "refunded": gettext_noop("refunded before the freeze"),
    "held": gettext_noop("already held"),
}
# The sum keeps PostgreSQL from reading the whole scope in the index of the acts for each chunk: the numbers say which items.
# The rows wait for whoever delivers or cancels at this moment, in the order of their ids, as everybody locks them.
LOCK_ORDERS = """
    SELECT count(*) FROM (
        SELECT 1 FROM orders_order o JOIN orders_freezeitem i ON i.order_id = o.id
        WHERE i.freeze_id + 0 = %(owner)s AND i.id BETWEEN %(first)s AND %(last)s
        ORDER BY o.id FOR NO KEY UPDATE OF o
    ) AS locked
"""
# A statement of its own: it sees what the locks waited for.
HOLD_ORDERS = """
    WITH verdict AS (
        SELECT i.id AS item_id, i.order_id,
            CASE WHEN o.status IN ('delivered', 'completed') THEN %(delivered)s
                 WHEN o.status = 'cancelled' THEN %(cancelled)s
                 WHEN o.status = 'refunded' THEN %(refunded)s
                 WHEN h.id IS NOT NULL THEN %(held)s
                 ELSE '' END AS obstacle
        FROM orders_freezeitem i
        JOIN orders_order o ON o.id = i.order_id
        LEFT JOIN orders_hold h ON h.order_id = o.id AND h.kind = %(kind)s AND h.released_at IS NULL
        WHERE i.freeze_id + 0 = %(owner)s AND i.id BETWEEN %(first)s AND %(last)s AND i.result = 'pending'
    ), placed AS (
        INSERT INTO orders_hold (order_id, kind, reason, placed_at, placed_by_id, freeze_id, release_reason)
        SELECT order_id, %(kind)s, %(reason)s, %(at)s, %(by)s, %(owner)s, '' FROM verdict
        WHERE obstacle = '' ORDER BY order_id
    )
    UPDATE orders_freezeitem i
    SET result = CASE WHEN v.obstacle = '' THEN 'held' ELSE 'skipped' END, detail = v.obstacle
    FROM verdict v WHERE v.item_id = i.id
"""


@transaction.atomic
def request_freeze(
    orders: OrderQuerySet,
    *,
    kind: str,
    legal_reference: str,
    authority: str,
    scope_text: str,
    reason: str,
    by: Any,
    at: datetime,
    valid_until: datetime | None = None,
    document: Document | None = None,
    scope: Mapping[str, Any] | None = None,
    preamble: str = "",
) -> Freeze:
    """Ask for holds on all of these orders, as they match now, be it one page or a million. Nothing is held before a second person
    approves exactly this scope and these terms; then a job does it.

    `kind` is legal, which needs a reference, or manual. `valid_until` is when the order of the authority runs out, None where it
    names no term. `scope` is the scope as data, as `scope_text` is in words; `preamble` is what the second person
    reads first. Raises InvalidInput; an empty scope is one.
    """
    if kind not in FREEZABLE_KINDS:
        raise InvalidInput(_("A freeze places legal or manual holds."))
    reason = checked_prose(reason, _("the reason"))
    freeze = Freeze(
        kind=str(kind),
        legal_reference=checked_reference(
            legal_reference, _("the legal reference"), longest=200, may_be_blank=kind != HoldKind.LEGAL
        ),
        authority=checked_reference(authority, _("the authority"), longest=200, may_be_blank=True),
        scope_text=checked_prose(scope_text, _("the scope in words")),
        scope=dict(scope or {}),
        document=document,
        valid_until=valid_until,
    )
    if valid_until is not None and valid_until <= at:
        raise InvalidInput(_("The term has run out already: it must end in the future."))
    freeze.job = Job.objects.create(kind=FREEZE_SCOPE.name, reason=reason, requested_by=by, requested_at=at)
    with in_english():
        told = {"kind": freeze.get_kind_display(), "reference": freeze.legal_reference or _("none")}
    ask_for(FREEZE_SCOPE, freeze, orders, sentence=ASKED, told=told, preamble=preamble, at=at)
    return freeze


def _drop_freeze(approval: Approval, at: datetime) -> None:
    if not let_fall(approval, at):
        drop(FREEZE_SCOPE, approval, at)


@approvable(FREEZE_SCOPE.action, permission="orders.approve_freeze", on_reject=_drop_freeze)
def _start_freeze(approval: Approval, at: datetime) -> None:
    if not confirm(approval, at):
        start(FREEZE_SCOPE, approval)


@job_runner(FREEZE_SCOPE.name)
def _work_freeze(job: Job, at: datetime) -> ChunkResult:
    freeze = Freeze.objects.get(job=job)
    terms: dict[str, Any] = {**OBSTACLES, "kind": freeze.kind, "reason": job.reason, "at": at, "by": job.requested_by_id}

    def settle(part: Mapping[str, int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(LOCK_ORDERS, dict(part))
            cursor.execute(HOLD_ORDERS, terms | dict(part))

    return work_chunk(FREEZE_SCOPE, freeze, job, settle)
