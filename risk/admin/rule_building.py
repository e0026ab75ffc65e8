"""The form in which a rule is written: groups and conditions, nested, drawn anew by the server after each step.

It works with the keyboard alone and without a script. Fields are named by where they stand: `t.0` is the outermost group, `t.0.1`
the second part of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from risk.rulebook import Any as AnyOf
from risk.rulebook import Clause, Fact, FactType, Lists, Node, Not, Schema
from risk.rulebook.checking import MOST_DEEP, MOST_NODES
from risk.rulebook.schema import LISTED, ORDERED, WITH_VALUES, WITHOUT_VALUE, lists_for, operators_of
from risk.rulebook.tree import All, written
from risk.rulefacts.velocity import WINDOWS
from risk.wording import GROUP_NAMES, OPERATOR_NAMES

FIRST_WINDOW = "24h"
NO_LISTS: Lists = {}
SEPARATORS = re.compile(r"[,，、\n]")


@dataclass
class Part:
    """A group or a condition as it is being written. `kind` is "all", "any", "none", or "clause"."""

    path: str
    kind: str
    schema: Schema
    parts: list["Part"] = field(default_factory=list)
    lists: Lists = field(default_factory=dict)
    fact: str = ""
    operator: str = ""
    value: str = ""
    values: list[str] = field(default_factory=list)
    other: str = ""
    list_name: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def is_group(self) -> bool:
        return self.kind != "clause"

    @property
    def known(self) -> Fact | None:
        return self.schema.get(self.fact)

    @property
    def base(self) -> str:
        return (self.known.base or self.known.name) if self.known else ""

    @property
    def windows(self) -> list[tuple[str, str, bool]]:
        """Value, word, and whether it is chosen; none where the fact has no window."""
        known = self.known
        if known is None or not known.window:
            return []
        return [(name, _(words), name == known.window) for name, (_interval, words) in WINDOWS.items()]

    @property
    def operators(self) -> list[tuple[str, Any, bool]]:
        known = self.known
        return [(name, OPERATOR_NAMES[name], name == self.operator) for name in (operators_of(known) if known else ())]

    @property
    def kinds(self) -> list[tuple[str, Any, bool]]:
        return [(name, words, name == self.kind) for name, words in GROUP_NAMES.items()]

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        known = self.known
        if known is None or not known.choices:
            return []
        return [(value, _(words), value in (*self.values, self.value)) for value, words in known.choices.items()]

    @property
    def asks_value(self) -> bool:
        return bool(self.operator) and self.operator not in WITHOUT_VALUE and not self.asks_list

    @property
    def asks_list(self) -> bool:
        return self.operator in LISTED

    @property
    def fitting_lists(self) -> list[tuple[str, bool]]:
        """The name of each value list that the fact may be held against, and whether it is chosen."""
        return [(one.name, one.name == self.list_name) for one in (lists_for(self.known, self.lists) if self.known else ())]

    @property
    def asks_several(self) -> bool:
        return self.operator in WITH_VALUES

    @property
    def input_type(self) -> str:
        known = self.known
        return "datetime-local" if known and known.type == FactType.MOMENT else "text"

    @property
    def text(self) -> str:
        return ", ".join(self.values) if self.asks_several else self.value

    @property
    def others(self) -> list[tuple[str, str, bool]]:
        """The facts with which this one can be compared, of those without a window."""
        from risk.wording import label_of

        known = self.known
        if known is None or self.operator not in ORDERED or known.choices:
            return []
        same = [one for one in self.schema.values() if (one.type, one.unit) == (known.type, known.unit) and not one.window]
        return [(one.name, label_of(one), one.name == self.other) for one in same if one.name != known.name]

    def said(self) -> Any:
        """As JSON for the checker, whatever is still missing."""
        if self.kind == "none":
            return {"not": {"any": [part.said() for part in self.parts]}}
        if self.is_group:
            return {self.kind: [part.said() for part in self.parts]}
        clause: dict[str, Any] = {"fact": self.fact, "is": self.operator}
        if self.asks_list:
            clause["list"] = self.list_name
        elif self.asks_several:
            clause["values"] = self.values
        elif self.asks_value and self.other:
            clause["other"] = self.other
        elif self.asks_value and self.value:
            clause["value"] = _moment(self.value) if self.input_type == "datetime-local" else self.value
        return clause


def _moment(text: str) -> str:
    """What the browser sends has no zone: it is the reader's."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (timezone.make_aware(moment) if moment.tzinfo is None else moment).isoformat()


def empty(schema: Schema, lists: Lists = NO_LISTS) -> Part:
    return Part("0", "all", schema, [Part("0.0", "clause", schema, lists=lists)], lists)


def part_of(node: Node, schema: Schema, lists: Lists = NO_LISTS, path: str = "0") -> Part:
    """The form of a rule that exists."""
    if isinstance(node, Clause):
        value = node.value
        shown = timezone.localtime(value).strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else ""
        text = shown or ("" if value is None else written(value))
        values = [written(one) for one in node.values]
        return Part(path, "clause", schema, [], lists, node.fact, node.operator, text, values, node.other, node.list_name)
    if isinstance(node, Not):
        parts = node.part.parts if isinstance(node.part, AnyOf) else (node.part,)
        kind = "none"
    else:
        parts, kind = node.parts, "all" if isinstance(node, All) else "any"
    below = [part_of(one, schema, lists, f"{path}.{place}") for place, one in enumerate(parts)]
    return Part(path, kind, schema, below, lists)


def read(data: Mapping[str, Any], schema: Schema, lists: Lists = NO_LISTS, path: str = "0", depth: int = 0) -> Part:
    """What was sent. A condition whose fact was changed keeps what still fits."""
    kind = data.get(f"t.{path}.kind", "clause")
    if kind in GROUP_NAMES:
        sent = str(data.get(f"t.{path}.size", "0"))
        size = min(int(sent), MOST_NODES) if sent.isascii() and sent.isdecimal() and depth <= MOST_DEEP else 0
        below = [read(data, schema, lists, f"{path}.{place}", depth + 1) for place in range(size)]
        return Part(path, kind, schema, below, lists)
    return _read_clause(data, schema, lists, path)


def _read_clause(data: Mapping[str, Any], schema: Schema, lists: Lists, path: str) -> Part:
    def sent(name: str) -> str:
        return str(data.get(f"t.{path}.{name}", "")).strip()

    base, window = sent("fact"), sent("window") or FIRST_WINDOW
    name = base if base in schema else f"{base}.{window}"
    fact = name if name in schema else ""
    part = Part(path, "clause", schema, [], lists, fact, value=sent("value"), other=sent("other"), list_name=sent("list"))
    if part.known:
        fitting = operators_of(part.known)
        part.operator = sent("is") if sent("is") in fitting else fitting[0]
    get_all: Any = getattr(data, "getlist", None)
    chosen = get_all(f"t.{path}.value") if get_all else [sent("value")]
    if part.asks_several:
        part.values = [one.strip() for text in chosen for one in SEPARATORS.split(str(text)) if one.strip()]
    return part


def apply(root: Part, action: str) -> Part:
    """Do what a button asks: "add:PATH", "group:PATH", "remove:PATH"; anything else changes nothing."""
    verb, _colon, path = action.partition(":")
    target = _find(root, path)
    if target is not None and verb in ("add", "group") and target.is_group:
        clause = Part("", "clause", root.schema, lists=root.lists)
        target.parts.append(clause if verb == "add" else Part("", "any", root.schema, [clause], root.lists))
    elif target is not None and verb == "remove" and target is not root:
        parent = _find(root, path.rpartition(".")[0])
        if parent is not None:
            parent.parts.remove(target)
    return _numbered(root, "0")


def _find(part: Part, path: str) -> Part | None:
    if part.path == path:
        return part
    return next((found for one in part.parts if (found := _find(one, path))), None)


def _numbered(part: Part, path: str) -> Part:
    part.path = path
    for place, one in enumerate(part.parts):
        _numbered(one, f"{path}.{place}")
    return part


def place_problems(root: Part, problems: Any) -> list[str]:
    """Put each problem beside the part it is about; answers those that belong to none."""
    homeless: list[str] = []
    for problem in problems:
        text = _(problem.sentence) % {**problem.values, "fact": _fact_word(root.schema, problem.values.get("fact", ""))}
        part = _find(root, _shown_path(root, problem.path))
        (part.problems if part else homeless).append(text)
    return homeless


def _fact_word(schema: Schema, word: str) -> str:
    return " ".join(_(part) for part in word.split("\n")) if word else _("nothing chosen")


def _shown_path(part: Part, path: str) -> str:
    """The checker counts `not` and the group below it as two, the form as one."""
    steps, shown = path.split(".")[1:], part
    while steps:
        if shown.kind == "none":
            steps.pop(0)
            if not steps:
                break
        place = int(steps.pop(0))
        if place >= len(shown.parts):
            break
        shown = shown.parts[place]
    return shown.path


def fact_groups(schema: Schema) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Heading, and the name, the words and the help of each fact below it; a fact over windows once."""
    groups: dict[str, dict[str, tuple[str, str, str]]] = {}
    for fact in schema.values():
        words = " ".join(_(part) for part in fact.label.split("\n"))
        base = fact.base or fact.name
        groups.setdefault(_(fact.group), {})[base] = (base, words, _(fact.help) if fact.help else "")
    return [(title, list(facts.values())) for title, facts in groups.items()]
