"""Pictures as inline SVG, drawn from plain numbers. Pure: no Django, no database. Colours are the page's, by class name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from html import escape

WIDTH, LEFT, RIGHT = 1120, 58, 14
PLOT = WIDTH - LEFT - RIGHT
CHART_TOP, CHART_HEIGHT, AXIS_HEIGHT = 14, 150, 26
MARK_ROW, MARK_RADIUS, MARK_ROWS = 22, 9, 4
BUCKETS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 360, 1440))
MOST_BUCKETS = 2_200
TICKS = tuple(timedelta(hours=hours) for hours in (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 730, 2190, 8760))
MOST_TICKS = 14
HOVERS = 120


@dataclass(frozen=True)
class Series:
    """One layer of a stacked chart: `counts` by the number of the bucket, `name` for people, `css` the class of its colour."""

    name: str
    css: str
    counts: Mapping[int, int]


@dataclass(frozen=True)
class Mark:
    """A moment that is marked in every chart, with a number that leads to the row `#alarm-NUMBER` of a table."""

    number: int
    at: datetime
    text: str
    css: str


class TimeAxis:
    """The time from left to right, cut into buckets of equal length, in the zone of the readers."""

    def __init__(self, begin: datetime, end: datetime, zone: tzinfo) -> None:
        self.bucket = next((size for size in BUCKETS if (end - begin) / size <= MOST_BUCKETS), BUCKETS[-1])
        seconds = int(self.bucket.total_seconds())
        self._first = int(begin.timestamp()) // seconds
        self.buckets = int(end.timestamp()) // seconds - self._first + 1
        self._seconds, self._zone = seconds, zone

    def bucket_of(self, minute: int) -> int:
        """The bucket that a minute since 1970 falls into; out of range for what is left out."""
        return minute * 60 // self._seconds - self._first

    def x(self, bucket: float) -> float:
        return LEFT + PLOT * bucket / self.buckets

    def x_at(self, at: datetime) -> float:
        return self.x(at.timestamp() / self._seconds - self._first)

    def time_of(self, bucket: int) -> datetime:
        return datetime.fromtimestamp((self._first + bucket) * self._seconds, self._zone)

    def ticks(self) -> list[tuple[float, str]]:
        """Places and labels, at full hours or days of the zone."""
        begin, end = self.time_of(0), self.time_of(self.buckets)
        step = next((size for size in TICKS if (end - begin) / size <= MOST_TICKS), TICKS[-1])
        midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        moment = midnight + -(-(begin - midnight) // step) * step
        found = []
        while moment < end:
            is_day = moment.hour == moment.minute == 0
            found.append((self.x_at(moment), f"{moment:%-d %b}" if is_day else f"{moment:%H:%M}"))
            moment += step
        return found


def stacked_chart(axis: TimeAxis, series: Sequence[Series], marks: Sequence[Mark], *, title: str) -> str:
    """Layers of counts over time, the first one at the bottom, with the marks as lines through them."""
    totals = [sum(layer.counts.get(bucket, 0) for layer in series) for bucket in range(axis.buckets)]
    top = nice_top(max(totals, default=0))
    parts = [_grid(axis, top)]
    below = [0] * axis.buckets
    for layer in series:
        above = [low + layer.counts.get(bucket, 0) for bucket, low in enumerate(below)]
        if above != below:
            parts.append(f'<path class="{layer.css}" d="{_area(axis, below, above, top)}"/>')
        below = above
    for mark in marks:
        x = axis.x_at(mark.at)
        parts.append(f'<line class="mark {mark.css}" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{CHART_TOP + CHART_HEIGHT}"/>')
    parts.append(_hovers(axis, series))
    return svg("".join(parts), CHART_TOP + CHART_HEIGHT + AXIS_HEIGHT, title)


def mark_strip(axis: TimeAxis, marks: Sequence[Mark], *, title: str) -> str:
    """The numbered marks above the charts; those that would cover each other go into a row of their own."""
    ends = [0.0] * MARK_ROWS
    placed = []
    for mark in marks:
        x = axis.x_at(mark.at)
        row = next((row for row, end in enumerate(ends) if x - MARK_RADIUS >= end), MARK_ROWS - 1)
        ends[row] = x + MARK_RADIUS + 2
        placed.append((mark, x, row))
    rows = max((row for *_, row in placed), default=0) + 1
    height = rows * MARK_ROW + 4
    parts = []
    for mark, x, row in placed:
        y = height - 4 - MARK_ROW * row - MARK_RADIUS
        parts.append(
            f'<line class="mark {mark.css}" x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{height}"/>'
            f'<a href="#alarm-{mark.number}"><circle class="dot {mark.css}" cx="{x:.1f}" cy="{y}" r="{MARK_RADIUS}"/>'
            f'<text class="dot-text" x="{x:.1f}" y="{y + 3.5}">{mark.number}</text><title>{escape(mark.text)}</title></a>'
        )
    return svg("".join(parts), height, title)


def nice_top(value: int) -> int:
    """The next 1, 2 or 5 times a power of ten; at least 4, so that there are whole numbers to write at the side."""
    power = 1
    while True:
        for step in (1, 2, 4, 5, 8):
            if step * power >= max(value, 4):
                return step * power
        power *= 10


def _area(axis: TimeAxis, below: Sequence[int], above: Sequence[int], top: int) -> str:
    """One closed path: the upper edge in steps from the left, the lower edge in steps back."""
    forth = [f"M{axis.x(0):.1f} {_y(below[0], top)}", *_steps(axis, above, top, range(axis.buckets))]
    back = _steps(axis, below, top, range(axis.buckets - 1, -1, -1))
    return "".join([*forth, *back, "Z"])


def _steps(axis: TimeAxis, values: Sequence[int], top: int, order: range) -> list[str]:
    """Horizontal runs of equal values, each drawn once."""
    path, last = [], None
    for bucket in order:
        if values[bucket] != last:
            near = bucket if order.step > 0 else bucket + 1
            path.append(f"H{axis.x(near):.1f}V{_y(values[bucket], top)}")
            last = values[bucket]
    path.append(f"H{axis.x(axis.buckets if order.step > 0 else 0):.1f}")
    return path


def _grid(axis: TimeAxis, top: int) -> str:
    bottom = CHART_TOP + CHART_HEIGHT
    parts = []
    for value in (0, top // 2, top):
        y = _y(value, top)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick" text-anchor="end" x="{LEFT - 8}" y="{y + 4:.1f}">{value:,}</text>')
    for x, label in axis.ticks():
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>')
        parts.append(f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{bottom + 19}">{escape(label)}</text>')
    return "".join(parts)


def _hovers(axis: TimeAxis, series: Sequence[Series]) -> str:
    """Invisible columns that say their numbers when the pointer rests on them."""
    width = -(-axis.buckets // HOVERS)
    parts = []
    for begin in range(0, axis.buckets, width):
        end = min(begin + width, axis.buckets)
        counts = [(layer.name, sum(layer.counts.get(bucket, 0) for bucket in range(begin, end))) for layer in series]
        words = ", ".join(f"{count:,} {name}" for name, count in counts)
        span = f"{axis.time_of(begin):%-d %b %H:%M} – {axis.time_of(end):%H:%M}"
        parts.append(
            f'<rect class="hover" x="{axis.x(begin):.1f}" y="{CHART_TOP}" width="{axis.x(end) - axis.x(begin):.1f}"'
            f' height="{CHART_HEIGHT}"><title>{escape(f"{span}: {words}")}</title></rect>'
        )
    return "".join(parts)


def _y(value: float, top: int) -> float:
    return round(CHART_TOP + CHART_HEIGHT * (1 - value / top), 1)


def svg(inside: str, height: float, title: str) -> str:
    """A picture as wide as the page allows; `title` is read to those who do not see it."""
    return f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title)}">{inside}</svg>'
