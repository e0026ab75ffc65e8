"""Asking for a freeze or a release of a scope: exactly what was previewed goes to a second person, as ids, as text and as data."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.aloud import in_english
from backoffice.lib.errors import DomainError
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Freeze, Release
from orders.scopes.fields import checked, field_named, in_words, matching
from orders.scopes.parts import BadScope, ScopeParts
from orders.scopes.reading import act_aloud
from orders.services.emergencies import start_emergency
from orders.services.freezing import request_freeze, request_release
from orders.services.previewing import holds_of

PERIOD, LIST = "placed_at", "orders"
ALL_HOLDS = Sentence(gettext_noop("all open holds of %(freeze)s"), is_part=True, freeze=act_aloud)


class ScopeMoved(DomainError):
    """What matches is no longer what was looked at. Nothing was asked for."""

    code = "scope_moved"

    def __init__(self) -> None:
        super().__init__(_("What matches has changed since you looked. Look again, then ask."))


def up_to(scope: ScopeParts, at: datetime) -> ScopeParts:
    """The scope as it is at this time: orders placed later are not meant, so that it stands still while people look at it.

    A list stands still by itself, and a period that ends keeps its end, unless that is still to come.
    """
    if any(part.field == LIST for part in scope.all_of):
        return scope
    period = next((part for part in scope.all_of if part.field == PERIOD), None)
    since, until = period.values if period else ("", "")
    if until and datetime.fromisoformat(until) <= at:
        return scope
    return scope.adding(field_named(PERIOD).part(since, at.astimezone(UTC).isoformat()), is_left_out=False)


@transaction.atomic
def ask_for_freeze(
    scope: ScopeParts, *, previewed: str, by: Any, at: datetime, lasts: timedelta | None = None, **terms: Any
) -> Freeze:
    """Ask a second person for holds on the orders of this scope; `terms` are those of `request_freeze`. With `lasts` it is an
    emergency: it works at once, and is confirmed within that time or falls.

    `previewed` is the hash of what the person who asks has seen: raises ScopeMoved where the ids are not the same any more. Raises
    BadScope for a scope without a condition, and InvalidInput.
    """
    scope = checked(scope)
    if not scope.all_of:
        raise BadScope(_("Say which orders: at least one condition must hold."))
    ask = request_freeze if lasts is None else partial(start_emergency, lasts=lasts)
    with in_english():
        words = in_words(scope)
    freeze = ask(matching(scope, at), scope_text=words, scope=scope.data(), by=by, at=at, **terms)
    if freeze.job.scope_hash != previewed:
        raise ScopeMoved
    return freeze


@transaction.atomic
def ask_for_release(freeze: Freeze, scope: ScopeParts, *, previewed: str, by: Any, at: datetime, **terms: Any) -> Release:
    """Ask for the release of the open holds that this freeze placed on orders of this scope, of all where it has no condition.

    Raises ScopeMoved and InvalidInput as above.
    """
    scope = checked(scope)
    with in_english():
        words = in_words(scope) if scope.all_of or scope.left_out else ALL_HOLDS % {"freeze": freeze}
    holds = holds_of(freeze, scope, at)
    release = request_release(freeze, holds=holds, scope_text=words, scope=scope.data(), by=by, at=at, **terms)
    if release.job.scope_hash != previewed:
        raise ScopeMoved
    return release
