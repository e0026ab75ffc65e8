"""What a storefront may send of an order. Everything else is refused in a clear sentence before anything is stored."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput
from backoffice.lib.money import CENT, ZERO
from orders.services.texts import checked_reference
from orders.states import VIRTUAL_CATEGORIES, Category

MOST_LINES = 200
MOST_COUPONS = 20
MOST_PIECES = 1_000_000
LONGEST_REFERENCE = 64
LONGEST_TEXT = 200
AMOUNTS_END_AT = Decimal(10) ** 12


@dataclass(frozen=True)
class LineRequest:
    """One thing ordered: the whole line's amount before discounts, and of a top-up the number or account that is credited.

    `product_category` is where the storefront's catalogue files it, or empty: scopes of coupons may name it.
    """

    sku: str
    category: str
    amount: Decimal
    recipient: str = ""
    product_category: str = ""
    quantity: int = 1


@dataclass(frozen=True)
class OrderRequest:
    """An order as the storefront tells of it, paid unless it says otherwise.

    `device`, `address`, `payment_account` and `delivery_phone` are the raw texts, empty where unknown. The last two go no further
    than a keyed hash and four characters.
    """

    ref: str
    customer_ref: str
    coupon_codes: tuple[str, ...]
    lines: tuple[LineRequest, ...]
    device: str = ""
    address: str = ""
    is_paid: bool = True
    payment_account: str = ""
    delivery_phone: str = ""


def checked(request: OrderRequest) -> OrderRequest:
    """The same request, ready to be stored. Raises InvalidInput for what cannot be an order."""
    if not request.lines:
        raise InvalidInput(_("An order needs at least one line."))
    if len(request.lines) > MOST_LINES:
        words = {"most": MOST_LINES, "lines": len(request.lines)}
        raise InvalidInput(_("An order has at most %(most)s lines, this one has %(lines)s.") % words)
    found = OrderRequest(
        ref=checked_reference(request.ref, _("the order's reference"), longest=LONGEST_REFERENCE),
        customer_ref=checked_reference(request.customer_ref, _("the customer's reference"), longest=LONGEST_REFERENCE),
        coupon_codes=_codes(request.coupon_codes),
        lines=tuple(_line(number, line) for number, line in enumerate(request.lines, start=1)),
        device=checked_reference(request.device, _("the device"), longest=LONGEST_TEXT, may_be_blank=True),
        address=checked_reference(request.address, _("the network address"), longest=LONGEST_TEXT, may_be_blank=True),
        is_paid=request.is_paid,
        payment_account=checked_reference(
            request.payment_account, _("the payment account"), longest=LONGEST_TEXT, may_be_blank=True
        ),
        delivery_phone=checked_reference(
            request.delivery_phone, _("the delivery phone"), longest=LONGEST_REFERENCE, may_be_blank=True
        ),
    )
    if sum((line.amount for line in found.lines), ZERO) >= AMOUNTS_END_AT:
        raise InvalidInput(_("The lines together are worth more than an order can be."))
    return found


def is_virtual(line: LineRequest) -> bool:
    """Phone credit or game credit: delivered within minutes, and it cannot come back."""
    return line.category in VIRTUAL_CATEGORIES


def _line(number: int, line: LineRequest) -> LineRequest:
    if line.category not in Category.values:
        words = {"number": number, "categories": ", ".join(Category.values)}
        raise InvalidInput(_("Line %(number)s: the category must be one of %(categories)s.") % words)
    recipient = checked_reference(line.recipient, _("the recipient of line %s") % number, longest=LONGEST_TEXT, may_be_blank=True)
    if is_virtual(line) and not recipient.strip():
        raise InvalidInput(_("Line %s: a top-up needs a recipient, the number or account that is credited.") % number)
    sku = checked_reference(line.sku, _("the SKU of line %s") % number, longest=LONGEST_REFERENCE)
    filed = checked_reference(
        line.product_category, _("the product category of line %s") % number, longest=LONGEST_REFERENCE, may_be_blank=True
    )
    if not 1 <= line.quantity <= MOST_PIECES:
        words = {"number": number, "most": f"{MOST_PIECES:,}"}
        raise InvalidInput(_("Line %(number)s: the quantity is a whole number from 1 to %(most)s.") % words)
    return LineRequest(sku, line.category, _amount(number, line.amount), recipient, filed, line.quantity)


def _amount(number: int, amount: Any) -> Decimal:
    if not isinstance(amount, Decimal):
        raise InvalidInput(_("Line %s: the amount must be a decimal number.") % number)
    if not amount.is_finite():
        raise InvalidInput(_("Line %s: the amount must be a finite number.") % number)
    if amount <= 0:
        raise InvalidInput(_("Line %s: the amount must be more than zero.") % number)
    if amount >= AMOUNTS_END_AT:
        raise InvalidInput(_("Line %s: the amount has more than 12 digits before the point.") % number)
    if amount % CENT:
        raise InvalidInput(_("Line %s: the amount has more than two decimals.") % number)
    return amount.quantize(CENT)


def _codes(values: Iterable[str]) -> tuple[str, ...]:
    codes = tuple(checked_reference(code, _("a coupon's code"), longest=LONGEST_REFERENCE) for code in values)
    if len(codes) > MOST_COUPONS:
        raise InvalidInput(_("An order takes at most %s coupons.") % MOST_COUPONS)
    if len(set(codes)) < len(codes):
        raise InvalidInput(_("A coupon can be named only once in an order."))
    return codes
