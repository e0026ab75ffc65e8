"""The admin of risk."""

from risk.admin import findings, flags

__all__ = ["findings", "flags"]
