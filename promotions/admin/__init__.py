"""The admin of promotions."""

from promotions.admin import (
    alarm_routes,
    alarms,
    approvals,
    blocks,
    campaigns,
    coupon_types,
    entries,
    grant_items,
    grants,
    ledger,
    thresholds,
    token_batches,
)

__all__ = [
    "alarm_routes",
    "alarms",
    "approvals",
    "blocks",
    "campaigns",
    "coupon_types",
    "entries",
    "grant_items",
    "grants",
    "ledger",
    "thresholds",
    "token_batches",
]
