"""What promotions tell whoever listens, after the commit. Receivers only enqueue; what a lost message leaves, a sweep finds."""

from django.dispatch import Signal

redemptions_held = Signal()
"""Sent with `redemption_hold_id` once the redemptions of a campaign, type, entry or batch are to be held."""
