"""A scope that was kept in words, read to the reader in his language.

It is written and kept in English, whoever asked (`in_english`), and is part of what is approved and recorded: so the words of a
legal act are the same words for everybody, and are not written anew from rows that were renamed since. Reading goes from those
words alone, without a query; what is not known again stays as it was kept, and beside it stands the scope as data.
"""

import re

from django.utils.translation import gettext as _

from backoffice.lib.aloud import aloud, english, in_english, word
from orders.scopes.fields import ScopeField, known_fields

# Not those that stand inside a pair of brackets.
JOINT = re.compile(r"; (?![^()]*\))")


def scope_aloud(text: str) -> str:
    """What `in_words` wrote in English."""
    return "; ".join(_piece_aloud(piece) for piece in JOINT.split(text))


def act_aloud(text: str) -> str:
    """freeze #8 PSB-1, as the acts write themselves in English."""
    name, mark, rest = text.partition(" #")
    return f"{word(name)} #{rest}" if mark else text


def none_aloud(text: str) -> str:
    """A reference, or that there is none."""
    return word(text) if text == "none" else text


def _piece_aloud(piece: str) -> str:
    with in_english():
        everything, left_out = _("all orders there are"), _("left out are those with %s") % ""
    if piece == everything:
        return _("all orders there are")
    if piece.startswith(left_out):
        return _("left out are those with %s") % _part_aloud(piece.removeprefix(left_out))
    return _part_aloud(piece)


def _part_aloud(piece: str) -> str:
    label, colon, values = piece.partition(": ")
    field = next((one for one in known_fields().values() if colon and english(one.label) == label), None)
    if field is None:
        return aloud(piece, is_ours=True)
    return _("%(field)s: %(values)s") % {"field": field.label, "values": _values_aloud(field, values)}


def _values_aloud(field: ScopeField, values: str) -> str:
    if field.is_of_rows:
        return aloud(values, is_ours=True)
    choices = {english(label): str(label) for _value, label in field.choices()}
    whole = aloud(values, is_ours=True)
    if whole != values:
        return whole
    return ", ".join(choices.get(value, aloud(value, is_ours=True)) for value in values.split(", "))
