"""From what was found on each of a customer's orders to what is found on the customer. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from risk.rules.findings import Finding
from risk.rules.weighing import Verdict, weigh_findings


class Told(NamedTuple):
    """A finding, and the order that it was found on."""

    finding: Finding
    subject: str


class CustomerVerdict(NamedTuple):
    verdict: Verdict
    against: Sequence[Told]
    in_favour: Sequence[Told]


def combine(findings_of: Mapping[str, Sequence[Finding]], *, has_restricted_coupon: bool) -> CustomerVerdict:
    """Weigh a customer by the findings of each of his orders.

    What speaks against him counts once a rule, from the order where it weighs most. What speaks for him counts only where it was
    found on every order that something speaks against, and as the least of them: a number of his own that he tops up on one day
    does not excuse the collector whom he tops up on another. So a customer is never called less than the worst of his orders.
    """
    accused = {subject: found for subject, found in findings_of.items() if any(one.speaks_against for one in found)}
    against: dict[str, Told] = {}
    in_favour: dict[str, list[Told]] = {}
    for subject, findings in (accused or findings_of).items():
        for finding in findings:
            told = Told(finding, subject)
            if finding.speaks_against:
                against[finding.rule] = max(against.get(finding.rule, told), told, key=_weight)
            elif finding.speaks_for:
                in_favour.setdefault(finding.rule, []).append(told)
    excuses = [max(told, key=_weight) for told in in_favour.values() if len(told) == len(accused or findings_of)]
    charges = sorted(against.values(), key=_weight, reverse=True)
    found = [told.finding for told in (*charges, *excuses)]
    verdict = weigh_findings(found, has_restricted_coupon=has_restricted_coupon)
    return CustomerVerdict(verdict, charges, sorted(excuses, key=_weight))


def _weight(told: Told) -> tuple[int, str]:
    return told.finding.score, told.subject
