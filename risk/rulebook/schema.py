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
    window has it in `window`, and `base` names the fact without it. `holds` says which sort of value list fits it, empty where none
    does; of a fact that `is_hashed` there is only a keyed hash, so that nothing but a value list can be held against it.
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
    holds: str = ""
    is_hashed: bool = False


Schema = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class KnownList:
    """A value list that a rule may name: what it `holds` is the sort of the facts that it fits. A retired one takes no new rule."""

    name: str
    holds: str
    is_retired: bool = False


Lists = Mapping[str, KnownList]

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
LISTED = ("on_list", "not_on_list")
"""Operators that name a value list, of facts that one fits."""
ORDERED = frozenset({"at_least", "more", "at_most", "less", "equal", "not_equal"})
"""Operators that may compare with another fact, too."""


def operators_of(fact: Fact) -> tuple[str, ...]:
    """What can be said of such a fact. Of one with choices nothing is asked of the letters, of a hashed one no value at all."""
    fitting = tuple(one for one in OPERATORS[fact.type] if not (fact.choices and one in ("starts_with", "contains")))
    return (*(() if fact.is_hashed else fitting), *(LISTED if fact.holds else ()), *PRESENCE)


def lists_for(fact: Fact, lists: Lists) -> list[KnownList]:
    """The value lists that a new rule may hold the fact against."""
    return [known for known in lists.values() if fact.holds and known.holds == fact.holds and not known.is_retired]
