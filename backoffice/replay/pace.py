"""How fast the file's clock runs."""

import time
from collections.abc import Callable
from datetime import datetime


class Pace:
    """Waits until it is time: `speed` seconds of the file take one second. None: as fast as it can be done."""

    def __init__(self, speed: float | None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._speed, self._sleep = speed, sleep
        self._began: tuple[datetime, float] | None = None

    def wait_for(self, at: datetime) -> None:
        if self._speed is None:
            return
        if self._began is None:
            self._began = at, time.monotonic()
        first, began = self._began
        seconds = began + (at - first).total_seconds() / self._speed - time.monotonic()
        if seconds > 0:
            self._sleep(seconds)
