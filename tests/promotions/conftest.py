"""A test that asks for a `kind` is run for campaigns, coupon types and entries."""

import pytest

from tests.promotions.kinds import KINDS, Kind


@pytest.fixture(params=KINDS)
def kind(request):
    return Kind(request.param)
