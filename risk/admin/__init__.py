"""The admin of risk."""

from risk.admin import (
    allowing,
    customers,
    dispositions,
    evidence,
    findings,
    flags,
    incidents,
    links,
    listing,
    members,
    rule_approvals,
    rules,
)

__all__ = [
    "allowing",
    "customers",
    "dispositions",
    "evidence",
    "findings",
    "flags",
    "incidents",
    "links",
    "listing",
    "members",
    "rule_approvals",
    "rules",
]
