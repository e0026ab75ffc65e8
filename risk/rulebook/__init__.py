"""Rules as data: a typed syntax tree, and two back-ends that give the same result on every input. Pure: no Django, no database.

`closures` judges one event and keeps what every node said; `sql` judges many where they lie. A fact that is missing makes what is
said of it unknown, in both, by the logic of SQL: `all` is a miss as soon as one part is, `any` a hit as soon as one part is.
"""

from risk.rulebook.checking import Problem, RuleNotUnderstood, check, parse
from risk.rulebook.closures import Compiled, Evaluation, compile_tree
from risk.rulebook.results import Result
from risk.rulebook.schema import Fact, FactType, KnownList, Lists, Schema
from risk.rulebook.sql import Condition, condition_of
from risk.rulebook.tree import All, Any, Clause, Membership, Node, Not, facts_of, memberships_of, nodes_of, to_json

__all__ = [
    "All",
    "Any",
    "Clause",
    "Compiled",
    "Condition",
    "Evaluation",
    "Fact",
    "FactType",
    "KnownList",
    "Lists",
    "Membership",
    "Node",
    "Not",
    "Problem",
    "Result",
    "RuleNotUnderstood",
    "Schema",
    "check",
    "compile_tree",
    "condition_of",
    "facts_of",
    "memberships_of",
    "nodes_of",
    "parse",
    "to_json",
]
