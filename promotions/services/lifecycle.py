"""How campaigns, coupon types and entries go live: asked by one person, approved by another, stopped by anybody who may.

What is approved is a snapshot of the row. Where the row has changed since, the approval is refused and must be asked anew.
"""

from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from backoffice.lib.approvals import request_approval
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError
from backoffice.lib.models import Approval
from backoffice.lib.states import Moves, move

ModelT = TypeVar("ModelT", bound=Model)


def target_of(obj: Model) -> str:
    """How an approval names what it is about."""
    return f"{obj._meta.label_lower}:{obj.pk}"


def snapshot(obj: Model) -> dict[str, str]:
    """Every stored field but the status, as text: what the second person approves. Read fresh, so that both sides spell it alike."""
    fields = [field for field in obj._meta.concrete_fields if field.name != "status"]
    row = type(obj)._default_manager.values(*(field.attname for field in fields)).get(pk=obj.pk)
    return {name: "" if value is None else str(value) for name, value in row.items()}


@transaction.atomic
def ask(obj: Model, *, action: str, summary: str, moves: Moves, review: str, by: Any, reason: str, at: datetime) -> Approval:
    """Send a draft to review and ask for its approval; what is not a draft any more (a resumption) only asks."""
    with because(reason, user=by.pk):
        if obj.status == "draft":  # type: ignore[attr-defined]
            move(obj, review, moves)
        payload = {"snapshot": snapshot(obj), "status": str(obj.status)}  # type: ignore[attr-defined]
        return request_approval(action=action, target=target_of(obj), summary=summary, payload=payload, reason=reason, by=by, at=at)


def approved_object(approval: Approval, model: type[ModelT]) -> ModelT:
    """The row that was approved, locked. Raises DomainError where it is no longer what was approved."""
    pk = int(approval.target.rpartition(":")[2])
    obj = model._default_manager.select_for_update(no_key=True).get(pk=pk)
    now = {"snapshot": snapshot(obj), "status": str(obj.status)}  # type: ignore[attr-defined]
    if now != approval.payload:
        raise DomainError(f"{obj} was changed after this was asked for. Reject it and ask anew.")
    return obj


@transaction.atomic
def stop(obj: ModelT, *, to: str, moves: Moves, by: Any, reason: str) -> ModelT:
    """One person is enough to stop anything. Needs a reason; stopping what is stopped changes nothing."""
    if not reason.strip():
        raise DomainError("Give a reason: whoever starts it again will read it.")
    obj.refresh_from_db(fields=["status"])
    if obj.status == to:  # type: ignore[attr-defined]
        return obj
    with because(reason, user=by.pk):
        return move(obj, to, moves)


@transaction.atomic
def back_to_draft(approval: Approval, model: type[Model], *, moves: Moves) -> None:
    """After a rejection what was in review is a draft again, to be changed and asked for anew."""
    obj = model._default_manager.get(pk=int(approval.target.rpartition(":")[2]))
    if obj.status == "in_review":  # type: ignore[attr-defined]
        move(obj, "draft", moves)
