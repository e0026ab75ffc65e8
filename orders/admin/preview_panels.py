"""A preview as the page draws it: what would happen, to whom, and what stays outside."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.display import NOTHING, amount_html, amount_text, count_text, stacked, state_badge, time_html
from orders.admin.links import hold_badges, load_open_holds, page_of
from orders.services.previewing import LeftOut, Preview
from orders.states import LOST_STATUSES, UNDELIVERED_STATUSES, HoldKind, OrderStatus

EVERY_STATUS = tuple(OrderStatus)


def worth_text(worth: Mapping[str, Decimal]) -> str:
    """1,234.00 CNY + 56.00 USD; a dash where there is none."""
    return " + ".join(amount_text(amount, currency) for currency, amount in sorted(worth.items())) or NOTHING


def hash_html(sha256: str) -> Any:
    return format_html('<span title="{}">{}…</span>', sha256, sha256[:16]) if sha256 else NOTHING


def freeze_facts(preview: Preview, kind: str) -> list[Fact]:
    number, worth = preview.would_be_held(kind)
    lost_orders, lost = preview.lost()
    return [
        Fact(_("Orders that match"), count_text(preview.fingerprint.count), worth_text(preview.worth(EVERY_STATUS))),
        Fact(_("Customers"), count_text(preview.customers)),
        Fact(_("Would be held"), count_text(number), worth_text(worth)),
        Fact(_("Virtual goods in them"), worth_text(preview.worth(UNDELIVERED_STATUSES, "virtual"))),
        Fact(_("Coupons in them"), worth_text(preview.worth(UNDELIVERED_STATUSES, "off"))),
        Fact(
            _("Held already"),
            count_text(preview.held()),
            _("legal: %(legal)s, by hand: %(manual)s; a second hold of the same kind is skipped")
            % {"legal": count_text(preview.held(HoldKind.LEGAL)), "manual": count_text(preview.held(HoldKind.MANUAL))},
        ),
        Fact(
            _("Cannot be frozen: delivered"),
            count_text(preview.count(LOST_STATUSES)),
            worth_text(preview.worth(LOST_STATUSES)),
        ),
        Fact(
            _("Of it lost: taken off by coupons"),
            worth_text(lost),
            _("on %(count)s delivered orders") % {"count": count_text(lost_orders)} if lost_orders else "",
        ),
        *common_facts(preview),
    ]


def release_facts(preview: Preview) -> list[Fact]:
    return [
        Fact(_("Holds"), count_text(preview.fingerprint.count)),
        Fact(_("Customers"), count_text(preview.customers)),
        Fact(_("Orders worth"), worth_text(preview.worth(EVERY_STATUS))),
        *common_facts(preview),
    ]


def common_facts(preview: Preview) -> list[Fact]:
    return [
        Fact(_("Left out on purpose"), count_text(sum(part.orders for part in preview.left_out))),
        Fact(_("Hash of the ids"), hash_html(preview.fingerprint.sha256), _("SHA-256")),
        Fact(_("Counted"), time_html(preview.at)),
    ]


def freeze_panels(preview: Preview) -> list[Panel]:
    return [states_panel(preview), left_out_panel(preview.left_out), *preview.panels]


def release_panels(preview: Preview) -> list[Panel]:
    return [left_out_panel(preview.left_out), *preview.panels]


def order_panels(preview: Preview) -> list[Panel]:
    """Single orders: what has left, where something has, and a sample."""
    return [*([delivered_panel(preview)] if preview.delivered else []), sample_panel(preview)]


def states_panel(preview: Preview) -> Panel:
    fate = {
        **dict.fromkeys(UNDELIVERED_STATUSES, _("held, unless a hold of this kind is open")),
        **dict.fromkeys(LOST_STATUSES, _("skipped: cannot be frozen")),
        OrderStatus.CANCELLED: _("skipped: cancelled"),
        OrderStatus.REFUNDED: _("skipped: refunded"),
    }
    order = list(OrderStatus)
    groups = sorted(preview.groups, key=lambda group: (order.index(OrderStatus(group.status)), group.currency))
    rows = [
        [
            OrderStatus(group.status).label,
            count_text(group.orders),
            stacked(
                amount_html(group.gross, group.currency),
                _("coupons took off %s") % amount_text(group.off, group.currency) if group.off else "",
            ),
            amount_html(group.virtual, group.currency),
            count_text(group.held[""][0]),
            fate[OrderStatus(group.status)],
        ]
        for group in groups
    ]
    columns = [_("state"), _("orders"), _("amount"), _("virtual goods"), _("held already"), _("what happens")]
    return Panel(_("By state"), columns, rows, name="by-state")


def left_out_panel(left_out: Sequence[LeftOut]) -> Panel:
    rows = [[part.words, count_text(part.orders), worth_text(part.worth)] for part in left_out]
    note = _("They meet every condition and stay as they are. An order that two lines leave out is counted in both.")
    columns = [_("which orders"), _("orders"), _("amount")]
    return Panel(_("Left out on purpose"), columns, rows, _("Nobody is left out."), note=note if rows else "", name="left-out")


def sample_panel(preview: Preview) -> Panel:
    note = _("First those that can still be saved and would not come back: paid, not delivered, virtual goods.")
    return orders_table(_("Fifty of them"), preview.sample, note=note, name="sample")


def delivered_panel(preview: Preview) -> Panel:
    note = _("First those that were paid with coupons, then the others; of each the newest.")
    return orders_table(_("Delivered already: cannot be frozen"), preview.delivered, note=note, name="delivered")


def delivered_words(preview: Preview) -> str:
    """What cannot be frozen any more, and what of it is lost; empty where nothing has left."""
    count, (lost_orders, lost) = preview.count(LOST_STATUSES), preview.lost()
    if not count:
        return ""
    text = _("%(count)s of them, %(worth)s, are delivered or completed already: they cannot be frozen and are skipped.")
    told = text % {"count": count_text(count), "worth": worth_text(preview.worth(LOST_STATUSES))}
    if not lost_orders:
        return told + " " + _("No coupon was involved: nothing is lost with them.")
    text = _("Lost with them is what coupons took off %(orders)s of them: %(lost)s.")
    return f"{told} {text % {'orders': count_text(lost_orders), 'lost': worth_text(lost)}}"


def orders_table(title: Any, orders: Sequence[Any], *, note: Any = "", empty: Any = "", name: str = "") -> Panel:
    load_open_holds(orders)
    rows = [
        [
            page_of(order),
            state_badge(order),
            hold_badges(order),
            stacked(page_of(order.customer), order.customer.masked_phone),
            time_html(order.placed_at),
            amount_html(order.gross_amount, order.currency),
            amount_html(order.discount_amount, order.currency),
            amount_html(order.virtual_amount, order.currency),
        ]
        for order in orders
    ]
    columns = [
        _("order"),
        _("state"),
        _("held"),
        _("customer"),
        _("placed"),
        _("amount"),
        _("taken off by coupons"),
        _("virtual goods"),
    ]
    return Panel(title, columns, rows, empty or _("No orders."), note=note, name=name)
