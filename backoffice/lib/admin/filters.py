"""Filters of lists: combined freely, kept in the address, and said in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, DropdownFilter, RangeDateTimeFilter
from unfold.utils import parse_datetime_str

NOT_A_FILTER = {"q", "p", "o", "all", "e", "_popup", "_to_field", "_facets"}
Narrow = Callable[[QuerySet], QuerySet]


def question_filter(title: Any, parameter: str, answers: Mapping[str, tuple[Any, Narrow]]) -> type[DropdownFilter]:
    """A filter with a fixed set of answers, each a label and what it does to the queryset."""

    class QuestionFilter(DropdownFilter):
        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
            return [(key, label) for key, (label, _narrow) in answers.items()]

        def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
            answer = answers.get(self.value() or "")
            return answer[1](queryset) if answer else queryset

    QuestionFilter.title, QuestionFilter.parameter_name = title, parameter
    return QuestionFilter


def lookup_filter(
    title: Any, parameter: str, choices: Callable[[], Sequence[tuple[Any, Any]]], narrow: Callable[[QuerySet, str], QuerySet]
) -> type[DropdownFilter]:
    """A filter whose choices are rows, for example coupon types. `narrow` gets the chosen key."""

    class LookupFilter(DropdownFilter):
        def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, Any]]:
            return choices()

        def has_output(self) -> bool:
            return True

        def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
            known = {str(key) for key, _label in self.lookup_choices}
            return narrow(queryset, self.value()) if self.value() in known else queryset

    LookupFilter.title, LookupFilter.parameter_name = title, parameter
    return LookupFilter


class MomentFilter(RangeDateTimeFilter):
    """From and to, as the reader's clock shows them."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        since, until = self._moment("from", "00:00:00"), self._moment("to", "23:59:59")
        if since:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": since})
        if until:
            queryset = queryset.filter(**{f"{self.parameter_name}__lte": until})
        return queryset

    def _moment(self, side: str, missing_time: str) -> datetime | None:
        day = self.used_parameters.get(f"{self.parameter_name}_{side}_0")
        if not day:
            return None
        time = self.used_parameters.get(f"{self.parameter_name}_{side}_1") or missing_time
        moment = parse_datetime_str(f"{day} {time}")
        return timezone.make_aware(moment) if moment else None


@dataclass(frozen=True)
class ActiveFilter:
    """One filter in force: in words, and the address of the list without it."""

    title: Any
    value: str
    url_without: str


def active_filters(changelist: Any, request: HttpRequest) -> list[ActiveFilter]:
    """What narrows the list down, in the order of the filters, the search last."""
    found = []
    for spec in changelist.filter_specs:
        names = [name for name in spec.expected_parameters() if name and any(request.GET.getlist(name))]
        if names:
            value = " – ".join(_value_in_words(spec, name, request.GET.getlist(name)) for name in names)
            found.append(ActiveFilter(spec.title, value, _without(request, names)))
    found += _other_lookups(changelist, request)
    if changelist.query:
        found.append(ActiveFilter(_("search"), changelist.query, _without(request, ["q"])))
    return found


def _other_lookups(changelist: Any, request: HttpRequest) -> list[ActiveFilter]:
    """Conditions that links put into the address, for which the list has no filter of its own."""
    known = {name for spec in changelist.filter_specs for name in spec.expected_parameters()} | NOT_A_FILTER
    names = [name for name in request.GET if name not in known and request.GET[name]]
    return [
        ActiveFilter(name.replace("__", " "), ", ".join(request.GET.getlist(name)), _without(request, [name])) for name in names
    ]


def scope_in_words(changelist: Any, request: HttpRequest) -> str:
    """The filters in force as one line; empty where nothing narrows the list."""
    return "; ".join(f"{active.title}: {active.value}" for active in active_filters(changelist, request))


def _value_in_words(spec: Any, name: str, values: list[str]) -> str:
    choices = getattr(spec, "lookup_choices", None) or getattr(getattr(spec, "field", None), "flatchoices", None) or ()
    words = {str(key): str(label) for key, label in choices}
    sides = {"_from": _("from"), "_to": _("to")}
    side = next((word for end, word in sides.items() if name.endswith((end, f"{end}_0"))), "")
    text = ", ".join(words.get(value, value) for value in values if value)
    return f"{side} {text}".strip()


def _without(request: HttpRequest, names: Sequence[str]) -> str:
    kept = [(key, value) for key, values in request.GET.lists() for value in values if key not in {*names, "p"}]
    return "?" + urlencode(kept)


ChoicesFilter = ChoicesCheckboxFilter
"""Any of a field's choices, several at once."""
