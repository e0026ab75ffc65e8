"""The diagrams of states in the papers are those of the tables."""

from django.conf import settings

from backoffice.diagrams import diagram, states_page
from backoffice.lib.states import moves


def test_the_page_is_drawn_from_the_tables_as_they_are():
    """After a change of a table: python manage.py draw_states."""
    assert (settings.BASE_DIR / "docs" / "states.md").read_text(encoding="utf-8") == states_page()


def test_a_diagram_names_the_first_state_every_move_and_every_end():
    text = diagram(moves({"placed": {"sent", "lost"}, "sent": set(), "lost": set()}))
    lines = [line.strip() for line in text.splitlines()]
    assert lines[2:-1] == ["[*] --> placed", "placed --> sent", "placed --> lost", "sent --> [*]", "lost --> [*]"]
