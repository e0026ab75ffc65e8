"""Rows of every kind for tests that write into them in raw SQL."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from promotions.models import (
    AlarmRecipient,
    EscalationStep,
    IdentityBlock,
    Redemption,
)
from promotions.services.redemption_holds import hold_redemptions
from promotions.services.thresholds import arm_threshold, check_thresholds
from promotions.states import Identity
from tests.promotions.factories import (
    NOON,
    a_campaign,
    a_coupon,
    a_coupon_type,
    a_token,
    redeem,
    the_asker,
)


def a_campaign_budget():
    return a_campaign().budget


def a_threshold():
    return arm_threshold(scope=a_coupon_type(), metric="issued_count", window=None, limit=Decimal(1), action="alarm")


def a_platform_threshold():
    return arm_threshold(scope="platform", metric="issued_count", window=None, limit=Decimal(1), action="alarm")


def an_alarm():
    a_platform_threshold()
    a_coupon()
    return check_thresholds(NOON)[0]


def a_block():
    return IdentityBlock.objects.create(
        identity=Identity.DEVICE, value="d1", reason="farm", created_by=the_asker(), created_at=NOON
    )


def a_redemption():
    redeem(a_coupon(), order_ref="o1")
    return Redemption.objects.get()


def a_rule():
    return a_coupon_type().rules.get()


def a_batch():
    return a_token().batch


def a_step():
    return EscalationStep.objects.create(number=7, after=timedelta(minutes=5))


def a_recipient(**fields: Any):
    return AlarmRecipient.objects.create(**{"name": "Lead", "address": "lead@example.com", **fields})


def a_redemption_hold(scope: Any = None):
    return hold_redemptions(scope or a_coupon_type(), since=NOON, reason="leak", by=the_asker(), at=NOON)
