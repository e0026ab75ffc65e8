"""The yardstick: a claim without the claim. Same middleware, authentication, serializers and answer; nothing is decided or kept."""

from datetime import UTC, datetime
from decimal import Decimal

from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.lib.models.api_key import Scope
from backoffice.lib.views import StorefrontView
from promotions.api.claims import ClaimInput, ClaimOutput
from promotions.models import Coupon

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


class NoopView(StorefrontView):
    scopes = {"POST": Scope.CLAIMS_WRITE}
    schema = None

    def post(self, request: Request) -> Response:
        asked = ClaimInput(data=request.data)
        asked.is_valid(raise_exception=True)
        coupon = Coupon(code="7KQ2M9XWPD3RTA", face_value=Decimal("10.00"), issued_at=NEW_YEAR, valid_until=NEW_YEAR)
        return Response(ClaimOutput(coupon, context={"asked": asked.validated_data}).data, status=201)

    post.confirms_key = True  # type: ignore[attr-defined]  # as a claim's: the key is remembered, and no database is asked
