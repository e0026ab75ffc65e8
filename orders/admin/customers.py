"""What the page of a customer says of orders: what they come to, the newest, and what holds or held them."""

from urllib.parse import urlencode

from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib.admin.extensions import panels_on
from backoffice.lib.admin.page import Panel
from backoffice.lib.display import NOTHING, amount_html, count_text, state_badge, time_html
from backoffice.lib.money import ZERO
from orders.admin.links import orders_panel, page_of
from orders.models import Hold, Order
from orders.states import LOST_STATUSES, OrderStatus
from promotions.models import Customer

HOLDS_SHOWN = 20


@panels_on(Customer)
def orders_of_customer(_request: HttpRequest, customer: Customer) -> list[Panel]:
    """Totals, the newest orders, and holds, the open ones first."""
    orders = Order.objects.filter(customer=customer)
    url = f"{reverse('admin:orders_order_changelist')}?{urlencode({'q': customer.ref})}"
    return [totals_panel(orders), orders_panel(_("Orders"), orders, url=url), holds_of(customer)]


def totals_panel(orders: object) -> Panel:
    """By currency: what was ordered, what was taken off, delivered, called off and paid back."""
    found = (
        orders.order_by("currency")  # type: ignore[attr-defined]
        .values("currency")
        .annotate(
            number=Count("pk"),
            gross=Sum("gross_amount"),
            off=Sum("discount_amount"),
            delivered=Sum(F("gross_amount") - F("discount_amount"), filter=Q(status__in=LOST_STATUSES)),
            cancelled=Sum("gross_amount", filter=Q(status=OrderStatus.CANCELLED)),
            refunded=Sum("refunded_amount"),
            imported=Count("pk", filter=~Q(imported_from="")),
        )
    )
    names = ("gross", "off", "delivered", "cancelled", "refunded")
    rows = [
        [
            count_text(row["number"]),
            count_text(row["imported"]),
            *(amount_html(row[name] or ZERO, row["currency"]) for name in names),
        ]
        for row in found
    ]
    columns = [
        _("orders"),
        _("of it imported"),
        _("amount"),
        _("discounts"),
        _("delivered and paid"),
        _("cancelled"),
        _("refunded"),
    ]
    return Panel(_("What the orders come to"), columns, rows, _("No orders."))


def holds_of(customer: Customer) -> Panel:
    holds = Hold.objects.for_admin_list().filter(order__customer=customer).order_by(F("released_at").desc(nulls_first=True), "-pk")
    rows = [
        [
            page_of(hold.order),
            page_of(hold, state_badge(hold, "kind")),
            hold.reason,
            time_html(hold.placed_at),
            time_html(hold.until),
            time_html(hold.released_at) if hold.released_at else _("open"),
            hold.release_reason or NOTHING,
        ]
        for hold in holds[:HOLDS_SHOWN]
    ]
    columns = [_("order"), _("kind"), _("why"), _("placed"), _("until"), _("released"), _("why")]
    url = f"{reverse('admin:orders_hold_changelist')}?{urlencode({'q': customer.ref})}"
    return Panel(_("Holds"), columns, rows, _("None of the orders was ever held."), url if rows else "")
