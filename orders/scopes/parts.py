"""A scope as plain data: conditions that all hold, less what is left out. Pure: no database, no forms.

It is written as data (kept with the freeze) and as an address (a page that can be shared), each of which gives the same scope
again, and in words (`orders.scopes.fields`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput

VERSION = 1
MOST_PARTS = 20
MOST_VALUES = 100
LONGEST_VALUE = 200
LEFT_OUT = "not."
UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class BadScope(InvalidInput):
    """What was given is no scope. The sentence says which part of it, and why."""

    code = "bad_scope"


class Operator(StrEnum):
    """How a field is compared. `between` has two values, from (included) and until (not included), of which one may be empty."""

    IS_ONE_OF = "is_one_of"
    BETWEEN = "between"


@dataclass(frozen=True)
class Part:
    """One condition. Values are texts, as they are stored; what they mean is the field's to say."""

    field: str
    operator: Operator
    values: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        return {"field": self.field, "operator": str(self.operator), "values": list(self.values)}


@dataclass(frozen=True)
class ScopeParts:
    """An order is meant if every part of `all_of` holds for it and no part of `left_out` does."""

    all_of: tuple[Part, ...] = ()
    left_out: tuple[Part, ...] = ()

    def data(self) -> dict[str, Any]:
        return {"version": VERSION, "all_of": [part.data() for part in self.all_of], "left_out": [p.data() for p in self.left_out]}

    def address(self) -> list[tuple[str, str]]:
        """Names and values for the query of an address."""
        pairs = [(part.field, value) for part in self.all_of for value in _shown(part)]
        return pairs + [(f"{LEFT_OUT}{part.field}", value) for part in self.left_out for value in _shown(part)]

    def sides(self) -> Iterator[tuple[bool, Part]]:
        """Each part, with whether it leaves out."""
        yield from ((False, part) for part in self.all_of)
        yield from ((True, part) for part in self.left_out)

    def without(self, gone: Part, *, is_left_out: bool) -> "ScopeParts":
        if is_left_out:
            return ScopeParts(self.all_of, tuple(part for part in self.left_out if part != gone))
        return ScopeParts(tuple(part for part in self.all_of if part != gone), self.left_out)

    def adding(self, part: Part, *, is_left_out: bool) -> "ScopeParts":
        """With this part as well. A field that is there already takes the values of both, and another period replaces the first."""
        side = self.left_out if is_left_out else self.all_of
        there = next((known for known in side if known.field == part.field), None)
        if there is not None and part.operator == Operator.IS_ONE_OF and part.field == there.field:
            part = Part(part.field, part.operator, tuple(dict.fromkeys((*there.values, *part.values))))
        new = (*(known for known in side if known.field != part.field), part)
        return ScopeParts(self.all_of, new) if is_left_out else ScopeParts(new, self.left_out)


def scope_from_data(data: Any) -> ScopeParts:
    """Raises BadScope for anything but what `data()` gives, but for unknown fields: those are for `checked` to refuse."""
    if not isinstance(data, Mapping) or set(data) != {"version", "all_of", "left_out"}:
        raise BadScope(_("A scope has a version, conditions that all hold, and what is left out."))
    if data["version"] != VERSION:
        raise BadScope(_("This scope is of another version: ask anew."))
    return shaped(ScopeParts(_parts_from(data["all_of"]), _parts_from(data["left_out"])))


def scope_from_address(pairs: Iterable[tuple[str, Sequence[str]]], operators: Mapping[str, Operator]) -> ScopeParts:
    """The scope of a page's address: names with their values. Names that are no field are not ours. Raises BadScope."""
    sides: dict[bool, list[Part]] = {False: [], True: []}
    for name, values in pairs:
        field, is_left_out = name.removeprefix(LEFT_OUT), name.startswith(LEFT_OUT)
        if field in operators and any(values):
            sides[is_left_out].append(_part_from_address(field, operators[field], values))
    return shaped(ScopeParts(tuple(sides[False]), tuple(sides[True])))


def shaped(scope: ScopeParts) -> ScopeParts:
    """The scope, if it is one: not too large, each field once a side, values that can be stored. Raises BadScope."""
    for side in (scope.all_of, scope.left_out):
        if len(side) > MOST_PARTS:
            raise BadScope(_("A scope has at most %s conditions.") % MOST_PARTS)
        names = [part.field for part in side]
        for name in names:
            if names.count(name) > 1:
                raise BadScope(_("“%s” is there twice: put its values into one condition.") % name)
        for part in side:
            _check_values(part)
    return scope


def _check_values(part: Part) -> None:
    if not any(part.values):
        raise BadScope(_("“%s” has no value.") % part.field)
    if len(part.values) > MOST_VALUES:
        raise BadScope(
            _("“%(field)s” has more than %(most)s values: load them as a list.") % {"field": part.field, "most": MOST_VALUES}
        )
    if part.operator == Operator.BETWEEN and len(part.values) != 2:
        raise BadScope(_("“%s” goes from one time until another.") % part.field)
    for value in part.values:
        if len(value) > LONGEST_VALUE:
            raise BadScope(
                _("A value of “%(field)s” is longer than %(most)s characters.") % {"field": part.field, "most": LONGEST_VALUE}
            )
        if UNSTORABLE.search(value):
            raise BadScope(_("A value of “%s” contains characters that cannot be stored.") % part.field)


def _parts_from(rows: Any) -> tuple[Part, ...]:
    if not isinstance(rows, list):
        raise BadScope(_("The conditions of a scope are a list."))
    return tuple(_part_from(row) for row in rows)


def _part_from(row: Any) -> Part:
    if not isinstance(row, Mapping) or set(row) != {"field", "operator", "values"}:
        raise BadScope(_("A condition has a field, an operator and values."))
    field, operator, values = row["field"], row["operator"], row["values"]
    if not isinstance(field, str) or operator not in list(Operator):
        raise BadScope(_("A condition names a field and how it is compared."))
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadScope(_("The values of “%s” are texts.") % field)
    return Part(field, Operator(operator), tuple(values))


def _part_from_address(field: str, operator: Operator, values: Sequence[str]) -> Part:
    if operator == Operator.BETWEEN:
        since, _slash, until = values[0].partition("/")
        return Part(field, operator, (since, until))
    return Part(field, operator, tuple(dict.fromkeys(value for value in values if value)))


def _shown(part: Part) -> Sequence[str]:
    """The values as an address writes them; a period as ISO 8601 does, with a slash."""
    return ["/".join(part.values)] if part.operator == Operator.BETWEEN else part.values
