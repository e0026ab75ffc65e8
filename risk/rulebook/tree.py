"""The syntax tree of a rule, and the JSON that is kept of it. Pure.

{"all": [NODE, …]}   {"any": [NODE, …]}   {"not": NODE}
{"fact": NAME, "is": OPERATOR}                            yes, no, known, missing
{"fact": NAME, "is": OPERATOR, "value": VALUE}            a number as text, a text, a moment in ISO 8601
{"fact": NAME, "is": OPERATOR, "other": NAME}             compared with another fact of the same event
{"fact": NAME, "is": "one_of" | "has_any", "values": […]}
{"fact": NAME, "is": "on_list" | "not_on_list", "list": NAME}   of several texts: whether any of them is
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any as Anything
from typing import NamedTuple

Value = Decimal | str | datetime


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing said of one fact. At most one of `value`, `other`, `values` and `list_name` is there, as the operator asks."""

    fact: str
    operator: str
    value: Value | None = None
    other: str = ""
    values: tuple[Value, ...] = ()
    list_name: str = ""


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"


Node = All | Any | Not | Clause


class Membership(NamedTuple):
    """Whether the value of a fact is on a value list. It is looked up before a rule is judged, and is a fact by its `key` then."""

    fact: str
    list_name: str

    @property
    def key(self) -> str:
        return f"{self.fact}@{self.list_name}"


def nodes_of(node: Node) -> Iterator[Node]:
    """Every node, each before its parts: the order in which results are traced."""
    yield node
    if isinstance(node, Not):
        yield from nodes_of(node.part)
    elif isinstance(node, All | Any):
        for part in node.parts:
            yield from nodes_of(part)


def facts_of(node: Node) -> set[str]:
    """The names of the facts that a rule asks for."""
    clauses = [one for one in nodes_of(node) if isinstance(one, Clause)]
    return {clause.fact for clause in clauses} | {clause.other for clause in clauses if clause.other}


def memberships_of(node: Node) -> set[Membership]:
    """What a rule asks of value lists."""
    clauses = [one for one in nodes_of(node) if isinstance(one, Clause)]
    return {Membership(clause.fact, clause.list_name) for clause in clauses if clause.list_name}


def to_json(node: Node) -> dict[str, Anything]:
    """As it is kept: the same tree always gives the same JSON."""
    if isinstance(node, Not):
        return {"not": to_json(node.part)}
    if isinstance(node, All | Any):
        return {"all" if isinstance(node, All) else "any": [to_json(part) for part in node.parts]}
    said: dict[str, Anything] = {"fact": node.fact, "is": node.operator}
    if node.value is not None:
        said["value"] = written(node.value)
    elif node.other:
        said["other"] = node.other
    elif node.list_name:
        said["list"] = node.list_name
    elif node.operator in ("one_of", "has_any"):
        said["values"] = [written(value) for value in node.values]
    return said


def written(value: Value) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
