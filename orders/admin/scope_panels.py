"""The scope and the terms of a freeze or release on its own page, and on the approval's."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.display import NOTHING, link, stacked, time_html
from orders.models import Document, Freeze
from orders.scopes.fields import field_named, part_in_words
from orders.scopes.parts import BadScope, Part, scope_from_data


def terms_facts(freeze: Freeze) -> list[Fact]:
    """What a freeze stands on."""
    return [
        Fact(_("Legal reference"), freeze.legal_reference or NOTHING, freeze.authority),
        Fact(_("Valid until"), time_html(freeze.valid_until) if freeze.valid_until else _("no term is named")),
        Fact(_("Document"), document_cell(freeze.document)),
    ]


def document_cell(document: Document | None) -> Any:
    """A document as a link to its page, with its hash; a dash for none."""
    if document is None:
        return NOTHING
    url = reverse("admin:orders_document_change", args=[document.pk])
    return stacked(link(url, document.name), hash_cell(document.sha256))


def hash_cell(sha256: str) -> Any:
    return format_html('SHA-256 <span title="{}">{}…</span>', sha256, sha256[:16])


def scope_panels(data: Mapping[str, Any]) -> list[Panel]:
    """The conditions one by one, in the reader's language. None where the scope was kept as text alone."""
    if not data:
        return []
    try:
        sides = list(scope_from_data(data).sides())
        rows = [[_("are left out on purpose") if is_left_out else _("are meant"), _words(part)] for is_left_out, part in sides]
    except BadScope as error:
        return [Panel(_("Conditions"), [], [], str(error))]
    return [Panel(_("Conditions"), [_("orders like this"), _("condition")], rows, _("No condition: all of it."), name="conditions")]


def _words(part: Part) -> str:
    """A condition whose field no app knows any more is shown as it was kept."""
    try:
        field_named(part.field)
        return part_in_words(part)
    except (BadScope, KeyError, ValueError):
        return f"{part.field}: {', '.join(part.values)}"
