"""Holds: one by one, and the release of several that a freeze placed."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, question_filter, scope_in_words
from backoffice.lib.admin.page import Fact, Headline
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import Step
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, amount_text, badge, person, shortened, stacked, state_badge, time_html
from backoffice.lib.errors import DomainError
from orders.admin.ask_urls import release_url
from orders.admin.links import page_of
from orders.models import Hold, Order
from orders.scopes.fields import part
from orders.services.holding import release_hold
from orders.services.order_lists import list_of_orders
from orders.states import HoldKind


def why_not_release(hold: Hold, _user: Any) -> str:
    if hold.released_at:
        return _("It is released already.")
    return _("A legal hold ends by the release of its freeze.") if hold.kind == HoldKind.LEGAL else ""


STEPS = (
    Step(
        name="release",
        label=gettext_lazy("Release"),
        icon="lock_open",
        permission="orders.release_hold",
        run=release_hold,
        why_not=why_not_release,
        tells=lambda hold: (
            _("Order %(order)s, %(amount)s, can be delivered again, unless another hold is open.")
            % {"order": hold.order, "amount": amount_text(hold.order.gross_amount, hold.order.currency)}
        ),
        done=gettext_lazy("Released."),
    ),
)


OpenFilter = question_filter(
    gettext_lazy("state"),
    "state",
    {
        "open": (gettext_lazy("open"), lambda rows: rows.filter(released_at=None)),
        "released": (gettext_lazy("released"), lambda rows: rows.exclude(released_at=None)),
    },
)


def hold_state(hold: Hold) -> Any:
    return badge(_("released"), "success") if hold.released_at else badge(_("open"), "danger")


def released(hold: Hold) -> Any:
    return stacked(time_html(hold.released_at), person(hold.released_by)) if hold.released_at else NOTHING


@admin.register(Hold)
class HoldAdmin(ExactSearchMixin, ReadOnlyAdmin):
    steps = STEPS
    actions = ("ask_release",)
    list_display = (
        text_column(lambda hold: hold.order.ref, "order", gettext_lazy("order")),
        state_column("kind", gettext_lazy("kind")),
        text_column(hold_state, "state", gettext_lazy("state")),
        text_column(lambda hold: shortened(aloud(hold.reason)), "reason", gettext_lazy("reason")),
        text_column(
            lambda hold: stacked(time_html(hold.placed_at), person(hold.placed_by)), "placed_at", gettext_lazy("placed, by"), "pk"
        ),
        time_column("until", gettext_lazy("until"), order=None),
        text_column(lambda hold: page_of(hold.freeze), "freeze", gettext_lazy("freeze")),
        text_column(released, "released_at", gettext_lazy("released, by")),
    )
    list_filter = (OpenFilter, ("kind", ChoicesFilter), ("placed_at", MomentFilter))
    search_fields = ("order__ref", "order__customer__ref", "freeze__legal_reference")
    search_help_text = gettext_lazy("Whole values: order, customer, legal reference")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        return super().get_queryset(request).for_admin_list()

    def has_release_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("orders.request_freeze"))

    @admin.action(description=gettext_lazy("Ask to release"), permissions=["release"])
    def ask_release(self, request: HttpRequest, queryset: QuerySet[Hold]) -> HttpResponse | None:
        return release_selection(request, queryset, scope_in_words(self.get_changelist_instance(request), request))

    def headline(self, request: HttpRequest, obj: Hold) -> Headline:
        facts = [
            Fact(_("Order"), page_of(obj.order), state_badge(obj.order)),
            Fact(_("Placed by"), person(obj.placed_by), time_html(obj.placed_at)),
            Fact(_("Ends by itself"), time_html(obj.until)),
            Fact(_("Reason"), aloud(obj.reason)),
            Fact(_("Freeze"), page_of(obj.freeze)),
            Fact(_("Reason of the release"), aloud(obj.release_reason) or NOTHING),
            Fact(_("Released by"), person(obj.released_by), time_html(obj.released_at) if obj.released_at else ""),
        ]
        return Headline(f"{obj.get_kind_display()} · {obj.order}", hold_state(obj), facts=facts)


def release_selection(request: HttpRequest, chosen: QuerySet[Hold], scope: str) -> HttpResponse | None:
    """On to the page that asks for the release of these holds. They must all be of one freeze: a release is of one legal act."""
    holds = Hold.objects.open().filter(pk__in=chosen.order_by().values("pk"))
    freezes = list(holds.order_by().values_list("freeze", flat=True).distinct()[:2])
    if len(freezes) != 1 or freezes[0] is None:
        messages.error(request, _("Choose open holds of one freeze. Other holds are released one by one, on their own pages."))
        return None
    orders = Order.objects.filter(pk__in=holds.values("order"))
    name = _("chosen from: %s") % (scope or _("all holds"))
    try:
        made = list_of_orders(orders, name=name, by=request.user, at=clock.now())
    except DomainError as error:
        messages.error(request, str(error))
        return None
    return HttpResponseRedirect(release_url(freezes[0], part("orders", made.pk)))
