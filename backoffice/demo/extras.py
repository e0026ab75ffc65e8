"""What waits for somebody when a newcomer logs in: a campaign to approve."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from promotions.services.campaigns import create_campaign, request_campaign
from promotions.services.coupon_types import create_coupon_type
from promotions.services.entries import create_entry
from promotions.states import Audience, Channel

DAY = timedelta(days=1)


def leave_work_waiting(now: datetime) -> None:
    """A lantern festival that the operator has drafted and sent to review."""
    operator = User.objects.get(username="operator")
    campaign = create_campaign(
        code="LANTERN",
        name="Lantern festival",
        owner=operator,
        starts_at=now + 2 * DAY,
        ends_at=now + 12 * DAY,
        budget=Decimal(80_000),
    )
    coupon_type = create_coupon_type(
        campaign=campaign,
        code="LANTERN-10",
        name="Lantern festival 10 off 60",
        audience=Audience.ONLINE,
        face_value=Decimal(10),
        minimum_spend=Decimal(60),
        claim_from=now + 2 * DAY,
        claim_until=now + 9 * DAY,
        valid_until=now + 12 * DAY,
        quantity=5_000,
        per_customer=1,
        requires_verified=False,
    )
    create_entry(
        coupon_type=coupon_type,
        code="lantern-app",
        channel=Channel.APP,
        opens_at=now + 2 * DAY,
        closes_at=now + 9 * DAY,
        cap=5_000,
        needs_token=False,
    )
    request_campaign(campaign, by=operator, reason=_("The partners have signed; please look at the budget."), at=now)
