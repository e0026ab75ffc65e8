"""How the tokens of a batch are used: how many, when, and which ones oddly. Reads what was touched, never the whole batch."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import TruncHour

from promotions.models import Claim, TokenBatch
from promotions.states import ClaimOutcome

HOURS_SHOWN = timedelta(hours=48)

# Looked at: the tokens used most, and those refused most among the newest refusals; of each its newest claims.
# A token is the odder, the more customers and networks it was seen with, and the more often it was shown when it was used up.
ODD_TOKENS = """
WITH candidates AS (
    (SELECT id FROM promotions_claimtoken WHERE batch_id = %(batch)s AND used > 0 ORDER BY used DESC, number LIMIT 200)
    UNION
    (SELECT token_id FROM (
        SELECT l.token_id FROM promotions_claim l JOIN promotions_claimtoken k ON k.id = l.token_id
         WHERE l.entry_id = %(entry)s AND l.outcome = 'refused' AND k.batch_id = %(batch)s ORDER BY l.id DESC LIMIT 10000) refused
      GROUP BY token_id ORDER BY count(*) DESC LIMIT 200)
)
SELECT k.id, k.number, k.used, k.uses, k.revoked_at,
       count(DISTINCT l.customer_id) AS customers, count(DISTINCT nullif(l.device, '')) AS devices,
       count(DISTINCT nullif(l.address, '')) AS networks, count(*) FILTER (WHERE l.reason = 'token_used_up') AS after_use_up,
       count(*) FILTER (WHERE l.outcome = 'refused') AS refused
  FROM candidates c JOIN promotions_claimtoken k ON k.id = c.id
  CROSS JOIN LATERAL (SELECT customer_id, device, address, reason, outcome FROM promotions_claim
                       WHERE token_id = k.id ORDER BY at DESC LIMIT 2000) l
 GROUP BY k.id
 ORDER BY count(DISTINCT l.customer_id) + count(DISTINCT nullif(l.address, ''))
          + count(*) FILTER (WHERE l.reason = 'token_used_up') DESC, k.number
 LIMIT %(most)s
"""


class OddToken(NamedTuple):
    """A token and what was seen of it."""

    id: int
    number: int
    used: int
    uses: int
    revoked_at: datetime | None
    customers: int
    devices: int
    networks: int
    after_use_up: int
    refused: int


@dataclass(frozen=True)
class BatchUse:
    """Tokens that were used at all, the uses made of them, tokens revoked one by one, and claims refused that came with a token."""

    tokens: int
    uses: int
    revoked: int
    refused: int


class HourOfUse(NamedTuple):
    hour: datetime
    issued: int
    refused: int


def use_of(batch: TokenBatch) -> BatchUse:
    used = batch.tokens.filter(used__gt=0).aggregate(tokens=Count("pk"), uses=Sum("used"))
    revoked = batch.tokens.filter(revoked_at__isnull=False).count()
    refused = Claim.objects.refused().filter(entry=batch.entry_id, token__batch=batch).count()
    return BatchUse(used["tokens"], used["uses"] or 0, revoked, refused)


def hours_of_use(batch: TokenBatch) -> list[HourOfUse]:
    """Claims that came with tokens of the batch, by the hour of the current time zone, newest first: the last two days with any."""
    claims = Claim.objects.filter(entry=batch.entry_id, token__batch=batch)
    newest = claims.aggregate(at=Max("at"))["at"]
    if newest is None:
        return []
    hours = claims.filter(at__gt=newest - HOURS_SHOWN).annotate(hour=TruncHour("at")).values_list("hour").order_by("-hour")
    counted = hours.annotate(
        issued=Count("pk", filter=Q(outcome=ClaimOutcome.ISSUED)), refused=Count("pk", filter=Q(outcome=ClaimOutcome.REFUSED))
    )
    return [HourOfUse(*row) for row in counted]


def odd_tokens(batch: TokenBatch, most: int) -> list[OddToken]:
    """The oddest first."""
    with connection.cursor() as cursor:
        cursor.execute(ODD_TOKENS, {"batch": batch.pk, "entry": batch.entry_id, "most": most})
        return [OddToken(*row) for row in cursor.fetchall()]
