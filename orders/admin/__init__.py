"""The admin of orders."""

from orders.admin import (
    breakers,
    customers,
    documents,
    emergencies,
    freeze_approvals,
    freezes,
    freezing,
    holds,
    import_panels,
    imports,
    notices,
    orders,
    panels,
    records,
    terms,
    waits,
)

__all__ = [
    "breakers",
    "customers",
    "documents",
    "emergencies",
    "freeze_approvals",
    "freezes",
    "freezing",
    "holds",
    "import_panels",
    "imports",
    "notices",
    "orders",
    "panels",
    "records",
    "terms",
    "waits",
]
