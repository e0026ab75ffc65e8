"""What is claimed: campaigns, types and entries, made and approved as the staff of a replay do it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from backoffice.lib.apikeys import make_key
from backoffice.lib.models.api_key import Scope
from backoffice.replay import events
from backoffice.replay.staff import Staff

PLENTY = 50_000_000


@dataclass(frozen=True)
class Offer:
    """The codes that a claim names."""

    coupon_type: str
    entry: str


def offers(count: int, *, prefix: str) -> list[Offer]:
    """So many live campaigns, each with one online type (10.00, once a customer) and one open entry."""
    return [_offer(Staff(), f"{prefix}{number}") for number in range(count)]


def api_key() -> str:
    return make_key("benchmark", Scope.values, None)[1]


def _offer(staff: Staff, code: str) -> Offer:
    at = datetime.now(UTC)
    begins, ends = at - timedelta(days=1), at + timedelta(days=30)
    line = {"line": 1, "at": at}
    money = Decimal(10 * PLENTY)
    staff.start_campaign(
        events.CampaignEvent(**line, code=code, name=code, starts_at=begins, ends_at=ends, budget=money, currency="CNY")
    )
    staff.start_coupon_type(
        events.CouponTypeEvent(
            **line,
            code=code,
            campaign=code,
            name=code,
            audience="online",
            face_value=Decimal("10.00"),
            minimum_spend=Decimal("0.00"),
            claim_from=begins,
            claim_until=ends,
            valid_until=ends,
            quantity=PLENTY,
            per_customer=1,
            requires_verified=False,
        )
    )
    staff.open_entry(
        events.EntryEvent(
            **line,
            code=f"{code}-APP",
            coupon_type=code,
            channel="app",
            opens_at=begins,
            closes_at=ends,
            cap=PLENTY,
            needs_token=False,
        )
    )
    return Offer(code, f"{code}-APP")
