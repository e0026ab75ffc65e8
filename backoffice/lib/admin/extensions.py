"""What upper apps show on the pages of lower ones. The lower app knows nothing of it: rows are registered by model."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backoffice.lib.admin.history import Source
from backoffice.lib.admin.page import Panel
from backoffice.lib.admin.steps import StepButton
from backoffice.lib.display import link

PanelsOf = Callable[[HttpRequest, Any], Sequence[Panel]]
SourcesOf = Callable[[Any], Sequence[Source]]
AddressOf = Callable[[str], str]
ButtonsOf = Callable[[HttpRequest, Any], Sequence[StepButton]]
_panels: dict[type[Model], list[PanelsOf]] = defaultdict(list)
_sources: dict[type[Model], list[SourcesOf]] = defaultdict(list)
_buttons: dict[type[Model], list[ButtonsOf]] = defaultdict(list)
_addresses: dict[str, AddressOf] = {}


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


def buttons_on(*models: type[Model]) -> Callable[[ButtonsOf], ButtonsOf]:
    """Register buttons that appear on every page of these models, behind their own."""

    def register(offer: ButtonsOf) -> ButtonsOf:
        for model in models:
            _buttons[model].append(offer)
        return offer

    return register


def more_buttons(request: HttpRequest, obj: Model) -> list[StepButton]:
    return [button for offer in _buttons[type(obj)] for button in offer(request, obj)]


def more_panels(request: HttpRequest, obj: Model) -> list[Panel]:
    return [panel for write in _panels[type(obj)] for panel in write(request, obj)]


def more_sources(obj: Model) -> list[Source]:
    return [source for find in _sources[type(obj)] for source in find(obj)]


def address_of(kind: str) -> Callable[[AddressOf], AddressOf]:
    """Register where something is shown that a lower app knows by its reference alone, such as an "order"."""

    def register(find: AddressOf) -> AddressOf:
        _addresses[kind] = find
        return find

    return register


def ref_link(kind: str, ref: str) -> SafeString:
    """The reference, as a link where an app has said where such things are shown."""
    find = _addresses.get(kind)
    return link(find(ref), ref) if find else format_html("{}", ref)
