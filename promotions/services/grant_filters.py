"""All customers that match: a filter as data, in words, and as rows. What it matches is fixed when the draft is made."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput
from promotions.models import Coupon, CouponType, Customer, Redemption


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

    told = [
        asked.registered_from and _("registered from %s") % when(asked.registered_from),
        asked.registered_before and _("registered before %s") % when(asked.registered_before),
        asked.seen_from and _("first seen from %s") % when(asked.seen_from),
        asked.seen_before and _("first seen before %s") % when(asked.seen_before),
        asked.is_verified is not None and (_("verified") if asked.is_verified else _("not verified")),
        asked.has_coupon_of and _("has a coupon of %s") % asked.has_coupon_of,
        asked.has_no_coupon_of and _("has no coupon of %s") % asked.has_no_coupon_of,
        asked.has_redeemed is not None and (_("has redeemed a coupon") if asked.has_redeemed else _("has redeemed no coupon")),
        asked.phone_segment and _("phone begins with %s") % asked.phone_segment,
    ]
    return [chip for chip in told if chip]
