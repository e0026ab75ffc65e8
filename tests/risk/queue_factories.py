"""What tests of the review queue stand on."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission, User

from orders.models import Order
from orders.states import HoldKind
from risk.models import Flag, Review, ReviewTerms
from risk.queueing import ORGANISED, TERM_COLUMNS, Urgency
from risk.services.appealing import file_appeal
from tests.orders.factories import a_hold, a_top_up, an_order
from tests.promotions.factories import NOON, a_user


def flagged(order: Order | None = None, *, score: int = 60, disposition: str = "organised", at: datetime = NOON) -> Flag:
    """A flag as an assessment raises it, without what led to it."""
    order = order or an_order()
    return Flag.objects.create(order=order, score=score, disposition=disposition, flagged_at=at, updated_at=at)


def flagged_top_up(**fields: Any) -> Flag:
    return flagged(an_order(lines=(a_top_up(),)), **fields)


def place_of(flag: Flag) -> Review:
    return Review.objects.get(order=flag.order_id)


def term(urgency: Urgency, disposition: str) -> timedelta:
    """How long after its flag such an order is due, as the terms are now."""
    organised, others = TERM_COLUMNS[urgency]
    found: timedelta = getattr(ReviewTerms.objects.get(), organised if disposition == ORGANISED else others)
    return found


def appeal_term() -> timedelta:
    found: timedelta = ReviewTerms.objects.get().appeal
    return found


def a_reviewer(*more: str) -> User:
    """Somebody who decides flagged orders, with these further rights of risk."""
    user = a_user()
    codes = ["view_flag", "view_review", "decide_flag", "decide_appeal", *more]
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="risk", codename__in=codes))
    return User.objects.get(pk=user.pk)


def an_appeal(order: Order | None = None, *, at: datetime = NOON, text: str = "It is for my mother.") -> Any:
    """An order that is held for risk, and its customer's appeal."""
    order = order or an_order()
    a_hold(order, kind=HoldKind.RISK)
    return file_appeal(order.ref, text=text, contact="chat-77", at=at)
