"""Where the tables ended before the replay: what it made is what comes after."""

from dataclasses import dataclass
from typing import Any

from orders.models import Order
from promotions.models import Alarm, Coupon


@dataclass(frozen=True)
class Marks:
    alarm: int
    coupon: int
    order: int

    @classmethod
    def now(cls) -> "Marks":
        return cls(_last(Alarm), _last(Coupon), _last(Order))


def _last(model: Any) -> int:
    return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
