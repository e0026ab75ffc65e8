"""Sentences that are kept: what a machine writes down for people, such as why it held an order, what it found, what is asked for.

They are written and kept in English, whoever's request it was, and read to each reader in his own language (`aloud.aloud`). For
that each sentence is declared once, as a template with named places; what was kept is known again by it. So nothing is kept twice,
what is kept can be searched, told to programs and hashed; and what nobody declared, a person's own reason above all, stays as is.

Pure: no Django, so that rules can declare theirs.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

PLACE = re.compile(r"%\((\w+)\)s|%(%)")
Reader = Callable[[str], str]

SENTENCES: list["Sentence"] = []


def gettext_noop(text: str) -> str:
    """Django's, for code without Django: marks a text for the catalogue, and leaves it as it is."""
    return text


class Sentence:
    """A template, and how what was made from it is known again.

    `readers` say by place how its value is read; a value that has none is looked for among the sentences, and else stays as it is.
    A `part` stands only inside others: alone, people could have typed it. Of nested ones the innermost is looked for last. With
    `plural` the template is that of one, and the place `count` holds how many.
    """

    def __init__(
        self,
        template: str,
        /,
        *,
        plural: str = "",
        count: str = "",
        is_part: bool = False,
        is_innermost: bool = False,
        **readers: Reader,
    ) -> None:
        self.template, self.plural, self.count, self.is_part, self.readers = template, plural, count, is_part, readers
        self.patterns = [_pattern(text) for text in (template, plural) if text]
        self.weight = 0 if is_innermost else len(PLACE.sub("", template))
        SENTENCES.append(self)

    def __mod__(self, values: Mapping[str, Any]) -> str:
        """In English, to be kept."""
        is_one = not self.plural or str(values[self.count]) == "1"
        return (self.template if is_one else self.plural) % values

    def __str__(self) -> str:
        """A sentence without places, to be kept."""
        return self.template

    def values_in(self, text: str) -> dict[str, str] | None:
        """What stands in the places, where the text was made from this template; None where it was not."""
        for pattern in self.patterns:
            if found := pattern.fullmatch(text):
                return found.groupdict()
        return None


def known_again(text: str, *, in_another: bool = False) -> tuple[Sentence, dict[str, str]] | None:
    """The sentence that a kept text was made from: of several that fit, the one that says most of it. Parts only inside another."""
    for sentence in sorted(SENTENCES, key=lambda one: -one.weight):
        if sentence.is_part and not in_another:
            continue
        if (values := sentence.values_in(text)) is not None:
            return sentence, values
    return None


def _pattern(template: str) -> re.Pattern[str]:
    pieces, end = [], 0
    for found in PLACE.finditer(template):
        pieces.append(re.escape(template[end : found.start()]))
        pieces.append("%" if found[2] else f"(?P<{found[1]}>.+?)")
        end = found.end()
    return re.compile("".join([*pieces, re.escape(template[end:])]), re.DOTALL)
