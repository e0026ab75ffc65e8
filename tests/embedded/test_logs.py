"""Logs are JSON lines with the request's id, inside tasks too, and hold no personal data."""

import io
import json
import logging

import pytest
import structlog

from backoffice.celery import name_the_task
from backoffice.logging import logging_config


@pytest.fixture
def lines():
    """What is logged through the site's own formatter, as parsed lines."""
    config = logging_config("INFO")["formatters"]["json"]
    formatter = config["()"](foreign_pre_chain=config["foreign_pre_chain"], processors=config["processors"])
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    level, root.level = root.level, logging.INFO
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_line_of_any_library_carries_the_request_id(lines):
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("some.library").warning("slow: %s", "query")
        structlog.get_logger("ours").warning("thing_done", order=7)
    assert [(line["event"], line["request_id"]) for line in lines()] == [("slow: query", "r-1"), ("thing_done", "r-1")]
    assert lines()[1]["order"] == 7


def test_personal_data_is_masked_in_fields_texts_and_tracebacks(lines):
    log = structlog.get_logger("ours")
    log.warning("claimed", phone="13800138000", ip="10.0.0.1", customer="c-1")
    try:
        raise ValueError("no such phone: +8613800138000")
    except ValueError:
        log.exception("failed")
    text = json.dumps(lines())
    assert "13800138000" not in text
    assert "10.0.0.1" not in text
    assert "c-1" in text
    assert "ValueError" in text


def test_an_id_that_only_contains_such_digits_is_left_alone(lines):
    structlog.get_logger("ours").warning("order 9913800138000123 stored")
    assert "9913800138000123" in lines()[0]["event"]


@pytest.mark.parametrize(("sent_by", "expected"), [({"request_id": "r-9"}, "r-9"), ({}, "t-1")])
def test_a_task_keeps_the_id_of_its_request_or_is_one_itself(sent_by, expected):
    class Request:
        id = "t-1"

    class Task:
        name = "risk.tasks.assess"
        request = Request

    with structlog.contextvars.bound_contextvars(**sent_by):
        name_the_task(task=Task)
        known = structlog.contextvars.get_contextvars()
        assert (known["request_id"], known["task"]) == (expected, "risk.tasks.assess")
        structlog.contextvars.clear_contextvars()


def test_a_request_is_logged_without_its_query(lines, client):
    client.get("/health/live?q=13800138000")
    finished = [line for line in lines() if line["event"] == "request_finished"]
    assert finished[0]["request"] == "GET /health/live"
    assert finished[0]["request_id"]
