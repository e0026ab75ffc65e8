"""Judges one event in memory, and keeps what every node said. Pure.

A tree is compiled once into functions that call each other; nothing is looked up while judging but the facts, among which stands
whether a value was on a value list (`tree.Membership.key`). Every node is judged, also where the result is settled already: whoever
reads the explanation sees all of it.
"""

import operator as op
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any as Anything

from risk.rulebook.results import Result, result_of
from risk.rulebook.tree import All, Any, Clause, Membership, Node, Not, nodes_of

Truth = bool | None
Facts = Mapping[str, Anything]
Judge = Callable[[Facts, list[Truth]], Truth]

COMPARE: Mapping[str, Callable[[Anything, Anything], bool]] = {
    "at_least": op.ge,
    "more": op.gt,
    "at_most": op.le,
    "less": op.lt,
    "equal": op.eq,
    "not_equal": op.ne,
    "starts_with": str.startswith,
    "contains": op.contains,
}


@dataclass(slots=True)
class Evaluation:
    """`trace` holds what each node said, in the order of `tree.nodes_of`; `error` what went wrong, if anything did."""

    result: Result
    trace: list[Truth]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Compiled:
    tree: Node
    judge: Judge
    size: int

    def evaluate(self, facts: Facts) -> Evaluation:
        """Never raises: what goes wrong is a result of its own."""
        trace: list[Truth] = [None] * self.size
        try:
            return Evaluation(result_of(self.judge(facts, trace)), trace)
        except Exception as error:
            return Evaluation(Result.ERROR, trace, f"{type(error).__name__}: {error}")


def compile_tree(tree: Node) -> Compiled:
    places = {id(node): place for place, node in enumerate(nodes_of(tree))}
    if len(places) != sum(1 for _ in nodes_of(tree)):
        raise ValueError("a node stands in the tree twice")
    return Compiled(tree, _compiled(tree, places), len(places))


def _compiled(node: Node, places: Mapping[int, int]) -> Judge:
    place = places[id(node)]
    if isinstance(node, Not):
        return _not(_compiled(node.part, places), place)
    if isinstance(node, All | Any):
        parts = tuple(_compiled(part, places) for part in node.parts)
        return _group(parts, place, settled=isinstance(node, Any))
    return _clause(node, place)


def _group(parts: tuple[Judge, ...], place: int, *, settled: bool) -> Judge:
    """One part that says `settled` settles it; else one that says nothing leaves it open; else all say the contrary."""
    contrary = not settled

    def judge(facts: Facts, trace: list[Truth]) -> Truth:
        truth: Truth = contrary
        for part in parts:
            said = part(facts, trace)
            if said is contrary:
                continue
            if said is settled:
                truth = settled
            elif truth is contrary:
                truth = None
        trace[place] = truth
        return truth

    return judge


def _not(part: Judge, place: int) -> Judge:
    def judge(facts: Facts, trace: list[Truth]) -> Truth:
        said = part(facts, trace)
        truth = trace[place] = None if said is None else not said
        return truth

    return judge


def _clause(clause: Clause, place: int) -> Judge:
    if clause.operator in ("known", "missing"):
        return _presence(clause.fact, place, wanted=clause.operator == "missing")
    if clause.list_name:
        on_list = clause.operator == "on_list"
        return _one_fact(Membership(clause.fact, clause.list_name).key, lambda is_on: is_on is on_list, place)
    if clause.other:
        return _two_facts(clause, place)
    return _one_fact(clause.fact, _test(clause), place)


def _test(clause: Clause) -> Callable[[Anything], bool]:
    """What is asked of a fact that is there."""
    if clause.operator in ("yes", "no"):
        wanted = clause.operator == "yes"
        return lambda fact: fact is wanted
    if clause.operator == "one_of":
        return frozenset(clause.values).__contains__
    if clause.operator == "has_any":
        listed = frozenset(clause.values)
        return lambda fact: not listed.isdisjoint(fact)
    value, compare = clause.value, COMPARE[clause.operator]
    return lambda fact: compare(fact, value)


def _one_fact(name: str, test: Callable[[Anything], bool], place: int) -> Judge:
    def judge(facts: Facts, trace: list[Truth]) -> Truth:
        fact = facts[name]
        truth = trace[place] = None if fact is None else test(fact)
        return truth

    return judge


def _two_facts(clause: Clause, place: int) -> Judge:
    name, other, compare = clause.fact, clause.other, COMPARE[clause.operator]

    def judge(facts: Facts, trace: list[Truth]) -> Truth:
        left, right = facts[name], facts[other]
        truth = trace[place] = None if left is None or right is None else compare(left, right)
        return truth

    return judge


def _presence(name: str, place: int, *, wanted: bool) -> Judge:
    def judge(facts: Facts, trace: list[Truth]) -> Truth:
        truth = trace[place] = (facts[name] is None) is wanted
        return truth

    return judge
