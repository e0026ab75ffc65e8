"""Schemathesis reads our own schema and sends what it allows, and what it forbids: every answer must be one that is documented."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, seed, settings
from schemathesis import Case
from schemathesis.generation import GenerationMode

from backoffice.lib.idempotency import HEADER, KEY_PATTERN
from backoffice.wsgi import application
from promotions.api import claims
from tests.api.storefront import Storefront
from tests.orders.factories import a_plain_coupon, an_order
from tests.promotions.factories import an_entry, number

pytestmark = pytest.mark.django_db

EXAMPLES = 40
config = schemathesis.Config.from_dict(
    {
        "generation": {"deterministic": True, "mode": "all"},
        # What can be read and still cannot be meant, such as a top-up without a recipient, is a 422.
        "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422"]}},
    }
)
schema = schemathesis.openapi.from_wsgi("/api/schema/", application, config=config)


@pytest.fixture
def one_connection() -> Iterator[None]:
    """The whole WSGI application answers, and still stays in the test's transaction, as with Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world(db: None, one_connection: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Things that exist, so that not every request goes astray."""
    monkeypatch.setattr(claims, "REFUSAL_STEP", 1e-9)
    entry, coupon = an_entry(), a_plain_coupon()
    return {
        "storefront": Storefront(),
        "coupon_type": entry.coupon_type.code,
        "entry": entry.code,
        "channel": entry.channel,
        "coupons": [coupon.code],
        "customer": coupon.customer.ref,
        "ref": an_order().ref,
    }


def under_a_new_key(case: Case) -> None:
    """What is generated likes short keys, and would mostly hear that they were used before. One in eight stays as it is."""
    if case.headers and re.fullmatch(KEY_PATTERN, str(case.headers.get(HEADER, ""))) and (key := number()) % 8:
        case.headers[HEADER] = f"fuzz-{key}"


def lead_to_what_exists(case: Case, world: dict[str, Any]) -> None:
    """Every other request of the right form names things that exist."""
    is_right = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    if not is_right or len(repr(case.body)) % 2:
        return
    if case.path_parameters and "orders" in case.path:
        case.path_parameters["ref"] = world["ref"]
    if isinstance(case.body, dict) and "coupon_type" in case.body:
        case.body |= {name: world[name] for name in ("coupon_type", "entry", "channel")}
    elif isinstance(case.body, dict) and "lines" in case.body:
        case.body |= {"customer": world["customer"], "coupons": [] if "ref" in case.body else world["coupons"]}


@seed(20190120)
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_is_documented(case: Case, world: dict[str, Any]) -> None:
    under_a_new_key(case)
    lead_to_what_exists(case, world)
    case.call_and_validate(headers=world["storefront"].authorization)
