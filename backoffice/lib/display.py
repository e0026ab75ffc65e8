"""How staff pages write money, times and states, in lists, on pages and in templates alike."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.actors import SYSTEM_USERNAME

NOTHING = "–"
MINUS = "−"
SHORT = 20
Colours = Mapping[str, str]
"""A state's value to one of unfold's colours: info, success, warning, danger, primary or default."""

# The words in which staff ask: what moves is blue, what is well is green, what waits is amber, what is stopped is red.
STATE_COLOURS: Colours = {
    "draft": "default",
    "in_review": "warning",
    "approved": "info",
    "live": "success",
    "open": "success",
    "paused": "danger",
    "suspended": "danger",
    "ended": "default",
    "closed": "default",
    "issued": "success",
    "refused": "danger",
    "redeemed": "info",
    "expired": "default",
    "voided": "danger",
    "frozen": "danger",
    "placed": "default",
    "paid": "info",
    "partly_delivered": "warning",
    "completed": "success",
    "refunded": "danger",
    "delivered": "success",
    "cancelled": "default",
    "requested": "warning",
    "pending": "warning",
    "queued": "info",
    "running": "info",
    "done": "success",
    "failed": "danger",
    "rejected": "danger",
    "withdrawn": "default",
    "held": "danger",
    "released": "success",
    "skipped": "warning",
    "granted": "success",
    "giving": "info",
    "stopped": "danger",
    "discarded": "default",
    "lost": "danger",
    "organised": "danger",
    "swept_along": "warning",
    "undetermined": "info",
    "confirmed": "danger",
    "cleared": "success",
    "restricted": "warning",
    "online": "default",
    "alarm": "warning",
    "suspend": "danger",
    "legal": "danger",
    "risk": "danger",
    "cooling": "warning",
    "manual": "warning",
    "waiting": "warning",
    "given_up": "danger",
    "hold": "danger",
}


def amount_text(amount: Decimal | int | None, currency: str = "") -> str:
    """1,234,567.00 CNY; a dash where there is none."""
    if amount is None:
        return NOTHING
    return f"{amount:,.2f} {currency}".strip()


def amount_html(amount: Decimal | int | None, currency: str = "") -> SafeString:
    """The same, kept on one line."""
    return on_one_line(amount_text(amount, currency))


def on_one_line(amount: Any) -> SafeString:
    """An amount that is a text already."""
    return format_html('<span class="hf-amount">{}</span>', amount)


def count_text(count: int | None) -> str:
    return NOTHING if count is None else f"{count:,}"


def time_text(at: datetime | None) -> str:
    """To the second, in the reader's zone."""
    return date_format(timezone.localtime(at), "Y-m-d H:i:s") if at else NOTHING


def time_html(at: datetime | None) -> SafeString | str:
    """The time in the reader's zone; on hover the zone and how long ago or ahead it is."""
    if at is None:
        return NOTHING
    now = clock.now()
    distance = _("%s ago") % timesince(at, now) if at <= now else _("in %s") % timeuntil(at, now)
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{} · {}" class="hf-time">{}</time>',
        local.isoformat(),
        zone_text(),
        distance,
        time_text(at),
    )


def duration_text(span: timedelta | None) -> str:
    """1 d 2 h, 30 min, 10 s, 0.04 s: the two largest units."""
    if span is None:
        return NOTHING
    seconds = round(span.total_seconds(), 2)
    if seconds < 1:
        return f"{seconds:.2f} {_('s')}"
    units = ((_("d"), 86_400), (_("h"), 3600), (_("min"), 60), (_("s"), 1))
    parts, rest = [], int(seconds)
    for name, size in units:
        if rest >= size:
            parts.append(f"{rest // size} {name}")
            rest %= size
    return " ".join(parts[:2])


def zone_text() -> str:
    """The reader's zone by name, with its distance from UTC now."""
    offset = timezone.localtime(clock.now()).strftime("%z")
    return f"{timezone.get_current_timezone_name()} · UTC{offset[:3]}:{offset[3:]}"


def stacked(top: Any, below: Any) -> SafeString:
    """Two things in one cell, the lower one in small print."""
    return format_html('{}<br><span class="hf-hint hf-short">{}</span>', top, below)


def shortened(text: str, longest: int = 60) -> SafeString | str:
    """The beginning of a long text; on hover all of it."""
    return format_html('<span title="{}">{}…</span>', text, text[:longest].rstrip()) if len(text) > longest else text


def person(user: Any) -> str:
    """Who it was; a dash for nobody. What the system does by itself is nobody's name."""
    if user is None:
        return NOTHING
    name = user.get_username()
    return _("the system") if name == SYSTEM_USERNAME else name


def badge(text: Any, colour: str = "default") -> SafeString:
    return format_html('<span class="hf-badge hf-{}">{}</span>', colour, text)


def state_badge(obj: Any, field: str = "status") -> SafeString | str:
    """A choice field's word in its colour; a dash where it is empty."""
    value = getattr(obj, field)
    if not value:
        return NOTHING
    return badge(getattr(obj, f"get_{field}_display")(), STATE_COLOURS.get(str(value), "default"))


def link(url: str, text: Any) -> SafeString:
    """Short texts, codes mostly, are not broken."""
    kind = "hf-link hf-short" if len(str(text)) <= SHORT else "hf-link"
    return format_html('<a class="{}" href="{}">{}</a>', kind, url, text) if url else format_html("{}", text)
