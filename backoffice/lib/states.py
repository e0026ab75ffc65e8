"""States are a table: the allowed moves stand in each app's `states.py`, and this is the only code that writes `status`."""

from collections.abc import Mapping
from typing import Any, TypeVar

import pgtrigger
from django.db.models import Model
from django.utils.translation import gettext as _

from backoffice.lib.errors import StaleState

Moves = Mapping[str, frozenset[str]]
ModelT = TypeVar("ModelT", bound=Model)


def moves(table: Mapping[str, set[str]]) -> Moves:
    """The table, frozen, with plain strings on both sides."""
    return {str(before): frozenset(str(after) for after in afters) for before, afters in table.items()}


def guard_moves(name: str, table: Moves) -> pgtrigger.FSM:
    """A trigger that refuses, even in raw SQL, what is not in the table."""
    pairs = [(before, after) for before, afters in table.items() for after in sorted(afters)]
    return pgtrigger.FSM(name=name, field="status", transitions=pairs)


def move(obj: ModelT, to: str, table: Moves, **also: Any) -> ModelT:
    """Move `obj` to the state `to`, writing the fields `also` in the same guarded statement.

    Raises StaleState where the table has no such move, or where the row is no longer in the state that was read.
    """
    before = str(obj.status)  # type: ignore[attr-defined]
    if str(to) not in table.get(before, frozenset()):
        words = {"object": obj, "state": _word(obj, before), "wanted": _word(obj, to)}
        raise StaleState(_("%(object)s is %(state)s and cannot become %(wanted)s.") % words)
    rows = type(obj)._default_manager.filter(pk=obj.pk, status=before)
    if not rows.update(status=to, **also):
        words = {"object": obj, "state": _word(obj, before)}
        raise StaleState(_("%(object)s is no longer %(state)s: somebody else changed it. Look again.") % words)
    for field, value in {"status": to, **also}.items():
        setattr(obj, field, value)
    return obj


def _word(obj: Model, state: str) -> str:
    """A state as staff read it."""
    field: Any = obj._meta.get_field("status")
    return str(dict(field.flatchoices).get(str(state), state))
