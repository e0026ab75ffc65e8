"""Actions on a selection: a page in between that says what will happen to how many, and asks for the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib.admin import helpers
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.admin.steps import ReasonForm

CONFIRMED = "confirmed"


class ScopeForm(ReasonForm):
    """Remembers what was previewed, so that a selection which changed in the meantime is shown again instead of acted on."""

    previewed = forms.CharField(widget=forms.HiddenInput, required=False)


@dataclass(frozen=True)
class ActionPage:
    """What the page in between shows."""

    name: str
    title: Any
    button: Any
    tells: Any
    form: forms.Form
    facts: Sequence[Fact] = ()
    panels: Sequence[Panel] = ()
    warnings: Sequence[Any] = field(default_factory=tuple)


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the page in between was sent, rather than the list."""
    return CONFIRMED in request.POST


def signature(rows: QuerySet) -> str:
    """A short mark of a selection: two that have it in common are the same but for a very odd accident."""
    sums = rows.order_by().aggregate(n=Count("pk"), total=Sum("pk"))
    return f"{sums['n']}:{sums['total'] or 0}"


def draw_action(model_admin: Any, request: HttpRequest, page: ActionPage) -> HttpResponse:
    """The page, carrying the list's selection along; its address keeps the filters."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": page.title,
        "opts": model_admin.opts,
        "page": page,
        "form": page.form,
        "panels": page.panels,
        "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "confirmed": CONFIRMED,
    }
    return TemplateResponse(request, "admin/holdfast/action.html", context)
