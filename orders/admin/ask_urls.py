"""Where freezes and releases are asked for: pages of their own beside the list of freezes, and a button on each freeze."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from backoffice.lib.admin.steps import StepButton
from orders.admin.asking import address, asking_view
from orders.admin.asking_kinds import AskingForFreeze, AskingForRelease
from orders.models import Freeze, Hold
from orders.scopes.parts import Part, ScopeParts
from orders.services.emergencies import START_RIGHT

REQUEST_FREEZE = "orders.request_freeze"


def release_url(freeze_pk: int, *parts: Part) -> str:
    """The page that asks for the release of what this freeze placed on these orders."""
    return address(reverse("admin:orders_freeze_release", args=[freeze_pk]), ScopeParts(parts))


class AskingMixin:
    """Adds the two pages to the admin of freezes."""

    def get_urls(self) -> list[URLPattern]:
        admin: Any = self
        view = admin.admin_site.admin_view
        own = [
            path("ask/", view(self.ask_view), name="orders_freeze_ask"),
            path("<int:freeze_id>/release/", view(self.release_view), name="orders_freeze_release"),
        ]
        return own + super().get_urls()  # type: ignore[misc, no-any-return]

    def ask_view(self, request: HttpRequest) -> HttpResponse:
        _check(self, request)
        may = request.user.has_perm(START_RIGHT)  # type: ignore[attr-defined]
        return asking_view(self, request, AskingForFreeze(may_start_alone=may))

    def release_view(self, request: HttpRequest, freeze_id: int) -> HttpResponse:
        _check(self, request)
        freeze = Freeze.objects.select_related("job").filter(pk=freeze_id).first()
        if freeze is None:
            raise Http404
        return asking_view(self, request, AskingForRelease(freeze))

    def step_buttons(self, request: HttpRequest, obj: Any) -> list[StepButton]:
        buttons = list(super().step_buttons(request, obj))  # type: ignore[misc]
        if request.user.has_perm(REQUEST_FREEZE):
            is_held = Hold.objects.open().filter(freeze=obj).exists()
            why_not = "" if is_held else _("None of its holds is open.")
            buttons.append(StepButton(_("Release"), release_url(obj.pk), why_not, "lock_open", False, "", opens_page=True))
        return buttons


def _check(model_admin: Any, request: HttpRequest) -> None:
    if not (model_admin.has_view_permission(request) and request.user.has_perm(REQUEST_FREEZE)):
        raise PermissionDenied
