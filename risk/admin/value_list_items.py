"""What is, or was, on value lists: looked for, exported, taken off one by one or together."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.actions import ActionPage, ScopeForm, draw_action, is_confirmed, signature
from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, lookup_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.display import NOTHING, badge, count_text, shortened, time_html
from backoffice.lib.errors import DomainError
from orders.admin.links import page_of
from risk.admin.listing import holds
from risk.admin.named import state_filter
from risk.admin.value_list_steps import ITEM_STEPS, effect_on_rules
from risk.models import ValueList, ValueListItem
from risk.services.listed_values import spellings
from risk.services.value_lists import take_several_off

SHOWN = 20
ListFilter = lookup_filter(
    gettext_lazy("value list"),
    "value_list",
    lambda: list(ValueList.objects.order_by("name").values_list("pk", "name")),
    lambda rows, key: rows.filter(value_list=key),
)


def standing(item: ValueListItem) -> SafeString:
    if holds(item):
        return badge(_("on the list"), "success")
    return badge(_("taken off")) if item.ended_at else badge(_("expired"))


@admin.register(ValueListItem)
class ValueListItemAdmin(ReadOnlyAdmin):
    steps = ITEM_STEPS
    actions = ("take_off_several",)
    list_display = (
        text_column(lambda item: item.shown, "shown", gettext_lazy("value")),
        text_column(lambda item: page_of(item.value_list), "value_list", gettext_lazy("value list")),
        text_column(standing, "state", gettext_lazy("state")),
        text_column(lambda item: shortened(item.reason), "reason", gettext_lazy("reason"), plain=lambda item: item.reason),
        "created_by",
        time_column("created_at", gettext_lazy("since"), order="pk"),
        time_column("expires_at", gettext_lazy("expires"), order=None),
    )
    list_filter = (
        ListFilter,
        state_filter("on", gettext_lazy("on the list")),
        ("value_list__holds", ChoicesFilter),
        ("created_at", MomentFilter),
    )
    list_select_related = ("value_list", "created_by")
    search_fields = ("value",)
    search_help_text = gettext_lazy("A whole value, as you would put it on a list")
    ordering = ("-pk",)
    empty_text = gettext_lazy("Nothing was put on a value list yet.")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term = search_term.strip().replace("\x00", "")
        return (queryset.filter(value__in=spellings(term)) if term else queryset), False

    def has_end_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("risk.end_valuelistitem"))

    @admin.action(description=gettext_lazy("Take off the list"), permissions=["end"])
    def take_off_several(self, request: HttpRequest, queryset: QuerySet[ValueListItem]) -> HttpResponse | None:
        return take_off_page(self, request, queryset)

    def headline(self, request: HttpRequest, obj: ValueListItem) -> Headline:
        facts = [
            Fact(_("Value list"), page_of(obj.value_list), obj.value_list.get_holds_display()),
            Fact(_("Since"), time_html(obj.created_at), obj.created_by),
            Fact(_("Expires"), time_html(obj.expires_at) if obj.expires_at else _("until somebody takes it off")),
            Fact(_("Taken off"), time_html(obj.ended_at) if obj.ended_at else NOTHING, obj.ended_by or ""),
            Fact(_("Why it was taken off"), obj.end_reason or NOTHING),
        ]
        return Headline(str(obj), standing(obj), sentence=obj.reason, facts=facts)


def take_off_page(model_admin: Any, request: HttpRequest, chosen: QuerySet[ValueListItem]) -> HttpResponse | None:
    """The page in between; once its form is sent, all of them are taken off together."""
    rows: Any = ValueListItem.objects.filter(pk__in=chosen.order_by().values("pk"))
    mark = signature(rows)
    form = ScopeForm(request.POST if is_confirmed(request) else None, initial={"previewed": mark})
    if is_confirmed(request) and form.is_valid():
        if form.cleaned_data["previewed"] == mark:
            try:
                count = take_several_off(rows, by=request.user, reason=form.cleaned_data["reason"], at=clock.now())
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Taken off: %s.") % count_text(count))
                return None
        else:
            form = ScopeForm({**request.POST.dict(), "previewed": mark})
            form.add_error(None, _("What matches has changed since you looked. Look again, then ask."))
    return draw_action(model_admin, request, _preview(rows, form))


def _preview(rows: Any, form: ScopeForm) -> ActionPage:
    on_it = rows.in_force(clock.now())
    lists = ValueList.objects.filter(pk__in=on_it.order_by().values("value_list")).order_by("name")
    sample = [[item.shown, item.value_list, item.reason] for item in on_it.select_related("value_list").order_by("-pk")[:SHOWN]]
    return ActionPage(
        name="take_off_several",
        title=_("Take off the list"),
        button=_("Take them off"),
        tells=_("%(count)s of the values chosen are on a list, and are taken off. What rules said of them before stays.")
        % {"count": count_text(on_it.count())},
        form=form,
        facts=[Fact(value_list, value_list.get_holds_display(), effect_on_rules(value_list)) for value_list in lists],
        panels=[Panel(_("Chosen, the newest first"), [_("value"), _("value list"), _("reason")], sample)],
    )
