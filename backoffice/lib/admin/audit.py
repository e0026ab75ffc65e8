"""The audit list: every event of every tracked model, newest first."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Value
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from pghistory.models import Events

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.history import name_of, newest_first, tracked_models, with_previous, write_lines

LINES_A_PAGE = 50
LONGEST_NUMBER = 18
Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Place:
    """Where a reader is in the list: per table the last event that was shown, and the time of the very first one.

    Events of one statement share their time, thousands of them after a freeze; so a page goes on by the tables' own numbers.
    """

    shown: dict[str, int] = field(default_factory=dict)
    until: datetime | None = None

    @classmethod
    def read(cls, text: str) -> "Place":
        """From the address; the beginning of the list where it makes no sense."""
        until, *parts = text.split(",")
        try:
            shown = {label: int(number) for label, _colon, number in (part.partition(":") for part in parts)}
            at = parse_datetime(until)
        except ValueError:
            return cls()
        return cls(shown, at) if at and at.tzinfo else cls()

    def write(self) -> str:
        until = self.until.isoformat() if self.until else ""
        return ",".join([until, *(f"{label}:{number}" for label, number in self.shown.items())])

    def after(self, page: Sequence[Pair]) -> "Place":
        """The place below these events."""
        last = {event._meta.label_lower: event.pgh_id for event, _previous in page}
        return Place(self.shown | last, self.until or page[0][0].pgh_created_at)


@dataclass(frozen=True)
class AuditQuery:
    """What the reader asks: all of these together."""

    model: str = ""
    user: str = ""
    object_id: str = ""
    request_id: str = ""
    place: Place = Place()

    @classmethod
    def of(cls, request: HttpRequest) -> "AuditQuery":
        names = ("model", "user", "object_id", "request_id")
        asked = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in names}
        return cls(**asked, place=Place.read(request.GET.get("older", "")))

    def page(self) -> list[Pair]:
        """One page and one event more, which tells whether there are older ones; each with what was before it."""
        models = {model._meta.label_lower: model for model in tracked_models() if self._fits(model)}
        keys = defaultdict(list)
        for row in self._newest([model for label, model in models.items() if self.model in ("", label)]):
            keys[row["label"]].append(row["pgh_id"])
        found: list[Pair] = []
        for label, those in keys.items():
            rows = models[label]._default_manager.filter(pgh_id__in=those)
            found += with_previous(rows.order_by("-pgh_id"), LINES_A_PAGE + 1)
        return newest_first(found)

    def _newest(self, models: Sequence[Any]) -> Iterable[dict[str, Any]]:
        """The keys of the newest events of all these tables, in one query; each table is read by its key."""
        parts = [
            model._default_manager.filter(**self._conditions(model))
            .annotate(label=Value(model._meta.label_lower))
            .order_by("-pgh_id")
            .values("label", "pgh_id", "pgh_created_at")[: LINES_A_PAGE + 1]
            for model in models
        ]
        if len(parts) < 2:
            return parts[0] if parts else []
        return parts[0].union(*parts[1:], all=True).order_by("-pgh_created_at", "-pgh_id")[: LINES_A_PAGE + 1]

    def _conditions(self, event_model: Any) -> dict[str, Any]:
        last = self.place.shown.get(event_model._meta.label_lower)
        found = {
            "pgh_context__metadata__user": int(self.user) if self.user.isdecimal() else None,
            "pgh_context__metadata__request_id": self.request_id,
            "pgh_obj_id": self.object_id,
            "pgh_id__lt": last,
            "pgh_created_at__lte": self.place.until if last is None else None,
        }
        return {name: value for name, value in found.items() if value not in (None, "")}

    def _fits(self, event_model: Any) -> bool:
        """Whether a number of an object can be asked of this table."""
        if not self.object_id:
            return True
        return hasattr(event_model, "pgh_obj") and self.object_id.isdecimal() and len(self.object_id) <= LONGEST_NUMBER


@admin.register(Events)
class AuditAdmin(ReadOnlyAdmin):
    """Reads the newest rows of each event table by its key, so that the page costs the same however long the history is."""

    has_list_tools = False

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        query = AuditQuery.of(request)
        found = query.page()
        page, has_older = found[:LINES_A_PAGE], len(found) > LINES_A_PAGE
        context = {
            **self.admin_site.each_context(request),
            "title": _("Audit"),
            "lines": write_lines(page),
            "older_url": older_url(request, query.place.after(page)) if has_older else "",
            "query": query,
            "models": [(model._meta.label_lower, name_of(model.pgh_tracked_model)) for model in tracked_models()],
            "people": User.objects.order_by("username").values_list("pk", "username"),
        }
        return TemplateResponse(request, "admin/holdfast/audit.html", context)


def older_url(request: HttpRequest, place: Place) -> str:
    address = request.GET.copy()
    address["older"] = place.write()
    return f"?{address.urlencode()}"
