"""64 programs claim over real HTTP, all at once: exactly what there is to give is given. Without the guard it is not."""

import time
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db.models import Sum

from backoffice.lib.apikeys import make_key
from backoffice.lib.models import IdempotencyRecord
from backoffice.lib.models.api_key import Scope
from promotions.models import BudgetSlice, Claim, Coupon, CouponTypeSlice, EntrySlice
from promotions.states import ClaimOutcome, RefusalReason
from tests.api.storefront import a_claim_body
from tests.promotions.factories import a_campaign, a_coupon_type, an_entry
from tests.promotions.racing import without_constraint
from tests.race.site import UNGUARDED, all_at_once, asking, site, statuses

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

CALLERS = 64
ATTEMPTS = 6_400
TO_GIVE = 1_000
LATER = datetime(2098, 1, 1, tzinfo=UTC)
ISSUED, REFUSED = (201, ""), (409, "claim_refused")


def an_open_entry(*, budget="1000000.00", slices=None, **type_fields):
    """An entry that is open today, in an online campaign with budget enough."""
    campaign = a_campaign(ends_at=datetime(2099, 1, 1, tzinfo=UTC), budget=Decimal(budget), slices=slices)
    fields = {"quantity": 100_000, "claim_until": LATER, "valid_until": LATER, "slices": slices, **type_fields}
    coupon_type = a_coupon_type(campaign=campaign, **fields)
    return an_entry(coupon_type=coupon_type, closes_at=LATER, cap=100_000, slices=slices)


@pytest.fixture
def secret():
    return make_key("storefront", Scope.values, None)[1]


def claims_by_many(entry, count):
    """So many claims, each by another customer."""
    return [asking("claims/", a_claim_body(entry)) for _ in range(count)]


def timed(act):
    begun = time.perf_counter()
    return act(), time.perf_counter() - begun


def test_exactly_the_quantity_is_given_to_64_callers(secret, tmp_path, record_testsuite_property):
    entry = an_open_entry(quantity=TO_GIVE)
    askings = claims_by_many(entry, ATTEMPTS)
    with site(tmp_path / "gunicorn.log") as port:
        answers, seconds = timed(lambda: all_at_once(port, secret, askings, callers=CALLERS))
    record_testsuite_property("claims_over_http_per_second", round(ATTEMPTS / seconds))
    assert statuses(answers) == {ISSUED: TO_GIVE, REFUSED: ATTEMPTS - TO_GIVE}
    assert Coupon.objects.count() == TO_GIVE
    assert dict(Counter(Claim.objects.values_list("outcome", "reason"))) == {
        (ClaimOutcome.ISSUED, ""): TO_GIVE,
        (ClaimOutcome.REFUSED, RefusalReason.ALL_GIVEN): ATTEMPTS - TO_GIVE,
    }
    assert CouponTypeSlice.objects.aggregate(total=Sum("issued"))["total"] == TO_GIVE
    assert EntrySlice.objects.aggregate(total=Sum("issued"))["total"] == TO_GIVE
    assert BudgetSlice.objects.aggregate(total=Sum("reserved"))["total"] == TO_GIVE * Decimal("10.00")
    assert IdempotencyRecord.objects.count() == ATTEMPTS
    print(f"\n{ATTEMPTS} attempts by {CALLERS} callers in {seconds:.1f} s: {TO_GIVE} issued")


def test_control_without_the_guard_too_many_are_given(secret, tmp_path):
    entry = an_open_entry(quantity=TO_GIVE, slices=1)
    askings = claims_by_many(entry, TO_GIVE + 400)
    with (
        without_constraint(CouponTypeSlice, "coupon_type_slice_never_overshoots"),
        site(tmp_path / "gunicorn.log", application=UNGUARDED, connections=8) as port,
    ):
        answers, seconds = timed(lambda: all_at_once(port, secret, askings, callers=CALLERS))
        issued = Coupon.objects.count()
        assert TO_GIVE < issued < TO_GIVE + CALLERS
        assert statuses(answers)[ISSUED] == issued
    print(f"\nWithout the guard {issued} were issued of {TO_GIVE}, in {seconds:.1f} s")


def test_a_budget_that_does_not_divide_is_given_to_the_last_coupon_and_nobody_is_sacrificed(secret, tmp_path):
    """Room left in the cracks between slices is gathered while others take. Their locks may cross; still no error is answered."""
    entry = an_open_entry(budget="3005.00", slices=8)
    with site(tmp_path / "gunicorn.log") as port:
        answers = all_at_once(port, secret, claims_by_many(entry, 800), callers=CALLERS)
    assert statuses(answers) == {ISSUED: 300, REFUSED: 500}
    assert BudgetSlice.objects.aggregate(total=Sum("reserved"))["total"] == Decimal("3000.00")
    reasons = set(Claim.objects.refused().values_list("reason", flat=True))
    assert reasons == {RefusalReason.BUDGET_SPENT}


@pytest.mark.parametrize("customers", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_one_coupon_a_customer_however_often_he_asks_at_once(secret, tmp_path, customers):
    entry = an_open_entry(per_customer=1)
    bodies = [a_claim_body(entry) for _ in range(customers)]
    askings = [asking("claims/", body) for _ in range(50) for body in bodies]
    with site(tmp_path / "gunicorn.log") as port:
        answers = all_at_once(port, secret, askings, callers=50)
    assert statuses(answers) == {ISSUED: customers, REFUSED: 49 * customers}
    holders = Counter(Coupon.objects.values_list("customer__ref", flat=True))
    assert holders == {body["customer"]["ref"]: 1 for body in bodies}


def test_the_same_key_sent_eight_times_at_once_has_one_effect(secret, tmp_path):
    """Each answer is the first one's, to the byte, or says that it is still running; nobody is issued a second coupon."""
    entry = an_open_entry(per_customer=10)
    first = [asking("claims/", a_claim_body(entry)) for _ in range(50)]
    with site(tmp_path / "gunicorn.log") as port:
        for one in first:
            answers = all_at_once(port, secret, [one] * 8, callers=8)
            given = {answer.body for answer in answers if answer.status == 201}
            assert len(given) == 1
            assert set(statuses(answers)) <= {ISSUED, (409, "idempotency_key_in_use")}
    assert Coupon.objects.count() == Claim.objects.count() == 50
