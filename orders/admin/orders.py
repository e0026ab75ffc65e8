"""Orders: found, looked at, held one by one, and frozen many at once."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import money_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, lookup_filter, question_filter, scope_in_words
from backoffice.lib.admin.history import Source, tracker_of
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.paginator import NewestFirstPaginator
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import Step
from backoffice.lib.display import NOTHING, amount_text, count_text, state_badge, time_html
from orders.admin.freezing import freeze_selection
from orders.admin.links import (
    amount_cell,
    coupon_types_of,
    customer_cell,
    hold_badges,
    load_coupons,
    load_open_holds,
    neighbours,
    page_of,
    standing,
)
from orders.admin.panels import discounts_panel, holds_panel, lines_panel, parcels_panel, refunds_panel
from orders.models import Hold, ImportedInvoice, Order, OrderDiscount, Refund
from orders.recipients import masked_recipient
from orders.scopes.fields import part
from orders.services.cancelling import cancel_order
from orders.services.holding import place_hold
from orders.states import DELIVERABLE_STATUSES, FINAL_STATUSES, CancelledBy, HoldKind, OrderStatus
from promotions.admin.ledger import coupon_type_choices


def hold_by_hand(order: Order, *, by: Any, reason: str, at: datetime) -> Hold:
    return place_hold(order, kind=HoldKind.MANUAL, reason=reason, by=by, at=at)


def cancel_by_staff(order: Order, *, by: Any, reason: str, at: datetime) -> Order:
    return cancel_order(order.ref, cancelled_by=CancelledBy.STAFF, reason=reason, at=at)


def why_not_cancel(order: Order, _user: Any) -> str:
    if order.status not in (OrderStatus.PLACED, OrderStatus.PAID):
        return _("It is %s already: what is left of it can only be refunded.") % order.get_status_display()
    is_frozen = Hold.objects.open().legal().filter(order=order).exists()
    return _("It is under a legal hold: nobody cancels it before its release.") if is_frozen else ""


def why_not_hold(order: Order, _user: Any) -> str:
    if order.status in FINAL_STATUSES:
        return _("It is %s already: nothing can be held.") % order.get_status_display()
    is_held = Hold.objects.open().filter(order=order, kind=HoldKind.MANUAL).exists()
    return _("It is held by hand already.") if is_held else ""


STEPS = (
    Step(
        name="hold",
        label=gettext_lazy("Hold"),
        icon="front_hand",
        permission="orders.place_hold",
        run=hold_by_hand,
        why_not=why_not_hold,
        tells=lambda order: (
            _("Order %(order)s, %(amount)s, is not delivered until somebody releases the hold.")
            % {"order": order, "amount": amount_text(order.gross_amount, order.currency)}
        ),
        done=gettext_lazy("Held. It cannot be delivered."),
    ),
    Step(
        name="cancel",
        label=gettext_lazy("Cancel"),
        icon="cancel",
        is_stop=True,
        permission="orders.cancel_order",
        run=cancel_by_staff,
        why_not=why_not_cancel,
        tells=lambda order: (
            _(
                "Order %(order)s, %(amount)s, is called off for good and never delivered. Its coupons, %(off)s, come back or not by"
                " the policy of their campaign. The storefront pays the customer back."
            )
            % {
                "order": order,
                "amount": amount_text(order.gross_amount, order.currency),
                "off": amount_text(order.discount_amount, order.currency),
            }
        ),
        done=gettext_lazy("Cancelled."),
    ),
)


def held_by(*kinds: str) -> Exists:
    """Whether an order has an open hold of one of these kinds; of any where none is named."""
    holds = Hold.objects.open().filter(order=OuterRef("pk"))
    return Exists(holds.filter(kind__in=kinds) if kinds else holds)


HeldFilter = question_filter(
    gettext_lazy("held"),
    "held",
    {
        "any": (gettext_lazy("held"), lambda orders: orders.filter(held_by())),
        "none": (gettext_lazy("not held"), lambda orders: orders.filter(~held_by())),
        "legal": (gettext_lazy("legal hold"), lambda orders: orders.filter(held_by(HoldKind.LEGAL))),
        "risk": (gettext_lazy("risk hold"), lambda orders: orders.filter(held_by(HoldKind.RISK))),
        "cooling": (gettext_lazy("cooling-off"), lambda orders: orders.filter(held_by(HoldKind.COOLING))),
        "manual": (gettext_lazy("held by hand"), lambda orders: orders.filter(held_by(HoldKind.MANUAL))),
    },
)
VirtualFilter = question_filter(
    gettext_lazy("virtual goods"),
    "virtual",
    {
        "yes": (gettext_lazy("with virtual goods"), lambda orders: orders.filter(virtual_amount__gt=0)),
        "no": (gettext_lazy("goods alone"), lambda orders: orders.filter(virtual_amount=0)),
    },
)
GateFilter = question_filter(
    gettext_lazy("delivery"),
    "gate",
    {
        "waits": (
            gettext_lazy("asked for, not delivered"),
            lambda orders: orders.filter(delivery_asked_at__isnull=False, status__in=DELIVERABLE_STATUSES),
        )
    },
)


def paid_by(orders: QuerySet, coupon_type: str) -> QuerySet:
    discounts = OrderDiscount.objects.filter(order=OuterRef("pk"), coupon__coupon_type=int(coupon_type))
    return orders.filter(Exists(discounts))


CouponTypeFilter = lookup_filter(gettext_lazy("coupon type"), "coupon_type", coupon_type_choices, paid_by)


# What the filters above are as conditions of a scope.
MEANS = {
    "status__exact": lambda values: part("status", *values),
    "held": lambda values: part("held", *values),
    "virtual": lambda values: part("virtual", *values),
    "gate": lambda values: part("delivery", *values),
    "coupon_type": lambda values: part("coupon_type", *values),
}


@admin.register(Order)
class OrderAdmin(ExactSearchMixin, ReadOnlyAdmin):
    steps = STEPS
    actions = ("freeze",)
    paginator = NewestFirstPaginator
    list_display = (
        "ref",
        text_column(standing, "standing", gettext_lazy("state")),
        text_column(customer_cell, "customer", gettext_lazy("customer")),
        time_column("placed_at", gettext_lazy("placed")),
        text_column(amount_cell, "amount", gettext_lazy("amount")),
        money_column("virtual_amount", gettext_lazy("virtual goods"), order=None),
        text_column(coupon_types_of, "coupon_types", gettext_lazy("coupon types")),
    )
    list_filter = (("status", ChoicesFilter), HeldFilter, VirtualFilter, GateFilter, CouponTypeFilter, ("placed_at", MomentFilter))
    search_fields = ("ref", "customer__ref", "discounts__coupon__code", "customer__phone_last_four", "device")
    search_help_text = gettext_lazy("Whole values: order, customer, coupon code, phone's last four, device")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).for_admin_list()

    def load_rows(self, rows: list[Any]) -> None:
        load_open_holds(rows)
        load_coupons(rows)

    def has_freeze_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("orders.request_freeze"))

    @admin.action(description=pgettext_lazy("to do", "Freeze"), permissions=["freeze"])
    def freeze(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        scope = scope_in_words(self.get_changelist_instance(request), request)
        return freeze_selection(request, queryset, scope=scope, means=MEANS)

    def headline(self, request: HttpRequest, obj: Order) -> Headline:
        load_open_holds([obj])
        return Headline(obj.ref, state_badge(obj), facts=facts_of(obj), warnings=[gate_warning(obj)])

    def panels(self, request: HttpRequest, obj: Order) -> list[Panel]:
        told = [parcels_panel(obj), refunds_panel(obj)]
        return [holds_panel(obj), lines_panel(obj), discounts_panel(obj), *told, *neighbours(obj)]

    def history_sources(self, obj: Order) -> list[Source]:
        return [Source(tracker_of(Hold), {"order_id": obj.pk}), Source(tracker_of(Refund), {"order_id": obj.pk})]


def facts_of(order: Any) -> list[Fact]:
    """The order at a glance; `load_open_holds` must have run."""
    return [
        Fact(_("Held"), hold_badges(order)),
        Fact(_("Customer"), page_of(order.customer), order.customer.masked_phone),
        Fact(_("Placed"), time_html(order.placed_at)),
        Fact(_("Paid"), time_html(order.paid_at)),
        Fact(_("Amount"), amount_text(order.gross_amount, order.currency)),
        Fact(_("Taken off by coupons"), amount_text(order.discount_amount, order.currency)),
        Fact(_("Of it virtual goods"), amount_text(order.virtual_amount, order.currency)),
        Fact(_("Delivery asked for"), time_html(order.delivery_asked_at)),
        Fact(pgettext("when", "Delivered"), time_html(order.delivered_at)),
        Fact(_("Completed"), time_html(order.completed_at)),
        Fact(_("Refunded"), amount_text(order.refunded_amount, order.currency)),
        Fact(_("Cancelled"), time_html(order.cancelled_at), order.get_cancelled_by_display()),
        Fact(_("Device"), order.device or NOTHING),
        Fact(_("Network address"), order.address or NOTHING),
        Fact(_("Payment account"), _masked(order.payment_account_hash, order.payment_account_last_four)),
        Fact(_("Delivery phone"), _masked(order.delivery_phone_hash, order.delivery_phone_last_four)),
        *imported_facts(order),
    ]


def imported_facts(order: Any) -> list[Fact]:
    """Which file the order came from; nothing for one that was placed here."""
    if not order.imported_from:
        return []
    invoice = ImportedInvoice.objects.select_related("order_import").get(order=order)
    text = _("line %(line)s of %(import)s") % {"line": count_text(invoice.number), "import": invoice.order_import}
    return [Fact(_("Imported from"), order.imported_from, page_of(invoice.order_import, text))]


def _masked(hashed: str, last_four: str) -> str:
    return masked_recipient(hashed, last_four) if hashed else NOTHING


def gate_warning(order: Any) -> str:
    if order.delivery_asked_at and order.open_kinds:
        return _("The storefront has asked for delivery and was refused: the customer is waiting.")
    return ""
