"""The admin of orders."""

from orders.admin import freezes, holds, orders, panels

__all__ = ["freezes", "holds", "orders", "panels"]
