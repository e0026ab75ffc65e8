"""Addresses of the page that traces."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString

from backoffice.lib.display import link


def trace_url(kind: str, key: Any) -> str:
    """The trace that begins at a row, by its key, or at a value."""
    return f"{reverse('admin:risk_incident_trace')}?{urlencode({'kind': kind, 'key': key})}"


def trace_link(kind: str, key: Any, text: Any) -> SafeString:
    return link(trace_url(kind, key), text)
