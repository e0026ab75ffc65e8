"""Claims. A refusal is an answer like any other: it is stored, and it is the same for every reason."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.lib import clock
from backoffice.lib.errors import InvalidInput
from backoffice.lib.fields import AddressField, ChoiceField, FlagField, MomentField, RefField, StrictSerializer, TextField
from backoffice.lib.idempotency import idempotent
from backoffice.lib.models.api_key import Scope
from backoffice.lib.problems import problem_response
from backoffice.lib.views import StorefrontView
from promotions.models import Coupon
from promotions.services.claiming import Claimant, ClaimRequest, claim_coupon
from promotions.states import Channel, ClaimOutcome

CLAIM_REFUSED = "claim_refused"
CLAIM_REFUSED_TEXT = _("This coupon cannot be claimed.")
REFUSAL_STEP = 0.025  # seconds
CLOCKS_MAY_DIFFER = timedelta(minutes=5)
LONGEST_CODE = 64


class CustomerInput(StrictSerializer):
    """Who claims, as the storefront knows him. Of the phone number only a keyed hash and a few digits are kept."""

    ref = RefField()
    phone = TextField(max_length=32, allow_null=True, allow_blank=True, default="")
    verified = FlagField()
    registered_at = MomentField(allow_null=True, default=None)
    identity = TextField(
        max_length=128,
        allow_null=True,
        allow_blank=True,
        default="",
        help_text=_(
            "One text for one verified person, the same under all his accounts, for example a hash of his real-name id. Only a"
            " keyed hash of it is kept, and it counts only together with `verified`."
        ),
    )
    phone_verified = FlagField(default=False, help_text=_("Whether he has shown that the phone is his."))
    has_ordered = FlagField(
        allow_null=True, default=None, help_text=_("Whether he has ordered before, as far as the storefront knows.")
    )


class ClaimInput(StrictSerializer):
    """A claim. What a rule of the coupon type needs and is missing here (a device, an address, a phone) refuses it."""

    coupon_type = TextField(max_length=LONGEST_CODE)
    channel = ChoiceField(Channel)
    entry = TextField(max_length=LONGEST_CODE, allow_null=True, default=None)
    token = TextField(max_length=512, allow_null=True, default=None, help_text=_("The text of the QR code."))
    customer = CustomerInput()
    device = TextField(max_length=200, allow_null=True, allow_blank=True, default="")
    ip = AddressField(allow_null=True, default=None)
    region = TextField(
        max_length=16, allow_null=True, allow_blank=True, default="", help_text=_("Where he claims: a code that staff know.")
    )


class ClaimOutput(serializers.ModelSerializer):
    """The coupon that the claim gave. Type and customer are as they were asked: the claim's locks do not wait for look-ups."""

    coupon_type = serializers.SerializerMethodField()
    customer = serializers.SerializerMethodField()

    class Meta:
        model = Coupon
        fields = ["code", "coupon_type", "customer", "face_value", "status", "issued_at", "valid_until"]

    def get_coupon_type(self, coupon: Coupon) -> str:
        return str(self.context["asked"]["coupon_type"])

    def get_customer(self, coupon: Coupon) -> str:
        return str(self.context["asked"]["customer"]["ref"])


def refuses_evenly(post: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Lets refusals leave only at whole steps of time: how far a claim came before it was refused would teach a forger."""

    @wraps(post)
    def answer(view: Any, request: Request) -> HttpResponse:
        began = time.monotonic()
        response = post(view, request)
        if response.status_code == 409:
            if not connection.in_atomic_block:
                connection.close()  # back to the pool: others may use it while this one waits
            time.sleep(-(time.monotonic() - began) % REFUSAL_STEP)
        return response

    return answer


@extend_schema(tags=["claims"])
class ClaimsView(StorefrontView):
    scopes = {"POST": Scope.CLAIMS_WRITE}
    problems = {"POST": {CLAIM_REFUSED: (409, CLAIM_REFUSED_TEXT)}}

    @extend_schema(
        operation_id="claim_coupon",
        summary="Claim a coupon",
        request=ClaimInput,
        responses={201: ClaimOutput},
        examples=[
            OpenApiExample(
                "claim",
                request_only=True,
                value={
                    "coupon_type": "SPRING-10",
                    "channel": "app",
                    "entry": "SPRING-10-APP",
                    "token": None,
                    "customer": {
                        "ref": "u1001",
                        "phone": "13800138000",
                        "verified": True,
                        "registered_at": "2018-03-04T10:00:00+08:00",
                        "identity": "9f2c41d07be3",
                        "phone_verified": True,
                        "has_ordered": False,
                    },
                    "device": "4c1f2b9e",
                    "ip": "203.0.113.7",
                    "region": "CN-31",
                },
            )
        ],
    )
    @refuses_evenly
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        """201 with the coupon, or 409 `claim_refused`: the same words whatever the reason, which staff alone can see."""
        asked = ClaimInput(data=request.data)
        asked.is_valid(raise_exception=True)
        at = clock.now()
        claim = claim_coupon(_claim_request(asked.validated_data, at), at=at)
        if claim.outcome != ClaimOutcome.ISSUED:
            return problem_response(409, CLAIM_REFUSED, CLAIM_REFUSED_TEXT)
        return Response(ClaimOutput(claim.coupon, context={"asked": asked.validated_data}).data, status=201)


def _claim_request(data: dict[str, Any], at: datetime) -> ClaimRequest:
    customer = data["customer"]
    if customer["registered_at"] and customer["registered_at"] > at + CLOCKS_MAY_DIFFER:
        raise InvalidInput(_("The customer cannot have registered at a time that is still to come."))
    return ClaimRequest(
        claimant=Claimant(
            customer["ref"],
            customer["phone"] or "",
            customer["verified"],
            customer["registered_at"],
            is_phone_verified=customer["phone_verified"],
            identity=customer["identity"] or "",
            has_ordered=customer["has_ordered"],
        ),
        coupon_type=data["coupon_type"],
        channel=data["channel"],
        entry=data["entry"],
        token=data["token"],
        device=data["device"] or "",
        address=data["ip"] or "",
        region=data["region"] or "",
    )
