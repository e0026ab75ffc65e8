"""Entries: the ways in. Opening one is an approval of its own; closing one is a single person's click."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.approvals import approvable
from backoffice.lib.errors import DomainError, InvalidInput
from backoffice.lib.models import Approval
from backoffice.lib.sentences import Sentence
from backoffice.lib.states import move
from promotions.models import CouponType, Entry, Threshold
from promotions.services.campaigns import save_valid
from promotions.services.lifecycle import approved_object, ask, back_to_draft, stop
from promotions.services.slices import cut_entry
from promotions.states import BUILT_IN_METRICS, ENTRY_MOVES, EntryStatus

OPEN = "promotions.entry.open"
RESUME = "promotions.entry.resume"
OPENS = Sentence(gettext_noop("Entry %(entry)s opens for %(type)s, for at most %(cap)s coupons."))
OPENS_AGAIN = Sentence(gettext_noop("Entry %(entry)s of %(type)s opens again, for at most %(cap)s coupons in all."))


@transaction.atomic
def create_entry(
    *,
    coupon_type: CouponType,
    code: str,
    channel: str,
    opens_at: datetime,
    closes_at: datetime,
    cap: int,
    needs_token: bool,
    slices: int | None = None,
) -> Entry:
    """A draft with its counter. Raises InvalidInput; among other things for a restricted type's entry without tokens."""
    if coupon_type.is_restricted and not needs_token:
        raise InvalidInput(_("An entry of a restricted coupon type needs tokens."))
    entry = Entry(
        coupon_type=coupon_type,
        code=code,
        channel=channel,
        opens_at=opens_at,
        closes_at=closes_at,
        cap=cap,
        needs_token=needs_token,
    )
    save_valid(entry)
    cut_entry(entry, slices=slices)
    return entry


def request_entry(entry: Entry, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that the entry opens (at its time)."""
    return _ask(entry, OPEN, OPENS, by, reason, at)


def request_resume(entry: Entry, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that a suspended entry opens again."""
    return _ask(entry, RESUME, OPENS_AGAIN, by, reason, at)


def suspend_entry(entry: Entry, *, by: Any, reason: str, at: datetime) -> Entry:
    """Shut the entry at once; a second person can open it again."""
    return stop(entry, to=EntryStatus.SUSPENDED, moves=ENTRY_MOVES, by=by, reason=reason)


def close_entry(entry: Entry, *, by: Any, reason: str, at: datetime) -> Entry:
    """Shut the entry for good."""
    return stop(entry, to=EntryStatus.CLOSED, moves=ENTRY_MOVES, by=by, reason=reason)


def _ask(entry: Entry, action: str, sentence: Sentence, by: Any, reason: str, at: datetime) -> Approval:
    return ask(
        entry,
        action=action,
        summary=sentence % {"entry": entry, "type": entry.coupon_type, "cap": f"{entry.cap:,}"},
        moves=ENTRY_MOVES,
        review=EntryStatus.SUSPENDED if action == RESUME else EntryStatus.IN_REVIEW,
        by=by,
        reason=reason,
        at=at,
    )


def _rejected(approval: Approval, at: datetime) -> None:
    back_to_draft(approval, Entry, moves=ENTRY_MOVES)


@approvable(OPEN, permission="promotions.approve_entry", on_reject=_rejected)
def _open(approval: Approval, at: datetime) -> None:
    _open_entry(approved_object(approval, Entry))


@approvable(RESUME, permission="promotions.approve_entry")
def _resume(approval: Approval, at: datetime) -> None:
    _open_entry(approved_object(approval, Entry))


def _open_entry(entry: Entry) -> None:
    if entry.coupon_type.is_restricted:
        lines = Threshold.objects.filter(coupon_type=entry.coupon_type, is_built_in=True)
        crossed = lines.filter(fired_at__isnull=False).exists()
        if crossed or set(BUILT_IN_METRICS) - set(lines.values_list("metric", flat=True)):
            raise DomainError(
                _("A restricted coupon type must be live, with all its thresholds armed and none crossed, before an entry opens.")
            )
    move(entry, EntryStatus.OPEN, ENTRY_MOVES)
