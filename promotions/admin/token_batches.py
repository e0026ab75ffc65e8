"""Token batches: made at once or by a job, exported and printed, revoked; where and when they were used, the odd ones first."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin, ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import MomentFilter, question_filter
from backoffice.lib.admin.jobs import JobCancel, job_cancel, job_page, progress_url
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import Step
from backoffice.lib.display import amount_text, badge, count_text, link, state_badge, time_html
from backoffice.lib.jobs import OPEN_STATUSES, pause_job, queue_job
from backoffice.lib.models import Job, JobStatus
from promotions.admin.links import list_of, page_of, share
from promotions.admin.token_exports import ExportPageMixin, exports_panel
from promotions.models import Claim, ClaimToken, TokenBatch
from promotions.services.token_uses import hours_of_use, odd_tokens, use_of
from promotions.services.tokens import TOKENS_JOB, cancel_batch, order_token_batch, revoke_batch, revoke_token

TOKENS_SHOWN = 25
CLAIMS_SHOWN = 50

job_page(TOKENS_JOB, lambda job: reverse("admin:promotions_tokenbatch_change", args=[TokenBatch.objects.get(job=job).pk]))


def tells_cancel(batch: TokenBatch) -> str:
    return _("%s is never completed, and no token of it ever becomes valid. It cannot be undone.") % batch


def batch_of(job: Job) -> TokenBatch:
    return TokenBatch.objects.select_related("entry", "job").get(job=job)


job_cancel(
    TOKENS_JOB,
    JobCancel(
        "promotions.add_tokenbatch",
        tells=lambda job: tells_cancel(batch_of(job)),
        run=lambda job, **why: cancel_batch(batch_of(job), **why),
    ),
)


def is_without_key(batch: TokenBatch) -> bool:
    return batch.key_id not in settings.HOLDFAST_TOKEN_KEYS


def batch_state(batch: TokenBatch) -> Any:
    if batch.revoked_at:
        return badge(_("revoked"), "danger")
    if not batch.is_complete:
        is_given_up = batch.job is not None and batch.job.status == JobStatus.CANCELLED
        return badge(_("given up"), "danger") if is_given_up else badge(_("being made"), "info")
    if is_without_key(batch):
        return badge(_("no key"), "danger")
    return badge(_("expired")) if batch.expires_at <= clock.now() else badge(_("valid"), "success")


def is_job_in(batch: TokenBatch, *statuses: str) -> bool:
    return batch.job is not None and batch.job.status in statuses


STEPS = (
    Step(
        name="revoke",
        label=gettext_lazy("Revoke"),
        icon="block",
        is_stop=True,
        permission="promotions.revoke_tokenbatch",
        run=revoke_batch,
        why_not=lambda batch, _user: _("It is revoked already.") if batch.revoked_at else "",
        tells=lambda batch: (
            _("None of the %(count)s tokens of %(batch)s claims anything any more. It cannot be undone.")
            % {"count": count_text(batch.count), "batch": batch}
        ),
        done=gettext_lazy("Revoked. Its tokens claim nothing any more."),
    ),
    Step(
        name="pause",
        label=gettext_lazy("Pause"),
        icon="pause",
        is_plain=True,
        permission="promotions.add_tokenbatch",
        run=lambda batch, **why: pause_job(batch.job, **why),
        is_shown=lambda batch: is_job_in(batch, *OPEN_STATUSES),
        tells=lambda batch: _("No more tokens of %s are made until somebody lets the job go on.") % batch,
        done=gettext_lazy("Paused."),
    ),
    Step(
        name="go-on",
        label=gettext_lazy("Go on"),
        icon="play_arrow",
        permission="promotions.add_tokenbatch",
        run=lambda batch, **_why: queue_job(batch.job),
        is_shown=lambda batch: is_job_in(batch, JobStatus.PAUSED, JobStatus.FAILED),
        tells=lambda batch: _("The rest of the tokens of %s are made.") % batch,
        done=gettext_lazy("The job is queued again."),
    ),
    Step(
        name="cancel",
        label=gettext_lazy("Give up"),
        icon="cancel",
        is_stop=True,
        permission="promotions.add_tokenbatch",
        run=cancel_batch,
        is_shown=lambda batch: is_job_in(batch, *OPEN_STATUSES, JobStatus.PAUSED, JobStatus.FAILED),
        tells=tells_cancel,
        done=gettext_lazy("Given up."),
    ),
)
TOKEN_STEPS = (
    Step(
        name="revoke",
        label=gettext_lazy("Revoke"),
        icon="block",
        is_stop=True,
        permission="promotions.revoke_tokenbatch",
        run=revoke_token,
        why_not=lambda token, _user: _("It is revoked already.") if token.revoked_at else "",
        tells=lambda token: _("The token %s claims nothing any more. It cannot be undone.") % token,
        done=gettext_lazy("Revoked. It claims nothing any more."),
    ),
)


COLUMNS = (
    "code",
    text_column(lambda batch: page_of(batch.entry), "entry", gettext_lazy("entry")),
    text_column(batch_state, "state", gettext_lazy("state")),
    "count",
    "uses",
    text_column(lambda batch: count_text(batch.used), "used", gettext_lazy("uses made")),
    time_column("expires_at", gettext_lazy("expires")),
    time_column("made_at", gettext_lazy("made at")),
    "made_by",
)
FILTERS = (
    question_filter(
        gettext_lazy("revoked"),
        "revoked",
        {
            "no": (gettext_lazy("not revoked"), lambda rows: rows.filter(revoked_at=None)),
            "yes": (gettext_lazy("revoked"), lambda rows: rows.exclude(revoked_at=None)),
        },
    ),
    ("made_at", MomentFilter),
)


@admin.register(TokenBatch)
class TokenBatchAdmin(ExportPageMixin, EditableAdmin):
    steps = STEPS
    list_display = COLUMNS
    list_filter = FILTERS
    list_select_related = ("entry", "made_by", "job")
    search_fields = ("code", "entry__code", "entry__coupon_type__code")
    ordering = ("-pk",)
    autocomplete_fields = ("entry",)
    fields = ("entry", "code", ("count", "uses"), "expires_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: TokenBatch, form: Any, change: bool) -> None:
        asked = {("reason" if key == "change_reason" else key): value for key, value in form.cleaned_data.items()}
        obj.__dict__.update(order_token_batch(**asked, by=request.user, at=clock.now()).__dict__)

    def load_rows(self, rows: list[Any]) -> None:
        used = dict(ClaimToken.objects.filter(batch__in=rows, used__gt=0).values_list("batch").annotate(n=Sum("used")))
        for batch in rows:
            batch.used = used.get(batch.pk, 0)

    def headline(self, request: HttpRequest, obj: TokenBatch) -> Headline:
        job = obj.job
        bar = progress_url(job) if job and job.status != JobStatus.DONE else ""
        return Headline(str(obj), batch_state(obj), facts=facts_of(obj, request), warnings=warnings_of(obj), progress_url=bar)

    def panels(self, request: HttpRequest, obj: TokenBatch) -> list[Panel]:
        return [odd_tokens_panel(obj), hours_panel(obj), exports_panel(obj)]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("<path:object_id>/export/", view, name="promotions_tokenbatch_export"), *super().get_urls()]


def warnings_of(batch: TokenBatch) -> list[str]:
    warnings = [str(batch.job.error)] if batch.job else []
    if not batch.is_complete:
        warnings.append(_("None of its tokens is valid, and none can be exported or printed, before all are made."))
    if is_without_key(batch):
        warnings.append(_("Its key is no longer in use: none of its tokens is recognised. Put the key back, or make a new batch."))
    return warnings


def facts_of(batch: TokenBatch, request: HttpRequest) -> list[Fact]:
    use, kind = use_of(batch), batch.entry.coupon_type
    export = reverse("admin:promotions_tokenbatch_export", args=[batch.pk])
    may_print = request.user.has_perm("promotions.print_tokenbatch") and not batch.revoked_at and batch.is_complete
    made = batch.count if batch.is_complete else (batch.job.done if batch.job else 0)
    key_state = badge(_("no longer in use"), "danger") if is_without_key(batch) else ""
    return [
        Fact(_("Entry"), page_of(batch.entry), page_of(kind)),
        Fact(_("Made"), f"{count_text(made)} / {count_text(batch.count)}", _("each good for %s") % count_text(batch.uses)),
        Fact(_("Worth at most"), amount_text(batch.count * batch.uses * kind.face_value, kind.campaign.currency)),
        Fact(_("Tokens used"), count_text(use.tokens), _("%s uses in all") % count_text(use.uses)),
        Fact(_("Tokens unused"), count_text(made - use.tokens)),
        Fact(_("Tokens revoked"), count_text(made if batch.revoked_at else use.revoked)),
        Fact(_("Refused attempts"), count_text(use.refused), _("at this entry, with a token of this batch")),
        Fact(_("Expires"), time_html(batch.expires_at)),
        Fact(_("Made by"), batch.made_by, time_html(batch.made_at)),
        Fact(_("Signed with key"), batch.key_id, key_state),
        Fact(_("Job"), page_of(batch.job)) if batch.job else Fact(_("Job"), _("made at once")),
        Fact(_("QR codes"), link(export, _("export and print")) if may_print else _("you may not print them")),
    ]


def hours_panel(batch: TokenBatch) -> Panel:
    hours = hours_of_use(batch)
    most = max((hour.issued + hour.refused for hour in hours), default=0)
    rows = [
        [time_html(hour.hour), count_text(hour.issued), count_text(hour.refused), share(hour.issued + hour.refused, most)]
        for hour in hours
    ]
    columns = [_("hour"), _("issued"), _("refused"), _("of the busiest hour")]
    return Panel(_("When its tokens were shown"), columns, rows, _("None was shown yet."), list_of(Claim, entry=batch.entry_id))


def odd_tokens_panel(batch: TokenBatch) -> Panel:
    """Those that went from hand to hand, or that were shown on when they were used up."""
    rows = [
        [
            link(reverse("admin:promotions_claimtoken_change", args=[token.id]), f"#{token.number + 1}"),
            f"{count_text(token.used)} / {count_text(token.uses)}",
            count_text(token.customers),
            count_text(token.devices),
            count_text(token.networks),
            count_text(token.after_use_up),
            count_text(token.refused),
            badge(_("revoked"), "danger") if token.revoked_at else "",
            link(list_of(Claim, token=token.id), _("claims")),
        ]
        for token in odd_tokens(batch, TOKENS_SHOWN)
    ]
    columns = [_("token"), _("used"), _("customers"), _("devices"), _("networks"), _("shown after use-up"), _("refused"), "", ""]
    note = _("First those seen with the most customers and networks, or shown most often when they were used up.")
    whole = list_of(ClaimToken, batch=batch.pk)
    return Panel(_("Odd tokens first"), columns, rows, _("None was used yet."), whole, note)


@admin.register(ClaimToken)
class ClaimTokenAdmin(ReadOnlyAdmin):
    steps = TOKEN_STEPS
    list_display = (
        "__str__",
        text_column(lambda token: page_of(token.batch.entry), "entry", gettext_lazy("entry")),
        "uses",
        "used",
        time_column("revoked_at", gettext_lazy("revoked at")),
    )
    list_select_related = ("batch__entry",)
    ordering = ("-pk",)

    def headline(self, request: HttpRequest, obj: ClaimToken) -> Headline:
        facts = [
            Fact(_("Batch"), page_of(obj.batch), page_of(obj.batch.entry)),
            Fact(_("State of the batch"), batch_state(obj.batch), time_html(obj.batch.expires_at)),
            Fact(_("Used"), f"{count_text(obj.used)} / {count_text(obj.uses)}", url=list_of(Claim, token=obj.pk)),
            Fact(_("Revoked"), time_html(obj.revoked_at or obj.batch.revoked_at)),
        ]
        state = badge(_("revoked"), "danger") if obj.revoked_at else ""
        return Headline(str(obj), state, facts=facts)

    def panels(self, request: HttpRequest, obj: ClaimToken) -> list[Panel]:
        claims = obj.claims.select_related("customer", "entry").order_by("-at")[:CLAIMS_SHOWN]
        rows = [
            [
                page_of(claim, time_html(claim.at)),
                page_of(claim.customer),
                state_badge(claim, "outcome"),
                claim.get_reason_display(),
                page_of(claim.entry) if claim.entry else claim.asked_entry,
                claim.device,
                claim.address,
            ]
            for claim in claims
        ]
        columns = [_("when"), _("customer"), _("outcome"), _("reason"), _("entry"), _("device"), _("network address")]
        return [Panel(_("Its claims, newest first"), columns, rows, _("It was not shown yet."), list_of(Claim, token=obj.pk))]
