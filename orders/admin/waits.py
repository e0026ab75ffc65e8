"""Deliveries that the storefront asked for in vain, and when it was told that they are free."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.extensions import panels_on
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.display import NOTHING, badge, state_badge, time_html
from orders.admin.links import page_of
from orders.models import DeliveryWait, Order


def still_waiting(waits: Any) -> Any:
    return waits.open()


def wait_state(wait: DeliveryWait) -> Any:
    return badge(wait.get_outcome_display(), "success") if wait.settled_at else badge(_("waits"), "warning")


@panels_on(Order)
def waits_of_order(request: HttpRequest, order: Order) -> list[Panel]:
    if order.delivery_asked_at is None:
        return []
    rows = [
        [time_html(wait.asked_at), wait_state(wait), time_html(wait.settled_at), wait.message_key or NOTHING]
        for wait in order.waits.order_by("-pk")
    ]
    columns = [_("asked for"), _("state"), _("settled"), _("message id")]
    return [Panel(_("Deliveries asked for in vain"), columns, rows, name="waits")] if rows else []


@admin.register(DeliveryWait)
class DeliveryWaitAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        text_column(lambda wait: page_of(wait.order), "order", gettext_lazy("order")),
        text_column(lambda wait: state_badge(wait.order), "order_state", gettext_lazy("state")),
        time_column("asked_at", gettext_lazy("asked for"), order="pk"),
        text_column(wait_state, "state", gettext_lazy("word")),
        time_column("settled_at", gettext_lazy("settled"), order=None),
        "message_key",
    )
    list_display_links = ("message_key",)
    list_filter = (
        question_filter(
            gettext_lazy("state"),
            "state",
            {
                "waits": (gettext_lazy("waits"), still_waiting),
                "settled": (gettext_lazy("settled"), lambda rows: rows.exclude(settled_at=None)),
            },
        ),
        ("outcome", ChoicesFilter),
        ("asked_at", MomentFilter),
    )
    list_select_related = ("order",)
    search_fields = ("order__ref", "message_key")
    ordering = ("-pk",)
    empty_text = gettext_lazy("No delivery of a held order was ever asked for.")

    def headline(self, request: HttpRequest, obj: DeliveryWait) -> Headline:
        facts = [
            Fact(_("Order"), page_of(obj.order), state_badge(obj.order)),
            Fact(_("Asked for"), time_html(obj.asked_at)),
            Fact(_("Settled"), time_html(obj.settled_at)),
            Fact(_("Message id"), obj.message_key or NOTHING),
        ]
        return Headline(str(obj.order), wait_state(obj), facts=facts)
