"""What a customer has."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from backoffice.lib import clock
from backoffice.lib.models.api_key import Scope
from backoffice.lib.views import NewestFirst, StorefrontView
from promotions.models import Coupon
from promotions.states import CouponStatus


class CouponOutput(serializers.ModelSerializer):
    """A coupon as it stands. One whose time is over is `expired`, also before that is written down."""

    coupon_type = serializers.CharField(source="coupon_type.code")
    name = serializers.CharField(source="coupon_type.name")
    currency = serializers.CharField(source="coupon_type.campaign.currency")
    percentage = serializers.DecimalField(5, 2, allow_null=True, source="coupon_type.percentage")
    minimum_spend = serializers.DecimalField(14, 2, source="coupon_type.minimum_spend")
    status = serializers.SerializerMethodField()

    class Meta:
        model = Coupon
        fields = [
            "code",
            "coupon_type",
            "name",
            "currency",
            "face_value",
            "percentage",
            "minimum_spend",
            "status",
            "issued_at",
            "valid_until",
        ]

    @extend_schema_field({"type": "string", "enum": list(CouponStatus.values)})
    def get_status(self, coupon: Coupon) -> str:
        is_over = coupon.status == CouponStatus.ISSUED and coupon.valid_until <= clock.now()
        return CouponStatus.EXPIRED.value if is_over else coupon.status


@extend_schema_view(get=extend_schema(operation_id="list_coupons", summary="A customer's coupons", tags=["customers"]))
class CustomerCouponsView(StorefrontView, ListAPIView):
    """A customer's coupons, newest first. Somebody who never claimed has none: customers are the storefront's to know."""

    scopes = {"GET": Scope.CUSTOMERS_READ}
    problems = {"GET": {"not_found": (404, _("The cursor is not one of ours."))}}
    query_names = frozenset({"cursor"})
    serializer_class = CouponOutput
    pagination_class = NewestFirst
    filter_backends = ()
    queryset = Coupon.objects.none()

    def get_queryset(self) -> QuerySet[Coupon]:
        return Coupon.objects.filter(customer__ref=self.kwargs["ref"]).select_related("coupon_type__campaign")
