"""Value lists: made, filled, emptied, retired. A rule that runs and names a list is changed by whatever is put on it.

Whoever changes a list or what is on it locks the list first: the second of two who put the same value on it sees the first.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.counting import MOST_COUNTED
from backoffice.lib.errors import InvalidInput, StaleState
from backoffice.lib.problems_by_line import Problems
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.services.texts import checked_prose
from promotions.services.campaigns import save_valid
from risk.models import RuleVersion, ValueList, ValueListItem
from risk.rulebook import KnownList, Lists
from risk.services.listed_values import listed_value, unknown_values
from risk.services.listing import check_end
from risk.states import ValueSort
from risk.value_files import MOST_LINES

AT_ONCE = 5_000
NUMBERS = """
SELECT l.id, (SELECT count(*) FROM (
         SELECT FROM risk_valuelistitem x
          WHERE x.value_list_id = l.id AND x.ended_at IS NULL AND (x.expires_at IS NULL OR x.expires_at > %(at)s)
          LIMIT %(most)s) found)
  FROM unnest(%(lists)s::bigint[]) l (id)
"""
HAD_EXPIRED = Sentence(gettext_noop("it had expired, and was put on the list anew"))


class BadValues(InvalidInput):
    """Nothing was put on the list. The first line says how many lines are wrong, the others which and why."""

    code = "bad_values"

    def __init__(self, problems: Problems) -> None:
        head = _("Nothing was put on the list: %(count)s lines are wrong.") % {"count": f"{problems.count:,}"}
        if problems.count > len(problems.shown):
            head += " " + _("These are the first %(shown)s.") % {"shown": len(problems.shown)}
        super().__init__("\n".join([head, *map(str, problems.shown)]))


@dataclass(frozen=True, slots=True)
class PutOn:
    """What came of many values: so many are new on the list, so many were on it already or were named twice."""

    new: int
    known: int


def known_lists() -> Lists:
    """The value lists there are, for the checker of rules."""
    rows = ValueList.objects.order_by("name").values_list("name", "holds", "ended_at")
    return {name: KnownList(name, holds, is_retired=ended_at is not None) for name, holds, ended_at in rows}


@transaction.atomic
def make_list(*, name: str, purpose: str, holds: str, by: Any, at: datetime) -> ValueList:
    """A list with nothing on it. Raises InvalidInput for a name that is taken or none."""
    made = ValueList(name=name, purpose=purpose, holds=holds, created_by=by, created_at=at)
    save_valid(made)
    return made


@transaction.atomic
def put_on_value_list(
    value_list: ValueList, *, value: str, reason: str, expires_at: datetime | None = None, by: Any, at: datetime
) -> ValueListItem:
    """Put one value on the list, as staff type it.

    Raises InvalidInput for what is no value of the list's sort, an expiry that is over, or no reason; StaleState where it is on the
    list, or the list is retired.
    """
    reason = _checked(reason, expires_at, at)
    value_list = _live(value_list)
    compared, shown = listed_value(value_list.holds, value)
    if unknown_values(value_list.holds, [compared]):
        raise InvalidInput(_no_such(value_list) % shown)
    if _on_list(value_list, [compared], at):
        raise StaleState(_("%s is on this list already.") % shown)
    (item,) = _write(value_list, {compared: shown}, reason, expires_at, by, at)
    return item


@transaction.atomic
def put_many_on_value_list(
    value_list: ValueList,
    *,
    lines: Iterable[tuple[int, str]],
    reason: str,
    expires_at: datetime | None = None,
    by: Any,
    at: datetime,
) -> PutOn:
    """Put on the list whatever the numbered lines hold: all of them, or none. What is on it already stays as it is.

    Raises BadValues with what is wrong by line; otherwise as `put_on_value_list`.
    """
    reason = _checked(reason, expires_at, at)
    value_list = _live(value_list)
    found, named = _read(value_list, lines)
    if not found:
        raise InvalidInput(_("Name at least one value."))
    there = _on_list(value_list, list(found), at)
    new = {value: shown for value, shown in found.items() if value not in there}
    _write(value_list, new, reason, expires_at, by, at)
    return PutOn(len(new), named - len(new))


@transaction.atomic
def take_off(item: ValueListItem, *, by: Any, reason: str, at: datetime) -> ValueListItem:
    """From now on the value is not on the list. Raises InvalidInput without a reason, StaleState where somebody was first."""
    if not take_several_off(ValueListItem.objects.filter(pk=item.pk), by=by, reason=reason, at=at):
        raise StaleState(_("It is not on the list any more."))
    item.refresh_from_db()
    return item


@transaction.atomic
def take_several_off(items: QuerySet[ValueListItem], *, by: Any, reason: str, at: datetime) -> int:
    """Take these off, as far as they are on their list. Answers how many were."""
    reason = checked_prose(reason, "the reason")
    with because(reason, user=by.pk):
        rows = ValueListItem.objects.in_force(at).filter(pk__in=items.order_by().values("pk"))
        return rows.update(ended_at=at, ended_by=by, end_reason=reason)


@transaction.atomic
def retire_list(value_list: ValueList, *, by: Any, reason: str, at: datetime) -> ValueList:
    """No new rule may name it; what was on it stays written. Raises StaleState while a version that runs names it."""
    reason = checked_prose(reason, "the reason")
    value_list = _live(value_list)
    users = versions_naming([value_list.name])[value_list.name]
    if users:
        raise StaleState(_("Rules that run refer to it: %s. Retire them first.") % ", ".join(map(str, users)))
    with because(reason, user=by.pk):
        ValueList.objects.filter(pk=value_list.pk).update(ended_at=at, ended_by=by, end_reason=reason)
    value_list.refresh_from_db()
    return value_list


def check_live(names: Collection[str]) -> None:
    """Until the transaction ends none of these lists is retired. Raises StaleState where one is already."""
    lists = ValueList.objects.select_for_update(no_key=True).filter(name__in=names).order_by("pk")
    retired = [one.name for one in lists if one.ended_at is not None] if names else []
    if retired:
        raise StaleState(_("It refers to retired value lists: %s. Write a new version.") % ", ".join(retired))


def versions_naming(names: Iterable[str]) -> dict[str, list[RuleVersion]]:
    """The versions that run and refer to each of these lists."""
    found: dict[str, list[RuleVersion]] = {name: [] for name in names}
    for version in RuleVersion.objects.running():
        for name in names_in(version.tree) & found.keys():
            found[name].append(version)
    return found


def numbers_on(lists: Iterable[ValueList], *, at: datetime) -> dict[int, int]:
    """How many values are on each of these lists, by its id; counted to one more than MOST_COUNTED."""
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS, {"lists": [one.pk for one in lists], "at": at, "most": MOST_COUNTED + 1})
        return dict(cursor.fetchall())


def names_in(tree: Any) -> set[str]:
    """The value lists that a rule's JSON refers to."""
    if isinstance(tree, list):
        return set().union(*map(names_in, tree))
    if not isinstance(tree, dict):
        return set()
    return {tree["list"]} if "list" in tree else names_in(list(tree.values()))


def _checked(reason: str, expires_at: datetime | None, at: datetime) -> str:
    check_end(expires_at, at)
    return checked_prose(reason, "the reason")


def _locked(value_list: ValueList) -> ValueList:
    return ValueList.objects.select_for_update(no_key=True).get(pk=value_list.pk)


def _live(value_list: ValueList) -> ValueList:
    """The list, locked. Raises StaleState where it is retired."""
    value_list = _locked(value_list)
    if value_list.ended_at is not None:
        raise StaleState(_("The value list %s is retired.") % value_list)
    return value_list


def _read(value_list: ValueList, lines: Iterable[tuple[int, str]]) -> tuple[dict[str, str], int]:
    """The different values with what is shown of each, and how many were named."""
    problems, named = Problems(), 0
    found: dict[str, str] = {}
    places: dict[str, int] = {}
    for line, typed in lines:
        named += 1
        if named > MOST_LINES:
            problems.add(line, _("more than %s values: split them") % f"{MOST_LINES:,}")
            break
        try:
            value, shown = listed_value(value_list.holds, typed)
        except InvalidInput as error:
            problems.add(line, str(error))
        else:
            found.setdefault(value, shown)
            places.setdefault(value, line)
    for value in sorted(unknown_values(value_list.holds, list(found)), key=places.__getitem__):
        problems.add(places[value], _no_such(value_list) % found[value])
    if problems.count:
        problems.shown.sort(key=lambda problem: problem.line)
        raise BadValues(problems)
    return found, named


def _no_such(value_list: ValueList) -> str:
    sentences = {
        ValueSort.CUSTOMER: _("There is no customer “%s”."),
        ValueSort.COUPON_TYPE: _("There is no coupon type “%s”."),
        ValueSort.ENTRY: _("There is no entry “%s”."),
    }
    return sentences[ValueSort(value_list.holds)]


def _on_list(value_list: ValueList, values: list[str], at: datetime) -> set[str]:
    found: set[str] = set()
    for begin in range(0, len(values), AT_ONCE):
        some = values[begin : begin + AT_ONCE]
        found |= set(value_list.items.in_force(at).filter(value__in=some).values_list("value", flat=True))
    return found


def _write(
    value_list: ValueList, values: dict[str, str], reason: str, expires_at: datetime | None, by: Any, at: datetime
) -> list[ValueListItem]:
    """New items. Those of the same values that have expired are ended first: a value is on a list once."""
    terms: dict[str, Any] = {"reason": reason, "expires_at": expires_at, "created_by": by, "created_at": at}
    made: list[ValueListItem] = []
    with because(reason, user=by.pk):
        for begin in range(0, len(values), AT_ONCE):
            some = list(values.items())[begin : begin + AT_ONCE]
            expired = value_list.items.filter(value__in=[value for value, _shown in some], ended_at=None, expires_at__lte=at)
            expired.update(ended_at=at, ended_by=by, end_reason=str(HAD_EXPIRED))
            items = [ValueListItem(value_list=value_list, value=value, shown=shown, **terms) for value, shown in some]
            made += ValueListItem.objects.bulk_create(items)
    return made
