"""The admin of orders."""

from orders.admin import customers, freezes, holds, import_panels, imports, notices, orders, panels

__all__ = ["customers", "freezes", "holds", "import_panels", "imports", "notices", "orders", "panels"]
