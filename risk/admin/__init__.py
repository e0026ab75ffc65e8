"""The admin of risk."""

from risk.admin import allowing, customers, findings, flags

__all__ = ["allowing", "customers", "findings", "flags"]
