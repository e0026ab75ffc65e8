"""What the storefront tells of an order after it was placed: payment, cancellation, refund, completion.

It may come late, twice, out of order, even before the order itself. What comes too early is kept and answered with 202.
"""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.lib import clock
from backoffice.lib.errors import InvalidInput
from backoffice.lib.fields import AmountField, ChoiceField, FlagField, MomentField, RefField, StrictSerializer, TextField
from backoffice.lib.idempotency import idempotent
from backoffice.lib.models.api_key import Scope
from backoffice.lib.views import StorefrontView
from orders.api.orders import FINAL, HELD, NOT_FOUND, REUSED, OrderOutput, shown
from orders.services.notices import Told, tell
from orders.states import NoticeKind, RefundCause

CLOCKS_MAY_DIFFER = timedelta(minutes=5)
TOO_MUCH = {"too_much_refunded": (409, _("More would be paid back than was paid."))}


class PaymentInput(StrictSerializer):
    paid_at = MomentField(allow_null=True, default=None, help_text=_("Now, where it is not told."))


class CancellationInput(StrictSerializer):
    reason = TextField(max_length=1000, allow_blank=True, default="")


class RefundInput(StrictSerializer):
    """Money paid back, in the order's currency. The whole of it, and the coupons return by their campaign's policy."""

    refund = RefField(help_text=_("The storefront's own reference for this refund."))
    amount = AmountField()
    cause = ChoiceField(RefundCause)
    goods_returned = FlagField(default=False)
    reason = TextField(max_length=1000, allow_blank=True, default="")


class NothingInput(StrictSerializer):
    """An empty object, or no body at all."""


class KeptOutput(serializers.Serializer):
    """It was told too early, is kept, and will be done once it can be."""

    kept = serializers.BooleanField()


ANSWERS = {200: OrderOutput, 202: KeptOutput}


class ToldView(StorefrontView):
    """Each is one kind of notice; 200 with the order as it stands then, or 202."""

    scopes = {"POST": Scope.ORDERS_WRITE}

    def answer(self, kind: NoticeKind, ref: str, *, name: str = "", payload: dict[str, Any] | None = None) -> Response:
        order = tell(Told(kind, ref, name, payload or {}), at=clock.now())
        return Response(shown(ref)) if order else Response({"kept": True}, status=202)


@extend_schema(tags=["orders"])
class PaymentView(ToldView):
    problems = {"POST": NOT_FOUND | REUSED}

    @extend_schema(operation_id="pay_order", summary="It was paid", request=PaymentInput, responses=ANSWERS)
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        """From now on the order may leave. A payment of a cancelled order is kept as a fact and revives nothing."""
        asked = PaymentInput(data=request.data)
        asked.is_valid(raise_exception=True)
        paid_at = asked.validated_data["paid_at"]
        if paid_at and paid_at > clock.now() + CLOCKS_MAY_DIFFER:
            raise InvalidInput(_("An order cannot have been paid at a time that is still to come."))
        return self.answer(NoticeKind.PAYMENT, ref, payload={"paid_at": paid_at.isoformat()} if paid_at else {})


@extend_schema(tags=["orders"])
class CancellationView(ToldView):
    problems = {"POST": NOT_FOUND | HELD | FINAL | REUSED}

    @extend_schema(operation_id="cancel_order", summary="Cancel for the customer", request=CancellationInput, responses=ANSWERS)
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        """The coupons come back or not, by the policy of their campaign."""
        asked = CancellationInput(data=request.data)
        asked.is_valid(raise_exception=True)
        return self.answer(NoticeKind.CANCELLATION, ref, payload=dict(asked.validated_data))


@extend_schema(tags=["orders"])
class RefundsView(ToldView):
    problems = {"POST": NOT_FOUND | HELD | TOO_MUCH | REUSED}

    @extend_schema(operation_id="refund_order", summary="It was refunded", request=RefundInput, responses=ANSWERS)
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        """In part or in whole. The same reference twice is one refund."""
        asked = RefundInput(data=request.data)
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)
        name = told.pop("refund")
        return self.answer(NoticeKind.REFUND, ref, name=name, payload={**told, "amount": str(told["amount"])})


@extend_schema(tags=["orders"])
class CompletionView(ToldView):
    problems = {"POST": NOT_FOUND | HELD | FINAL}

    @extend_schema(operation_id="complete_order", summary="It is completed", request=NothingInput, responses=ANSWERS)
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        """Nothing more will be done for it. Told before all of it has left, it is kept until then."""
        NothingInput(data=request.data).is_valid(raise_exception=True)
        return self.answer(NoticeKind.COMPLETION, ref)
