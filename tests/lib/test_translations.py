"""The Chinese of the admin is whole, compiled, and keeps up with the source."""

import ast
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "backoffice" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
MARKED = ["backoffice", "orders", "promotions", "risk", "templates"]
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext"}
LEFT_OUT = shutil.ignore_patterns("__pycache__", "migrations", "static", "*.mo")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}")
MAKE = "manage.py makemessages -l zh_Hans --no-location --no-obsolete -i '.venv/*' -i 'tests/*' -i '.data/*'"


def entries(path):
    """msgid (with a plural after a NUL, as compiled) -> (msgstr, whether it is fuzzy)."""
    found = {}
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        parts, word = {}, ""
        for line in lines:
            if not line.startswith('"'):
                word, line = line.split(" ", 1)  # noqa: PLW2901
            parts[word] = parts.get(word, "") + ast.literal_eval(line)
        if "msgid" in parts:
            context = f"{parts['msgctxt']}\4" if "msgctxt" in parts else ""
            key = context + "\0".join(parts[name] for name in ("msgid", "msgid_plural") if name in parts)
            text = "\0".join(parts[name] for name in sorted(parts) if name.startswith("msgstr"))
            found[key] = (text, any("fuzzy" in line for line in block.splitlines() if line.startswith("#,")))
    return found


def compiled(path):
    """What gettext reads: the tables of a little-endian .mo file."""
    data = path.read_bytes()
    magic, _revision, count, keys_at, texts_at = struct.unpack_from("<5I", data)
    assert magic == 0x950412DE

    def strings(table):
        for length, offset in struct.iter_unpack("<2I", data[table : table + 8 * count]):
            yield data[offset : offset + length].decode()

    return dict(zip(strings(keys_at), strings(texts_at), strict=True))


def messages():
    return {key: value for key, value in entries(CATALOGUE).items() if key}


def test_every_message_is_translated_and_none_is_a_guess():
    assert len(messages()) > 900
    assert [key for key, (text, fuzzy) in messages().items() if fuzzy or not text.strip()] == []
    assert not entries(CATALOGUE)[""][1], "the header is fuzzy: msgfmt leaves it out"


def test_the_compiled_catalogue_says_what_the_text_says():
    in_use = compiled(CATALOGUE.with_suffix(".mo"))
    header = in_use.pop("")
    assert "charset=UTF-8" in header
    assert "Plural-Forms: nplurals=1; plural=0;" in header
    assert in_use == {key: text for key, (text, _fuzzy) in messages().items()}, "compile: msgfmt --check -o django.mo django.po"


def test_a_translation_has_the_placeholders_of_its_message():
    differing = [
        key for key, (text, _fuzzy) in messages().items() if set(PLACEHOLDER.findall(key)) != set(PLACEHOLDER.findall(text))
    ]
    assert differing == []


@pytest.mark.skipif(not shutil.which("xgettext"), reason="xgettext is not here (Debian: apt install gettext)")
def test_every_marked_string_is_in_the_catalogue(tmp_path):
    """Extracts from a copy of the sources, so that nothing is written among them."""
    for folder in MARKED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=LEFT_OUT)
    shutil.copy(ROOT / "manage.py", tmp_path)
    command = [sys.executable, "manage.py", "makemessages", "-l", "zh_Hans", "--no-location", "--keep-pot"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr
    marked = entries(tmp_path / "backoffice" / "locale" / "django.pot")
    assert len(marked) > 900
    missing = sorted(marked.keys() - entries(CATALOGUE).keys())
    assert not missing, f"not in django.po: {missing}; run: {MAKE}"


def test_no_text_is_marked_where_gettext_does_not_look():
    """xgettext reads no expression inside an f-string: a text that is marked only there is in no catalogue."""
    known = {key.rpartition("\4")[2].partition("\0")[0] for key in messages()}
    assert [found for path in sources() for found in marked_in_f_strings(path) if found[1] not in known] == []


def sources():
    return [path for folder in MARKED for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts]


def marked_in_f_strings(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for string in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
        for call in (node for node in ast.walk(string) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id in MARKS and isinstance(call.args[0], ast.Constant):
                yield path.name, call.args[0].value


def test_a_text_marked_inside_an_f_string_would_be_seen(tmp_path):
    source = tmp_path / "module.py"
    source.write_text("def told(n):\n    return f\"{n} {_('never extracted')}\"\n")
    assert list(marked_in_f_strings(source)) == [("module.py", "never extracted")]
