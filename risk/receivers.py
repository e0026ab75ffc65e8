"""Risk hears of orders after their commit and only enqueues. What gets lost here is found by `assess_missed_orders`."""

from typing import Any

import structlog
from django.dispatch import receiver

from orders.signals import order_placed
from risk.tasks import assess_order_task

log = structlog.get_logger(__name__)


@receiver(order_placed)
def assess_placed_order(order_id: int, **_: Any) -> None:
    """An order is never refused because the broker is away."""
    try:
        assess_order_task.delay(order_id)
    except Exception:
        log.exception("assessment_not_sent", order_id=order_id)
