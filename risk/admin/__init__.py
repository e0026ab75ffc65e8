"""The admin of risk."""

from risk.admin import allowing, findings, flags

__all__ = ["allowing", "findings", "flags"]
