"""The events of a file, one dataclass a kind. Amounts are Decimal, times aware. Every reader yields these and nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened `at` a time, read from the line `line` of the file."""

    line: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignEvent(Event):
    code: str
    name: str
    starts_at: datetime
    ends_at: datetime
    budget: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTypeEvent(Event):
    """`percentage` is empty for a fixed amount; otherwise the face value is the most that is taken off."""

    code: str
    campaign: str
    name: str
    audience: str
    face_value: Decimal
    percentage: Decimal | None = None
    minimum_spend: Decimal
    claim_from: datetime
    claim_until: datetime
    valid_until: datetime
    quantity: int | None
    per_customer: int
    requires_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEvent(Event):
    code: str
    coupon_type: str
    channel: str
    opens_at: datetime
    closes_at: datetime
    cap: int
    needs_token: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensEvent(Event):
    entry: str
    batch: str
    count: int
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdEvent(Event):
    """`campaign` or `coupon_type` holds the code where the scope is one of them; both are empty for the platform."""

    campaign: str
    coupon_type: str
    metric: str
    window: timedelta | None
    limit: Decimal
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendEvent(Event):
    coupon_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeEvent(Event):
    coupon_type: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who claims. An empty phone and an unknown registration are allowed: recorded data may lack them."""

    ref: str
    phone: str
    is_verified: bool
    registered_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenOfBatch:
    """Token number `number` of a batch that the file made."""

    batch: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimEvent(Event):
    """`token` is a token of ours, a text that we never made, or nothing."""

    id: str
    customer: Person
    coupon_type: str
    channel: str
    entry: str | None
    token: TokenOfBatch | str | None
    device: str
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    category: str
    amount: Decimal
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent(Event):
    id: str
    customer: str
    claims: tuple[str, ...]
    lines: tuple[Line, ...]
    device: str
    address: str
    payment_account: str = ""
    delivery_phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipEvent(Event):
    order: str
