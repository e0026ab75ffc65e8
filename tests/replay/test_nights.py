"""Small nights through the whole path: what staff set up, who claims, who orders, what is held, what ships in the end."""

import pytest
from django.core.management.base import CommandError

from tests.replay import nights
from tests.replay.conftest import Replay

HALF_AN_HOUR = 1800


def test_a_claim_pays_for_an_order_that_ships(replay: Replay) -> None:
    night = replay([*nights.online_setup(), nights.a_claim("c", 0), nights.an_order("o", 5, claims=["c"]), nights.a_ship("o", 9)])
    assert night.results == [
        {"kind": "claim", "id": "c", "outcome": "issued", "reason": ""},
        {"kind": "order", "id": "o", "outcome": "placed", "reason": ""},
        {"kind": "ship", "id": "o", "outcome": "shipped", "reason": "", "held_seconds": 0},
    ]
    assert (night.alarms, night.flags) == ([], [])


def test_who_was_refused_a_coupon_walks_away(replay: Replay) -> None:
    night = replay(
        [
            *nights.online_setup(),
            nights.a_claim("c", 0),
            nights.a_claim("again", 1, customer=nights.a_customer("c")),
            nights.an_order("o", 2, claims=["c", "again"]),
            nights.a_ship("o", 3),
        ]
    )
    assert night.outcome("claim", "again") == "refused: limit_reached"
    assert night.outcome("order", "o") == "not_placed: claim_not_issued"
    assert night.outcome("ship", "o") == "not_placed: claim_not_issued"


def test_an_order_below_the_minimum_spend_is_refused_and_never_ships(replay: Replay) -> None:
    cheap = [{"sku": "tea", "category": "goods", "amount": "99.99"}]
    night = replay(
        [
            *nights.online_setup(),
            nights.a_claim("c", 0),
            nights.an_order("o", 1, claims=["c"], lines=cheap),
            nights.a_ship("o", 2),
            nights.an_order("later", 3, claims=["c"]),
        ]
    )
    assert night.outcome("order", "o") == "refused: coupon_refused"
    assert night.outcome("ship", "o") == "not_placed: coupon_refused"
    assert night.outcome("order", "later") == "placed"


def test_an_order_without_a_coupon_needs_no_claim(replay: Replay) -> None:
    night = replay([nights.an_order("o", 0, lines=[nights.a_top_up()]), nights.a_ship("o", 1)])
    assert night.outcome("ship", "o") == "shipped"


def test_what_cools_off_ships_by_itself_when_the_hold_is_released(replay: Replay) -> None:
    night = replay(
        [
            *nights.restricted_setup(),
            nights.a_guest_claim("c", 0, card=0),
            nights.an_order("o", 120, claims=["c"], lines=[nights.a_top_up()]),
            nights.a_ship("o", 121),
            nights.a_ship("o", 122),
            nights.an_order("much-later", 60 * 24 * 3),
        ]
    )
    first, second = [line for line in night.results if line["kind"] == "ship"]
    assert first == second
    assert (first["outcome"], first["reason"]) == ("shipped", "")
    assert HALF_AN_HOUR <= first["held_seconds"] <= HALF_AN_HOUR + 60


def test_what_is_still_held_at_the_end_of_the_file_is_held(replay: Replay) -> None:
    night = replay(
        [
            *nights.restricted_setup(),
            nights.a_guest_claim("c", 0, card=0),
            nights.an_order("o", 120, claims=["c"], lines=[nights.a_top_up()]),
            nights.a_ship("o", 121),
            nights.an_order("other", 130),
        ]
    )
    assert night.line("ship", "o") == {"kind": "ship", "id": "o", "outcome": "held", "reason": "cooling", "held_seconds": 600.0}


def test_a_hold_that_was_over_before_the_shop_asked_delays_nothing_and_is_told(replay: Replay) -> None:
    night = replay(
        [
            *nights.restricted_setup(),
            nights.a_guest_claim("c", 0, card=0),
            nights.an_order("o", 120, claims=["c"], lines=[nights.a_top_up()]),
            nights.a_ship("o", 300),
        ]
    )
    line = night.line("ship", "o")
    assert line["outcome"] == "shipped"
    assert HALF_AN_HOUR <= line["held_seconds"] <= HALF_AN_HOUR + 60


def test_tokens_are_named_by_batch_and_number_or_are_not_ours(replay: Replay) -> None:
    night = replay(
        [
            *nights.restricted_setup(),
            nights.a_guest_claim("guest", 0, card=3),
            nights.a_guest_claim("second", 1, card=3),
            nights.a_claim("forger", 2, channel="venue_qr", token={"raw": "' OR 1=1 --"}),
            nights.a_claim("nothing", 3, channel="venue_qr"),
            nights.a_claim("online", 4, channel="app", entry=None),
        ]
    )
    assert night.outcome("claim", "guest") == "issued"
    assert night.outcome("claim", "second") == "refused: token_used_up"
    assert night.outcome("claim", "forger") == "refused: token_forged"
    assert night.outcome("claim", "nothing") == "refused: token_missing"
    assert night.outcome("claim", "online") == "refused: entry_missing"
    (alarm,) = night.alarms
    assert alarm == {
        "at": "2026-01-20T12:01:00.000+00:00",
        "scope": "coupon_type:T",
        "cause": "token_refusals",
        "value": "1.00",
        "limit": "1.00",
        "action": "alarm",
    }


def test_a_crossed_threshold_suspends_at_the_next_check_on_the_files_clock(replay: Replay) -> None:
    claims = [nights.a_claim(f"c{number}", number / 100) for number in range(4)]
    night = replay([*nights.online_setup(), nights.a_threshold(), *claims, nights.a_claim("late", 5)])
    assert [night.outcome("claim", f"c{number}") for number in range(4)] == ["issued"] * 4
    assert night.outcome("claim", "late") == "refused: coupon_type_not_live"
    (alarm,) = night.alarms
    assert (alarm["at"], alarm["action"], alarm["value"]) == ("2026-01-20T12:00:10.000+00:00", "suspend", "80.00")


def test_observing_records_and_does_not_act(replay: Replay) -> None:
    events = [
        *nights.restricted_setup(),
        nights.a_threshold(limit="100.00"),
        nights.a_guest_claim("c", 0, card=0),
        nights.a_guest_claim("next", 5, card=1),
        nights.an_order("o", 6, claims=["c"], lines=[nights.a_top_up()]),
        nights.a_ship("o", 7),
    ]
    acting, observing = replay(events), replay(events, observe=True)
    assert acting.outcome("claim", "next") == "refused: coupon_type_not_live"
    assert acting.outcome("ship", "o").startswith("held: cooling")
    assert observing.outcome("claim", "next") == "issued"
    assert observing.line("ship", "o")["held_seconds"] == 0
    assert observing.outcome("ship", "o") == "shipped"
    assert [alarm["cause"] for alarm in observing.alarms] == ["issued_amount"]


def test_the_kill_switch_is_pressed_and_lifted_by_two_persons(replay: Replay) -> None:
    def press(minutes: float) -> nights.Event:
        return nights.event("suspend", minutes, {"coupon_type": "T"}, {})

    def lift(minutes: float) -> nights.Event:
        return nights.event("resume", minutes, {"coupon_type": "T"}, {})

    night = replay(
        [
            *nights.online_setup(),
            lift(-1),
            press(0),
            press(1),
            nights.a_claim("stopped", 2),
            lift(3),
            nights.a_claim("again", 4),
        ]
    )
    assert night.outcome("claim", "stopped") == "refused: coupon_type_not_live"
    assert night.outcome("claim", "again") == "issued"


UNKNOWN = [
    (nights.a_coupon_type(campaign="X"), "There is no campaign X."),
    (nights.an_entry(coupon_type="X"), "There is no coupon type X."),
    (nights.tokens(entry="X"), "There is no entry X."),
    (nights.a_threshold(scope="campaign:X"), "There is no campaign X."),
    (nights.a_threshold(scope="coupon_type:X"), "There is no coupon type X."),
    (nights.event("suspend", 0, {"coupon_type": "X"}, {}), "There is no coupon type X."),
    (nights.event("resume", 0, {"coupon_type": "X"}, {}), "There is no coupon type X."),
    (nights.a_claim("c", 0, coupon_type="X"), "There is no coupon type X."),
    (nights.a_claim("c", 0, entry="X"), "There is no entry X."),
    (nights.a_claim("c", 0, token={"batch": "X", "n": 0}), "There is no token batch X."),
    (nights.an_order("o", 0, claims=["X"]), "There is no claim X in a line above."),
    (nights.a_ship("X", 0), "There is no order X in a line above."),
]


@pytest.mark.parametrize(("event", "sentence"), UNKNOWN, ids=lambda value: value["kind"] if isinstance(value, dict) else "")
def test_what_is_named_and_does_not_exist_is_told_with_its_line(replay: Replay, event: nights.Event, sentence: str) -> None:
    setup = [*nights.online_setup(), nights.event("suspend", -50, {"coupon_type": "T"}, {})]
    with pytest.raises(CommandError, match=r"events\d+\.jsonl, line 5: ") as refusal:
        replay([*setup, event | {"at": nights.at(0)}])
    assert str(refusal.value).endswith(sentence)


REFUSED_BY_SERVICES = [
    (nights.a_campaign(), "already exists"),
    (nights.tokens(), "takes no tokens"),
    (nights.tokens(uses=10**6), "can be used 1 to 1,000 times"),
    (nights.an_entry(code="E2", coupon_type="T", cap=2**31 - 1), None),
]


@pytest.mark.parametrize(("event", "sentence"), REFUSED_BY_SERVICES)
def test_what_a_service_refuses_of_staff_is_told_with_its_line(replay: Replay, event: nights.Event, sentence: str | None) -> None:
    events = [*nights.online_setup(), event | {"at": nights.at(0)}, nights.a_claim("c", 1)]
    if sentence is None:
        assert replay(events).outcome("claim", "c") == "issued"
        return
    with pytest.raises(CommandError, match="line 4: .*" + sentence):
        replay(events)


def test_an_id_is_used_once(replay: Replay) -> None:
    with pytest.raises(CommandError, match="line 5: The claim c stands in a line above already"):
        replay([*nights.online_setup(), nights.a_claim("c", 0), nights.a_claim("c", 1)])
    with pytest.raises(CommandError, match="line 2: The order o stands in a line above already"):
        replay([nights.an_order("o", 0), nights.an_order("o", 1)])


def test_the_same_file_twice_gives_the_same_bytes(replay: Replay) -> None:
    gang = []
    for number in range(30):
        gang += [
            nights.a_guest_claim(f"c{number}", number / 10, card=9, device="d-farm", customer=_young(number)),
            nights.an_order(f"o{number}", 5 + number / 10, claims=[f"c{number}"], lines=[nights.a_top_up()], device="d-farm"),
            nights.a_ship(f"o{number}", 12 + number / 10),
        ]
    setup = [nights.a_campaign(), nights.a_restricted_type(), nights.an_entry(channel="venue_qr", needs_token=True)]
    events = [*setup, nights.tokens(uses=100), *sorted(gang, key=lambda event: event["at"]), nights.an_order("end", 90)]
    first, second = replay(events), replay(events)
    for name in ("results.jsonl", "alarms.jsonl", "flags.jsonl"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()
    assert first.alarms
    assert first.flags


def _young(number: int) -> nights.Event:
    return nights.a_customer(f"c{number}", registered_at="2026-01-20T11:00:00Z", phone=f"170{number:08}")


def test_an_order_may_name_what_paid_for_it_and_whose_phone_its_parcels_go_to(replay: Replay) -> None:
    told = {"payment_account": "2088002244668800", "delivery_phone": "13911112222"}
    claims = [nights.a_claim(f"c{number}", number) for number in range(2)]
    orders = [nights.an_order("o0", 5, claims=["c0"], **told), nights.an_order("o1", 6, claims=["c1"])]
    night = replay([*nights.online_setup(), *claims, *orders])
    assert [night.outcome("order", order) for order in ("o0", "o1")] == ["placed", "placed"]
