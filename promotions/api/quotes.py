"""What coupons would take off a basket: its words. The view is in orders, which know whether it would be a first order."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from backoffice.lib.fields import AmountField, ChoiceField, RefField, StrictSerializer, TextField, TextsField
from promotions.services.redeeming import BasketLine, Quote
from promotions.states import Category

MOST_LINES = 100  # of at most 9,999,999,999.99 each, so that their sum fits its column
MOST_COUPONS = 20


class LineInput(StrictSerializer):
    """A line of a basket. Of a top-up it names the number or account that is credited; a quote does not look at that."""

    sku = TextField(max_length=64)
    category = ChoiceField(Category)
    product_category = TextField(
        max_length=64,
        allow_blank=True,
        default="",
        help_text=_("Where the storefront's catalogue files it, such as food/tea: scopes of coupons may name it."),
    )
    amount = AmountField()
    recipient = TextField(max_length=200, allow_null=True, allow_blank=True, default="")


def lines_input() -> Any:
    """The lines of a basket, at least one."""
    return LineInput(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]


def codes_input() -> TextsField:
    """The codes of the coupons that pay."""
    return TextsField(child=TextField(max_length=24), max_length=MOST_COUPONS)


def basket_of(lines: list[dict[str, Any]]) -> list[BasketLine]:
    return [BasketLine(line["sku"], line["category"], line["amount"], line["product_category"]) for line in lines]


class QuoteInput(StrictSerializer):
    customer = RefField()
    coupons = codes_input()
    lines = lines_input()


class CouponDiscountOutput(serializers.Serializer):
    coupon = serializers.CharField()
    amount = serializers.DecimalField(14, 2)


class QuoteOutput(serializers.Serializer):
    """What coupons would take off: in all, by coupon and by line, in the order asked."""

    currency = serializers.CharField()
    total_discount = serializers.DecimalField(14, 2)
    payable = serializers.DecimalField(14, 2)
    coupons = CouponDiscountOutput(many=True)
    line_discounts = serializers.ListField(child=serializers.DecimalField(14, 2))


def shown_quote(quote: Quote) -> dict[str, Any]:
    """A quote as it is answered."""
    return {
        "currency": quote.currency,
        "total_discount": quote.total_discount,
        "payable": quote.payable,
        "coupons": [{"coupon": coupon.code, "amount": amount} for coupon, amount in quote.coupons],
        "line_discounts": quote.line_discounts,
    }
