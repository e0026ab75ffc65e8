# ruff: noqa: S608  statements are made of constants of ours
"""From an order to where its coupons came from, and back out to everything that shares a value with them.

A trace begins at any of them: it names the newest coupons and orders that the value leads to, as lines from order to channel, and
counts for every value on the first line who shares it. Counts stop at a cap, so that a hot value costs no more than any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.errors import NotFound
from orders.models import Order, OrderDiscount
from promotions.identities import plain_identity
from promotions.models import Claim, ClaimToken, Coupon, CouponType, Customer, Entry, TokenBatch
from promotions.services.nobody import known_device, known_network
from promotions.services.refusals import Refused
from promotions.services.tokens import find_token
from promotions.tokens import PREFIX
from risk.facts import HUB_CAP
from risk.models import Incident, IncidentCoupon
from risk.services.hashed_values import HASHED, hash_of, is_seen, shown_as

LINES_SHOWN = 20
COUNTED_UP_TO = 1_000


@dataclass(frozen=True)
class Kind:
    """Something that a trace can begin at: how it is called, and which coupons and orders it leads to."""

    name: str
    label: Any
    coupons: str = ""
    orders: str = ""
    model: type | None = None


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("order", gettext_lazy("order"), orders="pk", model=Order),
        Kind("coupon", gettext_lazy("coupon"), coupons="pk", model=Coupon),
        Kind("claim", gettext_lazy("claim"), coupons="claim", model=Claim),
        Kind("token", gettext_lazy("token"), coupons="claim__token", model=ClaimToken),
        Kind("batch", gettext_lazy("token batch"), coupons="claim__token__batch", model=TokenBatch),
        Kind("entry", gettext_lazy("entry"), coupons="claim__entry", model=Entry),
        Kind("coupon_type", gettext_lazy("coupon type"), coupons="coupon_type", model=CouponType),
        Kind("customer", gettext_lazy("customer"), coupons="customer", orders="customer", model=Customer),
        Kind("incident", gettext_lazy("incident"), model=Incident),
        Kind("device", gettext_lazy("device"), coupons="claim__device", orders="device"),
        Kind("address", gettext_lazy("network address"), coupons="claim__address", orders="address"),
        Kind("recipient", gettext_lazy("recipient of a top-up"), orders="lines__recipient_hash"),
        Kind("payment_account", gettext_lazy("payment account"), orders="payment_account_hash"),
        Kind("delivery_phone", gettext_lazy("delivery phone"), orders="delivery_phone_hash"),
    )
}


@dataclass(frozen=True)
class Start:
    """Where a trace begins: a row, or a value that rows share."""

    kind: str
    key: str
    shown: str
    row: Any = None


@dataclass(frozen=True)
class TraceLine:
    """One way from an order back to the channel; what is not known of it is None. An order may have no coupon."""

    order: Order | None
    coupon: Coupon | None

    @property
    def claim(self) -> Claim | None:
        return self.coupon.claim if self.coupon else None

    @property
    def token(self) -> ClaimToken | None:
        return self.claim.token if self.claim else None


@dataclass(frozen=True)
class Shared:
    """A value on the line, and how many share it: claims, orders, customers, each counted up to COUNTED_UP_TO.

    A hub is shared by more accounts than the cap beyond which a value joins nobody.
    """

    start: Start
    claims: int | None
    orders: int | None
    accounts: int

    @property
    def is_hub(self) -> bool:
        return self.accounts > HUB_CAP


@dataclass(frozen=True)
class Trace:
    start: Start
    lines: Sequence[TraceLine]
    shared: Sequence[Shared] = field(default_factory=tuple)


def start_of(kind: str, key: str) -> Start:
    """What an address names. Raises NotFound for what is not there."""
    found = KINDS.get(kind)
    if found is None or not key or "\x00" in key:
        raise NotFound(_("There is nothing to trace."))
    if found.model is None:
        return Start(kind, key, _shown(kind, key))
    rows: QuerySet[Any] = found.model._default_manager.all()  # type: ignore[attr-defined]
    row = rows.filter(pk=int(key)).first() if key.isascii() and key.isdecimal() and len(key) < 19 else None
    if row is None:
        raise NotFound(_("There is no %(kind)s #%(key)s.") % {"kind": found.label, "key": key})
    return Start(kind, key, str(row), row)


def starts_of(text: str) -> list[Start]:
    """What a person may have meant: an order, a coupon, a token, a customer, his phone's last four, an incident, or a value."""
    term = text.strip().replace("\x00", "")
    if not term:
        return []
    spellings = {term, term.upper(), term.lower()}
    found = [_row("order", row) for row in Order.objects.filter(ref__in=spellings)[:LINES_SHOWN]]
    found += [_row("coupon", row) for row in Coupon.objects.filter(code__in=spellings)[:LINES_SHOWN]]
    people = Customer.objects.filter(Q(ref__in=spellings) | Q(phone_last_four=term)).order_by("-pk")
    found += [_row("customer", row) for row in people[:LINES_SHOWN]]
    found += [_row("coupon_type", row) for row in CouponType.objects.filter(code__in=spellings)]
    found += [_row("entry", row) for row in Entry.objects.filter(code__in=spellings)]
    found += [_row("batch", row) for row in TokenBatch.objects.filter(code__in=spellings)[:LINES_SHOWN]]
    return found + _tokens(term) + _incidents(term) + _values(term)


def trace(start: Start) -> Trace:
    """The newest lines through where it begins, and who shares what is on the first of them."""
    lines = _lines(start)
    return Trace(start, lines, [_count(one) for one in _values_on(lines[0])] if lines else [_count(start)] if not start.row else [])


def _row(kind: str, row: Any) -> Start:
    return Start(kind, str(row.pk), str(row), row)


def _tokens(term: str) -> list[Start]:
    """By the text on a code, or as pages name it: the batch, # and the number."""
    if term.startswith(PREFIX):
        try:
            return [_row("token", find_token(term))]
        except Refused:
            return []
    batch, _hash, number = term.rpartition("#")
    if not (batch and number.isascii() and number.isdecimal() and len(number) < 10):
        return []
    rows = ClaimToken.objects.filter(batch__code=batch.strip(), number=int(number) - 1).select_related("batch")
    return [_row("token", row) for row in rows[:LINES_SHOWN]]


def _incidents(term: str) -> list[Start]:
    number = term.removeprefix("#")
    keys = [int(number)] if number.isascii() and number.isdecimal() and len(number) < 10 else []
    return [_row("incident", row) for row in Incident.objects.filter(Q(pk__in=keys) | Q(title__iexact=term))[:LINES_SHOWN]]


def _values(term: str) -> list[Start]:
    found, device = [], plain_identity(term)
    if device and (Order.objects.filter(device=device).exists() or Claim.objects.filter(device=device).exists()):
        found.append(Start("device", device, device))
    if Order.objects.filter(address=term).exists():
        found.append(Start("address", term, term))
    hashes = ((kind, hash_of(kind, term)) for kind in HASHED)
    return found + [Start(kind, hashed, shown_as(kind, hashed)) for kind, hashed in hashes if is_seen(kind, hashed)]


def _shown(kind: str, key: str) -> str:
    return shown_as(kind, key) if kind in HASHED else key


def _lines(start: Start) -> list[TraceLine]:
    """Coupons first, each with what it paid for; orders without a coupon of these after them."""
    kind = KINDS[start.kind]
    coupons: QuerySet[Coupon] = Coupon.objects.none()
    if start.kind == "incident":
        coupons = Coupon.objects.filter(pk__in=IncidentCoupon.objects.filter(incident=start.row).values("coupon"))
    elif kind.coupons:
        coupons = Coupon.objects.filter(**{kind.coupons: start.row.pk if start.row else start.key})
    orders = (
        Order.objects.filter(**{kind.orders: start.row.pk if start.row else start.key}) if kind.orders else Order.objects.none()
    )
    newest = list(orders.order_by("-pk").select_related("customer").distinct()[:LINES_SHOWN])
    paid = {discount.order_id: discount.coupon_id for discount in OrderDiscount.objects.filter(order__in=newest).order_by("-pk")}
    keys = list(coupons.order_by("-pk").values_list("pk", flat=True)[:LINES_SHOWN])
    return _joined([*keys, *(key for key in paid.values() if key not in keys)], [order for order in newest if order.pk not in paid])


def _joined(coupon_ids: list[int], plain: list[Order]) -> list[TraceLine]:
    related = ("customer", "coupon_type", "claim__entry", "claim__token__batch", "claim__customer")
    coupons = Coupon.objects.select_related(*related).in_bulk(coupon_ids)
    discounts = OrderDiscount.objects.filter(coupon__in=coupon_ids).select_related("order__customer").order_by("pk")
    orders = {discount.coupon_id: discount.order for discount in discounts}
    lines = [TraceLine(orders.get(key), coupons[key]) for key in coupon_ids]
    return [*sorted(lines, key=lambda line: line.order is None), *(TraceLine(order, None) for order in plain)]


def _values_on(line: TraceLine) -> list[Start]:
    """Everything on a line that others may share, from the narrowest to the widest."""
    order, coupon, claim = line.order, line.coupon, line.claim
    found: list[Start] = []
    customer = order.customer if order else coupon.customer if coupon else None
    if customer:
        found.append(_row("customer", customer))
    found += [Start("device", value, value) for value in _different(order.device if order else "", claim.device if claim else "")]
    if order:
        hashes = order.lines.exclude(recipient_hash="").order_by("position").values_list("recipient_hash", flat=True)
        found += [Start("recipient", value, _shown("recipient", value)) for value in _different(*hashes)]
        found += purses_of(order)
    found += [
        Start("address", value, value) for value in _different(order.address if order else "", claim.address if claim else "")
    ]
    if line.token:
        found += [_row("token", line.token), _row("batch", line.token.batch)]
    if claim and claim.entry:
        found.append(_row("entry", claim.entry))
    return [*found, _row("coupon_type", coupon.coupon_type)] if coupon else found


def purses_of(order: Order) -> list[Start]:
    """The account that paid and the phone that parcels go to, where the storefront has told of them."""
    kept = {"payment_account": order.payment_account_hash, "delivery_phone": order.delivery_phone_hash}
    return [Start(kind, value, _shown(kind, value)) for kind, value in kept.items() if value]


def _different(*values: str) -> list[str]:
    return [value for value in dict.fromkeys(values) if value]


_CLAIMED = {
    "customer": "l.customer_id = %(key)s::bigint",
    "device": "l.device = %(key)s AND l.device <> ''",
    "token": "l.token_id = %(key)s::bigint",
    "batch": "l.token_id IN (SELECT k.id FROM promotions_claimtoken k WHERE k.batch_id = %(key)s::bigint AND k.used > 0)",
    "entry": "l.entry_id = %(key)s::bigint",
    "coupon_type": "l.coupon_type_id = %(key)s::bigint",
}
_ORDERED = {
    "customer": "o.customer_id = %(key)s::bigint",
    "device": "o.device = %(key)s AND o.device <> ''",
    "address": "o.address = %(key)s AND o.address <> ''",
    "recipient": "o.id IN (SELECT r.order_id FROM orders_orderline r WHERE r.recipient_hash = %(key)s AND r.recipient_hash <> '')",
    "payment_account": "o.payment_account_hash = %(key)s AND o.payment_account_hash <> ''",
    "delivery_phone": "o.delivery_phone_hash = %(key)s AND o.delivery_phone_hash <> ''",
}


def _count(start: Start) -> Shared:
    """Reads at most COUNTED_UP_TO + 1 rows of each, whatever the value; claims have no index by address."""
    claimed, ordered = _CLAIMED.get(start.kind), _ORDERED.get(start.kind)
    parts = []
    if claimed:
        parts.append(f"(SELECT 1 AS is_claim, l.customer_id FROM promotions_claim l WHERE {claimed} LIMIT %(most)s)")
    if ordered:
        parts.append(f"(SELECT 0, o.customer_id FROM orders_order o WHERE {ordered} LIMIT %(most)s)")
    statement = (
        "SELECT count(*) FILTER (WHERE is_claim = 1), count(*) FILTER (WHERE is_claim = 0), count(DISTINCT customer_id)"
        f" FROM ({' UNION ALL '.join(parts)}) AS s(is_claim, customer_id)"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"key": start.key, "most": COUNTED_UP_TO + 1})
        claims, orders, accounts = cursor.fetchone()
    return Shared(start, claims if claimed else None, orders if ordered else None, accounts)


def names_nobody(start: Start) -> bool:
    """Whether the value is one of those that identify nobody, and therefore joins nobody however many share it."""
    known = {"device": known_device, "address": lambda text: known_network(text.removesuffix("/64"))}
    return start.kind in known and not known[start.kind](start.key)
