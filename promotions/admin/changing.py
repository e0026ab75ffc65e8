"""Steps by which what is live is changed: asked for, or narrowed at once by one person."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from backoffice.lib.admin.steps import ReasonForm, Step
from promotions.models import Budget
from promotions.services.changes import CHANGEABLE, NOT_YET, narrow, request_change
from promotions.services.changes import FINAL as OVER
from promotions.services.drafting import drop_draft

WIDGETS: dict[type[forms.Field], Callable[[], forms.Widget]] = {
    forms.CharField: UnfoldAdminTextInputWidget,
    forms.DecimalField: UnfoldAdminDecimalFieldWidget,
    forms.IntegerField: UnfoldAdminIntegerFieldWidget,
    forms.DurationField: UnfoldAdminTextInputWidget,
}


class ChangeForm(ReasonForm):
    """Fields of a row as they are now, to be changed. `model` and `names` say which."""

    model: Any = None
    names: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields.pop("reason")
        for name in self.names:
            self.fields[name] = _form_field(self.model, name)
        self.fields["reason"] = reason

    def for_object(self, obj: Any) -> None:
        for name in self.names:
            self.initial[name] = obj.budget.amount if name == "amount" else getattr(obj, name)


def change_steps(model: Any, *, ask: str, stop: str, drop: str) -> tuple[Step, ...]:
    """To change what is live, to narrow it, and to drop a draft. The rights are those to ask for it, to stop it and to draft it."""
    return (
        ask_to_change(model, permission=ask, is_shown=is_live),
        narrow_alone(model, permission=stop, is_shown=is_live, tells=tells_less),
        Step(
            name="drop",
            label=gettext_lazy("Drop the draft"),
            icon="delete",
            is_stop=True,
            permission=drop,
            run=drop_draft,
            is_shown=lambda obj: obj.status == "draft",
            tells=lambda obj: _("The draft %s is deleted. Its history stays in the audit.") % obj,
            done=gettext_lazy("Dropped."),
            leads_to_list=True,
        ),
    )


def ask_to_change(model: Any, *, permission: str, is_shown: Callable[[Any], bool]) -> Step:
    fields = CHANGEABLE[model].fields
    return Step(
        name="ask-to-change",
        label=gettext_lazy("Ask to change"),
        icon="edit",
        permission=permission,
        run=_asking(fields),
        form_class=_form(model, fields),
        is_shown=is_shown,
        tells=lambda obj: (
            _("Changes of %s go to Approvals, old values beside new. Until a second person approves, nothing changes.") % obj
        ),
        done=gettext_lazy("Sent to Approvals. A second person decides."),
    )


def narrow_alone(model: Any, *, permission: str, is_shown: Callable[[Any], bool], tells: Callable[[Any], str]) -> Step:
    fields = tuple(CHANGEABLE[model].narrows)
    return Step(
        name="narrow",
        label=gettext_lazy("Lower limits"),
        icon="trending_down",
        is_plain=True,
        permission=permission,
        run=_narrowing(fields),
        form_class=_form(model, fields),
        is_shown=is_shown,
        tells=tells,
        done=gettext_lazy("Lowered."),
    )


def tells_less(obj: Any) -> str:
    return _("%s gives less, or for a shorter time, from this moment. To widen it again a second person is needed.") % obj


def is_live(obj: Any) -> bool:
    """Whether it was approved, and is not over yet."""
    return obj.status not in NOT_YET and obj.status not in OVER


def _asking(names: tuple[str, ...]) -> Callable[..., Any]:
    def run(obj: Any, *, by: Any, reason: str, at: datetime, **asked: Any) -> Any:
        return request_change(obj, changes={name: asked[name] for name in names}, by=by, reason=reason, at=at)

    return run


def _narrowing(names: tuple[str, ...]) -> Callable[..., Any]:
    def run(obj: Any, *, by: Any, reason: str, at: datetime, **asked: Any) -> Any:
        return narrow(obj, changes={name: asked[name] for name in names}, by=by, reason=reason, at=at)

    return run


def _form(model: Any, names: tuple[str, ...]) -> type[ChangeForm]:
    return type(f"{model.__name__}ChangeForm", (ChangeForm,), {"model": model, "names": names})


def _form_field(model: Any, name: str) -> forms.Field:
    """As the model's own form would ask for it, with the admin's widgets."""
    field: Any = (Budget if name == "amount" else model)._meta.get_field(name)
    if field.get_internal_type() == "DateTimeField":
        made: forms.Field = field.formfield(form_class=forms.SplitDateTimeField, widget=UnfoldAdminSplitDateTimeWidget())
    else:
        made = field.formfield()
    for form_class, widget in WIDGETS.items():
        if type(made) is form_class:
            made.widget = widget()
    return made
