"""The two acts that are asked for on one kind of page: a freeze, and the release of what a freeze placed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.display import count_text
from orders.admin.asking_forms import FreezeForm, TermsForm, alone_field
from orders.admin.preview_panels import delivered_words, freeze_facts, freeze_panels, release_facts, release_panels, worth_text
from orders.models import Freeze, Release
from orders.scopes.parts import ScopeParts
from orders.services.asking import ask_for_freeze, ask_for_release, up_to
from orders.services.previewing import Preview, preview_freeze, preview_release
from orders.states import HoldKind, OrderStatus


class AskingKind(Protocol):
    """What a page asks for. `needs_a_condition` where none would mean everything there is.

    `button` and what `tells` answers say what pressing the button does; with `alone` they say it of who starts alone, and are empty
    where nobody can.
    """

    title: Any
    done: Any
    note: Any
    has_defaults: bool
    needs_a_condition: bool

    def form(self, *args: Any, **kwargs: Any) -> TermsForm: ...
    def offers(self, name: str) -> bool: ...
    def preview(self, scope: ScopeParts, at: datetime) -> Preview: ...
    def ask(self, scope: ScopeParts, *, looked_at: datetime, **terms: Any) -> Freeze | Release: ...
    def button(self, *, alone: bool = False) -> str: ...
    def tells(self, preview: Preview, form: TermsForm | None, *, alone: bool = False) -> str: ...
    def facts(self, preview: Preview, form: TermsForm | None) -> Sequence[Fact]: ...
    def panels(self, preview: Preview) -> Sequence[Panel]: ...
    def warnings(self, preview: Preview) -> Sequence[str]: ...
    def back_url(self) -> str: ...


class AskingForFreeze:
    has_defaults = True
    needs_a_condition = True

    def __init__(self, *, may_start_alone: bool = False) -> None:
        self.may_start_alone = may_start_alone
        self.title = _("Freeze orders")
        self.done = _("Asked for. Nothing is held until a second person approves.")
        self.note = _("Which orders? Every condition must hold; what is left out stays as it is, and is counted.")

    def form(self, *args: Any, **kwargs: Any) -> TermsForm:
        form = FreezeForm(*args, **kwargs)
        if self.may_start_alone:
            form.fields["alone_for"] = alone_field()
            form.order_fields([*FreezeForm.field_order[:-2], "alone_for", *FreezeForm.field_order[-2:]])
        return form

    def offers(self, name: str) -> bool:
        return name != "freeze"

    def preview(self, scope: ScopeParts, at: datetime) -> Preview:
        return preview_freeze(up_to(scope, at), at=at)

    def ask(self, scope: ScopeParts, *, looked_at: datetime, **terms: Any) -> Freeze:
        freeze = ask_for_freeze(up_to(scope, looked_at), **terms)
        if "lasts" in terms:
            self.done = _("Started, by you alone. Unless a second person confirms it under Approvals, it falls.")
        return freeze

    def button(self, *, alone: bool = False) -> str:
        if alone:
            return _("Freeze now, alone") if self.may_start_alone else ""
        return _("Ask for the freeze")

    def tells(self, preview: Preview, form: TermsForm | None, *, alone: bool = False) -> str:
        if alone and not self.may_start_alone:
            return ""
        number, worth = preview.would_be_held(_kind_of(form))
        text = _("Once a second person approves, %(number)s orders worth %(amount)s are held: they cannot be delivered.")
        if alone:
            text = _(
                "At once, before anybody else has looked, %(number)s orders worth %(amount)s are held: they cannot be delivered."
                " Unless a second person confirms it, they are let go when the time is over."
            )
        return text % {"number": count_text(number), "amount": worth_text(worth)}

    def facts(self, preview: Preview, form: TermsForm | None) -> Sequence[Fact]:
        return freeze_facts(preview, _kind_of(form))

    def panels(self, preview: Preview) -> Sequence[Panel]:
        return freeze_panels(preview)

    def back_url(self) -> str:
        return reverse("admin:orders_freeze_changelist")

    def warnings(self, preview: Preview) -> Sequence[str]:
        if not preview.fingerprint.count:
            return [_("No order matches.")]
        return [words] if (words := delivered_words(preview)) else []


class AskingForRelease:
    has_defaults = False
    needs_a_condition = False

    def __init__(self, freeze: Freeze) -> None:
        self.freeze = freeze
        self.title = _("Release what %s holds") % freeze
        self.done = _("Asked for. Nothing is released until a second person approves.")
        self.note = _("Without a condition all open holds that this freeze placed. Holds of others stay, whatever the conditions.")

    def form(self, *args: Any, **kwargs: Any) -> TermsForm:
        form = TermsForm(*args, **kwargs)
        form.fields["legal_reference"].required = self.freeze.kind == HoldKind.LEGAL
        return form

    def offers(self, name: str) -> bool:
        return name not in ("freeze", "held")

    def preview(self, scope: ScopeParts, at: datetime) -> Preview:
        return preview_release(self.freeze, scope, at=at)

    def ask(self, scope: ScopeParts, *, looked_at: datetime, **terms: Any) -> Release:
        return ask_for_release(self.freeze, scope, **terms)

    def button(self, *, alone: bool = False) -> str:
        return "" if alone else _("Ask for the release")

    def tells(self, preview: Preview, form: TermsForm | None, *, alone: bool = False) -> str:
        if alone:
            return ""
        text = _(
            "Once a second person approves, %(number)s holds that %(freeze)s placed are released. The orders, worth %(amount)s, can"
            " be delivered, unless something else holds them."
        )
        worth = worth_text(preview.worth(tuple(OrderStatus)))
        return text % {"number": count_text(preview.fingerprint.count), "freeze": self.freeze, "amount": worth}

    def facts(self, preview: Preview, form: TermsForm | None) -> Sequence[Fact]:
        return release_facts(preview)

    def panels(self, preview: Preview) -> Sequence[Panel]:
        return release_panels(preview)

    def back_url(self) -> str:
        return reverse("admin:orders_freeze_change", args=[self.freeze.pk])

    def warnings(self, preview: Preview) -> Sequence[str]:
        return [] if preview.fingerprint.count else [_("None of its open holds matches.")]


def _kind_of(form: TermsForm | None) -> str:
    """The kind of hold chosen on the form; legal where none is."""
    kind = form["kind"].value() if form is not None and "kind" in form.fields else ""
    return kind if kind in (HoldKind.LEGAL, HoldKind.MANUAL) else HoldKind.LEGAL.value
