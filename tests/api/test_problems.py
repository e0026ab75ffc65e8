"""Errors as problems: which status, which code, which headers."""

import json

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InternalError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions

from backoffice.lib.errors import DomainError, InvalidInput, NotFound
from backoffice.lib.problems import problem_handler


class TooLate(DomainError):
    code = "too_late"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (TooLate("It is too late for that."), 409, "too_late"),
        (DomainError("No."), 409, "refused"),
        (NotFound("There is no such thing."), 404, "not_found"),
        (InvalidInput("That cannot be."), 422, "invalid_input"),
        (exceptions.ValidationError({"a": ["wrong"]}), 400, "invalid"),
        (exceptions.ParseError(), 400, "parse_error"),
        (UnreadablePostError("gone"), 400, "parse_error"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.PermissionDenied(), 403, "permission_denied"),
        (PermissionDenied("secret"), 403, "permission_denied"),
        (Http404("secret"), 404, "not_found"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (RequestDataTooBig("secret"), 413, "body_too_large"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (exceptions.Throttled(), 429, "throttled"),
        (OperationalError("secret"), 503, "unavailable"),
    ],
)
def test_each_error_has_its_status_and_code(error, status, code):
    response = problem_handler(error, {})
    body = json.loads(response.content)
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["title"]
    assert body["detail"]
    assert "secret" not in response.content.decode()


def test_a_refusal_is_told_in_its_own_sentence():
    assert json.loads(problem_handler(TooLate("It is too late for that."), {}).content)["detail"] == "It is too late for that."


def test_who_is_throttled_is_told_when_to_come_back():
    assert problem_handler(exceptions.Throttled(wait=2.1), {}).headers["Retry-After"] == "3"


@pytest.mark.parametrize("error", [RuntimeError("bug"), InternalError("current transaction is aborted"), KeyError("bug")])
def test_what_is_our_own_fault_is_left_to_the_log(error):
    assert problem_handler(error, {}) is None


def test_nested_errors_are_listed_with_pointers():
    detail = {"non_field_errors": ["a"], "lines": [{}, {"amount": ["b", "c"]}], "customer": {"ref": ["d"]}, "coupons": {1: ["e"]}}
    found = json.loads(problem_handler(exceptions.ValidationError(detail), {}).content)["errors"]
    assert [(error["pointer"], error["detail"]) for error in found] == [
        ("#", "a"),
        ("#/lines/1/amount", "b"),
        ("#/lines/1/amount", "c"),
        ("#/customer/ref", "d"),
        ("#/coupons/1", "e"),
    ]


def test_outside_the_api_pages_stay_pages(client, db):
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")
