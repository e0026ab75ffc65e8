"""A small night, ending now, as replay events: what a newcomer finds in the admin.

A festival goes on all day. In the evening the guests of a TV recording claim with the cards on their seats. At night somebody
shares a photograph of a card that was made with far too many uses; new accounts claim with it and buy phone credit, others try
invented tokens, and a farm of phones takes the festival's coupons into a handful of numbers. Everything is made up; the numbers
are drawn from a fixed seed.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

Event = dict[str, Any]
SEED = 2019
CARRIERS = ("134", "138", "139", "150", "158", "188", "130", "186", "133", "189")
VIRTUAL_OPERATORS = ("1700", "1705", "171", "165", "167")
FESTIVAL = (("SPRING-5", "5.00", "30.00"), ("SPRING-20", "20.00", "100.00"))
LEAKED_CARD = 79


class Night:
    """Collects the events; its verbs are what people do."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.random = random.Random(SEED)  # noqa: S311  a story, not a secret
        self.events: list[Event] = []
        self._numbers = 0

    def put(self, at: datetime, kind: str, **fields: Any) -> None:
        self.events.append({"at": at.isoformat(timespec="milliseconds"), "kind": kind, **fields})

    def ago(self, hours: float) -> datetime:
        return self.now - timedelta(hours=hours)

    def id(self, prefix: str) -> str:
        self._numbers += 1
        return f"{prefix}{self.now:%m%d%H%M}{self._numbers:05d}"

    def phone(self, segments: tuple[str, ...] = CARRIERS) -> str:
        segment = self.random.choice(segments)
        return segment + "".join(self.random.choice("0123456789") for _ in range(11 - len(segment)))

    def person(self, *, days_old: float, device: str = "", address: str = "", segments: tuple[str, ...] = CARRIERS) -> Event:
        return {
            "ref": self.id("u"),
            "phone": self.phone(segments),
            "verified": True,
            "registered_at": (self.now - timedelta(days=days_old)).isoformat(timespec="seconds"),
            "device": device or self.id("d"),
            "ip": address or f"117.{self.random.randrange(100, 120)}.{self.random.randrange(16)}.{self.random.randrange(1, 40)}",
        }

    def claim(self, at: datetime, who: Event, coupon_type: str, entry: str | None, channel: str, token: Any = None) -> str:
        claim_id = self.id("c")
        customer = {key: who[key] for key in ("ref", "phone", "verified", "registered_at")}
        self.put(
            at,
            "claim",
            id=claim_id,
            customer=customer,
            coupon_type=coupon_type,
            channel=channel,
            entry=entry,
            token=token,
            device=who["device"],
            ip=who["ip"],
        )
        return claim_id

    def order(self, at: datetime, who: Event, claim_id: str, lines: list[Event]) -> None:
        order_id = self.id("o")
        self.put(at, "order", id=order_id, customer=who["ref"], claims=[claim_id], lines=lines, device=who["device"], ip=who["ip"])
        self.put(at + timedelta(minutes=self.random.uniform(1, 4)), "ship", order=order_id)

    def goods(self, minimum: int) -> list[Event]:
        amount = f"{self.random.uniform(minimum + 1, minimum * 3 + 60):.2f}"
        return [{"sku": f"SKU{self.random.randrange(4000)}", "category": "goods", "amount": amount}]

    def top_up(self, recipient: str) -> list[Event]:
        return [{"sku": "TOPUP-100", "category": "phone_credit", "amount": "100.40", "recipient": recipient}]


def tell(now: datetime) -> Iterator[Event]:
    """The events of the night that ends at `now`, in time order."""
    night = Night(now)
    _catalogue(night)
    _festival(night)
    _guests(night)
    _card_gang(night)
    _forgers(night)
    _phone_farm(night)
    last = now.isoformat(timespec="milliseconds")
    yield from sorted((event for event in night.events if event["at"] <= last), key=lambda event: event["at"])


def _catalogue(night: Night) -> None:
    before, day = night.ago(30), timedelta(days=1)
    until = (night.now + 10 * day).isoformat()
    night.put(before, "threshold", scope="platform", metric="issued_amount", window_minutes=None, limit="40000.00", action="alarm")
    begin = night.ago(26).isoformat()
    night.put(
        before, "campaign", code="SPRING", name="Spring festival", starts_at=begin, ends_at=until, budget="20000.00", currency="CNY"
    )
    night.put(
        before, "threshold", scope="campaign:SPRING", metric="issued_amount", window_minutes=None, limit="2500.00", action="alarm"
    )
    for code, face, minimum in FESTIVAL:
        _coupon_type(night, before, code, "SPRING", f"Festival {face} off {minimum}", "online", face, minimum, begin, until, 2000)
        _entry(night, before, f"{code}-app", code, "app", begin, until, 2000, needs_token=False)
    begin = night.ago(20).isoformat()
    night.put(
        before, "campaign", code="STUDIO", name="TV recording", starts_at=begin, ends_at=until, budget="50000.00", currency="CNY"
    )
    _coupon_type(
        night, before, "STUDIO-100", "STUDIO", "100 off for studio guests", "restricted", "100.00", "0.00", begin, until, 500
    )
    _entry(night, before, "studio-seats", "STUDIO-100", "venue_qr", begin, until, 500, needs_token=True)
    night.put(before, "tokens", entry="studio-seats", batch="SEATS", count=80, uses=400)


def _coupon_type(
    night: Night,
    at: datetime,
    code: str,
    campaign: str,
    name: str,
    audience: str,
    face: str,
    minimum: str,
    begin: str,
    until: str,
    quantity: int,
) -> None:
    night.put(
        at,
        "coupon_type",
        code=code,
        campaign=campaign,
        name=name,
        audience=audience,
        face_value=face,
        minimum_spend=minimum,
        claim_from=begin,
        claim_until=until,
        valid_until=until,
        quantity=quantity,
        per_customer=1,
        requires_verified=audience == "restricted",
    )


def _entry(
    night: Night, at: datetime, code: str, coupon_type: str, channel: str, begin: str, until: str, cap: int, *, needs_token: bool
) -> None:
    night.put(
        at,
        "entry",
        code=code,
        coupon_type=coupon_type,
        channel=channel,
        opens_at=begin,
        closes_at=until,
        cap=cap,
        needs_token=needs_token,
    )


def _festival(night: Night) -> None:
    """Ordinary customers all day, families on one device among them."""
    for _ in range(260):
        device = night.id("d")
        for _ in range(night.random.choices((1, 2, 3), weights=(88, 9, 3))[0]):
            who = night.person(days_old=night.random.uniform(5, 1500), device=device)
            code, _face, minimum = night.random.choice(FESTIVAL)
            at = night.ago(night.random.uniform(0.05, 24))
            claim_id = night.claim(at, who, code, f"{code}-app", "app")
            if night.random.random() < 0.6:
                lines = night.goods(int(float(minimum)))
                if code == "SPRING-20" and night.random.random() < 0.2:
                    lines = night.top_up(who["phone"])
                night.order(at + timedelta(minutes=night.random.uniform(1, 60)), who, claim_id, lines)


def _guests(night: Night) -> None:
    """The studio's guests, each with the card on the seat; some buy credit for their own phone."""
    for seat in range(60):
        who = night.person(days_old=night.random.uniform(10, 1500), address=f"58.213.1.{night.random.randrange(1, 5)}")
        at = night.ago(night.random.uniform(7, 8))
        claim_id = night.claim(at, who, "STUDIO-100", "studio-seats", "venue_qr", {"batch": "SEATS", "n": seat})
        if night.random.random() < 0.6:
            lines = night.goods(20) if night.random.random() < 0.8 else night.top_up(who["phone"])
            night.order(at + timedelta(minutes=night.random.uniform(5, 240)), who, claim_id, lines)


def _card_gang(night: Night) -> None:
    """New accounts, one photographed card, credit for few numbers within minutes."""
    recipients = [night.phone() for _ in range(3)]
    devices = [night.id("d") for _ in range(2)]
    for number in range(45):
        device = devices[number % 2] if number % 3 else ""
        who = night.person(days_old=night.random.uniform(0.1, 3), device=device, address="45.77.12.9", segments=VIRTUAL_OPERATORS)
        at = night.ago(3) + timedelta(seconds=20 * number)
        claim_id = night.claim(at, who, "STUDIO-100", "studio-seats", "venue_qr", {"batch": "SEATS", "n": LEAKED_CARD})
        lines = night.top_up(night.random.choice(recipients))
        night.order(at + timedelta(seconds=night.random.uniform(20, 120)), who, claim_id, lines)


def _forgers(night: Night) -> None:
    """Invented tokens, tokens of seats that are not theirs to try, no token at all."""
    for _ in range(30):
        who = night.person(days_old=night.random.uniform(0.1, 30), segments=VIRTUAL_OPERATORS)
        token = night.random.choice(({"raw": f"HF1.k1.{night.random.getrandbits(200):050x}.x"}, {"raw": "' OR 1=1 --"}, None))
        night.claim(night.ago(night.random.uniform(2, 6)), who, "STUDIO-100", "studio-seats", "venue_qr", token)


def _phone_farm(night: Night) -> None:
    """Many accounts on few devices turn the festival's coupons into credit for few numbers."""
    recipients = [night.phone() for _ in range(4)]
    devices = [night.id("d") for _ in range(4)]
    for number in range(36):
        who = night.person(days_old=night.random.uniform(0.2, 5), device=devices[number % 4], segments=VIRTUAL_OPERATORS)
        at = night.ago(night.random.uniform(1, 2))
        claim_id = night.claim(at, who, "SPRING-20", "SPRING-20-app", "app")
        night.order(at + timedelta(minutes=night.random.uniform(0.5, 8)), who, claim_id, night.top_up(recipients[number % 4]))
