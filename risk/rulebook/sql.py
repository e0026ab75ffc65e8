"""Judges many events where they lie: a tree as one condition of SQL, which is true, false or null as the closures say. Pure.

The facts are columns, or expressions, that the caller names. Values are parameters; no word of a rule becomes a part of the text.
Texts are compared letter by letter, so the columns need a deterministic collation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any as Anything

from risk.rulebook.tree import All, Any, Clause, Membership, Node, Not, Value

COMPARE: Mapping[str, str] = {"at_least": ">=", "more": ">", "at_most": "<=", "less": "<", "equal": "=", "not_equal": "<>"}
ALWAYS_TRUE, ALWAYS_FALSE = "true", "false"


@dataclass(frozen=True, slots=True)
class Condition:
    """A boolean expression with named places (`%(p0)s`), and what stands in them."""

    text: str
    values: dict[str, Anything]


@dataclass(slots=True)
class _Writer:
    columns: Mapping[str, str]
    prefix: str
    values: dict[str, Anything] = field(default_factory=dict)

    def place(self, value: Anything, cast: str) -> str:
        name = f"{self.prefix}{len(self.values)}"
        self.values[name] = value
        return f"%({name})s::{cast}"


def condition_of(tree: Node, columns: Mapping[str, str], *, prefix: str = "p") -> Condition:
    """The tree as a condition over `columns`, SQL by the name of the fact, and by the key of what is asked of a value list.

    `prefix` begins the names of its parameters.
    """
    writer = _Writer(columns, prefix)
    return Condition(_written(writer, tree), writer.values)


def _written(writer: _Writer, node: Node) -> str:
    if isinstance(node, Not):
        return f"(NOT {_written(writer, node.part)})"
    if isinstance(node, All | Any):
        joint, empty = (" AND ", ALWAYS_TRUE) if isinstance(node, All) else (" OR ", ALWAYS_FALSE)
        return f"({joint.join(_written(writer, part) for part in node.parts) or empty})"
    return f"({_clause(writer, node)})"


def _clause(writer: _Writer, clause: Clause) -> str:
    column, operator = writer.columns[clause.fact], clause.operator
    if operator in ("known", "missing"):
        return f"{column} IS {'NOT NULL' if operator == 'known' else 'NULL'}"
    if operator in ("yes", "no"):
        return column if operator == "yes" else f"NOT {column}"
    if clause.list_name:
        is_on = writer.columns[Membership(clause.fact, clause.list_name).key]
        return is_on if operator == "on_list" else f"NOT {is_on}"
    if operator in ("one_of", "has_any"):
        return _listed(writer, clause, column)
    if clause.other:
        return f"{column} {COMPARE[operator]} {writer.columns[clause.other]}"
    value = writer.place(clause.value, _cast(clause.value))
    if operator == "starts_with":
        return f"starts_with({column}, {value})"
    return f"strpos({column}, {value}) > 0" if operator == "contains" else f"{column} {COMPARE[operator]} {value}"


def _listed(writer: _Writer, clause: Clause, column: str) -> str:
    """`= ANY` of an empty list is false also where the fact is missing, which must stay unknown."""
    if not clause.values:
        return f"CASE WHEN {column} IS NOT NULL THEN false END"
    values = writer.place(list(clause.values), f"{_cast(clause.values[0])}[]")
    return f"{column} && {values}" if clause.operator == "has_any" else f"{column} = ANY ({values})"


def _cast(value: Value | None) -> str:
    if isinstance(value, Decimal):
        return "numeric"
    return "timestamptz" if isinstance(value, datetime) else "text"
