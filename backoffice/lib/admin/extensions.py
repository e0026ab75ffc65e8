"""What upper apps show on the pages of lower ones. The lower app knows nothing of it: rows are registered by model."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from backoffice.lib.admin.history import Source
from backoffice.lib.admin.page import Panel

PanelsOf = Callable[[HttpRequest, Any], Sequence[Panel]]
SourcesOf = Callable[[Any], Sequence[Source]]
_panels: dict[type[Model], list[PanelsOf]] = defaultdict(list)
_sources: dict[type[Model], list[SourcesOf]] = defaultdict(list)


def panels_on(model: type[Model]) -> Callable[[PanelsOf], PanelsOf]:
    """Register panels that appear on every page of this model, below its own."""

    def register(write: PanelsOf) -> PanelsOf:
        _panels[model].append(write)
        return write

    return register


def history_on(model: type[Model]) -> Callable[[SourcesOf], SourcesOf]:
    """Register events that belong to the history of this model's rows too."""

    def register(find: SourcesOf) -> SourcesOf:
        _sources[model].append(find)
        return find

    return register


def more_panels(request: HttpRequest, obj: Model) -> list[Panel]:
    return [panel for write in _panels[type(obj)] for panel in write(request, obj)]


def more_sources(obj: Model) -> list[Source]:
    return [source for find in _sources[type(obj)] for source in find(obj)]
