from orders.models.freezes import Freeze, FreezeItem, Release, ReleaseItem
from orders.models.fulfilment import Delivery, Notice, Refund
from orders.models.holds import Hold
from orders.models.imports import ImportedInvoice, ImportMapping, ImportRow, OrderImport
from orders.models.orders import Order, OrderDiscount, OrderLine

__all__ = [
    "Delivery",
    "Freeze",
    "FreezeItem",
    "Hold",
    "ImportMapping",
    "ImportRow",
    "ImportedInvoice",
    "Notice",
    "Order",
    "OrderDiscount",
    "OrderImport",
    "OrderLine",
    "Refund",
    "Release",
    "ReleaseItem",
]
