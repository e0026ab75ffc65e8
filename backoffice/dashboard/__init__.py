"""Today: is anything wrong, how much was given and used, is everything running, and what waits for me.

A fixed number of queries. Figures that read many rows are kept for half a minute and say as of when they are.
"""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from backoffice.dashboard.figures import figures_of
from backoffice.dashboard.panels import panels_for
from backoffice.dashboard.tiles import tiles_for
from backoffice.lib import clock

__all__ = ["today"]


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's callback: adds what the dashboard shows, of what this reader may see."""
    at = clock.now()
    figures = figures_of(at)
    shown = {"title": _("Today"), "as_of": figures.as_of, "tiles": tiles_for(request, figures, at)}
    return context | shown | panels_for(request, at)
