"""The ground of every page of ours: what Django's admin and unfold give, less what nobody may do, plus what we always show."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import ModelForm
from django.forms.forms import DeclarativeFieldsMetaclass
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextareaWidget

from backoffice.lib.admin.extensions import more_buttons, more_panels, more_sources
from backoffice.lib.admin.history import Source, admin_log_lines, history_lines, source_of
from backoffice.lib.admin.lists import ListMixin
from backoffice.lib.admin.page import Headline, Panel
from backoffice.lib.admin.paginator import CappedPaginator
from backoffice.lib.admin.steps import StepsMixin
from backoffice.lib.audit import because
from backoffice.lib.display import NOTHING
from backoffice.lib.errors import DomainError


class HoldfastChangeList(ChangeList):
    """Lets the admin load what a page's rows need, all at once. Refuses addresses that no database can be asked about."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            raise IncorrectLookupParameters
        super().__init__(request, *args, **kwargs)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[Any] = list(self.result_list)
        self.model_admin.load_rows(self.result_list)


class HistoryMixin:
    """The history tab: what triggers wrote, and for models without any what Django's own log says."""

    shows_admin_log = False

    def history_sources(self, obj: Any) -> list[Source]:
        """Whose events the history tab shows."""
        return source_of(obj)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        admin: Any = self
        obj = admin.get_object(request, unquote(object_id))
        if not admin.has_view_permission(request, obj):
            raise PermissionDenied
        if obj is None:
            return admin._get_obj_does_not_exist_redirect(request, admin.opts, object_id)  # type: ignore[no-any-return]
        context = {
            **admin.admin_site.each_context(request),
            "title": _("History of %s") % obj,
            "lines": history_lines([*self.history_sources(obj), *more_sources(obj)])
            + (admin_log_lines(obj) if self.shows_admin_log else []),
            "opts": admin.opts,
            "object": obj,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/object_history.html", context)


class HoldfastAdmin(StepsMixin, HistoryMixin, ListMixin, ModelAdmin):
    """A list that never counts a whole table, a page with headline, steps and panels, and a history of triggers' events.

    Nobody deletes through the admin.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    empty_value_display = NOTHING
    list_per_page = 50
    list_fullwidth = True
    list_filter_submit = True
    list_before_template = "admin/holdfast/list_tools.html"
    change_form_outer_before_template = "admin/holdfast/headline.html"
    change_form_outer_after_template = "admin/holdfast/panels.html"
    warn_unsaved_form = True
    compressed_fields = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def headline(self, request: HttpRequest, obj: Any) -> Headline | None:
        """What stands above the object's form."""
        return None

    def panels(self, request: HttpRequest, obj: Any) -> Sequence[Panel]:
        """What stands below it: the rows it is linked to."""
        return ()

    def load_rows(self, rows: list[Any]) -> None:
        """What the list shows beyond its query, loaded for all rows of a page at once."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return HoldfastChangeList

    def render_change_form(self, request: HttpRequest, context: dict, *args: Any, **kwargs: Any) -> HttpResponse:
        obj = kwargs.get("obj")
        if obj is not None and obj.pk:
            context["headline"] = self.headline(request, obj)
            context["step_buttons"] = [*self.step_buttons(request, obj), *more_buttons(request, obj)]
            context["panels"] = [*self.panels(request, obj), *more_panels(request, obj)]
        return super().render_change_form(request, context, *args, **kwargs)


class ReadOnlyAdmin(HoldfastAdmin):
    """For the ledger and for whatever only services write: looked at, never added or changed here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list:
        """Only what is named: the headline shows the rest."""
        return list(super().get_fieldsets(request, obj)) if self.fields or self.fieldsets else []


class ReasonMixin(metaclass=DeclarativeFieldsMetaclass):
    """Adds the reason to a form. A refusal by a service comes back as a sentence on top of it."""

    refusal = ""
    change_reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("Why you make this change. Kept in the history."),
    )

    def clean(self) -> Any:
        if self.refusal:
            raise forms.ValidationError(self.refusal)
        return super().clean()  # type: ignore[misc]


class ReasonedForm(ReasonMixin, ModelForm):
    """The form of every model that staff change."""


class EditableAdmin(HoldfastAdmin):
    """A model that staff add or change by a form, always with a reason. Services write it where there is one."""

    form = ReasonedForm

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list:
        """The form and its reason; for whoever may only look, the headline says it all."""
        may_save = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [*super().get_fieldsets(request, obj), (_("Why"), {"fields": ["change_reason"]})] if may_save else []

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> type[ModelForm]:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", "")
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, *args, **kwargs)
        try:
            with because(request.POST.get("change_reason", "")):
                return super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            request.refusal = str(error)  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)
