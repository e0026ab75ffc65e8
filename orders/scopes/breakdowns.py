"""What upper apps know of the orders of a scope, shown in its preview. Each answers a table of sums."""

from collections.abc import Callable

from backoffice.lib.admin.page import Panel
from orders.querysets import OrderQuerySet

BreakDown = Callable[[OrderQuerySet], Panel]
_breakdowns: list[BreakDown] = []


def breakdown(sums: BreakDown) -> BreakDown:
    """Register a table of sums over orders."""
    _breakdowns.append(sums)
    return sums


def breakdowns(orders: OrderQuerySet) -> list[Panel]:
    return [sums(orders) for sums in _breakdowns]
