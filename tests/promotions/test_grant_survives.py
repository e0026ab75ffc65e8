"""A grant survives whatever happens to who works it, and whoever claims meanwhile: each customer gets exactly one coupon."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import F, Sum

from backoffice.lib.jobs import LEASE, run_job
from backoffice.lib.models import Job
from promotions.models import BudgetSlice, Coupon, CouponTypeSlice, GrantVoidItem, RuleUse
from promotions.services import bulk_takes, grant_chunks, grant_statements, grant_voids, granting
from promotions.services.grant_voids import request_void
from promotions.services.granting import stop_grant
from tests.promotions.factories import (
    NOON,
    a_campaign,
    a_claimant,
    a_coupon,
    a_coupon_type,
    a_request,
    an_entry,
    approved,
    cash_out,
    the_asker,
)
from tests.promotions.figures import figures, ledger
from tests.promotions.granting import a_grant, an_approved_grant, refs
from tests.promotions.racing import at_once, errors_in, in_turn, without_constraint
from tests.race.waiting import somebody_waits, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

LATER = NOON + LEASE + timedelta(seconds=1)


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(granting, "CHUNK", 3)
    monkeypatch.setattr(grant_voids, "CHUNK", 3)


def dies_in_chunk(monkeypatch, module, name, number, *, before_the_work):
    """The worker dies in its chunk of this number, before or after its statements, and always before its commit."""
    work, seen = getattr(module, name), []

    def dying(*arguments):
        seen.append(1)
        if len(seen) == number and before_the_work:
            raise Killed
        answer = work(*arguments)
        if len(seen) == number:
            raise Killed
        return answer

    monkeypatch.setattr(module, name, dying)


def each_got_one(grant, count):
    assert grant.items.tally() == {"pending": 0, "granted": count, "skipped": 0, "failed": 0}
    assert Coupon.objects.count() == Coupon.objects.values("customer").distinct().count() == count
    assert CouponTypeSlice.objects.aggregate(n=Sum("issued"))["n"] == count
    assert figures(grant.coupon_type.campaign) == ledger()
    job = Job.objects.get(pk=grant.job_id)
    assert (job.status, job.done, job.failed_items) == ("done", count, 0)


def everybody_deals():
    """Sums over what grants and claims gave, and over the counters."""
    issued = Coupon.objects.aggregate(amount=Sum("face_value"))["amount"] or Decimal(0)
    reserved = BudgetSlice.objects.aggregate(amount=Sum(F("reserved") + F("spent")))["amount"]
    return issued, reserved


@pytest.mark.parametrize("before_the_work", [True, False], ids=["before the work", "before the commit"])
@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_a_worker_that_dies_anywhere_is_followed_by_another(monkeypatch, chunk, before_the_work):
    grant = an_approved_grant(*refs(8))
    with monkeypatch.context() as patch:
        dies_in_chunk(patch, granting, "give_chunk", chunk, before_the_work=before_the_work)
        with pytest.raises(Killed):
            run_job(grant.job_id, now=lambda: NOON)
    assert Coupon.objects.count() == (chunk - 1) * 3
    assert not run_job(grant.job_id, now=lambda: NOON + LEASE / 2)
    assert run_job(grant.job_id, now=lambda: LATER)
    each_got_one(grant, 8)


def test_a_message_that_comes_again_after_the_end_does_nothing():
    grant = a_grant(*refs(4))
    assert not run_job(grant.job_id, now=lambda: LATER)
    each_got_one(grant, 4)


def test_workers_at_the_same_moment_share_no_customer():
    grant = an_approved_grant(*refs(10))
    results = at_once([lambda: run_job(grant.job_id, now=lambda: NOON)] * 3)
    assert errors_in(results) == []
    each_got_one(grant, 10)


def test_a_worker_that_was_overtaken_writes_nothing_more():
    """It sleeps past its lease between two chunks, another finishes the job, and then it wakes up."""
    grant = an_approved_grant(*refs(8))
    times = iter([NOON, NOON])

    def oversleeping():
        at = next(times, None)
        if at is None:
            at_once([lambda: run_job(grant.job_id, now=lambda: LATER)])
        return at or NOON

    assert run_job(grant.job_id, now=oversleeping)
    each_got_one(grant, 8)
    assert set(Coupon.objects.values_list("issued_at", flat=True)) == {NOON, LATER}


def test_two_grants_of_one_list_at_the_same_moment_give_each_customer_one():
    coupon_type, customers = a_coupon_type(), refs(12)
    grants = [an_approved_grant(*order, coupon_type=coupon_type) for order in (customers, customers[::-1])]
    results = at_once([lambda grant=grant: run_job(grant.job_id, now=lambda: NOON) for grant in grants])
    assert errors_in(results) == []
    assert Coupon.objects.count() == Coupon.objects.values("customer").distinct().count() == 12
    assert sum(grant.items.tally()["skipped"] for grant in grants) == 12
    assert figures(coupon_type.campaign) == ledger()


def race_for_a_short_budget():
    """A grant and four claimers, for a budget that reaches for 20 of 40 coupons. The grant comes when one has his. Answers what was
    raised.
    """
    campaign = a_campaign(budget=Decimal(200), slices=4)
    coupon_type = a_coupon_type(campaign=campaign, quantity=None)
    entry = an_entry(coupon_type=coupon_type)
    grant = an_approved_grant(*refs(20), coupon_type=coupon_type)
    claims = [a_request(entry=entry, claimant=a_claimant()) for _ in range(20)]
    shares = [in_turn([claiming(request) for request in claims[start::4]]) for start in range(4)]

    def give():
        wait_until(Coupon.objects.exists)
        run_job(grant.job_id, now=lambda: NOON)

    return errors_in(at_once([give, *shares])), grant


def claiming(request):
    from promotions.services.claiming import claim_coupon

    return lambda: claim_coupon(request, at=NOON)


def test_grants_and_claims_together_never_overshoot_a_budget_and_leave_nothing_of_it():
    errors, grant = race_for_a_short_budget()
    assert errors == []
    assert everybody_deals() == (Decimal(200), Decimal(200))
    tally = grant.items.tally()
    assert tally["granted"] + tally["failed"] == 20


def test_without_the_guard_the_same_race_overshoots(monkeypatch):
    """The control: the take of grants believes what it read before, and the check below it is gone."""
    guard = " AND s.reserved + s.spent + w.n * %(face_value)s <= s.amount"
    statement = bulk_takes.TAKE
    assert guard in statement
    monkeypatch.setattr(bulk_takes, "TAKE", statement.replace(guard, ""))
    room_of, plenty = bulk_takes.room_of, {"coupons": 1_000_000, "has_crumbs": False}
    stale = lambda source: bulk_takes.Room(**{**room_of(source).__dict__, **plenty})  # noqa: E731
    monkeypatch.setattr(grant_chunks, "room_of", stale)
    monkeypatch.setattr(bulk_takes, "room_of", stale)
    monkeypatch.setattr(bulk_takes, "_shares", lambda slices, count, seed: [(slices[seed % len(slices)][0], count)])
    with without_constraint(BudgetSlice, "budget_slice_never_overshoots"):
        race_for_a_short_budget()
        issued, _reserved = everybody_deals()
        assert issued > 200


def race_of_one_customer_with_himself():
    """He claims while he is given one: the claim has taken and waits to commit, the grant comes."""
    coupon_type = a_coupon_type()
    a_coupon(claimant=a_claimant(ref="u1", phone="13800000001"))
    request = a_request(entry=an_entry(coupon_type=coupon_type), claimant=a_claimant(ref="u1", phone="13800000001"))
    grant = an_approved_grant("u1", "u2", coupon_type=coupon_type)
    claimed, given = threading.Event(), threading.Event()

    def claim():
        with transaction.atomic():
            claiming(request)()
            claimed.set()
            wait_until(lambda: given.is_set() or somebody_waits())

    def give():
        claimed.wait(timeout=10)
        run_job(grant.job_id, now=lambda: NOON)
        given.set()

    return errors_in(at_once([claim, give])), grant


def coupons_of_u1(grant):
    return Coupon.objects.filter(customer__ref="u1", coupon_type=grant.coupon_type).count()


def test_a_claim_under_way_is_waited_for_and_then_its_customer_is_skipped():
    errors, grant = race_of_one_customer_with_himself()
    assert errors == []
    assert coupons_of_u1(grant) == 1
    assert grant.items.get(ref="u1").detail == "has one already"
    assert grant.items.get(ref="u2").result == "granted"


def test_without_the_rule_in_the_take_he_would_have_two(monkeypatch):
    """The control: the uses of the rule are read, and not taken."""
    guard, counted = "WHERE v.obstacle = '' ORDER BY wanted.rule_id", "(SELECT count(*) FROM used)"
    statement = grant_statements.SETTLE
    assert guard in statement
    assert counted in statement
    believing = statement.replace(guard, "WHERE false ORDER BY wanted.rule_id")
    believing = believing.replace(counted, "count(*) FILTER (WHERE result = 'granted')")
    monkeypatch.setattr(grant_statements, "SETTLE", believing)
    errors, grant = race_of_one_customer_with_himself()
    assert errors == []
    assert coupons_of_u1(grant) == 2
    assert RuleUse.objects.filter(identity="u2").exists() is False


def test_a_stop_waits_for_the_chunk_under_way_and_nothing_is_given_after_it(monkeypatch):
    grant = an_approved_grant(*refs(9))
    give, first, stopped = granting.give_chunk, threading.Event(), threading.Event()
    stopped_after = []

    def give_and_be_waited_for(*arguments):
        answer = give(*arguments)
        first.set()
        wait_until(lambda: stopped.is_set() or somebody_waits())
        assert not stopped.is_set()
        return answer

    def between_two_chunks():
        if first.is_set():
            assert stopped.wait(30)
        return NOON

    def stop():
        first.wait(timeout=30)
        stop_grant(grant, by=the_asker(), reason="wrong list", at=NOON)
        stopped_after.append(Coupon.objects.count())
        stopped.set()

    the_asker()
    monkeypatch.setattr(granting, "give_chunk", give_and_be_waited_for)
    results = at_once([lambda: run_job(grant.job_id, now=between_two_chunks), stop])
    assert errors_in(results) == []
    assert Coupon.objects.count() == stopped_after[0]
    tally = grant.items.tally()
    assert (tally["granted"], tally["granted"] + tally["skipped"]) == (stopped_after[0], 9)


# Voids


@pytest.mark.parametrize("before_the_work", [True, False], ids=["before the work", "before the commit"])
def test_a_void_that_dies_is_finished_by_another(monkeypatch, before_the_work):
    grant = a_grant(*refs(8))
    void = request_void(grant, by=the_asker(), reason="mistake", at=NOON)
    approved(void.job.approval)
    with monkeypatch.context() as patch:
        dies_in_chunk(patch, grant_voids, "_void", 2, before_the_work=before_the_work)
        with pytest.raises(Killed):
            run_job(void.job_id, now=lambda: NOON)
    assert Coupon.objects.filter(status="voided").count() == 3
    assert run_job(void.job_id, now=lambda: LATER)
    assert void.items.tally()["voided"] == 8
    assert figures(grant.coupon_type.campaign) == ledger()


def test_a_coupon_is_either_redeemed_or_voided_when_both_come_at_once():
    grant = a_grant(*refs(12))
    void = request_void(grant, by=the_asker(), reason="mistake", at=NOON)
    approved(void.job.approval)
    coupons = list(Coupon.objects.order_by("-pk"))
    redeemers = in_turn([lambda coupon=coupon: attempt(lambda: cash_out(coupon)) for coupon in coupons])
    results = at_once([lambda: run_job(void.job_id, now=lambda: NOON), redeemers])
    assert errors_in(results) == []
    paid = sum(answer is not None for answer in results[1])
    assert dict(GrantVoidItem.objects.values_list("result").annotate(n=Sum(1))) == {
        key: n for key, n in (("voided", 12 - paid), ("lost", paid)) if n
    }
    assert Coupon.objects.filter(status="redeemed").count() == paid
    assert figures(grant.coupon_type.campaign) == ledger()


def attempt(act):
    try:
        return act()
    except Exception:
        return None
