"""Whatever is done, in whatever order, the budget does what a model of a hundred lines does.

Each run is one transaction that is rolled back, in a world that is made once. A run that fails is shrunk, kept in `.hypothesis` and
tried first the next time; the line it prints replays it anywhere. `--model-runs` says how many runs, dealt out over the shards.
"""

from datetime import timedelta
from decimal import Decimal
from functools import cache

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from backoffice.lib.errors import InvalidInput
from backoffice.lib.states import move
from promotions.models import Campaign, Coupon, CouponType, Customer, Entry
from promotions.services.changes import narrow
from promotions.services.claiming import claim_coupon
from promotions.services.expiring import expire_coupons
from promotions.services.reconciling import find_drifts
from promotions.services.redeeming import BasketLine, redeem_coupons
from promotions.services.returning import return_coupons
from promotions.services.voiding import freeze_coupon, thaw_coupon, void_coupon
from promotions.states import (
    CAMPAIGN_MOVES,
    COUPON_TYPE_MOVES,
    CampaignStatus,
    CouponStatus,
    CouponTypeStatus,
    OverrunPolicy,
    SlotReturn,
)
from tests.promotions.factories import DAY, NOON, a_campaign, a_claimant, a_coupon_type, a_request, an_entry, the_asker
from tests.promotions.reference import Model, ModelKind

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = 50
SHARDS = 8
PEOPLE = 4
# By world: budget, slices, policy of return, policy of overrun; of each type face value, quantity, cap, own budget, per customer.
WORLDS = (
    ("100.00", 3, SlotReturn.ALWAYS, OverrunPolicy.REFUSE, [("10.00", 12, 50, None, 3), ("7.77", None, 50, "40.00", 4)]),
    ("33.33", 1, SlotReturn.UNLESS_RISK, OverrunPolicy.HONOUR, [("10.00", 50, 50, "25.00", 5), ("0.01", 50, 6, None, 9)]),
    ("99.99", 4, SlotReturn.UNLESS_RISK, OverrunPolicy.REFUSE, [("33.33", 50, 50, "70.00", 9), ("12.50", 4, 50, None, 9)]),
    ("50.00", 2, SlotReturn.ALWAYS, OverrunPolicy.HONOUR, [("20.00", 50, 50, None, 9), ("9.99", 50, 50, "30.00", 2)]),
    ("60.00", 8, SlotReturn.NEVER, OverrunPolicy.REFUSE, [("15.00", 50, 50, "45.00", 9), ("3.33", 50, 50, None, 9)]),
)
SUMS = """
SELECT sum(s.amount), sum(s.reserved), sum(s.spent), sum(s.returned), sum(s.overrun),
       (SELECT array_agg(ARRAY[t.issued, t.reserved, t.spent] ORDER BY t.coupon_type_id)
          FROM (SELECT coupon_type_id, sum(issued)::numeric AS issued, sum(reserved) AS reserved, sum(spent) AS spent
                  FROM promotions_coupontypeslice WHERE coupon_type_id = ANY(%s) GROUP BY 1) t)
  FROM promotions_budgetslice s WHERE s.budget_id = %s
"""
worlds: list[tuple[Campaign, list[Entry], list[Customer]]] = []
small, place = st.integers(0, 3), st.integers(0, 19)


def make_worlds() -> None:
    """Each world with its campaign, live types and open entries, and the people who claim there."""
    worlds.clear()
    for budget, slices, slot_return, overrun_policy, kinds in WORLDS:
        campaign = a_campaign(budget=Decimal(budget), slices=slices, slot_return=slot_return, overrun_policy=overrun_policy)
        entries = [
            an_entry(
                coupon_type=a_coupon_type(
                    campaign=campaign,
                    face_value=Decimal(face),
                    quantity=quantity,
                    budget_amount=own and Decimal(own),
                    per_customer=per_customer,
                    slices=slices,
                    valid_until=NOON + (number + 1) * 2 * DAY,
                ),
                cap=cap,
                slices=2,
            )
            for number, (face, quantity, cap, own, per_customer) in enumerate(kinds)
        ]
        worlds.append((campaign, entries, [a_claimant() for _ in range(PEOPLE)]))


@cache
def asker_of(_database: str):
    return the_asker()


class BudgetMachine(RuleBasedStateMachine):
    """The services beside the model."""

    @initialize(world=st.integers(0, len(WORLDS) - 1))
    def begin(self, world):
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.at, self.orders, self.coupons = NOON, [], {}
        self.campaign, self.entries, self.people = worlds[world]
        self.types = [entry.coupon_type for entry in self.entries]
        self.statuses = {"campaign": CampaignStatus.LIVE, 0: CouponTypeStatus.LIVE, 1: CouponTypeStatus.LIVE}
        kinds = [
            ModelKind(kind.face_value, kind.quantity, entry.cap, kind.budget_amount, per_customer, kind.valid_until)
            for kind, entry, (*_, per_customer) in zip(self.types, self.entries, WORLDS[world][-1], strict=True)
        ]
        self.model = Model(Decimal(WORLDS[world][0]), self.campaign.slot_return, self.campaign.overrun_policy, kinds)

    def teardown(self):
        if not hasattr(self, "transaction"):
            return
        try:
            assert find_drifts() == []
            stored = dict(Coupon.objects.filter(pk__in=self.coupons).values_list("pk", "status"))
            assert stored == {key: coupon.status for key, coupon in self.model.coupons.items()}
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def pick(self, number, *statuses):
        """One of the coupons in these states, if there is any."""
        keys = [key for key, coupon in self.model.coupons.items() if coupon.status in statuses]
        return keys[number % len(keys)] if keys else None

    def has(self, *statuses):
        return any(coupon.status in statuses for coupon in self.model.coupons.values())

    @rule(number=st.integers(0, 1), who=small)
    def claim(self, number, who):
        request = a_request(entry=self.entries[number], claimant=self.people[who])
        claim = claim_coupon(request, at=self.at)
        assert claim.reason == self.model.refuses(number, who)
        if not claim.reason:
            self.coupons[claim.coupon.pk] = claim.coupon
            self.model.issue(claim.coupon.pk, number, who)

    @precondition(lambda self: self.has(CouponStatus.ISSUED))
    @rule(which=place, cents=st.integers(1, 4000))
    def redeem(self, which, cents):
        key = self.pick(which, CouponStatus.ISSUED)
        coupon, amount = self.coupons[key], Decimal(cents) / 100
        if self.model.coupons[key].valid_until <= self.at:
            return
        order = f"order-{len(self.orders)}"
        with transaction.atomic():
            basket = [BasketLine("sku", "goods", amount)]
            redeem_coupons(codes=[coupon.code], customer=coupon.claim.customer, lines=basket, order_ref=order, at=self.at)
        self.orders.append((order, key))
        self.model.redeem(key, amount)

    @precondition(lambda self: self.has(CouponStatus.REDEEMED))
    @rule(which=place, cancelled_by=st.sampled_from(["customer", "risk"]))
    def cancel(self, which, cancelled_by):
        key = self.pick(which, CouponStatus.REDEEMED)
        order = next(order for order, paid in reversed(self.orders) if paid == key)
        revived = return_coupons(order_ref=order, cancelled_by=cancelled_by, at=self.at)
        assert revived == self.model.bring_back(key, cancelled_by, self.at)

    @rule(hours=st.sampled_from([1, 3, 6]))
    def expire(self, hours):
        self.at += timedelta(hours=hours)
        assert expire_coupons(self.at) == self.model.expire(self.at)

    @precondition(lambda self: self.has(CouponStatus.ISSUED, CouponStatus.FROZEN))
    @rule(which=place, act=st.sampled_from(["void", "freeze", "thaw"]))
    def take_out_of_hands(self, which, act):
        verbs = {"void": (void_coupon, CouponStatus.VOIDED), "freeze": (freeze_coupon, CouponStatus.FROZEN)}
        verb, status = verbs.get(act, (thaw_coupon, CouponStatus.ISSUED))
        states = {"void": (CouponStatus.ISSUED, CouponStatus.FROZEN), "freeze": (CouponStatus.ISSUED,)}
        key = self.pick(which, *states.get(act, (CouponStatus.FROZEN,)))
        if key is None:
            return
        verb(self.coupons[key], by=asker_of(connection.settings_dict["NAME"]), reason="model", at=self.at)
        if act == "void":
            self.model.drop(key, status)
        else:
            self.model.coupons[key].status = status

    @rule(number=st.integers(0, 1))
    def suspend_or_resume_a_type(self, number):
        kind = self.model.kinds[number]
        to = CouponTypeStatus.SUSPENDED if kind.is_live else CouponTypeStatus.LIVE
        now = CouponType(pk=self.types[number].pk, status=self.statuses[number])
        move(now, to, COUPON_TYPE_MOVES)
        self.statuses[number], kind.is_live = to, not kind.is_live

    @precondition(lambda self: not self.model.is_live or len(self.coupons) % 5 == 4)
    @rule()
    def pause_or_resume_the_campaign(self):
        to = CampaignStatus.PAUSED if self.model.is_live else CampaignStatus.LIVE
        move(Campaign(pk=self.campaign.pk, status=self.statuses["campaign"]), to, CAMPAIGN_MOVES)
        self.statuses["campaign"], self.model.is_live = to, not self.model.is_live

    @precondition(lambda self: len(self.coupons) % 4 == 3)
    @rule(percent=st.sampled_from([50, 80, 99]))
    def lower_the_budget(self, percent):
        amount = (self.model.budget * percent / 100).quantize(Decimal("0.01"))
        if not 0 < amount < self.model.budget:
            return
        campaign = Campaign.objects.get(pk=self.campaign.pk)
        why = {"by": asker_of(connection.settings_dict["NAME"]), "reason": "model", "at": self.at}
        if self.model.can_lower_to(amount):
            narrow(campaign, changes={"amount": amount}, **why)
            self.model.budget = amount
        else:
            with pytest.raises(InvalidInput, match="promised or spent already"):
                narrow(campaign, changes={"amount": amount}, **why)

    @invariant()
    def the_counters_say_what_the_model_says(self):
        if not hasattr(self, "model"):
            return
        with connection.cursor() as cursor:
            cursor.execute(SUMS, [[kind.pk for kind in self.types], self.campaign.budget.pk])
            amount, reserved, spent, returned, overrun, kinds = cursor.fetchone()
        model = self.model
        assert (amount, reserved, spent, overrun) == (model.budget, model.reserved, model.spent, model.overrun)
        assert reserved + spent + returned == model.issued
        assert [tuple(kind) for kind in kinds] == [(kind.issued, kind.reserved, kind.spent) for kind in model.kinds]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_budget_does_what_its_model_does(shard, request):
    make_worlds()
    asker_of.cache_clear()
    run_state_machine_as_test(
        BudgetMachine,
        settings=settings(
            max_examples=max(1, request.config.getoption("--model-runs") // SHARDS),
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.reuse, Phase.generate, Phase.shrink],
        ),
    )
