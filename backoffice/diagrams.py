"""Diagrams of states, drawn from the tables of states of each app, as Mermaid in Markdown."""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from django.apps import apps
from django.db.models import TextChoices

from backoffice.lib.states import Moves

HEAD = """# States and the moves between them

Drawn from the tables of states of each app by `python manage.py draw_states`; a test fails where they differ. A trigger made
from the same table refuses every other move, in raw SQL too.
"""


def states_page() -> str:
    """The whole page `docs/states.md`."""
    return "\n".join([HEAD, *(_section(app, name, table) for app, name, table in _tables())])


def diagram(table: Moves) -> str:
    """One table as a state diagram: its first state is where things begin, those without a way out are where they end."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(table))}"]
    lines += [f"    {before} --> {after}" for before, afters in table.items() for after in _in_order(afters, table)]
    lines += [f"    {state} --> [*]" for state, afters in table.items() if not afters]
    return "\n".join([*lines, "```", ""])


def _tables() -> Iterator[tuple[str, str, Moves]]:
    for config in apps.get_app_configs():
        module = _states_of(config.name)
        for name in sorted(vars(module)) if module else ():
            table = getattr(module, name)
            if name.endswith("_MOVES") and isinstance(table, dict) and _belongs(module, table):
                yield config.label, name, table


def _states_of(app: str) -> ModuleType | None:
    try:
        return import_module(f"{app}.states")
    except ModuleNotFoundError:
        return None


def _belongs(module: ModuleType | None, table: Moves) -> bool:
    """Whether an enumeration of the same module, or package, has just these states: what was only imported is left out."""
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, TextChoices) and kind.values]
    home = getattr(module, "__name__", "")
    return any(set(kind.values) == set(table) and f"{kind.__module__}.".startswith(f"{home}.") for kind in kinds)


def _section(app: str, name: str, table: Moves) -> str:
    title = name.removesuffix("_MOVES").replace("_", " ").capitalize()
    return f"## {title}\n\n`{name}` in `{app}.states`.\n\n{diagram(table)}"


def _in_order(states: frozenset[str], table: Moves) -> list[str]:
    """As the table lists them: a set has no order, and the page must be the same on every run."""
    return [state for state in table if state in states]
