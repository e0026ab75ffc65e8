"""The people in incidents: what each is taken for, what speaks against him and for him, and what reviewers ruled."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, lookup_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.aloud import aloud, word
from backoffice.lib.display import NOTHING, badge, stacked, state_badge, time_html
from orders.admin.links import orders_panel, page_of
from orders.models import Order
from risk.admin.incident_steps import OVERRULE
from risk.models import Finding, Incident, IncidentMember, IncidentOrder

FINDINGS_SHOWN = 60
RULES_SHOWN = 4


def in_words(rules: list[str]) -> str:
    shown = ", ".join(word(rule) for rule in rules[:RULES_SHOWN])
    return f"{shown} …" if len(rules) > RULES_SHOWN else shown or NOTHING


def of_incident(rows: QuerySet, incident: str) -> QuerySet:
    return rows.filter(incident=int(incident))


IncidentFilter = lookup_filter(
    gettext_lazy("incident"),
    "incident",
    lambda: [(str(one.pk), str(one)) for one in Incident.objects.order_by("-pk")[:200]],
    of_incident,
)


@admin.register(IncidentMember)
class IncidentMemberAdmin(ExactSearchMixin, ReadOnlyAdmin):
    steps = (OVERRULE,)
    list_display = (
        text_column(lambda one: stacked(one.customer.ref, one.customer.masked_phone), "customer", gettext_lazy("customer")),
        state_column("disposition", gettext_lazy("taken for")),
        text_column(lambda one: badge(_("overruled"), "info") if one.is_overruled else "", "overruled", gettext_lazy("ruling")),
        text_column(lambda one: in_words(one.against), "against", gettext_lazy("against")),
        text_column(lambda one: in_words(one.in_favour), "in_favour", gettext_lazy("in favour")),
        text_column(lambda one: page_of(one.incident), "incident", gettext_lazy("incident")),
        "because",
        time_column("added_at", gettext_lazy("added at"), order="pk"),
    )
    list_filter = (IncidentFilter, ("disposition", ChoicesFilter), "is_overruled", ("because", ChoicesFilter))
    search_fields = ("customer__ref", "customer__phone_last_four")
    search_help_text = gettext_lazy("Whole values: customer, phone's last four")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[IncidentMember]:
        return super().get_queryset(request).for_admin_list()

    def headline(self, request: HttpRequest, obj: IncidentMember) -> Headline:
        facts = [
            Fact(_("Customer"), page_of(obj.customer), obj.customer.masked_phone),
            Fact(_("Incident"), page_of(obj.incident)),
            Fact(_("By the evidence"), state_badge(obj, "found"), time_html(obj.judged_at) if obj.judged_at else ""),
            Fact(_("Overruled"), _("yes") if obj.is_overruled else _("no")),
            Fact(_("Came in"), time_html(obj.added_at), obj.get_because_display()),
            Fact(_("Registered"), time_html(obj.customer.registered_at) if obj.customer.registered_at else NOTHING),
        ]
        return Headline(obj.customer.ref, state_badge(obj, "disposition"), facts=facts)

    def panels(self, request: HttpRequest, obj: IncidentMember) -> list[Any]:
        orders = Order.objects.filter(
            customer=obj.customer_id, pk__in=IncidentOrder.objects.filter(incident=obj.incident_id).values("order")
        )
        found = Finding.objects.filter(order__in=orders.order_by()).select_related("order").order_by("-score", "order", "rule")
        rows = list(found[:FINDINGS_SHOWN])
        against = [one for one in rows if one.score > 0]
        in_favour = [one for one in rows if one.score < 0]
        return [
            findings_panel(_("Against"), against, _("Nothing speaks against this customer.")),
            findings_panel(_("In favour"), in_favour, _("Nothing speaks for this customer.")),
            rulings_panel(obj),
            orders_panel(_("Orders in the incident"), orders),
        ]


def findings_panel(title: Any, findings: list[Finding], empty: Any) -> Panel:
    rows = [
        [page_of(one.order), stacked(aloud(one.text, is_ours=True), word(one.rule)), one.get_evidence_display(), one.score]
        for one in findings
    ]
    return Panel(title, [_("order"), _("finding"), _("evidence"), _("score")], rows, empty)


def rulings_panel(member: IncidentMember) -> Panel:
    rows = [
        [time_html(one.at), one.by, one.get_was_display(), state_badge(one, "disposition"), one.reason]
        for one in member.rulings.select_related("by")
    ]
    columns = [_("at"), _("by"), _("was"), _("is to be taken for"), _("reason")]
    return Panel(_("Rulings"), columns, rows, _("No reviewer has overruled the evidence."), name="rulings")
