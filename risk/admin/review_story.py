"""The story of an order in review, whatever it waits for: a flag, an appeal or both. In a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib.admin.history import Source, history_lines, source_of, tracker_of
from backoffice.lib.admin.page import Fact, FactSheet, Panel
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, amount_html, amount_text, badge, link, stacked, state_badge, time_html
from orders.admin.links import hold_badges, load_open_holds, page_of
from orders.admin.panels import discounts_panel, holds_panel, lines_panel
from orders.models import Hold, Order, OrderDiscount, OrderLine
from promotions.models import Claim
from risk.admin.story import customer_sheet, device_sheet, findings_by_side, warnings_of
from risk.admin.trace_links import trace_url
from risk.models import Appeal, Finding, Flag, ReviewAct

NEIGHBOURS_SHOWN = 20
EARLIER_SHOWN = 8
ACTS_SHOWN = 20


@dataclass(frozen=True)
class ReviewStory:
    """What a reviewer reads from top to bottom before he decides."""

    order: Order
    flag: Flag | None
    appeal: Appeal | None
    warnings: Sequence[str]
    facts: Sequence[Fact]
    against: Sequence[Finding]
    in_favour: Sequence[Finding]
    explaining: Sequence[Finding]
    sheets: Sequence[FactSheet]
    panels: Sequence[Panel]
    history: Sequence[Any]
    trace_url: str


def story_in_review(order: Any, request: HttpRequest) -> ReviewStory:
    flag = Flag.objects.select_related("decided_by").filter(order=order).first()
    appeal = Appeal.objects.open().filter(order=order).first()
    load_open_holds([order])
    sources = [Source(tracker_of(Hold), {"order_id": order.pk}), *(source_of(flag) if flag else [])]
    return ReviewStory(
        order=order,
        flag=flag,
        appeal=appeal,
        warnings=[text for text in warnings_of(order) if text],
        facts=facts_of(order, flag),
        **findings_by_side(order),
        sheets=[customer_sheet(order), device_sheet(order), claim_sheet(order)],
        panels=[
            neighbours_panel(order),
            lines_panel(order),
            discounts_panel(order),
            earlier_panel(order),
            holds_panel(order),
            acts_panel(order),
        ],
        history=history_lines(sources, limit=12),
        trace_url=trace_url("order", order.pk) if request.user.has_perm("risk.view_incident") else "",
    )


def facts_of(order: Any, flag: Flag | None) -> list[Fact]:
    placed = Fact(_("Placed"), time_html(order.placed_at))
    money = [
        Fact(_("Amount"), amount_text(order.gross_amount, order.currency)),
        Fact(_("Taken off by coupons"), amount_text(order.discount_amount, order.currency)),
        Fact(_("Of it virtual goods"), amount_text(order.virtual_amount, order.currency)),
    ]
    risk = [Fact(_("Score"), flag.score, _("against less in favour"))] if flag else []
    return [Fact(_("Order"), page_of(order), state_badge(order)), Fact(_("Held"), hold_badges(order)), *risk, *money, placed]


def claim_sheet(order: Order) -> FactSheet:
    """The way the coupon came in: entry, batch, token, and how many came by that token."""
    claim = (
        Claim.objects.filter(coupon__in=order.discounts.values("coupon"))
        .select_related("entry", "token__batch", "coupon__coupon_type")
        .order_by("-at")
        .first()
    )
    if claim is None:
        return FactSheet(_("Coupon and claim"), [], note=_("Paid without a coupon that somebody claimed."))
    on_token = Claim.objects.filter(token=claim.token_id).values("customer").distinct()[:1_000].count() if claim.token_id else 0
    facts = [
        Fact(_("Coupon"), page_of(claim.coupon), page_of(claim.coupon.coupon_type) if claim.coupon else ""),
        Fact(_("Claimed"), page_of(claim, time_html(claim.at)), page_of(claim.entry)),
        Fact(_("Token"), page_of(claim.token), _("%s customers claimed by it") % on_token if on_token else ""),
        Fact(_("Batch"), page_of(claim.token.batch) if claim.token else NOTHING),
        Fact(_("Device of the claim"), claim.device or NOTHING, claim.address or ""),
    ]
    return FactSheet(_("Coupon and claim"), facts)


def neighbours_panel(order: Order) -> Panel:
    """Other orders on the same device, recipient or token, with what became of them."""
    shared = _shared_with(order)
    rows = list(Order.objects.filter(pk__in=shared).select_related("customer").order_by("-placed_at", "-pk")[:NEIGHBOURS_SHOWN])
    load_open_holds(rows)
    flags = {flag.order_id: flag for flag in Flag.objects.filter(order__in=rows)}
    cells = [
        [
            page_of(other),
            ", ".join(shared[other.pk]),
            stacked(state_badge(other), hold_badges(other)),
            _looks(flags.get(other.pk)),
            page_of(other.customer),
            time_html(other.placed_at),
            amount_html(other.gross_amount, other.currency),
        ]
        for other in rows
    ]
    columns = [_("order"), _("shares"), _("state, held"), _("looks, decision"), _("customer"), _("placed"), _("amount")]
    note = _("The newest %s are shown.") % NEIGHBOURS_SHOWN if len(shared) > NEIGHBOURS_SHOWN else ""
    return Panel(_("Neighbours: same device, recipient or token"), columns, cells, _("Nobody shares anything with it."), note=note)


def _shared_with(order: Order) -> dict[int, list[str]]:
    """By id of another order what it has in common with this one; of each thing the newest orders alone, so a hub stays cheap."""
    found: dict[int, list[str]] = defaultdict(list)
    newest = ("-placed_at", "-pk")

    def note(ids: Iterable[int], word: str) -> None:
        for pk in ids:
            if pk != order.pk and word not in found[pk]:
                found[pk].append(word)

    most = NEIGHBOURS_SHOWN + 1
    if order.device:
        note(Order.objects.filter(device=order.device).order_by(*newest).values_list("pk", flat=True)[:most], _("device"))
    recipients = {line.recipient_hash for line in order.lines.all() if line.recipient_hash}
    if recipients:
        lines = OrderLine.objects.filter(recipient_hash__in=recipients).order_by("-order_id")
        note(lines.values_list("order_id", flat=True)[:most], _("recipient"))
    tokens = list(
        Claim.objects.filter(coupon__in=order.discounts.values("coupon"), token__isnull=False).values_list("token", flat=True)
    )
    if tokens:
        coupons = Claim.objects.filter(token__in=tokens, coupon__isnull=False).order_by("-pk").values("coupon")[:500]
        paid = OrderDiscount.objects.filter(coupon__in=coupons).order_by("-order_id")
        note(paid.values_list("order_id", flat=True)[:most], _("token"))
    found.pop(order.pk, None)
    return found


def _looks(flag: Flag | None) -> Any:
    if flag is None:
        return NOTHING
    decided = state_badge(flag, "decision") if flag.decision else badge(_("waiting"), "warning")
    return stacked(link(reverse("admin:risk_flag_change", args=[flag.pk]), flag.get_disposition_display()), decided)


def earlier_panel(order: Order) -> Panel:
    """The customer's other orders."""
    rows = list(Order.objects.filter(customer=order.customer_id).exclude(pk=order.pk).order_by("-placed_at")[:EARLIER_SHOWN])
    load_open_holds(rows)
    cells = [
        [
            page_of(one),
            stacked(state_badge(one), hold_badges(one)),
            time_html(one.placed_at),
            amount_html(one.gross_amount, one.currency),
        ]
        for one in rows
    ]
    columns = [_("order"), _("state, held"), _("placed"), _("amount")]
    return Panel(_("The customer's other orders"), columns, cells, _("It is the only one."))


def acts_panel(order: Order) -> Panel:
    """What reviewers did with it before, and how earlier appeals ended."""
    acts = ReviewAct.objects.filter(order=order).select_related("by", "whom").order_by("-pk")[:ACTS_SHOWN]
    rows = [
        [time_html(act.at), act.by, act.get_kind_display(), act.whom or outcome_word(act), aloud(act.reason) or NOTHING]
        for act in acts
    ]
    return Panel(
        _("What reviewers did"), [_("when"), _("who"), _("what"), _("outcome"), _("why")], rows, _("Nobody has looked at it yet.")
    )


def outcome_word(act: ReviewAct) -> Any:
    from risk.states import AppealOutcome, Decision

    return {**dict(Decision.choices), **dict(AppealOutcome.choices)}.get(act.outcome, NOTHING)
