"""The admin of promotions."""

from promotions.admin import approvals, blocks, campaigns, coupon_types, entries, ledger, token_batches, watch

__all__ = ["approvals", "blocks", "campaigns", "coupon_types", "entries", "ledger", "token_batches", "watch"]
