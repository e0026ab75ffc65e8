"""What is known of when things were done: accounts made together, acts in step, and codes that went public."""

from datetime import timedelta

import pytest

from risk.gathering import gather_facts
from risk.rules import Disposition, apply_rules, weigh
from risk.rules.segments import virtual_operator
from risk.services.incidents import Opening, drop_anchor, judge_incident, named_token, named_type, open_incident
from tests.promotions.factories import NOON, a_user
from tests.risk.factories import (
    COLLECTOR,
    DAY,
    HOUR,
    MINUTE,
    a_leaked_token,
    a_top_up_order,
    facts,
    leaked_coupon,
    ordinary_coupon,
    recipient,
    top_up_facts,
)

LATER = NOON + HOUR
OLD = NOON - 400 * DAY
PUBLIC = (leaked_coupon(went_public_at=NOON - HOUR),)


def found(known):
    return {finding.rule: finding for finding in apply_rules(known)[0]}


class TestRules:
    @pytest.mark.parametrize(("others", "crowd", "is_found"), [(8, 12, True), (7, 8, False), (8, 17, False), (20, 200, False)])
    def test_lockstep_needs_several_and_most_of_those_who_claimed_in_that_minute(self, others, crowd, is_found):
        assert ("lockstep" in found(facts(in_step=others, claimed_together=crowd))) is is_found

    def test_lockstep_is_no_kind_of_evidence_once_the_code_was_public(self):
        before, after = (facts(coupons=kind, in_step=9, claimed_together=9) for kind in ((leaked_coupon(),), PUBLIC))
        assert (found(before)["lockstep"].score, found(after)["lockstep"].score) == (10, 5)

    def test_with_ordinary_coupons_a_crowd_may_keep_step(self):
        assert "lockstep" not in found(facts(coupons=(ordinary_coupon(),), in_step=50, claimed_together=60))

    def test_lockstep_alone_with_the_leaked_code_makes_nobody_organised(self):
        known = facts(coupons=(leaked_coupon(),), registered_at=NOON - HOUR, in_step=51, claimed_together=60)
        assert weigh(apply_rules(known)[0], known).disposition == Disposition.UNDETERMINED

    def test_whoever_came_after_the_code_went_public_has_that_in_his_favour(self):
        finding = found(facts(coupons=PUBLIC))["arrived_after_public"]
        assert finding.speaks_for
        assert finding.values == {"minutes": 50}

    def test_whoever_came_before_has_not(self):
        assert "arrived_after_public" not in found(facts(coupons=(leaked_coupon(went_public_at=NOON),)))

    def test_a_collector_is_not_excused_by_coming_after_the_code_went_public(self):
        known = top_up_facts(coupons=PUBLIC, registered_at=OLD, accounts=12)
        assert weigh(apply_rules(known)[0], known).disposition == Disposition.ORGANISED

    def test_accounts_made_together_are_weak_evidence_also_where_they_are_old(self):
        known = top_up_facts(registered_at=OLD, coupons=(leaked_coupon(made_together=5),))
        assert found(known)["made_in_a_burst"].strength == "weak"
        assert weigh(apply_rules(known)[0], known).disposition != Disposition.ORGANISED

    def test_accounts_made_together_are_seen_on_a_recipient_too(self):
        one = recipient(accounts=5)
        known = facts(recipients=(one.__class__("some number", 5, 0, 5),), virtual_amount=100)
        assert "made_in_a_burst" in found(known)
        assert "made_in_a_burst" not in found(facts(recipients=(one,), virtual_amount=100))

    def test_segments_hold_from_their_day_on(self):
        opened = virtual_operator("1700").in_use_by
        assert virtual_operator("1700", on=opened) is not None
        assert virtual_operator("1700", on=opened - timedelta(days=1)) is None
        assert virtual_operator("1380") is None

    def test_a_number_of_a_machine_says_so_and_only_supports(self):
        finding = found(facts(phone_segment="1460"))["virtual_operator_number"]
        assert "machines" in finding.text
        assert finding.score == 5


@pytest.mark.django_db
class TestGathering:
    def test_accounts_made_within_minutes_on_one_token_are_counted(self):
        token = a_leaked_token()
        for step in range(4):
            a_top_up_order(token, registered_at=OLD + step * MINUTE, at=NOON)
        a_top_up_order(token, registered_at=OLD + DAY, at=NOON)
        order = a_top_up_order(token, registered_at=OLD + 2 * MINUTE, at=NOON)
        assert gather_facts(order, at=LATER).made_together == 5

    def test_accounts_made_within_minutes_on_one_recipient_are_counted(self):
        for step in range(3):
            order = a_top_up_order(recipient=COLLECTOR, registered_at=OLD + step * MINUTE)
        assert gather_facts(order, at=LATER).made_together == 3

    def test_whoever_claims_and_orders_in_the_same_minutes_is_in_step(self):
        token, second = a_leaked_token(), timedelta(seconds=1)
        for step in range(3):
            a_top_up_order(token, at=NOON + step * second)
        a_top_up_order(token, at=NOON + 5 * MINUTE, claimed=5 * MINUTE + MINUTE)  # claimed with them, ordered later
        order = a_top_up_order(token, at=NOON)
        known = gather_facts(order, at=LATER)
        assert (known.in_step, known.claimed_together) == (3, 4)

    def test_those_on_his_own_device_are_not_in_step_with_him(self):
        token = a_leaked_token()
        for _ in range(3):
            order = a_top_up_order(token, device="one phone")
        assert gather_facts(order, at=LATER).in_step == 0

    def test_what_was_ordered_later_is_not_in_step_yet(self):
        token = a_leaked_token()
        order = a_top_up_order(token, at=NOON)
        a_top_up_order(token, at=NOON + timedelta(seconds=30))
        assert gather_facts(order, at=NOON + timedelta(seconds=10)).in_step == 0
        assert gather_facts(order, at=LATER).in_step == 1


@pytest.mark.django_db
class TestGoingPublic:
    def incident(self, *anchors, public_at=NOON - HOUR):
        opening = Opening("A card on a bargain board", "a post in a forum", since=NOON - DAY, public_at=public_at)
        return open_incident(opening, anchors, by=a_user(), at=NOON)

    def test_what_an_incident_says_is_a_fact_of_later_assessments(self):
        token = a_leaked_token()
        order = a_top_up_order(token)
        assert gather_facts(order, at=LATER).came_after_public is False
        incident = self.incident(named_type(token.batch.entry.coupon_type))
        assert gather_facts(order, at=LATER).came_after_public is True
        assert gather_facts(order, at=NOON - MINUTE).came_after_public is False  # nobody had said so then
        judge_incident(incident, severity="major", public_at=None, grows=True, by=a_user(), reason="an old post", at=LATER)
        assert gather_facts(order, at=LATER).came_after_public is False

    def test_of_one_token_it_says_nothing_of_another(self):
        token, other = a_leaked_token(), a_leaked_token()
        order, its_order = a_top_up_order(token), a_top_up_order(other)
        self.incident(named_token(other))
        assert gather_facts(order, at=LATER).came_after_public is False
        assert gather_facts(its_order, at=LATER).came_after_public is True

    def test_what_was_dropped_from_the_incident_says_nothing_any_more(self):
        token = a_leaked_token()
        order = a_top_up_order(token)
        incident = self.incident(named_token(token))
        drop_anchor(incident.anchors.get(kind="token"), by=a_user(), reason="another card", at=LATER)
        assert gather_facts(order, at=LATER).came_after_public is False
