"""What the review page and the start page of the queue show, as plain data for their templates."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission, User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib.admin.page import Fact
from backoffice.lib.aloud import aloud
from backoffice.lib.counting import MOST_COUNTED
from backoffice.lib.display import NOTHING, badge, count_text, duration_text, state_badge, time_html
from risk.admin.review_acts import last_decision
from risk.admin.review_story import ReviewStory, story_in_review
from risk.models import Review
from risk.queueing import Urgency
from risk.reasons import QUICK_REASONS, QuickReason
from risk.services.queue_numbers import QueueNumbers, Shift, numbers_for, shift_of, skipped_until
from risk.states import AppealOutcome, Decision, Disposition

MOST_PEOPLE = 50


@dataclass(frozen=True)
class QuickButton:
    """A reason that decides by one key, read in the reader's language."""

    key: str
    text: str
    is_clearing: bool


@dataclass(frozen=True)
class ReviewPage:
    """One order in review. `holder` says whose it is: "mine", "free", "another" or "barred" (an appeal against my own decision)."""

    review: Review
    story: ReviewStory
    holder: str
    seconds_left: int
    badges: list[Any]
    due: Any
    is_overdue: bool
    shift: list[Fact]
    quick: list[QuickButton]
    dispositions: list[tuple[str, Any]]
    may: dict[str, bool]
    people: list[str]

    @property
    def is_mine(self) -> bool:
        return self.holder == "mine"

    @property
    def decides_flag(self) -> bool:
        return self.is_mine and self.story.appeal is None and self.story.flag is not None and self.may["decide"]

    @property
    def decides_appeal(self) -> bool:
        return self.is_mine and self.story.appeal is not None and self.may["appeal"]


def draw_review(model_admin: Any, request: Any, review: Review, at: datetime) -> HttpResponse:
    return _draw(model_admin, request, "admin/holdfast/review.html", review.order.ref, page=page_of_review(request, review, at))


def draw_start(model_admin: Any, request: Any, at: datetime) -> HttpResponse:
    numbers, shift = numbers_for(request.user, at=at), shift_of(request.user, at=at)
    skipped, back_at = skipped_until(request.user, at=at)
    return _draw(
        model_admin,
        request,
        "admin/holdfast/queue.html",
        _("Review queue"),
        numbers=number_facts(numbers, at),
        shift=shift_facts(shift),
        skipped=_("%(number)s that you skipped are left out; the first comes back at %(time)s.")
        % {"number": skipped, "time": time_html(back_at)}
        if skipped
        else "",
        waiting=numbers.waiting,
        last=last_decision(request.user, at=at),
        list_url=reverse("admin:risk_review_changelist"),
    )


def page_of_review(request: Any, review: Review, at: datetime) -> ReviewPage:
    story = story_in_review(review.order, request)
    holder = holder_of(review, request.user, at)
    left = review.leased_until - at if holder == "mine" and review.leased_until else timedelta(0)
    rights = {"decide": "risk.decide_flag", "appeal": "risk.decide_appeal", "assign": "risk.assign_review"}
    may = {name: request.user.has_perm(right) for name, right in rights.items()}
    return ReviewPage(
        review=review,
        story=story,
        holder=holder,
        seconds_left=int(left.total_seconds()),
        badges=badges_of(review, story),
        due=time_html(review.due_at),
        is_overdue=review.due_at <= at,
        shift=shift_facts(shift_of(request.user, at=at)),
        quick=[quick_button(reason) for reason in QUICK_REASONS],
        dispositions=list(Disposition.choices),
        may=may,
        people=reviewers() if may["assign"] else [],
    )


def holder_of(review: Review, user: Any, at: datetime) -> str:
    if review.judged_by_id == user.pk:
        return "barred"
    if review.leased_until is None or review.leased_until <= at:
        return "free"
    return "mine" if review.leased_by_id == user.pk else "another"


def badges_of(review: Review, story: ReviewStory) -> list[Any]:
    colour = {Urgency.TOP_UP: "danger", Urgency.GOODS: "warning"}.get(Urgency(review.urgency), "default")
    found: list[Any] = [badge(review.get_urgency_display(), colour)]
    found += [state_badge(story.flag, "disposition")] if story.flag else []
    found += [badge(_("appeal"), "info")] if story.appeal else []
    return found + ([badge(_("escalated"), "warning")] if review.is_escalated else [])


def quick_button(reason: QuickReason) -> QuickButton:
    return QuickButton(reason.key, aloud(reason.text), reason.decision == Decision.CLEARED)


def capped(number: int) -> str:
    return f"{MOST_COUNTED:,}+" if number >= MOST_COUNTED else count_text(number)


def number_facts(numbers: QueueNumbers, at: datetime) -> list[Fact]:
    oldest = duration_text(at - numbers.oldest) if numbers.oldest else NOTHING
    url = reverse("admin:risk_review_changelist")
    return [
        Fact(_("Waiting"), capped(numbers.waiting), _("the oldest for %s") % oldest, url),
        Fact(_("Can still be saved"), capped(numbers.can_be_saved), url=f"{url}?waits=saved"),
        Fact(_("Overdue"), capped(numbers.overdue), url=f"{url}?waits=overdue"),
        Fact(_("Appeals"), capped(numbers.appeals), url=f"{url}?waits=appeal"),
        Fact(_("Escalated"), capped(numbers.escalated), url=f"{url}?waits=escalated"),
        Fact(_("Mine"), capped(numbers.mine), _("before me, or assigned to me")),
    ]


def shift_facts(shift: Shift) -> list[Fact]:
    split = _("%(cleared)s cleared, %(confirmed)s confirmed, %(appeals)s appeals") % {
        "cleared": shift.cleared,
        "confirmed": shift.confirmed,
        "appeals": shift.appeals,
    }
    middle = duration_text(timedelta(seconds=shift.middle_seconds)) if shift.middle_seconds is not None else NOTHING
    return [
        Fact(_("Decided this shift"), count_text(shift.decided), split),
        Fact(_("Usual time an order"), middle, _("the middle of all")),
        Fact(_("Skipped, taken back"), f"{shift.skipped}, {shift.undone}"),
    ]


def reviewers() -> list[str]:
    """Those who may be assigned an order, by name."""
    right = Permission.objects.filter(content_type__app_label="risk", codename="decide_flag")
    may = Q(user_permissions__in=right) | Q(groups__permissions__in=right)
    people = User.objects.filter(may, is_active=True).distinct().order_by("username")
    return list(people.values_list("username", flat=True)[:MOST_PEOPLE])


def _draw(model_admin: Any, request: HttpRequest, template: str, title: Any, **context: Any) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "decisions": Decision,
        "outcomes": AppealOutcome,
        **context,
    }
    return TemplateResponse(request, template, context)
