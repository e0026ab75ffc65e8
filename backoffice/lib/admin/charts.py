"""Charts as plain data, drawn by unfold's Chart.js from data attributes, with a table that says the same.

Everything the script gets is JSON: no script of ours is on the page, so the content security policy stays as it is.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.lib.admin.page import Panel
from backoffice.lib.display import zone_text

BLUE, AMBER, RED, GREEN, VIOLET, GREY = "#2563eb", "#d97706", "#dc2626", "#16a34a", "#7c3aed", "#6b7280"
INK = "#808791"  # readable on light and on dark ground
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One series. `fills` draws it as an area on top of the lines before it of the same kind; `is_mark` draws single points."""

    label: Any
    values: Sequence[Any]
    colour: str
    is_dashed: bool = False
    fills: bool = False
    is_mark: bool = False
    in_table: bool = True

    @property
    def drawn(self) -> dict[str, Any]:
        shape: dict[str, Any] = {"pointStyle": False, "borderWidth": 2, "stack": "given" if self.fills else str(self.label)}
        if self.is_dashed:
            shape |= {"borderDash": [6, 4], "borderWidth": 1.5}
        if self.fills:
            shape |= {"fill": "stack", "backgroundColor": f"{self.colour}40"}
        if self.is_mark:
            shape |= {"showLine": False, "pointStyle": "triangle", "pointRadius": 7, "backgroundColor": self.colour}
        values = [None if value is None else float(value) for value in self.values]
        return {"label": str(self.label), "data": values, "borderColor": self.colour, "backgroundColor": self.colour, **shape}


@dataclass(frozen=True)
class Choice:
    """Another window of the same chart."""

    label: Any
    url: str
    is_active: bool


@dataclass(frozen=True)
class Chart:
    """Lines over `moments`. `sentence` says in words what they show; `unit` is what the upright axis counts."""

    title: Any
    moments: Sequence[datetime]
    lines: Sequence[Line]
    unit: Any
    sentence: Any = ""
    note: Any = ""
    empty: Any = ""
    choices: Sequence[Choice] = ()
    table: Panel | None = None
    name: str = ""
    template: str = "admin/holdfast/chart.html"

    @property
    def labels(self) -> list[str]:
        """The reader's clock; with the day where the chart is longer than one."""
        is_long = bool(self.moments) and self.moments[-1] - self.moments[0] > DAY
        return [f"{timezone.localtime(at):{'%m-%d %H:%M' if is_long else '%H:%M'}}" for at in self.moments]

    @property
    def value(self) -> str:
        return json.dumps({"labels": self.labels, "datasets": [line.drawn for line in self.lines]})

    @property
    def options(self) -> str:
        """Chart.js's own, spelled out: where options are given, unfold leaves its defaults out."""
        ticks, grid = {"color": INK}, {"lineWidth": 1, "tickLength": 0}
        across = {"ticks": {**ticks, "maxTicksLimit": 12, "maxRotation": 0}, "grid": {"display": False}}
        upright = {"beginAtZero": True, "stacked": any(line.fills for line in self.lines), "ticks": {**ticks, "maxTicksLimit": 6}}
        titles = {"x": zone_text(), "y": str(self.unit)}
        scales = {
            axis: {**scale, "title": {"display": True, "text": titles[axis], "color": INK}}
            for axis, scale in {"x": across, "y": {**upright, "grid": grid}}.items()
        }
        plain = {"animation": False, "responsive": True, "maintainAspectRatio": False}
        return json.dumps({
            **plain,
            "interaction": {"mode": "index", "intersect": False},
            "plugins": {"legend": {"display": False}},
            "scales": scales,
        })  # fmt: skip


WINDOWS: tuple[tuple[str, Any, timedelta | None], ...] = (
    ("1h", _("1 hour"), timedelta(hours=1)),
    ("6h", _("6 hours"), timedelta(hours=6)),
    ("24h", _("24 hours"), DAY),
    ("7d", _("7 days"), 7 * DAY),
    ("all", _("since the start"), None),
)
WINDOW_PARAMETER = "within"
USUAL = "6h"


def asked_window(request: HttpRequest) -> tuple[str, timedelta | None]:
    """Which window the reader chose; what is not one of ours is the usual one."""
    spans = {key: span for key, _label, span in WINDOWS}
    key = request.GET.get(WINDOW_PARAMETER, USUAL)
    return (key, spans[key]) if key in spans else (USUAL, spans[USUAL])


def window_choices(request: HttpRequest, name: str) -> list[Choice]:
    """Links to the other windows, back to the chart of this name."""
    asked, _span = asked_window(request)
    return [Choice(label, f"?{WINDOW_PARAMETER}={key}#{name}", key == asked) for key, label, _span in WINDOWS]
