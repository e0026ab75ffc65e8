"""The facts a rule may speak of: name, type, unit, help and source. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FactType(StrEnum):
    NUMBER = "number"
    """Whole or decimal, exact."""
    TEXT = "text"
    YES_NO = "yes_no"
    MOMENT = "moment"
    """A point in time, with its zone."""
    TEXTS = "texts"
    """Several texts, in no order; may be empty, which is not the same as missing."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known, or missing, of an event.

    `label`, `unit`, `help` and `source` are read by staff; `choices` are all values there are, by the word for each. A fact over a
    window has it in `window`, and `base` names the fact without it.
    """

    name: str
    type: FactType
    label: str
    help: str
    source: str
    group: str
    unit: str = ""
    choices: Mapping[str, str] | None = None
    base: str = ""
    window: str = ""


Schema = Mapping[str, Fact]

NUMBER_OPERATORS = ("at_least", "more", "at_most", "less", "equal", "not_equal", "one_of")
OPERATORS: Mapping[FactType, tuple[str, ...]] = {
    FactType.NUMBER: NUMBER_OPERATORS,
    FactType.TEXT: ("equal", "not_equal", "one_of", "starts_with", "contains"),
    FactType.YES_NO: ("yes", "no"),
    FactType.MOMENT: ("at_least", "more", "at_most", "less"),
    FactType.TEXTS: ("has_any",),
}
PRESENCE = ("known", "missing")
WITHOUT_VALUE = frozenset({"yes", "no", *PRESENCE})
WITH_VALUES = frozenset({"one_of", "has_any"})
ORDERED = frozenset({"at_least", "more", "at_most", "less", "equal", "not_equal"})
"""Operators that may compare with another fact, too."""


def operators_of(fact: Fact) -> tuple[str, ...]:
    """What can be said of such a fact. Of one with choices nothing is asked of the letters."""
    fitting = tuple(one for one in OPERATORS[fact.type] if not (fact.choices and one in ("starts_with", "contains")))
    return (*fitting, *PRESENCE)
