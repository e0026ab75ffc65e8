"""An order paid with a coupon that staff gave is looked at like any other; that nobody claimed it is no finding."""

import pytest

from promotions.models import Coupon
from risk.gathering import gather_facts
from risk.rules.provenance import claimed_before_suspension, unknown_provenance
from tests.orders.factories import a_top_up, an_order
from tests.promotions.factories import NOON, a_claim, a_claimant, a_restricted_type
from tests.promotions.granting import a_grant
from tests.risk.factories import MINUTE, leaked_coupon, top_up_facts

pytestmark = pytest.mark.django_db


def test_what_was_given_by_a_grant_has_its_provenance():
    a_claim(claimant=a_claimant(ref="u1"))
    a_grant("u1", coupon_type=a_restricted_type())
    coupon = Coupon.objects.get(grant_item__isnull=False)
    order = an_order(coupons=(coupon,), lines=(a_top_up(),), at=NOON + MINUTE)
    found = gather_facts(order, at=NOON + MINUTE)
    (known,) = found.coupons
    assert (known.is_granted, known.has_entry, known.has_token, known.claimed_at) == (True, False, False, coupon.issued_at)
    assert unknown_provenance(found) is None


def test_a_grant_before_a_suspension_is_not_what_the_suspension_was_about():
    given = {"is_restricted": True, "claimed_at": NOON, "suspended_at": NOON + MINUTE}
    found = {
        is_granted: claimed_before_suspension(top_up_facts(accounts=9, coupons=(leaked_coupon(is_granted=is_granted, **given),)))
        for is_granted in (True, False)
    }
    assert found[True] is None
    assert found[False] is not None
