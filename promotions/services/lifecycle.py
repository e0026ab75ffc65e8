"""How campaigns, coupon types and entries go live: asked by one person, approved by another, stopped by anybody who may.

What is approved is a snapshot of the row and of what belongs to it: a campaign's budget and rules, a coupon type's rules. Where
anything of it has changed since, the approval is refused and must be asked anew.
"""

from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from backoffice.lib.approvals import request_approval
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError
from backoffice.lib.models import Approval
from backoffice.lib.states import Moves, move

ModelT = TypeVar("ModelT", bound=Model)

# By relation, what belongs to a row in the eyes of who approves it.
APPROVED_WITH = {
    "promotions.campaign": ("budget", "rules"),
    "promotions.coupontype": ("rules", "scope", "hours"),
    "promotions.entry": ("hours",),
}


def target_of(obj: Model) -> str:
    """How an approval names what it is about."""
    return f"{obj._meta.label_lower}:{obj.pk}"


def snapshot(obj: Model) -> dict[str, Any]:
    """Every stored field but the status, as text, read fresh so that both sides spell it alike."""
    found: dict[str, Any] = _texts(type(obj)._default_manager.filter(pk=obj.pk), leave_out="status")[0]
    for name in APPROVED_WITH.get(obj._meta.label_lower, ()):
        relation: Any = obj._meta.get_field(name)
        rows = relation.related_model._default_manager.filter(**{relation.field.name: obj.pk})
        found[name] = _texts(rows.order_by("pk"))
    return found


@transaction.atomic
def ask(obj: Any, *, action: str, summary: str, moves: Moves, review: str, by: Any, reason: str, at: datetime) -> Approval:
    """Ask for the approval of what waits in the state `review`; a draft is first sent there, if it can be.

    Raises StaleState where the row is in any other state: what is live need not be asked for, what has ended cannot be.
    """
    obj.refresh_from_db(fields=["status"])
    with because(reason, user=by.pk):
        if obj.status != review:
            move(obj, review, {"draft": moves["draft"]})
        payload = {"snapshot": snapshot(obj), "status": str(obj.status)}
        return request_approval(action=action, target=target_of(obj), summary=summary, payload=payload, reason=reason, by=by, at=at)


def approved_object(approval: Approval, model: type[ModelT]) -> ModelT:
    """The row that was approved, locked. Raises DomainError where it is no longer what was approved."""
    obj = model._default_manager.select_for_update(no_key=True).filter(pk=key_of(approval)).first()
    if obj is None:
        raise DomainError(_("What was asked for does not exist any more. Reject it."))
    now = {"snapshot": snapshot(obj), "status": str(obj.status)}  # type: ignore[attr-defined]
    if now != approval.payload:
        raise DomainError(_("%(object)s was changed after this was asked for. Reject it and ask anew.") % {"object": obj})
    return obj


@transaction.atomic
def stop(obj: ModelT, *, to: str, moves: Moves, by: Any, reason: str) -> ModelT:
    """One person is enough to stop anything. Needs a reason; stopping what is stopped changes nothing."""
    if not reason.strip():
        raise DomainError(_("Give a reason: whoever starts it again will read it."))
    obj.status = type(obj)._default_manager.select_for_update(no_key=True).get(pk=obj.pk).status  # type: ignore[attr-defined]
    if obj.status == to:  # type: ignore[attr-defined]
        return obj
    with because(reason, user=by.pk):
        return move(obj, to, moves)


@transaction.atomic
def back_to_draft(approval: Approval, model: type[Model], *, moves: Moves) -> None:
    """After a rejection what was in review is a draft again, to be changed and asked for anew."""
    obj = model._default_manager.filter(pk=key_of(approval)).first()
    if obj is not None and obj.status == "in_review":  # type: ignore[attr-defined]
        move(obj, "draft", moves)


def key_of(approval: Approval) -> int:
    """The key of the row that an approval is about."""
    return int(approval.target.rpartition(":")[2])


def _texts(rows: QuerySet, *, leave_out: str = "") -> list[dict[str, str]]:
    fields = [field.attname for field in rows.model._meta.concrete_fields if field.name != leave_out]
    return [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows.values(*fields)]
