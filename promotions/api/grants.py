"""Grants asked for by a program. A person stands behind its key, and another one approves in the admin."""

from typing import Any, cast

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.lib import clock
from backoffice.lib.errors import DomainError, InvalidInput
from backoffice.lib.fields import FlagField, RefField, StrictSerializer, TextField, TextsField
from backoffice.lib.idempotency import idempotent
from backoffice.lib.models import ApiKey
from backoffice.lib.models.api_key import Scope
from backoffice.lib.views import LONGEST_POSITION, StorefrontView
from promotions.models import Coupon, CouponType, Grant, GrantItem
from promotions.services.grant_lists import draft_from_api
from promotions.services.granting import request_grant
from promotions.states import GrantResult, GrantStatus

MOST_CUSTOMERS = 10_000
GRANT_FIELDS = ["id", "coupon_type", "status", "in_addition", "customers", "amount", "currency", "list_sha256", "results"]


class KeyWithoutPerson(DomainError):
    """Nobody answers for what this key asks."""

    code = "key_without_person"


class GrantInput(StrictSerializer):
    """A coupon of this type for each of these customers, as the storefront names them."""

    coupon_type = TextField(max_length=64)
    customers = TextsField(child=RefField(), min_length=1, max_length=MOST_CUSTOMERS)
    reason = TextField(max_length=1000, help_text=_("Why. Whoever approves decides by it."))
    in_addition = FlagField(default=False, help_text=_("Also to those who have as many as they may claim."))


class ResultCounts(serializers.Serializer):
    """granted + skipped + failed = customers, once nothing is pending."""

    pending = serializers.IntegerField()
    granted = serializers.IntegerField()
    skipped = serializers.IntegerField()
    failed = serializers.IntegerField()


class GrantOutput(serializers.ModelSerializer):
    """A grant as it stands. `in_review` waits for a second person; turned down it is a `draft` again."""

    coupon_type = serializers.CharField(source="coupon_type.code")
    currency = serializers.CharField(source="coupon_type.campaign.currency")
    status = serializers.ChoiceField(GrantStatus.choices)
    in_addition = serializers.BooleanField(source="is_in_addition")
    customers = serializers.IntegerField(source="count")
    list_sha256 = serializers.CharField(source="list_hash")
    results = ResultCounts(source="items.tally")

    class Meta:
        model = Grant
        fields = GRANT_FIELDS


class GrantResultOutput(serializers.Serializer):
    """What became of one customer: `detail` says why he got nothing, `coupon` is the code of what he got."""

    row = serializers.IntegerField(source="number")
    customer = serializers.CharField(source="ref")
    result = serializers.ChoiceField(GrantResult.choices)
    detail = serializers.CharField()
    coupon = serializers.SerializerMethodField()

    def get_coupon(self, item: GrantItem) -> str:
        return str(self.context["codes"].get(item.pk, ""))


@extend_schema(tags=["grants"])
class GrantsView(StorefrontView):
    scopes = {"POST": Scope.GRANTS_WRITE}
    problems = {"POST": {"key_without_person": (409, _("Nobody who may ask for grants stands behind this key."))}}

    @extend_schema(
        operation_id="request_grant",
        summary="Ask for a grant",
        request=GrantInput,
        responses={201: GrantOutput},
        examples=[
            OpenApiExample(
                "grant",
                request_only=True,
                value={"coupon_type": "SORRY-10", "customers": ["u1001", "u1002"], "reason": "Delivery was late"},
            )
        ],
    )
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        """201: asked for, and nothing given until a second person approves it in the admin. At most 10,000 customers at a time."""
        asked = GrantInput(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(GrantOutput(_ask(cast(ApiKey, request.auth), asked.validated_data)).data, status=201)


@extend_schema(tags=["grants"])
class GrantView(StorefrontView):
    scopes = {"GET": Scope.GRANTS_READ}
    problems = {"GET": {"not_found": (404, _("There is no such grant."))}}

    @extend_schema(operation_id="read_grant", summary="A grant", responses={200: GrantOutput})
    def get(self, request: Request, grant: int) -> HttpResponse:
        """How it stands, and how many customers have which result."""
        return Response(GrantOutput(_grant(grant)).data)


class InOrder(CursorPagination):
    """Pages in the order of the list."""

    ordering = "number"
    page_size = 500

    def decode_cursor(self, request: Request) -> Any:
        cursor = super().decode_cursor(request)
        position: Any = cursor.position if cursor else None
        if position is not None and not (position.isascii() and position.isdigit() and len(position) <= LONGEST_POSITION):
            raise NotFound(self.invalid_cursor_message)
        return cursor


@extend_schema_view(get=extend_schema(operation_id="list_grant_results", summary="A grant's results", tags=["grants"]))
class GrantResultsView(StorefrontView, ListAPIView):
    """What became of each customer, in the order of the list."""

    scopes = {"GET": Scope.GRANTS_READ}
    problems = {"GET": {"not_found": (404, _("There is no such grant, or the cursor is not one of ours."))}}
    query_names = frozenset({"cursor"})
    serializer_class = GrantResultOutput
    pagination_class = InOrder
    filter_backends = ()
    queryset = GrantItem.objects.none()

    def get_queryset(self) -> QuerySet[GrantItem]:
        return _grant(self.kwargs["grant"]).items.all()

    def paginate_queryset(self, queryset: Any) -> Any:
        """A page, with the codes of its coupons."""
        items = super().paginate_queryset(queryset)
        self.codes = dict(Coupon.objects.filter(grant_item__in=items or ()).values_list("grant_item", "code"))
        return items

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "codes": getattr(self, "codes", {})}


def _ask(key: ApiKey, data: dict[str, Any]) -> Grant:
    """Raises KeyWithoutPerson where whoever made the key may not ask for grants himself."""
    person, at = key.created_by, clock.now()
    if person is None or not person.is_active or not person.has_perm("promotions.request_grant"):
        raise KeyWithoutPerson(_("Nobody who may ask for grants stands behind this key: such a person must make it."))
    coupon_type = CouponType.objects.select_related("campaign").filter(code=data["coupon_type"]).first()
    if coupon_type is None:
        raise InvalidInput(_("There is no such coupon type."))
    with transaction.atomic():
        grant = draft_from_api(coupon_type, data["customers"], key=key.prefix, is_in_addition=data["in_addition"], by=person, at=at)
        request_grant(grant, by=person, reason=data["reason"], at=at)
    return _grant(grant.pk)


def _grant(pk: int) -> Grant:
    found = Grant.objects.select_related("coupon_type__campaign").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such grant."))
    return found
