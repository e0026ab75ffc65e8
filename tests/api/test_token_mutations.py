"""Whatever a forger sends, the storefront gets one answer: the same status, the same bytes."""

from promotions.models import Claim, ClaimToken, Coupon
from promotions.states import ClaimOutcome
from tests.api.storefront import a_claim_body
from tests.promotions import mutating

GOOD, MUTATIONS = 20, 2_000


def test_thousands_of_mutations_are_told_one_thing_and_get_nothing(storefront, settings):
    settings.HOLDFAST_TOKEN_KEYS = mutating.KEYS
    good, answers = mutating.good_tokens(GOOD), {}
    entry = ClaimToken.objects.select_related("batch__entry__coupon_type").first().batch.entry
    for kind, text in mutating.mutations(good, MUTATIONS, seed=4):
        response = storefront.post("claims/", a_claim_body(entry, token=text or None))
        answers.setdefault((response.status_code, response.content), kind)
    assert [status for status, _ in answers] == [409]
    assert not Coupon.objects.exists()
    assert not Claim.objects.filter(outcome=ClaimOutcome.ISSUED).exists()
    assert storefront.post("claims/", a_claim_body(entry, token=next(iter(good)))).status_code == 201
