"""The admin of orders."""

from orders.admin import documents, freeze_approvals, freezes, freezing, holds, notices, orders, panels

__all__ = ["documents", "freeze_approvals", "freezes", "freezing", "holds", "notices", "orders", "panels"]
