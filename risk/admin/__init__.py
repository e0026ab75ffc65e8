"""The admin of risk."""

from risk.admin import (
    allowing,
    appeals,
    bulk_reviews,
    customers,
    dispositions,
    evidence,
    findings,
    flags,
    incidents,
    links,
    listing,
    members,
    queue,
    rule_approvals,
    rules,
)

__all__ = [
    "allowing",
    "appeals",
    "bulk_reviews",
    "customers",
    "dispositions",
    "evidence",
    "findings",
    "flags",
    "incidents",
    "links",
    "listing",
    "members",
    "queue",
    "rule_approvals",
    "rules",
]
