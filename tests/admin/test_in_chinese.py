"""The admin in Chinese shows no English: what is left are names, codes, and what people of the world typed in."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import AtRole
from tests.admin.permission_matrix import MODELS
from tests.admin.test_permission_matrix import address
from tests.admin.world import World

HIDDEN = re.compile(r"<(script|style|svg|template)\b.*?</\1>|<!--.*?-->|<pre\b.*?</pre>", re.DOTALL)
ICON = re.compile(r"<(\w+)[^>]*\bmaterial-symbols-outlined\b[^>]*>.*?</\1>", re.DOTALL)
TEXT_ATTRIBUTE = re.compile(r"""\s(?:title|alt|placeholder|aria-label)=("[^"]*"|'[^']*')""")
ENGLISH = re.compile(r"[A-Za-z]{2,}")


EVERY_KIND = ["/admin/", "/admin/auth/group/", "/admin/lib/approval/", "/admin/promotions/alarm/", "/admin/risk/finding/"]


def addresses() -> Iterator[str]:
    yield reverse("admin:index")
    for name, model in MODELS.items():
        yield reverse(f"admin:{name}_changelist")
        if name != "pghistory_events":
            yield from (address(f"{name}_{page}", name) for page in ("change", "history", *model.steps))
        if model.add:
            yield reverse(f"admin:{name}_add")


def texts_of(html: str) -> set[str]:
    shown = ICON.sub("", HIDDEN.sub("", html))
    attributes = [found[1:-1] for found in TEXT_ATTRIBUTE.findall(shown)]
    nodes = re.sub(r"<[^>]*>", "\n", shown).split("\n")
    return {text.strip() for text in [*nodes, *attributes] if ENGLISH.search(text)}


# What people of the world typed in, and the names they gave.
TYPED = re.compile(
    r"New Year gala|Autumn|Spring|off tea|off plums|100 off, studio guests|customer called|as agreed|no suspicion|one more"
    r"|first two|a rack of phones|Public security bureau|asked by (?:the )?police|the wrong list|the studio.{1,6}s coupon leaks"
    r"|This is a test. Nothing has happened|it leaves now|old shop|Tokens on a bargain board|seen in the night|a great discount"
    r"|bought by many accounts|I bought it for my mother|one of the rack|the house.{1,6}s own tablet|finds great discounts|one rack"
    r"|the forged tokens alarmed|watch it|The venue was told|he called|older.csv"
    r"|devices that resellers were seen with|ready for spring"
)
# Summaries of freezes and releases, which are kept in the language they were asked in.
FREEZES = re.compile(r"A hold of the kind|holds that freeze")
TWO_WORDS = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")


def english_on(client: Client, url: str, language: str = "zh-hans") -> set[str]:
    """Texts of the page with two English words in a row that nobody typed."""
    answer = client.get(url, headers={"accept-language": language})
    texts = texts_of(answer.content.decode()) if answer.status_code == 200 else set()
    return {text for text in texts if TWO_WORDS.search(TYPED.sub("", text)) and not FREEZES.search(text)}


@pytest.mark.parametrize("url", EVERY_KIND)
def test_a_page_in_chinese_shows_no_english(world: World, as_role: AtRole, url: str) -> None:
    assert english_on(as_role("superuser"), url) == set()


def test_the_form_of_a_rule_in_chinese_shows_no_english(world: World, as_role: AtRole) -> None:
    assert english_on(as_role("superuser"), address("risk_rule_write", "risk_rule")) == set()


def test_no_page_in_chinese_shows_english(world: World, as_role: AtRole) -> None:
    client = as_role("superuser")
    assert {url: english for url in addresses() if (english := english_on(client, url))} == {}


def test_english_would_be_seen(world: World, as_role: AtRole) -> None:
    assert {"promotions operator", "risk analyst"} <= english_on(as_role("superuser"), "/admin/auth/group/", "en")
