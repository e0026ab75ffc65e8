"""Many flagged orders decided alike: the page in between with its preview, and the page of what became of each."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from backoffice.lib import clock
from backoffice.lib.admin.actions import ActionPage, ScopeForm, draw_action, is_confirmed
from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, lookup_filter
from backoffice.lib.admin.history import Source, source_of
from backoffice.lib.admin.jobs import bar, job_page, progress_url
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import Step
from backoffice.lib.aloud import aloud
from backoffice.lib.display import amount_html, count_text, link, state_badge, time_html
from backoffice.lib.errors import DomainError
from orders.admin.links import customer_cell, page_of
from orders.models import Order
from risk.models import BulkReview, BulkReviewItem, Flag
from risk.models.bulk_reviews import JOB_KIND
from risk.services.bulk_reviewing import BulkPreview, decide_in_bulk, preview, undo_bulk, why_not_undo
from risk.states import BulkResult, Decision, Disposition

TROUBLE_SHOWN = 20

job_page(JOB_KIND, lambda job: reverse("admin:risk_bulkreview_change", args=[BulkReview.objects.get(job=job).pk]))


class BulkForm(ScopeForm):
    """What is decided of all of them."""

    decision = forms.ChoiceField(label=gettext_lazy("Decision"), choices=Decision.choices, widget=UnfoldAdminSelectWidget)
    disposition = forms.ChoiceField(
        label=gettext_lazy("Disposition"),
        choices=[("", gettext_lazy("each as the rules found it")), *Disposition.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


def decide_several(model_admin: Any, request: HttpRequest, flags: QuerySet[Flag], scope: str) -> HttpResponse:
    """The preview; once its form is sent, the job."""
    form = BulkForm(request.POST if is_confirmed(request) else None)
    if is_confirmed(request) and form.is_valid():
        terms = {name: form.cleaned_data[name] for name in ("decision", "disposition", "reason", "previewed")}
        try:
            bulk = decide_in_bulk(flags, scope_text=scope, by=request.user, at=clock.now(), **terms)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%s flagged orders are being decided.") % count_text(bulk.job.total))
            return HttpResponseRedirect(reverse("admin:risk_bulkreview_change", args=[bulk.pk]))
    seen = preview(flags, at=clock.now())
    if form.is_bound:
        form.data = {**form.data.dict(), "previewed": seen.mark}  # type: ignore[attr-defined]
    else:
        form.initial["previewed"] = seen.mark
    return draw_action(model_admin, request, page_of_preview(seen, form, scope))


def page_of_preview(seen: BulkPreview, form: BulkForm, scope: str) -> ActionPage:
    left_out = [
        (seen.decided, _("%s of them are decided already and stay so.")),
        (seen.with_reviewers, _("%s of them a reviewer has before him now: those are skipped while he has them.")),
        (seen.appealed, _("%s of them are appealed against: those are decided by the appeal, and skipped here.")),
    ]
    return ActionPage(
        name="decide_several",
        title=_("Decide many at once"),
        button=_("Decide them"),
        tells=_(
            "%(count)s flagged orders are decided alike, by a job, each with its result: %(scope)s. Cleared releases %(holds)s"
            " automatic holds; confirmed holds what can still be held. You can take it back within your shift."
        )
        % {"count": count_text(seen.count), "scope": scope, "holds": count_text(seen.automatic_holds)},
        form=form,
        facts=[
            Fact(
                _("Worth"),
                amount_html(gross, currency),
                _("%(orders)s orders, coupons took off %(off)s") % {"orders": n, "off": off},
            )
            for currency, n, gross, off in seen.worth
        ],
        panels=preview_panels(seen),
        warnings=[text % count_text(number) for number, text in left_out if number],
    )


def preview_panels(seen: BulkPreview) -> list[Panel]:
    looks = [
        [state_badge(Flag(disposition=value), "disposition"), count_text(n), amount_html(gross)] for value, n, gross in seen.by_look
    ]
    states = [[state_badge(Order(status=value)), count_text(n), amount_html(gross)] for value, n, gross in seen.by_status]
    sample = [
        [
            page_of(flag),
            flag.score,
            state_badge(flag, "disposition"),
            state_badge(flag.order),
            customer_cell(flag.order),
            amount_html(flag.order.gross_amount, flag.order.currency),
        ]
        for flag in seen.sample
    ]
    return [
        Panel(_("By how they look"), [_("looks"), _("orders"), _("amount")], looks),
        Panel(_("By state of the order"), [_("state"), _("orders"), _("amount")], states),
        Panel(
            _("A sample: the highest scores"),
            [_("order"), _("score"), _("looks"), _("state"), _("customer"), _("amount")],
            sample,
        ),
    ]


def take_back(bulk: BulkReview, *, by: Any, at: datetime, reason: str) -> BulkReview:
    return undo_bulk(bulk, by=by, reason=reason, at=at)


UNDO = Step(
    name="undo",
    label=gettext_lazy("Take it back"),
    icon="undo",
    is_plain=True,
    permission="risk.decide_in_bulk",
    run=take_back,
    why_not=lambda bulk, user: why_not_undo(bulk, user, at=clock.now()),
    tells=lambda bulk: (
        _("The %s orders that it decided wait again, held as before where they still can be. What cannot be undone is listed.")
        % count_text(bulk.items.filter(result=BulkResult.DONE).count())
    ),
    done=gettext_lazy("It is being taken back."),
    leads_to_result=True,
)


def what(bulk: BulkReview) -> Any:
    if bulk.undoes_id:
        return link(reverse("admin:risk_bulkreview_change", args=[bulk.undoes_id]), _("takes back #%s") % bulk.undoes_id)
    return state_badge(bulk, "decision")


@admin.register(BulkReview)
class BulkReviewAdmin(ReadOnlyAdmin):
    steps = (UNDO,)
    list_display = (
        "__str__",
        text_column(what, "what", gettext_lazy("decision")),
        state_column("job.status", gettext_lazy("state")),
        text_column(lambda bulk: bar(bulk.job), "progress", gettext_lazy("progress")),
        text_column(lambda bulk: count_text(bulk.job.total), "orders", gettext_lazy("orders")),
        "scope_text",
        text_column(lambda bulk: bulk.job.requested_by, "requested_by", gettext_lazy("by")),
        time_column("job.requested_at", gettext_lazy("at"), order="pk"),
    )
    list_filter = (("decision", ChoicesFilter), ("job__status", ChoicesFilter))
    list_select_related = ("job__requested_by",)
    ordering = ("-pk",)
    empty_text = gettext_lazy("Nothing was decided in bulk. Choose flagged orders in their list.")

    def headline(self, request: HttpRequest, obj: BulkReview) -> Headline:
        facts = [
            Fact(_("Disposition"), state_badge(obj, "disposition") if obj.disposition else _("as the rules found it")),
            Fact(_("By"), obj.job.requested_by, time_html(obj.job.requested_at)),
            Fact(_("Reason"), aloud(obj.job.reason)),
            Fact(_("Hash of the scope"), f"{obj.job.scope_hash[:16]}…"),
            Fact(_("Job"), page_of(obj.job), state_badge(obj.job)),
        ]
        return Headline(str(obj), what(obj), sentence=obj.scope_text, facts=facts, progress_url=progress_url(obj.job))

    def panels(self, request: HttpRequest, obj: BulkReview) -> list[Panel]:
        url = f"{reverse('admin:risk_bulkreviewitem_changelist')}?bulk={obj.pk}"
        words = dict(BulkResult.choices)
        tally = [
            [words[result], link(f"{url}&result__exact={result}", count_text(n))] for result, n in obj.items.tally().items() if n
        ]
        trouble = obj.items.exclude(detail="").select_related("flag__order").order_by("-result", "pk")[:TROUBLE_SHOWN]
        rows = [[page_of(item.flag), state_badge(item, "result"), aloud(item.detail, is_ours=True)] for item in trouble]
        return [
            Panel(_("Results"), [_("result"), _("orders")], tally, url=url),
            Panel(_("Skipped, failed or not wholly undone, and why"), [_("order"), _("result"), _("why")], rows, _("None."), url),
        ]

    def history_sources(self, obj: BulkReview) -> list[Source]:
        return [*source_of(obj), *source_of(obj.job)]


def bulk_choices() -> list[tuple[str, str]]:
    return [(str(bulk.pk), str(bulk)) for bulk in BulkReview.objects.order_by("-pk")[:50]]


def of_bulk(items: QuerySet, number: str) -> QuerySet:
    return items.filter(bulk=int(number)) if number.isdecimal() and len(number) < 19 else items.none()


BulkFilter = lookup_filter(gettext_lazy("bulk decision"), "bulk", bulk_choices, of_bulk)


@admin.register(BulkReviewItem)
class BulkReviewItemAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        text_column(lambda item: page_of(item.flag, item.flag.order), "order", gettext_lazy("order")),
        state_column("result", gettext_lazy("result")),
        text_column(lambda item: aloud(item.detail, is_ours=True), "detail", gettext_lazy("why")),
        text_column(lambda item: page_of(item.bulk), "bulk", gettext_lazy("bulk decision")),
    )
    list_display_links = None
    list_filter = (BulkFilter, ("result", ChoicesFilter))
    list_select_related = ("flag__order", "bulk")
    search_fields = ("flag__order__ref",)
    ordering = ("pk",)
    fields = ("bulk", "result", "detail")
