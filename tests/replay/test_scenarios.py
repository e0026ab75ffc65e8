"""The made-up nights and the recorded month, through the command, held against what really happened."""

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from backoffice.management.commands import replay as command
from tests.conftest import RECORDED_DATA
from tests.replay.conftest import FreshDatabase
from tests.replay.nights import read_lines

SCENARIOS = RECORDED_DATA.parent / "scenarios"
TIANCHI = RECORDED_DATA / "tianchi_o2o_july2016" / "ccf_offline_stage1_test_revised.csv.gz"
TEN_MINUTES = 600

pytestmark = pytest.mark.realdata
Score = Callable[..., dict[str, Any]]


@pytest.fixture
def score(tmp_path: Path, fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Score:
    """Make a scenario smaller than it was, replay it, and give what score.py says."""
    monkeypatch.setattr(command, "scratch_database", fresh_database)

    def run(name: str, scale: str = "0.1") -> dict[str, Any]:
        made = [sys.executable, SCENARIOS / "make_scenario.py", name, tmp_path / "scenario", "--scale", scale]
        subprocess.run(made, check=True, capture_output=True)
        call_command("replay", tmp_path / "scenario" / "events.jsonl", out=tmp_path / "results")
        spec = importlib.util.spec_from_file_location("score", SCENARIOS / "score.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return dict(module.score(tmp_path / "scenario", tmp_path / "results"))

    return run


def test_forged_tokens_give_nothing_and_guests_and_customers_everything(score: Score) -> None:
    figures = score("tv_forged")
    assert figures["organised: claims issued"] == 0
    assert figures["organised: claims refused"] == 400
    assert figures["guest: claims refused"] == 0
    assert figures["normal: claims refused"] == 0
    assert figures["guest: claims issued"] == 120


def test_a_festivals_peak_stops_and_holds_nothing(score: Score, tmp_path: Path) -> None:
    figures = score("festival_peak")
    assert figures["suspensions"] == 0
    assert figures["normal: held over an hour or not shipped, per 1,000 orders"] == 0
    alarms = read_lines(tmp_path / "results" / "alarms.jsonl")
    assert [alarm["scope"] for alarm in alarms] == ["campaign:NY"]


def test_an_open_door_is_shut_within_ten_minutes(score: Score) -> None:
    figures = score("open_door", "0.3")  # at a tenth of its size the gang comes at a tenth of its speed
    assert figures["first suspension, seconds after the first organised claim"] < TEN_MINUTES
    assert figures["normal: claims refused"] == 0
    assert figures["normal: called organised, per 1,000 orders"] == 0


def replay_tianchi(tmp_path: Path, *words: str) -> tuple[Counter[str], Path]:
    call_command("replay", str(TIANCHI), "--format", "tianchi", "--out", str(tmp_path / "results"), *words)
    results = read_lines(tmp_path / "results" / "results.jsonl")
    return Counter(line["outcome"] for line in results), tmp_path / "results"


@pytest.mark.slow
def test_the_recorded_month_gives_one_coupon_per_customer_and_type(db: None, tmp_path: Path) -> None:
    counts, folder = replay_tianchi(tmp_path)
    assert counts == {"issued": 105_958, "refused": 7_682}
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["coupon_types"]["13602"]["coupons"] > 10_000


@pytest.mark.slow
def test_of_ten_thousand_exactly_ten_thousand_are_given(db: None, tmp_path: Path) -> None:
    _counts, folder = replay_tianchi(tmp_path, "--quantity", "13602=10000")
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["coupon_types"]["13602"]["coupons"] == 10_000
