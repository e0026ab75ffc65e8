"""What every list has besides its rows: the filters in words, an export, saved views, and what to do where it is empty."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from backoffice.lib.admin.exports import export_list, may_export
from backoffice.lib.admin.filters import active_filters
from backoffice.lib.admin.views import is_on_a_tab, kept_query, present_view, views_of, views_page, with_tabs
from backoffice.lib.models import SavedView


@dataclass(frozen=True)
class ListTools:
    """What stands beside the filters. `export_url` is empty for whoever may not export, `view` the saved view that is shown."""

    export_url: str
    save_url: str
    view: SavedView | None
    may_save: bool


class ListMixin:
    """Adds the tools to a model's list. `empty_text` says what to do where the list has no row at all."""

    has_list_tools = True
    empty_text: Any = ""

    def get_urls(self) -> list[URLPattern]:
        if not self.has_list_tools:
            return super().get_urls()  # type: ignore[misc,no-any-return]
        own = [
            path("export/", self._view(export_list), name=self._name("export_list")),
            path("views/", self._view(views_page), name=self._name("views")),
        ]
        return own + super().get_urls()  # type: ignore[misc,no-any-return]

    def _view(self, page: Callable[..., Any]) -> Callable[..., Any]:
        def view(request: HttpRequest) -> Any:
            return page(self, request)

        return self.admin_site.admin_view(view)  # type: ignore[attr-defined,no-any-return]

    def _name(self, page: str) -> str:
        opts = self.model._meta  # type: ignore[attr-defined]
        return f"{opts.app_label}_{opts.model_name}_{page}"

    def _url(self, page: str) -> str:
        return reverse(f"admin:{self._name(page)}")

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)  # type: ignore[misc]
        context: dict[str, Any] = getattr(response, "context_data", None) or {}
        changelist = context.get("cl")
        if changelist:
            context["active_filters"] = active_filters(changelist, request)
            context["empty_text"] = self.empty_text
            self._add_tools(request, context)
        return response  # type: ignore[no-any-return]

    def _add_tools(self, request: HttpRequest, context: dict[str, Any]) -> None:
        views = views_of(request, self.model._meta.label_lower)  # type: ignore[attr-defined]
        address, kept = request.GET.urlencode(), kept_query(request.GET)
        tabs = with_tabs(self, request, context.get("tab_list") or (), views)
        view = present_view(request, views)
        context["list_tools"] = ListTools(
            export_url=f"{self._url('export_list')}?{address}" if may_export(request) else "",
            save_url=f"{self._url('views')}?{kept}",
            view=view,
            may_save=bool(kept) and not is_on_a_tab(self, tabs),
        )
        context["tab_list"] = tabs
