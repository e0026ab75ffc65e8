"""Money is Decimal with two places; this is the only place that rounds it."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def to_cents(amount: Decimal) -> Decimal:
    """Round half up to the cent, as invoices do."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def split_by_weight(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split `total` over `weights` to the cent, by largest remainder: the parts sum to the total exactly.

    Equal remainders go to the earlier part. Weights that sum to zero get nothing but zeros, so `total` must then be zero.
    """
    whole = sum(weights, ZERO)
    if whole == 0:
        if total:
            raise ValueError("An amount cannot be split over weights that sum to zero")
        return [ZERO for _ in weights]
    exact = [total * weight / whole for weight in weights]
    parts = [share.quantize(CENT, rounding=ROUND_DOWN) for share in exact]
    cents_left = int((total - sum(parts, ZERO)) / CENT)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[:cents_left]:
        parts[i] += CENT
    return parts
