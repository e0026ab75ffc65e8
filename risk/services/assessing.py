"""Looks at orders: after they are placed, again when evidence about them grows, and a last time before a cooling-off ends."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.db import transaction

from orders.models import Hold, Order
from orders.states import HoldKind
from risk.facts import OrderFacts
from risk.gathering import gather_facts
from risk.models import Assessment, Flag
from risk.querysets import cooling_to_assess, without_assessment
from risk.rules import Finding, apply_rules, weigh
from risk.services.disposing import dispose_customers
from risk.services.recording import keep_back, keep_failure, record
from risk.services.ruling import rule_by_staff
from risk.services.spreading import earlier_orders_to_assess

log = structlog.get_logger(__name__)

MISSED_AFTER = timedelta(minutes=1)
LOOK_BACK = timedelta(days=1)
LAST_LOOK = timedelta(minutes=1)
"""How long before its cooling-off ends an order is looked at for the last time: two periods of the check that does it."""
BATCH = 500


class Assessed(NamedTuple):
    order: Order
    facts: OrderFacts | None
    findings: Sequence[Finding]
    flag: Flag | None


def assess_order(order_id: int, *, at: datetime) -> Flag | None:
    """Assess an order with what is known at `at`; answers its flag, if it has one. Safe to repeat and to run twice at once.

    An organised order is held by the system, and so is one whose coupon was claimed just before its type was suspended (see
    `risk.rules.provenance.claimed_before_suspension`): not while observing, not once it is delivered or cancelled, and not again
    after a reviewer cleared it or somebody released the hold. Where the evidence reaches earlier orders they are assessed again.
    """
    assessed = _assess(order_id, at=at)
    if assessed.facts is not None:
        earlier_ids = earlier_orders_to_assess(assessed.order, assessed.facts, assessed.findings, at=at)
        for earlier_id in earlier_ids:
            _try(_assess, earlier_id, at=at)
    return assessed.flag


def assess_missed_orders(at: datetime, *, look_back: timedelta = LOOK_BACK) -> int:
    """Assess what a lost message left undone, and what failed and is to be tried again: of orders since `look_back`, oldest first.

    Works a batch and answers how many were assessed. An order that fails keeps its error and is tried again after twice the time.
    """
    since = at - look_back
    missed = without_assessment(since=since, until=at - MISSED_AFTER).order_by("placed_at", "pk").values_list("pk", flat=True)
    order_ids = list(missed[:BATCH])
    failed = Assessment.objects.to_retry(at, since=since).order_by("assessed_at").values_list("order_id", flat=True)
    order_ids += failed[: BATCH - len(order_ids)]
    return sum(_try(assess_order, order_id, at=at) for order_id in order_ids)


def assess_cooling_orders(at: datetime) -> int:
    """Look once more at orders that cool off: shortly before it is over, and whenever an alarm suspended a type meanwhile.

    Runs more often than LAST_LOOK, so it comes before the release. What cannot be assessed is held for a reviewer: what a
    restricted coupon paid for must not leave unseen. Answers how many were assessed.
    """
    if not Hold.objects.open().filter(kind=HoldKind.COOLING).exists():
        return 0
    due = list(cooling_to_assess(at, window=LAST_LOOK).values_list("order_id", "until")[:BATCH])
    assessed = sum(_try(assess_order, order_id, at=at) for order_id, _ in due)
    nearly_over = [order_id for order_id, until in due if until <= at + LAST_LOOK]
    for order_id in Assessment.objects.failed().filter(order__in=nearly_over).values_list("order_id", flat=True):
        keep_back(order_id, at=at)
    return assessed


def assess_again(order_ids: Sequence[int], *, at: datetime) -> int:
    """Assess orders about which something new is known. Answers how many could be."""
    return sum(_try(assess_order, order_id, at=at) for order_id in order_ids)


@transaction.atomic
def _assess(order_id: int, *, at: datetime) -> Assessed:
    """One order, under the lock of its row."""
    order = Order.objects.locked(order_id)
    facts = gather_facts(order, at=at)
    if facts is None:
        return Assessed(order, None, (), record(order, findings=(), verdict=None, failures=(), at=at))
    findings, failures = apply_rules(facts)
    for failure in failures:
        log.error("rule_failed", order_id=order_id, failure=failure)
    ruling = rule_by_staff(order, facts, at=at)
    findings = [*findings, *ruling.findings]
    verdict = ruling.applied_to(weigh(findings, facts))
    flag = record(order, findings=findings, verdict=verdict, failures=failures, at=at)
    if flag is not None and flag.updated_at == at:
        dispose_customers([order.customer_id], at=at)
    return Assessed(order, facts, findings, flag)


def _try(assess: Callable[..., Any], order_id: int, *, at: datetime) -> bool:
    """Assess one of many: what it trips over is kept with it and stops no other."""
    try:
        assess(order_id, at=at)
    except Exception as error:
        log.exception("order_not_assessed", order_id=order_id)
        keep_failure(order_id, error, at=at)
        return False
    return True
