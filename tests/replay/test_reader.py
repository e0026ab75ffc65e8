"""Lines that cannot be played are told by their number, in one sentence, and the reader goes on with the next."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backoffice.replay.events import ClaimEvent, Event, OrderEvent, ThresholdEvent, TokenOfBatch
from backoffice.replay.faults import BadLine, FileRefused
from backoffice.replay.reader import LONGEST_LINE, JsonlFile
from tests.replay import nights

Read = Callable[[bytes], list[Event | BadLine]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_bytes(content: bytes) -> list[Event | BadLine]:
        path = tmp_path / "events.jsonl"
        path.write_bytes(content)
        return list(JsonlFile(path))

    return read_bytes


def line(event: nights.Event) -> bytes:
    return json.dumps(event).encode() + b"\n"


def the_fault(items: list[Event | BadLine]) -> str:
    (fault,) = items
    assert isinstance(fault, BadLine)
    assert "\n" not in str(fault)
    return str(fault)


def without(event: nights.Event, field: str) -> nights.Event:
    return {name: value for name, value in event.items() if name != field}


EVERY_KIND = [
    nights.a_campaign(),
    nights.a_coupon_type(),
    nights.a_coupon_type(quantity=None),
    nights.a_restricted_type(),
    nights.an_entry(),
    nights.tokens(),
    nights.a_threshold(),
    nights.a_threshold(scope="platform", action="alarm", window_minutes=10),
    nights.event("suspend", 0, {"coupon_type": "T"}, {}),
    nights.event("resume", 0, {"coupon_type": "T"}, {}),
    nights.a_claim("c", 0),
    nights.a_claim("c", 0, entry=None, token={"raw": "' OR 1=1 --"}),
    nights.an_order("o", 0, claims=["c"], lines=[nights.a_top_up()]),
    nights.a_ship("o", 0),
]


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: event["kind"])
def test_every_kind_is_read(read: Read, event: nights.Event) -> None:
    (found,) = read(line(event))
    assert isinstance(found, Event)
    assert found.line == 1


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: event["kind"])
def test_no_field_may_be_missing(read: Read, event: nights.Event) -> None:
    for field in event:
        assert f"{field} is missing" in the_fault(read(line(without(event, field))))


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: event["kind"])
def test_no_field_may_be_unknown(read: Read, event: nights.Event) -> None:
    assert the_fault(read(line(event | {"colour": "red"}))) == "line 1: there is no field 'colour'"


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: event["kind"])
def test_no_field_may_have_another_type(read: Read, event: nights.Event) -> None:
    for field in event:
        for wrong in (1.5, {"x": 1}, "\0", "x" * 5000):
            assert f"line 1: {field}" in the_fault(read(line(event | {field: wrong}))), (field, wrong)


def test_amounts_are_exact_and_times_aware(read: Read) -> None:
    found = read(line(nights.a_threshold(limit="0.10", at="2019-01-20T01:00:00.250+08:00")))[0]
    assert isinstance(found, ThresholdEvent)
    assert found.limit == Decimal("0.10")
    assert found.at == datetime(2019, 1, 19, 17, 0, 0, 250_000, tzinfo=UTC)


def test_tokens_are_ours_or_somebody_elses_or_none(read: Read) -> None:
    shapes = ({"batch": "B", "n": 0}, {"raw": "x"}, None)
    found = read(b"".join(line(nights.a_claim("c", 0, token=token)) for token in shapes))
    assert [event.token for event in found if isinstance(event, ClaimEvent)] == [TokenOfBatch("B", 0), "x", None]


BAD_AMOUNTS: list[Any] = [
    "-5.00",
    "NaN",
    "Infinity",
    "1e3",
    "1_000",
    "",
    " 5",
    "5.001",
    "1234567890123",
    "٣",
    "5,00",
    5,
    5.0,
    None,
    True,
]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=repr)
def test_an_amount_is_a_plain_decimal_string(read: Read, amount: Any) -> None:
    assert "must be an amount as a string" in the_fault(read(line(nights.a_coupon_type(face_value=amount))))
    bad_line = {"sku": "tea", "category": "goods", "amount": amount}
    assert "lines[0].amount must be" in the_fault(read(line(nights.an_order("o", 0, lines=[bad_line]))))


def test_only_a_minimum_spend_may_be_zero(read: Read) -> None:
    assert isinstance(read(line(nights.a_coupon_type(minimum_spend="0.00")))[0], Event)
    assert "face_value must be more than zero" in the_fault(read(line(nights.a_coupon_type(face_value="0.00"))))
    assert "budget must be more than zero" in the_fault(read(line(nights.a_campaign(budget="0"))))


BAD_TIMES: list[Any] = [
    "2019-01-20",
    "2019-01-20T01:00:00",
    "yesterday",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    1548000000,
    None,
]


@pytest.mark.parametrize("moment", BAD_TIMES, ids=repr)
def test_a_time_has_an_offset_and_is_of_our_age(read: Read, moment: Any) -> None:
    assert the_fault(read(line(nights.a_ship("o", 0) | {"at": moment}))).startswith("line 1: at ")
    assert "claim_from" in the_fault(read(line(nights.a_coupon_type(claim_from=moment))))


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (nights.a_campaign(ends_at=nights.a_campaign()["starts_at"]), "is not before ends_at"),
        (nights.a_coupon_type(claim_until="2019-01-01T00:00:00Z"), "is not before claim_until"),
        (nights.a_coupon_type(valid_until="2019-01-01T00:00:00Z"), "is not before valid_until"),
        (nights.an_entry(closes_at="2019-01-01T00:00:00Z"), "is not before closes_at"),
        (nights.a_campaign(currency="cny"), "currency must be an ISO 4217 code"),
        (nights.a_restricted_type(quantity=None), "a restricted coupon type needs a quantity"),
        (nights.a_restricted_type(requires_verified=False), "a restricted coupon type needs a quantity"),
        (nights.a_coupon_type(quantity=0), "quantity must be a whole number from 1"),
        (nights.a_coupon_type(quantity=True), "quantity must be a whole number from 1"),
        (nights.a_coupon_type(quantity=2**31), "quantity must be a whole number from 1"),
        (nights.a_coupon_type(audience="everybody"), "audience must be one of online, restricted, not 'everybody'"),
        (nights.an_entry(channel="fax"), "channel must be one of app"),
        (nights.an_entry(needs_token=0), "needs_token must be true or false, not 0"),
        (nights.tokens(count=100_001), "count must be a whole number from 1 to 100000"),
        (nights.a_threshold(scope="coupon_type:"), "scope must be platform, campaign:CODE or coupon_type:CODE"),
        (nights.a_threshold(scope="customer:X"), "scope must be platform, campaign:CODE or coupon_type:CODE"),
        (nights.a_threshold(scope="platform"), "can only alarm"),
        (nights.a_threshold(metric="token_refusals"), "metric must be one of issued_amount, redeemed_amount, issued_count"),
        (nights.a_threshold(window_minutes=0), "window_minutes must be a whole number"),
        (nights.a_claim("", 0), "id must not be empty"),
        (nights.a_claim("c" * 65, 0), "id has 65 characters, and at most 64 are allowed"),
        (nights.a_claim("c", 0, customer="u"), "customer must be a JSON object, not 'u'"),
        (nights.a_claim("c", 0, customer=nights.a_customer("x", age=3)), "there is no field customer.'age'"),
        (nights.a_claim("c", 0, customer=without(nights.a_customer("x"), "phone")), "customer.phone is missing"),
        (nights.a_claim("c", 0, token={"batch": "B", "n": -1}), "token.n must be a whole number from 0"),
        (nights.a_claim("c", 0, token={"batch": "B", "n": 1, "raw": "x"}), "there is no field token.'batch'"),
        (nights.a_claim("c", 0, token="x"), "token must be a JSON object"),
        (nights.a_claim("c", 0, device="\ud800"), "device holds a NUL or half a character"),
        (nights.an_order("o", 0, claims=["c", "c"]), "claims names 'c' twice"),
        (nights.an_order("o", 0) | {"claims": [7]}, "claims[0] must be a claim's id, not 7"),
        (nights.an_order("o", 0, lines=[]), "lines must be a list of 1 to 200 items"),
        (nights.an_order("o", 0, lines=["tea"]), "lines[0] must be a JSON object"),
        (nights.an_order("o", 0, lines=[without(nights.a_top_up(), "recipient")]), "lines[0].recipient is missing"),
        (nights.a_ship("o", 0) | {"kind": "sink"}, "kind must be one of campaign, coupon_type"),
        (nights.a_ship("o", 0) | {"kind": ["ship"]}, "kind must be one of campaign, coupon_type"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_sentence(read: Read, event: nights.Event, sentence: str) -> None:
    assert sentence in the_fault(read(line(event)))


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"{", "it is not JSON"),
        (b"[]", "the line must be a JSON object, not a list of 0"),
        (b"null", "the line must be a JSON object, not null"),
        (b'{"a": NaN}', "it holds NaN, which is no JSON"),
        (b'{"a": -Infinity}', "it holds -Infinity, which is no JSON"),
        (b'{"kind": "ship", "kind": "ship"}', "the field 'kind' stands in it twice"),
        (b'{"a": ' + b"9" * 5000 + b"}", "it holds a number that is too long"),
        (b"[" * 200_000, "it is nested too deeply"),
        (b'{"kind": "\xff"}', "it is not UTF-8 (byte 11)"),
        (b'{"kind": "sh\x00ip"}', "it holds a NUL byte"),
        (b"x" * (LONGEST_LINE + 1), "it is longer than 1,048,576 bytes"),
        (b"x" * (5 * LONGEST_LINE), "it is longer than 1,048,576 bytes"),
        (b"\x1b[31mred", "it is not JSON"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_no_json_object_is_said_and_passed_over(read: Read, raw: bytes, sentence: str) -> None:
    fault, good = read(raw + b"\n" + line(nights.a_ship("o", 0)))
    assert str(fault).startswith(f"line 1: {sentence}")
    assert isinstance(good, Event)
    assert good.line == 2


def test_what_was_written_is_shown_harmlessly(read: Read) -> None:
    fault = the_fault(read(line(nights.an_entry(channel="\x1b[2J" + "x" * 500))))
    assert "\x1b" not in fault
    assert len(fault) < 200


def test_times_never_run_backwards(read: Read) -> None:
    first, fault, third = read(b"".join(line(nights.a_ship("o", minutes)) for minutes in (5, 4, 5)))
    assert "line 2: its time 2026-01-20T12:04:00+00:00 is before" in str(fault)
    assert isinstance(first, Event)
    assert isinstance(third, Event)


def test_blank_lines_and_a_byte_order_mark_are_passed_over(read: Read) -> None:
    found = read(b"\xef\xbb\xbf" + line(nights.a_ship("o", 0)) + b"\n \r\n" + line(nights.a_ship("p", 0)).rstrip())
    assert [item.line for item in found] == [1, 4]


def test_a_gzipped_file_reads_like_a_plain_one(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(line(nights.an_order("o", 0)) * 3))
    source = JsonlFile(path)
    assert source.lines == 3
    assert [type(item) for item in source] == [OrderEvent] * 3


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.jsonl", None, "cannot be read: No such file or directory."),
        ("empty.jsonl", b"", "is empty."),
        ("empty.jsonl.gz", gzip.compress(b"", mtime=0), "is empty."),
        ("damaged.jsonl.gz", b"not gzip", "cannot be read: it is not whole, or not gzip at all."),
        ("cut.jsonl.gz", gzip.compress(b"x" * 10_000, mtime=0)[:-9], "cannot be read: it is not whole, or not gzip at all."),
        ("changed.jsonl.gz", gzip.compress(bytes(range(256)) * 9, mtime=0)[:60] + b"?" * 300, "cannot be read: it is not whole"),
        ("folder", "folder", "is a folder; give a file of events."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_before_anything(tmp_path: Path, name: str, content: Any, sentence: str) -> None:
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(FileRefused) as refusal:
        JsonlFile(path)
    assert f"{path} {sentence}" in str(refusal.value)
