"""Value lists: what each holds, what is on it, and which rules refer to it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.display import NOTHING, badge, count_text, shortened, state_badge, time_html
from orders.admin.links import page_of
from promotions.admin.links import list_of
from risk.admin.rule_panels import count_to_bound
from risk.admin.value_list_steps import LIST_STEPS
from risk.models import RuleVersion, ValueList, ValueListItem
from risk.services.value_list_reach import reach_of
from risk.services.value_lists import make_list, names_in, numbers_on, versions_naming
from risk.states import RuleSubject, VersionStatus

SHOWN = 20


def standing(value_list: ValueList) -> SafeString:
    if value_list.ended_at:
        return badge(_("retired"))
    return badge(_("in use"), "success") if value_list.users else badge(_("not used"))  # type: ignore[attr-defined]


def rules_cell(value_list: ValueList) -> Any:
    users = value_list.users  # type: ignore[attr-defined]
    return format_html_join(", ", "{}", ((page_of(version.rule),) for version in users)) if users else NOTHING


def load_users(rows: Sequence[Any]) -> None:
    """Give each list `users`, the versions that run and refer to it, in one query."""
    found = versions_naming([row.name for row in rows])
    for row in rows:
        row.users = found[row.name]


def live(rows: Any) -> Any:
    return rows.live()


def retired(rows: Any) -> Any:
    return rows.retired()


@admin.register(ValueList)
class ValueListAdmin(EditableAdmin):
    steps = LIST_STEPS
    list_display = (
        "name",
        state_column("holds", gettext_lazy("holds")),
        text_column(lambda row: shortened(row.purpose), "purpose", gettext_lazy("purpose")),
        text_column(lambda row: count_to_bound(row.on_it), "on_it", gettext_lazy("values on it now")),
        text_column(rules_cell, "rules", gettext_lazy("rules that run")),
        text_column(standing, "state", gettext_lazy("state")),
        time_column("created_at", gettext_lazy("made at"), order="pk"),
    )
    list_filter = (
        ("holds", ChoicesFilter),
        question_filter(
            gettext_lazy("state"),
            "state",
            {
                "live": (pgettext_lazy("a value list", "not retired"), live),
                "retired": (gettext_lazy("retired"), retired),
            },
        ),
    )
    search_fields = ("name", "purpose")
    search_help_text = gettext_lazy("Name and purpose")
    ordering = ("name",)
    fields = ("name", "holds", "purpose")
    empty_text = gettext_lazy("No value lists yet. A rule can ask whether a device, a network or a phone segment is on one.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list:
        return [] if obj else list(super().get_fieldsets(request, obj))

    def load_rows(self, rows: list[Any]) -> None:
        load_users(rows)
        numbers = numbers_on(rows, at=clock.now())
        for row in rows:
            row.on_it = numbers[row.pk]

    def save_model(self, request: HttpRequest, obj: ValueList, form: Any, change: bool) -> None:
        asked = {name: form.cleaned_data[name] for name in ("name", "purpose", "holds")}
        obj.__dict__.update(make_list(**asked, by=request.user, at=clock.now()).__dict__)

    def headline(self, request: HttpRequest, obj: Any) -> Headline:
        load_users([obj])
        acting = [version for version in obj.users if version.status == VersionStatus.PUBLISHED]
        facts = [
            Fact(_("Holds"), obj.get_holds_display()),
            Fact(_("On it now"), count_to_bound(numbers_on([obj], at=clock.now())[obj.pk])),
            reach_fact(obj),
            Fact(_("Made"), time_html(obj.created_at), obj.created_by),
        ]
        if obj.ended_at:
            facts.append(Fact(_("Retired"), time_html(obj.ended_at), f"{obj.ended_by}: {obj.end_reason}"))
        warning = _("Published rules refer to this list. What is put on it, or taken off, changes at once which orders they hit.")
        return Headline(obj.name, standing(obj), sentence=obj.purpose, facts=facts, warnings=[warning] if acting else [])

    def panels(self, request: HttpRequest, obj: ValueList) -> Sequence[Panel]:
        may_see_rules = request.user.has_perm("risk.view_ruleversion")  # type: ignore[union-attr]
        return [items_panel(obj), *([rules_panel(obj)] if may_see_rules else [])]


def reach_fact(value_list: ValueList) -> Fact:
    reach = reach_of(value_list, at=clock.now())
    label = _("In the last 24 hours")
    if reach is None:
        return Fact(label, NOTHING, _("It takes too long to count here. A backtest will tell."))
    numbers = {"hits": count_text(reach.hits), "judged": count_text(reach.judged)}
    text = _("%(hits)s of %(judged)s orders") if reach.subject == RuleSubject.ORDER else _("%(hits)s of %(judged)s claims")
    return Fact(label, text % numbers, _("have a value that is on it now"))


def items_panel(value_list: ValueList) -> Panel:
    items = value_list.items.in_force(clock.now()).select_related("created_by").order_by("-pk")[:SHOWN]
    rows = [
        [
            page_of(item, item.shown),
            item.reason,
            item.created_by,
            time_html(item.created_at),
            time_html(item.expires_at) if item.expires_at else NOTHING,
        ]
        for item in items
    ]
    columns = [_("value"), _("reason"), _("by"), _("since"), _("expires")]
    empty = _("Nothing is on it: a rule that asks for it finds nobody.")
    url = list_of(ValueListItem, value_list=value_list.pk, state="on")
    return Panel(_("Newest on the list"), columns, rows, empty, url=url, name="items")


def rules_panel(value_list: ValueList) -> Panel:
    """Versions that run, and drafts that wait to."""
    versions = RuleVersion.objects.exclude(status=VersionStatus.RETIRED).select_related("rule", "made_by").order_by("-pk")
    naming = [version for version in versions if value_list.name in names_in(version.tree)]
    rows = [[page_of(one), state_badge(one), one.text, f"{one.percent} %", one.made_by] for one in naming]
    columns = [_("version"), _("state"), _("finding"), _("share"), _("written by")]
    return Panel(_("Rules that refer to it"), columns, rows, _("No rule refers to it."), name="rules")
