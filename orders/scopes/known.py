"""The fields of orders themselves: what paid for them, who and what they are for, when and how they stand, and lists of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.aloud import aloud, word
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Freeze, Hold, OrderDiscount, OrderLine, OrderList, OrderListItem
from orders.recipients import masked_recipient
from orders.scopes.fields import AskedAs, ScopeField, Values, scope_field
from orders.scopes.kinds import choice_field, row_field, rows_of, text_field
from orders.scopes.parts import BadScope
from orders.scopes.reading import act_aloud
from orders.states import DELIVERABLE_STATUSES, Category, HoldKind, OrderStatus
from promotions.models import Campaign, ClaimToken, CouponType, Customer, Entry, Grant, TokenBatch
from promotions.services.nobody import known_device, known_network, known_recipient

HASH_LENGTH = 64
FROM_UNTIL = Sentence(gettext_noop("from %(since)s until %(until)s"), is_part=True)
FROM = Sentence(gettext_noop("from %(since)s on"), is_part=True)
BEFORE = Sentence(gettext_noop("before %(until)s"), is_part=True)
LIST = Sentence(
    gettext_noop("the %(count)s of %(list)s (%(source)s: %(name)s; SHA-256 %(hash)s…)"), is_part=True, list=act_aloud, source=word
)


def _paid_by(path: str) -> Callable[[Sequence[int], datetime], Q]:
    """Orders that a coupon with this provenance took something off."""

    def condition(keys: Sequence[int], _at: datetime) -> Q:
        return Q(Exists(OrderDiscount.objects.filter(**{"order": OuterRef("pk"), f"coupon__{path}__in": keys})))

    return condition


def _with_lines(lookup: str) -> Callable[[Values, datetime], Q]:
    def condition(values: Values, _at: datetime) -> Q:
        return Q(Exists(OrderLine.objects.filter(**{"order": OuterRef("pk"), f"{lookup}__in": values})))

    return condition


def _held(values: Values, _at: datetime) -> Q:
    holds = Hold.objects.open().filter(order=OuterRef("pk"))
    answers = {"any": Q(Exists(holds)), "none": ~Q(Exists(holds))}
    found = Q()
    for value in values:
        found |= answers[value] if value in answers else Q(Exists(holds.filter(kind=value)))
    return found


def _period(values: Values, _at: datetime) -> Q:
    since, until = values
    found = Q(placed_at__gte=datetime.fromisoformat(since)) if since else Q()
    return found & Q(placed_at__lt=datetime.fromisoformat(until)) if until else found


def _checked_period(values: Values) -> Values:
    moments = [_moment(value) for value in values]
    since, until = (*moments, None, None)[:2]
    if since is None and until is None:
        raise BadScope(_("A period begins or ends at some time."))
    if since is not None and until is not None and since >= until:
        raise BadScope(_("A period ends after it begins."))
    return [moment.astimezone(UTC).isoformat() if moment else "" for moment in (since, until)]


def _moment(value: str) -> datetime | None:
    """A time as ISO 8601 writes it; one without a zone is meant in the reader's."""
    if not value:
        return None
    try:
        moment = parse_datetime(value)
    except ValueError:
        moment = None
    if moment is None:
        raise BadScope(_("“%s” is no time.") % value)
    try:
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    except (OverflowError, ValueError):
        raise BadScope(_("“%s” is no time.") % value) from None


def _period_in_words(values: Values) -> Sequence[str]:
    since, until = (
        "" if not value else f"{timezone.localtime(datetime.fromisoformat(value)):%Y-%m-%d %H:%M:%S %z}" for value in values
    )
    template = (FROM_UNTIL if since and until else FROM if since else BEFORE).template
    return [_(template) % {"since": since, "until": until}]


def _checked_recipients(values: Values) -> Values:
    for value in values:
        if len(value) != HASH_LENGTH or set(value) - set("0123456789abcdef"):
            raise BadScope(_("A recipient is named by the keyed hash of the number or account."))
    return sorted(set(values))


def _typed_recipients(values: Values) -> Values:
    """Numbers and accounts as staff type them: only the keyed hash goes on from here, never into an address."""
    hashes = [known_recipient(value)[0] for value in values]
    if not all(hashes) or not hashes:
        raise BadScope(_("One of them is no number or account that can be credited."))
    return hashes


def _recipients_in_words(values: Values) -> Sequence[str]:
    rows = OrderLine.objects.filter(recipient_hash__in=values).order_by("recipient_hash", "pk").distinct("recipient_hash")
    last_four = dict(rows.values_list("recipient_hash", "recipient_last_four"))
    return [masked_recipient(value, last_four.get(value, "")) for value in values]


def _typed_tokens(values: Values) -> Values:
    """Tokens as pages name them: the batch, and the number of the token in it."""
    found = []
    for value in values:
        batch, _hash, number = value.rpartition("#")
        tokens: Any = ClaimToken.objects.none()
        if number.strip().isdecimal() and len(number) < 10:
            tokens = ClaimToken.objects.filter(batch__code=batch.strip(), number=int(number) - 1)
        keys = list(tokens.values_list("pk", flat=True))
        if not keys:
            raise BadScope(_("There is no token “%s”. Write the batch, # and the number.") % value)
        found += [str(key) for key in keys]
    return found


def _typed_customers(values: Values) -> Values:
    known = dict(Customer.objects.filter(ref__in=values).values_list("ref", "pk"))
    for value in values:
        if value not in known:
            raise BadScope(_("There is no customer “%s”.") % value)
    return [str(known[value]) for value in values]


def _in_lists(keys: Sequence[int], _at: datetime) -> Q:
    return Q(Exists(OrderListItem.objects.filter(order=OuterRef("pk"), order_list__in=keys)))


def list_in_words(orders: OrderList) -> str:
    return _(LIST.template) % {
        "count": f"{orders.count:,}",
        "list": orders,
        "source": orders.get_source_display(),
        "name": aloud(orders.name),
        "hash": orders.sha256[:16],
    }


def _by_freeze(keys: Sequence[int], _at: datetime) -> Q:
    return Q(Exists(Hold.objects.filter(order=OuterRef("pk"), freeze__in=keys)))


def _choices(choices: Any) -> Callable[[], Sequence[tuple[str, Any]]]:
    return lambda: [(str(value), label) for value, label in choices]


HELD = [("any", gettext_lazy("held")), ("none", gettext_lazy("not held")), *HoldKind.choices]
WAITING = [("waits", gettext_lazy("asked for, not delivered"))]
VIRTUAL = [("yes", gettext_lazy("with virtual goods")), ("no", gettext_lazy("goods alone"))]
VIRTUAL_MEANS = {"yes": Q(virtual_amount__gt=0), "no": Q(virtual_amount=0)}
ONE_A_LINE = gettext_lazy("One a line.")

KNOWN = (
    row_field("coupon_type", gettext_lazy("coupon type"), rows_of(CouponType), _paid_by("coupon_type"), say=lambda row: row.code),
    row_field("campaign", gettext_lazy("campaign"), rows_of(Campaign), _paid_by("coupon_type__campaign"), say=lambda row: row.code),
    row_field("entry", gettext_lazy("entry"), rows_of(Entry), _paid_by("claim__entry"), say=lambda row: row.code),
    row_field(
        "batch",
        gettext_lazy("token batch"),
        rows_of(TokenBatch, "entry"),
        _paid_by("claim__token__batch"),
        say=lambda row: f"{row.entry.code} / {row.code}",
    ),
    row_field(
        "token",
        gettext_lazy("token"),
        rows_of(ClaimToken, "batch"),
        _paid_by("claim__token"),
        asked_as=AskedAs.LINES,
        typed=_typed_tokens,
        hint=gettext_lazy("The batch, # and the number of the token, one a line."),
    ),
    row_field("grant", gettext_lazy("grant"), rows_of(Grant), _paid_by("grant_item__grant")),
    ScopeField(
        "placed_at",
        gettext_lazy("placed"),
        _period,
        _checked_period,
        _period_in_words,
        AskedAs.PERIOD,
        hint=gettext_lazy("The first time is included, the second is not. Either may be empty."),
    ),
    choice_field("status", gettext_lazy("state"), _choices(OrderStatus.choices), lambda values, _at: Q(status__in=values)),
    choice_field("held", gettext_lazy("held"), _choices(HELD), _held),
    choice_field("category", gettext_lazy("category"), _choices(Category.choices), _with_lines("category")),
    choice_field(
        "virtual",
        gettext_lazy("virtual goods"),
        _choices(VIRTUAL),
        lambda values, _at: Q(*(VIRTUAL_MEANS[value] for value in values), _connector=Q.OR),
    ),
    choice_field(
        "delivery",
        gettext_lazy("delivery"),
        _choices(WAITING),
        lambda _values, _at: Q(delivery_asked_at__isnull=False, status__in=DELIVERABLE_STATUSES),
    ),
    row_field(
        "customer",
        gettext_lazy("customer"),
        rows_of(Customer),
        lambda keys, _at: Q(customer__in=keys),
        say=lambda row: row.ref,
        asked_as=AskedAs.LINES,
        typed=_typed_customers,
        hint=gettext_lazy("The storefront's references, one a line."),
    ),
    text_field("device", gettext_lazy("device"), lambda values, _at: Q(device__in=values), plain=known_device, hint=ONE_A_LINE),
    text_field(
        "address", gettext_lazy("network address"), lambda values, _at: Q(address__in=values), plain=known_network, hint=ONE_A_LINE
    ),
    ScopeField(
        "recipient",
        gettext_lazy("recipient of a top-up"),
        _with_lines("recipient_hash"),
        _checked_recipients,
        _recipients_in_words,
        AskedAs.LINES,
        typed=_typed_recipients,
        hint=gettext_lazy("Phone numbers or accounts, one a line. Only their keyed hashes are kept."),
    ),
    row_field(
        "orders",
        gettext_lazy("order numbers"),
        rows_of(OrderList),
        _in_lists,
        say=list_in_words,
        asked_as=AskedAs.LIST,
        hint=gettext_lazy("Pasted, or a file of plain text or CSV: one number a line, at most 1,000,000."),
    ),
    row_field("freeze", gettext_lazy("held by the freeze"), rows_of(Freeze), _by_freeze),
)
for _field in KNOWN:
    scope_field(_field)
