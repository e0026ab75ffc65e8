"""What thresholds measure. Lines that ask the same of many campaigns, types, entries or batches are answered by one query.

Totals since the start come from the counters where there are any; amounts and counts within a window come from the ledger. Amounts
are in the currency of the campaign; over the whole platform amounts of different currencies are added up as they are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from promotions.models import BudgetSlice, Claim, Coupon, CouponTypeSlice, EntrySlice, Redemption, Threshold
from promotions.models.watch import SCOPES
from promotions.states import SILENT_REASONS, TOKEN_REFUSALS, CouponStatus, LimitKind, Metric

YOUNG = timedelta(days=7)
QUICK = timedelta(minutes=15)
MOSTLY = Decimal("0.75")
PLATFORM = "platform"
OUTSTANDING = (CouponStatus.ISSUED, CouponStatus.FROZEN)

# The path from a row to what a threshold can be drawn for.
OF_CLAIM = {"campaign": "coupon_type__campaign", "coupon_type": "coupon_type", "entry": "entry", "batch": "token__batch"}
OF_COUPON = {
    "campaign": "coupon_type__campaign",
    "coupon_type": "coupon_type",
    "entry": "claim__entry",
    "batch": "claim__token__batch",
}
OF_REDEMPTION = {
    "campaign": "coupon_type__campaign",
    "coupon_type": "coupon_type",
    "entry": "coupon__claim__entry",
    "batch": "coupon__claim__token__batch",
}


@dataclass(frozen=True)
class Ledger:
    """A metric that is read from rows with a time. `sums` are its aggregates, each for the rows that a condition picks; `worth`
    makes the value of their results. With `per` the rows are taken apart once more, and the highest value counts.
    """

    rows: Callable[[Sequence[str]], QuerySet]
    paths: Mapping[str, str]
    sums: Mapping[str, Callable[[Q], Any]]
    worth: Callable[[Mapping[str, Any]], Any]
    per: str = ""


@dataclass(frozen=True)
class Question:
    """What several lines ask alike, of different rows."""

    metric: str
    scope: str
    reasons: tuple[str, ...]
    is_total: bool


def scope_of(line: Threshold) -> tuple[str, int | None]:
    """Which kind of row the line is drawn for, and its key."""
    found = ((name, getattr(line, f"{name}_id")) for name in SCOPES)
    return next(((name, pk) for name, pk in found if pk is not None), (PLATFORM, None))


def measure(line: Threshold, at: datetime) -> Decimal:
    """The present value of a line's metric."""
    return measure_all([line], at)[line.pk]


def measure_all(lines: Iterable[Threshold], at: datetime) -> dict[int, Decimal]:
    """The present value of each line's metric, by the line's key."""
    asked: dict[Question, list[Threshold]] = defaultdict(list)
    for line in lines:
        asked[question_of(line)].append(line)
    found: dict[int, Decimal] = {}
    for question, asking in asked.items():
        counter = _counters.get((question.metric, question.scope)) if question.is_total else None
        if counter is not None:
            totals = counter({scope_of(line)[1] for line in asking})
            found |= {line.pk: Decimal(totals.get(scope_of(line)[1]) or 0) for line in asking}
        else:
            found |= _read_ledger(question, asking, at)
    return found


def issued_by(lines: Iterable[Threshold]) -> dict[int, int]:
    """How many coupons were ever claimed at what each line is drawn for, by the line's key."""
    found: dict[int, int] = {}
    by_scope: dict[str, dict[int, int | None]] = defaultdict(dict)
    for line in lines:
        name, key = scope_of(line)
        by_scope[name][line.pk] = key
    for name, keys in by_scope.items():
        count = _counters.get((Metric.ISSUED_COUNT, name)) or _issued_by_batches
        totals = count(set(keys.values()))
        found |= {pk: int(totals.get(key) or 0) for pk, key in keys.items()}
    return found


def question_of(line: Threshold) -> Question:
    reasons, metric = tuple(sorted(line.reasons)), line.metric
    if line.kind == LimitKind.SILENT:
        metric, reasons = Metric.REFUSALS, tuple(SILENT_REASONS)
    return Question(metric, scope_of(line)[0], reasons, is_total=line.window is None)


def _read_ledger(question: Question, lines: Sequence[Threshold], at: datetime) -> dict[int, Decimal]:
    """One query over the widest window; the narrower ones are conditions inside it."""
    ledger = _ledgers[question.metric]
    windows = sorted({line.window for line in lines if line.window is not None})
    rows = ledger.rows(question.reasons)
    if windows:
        rows = rows.filter(at__gt=at - windows[-1], at__lte=at)
    groups = [] if question.scope == PLATFORM else [ledger.paths[question.scope]]
    if groups:
        rows = rows.filter(**{f"{groups[0]}__in": {scope_of(line)[1] for line in lines}})
    sums = {
        f"{name}_{place}": make(Q(at__gt=at - window) if window != windows[-1] else Q())
        for place, window in enumerate(windows)
        for name, make in ledger.sums.items()
    } or {f"{name}_0": make(Q()) for name, make in ledger.sums.items()}
    answers = _grouped(rows, groups, ledger.per, sums)
    found = {}
    for line in lines:
        place = windows.index(line.window) if line.window is not None else 0
        mine = answers.get(scope_of(line)[1], [])
        values = [ledger.worth({name: answer[f"{name}_{place}"] or 0 for name in ledger.sums}) for answer in mine]
        found[line.pk] = Decimal(max(values, default=0))
    return found


def _grouped(rows: QuerySet, groups: list[str], per: str, sums: Mapping[str, Any]) -> dict[Any, list[dict[str, Any]]]:
    """The sums by what the lines are drawn for; under None for the whole platform."""
    names = [*groups, *([per] if per else [])]
    answers: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    found = rows.order_by().values(*names).annotate(**sums) if names else [rows.aggregate(**sums)]
    for answer in found:
        answers[answer[groups[0]] if groups else None].append(answer)
    return answers


def _issued(_reasons: Sequence[str]) -> QuerySet:
    return Claim.objects.issued()


def _issued_by_shared_tokens(_reasons: Sequence[str]) -> QuerySet:
    return Claim.objects.issued().filter(token__used__gt=1)


def _attempts(_reasons: Sequence[str]) -> QuerySet:
    return Claim.objects.all()


def _refused(reasons: Sequence[str]) -> QuerySet:
    return Claim.objects.refused().filter(reason__in=reasons) if reasons else Claim.objects.refused()


def _refused_tokens(_reasons: Sequence[str]) -> QuerySet:
    return _refused(TOKEN_REFUSALS)


def _redeemed(_reasons: Sequence[str]) -> QuerySet:
    return Redemption.objects.filter(returned_at=None)


def _cashed_out(_reasons: Sequence[str]) -> QuerySet:
    """Redemptions on virtual goods within a quarter of an hour after the claim."""
    return _redeemed(()).filter(virtual_amount__gt=0, at__lte=F("claimed_at") + QUICK)


def _count(condition: Q) -> Count:
    return Count("pk", filter=condition)


def _customers(condition: Q) -> Count:
    return Count("customer", distinct=True, filter=condition)


def _young_customers(condition: Q) -> Count:
    return Count("customer", distinct=True, filter=condition & Q(registered_at__gt=F("at") - YOUNG))


def _plain(answer: Mapping[str, Any]) -> Any:
    return answer["value"]


def _young_where_most_are(answer: Mapping[str, Any]) -> Any:
    """Distinct customers who registered less than a week before they claimed, by a token that several people used.

    Counts only where they are three quarters or more of all who claimed so: at a poster for everybody some are always new.
    """
    return answer["young"] if answer["young"] >= MOSTLY * answer["everybody"] else 0


def _ledger(
    rows: Callable[[Sequence[str]], QuerySet], paths: Mapping[str, str], value: Callable[[Q], Any], per: str = ""
) -> Ledger:
    return Ledger(rows, paths, {"value": value}, _plain, per)


_ledgers: dict[str, Ledger] = {
    Metric.ISSUED_AMOUNT: _ledger(_issued, OF_CLAIM, lambda picked: Sum("coupon__face_value", filter=picked)),
    Metric.ISSUED_COUNT: _ledger(_issued, OF_CLAIM, _count),
    Metric.ATTEMPTS: _ledger(_attempts, OF_CLAIM, _count),
    Metric.REFUSALS: _ledger(_refused, OF_CLAIM, _count),
    Metric.TOKEN_REFUSALS: _ledger(_refused_tokens, OF_CLAIM, _count),
    Metric.REDEEMED_AMOUNT: _ledger(_redeemed, OF_REDEMPTION, lambda picked: Sum("amount", filter=picked)),
    Metric.QUICK_CASH_OUTS: _ledger(_cashed_out, OF_REDEMPTION, _count),
    Metric.CUSTOMERS_ON_ONE_TOKEN: _ledger(_issued_by_shared_tokens, OF_CLAIM, _customers, "token"),
    Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS: Ledger(
        _issued_by_shared_tokens, OF_CLAIM, {"young": _young_customers, "everybody": _customers}, _young_where_most_are
    ),
}


def _sums(rows: QuerySet, path: str, value: Any) -> Callable[[set[int | None]], dict[int | None, Any]]:
    """A counter: its value by key, in one query; under None over all rows where there is no path."""

    def read(keys: set[int | None]) -> dict[int | None, Any]:
        if not path:
            return {None: rows.aggregate(value=Sum(value))["value"]}
        found = rows.filter(**{f"{path}__in": keys}).order_by().values_list(path).annotate(value=Sum(value))
        return dict(found)

    return read


def _issued_by_batches(keys: set[int | None]) -> dict[int | None, Any]:
    rows = Claim.objects.issued().filter(token__batch__in=keys).order_by().values_list("token__batch")
    return dict(rows.annotate(value=Count("pk")))


EVER_ISSUED = F("reserved") + F("spent") + F("returned")
_budgets, _types, _entries = BudgetSlice.objects.all(), CouponTypeSlice.objects.all(), EntrySlice.objects.all()
_outstanding = Coupon.objects.filter(status__in=OUTSTANDING)
_counters: dict[tuple[str, str], Callable[[set[int | None]], dict[int | None, Any]]] = {
    (Metric.ISSUED_AMOUNT, PLATFORM): _sums(_budgets, "", EVER_ISSUED),
    (Metric.ISSUED_AMOUNT, "campaign"): _sums(_budgets, "budget__campaign", EVER_ISSUED),
    (Metric.ISSUED_AMOUNT, "coupon_type"): _sums(_types, "coupon_type", "issued_amount"),
    (Metric.ISSUED_COUNT, PLATFORM): _sums(_types, "", "issued"),
    (Metric.ISSUED_COUNT, "campaign"): _sums(_types, "coupon_type__campaign", "issued"),
    (Metric.ISSUED_COUNT, "coupon_type"): _sums(_types, "coupon_type", "issued"),
    (Metric.ISSUED_COUNT, "entry"): _sums(_entries, "entry", "issued"),
    (Metric.REDEEMED_AMOUNT, PLATFORM): _sums(_budgets, "", "spent"),
    (Metric.REDEEMED_AMOUNT, "campaign"): _sums(_budgets, "budget__campaign", "spent"),
    (Metric.LIABILITY, PLATFORM): _sums(_budgets, "", "reserved"),
    (Metric.LIABILITY, "campaign"): _sums(_budgets, "budget__campaign", "reserved"),
    (Metric.LIABILITY, "coupon_type"): _sums(_outstanding, "coupon_type", "face_value"),
    (Metric.LIABILITY, "entry"): _sums(_outstanding, OF_COUPON["entry"], "face_value"),
    (Metric.LIABILITY, "batch"): _sums(_outstanding, OF_COUPON["batch"], "face_value"),
}
