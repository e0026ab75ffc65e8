"""Orders: placed, read, delivered, cancelled."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.lib import clock
from backoffice.lib.errors import InvalidInput
from backoffice.lib.fields import AddressField, CountField, FlagField, RefField, StrictSerializer, TextField
from backoffice.lib.idempotency import idempotent
from backoffice.lib.models.api_key import Scope
from backoffice.lib.views import StorefrontView
from orders.api.order_answers import order_answer
from orders.models import Order, OrderDiscount, OrderLine
from orders.services.checking import MOST_PIECES
from orders.services.delivering import deliver_order, deliver_part
from orders.services.errors import OrderNotFound
from orders.services.placing import LineRequest, OrderRequest, PlacedOrder, has_ordered, place
from promotions.api.quotes import MOST_LINES, LineInput, QuoteInput, QuoteOutput, basket_of, codes_input, shown_quote
from promotions.services.redeeming import quote_coupons

NOT_FOUND = {"order_not_found": (404, _("There is no order with this reference."))}
FINAL = {"order_is_final": (409, _("The order is delivered, cancelled or refunded already."))}
NOT_PAID = {"order_not_paid": (409, _("The order is not paid yet. Tell the payment, then ask again."))}
REUSED = {"reference_reused": (409, _("The reference names another parcel or refund of this order already."))}
HELD = {"order_held": (409, _("The order is held. It can be asked again; nothing more is told."))}


class OrderLineInput(LineInput):
    """A line of an order. The amount is of the whole line, however many pieces."""

    quantity = CountField(min_value=1, max_value=MOST_PIECES, default=1)


class OrderInput(StrictSerializer):
    """An order. A top-up names its recipient; of recipient, payment account and delivery phone a keyed hash and four characters
    are kept.
    """

    ref = RefField(help_text=_("The storefront's own reference, never used before."))
    customer = RefField()
    coupons = codes_input()
    lines = OrderLineInput(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    paid = FlagField(default=True, help_text=_("false where the payment is told later; nothing is delivered before."))
    device = TextField(max_length=200, allow_null=True, allow_blank=True, default="")
    ip = AddressField(allow_null=True, default=None)
    payment_account = TextField(
        max_length=200,
        allow_null=True,
        allow_blank=True,
        default="",
        help_text=_("The payer's account at the payment service, whole. One with stars in it is left out."),
    )
    delivery_phone = TextField(
        max_length=64,
        allow_null=True,
        allow_blank=True,
        default="",
        help_text=_("The number that parcels go to: the true one, not a relay's."),
    )


class PiecesInput(StrictSerializer):
    """So many pieces of one line, which is named by its position in the order, counted from 1."""

    line = CountField(min_value=1, max_value=MOST_LINES)
    quantity = CountField(min_value=1, max_value=MOST_PIECES)


class DeliveryInput(StrictSerializer):
    """An empty object, or no body at all, for all that is left of the order; else a parcel and what is in it."""

    delivery = RefField(default="", help_text=_("The storefront's own reference for this parcel."))
    lines = PiecesInput(many=True, max_length=MOST_LINES, default=list)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs["delivery"]) != bool(attrs["lines"]):
            raise InvalidInput(_("A parcel needs both its reference and its lines."))
        if len({pieces["line"] for pieces in attrs["lines"]}) < len(attrs["lines"]):
            raise InvalidInput(_("Each line once."))
        return attrs


class OrderLineOutput(serializers.ModelSerializer):
    class Meta:
        model = OrderLine
        fields = ["sku", "category", "product_category", "quantity", "delivered_quantity", "amount", "discount"]


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
            "refunded_amount",
            "discounts",
            "lines",
            "placed_at",
            "paid_at",
            "delivered_at",
            "completed_at",
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
        placed = place(_order_request(asked.validated_data), at=clock.now())
        return Response(shown_placed(placed), status=201)


@extend_schema(tags=["orders"])
class OrderView(StorefrontView):
    scopes = {"GET": Scope.ORDERS_READ}
    problems = {"GET": NOT_FOUND}

    @extend_schema(operation_id="read_order", summary="An order", responses=OrderOutput)
    def get(self, request: Request, ref: str) -> Response:
        """The order, its discounts, whether it is held."""
        return Response(shown(ref))


@extend_schema(tags=["orders"])
class DeliveryView(StorefrontView):
    scopes = {"POST": Scope.ORDERS_WRITE}
    problems = {"POST": NOT_FOUND | HELD | FINAL | NOT_PAID | REUSED}

    @extend_schema(
        operation_id="deliver_order",
        summary="May it be delivered?",
        request=DeliveryInput,
        responses=OrderOutput,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        """200 says yes and marks it delivered: all that is left, or the pieces of one parcel.

        To ask again after a 409, send a new Idempotency-Key: the old one repeats the old answer.
        """
        asked = DeliveryInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        if data["lines"]:
            pieces = {line["line"]: line["quantity"] for line in data["lines"]}
            deliver_part(ref, delivery_ref=data["delivery"], quantities=pieces, at=clock.now())
        else:
            deliver_order(ref, at=clock.now())
        return Response(shown(ref))


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
        LineRequest(
            line["sku"], line["category"], line["amount"], line["recipient"] or "", line["product_category"], line["quantity"]
        )
        for line in data["lines"]
    )
    return OrderRequest(
        ref=data["ref"],
        customer_ref=data["customer"],
        coupon_codes=tuple(data["coupons"]),
        lines=tuple(lines),
        device=data["device"] or "",
        address=data["ip"] or "",
        is_paid=data["paid"],
        payment_account=data["payment_account"] or "",
        delivery_phone=data["delivery_phone"] or "",
    )


def shown(ref: str) -> dict[str, Any]:
    """Raises OrderNotFound."""
    order = Order.objects.for_api().filter(ref=ref).first()
    if order is None:
        raise OrderNotFound(ref)
    discounts = [(discount.coupon.code, discount.amount) for discount in order.discounts.all()]
    return order_answer(order, customer=order.customer.ref, is_held=order.is_held, discounts=discounts, lines=order.lines.all())


def shown_placed(placed: PlacedOrder) -> dict[str, Any]:
    """An order just placed, as `shown` would show it, without asking for what is known."""
    discounts = [(coupon.code, amount) for coupon, amount in placed.coupons]
    order = placed.order
    return order_answer(order, customer=order.customer.ref, is_held=placed.is_held, discounts=discounts, lines=placed.lines)
