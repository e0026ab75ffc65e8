"""Each kind of event, read strictly from the fields of its line."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from backoffice.replay import events
from backoffice.replay.faults import BadField
from backoffice.replay.fields import Fields, in_order, shown
from orders.states import VIRTUAL_CATEGORIES, Category
from promotions.states import Audience, Channel, Metric, ThresholdAction

CODE, ENTRY_CODE, REFERENCE, NAME, SKU, DEVICE, ADDRESS, RECIPIENT, RAW_TOKEN = 40, 60, 64, 200, 64, 200, 45, 200, 1_000
MOST_MINUTES = 60 * 24 * 366 * 10
MOST_TOKENS = 100_000
MOST_PER_CUSTOMER = 32_767
MOST_CLAIMS_OF_AN_ORDER = 20
MOST_LINES_OF_AN_ORDER = 200
METRICS: Final = (Metric.ISSUED_AMOUNT, Metric.REDEEMED_AMOUNT, Metric.ISSUED_COUNT)
AUDIENCES, CHANNELS, CATEGORIES, ACTIONS = Audience.values, Channel.values, Category.values, ThresholdAction.values

Place = dict[str, Any]  # `line` and `at`, which every event has


def read_campaign(fields: Fields, place: Place) -> events.CampaignEvent:
    event = events.CampaignEvent(
        **place,
        code=fields.text("code", most=CODE),
        name=fields.text("name", most=NAME),
        starts_at=fields.moment("starts_at"),
        ends_at=fields.moment("ends_at"),
        budget=fields.amount("budget"),
        currency=_currency(fields),
    )
    in_order("starts_at", event.starts_at, "ends_at", event.ends_at)
    return event


def read_coupon_type(fields: Fields, place: Place) -> events.CouponTypeEvent:
    event = events.CouponTypeEvent(
        **place,
        code=fields.text("code", most=CODE),
        campaign=fields.text("campaign", most=CODE),
        name=fields.text("name", most=NAME),
        audience=fields.choice("audience", AUDIENCES),
        face_value=fields.amount("face_value"),
        minimum_spend=fields.amount("minimum_spend", may_be_zero=True),
        claim_from=fields.moment("claim_from"),
        claim_until=fields.moment("claim_until"),
        valid_until=fields.moment("valid_until"),
        quantity=fields.optional("quantity", fields.whole),
        per_customer=fields.whole("per_customer", most=MOST_PER_CUSTOMER),
        requires_verified=fields.flag("requires_verified"),
    )
    in_order("claim_from", event.claim_from, "claim_until", event.claim_until)
    in_order("claim_from", event.claim_from, "valid_until", event.valid_until)
    if event.audience == Audience.RESTRICTED and (event.quantity is None or not event.requires_verified):
        raise BadField("a restricted coupon type needs a quantity and requires_verified true")
    return event


def read_entry(fields: Fields, place: Place) -> events.EntryEvent:
    event = events.EntryEvent(
        **place,
        code=fields.text("code", most=ENTRY_CODE),
        coupon_type=fields.text("coupon_type", most=CODE),
        channel=fields.choice("channel", CHANNELS),
        opens_at=fields.moment("opens_at"),
        closes_at=fields.moment("closes_at"),
        cap=fields.whole("cap"),
        needs_token=fields.flag("needs_token"),
    )
    in_order("opens_at", event.opens_at, "closes_at", event.closes_at)
    return event


def read_tokens(fields: Fields, place: Place) -> events.TokensEvent:
    return events.TokensEvent(
        **place,
        entry=fields.text("entry", most=ENTRY_CODE),
        batch=fields.text("batch", most=CODE),
        count=fields.whole("count", most=MOST_TOKENS),
        uses=fields.whole("uses"),
    )


def read_threshold(fields: Fields, place: Place) -> events.ThresholdEvent:
    campaign, coupon_type = _scope(fields)
    minutes = fields.optional("window_minutes", lambda name: fields.whole(name, most=MOST_MINUTES))
    action = fields.choice("action", ACTIONS)
    if action == ThresholdAction.SUSPEND and not campaign and not coupon_type:
        raise BadField("a threshold of the whole platform can only alarm: action must be alarm")
    return events.ThresholdEvent(
        **place,
        campaign=campaign,
        coupon_type=coupon_type,
        metric=fields.choice("metric", METRICS),
        window=None if minutes is None else timedelta(minutes=minutes),
        limit=fields.amount("limit"),
        action=action,
    )


def read_suspend(fields: Fields, place: Place) -> events.SuspendEvent:
    return events.SuspendEvent(**place, coupon_type=fields.text("coupon_type", most=CODE))


def read_resume(fields: Fields, place: Place) -> events.ResumeEvent:
    return events.ResumeEvent(**place, coupon_type=fields.text("coupon_type", most=CODE))


def read_claim(fields: Fields, place: Place) -> events.ClaimEvent:
    return events.ClaimEvent(
        **place,
        id=fields.text("id", most=REFERENCE),
        customer=_person(fields.object("customer")),
        coupon_type=fields.text("coupon_type", most=CODE),
        channel=fields.choice("channel", CHANNELS),
        entry=fields.optional("entry", lambda name: fields.text(name, most=ENTRY_CODE)),
        token=fields.optional("token", lambda name: _token(fields.object(name))),
        device=fields.text("device", most=DEVICE, may_be_empty=True),
        address=fields.text("ip", most=ADDRESS, may_be_empty=True),
    )


def read_order(fields: Fields, place: Place) -> events.OrderEvent:
    return events.OrderEvent(
        **place,
        id=fields.text("id", most=REFERENCE),
        customer=fields.text("customer", most=REFERENCE),
        claims=_claim_ids(fields.items("claims", least=0, most=MOST_CLAIMS_OF_AN_ORDER)),
        lines=tuple(_lines(fields.items("lines", least=1, most=MOST_LINES_OF_AN_ORDER))),
        device=fields.text("device", most=DEVICE, may_be_empty=True),
        address=fields.text("ip", most=ADDRESS, may_be_empty=True),
        payment_account=_optional(fields, "payment_account"),
        delivery_phone=_optional(fields, "delivery_phone"),
    )


def read_ship(fields: Fields, place: Place) -> events.ShipEvent:
    return events.ShipEvent(**place, order=fields.text("order", most=REFERENCE))


KINDS: Final[dict[str, Callable[[Fields, Place], events.Event]]] = {
    "campaign": read_campaign,
    "coupon_type": read_coupon_type,
    "entry": read_entry,
    "tokens": read_tokens,
    "threshold": read_threshold,
    "suspend": read_suspend,
    "resume": read_resume,
    "claim": read_claim,
    "order": read_order,
    "ship": read_ship,
}


def read_event(values: Any, *, line: int) -> events.Event:
    """The event that a line's JSON says. Raises BadField."""
    fields = Fields(values)
    at: datetime = fields.moment("at")
    kind = fields.choice("kind", KINDS)
    event = KINDS[kind](fields, {"line": line, "at": at})
    fields.refuse_others()
    return event


def _optional(fields: Fields, name: str) -> str:
    return fields.text(name, most=RECIPIENT, may_be_empty=True) if fields.has(name) else ""


def _currency(fields: Fields) -> str:
    code = fields.text("currency", most=3)
    if len(code) != 3 or not (code.isascii() and code.isalpha() and code.isupper()):
        raise BadField(f"currency must be an ISO 4217 code such as CNY, not {shown(code)}")
    return code


def _scope(fields: Fields) -> tuple[str, str]:
    """The codes of the campaign and of the coupon type, of which at most one is filled."""
    scope = fields.text("scope", most=CODE + len("coupon_type:"))
    kind, colon, code = scope.partition(":")
    if scope == "platform":
        return "", ""
    if colon and code and kind in {"campaign", "coupon_type"}:
        return (code, "") if kind == "campaign" else ("", code)
    raise BadField(f"scope must be platform, campaign:CODE or coupon_type:CODE, not {shown(scope)}")


def _person(fields: Fields) -> events.Person:
    person = events.Person(
        ref=fields.text("ref", most=REFERENCE),
        phone=fields.text("phone", most=REFERENCE, may_be_empty=True),
        is_verified=fields.flag("verified"),
        registered_at=fields.moment("registered_at"),
    )
    fields.refuse_others()
    return person


def _token(fields: Fields) -> events.TokenOfBatch | str:
    token: events.TokenOfBatch | str
    if fields.has("raw"):
        token = fields.text("raw", most=RAW_TOKEN)
    else:
        token = events.TokenOfBatch(fields.text("batch", most=CODE), fields.whole("n", least=0))
    fields.refuse_others()
    return token


def _claim_ids(values: list[Any]) -> tuple[str, ...]:
    for position, value in enumerate(values):
        if not isinstance(value, str) or not value:
            raise BadField(f"claims[{position}] must be a claim's id, not {shown(value)}")
        if value in values[:position]:
            raise BadField(f"claims names {shown(value)} twice")
    return tuple(values)


def _lines(values: list[Any]) -> Iterable[events.Line]:
    for position, value in enumerate(values):
        fields = Fields(value, name=f"lines[{position}]")
        sku = fields.text("sku", most=SKU)
        category = fields.choice("category", CATEGORIES)
        amount = fields.amount("amount")
        has_recipient = category in VIRTUAL_CATEGORIES or fields.has("recipient")
        recipient = fields.text("recipient", most=RECIPIENT) if has_recipient else ""
        fields.refuse_others()
        yield events.Line(sku, category, amount, recipient)
