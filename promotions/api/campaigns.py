"""What can be claimed now."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from backoffice.lib import clock
from backoffice.lib.models.api_key import Scope
from backoffice.lib.views import NewestFirst, StorefrontView
from promotions.models import Campaign, CouponType, Entry, OpeningHours, ScopeLine
from promotions.states import CAMPAIGN_GIVING


class HoursOutput(serializers.ModelSerializer):
    """Open on these days of the week (1 is Monday), in the campaign's `time_zone`. An end that is not later is on the next day."""

    class Meta:
        model = OpeningHours
        fields = ["weekdays", "opens", "closes"]


class ScopeOutput(serializers.ModelSerializer):
    """Lines that take part in minimum spend and discount, or are left out. A star at the end stands for whatever follows."""

    class Meta:
        model = ScopeLine
        fields = ["side", "by", "value"]


class EntryOutput(serializers.ModelSerializer):
    """A way in that is open now, at its hours; without hours it is open round the clock."""

    hours = HoursOutput(many=True)

    class Meta:
        model = Entry
        fields = ["code", "channel", "opens_at", "closes_at", "needs_token", "hours"]


class CouponTypeOutput(serializers.ModelSerializer):
    """What can be claimed, by which entries, and what its coupons then ask for.

    With a percentage the face value is the most it takes off. Minimum spend and discount look at what `scope` covers; without a
    line that takes part, everything does. A coupon is valid until `valid_until`, or for `valid_days` times 24 hours, whichever is
    first.
    """

    scope = ScopeOutput(many=True)
    hours = HoursOutput(many=True)
    entries = EntryOutput(many=True, source="open_entries")

    class Meta:
        model = CouponType
        fields = [
            "code",
            "name",
            "face_value",
            "percentage",
            "minimum_spend",
            "claim_from",
            "claim_until",
            "valid_until",
            "valid_days",
            "requires_verified",
            "first_order_only",
            "stacks",
            "stacking_group",
            "stacks_with",
            "scope",
            "hours",
            "entries",
        ]


class CampaignOutput(serializers.ModelSerializer):
    coupon_types = CouponTypeOutput(many=True, source="shown_types")

    class Meta:
        model = Campaign
        fields = ["code", "name", "starts_at", "ends_at", "currency", "time_zone", "coupon_types"]


def shown_campaigns(at: datetime) -> QuerySet[Campaign]:
    """Campaigns with something that anybody can claim now, and with just that, in a fixed number of queries.

    What is restricted is not among them, so no filter can bring it back.
    """
    entries = Entry.objects.open_at(at)
    types = CouponType.objects.shown_online(at).filter(Exists(entries.filter(coupon_type=OuterRef("pk"))))
    open_entries = Prefetch("entries", entries.order_by("id").prefetch_related("hours"), to_attr="open_entries")
    with_entries = types.prefetch_related(open_entries, "scope", "hours")
    return Campaign.objects.filter(
        Exists(types.filter(campaign=OuterRef("pk"))), status__in=CAMPAIGN_GIVING, starts_at__lte=at, ends_at__gt=at
    ).prefetch_related(Prefetch("coupon_types", with_entries.order_by("id"), to_attr="shown_types"))


@extend_schema_view(get=extend_schema(operation_id="list_campaigns", summary="What can be claimed now", tags=["campaigns"]))
class CampaignsView(StorefrontView, ListAPIView):
    """Live campaigns with their online coupon types and open entries, newest first. Restricted types never appear."""

    scopes = {"GET": Scope.CAMPAIGNS_READ}
    problems = {"GET": {"not_found": (404, _("The cursor is not one of ours."))}}
    query_names = frozenset({"cursor"})
    serializer_class = CampaignOutput
    pagination_class = NewestFirst
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Campaign]:
        return shown_campaigns(clock.now())
