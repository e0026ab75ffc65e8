"""What the page of an incident shows: what can still be saved, then figures, people, times, what it hangs on, and acts."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.lib.admin.charts import AMBER, BLUE, GREEN, RED, Chart, Line
from backoffice.lib.admin.page import Panel
from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, amount_html, badge, count_text, link, stacked, state_badge, time_html
from orders.admin.asking import freeze_url
from orders.admin.links import orders_panel, page_of
from orders.models import Hold, Order
from orders.scopes.fields import part
from orders.states import DELIVERABLE_STATUSES, UNDELIVERED_STATUSES
from promotions.states import CouponTypeStatus, EntryStatus
from risk.admin.link_pictures import picture_of
from risk.admin.trace_links import trace_link
from risk.models import Incident, IncidentAnchor, IncidentFigure, IncidentMember, IncidentOrder
from risk.services.incident_figures import LABELS, MEANINGS, latest_figures, money_of
from risk.services.incident_series import DELIVERED, orders_over_time
from risk.services.timeline import Around, around, timeline_of
from risk.states import Disposition

ROWS_SHOWN = 20


def panels_of(request: HttpRequest, incident: Incident) -> list[Any]:
    figures, known = latest_figures(incident), around(incident)
    return [
        still_deliverable(incident),
        figures_panel(figures),
        people_panel(incident, figures),
        *picture_of(request, incident),
        *chart_of(incident),
        stops_panel(request, known),
        timeline_panel(known),
        anchors_panel(incident),
        notes_panel(incident),
        acts_panel(known),
        bundles_panel(request, incident),
    ]


def its_orders(incident: Incident) -> Any:
    return Order.objects.filter(Exists(IncidentOrder.objects.filter(incident=incident, order=OuterRef("pk"))))


def still_deliverable(incident: Incident) -> Panel:
    """What nothing keeps from leaving: first of all, since each minute counts."""
    free = (
        its_orders(incident)
        .filter(status__in=DELIVERABLE_STATUSES)
        .exclude(Exists(Hold.objects.open().filter(order=OuterRef("pk"))))
    )
    panel = orders_panel(
        _("Orders that can still be delivered"),
        free,
        url=save_url(incident),
        note=_("Paid, and nothing holds them. Freezing them takes two persons; stopping the coupon type takes one click below."),
        empty=_("None: every paid order is held, or has left."),
    )
    return Panel(panel.title, panel.columns, panel.rows, panel.empty, panel.url, panel.note, name="deliverable")


def save_url(incident: Incident) -> str:
    """The page that asks for a freeze of what can still be saved of it."""
    return freeze_url(part("incident", incident.pk), part("status", *UNDELIVERED_STATUSES))


def figures_panel(figures: dict[str, IncidentFigure]) -> Panel:
    """The newest snapshot. Each figure shows its query, so that anybody can run it again."""
    rows = []
    for name, figure in figures.items():
        if name == "people":
            continue
        money = money_of(figure)
        amounts: list[Any] = [amount_html(row.amount, row.currency) for row in money] or [NOTHING]
        rows.append([
            stacked(LABELS[name], MEANINGS[name]),
            format_html("{}" * len(amounts), *amounts),
            count_text(sum(row.number for row in money)),
            query_html(figure),
        ])  # fmt: skip
    first = next(iter(figures.values()), None)
    note = _("As of %(at)s, asked by %(by)s.") % {"at": moment(first.snapshot.as_of), "by": first.snapshot.by} if first else ""
    columns = [_("figure"), _("amount"), _("how many"), _("query")]
    return Panel(_("Figures"), columns, rows, _("None yet: ask for the figures as of now."), note=note, name="figures")


def moment(at: datetime) -> str:
    from backoffice.lib.display import time_text, zone_text

    return f"{time_text(at)} {zone_text()}"


def query_html(figure: IncidentFigure) -> Any:
    parameters = ", ".join(f"{name} = {value}" for name, value in figure.parameters.items())
    return format_html(
        '<details><summary>{}</summary><pre class="hf-query" tabindex="0">{}</pre><p class="hf-hint">{}</p></details>',
        _("show"),
        figure.statement,
        parameters,
    )


def people_panel(incident: Incident, figures: dict[str, IncidentFigure]) -> Panel:
    """How many are taken for what, now; and what the orders of each came to when the figures were taken."""
    counts = dict(incident.members.order_by().values_list("disposition").annotate(n=Count("pk")))
    overruled = dict(incident.members.filter(is_overruled=True).order_by().values_list("disposition").annotate(n=Count("pk")))
    money: dict[str, list[Any]] = {}
    for disposition, _number, currency, *amounts in figures["people"].rows if "people" in figures else ():
        if currency:
            money[disposition] = [amount_html(Decimal(amount), currency) for amount in amounts]
    rows = []
    for value, label in Disposition.choices:
        url = (
            f"{reverse('admin:risk_incidentmember_changelist')}?{urlencode({'incident': incident.pk, 'disposition__exact': value})}"
        )
        rows.append([
            state_badge(IncidentMember(disposition=value), "disposition"),
            link(url, count_text(counts.get(value, 0))),
            count_text(overruled.get(value, 0)),
            *money.get(value, [NOTHING] * 3),
        ])  # fmt: skip
        del label
    url = f"{reverse('admin:risk_incidentmember_changelist')}?{urlencode({'incident': incident.pk})}"
    columns = [_("taken for"), _("customers"), _("overruled"), _("redeemed"), _("delivered"), _("held")]
    return Panel(_("People"), columns, rows, url=url, name="people")


def chart_of(incident: Incident) -> list[Chart]:
    """Orders of the incident by when they were placed, by what their customers are taken for; and deliveries."""
    series = orders_over_time(incident)
    if series is None:
        return []
    colours = {Disposition.ORGANISED: RED, Disposition.SWEPT_ALONG: AMBER, Disposition.UNDETERMINED: BLUE}
    lines = [Line(label, series.counts[value], colours[Disposition(value)], fills=True) for value, label in Disposition.choices]
    lines.append(Line(_("delivered"), series.counts[DELIVERED], GREEN))
    columns = [_("from"), *(line.label for line in lines)]
    rows = [[time_html(at), *(line.values[place] for line in lines)] for place, at in enumerate(series.starts)]
    sentence = _("%(orders)s orders, by what their customers are taken for.") % {"orders": count_text(series.orders)}
    table = Panel("", columns, rows)
    return [Chart(_("Orders over time"), series.starts, lines, _("orders"), sentence=sentence, table=table, name="orders")]


def stops_panel(request: HttpRequest, known: Around) -> Panel:
    """What it can still come through, with the one click that stops it, for whoever may."""
    rows: list[Sequence[Any]] = []
    for kind in known.types:
        can = kind.status == CouponTypeStatus.LIVE and request.user.has_perm("promotions.suspend_coupontype")
        rows.append(
            [
                kind._meta.verbose_name,
                page_of(kind),
                state_badge(kind),
                stop("promotions_coupontype_suspend", kind, can, _("Suspend")),
            ]
        )
    for entry in known.entries:
        can = entry.status == EntryStatus.OPEN and request.user.has_perm("promotions.suspend_entry")
        rows.append(
            [entry._meta.verbose_name, page_of(entry), state_badge(entry), stop("promotions_entry_close", entry, can, _("Close"))]
        )
    for token in known.tokens:
        can = token.revoked_at is None and request.user.has_perm("promotions.revoke_tokenbatch")
        state = badge(_("revoked"), "danger") if token.revoked_at else badge(_("good"), "success")
        rows.append(
            [token._meta.verbose_name, page_of(token), state, stop("promotions_claimtoken_revoke", token, can, _("Revoke"))]
        )
    columns = [_("kind"), _("what"), _("state"), _("stop")]
    return Panel(_("What it comes through"), columns, rows, _("It hangs on no coupon type, entry or token."), name="stops")


def stop(name: str, obj: Any, can: bool, words: Any) -> Any:
    if not can:
        return NOTHING
    return format_html('<a class="hf-button hf-button-stop" href="{}">{}</a>', reverse(f"admin:{name}", args=[obj.pk]), words)


def timeline_panel(known: Around) -> Panel:
    rows = [
        [time_html(one.at), one.what, page_of(one.source) if one.source is not None else NOTHING, one.detail or ""]
        for one in timeline_of(known)
    ]
    return Panel(_("Timeline"), [_("at"), _("what"), _("source"), _("detail")], rows, name="timeline")


def anchors_panel(incident: Incident) -> Panel:
    """What leads to it, and how much each brought in."""
    brought = dict(
        IncidentOrder.objects.filter(incident=incident, anchor__isnull=False)
        .order_by().values_list("anchor").annotate(n=Count("pk"))
    )  # fmt: skip
    rows = []
    for anchor in incident.anchors.select_related("added_by", "found_on", "dropped_by")[:200]:
        state = badge(_("hub"), "warning") if anchor.is_hub else badge(_("followed"), "info")
        rows.append([
            anchor.get_kind_display(),
            stacked(trace_link(anchor.kind, anchor.value, anchor.shown), accounts_on(anchor)),
            badge(_("dropped"), "default") if anchor.dropped_at else state,
            count_text(brought.get(anchor.pk, 0)),
            stacked(aloud(anchor.reason), anchor.drop_reason),
            anchor.added_by or page_of(anchor.found_on),
            time_html(anchor.added_at),
        ])  # fmt: skip
    columns = [_("kind"), _("what"), _("state"), _("orders brought in"), _("why"), _("by, or found on"), _("since")]
    note = _("What belongs to these belongs to the incident. Values of people called organised are followed, hubs are only shown.")
    return Panel(_("What it hangs on"), columns, rows, _("On orders that were chosen by hand."), note=note, name="anchors")


def accounts_on(anchor: IncidentAnchor) -> str:
    return ngettext("%s account", "%s accounts", anchor.accounts) % anchor.accounts if anchor.accounts else ""


def notes_panel(incident: Incident) -> Panel:
    notes = incident.notes.select_related("by")[:ROWS_SHOWN]
    rows = [[time_html(note.at), note.by, note.text] for note in notes]
    return Panel(_("Notes"), [_("at"), _("by"), _("note")], rows, _("Nobody has noted anything."), name="notes")


def acts_panel(known: Around) -> Panel:
    rows = [
        [
            page_of(freeze),
            state_badge(freeze.job),
            freeze.legal_reference or NOTHING,
            count_text(freeze.job.total),
            freeze.job.requested_by,
            time_html(freeze.job.requested_at),
        ]
        for freeze in known.freezes
    ]
    columns = [_("freeze"), _("state"), _("legal reference"), _("orders in its scope"), _("asked by"), _("asked at")]
    return Panel(_("Freezes"), columns, rows, _("None of its orders was ever frozen."), name="freezes")


def bundles_panel(request: HttpRequest, incident: Incident) -> Panel:
    if not request.user.has_perm("risk.view_evidencebundle"):
        return Panel(_("Evidence"), [], [], _("Evidence bundles are for whoever may take them out."), name="bundles")
    bundles = incident.bundles.select_related("job", "asked_by").annotate(taken=Count("downloads", filter=Q()))[:ROWS_SHOWN]
    rows = [
        [
            page_of(bundle),
            state_badge(bundle.job),
            bundle.reference or NOTHING,
            time_html(bundle.as_of),
            bundle.asked_by,
            count_text(bundle.taken),
        ]
        for bundle in bundles
    ]
    columns = [_("bundle"), _("state"), _("reference"), _("as of"), _("asked by"), _("taken out")]
    return Panel(_("Evidence"), columns, rows, _("No bundle was made."), name="bundles")
