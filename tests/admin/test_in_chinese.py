"""The admin in Chinese shows no English: what is left are names, codes, and what people of the world typed in."""

import re
from collections.abc import Iterator

from django.urls import reverse

from tests.admin.conftest import AtRole
from tests.admin.permission_matrix import MODELS
from tests.admin.test_permission_matrix import address
from tests.admin.world import World

HIDDEN = re.compile(r"<(script|style|svg|template)\b.*?</\1>|<!--.*?-->|<pre\b.*?</pre>", re.DOTALL)
ICON = re.compile(r"<(\w+)[^>]*\bmaterial-symbols-outlined\b[^>]*>.*?</\1>", re.DOTALL)
TEXT_ATTRIBUTE = re.compile(r"""\s(?:title|alt|placeholder|aria-label)=("[^"]*"|'[^']*')""")
ENGLISH = re.compile(r"[A-Za-z]{2,}")


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


def test_dump(world: World, as_role: AtRole) -> None:
    client = as_role("superuser")
    found: dict[str, str] = {}
    for url in addresses():
        answer = client.get(url, headers={"accept-language": "zh-hans"})
        if answer.status_code == 200:
            for text in texts_of(answer.content.decode()):
                found.setdefault(text, url)
        else:
            print(answer.status_code, url)
    with open("/tmp/leftovers.txt", "w") as out:
        for text, url in sorted(found.items(), key=lambda p: p[1]):
            out.write(f"{url}\t{text}\n")
