"""The one search box: an order, coupon, token, customer, phone's last four, device, or the code of anything."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from orders.models import Freeze, Order
from promotions.identities import plain_identity
from promotions.models import Campaign, Claim, Coupon, CouponType, Customer, Entry, TokenBatch
from promotions.services.refusals import Refused
from promotions.services.tokens import find_token
from promotions.tokens import PREFIX
from risk.models import Incident

MOST_OF_A_KIND = 5
# Each of these columns has an index; nothing is searched by a part of a word, so no search reads a whole table.
EXACT: tuple[tuple[str, type[Model], str], ...] = (
    ("orders.view_order", Order, "ref"),
    ("promotions.view_coupon", Coupon, "code"),
    ("promotions.view_customer", Customer, "ref"),
    ("promotions.view_customer", Customer, "phone_last_four"),
    ("promotions.view_campaign", Campaign, "code"),
    ("promotions.view_coupontype", CouponType, "code"),
    ("promotions.view_entry", Entry, "code"),
    ("promotions.view_tokenbatch", TokenBatch, "code"),
    ("orders.view_freeze", Freeze, "legal_reference"),
    ("risk.view_incident", Incident, "title"),
)


def find_everything(request: HttpRequest, lowered_term: str) -> list[SearchResult]:
    """What the reader may see that is called this. unfold lowers the term; codes are looked up as they were typed too."""
    term = request.GET.get("s", lowered_term).strip().replace("\x00", "")
    found = list(_rows(request, {term, term.upper(), term.lower()}))
    return found + list(_from_device(request, term)) + list(_token(request, term)) + list(_incident(request, term))


def _rows(request: HttpRequest, spellings: set[str]) -> Iterator[SearchResult]:
    for right, model, field in EXACT:
        if request.user.has_perm(right):
            rows: QuerySet[Any] = model._default_manager.filter(**{f"{field}__in": spellings})
            for row in rows.order_by("-pk")[:MOST_OF_A_KIND]:
                yield SearchResult(str(row), str(model._meta.verbose_name), _page(row), "arrow_forward")


def _from_device(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    device = plain_identity(term)
    lists: tuple[tuple[str, type[Model], Callable[[], str]], ...] = (
        ("orders.view_order", Order, lambda: _("orders from this device")),
        ("promotions.view_claim", Claim, lambda: _("claims from this device")),
    )
    for right, model, words in lists:
        if device and request.user.has_perm(right) and model._default_manager.filter(device=device).exists():
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            yield SearchResult(device, words(), f"{url}?q={device}", "devices")


def _token(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    if term.startswith(PREFIX) and request.user.has_perm("promotions.view_claimtoken"):
        try:
            token = find_token(term)
        except Refused as refusal:
            yield SearchResult(_("No token of ours"), str(refusal.reason.label), "#", "qr_code_2")
        else:
            yield SearchResult(str(token), str(token._meta.verbose_name), _page(token), "qr_code_2")


def _incident(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    """By its number, as pages write it: #12."""
    number = term.removeprefix("#")
    if term.startswith("#") and number.isascii() and number.isdecimal() and len(number) < 10:
        rows = Incident.objects.filter(pk=int(number)) if request.user.has_perm("risk.view_incident") else Incident.objects.none()
        for row in rows:
            yield SearchResult(str(row), str(row._meta.verbose_name), _page(row), "crisis_alert")


def _page(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
