"""How orders refuse. Each carries a sentence for a clerk and a stable code for a program."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from backoffice.lib.errors import DomainError, NotFound
from orders.models import Hold, Order


class OrderNotFound(NotFound):
    """No order has this reference."""

    code = "order_not_found"

    def __init__(self, ref: str) -> None:
        super().__init__(_("There is no order %s.") % ref)


class DuplicateOrder(DomainError):
    """An order with this reference exists already; the one asked for was not placed, and its coupons were not touched."""

    code = "duplicate_order"


class OrderIsFinal(DomainError):
    """The order is delivered, cancelled or refunded: this can no longer be done to it."""

    code = "order_is_final"

    def __init__(self, order: Order) -> None:
        super().__init__(_("Order %(order)s is already %(state)s.") % {"order": order, "state": order.get_status_display()})


class OrderNotPaid(DomainError):
    """Nothing leaves before it is paid. Once the payment is told, delivery can be asked for again."""

    code = "order_not_paid"

    def __init__(self, order: Order) -> None:
        super().__init__(_("Order %s is not paid yet.") % order)


class TooMuchRefunded(DomainError):
    """More would go back than was paid."""

    code = "too_much_refunded"


class ReferenceReused(DomainError):
    """The reference names another delivery or refund of this order already, with other contents."""

    code = "reference_reused"


class OrderHeld(DomainError):
    """Open holds forbid it. `holds` says which, for staff; the sentence says no more than that it is held."""

    code = "order_held"

    def __init__(self, order: Order, holds: Sequence[Hold], *, forbids: str = "delivered") -> None:
        sentences = {
            "delivered": _("Order %s is held and cannot be delivered."),
            "refunded": _("Order %s is held and cannot be refunded."),
            "cancelled": _("Order %s is held and cannot be cancelled."),
            "completed": _("Order %s is held and cannot be completed."),
        }
        super().__init__(sentences[forbids] % order)
        self.holds = tuple(holds)


class LegalHold(DomainError):
    """Legal holds come and go by a freeze and its release alone: two persons, and a reference."""

    code = "legal_hold"


class ScopeChanged(DomainError):
    """What would run is not what was asked for."""

    code = "scope_changed"
