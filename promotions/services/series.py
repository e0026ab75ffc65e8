"""What happened to coupon types over time, from the ledger: claims by outcome, refusals by reason, and the moves of money.

One statement answers all of it for a window, however many types there are. Each part reads one index by coupon type and time: it
costs what happened within the window and not what the tables hold.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from backoffice.lib.money import ZERO
from promotions.burndown import HOUR, Level, Move, Window, levels

# A claim that was issued has no reason. What a coupon is worth never changes while its type is live, so the type says what an
# issued claim reserved. A coupon without a claim was granted. A returned coupon is voided or lives again, and its state now says
# which; one that was voided without ever having paid was taken by staff.
MOVEMENTS = """
WITH kinds AS (SELECT id, face_value FROM promotions_coupontype WHERE id = ANY(%(types)s))
SELECT 'claim' AS what, date_bin(%(step)s, c.at, %(since)s) AS start, c.reason AS how, count(*), sum(k.face_value), 0::numeric
  FROM promotions_claim c JOIN kinds k ON k.id = c.coupon_type_id
 WHERE c.coupon_type_id = ANY(%(types)s) AND c.at >= %(since)s AND c.at <= %(until)s
 GROUP BY 2, 3
 UNION ALL
SELECT 'redemption', date_bin(%(step)s, r.at, %(since)s), '', count(*), sum(k.face_value), sum(r.amount)
  FROM promotions_redemption r JOIN kinds k ON k.id = r.coupon_type_id
 WHERE r.coupon_type_id = ANY(%(types)s) AND r.at >= %(since)s AND r.at <= %(until)s
 GROUP BY 2
 UNION ALL
SELECT 'return', date_bin(%(step)s, r.returned_at, %(since)s), CASE c.status WHEN 'voided' THEN 'voided' ELSE 'revived' END,
       count(*), sum(c.face_value), sum(r.amount)
  FROM promotions_redemption r JOIN promotions_coupon c ON c.id = r.coupon_id
 WHERE r.coupon_type_id = ANY(%(types)s) AND r.returned_at >= %(since)s AND r.returned_at <= %(until)s
 GROUP BY 2, 3
 UNION ALL
SELECT 'expiry', date_bin(%(step)s, c.valid_until, %(since)s), '', count(*), sum(c.face_value), 0::numeric
  FROM promotions_coupon c
 WHERE c.coupon_type_id = ANY(%(types)s) AND c.status = 'expired' AND c.valid_until >= %(since)s AND c.valid_until <= %(until)s
 GROUP BY 2
 UNION ALL
SELECT 'grant', date_bin(%(step)s, c.issued_at, %(since)s), '', count(*), sum(c.face_value), 0::numeric
  FROM promotions_coupon c
 WHERE c.grant_item_id IS NOT NULL AND c.coupon_type_id = ANY(%(types)s) AND c.issued_at >= %(since)s AND c.issued_at <= %(until)s
 GROUP BY 2
 UNION ALL
SELECT 'void', date_bin(%(step)s, e.pgh_created_at, %(since)s), '', count(*), sum(e.face_value), 0::numeric
  FROM promotions_couponevent e
 WHERE e.status = 'voided' AND e.coupon_type_id = ANY(%(types)s)
   AND e.pgh_created_at >= %(since)s AND e.pgh_created_at <= %(until)s
   AND NOT EXISTS (SELECT 1 FROM promotions_redemption r WHERE r.coupon_id = e.pgh_obj_id)
 GROUP BY 2
"""


@dataclass
class Series:
    """The ledger of a window. `issued` and `refused` count claims by the start of their bucket, `reasons` refusals by reason."""

    window: Window
    issued: Counter[datetime] = field(default_factory=Counter)
    refused: Counter[datetime] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    moves: list[Move] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.issued or self.refused or self.moves)

    @property
    def given(self) -> Decimal:
        """What the window took out of the budget: reserved and spent, less what came back."""
        return sum((move.reserved + move.spent for move in self.moves), ZERO)

    def levels(self, *, reserved: Decimal, spent: Decimal, returned: Decimal) -> list[Level]:
        """How the money stood at the end of each bucket; the arguments are how it stands now."""
        now = Level(self.window.until, reserved, spent, returned)
        return levels(now, self.moves, self.window.starts)


def series_of(coupon_types: Iterable[int], window: Window) -> Series:
    """What happened to these coupon types within the window. One statement; nothing is asked for no types."""
    found = Series(window)
    types = sorted(set(coupon_types))
    if not types:
        return found
    asked: dict[str, Any] = {"types": types, "step": window.step, "since": window.since, "until": window.until}
    with connection.cursor() as cursor:
        cursor.execute(MOVEMENTS, asked)
        for row in cursor.fetchall():
            _count(found, *row)
    return found


def given_in_the_last_hour(coupon_types: Iterable[int], at: datetime) -> Decimal:
    """What these types took out of the budget within an hour, less what came back to it."""
    return series_of(coupon_types, Window(at - HOUR, at, HOUR)).given


def _count(found: Series, what: str, start: datetime, how: str, number: int, worth: Decimal, amount: Decimal) -> None:
    if what == "claim":
        (found.refused if how else found.issued)[start] += number
        if how:
            found.reasons[how] += number
            return
    found.moves.append(_MOVES[what, how if what == "return" else ""](start, worth, amount))


# How each event moves money between reserved, spent and returned, as `services.redeeming` and `services.expiring` book it.
_MOVES: dict[tuple[str, str], Callable[[datetime, Decimal, Decimal], Move]] = {
    ("claim", ""): lambda start, worth, _amount: Move(start, reserved=worth),
    ("grant", ""): lambda start, worth, _amount: Move(start, reserved=worth),
    ("redemption", ""): lambda start, worth, amount: Move(start, -worth, amount, worth - amount),
    ("return", "revived"): lambda start, worth, amount: Move(start, worth, -amount, amount - worth),
    ("return", "voided"): lambda start, _worth, amount: Move(start, ZERO, -amount, amount),
    ("expiry", ""): lambda start, worth, _amount: Move(start, -worth, ZERO, worth),
    ("void", ""): lambda start, worth, _amount: Move(start, -worth, ZERO, worth),
}
