"""Claims over the API: 201 with the coupon, or one uniform refusal whatever the reason."""

import secrets
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.conf import settings

from promotions.api import claims
from promotions.models import Claim, Coupon
from promotions.services.coupon_types import suspend_coupon_type
from promotions.services.tokens import revoke_token, token_text
from promotions.states import ClaimOutcome, RefusalReason
from promotions.tokens import TokenContent, write_token
from tests.api.storefront import a_claim_body, is_problem, wrong_fields
from tests.promotions.factories import NOON, a_coupon_type, a_restricted_type, a_token, an_entry, the_asker

pytestmark = pytest.mark.django_db


def test_a_claim_gives_a_coupon(storefront):
    entry = an_entry()
    body = a_claim_body(entry)
    response = storefront.post("claims/", body)
    assert response.status_code == 201
    coupon = Coupon.objects.get()
    assert response.json() == {
        "code": coupon.code,
        "coupon_type": entry.coupon_type.code,
        "customer": body["customer"]["ref"],
        "face_value": "10.00",
        "status": "issued",
        "issued_at": "2026-01-20T12:00:00Z",
        "valid_until": coupon.valid_until.isoformat().replace("+00:00", "Z"),
    }


def test_a_claim_keeps_what_came_with_it(storefront):
    body = a_claim_body(an_entry(), device="4C1F2B9E", ip="2001:db8::7", customer={"verified": False})
    storefront.post("claims/", body)
    claim = Claim.objects.get()
    assert (claim.device, claim.address, claim.phone_segment) == ("4c1f2b9e", "2001:db8::/64", "1380")
    assert claim.is_verified is False
    assert claim.registered_at.isoformat() == "2025-03-04T02:00:00+00:00"


def test_a_claim_with_a_genuine_token_is_issued(storefront):
    token = a_token()
    response = storefront.post("claims/", a_claim_body(token.batch.entry, token=token_text(token)))
    assert response.status_code == 201
    assert Claim.objects.get().token == token


def a_forged_token(entry):
    content = TokenContent(entry.pk, 1, 1, NOON + timedelta(days=1), secrets.token_bytes(12))
    return write_token(content, key_id=next(iter(settings.HOLDFAST_TOKEN_KEYS)), key=b"another key of thirty-two bytes..")


def refused_bodies():
    """Reason -> a claim that is refused for it."""
    entry, other = an_entry(), an_entry()
    restricted = an_entry(coupon_type=a_restricted_type())
    used, revoked = a_token(entry=restricted), a_token(entry=restricted)
    revoke_token(revoked, by=the_asker(), reason="test", at=NOON)
    suspended = an_entry()
    suspend_coupon_type(suspended.coupon_type, by=the_asker(), reason="test", at=NOON)
    verified_only = an_entry(coupon_type=a_coupon_type(requires_verified=True))
    full = an_entry(coupon_type=a_coupon_type(quantity=1))
    taken = {"ref": "greedy"}
    return [
        (None, a_claim_body(entry, customer=taken)),
        (None, a_claim_body(full)),
        (None, a_claim_body(restricted, token=token_text(used))),
        (RefusalReason.UNKNOWN_COUPON_TYPE, a_claim_body(entry, coupon_type="NO-SUCH-TYPE")),
        (RefusalReason.ENTRY_MISSING, a_claim_body(entry, entry=None)),
        (RefusalReason.UNKNOWN_ENTRY, a_claim_body(entry, entry="NO-SUCH-ENTRY")),
        (RefusalReason.WRONG_ENTRY, a_claim_body(entry, entry=other.code)),
        (RefusalReason.WRONG_CHANNEL, a_claim_body(entry, channel="web")),
        (RefusalReason.ENTRY_NOT_OPEN, a_claim_body(an_entry(is_open=False))),
        (RefusalReason.COUPON_TYPE_NOT_LIVE, a_claim_body(suspended)),
        (RefusalReason.NOT_VERIFIED, a_claim_body(verified_only, customer={"verified": False})),
        (RefusalReason.LIMIT_REACHED, a_claim_body(entry, customer=taken)),
        (RefusalReason.ALL_GIVEN, a_claim_body(full)),
        (RefusalReason.TOKEN_MISSING, a_claim_body(restricted)),
        (RefusalReason.TOKEN_FORGED, a_claim_body(restricted, token="HF1.nonsense")),
        (RefusalReason.TOKEN_FORGED, a_claim_body(restricted, token=a_forged_token(restricted))),
        (RefusalReason.TOKEN_REVOKED, a_claim_body(restricted, token=token_text(revoked))),
        (RefusalReason.TOKEN_USED_UP, a_claim_body(restricted, token=token_text(used))),
    ]


def test_every_refusal_reads_the_same_and_is_stored_with_its_reason(storefront):
    bodies = set()
    for reason, body in refused_bodies():
        response = storefront.post("claims/", body)
        claim = Claim.objects.latest("pk")
        if reason is None:
            assert response.status_code == 201
            continue
        assert is_problem(response, 409, "claim_refused")
        assert (claim.outcome, claim.reason) == (ClaimOutcome.REFUSED, reason)
        names = {name.lower() for name in response.headers}
        bodies.add((response.content, frozenset(names)))
    assert len(bodies) == 1


def test_what_is_refused_leaves_no_coupon(storefront):
    entry = an_entry()
    storefront.post("claims/", a_claim_body(entry, entry="NO-SUCH-ENTRY"))
    assert Coupon.objects.exists() is False


def test_a_refusal_leaves_at_a_whole_step_of_time(storefront, monkeypatch):
    slept = []
    monkeypatch.setattr(claims, "time", SimpleNamespace(sleep=slept.append, monotonic=iter([100.0, 100.009]).__next__))
    storefront.post("claims/", a_claim_body(an_entry(), entry="NO-SUCH-ENTRY"))
    assert [round(seconds, 6) for seconds in slept] == [0.016]


def test_a_coupon_does_not_wait(storefront, monkeypatch):
    monkeypatch.setattr(claims.time, "sleep", lambda seconds: pytest.fail("an issued coupon waited"))
    assert storefront.post("claims/", a_claim_body(an_entry())).status_code == 201


@pytest.mark.parametrize("missing", ["coupon_type", "channel", "customer"])
def test_what_a_claim_needs_must_be_there(storefront, missing):
    body = a_claim_body(an_entry())
    del body[missing]
    assert wrong_fields(storefront.post("claims/", body)) == {f"#/{missing}": "required"}
    assert Claim.objects.exists() is False


@pytest.mark.parametrize("left_out", ["entry", "token", "device", "ip"])
def test_what_a_claim_may_lack_can_be_null_or_left_out(storefront, left_out):
    body = a_claim_body(an_entry())
    del body[left_out]
    assert storefront.post("claims/", body).status_code == (409 if left_out == "entry" else 201)
    assert storefront.post("claims/", a_claim_body(an_entry(), **{left_out: None})).status_code in {201, 409}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("coupon_type", 7, "invalid"),
        ("coupon_type", True, "invalid"),
        ("coupon_type", ["T1"], "invalid"),
        ("coupon_type", None, "null"),
        ("coupon_type", "", "blank"),
        ("coupon_type", "T" * 65, "max_length"),
        ("coupon_type", "T\x00", "null_characters_not_allowed"),
        ("coupon_type", "T\ud800", "surrogate_characters_not_allowed"),
        ("channel", "fax", "invalid_choice"),
        ("channel", {"\ud800": 1}, None),
        ("channel", "\ud800", "invalid_choice"),
        ("entry", 1.5, "invalid"),
        ("token", "x" * 513, "max_length"),
        ("token", {}, "invalid"),
        ("device", "d" * 201, "max_length"),
        ("device", 12345, "invalid"),
        ("ip", "nowhere", "invalid"),
        ("ip", 2130706433, "invalid"),
        ("customer", "u1", "invalid"),
        ("customer", None, "null"),
        ("colour", "red", "unknown_field"),
    ],
)
def test_a_field_of_another_kind_is_refused(storefront, field, value, code):
    response = storefront.post("claims/", a_claim_body(an_entry()) | {field: value})
    if code is None:
        assert is_problem(response, 400, "parse_error")
    else:
        assert code in wrong_fields(response).values()
    assert Claim.objects.exists() is False


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("ref", "", "blank"),
        ("ref", "a/b", "pattern"),
        ("ref", "..", "pattern"),
        ("ref", "u1\n", "pattern"),
        ("ref", "u" * 65, "pattern"),
        ("ref", 1001, "invalid"),
        ("phone", 13800138000, "invalid"),
        ("phone", "1" * 33, "max_length"),
        ("verified", "true", "invalid"),
        ("verified", 1, "invalid"),
        ("verified", None, "null"),
        ("registered_at", "2025-03-04T10:00:00", "invalid"),
        ("registered_at", "2025-03-04", "invalid"),
        ("registered_at", "2025-02-30T10:00:00Z", "invalid"),
        ("registered_at", 1741053600, "invalid"),
        ("registered_at", "0001-01-01T00:00:00+14:00", "invalid"),
        ("registered_at", "9999-12-31T23:59:59-12:00", "invalid"),
        ("admin", True, "unknown_field"),
        ("is_verified", True, "unknown_field"),
    ],
)
def test_a_field_of_the_customer_of_another_kind_is_refused(storefront, field, value, code):
    response = storefront.post("claims/", a_claim_body(an_entry(), customer={field: value}))
    assert wrong_fields(response) == {f"#/customer/{field}": code}
    assert Claim.objects.exists() is False


def test_nobody_registered_in_the_future(storefront):
    entry = an_entry()
    soon, later = ({"registered_at": f"2026-01-20T12:05:0{second}Z"} for second in (0, 1))
    assert storefront.post("claims/", a_claim_body(entry, customer=soon)).status_code == 201
    assert is_problem(storefront.post("claims/", a_claim_body(entry, customer=later)), 422, "invalid_input")


@pytest.mark.parametrize("phone", [None, "", "no number"])
def test_a_claim_without_a_phone_is_taken_where_no_rule_needs_one(storefront, phone):
    assert storefront.post("claims/", a_claim_body(an_entry(), customer={"phone": phone})).status_code == 201


def test_money_is_a_text_in_answers(storefront):
    entry = an_entry(coupon_type=a_coupon_type(face_value=Decimal("0.10")))
    assert storefront.post("claims/", a_claim_body(entry)).json()["face_value"] == "0.10"
