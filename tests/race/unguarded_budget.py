"""The application without the guard of the budget, and with a gate between looking and taking, which the test opens.

Only a test starts this. Nothing in the product can switch the guard off.
"""

from typing import Any

from django.db import connection

from backoffice.wsgi import application
from promotions.services import claim_statements as statements
from promotions.services import claiming
from tests.race.gate import GATE

__all__ = ["application"]

GUARD = "AND s.reserved + s.spent + %(face_value)s <= s.amount AND c.starts_at"
assert statements.TAKE.count(GUARD) == 1, "the guard of the budget has moved: mend this control"
statements.TAKE = statements.TAKE.replace(GUARD, "AND c.starts_at")
take = claiming._take


def look_wait_and_take(door: Any, attempt: Any, token: Any, slices: Any, at: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(amount - reserved - spent) >= %s FROM promotions_budgetslice WHERE budget_id = %s",
            [door.face_value, door.budget_id],
        )
        if not cursor.fetchone()[0]:
            return claiming.Taken(True, token and token.pk, None, None, None)
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])
    return take(door, attempt, token, slices, at)


claiming._take = look_wait_and_take
