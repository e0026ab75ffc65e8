"""What of freezes and automatic holds needs somebody now: emergencies unconfirmed, terms that run out, holds that stopped."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from backoffice.dashboard.tiles import list_url
from backoffice.lib.admin.page import Panel
from backoffice.lib.display import badge, count_text, time_html
from orders.admin.links import page_of
from orders.admin.terms import SOON, term_state
from orders.models import Emergency, Freeze, Hold, HoldBreaker
from orders.services.terms import DAY
from orders.states import HoldKind

ROWS_SHOWN = 6


def freezes_that_need_somebody(at: datetime) -> Panel:
    """In three queries. Of freezes only those that hold something still."""
    rows = [*emergencies(), *terms(at), *breakers()]
    columns = [_("what"), _("how it stands"), _("since or until"), _("size")]
    return Panel(_("Freezes and holds that need somebody"), columns, rows, _("Nothing does."), list_url("orders_freeze"))


def emergencies() -> list[list[Any]]:
    found = Emergency.objects.unconfirmed().select_related("freeze__job").order_by("ends_at")[:ROWS_SHOWN]
    return [
        [
            page_of(one.freeze),
            badge(_("EMERGENCY: falls unless confirmed"), "danger"),
            time_html(one.ends_at),
            count_text(one.freeze.job.total),
        ]
        for one in found
    ]


def terms(at: datetime) -> list[list[Any]]:
    holds = Hold.objects.open().filter(freeze=OuterRef("pk"))
    due = Freeze.objects.filter(Exists(holds), kind=HoldKind.LEGAL, valid_until__lte=at + SOON * DAY)
    found = due.select_related("job").order_by("valid_until")[:ROWS_SHOWN]
    return [[page_of(one), term_state(one), time_html(one.valid_until), count_text(one.job.total)] for one in found]


def breakers() -> list[list[Any]]:
    found = HoldBreaker.objects.exclude(stopped_at=None).order_by("stopped_at")
    words = _("automatic holds of the kind %s")
    return [
        [page_of(one, words % one), badge(_("stopped"), "danger"), time_html(one.stopped_at), count_text(one.most)] for one in found
    ]
