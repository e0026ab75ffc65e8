"""Counters and ledger are compared, and whoever changed one of them behind everybody's back is found out."""

from decimal import Decimal
from random import Random

import pytest

from backoffice.lib.schedules import check_named
from promotions.models import Alarm, BudgetSlice, ClaimToken, Coupon, CouponTypeSlice, Drift, EntrySlice, Redemption, RuleUse
from promotions.services.expiring import expire_coupons
from promotions.services.reconciling import find_drifts, reconcile
from promotions.services.redeeming import return_coupons
from promotions.services.voiding import freeze_coupon, void_coupon
from promotions.states import AlarmCause
from tests.bypass import drop_constraints, without_triggers
from tests.promotions.factories import (
    DAY,
    NOON,
    a_basket,
    a_campaign,
    a_coupon,
    a_coupon_type,
    a_token,
    an_entry,
    redeem,
    the_asker,
)
from tests.promotions.rawsql import copy_of, set_in, sql

pytestmark = pytest.mark.django_db
SLICES = {
    "budget_slice": (lambda coupon: coupon.budget_slice, ("reserved", "spent", "returned")),
    "coupon_type_slice": (lambda coupon: coupon.coupon_type_slice, ("issued", "issued_amount", "reserved", "spent")),
    "entry_slice": (lambda coupon: coupon.entry_slice, ("issued",)),
}


def a_busy_campaign(**fields):
    """Coupons in every state, some of them by tokens; nothing of it is wrong."""
    campaign = a_campaign(slices=3, **fields)
    kind = a_coupon_type(campaign=campaign, budget_amount=Decimal(5000), quantity=500, slices=2)
    entry = an_entry(coupon_type=kind, cap=500, slices=2)
    coupons = [a_coupon(entry=entry) for _ in range(12)]
    redeem(coupons[0], order_ref="kept", lines=a_basket("6.66"))
    redeem(coupons[1], order_ref="returned")
    return_coupons(order_ref="returned", cancelled_by="customer", at=NOON)
    redeem(coupons[2], order_ref="taken")
    return_coupons(order_ref="taken", cancelled_by="risk", at=NOON)
    void_coupon(coupons[3], by=the_asker(), reason="test", at=NOON)
    freeze_coupon(coupons[4], by=the_asker(), reason="test", at=NOON)
    soon = a_coupon_type(campaign=campaign, valid_until=NOON + DAY)
    a_coupon(entry=an_entry(coupon_type=soon))
    expire_coupons(NOON + DAY)
    a_coupon(token=a_token(uses=3))
    return coupons


def told():
    return sorted((alarm.scope, alarm.detail) for alarm in Alarm.objects.all())


def test_where_nothing_is_wrong_nothing_is_told():
    a_busy_campaign()
    assert find_drifts() == []
    assert reconcile(NOON) == []
    assert not Drift.objects.exists()


def test_the_scheduled_check_answers_how_many_alarms_it_raised():
    coupon = a_coupon()
    sql(set_in(coupon.budget_slice, "returned = 0.01"))
    assert check_named("reconcile_budgets").run(NOON) == 1


@pytest.mark.parametrize(("name", "column"), [(name, column) for name, (_, columns) in SLICES.items() for column in columns])
@pytest.mark.parametrize("by", ["+", "-"])
def test_a_counter_that_is_off_by_the_least_it_can_be_is_an_alarm(name, column, by):
    coupons = a_busy_campaign()
    part = SLICES[name][0](coupons[0])
    unit = "0.01" if column != "issued" else "1"
    drop_constraints(type(part), "negative", "holds_only", "never_over", "check")
    with without_triggers():
        sql(set_in(part, f"{column} = {column} {by} {unit}"))
    (alarm,) = reconcile(NOON)
    assert alarm.cause == AlarmCause.BUDGET_DRIFT
    assert abs(alarm.value - alarm.limit) == Decimal(unit)
    assert f"{name}:{part.pk}: {column} is" in alarm.detail


def test_a_deleted_claim_is_an_alarm_at_its_coupon():
    coupon = a_busy_campaign()[5]
    drop_constraints(Coupon, "claim_id")
    with without_triggers():
        sql("DELETE FROM promotions_claim WHERE id = %s", coupon.claim_id)
    (alarm,) = reconcile(NOON)
    assert alarm.scope == f"coupon:{coupon.code}"
    assert alarm.target == f"promotions.coupon:{coupon.pk}"


def test_a_claim_without_its_coupon_is_an_alarm_and_so_are_the_counters_that_hold_it():
    coupon = a_busy_campaign()[5]
    with without_triggers():
        sql("DELETE FROM promotions_coupon WHERE id = %s", coupon.pk)
    scopes = {alarm.scope for alarm in reconcile(NOON)}
    assert f"claim:{coupon.claim_id}" in scopes
    assert f"coupon_type:{coupon.coupon_type.code}" in scopes


def test_a_coupon_that_says_it_was_used_without_any_order_is_an_alarm():
    coupon = a_busy_campaign()[5]
    sql(set_in(coupon, "status = 'redeemed'"))
    assert [alarm.scope for alarm in reconcile(NOON)] == [f"coupon:{coupon.code}"]


def test_a_used_coupon_that_says_it_can_be_used_again_is_an_alarm():
    coupon = a_busy_campaign()[0]
    sql(set_in(coupon, "status = 'issued'"))
    assert [alarm.scope for alarm in reconcile(NOON)] == [f"coupon:{coupon.code}"]


def test_a_token_that_says_other_than_its_claims_is_an_alarm():
    a_busy_campaign()
    token = ClaimToken.objects.get()
    sql(set_in(token, "used = 2"))
    (alarm,) = reconcile(NOON)
    assert (alarm.scope, alarm.limit, alarm.value) == (f"claim_token:{token.pk}", 1, 2)


def test_a_forgotten_use_of_a_rule_is_an_alarm():
    coupon = a_busy_campaign()[5]
    use = RuleUse.objects.get(identity=coupon.customer.ref)
    sql(set_in(use, "times = times || times"))
    assert [alarm.scope for alarm in reconcile(NOON)] == [f"coupon_type:{coupon.coupon_type.code}"]


def test_a_slice_that_was_widened_is_an_alarm():
    coupon = a_busy_campaign()[5]
    with without_triggers():
        sql(set_in(coupon.entry_slice, "cap = cap + 1"))
    assert [alarm.scope for alarm in reconcile(NOON)] == [f"entry:{coupon.claim.entry.code}"]


def test_what_was_told_is_not_told_again_until_it_changes_or_was_gone():
    part = a_coupon().budget_slice
    sql(set_in(part, "returned = 0.01"))
    assert len(reconcile(NOON)) == 1
    assert reconcile(NOON + DAY) == []
    sql(set_in(part, "returned = 0.02"))
    assert len(reconcile(NOON + DAY)) == 1
    sql(set_in(part, "returned = 0"))
    assert reconcile(NOON + 2 * DAY) == []
    assert not Drift.objects.filter(settled_at=None).exists()
    sql(set_in(part, "returned = 0.02"))
    assert len(reconcile(NOON + 3 * DAY)) == 1
    assert Drift.objects.count() == Alarm.objects.count() == 3


def test_a_hundred_corruptions_are_a_hundred_alarms():
    random = Random(20190120)
    campaigns = [a_campaign(slices=8) for _ in range(3)]
    coupons = []
    for campaign in campaigns:
        entry = an_entry(coupon_type=a_coupon_type(campaign=campaign, slices=4), slices=4)
        coupons += [a_coupon(entry=entry) for _ in range(40)]
    for number, coupon in enumerate(coupons[::4]):
        redeem(coupon, order_ref=f"o{number}", lines=a_basket("7.77"))
    assert reconcile(NOON) == []
    random.shuffle(coupons)
    used = [coupon for coupon in coupons if Redemption.objects.filter(coupon=coupon).exists()]
    unused = [coupon for coupon in coupons if coupon not in used]
    parts = {("budget_slice", s.budget_slice_id): s.budget_slice for s in coupons}
    parts |= {("coupon_type_slice", s.coupon_type_slice_id): s.coupon_type_slice for s in coupons}
    parts |= {("entry_slice", s.entry_slice_id): s.entry_slice for s in coupons}
    planted = 0
    drop_constraints(Coupon, "claim_id")
    drop_constraints(Redemption, "one_open_per_coupon")
    for model in (BudgetSlice, CouponTypeSlice, EntrySlice):
        drop_constraints(model, "negative", "holds_only", "never_over")
    with without_triggers():
        for (name, _), part in parts.items():
            column = random.choice(SLICES[name][1])
            unit = "1" if column == "issued" else "0.01"
            sql(set_in(part, f"{column} = {column} + {unit}"))
            planted += 1
        for coupon in unused[:20]:
            sql("DELETE FROM promotions_claim WHERE id = %s", coupon.claim_id)
            planted += 1
        for coupon in used[:20]:
            sql(copy_of(Redemption.objects.get(coupon=coupon), order_ref="'doubled'"))
            planted += 1
        for coupon in unused[20 : 20 + 100 - planted]:
            sql(set_in(coupon, "status = 'redeemed'"))
            planted += 1
    alarms = reconcile(NOON)
    assert planted == len(alarms) == len({alarm.detail for alarm in alarms}) == 100
    assert reconcile(NOON) == []
