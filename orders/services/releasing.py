"""A release: undoes a freeze, whole or in part, the same way it was done. It touches only holds that this freeze placed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.aloud import in_english
from backoffice.lib.approvals import approvable
from backoffice.lib.jobs import ChunkResult, job_runner
from backoffice.lib.models import Approval, Job
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Document, Freeze, Hold, Release
from orders.querysets import HoldQuerySet
from orders.scopes.reading import act_aloud, none_aloud, scope_aloud
from orders.services.errors import ScopeChanged
from orders.services.holding import tell_released
from orders.services.scope_kinds import RELEASE_SCOPE
from orders.services.scopes import ask_for, drop, start, work_chunk
from orders.services.texts import checked_prose, checked_reference
from orders.states import HoldKind

__all__ = ["ScopeChanged", "request_release"]

ASKED = Sentence(
    gettext_noop("%(count)s holds that %(freeze)s placed are released: %(scope)s. Reference: %(reference)s."),
    freeze=act_aloud,
    scope=scope_aloud,
    reference=none_aloud,
)
OBSTACLES = {"released": gettext_noop("released before")}
# Locks the holds in the order of their ids, as everybody does. The sum keeps PostgreSQL from reading the whole scope in the index
# of the acts for each chunk: the numbers say which items.
RELEASE_HOLDS = """
    WITH open AS MATERIALIZED (
        SELECT h.id, i.id AS item_id FROM orders_hold h JOIN orders_releaseitem i ON i.hold_id = h.id
        WHERE i.release_id + 0 = %(owner)s AND i.id BETWEEN %(first)s AND %(last)s AND i.result = 'pending'
          AND h.released_at IS NULL
        ORDER BY h.id FOR NO KEY UPDATE OF h
    ), freed AS (
        UPDATE orders_hold h SET released_at = %(at)s, released_by_id = %(by)s, release_reason = %(reason)s
        FROM open WHERE h.id = open.id
        RETURNING open.item_id, h.order_id
    ), settled AS (
        UPDATE orders_releaseitem i SET result = 'released' FROM freed WHERE i.id = freed.item_id
    )
    SELECT array_agg(order_id) FROM freed
"""
# A statement of its own, for it has to see what others released while the first one waited for them.
SKIP_RELEASED = """
    UPDATE orders_releaseitem i SET result = 'skipped', detail = %(released)s
    FROM orders_hold h
    WHERE h.id = i.hold_id AND h.released_at IS NOT NULL
      AND i.release_id + 0 = %(owner)s AND i.id BETWEEN %(first)s AND %(last)s AND i.result = 'pending'
"""


@transaction.atomic
def request_release(
    freeze: Freeze,
    *,
    holds: HoldQuerySet | None,
    scope_text: str,
    reason: str,
    legal_reference: str,
    by: Any,
    at: datetime,
    document: Document | None = None,
    scope: Mapping[str, Any] | None = None,
) -> Release:
    """Ask for the release of the holds that this freeze placed and that are open now: all, or those that are also in `holds`.

    A second person approves exactly this scope; then a job does it. The release of a legal freeze needs a reference of its own.
    Raises InvalidInput; an empty scope is one.
    """
    reason = checked_prose(reason, _("the reason"))
    release = Release(
        freeze=freeze,
        legal_reference=checked_reference(
            legal_reference, _("the legal reference"), longest=200, may_be_blank=freeze.kind != HoldKind.LEGAL
        ),
        scope_text=checked_prose(scope_text, _("the scope in words")),
        scope=dict(scope or {}),
        document=document,
    )
    release.job = Job.objects.create(kind=RELEASE_SCOPE.name, reason=reason, requested_by=by, requested_at=at)
    placed = Hold.objects.open().filter(freeze=freeze)
    meant = placed if holds is None else placed.filter(pk__in=holds.values("pk"))
    with in_english():
        told = {"freeze": str(freeze), "reference": release.legal_reference or _("none")}
    ask_for(RELEASE_SCOPE, release, meant, sentence=ASKED, told=told, at=at)
    return release


def _drop_release(approval: Approval, at: datetime) -> None:
    drop(RELEASE_SCOPE, approval, at)


@approvable(RELEASE_SCOPE.action, permission="orders.approve_freeze", on_reject=_drop_release)
def _start_release(approval: Approval, _at: datetime) -> None:
    start(RELEASE_SCOPE, approval)


@job_runner(RELEASE_SCOPE.name)
def _work_release(job: Job, at: datetime) -> ChunkResult:
    release = Release.objects.get(job=job)
    terms: dict[str, Any] = {**OBSTACLES, "reason": job.reason, "at": at, "by": job.requested_by_id}

    def settle(part: Mapping[str, int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(RELEASE_HOLDS, terms | dict(part))
            freed = cursor.fetchone()[0] or []
            if len(freed) < part["count"]:
                cursor.execute(SKIP_RELEASED, terms | dict(part))
        if freed:
            tell_released(freed, at=at)

    return work_chunk(RELEASE_SCOPE, release, job, settle)
