"""Appeals as a list, and what an order's page says of them. They are decided on the review page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.extensions import buttons_on, panels_on
from backoffice.lib.admin.filters import MomentFilter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import StepButton
from backoffice.lib.display import NOTHING, badge, shortened, stacked, time_html
from orders.admin.links import page_of
from orders.models import Order
from risk.models import Appeal, Flag, Review
from risk.states import AppealOutcome

COLOURS = {AppealOutcome.GRANTED: "success", AppealOutcome.UPHELD: "danger"}


def still_open(appeals: Any) -> Any:
    return appeals.open()


def ended_as(outcome: AppealOutcome) -> Any:
    return lambda appeals: appeals.filter(outcome=outcome)


OutcomeFilter = question_filter(
    gettext_lazy("state"),
    "state",
    {
        "open": (pgettext_lazy("an appeal", "open"), still_open),
        **{outcome.value: (outcome.label, ended_as(outcome)) for outcome in AppealOutcome},
    },
)


def outcome_badge(appeal: Appeal) -> Any:
    if not appeal.outcome:
        return badge(pgettext("an appeal", "open"), "warning")
    return badge(appeal.get_outcome_display(), COLOURS[AppealOutcome(appeal.outcome)])


@admin.register(Appeal)
class AppealAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        "__str__",
        text_column(lambda appeal: page_of(appeal.order), "order", gettext_lazy("order")),
        text_column(outcome_badge, "state", gettext_lazy("state")),
        text_column(lambda appeal: shortened(appeal.text), "text", gettext_lazy("what the customer says")),
        time_column("filed_at", gettext_lazy("filed at"), order="pk"),
        time_column("due_at", gettext_lazy("due")),
        text_column(
            lambda appeal: stacked(appeal.decided_by or NOTHING, time_html(appeal.decided_at)), "decided", gettext_lazy("decided")
        ),
    )
    list_filter = (OutcomeFilter, ("filed_at", MomentFilter))
    search_fields = ("order__ref", "order__customer__ref", "contact")
    ordering = ("-pk",)
    empty_text = gettext_lazy("No customer has appealed.")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).for_admin_list()

    def headline(self, request: HttpRequest, obj: Appeal) -> Headline:
        facts = [
            Fact(_("Order"), page_of(obj.order)),
            Fact(_("Contact"), obj.contact or NOTHING),
            Fact(_("Filed"), time_html(obj.filed_at)),
            Fact(_("Due"), time_html(obj.due_at)),
            Fact(_("Decided by"), obj.decided_by or NOTHING, time_html(obj.decided_at) if obj.decided_at else ""),
            Fact(_("Reason"), obj.reason or NOTHING),
            Fact(_("Words for the customer"), obj.words or NOTHING),
        ]
        return Headline(str(obj), outcome_badge(obj), sentence=obj.text, facts=facts)


@buttons_on(Appeal, Flag)
def review_button(request: HttpRequest, obj: Any) -> list[StepButton]:
    """To the page on which it is decided, while it waits."""
    review = Review.objects.filter(order=obj.order_id).first() if request.user.has_perm("risk.view_review") else None
    if review is None:
        return []
    url = reverse("admin:risk_review_change", args=[review.pk])
    return [StepButton(_("Review"), url, "", "rate_review", is_stop=False, key="", opens_page=True)]


@panels_on(Order)
def appeals_of_order(request: HttpRequest, order: Order) -> list[Panel]:
    if not request.user.has_perm("risk.view_appeal"):
        return []
    found = Appeal.objects.filter(order=order).select_related("decided_by").order_by("-pk")
    rows = [
        [page_of(appeal), outcome_badge(appeal), shortened(appeal.text), time_html(appeal.filed_at), appeal.decided_by or NOTHING]
        for appeal in found
    ]
    columns = [_("appeal"), _("state"), _("what the customer says"), _("filed at"), _("decided by")]
    return [Panel(_("Appeals"), columns, rows)] if rows else []
