"""Rules that staff write: published by a second person, watched in shadow, and what they make of an order."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from backoffice.lib.approvals import SamePerson, approve, reject
from backoffice.lib.errors import InvalidInput, StaleState
from orders.models import Hold, Order
from risk.models import Finding, Flag, Rule, RuleHit, RuleRun, RuleVersion
from risk.rulefacts import BOOKS
from risk.rulegathering import gather_events
from risk.services.assessing import assess_order
from risk.services.listing import end, put_on_list, snooze
from risk.services.rules import narrow, put_in_shadow, request_publication, retire
from risk.services.ruling import bucket_of
from tests.orders.factories import an_order
from tests.promotions.factories import NOON, a_claimant, a_coupon, the_approver, the_asker
from tests.risk.factories import DAY, HOUR, MINUTE, a_top_up_order, an_ordinary_order, rules_found
from tests.risk.rule_factories import BIG_DISCOUNT, a_draft, a_rule, in_shadow, published

pytestmark = pytest.mark.django_db
NEVER = {"fact": "order.discount", "is": "at_least", "value": "99999"}


def assessed(order: Order, **fields: Any) -> Flag | None:
    return assess_order(order.pk, at=fields.pop("at", order.placed_at))


@pytest.mark.parametrize("subject", sorted(BOOKS))
def test_every_fact_there_is_can_be_read_of_an_order(subject: str) -> None:
    order = a_top_up_order()
    (event,) = gather_events(subject, order.pk, list(BOOKS[subject].facts))
    assert len(event.facts) == len(BOOKS[subject].facts)
    assert event.facts["claims.count.customer.24h"] == 1


def test_a_published_rule_is_weighed_beside_the_built_in_ones() -> None:
    version, order = published(score=95), a_top_up_order()
    assessed(order)
    finding = Finding.objects.get(order=order, rule=f"rule:{version.rule.name}")
    assert (finding.score, finding.text, finding.values["order.discount"]) == (95, "a great discount", "100.00")
    speaks_for = Finding.objects.filter(order=order, score__lt=0).aggregate(sum=Sum("score"))["sum"] or 0
    assert Flag.objects.get(order=order).score == 95 + speaks_for


def test_a_rule_in_shadow_is_recorded_and_never_acts() -> None:
    version, order = in_shadow(score=60), an_ordinary_order()
    watched = in_shadow(score=60, tree={"fact": "order.discount", "is": "more", "value": "1"})
    assert assessed(order) is None
    assert not rules_found(order)
    hit = RuleHit.objects.get(order=order)
    assert (hit.version, hit.result, hit.acted) == (watched, "hit", False)
    run = RuleRun.objects.get(order=order)
    assert dict(zip(run.versions, run.results, strict=True)) == {version.pk: "miss", watched.pk: "hit"}


def test_an_explanation_keeps_the_values_as_they_were_however_the_rule_changes() -> None:
    rule = a_rule()
    first, order = published(rule), a_top_up_order()
    assessed(order)
    published(rule, tree=NEVER)
    assessed(order, at=order.placed_at + HOUR)
    hit = RuleHit.objects.get(order=order)
    assert hit.version == first
    assert hit.version.tree == {"all": [BIG_DISCOUNT]}
    assert hit.explanation == {"trace": [True, True], "facts": {"order.discount": "100.00"}}


def test_looking_again_says_the_same_and_is_kept_once() -> None:
    published(tree={"fact": "orders.count.device.24h", "is": "at_least", "value": "1"})
    order = a_top_up_order(device="shared")
    assessed(order)
    a_top_up_order(device="shared", at=NOON + MINUTE)
    assessed(order, at=NOON + HOUR)
    (hit,) = RuleHit.objects.filter(order=order)
    assert hit.explanation["facts"] == {"orders.count.device.24h": "1"}


@pytest.mark.parametrize("table", ["rulehit", "ruleversion", "rule"])
def test_what_was_decided_by_is_not_rewritten_and_not_deleted(table: str) -> None:
    published()
    assessed(a_top_up_order())
    change = {"rulehit": "result = 'error'", "ruleversion": "tree = '{}'", "rule": "name = 'other'"}[table]
    for statement in (f"UPDATE risk_{table} SET {change}", f"DELETE FROM risk_{table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert RuleHit.objects.filter(result="hit").exists()


def test_who_asks_for_a_publication_cannot_give_it() -> None:
    version = in_shadow()
    approval = request_publication(version, by=the_approver(), reason="mine", at=NOON)
    with pytest.raises(SamePerson):
        approve(approval, by=the_approver(), reason="mine", at=NOON)
    version.refresh_from_db()
    assert version.status == "in_review"


def test_a_rejected_version_stays_in_shadow() -> None:
    version = in_shadow()
    approval = request_publication(version, by=the_asker(), reason="it is good", at=NOON)
    reject(approval, by=the_approver(), reason="it is not", at=NOON)
    version.refresh_from_db()
    assert version.status == "shadow"


def set_by_sql(version: RuleVersion, change: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE risk_ruleversion SET {change} WHERE id = %s", [version.pk])


def test_no_version_is_published_in_sql_without_a_second_person() -> None:
    version = in_shadow()
    request_publication(version, by=the_asker(), reason="it is good", at=NOON)
    with pytest.raises(DatabaseError, match="second person"):
        set_by_sql(version, "status = 'published'")
    with pytest.raises(DatabaseError, match="second person"):
        set_by_sql(published(percent=10), "percent = 11")


def test_a_version_is_not_made_published_at_once() -> None:
    draft = a_draft()
    draft.pk, draft.number, draft.status = None, 2, "published"
    with pytest.raises(DatabaseError, match="version_begins_as_a_draft"):
        draft.save()


def test_a_new_version_takes_the_place_of_the_published_one() -> None:
    rule = a_rule()
    first, second = published(rule), published(rule, score=40)
    first.refresh_from_db()
    assert (first.status, second.status) == ("retired", "published")
    assert list(RuleVersion.objects.running()) == [second]


def test_a_published_rule_acts_on_its_share_of_the_customers_and_watches_the_others() -> None:
    version = published(a_rule(name="half"), percent=50)
    orders = [a_top_up_order(at=NOON + step * MINUTE) for step in range(8)]
    for order in orders:
        assessed(order)
    inside = {order.pk for order in orders if bucket_of("half", order.customer_id) < 50}
    assert set(RuleHit.objects.filter(version=version, acted=True).values_list("order_id", flat=True)) == inside
    assert set(Finding.objects.filter(rule="rule:half").values_list("order_id", flat=True)) == inside
    assert RuleHit.objects.filter(version=version).count() == 8


def test_a_share_is_narrowed_alone_and_widened_by_two() -> None:
    version = published(percent=50)
    narrow(version, percent=10, by=the_asker(), reason="too much", at=NOON)
    with pytest.raises(InvalidInput):
        narrow(version, percent=20, by=the_asker(), reason="more", at=NOON)
    approve(request_publication(version, percent=20, by=the_asker(), reason="more", at=NOON), by=the_approver(), reason="", at=NOON)
    version.refresh_from_db()
    assert (version.status, version.percent) == ("published", 20)


def test_a_retired_rule_says_nothing_more() -> None:
    retire(published(), by=the_asker(), reason="over", at=NOON)
    assessed(a_top_up_order())
    assert not RuleRun.objects.exists()


def test_only_one_version_of_a_rule_is_in_shadow() -> None:
    rule = a_rule()
    first, second = in_shadow(rule), in_shadow(rule)
    first.refresh_from_db()
    assert (first.status, second.status) == ("retired", "shadow")
    request_publication(second, by=the_asker(), reason="it is good", at=NOON)
    with pytest.raises(StaleState, match="in review"):
        put_in_shadow(a_draft(rule), by=the_asker(), reason="newer", at=NOON)


@pytest.mark.parametrize("is_restricted", [True, False])
def test_what_cannot_be_decided_holds_a_restricted_order_and_flags_an_ordinary_one(is_restricted: bool) -> None:
    published(tree={"fact": "order.address", "is": "equal", "value": "203.0.113.9"})
    order = a_top_up_order(address="") if is_restricted else an_ordinary_order(address="")
    flag = assessed(order)
    assert flag is not None
    assert RuleHit.objects.get(order=order).result == "unknown"
    assert Hold.objects.filter(order=order, kind="risk").exists() is is_restricted


def test_a_miss_neither_flags_nor_holds() -> None:
    published(tree=NEVER)
    assert assessed(an_ordinary_order()) is None
    assert not RuleHit.objects.exists()


def test_a_rule_over_claims_judges_the_claim_that_the_coupon_came_by() -> None:
    rule = a_rule(subject="claim")
    published(
        rule, tree={"all": [{"fact": "claim.is_restricted", "is": "yes"}, {"fact": "claim.device", "is": "equal", "value": "rack"}]}
    )
    assessed(a_top_up_order(device="rack"))
    hit = RuleHit.objects.get()
    assert (hit.result, hit.as_of) == ("hit", NOON - MINUTE)
    assessed(a_top_up_order(device="another"))
    assert RuleHit.objects.count() == 1


def test_a_snoozed_rule_says_so_and_acts_on_nobody_it_was_snoozed_for() -> None:
    version, order, other = published(), a_top_up_order(), a_top_up_order(at=NOON + MINUTE)
    asleep = snooze(
        rule=version.rule,
        kind="customer",
        value=order.customer.ref,
        reason="known to us",
        expires_at=NOON + DAY,
        by=the_asker(),
        at=NOON,
    )
    assessed(order), assessed(other)
    assert RuleHit.objects.get(order=order).result == "snoozed"
    assert f"rule:{version.rule.name}" not in rules_found(order)
    assert f"rule:{version.rule.name}" in rules_found(other)
    assessed(order, at=NOON + 2 * DAY)
    assert f"rule:{version.rule.name}" in rules_found(order)
    end(asleep, by=the_asker(), reason="no longer", at=NOON + HOUR)
    with pytest.raises(StaleState):
        end(asleep, by=the_asker(), reason="again", at=NOON + HOUR)


def listed(order: Order, name: str, **fields: Any) -> Any:
    values = {"kind": "device", "value": order.device, "reason": "seen in March", "expires_at": None}
    return put_on_list(name=name, **{**values, **fields}, by=the_asker(), at=NOON - HOUR)


@pytest.mark.parametrize(("name", "is_held"), [("grey", False), ("block", True)])
def test_who_is_on_the_grey_list_waits_for_a_reviewer_and_on_the_block_list_is_held(name: str, is_held: bool) -> None:
    order = an_ordinary_order()
    listed(order, name)
    assert assessed(order) is not None
    assert f"{name}_list" in rules_found(order)
    assert Hold.objects.filter(order=order, kind="risk").exists() is is_held


def test_a_list_reaches_as_far_as_its_scope_and_as_long_as_its_time() -> None:
    order, other = an_ordinary_order(device="one"), an_ordinary_order(device="one")
    coupon_type = order.discounts.get().coupon.coupon_type
    listed(order, "grey", coupon_type=coupon_type, expires_at=NOON + HOUR)
    assert assessed(order) is not None
    assert assessed(other) is None
    late = an_ordinary_order(device="one", at=NOON + 2 * HOUR)
    assert assessed(late) is None


def test_a_rule_can_ask_for_a_list() -> None:
    published(tree={"fact": "lists.device", "is": "has_any", "values": ["grey"]}, score=50)
    order, other = an_ordinary_order(), an_ordinary_order()
    listed(order, "grey")
    assessed(order), assessed(other)
    assert list(RuleHit.objects.values_list("order_id", "result")) == [(order.pk, "hit")]


def test_velocity_sees_what_came_before_and_never_what_came_after() -> None:
    orders = [a_top_up_order(device="rack", at=NOON + step * MINUTE) for step in range(3)]
    counts = [gather_events("order", order.pk, ["orders.distinct.device.1h"])[0].facts for order in orders]
    assert [fact["orders.distinct.device.1h"] for fact in counts] == [1, 2, 3]


def test_a_draft_that_cannot_be_understood_is_refused_in_words() -> None:
    with pytest.raises(InvalidInput, match="There is no fact called"):
        a_draft(tree={"all": [{"fact": "order.colour", "is": "equal", "value": "red"}]})
    assert not RuleVersion.objects.exists()
    assert Rule.objects.count() == 1


def test_without_rules_nothing_is_recorded() -> None:
    assessed(an_order(coupons=(a_coupon(claimant=a_claimant(), at=NOON - timedelta(days=1)),)))
    assert not RuleRun.objects.exists()
