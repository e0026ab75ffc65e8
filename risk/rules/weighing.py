"""From findings to a verdict: a score, a disposition, and what is to be done. Pure.

Nobody is called organised by one kind of evidence alone, however much there is of it: it takes two independent kinds, one of them
strong, and what is left after everything that speaks for the customer. Of each kind only the heaviest finding counts, because
findings of one kind come together: a family that shares a device shares a grandmother, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from risk.facts import OrderFacts
from risk.rules.findings import Evidence, Finding

FLAG_AT = 50
"""From this score on a reviewer should look at the order."""

ORGANISED_AT = 60
"""What must be left, after what speaks for the customer, to call it organised."""

KIND_COUNTS_FROM = 10
"""Less than this only supports: a phone segment or an address is no kind of evidence by itself."""

WAITS_FOR_REVIEW = "claimed_before_suspension"


class Disposition(StrEnum):
    """The same values as `risk.states.Disposition`, for code without Django."""

    ORGANISED = "organised"
    SWEPT_ALONG = "swept_along"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Verdict:
    score: int
    disposition: Disposition
    is_flagged: bool
    must_be_held: bool


def weigh(findings: Sequence[Finding], facts: OrderFacts) -> Verdict:
    """Weigh an order's findings. An organised order is held; so is one that was claimed just before a suspension."""
    return weigh_findings(findings, has_restricted_coupon=facts.has_restricted_coupon)


def weigh_findings(findings: Sequence[Finding], *, has_restricted_coupon: bool) -> Verdict:
    """The same where the facts are no longer at hand: whether a restricted coupon is among what was found is all it takes."""
    weights = _weight_of_each_kind(findings)
    score = sum(weights.values()) + sum(finding.score for finding in findings if finding.speaks_for)
    waits = any(finding.rule == WAITS_FOR_REVIEW for finding in findings)
    kinds = sum(weight >= KIND_COUNTS_FROM for weight in weights.values())
    disposition = _disposition(findings, score, kinds, is_restricted=has_restricted_coupon, waits=waits)
    must_be_held = waits or disposition == Disposition.ORGANISED
    return Verdict(score, disposition, is_flagged=must_be_held or score >= FLAG_AT, must_be_held=must_be_held)


def _disposition(findings: Sequence[Finding], score: int, kinds: int, *, is_restricted: bool, waits: bool) -> Disposition:
    """Whoever has a restricted coupon, and nothing weighs against him but how he came by it, was swept along."""
    has_strong = any(finding.is_strong_evidence for finding in findings)
    if has_strong and score >= ORGANISED_AT and kinds >= 2:
        return Disposition.ORGANISED
    speaks_for = any(finding.speaks_for for finding in findings) or not any(finding.speaks_against for finding in findings)
    if is_restricted and speaks_for and not has_strong and not waits:
        return Disposition.SWEPT_ALONG
    return Disposition.UNDETERMINED


def _weight_of_each_kind(findings: Sequence[Finding]) -> dict[Evidence, int]:
    weights = dict.fromkeys(Evidence, 0)
    for finding in findings:
        weights[finding.evidence] = max(weights[finding.evidence], finding.score)
    return weights
