"""The picture of links: the neighbourhood of an order, account, device, recipient or token, with a table of it beside."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter
from backoffice.lib.admin.page import Panel
from backoffice.lib.display import NOTHING, badge, link
from risk.links import MOST_IN_COMPONENT
from risk.links.neighbourhood import MOST_NODES, Graph, Node, around
from risk.models import LinkedAccount, LinkHub, LinkRun
from risk.states import Disposition

KIND_NAMES = {
    "order": gettext_lazy("order"),
    "account": gettext_lazy("customer"),
    "device": gettext_lazy("device"),
    "recipient": gettext_lazy("recipient"),
    "payment": gettext_lazy("payment account"),
    "token": gettext_lazy("claim token"),
}
LONGEST = 200


def picture_url(kind: str, value: str) -> str:
    """Where the neighbourhood of something is drawn."""
    return f"{reverse('admin:risk_linkhub_picture')}?{urlencode({'kind': kind, 'value': value})}"


@admin.register(LinkHub)
class LinkHubAdmin(ReadOnlyAdmin):
    list_display = (
        "kind",
        text_column(lambda hub: link(picture_url(hub.kind, hub.value), hub.value), "value", gettext_lazy("value")),
        "accounts",
        time_column("seen_at", gettext_lazy("seen at")),
    )
    list_display_links = None
    list_filter = (("kind", ChoicesFilter),)
    ordering = ("-accounts", "-pk")
    fields = ("kind", "value", "accounts", "seen_at")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("picture/", self.admin_site.admin_view(self.picture_view), name="risk_linkhub_picture"),
            path("neighbours/", self.admin_site.admin_view(self.neighbours_view), name="risk_linkhub_neighbours"),
        ]
        return [*own, *super().get_urls()]

    def picture_view(self, request: HttpRequest) -> HttpResponse:
        graph, kind, value = self._asked(request, steps=4)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Links"),
            "kinds": KIND_NAMES.items(),
            "kind": kind,
            "value": value,
            "is_missing": bool(value) and graph is None,
            "data_url": reverse("admin:risk_linkhub_neighbours"),
            "panels": [panel_of(graph)] if graph else [],
            "sentences": sentences_about(graph, kind, value),
            "legend": [(key, label) for key, label in Disposition.choices],
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/holdfast/links.html", context)

    def neighbours_view(self, request: HttpRequest) -> HttpResponse:
        """The graph as cytoscape.js reads it; `steps` in the address is 1 where a node is expanded."""
        graph, _kind, _value = self._asked(request, steps=1 if request.GET.get("steps") == "1" else 4)
        return JsonResponse(elements_of(graph or Graph()))

    def _asked(self, request: HttpRequest, *, steps: int) -> tuple[Graph | None, str, str]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        kind, value = request.GET.get("kind", "order"), request.GET.get("value", "").strip()[:LONGEST]
        if not value or "\x00" in value or kind not in KIND_NAMES:
            return None, kind, ""
        return around(kind, value, at=clock.now(), steps=steps), kind, value


def elements_of(graph: Graph) -> dict[str, Any]:
    nodes = [
        {
            "id": id_of(node),
            "kind": node.kind,
            "value": node.value,
            "label": node.label,
            "looks": node.looks,
            "hub": node.is_hub,
        }
        for node in graph.nodes.values()
    ]
    edges = [{"id": f"{a[0]}:{a[1]}|{b[0]}:{b[1]}", "source": ":".join(a), "target": ":".join(b)} for a, b in sorted(graph.edges)]
    return {"nodes": nodes, "edges": edges, "cut": graph.is_cut, "most": MOST_NODES}


def id_of(node: Node) -> str:
    return ":".join(node.name)


def panel_of(graph: Graph) -> Panel:
    """The same as a table, for keyboards and readers of screens: of each what it is beside."""
    beside: dict[Any, list[Node]] = {name: [] for name in graph.nodes}
    for one, other in sorted(graph.edges):
        beside[one].append(graph.nodes[other])
        beside[other].append(graph.nodes[one])
    words = dict(Disposition.choices)
    rows: Sequence[Sequence[Any]] = [
        [
            KIND_NAMES[node.kind],
            link(picture_url(node.kind, node.value), node.label),
            badge(_("hub"), "warning") if node.is_hub else words.get(node.looks, NOTHING),
            len(beside[name]),
            ", ".join(near.label for near in beside[name][:6]),
        ]
        for name, node in graph.nodes.items()
    ]
    columns = [_("kind"), _("what"), _("looks"), _("links"), _("linked to")]
    return Panel(_("The same as a table"), columns, rows, name="links-table")


def sentences_about(graph: Graph | None, kind: str, value: str) -> list[str]:
    """What the picture leaves out, and how large the component is that the subject belongs to."""
    if graph is None:
        return []
    said = []
    if graph.is_cut:
        said.append(_("There is more than fits: these are the %(most)s nearest at most.") % {"most": MOST_NODES})
    if any(node.is_hub for node in graph.nodes.values()):
        said.append(_("Hubs are shared by more accounts than tell anything. They are shown and not walked."))
    size = component_size(graph, kind, value)
    if size > MOST_IN_COMPONENT:
        said.append(
            _("It hangs together with %(size)s accounts: too many to act on, so there is a hub among them that nobody knows yet.")
            % {"size": size}
        )
    elif size:
        said.append(_("It hangs together with %(size)s accounts, as the last run of links found.") % {"size": size})
    last = LinkRun.objects.first()
    if last is None:
        said.append(_("Links have not been looked for yet."))
    return said


def component_size(graph: Graph, kind: str, value: str) -> int:
    """Accounts in the component of the subject, or of the first account beside it; 0 where it has none."""
    refs = [value] if kind == "account" else [node.value for node in graph.nodes.values() if node.kind == "account"][:1]
    own = LinkedAccount.objects.filter(customer__ref__in=refs).values_list("component", flat=True).first()
    return LinkedAccount.objects.filter(component=own).count() if own is not None else 0
