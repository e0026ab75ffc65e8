"""Small nights, written by hand: each function answers one event as its line would hold it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOON = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)

Event = dict[str, Any]


def at(minutes: float) -> str:
    """A time, counted in minutes from noon."""
    return (NOON + timedelta(minutes=minutes)).isoformat()


def event(kind: str, minutes: float, defaults: Event, fields: Event) -> Event:
    return {"at": at(minutes), "kind": kind} | defaults | fields


def a_campaign(minutes: float = -60, **fields: Any) -> Event:
    defaults = {
        "code": "C",
        "name": "A campaign",
        "starts_at": (NOON - DAY).isoformat(),
        "ends_at": (NOON + 9 * DAY).isoformat(),
        "budget": "100000.00",
        "currency": "CNY",
    }
    return event("campaign", minutes, defaults, fields)


def a_coupon_type(minutes: float = -60, **fields: Any) -> Event:
    defaults = {
        "code": "T",
        "campaign": "C",
        "name": "20 off 100",
        "audience": "online",
        "face_value": "20.00",
        "minimum_spend": "100.00",
        "claim_from": (NOON - DAY).isoformat(),
        "claim_until": (NOON + 8 * DAY).isoformat(),
        "valid_until": (NOON + 9 * DAY).isoformat(),
        "quantity": 1000,
        "per_customer": 1,
        "requires_verified": False,
    }
    return event("coupon_type", minutes, defaults, fields)


def a_restricted_type(minutes: float = -60, **fields: Any) -> Event:
    restricted = {"audience": "restricted", "face_value": "100.00", "minimum_spend": "0.00", "requires_verified": True}
    return a_coupon_type(minutes, **(restricted | fields))


def an_entry(minutes: float = -60, **fields: Any) -> Event:
    defaults = {
        "code": "E",
        "coupon_type": "T",
        "channel": "app",
        "opens_at": (NOON - DAY).isoformat(),
        "closes_at": (NOON + 8 * DAY).isoformat(),
        "cap": 1000,
        "needs_token": False,
    }
    return event("entry", minutes, defaults, fields)


def tokens(minutes: float = -60, **fields: Any) -> Event:
    return event("tokens", minutes, {"entry": "E", "batch": "B", "count": 10, "uses": 1}, fields)


def a_threshold(minutes: float = -60, **fields: Any) -> Event:
    defaults = {"scope": "coupon_type:T", "metric": "issued_amount", "window_minutes": None, "limit": "60.00", "action": "suspend"}
    return event("threshold", minutes, defaults, fields)


def a_claim(claim_id: str, minutes: float, **fields: Any) -> Event:
    """By a customer of its own, long registered."""
    defaults = {
        "id": claim_id,
        "customer": a_customer(claim_id),
        "coupon_type": "T",
        "channel": "app",
        "entry": "E",
        "token": None,
        "device": f"d-{claim_id}",
        "ip": "203.0.113.7",
    }
    return event("claim", minutes, defaults, fields)


def a_customer(name: str, **fields: Any) -> Event:
    known = {"ref": f"u-{name}", "phone": "13800138000", "verified": True, "registered_at": "2020-01-01T00:00:00+08:00"}
    return known | fields


def an_order(order_id: str, minutes: float, *, claims: Iterable[str] = (), **fields: Any) -> Event:
    """Of the first claim's customer."""
    claims = list(claims)
    defaults = {
        "id": order_id,
        "customer": f"u-{claims[0]}" if claims else f"u-{order_id}",
        "claims": claims,
        "lines": [{"sku": "tea", "category": "goods", "amount": "150.00"}],
        "device": f"d-{order_id}",
        "ip": "203.0.113.7",
    }
    return event("order", minutes, defaults, fields)


def a_top_up(recipient: str = "13900139000") -> Event:
    return {"sku": "credit-100", "category": "phone_credit", "amount": "100.40", "recipient": recipient}


def a_ship(order_id: str, minutes: float) -> Event:
    return event("ship", minutes, {"order": order_id}, {})


def online_setup() -> list[Event]:
    return [a_campaign(), a_coupon_type(), an_entry()]


def restricted_setup() -> list[Event]:
    """A type for guests in a studio, who come with the cards on their seats."""
    return [a_campaign(), a_restricted_type(), an_entry(channel="venue_qr", needs_token=True), tokens()]


def a_guest_claim(claim_id: str, minutes: float, *, card: int, **fields: Any) -> Event:
    return a_claim(claim_id, minutes, channel="venue_qr", token={"batch": "B", "n": card}, **fields)


def write_events(path: Path, events: Iterable[Event | str]) -> Path:
    """Texts are written as they are: lines that are no events."""
    lines = (item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in events)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
