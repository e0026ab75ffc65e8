"""A fact with the SQL that reads it, and short ways to write many of them. Pure."""

from dataclasses import dataclass, field

from backoffice.lib.sentences import gettext_noop
from risk.rulebook.schema import Fact, FactType


@dataclass(frozen=True, slots=True)
class SqlFact:
    """`expression` reads the fact of the event `e`; `joins` are what of the book's joins it needs.

    `windowed` is the same read by one pass over many events, where there is such a way: over rows of the event's own table, with
    the expression `e` of the key, and how far back the window goes.
    """

    fact: Fact
    expression: str
    joins: tuple[str, ...] = ()
    windowed: str = ""
    back: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Facts of one heading, from one source."""

    title: str
    source: str
    facts: list[SqlFact] = field(default_factory=list)

    def add(
        self, name: str, kind: FactType, label: str, sql: str, *joins: str, hint: str = "", unit: str = "", **more: object
    ) -> None:
        fact = Fact(name, kind, label, hint, self.source, self.title, unit=unit, **more)  # type: ignore[arg-type]
        self.facts.append(SqlFact(fact, sql, joins))


CNY = gettext_noop("yuan")
HOURS = gettext_noop("hours")
MINUTES = gettext_noop("minutes")
PERCENT = gettext_noop("percent")
ACCOUNTS = gettext_noop("customers")

LISTS = {"allow": gettext_noop("allow list"), "grey": gettext_noop("grey list"), "block": gettext_noop("block list")}
CHANNELS = {
    "app": gettext_noop("app"),
    "mini_program": gettext_noop("mini program"),
    "web": gettext_noop("web"),
    "venue_qr": gettext_noop("QR code at the venue"),
}


def hours_between(start: str, end: str) -> str:
    return f"round(extract(epoch FROM {end} - {start}) / 3600, 2)"


def minutes_between(start: str, end: str) -> str:
    return f"round(extract(epoch FROM {end} - {start}) / 60, 2)"


def hour_of_day(moment: str) -> str:
    """0 to 23, as clocks in China show it."""
    return f"extract(hour FROM {moment} AT TIME ZONE 'Asia/Shanghai')"


def lists_with(kind: str, match: str, known: str, at: str) -> str:
    """The lists on which somebody stood at that time, whatever the scope; missing where there is nobody to look for."""
    in_force = f"x.created_at <= {at} AND (x.expires_at IS NULL OR x.expires_at > {at})"
    return f"""CASE WHEN {known} THEN ARRAY(
        SELECT x.list::text FROM risk_listentry x WHERE x.kind = '{kind}' AND {match}
           AND {in_force} AND (x.ended_at IS NULL OR x.ended_at > {at})
        UNION SELECT 'allow' FROM risk_allowance x WHERE x.kind = '{kind}' AND {match}
           AND {in_force} AND (x.lifted_at IS NULL OR x.lifted_at > {at})) END"""  # noqa: S608  our own names
