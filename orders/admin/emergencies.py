"""Freezes that one person started alone: how they stand, until when, and what became of them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.extensions import history_on, panels_on
from backoffice.lib.admin.filters import MomentFilter, question_filter
from backoffice.lib.admin.history import Source, source_of
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.display import NOTHING, badge, count_text, time_html, time_text
from orders.admin.links import page_of
from orders.models import Emergency, Freeze
from orders.scopes.reading import scope_aloud


def unconfirmed(emergencies: Any) -> Any:
    return emergencies.unconfirmed()


StateFilter = question_filter(
    gettext_lazy("state"),
    "state",
    {
        "waits": (gettext_lazy("waits for a second person"), unconfirmed),
        "confirmed": (gettext_lazy("confirmed"), lambda rows: rows.exclude(confirmed_at=None)),
        "fallen": (gettext_lazy("fallen"), lambda rows: rows.exclude(fallen_at=None)),
    },
)


def emergency_state(emergency: Emergency) -> Any:
    if emergency.confirmed_at:
        return badge(_("confirmed"), "success")
    return badge(_("fallen"), "warning") if emergency.fallen_at else badge(_("waits for a second person"), "danger")


def emergency_warnings(freeze: Freeze) -> list[str]:
    """What stands in red on the freeze's page while nobody has confirmed it, or once it has fallen."""
    emergency = Emergency.objects.filter(freeze=freeze).first()
    if emergency is None or emergency.confirmed_at:
        return []
    if emergency.fallen_at:
        return [_("It was an emergency that nobody confirmed: it has fallen, and what it placed is released.")]
    text = _("EMERGENCY: one person started it alone. Unless a second one confirms it under Approvals, it falls at %s.")
    return [text % time_text(emergency.ends_at)]


@panels_on(Freeze)
def emergency_panel(request: HttpRequest, freeze: Freeze) -> list[Panel]:
    rows = Emergency.objects.select_related("started_by", "confirmed_by", "release").filter(freeze=freeze)
    cells = [
        [
            page_of(one, emergency_state(one)),
            one.started_by,
            time_html(one.started_at),
            time_html(one.ends_at),
            one.confirmed_by or NOTHING,
            page_of(one.release),
        ]
        for one in rows
    ]
    columns = [_("state"), _("started by"), _("started"), _("falls"), _("confirmed by"), _("release")]
    return [Panel(_("Emergency"), columns, cells, name="emergency")] if cells else []


@history_on(Freeze)
def emergency_history(freeze: Freeze) -> list[Source]:
    emergency = Emergency.objects.filter(freeze=freeze).first()
    return source_of(emergency) if emergency else []


@admin.register(Emergency)
class EmergencyAdmin(ReadOnlyAdmin):
    list_display = (
        text_column(lambda one: one.freeze, "freeze", gettext_lazy("freeze")),
        text_column(emergency_state, "state", gettext_lazy("state")),
        text_column(lambda one: count_text(one.freeze.job.total), "orders", gettext_lazy("orders")),
        "started_by",
        time_column("started_at", gettext_lazy("started"), order="pk"),
        time_column("ends_at", gettext_lazy("falls"), order=None),
        "confirmed_by",
        text_column(lambda one: page_of(one.release), "release", gettext_lazy("release")),
    )
    list_filter = (StateFilter, ("started_at", MomentFilter))
    list_select_related = ("freeze__job", "started_by", "confirmed_by", "release")
    ordering = ("-pk",)
    empty_text = gettext_lazy("Nobody has started a freeze alone.")

    def headline(self, request: HttpRequest, obj: Emergency) -> Headline:
        approval = obj.freeze.job.approval
        facts = [
            Fact(_("Freeze"), page_of(obj.freeze)),
            Fact(_("Started by"), obj.started_by, time_html(obj.started_at)),
            Fact(_("Falls"), time_html(obj.ends_at), _("unless a second person confirms it before")),
            Fact(_("To be confirmed under"), page_of(approval)),
            Fact(_("Confirmed by"), obj.confirmed_by or NOTHING, time_html(obj.confirmed_at) if obj.confirmed_at else ""),
            Fact(_("Fell"), time_html(obj.fallen_at)),
            Fact(_("Released by"), page_of(obj.release)),
        ]
        return Headline(str(obj), emergency_state(obj), sentence=scope_aloud(obj.freeze.scope_text), facts=facts)
