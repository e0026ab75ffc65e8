"""What can be done with one object: buttons on its page. Each asks for a reason and says first what will happen.

A step is data. Its page opens in a dialog where the browser can, and is a page of its own otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from backoffice.lib import clock
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError


class ReasonForm(forms.Form):
    """Every step asks why. Subclasses ask for more; `for_object` may fill in what is known of the object."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text=_("Kept in the history."),
    )

    def for_object(self, obj: Any) -> None:
        """Called once after the form is made."""


def never(_obj: Any, _user: Any) -> str:
    return ""


def always(_obj: Any) -> bool:
    return True


@dataclass(frozen=True)
class Step:
    """One verb of the trade, as a button.

    `tells` is the sentence above the reason: what will happen, to how many and how much. `why_not` is why it cannot be done now,
    empty where it can. `is_shown` leaves out what makes no sense for the object. `run` gets the object, `by`, `at` and what the
    form asked. `key` is the key that presses the button (with the browser's modifier). `leads_to_list` where the object is gone
    afterwards, `leads_to_result` opens the page of what `run` answered, where that is another object of the same kind. `shows_once`
    draws the answer itself from what `run` answered, for what nobody may be shown again. What `is_stop` is drawn in red,
    what `is_aside` plain, though it may come first: it is not what the page is for.
    """

    name: str
    label: Any
    run: Callable[..., Any]
    tells: Callable[[Any], Any]
    done: Any
    permission: str = ""
    may: Callable[[Any, Any], bool] | None = None
    why_not: Callable[[Any, Any], Any] = never
    is_shown: Callable[[Any], bool] = always
    form_class: type[ReasonForm] = ReasonForm
    icon: str = ""
    key: str = ""
    is_stop: bool = False
    is_aside: bool = False
    leads_to_list: bool = False
    leads_to_result: bool = False
    shows_once: Callable[[Any, HttpRequest, Any, Any], HttpResponse] | None = None

    def is_allowed(self, user: Any, obj: Any) -> bool:
        """Whether this person may ever do it, whatever the state of the object."""
        if self.may is not None:
            return self.may(obj, user)
        return bool(user.has_perm(self.permission))


@dataclass(frozen=True)
class StepButton:
    """A step as the page draws it; or with `opens_page` a page of its own that begins with the object. One is the main one."""

    label: Any
    url: str
    why_not: Any
    icon: str
    is_stop: bool
    key: str
    opens_page: bool = False
    is_main: bool = False


class StepsMixin:
    """Adds the pages of `steps` to a model's admin."""

    steps: tuple[Step, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        own = [path(f"<path:object_id>/{step.name}/", _view_of(self, step), name=_url_name(self, step)) for step in self.steps]
        return own + super().get_urls()  # type: ignore[misc]

    def step_buttons(self, request: HttpRequest, obj: Any) -> list[StepButton]:
        """What the reader may do with the object; what cannot be done now says why."""
        shown = [step for step in self.steps if step.is_shown(obj) and step.is_allowed(request.user, obj)]
        reasons = {step.name: step.why_not(obj, request.user) for step in shown}
        main = next((step for step in shown if not (step.is_stop or step.is_aside or reasons[step.name])), None)
        return [
            StepButton(
                step.label,
                reverse(f"admin:{_url_name(self, step)}", args=[obj.pk]),
                reasons[step.name],
                step.icon,
                step.is_stop,
                step.key,
                is_main=step is main,
            )
            for step in shown
        ]


def _url_name(admin: Any, step: Step) -> str:
    opts = admin.model._meta
    return f"{opts.app_label}_{opts.model_name}_{step.name.replace('-', '_')}"


def _view_of(admin: Any, step: Step) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, object_id: str) -> HttpResponse:
        return _answer(admin, request, step, object_id)

    return admin.admin_site.admin_view(view)  # type: ignore[no-any-return]


def _answer(admin: Any, request: HttpRequest, step: Step, object_id: str) -> HttpResponse:
    """The step's page; once its form is sent and the service has agreed, back to the object."""
    obj = admin.get_object(request, unquote(object_id))
    if obj is None:
        if not admin.has_view_permission(request):
            raise PermissionDenied
        return admin._get_obj_does_not_exist_redirect(request, admin.opts, object_id)  # type: ignore[no-any-return]
    if not admin.has_view_permission(request, obj) or not step.is_allowed(request.user, obj):
        raise PermissionDenied
    page = _page_of(admin, obj)
    form = step.form_class(*((request.POST, request.FILES) if request.method == "POST" else ()))
    form.for_object(obj)
    why_not = step.why_not(obj, request.user)
    taken = _take(request, step, obj, form) if not why_not and form.is_valid() else []
    if taken:
        if step.shows_once is not None:
            return step.shows_once(admin, request, obj, taken[0])
        if step.leads_to_result:
            page = _page_of(admin, taken[0])
        return HttpResponseRedirect(_list_of(admin) if step.leads_to_list else page)
    return _draw(admin, request, step, obj, form, why_not)


def _take(request: HttpRequest, step: Step, obj: Any, form: ReasonForm) -> list[Any]:
    """Run it and answer what it answered, in a list; a refusal becomes a sentence on the form, and the list is empty."""
    try:
        with because(form.cleaned_data["reason"]):
            result = step.run(obj, by=request.user, at=clock.now(), **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error))
        return []
    if step.done:
        messages.success(request, step.done(result) if callable(step.done) else step.done)
    return [result]


def _draw(admin: Any, request: HttpRequest, step: Step, obj: Any, form: ReasonForm, why_not: Any) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "title": step.label,
        "opts": admin.opts,
        "original": obj,
        "object_url": _page_of(admin, obj),
        "step": step,
        "tells": step.tells(obj),
        "why_not": why_not,
        "form": form,
    }
    return TemplateResponse(request, "admin/holdfast/step.html", context)


def _list_of(admin: Any) -> str:
    return reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_changelist")


def _page_of(admin: Any, obj: Any) -> str:
    return reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_change", args=[obj.pk])
