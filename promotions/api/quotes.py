"""What coupons would take off a basket."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.lib import clock
from backoffice.lib.fields import AmountField, ChoiceField, RefField, StrictSerializer, TextField, TextsField
from backoffice.lib.idempotency import idempotent
from backoffice.lib.models.api_key import Scope
from backoffice.lib.views import StorefrontView
from promotions.services.redeeming import BasketLine, Quote, quote_coupons
from promotions.states import Category

MOST_LINES = 100  # of at most 9,999,999,999.99 each, so that their sum fits its column
MOST_COUPONS = 20


class LineInput(StrictSerializer):
    """A line of a basket. Of a top-up it names the number or account that is credited; a quote does not look at that."""

    sku = TextField(max_length=64)
    category = ChoiceField(Category)
    amount = AmountField()
    recipient = TextField(max_length=200, allow_null=True, allow_blank=True, default="")


def lines_input() -> Any:
    """The lines of a basket, at least one."""
    return LineInput(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]


def codes_input() -> TextsField:
    """The codes of the coupons that pay."""
    return TextsField(child=TextField(max_length=24), max_length=MOST_COUPONS)


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


@extend_schema(tags=["orders"])
class QuotesView(StorefrontView):
    scopes = {"POST": Scope.QUOTES_WRITE}
    problems = {"POST": {"coupon_refused": (409, _("A coupon cannot pay for this basket."))}}

    @extend_schema(
        operation_id="quote",
        summary="Ask what coupons would take off",
        request=QuoteInput,
        responses=QuoteOutput,
        examples=[
            OpenApiExample(
                "quote",
                request_only=True,
                value={
                    "customer": "u1001",
                    "coupons": ["7KQ2M9XWPD3RTA"],
                    "lines": [{"sku": "tea-500g", "category": "goods", "amount": "128.00"}],
                },
            )
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Changes nothing, and promises nothing: the coupons are taken when the order is placed."""
        asked = QuoteInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        lines = [BasketLine(line["sku"], line["category"], line["amount"]) for line in data["lines"]]
        quote = quote_coupons(codes=data["coupons"], customer_ref=data["customer"], lines=lines, at=clock.now())
        return Response(QuoteOutput(_shown_quote(quote)).data)


def _shown_quote(quote: Quote) -> dict[str, Any]:
    return {
        "currency": quote.currency,
        "total_discount": quote.total_discount,
        "payable": quote.payable,
        "coupons": [{"coupon": coupon.code, "amount": amount} for coupon, amount in quote.coupons],
        "line_discounts": quote.line_discounts,
    }
