"""Value lists: what staff put on them, what rules make of it at which time, and what is kept of it."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.lib.errors import InvalidInput, StaleState
from promotions.services.nobody import known_delivery_phone, known_recipient
from risk.models import Finding, RuleHit, ValueList, ValueListItem
from risk.rulebook import facts_of, memberships_of, parse
from risk.rulefacts import BOOKS
from risk.rulegathering import gather_events
from risk.services.assessing import assess_order
from risk.services.rules import put_in_shadow, retire
from risk.services.value_list_reach import reach_of
from risk.services.value_lists import (
    BadValues,
    numbers_on,
    put_many_on_value_list,
    retire_list,
    take_off,
    take_several_off,
    versions_naming,
)
from risk.states import ValueSort
from risk.value_files import filed_values, pasted_values
from risk.wording import membership_text
from tests.promotions.factories import NOON, the_asker
from tests.risk.factories import COLLECTOR, DAY, HOUR, MINUTE, a_top_up_order
from tests.risk.rule_factories import a_draft, in_shadow, published
from tests.risk.value_list_factories import a_list, is_on, on

pytestmark = pytest.mark.django_db
TERMS: dict[str, Any] = {"reason": "seen", "at": NOON}


def results(order: Any) -> dict[str, str]:
    return dict(RuleHit.objects.filter(order=order).values_list("version__rule__name", "result"))


def hit_by(tree: Any, **order: Any) -> bool:
    version, made = in_shadow(tree=tree), a_top_up_order(**order)
    assess_order(made.pk, at=made.placed_at)
    return results(made).get(version.rule.name) == "hit"


@pytest.mark.parametrize(
    ("holds", "fact", "typed", "order"),
    [
        ("device", "order.device", " AA-BB-CC-DD-EE-01 ", {"device": "aa:bb:cc:dd:ee:01"}),
        ("network", "order.address", "203.0.113.0/24", {"address": "203.0.113.9"}),
        ("network", "order.address", "203.0.113.9", {"address": "203.0.113.9"}),
        ("network", "order.address", "2001:db8:7::1", {"address": "2001:db8:7::9"}),
        ("recipient", "order.recipient", COLLECTOR, {"recipient": COLLECTOR}),
        ("amount", "order.discount", "100", {}),
    ],
)
def test_what_staff_type_is_compared_as_orders_are(holds: str, fact: str, typed: str, order: dict[str, Any]) -> None:
    assert hit_by(is_on(a_list(typed, holds=holds), fact), **order)
    assert not hit_by(is_on(a_list(holds=holds), fact), **order)


def test_a_rule_may_ask_that_a_value_is_not_on_a_list() -> None:
    assert hit_by({"fact": "order.device", "is": "not_on_list", "list": a_list("rack").name}, device="lone")
    assert not hit_by({"fact": "order.device", "is": "not_on_list", "list": a_list("rack").name}, device="rack")


@pytest.mark.parametrize("holds", ["recipient", "payment_account", "delivery_phone"])
def test_a_number_is_kept_as_its_keyed_hash_alone(holds: str) -> None:
    number = "13900001234"
    item = on(a_list(holds=holds), number)
    assert (len(item.value), number in item.shown, item.shown.startswith("••••1234")) == (64, False, True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM risk_valuelistitemevent e WHERE e::text LIKE %s", [f"%{number}%"])
        assert cursor.fetchone()[0] == 0
    assert item.value in {known_recipient(number)[0], known_delivery_phone(number)[0]} or holds == "payment_account"


@pytest.mark.parametrize(
    ("holds", "typed", "words"),
    [
        ("device", "00:00:00:00:00:00", "names nobody"),
        ("device", "a\nb", "one line"),
        ("network", "192.0.2.300", "no network address"),
        ("network", "203.0.0.0/15", "too wide"),
        ("network", "192.168.1.0/24", "names nobody"),
        ("network", "192.168.1.1", "names nobody"),
        ("segment", "170", "first four digits"),
        ("customer", "nobody-known", "no customer"),
        ("coupon_type", "NONE", "no coupon type"),
        ("entry", "none", "no entry"),
        ("amount", "1e5", "a number"),
        ("recipient", "-", "names nobody"),
    ],
)
def test_what_is_no_such_value_is_refused_in_words(holds: str, typed: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        on(a_list(holds=holds), typed)
    assert not ValueListItem.objects.exists()


def test_a_value_is_on_a_list_once_however_it_is_spelled() -> None:
    devices = a_list("aa:bb:cc:dd:ee:01")
    with pytest.raises(StaleState, match="already"):
        on(devices, "AA-BB-CC-DD-EE-01")
    assert devices.items.count() == 1


def test_what_has_expired_is_put_on_anew_and_its_time_stays_written() -> None:
    devices = a_list()
    on(devices, "rack", expires_at=NOON + HOUR)
    on(devices, "rack", at=NOON + DAY)
    first, second = devices.items.order_by("pk")
    assert (first.ended_at, second.ended_at) == (NOON + DAY, None)
    assert first.end_reason == "it had expired, and was put on the list anew"
    assert devices.items.in_force(NOON + DAY).get() == second


@pytest.mark.parametrize("fields", [{"reason": " "}, {"expires_at": NOON}])
def test_a_reason_is_needed_and_an_end_lies_ahead(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        on(a_list(), "rack", **fields)


def test_many_are_put_on_at_once_and_what_was_there_stays() -> None:
    devices = a_list("rack")
    lines = pasted_values("rack\n\n rack-2 \nRACK-2\nrack-3")
    done = put_many_on_value_list(devices, lines=lines, by=the_asker(), **TERMS)
    assert (done.new, done.known) == (2, 2)
    assert set(devices.items.values_list("shown", flat=True)) == {"rack", "rack-2", "rack-3"}


def test_one_wrong_line_leaves_nothing_behind() -> None:
    networks = a_list(holds="network")
    with pytest.raises(BadValues) as refused:
        put_many_on_value_list(
            networks, lines=pasted_values("192.0.2.1\nnowhere\n192.0.2.2\n\n203.0.0.0/2"), by=the_asker(), **TERMS
        )
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == [
        "Nothing was put on the list",
        "Line 2",
        "Line 5",
    ]
    assert not networks.items.exists()


def test_customers_that_there_are_not_are_told_by_line() -> None:
    order = a_top_up_order()
    with pytest.raises(BadValues, match="Line 2: There is no customer “nobody”"):
        put_many_on_value_list(
            a_list(holds="customer"), lines=pasted_values(f"{order.customer.ref}\nnobody"), by=the_asker(), **TERMS
        )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("value\nrack\n", [(2, "rack")]),
        ("rack\nrack-2\n", [(1, "rack"), (2, "rack-2")]),
        ("note,Value\nseen,rack\nagain,\n", [(2, "rack"), (3, "")]),
        ("值\nrack\n", [(1, "值"), (2, "rack")]),
    ],
)
def test_a_file_is_read_by_its_column(text: str, values: list[tuple[int, str]]) -> None:
    assert list(filed_values(io.BytesIO(text.encode()))) == values


def test_a_file_with_several_columns_names_the_one() -> None:
    with pytest.raises(InvalidInput, match="must name the column"):
        list(filed_values(io.BytesIO(b"device,note\nrack,seen\n")))


def test_what_was_taken_off_is_off_from_then_on_and_was_on_before() -> None:
    devices = a_list("rack")
    take_off(devices.items.get(), by=the_asker(), reason="a shop", at=NOON + HOUR)
    assert hit_by(is_on(devices), device="rack", at=NOON + 30 * MINUTE)
    assert not hit_by(is_on(devices), device="rack", at=NOON + HOUR)


def test_what_is_off_is_not_taken_off_again() -> None:
    devices = a_list("rack", "rack-2")
    first = devices.items.order_by("pk").first()
    assert first is not None
    take_off(first, by=the_asker(), reason="a shop", at=NOON)
    with pytest.raises(StaleState):
        take_off(first, by=the_asker(), reason="another", at=NOON)
    assert take_several_off(devices.items.all(), by=the_asker(), reason="all of them", at=NOON) == 1
    assert set(devices.items.values_list("end_reason", flat=True)) == {"a shop", "all of them"}


def test_a_hit_keeps_for_good_by_which_value_on_which_list() -> None:
    devices = a_list("rack")
    version, order = published(tree={"all": [is_on(devices)]}, score=60), a_top_up_order(device="rack", at=NOON + HOUR)
    assess_order(order.pk, at=order.placed_at)
    take_off(devices.items.get(), by=the_asker(), reason="a shop", at=NOON + DAY)
    hit = RuleHit.objects.get(order=order)
    (kept,) = hit.explanation["lists"]
    assert kept == {
        "fact": "order.device",
        "list": devices.name,
        "item": devices.items.get().pk,
        "shown": "rack",
        "since": NOON.isoformat(),
        "reason": "seen",
    }
    assert (hit.version, hit.result) == (version, "hit")
    text = str(membership_text(BOOKS["order"].schema["order.device"], kept))
    assert f"device of the order: rack was on the value list {devices.name}, since" in text


def test_looking_again_after_the_list_has_changed_says_the_same() -> None:
    devices = a_list("rack")
    in_shadow(tree=is_on(devices))
    order = a_top_up_order(device="rack", at=NOON + HOUR)
    assess_order(order.pk, at=order.placed_at)
    take_off(devices.items.get(), by=the_asker(), reason="a shop", at=NOON + 2 * HOUR)
    assess_order(order.pk, at=NOON + DAY)
    assert RuleHit.objects.filter(order=order).count() == 1


def test_that_a_value_was_not_on_a_list_is_kept_too_and_what_was_missing() -> None:
    devices = a_list()
    in_shadow(tree={"fact": "order.device", "is": "not_on_list", "list": devices.name})
    order, without = a_top_up_order(device="rack"), a_top_up_order(device="")
    for one in (order, without):
        assess_order(one.pk, at=NOON)
    kept = dict(RuleHit.objects.values_list("order", "explanation"))
    assert kept[order.pk]["lists"] == [{"fact": "order.device", "list": devices.name, "item": 0}]
    assert kept[without.pk]["lists"] == [{"fact": "order.device", "list": devices.name, "item": None}]
    assert kept[without.pk]["trace"] == [None]


def test_a_finding_shows_no_hash() -> None:
    recipients = a_list(COLLECTOR, holds="recipient")
    version = published(tree=is_on(recipients, "order.recipient"), score=60)
    order = a_top_up_order(recipient=COLLECTOR)
    assess_order(order.pk, at=NOON)
    values = Finding.objects.get(order=order, rule=f"rule:{version.rule.name}").values
    shown = recipients.items.get().shown
    assert values == {"version": 1, f"order.recipient on {recipients.name}": shown}


def test_however_many_lists_are_asked_it_is_one_query() -> None:
    lists = [a_list(f"rack-{place}") for place in range(5)] + [a_list("203.0.113.0/24", holds="network")]
    tree = parse({"any": [is_on(one, "order.address" if one.holds == "network" else "order.device") for one in lists]}, SCHEMA)
    order = a_top_up_order(device="rack-3")
    with CaptureQueriesContext(connection) as queries:
        (event,) = gather_events("order", order.pk, facts_of(tree), memberships_of(tree))
    assert len(queries) == 1
    assert [event.facts[f"order.device@{one.name}"] for one in lists[:5]] == [False, False, False, True, False]


SCHEMA = BOOKS["order"].schema


def test_a_list_that_a_running_version_names_is_not_retired() -> None:
    devices = a_list("rack")
    version = in_shadow(tree={"not": {"any": [is_on(devices)]}})
    assert versions_naming([devices.name]) == {devices.name: [version]}
    with pytest.raises(StaleState, match=str(version)):
        retire_list(devices, by=the_asker(), reason="old", at=NOON)
    retire(version, by=the_asker(), reason="old", at=NOON)
    assert retire_list(devices, by=the_asker(), reason="old", at=NOON).ended_at == NOON


def test_a_retired_list_takes_nothing_and_no_rule() -> None:
    devices = a_list()
    draft = a_draft(tree=is_on(devices))
    retire_list(devices, by=the_asker(), reason="old", at=NOON)
    with pytest.raises(StaleState, match="retired"):
        on(devices, "rack")
    with pytest.raises(StaleState, match=devices.name):
        put_in_shadow(draft, by=the_asker(), reason="watch it", at=NOON)
    with pytest.raises(InvalidInput, match="is retired"):
        a_draft(tree=is_on(devices))


@pytest.mark.parametrize(("holds", "fact"), [("network", "order.device"), ("device", "order.recipient")])
def test_a_list_of_another_sort_is_refused(holds: str, fact: str) -> None:
    with pytest.raises(InvalidInput, match="another sort"):
        a_draft(tree=is_on(a_list(holds=holds), fact))


def test_a_hash_is_compared_with_nothing_but_a_list() -> None:
    with pytest.raises(InvalidInput, match="cannot be compared in this way"):
        a_draft(tree={"fact": "order.recipient", "is": "equal", "value": "0" * 64})


def test_the_hash_of_a_version_covers_the_name_of_the_list_and_not_what_is_on_it() -> None:
    devices, others = a_list(), a_list()
    version = in_shadow(tree=is_on(devices))
    on(devices, "rack")
    again = a_draft(version.rule, tree=is_on(devices))
    assert again.tree_hash == version.tree_hash != a_draft(version.rule, tree=is_on(others)).tree_hash


def test_values_are_counted_as_of_now_and_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    devices, empty = a_list("rack", "rack-2", "rack-3"), a_list()
    on(devices, "rack-4", expires_at=NOON + HOUR)
    take_off(devices.items.order_by("pk")[0], by=the_asker(), reason="a shop", at=NOON)
    assert numbers_on([devices, empty], at=NOON + DAY) == {devices.pk: 2, empty.pk: 0}
    monkeypatch.setattr("risk.services.value_lists.MOST_COUNTED", 0)
    assert numbers_on([devices], at=NOON) == {devices.pk: 1}


def test_the_reach_of_a_list_is_what_of_the_last_day_is_on_it_now() -> None:
    for device in ("rack", "rack", "lone"):
        a_top_up_order(device=device, at=NOON - HOUR)
    assert reach_of(a_list("rack"), at=NOON) == ("order", 3, 2)
    assert reach_of(a_list(), at=NOON) == ("order", 3, 0)
    assert reach_of(a_list("rack"), at=NOON + 2 * DAY) == ("order", 0, 0)


@pytest.mark.parametrize("holds", ValueSort.values)
def test_every_sort_of_list_has_a_reach(holds: str) -> None:
    reach = reach_of(a_list(holds=holds), at=NOON)
    assert reach is not None
    assert reach.subject == ("claim" if holds in ("entry", "region") else "order")


def test_the_history_tells_who_put_what_on_and_why() -> None:
    devices = a_list("rack")
    event = ValueListItem.pgh_event_model.objects.select_related("pgh_context").get()
    assert (event.value_list_id, event.shown, event.pgh_context.metadata["reason"]) == (devices.pk, "rack", "seen")


def test_sorts_are_those_that_facts_hold() -> None:
    held = {known.fact.holds for book in BOOKS.values() for known in book.facts.values()} - {""}
    assert held == {sort for sort, _words in ValueList._meta.get_field("holds").choices}  # type: ignore[union-attr]
    hashed = {known.fact.holds for book in BOOKS.values() for known in book.facts.values() if known.fact.is_hashed}
    from risk.rulefacts.listed import HASHED

    assert hashed == HASHED


def test_the_item_named_is_the_one_of_that_time() -> None:
    devices = a_list("rack")
    first = devices.items.get()
    take_off(first, by=the_asker(), reason="a shop", at=NOON + HOUR)
    second = on(devices, "rack", at=NOON + 2 * HOUR)
    (asked,) = memberships_of(parse(is_on(devices), SCHEMA))
    found = []
    for hours in (0, 1, 3):
        order = a_top_up_order(device="rack", at=NOON + timedelta(hours=hours))
        (event,) = gather_events("order", order.pk, {"order.device"}, {asked})
        found.append(event.items[asked.key])
    assert found == [first.pk, 0, second.pk]
