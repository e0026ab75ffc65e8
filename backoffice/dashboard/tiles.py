"""Figures in large print. What needs somebody comes first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.dashboard.figures import Figures
from backoffice.lib.counting import MOST_COUNTED
from backoffice.lib.display import NOTHING, amount_text, count_text, duration_text
from backoffice.lib.models import CheckRun
from backoffice.navigation import waiting_counts
from risk.services.queue_numbers import numbers_for


@dataclass(frozen=True)
class Tile:
    """`hint` explains the figure in small print. An alert is drawn in red."""

    label: Any
    value: Any
    hint: Any
    url: str
    is_alert: bool = False


Draw = Callable[[HttpRequest, Figures, datetime], Tile]
_tiles: list[tuple[str, Draw]] = []


def tile(right: str) -> Callable[[Draw], Draw]:
    """Register a tile for those who hold this right; they stand in the order of this file."""

    def register(draw: Draw) -> Draw:
        _tiles.append((right, draw))
        return draw

    return register


def tiles_for(request: HttpRequest, figures: Figures, at: datetime) -> list[Tile]:
    return [draw(request, figures, at) for right, draw in _tiles if request.user.has_perm(right)]


def list_url(model: str, query: str = "") -> str:
    return f"{reverse(f'admin:{model}_changelist')}?{query}".rstrip("?")


@tile("promotions.view_alarm")
def alarms(request: HttpRequest, _figures: Figures, _at: datetime) -> Tile:
    number = waiting_counts(request)["alarms"]
    return Tile(_("Alarms open"), count_text(number), _("lines crossed"), list_url("promotions_alarm", "state=open"), number > 0)


@tile("risk.view_review")
def queue(request: HttpRequest, _figures: Figures, at: datetime) -> Tile:
    """Red while something is overdue. Counts stop at MOST_COUNTED."""
    numbers = numbers_for(request.user, at=at)
    if numbers.oldest is None:
        hint = _("nobody waits")
    else:
        hint = _("the oldest for %(age)s · %(overdue)s overdue · %(appeals)s appeals · %(mine)s mine") % {
            "age": duration_text(at - numbers.oldest),
            "overdue": count_text(numbers.overdue),
            "appeals": count_text(numbers.appeals),
            "mine": count_text(numbers.mine),
        }
    is_capped = numbers.waiting >= MOST_COUNTED
    waiting = f"{count_text(numbers.waiting)}+" if is_capped else count_text(numbers.waiting)
    page = reverse("admin:risk_review_next") if request.user.has_perm("risk.decide_flag") else list_url("risk_review")
    return Tile(_("Orders to review"), waiting, hint, page, numbers.overdue > 0)


@tile("lib.view_approval")
def approvals(request: HttpRequest, _figures: Figures, _at: datetime) -> Tile:
    number = count_text(waiting_counts(request)["approvals"])
    return Tile(_("Approvals waiting"), number, _("asked by others"), list_url("lib_approval", "status__exact=pending"))


@tile("lib.view_checkrun")
def beat(_request: HttpRequest, _figures: Figures, at: datetime) -> Tile:
    newest = CheckRun.objects.order_by("-started_at").values_list("started_at", flat=True).first()
    is_alive = newest is not None and at - newest <= settings.HOLDFAST_BEAT_MAX_AGE
    hint = _("last check %s ago") % duration_text(at - newest) if newest else _("no check ever ran")
    url = list_url("django_celery_beat_periodictask")
    return Tile(_("Scheduled checks"), _("running") if is_alive else _("standing still"), hint, url, not is_alive)


@tile("promotions.view_claim")
def issued(_request: HttpRequest, figures: Figures, _at: datetime) -> Tile:
    hint = _("%(amount)s, %(share)s of live budgets · last week by now %(before)s (%(amount_before)s)") % {
        "amount": amount_text(figures.issued_amount, figures.currency),
        "share": share_text(figures.issued_amount, figures.budget),
        "before": count_text(figures.issued_before),
        "amount_before": amount_text(figures.issued_amount_before, figures.currency),
    }
    return Tile(_("Coupons issued today"), count_text(figures.issued), hint, list_url("promotions_claim", "outcome__exact=issued"))


def share_text(part: Decimal, whole: Decimal) -> str:
    return f"{100 * part / whole:.1f}%" if whole else NOTHING


@tile("promotions.view_claim")
def refused(_request: HttpRequest, figures: Figures, _at: datetime) -> Tile:
    hint = _("live budgets can still give %s") % amount_text(figures.room, figures.currency)
    return Tile(
        _("Claims refused today"), count_text(figures.refused), hint, list_url("promotions_claim", "outcome__exact=refused")
    )


@tile("orders.view_order")
def redeemed(_request: HttpRequest, figures: Figures, _at: datetime) -> Tile:
    hint = _("%(share)s of live budgets · %(orders)s orders · %(delivered)s delivered · last week by now %(before)s") % {
        "share": share_text(figures.redeemed, figures.budget),
        "orders": count_text(figures.placed),
        "delivered": count_text(figures.delivered),
        "before": amount_text(figures.redeemed_before, figures.currency),
    }
    return Tile(_("Redeemed today"), amount_text(figures.redeemed, figures.currency), hint, list_url("orders_order"))


@tile("orders.view_order")
def held(_request: HttpRequest, figures: Figures, _at: datetime) -> Tile:
    hint = amount_text(figures.held_amount, figures.currency)
    return Tile(_("Orders held now"), count_text(figures.held), hint, list_url("orders_order", "held=any"))


@tile("orders.view_order")
def honest(_request: HttpRequest, figures: Figures, _at: datetime) -> Tile:
    """The price of caution: see `risk.services.honest` for what is counted."""
    told = figures.honest
    if told.held:
        words = _(
            "%(held)s of %(customers)s customers within 7 days · half of them for over %(median)s h · the longest %(longest)s h"
        )
    else:
        words = _("none of %(customers)s customers within 7 days")
    hint = words % {
        "held": count_text(told.held),
        "customers": count_text(told.customers),
        "median": told.median_hours,
        "longest": told.longest_hours,
    }
    value = NOTHING if told.per_thousand is None else f"{told.per_thousand:.2f}"
    return Tile(_("Honest customers held per 1,000"), value, hint, list_url("orders_order", "held=any"))
