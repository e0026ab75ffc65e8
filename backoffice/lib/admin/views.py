"""Saved views: a list as one person wants to find it again, shown as tabs above it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from backoffice.lib.models import SavedView

MOST_VIEWS = 12
NOT_KEPT = {"p", "e", "all", "_popup", "_to_field", "_changelist_filters"}


class SavedViewForm(forms.Form):
    """What the view is called. `query` is the address that is kept."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    query = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)

    def clean_query(self) -> str:
        return kept_query(QueryDict(self.cleaned_data["query"]))


def kept_query(address: QueryDict) -> str:
    """What a view keeps of an address: filters, search and order, not the page."""
    return urlencode([(key, value) for key, values in address.lists() if key not in NOT_KEPT for value in values if value])


def pairs(query: str) -> list[tuple[str, str]]:
    """What two addresses must have in common to be the same view: the order of conditions says nothing."""
    return sorted(parse_qsl(query))


def views_of(request: HttpRequest, label: str) -> list[SavedView]:
    """This person's views of the list `label`, in the order they were saved."""
    return list(SavedView.objects.filter(user=request.user.pk, model=label).order_by("pk")[:MOST_VIEWS])


def views_page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """GET asks for a name, for the dialog; POST saves the view or, with `drop`, forgets one. Each touches one's own only."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    if "drop" in request.POST:
        return _drop(model_admin, request)
    form = SavedViewForm(request.POST if request.method == "POST" else None, initial={"query": kept_query(request.GET)})
    if form.is_valid() and _save(model_admin, request, form):
        messages.success(request, _("The view is saved. It is a tab above the list now."))
        return HttpResponseRedirect(list_url(model_admin, form.cleaned_data["query"]))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Save this view"),
        "opts": model_admin.opts,
        "list_url": list_url(model_admin, kept_query(request.GET)),
        "form": form,
    }
    return TemplateResponse(request, "admin/holdfast/save_view.html", context)


def _save(model_admin: Any, request: Any, form: SavedViewForm) -> bool:
    """A second view of the same name replaces the first."""
    label, asked = model_admin.opts.label_lower, form.cleaned_data
    mine = SavedView.objects.filter(user=request.user.pk, model=label)
    if not mine.filter(name=asked["name"]).exists() and mine.count() >= MOST_VIEWS:
        form.add_error(None, _("You have %s views of this list. Forget one first.") % MOST_VIEWS)
        return False
    mine.update_or_create(
        name=asked["name"], defaults={"query": asked["query"]}, create_defaults={**asked, "user": request.user, "model": label}
    )
    return True


def _drop(model_admin: Any, request: HttpRequest) -> HttpResponse:
    number = request.POST["drop"]
    if number.isdecimal() and len(number) < 19:
        SavedView.objects.filter(pk=number, user=request.user.pk, model=model_admin.opts.label_lower).delete()
        messages.success(request, _("The view is forgotten."))
    return HttpResponseRedirect(list_url(model_admin))


def list_url(model_admin: Any, query: str = "") -> str:
    opts = model_admin.opts
    return f"{reverse(f'admin:{opts.app_label}_{opts.model_name}_changelist')}?{query}".rstrip("?")


def with_tabs(model_admin: Any, request: HttpRequest, tabs: Sequence[dict[str, Any]], views: Sequence[SavedView]) -> list[dict]:
    """unfold's tabs, with this person's views behind those of the list; a list without tabs gets one that shows everything."""
    if not views:
        return list(tabs)
    name, now = str(model_admin.opts), pairs(kept_query(request.GET))
    mine = [
        {"title": view.name, "link": list_url(model_admin, view.query), "active": pairs(view.query) == now, "has_permission": True}
        for view in views
    ]
    for tab in tabs:
        if name in tab.get("models", ()):
            tab["items"] = [*tab["items"], *mine]
            return list(tabs)
    everything = {"title": _("All"), "link": list_url(model_admin), "active": not now, "has_permission": True}
    return [*tabs, {"models": [name], "items": [everything, *mine]}]


def present_view(request: HttpRequest, views: Sequence[SavedView]) -> SavedView | None:
    """The saved view that the address asks for, if any."""
    now = pairs(kept_query(request.GET))
    return next((view for view in views if pairs(view.query) == now), None)


def is_on_a_tab(model_admin: Any, tabs: Sequence[dict[str, Any]]) -> bool:
    """Whether what is shown has a tab already, of the list's own or saved."""
    name = str(model_admin.opts)
    return any(item["active"] for tab in tabs if name in tab.get("models", ()) for item in tab["items"])
