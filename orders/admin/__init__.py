"""The admin of orders."""

from orders.admin import freezes, holds, notices, orders, panels

__all__ = ["freezes", "holds", "notices", "orders", "panels"]
