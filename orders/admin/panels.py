"""What an order is made of, and what its customer's, coupon's and redemption's pages say of orders."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from backoffice.lib.admin.extensions import address_of, panels_on
from backoffice.lib.admin.page import Panel
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, amount_html, link, person, stacked, state_badge, time_html
from orders.admin.links import orders_panel, page_of
from orders.models import Hold, Order
from promotions.models import Coupon, Redemption


def recipient_of(line: Any) -> str:
    return f"••••{line.recipient_last_four}" if line.recipient_last_four else NOTHING


def lines_panel(order: Order) -> Panel:
    rows = [
        [
            stacked(line.sku, line.description),
            line.get_category_display(),
            f"{line.delivered_quantity} / {line.quantity}",
            amount_html(line.amount, order.currency),
            amount_html(line.discount, order.currency),
            recipient_of(line),
        ]
        for line in order.lines.all()
    ]
    return Panel(_("Lines"), [_("SKU"), _("category"), _("delivered of"), _("amount"), _("discount"), _("recipient")], rows)


def discounts_panel(order: Order) -> Panel:
    """From the coupon back to the way it came in: the provenance."""
    found = order.discounts.select_related(
        "coupon__coupon_type", "coupon__claim__entry", "coupon__claim__token__batch", "coupon__grant_item__grant"
    )
    rows = []
    for discount in found:
        coupon, claim, item = discount.coupon, discount.coupon.claim, discount.coupon.grant_item
        rows.append(
            [
                page_of(coupon),
                page_of(coupon.coupon_type),
                state_badge(coupon.coupon_type, "audience"),
                amount_html(discount.amount, order.currency),
                page_of(claim, time_html(claim.at)) if claim else page_of(item and item.grant),
                page_of(claim and claim.entry),
                page_of(claim and claim.token),
            ]
        )
    columns = [_("coupon"), _("coupon type"), _("audience"), _("took off"), _("claimed or granted"), _("entry"), _("token")]
    return Panel(_("Coupons"), columns, rows, _("Paid without a coupon."))


def parcels_panel(order: Order) -> Panel:
    """What left parcel by parcel. A whole delivery at once has none."""
    rows = [
        [parcel.ref, time_html(parcel.delivered_at), ", ".join(f"{number} × #{line}" for line, number in parcel.quantities.items())]
        for parcel in order.deliveries.order_by("pk")
    ]
    return Panel(
        _("Parcels"), [_("delivery"), pgettext("when", "delivered"), _("pieces of line")], rows, _("No parcel left by itself.")
    )


def refunds_panel(order: Order) -> Panel:
    rows = [
        [
            refund.ref,
            time_html(refund.refunded_at),
            amount_html(refund.amount, order.currency),
            refund.get_cause_display(),
            _("yes") if refund.goods_returned else _("no"),
            refund.reason or NOTHING,
        ]
        for refund in order.refunds.order_by("pk")
    ]
    columns = [_("refund"), _("refunded"), _("amount"), _("cause"), _("goods came back"), _("reason")]
    return Panel(_("Refunds"), columns, rows, _("Nothing was paid back."))


def holds_panel(order: Order) -> Panel:
    rows = [
        [
            page_of(hold, state_badge(hold, "kind")),
            aloud(hold.reason),
            person(hold.placed_by),
            time_html(hold.placed_at),
            time_html(hold.until),
            page_of(hold.freeze),
            time_html(hold.released_at) if hold.released_at else _("open"),
            aloud(hold.release_reason) or NOTHING,
        ]
        for hold in Hold.objects.for_admin_list().filter(order=order).order_by("-pk")
    ]
    columns = [_("kind"), _("why"), _("by"), _("placed"), _("until"), _("freeze"), _("released"), _("why")]
    return Panel(_("Holds"), columns, rows, _("It was never held."))


@address_of("order")
def order_address(ref: str) -> str:
    """The list of orders, narrowed down to this one: the same whether or not it is there."""
    return f"{reverse('admin:orders_order_changelist')}?{urlencode({'q': ref})}"


@panels_on(Coupon)
def orders_of_coupon(request: HttpRequest, coupon: Coupon) -> list[Panel]:
    return [orders_panel(_("Orders it paid for"), Order.objects.filter(discounts__coupon=coupon))]


@panels_on(Redemption)
def order_of_redemption(request: HttpRequest, item: Redemption) -> list[Panel]:
    return [orders_panel(_("Order"), Order.objects.filter(ref=item.order_ref))]


def freeze_link(freeze: Any) -> Any:
    return link(reverse("admin:orders_freeze_change", args=[freeze.pk]), freeze)
