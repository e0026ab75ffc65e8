"""Strict readers of one JSON object's fields. Each takes its field away; what is left at the end is unknown."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from backoffice.replay.faults import BadField

AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")
MOST_WHOLE = 2_147_483_647
LONGEST_SHOWN = 60


class Fields:
    """The fields of an object. Raises BadField with a sentence that names the field and what it must be."""

    def __init__(self, values: Any, *, name: str = "") -> None:
        if not isinstance(values, dict):
            raise BadField(f"{name or 'the line'} must be a JSON object, not {shown(values)}")
        self._values: dict[str, Any] = dict(values)
        self._prefix = f"{name}." if name else ""

    def refuse_others(self) -> None:
        """Every field must have been taken by now."""
        if self._values:
            raise BadField(f"there is no field {self._prefix}{shown(min(self._values))}")

    def text(self, name: str, *, most: int, may_be_empty: bool = False) -> str:
        value = self._take(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a string", value)
        if not value.strip() and not may_be_empty:
            raise BadField(f"{self._prefix}{name} must not be empty")
        if len(value) > most:
            raise BadField(f"{self._prefix}{name} has {len(value):,} characters, and at most {most:,} are allowed")
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise BadField(f"{self._prefix}{name} holds a NUL or half a character, which cannot be stored")
        return value

    def choice(self, name: str, choices: Collection[str]) -> str:
        value = self._take(name)
        if not isinstance(value, str) or value not in choices:
            raise self._wrong(name, "one of " + ", ".join(choices), value)
        return value

    def amount(self, name: str, *, may_be_zero: bool = False) -> Decimal:
        """Money as a decimal string: at most 12 digits and 2 places, never negative."""
        value = self._take(name)
        if not isinstance(value, str) or not AMOUNT.fullmatch(value):
            raise self._wrong(name, 'an amount as a string such as "12.50", at most 12 digits and 2 places', value)
        amount = Decimal(value)
        if not amount and not may_be_zero:
            raise BadField(f"{self._prefix}{name} must be more than zero")
        return amount

    def whole(self, name: str, *, least: int = 1, most: int = MOST_WHOLE) -> int:
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self._wrong(name, f"a whole number from {least} to {most}", value)
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def moment(self, name: str) -> datetime:
        """ISO 8601 with an offset; in UTC from here on."""
        value = self._take(name)
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise self._wrong(name, "a time such as 2019-01-20T01:00:00+08:00", value) from None
        if moment.utcoffset() is None:
            raise BadField(f"{self._prefix}{name} {value} has no offset from UTC, such as +08:00 or Z")
        if not 1970 <= moment.year <= 9000:
            raise self._wrong(name, "a time from the year 1970 to the year 9000", value)
        return moment.astimezone(UTC)

    def optional(self, name: str, read: Callable[[str], Any]) -> Any:
        """None where the field is null; it must be there all the same."""
        if name in self._values and self._values[name] is None:
            return self._values.pop(name)
        return read(name)

    def has(self, name: str) -> bool:
        return name in self._values

    def object(self, name: str) -> "Fields":
        return Fields(self._take(name), name=f"{self._prefix}{name}")

    def items(self, name: str, *, least: int, most: int) -> list[Any]:
        value = self._take(name)
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise self._wrong(name, f"a list of {least} to {most} items", value)
        return value

    def _take(self, name: str) -> Any:
        if name not in self._values:
            raise BadField(f"{self._prefix}{name} is missing")
        return self._values.pop(name)

    def _wrong(self, name: str, wanted: str, value: Any) -> BadField:
        return BadField(f"{self._prefix}{name} must be {wanted}, not {shown(value)}")


def in_order(first: str, earlier: datetime, second: str, later: datetime) -> None:
    """Raise BadField where a period ends before, or at the moment, it begins."""
    if earlier >= later:
        raise BadField(f"{first} {earlier.isoformat()} is not before {second} {later.isoformat()}")


def shown(value: Any) -> str:
    """A value as it may stand in a message: short, on one line, without what a terminal would act on."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else f"a list of {len(value):,}"
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…{text[-1]}"
