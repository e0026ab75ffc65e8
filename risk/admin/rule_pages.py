"""The page on which a version of a rule is written, with what it would have hit yesterday."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from backoffice.lib import clock
from backoffice.lib.admin.page import Fact
from backoffice.lib.display import amount_text, count_text, stacked
from backoffice.lib.errors import DomainError
from risk.admin.rule_building import Part, apply, empty, fact_groups, part_of, place_problems, read
from risk.backtesting import Figures, preview
from risk.models import Rule
from risk.rulebook import Node, RuleNotUnderstood, memberships_of, parse
from risk.rulefacts import BOOKS
from risk.services.rules import draft_version
from risk.services.value_lists import known_lists
from risk.states import EvidenceKind, Strength
from risk.wording import lines_of

SAVE = "save"


class VersionForm(forms.Form):
    """What a hit does, beside the conditions."""

    text = forms.CharField(
        label=gettext_lazy("Finding"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The sentence that reviewers read on an order it hits."),
    )
    evidence = forms.ChoiceField(
        label=gettext_lazy("Kind of evidence"),
        choices=EvidenceKind.choices,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Nobody is called organised by one kind alone."),
    )
    strength = forms.ChoiceField(
        label=gettext_lazy("Strength"), choices=Strength.choices, initial=Strength.WEAK, widget=UnfoldAdminSelectWidget
    )
    score = forms.IntegerField(
        label=gettext_lazy("Score"),
        min_value=-100,
        max_value=100,
        initial=20,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("Up to 100 against the customer; negative where it speaks for him. From 50 on an order is flagged."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("Why you write this version. Kept in the history."),
    )


def write_page(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """GET begins with the newest version, POST does one step; `save` makes a draft of what is written."""
    rule = model_admin.get_object(request, unquote(object_id))
    if rule is None or not request.user.has_perm("risk.add_ruleversion"):  # type: ignore[union-attr]
        raise PermissionDenied
    schema, lists = BOOKS[rule.subject].schema, known_lists()
    newest = rule.versions.order_by("-number").first()
    if request.method != "POST":
        root = part_of(parse(newest.tree, schema), schema, lists) if newest else empty(schema, lists)
        names = ("text", "evidence", "strength", "score")
        return _draw(
            model_admin, request, rule, root, VersionForm(initial={name: getattr(newest, name) for name in names} if newest else {})
        )
    action = request.POST.get("do", "")
    root = apply(read(request.POST, schema, lists), action)
    form = VersionForm(request.POST) if action == SAVE else VersionForm(initial=request.POST.dict())
    if action == SAVE and form.is_valid():
        asked = form.cleaned_data
        try:
            version = draft_version(rule, tree=root.said(), **asked, by=request.user, at=clock.now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%s is saved as a draft. Try it, then put it into shadow.") % version)
            return HttpResponseRedirect(reverse("admin:risk_ruleversion_change", args=[version.pk]))
    return _draw(model_admin, request, rule, root, form)


def _draw(model_admin: Any, request: HttpRequest, rule: Rule, root: Part, form: VersionForm) -> HttpResponse:
    schema = BOOKS[rule.subject].schema
    tree, homeless, figures = None, [], []
    try:
        tree = parse(root.said(), schema, root.lists)
    except RuleNotUnderstood as error:
        problems = place_problems(root, error.problems)
        homeless = problems if request.method == "POST" else []
    if tree is not None:
        figures = yesterday(rule, tree)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Write the rule %s") % rule,
        "opts": model_admin.opts,
        "original": rule,
        "object_url": reverse("admin:risk_rule_change", args=[rule.pk]),
        "root": root,
        "groups": fact_groups(schema),
        "form": form,
        "problems": homeless,
        "lines": lines_of(tree, schema) if tree is not None else [],
        "is_understood": tree is not None,
        "figures": figures,
        "save": SAVE,
    }
    return TemplateResponse(request, "admin/holdfast/rule_writing.html", context)


def yesterday(rule: Rule, tree: Node) -> list[Fact]:
    """What it would have hit in the last 24 hours; nothing where that takes too long to wait for.

    Value lists are asked as they stood at each event. With a list that was just made this is nothing at all, so beside it stands
    what would be hit with the lists as they are now.
    """
    now = clock.now()
    period: dict[str, Any] = {"since": now - timedelta(days=1), "until": now}
    figures = preview(rule.subject, tree, **period)
    as_now = preview(rule.subject, tree, **period, lists_at=now) if figures and memberships_of(tree) else None
    return preview_facts(figures, as_now) if figures else []


def preview_facts(figures: Figures, as_now: Figures | None) -> list[Fact]:
    hint = _("%s of them were flagged") % count_text(figures.flagged)
    if as_now is not None:
        hint = stacked(_("%s with the value lists as they are now") % count_text(as_now.hits), hint)
    return [
        Fact(_("Judged"), count_text(figures.judged)),
        Fact(_("Hits"), count_text(figures.hits), hint),
        Fact(_("Unknown"), count_text(figures.unknown), _("a fact was missing")),
        Fact(_("Discount on hits"), amount_text(figures.money, "CNY")),
    ]
