"""The admin of risk."""

from risk.admin import allowing, appeals, bulk_reviews, customers, findings, flags, queue

__all__ = ["allowing", "appeals", "bulk_reviews", "customers", "findings", "flags", "queue"]
