"""The admin of risk."""

from risk.admin import allowing, customers, dispositions, findings, flags, links

__all__ = ["allowing", "customers", "dispositions", "findings", "flags", "links"]
