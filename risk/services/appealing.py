"""A customer objects to his order being held: filed by the storefront, decided by a reviewer, told back by webhook."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from backoffice.lib.actors import system_user
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput
from backoffice.lib.outbox import outbox_event, tell
from backoffice.lib.sentences import Sentence
from orders.models import Hold, Order
from orders.services.errors import OrderNotFound
from orders.services.texts import checked_prose
from orders.states import AUTOMATIC_KINDS, HoldKind
from risk.models import Appeal, Flag, Review, ReviewAct, ReviewTerms
from risk.services.disposing import dispose_customers
from risk.services.leasing import HeldByAnother, check_free, seconds_with
from risk.services.reviewing import apply_decision, release_all
from risk.states import AppealOutcome, Decision, ReviewActKind

APPEAL_DECIDED = outbox_event("appeal.decided", title=gettext_lazy("Appeals against orders being held are decided"))
LONGEST_TEXT = 4_000
BY_APPEAL = Sentence(gettext_noop("appeal #%(appeal)s was granted: %(reason)s"))
UPHELD = Sentence(gettext_noop("appeal #%(appeal)s was not granted: %(reason)s"))


class OrderNotHeld(DomainError):
    """Nothing holds the order: there is nothing to appeal against."""

    code = "order_not_held"


class AppealOpen(DomainError):
    """An appeal for this order waits already."""

    code = "appeal_open"


class AppealIsDecided(DomainError):
    """Somebody else was first."""

    code = "appeal_is_decided"


@transaction.atomic
def file_appeal(order_ref: str, *, text: str, contact: str = "", at: datetime) -> Appeal:
    """The customer objects. The order enters the review queue with a due time of its own.

    Raises OrderNotFound, OrderNotHeld, AppealOpen where one waits already, InvalidInput.
    """
    text = checked_prose(text, _("the text"), longest=LONGEST_TEXT)
    order = Order.objects.locked_by_ref(order_ref)
    if order is None:
        raise OrderNotFound(order_ref)
    if not Hold.objects.open().filter(order=order).exists():
        raise OrderNotHeld(_("Order %s is not held.") % order)
    if Appeal.objects.open().filter(order=order).exists():
        raise AppealOpen(_("An appeal for order %s waits already.") % order)
    due_at = at + ReviewTerms.objects.get().appeal
    return Appeal.objects.create(order=order, text=text, contact=contact, filed_at=at, due_at=due_at)


@transaction.atomic
def decide_appeal(appeal: Appeal, *, outcome: str, reason: str, words: str, by: Any, at: datetime) -> Appeal:
    """Grant an appeal, or uphold the hold; `words` are told to the customer.

    Granted releases what the system held and every risk hold, and clears the order's flag, also one that was confirmed. Legal holds
    and those that people placed by hand stay: `holds_left` says which. Upheld releases nothing, and confirms a flag that waits.
    Raises AppealIsDecided, HeldByAnother where another reviewer has the order before him or the decision appealed against is his
    own, InvalidInput.
    """
    reason, words = checked_prose(reason, _("the reason")), checked_prose(words, _("the words for the customer"))
    if outcome not in AppealOutcome.values:
        raise InvalidInput(_("An appeal ends as one of: %s.") % ", ".join(AppealOutcome.values))
    order = Order.objects.locked(appeal.order_id)
    review = Review.objects.select_for_update(no_key=True).filter(order=order).first()
    if review is not None:
        check_free(review, by, at=at)
    flag = Flag.objects.filter(order=order).first()
    if flag is not None and flag.decision and flag.decided_by_id == by.pk:
        raise HeldByAnother(_("You decided this order: somebody else looks at the appeal."))
    with because(reason):
        decided = {"outcome": outcome, "reason": reason, "words": words, "decided_by": by, "decided_at": at}
        if not Appeal.objects.open().filter(pk=appeal.pk).update(**decided):
            raise AppealIsDecided(_("This appeal was decided by somebody else in the meantime. Look again."))
        _follow(order, flag, appeal, outcome, reason=reason, by=by, at=at)
        _keep(order, review, outcome, reason=reason, by=by, at=at)
        dispose_customers([order.customer_id], at=at)
    appeal.refresh_from_db()
    _tell(appeal, order, at)
    return appeal


def holds_left(order: Order) -> list[Hold]:
    """What still holds the order."""
    return list(Hold.objects.open().filter(order=order).order_by("pk"))


def _follow(order: Order, flag: Flag | None, appeal: Appeal, outcome: str, *, reason: str, by: Any, at: datetime) -> None:
    """What the outcome means for the order's holds and its flag."""
    if outcome == AppealOutcome.GRANTED:
        why = BY_APPEAL % {"appeal": appeal.pk, "reason": reason}
        holds = Hold.objects.open().filter(order=order).order_by("pk")
        risk, automatic = holds.filter(kind=HoldKind.RISK), holds.filter(kind__in=AUTOMATIC_KINDS, placed_by=system_user())
        release_all((risk | automatic).distinct(), by=by, reason=why, at=at)
        _decide_flag_by_appeal(flag, Decision.CLEARED, why, by=by, at=at)
    elif flag is not None and not flag.decision:
        why = UPHELD % {"appeal": appeal.pk, "reason": reason}
        apply_decision(order, Decision.CONFIRMED, reason=why, by=by, at=at)
        _decide_flag_by_appeal(flag, Decision.CONFIRMED, why, by=by, at=at)


def _decide_flag_by_appeal(flag: Flag | None, decision: str, why: str, *, by: Any, at: datetime) -> None:
    """A decision that the appeal overturns is taken back first: a flag is never turned from one decision into another."""
    if flag is None or flag.decision == decision:
        return
    rows = Flag.objects.filter(pk=flag.pk)
    if flag.decision:
        disposition = flag.overruled or flag.disposition
        rows.update(
            decision="", decided_by=None, decided_at=None, decision_reason="", disposition=disposition, overruled="", updated_at=at
        )
    rows.update(decision=decision, decided_by=by, decided_at=at, decision_reason=why, updated_at=at)


def _keep(order: Order, review: Review | None, outcome: str, *, reason: str, by: Any, at: datetime) -> None:
    seconds = seconds_with(review, by, at=at)
    ReviewAct.objects.create(order=order, kind=ReviewActKind.APPEAL, outcome=outcome, reason=reason, by=by, at=at, seconds=seconds)


def _tell(appeal: Appeal, order: Order, at: datetime) -> None:
    payload = {
        "at": at.isoformat(),
        "appeal": appeal.pk,
        "order": order.ref,
        "outcome": str(appeal.outcome),
        "words": appeal.words,
        "is_held": bool(holds_left(order)),
    }
    tell(APPEAL_DECIDED, payload, at=at)
