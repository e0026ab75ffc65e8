from orders.models.freezes import Freeze, FreezeItem, Release, ReleaseItem
from orders.models.holds import Hold
from orders.models.orders import Order, OrderDiscount, OrderLine

__all__ = ["Freeze", "FreezeItem", "Hold", "Order", "OrderDiscount", "OrderLine", "Release", "ReleaseItem"]
