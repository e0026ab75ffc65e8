"""Reads a rule's JSON into a tree, or says what is wrong with it and where, in words that a clerk understands. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any as Anything

from backoffice.lib.sentences import gettext_noop
from risk.rulebook.schema import LISTED, ORDERED, WITH_VALUES, WITHOUT_VALUE, Fact, FactType, Lists, Schema, operators_of
from risk.rulebook.tree import All, Any, Clause, Node, Not, Value

MOST_NODES = 100
MOST_DEEP = 6
MOST_VALUES = 1000
MOST_DIGITS = 18
MOST_DECIMALS = 6
MOST_LETTERS = 200
TOO_BIG = gettext_noop(
    "The rule is too big: at most %(nodes)s conditions and groups, at most %(depth)s deep. Make two rules of it."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: `path` goes down from the root "0" by the number of the part, as "0.1.2".

    `sentence` is a template in English to be translated, `values` what stands in its places.
    """

    path: str
    sentence: str
    values: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % self.values


class RuleNotUnderstood(ValueError):
    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{problem.path}: {problem}" for problem in problems))


@dataclass
class _Reader:
    schema: Schema
    lists: Lists | None = None
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0

    def refuse(self, path: str, sentence: str, **values: Anything) -> None:
        self.problems.append(Problem(path, sentence, {name: str(value) for name, value in values.items()}))


class _NotAValue(ValueError):
    """The sentence says why."""


def parse(said: Anything, schema: Schema, lists: Lists | None = None) -> Node:
    """The tree. Raises RuleNotUnderstood with every problem that was found, not only the first.

    `lists` are the value lists there are; None where the rule was written already, whose lists were looked at then and stay.
    """
    reader = _Reader(schema, lists)
    node = _node(reader, said, "0", 1)
    if reader.problems or node is None:
        raise RuleNotUnderstood(reader.problems)
    return node


def check(said: Anything, schema: Schema, lists: Lists | None = None) -> Sequence[Problem]:
    """What is wrong with the JSON of a rule; nothing where it can be understood."""
    try:
        parse(said, schema, lists)
    except RuleNotUnderstood as error:
        return error.problems
    return ()


def _node(reader: _Reader, said: Anything, path: str, depth: int) -> Node | None:
    reader.nodes += 1
    if reader.nodes > MOST_NODES or depth > MOST_DEEP:
        if not any(problem.sentence == TOO_BIG for problem in reader.problems):
            reader.refuse(path, TOO_BIG, nodes=MOST_NODES, depth=MOST_DEEP)
        return None
    keys = set(said) if isinstance(said, dict) else set()
    if keys in ({"all"}, {"any"}) and isinstance(said[min(keys)], list):
        return _group(reader, min(keys), said[min(keys)], path, depth)
    if keys == {"not"}:
        part = _node(reader, said["not"], f"{path}.0", depth + 1)
        return None if part is None else Not(part)
    if {"fact", "is"} <= keys <= {"fact", "is", "value", "other", "values", "list"}:
        return _clause(reader, said, path)
    reader.refuse(path, gettext_noop("This is neither a condition nor a group of conditions."))
    return None


def _group(reader: _Reader, word: str, said: list[Anything], path: str, depth: int) -> Node | None:
    if not said:
        reader.refuse(path, gettext_noop("This group has no conditions. Add one, or remove the group."))
    parts = [_node(reader, part, f"{path}.{place}", depth + 1) for place, part in enumerate(said)]
    known = tuple(part for part in parts if part is not None)
    return All(known) if word == "all" else Any(known)


def _clause(reader: _Reader, said: dict[str, Anything], path: str) -> Node | None:
    fact, operator = reader.schema.get(str(said["fact"])), str(said["is"])
    if fact is None:
        reader.refuse(path, gettext_noop("There is no fact called “%(fact)s”. Choose one from the list."), fact=said["fact"])
        return None
    if operator not in operators_of(fact):
        reader.refuse(path, gettext_noop("“%(fact)s” cannot be compared in this way. Choose another comparison."), fact=fact.label)
        return None
    if operator in LISTED:
        return _on_list(reader, fact, operator, said, path)
    wanted = set() if operator in WITHOUT_VALUE else {"values"} if operator in WITH_VALUES else {"value"}
    given = set(said) - {"fact", "is"}
    if given == {"other"} and operator in ORDERED:
        return _compared_with_fact(reader, fact, operator, str(said["other"]), path)
    if given != wanted:
        reader.refuse(path, gettext_noop("Say what “%(fact)s” is compared with."), fact=fact.label)
        return None
    try:
        return _with_values(fact, operator, said)
    except _NotAValue as error:
        reader.refuse(path, str(error), fact=fact.label, most=MOST_VALUES)
        return None


def _with_values(fact: Fact, operator: str, said: dict[str, Anything]) -> Clause:
    if "values" in said:
        if not isinstance(said["values"], list) or not said["values"]:
            raise _NotAValue(gettext_noop("Give at least one value for “%(fact)s”."))
        if len(said["values"]) > MOST_VALUES:
            raise _NotAValue(gettext_noop("More than %(most)s values for “%(fact)s”: put them on a value list instead."))
        return Clause(fact.name, operator, values=tuple(_value(fact, one) for one in said["values"]))
    return Clause(fact.name, operator, value=_value(fact, said["value"]) if "value" in said else None)


def _compared_with_fact(reader: _Reader, fact: Fact, operator: str, name: str, path: str) -> Clause | None:
    other = reader.schema.get(name)
    if other is None or other.type != fact.type or other.name == fact.name or other.unit != fact.unit:
        reader.refuse(path, gettext_noop("“%(fact)s” is compared with another fact of the same kind and unit."), fact=fact.label)
        return None
    return Clause(fact.name, operator, other=other.name)


def _on_list(reader: _Reader, fact: Fact, operator: str, said: dict[str, Anything], path: str) -> Clause | None:
    name = said.get("list")
    if set(said) != {"fact", "is", "list"} or not isinstance(name, str) or not name:
        reader.refuse(path, gettext_noop("Choose a value list for “%(fact)s”."), fact=fact.label)
    elif reader.lists is None:
        return Clause(fact.name, operator, list_name=name)
    elif (known := reader.lists.get(name)) is None:
        reader.refuse(path, gettext_noop("There is no value list called “%(list)s”. Choose one that there is."), list=name)
    elif known.holds != fact.holds:
        sentence = gettext_noop("The value list “%(list)s” holds another sort of value than “%(fact)s”. Choose one that fits.")
        reader.refuse(path, sentence, list=name, fact=fact.label)
    elif known.is_retired:
        reader.refuse(path, gettext_noop("The value list “%(list)s” is retired. Choose another."), list=name)
    else:
        return Clause(fact.name, operator, list_name=name)
    return None


def _value(fact: Fact, given: Anything) -> Value:
    if not isinstance(given, str | int) or isinstance(given, bool):
        raise _NotAValue(gettext_noop("Write the value of “%(fact)s” as text."))
    text = str(given).strip()
    if fact.type == FactType.NUMBER:
        return _number(text)
    return _moment(text) if fact.type == FactType.MOMENT else _text(fact, text)


def _number(text: str) -> Decimal:
    wrong = _NotAValue(gettext_noop("“%(fact)s” is a number, such as 5 or 99.50."))
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise wrong from None
    if not number.is_finite() or not text.isascii() or "_" in text:
        raise wrong
    _sign, digits, exponent = number.as_tuple()
    if len(digits) > MOST_DIGITS or not -MOST_DECIMALS <= int(exponent) <= MOST_DIGITS:
        raise _NotAValue(gettext_noop("The number for “%(fact)s” has too many digits."))
    return number


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1900 < moment.year < 9000:
        raise _NotAValue(gettext_noop("“%(fact)s” is a date and time with its zone, such as 2026-01-20T09:00+08:00."))
    return moment


def _text(fact: Fact, text: str) -> str:
    if not text or len(text) > MOST_LETTERS or "\x00" in text or not text.isprintable():
        raise _NotAValue(gettext_noop("“%(fact)s” is compared with a text of one to 200 letters, on one line."))
    if fact.choices is not None and text not in fact.choices:
        raise _NotAValue(gettext_noop("This is no value that “%(fact)s” can have. Choose one from the list."))
    return text
