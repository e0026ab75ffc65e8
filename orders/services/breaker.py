"""The circuit breaker of what the system holds by itself: cooling-off, risk and alarm holds, each kind at a rate that staff set.

Reached, it stops that kind of hold for good: flags go on, people are told, what would have been held is listed for them, and two
persons start it again. Whoever holds by itself has the order locked already; the breaker's row is locked after it and last, for
what is left of a short transaction, so that no rate is passed however many work at once.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.actors import system_user
from backoffice.lib.aloud import english, word
from backoffice.lib.approvals import approvable, request_approval
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, StaleState
from backoffice.lib.models import Approval
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Hold, HoldBreaker, MissedHold, Order
from orders.rates import Counter, room, taken
from orders.services.holding import place_hold
from orders.services.texts import checked_prose
from orders.states import HoldKind, MissedDecision
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, Severity

START = "orders.breaker.start"
HOUR = timedelta(hours=1)
# A risk hold is a suspicion: 2,000 are more than ten reviewers look through in a shift (a minute or two each), and a rule that
# suspects more within an hour suspects everybody. Cooling-off and alarm holds follow types and lines that staff themselves set
# for a limited quantity: 10,000 is a large restricted campaign in a single hour.
MOST_AN_HOUR = {HoldKind.COOLING: 10_000, HoldKind.RISK: 2_000, HoldKind.ALARM: 10_000}
STOPPED_REASON = str(Sentence(gettext_noop("more holds within the window than the limit allows")))
STARTS_AGAIN = Sentence(
    gettext_noop(
        "Automatic holds of the kind %(kind)s start again: at most %(most)s within %(window)s. %(waiting)s orders that were not"
        " held meanwhile stay as they are and wait for a decision."
    ),
    kind=word,
)
TOO_MANY = Sentence(
    gettext_noop(
        "More than %(most)s holds of the kind %(kind)s within %(window)s. The system places no more of them; orders are flagged as"
        " before, and what is not held is listed under Orders → Not held. Look whether it is an attack or a rule that suspects"
        " everybody."
    ),
    kind=word,
)


def hold_automatically(order: Order, *, kind: str, reason: str, at: datetime, until: datetime | None = None) -> Hold | None:
    """Hold an order that the caller has locked, in the system's name; None where automatic holds are stopped: then it is listed."""
    reason = checked_prose(reason, _("the reason"))
    with because(reason):
        if not take(kind, 1, at=at):
            note_missed([(order.pk, reason)], kind=kind, at=at)
            return None
        return Hold.objects.create(order=order, kind=kind, reason=reason, placed_at=at, placed_by=system_user(), until=until)


def take(kind: str, wanted: int, *, at: datetime) -> int:
    """How many of so many holds may be placed now, in the caller's transaction, which has their orders. None left stops them."""
    breaker = _locked(kind)
    if breaker.stopped_at is not None or wanted <= 0:
        return 0
    counter = Counter(breaker.window, breaker.window_started_at, breaker.placed, breaker.placed_before)
    granted = min(wanted, room(counter, breaker.most, at))
    if granted:
        after = taken(counter, granted, at)
        HoldBreaker.objects.filter(pk=breaker.pk).update(
            window_started_at=after.started_at, placed=after.placed, placed_before=after.before
        )
    else:
        _stop(breaker, by=system_user(), reason=STOPPED_REASON, at=at)
        _tell_people(breaker, at)
    return granted


def note_missed(orders: Iterable[tuple[int, str]], *, kind: str, at: datetime) -> None:
    """List orders that are not held because automatic holds are stopped, by id with the reason; each once for a kind."""
    rows = [MissedHold(order_id=order_id, kind=str(kind), reason=reason, missed_at=at) for order_id, reason in orders]
    MissedHold.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def stop_automatic_holds(breaker: HoldBreaker, *, by: Any, reason: str, at: datetime) -> HoldBreaker:
    """One person stops this kind of automatic hold. What is held stays held. Stopped already, it stays as it was."""
    reason = checked_prose(reason, _("the reason"))
    breaker = _locked(breaker.kind)
    if breaker.stopped_at is None:
        with because(reason, user=by.pk):
            _stop(breaker, by=by, reason=reason, at=at)
    return breaker


def request_start(breaker: HoldBreaker, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that this kind of automatic hold starts again. Raises StaleState where it is not stopped."""
    if breaker.stopped_at is None:
        raise StaleState(_("Automatic holds of this kind are not stopped."))
    waiting = MissedHold.objects.waiting().filter(kind=breaker.kind).count()
    told = {"kind": english(breaker), "most": f"{breaker.most:,}", "window": breaker.window, "waiting": f"{waiting:,}"}
    return request_approval(
        action=START,
        target=f"orders.holdbreaker:{breaker.pk}",
        summary=STARTS_AGAIN % told,
        payload={"breaker": breaker.pk, "stopped_at": breaker.stopped_at.isoformat(), **_limit_of(breaker)},
        reason=reason,
        by=by,
        at=at,
    )


@approvable(START, permission="orders.approve_holdbreaker")
def _start(approval: Approval, at: datetime) -> None:
    asked = approval.payload
    breaker = HoldBreaker.objects.select_for_update().get(pk=asked["breaker"])
    if breaker.stopped_at is None or breaker.stopped_at.isoformat() != asked["stopped_at"]:
        raise StaleState(_("It was started again in the meantime. Reject this request."))
    if _limit_of(breaker) != {name: asked[name] for name in ("window_seconds", "most")}:
        raise StaleState(_("The limit was changed after this was asked. Reject this request, and ask anew."))
    HoldBreaker.objects.filter(pk=breaker.pk).update(
        stopped_at=None, stopped_by=None, stopped_reason="", window_started_at=None, placed=0, placed_before=0
    )


@transaction.atomic
def hold_missed(missed: MissedHold, *, by: Any, reason: str, at: datetime) -> MissedHold:
    """A person holds an order that was not held by itself. Raises OrderIsFinal, or StaleState where somebody else was first."""
    place_hold(missed.order, kind=HoldKind.MANUAL, reason=reason, by=by, at=at)
    return _decide(missed, MissedDecision.HELD, by=by, reason=reason, at=at)


@transaction.atomic
def leave_missed(missed: MissedHold, *, by: Any, reason: str, at: datetime) -> MissedHold:
    """A person leaves it alone: it may be delivered. Raises StaleState where somebody else was first."""
    return _decide(missed, MissedDecision.LEFT, by=by, reason=reason, at=at)


def _decide(missed: MissedHold, decision: str, *, by: Any, reason: str, at: datetime) -> MissedHold:
    reason = checked_prose(reason, _("the reason"))
    with because(reason, user=by.pk):
        rows = MissedHold.objects.filter(pk=missed.pk, decision="")
        if not rows.update(decision=decision, decided_by=by, decided_at=at, decision_reason=reason):
            raise StaleState(_("Somebody else has decided this already."))
    missed.refresh_from_db()
    return missed


def _locked(kind: str) -> HoldBreaker:
    """The row of this kind, made where there is none, locked until the transaction ends."""
    if kind not in MOST_AN_HOUR:
        raise DomainError(_("Holds of this kind are placed by people."))
    rows = HoldBreaker.objects.select_for_update(no_key=True, of=("self",))
    found = rows.filter(kind=kind).first()
    if found is None:
        HoldBreaker.objects.bulk_create(
            [HoldBreaker(kind=str(kind), window=HOUR, most=MOST_AN_HOUR[HoldKind(kind)])], ignore_conflicts=True
        )
        found = rows.get(kind=kind)
    return found


def _stop(breaker: HoldBreaker, *, by: Any, reason: str, at: datetime) -> None:
    with because(reason):
        HoldBreaker.objects.filter(pk=breaker.pk).update(stopped_at=at, stopped_by=by, stopped_reason=reason)
    breaker.stopped_at, breaker.stopped_by, breaker.stopped_reason = at, by, reason


def _tell_people(breaker: HoldBreaker, at: datetime) -> None:
    raise_alarm(
        AlarmCause.HOLDS_STOPPED,
        scope="platform",
        at=at,
        severity=Severity.URGENT,
        about=breaker,
        key=f"hold_breaker:{breaker.kind}",
        found=Found(
            value=Decimal(breaker.most + 1),
            limit=Decimal(breaker.most),
            detail=TOO_MANY % {"most": f"{breaker.most:,}", "kind": english(breaker), "window": breaker.window},
        ),
    )


def _limit_of(breaker: HoldBreaker) -> dict[str, int]:
    return {"window_seconds": int(breaker.window.total_seconds()), "most": breaker.most}
