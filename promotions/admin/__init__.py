"""The admin of promotions."""

from promotions.admin import (
    alarm_routes,
    alarms,
    approvals,
    blocks,
    campaigns,
    coupon_types,
    entries,
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
    "ledger",
    "thresholds",
    "token_batches",
]
