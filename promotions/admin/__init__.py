"""The admin of promotions."""

from promotions.admin import blocks, campaigns, coupon_types, entries, ledger, token_batches, watch

__all__ = ["blocks", "campaigns", "coupon_types", "entries", "ledger", "token_batches", "watch"]
