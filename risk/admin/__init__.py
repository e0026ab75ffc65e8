"""The admin of risk."""

from risk.admin import (
    allowing,
    customers,
    evidence,
    findings,
    flags,
    incidents,
    listing,
    members,
    rule_approvals,
    rules,
)

__all__ = [
    "allowing",
    "customers",
    "evidence",
    "findings",
    "flags",
    "incidents",
    "listing",
    "members",
    "rule_approvals",
    "rules",
]
