"""What cannot be an order is refused in a clear sentence, and nothing is stored."""

from decimal import Decimal

import pytest

from backoffice.lib.errors import InvalidInput
from orders.models import Order
from promotions.models import Customer
from tests.orders.factories import a_line, a_top_up, an_order

pytestmark = pytest.mark.django_db

NONSENSE = {
    "no lines": ({"lines": ()}, "at least one line"),
    "too many lines": ({"lines": (a_line(),) * 201}, "at most 200 lines"),
    "an amount of zero": ({"lines": (a_line(amount=Decimal("0.00")),)}, "more than zero"),
    "a negative amount": ({"lines": (a_line(amount=Decimal("-1.00")),)}, "more than zero"),
    "not a number": ({"lines": (a_line(amount=Decimal("NaN")),)}, "finite"),
    "a signalling not-a-number": ({"lines": (a_line(amount=Decimal("sNaN")),)}, "finite"),
    "infinity": ({"lines": (a_line(amount=Decimal("Infinity")),)}, "finite"),
    "a tenth of a cent": ({"lines": (a_line(amount=Decimal("1.001")),)}, "two decimals"),
    "next to nothing": ({"lines": (a_line(amount=Decimal("1E-999999")),)}, "two decimals"),
    "thirteen digits": ({"lines": (a_line(amount=Decimal("1000000000000")),)}, "12 digits"),
    "an astronomic amount": ({"lines": (a_line(amount=Decimal("1E+999999")),)}, "12 digits"),
    "too much together": ({"lines": (a_line(amount=Decimal("999999999999.99")),) * 2}, "together"),
    "a float": ({"lines": (a_line(amount=1.5),)}, "decimal number"),
    "an unknown category": ({"lines": (a_line(category="gold"),)}, "category"),
    "no SKU": ({"lines": (a_line(sku=" "),)}, "SKU of line 1 is missing"),
    "a long SKU": ({"lines": (a_line(sku="s" * 65),)}, "longer than 64"),
    "a top-up without a recipient": ({"lines": (a_line(), a_top_up(recipient=""))}, "Line 2: a top-up needs a recipient"),
    "a top-up for nobody": ({"lines": (a_top_up(recipient="unknown"),)}, "no number or account"),
    "a NUL byte in a recipient": ({"lines": (a_top_up(recipient="138\x000"),)}, "cannot be stored"),
    "a NUL byte in a SKU": ({"lines": (a_line(sku="a\x00"),)}, "cannot be stored"),
    "a NUL byte in the reference": ({"ref": "A\x001"}, "The order's reference contains"),
    "a NUL byte in the device": ({"device": "d\x00"}, "The device contains"),
    "a NUL byte in a coupon's code": ({"coupon_codes": ("A\x00",)}, "cannot be stored"),
    "half a surrogate pair": ({"customer_ref": "\ud800"}, "cannot be stored"),
    "no reference": ({"ref": ""}, "The order's reference is missing"),
    "a long reference": ({"ref": "r" * 65}, "longer than 64"),
    "a reference that is no text": ({"ref": 7}, "must be text"),
    "no customer": ({"customer_ref": "  "}, "The customer's reference is missing"),
    "a long device": ({"device": "d" * 201}, "longer than 200"),
    "the same coupon twice": ({"coupon_codes": ("ABC", "ABC")}, "only once"),
    "a heap of coupons": ({"coupon_codes": tuple(f"C{n}" for n in range(21))}, "at most 20 coupons"),
}


@pytest.mark.parametrize(("fields", "sentence"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_refused_and_stores_nothing(fields, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        an_order(**fields)
    assert not Order.objects.exists()
    assert not Customer.objects.exists()


def test_the_largest_amount_fits():
    order = an_order(lines=(a_line(amount=Decimal("999999999999.99")),))
    order.refresh_from_db()
    assert order.gross_amount == Decimal("999999999999.99")


def test_two_hundred_lines_fit():
    assert an_order(lines=tuple(a_line(sku=str(i)) for i in range(200))).lines.count() == 200
