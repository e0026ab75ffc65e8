"""How orders refuse. Each carries a sentence for a clerk and a stable code for a program."""

from collections.abc import Sequence

from backoffice.lib.errors import DomainError, NotFound
from orders.models import Hold, Order


class OrderNotFound(NotFound):
    """No order has this reference."""

    code = "order_not_found"

    def __init__(self, ref: str) -> None:
        super().__init__(f"There is no order {ref}.")


class DuplicateOrder(DomainError):
    """An order with this reference exists already; the one asked for was not placed, and its coupons were not touched."""

    code = "duplicate_order"


class OrderIsFinal(DomainError):
    """The order is delivered, cancelled or refunded: this can no longer be done to it."""

    code = "order_is_final"

    def __init__(self, order: Order) -> None:
        super().__init__(f"Order {order} is already {order.status}.")


class OrderNotPaid(DomainError):
    """Nothing leaves before it is paid. Once the payment is told, delivery can be asked for again."""

    code = "order_not_paid"

    def __init__(self, order: Order) -> None:
        super().__init__(f"Order {order} is not paid yet.")


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
        super().__init__(f"Order {order} is held and cannot be {forbids}.")
        self.holds = tuple(holds)


class LegalHold(DomainError):
    """Legal holds come and go by a freeze and its release alone: two persons, and a reference."""

    code = "legal_hold"


class ScopeChanged(DomainError):
    """What would run is not what was asked for."""

    code = "scope_changed"
