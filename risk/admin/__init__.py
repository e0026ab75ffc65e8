"""The admin of risk."""

from risk.admin import allowing, customers, evidence, findings, flags, incidents, members

__all__ = ["allowing", "customers", "evidence", "findings", "flags", "incidents", "members"]
