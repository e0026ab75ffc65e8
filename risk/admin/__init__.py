"""The admin of risk."""

from risk.admin import allowing, customers, findings, flags, listing, rule_approvals, rules

__all__ = ["allowing", "customers", "findings", "flags", "listing", "rule_approvals", "rules"]
