"""What orders tell whoever listens, after the commit. Receivers only enqueue; what a lost message leaves undone, a sweep finds."""

from django.dispatch import Signal

order_placed = Signal()
"""Sent with `order_id` once an order is committed."""

hold_released = Signal()
"""Sent with `order_ids` once holds on them were released."""
