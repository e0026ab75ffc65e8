"""The public coupon file becomes the same kind of events as a file of ours."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from backoffice.management.commands import replay as command
from backoffice.replay.events import CampaignEvent, ClaimEvent, CouponTypeEvent, EntryEvent
from backoffice.replay.faults import BadLine, FileRefused
from backoffice.replay.tianchi import TianchiFile
from tests.replay.conftest import FreshDatabase, Replayed

HEADER = "User_id,Merchant_id,Coupon_id,Discount_rate,Distance,Date_received"
ROWS = ("2,9,30,30:5,1,20160702", "1,9,30,30:5,null,20160701", "1,8,31,0.9,0,20160701", "1,9,30,30:5,3,20160731")


def a_file(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_rows_become_claims_on_their_day_in_the_order_of_the_file(tmp_path: Path) -> None:
    events = list(TianchiFile(a_file(tmp_path / "t.csv", *ROWS)))
    claims = [event for event in events if isinstance(event, ClaimEvent)]
    assert [(claim.line, claim.customer.ref, claim.coupon_type) for claim in claims] == [
        (3, "tianchi-1", "30"),
        (4, "tianchi-1", "31"),
        (2, "tianchi-2", "30"),
        (5, "tianchi-1", "30"),
    ]
    assert claims[0].at == datetime(2016, 7, 1, 1, 0, tzinfo=UTC)
    assert claims[1].at == datetime(2016, 7, 1, 1, 0, 1, tzinfo=UTC)
    assert [event.at for event in events if not isinstance(event, BadLine)] == sorted(
        event.at for event in events if not isinstance(event, BadLine)
    )


def test_coupons_become_types_with_their_real_discount(tmp_path: Path) -> None:
    events = list(TianchiFile(a_file(tmp_path / "t.csv", *ROWS), {"30": 7}))
    fixed, percentage = (event for event in events if isinstance(event, CouponTypeEvent))
    assert (fixed.code, fixed.face_value, fixed.minimum_spend, fixed.percentage, fixed.quantity) == ("30", 5, 30, None, 7)
    assert (percentage.percentage, percentage.face_value, percentage.minimum_spend) == (10, 100, 0)
    assert percentage.quantity is None
    assert percentage.name == "10 % off, at most 100.00, merchant 8"
    assert [event.coupon_type for event in events if isinstance(event, EntryEvent)] == ["30", "31"]


def test_the_campaign_is_as_long_as_the_file_and_can_pay_for_every_row(tmp_path: Path) -> None:
    source = TianchiFile(a_file(tmp_path / "t.csv", *ROWS))
    events = list(source)
    assert source.lines == len(events) == 4 + 2 * 2 + 1
    campaign = events[0]
    assert isinstance(campaign, CampaignEvent)
    assert campaign.budget == Decimal("115.00")
    assert (campaign.starts_at, campaign.ends_at) == (datetime(2016, 6, 30, 16, tzinfo=UTC), datetime(2016, 7, 31, 16, tzinfo=UTC))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("1,9,30,30:5,1", "it has 5 fields instead of 6"),
        ("x,9,30,30:5,1,20160701", "User_id must be a number, not 'x'"),
        ("1,9,,30:5,1,20160701", "Coupon_id must be a number, not ''"),
        ("1,9,30,fixed,1,20160701", "Discount_rate must be written like 30:5 or 0.9, not 'fixed'"),
        ("1,9,30,30:0,1,20160701", "Discount_rate must be written like 30:5 or 0.9"),
        ("1,9,30,1.5,1,20160701", "Discount_rate must be written like 30:5 or 0.9"),
        ("1,9,30,0.0,1,20160701", "Discount_rate must be written like 30:5 or 0.9"),
        ("1,9,30,0_1.9,1,20160701", "Discount_rate must be written like 30:5 or 0.9"),
        ("1,9,30,nan,1,20160701", "Discount_rate must be written like 30:5 or 0.9"),
        ("1,9,30,30:5,1,null", "Date_received must be a day such as 20160701, not 'null'"),
        ("1,9,30,30:5,1,20160732", "Date_received must be a day such as 20160701"),
        ("1,9,30,30:5,1,2016701", "Date_received must be a day such as 20160701"),
        ("1,9,30,20:5,1,20160702", "coupon 30 was of another merchant, or worth something else, in a line above"),
        ("1,7,30,30:5,1,20160702", "coupon 30 was of another merchant, or worth something else, in a line above"),
    ],
)
def test_a_row_that_makes_no_sense_is_told_with_its_line(tmp_path: Path, row: str, sentence: str) -> None:
    events = list(TianchiFile(a_file(tmp_path / "t.csv", "1,9,30,30:5,1,20160701", row)))
    (fault,) = [event for event in events if isinstance(event, BadLine)]
    assert str(fault).startswith(f"line 3: {sentence}")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a,b\n1,2\n", "is no Tianchi file: its first line must be User_id,"),
        (b"", "is no Tianchi file"),
        (HEADER.encode() + b"\n", "has a header and no rows."),
        (HEADER.encode() + b"\n\xff\n", "it is not UTF-8."),
        (HEADER.encode() + b'\n"1', "cannot be read as CSV"),
        (gzip.compress(HEADER.encode(), mtime=0)[:-9], "it is not whole, or not gzip at all."),
    ],
)
def test_a_file_that_is_no_tianchi_file_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / ("t.csv.gz" if content.startswith(b"\x1f\x8b") else "t.csv")
    path.write_bytes(content)
    with pytest.raises(FileRefused) as refusal:
        TianchiFile(path)
    assert sentence in str(refusal.value)


def test_a_quantity_names_a_coupon_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="has no coupon 99, of which you limit the quantity"):
        TianchiFile(a_file(tmp_path / "t.csv", *ROWS), {"99": 1})


def test_one_per_customer_and_no_more_than_there_are(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "scratch_database", fresh_database)
    path = a_file(tmp_path / "t.csv", *ROWS, "3,9,30,30:5,1,20160731")
    call_command("replay", path, "--quantity", "30=2", out=tmp_path / "out", format="tianchi")
    replayed = Replayed(tmp_path / "out")
    assert [replayed.outcome("claim", line) for line in ("3", "4", "2", "5", "6")] == [
        "issued",
        "issued",
        "issued",
        "refused: limit_reached",
        "refused: all_given",
    ]


def test_a_bad_row_stops_before_anything_is_played(db: None, tmp_path: Path) -> None:
    path = a_file(tmp_path / "t.csv", *ROWS, "1,9,30")
    with pytest.raises(CommandError, match=r"t\.csv, line 6: it has 3 fields instead of 6"):
        call_command("replay", path, out=tmp_path / "out", format="tianchi")
