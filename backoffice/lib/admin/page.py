"""What our pages show beside Django's forms: plain data, drawn by the templates in `admin/holdfast/`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fact:
    """One labelled figure or word. `hint` explains it in small print, `url` leads to where it comes from."""

    label: Any
    value: Any
    hint: Any = ""
    url: str = ""


@dataclass(frozen=True)
class Headline:
    """What the object is and how it stands, in the first line a reader sees."""

    title: Any
    state: Any = ""
    sentence: Any = ""
    facts: Sequence[Fact] = ()
    warnings: Sequence[Any] = ()
    progress_url: str = ""


@dataclass(frozen=True)
class Panel:
    """A table below the object: what it is linked to. `url` opens the whole list, of which these rows are the first."""

    title: Any
    columns: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    empty: Any = ""
    url: str = ""
    note: Any = ""
    name: str = ""
    template: str = "admin/holdfast/panel.html"


@dataclass
class FactSheet:
    """Facts under a title, for pages that show several objects side by side."""

    title: Any
    facts: list[Fact] = field(default_factory=list)
    url: str = ""
    note: Any = ""
    template: str = "admin/holdfast/sheet.html"
