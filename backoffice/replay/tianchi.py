"""Reads the public Tianchi O2O coupon file: a real month of coupon claims, as the events that a file of ours would hold.

The file says who received which coupon on which day, and what it is worth, and nothing else. What it does not say is derived:

- one campaign over the days of the file, its budget the sum of what all rows could take;
- each coupon an online type with its real discount, one per customer, with one entry that is as wide as the campaign;
- each row a claim on its day, in the order of the file, one a second from nine in the morning, Beijing time.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import TextIOWrapper
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from backoffice.replay.events import CampaignEvent, ClaimEvent, CouponTypeEvent, EntryEvent, Event, Person
from backoffice.replay.faults import BadField, BadLine, FileRefused
from backoffice.replay.fields import shown
from backoffice.replay.reader import open_bytes
from promotions.states import Audience, Channel

HEADER = ["User_id", "Merchant_id", "Coupon_id", "Discount_rate", "Distance", "Date_received"]
CAMPAIGN = "TIANCHI"
BEIJING = ZoneInfo("Asia/Shanghai")
FIRST_CLAIM = time(9, 0, tzinfo=BEIJING)
VALID_FOR = timedelta(days=30)
SHARE = re.compile(r"0\.[0-9]{1,4}")
DAY = re.compile(r"(?:19[7-9]|2[0-9]{2})[0-9]{5}")
MOST_ROWS_A_DAY = 15 * 60 * 60
# The file gives `0.9` without saying what it may take at most, and a percentage needs a cap: no fixed coupon of it takes more.
PERCENTAGE_CAP = Decimal("100.00")


@dataclass(frozen=True, slots=True)
class Coupon:
    """What a coupon of the file is worth: `30:5` takes 5 off 30, `0.9` takes ten percent off."""

    merchant: str
    face_value: Decimal
    minimum_spend: Decimal
    percentage: Decimal | None

    @property
    def words(self) -> str:
        if self.percentage is not None:
            return f"{self.percentage.normalize():f} % off, at most {self.face_value}"
        return f"{self.face_value} off {self.minimum_spend}"


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    user: str
    coupon: str
    day: date


class TianchiFile:
    """The events of a Tianchi file, `.csv` or `.csv.gz`; bad rows come first, as BadLine. Raises FileRefused like JsonlFile.

    `quantities` limits how many of a coupon there are to give, by the coupon's number.
    """

    def __init__(self, path: Path, quantities: Mapping[str, int] | None = None) -> None:
        self._quantities = dict(quantities or {})
        self._coupons: dict[str, Coupon] = {}
        self._faults: list[BadLine] = []
        self._rows: list[Row] = []
        self._read(path)
        if not self._rows and not self._faults:
            raise FileRefused(f"{path} has a header and no rows.")
        unknown = sorted(self._quantities.keys() - self._coupons.keys())
        if unknown:
            raise FileRefused(f"{path} has no coupon {unknown[0]}, of which you limit the quantity.")
        self._rows.sort(key=lambda row: row.day)  # stable: the order of the file within a day
        self.lines = len(self._rows) + 2 * len(self._coupons) + 1

    def __iter__(self) -> Iterator[Event | BadLine]:
        yield from self._faults
        if self._rows:
            yield from self._set_up()
            for day, rows in groupby(self._rows, key=lambda row: row.day):
                yield from self._claims(day, list(rows))

    def _read(self, path: Path) -> None:
        try:
            with closing(open_bytes(path)) as file:
                lines = csv.reader(TextIOWrapper(file, encoding="utf-8-sig", newline=""), strict=True)
                header = next(lines, None)
                if header != HEADER:
                    raise FileRefused(f"{path} is no Tianchi file: its first line must be {','.join(HEADER)}.")
                for fields in lines:
                    self._read_row(fields, lines.line_num)
        except UnicodeDecodeError as error:
            raise FileRefused(f"{path} cannot be read: it is not UTF-8.") from error
        except csv.Error as error:
            raise FileRefused(f"{path} cannot be read as CSV: {error}.") from error
        except (OSError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileRefused(f"{path} cannot be read: it is not whole, or not gzip at all.") from error

    def _read_row(self, fields: list[str], line: int) -> None:
        try:
            if len(fields) != len(HEADER):
                raise BadField(f"it has {len(fields)} fields instead of {len(HEADER)}")
            user, merchant, coupon, rate, _distance, day = fields
            for name, value in zip(HEADER, (user, merchant, coupon), strict=False):
                if not (value.isascii() and value.isdigit() and len(value) <= 20):
                    raise BadField(f"{name} must be a number, not {shown(value)}")
            worth = coupon_worth(merchant, rate)
            if self._coupons.setdefault(coupon, worth) != worth:
                raise BadField(f"coupon {coupon} was of another merchant, or worth something else, in a line above")
            self._rows.append(Row(line, user, coupon, _day(day)))
        except BadField as fault:
            self._faults.append(BadLine(line, str(fault)))

    def _set_up(self) -> Iterator[Event]:
        first, last = self._rows[0].day, self._rows[-1].day
        starts_at = datetime.combine(first, time(0, tzinfo=BEIJING)).astimezone(UTC)
        ends_at = datetime.combine(last + timedelta(days=1), time(0, tzinfo=BEIJING)).astimezone(UTC)
        place: dict[str, Any] = {"line": 1, "at": starts_at - timedelta(hours=1)}
        budget = sum((self._coupons[row.coupon].face_value for row in self._rows), Decimal(0))
        yield CampaignEvent(
            **place,
            code=CAMPAIGN,
            name=f"Tianchi O2O coupons, {first} to {last}",
            starts_at=starts_at,
            ends_at=ends_at,
            budget=budget,
            currency="CNY",
        )
        for number in sorted(self._coupons, key=int):
            coupon = self._coupons[number]
            yield CouponTypeEvent(
                **place,
                code=number,
                campaign=CAMPAIGN,
                name=f"{coupon.words}, merchant {coupon.merchant}",
                audience=Audience.ONLINE,
                face_value=coupon.face_value,
                percentage=coupon.percentage,
                minimum_spend=coupon.minimum_spend,
                claim_from=starts_at,
                claim_until=ends_at,
                valid_until=ends_at + VALID_FOR,
                quantity=self._quantities.get(number),
                per_customer=1,
                requires_verified=False,
            )
            yield EntryEvent(
                **place,
                code=f"{number}-app",
                coupon_type=number,
                channel=Channel.APP,
                opens_at=starts_at,
                closes_at=ends_at,
                cap=len(self._rows),
                needs_token=False,
            )

    def _claims(self, day: date, rows: list[Row]) -> Iterator[Event]:
        nine = datetime.combine(day, FIRST_CLAIM).astimezone(UTC)
        step = timedelta(seconds=1) if len(rows) <= MOST_ROWS_A_DAY else timedelta(hours=15) / len(rows)
        for position, row in enumerate(rows):
            yield ClaimEvent(
                line=row.line,
                at=nine + position * step,
                id=f"{row.line}",
                customer=Person(ref=f"tianchi-{row.user}", phone="", is_verified=False, registered_at=None),
                coupon_type=row.coupon,
                channel=Channel.APP,
                entry=f"{row.coupon}-app",
                token=None,
                device="",
                address="",
            )


def coupon_worth(merchant: str, rate: str) -> Coupon:
    """Read a Discount_rate. Raises BadField."""
    minimum, colon, off = rate.partition(":")
    if colon:
        if not all(part.isascii() and part.isdigit() and len(part) <= 9 for part in (minimum, off)) or int(off) == 0:
            raise BadField(f"Discount_rate must be written like 30:5 or 0.9, not {shown(rate)}")
        return Coupon(merchant, Decimal(off).quantize(Decimal("0.01")), Decimal(minimum).quantize(Decimal("0.01")), None)
    if not SHARE.fullmatch(rate) or Decimal(rate) == 0:
        raise BadField(f"Discount_rate must be written like 30:5 or 0.9, not {shown(rate)}")
    return Coupon(merchant, PERCENTAGE_CAP, Decimal("0.00"), ((1 - Decimal(rate)) * 100).quantize(Decimal("0.01")))


def _day(text: str) -> date:
    try:
        if not DAY.fullmatch(text):
            raise ValueError(text)
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise BadField(f"Date_received must be a day such as 20160701, not {shown(text)}") from None
