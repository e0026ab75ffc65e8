"""A broken line stops the replay with nothing of it applied and nothing written; --keep-going leaves it out and goes on."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from orders.models import Order
from promotions.models import Campaign, Claim, Coupon, CouponType, TokenBatch
from promotions.states import CouponStatus
from tests.replay import nights
from tests.replay.conftest import FreshDatabase, Replay


def test_a_broken_line_5000_stops_there(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    good = [*nights.online_setup(), nights.a_claim("c", 0), *(nights.an_order(f"o{n}", 1) for n in range(6))]
    filler = ["" for _ in range(4999 - len(good))]
    broken = nights.an_order("broken", 2, claims=["c"]) | {"customer": 7}
    path = nights.write_events(tmp_path / "events.jsonl", [*good, *filler, broken, nights.an_order("after", 3)])
    out = tmp_path / "results"
    with fresh_database():
        with pytest.raises(CommandError, match=r"events\.jsonl, line 5,000: customer must be a string, not 7") as refusal:
            call_command("replay", path, out=out, into_current=True)
        assert refusal.value.returncode == 1
        assert sorted(Order.objects.values_list("ref", flat=True)) == [f"o{n}" for n in range(6)]
        assert Coupon.objects.get().status == CouponStatus.ISSUED
    assert list(out.iterdir()) == []


def test_nothing_of_a_line_that_a_service_refuses_is_applied(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    """Drafted and approved is one: a type whose approval is refused is not left behind as a draft."""
    too_much = nights.an_entry(code="E2", needs_token=True)
    path = nights.write_events(
        tmp_path / "events.jsonl",
        [*nights.online_setup(), too_much, nights.tokens(0, entry="E2"), nights.tokens(1, entry="E2", uses=5000)],
    )
    with fresh_database():
        with pytest.raises(CommandError, match="line 6: "):
            call_command("replay", path, out=tmp_path / "results", into_current=True)
        assert (Campaign.objects.count(), CouponType.objects.count(), TokenBatch.objects.count()) == (1, 1, 1)


def test_keep_going_reports_every_line_and_plays_the_others(
    fresh_database: FreshDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [
        *nights.online_setup(),
        "{",
        nights.a_claim("c", 0),
        nights.a_claim("early", -5),
        nights.an_order("o", 1, claims=["nobody"]),
        nights.an_order("p", 2, claims=["c"]),
        nights.a_ship("o", 3),
        nights.a_ship("p", 4),
    ]
    path, out = nights.write_events(tmp_path / "events.jsonl", events), tmp_path / "results"
    with fresh_database():
        with pytest.raises(CommandError, match="4 lines could not be played and were left out"):
            call_command("replay", path, out=out, into_current=True, keep_going=True)
        assert (Claim.objects.count(), Order.objects.get().ref) == (1, "p")
    told = capsys.readouterr().err
    assert [line.split(":")[0] for line in told.splitlines() if line.startswith("line ")] == [
        "line 4",
        "line 6",
        "line 7",
        "line 9",
    ]
    results = nights.read_lines(out / "results.jsonl")
    assert [(line["kind"], line["id"]) for line in results] == [("claim", "c"), ("order", "p"), ("ship", "p")]
    assert json.loads((out / "summary.json").read_text())["faults"] == 4
    assert "line 7: There is no claim nobody in a line above." in (out / "report.html").read_text()


def test_a_replay_that_stops_leaves_no_earlier_results_to_be_taken_for_its_own(replay: Replay, tmp_path: Path) -> None:
    good = replay([nights.an_order("o", 0)])
    with pytest.raises(CommandError, match="line 2"):
        replay([nights.an_order("o", 0), "{"], out=good.folder)
    assert list(good.folder.iterdir()) == []


def test_a_file_in_which_nothing_can_be_played_is_refused(replay: Replay) -> None:
    with pytest.raises(CommandError, match="holds no event that can be played"):
        replay(["{", "["], keep_going=True)
