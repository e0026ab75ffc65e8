"""Grants: drafted, previewed, asked for, given, stopped, voided; a result for every customer."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import money_column, state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter
from backoffice.lib.admin.history import Source, source_of
from backoffice.lib.admin.jobs import bar, job_page, progress_url
from backoffice.lib.admin.page import Headline, Panel
from backoffice.lib.admin.steps import Step
from backoffice.lib.aloud import aloud
from backoffice.lib.cells import csv_lines
from backoffice.lib.display import NOTHING, amount_text, count_text, state_badge
from promotions.admin.grant_panels import grant_facts, grant_panels, grant_warnings, void_facts, void_panels
from promotions.admin.ledger import CouponTypeFilter
from promotions.admin.links import page_of
from promotions.admin.new_grant import new_grant_view
from promotions.models import Coupon, Grant, GrantVoid
from promotions.services.grant_voids import coupons_of, request_void
from promotions.services.granting import STANDING_STILL, discard_grant, request_grant, resume_grant, stop_grant
from promotions.states import CouponStatus, GrantResult, GrantStatus

job_page("grant", lambda job: reverse("admin:promotions_grant_change", args=[Grant.objects.get(job=job).pk]))
job_page("void grant", lambda job: reverse("admin:promotions_grantvoid_change", args=[GrantVoid.objects.get(job=job).pk]))


def tells_request(grant: Grant) -> str:
    text = _("This goes to Approvals. Once a second person approves, %(count)s customers are given a coupon, at most %(amount)s.")
    amount = amount_text(grant.amount, grant.coupon_type.campaign.currency)
    return text % {"count": count_text(grant.preview.get("given", 0)), "amount": amount}


def tells_stop(grant: Grant) -> str:
    left = count_text(grant.job.total - grant.job.done if grant.job else 0)
    return _("Nothing more is given: %s customers without a result are skipped. It cannot be undone.") % left


def tells_void(grant: Grant) -> str:
    issued = coupons_of(grant).filter(status=CouponStatus.ISSUED).count()
    redeemed = coupons_of(grant).filter(status=CouponStatus.REDEEMED).count()
    amount = amount_text(issued * grant.coupon_type.face_value, grant.coupon_type.campaign.currency)
    text = _(
        "This goes to Approvals. Once a second person approves, %(issued)s coupons are voided and %(amount)s return to the budget;"
        " %(redeemed)s were redeemed and are lost."
    )
    return text % {"issued": count_text(issued), "amount": amount, "redeemed": count_text(redeemed)}


def is_still(grant: Grant) -> bool:
    return grant.status == GrantStatus.GIVING and grant.job is not None and grant.job.status in STANDING_STILL


def why_not_void(grant: Grant, _user: Any) -> str:
    is_left = coupons_of(grant).filter(status=CouponStatus.ISSUED).exists()
    return "" if is_left else _("None of its coupons can be voided any more.")


STEPS = (
    Step(
        name="ask",
        label=gettext_lazy("Ask to give"),
        icon="redeem",
        permission="promotions.request_grant",
        run=request_grant,
        is_shown=lambda grant: grant.status == GrantStatus.DRAFT,
        tells=tells_request,
        done=gettext_lazy("Sent to Approvals. Nothing is given until a second person approves."),
    ),
    Step(
        name="discard",
        label=gettext_lazy("Discard"),
        icon="delete",
        permission="promotions.request_grant",
        run=discard_grant,
        is_shown=lambda grant: grant.status == GrantStatus.DRAFT,
        tells=lambda grant: _("This draft is put away: nobody can ask for it any more."),
        done=gettext_lazy("Put away."),
    ),
    Step(
        name="stop",
        label=gettext_lazy("Stop"),
        icon="stop_circle",
        is_stop=True,
        permission="promotions.stop_grant",
        run=stop_grant,
        is_shown=lambda grant: grant.status == GrantStatus.GIVING,
        tells=tells_stop,
        done=gettext_lazy("Stopped. What was given stays given until it is voided."),
    ),
    Step(
        name="go-on",
        label=gettext_lazy("Go on"),
        icon="play_circle",
        permission="promotions.request_grant",
        run=resume_grant,
        is_shown=is_still,
        tells=lambda grant: _("The job goes on where it stands still: who has a result is left alone."),
        done=gettext_lazy("Queued again."),
    ),
    Step(
        name="ask-to-void",
        label=gettext_lazy("Ask to void"),
        icon="undo",
        permission="promotions.request_grant",
        run=request_void,
        is_shown=lambda grant: grant.status in (GrantStatus.DONE, GrantStatus.STOPPED),
        why_not=why_not_void,
        tells=tells_void,
        done=gettext_lazy("Sent to Approvals. Nothing is voided until a second person approves."),
    ),
)


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    steps = STEPS
    list_display = (
        "__str__",
        text_column(lambda grant: page_of(grant.coupon_type, grant.coupon_type.code), "type", gettext_lazy("coupon type")),
        state_column("status", gettext_lazy("state")),
        text_column(lambda grant: bar(grant.job) if grant.job else NOTHING, "progress", gettext_lazy("progress")),
        text_column(lambda grant: count_text(grant.count), "customers", gettext_lazy("customers"), order="count"),
        money_column("amount", gettext_lazy("at most"), currency="coupon_type.campaign.currency"),
        state_column("source", gettext_lazy("customers from")),
        "made_by",
        time_column("made_at", gettext_lazy("made at"), order="pk"),
    )
    list_filter = (("status", ChoicesFilter), CouponTypeFilter, ("source", ChoicesFilter), ("made_at", MomentFilter))
    list_select_related = ("coupon_type__campaign", "job__requested_by", "job__approval__decided_by", "made_by")
    search_fields = ("scope_text", "coupon_type__code")
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("promotions.add_grant")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return new_grant_view(self, request)

    def headline(self, request: HttpRequest, obj: Grant) -> Headline:
        return Headline(
            f"{obj} · {obj.coupon_type}",
            state_badge(obj),
            sentence=aloud(obj.scope_text, is_ours=True),
            facts=grant_facts(obj),
            warnings=grant_warnings(obj),
            progress_url=progress_url(obj.job) if obj.job and obj.status != GrantStatus.DRAFT else "",
        )

    def panels(self, request: HttpRequest, obj: Grant) -> list[Panel]:
        return grant_panels(obj)

    def history_sources(self, obj: Grant) -> list[Source]:
        job = obj.job
        return [*source_of(obj), *(source_of(job) if job else []), *(source_of(job.approval) if job and job.approval else [])]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.results_view)
        return [path("<path:object_id>/results/", view, name="promotions_grant_results"), *super().get_urls()]

    def results_view(self, request: HttpRequest, object_id: str) -> HttpResponse | StreamingHttpResponse:
        """Every row with its result, as CSV; `result` in the address leaves only those."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        grant = self.get_object(request, unquote(object_id))
        if grant is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        header = [_("row"), "customer", _("result"), _("why"), _("coupon")]
        lines = csv_lines(chain([header], result_rows(grant, request.GET.get("result", ""))))
        disposition = f'attachment; filename="grant-{grant.pk}.csv"'
        headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


AT_ONCE = 5_000


def result_rows(grant: Grant, result: str) -> Iterator[list[Any]]:
    """The rows in the order of the list, some thousand at a time, so that neither side holds a million."""
    words, after = dict(GrantResult.choices), 0
    items = grant.items.filter(result=result) if result in words else grant.items.all()
    while rows := list(items.filter(number__gt=after).order_by("number")[:AT_ONCE]):
        codes = dict(Coupon.objects.filter(grant_item__in=rows).values_list("grant_item", "code"))
        for item in rows:
            yield [item.number, item.ref, words[item.result], _(item.detail) if item.detail else "", codes.get(item.pk, "")]
        after = rows[-1].number


@admin.register(GrantVoid)
class GrantVoidAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        text_column(lambda void: page_of(void.grant), "grant", gettext_lazy("grant")),
        state_column("job.status", gettext_lazy("state")),
        text_column(lambda void: bar(void.job), "progress", gettext_lazy("progress")),
        money_column("amount", gettext_lazy("at most"), currency="grant.coupon_type.campaign.currency"),
        text_column(lambda void: void.job.requested_by, "requested_by", gettext_lazy("asked by")),
        time_column("job.requested_at", gettext_lazy("asked at"), order="pk"),
    )
    list_filter = (("job__status", ChoicesFilter), ("job__requested_at", MomentFilter))
    list_select_related = ("grant__coupon_type__campaign", "job__requested_by", "job__approval__decided_by")
    ordering = ("-pk",)

    def headline(self, request: HttpRequest, obj: GrantVoid) -> Headline:
        return Headline(
            str(obj), sentence=aloud(obj.grant.scope_text, is_ours=True), facts=void_facts(obj), progress_url=progress_url(obj.job)
        )

    def panels(self, request: HttpRequest, obj: GrantVoid) -> list[Panel]:
        return void_panels(obj)

    def history_sources(self, obj: GrantVoid) -> list[Source]:
        return [*source_of(obj), *source_of(obj.job), *(source_of(obj.job.approval) if obj.job.approval else [])]
