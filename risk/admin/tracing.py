"""The page that traces: one line from an order to the channel of its coupon, and back out to all that share a value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.lib.admin.extensions import buttons_on, panels_on
from backoffice.lib.admin.page import Panel
from backoffice.lib.admin.steps import StepButton
from backoffice.lib.display import NOTHING, amount_html, amount_text, badge, count_text, stacked, state_badge, time_html
from backoffice.lib.errors import DomainError
from orders.admin.links import hold_badges, load_open_holds, page_of
from orders.models import Order
from orders.recipients import masked_recipient
from promotions.models import Claim, ClaimToken, Coupon, Customer, Entry, TokenBatch
from risk.admin.trace_links import trace_link, trace_url
from risk.models import Incident, IncidentOrder
from risk.services.tracing import (
    COUNTED_UP_TO,
    KINDS,
    Shared,
    Start,
    Trace,
    TraceLine,
    names_nobody,
    purses_of,
    start_of,
    starts_of,
    trace,
)

NEEDED = ("risk.view_incident", "orders.view_order", "promotions.view_claim", "promotions.view_claimtoken")
MODELS: dict[type, str] = {
    Order: "order",
    Coupon: "coupon",
    Claim: "claim",
    ClaimToken: "token",
    TokenBatch: "batch",
    Entry: "entry",
    Customer: "customer",
    Incident: "incident",
}


@dataclass(frozen=True)
class Hop:
    """One step of the line: what it is, a link to its page, what is to be said of it, and a link to the trace that begins there."""

    label: Any
    value: Any
    hint: Any = ""
    url: str = ""
    is_start: bool = False


class TracePageMixin:
    """Adds the page to the admin of incidents."""

    def get_urls(self) -> list[URLPattern]:
        admin: Any = self
        view = admin.admin_site.admin_view(self.trace_view)
        return [path("trace/", view, name="risk_incident_trace"), *super().get_urls()]  # type: ignore[misc]

    def trace_view(self, request: HttpRequest) -> HttpResponse:
        """`q` is what somebody typed, `kind` and `key` what a link names. What was typed and is one thing leads to its trace."""
        admin: Any = self
        if not request.user.has_perms(NEEDED):  # type: ignore[attr-defined]
            raise PermissionDenied
        term, found, shown, refusal = request.GET.get("q", "").strip(), [], None, ""
        try:
            if term:
                found = starts_of(term)
                if len(found) == 1:
                    return HttpResponseRedirect(trace_url(found[0].kind, found[0].key))
            elif request.GET.get("kind"):
                shown = trace(start_of(request.GET["kind"], request.GET.get("key", "")))
        except DomainError as error:
            refusal = str(error)
        context = {
            **admin.admin_site.each_context(request),
            "title": _("Trace"),
            "term": term,
            "refusal": refusal or (_("Nothing is called “%s”.") % term if term and not found else ""),
            "choices": [(KINDS[one.kind].label, trace_link(one.kind, one.key, one.shown)) for one in found],
            **(_drawn(shown) if shown else {}),
        }
        return TemplateResponse(request, "admin/holdfast/trace.html", context)


def _drawn(shown: Trace) -> dict[str, Any]:
    start = shown.start
    heading = page_of(start.row, start.shown) if start.row is not None else start.shown
    return {
        "start_label": KINDS[start.kind].label,
        "start": heading,
        "nobody": names_nobody(start),
        "hops": hops_of(shown.lines[0], start) if shown.lines else [],
        "panels": [shared_panel(shown.shared), lines_panel(shown)],
    }


def hops_of(line: TraceLine, start: Start) -> list[Hop]:
    """From the order to the channel, in the order in which one asks: each with its page and with the trace that begins at it."""
    order, coupon, claim, token = line.order, line.coupon, line.claim, line.token
    hops = [_customer(line), *_of_order(order)]
    if coupon:
        hint = f"{coupon.coupon_type.code} · {amount_text(coupon.face_value)}"
        hops.append(_hop("coupon", coupon, state_badge(coupon), hint=hint))
    if claim:
        hops.append(_hop("claim", claim, time_html(claim.at), text=f"#{claim.pk}"))
    elif coupon:
        hops.append(Hop(_("claim"), NOTHING, _("Given by a grant: nobody claimed it.")))
    if token:
        revoked = badge(_("revoked"), "danger") if token.revoked_at else ""
        uses = _("%(used)s of %(uses)s uses") % {"used": count_text(token.used), "uses": count_text(token.uses)}
        hops += [_hop("token", token, revoked, hint=uses), _hop("batch", token.batch)]
    if claim and claim.entry:
        hops.append(_hop("entry", claim.entry, state_badge(claim.entry)))
    if claim:
        hops += [
            Hop(_("channel"), claim.get_channel_display()),
            *_values("device", claim.device if not order or claim.device != order.device else ""),
            *_values("address", claim.address if not order or claim.address != order.address else ""),
        ]
    here = (start.kind, start.key)
    return [Hop(one.label, one.value, one.hint, one.url, is_start=bool(one.url) and one.url == trace_url(*here)) for one in hops]


def _customer(line: TraceLine) -> Hop:
    customer: Any = line.order.customer if line.order else line.coupon.customer if line.coupon else None
    return _hop("customer", customer, customer.masked_phone) if customer else Hop(_("customer"), NOTHING)


def _of_order(order: Any) -> list[Hop]:
    if order is None:
        return [Hop(_("order"), NOTHING, _("The coupon has paid for none."))]
    load_open_holds([order])
    lines = list(order.lines.exclude(recipient_hash="").order_by("position"))
    people = {line.recipient_hash: line.recipient_last_four for line in lines}
    recipients = [
        Hop(_("recipient"), masked_recipient(key, last_four), "", trace_url("recipient", key)) for key, last_four in people.items()
    ]
    held = hold_badges(order) if order.open_kinds else ""
    found = _hop("order", order, stacked(state_badge(order), held), hint=time_html(order.placed_at))
    purses = [Hop(KINDS[one.kind].label, one.shown, "", trace_url(one.kind, one.key)) for one in purses_of(order)]
    return [found, *recipients, *purses, *_values("device", order.device), *_values("address", order.address)]


def _values(kind: str, value: str) -> list[Hop]:
    return [Hop(KINDS[kind].label, value, "", trace_url(kind, value))] if value else []


def _hop(kind: str, row: Any, state: Any = "", *, hint: Any = "", text: Any = None) -> Hop:
    try:
        shown = page_of(row, text)
    except NoReverseMatch:
        shown = str(row)
    return Hop(KINDS[kind].label, stacked(shown, state) if state else shown, hint, trace_url(kind, row.pk))


def shared_panel(shared: Sequence[Shared]) -> Panel:
    rows = [
        [
            KINDS[one.start.kind].label,
            trace_link(one.start.kind, one.start.key, one.start.shown),
            _capped(one.accounts),
            _capped(one.claims),
            _capped(one.orders),
            _standing(one),
        ]
        for one in shared
    ]
    columns = [_("value"), _("which"), _("customers"), _("claims"), _("orders"), _("it is")]
    note = _("Who shares what is on this line. Counts stop at %s; a hub joins strangers and is no evidence.") % count_text(
        COUNTED_UP_TO
    )
    return Panel(_("Shared with"), columns, rows, _("Nothing on it is shared."), note=note, name="shared")


def _capped(number: int | None) -> str:
    if number is None:
        return NOTHING
    return _("more than %s") % count_text(COUNTED_UP_TO) if number > COUNTED_UP_TO else count_text(number)


def _standing(one: Shared) -> Any:
    if names_nobody(one.start):
        return badge(_("nobody's"), "default")
    if one.is_hub:
        return badge(_("hub"), "warning")
    return badge(ngettext("%s account", "%s accounts", one.accounts) % one.accounts, "info")


def lines_panel(shown: Trace) -> Panel:
    """The newest ways through where it begins."""
    rows = []
    load_open_holds([line.order for line in shown.lines if line.order])
    for line in shown.lines:
        order: Any = line.order
        coupon, claim = line.coupon, line.claim
        customer: Any = order.customer if order else coupon.customer if coupon else None
        rows.append([
            page_of(order) if order else NOTHING,
            stacked(state_badge(order), hold_badges(order) if order.open_kinds else "") if order else NOTHING,
            amount_html(order.gross_amount, order.currency) if order else NOTHING,
            page_of(customer) if customer else NOTHING,
            stacked(page_of(coupon), coupon.coupon_type.code) if coupon else NOTHING,
            page_of(claim, time_html(claim.at)) if claim else NOTHING,
            page_of(line.token) if line.token else NOTHING,
            page_of(claim.entry) if claim and claim.entry else NOTHING,
            (order.device if order else "") or (claim.device if claim else "") or NOTHING,
            trace_link("order", order.pk, _("trace")) if order else trace_link("coupon", coupon.pk, _("trace")) if coupon else "",
        ])  # fmt: skip
    columns = [
        _("order"),
        _("state"),
        _("amount"),
        _("customer"),
        _("coupon"),
        _("claimed"),
        _("token"),
        _("entry"),
        _("device"),
        "",
    ]
    return Panel(_("The newest lines through it"), columns, rows, _("Nothing leads through it."), name="lines")


@buttons_on(*MODELS)
def trace_button(request: HttpRequest, obj: Any) -> list[StepButton]:
    """On the page of whatever a trace can begin at."""
    if not request.user.has_perms(NEEDED):
        return []
    url = trace_url(MODELS[type(obj)], obj.pk)
    return [StepButton(_("Trace"), url, "", "conversion_path", is_stop=False, key="", opens_page=True)]


@panels_on(Order)
def incidents_of_order(request: HttpRequest, order: Order) -> list[Panel]:
    """The incidents that an order belongs to, and why."""
    if not request.user.has_perm("risk.view_incident"):
        return []
    rows = [
        [page_of(row.incident), row.incident.get_status_display(), row.get_because_display(), time_html(row.added_at)]
        for row in IncidentOrder.objects.filter(order=order).select_related("incident").order_by("-pk")
    ]
    columns = [_("incident"), _("state"), _("because"), _("added at")]
    return [Panel(_("Incidents"), columns, rows, name="incidents")] if rows else []
