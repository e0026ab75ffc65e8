"""The admin of risk."""

from risk.admin import customers, findings, flags

__all__ = ["customers", "findings", "flags"]
