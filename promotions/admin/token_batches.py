"""Token batches: made, printed as QR codes, revoked; where and when they were used."""

from datetime import timedelta
from typing import Any

import segno
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import EditableAdmin, ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import MomentFilter, question_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import Step
from backoffice.lib.display import amount_text, badge, count_text, link, time_html
from promotions.admin.links import list_of, page_of
from promotions.models import Claim, ClaimToken, TokenBatch
from promotions.services.tokens import make_token_batch, revoke_batch, revoke_token, token_text

CODES_A_SHEET = 24
TOKENS_SHOWN = 25


def batch_state(batch: TokenBatch) -> Any:
    if batch.revoked_at:
        return badge(_("revoked"), "danger")
    return badge(_("expired")) if batch.expires_at <= clock.now() else badge(_("valid"), "success")


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
class TokenBatchAdmin(EditableAdmin):
    steps = STEPS
    shows_admin_log = True
    list_display = COLUMNS
    list_filter = FILTERS
    list_select_related = ("entry", "made_by")
    search_fields = ("code", "entry__code", "entry__coupon_type__code")
    ordering = ("-pk",)
    autocomplete_fields = ("entry",)
    fields = ("entry", "code", ("count", "uses"), "expires_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: TokenBatch, form: Any, change: bool) -> None:
        asked = {key: value for key, value in form.cleaned_data.items() if key != "change_reason"}
        obj.__dict__.update(make_token_batch(**asked, by=request.user, at=clock.now()).__dict__)

    def load_rows(self, rows: list[Any]) -> None:
        used = dict(ClaimToken.objects.filter(batch__in=rows).values_list("batch").annotate(n=Sum("used")))
        for batch in rows:
            batch.used = used.get(batch.pk, 0)

    def headline(self, request: HttpRequest, obj: TokenBatch) -> Headline:
        return Headline(str(obj), batch_state(obj), facts=facts_of(obj, request))

    def panels(self, request: HttpRequest, obj: TokenBatch) -> list[Panel]:
        return [odd_tokens_panel(obj)]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.sheet_view)
        return [path("<path:object_id>/sheet/", view, name="promotions_tokenbatch_sheet"), *super().get_urls()]

    def sheet_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """QR codes to print, a sheet at a time. Whoever looks at them could claim, so each look is logged."""
        if not request.user.has_perm("promotions.print_tokenbatch") or not self.has_view_permission(request):
            raise PermissionDenied
        batch = self.get_object(request, unquote(object_id))
        if batch is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        sheet = Paginator(printable(batch), CODES_A_SHEET).get_page(request.GET.get("sheet"))
        self.log_change(request, batch, _("QR codes shown for printing, sheet %s") % sheet.number)
        codes = [(token.number + 1, qr_code(token)) for token in sheet.object_list]
        context = {"batch": batch, "codes": codes, "sheet": sheet, "title": batch.code}
        return TemplateResponse(request, "admin/holdfast/qr_sheet.html", context, headers={"Cache-Control": "no-store"})


def printable(batch: TokenBatch) -> QuerySet[ClaimToken]:
    tokens = batch.tokens.filter(revoked_at=None).order_by("number")
    return tokens.select_related("batch")


def qr_code(token: ClaimToken) -> Any:
    """The token as SVG. segno writes nothing but paths, and the token's text is only in the picture."""
    return mark_safe(segno.make(token_text(token), error="m").svg_inline(border=2, omitsize=True))  # noqa: S308


def facts_of(batch: TokenBatch, request: HttpRequest) -> list[Fact]:
    sums = batch.tokens.aggregate(uses_made=Sum("used"), tokens=Count("pk", filter=Q(used__gt=0)), revoked=Count("revoked_at"))
    kind = batch.entry.coupon_type
    sheet = reverse("admin:promotions_tokenbatch_sheet", args=[batch.pk])
    may_print = request.user.has_perm("promotions.print_tokenbatch") and not batch.revoked_at
    return [
        Fact(_("Entry"), page_of(batch.entry), page_of(kind)),
        Fact(_("Made"), count_text(batch.count), _("each good for %s") % count_text(batch.uses)),
        Fact(_("Worth at most"), amount_text(batch.count * batch.uses * kind.face_value, kind.campaign.currency)),
        Fact(_("Tokens used"), count_text(sums["tokens"]), _("%s uses in all") % count_text(sums["uses_made"] or 0)),
        Fact(_("Tokens revoked"), count_text(sums["revoked"])),
        Fact(_("Expires"), time_html(batch.expires_at)),
        Fact(_("Made by"), batch.made_by, time_html(batch.made_at)),
        Fact(_("Signed with key"), batch.key_id),
        Fact(_("QR codes"), link(sheet, _("sheets to print")) if may_print else _("you may not print them")),
    ]


def odd_tokens_panel(batch: TokenBatch) -> Panel:
    """The most used tokens first: those that went from hand to hand."""
    tokens = list(batch.tokens.filter(used__gt=0).order_by("-used", "number")[:TOKENS_SHOWN])
    claims = Claim.objects.filter(token__in=tokens, at__gte=batch.made_at - timedelta(days=1)).values_list("token")
    people = {
        pk: (customers, devices)
        for pk, customers, devices in claims.annotate(c=Count("customer", distinct=True), d=Count("device", distinct=True))
    }
    rows = [
        [
            page_of(token, f"#{token.number + 1}"),
            f"{count_text(token.used)} / {count_text(token.uses)}",
            count_text(people.get(token.pk, (0, 0))[0]),
            count_text(people.get(token.pk, (0, 0))[1]),
            badge(_("revoked"), "danger") if token.revoked_at else "",
            link(list_of(Claim, token=token.pk), _("claims")),
        ]
        for token in tokens
    ]
    columns = [_("token"), _("used"), _("customers"), _("devices"), "", ""]
    return Panel(
        _("Tokens that were used, most used first"), columns, rows, _("None was used yet."), list_of(ClaimToken, batch=batch.pk)
    )


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
            Fact(_("Used"), f"{count_text(obj.used)} / {count_text(obj.uses)}", url=list_of(Claim, token=obj.pk)),
            Fact(_("Revoked"), time_html(obj.revoked_at)),
        ]
        return Headline(str(obj), facts=facts)
