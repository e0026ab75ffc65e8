"""The admin of orders."""

from orders.admin import freezes, holds, import_panels, imports, notices, orders, panels

__all__ = ["freezes", "holds", "import_panels", "imports", "notices", "orders", "panels"]
