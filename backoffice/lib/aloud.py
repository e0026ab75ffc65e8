"""Kept sentences (`sentences`), read to the reader in his language."""

from functools import lru_cache

from django.utils.translation import get_language, gettext, ngettext, override

from backoffice.lib.sentences import Sentence, known_again

KEPT_IN = "en"
JOINT = "; "
"""What stands between several sentences that were kept as one line."""


def in_english() -> override:
    """For writing what is kept: whatever is put into a sentence is in English, too."""
    return override(KEPT_IN)


def aloud(text: str, *, is_ours: bool = False) -> str:
    """A kept text in the reader's language, as far as it was made from declared sentences. Anything else stays as it stands.

    Where people cannot have written it (`is_ours`) parts of sentences are known, too.
    """
    language = get_language() or KEPT_IN
    return text if language.startswith(KEPT_IN) or not text else _aloud(text, is_ours, language)


def english(thing: object) -> str:
    """What a thing is called, as it is kept."""
    with in_english():
        return str(thing)


def error_aloud(error: str) -> str:
    """What stopped a job, as it is kept with it: "Class: sentence". A sentence of ours stands for itself."""
    _class, _colon, sentence = error.partition(": ")
    return aloud(sentence) if sentence and known_again(sentence) else error


@lru_cache(maxsize=4096)
def _aloud(text: str, is_ours: bool, language: str) -> str:
    if "\n" in text:
        return "\n".join(_aloud(line, is_ours, language) for line in text.split("\n"))
    pieces = text.split(JOINT)
    is_several = any(map(known_again, pieces[1:]))  # a place would swallow what stands between two of them
    found = None if is_several else known_again(text, in_another=is_ours)
    if found:
        return _read(*found)
    return JOINT.join(_aloud(piece, is_ours, language) for piece in pieces) if len(pieces) > 1 else text


def _read(sentence: Sentence, values: dict[str, str]) -> str:
    words = {name: sentence.readers.get(name, _part)(value) for name, value in values.items()}
    if not sentence.plural:
        return gettext(sentence.template) % words
    return ngettext(sentence.template, sentence.plural, int(values[sentence.count].replace(",", ""))) % words


def _part(value: str) -> str:
    return _aloud(value, True, get_language() or KEPT_IN)


def word(value: str) -> str:
    """Reads a value that is one of our own words, such as a label or the name of a field."""
    return gettext(value.replace("_", " ")) if value else value
