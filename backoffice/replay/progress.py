"""How far the replay is, on standard error: a bar for a terminal, a line now and then for a log."""

import sys
import time
from typing import TextIO

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 10.0
EVENTS_BETWEEN_LOOKS = 50


class Progress:
    """`total` is the number of lines, which is the number of events but for blank and bad ones."""

    def __init__(self, total: int, *, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._total, self._done = total, 0
        self._began = self._spoke = time.monotonic()
        self._bar = tqdm(total=total, unit=" events", file=self._out, dynamic_ncols=True) if self._out.isatty() else None

    def step(self) -> None:
        self._done += 1
        if self._bar is not None:
            self._bar.update()
        elif self._done % EVENTS_BETWEEN_LOOKS == 0 and time.monotonic() - self._spoke >= SECONDS_BETWEEN_LINES:
            self._spoke = time.monotonic()
            self._out.write(self._line() + "\n")
            self._out.flush()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _line(self) -> str:
        rate = self._done / (self._spoke - self._began)
        minutes, seconds = divmod(round(max(self._total - self._done, 0) / rate), 60)
        share = min(self._done / self._total, 1) if self._total else 1
        return f"{self._done:,} of {self._total:,} events ({share:.0%}), {rate:,.0f} a second, {minutes}:{seconds:02} left"
