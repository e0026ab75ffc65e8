"""A replay with everything that is told of it, gathered once for all files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backoffice.replay.figures import TypeFigures, alarm_lines, flag_lines, held_seconds, money_by_coupon_type
from backoffice.replay.run import Played


@dataclass(frozen=True)
class Record:
    """`about` names the input and the options, for whoever finds the results later."""

    about: Mapping[str, Any]
    played: Played
    types: list[TypeFigures]
    alarms: list[dict[str, str]]
    flags: list[dict[str, Any]]
    held_seconds: Mapping[str, float]

    @classmethod
    def gather(cls, played: Played, about: Mapping[str, Any]) -> "Record":
        """Asks the database of the default connection, so it comes before the scratch database goes."""
        return cls(
            about=about,
            played=played,
            types=money_by_coupon_type(played.since),
            alarms=alarm_lines(played.since),
            flags=list(flag_lines(played.since)),
            held_seconds=held_seconds(played.since, played.ends_at),
        )

    @property
    def events_per_second(self) -> float:
        return round(self.played.events / max(self.played.seconds, 0.001), 1)
