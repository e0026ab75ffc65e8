"""A rule tried on the past: the same facts as live, nothing of the future, and figures against what reviewers decided."""

from typing import Any

import pytest
from django.db import connection

from backoffice.lib.errors import InvalidInput
from backoffice.lib.jobs import run_job
from orders.models import Order
from risk.backtesting import judged_statement, preview
from risk.models import Backtest, BacktestExample, Flag
from risk.rulebook import compile_tree, facts_of, memberships_of, parse
from risk.rulefacts import BOOKS
from risk.rulegathering import gather_events
from risk.services.backtests import request_backtest, totals
from risk.services.reviewing import decide_flag
from risk.services.value_lists import take_off
from tests.promotions.factories import NOON, the_asker
from tests.risk.factories import COLLECTOR, DAY, HOUR, MINUTE, a_flag, a_leaked_token, a_top_up_order
from tests.risk.rule_factories import a_draft, a_rule, published
from tests.risk.value_list_factories import a_list, is_on, on

pytestmark = pytest.mark.django_db
PER_DEVICE = {"fact": "orders.count.device.1h", "is": "at_least", "value": "2"}
CROWDED = {
    "any": [
        PER_DEVICE,
        {"all": [{"fact": "orders.sum.recipient.24h", "is": "more", "value": "100"}, {"fact": "customer.age", "is": "known"}]},
    ]
}
PER_CLAIM = {
    "all": [{"fact": "claims.count.device.1h", "is": "at_least", "value": "2"}, {"not": {"fact": "claim.age", "is": "missing"}}]
}


def some_orders() -> list[Order]:
    """Racks of phones at odd times: within the window, at its edge, beyond it; one without a device."""
    steps = [(0, "rack"), (1, "rack"), (60, "rack"), (62, "rack"), (200, "rack"), (201, ""), (201, "lone")]
    token = a_leaked_token()
    return [
        a_top_up_order(token, at=NOON + minutes * MINUTE, device=device, recipient=COLLECTOR if device == "rack" else "")
        for minutes, device in steps
    ]


def by_sql(subject: str, tree: Any) -> dict[int, bool | None]:
    statement, values = judged_statement(subject, tree)
    with connection.cursor() as cursor:
        cursor.execute(statement, values | {"since": NOON - DAY, "until": NOON + DAY})
        return dict(cursor.fetchall())


@pytest.mark.parametrize(("subject", "said"), [("order", PER_DEVICE), ("order", CROWDED), ("claim", PER_CLAIM)])
def test_a_backtest_says_of_every_event_what_live_says_of_it(subject: str, said: dict[str, Any]) -> None:
    orders, tree = some_orders(), parse(said, BOOKS[subject].schema)
    compiled, live = compile_tree(tree), {}
    for order in orders:
        for event in gather_events(subject, order.pk, facts_of(tree)):
            live[event.id] = compiled.evaluate(event.facts).trace[0]
    assert by_sql(subject, tree) == live
    assert {True, False} <= set(live.values())


def test_what_happened_later_does_not_leak_into_a_backtest() -> None:
    first = some_orders()[0]
    tree = parse(PER_DEVICE, BOOKS["order"].schema)
    assert by_sql("order", tree)[first.pk] is False


def a_finished_backtest(**fields: Any) -> Backtest:
    version = a_draft(a_rule(), tree={"fact": "order.device", "is": "equal", "value": "rack"})
    return finished(
        request_backtest(version, since=NOON - HOUR, until=NOON + 2 * DAY, by=the_asker(), reason="try", at=NOON + 3 * DAY)
    )


def finished(backtest: Backtest) -> Backtest:
    run_job(backtest.job_id, now=lambda: NOON + 3 * DAY)
    backtest.job.refresh_from_db()
    assert backtest.job.status == "done"
    return backtest


def decided_flags() -> dict[str, Flag]:
    """Two that hit, one of them cleared by a reviewer; one confirmed that the rule does not see."""
    flags = {name: a_flag(at=NOON + step * DAY / 4, device=device) for step, (name, device) in enumerate(DEVICES.items())}
    for name, flag in flags.items():
        decision = "cleared" if name == "cleared" else "confirmed"
        decide_flag(flag, decision=decision, by=the_asker(), reason="looked at", at=NOON + 2 * DAY)
    return flags


DEVICES = {"good": "rack", "cleared": "rack", "missed": "other"}


def test_figures_stand_against_what_reviewers_decided() -> None:
    flags = decided_flags()
    backtest = a_finished_backtest()
    figures = totals(backtest, backtest.version)
    assert (figures["judged"], figures["hits"], figures["flagged"]) == (9, 6, Flag.objects.filter(order__device="rack").count())
    assert (figures["confirmed_hits"], figures["cleared_hits"], figures["confirmed"]) == (1, 1, 2)
    assert (figures["precision"], figures["recall"], figures["flips"], figures["money"]) == (0.5, 0.5, 2, 600)
    examples = set(BacktestExample.objects.values_list("order_id", "error"))
    assert examples == {(flags["cleared"].order_id, "cleared_hit"), (flags["missed"].order_id, "missed")}


def test_the_published_version_is_tried_beside_the_new_one() -> None:
    rule = a_rule()
    acting = published(rule)
    some_orders()
    draft = a_draft(rule, tree={"fact": "order.device", "is": "equal", "value": "lone"})
    backtest = finished(request_backtest(draft, since=NOON, until=NOON + DAY, by=the_asker(), reason="try", at=NOON + 2 * DAY))
    assert (totals(backtest, draft)["hits"], totals(backtest, acting)["hits"]) == (1, 7)


def test_a_backtest_covers_only_what_is_over() -> None:
    with pytest.raises(InvalidInput):
        request_backtest(a_draft(), since=NOON, until=NOON + DAY, by=the_asker(), reason="try", at=NOON + HOUR)
    assert not Backtest.objects.exists()


def test_a_preview_counts_yesterday() -> None:
    some_orders()
    figures = preview("order", parse(PER_DEVICE, BOOKS["order"].schema), since=NOON - HOUR, until=NOON + DAY)
    assert figures is not None
    assert (figures.judged, figures.hits, figures.unknown) == (7, 3, 1)


def filled_in_mid_period() -> tuple[Any, list[Order]]:
    """A list onto which the device comes an hour after noon, and off which it is taken two hours later; orders before, between and
    after, and one without a device.
    """
    devices, orders = a_list(), [a_top_up_order(device="rack", at=NOON + hours * HOUR) for hours in (0, 2, 4)]
    orders.append(a_top_up_order(device="", at=NOON + 5 * HOUR))
    item = on(devices, "rack", at=NOON + HOUR)
    take_off(item, by=the_asker(), reason="a shop", at=NOON + 3 * HOUR)
    on(devices, "rack", at=NOON + 20 * HOUR)
    return devices, orders


@pytest.mark.parametrize("also", [[], [PER_DEVICE]])
def test_an_item_put_on_a_list_in_mid_period_hits_from_then_on(also: list[Any]) -> None:
    """The same by one pass over a window and event by event, and the same as live."""
    devices, orders = filled_in_mid_period()
    tree = parse({"any": [is_on(devices), {"all": [{"fact": "order.amount", "is": "less", "value": "0"}, *also]}]}, SCHEMA)
    compiled, live = compile_tree(tree), {}
    for order in orders:
        (event,) = gather_events("order", order.pk, facts_of(tree), memberships_of(tree))
        live[event.id] = compiled.evaluate(event.facts).trace[0]
    assert [live[order.pk] for order in orders] == [False, True, False, None]
    assert by_sql("order", tree) == live


def test_a_backtest_asks_lists_as_they_stood_or_as_they_stand() -> None:
    devices, _orders = filled_in_mid_period()
    version = a_draft(a_rule(), tree=is_on(devices))
    terms: dict[str, Any] = {"since": NOON, "until": NOON + DAY / 4, "by": the_asker(), "reason": "try", "at": NOON + 2 * DAY}
    then = finished(request_backtest(version, **terms))
    now = finished(request_backtest(version, **terms, lists_as="now"))
    assert [(totals(one, version)["hits"], totals(one, version)["unknown"]) for one in (then, now)] == [(1, 1), (3, 1)]


def test_a_backtest_with_lists_as_they_stand_asks_as_of_when_it_was_asked_for() -> None:
    devices, _orders = filled_in_mid_period()
    version = a_draft(a_rule(), tree=is_on(devices))
    asked = request_backtest(
        version, since=NOON, until=NOON + DAY / 4, lists_as="now", by=the_asker(), reason="try", at=NOON + 2 * DAY
    )
    take_off(devices.items.first(), by=the_asker(), reason="a shop", at=NOON + 2 * DAY + HOUR)
    assert totals(finished(asked), version)["hits"] == 3


SCHEMA = BOOKS["order"].schema
