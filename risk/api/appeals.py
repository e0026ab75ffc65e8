"""Appeals: filed for a held order, and read until they are decided."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.lib import clock
from backoffice.lib.errors import NotFound
from backoffice.lib.fields import RefField, StrictSerializer, TextField
from backoffice.lib.idempotency import idempotent
from backoffice.lib.models.api_key import Scope
from backoffice.lib.views import NewestFirst, StorefrontView
from orders.api.orders import NOT_FOUND
from orders.models import Order
from orders.services.errors import OrderNotFound
from risk.models import Appeal
from risk.services.appealing import LONGEST_TEXT, file_appeal
from risk.states import AppealOutcome

OPEN = "open"
FILED = {
    "order_not_held": (409, _("Nothing holds the order: there is nothing to appeal against.")),
    "appeal_open": (409, _("An appeal for this order waits already.")),
}


class AppealInput(StrictSerializer):
    """What the customer says, and by which name of the storefront's own he is reached."""

    text = TextField(max_length=LONGEST_TEXT, help_text=_("In the customer's words. Staff read it."))
    contact = RefField(default="", help_text=_("The storefront's own reference of how the customer is reached."))


class AppealOutput(serializers.ModelSerializer):
    """An appeal as it stands. `words` are for the customer; `is_held` says whether the order may still not be delivered."""

    appeal = serializers.IntegerField(source="pk")
    order = serializers.CharField(source="order.ref")
    status = serializers.SerializerMethodField()
    is_held = serializers.BooleanField(source="order.is_held")

    class Meta:
        model = Appeal
        fields = ["appeal", "order", "status", "filed_at", "due_at", "decided_at", "words", "is_held"]

    @extend_schema_field({"type": "string", "enum": [OPEN, *AppealOutcome.values]})
    def get_status(self, appeal: Appeal) -> str:
        return appeal.outcome or OPEN


class AppealNotFound(NotFound):
    """The order has no such appeal."""

    code = "appeal_not_found"

    def __init__(self) -> None:
        super().__init__(str(_("This order has no such appeal.")))


def shown(appeal: Appeal) -> dict[str, Any]:
    appeal.order = Order.objects.for_admin_list().get(pk=appeal.order_id)
    return dict(AppealOutput(appeal).data)


@extend_schema(tags=["orders"])
class AppealsView(StorefrontView, ListAPIView):
    scopes = {"GET": Scope.ORDERS_READ, "POST": Scope.ORDERS_WRITE}
    problems = {
        "GET": NOT_FOUND | {"not_found": (404, _("The cursor is not one of ours."))},
        "POST": NOT_FOUND | FILED,
    }
    query_names = frozenset({"cursor"})
    serializer_class = AppealOutput
    pagination_class = NewestFirst
    filter_backends = ()
    queryset = Appeal.objects.none()

    @extend_schema(operation_id="list_appeals", summary="The appeals of an order")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first; at most one of them is open."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="file_appeal",
        summary="The customer objects to his order being held",
        request=AppealInput,
        responses={201: AppealOutput},
        examples=[
            OpenApiExample("appeal", request_only=True, value={"text": "It is my mother's number.", "contact": "chat-20190120-77"})
        ],
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        """A person looks at it. The outcome is told by the webhook event `appeal.decided`, and can be read here."""
        asked = AppealInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        appeal = file_appeal(ref, text=data["text"], contact=data["contact"], at=clock.now())
        return Response(shown(appeal), status=201)

    def get_queryset(self) -> QuerySet[Appeal]:
        if not Order.objects.filter(ref=self.kwargs["ref"]).exists():
            raise OrderNotFound(self.kwargs["ref"])
        as_they_stand = Prefetch("order", Order.objects.for_admin_list())
        return Appeal.objects.filter(order__ref=self.kwargs["ref"]).prefetch_related(as_they_stand)


@extend_schema(tags=["orders"])
class AppealView(StorefrontView):
    scopes = {"GET": Scope.ORDERS_READ}
    problems = {"GET": NOT_FOUND | {"appeal_not_found": (404, _("This order has no such appeal."))}}

    @extend_schema(operation_id="read_appeal", summary="An appeal", responses=AppealOutput)
    def get(self, request: Request, ref: str, appeal: int) -> Response:
        """How it stands: open, upheld or granted."""
        if not Order.objects.filter(ref=ref).exists():
            raise OrderNotFound(ref)
        found = Appeal.objects.filter(order__ref=ref, pk=appeal).first()
        if found is None:
            raise AppealNotFound
        return Response(shown(found))
