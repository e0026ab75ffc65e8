"""What only a real server shows: bodies that are too large, in chunks, cut off or slow."""

import http.client
import json
import socket

import pytest

from backoffice.lib.apikeys import make_key
from backoffice.lib.models.api_key import Scope
from promotions.models import Claim
from tests.race.site import connected, site

pytestmark = pytest.mark.django_db(transaction=True)

TEN_MEGABYTES = 10_000_000


@pytest.fixture
def headers():
    secret = make_key("storefront", Scope.values, None)[1]
    return {"Authorization": f"Api-Key {secret}", "Content-Type": "application/json", "Idempotency-Key": "once"}


def code_of(response: http.client.HTTPResponse) -> tuple[int, str]:
    return response.status, json.loads(response.read())["code"]


def in_pieces(size: int):
    for _ in range(size // 10_000):
        yield b" " * 10_000


def test_a_strange_body_gets_its_answer_and_the_next_request_is_served(headers, tmp_path):
    with site(tmp_path / "gunicorn.log") as port:
        with connected(port) as line:
            line.request("POST", "/api/v1/claims/", b" " * TEN_MEGABYTES, headers)
            assert code_of(line.getresponse()) == (413, "body_too_large")
        with connected(port) as line:
            line.request("POST", "/api/v1/claims/", in_pieces(TEN_MEGABYTES), headers, encode_chunked=True)
            assert code_of(line.getresponse()) == (411, "length_required")
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(b"POST /api/v1/claims/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        with connected(port) as line:
            line.request("POST", "/api/v1/claims/", b"\xff\xfe{}", headers)
            assert code_of(line.getresponse()) == (400, "parse_error")
        with connected(port) as line:
            line.request("GET", "/api/v1/campaigns/", headers=headers)
            assert line.getresponse().status == 200
    assert Claim.objects.exists() is False
