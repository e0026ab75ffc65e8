"""The storefront's API of orders. Views translate: they parse, call one service and answer."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.lib import clock
from backoffice.lib.fields import AddressField, RefField, StrictSerializer, TextField
from backoffice.lib.idempotency import idempotent
from backoffice.lib.models.api_key import Scope
from backoffice.lib.views import StorefrontView
from orders.models import Order, OrderDiscount, OrderLine
from orders.services.cancelling import cancel_order
from orders.services.delivering import deliver_order
from orders.services.errors import OrderNotFound
from orders.services.placing import LineRequest, OrderRequest, has_ordered, place_order
from orders.states import CancelledBy
from promotions.api.quotes import QuoteInput, QuoteOutput, basket_of, codes_input, lines_input, shown_quote
from promotions.services.redeeming import quote_coupons

NOT_FOUND = {"order_not_found": (404, _("There is no order with this reference."))}
FINAL = {"order_is_final": (409, _("The order is delivered or cancelled already."))}
HELD = {"order_held": (409, _("The order is held. It can be asked again; nothing more is told."))}


class OrderInput(StrictSerializer):
    """An order, placed and paid. A top-up names its recipient, of whom only a keyed hash and four characters are kept."""

    ref = RefField(help_text=_("The storefront's own reference, never used before."))
    customer = RefField()
    coupons = codes_input()
    lines = lines_input()
    device = TextField(max_length=200, allow_null=True, allow_blank=True, default="")
    ip = AddressField(allow_null=True, default=None)


class CancellationInput(StrictSerializer):
    reason = TextField(max_length=1000, allow_blank=True, default="")


class NothingInput(StrictSerializer):
    """An empty object, or no body at all."""


class OrderLineOutput(serializers.ModelSerializer):
    class Meta:
        model = OrderLine
        fields = ["sku", "category", "product_category", "amount", "discount"]


class OrderDiscountOutput(serializers.ModelSerializer):
    coupon = serializers.CharField(source="coupon.code")

    class Meta:
        model = OrderDiscount
        fields = ["coupon", "amount"]


class OrderOutput(serializers.ModelSerializer):
    """The order as it stands. `is_held` says that it may not be delivered now."""

    customer = serializers.CharField(source="customer.ref")
    payable_amount = serializers.DecimalField(14, 2)
    discounts = OrderDiscountOutput(many=True)
    lines = OrderLineOutput(many=True)
    is_held = serializers.BooleanField()

    class Meta:
        model = Order
        fields = [
            "ref",
            "customer",
            "status",
            "is_held",
            "currency",
            "gross_amount",
            "discount_amount",
            "payable_amount",
            "discounts",
            "lines",
            "placed_at",
            "delivered_at",
            "cancelled_at",
        ]


@extend_schema(tags=["orders"])
class OrdersView(StorefrontView):
    scopes = {"POST": Scope.ORDERS_WRITE}
    problems = {
        "POST": {
            "duplicate_order": (409, _("An order with this reference was placed already.")),
            "coupon_refused": (409, _("A coupon cannot pay for this order. Nothing was stored, no coupon was spent.")),
        }
    }

    @extend_schema(
        operation_id="place_order",
        summary="Place an order and redeem its coupons",
        request=OrderInput,
        responses={201: OrderOutput},
        examples=[
            OpenApiExample(
                "order",
                request_only=True,
                value={
                    "ref": "o-20190120-0001",
                    "customer": "u1001",
                    "coupons": ["7KQ2M9XWPD3RTA"],
                    "lines": [{"sku": "topup-100", "category": "phone_credit", "amount": "100.00", "recipient": "13800138000"}],
                    "device": "4c1f2b9e",
                    "ip": "203.0.113.7",
                },
            )
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Order and redemption are one: both are stored, or neither."""
        asked = OrderInput(data=request.data)
        asked.is_valid(raise_exception=True)
        order = place_order(_order_request(asked.validated_data), at=clock.now())
        return Response(_shown(order.ref), status=201)


@extend_schema(tags=["orders"])
class OrderView(StorefrontView):
    scopes = {"GET": Scope.ORDERS_READ}
    problems = {"GET": NOT_FOUND}

    @extend_schema(operation_id="read_order", summary="An order", responses=OrderOutput)
    def get(self, request: Request, ref: str) -> Response:
        """The order, its discounts, whether it is held."""
        return Response(_shown(ref))


@extend_schema(tags=["orders"])
class DeliveryView(StorefrontView):
    scopes = {"POST": Scope.ORDERS_WRITE}
    problems = {"POST": NOT_FOUND | HELD | FINAL}

    @extend_schema(
        operation_id="deliver_order",
        summary="May it be delivered?",
        request=NothingInput,
        responses=OrderOutput,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        """200 says yes and marks it delivered.

        To ask again after a 409, send a new Idempotency-Key: the old one repeats the old answer.
        """
        NothingInput(data=request.data).is_valid(raise_exception=True)
        deliver_order(ref, at=clock.now())
        return Response(_shown(ref))


@extend_schema(tags=["orders"])
class CancellationView(StorefrontView):
    scopes = {"POST": Scope.ORDERS_WRITE}
    problems = {"POST": NOT_FOUND | HELD | FINAL}

    @extend_schema(operation_id="cancel_order", summary="Cancel for the customer", request=CancellationInput, responses=OrderOutput)
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        """The coupons come back or not, by the policy of their campaign."""
        asked = CancellationInput(data=request.data)
        asked.is_valid(raise_exception=True)
        cancel_order(ref, cancelled_by=CancelledBy.CUSTOMER, reason=asked.validated_data["reason"], at=clock.now())
        return Response(_shown(ref))


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
        """Changes nothing, and promises nothing: the coupons are taken when the order is placed.

        A refusal says in `errors` of each coupon that does not fit why: by a code such as `minimum_not_met`, and in a sentence.
        """
        asked = QuoteInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        quote = quote_coupons(
            codes=data["coupons"],
            customer_ref=data["customer"],
            lines=basket_of(data["lines"]),
            at=clock.now(),
            has_ordered=lambda: has_ordered(data["customer"]),
        )
        return Response(QuoteOutput(shown_quote(quote)).data)


def _order_request(data: dict[str, Any]) -> OrderRequest:
    lines = (
        LineRequest(line["sku"], line["category"], line["amount"], line["recipient"] or "", line["product_category"])
        for line in data["lines"]
    )
    return OrderRequest(
        ref=data["ref"],
        customer_ref=data["customer"],
        coupon_codes=tuple(data["coupons"]),
        lines=tuple(lines),
        device=data["device"] or "",
        address=data["ip"] or "",
    )


def _shown(ref: str) -> dict[str, Any]:
    """Raises OrderNotFound."""
    order = Order.objects.for_api().filter(ref=ref).first()
    if order is None:
        raise OrderNotFound(ref)
    return OrderOutput(order).data
