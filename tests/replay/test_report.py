"""The report is one file that opens anywhere, shows what the results say, and runs nothing that a file brought along."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from backoffice.replay.charts import Mark, Series, TimeAxis, mark_strip, nice_top, stacked_chart
from tests.plugins.browser import CHROMIUM, QUIET_AND_OFFLINE
from tests.replay import nights
from tests.replay.conftest import Replay, Replayed

SHANGHAI = ZoneInfo("Asia/Shanghai")
SCRIPT = "<script>alert(1)</script>"


def a_busy_night(replay: Replay) -> Replayed:
    setup = [nights.a_campaign(), nights.a_restricted_type(name=SCRIPT), nights.an_entry(channel="venue_qr", needs_token=True)]
    gang = []
    for number in range(15):
        who = nights.a_customer(f"c{number}", registered_at="2026-01-20T11:00:00Z", phone=f"170{number:08}")
        gang += [
            nights.a_guest_claim(f"c{number}", number / 10, card=9, device="d-farm", customer=who),
            nights.an_order(f"o{number}", 5 + number / 10, claims=[f"c{number}"], lines=[nights.a_top_up()], device="d-farm"),
        ]
    gang.sort(key=lambda event: str(event["at"]))
    return replay([*setup, nights.tokens(uses=100), *gang, nights.a_claim("forged", 8, channel="venue_qr", token={"raw": SCRIPT})])


def test_the_report_says_what_the_results_say(replay: Replay) -> None:
    night = a_busy_night(replay)
    text = re.sub(r"\s+", " ", (night.folder / "report.html").read_text(encoding="utf-8"))
    summary = json.loads((night.folder / "summary.json").read_text())
    money = summary["coupon_types"]["T"]
    assert money["issued"] == "1000.00"
    assert money["held"] == money["redeemed"] != "0.00"
    assert summary["totals"]["CNY"]["held"] == money["held"]
    assert "1,000 <small>CNY</small>" in text
    assert "times in Asia/Shanghai" in text
    assert f"all figures as of {datetime.fromisoformat(summary['as_of']).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" in text
    assert all(f'id="alarm-{number}"' in text for number in range(1, len(night.alarms) + 1))
    assert all(flag["order"] in text for flag in night.flags[:5])


def test_the_report_opens_offline_and_escapes_what_it_shows(replay: Replay) -> None:
    text = (a_busy_night(replay).folder / "report.html").read_text(encoding="utf-8")
    parser = References()
    parser.feed(text)
    assert parser.found == []
    assert "&lt;script&gt;alert(1)" in text
    assert SCRIPT not in text


class References(HTMLParser):
    """Collects everything that a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "img", "iframe", "object", "embed", "base", "form"}:
            self.found.append(tag)
        self.found += [
            f"{tag} {name}" for name, value in attrs if name.startswith("on") or (value or "").startswith(("http", "//"))
        ]


def test_a_replay_without_claims_or_alarms_has_a_report_too(replay: Replay) -> None:
    text = (replay([nights.a_campaign()]).folder / "report.html").read_text(encoding="utf-8")
    assert "No coupon was issued." in text
    assert "No line was crossed." in text
    assert "<svg" not in text


def test_many_coupon_types_are_shown_by_what_they_gave_and_the_others_together(replay: Replay) -> None:
    events = [nights.a_campaign()]
    for number in range(15):
        events += [nights.a_coupon_type(code=f"T{number}"), nights.an_entry(code=f"E{number}", coupon_type=f"T{number}")]
    for number in range(15):
        events += [nights.a_claim(f"c{number}", number, coupon_type=f"T{number}", entry=f"E{number}")]
    text = (replay(events).folder / "report.html").read_text(encoding="utf-8")
    assert "3 other coupon types" in text


def look_at(url: str) -> dict[str, Any]:
    """What a browser does with a page. In a thread of its own: playwright's event loop would change this thread's connections."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET_AND_OFFLINE)
        page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
        asked: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(url)
        fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shows = page.get_by_role("img", name="Claims over time by outcome").is_visible()
        chromium.close()
    return {"asked": asked, "complaints": complaints, "fits": fits, "shows": shows}


@pytest.mark.browser
def test_a_browser_asks_for_nothing_and_complains_of_nothing(replay: Replay) -> None:
    url = (a_busy_night(replay).folder / "report.html").as_uri()
    with ThreadPoolExecutor(1) as thread:
        seen = thread.submit(look_at, url).result()
    assert seen == {"asked": [url], "complaints": [], "fits": True, "shows": True}


def an_axis(hours: float = 3) -> TimeAxis:
    begin = datetime(2019, 1, 20, 1, 0, tzinfo=SHANGHAI)
    return TimeAxis(begin, begin + timedelta(hours=hours), SHANGHAI)


@pytest.mark.parametrize(
    ("hours", "bucket"), [(0, 1), (36, 1), (37, 5), (24 * 7, 5), (24 * 20, 15), (24 * 31, 60), (24 * 400, 360), (24 * 4000, 1440)]
)
def test_steps_grow_with_the_length_of_the_file(hours: float, bucket: int) -> None:
    axis = an_axis(hours)
    assert axis.bucket == timedelta(minutes=bucket)
    assert 1 <= axis.buckets <= 4100


def test_ticks_stand_at_full_hours_of_the_readers_zone() -> None:
    assert [label for _x, label in an_axis(36).ticks()][:4] == ["03:00", "06:00", "09:00", "12:00"]
    assert "21 Jan" in [label for _x, label in an_axis(36).ticks()]


def test_a_picture_is_sound_and_keeps_to_its_frame() -> None:
    axis = an_axis()
    minute = int(datetime(2019, 1, 20, 1, 30, tzinfo=SHANGHAI).timestamp()) // 60
    series = [Series("issued <b>", "issued", {axis.bucket_of(minute): 7}), Series("refused", "refused", {})]
    marks = [Mark(n, datetime(2019, 1, 19, 18, 0, n, tzinfo=UTC), "a & b", "alarmed") for n in range(1, 9)]
    for picture in (stacked_chart(axis, series, marks, title="t"), mark_strip(axis, marks, title='"t"')):
        root = ElementTree.fromstring(picture)
        width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
        for shape in root.iter("circle"):
            assert 0 <= float(shape.attrib["cx"]) <= width
            assert float(shape.attrib["cy"]) - float(shape.attrib["r"]) >= 0
            assert float(shape.attrib["cy"]) <= height
    assert picture.count("<circle") == len(marks)


@pytest.mark.parametrize(("value", "top"), [(0, 4), (4, 4), (5, 5), (9, 10), (11, 20), (41, 50), (51, 80), (5_001, 8_000)])
def test_the_scale_ends_at_a_round_number(value: int, top: int) -> None:
    assert nice_top(value) == top


def test_pictures_of_a_night_fit_into_a_mail(replay: Replay, tmp_path: Path) -> None:
    assert (a_busy_night(replay).folder / "report.html").stat().st_size < 200_000
