"""The grey and the block list, and snoozes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter
from backoffice.lib.admin.page import Fact, Headline
from backoffice.lib.admin.steps import Step
from backoffice.lib.display import NOTHING, badge, time_html
from orders.admin.links import page_of
from risk.admin.named import NamedAdmin, state_filter
from risk.models import ListEntry, Snooze, ValueListItem
from risk.services.listing import end, put_on_list, snooze


def holds(row: ListEntry | Snooze | ValueListItem) -> bool:
    return row.ended_at is None and (row.expires_at is None or row.expires_at > clock.now())


def standing(row: ListEntry | Snooze) -> Any:
    if holds(row):
        return badge(_("in force"), "success")
    return badge(_("ended"), "danger") if row.ended_at else badge(_("expired"))


def end_step(permission: str) -> Step:
    return Step(
        name="end",
        label=gettext_lazy("End"),
        icon="event_busy",
        is_stop=True,
        permission=permission,
        run=end,
        why_not=lambda row, _user: _("It is over already.") if not holds(row) else "",
        tells=lambda row: _("From now on this holds no longer: %s.") % row,
        done=gettext_lazy("Ended."),
    )


StateFilter = state_filter("in_force", gettext_lazy("in force"))


class EndingAdmin(NamedAdmin):
    list_display: Any = (
        "__str__",
        text_column(standing, "state", gettext_lazy("state")),
        "reason",
        "created_by",
        time_column("created_at", gettext_lazy("since")),
        time_column("expires_at", gettext_lazy("expires")),
    )

    def headline(self, request: HttpRequest, obj: Any) -> Headline:
        facts = [
            Fact(_("Customer"), page_of(obj.customer)),
            Fact(_("Since"), time_html(obj.created_at), obj.created_by),
            Fact(_("Expires"), time_html(obj.expires_at) if obj.expires_at else _("until somebody ends it")),
            Fact(_("Ended"), time_html(obj.ended_at) if obj.ended_at else NOTHING, obj.ended_by or ""),
            Fact(_("Why it was ended"), obj.end_reason or NOTHING),
        ]
        return Headline(str(obj), standing(obj), sentence=obj.reason, facts=[*self.more_facts(obj), *facts])

    def more_facts(self, obj: Any) -> list[Fact]:
        return []


@admin.register(ListEntry)
class ListEntryAdmin(EndingAdmin):
    steps = (end_step("risk.end_listentry"),)
    list_filter = (("list", ChoicesFilter), StateFilter, ("kind", ChoicesFilter))
    list_select_related = ("customer", "created_by")
    fields = ("list", "kind", "value", "campaign", "coupon_type", "expires_at")
    empty_text = gettext_lazy("Nobody is on it. Orders of whoever is wait for a reviewer; on the block list they are held.")

    def save_model(self, request: HttpRequest, obj: ListEntry, form: Any, change: bool) -> None:
        asked = form.cleaned_data
        terms = {name: asked[name] for name in ("kind", "value", "campaign", "coupon_type", "expires_at")}
        made = put_on_list(name=asked["list"], **terms, reason=asked["change_reason"], by=request.user, at=clock.now())
        obj.__dict__.update(made.__dict__)

    def more_facts(self, obj: ListEntry) -> list[Fact]:
        return [Fact(_("Scope"), page_of(obj.campaign or obj.coupon_type) if obj.campaign or obj.coupon_type else _("everything"))]


@admin.register(Snooze)
class SnoozeAdmin(EndingAdmin):
    steps = (end_step("risk.end_snooze"),)
    list_filter = (StateFilter, ("kind", ChoicesFilter))
    list_select_related = ("rule", "customer", "created_by")
    fields = ("rule", "kind", "value", "expires_at")
    empty_text = gettext_lazy("No rule is snoozed for anybody.")

    def save_model(self, request: HttpRequest, obj: Snooze, form: Any, change: bool) -> None:
        asked = form.cleaned_data
        terms = {name: asked[name] for name in ("rule", "kind", "value", "expires_at")}
        obj.__dict__.update(snooze(**terms, reason=asked["change_reason"], by=request.user, at=clock.now()).__dict__)

    def more_facts(self, obj: Snooze) -> list[Fact]:
        return [Fact(_("Rule"), page_of(obj.rule))]
