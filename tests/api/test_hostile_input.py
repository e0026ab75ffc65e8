"""Whatever is sent gets a clear answer and changes nothing."""

import json

import pytest
from django.test import Client, override_settings

from promotions.models import Claim
from tests.api.storefront import a_claim_body, an_order_body, is_problem, wrong_fields
from tests.promotions.factories import an_entry

pytestmark = pytest.mark.django_db

MALFORMED = {
    "empty": b" ",
    "no json": b"hello",
    "cut off": b'{"coupon_type": "T1"',
    "single quotes": b"{'coupon_type': 1}",
    "trailing comma": b'{"coupon_type": "T1",}',
    "two values": b"{}{}",
    "not utf-8": b'{"coupon_type": "\xff\xfe"}',
    "utf-16": json.dumps({"coupon_type": "T1"}).encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "raw control character": b'{"coupon_type": "a\x01b"}',
    "nested too deeply": b"[" * 200_000 + b"]" * 200_000,
    "objects too deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "name twice": b'{"coupon_type": "T1", "coupon_type": "T2"}',
    "name twice inside": b'{"customer": {"ref": "u1", "ref": "u2"}}',
    "number too long": b'{"coupon_type": %s}' % (b"9" * 5000),
    "strange name": b'{"coupon_type\\u0000": 1}',
    "half a pair in a name": b'{"\\ud800": 1}',
    "nan": b'{"coupon_type": NaN}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_body_that_is_no_json_is_refused(storefront, name):
    assert is_problem(storefront.post("claims/", raw=MALFORMED[name]), 400, "parse_error")
    assert Claim.objects.exists() is False


@pytest.mark.parametrize("body", [[], "text", 7, None, True, [{}]])
def test_a_body_that_is_no_object_is_refused(storefront, body):
    response = storefront.post("claims/", raw=json.dumps(body).encode())
    assert set(wrong_fields(response)) == {"#"}


def test_a_huge_number_is_refused_like_any_number(storefront):
    response = storefront.post("claims/", raw=b'{"coupon_type": 1e999, "channel": -1e999, "customer": 1E400}')
    assert set(wrong_fields(response)) == {"#/coupon_type", "#/channel", "#/customer"}


def test_a_body_of_ten_megabytes_is_refused_by_its_length(storefront):
    huge = json.dumps(a_claim_body(an_entry(), device="d" * 10_000_000)).encode()
    assert is_problem(storefront.post("claims/", raw=huge), 413, "body_too_large")
    assert Claim.objects.exists() is False


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"]
)
def test_a_body_of_another_type_is_refused(storefront, content_type):
    response = storefront.post("claims/", a_claim_body(an_entry()), content_type=content_type)
    assert is_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "bz2_codec", "no-such-charset"])
def test_the_charset_that_a_header_names_changes_nothing(storefront, charset):
    response = storefront.post("claims/", a_claim_body(an_entry()), content_type=f"application/json; charset={charset}")
    assert response.status_code == 201


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "application/problem+json", "*/*;q=0"])
def test_whatever_is_accepted_the_answer_is_json(storefront, accept):
    response = storefront.get("campaigns/", Accept=accept)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")


def test_an_error_never_repeats_what_was_sent(storefront):
    secret = "13900001111-do-not-echo"
    body = a_claim_body(an_entry(), channel=secret, ip=secret, customer={"ref": f"/{secret}", "registered_at": secret})
    assert secret not in storefront.post("claims/", body).content.decode()


def test_at_most_fifty_errors_are_listed(storefront):
    response = storefront.post("orders/", an_order_body(lines=[{}] * 100))
    assert len(response.json()["errors"]) == 50


def test_hundred_thousand_unknown_fields_are_refused_in_a_short_answer(storefront):
    body = {f"f{n}": n for n in range(60_000)}
    response = storefront.post("claims/", body)
    assert set(wrong_fields(response).values()) == {"unknown_field"}
    assert len(response.content) < 10_000


@pytest.mark.parametrize("path", ["campaigns/?format=xml", "campaigns/?cursor=&page=2", "orders/o1/?x"])
def test_a_parameter_that_nobody_knows_is_refused(storefront, path):
    assert is_problem(storefront.get(path), 400, "unknown_parameter")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_other_methods_are_not_allowed(storefront, method):
    response = getattr(storefront.client, method)("/api/v1/claims/", headers=storefront.authorization)
    assert is_problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v2/claims/", "/api/v1/claims", "/api/v1/nothing/", "/api/v1/orders/a/b/c/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_is_no_route_is_not_found(db, path, method):
    assert is_problem(getattr(Client(), method)(path), 404, "not_found")


def test_a_strange_host_gets_a_problem():
    response = Client().get("/api/v1/campaigns/", headers={"Host": "evil.example"})
    assert is_problem(response, 400, "bad_request")


def test_an_unexpected_error_while_reading_tells_nothing(storefront, monkeypatch):
    monkeypatch.setattr("promotions.api.campaigns.shown_campaigns", lambda at: 1 / 0)
    response = storefront.get("campaigns/")
    assert is_problem(response, 500, "internal_error")
    assert b"zero" not in response.content


@override_settings(DEBUG=True)
def test_debug_changes_nothing_in_what_is_refused(storefront):
    assert is_problem(storefront.post("claims/", raw=b"hello"), 400, "parse_error")


def test_problems_are_told_in_the_language_asked_for_and_with_the_same_codes(storefront):
    response = storefront.post("claims/", {}, **{"Accept-Language": "zh-hans"})
    assert is_problem(response, 400, "invalid")
    assert response.headers["Content-Language"] == "zh-hans"


@pytest.mark.parametrize("path", ["/api/docs/", "/api/schema/", "/api/v1/campaigns/"])
def test_a_problem_is_json_whatever_the_route_renders_otherwise(storefront, path):
    response = storefront.client.post(path, headers=storefront.authorization)
    assert is_problem(response, 405, "method_not_allowed")
