"""The admin of risk."""

from risk.admin import allowing, customers, findings, flags, listing, rules

__all__ = ["allowing", "customers", "findings", "flags", "listing", "rules"]
