"""Texts that come from outside, checked before they reach the database."""

import re
from typing import Any

from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput

LONGEST_PROSE = 4_000
# What PostgreSQL cannot store: NUL and lone surrogates. Control characters have no place in a reference either.
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
NOT_IN_A_REFERENCE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def checked_reference(value: Any, name: str, *, longest: int, may_be_blank: bool = False) -> str:
    """The text, if it can be a reference, a code or an account: one line of at most `longest` characters. Raises InvalidInput.

    None counts as blank.
    """
    return _checked(value, name, longest, may_be_blank, NOT_IN_A_REFERENCE)


def checked_prose(value: Any, name: str, *, longest: int = LONGEST_PROSE, may_be_blank: bool = False) -> str:
    """The text without blanks around it, if it can be a reason or a note, of several lines too. Raises InvalidInput."""
    return _checked(value, name, longest, may_be_blank, UNSTORABLE).strip()


def _checked(value: Any, name: str, longest: int, may_be_blank: bool, unwanted: re.Pattern[str]) -> str:
    words = {"subject": name[:1].upper() + name[1:], "longest": longest}
    if value is None and may_be_blank:
        return ""
    if not isinstance(value, str):
        raise InvalidInput(_("%(subject)s must be text.") % words)
    if not may_be_blank and not value.strip():
        raise InvalidInput(_("%(subject)s is missing.") % words)
    if len(value) > longest:
        raise InvalidInput(_("%(subject)s is longer than %(longest)s characters.") % words)
    if unwanted.search(value):
        raise InvalidInput(_("%(subject)s contains characters that cannot be stored.") % words)
    return value
