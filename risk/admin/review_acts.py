"""What the buttons and keys of the review page send. Each answers with where to go next; a refusal is a message on the page."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib.aloud import aloud
from backoffice.lib.errors import DomainError, InvalidInput
from orders.models import Hold
from risk.models import Appeal, Flag, Review, ReviewAct
from risk.reasons import quick_reason
from risk.services.appealing import decide_appeal, holds_left
from risk.services.leasing import give_back, take, take_next
from risk.services.queueing import assign, escalate, skip
from risk.services.reviewing import decide_flag
from risk.services.undoing import last_decision, undo_decision
from risk.states import AppealOutcome

START = "admin:risk_review_next"


def page_url(review: Review) -> str:
    return reverse("admin:risk_review_change", args=[review.pk])


def go_on(request: HttpRequest, at: datetime) -> str:
    """The page of the next order; where none waits for this reviewer, the queue's own page."""
    review = take_next(request.user, at=at)
    return page_url(review) if review else reverse(START)


def decide(request: HttpRequest, review: Review, at: datetime) -> str:
    """Decide the flag, by a quick reason or in one's own words, and go on."""
    sent, user = request.POST, request.user
    quick = quick_reason(sent.get("quick", ""))
    flag = Flag.objects.filter(order=review.order_id).first()
    if flag is None:
        raise InvalidInput(_("This order is not flagged: decide its appeal."))
    decided = decide_flag(
        flag,
        decision=quick.decision if quick else sent.get("decision", ""),
        reason=quick.text if quick else sent.get("reason", ""),
        disposition=sent.get("disposition", ""),
        by=user,
        at=at,
    )
    words = {"order": review.order, "decision": decided.get_decision_display(), "reason": aloud(decided.decision_reason)}
    messages.success(request, _("%(order)s: %(decision)s (%(reason)s). Press u to take it back.") % words)
    return go_on(request, at)


def appeal(request: HttpRequest, review: Review, at: datetime) -> str:
    """Decide the appeal, say what still holds the order, and go on."""
    sent = request.POST
    found = Appeal.objects.open().filter(order=review.order_id).first()
    if found is None:
        raise InvalidInput(_("No appeal for this order waits."))
    done = decide_appeal(
        found, outcome=sent.get("outcome", ""), reason=sent.get("reason", ""), words=sent.get("words", ""), by=request.user, at=at
    )
    messages.success(request, _("%(appeal)s, order %(order)s: %(outcome)s.") % told(done, review))
    left = holds_left(review.order)
    if done.outcome == AppealOutcome.GRANTED and left:
        messages.warning(request, still_held(review, left))
    return go_on(request, at)


def told(done: Appeal, review: Review) -> dict[str, Any]:
    return {"appeal": done, "order": review.order, "outcome": done.get_outcome_display()}


def still_held(review: Review, left: list[Hold]) -> str:
    kinds = ", ".join(hold.get_kind_display() for hold in left)
    return _("Order %(order)s stays held all the same: %(kinds)s. Those are released by whoever placed them.") % {
        "order": review.order,
        "kinds": kinds,
    }


def skip_it(request: HttpRequest, review: Review, at: datetime) -> str:
    skipped = skip(review, request.user, at=at, reason=request.POST.get("reason", ""))
    words = {"order": review.order, "hours": int((skipped.until - at).total_seconds() // 3600)}
    messages.info(request, _("%(order)s is skipped for you alone, and comes back to you in %(hours)s hours.") % words)
    return go_on(request, at)


def escalate_it(request: HttpRequest, review: Review, at: datetime) -> str:
    escalate(review, request.user, at=at, reason=request.POST.get("reason", ""))
    messages.info(request, _("%s is left to a senior.") % review.order)
    return go_on(request, at)


def assign_it(request: HttpRequest, review: Review, at: datetime) -> str:
    name = request.POST.get("to", "").strip()
    to = User.objects.filter(username=name).first() if name else None
    if name and to is None:
        raise InvalidInput(_("There is nobody called %s.") % name)
    assign(review, to, by=request.user, at=at, reason=request.POST.get("reason", ""))
    sentence = _("%(order)s is assigned to %(person)s.") if to else _("%(order)s is everybody's again.")
    messages.info(request, sentence % {"order": review.order, "person": to})
    return page_url(review) if to == request.user else go_on(request, at)


def take_it(request: HttpRequest, review: Review, at: datetime) -> str:
    return page_url(take(review, request.user, at=at))


def leave_it(request: HttpRequest, review: Review, at: datetime) -> str:
    give_back(request.user)
    messages.info(request, _("%s is back in the queue.") % review.order)
    return reverse(START)


def undo(request: HttpRequest, at: datetime) -> str:
    """Take back one's last decision, or the one that is named, and have the order before one again."""
    number = request.POST.get("act", "")
    act = (
        ReviewAct.objects.filter(pk=number).first()
        if number.isdecimal() and len(number) < 19
        else last_decision(request.user, at=at)
    )
    if act is None:
        raise InvalidInput(_("There is no decision of yours that could be taken back."))
    undone = undo_decision(act, by=request.user, at=at)
    messages.success(request, _("The decision on %s is taken back: it waits again.") % undone.flag.order)
    for sentence in undone.remains:
        messages.warning(request, sentence)
    review = Review.objects.filter(order=act.order_id).first()
    return take_it(request, review, at) if review else reverse(START)


def refused(request: HttpRequest, error: DomainError) -> None:
    messages.error(request, str(error))
