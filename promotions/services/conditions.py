"""Lines of a scope and opening hours: added to drafts and taken from them. What is approved is changed by a new draft."""

from collections.abc import Collection
from datetime import time

from django.utils.translation import gettext as _

from backoffice.lib.errors import DomainError, InvalidInput
from promotions.models import CouponType, Entry, OpeningHours, ScopeLine
from promotions.services.campaigns import save_valid
from promotions.states import ScopeSide


def add_scope_line(coupon_type: CouponType, *, by: str, value: str, side: str = ScopeSide.INCLUDED) -> ScopeLine:
    """One more thing that takes part, or is left out. Raises InvalidInput."""
    _ask_for_draft(coupon_type)
    line = ScopeLine(coupon_type=coupon_type, side=side, by=by, value=value)
    save_valid(line)
    return line


def add_hours(owner: CouponType | Entry, *, weekdays: Collection[int], opens: time, closes: time) -> OpeningHours:
    """More hours at which it is open, in its campaign's time zone. Raises InvalidInput."""
    _ask_for_draft(owner)
    hours = OpeningHours(
        coupon_type=owner if isinstance(owner, CouponType) else None,
        entry=owner if isinstance(owner, Entry) else None,
        weekdays=sorted(set(weekdays)),
        opens=opens,
        closes=closes,
    )
    save_valid(hours)
    return hours


def remove_condition(row: ScopeLine | OpeningHours) -> None:
    """Take a line or hours away from a draft. Raises InvalidInput."""
    _ask_for_draft(row.coupon_type or (row.entry if isinstance(row, OpeningHours) else None))
    row.delete()


def _ask_for_draft(owner: CouponType | Entry | None) -> None:
    if owner is None:
        raise DomainError(_("This belongs to nothing."))
    if owner.status != "draft":
        raise InvalidInput(_("Scope and hours are part of what was approved: they are changed while it is a draft."))
