"""A campaign once more: its budget, types, rules, scopes, hours, entries and drawn lines as drafts, moved to another time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, Model
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput
from promotions.models import Campaign, ClaimRule, CouponType, Entry, OpeningHours, ScopeLine, Threshold
from promotions.services.campaigns import create_campaign, save_valid
from promotions.services.drawing import draw_line
from promotions.services.slices import cut_coupon_type, cut_entry

# What says how the original stands, and not what it is.
NOT_COPIED = {"status", "fired_at", "added_by", "ended_by", "ended_at"}


@transaction.atomic
def duplicate_campaign(campaign: Campaign, *, code: str, starts_at: datetime, by: Any, at: datetime, reason: str = "") -> Campaign:
    """A draft of the same campaign that begins at `starts_at`; every other time moves by as much. `by` owns it.

    Codes are made from the new one: where the old one stands in a code it is replaced, elsewhere the new one is put in front.
    Tokens, coupons and lines that are built in are not copied. Raises InvalidInput, for codes that are taken among other things.
    """
    if code == campaign.code:
        raise InvalidInput(_("The copy needs a code of its own."))
    with because(reason or _("a copy of %s") % campaign.code, user=by.pk):
        copy = create_campaign(**_plain(campaign, {"code": code, "starts_at": starts_at}), owner=by, budget=campaign.budget.amount)
        shift, named = starts_at - campaign.starts_at, _Codes(campaign.code, code)
        _copy_rows(ClaimRule.objects.in_force().filter(campaign=campaign), shift, campaign=copy)
        _redraw(campaign.thresholds.filter(is_built_in=False), copy)
        for coupon_type in campaign.coupon_types.order_by("pk"):
            _copy_type(coupon_type, copy, shift, named)
    return copy


class _Codes:
    """Makes new codes of old ones."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def of(self, code: str) -> str:
        return code.replace(self.old, self.new) if self.old in code else f"{self.new}-{code}"


def _copy_type(original: CouponType, campaign: Campaign, shift: timedelta, named: _Codes) -> None:
    codes = set(original.campaign.coupon_types.values_list("code", flat=True))
    partners = [named.of(name) if name in codes else name for name in original.stacks_with]
    copy = _copied(original, shift, campaign=campaign, code=named.of(original.code), stacks_with=partners)
    cut_coupon_type(copy)
    for rows in (ClaimRule.objects.in_force(), ScopeLine.objects.all(), OpeningHours.objects.all()):
        _copy_rows(rows.filter(coupon_type=original), shift, coupon_type=copy)
    _redraw(original.thresholds.filter(is_built_in=False), copy)
    for entry in original.entries.order_by("pk"):
        _copy_entry(entry, copy, shift, named)


def _copy_entry(original: Entry, coupon_type: CouponType, shift: timedelta, named: _Codes) -> None:
    copy = _copied(original, shift, coupon_type=coupon_type, code=named.of(original.code))
    cut_entry(copy)
    _copy_rows(original.hours.all(), shift, entry=copy)


def _copy_rows(rows: Iterable[Model], shift: timedelta, **owner: Any) -> None:
    for row in rows:
        _copied(row, shift, **owner)


def _copied(original: Any, shift: timedelta, **changes: Any) -> Any:
    """A new row with what the original says, its times moved."""
    values: dict[str, Any] = {}
    for field in original._meta.concrete_fields:
        value = getattr(original, field.attname)
        if not field.primary_key and field.name not in NOT_COPIED and field.name not in changes:
            values[field.attname] = value + shift if isinstance(field, DateTimeField) and value else value
    copy = type(original)(**values, **changes)
    save_valid(copy)
    return copy


def _plain(campaign: Campaign, changes: dict[str, Any]) -> dict[str, Any]:
    """What a campaign is drafted with, less its owner and budget: the end moves with the start."""
    found = {
        field.name: getattr(campaign, field.name)
        for field in campaign._meta.concrete_fields
        if not field.primary_key and not field.is_relation and field.name not in NOT_COPIED
    }
    return found | changes | {"ends_at": campaign.ends_at + (changes["starts_at"] - campaign.starts_at)}


def _redraw(lines: Iterable[Threshold], scope: Campaign | CouponType) -> None:
    """The lines that staff drew, armed anew for the copy."""
    for line in lines:
        draw_line(
            scope=scope,
            metric=line.metric,
            window=line.window,
            limit=line.limit,
            action=line.action,
            kind=line.kind,
            reasons=line.reasons,
        )
