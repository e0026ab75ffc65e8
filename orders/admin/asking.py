"""The page on which a freeze or a release is asked for: conditions as chips, what they come to, and the terms.

The conditions stand in the address, so that a page can be shared and left. Adding one is sent, since a telephone number or a file
has no place in an address, and leads to the address with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError
from orders.admin.asking_forms import ConditionForm, TermsForm
from orders.admin.asking_kinds import AskingKind
from orders.admin.preview_panels import order_panels
from orders.scopes.fields import checked, known_fields, not_left_out, operators, part_in_words, with_defaults
from orders.scopes.parts import BadScope, Part, ScopeParts, scope_from_address
from orders.services.documents import keep_document
from orders.services.previewing import Preview

CONFIRMED, ADDING = "confirmed", "add"


@dataclass(frozen=True)
class Chip:
    """A condition in words, and the address of the page without it."""

    words: str
    is_left_out: bool
    url_without: str


@dataclass(frozen=True)
class Words:
    """What stands on the page, and what stands there instead while the reader chooses to start alone; the same where he cannot."""

    is_alone: bool
    asking: str
    alone: str

    def __str__(self) -> str:
        return self.alone if self.is_alone else self.asking


@dataclass
class AskingPage:
    """What the page shows."""

    kind: AskingKind
    scope: ScopeParts
    condition: ConditionForm | None = None
    form: TermsForm | None = None
    preview: Preview | None = None
    warnings: list[Any] = field(default_factory=list)
    path: str = ""

    @property
    def chips(self) -> list[Chip]:
        return [
            Chip(capfirst(part_in_words(part)), is_left_out, self.url(self.scope.without(part, is_left_out=is_left_out)))
            for is_left_out, part in self.scope.sides()
        ]

    @property
    def offers(self) -> list[tuple[str, Any, str, bool]]:
        """Name, label and address of every condition that can be added, and whether it is being added."""
        now = self.condition.field.name if self.condition else ""
        return [
            (name, one.label, self.url(self.scope, adding=name), name == now)
            for name, one in known_fields().items()
            if self.kind.offers(name)
        ]

    @property
    def facts(self) -> Sequence[Fact]:
        return self.kind.facts(self.preview, self.form) if self.preview else ()

    @property
    def panels(self) -> Sequence[Panel]:
        return self.kind.panels(self.preview) if self.preview else ()

    @property
    def wide_panels(self) -> Sequence[Panel]:
        return order_panels(self.preview) if self.preview else ()

    @property
    def is_alone(self) -> bool:
        """Whether the form says that the reader starts it alone."""
        form = self.form
        return form is not None and "alone_for" in form.fields and bool(form["alone_for"].value())

    @property
    def button(self) -> "Words":
        return Words(self.is_alone, self.kind.button(), self.kind.button(alone=True))

    @property
    def tells(self) -> "Words":
        if self.preview is None:
            return Words(False, "", "")
        tells = self.kind.tells
        return Words(self.is_alone, tells(self.preview, self.form), tells(self.preview, self.form, alone=True))

    @property
    def url_now(self) -> str:
        return self.url(self.scope)

    def url(self, scope: ScopeParts, *, adding: str = "") -> str:
        return address(self.path, scope, adding=adding)


def address(path: str, scope: ScopeParts, *, adding: str = "") -> str:
    pairs = [*scope.address(), *([(ADDING, adding)] if adding else [])]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def freeze_url(*parts: Part) -> str:
    """The page that asks for a freeze of these orders, less who is always left out at first."""
    return address(reverse("admin:orders_freeze_ask"), with_defaults(ScopeParts(parts)))


def asking_view(model_admin: Any, request: HttpRequest, kind: AskingKind) -> HttpResponse:
    """The page; what was added or asked for leads on."""
    page = AskingPage(kind, ScopeParts(), path=request.path)
    try:
        page.scope = checked(scope_from_address(request.GET.lists(), operators()))
    except BadScope as error:
        page.warnings.append(str(error))
    if kind.has_defaults and page.scope == ScopeParts() and not page.warnings:
        page.scope = with_defaults(page.scope)
    done = _sent(request, page) if request.method == "POST" else None
    return done or _draw(model_admin, request, page)


def _sent(request: HttpRequest, page: AskingPage) -> HttpResponse | None:
    if CONFIRMED in request.POST:
        return _asked(request, page)
    adding = known_fields().get(request.POST.get(ADDING, ""))
    if adding is None:
        return None
    page.condition = ConditionForm(adding, request.POST, request.FILES)
    if not page.condition.is_valid():
        return None
    try:
        part = page.condition.part(by=request.user, at=clock.now())
        scope = checked(page.scope.adding(part, is_left_out=page.condition.is_left_out))
    except DomainError as error:
        page.condition.add_error(None, str(error).splitlines())
        return None
    return HttpResponseRedirect(page.url(scope))


def _asked(request: HttpRequest, page: AskingPage) -> HttpResponse | None:
    """Call the service; a refusal becomes a sentence on the form, and what is shown is counted anew."""
    form = page.form = page.kind.form(request.POST, request.FILES)
    if not form.is_valid():
        return None
    try:
        with because(form.cleaned_data["reason"]), transaction.atomic():
            now = clock.now()
            act = page.kind.ask(
                page.scope,
                looked_at=min(form.cleaned_data["looked_at"] or now, now),
                previewed=form.cleaned_data["previewed"],
                document=_document(form, request.user, now),
                by=request.user,
                at=now,
                **form.terms(),
            )
    except DomainError as error:
        form.add_error(None, str(error))
        return None
    messages.success(request, page.kind.done)
    opts = act._meta
    return HttpResponseRedirect(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[act.pk]))


def _document(form: TermsForm, by: Any, at: datetime) -> Any:
    file = form.cleaned_data["document"]
    return keep_document(file.file, name=file.name, by=by, at=at) if file else None


def _draw(model_admin: Any, request: HttpRequest, page: AskingPage) -> HttpResponse:
    adding = known_fields().get(request.GET.get(ADDING, ""))
    if page.condition is None and adding is not None and request.method != "POST":
        page.condition = ConditionForm(adding)
    if page.condition is None and (page.scope.all_of or not page.kind.needs_a_condition):
        _count(page)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": page.kind.title,
        "opts": model_admin.opts,
        "page": page,
        "form": page.form,
        "confirmed": CONFIRMED,
        "adding": ADDING,
        "list_url": page.kind.back_url(),
    }
    return TemplateResponse(request, "admin/holdfast/asking.html", context)


def _count(page: AskingPage) -> None:
    """The preview as of now, and a form that remembers it; what was typed stays."""
    at = clock.now()
    try:
        page.preview = page.kind.preview(page.scope, at)
    except DomainError as error:
        page.warnings.append(str(error))
        page.form = None
        return
    seen = {"looked_at": at.isoformat(), "previewed": page.preview.fingerprint.sha256}
    if page.form is None:
        page.form = page.kind.form(initial=seen)
    else:
        page.form.data = {**page.form.data.dict(), **seen}  # type: ignore[attr-defined]
    page.warnings += [
        _("%s: nobody is left out for it. Is that meant?") % capfirst(str(one.label))
        for one in (not_left_out(page.scope) if page.kind.has_defaults else ())
    ]
    page.warnings += page.kind.warnings(page.preview)
