"""A real month of claims as background: whoever claimed in it is ordinary, so hardly anybody may be flagged or called organised."""

import pytest

from backoffice.replay.run import Options, play
from backoffice.replay.tianchi import TianchiFile
from promotions.models import Claim, ClaimFlag, Coupon, Customer
from risk.models import CustomerDisposition, Flag
from risk.services.disposing import dispose_customers
from risk.states import Disposition
from tests.conftest import RECORDED_DATA
from tests.replay.conftest import FreshDatabase

pytestmark = [pytest.mark.slow, pytest.mark.realdata]

MONTH = RECORDED_DATA / "tianchi_o2o_july2016" / "ccf_offline_stage1_test_revised.csv.gz"


def test_of_a_real_month_at_most_one_claim_in_ten_thousand_is_flagged(fresh_database: FreshDatabase, capsys) -> None:
    """By the rules that are on by default. The file has no orders, so each customer is weighed by his claims as well."""
    with fresh_database():
        played = play(TianchiFile(MONTH), Options())
        customers = list(Customer.objects.values_list("pk", flat=True))
        weighed = dispose_customers(customers, at=played.ends_at)
        claims, flagged = Claim.objects.count(), ClaimFlag.objects.count() + Flag.objects.count()
        called = CustomerDisposition.objects.filter(disposition=Disposition.ORGANISED)
        of_organised = Coupon.objects.filter(customer__in=called.values("customer")).count()
    told = f"{claims:,} claims, {flagged} of them flagged, {of_organised} by somebody of {weighed:,} who is called organised"
    with capsys.disabled():
        print(f"\n{told}")
    assert (weighed, claims) == (len(customers), 113_640)
    assert (flagged + of_organised) * 10_000 <= claims
