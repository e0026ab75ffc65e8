"""API keys: made here, shown once, revoked for good."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from backoffice.lib.admin.base import EditableAdmin, ReasonedForm
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.page import Fact, Headline
from backoffice.lib.admin.steps import Step
from backoffice.lib.apikeys import make_key, revoke_key
from backoffice.lib.display import badge, time_html
from backoffice.lib.models import ApiKey
from backoffice.lib.models.api_key import Scope


class ApiKeyForm(ReasonedForm):
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May"), choices=Scope.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )


STEPS = (
    Step(
        name="revoke",
        label=gettext_lazy("Revoke"),
        icon="block",
        is_stop=True,
        permission="lib.change_apikey",
        run=revoke_key,
        why_not=lambda key, _user: _("It is revoked already.") if key.revoked_at else "",
        tells=lambda key: _("The next request with the key %s is refused. A revoked key never works again.") % key,
        done=gettext_lazy("Revoked."),
    ),
)


def key_state(key: ApiKey) -> Any:
    return badge(_("revoked"), "danger") if key.revoked_at else badge(_("valid"), "success")


@admin.register(ApiKey)
class ApiKeyAdmin(EditableAdmin):
    form = ApiKeyForm
    steps = STEPS
    fields = ("name", "scopes")
    list_display = (
        "name",
        "prefix",
        text_column(key_state, "state", gettext_lazy("state")),
        "scopes",
        "created_by",
        time_column("created_at", gettext_lazy("created at")),
        time_column("last_used_at", gettext_lazy("last used at")),
    )
    list_select_related = ("created_by",)
    search_fields = ("name", "prefix")

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def headline(self, request: HttpRequest, obj: ApiKey) -> Headline:
        facts = [
            Fact(_("Starts with"), obj.prefix),
            Fact(_("May"), ", ".join(obj.scopes)),
            Fact(_("Created by"), obj.created_by or "–", time_html(obj.created_at)),
            Fact(_("Last used"), time_html(obj.last_used_at)),
            Fact(_("Revoked"), time_html(obj.revoked_at)),
        ]
        return Headline(obj.name, key_state(obj), facts=facts)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        made, request.key_text = make_key(obj.name, obj.scopes, by=request.user)  # type: ignore[attr-defined]
        obj.__dict__.update(made.__dict__)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The only time the key is shown: in the answer itself, so that it stands in no message, log or history."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new key"),
            "opts": self.opts,
            "object": obj,
            "key_text": request.key_text,  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "admin/holdfast/api_key.html", context, headers={"Cache-Control": "no-store"})
