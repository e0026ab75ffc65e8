"""A change of what is live, as its approver sees it: each field by its name, what it was, what it becomes, and the difference."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import DateTimeField, DecimalField, Field, IntegerField, Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice.lib.admin.page import Panel
from backoffice.lib.admin.payloads import field_of, flat, model_of, payload_panels, written
from backoffice.lib.display import MINUS, NOTHING, amount_text, count_text, duration_text
from backoffice.lib.models import Approval, ApprovalStatus


def approval_panels(approval: Approval, currency: str) -> list[Panel]:
    """Exactly what an approval would do, or did: old beside new where it changes something, else everything it stands for."""
    changes, model = approval.payload.get("changes"), model_of(approval.target)
    if not isinstance(changes, Mapping) or model is None:
        return payload_panels(approval, currency)
    is_pending = approval.status == ApprovalStatus.PENDING
    title = _("Exactly what changes when this is approved") if is_pending else _("Exactly what was asked to change")
    rest = {name: value for name, value in approval.payload.items() if name not in ("changes", "status")}
    panels = [changes_panel(title, model, changes, currency)]
    return panels + ([Panel(_("Stated with it"), [_("field"), _("value")], list(flat(rest)))] if rest else [])


def changes_panel(title: Any, model: type[Model], changes: Mapping[str, Any], currency: str) -> Panel:
    """Three columns and the difference. `changes` holds, by field, `old` and `new`; of the model itself or of a part of it."""
    rows = [_row(model, name, change, currency) for name, change in changes.items()]
    columns = [_("field"), _("until now"), _("from now on"), _("difference")]
    return Panel(title, columns, rows, _("Nothing would change."))


def _row(model: type[Model], name: str, change: Any, currency: str) -> list[Any]:
    owner = owner_of(model, name)
    field = field_of(owner, name)
    old, new = (change.get("old"), change.get("new")) if isinstance(change, Mapping) else ("", change)
    words = [written(owner, name, value, currency) for value in (old, new)]
    return [
        field.verbose_name if field else name,
        words[0],
        format_html("<b>{}</b>", words[1]),
        difference(field, old, new, currency),
    ]


def owner_of(model: type[Model], name: str) -> type[Model]:
    """The model that has this field: itself, or the part that belongs to it alone, such as a campaign's budget."""
    if field_of(model, name):
        return model
    parts = [relation.related_model for relation in model._meta.related_objects if relation.one_to_one]
    return next((part for part in parts if field_of(part, name)), model)


def difference(field: Field | None, old: Any, new: Any, currency: str) -> Any:
    """By how much, and in which direction; a dash where that says nothing."""
    if old in (None, "") or new in (None, ""):
        return NOTHING
    if isinstance(field, DateTimeField):
        return _signed(datetime.fromisoformat(str(new)) - datetime.fromisoformat(str(old)), duration_text)
    if not isinstance(field, DecimalField | IntegerField):
        return NOTHING
    try:
        change = Decimal(str(new)) - Decimal(str(old))
    except InvalidOperation:
        return NOTHING
    if isinstance(field, DecimalField):
        return _signed(change, lambda amount: amount_text(amount, currency))
    return _signed(int(change), count_text)


def _signed(change: Any, write: Any) -> SafeString | str:
    """More is amber, since it widens; less is plain."""
    if not change:
        return _("the same")
    if change > type(change)():
        return format_html('<span class="hf-more">+{}</span>', write(change))
    return f"{MINUS}{write(-change)}"
