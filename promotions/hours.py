"""Weekly opening hours, in wall-clock time of one zone. Pure: no Django, no database.

The claim asks the same question in SQL (`claim_statements.within_hours`), because its guard stands where it takes; a test holds
both together. Hours that end at or before they begin run past midnight: from 22:00 to 02:00 on Friday is open until Saturday 02:00,
and from 00:00 to 00:00 is the whole day. When clocks are put back, the hour that comes twice is open both times; when they are put
forward, the hour that is left out is nobody's loss.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

DAYS_A_WEEK = 7


@dataclass(frozen=True)
class WeeklyHours:
    """Open from `opens` until just before `closes`, on these days of the week (1 is Monday, 7 is Sunday)."""

    weekdays: Collection[int]
    opens: time
    closes: time

    def hold(self, local: datetime) -> bool:
        today, moment = local.isoweekday(), local.time()
        if self.opens < self.closes:
            return today in self.weekdays and self.opens <= moment < self.closes
        yesterday = (today - 2) % DAYS_A_WEEK + 1
        return (today in self.weekdays and moment >= self.opens) or (yesterday in self.weekdays and moment < self.closes)


def is_within(hours: Sequence[WeeklyHours], zone: ZoneInfo, at: datetime) -> bool:
    """Whether one of them holds at this time; without any hours it is always open."""
    local = at.astimezone(zone)
    return not hours or any(span.hold(local) for span in hours)
