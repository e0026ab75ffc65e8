"""Drafts with scopes and hours, for tests of what narrows a coupon type down."""

from datetime import time
from typing import Any

from promotions.models import CouponType, OpeningHours, ScopeLine
from promotions.services.conditions import add_hours, add_scope_line
from promotions.services.coupon_types import Terms, request_coupon_type
from promotions.states import Audience, ScopeSide
from tests.promotions.factories import NOON, a_coupon_type, a_restricted_type, an_entry, approved, the_asker

EVERY_DAY = range(1, 8)


def a_draft_type(**fields: Any) -> CouponType:
    return a_coupon_type(is_live=False, **fields)


def a_draft_restricted_type() -> CouponType:
    return a_restricted_type(is_live=False)


def a_scope_line(coupon_type: CouponType | None = None, **fields: Any) -> ScopeLine:
    return add_scope_line(coupon_type or a_draft_type(), **{"by": "sku", "value": "TEA-*", **fields})


def some_hours(owner: Any = None, *, weekdays: Any = EVERY_DAY, opens: time = time(18), closes: time = time(22)) -> OpeningHours:
    return add_hours(owner or a_draft_type(), weekdays=weekdays, opens=opens, closes=closes)


def some_hours_of_an_entry() -> OpeningHours:
    return some_hours(an_entry(is_open=False))


def live(coupon_type: CouponType) -> CouponType:
    """The draft, gone live."""
    approved(request_coupon_type(coupon_type, by=the_asker(), reason="test", at=NOON))
    coupon_type.refresh_from_db()
    return coupon_type


def a_type_of(*, included: Any = (), left_out: Any = (), audience: str = Audience.ONLINE, **fields: Any) -> CouponType:
    """A live type whose scope has these lines, each as (by, value). Fields of `Terms` may be told like any other."""
    terms = {name: fields.pop(name) for name in Terms.__dataclass_fields__ if name in fields}
    make = a_restricted_type if audience == Audience.RESTRICTED else a_coupon_type
    coupon_type = make(is_live=False, terms=Terms(**terms), **fields)
    for side, lines in ((ScopeSide.INCLUDED, included), (ScopeSide.LEFT_OUT, left_out)):
        for by, value in lines:
            add_scope_line(coupon_type, side=side, by=by, value=value)
    return live(coupon_type)
