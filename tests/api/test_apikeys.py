"""API keys: hashed at rest, scoped, revocable."""

import hashlib
from datetime import timedelta

import pghistory.models
import pytest

from backoffice.lib import clock
from backoffice.lib.apikeys import find_key, make_key, revoke_key
from backoffice.lib.errors import InvalidInput
from backoffice.lib.models import ApiKey
from tests.api.storefront import Storefront, is_problem
from tests.promotions.factories import NOON, a_user

pytestmark = pytest.mark.django_db


def test_a_key_is_kept_as_a_hash_only():
    key, secret = make_key("shop", ["orders:read"], a_user())
    assert key.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert secret.startswith(key.prefix)
    assert len(secret) > 50
    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert secret not in str(row)
    assert find_key(secret) == key


def test_two_keys_are_never_alike():
    secrets = {make_key("shop", [], None)[1] for _ in range(50)}
    assert len(secrets) == 50


def test_a_scope_that_does_not_exist_is_refused():
    with pytest.raises(InvalidInput, match="orders:steal"):
        make_key("shop", ["orders:steal"], None)
    assert ApiKey.objects.exists() is False


def test_a_key_that_is_nearly_right_is_refused(storefront):
    prefix, _, secret = storefront.secret.partition("_")
    for wrong in (f"{prefix}_{secret[:-1]}", f"{prefix}_", prefix, f"{prefix}_{secret}x", f"{prefix.upper()}_{secret}", "_", ""):
        assert find_key(wrong) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Api-Key",
        "Api-Key ",
        "Bearer x",
        "Api-Key nonsense",
        "Api-Key a b",
        "Api-Key \x00",
        "Api-Key é_é",
        "Basic Og==",
        "Api-Key _",
    ],
)
def test_who_has_no_key_is_not_let_in(storefront, header):
    response = storefront.client.get("/api/v1/campaigns/", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Api-Key"
    assert response.json()["code"] in {"not_authenticated", "authentication_failed"}


def test_a_revoked_key_is_refused_at_its_next_request_and_reads_like_an_unknown_one(storefront):
    assert storefront.get("campaigns/").status_code == 200
    revoke_key(storefront.key, by=a_user(), reason="leaked", at=NOON)
    revoked = storefront.get("campaigns/")
    assert is_problem(revoked, 401, "authentication_failed")
    unknown = storefront.client.get("/api/v1/campaigns/", headers={"Authorization": "Api-Key hf0000000000_x"})
    assert revoked.content == unknown.content


def test_revoking_twice_keeps_the_first_time(storefront):
    revoke_key(storefront.key, by=a_user(), reason="leaked", at=NOON)
    assert revoke_key(storefront.key, by=a_user(), reason="again", at=NOON + timedelta(days=1)).revoked_at == NOON


def test_making_and_revoking_leaves_history_with_its_reason(storefront):
    revoke_key(storefront.key, by=a_user(), reason="leaked", at=NOON)
    made, revoked = pghistory.models.Events.objects.tracks(storefront.key).order_by("pgh_created_at", "pgh_id")
    assert (made.pgh_label, revoked.pgh_label) == ("insert", "update")
    assert revoked.pgh_context["reason"] == "leaked"


def test_a_key_without_a_scope_may_do_nothing():
    key, secret = make_key("shop", [], None)
    storefront = Storefront()
    storefront.secret = secret
    assert is_problem(storefront.get("campaigns/"), 403, "permission_denied")
    assert is_problem(storefront.post("claims/"), 403, "permission_denied")
    assert key.scopes == []


def test_a_scope_taken_away_is_gone_at_the_next_request(storefront):
    ApiKey.objects.update(scopes=["orders:read"])
    assert is_problem(storefront.get("campaigns/"), 403, "permission_denied")


def last_used():
    return ApiKey.objects.get().last_used_at


def test_use_is_noted_at_most_once_a_minute(storefront, django_assert_num_queries):
    storefront.get("campaigns/")
    assert last_used() == NOON
    with clock.fixed_at(NOON + timedelta(seconds=59)), django_assert_num_queries(2):
        storefront.get("campaigns/")
    assert last_used() == NOON
    with clock.fixed_at(NOON + timedelta(seconds=60)):
        storefront.get("campaigns/")
    assert last_used() == NOON + timedelta(seconds=60)
