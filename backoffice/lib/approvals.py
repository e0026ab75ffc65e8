"""The two-person rule: one asks, another decides, and what was approved is what runs.

Apps register what can be approved with `approvable`. The handler is given the stored payload, never anything fresher; it raises
a DomainError where the world has moved on, and then nothing is approved.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from backoffice.lib.aloud import aloud
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, NotFound
from backoffice.lib.models import Approval, ApprovalStatus

Payload = dict[str, Any]
Handler = Callable[["Approval", datetime], None]


class SamePerson(DomainError):
    """Who asked may not decide, superusers included."""

    code = "same_person"


class AlreadyDecided(DomainError):
    code = "already_decided"


class AlreadyRequested(DomainError):
    code = "already_requested"


class NotAllowed(DomainError):
    """The user lacks the permission that this action asks of its approver."""

    code = "not_allowed"


@dataclass(frozen=True)
class Action:
    name: str
    permission: str
    handler: Handler
    on_reject: Handler | None


_actions: dict[str, Action] = {}


def approvable(name: str, *, permission: str, on_reject: Handler | None = None) -> Callable[[Handler], Handler]:
    """Register what happens when `name` is approved, and when it is rejected or taken back.

    `permission` is what the approver must hold, as "app.codename".
    """

    def register(handler: Handler) -> Handler:
        _actions[name] = Action(name, permission, handler, on_reject)
        return handler

    return register


def action_named(name: str) -> Action:
    """Raises NotFound for a name that no app registered."""
    try:
        return _actions[name]
    except KeyError:
        raise NotFound(_("There is no approvable action called %s.") % name) from None


def payload_hash(action: str, target: str, payload: Payload) -> str:
    """SHA-256 over action, target and payload in canonical JSON."""
    canonical = json.dumps([action, target, payload], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def request_approval(*, action: str, target: str, summary: str, payload: Payload, reason: str, by: Any, at: datetime) -> Approval:
    """Ask for a second person. Raises AlreadyRequested where the same thing is already waiting for one."""
    action_named(action)
    if not reason.strip():
        raise DomainError(_("Give a reason: the second person decides by it."))
    try:
        with transaction.atomic():
            return Approval.objects.create(
                action=action,
                target=target,
                summary=summary,
                payload=payload,
                payload_hash=payload_hash(action, target, payload),
                reason=reason,
                requested_by=by,
                requested_at=at,
            )
    except IntegrityError as error:
        raise AlreadyRequested(_("This waits for approval already: %(summary)s") % {"summary": aloud(summary)}) from error


@transaction.atomic
def approve(approval: Approval, *, by: AbstractBaseUser, reason: str, at: datetime) -> Approval:
    """Decide yes and carry it out, in one transaction: a handler that refuses leaves the request waiting."""
    locked = _lock_pending(approval)
    action = action_named(locked.action)
    _check_approver(locked, by=by, permission=action.permission)
    if payload_hash(locked.action, locked.target, locked.payload) != locked.payload_hash:
        raise DomainError(_("What was asked for was changed after it was asked. It cannot be approved; ask anew."))
    with because(reason or locked.reason, user=by.pk, approval=locked.pk):
        _decide(locked, ApprovalStatus.APPROVED, by=by, reason=reason, at=at)
        action.handler(locked, at)
    return locked


@transaction.atomic
def reject(approval: Approval, *, by: AbstractBaseUser, reason: str, at: datetime) -> Approval:
    """Decide no. Needs a reason."""
    if not reason.strip():
        raise DomainError(_("Give a reason: the person who asked will read it."))
    locked = _lock_pending(approval)
    _check_approver(locked, by=by, permission=action_named(locked.action).permission)
    _turn_down(locked, ApprovalStatus.REJECTED, by=by, reason=reason, at=at)
    return locked


@transaction.atomic
def withdraw(approval: Approval, *, by: AbstractBaseUser, reason: str, at: datetime) -> Approval:
    """Take one's own request back."""
    locked = _lock_pending(approval)
    if locked.requested_by_id != by.pk:
        raise NotAllowed(_("Only the person who asked can take a request back."))
    _turn_down(locked, ApprovalStatus.WITHDRAWN, by=by, reason=reason, at=at)
    return locked


@transaction.atomic
def lapse(approval: Approval, *, by: Any, reason: str, at: datetime) -> Approval:
    """Its time is over: turned down in the name of the system, which is `by`. Raises AlreadyDecided where somebody was first."""
    locked = _lock_pending(approval)
    _turn_down(locked, ApprovalStatus.REJECTED, by=by, reason=reason, at=at)
    return locked


def _turn_down(approval: Approval, status: ApprovalStatus, *, by: Any, reason: str, at: datetime) -> None:
    with because(reason, user=by.pk, approval=approval.pk):
        _decide(approval, status, by=by, reason=reason, at=at)
        on_reject = action_named(approval.action).on_reject
        if on_reject is not None:
            on_reject(approval, at)


def _lock_pending(approval: Approval) -> Approval:
    locked = Approval.objects.select_for_update().get(pk=approval.pk)
    if locked.status != ApprovalStatus.PENDING:
        raise AlreadyDecided(_("This request is already %s.") % locked.get_status_display())
    return locked


def _check_approver(approval: Approval, *, by: Any, permission: str) -> None:
    if by.pk == approval.requested_by_id:
        raise SamePerson(_("Who asks cannot decide. A second person must look at this."))
    if not by.has_perm(permission):
        raise NotAllowed(_("You do not have the right to decide this request."))


def _decide(approval: Approval, status: ApprovalStatus, *, by: Any, reason: str, at: datetime) -> None:
    approval.status, approval.decided_by, approval.decided_at, approval.decision_reason = status, by, at, reason
    approval.save(update_fields=["status", "decided_by", "decided_at", "decision_reason"])
