"""The review queue: its list, its start page, and the page on which one order after the other is decided."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.extensions import buttons_on
from backoffice.lib.admin.filters import question_filter
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import StepButton
from backoffice.lib.display import NOTHING, badge, duration_text, stacked, time_html
from backoffice.lib.errors import DomainError
from orders.admin.links import amount_cell, customer_cell, load_open_holds, standing
from promotions.models import Alarm
from promotions.states import AlarmCause
from risk.admin import review_acts
from risk.admin.review_page import draw_review, draw_start
from risk.models import Flag, Review
from risk.queueing import Urgency
from risk.services.leasing import LeaseLost, renew

DECIDE, DECIDE_APPEAL, ASSIGN = "risk.decide_flag", "risk.decide_appeal", "risk.assign_review"
COLOURS = {Urgency.TOP_UP: "danger", Urgency.GOODS: "warning", Urgency.NOTHING: "default"}
Act = Callable[[HttpRequest, Review, datetime], str]
ACTS: dict[str, tuple[str, Act]] = {
    "take": (DECIDE, review_acts.take_it),
    "leave": (DECIDE, review_acts.leave_it),
    "decide": (DECIDE, review_acts.decide),
    "appeal": (DECIDE_APPEAL, review_acts.appeal),
    "skip": (DECIDE, review_acts.skip_it),
    "escalate": (DECIDE, review_acts.escalate_it),
    "assign": (ASSIGN, review_acts.assign_it),
}


def due_cell(review: Review) -> Any:
    """When it is due, and in red how long it is overdue."""
    late = clock.now() - review.due_at
    below = badge(_("overdue by %s") % duration_text(late), "danger") if late >= timedelta(0) else ""
    return stacked(time_html(review.due_at), below)


def with_whom(review: Review) -> Any:
    if review.leased_until and review.leased_until > clock.now():
        return stacked(review.leased_by, _("until %s") % time_html(review.leased_until))
    return NOTHING


def waits_for(review: Any) -> Any:
    parts = [badge(_("appeal"), "info")] if review.appeal_due_at else []
    parts += [badge(_("escalated"), "warning")] if review.is_escalated else []
    looks = badge(review.flag.get_disposition_display()) if review.flag else ""
    return stacked(looks, " ".join(parts)) if not parts else stacked(parts[0], parts[1] if len(parts) > 1 else looks)


def appealed(rows: Any) -> Any:
    return rows.appeals()


def overdue(rows: Any) -> Any:
    return rows.overdue(clock.now())


WaitsFilter = question_filter(
    gettext_lazy("waits"),
    "waits",
    {
        "overdue": (gettext_lazy("overdue"), overdue),
        "saved": (gettext_lazy("can still be saved"), lambda rows: rows.filter(urgency__lt=Urgency.NOTHING)),
        "appeal": (gettext_lazy("with an appeal"), appealed),
        "escalated": (gettext_lazy("escalated"), lambda rows: rows.filter(is_escalated=True)),
        "assigned": (gettext_lazy("assigned"), lambda rows: rows.filter(assigned_to__isnull=False)),
        "taken": (gettext_lazy("with a reviewer"), lambda rows: rows.filter(leased_until__gt=clock.now())),
    },
)
COLUMNS = (
    text_column(lambda one: one.order.ref, "order", gettext_lazy("order")),
    text_column(
        lambda one: badge(one.get_urgency_display(), COLOURS[Urgency(one.urgency)]), "urgency", gettext_lazy("can be saved")
    ),
    text_column(due_cell, "due", gettext_lazy("due"), "due_at"),
    "score",
    text_column(waits_for, "waits_for", gettext_lazy("waits for")),
    text_column(lambda one: standing(one.order), "standing", gettext_lazy("order is")),
    text_column(lambda one: customer_cell(one.order), "customer", gettext_lazy("customer")),
    text_column(lambda one: amount_cell(one.order), "amount", gettext_lazy("amount")),
    text_column(with_whom, "with_whom", gettext_lazy("with")),
    text_column(lambda one: one.assigned_to or NOTHING, "assigned_to", gettext_lazy("assigned to")),
    time_column("since", gettext_lazy("waits since")),
)


@buttons_on(Alarm)
def overdue_button(request: HttpRequest, alarm: Alarm) -> list[StepButton]:
    """From the alarm that orders are overdue to these orders."""
    if alarm.cause != AlarmCause.REVIEW_OVERDUE or not request.user.has_perm("risk.view_review"):
        return []
    url = f"{reverse('admin:risk_review_changelist')}?waits=overdue"
    return [StepButton(_("Waiting orders"), url, "", "checklist", is_stop=False, key="", opens_page=True)]


@admin.register(Review)
class ReviewAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = COLUMNS
    list_filter = (WaitsFilter,)
    search_fields = ("order__ref", "order__customer__ref", "assigned_to__username", "leased_by__username")
    search_help_text = gettext_lazy("Whole values: order, customer, reviewer")
    empty_text = gettext_lazy("Nothing waits for a reviewer.")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).for_admin_list()

    def load_rows(self, rows: list[Any]) -> None:
        load_open_holds([review.order for review in rows])
        flags = {flag.order_id: flag for flag in Flag.objects.filter(order__in=[review.order_id for review in rows])}
        for review in rows:
            review.flag = flags.get(review.order_id)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("next/", view(self.next_view), name="risk_review_next"),
            path("undo/", view(self.undo_view), name="risk_review_undo"),
            path("<int:review_id>/renew/", view(self.renew_view), name="risk_review_renew"),
            *(path(f"<int:review_id>/{name}/", view(_act_view(self, name)), name=f"risk_review_{name}") for name in ACTS),
        ]
        return own + super().get_urls()

    def next_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows how the queue stands; POST takes the next order."""
        check(self, request, DECIDE)
        if request.method != "POST":
            return draw_start(self, request, clock.now())
        return _tried(request, lambda at: review_acts.go_on(request, at), back=reverse(review_acts.START))

    def undo_view(self, request: HttpRequest) -> HttpResponse:
        check(self, request, DECIDE)
        if request.method != "POST":
            return HttpResponseRedirect(reverse(review_acts.START))
        return _tried(request, lambda at: review_acts.undo(request, at), back=reverse(review_acts.START))

    def renew_view(self, request: HttpRequest, review_id: int) -> HttpResponse:
        """The open page says that it is there: answers how many seconds are left, or what became of the order."""
        check(self, request, DECIDE)
        at = clock.now()
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:risk_review_change", args=[review_id]))
        try:
            return JsonResponse({"seconds": int((renew(review_id, request.user, at=at) - at).total_seconds())})
        except LeaseLost as error:
            return JsonResponse({"seconds": 0, "lost": str(error)})

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page of one order in review. What no longer waits leads back to the queue."""
        if object_id is None or not self.has_view_permission(request) or request.method != "GET":
            raise PermissionDenied
        review = Review.objects.for_admin_list().filter(pk=object_id).first() if str(object_id).isdecimal() else None
        if review is None:
            messages.info(request, _("This order no longer waits for a reviewer: it was decided."))
            return HttpResponseRedirect(reverse("admin:risk_review_changelist"))
        return draw_review(self, request, review, clock.now())


def check(model_admin: Any, request: Any, right: str) -> None:
    if not (model_admin.has_view_permission(request) and request.user.has_perm(right)):
        raise PermissionDenied


def _act_view(model_admin: Any, name: str) -> Callable[..., HttpResponse]:
    right, act = ACTS[name]

    def view(request: HttpRequest, review_id: int) -> HttpResponse:
        check(model_admin, request, right)
        back = reverse("admin:risk_review_change", args=[review_id])
        review = Review.objects.select_related("order").filter(pk=review_id).first()
        if review is None or request.method != "POST":
            return HttpResponseRedirect(back)
        return _tried(request, lambda at: act(request, review, at), back=back)

    return view


def _tried(request: HttpRequest, act: Callable[[datetime], str], *, back: str) -> HttpResponse:
    """On to where the act leads; a refusal is shown where it was sent from."""
    try:
        return HttpResponseRedirect(act(clock.now()))
    except DomainError as error:
        review_acts.refused(request, error)
        return HttpResponseRedirect(back)
