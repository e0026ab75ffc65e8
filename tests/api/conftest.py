from collections.abc import Iterator

import pytest

from backoffice.lib import clock
from tests.api.storefront import Storefront
from tests.promotions.factories import NOON


@pytest.fixture
def storefront(db: None) -> Storefront:
    """A storefront whose key may do everything."""
    return Storefront()


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """The time at which the factories' campaigns are live."""
    with clock.fixed_at(NOON):
        yield
