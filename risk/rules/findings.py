"""What a rule is and what it finds. Pure: no Django, no database."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from backoffice.lib.sentences import Sentence, gettext_noop
from risk.facts import HUB_CAP, OrderFacts


class Evidence(StrEnum):
    """Independent kinds of evidence. The same values as `risk.states.EvidenceKind`, for code without Django."""

    PROVENANCE = "provenance"
    CONCENTRATION = "concentration"
    CASH_OUT = "cash_out"
    ACCOUNT = "account"
    TIMING = "timing"


class Strength(StrEnum):
    STRONG = "strong"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's result. The score is negative where it speaks for the customer, and zero where it only explains."""

    score: int
    strength: Strength
    text: str
    values: dict[str, Any] = field(default_factory=dict)
    rule: str = ""
    evidence: Evidence = Evidence.PROVENANCE

    @property
    def speaks_against(self) -> bool:
        return self.score > 0

    @property
    def speaks_for(self) -> bool:
        return self.score < 0

    @property
    def is_strong_evidence(self) -> bool:
        return self.speaks_against and self.strength == Strength.STRONG


Judgement = Callable[[OrderFacts], Finding | None]


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    evidence: Evidence
    judge: Judgement


MORE_THAN = Sentence(gettext_noop("more than %(count)s"), is_part=True)
RULES: dict[str, Rule] = {}
"""Every rule by its name, in the order in which they stand in their files."""


def rule(evidence: Evidence) -> Callable[[Judgement], Judgement]:
    """Register a function of the facts as a rule of this kind of evidence; its findings carry its name."""

    def register(judge: Judgement) -> Judgement:
        RULES[judge.__name__] = Rule(judge.__name__, evidence, judge)
        return judge

    return register


def apply_rules(facts: OrderFacts) -> tuple[list[Finding], list[str]]:
    """What the rules find, and which of them failed, as "rule: what went wrong". A rule that fails silences no other."""
    findings, failures = [], []
    for known in RULES.values():
        try:
            found = known.judge(facts)
        except Exception as error:
            failures.append(f"{known.name}: {type(error).__name__}: {error}")
            continue
        if found is not None:
            findings.append(replace(found, rule=known.name, evidence=known.evidence))
    return findings, failures


def against(score: int, text: str, /, *, strength: Strength = Strength.WEAK, **values: Any) -> Finding:
    """Evidence against the customer, weak unless said otherwise."""
    return Finding(score, strength, text, values)


def in_favour(score: int, text: str, /, *, strength: Strength = Strength.WEAK, **values: Any) -> Finding:
    """What speaks for the customer; the score is given as a positive number."""
    return Finding(-score, strength, text, values)


def explains(text: str, /, **values: Any) -> Finding:
    """Says why something was not counted. Weighs nothing."""
    return Finding(0, Strength.WEAK, text, values)


def are_nearly_all(some: int, crowd: int) -> bool:
    """At least four in five: honest people in a crowd never all do the same."""
    return 5 * some >= 4 * crowd


def counted(accounts: int) -> str:
    """A capped count in words."""
    return MORE_THAN % {"count": HUB_CAP} if accounts > HUB_CAP else str(accounts)
