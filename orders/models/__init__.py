from orders.models.documents import Document
from orders.models.freezes import Freeze, FreezeItem, Release, ReleaseItem
from orders.models.fulfilment import Delivery, Notice, Refund
from orders.models.holds import Hold
from orders.models.lists import OrderList, OrderListItem
from orders.models.orders import Order, OrderDiscount, OrderLine

__all__ = [
    "Delivery",
    "Document",
    "Freeze",
    "FreezeItem",
    "Hold",
    "Notice",
    "Order",
    "OrderDiscount",
    "OrderLine",
    "OrderList",
    "OrderListItem",
    "Refund",
    "Release",
    "ReleaseItem",
]
