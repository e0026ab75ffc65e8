"""All customers that match: a filter as data, in words, and as rows. What it matches is fixed when the draft is made."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.errors import InvalidInput
from backoffice.lib.sentences import Sentence
from promotions.models import Coupon, CouponType, Customer, Redemption

# What a filter asks, as staff read it, and as it is kept with a grant.
CHIPS = {
    "registered_from": Sentence(gettext_noop("registered from %(value)s"), is_part=True),
    "registered_before": Sentence(gettext_noop("registered before %(value)s"), is_part=True),
    "seen_from": Sentence(gettext_noop("first seen from %(value)s"), is_part=True),
    "seen_before": Sentence(gettext_noop("first seen before %(value)s"), is_part=True),
    "is_verified": Sentence(gettext_noop("verified"), is_part=True),
    "is_not_verified": Sentence(gettext_noop("not verified"), is_part=True),
    "has_coupon_of": Sentence(gettext_noop("has a coupon of %(value)s"), is_part=True),
    "has_no_coupon_of": Sentence(gettext_noop("has no coupon of %(value)s"), is_part=True),
    "has_redeemed": Sentence(gettext_noop("has redeemed a coupon"), is_part=True),
    "has_not_redeemed": Sentence(gettext_noop("has redeemed no coupon"), is_part=True),
    "phone_segment": Sentence(gettext_noop("phone begins with %(value)s"), is_part=True),
}


@dataclass(frozen=True)
class CustomerFilter:
    """Every condition that is given must hold. Coupon types are named by their codes; None and empty ask nothing."""

    registered_from: datetime | None = None
    registered_before: datetime | None = None
    seen_from: datetime | None = None
    seen_before: datetime | None = None
    is_verified: bool | None = None
    has_coupon_of: str = ""
    has_no_coupon_of: str = ""
    has_redeemed: bool | None = None
    phone_segment: str = ""

    def rows(self) -> QuerySet[Customer]:
        """The customers who match now. Raises InvalidInput for a coupon type that does not exist, or a filter that asks nothing."""
        if not self.data():
            raise InvalidInput(_("Choose at least one condition: a grant to everybody there is must be a list."))
        plain = {
            "registered_at__gte": self.registered_from,
            "registered_at__lt": self.registered_before,
            "first_seen_at__gte": self.seen_from,
            "first_seen_at__lt": self.seen_before,
            "is_verified": self.is_verified,
            "phone_segment__startswith": self.phone_segment or None,
        }
        rows = Customer.objects.filter(**{path: value for path, value in plain.items() if value is not None})
        if self.has_coupon_of:
            rows = rows.filter(_coupons_of(self.has_coupon_of))
        if self.has_no_coupon_of:
            rows = rows.filter(~_coupons_of(self.has_no_coupon_of))
        if self.has_redeemed is not None:
            redeemed = Exists(Redemption.objects.filter(coupon__customer=OuterRef("pk")))
            rows = rows.filter(redeemed if self.has_redeemed else ~redeemed)
        return rows

    def data(self) -> dict[str, Any]:
        """What was asked, as JSON."""
        given = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in given.items()}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "CustomerFilter":
        """From a form's values; what they name besides is left alone."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names and value is not None})

    def words(self) -> str:
        return "; ".join(_chips(self))


def _coupons_of(code: str) -> Exists:
    coupon_type = CouponType.objects.filter(code=code).first()
    if coupon_type is None:
        raise InvalidInput(_("There is no coupon type %s.") % code)
    return Exists(Coupon.objects.filter(customer=OuterRef("pk"), coupon_type=coupon_type))


def _chips(asked: CustomerFilter) -> list[str]:
    def when(at: datetime) -> str:
        return f"{date_format(timezone.localtime(at), 'Y-m-d H:i')} {timezone.get_current_timezone_name()}"

    told = {
        "registered_from": asked.registered_from and when(asked.registered_from),
        "registered_before": asked.registered_before and when(asked.registered_before),
        "seen_from": asked.seen_from and when(asked.seen_from),
        "seen_before": asked.seen_before and when(asked.seen_before),
        "is_verified": asked.is_verified,
        "is_not_verified": asked.is_verified is False,
        "has_coupon_of": asked.has_coupon_of,
        "has_no_coupon_of": asked.has_no_coupon_of,
        "has_redeemed": asked.has_redeemed,
        "has_not_redeemed": asked.has_redeemed is False,
        "phone_segment": asked.phone_segment,
    }
    return [_(CHIPS[name].template) % {"value": value} for name, value in told.items() if value]
