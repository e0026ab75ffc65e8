"""Coupons that are redeemed, voided, expired and called off at the same time: each ends once, and no cent is lost on the way."""

import time
from contextlib import suppress
from decimal import Decimal
from random import Random
from threading import Event, Lock

import pytest
from django.db import connection

from backoffice.lib.errors import DomainError
from promotions.models import Coupon, Redemption
from promotions.services.budgets import budget_figures
from promotions.services.claiming import claim_coupon
from promotions.services.expiring import expire_coupons
from promotions.services.reconciling import find_drifts, reconcile
from promotions.services.returning import return_coupons
from promotions.services.voiding import void_coupon
from promotions.states import CouponStatus, SlotReturn
from tests.promotions.factories import NOON, a_basket, a_campaign, a_coupon_type, a_request, an_entry, redeem, the_asker
from tests.promotions.racing import at_once, errors_in

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
THREADS = 32
FACE = Decimal("10.00")
ENDS = {CouponStatus.REDEEMED, CouponStatus.VOIDED, CouponStatus.EXPIRED}
# What was issued stays what it was, whatever becomes of it; and what is taken never lies above the budget.
SAMPLE = """
SELECT (SELECT sum(reserved + spent + returned) FROM promotions_budgetslice),
       (SELECT sum(face_value) FROM promotions_coupon),
       (SELECT sum(issued_amount) FROM promotions_coupontypeslice),
       (SELECT bool_and(reserved + spent <= amount) FROM promotions_budgetslice)
"""


def sampler(is_over):
    """Looks at the sums again and again until it is over. Answers how often, and what did not add up."""

    def look():
        looked, wrong = 0, []
        while not is_over.is_set():
            with connection.cursor() as cursor:
                cursor.execute(SAMPLE)
                booked, issued, of_types, is_within = cursor.fetchone()
            if not (booked == issued == of_types and is_within):
                wrong.append((booked, issued, of_types, is_within))
            looked += 1
            time.sleep(0.02)
        return looked, wrong

    return look


def test_coupons_raced_from_all_sides_end_once_and_sums_are_kept(request):
    count = 5_000 if request.config.getoption("--run-slow") else 200
    campaign = a_campaign(budget=count * FACE, slices=8, slot_return=SlotReturn.ALWAYS)
    kind = a_coupon_type(campaign=campaign, face_value=FACE, quantity=count, slices=8)
    entry = an_entry(coupon_type=kind, cap=count, slices=8)
    coupons = [claim_coupon(a_request(entry=entry), at=NOON).coupon for _ in range(count)]
    shares, is_over = deal(all_that_happens(coupons, kind.valid_until), THREADS), Event()
    results = at_once([*shares_until(shares, is_over), sampler(is_over), reconciler(is_over)])
    assert errors_in(results) == []
    looked, wrong = results[-2]
    assert (looked > 0, wrong, results[-1]) == (True, [], [])
    expire_coupons(kind.valid_until)
    open_redemptions = Redemption.objects.filter(returned_at=None)
    assert set(Coupon.objects.values_list("status", flat=True)) <= ENDS
    assert open_redemptions.count() == Coupon.objects.filter(status=CouponStatus.REDEEMED).count()
    figures = budget_figures(campaign.budget)
    assert (figures["issued"], figures["reserved"]) == (count * FACE, 0)
    assert figures["spent"] == open_redemptions.count() * Decimal("7.30")
    assert find_drifts() == []


def all_that_happens(coupons, end):
    """Each coupon redeemed, called off and voided, in any order, and in the midst of it everything that is left expired."""
    asker = the_asker()
    acts = [
        act
        for coupon in coupons
        for act in (
            lambda c=coupon: redeem(c, order_ref=f"o{c.pk}", lines=a_basket("7.30")),
            lambda c=coupon: return_coupons(order_ref=f"o{c.pk}", cancelled_by="customer", at=NOON),
            lambda c=coupon: void_coupon(c, by=asker, reason="race", at=NOON),
        )
    ]
    Random(32).shuffle(acts)
    middle = len(acts) * 2 // 3
    return [*acts[:middle], *[lambda: expire_coupons(end)] * 3, *acts[middle:]]


def deal(acts, hands):
    return [acts[n::hands] for n in range(hands)]


def shares_until(shares, is_over):
    """What each thread does; whoever is refused goes on. When the last one has done, it is over."""
    left, lock = [len(shares)], Lock()

    def work(share):
        try:
            for act in share:
                with suppress(DomainError):
                    act()
        finally:
            with lock:
                left[0] -= 1
                if not left[0]:
                    is_over.set()

    return [lambda share=share: work(share) for share in shares]


def reconciler(is_over):
    """Compares counters and ledger while all this goes on. Answers its alarms."""

    def compare():
        alarms = []
        while not is_over.wait(0.1):
            alarms += reconcile(NOON)
        return alarms

    return compare
