"""Which lines of a basket a coupon looks at. Pure: no Django, no database.

A scope is a list of patterns, some that take part and some that are left out. With none that takes part, every line does; what is
left out stays out, whatever else names it. Texts are compared exactly, and a star at the end stands for whatever follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

STAR = "*"


class BasketLike(Protocol):
    """What a pattern reads of a line: what it is, where the storefront files it, which article."""

    @property
    def category(self) -> str: ...
    @property
    def product_category(self) -> str: ...
    @property
    def sku(self) -> str: ...


@dataclass(frozen=True)
class Pattern:
    """`by` names the field of the line that is read; `value` is what it must be, or begin with where it ends with a star."""

    by: str
    value: str

    def matches(self, line: BasketLike) -> bool:
        text = str(getattr(line, self.by))
        return text.startswith(self.value[: -len(STAR)]) if self.value.endswith(STAR) else text == self.value


@dataclass(frozen=True)
class Scope:
    """What takes part and what is left out."""

    included: tuple[Pattern, ...] = ()
    left_out: tuple[Pattern, ...] = ()

    def covers(self, line: BasketLike) -> bool:
        if any(pattern.matches(line) for pattern in self.left_out):
            return False
        return not self.included or any(pattern.matches(line) for pattern in self.included)

    def places(self, lines: Sequence[BasketLike]) -> frozenset[int]:
        """The places, counted from 0, of the lines that are covered."""
        return frozenset(place for place, line in enumerate(lines) if self.covers(line))
