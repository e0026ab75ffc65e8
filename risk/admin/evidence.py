"""Evidence bundles: how far they are, what is in them, who took them out."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.jobs import job_page
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import ReasonForm, StepButton
from backoffice.lib.display import NOTHING, count_text, state_badge, time_html
from backoffice.lib.errors import DomainError
from backoffice.lib.models import Job
from orders.admin.links import page_of
from orders.services.records import trusted_keys
from risk.admin.incident_steps import TAKE_BUNDLES
from risk.models import EvidenceBundle
from risk.services.bundles import BUNDLE_JOB, bytes_of_bundle, take_out

DOWNLOADS_SHOWN = 50


def page_of_job(job: Job) -> str:
    bundle = EvidenceBundle.objects.filter(job=job).first()
    return reverse("admin:risk_evidencebundle_change", args=[bundle.pk]) if bundle else ""


job_page(BUNDLE_JOB, page_of_job)


class TakenForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("For whom, and what for")


@admin.register(EvidenceBundle)
class EvidenceBundleAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        text_column(lambda bundle: page_of(bundle.incident), "incident", gettext_lazy("incident")),
        text_column(lambda bundle: state_badge(bundle.job), "state", gettext_lazy("state")),
        "reference",
        text_column(lambda bundle: count_text(bundle.size) if bundle.size else NOTHING, "size", gettext_lazy("bytes")),
        "asked_by",
        time_column("as_of", gettext_lazy("as of")),
    )
    list_select_related = ("incident", "job", "asked_by")
    ordering = ("-pk",)
    empty_text = gettext_lazy("There is none. They are asked for on the page of an incident.")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.take_view)
        return [path("<path:object_id>/take/", view, name="risk_evidencebundle_take"), *super().get_urls()]

    def take_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Asks for whom; then it is noted and committed who takes it out, before the first byte leaves."""
        if not (request.user.has_perm(TAKE_BUNDLES) and self.has_view_permission(request)):
            raise PermissionDenied
        bundle = self.get_object(request, unquote(object_id))
        if bundle is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        form = TakenForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                take_out(bundle, by=request.user, reason=form.cleaned_data["reason"], at=clock.now())
                return file_of(bundle)
            except DomainError as error:
                form.add_error(None, str(error))
        return draw(self, request, bundle, form)

    def step_buttons(self, request: HttpRequest, obj: EvidenceBundle) -> list[StepButton]:
        if not request.user.has_perm(TAKE_BUNDLES):
            return []
        url = reverse("admin:risk_evidencebundle_take", args=[obj.pk])
        why_not = "" if obj.sealed_at else _("It is not ready yet.")
        return [StepButton(_("Take out"), url, why_not, "download", is_stop=False, key="", opens_page=True)]

    def headline(self, request: HttpRequest, obj: EvidenceBundle) -> Headline:
        facts = [
            Fact(_("Incident"), page_of(obj.incident)),
            Fact(_("As of"), time_html(obj.as_of)),
            Fact(_("Asked by"), obj.asked_by, obj.reference),
            Fact(_("Size"), count_text(obj.size) if obj.size else NOTHING, _("bytes")),
            Fact(_("SHA-256"), obj.sha256 or NOTHING),
            Fact(_("Key"), obj.key_id or NOTHING),
            Fact(_("Job"), page_of(obj.job)),
        ]
        progress = "" if obj.sealed_at else reverse("admin:lib_job_progress", args=[obj.job_id])
        return Headline(obj, state_badge(obj.job), obj.reason, facts, progress_url=progress)

    def panels(self, request: HttpRequest, obj: EvidenceBundle) -> list[Panel]:
        files = obj.files.order_by("number")
        rows = [
            [one.name, NOTHING if one.rows is None else count_text(one.rows), count_text(one.size), one.sha256] for one in files
        ]
        inside = Panel(_("What is in it"), [_("file"), _("rows"), _("bytes"), _("SHA-256")], rows, _("Nothing yet."))
        return [inside, downloads_panel(obj)]


def downloads_panel(bundle: EvidenceBundle) -> Panel:
    taken = bundle.downloads.select_related("by")[:DOWNLOADS_SHOWN]
    rows = [[time_html(one.at), one.by, one.reason] for one in taken]
    return Panel(_("Taken out"), [_("when"), _("by"), _("for whom")], rows, _("Nobody has taken it out."), name="downloads")


def file_of(bundle: EvidenceBundle) -> StreamingHttpResponse:
    response = StreamingHttpResponse(bytes_of_bundle(bundle), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="incident-{bundle.incident_id}-evidence-{bundle.pk}.zip"'
    response.headers["Content-Length"] = str(bundle.size)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def draw(model_admin: Any, request: HttpRequest, bundle: EvidenceBundle, form: TakenForm) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Take out %s") % bundle,
        "opts": model_admin.opts,
        "original": bundle,
        "form": form,
        "why_not": "" if bundle.sealed_at else _("It is not ready yet."),
        "facts": [Fact(_("Public key %s") % key_id, key) for key_id, key in trusted_keys().items()],
        "panels": [downloads_panel(bundle)],
    }
    return TemplateResponse(request, "admin/holdfast/bundle.html", context)
