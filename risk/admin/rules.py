"""Rules that staff write, their versions, and what they said."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin, ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import StepButton
from backoffice.lib.display import NOTHING, state_badge, time_html
from orders.admin.links import page_of
from risk.admin.rule_pages import write_page
from risk.admin.rule_panels import (
    backtest_panels,
    figures_panels,
    hits_panel,
    lists_panels,
    overlap_panel,
    versions_panel,
    words_panel,
)
from risk.admin.rule_steps import STEPS
from risk.models import Rule, RuleHit, RuleVersion
from risk.services.rules import make_rule


def _newest(rule: Rule) -> Any:
    newest = getattr(rule, "newest", None)
    return state_badge(newest) if newest else NOTHING


@admin.register(Rule)
class RuleAdmin(EditableAdmin):
    list_display = (
        "name",
        text_column(lambda rule: rule.get_subject_display(), "judges", gettext_lazy("judges")),
        "purpose",
        text_column(_newest, "newest", gettext_lazy("newest version")),
        time_column("created_at", gettext_lazy("made at")),
    )
    list_filter = (("subject", ChoicesFilter),)
    search_fields = ("name",)
    ordering = ("-pk",)
    fields = ("name", "subject", "purpose")
    empty_text = gettext_lazy("No rules yet. The built-in ones work all the same.")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.write)
        return [path("<path:object_id>/write/", view, name="risk_rule_write"), *super().get_urls()]

    def write(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return write_page(self, request, object_id)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list:
        return [] if obj else list(super().get_fieldsets(request, obj))

    def load_rows(self, rows: list[Rule]) -> None:
        newest = {version.rule_id: version for version in RuleVersion.objects.filter(rule__in=rows).order_by("number")}
        for rule in rows:
            rule.newest = newest.get(rule.pk)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        asked = {name: form.cleaned_data[name] for name in ("name", "purpose", "subject")}
        obj.__dict__.update(make_rule(**asked, by=request.user, at=clock.now()).__dict__)

    def step_buttons(self, request: HttpRequest, obj: Rule) -> list[StepButton]:
        url = reverse("admin:risk_rule_write", args=[obj.pk])
        may_write = request.user.has_perm("risk.add_ruleversion")  # type: ignore[union-attr]
        label = _("Write a version")
        return [StepButton(label, url, "", "edit_note", False, "", opens_page=True)] if may_write else []

    def headline(self, request: HttpRequest, obj: Rule) -> Headline:
        facts = [
            Fact(_("Judges"), obj.get_subject_display()),
            Fact(_("Made"), time_html(obj.created_at), obj.created_by),
        ]
        return Headline(obj.name, sentence=obj.purpose, facts=facts)

    def panels(self, request: HttpRequest, obj: Rule) -> Sequence[Panel]:
        acting = obj.versions.filter(status="published").first() or obj.versions.order_by("-number").first()
        told = [words_panel(acting), *lists_panels(acting), *figures_panels(acting), overlap_panel(acting)] if acting else []
        return [*told, versions_panel(obj)]


@admin.register(RuleVersion)
class RuleVersionAdmin(ReadOnlyAdmin):
    steps = STEPS
    list_display = (
        "__str__",
        state_column("status", gettext_lazy("state")),
        "text",
        "score",
        "percent",
        "made_by",
        time_column("made_at", gettext_lazy("written at")),
    )
    list_filter = (("status", ChoicesFilter), ("made_at", MomentFilter))
    list_select_related = ("rule", "made_by")
    search_fields = ("rule__name",)
    ordering = ("-pk",)
    empty_text = gettext_lazy("No versions yet.")

    def headline(self, request: HttpRequest, obj: RuleVersion) -> Headline:
        facts = [
            Fact(_("Rule"), page_of(obj.rule)),
            Fact(_("Evidence"), obj.get_evidence_display(), obj.get_strength_display()),
            Fact(_("Score"), obj.score),
            Fact(_("Share"), f"{obj.percent} %"),
            Fact(_("Written"), time_html(obj.made_at), obj.made_by),
            Fact(_("In shadow since"), time_html(obj.shadow_at) if obj.shadow_at else NOTHING),
            Fact(_("Published"), time_html(obj.published_at) if obj.published_at else NOTHING),
            Fact(_("Hash"), obj.tree_hash[:16], _("Changes with everything that a hit would do.")),
        ]
        return Headline(str(obj), state_badge(obj), sentence=obj.text, facts=facts)

    def panels(self, request: HttpRequest, obj: RuleVersion) -> Sequence[Panel]:
        return [
            words_panel(obj),
            *lists_panels(obj),
            *figures_panels(obj),
            overlap_panel(obj),
            *backtest_panels(obj),
            hits_panel(obj),
        ]


@admin.register(RuleHit)
class RuleHitAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        state_column("result", gettext_lazy("result")),
        "acted",
        text_column(lambda hit: page_of(hit.order), "order", gettext_lazy("order")),
        time_column("at", gettext_lazy("at")),
    )
    list_filter = (("result", ChoicesFilter), ("at", MomentFilter))
    list_select_related = ("order", "version__rule")
    search_fields = ("order__ref",)
    ordering = ("-pk",)
    empty_text = gettext_lazy("No rule of staff has hit yet.")

    def headline(self, request: HttpRequest, obj: RuleHit) -> Headline:
        facts = [
            Fact(_("Rule"), page_of(obj.version)),
            Fact(_("Order"), page_of(obj.order)),
            Fact(
                _("Acted"), _("yes") if obj.acted else _("no"), _("A rule in shadow, and one outside its share, is only watched.")
            ),
            Fact(_("Facts as of"), time_html(obj.as_of)),
            Fact(_("Judged"), time_html(obj.at)),
        ]
        return Headline(str(obj), state_badge(obj, "result"), sentence=obj.version.text, facts=facts)

    def panels(self, request: HttpRequest, obj: RuleHit) -> Sequence[Panel]:
        return [words_panel(obj.version, obj)]
