"""Orders as other pages show them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice.lib.admin.page import Panel
from backoffice.lib.display import (
    MINUS,
    NOTHING,
    STATE_COLOURS,
    amount_html,
    amount_text,
    badge,
    link,
    stacked,
    state_badge,
    time_html,
)
from orders.models import Hold, Order, OrderDiscount
from orders.states import HoldKind

ORDERS_SHOWN = 20


def page_of(obj: Any, text: Any = None) -> Any:
    """A link to the object's page; a dash for None."""
    if obj is None:
        return NOTHING
    opts = obj._meta
    return link(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[obj.pk]), text if text is not None else obj)


def load_open_holds(orders: Iterable[Any]) -> None:
    """Give each order `open_kinds`, the kinds of its open holds, in one query."""
    rows = list(orders)
    kinds: dict[int, list[str]] = defaultdict(list)
    for order_id, kind in Hold.objects.open().filter(order__in=rows).values_list("order_id", "kind"):
        kinds[order_id].append(kind)
    for order in rows:
        order.open_kinds = sorted(kinds[order.pk])


def load_coupons(orders: Iterable[Any]) -> None:
    """Give each order `coupons`, what was taken off by which coupon, in one query."""
    rows = list(orders)
    found: dict[int, list[OrderDiscount]] = defaultdict(list)
    discounts = OrderDiscount.objects.filter(order__in=rows).select_related("coupon__coupon_type")
    for discount in discounts.order_by("pk"):
        found[discount.order_id].append(discount)
    for order in rows:
        order.coupons = found[order.pk]


def hold_badges(order: Any) -> Any:
    """The open holds in their colours. `load_open_holds` must have run."""
    words = dict(HoldKind.choices)
    badges = ((badge(words[kind], STATE_COLOURS[kind]),) for kind in order.open_kinds)
    return format_html_join(" ", "{}", badges) if order.open_kinds else NOTHING


def standing(order: Any) -> SafeString:
    """The state and the open holds in one cell. `load_open_holds` must have run."""
    return format_html("{} {}", state_badge(order), hold_badges(order) if order.open_kinds else "")


def customer_cell(order: Any) -> SafeString:
    return stacked(page_of(order.customer), order.customer.masked_phone)


def amount_cell(order: Any) -> SafeString:
    """What it is worth, and below what coupons took off."""
    off = f"{MINUS}{amount_text(order.discount_amount)}" if order.discount_amount else ""
    return stacked(amount_html(order.gross_amount, order.currency), off)


def coupon_types_of(order: Any) -> str:
    """The coupon types that paid for it. `load_coupons` must have run."""
    return ", ".join(discount.coupon.coupon_type.code for discount in order.coupons) or NOTHING


def orders_panel(title: Any, orders: QuerySet[Order], *, url: str = "", note: Any = "", empty: Any = "") -> Panel:
    """The newest of these orders, with their state and holds."""
    rows = list(orders.select_related("customer").order_by("-placed_at", "-pk")[:ORDERS_SHOWN])
    load_open_holds(rows)
    cells = [
        [
            page_of(order),
            state_badge(order),
            hold_badges(order),
            page_of(order.customer),
            time_html(order.placed_at),
            amount_html(order.gross_amount, order.currency),
            amount_html(order.discount_amount, order.currency),
        ]
        for order in rows
    ]
    columns = [_("order"), _("state"), _("held"), _("customer"), _("placed"), _("amount"), _("discount")]
    return Panel(title, columns, cells, empty or _("No orders."), url if len(rows) == ORDERS_SHOWN else "", note)


def neighbours(order: Order) -> Sequence[Panel]:
    """Orders that share the device, the account that was topped up, the account that paid, or the phone parcels go to."""
    panels = []
    if order.device:
        same = Order.objects.filter(device=order.device).exclude(pk=order.pk)
        url = f"{reverse('admin:orders_order_changelist')}?q={order.device}"
        panels.append(orders_panel(_("Other orders from the same device"), same, url=url))
    recipients = {line.recipient_hash for line in order.lines.all() if line.recipient_hash}
    if recipients:
        same = Order.objects.filter(lines__recipient_hash__in=recipients).exclude(pk=order.pk).distinct()
        panels.append(orders_panel(_("Other orders for the same recipient"), same))
    if order.payment_account_hash:
        same = Order.objects.filter(payment_account_hash=order.payment_account_hash).exclude(pk=order.pk)
        panels.append(orders_panel(_("Other orders paid from the same account"), same))
    if order.delivery_phone_hash:
        same = Order.objects.filter(delivery_phone_hash=order.delivery_phone_hash).exclude(pk=order.pk)
        panels.append(orders_panel(_("Other orders sent to the same phone"), same))
    return panels
