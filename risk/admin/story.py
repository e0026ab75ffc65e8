"""Everything a reviewer looks at before deciding about one order, gathered in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.lib.admin.page import Fact, FactSheet, Panel
from backoffice.lib.display import NOTHING, amount_text, badge, count_text, duration_text, link, state_badge, time_html
from orders.admin.links import hold_badges, load_open_holds, neighbours, page_of
from orders.admin.panels import discounts_panel, holds_panel, lines_panel
from orders.models import Order
from orders.states import DELIVERABLE_STATUSES, LOST_STATUSES
from promotions.models import Claim, Customer
from risk.models import Assessment, Finding, Flag


@dataclass(frozen=True)
class Story:
    """One flagged order: what was found against and for the customer, who and what it is, and who is like it."""

    flag: Flag
    order: Order
    state: Sequence[Any]
    warnings: Sequence[str]
    facts: Sequence[Fact]
    against: Sequence[Finding]
    in_favour: Sequence[Finding]
    explaining: Sequence[Finding]
    sheets: Sequence[FactSheet]
    panels: Sequence[Panel]


def story_of(flag: Flag, request: HttpRequest) -> Story:
    order: Any = flag.order
    load_open_holds([order])
    return Story(
        flag=flag,
        order=order,
        state=[
            state_badge(flag, "disposition"),
            state_badge(flag, "decision") if flag.decision else badge(_("waiting"), "warning"),
        ],
        warnings=[text for text in warnings_of(order) if text],
        facts=facts_of(flag),
        **findings_by_side(order),
        sheets=[customer_sheet(order), device_sheet(order)],
        panels=[lines_panel(order), discounts_panel(order), holds_panel(order), *neighbours(order)],
    )


def next_waiting(flag: Flag) -> str:
    """The page of the next order in the queue, by score; empty at its end."""
    later = Flag.objects.waiting().filter(Q(score__lt=flag.score) | Q(score=flag.score, pk__lt=flag.pk)).first()
    return reverse("admin:risk_flag_change", args=[later.pk]) if later else ""


def findings_by_side(order: Order) -> dict[str, list[Finding]]:
    """What was found on the order: against the customer, in his favour, and what only explains."""
    findings = list(Finding.objects.filter(order=order))
    return {
        "against": [finding for finding in findings if finding.score > 0],
        "in_favour": [finding for finding in findings if finding.score < 0],
        "explaining": [finding for finding in findings if finding.score == 0],
    }


def warnings_of(order: Any) -> list[str]:
    failed = Assessment.objects.filter(order=order).exclude(error="").first()
    is_free = order.status in DELIVERABLE_STATUSES and not order.open_kinds
    waits = order.status in DELIVERABLE_STATUSES and order.delivery_asked_at and order.open_kinds
    return [
        _("Nothing holds this order: it can be delivered at any moment.") if is_free else "",
        _("The storefront has asked for delivery and was refused: the customer is waiting.") if waits else "",
        _("The assessment is incomplete: %s") % failed.error if failed else "",
    ]


def facts_of(flag: Flag) -> list[Fact]:
    order: Any = flag.order
    facts = [
        Fact(_("Score"), flag.score, _("against less in favour")),
        Fact(_("Order"), page_of(order), state_badge(order)),
        Fact(_("Held"), hold_badges(order)),
        Fact(_("Amount"), amount_text(order.gross_amount, order.currency)),
        Fact(_("Taken off by coupons"), amount_text(order.discount_amount, order.currency)),
        Fact(_("Of it virtual goods"), amount_text(order.virtual_amount, order.currency)),
        Fact(_("Placed"), time_html(order.placed_at)),
        Fact(_("Flagged"), time_html(flag.flagged_at)),
    ]
    if flag.decision:
        facts += [Fact(_("Decided by"), flag.decided_by, time_html(flag.decided_at)), Fact(_("Reason"), flag.decision_reason)]
    return facts


def customer_sheet(order: Order) -> FactSheet:
    customer: Customer = order.customer
    orders = Order.objects.filter(customer=customer)
    counts = orders.aggregate(
        earlier=Count("pk", filter=Q(placed_at__lt=order.placed_at)),
        delivered=Count("pk", filter=Q(status__in=LOST_STATUSES)),
        first=Min("placed_at"),
    )
    claims = Claim.objects.filter(customer=customer).aggregate(
        issued=Count("pk", filter=Q(outcome="issued")), refused=Count("pk", filter=Q(outcome="refused"))
    )
    registered = customer.registered_at
    age = timesince(registered, order.placed_at) if registered and registered < order.placed_at else NOTHING
    facts = [
        Fact(_("Customer"), page_of(customer), _("verified") if customer.is_verified else _("not verified")),
        Fact(_("Phone"), customer.masked_phone or NOTHING),
        Fact(_("Account's age at the order"), age, time_html(registered)),
        Fact(_("Earlier orders"), count_text(counts["earlier"]), _("%s delivered in all") % counts["delivered"]),
        Fact(
            _("Claims"),
            link(
                f"{reverse('admin:promotions_claim_changelist')}?q={customer.ref}", count_text(claims["issued"] + claims["refused"])
            ),
            _("%s refused") % claims["refused"],
        ),
    ]
    return FactSheet(_("Customer"), facts)


def device_sheet(order: Order) -> FactSheet:
    """Where it came from, how many others came from there, and how fast it went."""
    accounts = Order.objects.filter(device=order.device).values("customer").distinct().count() if order.device else 0
    claim = Claim.objects.filter(coupon__in=order.discounts.values("coupon")).order_by("-at").first()
    words = ngettext("%s account ordered from it", "%s accounts ordered from it", accounts) % accounts if accounts else ""
    facts = [
        Fact(_("Device"), order.device or NOTHING, words),
        Fact(_("Network address"), order.address or NOTHING),
        Fact(_("From claim to order"), duration_text(order.placed_at - claim.at) if claim else NOTHING),
        Fact(_("Delivery asked for"), time_html(order.delivery_asked_at)),
    ]
    return FactSheet(_("Device and pace"), facts)
