from orders.models.breakers import HoldBreaker, MissedHold
from orders.models.documents import Document
from orders.models.emergencies import Emergency
from orders.models.freezes import Freeze, FreezeItem, Release, ReleaseItem
from orders.models.fulfilment import Delivery, Notice, Refund
from orders.models.holds import Hold
from orders.models.imports import ImportedInvoice, ImportMapping, ImportRow, OrderImport
from orders.models.lists import OrderList, OrderListItem
from orders.models.orders import Order, OrderDiscount, OrderLine
from orders.models.records import ActRecord
from orders.models.terms import TermExtension, TermReminder, TermWarning
from orders.models.waiting import DeliveryWait

__all__ = [
    "ActRecord",
    "Delivery",
    "DeliveryWait",
    "Document",
    "Emergency",
    "Freeze",
    "FreezeItem",
    "Hold",
    "HoldBreaker",
    "ImportMapping",
    "ImportRow",
    "ImportedInvoice",
    "MissedHold",
    "Notice",
    "Order",
    "OrderDiscount",
    "OrderImport",
    "OrderLine",
    "OrderList",
    "OrderListItem",
    "Refund",
    "Release",
    "ReleaseItem",
    "TermExtension",
    "TermReminder",
    "TermWarning",
]
