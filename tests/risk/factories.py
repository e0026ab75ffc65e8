"""What tests of risk stand on: facts by hand for the pure rules, orders through the services for the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from orders.models import Order
from promotions.models import ClaimToken
from risk.facts import CouponFacts, OrderFacts, RecipientFacts
from risk.models import Finding, Flag
from risk.rules import Evidence
from risk.rules import Finding as FoundFinding
from risk.rules.findings import RULES, Rule
from risk.services.assessing import assess_order
from tests.orders.factories import a_top_up, an_order
from tests.promotions.factories import NOON, a_claimant, a_coupon, a_coupon_type, a_restricted_type, a_token, an_entry, number

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
COLLECTOR = "17012345678"
"""A number of the gang's own, where the value ends."""


def coupon_facts(**fields: Any) -> CouponFacts:
    """A restricted coupon, honestly claimed by a card of one's own ten minutes before noon."""
    values = {
        "coupon_type": "TV-100",
        "is_restricted": True,
        "can_pay_alone": True,
        "face_value": Decimal(100),
        "claimed_at": NOON - 10 * MINUTE,
        "has_entry": True,
        "entry_is_of_its_type": True,
        "is_within_entry_period": True,
        "has_token": True,
        "token_is_of_its_entry": True,
        "token_uses_allowed": 1,
        "customers_on_token": 1,
        "suspended_at": None,
    }
    return CouponFacts(**{**values, **fields})


def ordinary_coupon(**fields: Any) -> CouponFacts:
    """20 off 100, for everybody."""
    values = {
        "coupon_type": "NY-20",
        "is_restricted": False,
        "can_pay_alone": False,
        "face_value": Decimal(20),
        "has_token": False,
        "token_is_of_its_entry": False,
        "token_uses_allowed": None,
        "customers_on_token": 0,
    }
    return coupon_facts(**{**values, **fields})


def leaked_coupon(**fields: Any) -> CouponFacts:
    return coupon_facts(**{"token_uses_allowed": 5000, "customers_on_token": 51, **fields})


def recipient(accounts: int, young: int = 0) -> RecipientFacts:
    return RecipientFacts("some number", accounts, young)


def facts(**fields: Any) -> OrderFacts:
    """An honest guest's order at noon: goods, from a device of his own, by an account of 20 days."""
    values: dict[str, Any] = {
        "at": NOON,
        "placed_at": NOON,
        "registered_at": NOON - 20 * DAY,
        "phone_segment": "1380",
        "has_earlier_delivery": False,
        "coupons": (coupon_facts(),),
        "virtual_amount": Decimal(0),
        "tops_up_own_number_only": False,
        "accounts_on_device": 1,
        "recipients": (),
        "accounts_on_address": 1,
    }
    return OrderFacts(**{**values, **fields})


def top_up_facts(*, accounts: int = 1, young: int = 0, **fields: Any) -> OrderFacts:
    """The same, turned into phone credit for somebody else, whom so many accounts top up."""
    return facts(**{"virtual_amount": Decimal(100), "recipients": (recipient(accounts, young),), **fields})


def own_number_facts(**fields: Any) -> OrderFacts:
    return facts(**{"virtual_amount": Decimal(100), "tops_up_own_number_only": True, **fields})


def a_leaked_token(uses: int = 80) -> ClaimToken:
    return a_token(entry=an_entry(coupon_type=a_restricted_type()), uses=uses)


def a_top_up_order(
    token: ClaimToken | None = None, *, recipient: str = "", at: datetime = NOON, claimed: timedelta = MINUTE, **fields: Any
) -> Order:
    """A restricted coupon, claimed a minute ago by this token (by a new card without one), turned into credit for `recipient`.

    `fields`: device and address, and of the claimant phone and registered_at. Without a recipient it is a number of nobody else.
    """
    who = {name: fields.pop(name) for name in ("phone", "registered_at") if name in fields}
    device = fields.pop("device", f"device{number()}")
    coupon = a_coupon(token=token or a_leaked_token(uses=1), claimant=a_claimant(**who), device=device, at=at - claimed)
    line = a_top_up(recipient=recipient or f"159{number():08d}", amount=Decimal("100.40"))
    return an_order(coupons=(coupon,), lines=(line,), device=device, at=at, **fields)


def a_night_account() -> dict[str, Any]:
    """Of a claimant: registered this morning, a virtual operator's number."""
    return {"registered_at": NOON - 5 * HOUR, "phone": f"1700{number():07d}"}


def gang_orders(count: int, token: ClaimToken, *, at: datetime = NOON, **fields: Any) -> list[Order]:
    """New accounts that send the value of leaked coupons to one recipient, a minute apart; nobody has assessed them yet."""
    return [
        a_top_up_order(token, recipient=COLLECTOR, at=at + step * MINUTE, **{**a_night_account(), **fields})
        for step in range(count)
    ]


def an_ordinary_order(**fields: Any) -> Order:
    """20 off 100 on goods."""
    entry = an_entry(coupon_type=a_coupon_type(face_value=Decimal(20), minimum_spend=Decimal(100)))
    return an_order(coupons=(a_coupon(entry=entry),), **fields)


def a_flag(**fields: Any) -> Flag:
    """An organised order, flagged and held: the last of three new accounts on one recipient."""
    orders = gang_orders(3, a_leaked_token(), **fields)
    flags = [assess_order(order.pk, at=order.placed_at) for order in orders]
    assert flags[-1] is not None
    return flags[-1]


def rules_found(order: Order) -> set[str]:
    return set(Finding.objects.filter(order=order).values_list("rule", flat=True))


@contextmanager
def a_rule_that(judge: Any) -> Iterator[None]:
    """One more rule inside the block."""
    RULES["rule_of_a_test"] = Rule("rule_of_a_test", Evidence.ACCOUNT, judge)
    try:
        yield
    finally:
        del RULES["rule_of_a_test"]


def fails(_: OrderFacts) -> FoundFinding:
    raise ZeroDivisionError("a rule stumbles")
