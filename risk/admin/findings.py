"""Findings and assessments as lists, and what an order's page says of risk."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.extensions import history_on, panels_on
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, question_filter
from backoffice.lib.admin.history import Source, tracker_of
from backoffice.lib.admin.page import Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.aloud import aloud
from backoffice.lib.display import stacked, time_html
from orders.admin.links import page_of
from orders.models import Order
from risk.models import Assessment, Finding, Flag

SideFilter = question_filter(
    gettext_lazy("speaks"),
    "side",
    {
        "against": (gettext_lazy("against the customer"), lambda rows: rows.filter(score__gt=0)),
        "for": (gettext_lazy("for the customer"), lambda rows: rows.filter(score__lt=0)),
    },
)


@admin.register(Finding)
class FindingAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        text_column(lambda finding: page_of(finding.order), "order", gettext_lazy("order")),
        text_column(lambda finding: stacked(aloud(finding.text, is_ours=True), finding.rule), "text", gettext_lazy("finding")),
        "score",
        "evidence",
        "strength",
        time_column("found_at", gettext_lazy("found at"), order="pk"),
    )
    list_display_links = None
    list_filter = (SideFilter, ("evidence", ChoicesFilter), ("strength", ChoicesFilter), ("found_at", MomentFilter))
    list_select_related = ("order",)
    search_fields = ("order__ref", "rule")
    ordering = ("-pk",)
    fields = ("rule", ("evidence", "strength", "score"), "told", "values", "found_at")

    @admin.display(description=gettext_lazy("finding"))
    def told(self, finding: Finding) -> Any:
        return aloud(finding.text, is_ours=True)


@admin.register(Assessment)
class AssessmentAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        text_column(lambda looked: page_of(looked.order), "order", gettext_lazy("order")),
        time_column("assessed_at", gettext_lazy("assessed at"), order="pk"),
        "error",
    )
    list_display_links = None
    list_filter = (
        question_filter(
            gettext_lazy("error"),
            "failed",
            {
                "yes": (gettext_lazy("failed"), lambda rows: rows.exclude(error="")),
                "no": (gettext_lazy("complete"), lambda rows: rows.filter(error="")),
            },
        ),
        ("assessed_at", MomentFilter),
    )
    list_select_related = ("order",)
    search_fields = ("order__ref",)
    ordering = ("-pk",)
    fields = ("order", "assessed_at", "error")


@panels_on(Order)
def findings_of_order(request: HttpRequest, order: Order) -> list[Panel]:
    flag = Flag.objects.filter(order=order).first()
    rows: list[list[Any]] = [
        [
            aloud(finding.text, is_ours=True),
            finding.score,
            finding.get_evidence_display(),
            finding.get_strength_display(),
            time_html(finding.found_at),
        ]
        for finding in Finding.objects.filter(order=order)
    ]
    url = reverse("admin:risk_flag_change", args=[flag.pk]) if flag and request.user.has_perm("risk.view_flag") else ""
    note = _("Flagged with a score of %s.") % flag.score if flag else _("Not flagged.")
    columns = [_("finding"), _("score"), _("kind"), _("strength"), _("found at")]
    return [Panel(_("What risk found"), columns, rows, _("Nothing was found."), url, note)]


@history_on(Order)
def flag_events(order: Order) -> list[Source]:
    return [Source(tracker_of(Flag), {"order_id": order.pk})]
