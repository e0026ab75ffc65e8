"""What a scope can be about. Each app registers its own fields; whoever reads a scope knows none of them by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Order
from orders.querysets import OrderQuerySet
from orders.scopes.parts import BadScope, Operator, Part, ScopeParts, shaped

Values = Sequence[str]
MOST_SAID = 10
MORE = Sentence(gettext_noop("and %(count)s more"), is_part=True)


class AskedAs(StrEnum):
    """How a person is asked for the values: boxes to tick, rows to choose, lines to type, two times, a list to load."""

    CHOICES = "choices"
    ROWS = "rows"
    LINES = "lines"
    PERIOD = "period"
    LIST = "list"


@dataclass(frozen=True)
class ScopeField:
    """One thing that a scope can ask of an order.

    `condition` says it to the database, of values that were checked and at a time. `checked` answers the values in their one
    spelling or raises BadScope; `words` says what they are called; `typed` makes values of what a person typed. `choices` are
    offered where the person chooses. `left_out_at_first` are the values that a new scope leaves out until somebody says otherwise.
    """

    name: str
    label: Any
    condition: Callable[[Values, datetime], Q]
    checked: Callable[[Values], Values]
    words: Callable[[Values], Sequence[Any]]
    asked_as: AskedAs
    typed: Callable[[Values], Values] = tuple
    choices: Callable[[], Sequence[tuple[str, Any]]] = tuple
    hint: Any = ""
    left_out_at_first: tuple[str, ...] = ()

    @property
    def is_of_rows(self) -> bool:
        """Whether the values are keys of rows: what can be chosen is then a query."""
        return self.asked_as in (AskedAs.ROWS, AskedAs.LIST)

    @property
    def operator(self) -> Operator:
        return Operator.BETWEEN if self.asked_as == AskedAs.PERIOD else Operator.IS_ONE_OF

    def part(self, *values: Any) -> Part:
        """A condition with these values, which are checked. Raises BadScope."""
        return Part(self.name, self.operator, tuple(self.checked([str(value) for value in values])))


_fields: dict[str, ScopeField] = {}


def scope_field(field: ScopeField) -> ScopeField:
    """Register a field, whichever app it is of. The order of registration is the order on the page."""
    _fields[field.name] = field
    return field


def known_fields() -> Mapping[str, ScopeField]:
    return _fields


def field_named(name: str) -> ScopeField:
    """Raises BadScope for a field that no app knows."""
    try:
        return _fields[name]
    except KeyError:
        raise BadScope(_("Orders are not chosen by “%s”.") % name) from None


def operators() -> Mapping[str, Operator]:
    return {name: field.operator for name, field in _fields.items()}


def part(name: str, *values: Any) -> Part:
    """A condition on this field. Raises BadScope."""
    return field_named(name).part(*values)


def checked(scope: ScopeParts) -> ScopeParts:
    """The same scope in its one spelling: known fields, compared as they are, with values that mean something. Raises BadScope."""
    shaped(scope)
    return ScopeParts(tuple(map(_checked, scope.all_of)), tuple(map(_checked, scope.left_out)))


def _checked(one: Part) -> Part:
    field = field_named(one.field)
    if one.operator != field.operator:
        raise BadScope(_("“%s” is not compared in this way.") % field.label)
    return Part(one.field, one.operator, tuple(field.checked(one.values)))


def with_defaults(scope: ScopeParts) -> ScopeParts:
    """The scope, leaving out as well what a new one leaves out."""
    for field in _fields.values():
        if field.left_out_at_first:
            scope = scope.adding(field.part(*field.left_out_at_first), is_left_out=True)
    return scope


def not_left_out(scope: ScopeParts) -> list[ScopeField]:
    """The fields that a new scope leaves out and this one does not."""
    named = {one.field for one in scope.left_out}
    return [field for field in _fields.values() if field.left_out_at_first and field.name not in named]


def matching(scope: ScopeParts, at: datetime, *, among: OrderQuerySet | None = None) -> OrderQuerySet:
    """The orders that are meant, of all or of those named. The scope must have been checked."""
    orders = meant(scope, at, among=among)
    for one in scope.left_out:
        orders = orders.filter(~condition(one, at))
    return orders


def meant(scope: ScopeParts, at: datetime, *, among: OrderQuerySet | None = None) -> OrderQuerySet:
    """The orders for which every condition holds, those that are left out included."""
    orders = Order.objects.all() if among is None else among
    for one in scope.all_of:
        orders = orders.filter(condition(one, at))
    return orders


def condition(one: Part, at: datetime) -> Q:
    return field_named(one.field).condition(one.values, at)


def part_in_words(one: Part) -> str:
    """A condition as a reader says it; of many values the first."""
    field = field_named(one.field)
    words = [str(word) for word in field.words(one.values[:MOST_SAID])]
    if len(one.values) > MOST_SAID:
        words.append(_(MORE.template) % {"count": len(one.values) - MOST_SAID})
    return _("%(field)s: %(values)s") % {"field": field.label, "values": ", ".join(words)}


def in_words(scope: ScopeParts) -> str:
    """The scope as one line, in the reader's language."""
    said = [part_in_words(one) for one in scope.all_of] or [_("all orders there are")]
    said += [_("left out are those with %s") % part_in_words(one) for one in scope.left_out]
    return "; ".join(said)
