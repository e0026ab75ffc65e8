"""The admin of promotions."""

from promotions.admin import approvals, campaigns, coupon_types, entries, ledger, token_batches, watch

__all__ = ["approvals", "campaigns", "coupon_types", "entries", "ledger", "token_batches", "watch"]
