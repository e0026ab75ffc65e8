"""Rows of every kind for tests that write into them in raw SQL."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from promotions.models import AlarmRecipient, EscalationStep, Redemption
from promotions.services.blocks import block_identity
from promotions.services.nobody import list_nobody
from promotions.services.redemption_holds import hold_redemptions
from promotions.services.thresholds import arm_threshold, check_thresholds
from promotions.states import Identity, NobodyKind, RuleAction
from tests.promotions.factories import (
    NOON,
    a_campaign,
    a_coupon,
    a_coupon_type,
    a_token,
    redeem,
    the_asker,
)
from tests.promotions.ruling import an_entry_with_rule


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
    return block_identity(identity=Identity.DEVICE, value="d1", scope=None, reason="farm", expires_at=None, by=the_asker(), at=NOON)


def a_nobody():
    return list_nobody(kind=NobodyKind.DEVICE, value="demo-phone", note="the phone in the shop window", by=the_asker(), at=NOON)


def a_redemption():
    redeem(a_coupon(), order_ref="o1")
    return Redemption.objects.get()


def a_drafts_rule():
    return a_coupon_type(is_live=False).rules.get()


def a_flag():
    """The second coupon of a device whose rule flags from the second on."""
    entry = an_entry_with_rule(identity=Identity.DEVICE, action=RuleAction.FLAG)
    first, second = (a_coupon(entry=entry, device="d1") for _ in range(2))
    assert not first.claim.flags.exists()
    return second.claim.flags.get()


def a_batch():
    return a_token().batch


def a_step():
    return EscalationStep.objects.create(number=7, after=timedelta(minutes=5))


def a_recipient(**fields: Any):
    return AlarmRecipient.objects.create(**{"name": "Lead", "address": "lead@example.com", **fields})


def a_redemption_hold(scope: Any = None):
    return hold_redemptions(scope or a_coupon_type(), since=NOON, reason="leak", by=the_asker(), at=NOON)
