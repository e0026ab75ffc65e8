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
    link_pictures,
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
    "link_pictures",
    "links",
    "listing",
    "members",
    "queue",
    "rule_approvals",
    "rules",
]
