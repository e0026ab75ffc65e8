"""The storefront as a test drives it: a program with an API key, that sends JSON."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from backoffice.lib.apikeys import make_key
from backoffice.lib.models import ApiKey
from backoffice.lib.models.api_key import Scope
from promotions.models import Coupon, Entry
from tests.promotions.factories import number

V1 = "/api/v1/"


class Storefront:
    """Sends requests with its key. Errors of the server come back as answers, as they do over the wire."""

    def __init__(self, *scopes: str) -> None:
        self.key: ApiKey
        self.key, self.secret = make_key("storefront", scopes or Scope.values, None)
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.client.get(_full(path), headers=self.authorization | headers)

    def post(
        self, path: str, body: Any = None, *, key: str | None = None, raw: bytes | None = None, **headers: str
    ) -> HttpResponse:
        """Posts `body` as JSON, or `raw` as it is, under a new idempotency key or the one given; with "" under none."""
        key = f"key-{number()}" if key is None else key
        sent = self.authorization | ({"Idempotency-Key": key} if key else {}) | headers
        data = json.dumps({} if body is None else body).encode() if raw is None else raw
        content_type = sent.pop("content_type", "application/json")
        return self.client.generic("POST", _full(path), data, content_type=content_type, headers=sent)

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Api-Key {self.secret}"}


def _full(path: str) -> str:
    return path if path.startswith("/") else V1 + path


def a_claim_body(entry: Entry, /, **fields: Any) -> dict[str, Any]:
    """A claim that would be issued, but for what the fields change; those of the customer go into `customer`."""
    n = number()
    customer = {"ref": f"u{n}", "phone": f"138{n:08d}", "verified": True, "registered_at": "2025-03-04T10:00:00+08:00"}
    return {
        "coupon_type": entry.coupon_type.code,
        "channel": entry.channel,
        "entry": entry.code,
        "token": None,
        "device": f"device{n}",
        "ip": "203.0.113.7",
        **fields,
        "customer": customer | fields.get("customer", {}),
    }


def a_line_body(**fields: Any) -> dict[str, Any]:
    return {"sku": "tea", "category": "goods", "amount": "100.00", **fields}


def an_order_body(*paid_with: Coupon, **fields: Any) -> dict[str, Any]:
    """An order that would be placed, but for what the fields change."""
    n = number()
    return {
        "ref": f"o{n}",
        "customer": paid_with[0].customer.ref if paid_with else f"u{n}",
        "coupons": [coupon.code for coupon in paid_with],
        "lines": [a_line_body()],
        "device": f"device{n}",
        "ip": "203.0.113.7",
        **fields,
    }


def is_problem(response: HttpResponse, status: int, code: str) -> bool:
    """Whether this is the problem that is meant, in the form that every problem has."""
    body = json.loads(response.content)
    assert response.headers["Content-Type"] == "application/problem+json", response.headers["Content-Type"]
    assert set(body) == {"type", "title", "status", "code", "detail", "errors"}, body
    assert (response.status_code, body["code"]) == (status, code), body
    assert body["status"] == status
    assert body["type"] == f"urn:holdfast:problem:{code}"
    return True


def wrong_fields(response: HttpResponse) -> dict[str, str]:
    """What is wrong with the input: pointer to code."""
    assert is_problem(response, 400, "invalid")
    return {error["pointer"]: error["code"] for error in json.loads(response.content)["errors"]}
