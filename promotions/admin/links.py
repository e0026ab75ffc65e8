"""Links between the pages of promotions, and tables that several of them show."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from backoffice.lib import clock
from backoffice.lib.admin.page import Panel
from backoffice.lib.display import NOTHING, badge, count_text, duration_text, link, state_badge, time_html
from promotions.admin.watching import written
from promotions.models import Claim, Entry, Threshold, TokenBatch
from promotions.services.readings import CURRENCY_OF_LINE
from promotions.states import RefusalReason

REFUSALS_WITHIN = timedelta(hours=24)


def page_of(obj: Any, text: Any = None) -> SafeString | str:
    """A link to the object's page; a dash for None."""
    if obj is None:
        return NOTHING
    opts = obj._meta
    return link(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[obj.pk]), text if text is not None else obj)


def list_of(model: Any, **filters: Any) -> str:
    """The address of a model's list with these filters in force."""
    query = "&".join(f"{key}={value}" for key, value in filters.items())
    return f"{reverse(f'admin:{model._meta.app_label}_{model._meta.model_name}_changelist')}?{query}"


def share(part: Any, whole: Any) -> SafeString:
    """A small bar with the share it shows."""
    percent = min(100.0, float(100 * part / whole)) if whole else 0.0
    words = f"{percent:.1f}" if 0 < percent < 10 else f"{percent:.0f}"
    return format_html('<span class="hf-bar"><span style="width: {}%"></span></span> {}%', f"{percent:.0f}", words)


def threshold_state(line: Threshold) -> SafeString:
    return badge(pgettext("a line", "crossed"), "danger") if line.fired_at else badge(_("armed"), "success")


def thresholds_panel(lines: QuerySet[Threshold], url: str) -> Panel:
    rows = [
        [
            page_of(line, line.get_metric_display()),
            written(line, line.limit),
            duration_text(line.window) if line.window else _("since the start"),
            state_badge(line, "action"),
            threshold_state(line),
            time_html(line.fired_at),
        ]
        for line in lines.select_related(*CURRENCY_OF_LINE).order_by("metric")
    ]
    columns = [_("measures"), _("limit"), _("within"), _("then"), _("state"), _("crossed at")]
    return Panel(_("Thresholds"), columns, rows, _("No line is drawn here."), url)


def entries_panel(entries: Iterable[Entry], issued: dict[int, int], url: str) -> Panel:
    rows = [
        [
            page_of(entry),
            state_badge(entry),
            entry.get_channel_display(),
            time_html(entry.opens_at),
            time_html(entry.closes_at),
            f"{count_text(issued.get(entry.pk, 0))} / {count_text(entry.cap)}",
            _("with token") if entry.needs_token else _("open to all"),
        ]
        for entry in entries
    ]
    columns = [_("entry"), _("state"), _("channel"), _("opens"), _("closes"), _("issued of cap"), _("token")]
    return Panel(_("Entries"), columns, rows, _("No entry: there is no way in."), url)


def _batch_state(batch: TokenBatch) -> SafeString:
    if batch.revoked_at:
        return badge(_("revoked"), "danger")
    return badge(_("valid"), "success") if batch.is_complete else badge(_("not complete"), "info")


def batches_panel(batches: QuerySet[TokenBatch], url: str) -> Panel:
    rows = [
        [
            page_of(batch),
            page_of(batch.entry),
            count_text(batch.count),
            count_text(batch.uses),
            time_html(batch.expires_at),
            _batch_state(batch),
            batch.made_by,
        ]
        for batch in batches.select_related("entry", "made_by").order_by("-pk")[:20]
    ]
    columns = [_("batch"), _("entry"), _("tokens"), _("uses of each"), _("expires"), _("state"), _("made by")]
    return Panel(_("Token batches"), columns, rows, _("No tokens were made."), url)


def refusals_panel(claims: QuerySet[Claim], at: datetime | None = None) -> Panel:
    """Why claims were refused within a day, most frequent first."""
    since = (at or clock.now()) - REFUSALS_WITHIN
    counts = claims.filter(at__gte=since, outcome="refused").values_list("reason").annotate(n=Count("pk")).order_by("-n")
    words = dict(RefusalReason.choices)
    rows = [[words.get(reason, reason), count_text(number)] for reason, number in counts]
    return Panel(_("Refused within 24 hours"), [_("reason"), _("claims")], rows, _("No claim was refused."))
