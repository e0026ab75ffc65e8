"""What machines write down is kept in English, whoever asked, and read to each reader in his language."""

from collections.abc import Iterator

import pytest
from django.utils.translation import override

from backoffice.lib import sentences
from backoffice.lib.aloud import _aloud, aloud, in_english, word
from backoffice.lib.sentences import SENTENCES, Sentence
from promotions.services.changes import changes_aloud
from promotions.services.entries import OPENS
from promotions.services.grant_lists import MATCHING
from promotions.services.granting import ALSO_THOSE, AS_IT_STANDS, GIVEN
from promotions.services.rules import GETS
from promotions.services.thresholds import HELD_BY_LINE
from promotions.states import Metric
from risk.rules.concentration import HUB, ON_DEVICE
from risk.rules.findings import counted


@pytest.fixture
def chinese() -> Iterator[None]:
    with override("zh-hans"):
        yield


def test_a_kept_sentence_is_english_whoever_asks(chinese):
    assert OPENS % {"entry": "DOOR", "type": "TEA", "cap": "1,000"} == "Entry DOOR opens for TEA, for at most 1,000 coupons."


def test_it_is_read_in_the_language_of_the_reader(chinese):
    kept = OPENS % {"entry": "DOOR", "type": "TEA", "cap": "1,000"}
    assert aloud(kept) == "领取入口“DOOR”开放，用于领取“TEA”，最多 1,000 张优惠券。"
    with override("en"):
        assert aloud(kept) == kept


@pytest.mark.parametrize(
    "typed", ["They are thieves.", "2 of 3", "Theft: some of them", "one within another", "verified", "", "订单有误；请核对"]
)
def test_what_a_person_typed_stays_as_it_is(chinese, typed):
    assert aloud(typed) == typed


def test_sentences_inside_a_sentence_are_read_too(chinese):
    assert aloud(HUB % {"what": ON_DEVICE % {"accounts": counted(51)}}) == (
        "7 天内同一设备上有 超过 50 个账户：属于公共节点，不据此关联任何人"
    )
    rule = "at most 2 coupons per device within 10 min; beyond: refuse"
    assert "每个设备最多 2 张" in aloud(GETS % {"owner": "TEA", "rule": rule})


def test_reasons_kept_as_one_line_are_not_taken_for_one_sentence(chinese):
    """The first begins and the last ends as another sentence does, whose places would swallow the rest."""
    kept = (
        "9 accounts topped up one recipient with coupons within 7 days, 1 of them new;"
        " Turned into virtual goods for somebody else 6 min after the claim; 9 accounts on one device within 7 days"
    )
    read = aloud(kept)
    assert read.split("; ") == [aloud(piece) for piece in kept.split("; ")]
    assert "accounts" not in read


def test_lines_and_conditions_are_read_one_by_one(chinese):
    conditions = "verified; has a coupon of TEA; somebody's own words"
    kept = MATCHING % {"conditions": conditions}
    assert aloud(kept) == "符合条件的全部客户：已实名; 持有 TEA 的优惠券; somebody's own words"
    told = {"count": "3", "type": "TEA", "amount": "30.00 CNY", "scope": kept, "given": "3", "room": "5"}
    lines = aloud("\n".join([GIVEN % told, AS_IT_STANDS % told, str(ALSO_THOSE)])).split("\n")
    assert len(lines) == 3
    assert not any("customers" in line or "would get" in line or "Also" in line for line in lines)


def test_fields_of_a_change_and_lines_are_named_in_the_language_of_the_reader(chinese):
    assert "cap" not in changes_aloud("cap 10 → 20, closes at – → 2026-01-01 00:00 UTC")
    with in_english():
        line = f"coupon type TEA · {Metric.ISSUED_AMOUNT.label}"
    held = aloud(HELD_BY_LINE % {"line": line})
    assert held == "券类型 TEA · 发出面值：已越线"


def test_words_are_read_and_unknown_ones_left():
    with override("zh-hans"):
        assert word("coupon_type") == "券类型"
        assert word("rack-00") == "rack-00"
    with override("zh-hans"), in_english():
        assert word("coupon type") == "coupon type"


def test_every_declared_sentence_is_known_again_from_what_it_makes():
    for sentence in SENTENCES:
        places = {name: "7" for name in sentences.PLACE.findall(sentence.template) for name in name if name not in ("", "%")}
        kept = sentence % places
        assert sentence.values_in(kept) is not None, sentence.template


def test_of_two_that_fit_the_one_that_says_more_is_taken(monkeypatch):
    monkeypatch.setattr(sentences, "SENTENCES", [])
    Sentence("%(what)s is over")
    Sentence("%(what)s of TEA is over")
    _aloud.cache_clear()
    found = sentences.known_again("half of TEA is over")
    assert found is not None
    assert found[1] == {"what": "half"}
