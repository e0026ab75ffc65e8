"""What `manage.py check --database default`, and every `migrate`, warns of."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import DatabaseError, transaction

from backoffice.lib import clock
from promotions.services.tokens import batches_without_key

SHOWN = 20


@register(Tags.database)
def check_token_keys(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Batches that are in use and whose key is not: every one of their tokens is taken for forged."""
    if not databases:
        return []
    try:
        with transaction.atomic():
            batches = list(batches_without_key(clock.now())[: SHOWN + 1])
    except DatabaseError:
        return []  # not migrated yet: there are no batches
    return [
        checks.Warning(
            f"The token batch {batch} of {batch.entry} is in use, but its key {batch.key_id!r} is not in HOLDFAST_TOKEN_KEYS.",
            hint="Put the key back, or revoke the batch and make a new one. See docs/tokens.md.",
            obj=batch,
            id="promotions.W001",
        )
        for batch in batches
    ]
