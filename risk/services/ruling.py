"""Judges an order by the rules that staff wrote: those that are published act, those in shadow are only watched.

What each said is recorded: a line for the run, and for whatever is not a plain miss its explanation, for good.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter_ns
from typing import Any, NamedTuple

import structlog
from django.db import DatabaseError, transaction

from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Order
from risk.facts import OrderFacts
from risk.models import RuleHit, RuleRun, RuleVersion, ValueListItem
from risk.rulebook import Compiled, Result, compile_tree, facts_of, memberships_of, parse
from risk.rulebook.results import POLICIES, UNDECIDED, DecisionPoint, OpenAnswer, worst
from risk.rulebook.tree import written
from risk.rulefacts import BOOKS
from risk.rulegathering import Event, gather_events
from risk.rules import Evidence, Finding, Strength, Verdict
from risk.services.listing import list_findings, lists_of, snoozed_rules
from risk.states import ListName, VersionStatus

log = structlog.get_logger(__name__)

NOT_DECIDED = Sentence(gettext_noop("the rule %(rule)s could not be decided: a fact was missing"))
FAILED = Sentence(gettext_noop("the rule %(rule)s failed"))


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules and lists of staff make of an order, beside the findings: it is flagged, or held until somebody has looked."""

    findings: Sequence[Finding] = ()
    flags: bool = False
    waits: bool = False

    def applied_to(self, verdict: Verdict) -> Verdict:
        is_flagged = verdict.is_flagged or self.flags or self.waits
        return replace(verdict, is_flagged=is_flagged, must_be_held=verdict.must_be_held or self.waits)


class Running(NamedTuple):
    version: RuleVersion
    compiled: Compiled


@dataclass(slots=True)
class Said:
    """What one rule said of the order: the event that decided it, and why."""

    running: Running
    result: Result
    acts: bool
    as_of: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    trace: Sequence[bool | None] = ()
    lists: Sequence[dict[str, Any]] = ()
    """What was asked of value lists: fact, list, and by which item the value was on it: 0 for none, None where it was missing."""
    error: str = ""
    nanoseconds: int = 0


_compiled: dict[int, Compiled] = {}


def rule_by_staff(order: Order, facts: OrderFacts, *, at: datetime) -> Ruling:
    """Judge the order by the lists and by every rule that runs, and record it. Without either it costs two small queries."""
    listed = lists_of(order, facts, at=at)
    running = [Running(version, _compiled_tree(version)) for version in RuleVersion.objects.running()]
    said = _judge(order, facts, running, at) if running else []
    if said:
        _name_items(said)
        _record(order, said, at)
    acting = [one for one in said if one.acts]
    point = DecisionPoint.RESTRICTED_ORDER if facts.has_restricted_coupon else DecisionPoint.ORDINARY_ORDER
    is_open = any(one.result in UNDECIDED and one.running.version.score > 0 for one in acting)
    findings = [*list_findings(listed), *(found for one in acting if (found := _finding(one)))]
    on_block_list = any(entry.list == ListName.BLOCK for entry in listed)
    return Ruling(
        findings,
        flags=bool(listed) or is_open,
        waits=on_block_list or (is_open and POLICIES[point] == OpenAnswer.WAIT),
    )


def bucket_of(rule_name: str, customer_id: int) -> int:
    """0 to 99: where a customer stands in a rule's roll-out. The same customer always stands in the same place."""
    return int.from_bytes(hashlib.sha256(f"{rule_name}:{customer_id}".encode()).digest()[:8]) % 100


def _compiled_tree(version: RuleVersion) -> Compiled:
    """Versions are never rewritten, so each is compiled once a process."""
    if version.pk not in _compiled:
        _compiled[version.pk] = compile_tree(parse(version.tree, BOOKS[version.rule.subject].schema))
    return _compiled[version.pk]


def _judge(order: Order, facts: OrderFacts, running: Sequence[Running], at: datetime) -> list[Said]:
    said = []
    for subject in BOOKS:
        of_subject = [one for one in running if one.version.rule.subject == subject]
        if of_subject:
            said += _judge_subject(subject, order, of_subject, at)
    if any(one.result == Result.HIT for one in said):
        snoozed = snoozed_rules(order, facts, at=at)
        for one in said:
            if one.result == Result.HIT and one.running.version.rule_id in snoozed:
                one.result = Result.SNOOZED
    return said


def _judge_subject(subject: str, order: Order, running: Sequence[Running], at: datetime) -> list[Said]:
    names = set().union(*(facts_of(one.compiled.tree) for one in running))
    memberships = set().union(*(memberships_of(one.compiled.tree) for one in running))
    try:
        with transaction.atomic():
            events = gather_events(subject, order.pk, names, memberships)
    except DatabaseError as error:
        log.exception("facts_not_gathered", order_id=order.pk)
        return [Said(one, Result.ERROR, _acts(one.version, order), at, error=type(error).__name__) for one in running]
    return [_judge_events(one, order, events) for one in running]


def _judge_events(running: Running, order: Order, events: Sequence[Event]) -> Said:
    """The event that says most decides."""
    begun = perf_counter_ns()
    found = [(running.compiled.evaluate(event.facts), event) for event in events]
    nanoseconds = min(perf_counter_ns() - begun, 2**31 - 1)
    result, acts = worst([evaluation.result for evaluation, _event in found]), _acts(running.version, order)
    for evaluation, event in found:
        if evaluation.result == result:
            asked = {name: event.facts[name] for name in sorted(facts_of(running.compiled.tree))}
            lists = _lists(running, event)
            return Said(running, result, acts, event.at, asked, evaluation.trace, lists, evaluation.error, nanoseconds)
    return Said(running, result, acts, order.placed_at, nanoseconds=nanoseconds)


def _lists(running: Running, event: Event) -> list[dict[str, Any]]:
    asked = sorted(memberships_of(running.compiled.tree))
    return [{"fact": one.fact, "list": one.list_name, "item": event.items.get(one.key)} for one in asked]


def _name_items(said: Sequence[Said]) -> None:
    """Beside the items that will be kept what they said then: one query, where there are any."""
    asked = [one for about in said if about.result != Result.MISS for one in about.lists if one["item"]]
    items = ValueListItem.objects.in_bulk({one["item"] for one in asked}) if asked else {}
    for one in asked:
        item = items[one["item"]]
        one |= {"shown": item.shown, "since": item.created_at.isoformat(), "reason": item.reason}


def _acts(version: RuleVersion, order: Order) -> bool:
    return version.status == VersionStatus.PUBLISHED and bucket_of(version.rule.name, order.customer_id) < version.percent


def _finding(said: Said) -> Finding | None:
    version, rule = said.running.version, said.running.version.rule.name
    if said.result == Result.HIT:
        text, score, strength = version.text, version.score, Strength(version.strength)
    elif said.result in UNDECIDED:
        text = (FAILED if said.result == Result.ERROR else NOT_DECIDED) % {"rule": rule}
        score, strength = 0, Strength.WEAK
    else:
        return None
    known = BOOKS[version.rule.subject].facts
    told = {name: _plain(value) for name, value in said.facts.items() if not known[name].fact.is_hashed}
    values = {"version": version.number, **told}
    values |= {f"{one['fact']} on {one['list']}": one["shown"] for one in said.lists if one["item"]}
    return Finding(score, strength, text, values, rule=f"rule:{rule}", evidence=Evidence(version.evidence))


def _record(order: Order, said: Sequence[Said], at: datetime) -> None:
    RuleRun.objects.create(
        order=order,
        at=at,
        versions=[one.running.version.pk for one in said],
        results=[one.result.value for one in said],
        nanoseconds=[one.nanoseconds for one in said],
    )
    hits = [_hit(order, one, at) for one in said if one.result != Result.MISS]
    if hits:
        RuleHit.objects.bulk_create(hits, ignore_conflicts=True)


def _hit(order: Order, said: Said, at: datetime) -> RuleHit:
    explanation: dict[str, Any] = {
        "trace": list(said.trace),
        "facts": {name: _plain(value) for name, value in said.facts.items()},
    }
    if said.lists:
        explanation["lists"] = list(said.lists)
    if said.error:
        explanation["error"] = said.error
    words = json.dumps([said.result, said.acts, explanation], sort_keys=True, ensure_ascii=False)
    return RuleHit(
        order=order,
        version=said.running.version,
        result=said.result.value,
        acted=said.acts,
        explanation=explanation,
        digest=hashlib.sha256(words.encode()).hexdigest(),
        as_of=said.as_of,
        at=at,
    )


def _plain(value: Any) -> Any:
    """A fact as JSON keeps it: numbers as text, so that they stay exact."""
    if value is None or isinstance(value, bool):
        return value
    return [str(one) for one in value] if isinstance(value, list) else written(value)
