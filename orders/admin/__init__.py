"""The admin of orders."""

from orders.admin import (
    breakers,
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
