"""The admin of promotions."""

from promotions.admin import campaigns, coupon_types, entries, grant_items, grants, ledger, token_batches, watch

__all__ = ["campaigns", "coupon_types", "entries", "grant_items", "grants", "ledger", "token_batches", "watch"]
