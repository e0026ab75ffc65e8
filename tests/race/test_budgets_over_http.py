"""Money is given out to the cent over real HTTP, whoever asks at the same time; without the guard it overshoots by all but one."""

import threading
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest
from django.db.models import Sum

from backoffice.lib.apikeys import make_key
from backoffice.lib.models.api_key import Scope
from promotions.models import BudgetSlice, Claim, Coupon, CouponTypeSlice
from promotions.services.reconciling import find_drifts
from promotions.states import RefusalReason
from tests.api.storefront import a_claim_body
from tests.promotions.factories import a_campaign, a_coupon_type, an_entry
from tests.promotions.racing import without_constraint
from tests.race.gate import closed_gate, wait_for_callers
from tests.race.site import all_at_once, asking, site, statuses

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
LATER = datetime(2098, 1, 1, tzinfo=UTC)
UNGUARDED = "tests.race.unguarded_budget:application"
ISSUED, REFUSED = (201, ""), (409, "claim_refused")


@pytest.fixture
def secret():
    return make_key("storefront", Scope.values, None)[1]


def entries_of_odd_amounts(random, *, budget, slices):
    """A campaign whose types are worth odd cents, fixed or a percentage at most; one of them has a budget of its own."""
    campaign = a_campaign(ends_at=datetime(2099, 1, 1, tzinfo=UTC), budget=budget, slices=slices)
    period = {"claim_until": LATER, "valid_until": LATER, "quantity": 100_000, "slices": slices, "campaign": campaign}
    kinds = [
        a_coupon_type(
            face_value=Decimal(random.randrange(1, 999)) / 100,
            percentage=random.choice([None, Decimal("12.50"), Decimal("99.99")]),
            budget_amount=(budget / 5).quantize(Decimal("0.01")) if number == 0 else None,
            **period,
        )
        for number in range(5)
    ]
    return campaign, [an_entry(coupon_type=kind, closes_at=LATER, cap=100_000, slices=slices) for kind in kinds]


def race(port, secret, random, *, callers):
    budget = Decimal(random.randrange(9_000, 12_000)) / 100
    campaign, entries = entries_of_odd_amounts(random, budget=budget, slices=random.choice([1, 4, 8]))
    askings = [asking("claims/", a_claim_body(random.choice(entries))) for _ in range(200)]
    answers = all_at_once(port, secret, askings, callers=callers)
    coupons = Coupon.objects.filter(coupon_type__campaign=campaign)
    given = coupons.aggregate(n=Sum("face_value"))["n"]
    refused = Claim.objects.refused().filter(coupon_type__campaign=campaign)
    assert statuses(answers) == {ISSUED: coupons.count(), REFUSED: refused.count()}
    assert set(refused.values_list("reason", flat=True)) <= {RefusalReason.BUDGET_SPENT, RefusalReason.TYPE_BUDGET_SPENT}
    sums = BudgetSlice.objects.filter(budget__campaign=campaign).aggregate(amount=Sum("amount"), reserved=Sum("reserved"))
    assert (sums["amount"], sums["reserved"]) == (budget, given)
    assert given <= budget
    smallest = min(refused.filter(reason=RefusalReason.BUDGET_SPENT).values_list("coupon_type__face_value", flat=True))
    assert budget - given < smallest
    own = CouponTypeSlice.objects.filter(coupon_type=entries[0].coupon_type).aggregate(n=Sum("reserved"))["n"]
    assert own <= entries[0].coupon_type.budget_amount


@pytest.mark.parametrize("callers", [8, 64, 200])
def test_a_budget_of_odd_cents_is_given_exactly(callers, secret, tmp_path, request):
    random = Random(callers)
    with site(tmp_path / "gunicorn.log") as port:
        for _ in range(20 if request.config.getoption("--run-slow") else 2):
            race(port, secret, random, callers=callers)
    assert find_drifts() == []


@pytest.mark.parametrize("callers", [8, 64])
def test_control_without_the_guard_the_budget_is_overspent_by_all_but_one(callers, secret, tmp_path):
    campaign = a_campaign(ends_at=datetime(2099, 1, 1, tzinfo=UTC), budget=Decimal("10.00"), slices=1)
    kind = a_coupon_type(campaign=campaign, claim_until=LATER, valid_until=LATER, quantity=1_000)
    entry = an_entry(coupon_type=kind, closes_at=LATER, cap=900)
    askings = [asking("claims/", a_claim_body(entry)) for _ in range(callers)]
    answers = []
    with (
        without_constraint(BudgetSlice, "budget_slice_never_overshoots"),
        site(tmp_path / "gunicorn.log", application=UNGUARDED, connections=callers, threads=callers) as port,
    ):
        crowd = threading.Thread(target=lambda: answers.extend(all_at_once(port, secret, askings, callers=callers)))
        with closed_gate():
            crowd.start()
            wait_for_callers(callers)
        crowd.join()
        assert statuses(answers) == {ISSUED: callers}
        assert Coupon.objects.count() - 1 == callers - 1
        assert BudgetSlice.objects.get().reserved == callers * Decimal("10.00")
