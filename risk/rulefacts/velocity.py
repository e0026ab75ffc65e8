"""How much came of one value within a window before the event: count, distinct, sum, least, most, first seen. Pure.

Every statement reads at most ROWS_READ rows of a value, the newest before the event, however hot the value is, and answers for
those: a count that stands at the cap means "so many or more". Each value has an index of its own. The event itself counts. Nothing
later than the event is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from backoffice.lib.sentences import gettext_noop
from risk.rulebook.schema import Fact, FactType
from risk.rulefacts.orders import OF_THE_RECIPIENT
from risk.rulefacts.sources import ACCOUNTS, CNY, HOURS, SqlFact

ROWS_READ = 200
WINDOWS = {
    "10m": ("10 minutes", gettext_noop("10 minutes")),
    "1h": ("1 hour", gettext_noop("1 hour")),
    "24h": ("24 hours", gettext_noop("24 hours")),
    "7d": ("7 days", gettext_noop("7 days")),
}
FIRST_SEEN_WINDOW = "7d"
SOURCE = gettext_noop("claims and orders before this one, at most 200 of a value")


@dataclass(frozen=True, slots=True)
class Key:
    """A value by which rows are put together: `name` in the facts, `key` of the event, `match` of a row `x` with it.

    `own` is the key as a column of the event's own table, where the rows lie in that table.
    """

    name: str
    label: str
    key: str
    match: str
    joins: tuple[str, ...] = ()
    own: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """What is counted: rows `x` of one table, with their time, their amount and who they are of."""

    name: str
    title: str
    table: str
    time: str
    amount: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    name: str
    label: str
    answer: str
    unit: str = ""
    of_amount: bool = False


def measures(of: str) -> tuple[Measure, ...]:
    number = gettext_noop("number of orders") if of == "orders" else gettext_noop("number of claims")
    return (
        Measure("count", number, "count(*)"),
        Measure("distinct", gettext_noop("number of different customers"), "count(DISTINCT s.customer_id)", ACCOUNTS),
        Measure("devices", gettext_noop("number of different devices"), "count(DISTINCT nullif(s.device, ''))"),
        Measure("sum", gettext_noop("sum of discounts"), "sum(s.amount)", CNY, of_amount=True),
        Measure("min", gettext_noop("least discount"), "min(s.amount)", CNY, of_amount=True),
        Measure("max", gettext_noop("greatest discount"), "max(s.amount)", CNY, of_amount=True),
    )


def facts_over(rows: Rows, at: str) -> Iterator[SqlFact]:
    """Every measure by every key over every window, of events at `at`."""
    for key in rows.keys:
        for measure in measures(rows.name):
            if (measure.of_amount and not rows.amount) or (measure.name == "distinct" and key.name == "customer"):
                continue
            for window, (interval, _words) in WINDOWS.items():
                yield _over_window(rows, key, measure, window, interval, at)
        yield _first_seen(rows, key, at)


def _over_window(rows: Rows, key: Key, measure: Measure, window: str, interval: str, at: str) -> SqlFact:
    base = f"{rows.name}.{measure.name}.{key.name}"
    fact = Fact(
        name=f"{base}.{window}",
        type=FactType.NUMBER,
        label=f"{measure.label}\n{key.label}",
        help=gettext_noop("This one included; counted up to 200. Missing where the value itself is unknown."),
        source=SOURCE,
        group=rows.title,
        unit=measure.unit,
        base=base,
        window=window,
    )
    rows_read = _rows_read(rows, key, f"{at} - interval '{interval}'", at)
    expression = f"CASE WHEN {key.key} IS NOT NULL THEN (SELECT {measure.answer} FROM ({rows_read}) s) END"  # noqa: S608
    found = SqlFact(fact, expression, key.joins, back=interval)
    if not key.own or measure.name != "count":
        return found
    frame = f"PARTITION BY {key.own} ORDER BY {at} RANGE BETWEEN interval '{interval}' PRECEDING AND CURRENT ROW"
    return replace(found, windowed=f"CASE WHEN {key.key} IS NOT NULL THEN least(count(*) OVER ({frame}), {ROWS_READ}) END")


def _rows_read(rows: Rows, key: Key, since: str, until: str) -> str:
    """At most ROWS_READ rows of the value, the newest."""
    within = f"{rows.time} >= {since} AND {rows.time} <= {until}"
    amount = f", {rows.amount} AS amount" if rows.amount else ""
    columns = f"x.customer_id, x.device{amount}"
    source = key.source or f"{rows.table} x"
    return f"SELECT {columns} FROM {source} WHERE {key.match} AND {within} ORDER BY {rows.time} DESC LIMIT {ROWS_READ}"  # noqa: S608


def _first_seen(rows: Rows, key: Key, at: str) -> SqlFact:
    """How long ago the value was first seen within the window: the oldest of the newest rows where it is hot."""
    interval = WINDOWS[FIRST_SEEN_WINDOW][0]
    fact = Fact(
        name=f"{rows.name}.first_seen.{key.name}",
        type=FactType.NUMBER,
        label=gettext_noop("first seen so long ago") + f"\n{key.label}",
        help=gettext_noop("Within the last 7 days. Missing where the value itself is unknown."),
        source=SOURCE,
        group=rows.title,
        unit=HOURS,
    )
    since = f"{at} - interval '{interval}'"
    source = key.source or f"{rows.table} x"
    within = f"{rows.time} >= {since} AND {rows.time} <= {at}"
    first = f"SELECT {rows.time} AS at FROM {source} WHERE {key.match} AND {within} ORDER BY {rows.time} LIMIT 1"  # noqa: S608
    answer = f"SELECT round(extract(epoch FROM {at} - s.at) / 3600, 2) FROM ({first}) s"  # noqa: S608
    return SqlFact(fact, f"CASE WHEN {key.key} IS NOT NULL THEN ({answer}) END", key.joins, back=interval)


BY_DEVICE, BY_ADDRESS = gettext_noop("by device"), gettext_noop("by network address")
BY_CUSTOMER, BY_SEGMENT = gettext_noop("by customer"), gettext_noop("by phone segment")
BY_PAYMENT_ACCOUNT, BY_DELIVERY_PHONE = gettext_noop("by payment account"), gettext_noop("by delivery phone")
BY_TOKEN, BY_ENTRY, BY_RECIPIENT = gettext_noop("by token"), gettext_noop("by entry"), gettext_noop("by recipient")
ENTRY_MATCH = "x.coupon_type_id = {type} AND x.entry_id = {entry}"


def claims_of(event: str, *, is_own: bool) -> Rows:
    """Claims before an event, which is a claim itself (`is_own`) or an order with the claim `k` of its first coupon."""
    k, segment = ("e", "e.phone_segment") if is_own else ("k", "said.phone_segment")
    joins, said = ((), ()) if is_own else (("claim",), ("said",))
    own = {name: f"{event}.{column}" if is_own else "" for name, column in OWN.items()}
    device, address = f"nullif({event}.device, '')", f"nullif({event}.address, '')"
    keys: tuple[Key, ...] = (
        Key("device", BY_DEVICE, device, f"x.device = {event}.device AND x.device <> ''", own=own["device"]),
        Key("address", BY_ADDRESS, address, f"x.address = {event}.address AND x.address <> ''", own=own["address"]),
        Key("customer", BY_CUSTOMER, f"{event}.customer_id", f"x.customer_id = {event}.customer_id", own=own["customer"]),
        Key(
            "segment",
            BY_SEGMENT,
            f"nullif({segment}, '')",
            f"x.phone_segment = {segment} AND x.phone_segment <> ''",
            said,
            own["segment"],
        ),
        Key("token", BY_TOKEN, f"{k}.token_id", f"x.token_id = {k}.token_id", joins, own=own["token"]),
        Key("entry", BY_ENTRY, f"{k}.entry_id", ENTRY_MATCH.format(type=f"{k}.coupon_type_id", entry=f"{k}.entry_id"), joins),
    )
    return Rows("claims", gettext_noop("Claims before it"), "promotions_claim", "x.at", "", keys)


OWN = {"device": "device", "address": "address", "customer": "customer_id", "segment": "phone_segment", "token": "token_id"}


def _hashed(name: str, label: str) -> Key:
    column = f"{name}_hash"
    return Key(name, label, f"nullif(e.{column}, '')", f"x.{column} = e.{column} AND x.{column} <> ''", own=f"e.{column}")


def orders_of_orders() -> Rows:
    """Orders before an order."""
    # The newest lines of the recipient up to this order's own, and then their orders: lines have no time.
    lines = f"""(SELECT DISTINCT o.* FROM (
        SELECT l.order_id FROM orders_orderline l WHERE l.recipient_hash = r.hash AND l.recipient_hash <> '' AND l.order_id <= e.id
         ORDER BY l.order_id DESC LIMIT {ROWS_READ}) n JOIN orders_order o ON o.id = n.order_id) x"""  # noqa: S608
    keys = (
        Key("device", BY_DEVICE, "nullif(e.device, '')", "x.device = e.device AND x.device <> ''", own="e.device"),
        Key("address", BY_ADDRESS, "nullif(e.address, '')", "x.address = e.address AND x.address <> ''", own="e.address"),
        Key("customer", BY_CUSTOMER, "e.customer_id", "x.customer_id = e.customer_id", own="e.customer_id"),
        Key("recipient", BY_RECIPIENT, "r.hash", "true", OF_THE_RECIPIENT, source=lines),
        _hashed("payment_account", BY_PAYMENT_ACCOUNT),
        _hashed("delivery_phone", BY_DELIVERY_PHONE),
    )
    return Rows("orders", gettext_noop("Orders before it"), "orders_order", "x.placed_at", "x.discount_amount", keys)
