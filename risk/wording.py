"""Rules and facts in the reader's words. Whole sentences with named places, so that each language may order them as it must."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any as Anything
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.display import NOTHING, time_html
from backoffice.lib.sentences import gettext_noop
from risk.rulebook import All, Any, Clause, Fact, FactType, Node, Not, Schema
from risk.rulefacts.velocity import WINDOWS

SENTENCES: Mapping[str, Anything] = {
    "at_least": gettext_lazy("%(fact)s is at least %(value)s"),
    "more": gettext_lazy("%(fact)s is more than %(value)s"),
    "at_most": gettext_lazy("%(fact)s is at most %(value)s"),
    "less": gettext_lazy("%(fact)s is less than %(value)s"),
    "equal": gettext_lazy("%(fact)s is %(value)s"),
    "not_equal": gettext_lazy("%(fact)s is not %(value)s"),
    "one_of": gettext_lazy("%(fact)s is one of %(value)s"),
    "has_any": gettext_lazy("%(fact)s: there is any of %(value)s"),
    "starts_with": gettext_lazy("%(fact)s begins with %(value)s"),
    "contains": gettext_lazy("%(fact)s contains %(value)s"),
    "on_list": gettext_lazy("%(fact)s is on the value list %(value)s"),
    "not_on_list": gettext_lazy("%(fact)s is not on the value list %(value)s"),
    "any on_list": gettext_lazy("%(fact)s: one of them is on the value list %(value)s"),
    "any not_on_list": gettext_lazy("%(fact)s: none of them is on the value list %(value)s"),
    "yes": gettext_lazy("it is so: %(fact)s"),
    "no": gettext_lazy("it is not so: %(fact)s"),
    "known": gettext_lazy("%(fact)s is known"),
    "missing": gettext_lazy("%(fact)s is missing"),
}
OPERATOR_NAMES: Mapping[str, Anything] = {
    "at_least": gettext_lazy("is at least"),
    "more": gettext_lazy("is more than"),
    "at_most": gettext_lazy("is at most"),
    "less": gettext_lazy("is less than"),
    "equal": gettext_lazy("is"),
    "not_equal": gettext_lazy("is not"),
    "one_of": gettext_lazy("is one of"),
    "has_any": gettext_lazy("has any of"),
    "starts_with": gettext_lazy("begins with"),
    "contains": gettext_lazy("contains"),
    "on_list": gettext_lazy("is on the value list"),
    "not_on_list": gettext_lazy("is not on the value list"),
    "yes": gettext_lazy("yes"),
    "no": gettext_lazy("no"),
    "known": gettext_lazy("is known"),
    "missing": gettext_lazy("is missing"),
}
GROUP_NAMES: Mapping[str, Anything] = {
    "all": gettext_lazy("all of these hold"),
    "any": gettext_lazy("at least one of these holds"),
    "none": gettext_lazy("none of these holds"),
}


BUILT_IN_RULES = (
    gettext_noop("made for the night"),
    gettext_noop("made in a burst"),
    gettext_noop("virtual operator number"),
    gettext_noop("old account"),
    gettext_noop("earlier delivery"),
    gettext_noop("own number topped up"),
    gettext_noop("quick cash out"),
    gettext_noop("many accounts on one device"),
    gettext_noop("many accounts topping up one recipient"),
    gettext_noop("many accounts paid from one account"),
    gettext_noop("many accounts delivering to one phone"),
    gettext_noop("many accounts on one address"),
    gettext_noop("newcomers cashing out on one address"),
    gettext_noop("unknown provenance"),
    gettext_noop("leaked token"),
    gettext_noop("claimed before suspension"),
    gettext_noop("crossed a claim rule"),
    gettext_noop("lockstep"),
    gettext_noop("newcomers cashing out in step"),
    gettext_noop("claimed in a burst"),
    gettext_noop("arrived after public"),
)
"""The names of the rules in code, as lists show them: read with `aloud.word`."""


class Line(NamedTuple):
    """A line of a rule in words. `said` is what its node said where the rule was judged, `has_said` whether it was."""

    depth: int
    text: Anything
    said: bool | None = None
    has_said: bool = False

    @property
    def mark(self) -> str:
        return "" if not self.has_said else "?" if self.said is None else "✓" if self.said else "✗"


def label_of(fact: Fact) -> str:
    """What the fact is called, with its window."""
    parts = [_(part) for part in fact.label.split("\n")]
    if fact.window:
        parts.append(_("within %(window)s") % {"window": _(WINDOWS[fact.window][1])})
    label = " ".join(parts)
    return _("%(fact)s (%(unit)s)") % {"fact": label, "unit": _(fact.unit)} if fact.unit else label


def value_text(fact: Fact | None, value: Anything) -> Anything:
    """A value of a fact as staff read it."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple):
        return _(", ").join(str(value_text(fact, one)) for one in value) or _("none")
    if isinstance(value, datetime):
        return time_html(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if fact is not None and fact.is_hashed:
        return f"({str(value)[:8]}…)"
    return _(fact.choices[value]) if fact is not None and fact.choices and value in fact.choices else str(value)


def sentence_of(clause: Clause, schema: Schema) -> str:
    fact = schema[clause.fact]
    if clause.list_name:
        sentence = SENTENCES[f"any {clause.operator}" if fact.type == FactType.TEXTS else clause.operator]
        return str(sentence) % {"fact": label_of(fact), "value": clause.list_name}
    value = label_of(schema[clause.other]) if clause.other else value_text(fact, clause.value or clause.values)
    return str(SENTENCES[clause.operator]) % {"fact": label_of(fact), "value": value}


def membership_text(fact: Fact | None, said: Mapping[str, Anything]) -> Anything:
    """What is kept of a value list that was asked when a rule was judged."""
    words = {"fact": label_of(fact) if fact else said["fact"], "list": said["list"], "shown": said.get("shown")}
    if said["item"] is None:
        return _("%(fact)s was missing: whether it was on the value list %(list)s is unknown") % words
    if not said["item"]:
        return _("%(fact)s was not on the value list %(list)s") % words
    since = time_html(datetime.fromisoformat(said["since"])) if "since" in said else NOTHING
    text = format_html(_("{fact}: {shown} was on the value list {list}, since {since}"), **words, since=since)
    return format_html("{} ({})", text, said["reason"]) if said.get("reason") else text


def lines_of(tree: Node, schema: Schema, trace: list[bool | None] | None = None) -> list[Line]:
    """The rule in words, a line for each group and condition; with what each said, where it was judged."""
    said = iter(trace) if trace is not None else None
    return list(_lines(tree, schema, said, 0))


def _lines(node: Node, schema: Schema, trace: Iterator[bool | None] | None, depth: int) -> Iterator[Line]:
    truth = None if trace is None else next(trace)
    if isinstance(node, Clause):
        yield Line(depth, sentence_of(node, schema), truth, trace is not None)
        return
    name = "none" if isinstance(node, Not) else "all" if isinstance(node, All) else "any"
    parts: tuple[Node, ...] = (node.part,) if isinstance(node, Not) else node.parts
    if isinstance(node, Not) and isinstance(node.part, Any):
        if trace is not None:
            next(trace)
        parts = node.part.parts
    yield Line(depth, GROUP_NAMES[name], truth, trace is not None)
    for part in parts:
        yield from _lines(part, schema, trace, depth + 1)
