"""Stopping several at once from a list: the same service for each row, one reason, and each refusal shown."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.admin.actions import ActionPage, ScopeForm, draw_action, is_confirmed, signature
from backoffice.lib.admin.page import Panel
from backoffice.lib.admin.steps import Step
from backoffice.lib.audit import because
from backoffice.lib.display import count_text, state_badge
from backoffice.lib.errors import DomainError

MOST_SHOWN = 50
Action = Callable[[Any, HttpRequest, QuerySet], HttpResponse | None]


class StopsSeveralMixin:
    """Adds the steps in `stops` to the actions of the list, for whoever may do them to one.

    `stops_show` names the field that says how a row stands.
    """

    stops: tuple[Step, ...] = ()
    stops_show = "status"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        allowed = [step for step in self.stops if request.user.has_perm(step.permission)]
        return super().get_actions(request) | {name_of(step): (_action(step), name_of(step), step.label) for step in allowed}  # type: ignore[misc]


def name_of(step: Step) -> str:
    return f"{step.name.replace('-', '_')}_several"


def _action(step: Step) -> Action:
    def act(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return _answer(model_admin, request, queryset, step)

    return act


def _answer(model_admin: Any, request: HttpRequest, chosen: QuerySet, step: Step) -> HttpResponse | None:
    rows = model_admin.model._default_manager.filter(pk__in=chosen.order_by().values("pk"))
    mark = signature(rows)
    form = ScopeForm(request.POST if is_confirmed(request) else None, initial={"previewed": mark})
    if is_confirmed(request) and form.is_valid():
        if form.cleaned_data["previewed"] == mark:
            _stop_each(request, rows, step, form.cleaned_data["reason"])
            return None
        form = ScopeForm({**request.POST.dict(), "previewed": mark})
        form.add_error(None, _("What matches has changed since you looked. Look again, then ask."))
    return draw_action(model_admin, request, _preview(rows, step, form, model_admin.stops_show))


def _preview(rows: QuerySet, step: Step, form: ScopeForm, field: str) -> ActionPage:
    shown = list(rows.order_by("pk")[:MOST_SHOWN])
    affected = [obj for obj in shown if step.is_shown(obj)]
    tells = _("This is done at once to each of the %(number)s chosen; what is stopped already stays as it is.")
    lines = [
        [str(obj), state_badge(obj, field), step.tells(obj) if obj in affected else _("Nothing is done to it.")] for obj in shown
    ]
    return ActionPage(
        name=name_of(step),
        title=step.label,
        button=step.label,
        tells=tells % {"number": count_text(rows.count())},
        form=form,
        panels=[Panel(_("Chosen"), [_("which"), _("state"), _("what happens")], lines)],
    )


def _stop_each(request: HttpRequest, rows: QuerySet, step: Step, reason: str) -> None:
    """Each in a transaction of its own: one that refuses keeps no other from being stopped."""
    done, at = 0, clock.now()
    for obj in rows.order_by("pk"):
        if not step.is_shown(obj):
            continue
        try:
            with because(reason):
                step.run(obj, by=request.user, at=at, reason=reason)
            done += 1
        except DomainError as error:
            messages.error(request, str(error))
    messages.success(request, _("Done: %(done)s of %(number)s.") % {"done": count_text(done), "number": count_text(rows.count())})
