"""Flagged orders: the queue, and the whole story of one order on one screen."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import RangeNumericFilter

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import money_column, state_column, text_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, lookup_filter, question_filter, scope_in_words
from backoffice.lib.admin.history import Source, source_of, tracker_of
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import Step
from backoffice.lib.display import amount_text, badge, stacked, state_badge, time_html
from orders.admin.freezing import freeze_selection
from orders.admin.links import amount_cell, coupon_types_of, customer_cell, load_coupons, load_open_holds, standing
from orders.models import Hold, Order, OrderDiscount
from orders.scopes.fields import part
from orders.states import LOST_STATUSES, UNDELIVERED_STATUSES, HoldKind, OrderStatus
from promotions.admin.ledger import coupon_type_choices
from risk.admin import bulk_reviews
from risk.admin.choosing import incident_of_selection
from risk.admin.story import next_waiting, story_of
from risk.models import Flag
from risk.services.reviewing import AUTOMATIC_HOLDS, decide_flag
from risk.states import Decision


def clear(flag: Flag, *, by: Any, at: datetime, reason: str) -> Flag:
    return decide_flag(flag, decision=Decision.CLEARED, reason=reason, by=by, at=at)


def confirm(flag: Flag, *, by: Any, at: datetime, reason: str) -> Flag:
    return decide_flag(flag, decision=Decision.CONFIRMED, reason=reason, by=by, at=at)


def why_not_decide(flag: Flag, _user: Any) -> str:
    return (
        _("%(person)s decided already: %(decision)s.")
        % {
            "person": flag.decided_by,
            "decision": flag.get_decision_display(),
        }
        if flag.decision
        else ""
    )


def tells_clear(flag: Flag) -> str:
    holds = Hold.objects.open().filter(order=flag.order_id, kind__in=AUTOMATIC_HOLDS).count()
    text = _(
        "Order %(order)s, %(amount)s, is taken for honest: %(holds)s automatic holds on it are released. Holds by people stay."
    )
    return text % {"order": flag.order, "amount": worth(flag), "holds": holds}


def tells_confirm(flag: Flag) -> str:
    if flag.order.status not in UNDELIVERED_STATUSES:
        return _(
            "The suspicion against order %(order)s, %(amount)s, is confirmed. It is %(state)s: there is nothing left to hold."
        ) % {
            "order": flag.order,
            "amount": worth(flag),
            "state": flag.order.get_status_display(),
        }
    return _("The suspicion against order %(order)s, %(amount)s, is confirmed: it gets a risk hold and cannot be delivered.") % {
        "order": flag.order,
        "amount": worth(flag),
    }


def worth(flag: Flag) -> str:
    return amount_text(flag.order.gross_amount, flag.order.currency)


STEPS = (
    Step(
        name="clear",
        label=gettext_lazy("Clear"),
        icon="verified_user",
        key="c",
        permission="risk.decide_flag",
        run=clear,
        why_not=why_not_decide,
        tells=tells_clear,
        done=gettext_lazy("Cleared."),
    ),
    Step(
        name="confirm",
        label=gettext_lazy("Confirm suspicion"),
        icon="gpp_bad",
        key="x",
        is_stop=True,
        permission="risk.decide_flag",
        run=confirm,
        why_not=why_not_decide,
        tells=tells_confirm,
        done=gettext_lazy("Confirmed."),
    ),
)


def held_by(*kinds: str) -> Exists:
    holds = Hold.objects.open().filter(order=OuterRef("order_id"))
    return Exists(holds.filter(kind__in=kinds) if kinds else holds)


def with_virtual_goods() -> Exists:
    """Answered by an index of those orders alone, where a join reads every order until enough have some."""
    return Exists(Order.objects.filter(pk=OuterRef("order_id"), virtual_amount__gt=0))


DecisionFilter = question_filter(
    gettext_lazy("decision"),
    "decision",
    {
        "waiting": (gettext_lazy("waiting"), lambda flags: flags.filter(decision="")),
        "cleared": (gettext_lazy("cleared"), lambda flags: flags.filter(decision=Decision.CLEARED)),
        "confirmed": (gettext_lazy("confirmed"), lambda flags: flags.filter(decision=Decision.CONFIRMED)),
    },
)
HeldFilter = question_filter(
    gettext_lazy("held"),
    "held",
    {
        "any": (gettext_lazy("held"), lambda flags: flags.filter(held_by())),
        "none": (gettext_lazy("not held"), lambda flags: flags.filter(~held_by())),
        "risk": (gettext_lazy("risk hold"), lambda flags: flags.filter(held_by(HoldKind.RISK))),
        "cooling": (gettext_lazy("cooling-off"), lambda flags: flags.filter(held_by(HoldKind.COOLING))),
        "legal": (gettext_lazy("legal hold"), lambda flags: flags.filter(held_by(HoldKind.LEGAL))),
    },
)
OrderFilter = question_filter(
    gettext_lazy("order"),
    "order_status",
    {
        "placed": (gettext_lazy("can still be saved"), lambda flags: flags.filter(order__status__in=UNDELIVERED_STATUSES)),
        "delivered": (gettext_lazy("delivered"), lambda flags: flags.filter(order__status__in=LOST_STATUSES)),
        "cancelled": (
            gettext_lazy("cancelled or refunded"),
            lambda flags: flags.filter(order__status__in=(OrderStatus.CANCELLED, OrderStatus.REFUNDED)),
        ),
    },
)
VirtualFilter = question_filter(
    gettext_lazy("virtual goods"),
    "virtual",
    {
        "yes": (gettext_lazy("with virtual goods"), lambda flags: flags.filter(with_virtual_goods())),
        "no": (gettext_lazy("goods alone"), lambda flags: flags.filter(~with_virtual_goods())),
    },
)


def paid_by(flags: QuerySet, coupon_type: str) -> QuerySet:
    discounts = OrderDiscount.objects.filter(order=OuterRef("order_id"), coupon__coupon_type=int(coupon_type))
    return flags.filter(Exists(discounts))


CouponTypeFilter = lookup_filter(gettext_lazy("coupon type"), "coupon_type", coupon_type_choices, paid_by)


# What the filters above are as conditions of a scope. A score, a search and the time of a flag are none: those become a list.
STATUSES = {
    "placed": UNDELIVERED_STATUSES,
    "delivered": LOST_STATUSES,
    "cancelled": (OrderStatus.CANCELLED, OrderStatus.REFUNDED),
}
MEANS = {
    "decision": lambda values: part("flagged", *values),
    "disposition__exact": lambda values: part("disposition", *values),
    "held": lambda values: part("held", *values),
    "virtual": lambda values: part("virtual", *values),
    "coupon_type": lambda values: part("coupon_type", *values),
    "order_status": lambda values: part("status", *STATUSES[values[0]]),
}


def decision_badge(flag: Flag) -> Any:
    return state_badge(flag, "decision") if flag.decision else badge(_("waiting"), "warning")


COLUMNS = (
    text_column(
        lambda flag: stacked(flag.order.ref, time_html(flag.flagged_at)), "order", gettext_lazy("order, flagged"), "flagged_at"
    ),
    text_column(lambda flag: flag.score, "score", gettext_lazy("score"), "score"),
    state_column("disposition", gettext_lazy("looks")),
    text_column(decision_badge, "decision", gettext_lazy("decision")),
    text_column(lambda flag: standing(flag.order), "standing", gettext_lazy("order is")),
    text_column(lambda flag: customer_cell(flag.order), "customer", gettext_lazy("customer")),
    text_column(lambda flag: amount_cell(flag.order), "amount", gettext_lazy("amount")),
    text_column(lambda flag: coupon_types_of(flag.order), "coupon_types", gettext_lazy("coupon types")),
    money_column("order.virtual_amount", gettext_lazy("virtual goods"), currency="order.currency", order=None),
)
FILTERS = (
    DecisionFilter,
    ("disposition", ChoicesFilter),
    ("score", RangeNumericFilter),
    HeldFilter,
    OrderFilter,
    CouponTypeFilter,
    VirtualFilter,
    ("flagged_at", MomentFilter),
    ("order__placed_at", MomentFilter),
)


@admin.register(Flag)
class FlagAdmin(ExactSearchMixin, ReadOnlyAdmin):
    steps = STEPS
    actions = ("freeze", "open_incident", "decide_several")
    change_form_outer_before_template = "admin/holdfast/flag.html"
    change_form_outer_after_template = "admin/holdfast/empty.html"
    list_display = COLUMNS
    list_filter = FILTERS
    search_fields = (
        "order__ref",
        "order__customer__ref",
        "order__discounts__coupon__code",
        "order__customer__phone_last_four",
        "order__device",
    )
    search_help_text = gettext_lazy("Whole values: order, customer, coupon code, phone's last four, device")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        return super().get_queryset(request).for_admin_list()

    def load_rows(self, rows: list[Any]) -> None:
        orders = [flag.order for flag in rows]
        load_open_holds(orders)
        load_coupons(orders)

    def has_freeze_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("orders.request_freeze"))

    @admin.action(description=pgettext_lazy("to do", "Freeze"), permissions=["freeze"])
    def freeze(self, request: HttpRequest, queryset: QuerySet[Flag]) -> HttpResponse | None:
        scope = scope_in_words(self.get_changelist_instance(request), request)
        words = f"{_('flagged orders')}; {scope}" if scope else _("flagged orders")
        orders = Order.objects.filter(pk__in=queryset.order_by().values("order"))
        always = [part("flagged", "any")]
        return freeze_selection(request, orders, scope=words, means=MEANS, placed_at="order__placed_at", always=always)

    def has_incident_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("risk.add_incident"))

    @admin.action(description=gettext_lazy("Open an incident"), permissions=["incident"])
    def open_incident(self, request: HttpRequest, queryset: QuerySet[Flag]) -> HttpResponse | None:
        return incident_of_selection(request, Order.objects.filter(pk__in=queryset.order_by().values("order")))

    def has_bulk_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("risk.decide_in_bulk"))

    @admin.action(description=gettext_lazy("Decide"), permissions=["bulk"])
    def decide_several(self, request: HttpRequest, queryset: QuerySet[Flag]) -> HttpResponse:
        scope = scope_in_words(self.get_changelist_instance(request), request)
        words = f"{_('flagged orders')}; {scope}" if scope else _("flagged orders")
        return bulk_reviews.decide_several(self, request, queryset, words)

    def render_change_form(self, request: HttpRequest, context: dict, *args: Any, **kwargs: Any) -> HttpResponse:
        if kwargs.get("obj"):
            context |= {"story": story_of(kwargs["obj"], request), "next_url": next_waiting(kwargs["obj"])}
        return super().render_change_form(request, context, *args, **kwargs)

    def history_sources(self, obj: Flag) -> list[Source]:
        return [*source_of(obj), Source(tracker_of(Hold), {"order_id": obj.order_id})]
