"""Asking for freezes and releases as a person does: look at the page, then ask for exactly what it showed."""

from typing import Any

from tests.admin.forms import hidden

TERMS = {
    "kind": "legal",
    "legal_reference": "PSB-9",
    "authority": "Public security bureau",
    "names_no_term": "on",
    "reason": "property preservation",
}


def sent(client: Any, url: str, **changes: Any) -> Any:
    """Look at the page that asks, then ask for exactly what was previewed."""
    preview = client.get(url)
    seen = {"previewed": hidden(preview, "previewed"), "looked_at": hidden(preview, "looked_at")}
    return client.post(url, {**TERMS, **seen, "confirmed": "1", **changes})


def added(client: Any, url: str, field: str, **values: Any) -> Any:
    """Add a condition to the page at this address."""
    return client.post(url, {"add": field, "side": "in", **values})
