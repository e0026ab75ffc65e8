"""Coupon codes: 14 of 31 letters and digits without look-alikes, more than 69 bits, from the system's generator."""

import secrets
from collections.abc import Iterator

ALPHABET = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without the look-alikes 0 O, 1 I L
LENGTH = 14  # 31 ** 14 is more than 69 bits

_EVEN = 256 - 256 % len(ALPHABET)
# Of 256 values of a byte the last eight would favour some letters: they are thrown away, so that every letter is equally likely.
_LETTERS = bytes(ALPHABET[value % len(ALPHABET)] for value in range(256))
_THROWN_AWAY = bytes(range(_EVEN, 256))


def new_codes(count: int) -> list[str]:
    """So many codes at once, a million in about a second."""
    letters = b""
    while len(letters) < count * LENGTH:
        letters += secrets.token_bytes(count * LENGTH + 1024).translate(_LETTERS, _THROWN_AWAY)
    return list(_cut(letters.decode("ascii"), count))


def _cut(text: str, count: int) -> Iterator[str]:
    for start in range(0, count * LENGTH, LENGTH):
        yield text[start : start + LENGTH]
