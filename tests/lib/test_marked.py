"""What staff or the outside reads is marked for translation: an unmarked sentence fails here, by file and line.

`test_translations` sees to it that what is marked is translated. This reads the sources: what is raised as a refusal, labels,
titles and help texts, what machines keep for people, anything else that looks like a sentence, and the text of templates.
"""

import ast
import re
from collections.abc import Iterator, Set
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("backoffice", "promotions", "orders", "risk")
# What speaks to operators on a console or in a report, and runs in English: commands, replays, the demo, the bundled servers.
CONSOLE = ("backoffice/replay/", "backoffice/demo/", "backoffice/embedded/", "/management/", "backoffice/lib/env.py")
CONSOLE += ("backoffice/diagrams.py", "backoffice/gunicorn.py", "backoffice/settings.py", "promotions/checks.py")
CONSOLE += ("backoffice/health.py", "/migrations/", "orders/seals.py")

MARKS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext", "_"}
FAMILY = frozenset({"DomainError", "ValidationError", "APIException", "AddressRefused"})
# Calls whose every text is read by people.
READ = {"Fact", "Panel", "FactSheet", "Headline", "SearchResult", "Sentence", "because"}
# What is called so is read by people wherever it stands.
READ_WORDS = {"verbose_name", "verbose_name_plural", "help_text", "label", "description", "short_description", "title", "done"}
READ_WORDS |= {"search_help_text", "empty_text", "summary", "empty", "note", "sentence", "hint", "warnings", "tells", "why_not"}
READ_WORDS |= {"error_message", "violation_error_message", "default_detail", "empty_label", "refusal"}
PASSES_ON = {"format_html", "str", "capfirst", "mark_safe", "badge", "stacked", "on_one_line", "shortened"}
# Files whose texts stay as they are, and why.
ALLOWED = {
    "promotions/api/": "summaries and examples of the API's description: English, as all of that document is",
    "orders/api/": "the same",
    "risk/api/": "the same",
    "risk/bundles/": "what `verify_bundle` prints: English, as all commands do",
    "risk/services/bundle_content.py": "what is written in a bundle, which is the same in everybody's hands",
    "backoffice/lib/openapi.py": "the same",
}
ALLOWED_TEXTS = {
    "This is a test. Nothing has happened.": "the payload of a webhook's test: programs get the same text everywhere",
    "Coupon {} needs a basket of at least {}.": "pure arithmetic; whoever calls it has refused such a basket in words before",
    "at most %(limit)s coupon per %(identity)s": "a template with a plural, marked where it is counted",
}
PROGRAMS_FAULTS = {"RuntimeError", "ValueError", "AssertionError", "LookupError", "TypeError", "ImproperlyConfigured", "KeyError"}
PROGRAMS_FAULTS |= {"NotImplementedError", "TransactionManagementError", "CommandError", "OSError"}
LOGS = {"info", "warning", "error", "exception", "debug"}
WORD = re.compile(r"[A-Za-z]{2,}")
SENTENCE = re.compile(r"^[A-Z][a-z']*( [\w'’%(){}“”,:;-]+){2,}.*[.?!]$", re.DOTALL)
IDENTIFIER = re.compile(r"^[a-z0-9_:./{}<>=&?#*,+@-]*$|^[a-z_]+(\.[a-z_]+)+$")
NOT_PROSE = re.compile(r"<[^>]*>|&\w+;|%\(\w+\)s|\{[^}]*\}|https?://\S*")


def sources() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not any(part in name for part in CONSOLE):
                yield path


def refusals(trees: list[ast.Module]) -> set[str]:
    """The names of DomainError, of ValidationError, and of everything that inherits from them anywhere."""
    bases = {
        node.name: {called(base) for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = set(FAMILY)
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def called(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return called(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_prose(text: str) -> bool:
    return bool(WORD.search(NOT_PROSE.sub("", text))) and not IDENTIFIER.match(text)


def texts_in(node: ast.AST | None) -> Iterator[tuple[int, str]]:
    """The unmarked texts that an expression may come to."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    elif isinstance(node, ast.JoinedStr):
        yield node.lineno, "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    for part in parts_of(node):
        yield from texts_in(part)


def parts_of(node: ast.AST | None) -> list[ast.expr]:
    """The expressions whose text becomes part of this one's."""
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right) | ast.IfExp(body=left, orelse=right):
            return [left, right]
        case ast.BinOp(left=only) | ast.Lambda(body=only) | ast.FormattedValue(value=only):
            return [only]
        case ast.BoolOp(values=several) | ast.List(elts=several) | ast.Tuple(elts=several) | ast.JoinedStr(values=several):
            return [part for part in several if not (isinstance(node, ast.JoinedStr) and isinstance(part, ast.Constant))]
        case ast.Call(args=several) if called(node) in PASSES_ON:
            return several
    return []


class Reader(ast.NodeVisitor):
    """Collects unmarked prose: where people surely read it any word, elsewhere whole sentences."""

    def __init__(self, refusals: Set[str]) -> None:
        self.refusals = refusals
        self.found: set[tuple[int, str]] = set()

    def read(self, node: ast.AST | None) -> None:
        self.found |= {(line, text) for line, text in texts_in(node) if is_prose(text)}

    def visit_Call(self, node: ast.Call) -> None:
        name = called(node)
        if name in MARKS:
            return
        if name in PROGRAMS_FAULTS or (isinstance(node.func, ast.Attribute) and name in LOGS and called(node.func.value) == "log"):
            return
        is_message = isinstance(node.func, ast.Attribute) and called(node.func.value) == "messages"
        if name in self.refusals or name in READ or is_message:
            for part in node.args:
                self.read(part)
        for keyword in node.keywords:
            if keyword.arg in READ_WORDS:
                self.read(keyword.value)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(called(target) in READ_WORDS for target in node.targets):
            self.read(node.value)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if any(called(base) in {"TextChoices", "IntegerChoices"} for base in node.bases):
            for member in node.body:
                if isinstance(member, ast.Assign) and isinstance(member.value, ast.Tuple):
                    self.read(member.value.elts[-1])
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and SENTENCE.match(node.value):
            self.found.add((node.lineno, node.value))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        whole = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        if SENTENCE.match(whole):
            self.found.add((node.lineno, whole))


def unmarked(source: str, known: Set[str] = FAMILY) -> set[tuple[int, str]]:
    reader = Reader(known)
    reader.visit(ast.parse(source))
    return reader.found


def everything_unmarked() -> list[tuple[str, int, str]]:
    """Path, line and text."""
    paths = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sources()}
    known = refusals([ast.parse(source) for source in paths.values()])
    assert {"StaleState", "InvalidInput", "CouponRefused"} <= known
    return [(name, line, text) for name, source in paths.items() for line, text in sorted(unmarked(source, known))]


def test_every_sentence_in_the_sources_is_marked():
    found = everything_unmarked()
    assert [one for one in found if not any(one[0].startswith(part) for part in ALLOWED) and one[2] not in ALLOWED_TEXTS] == [], (
        "mark it with gettext, or what is kept with Sentence(gettext_noop(...))"
    )


def test_nothing_is_allowed_that_is_not_there():
    found = everything_unmarked()
    assert [part for part in ALLOWED if not any(name.startswith(part) for name, _line, _text in found)] == []
    assert ALLOWED_TEXTS.keys() <= {text for _name, _line, text in found}


@pytest.mark.parametrize(
    "source",
    [
        'raise DomainError("It is over already.")',
        'raise DomainError(f"{obj} is over")',
        'raise DomainError("%s is over" % obj)',
        'raise DomainError("It is over" if is_over else _("It is not."))',
        'messages.success(request, "Done.")',
        'name = models.CharField(_("name"), help_text="As staff read it")',
        'class M:\n    verbose_name = "coupon type"',
        'class C(TextChoices):\n    OPEN = "open", "is open"',
        'Fact("About", value)',
        'Fact(_("About"), value, hint="in all")',
        'Panel(_("Coupons"), ["code", _("state"), "At most"], rows)',
        'with because("the time has come"):\n    pass',
        'Step(name="stop", label="Stop it", done=lambda obj: "Stopped.")',
        'def why(obj):\n    return "Nothing of it is left."',
    ],
)
def test_an_unmarked_text_is_found(source):
    assert unmarked(source)


@pytest.mark.parametrize(
    "source",
    [
        'raise DomainError(_("It is over already."))',
        'raise DomainError(_("%s is over.") % obj)',
        "raise DomainError(str(obj))",
        '"""Nobody reads this as text."""',
        'log.warning("alarm_raised", scope="platform")',
        'raise RuntimeError("A statement that always answers a row answered none.")',
        'Fact(_("About"), value, url="/admin/")',
        'OPENS = Sentence(gettext_noop("Entry %(entry)s opens."))',
    ],
)
def test_what_is_marked_or_read_by_nobody_is_not(source):
    assert unmarked(source) == set()


ICON = re.compile(r"""<(\w+)[^>]*\bmaterial-symbols-outlined\b[^>]*>.*?</\1>""", re.DOTALL)
NAMES = re.compile(r"Holdfast|<code\b[^>]*>.*?</code>|<kbd\b[^>]*>.*?</kbd>", re.DOTALL)
TEMPLATES = [
    path for path in sorted((ROOT / "templates").rglob("*")) if path.suffix in {".html", ".txt"} and path.parent.name != "replay"
]
# The report of a replay speaks English, as its console does.
MARKED = re.compile(
    r"\{%\s*blocktrans(?:late)?\b.*?\{%\s*endblocktrans(?:late)?\s*%\}|\{%\s*comment.*?endcomment\s*%\}|\{#.*?#\}"
    r"|<(script|style)\b.*?</\1>|<!--.*?-->|<!doctype[^>]*>",
    re.DOTALL | re.IGNORECASE,
)
ATTRIBUTE = re.compile(r"""\b(?:title|alt|placeholder|aria-label|label)=(["'])(.*?)\1""", re.DOTALL)


def text_of(template: str) -> list[str]:
    """The words of a template that stand outside of translation."""
    rest = re.sub(r"\{[%{].*?[%}]\}", "", NAMES.sub("", ICON.sub("", MARKED.sub("", template))), flags=re.DOTALL)
    told = [value for _quote, value in ATTRIBUTE.findall(rest)]
    told += re.sub(r"<[^>]*>", "\n", rest, flags=re.DOTALL).split("\n")
    return [text.strip() for text in told if WORD.search(re.sub(r"&\w+;", "", text))]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_a_template_has_no_text_outside_translation(path):
    assert text_of(path.read_text()) == []


def test_a_text_outside_translation_is_found_in_a_template():
    assert text_of('<p title="What it is">{% translate "Coupons" %} and more</p>') == ["What it is", "and more"]
    assert text_of('<p class="hf-note">{% blocktranslate %}All of it{% endblocktranslate %} · {{ name }}</p>') == []
