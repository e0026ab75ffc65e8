"""What is live is changed by a second person, old value beside new; what only narrows it takes one.

The approval holds each change as old and new value. It is carried out where the row still has the old ones, and exactly as it was
asked: the database compares what is written with the approval that is decided in the same transaction (`models.approved`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.aloud import in_english
from backoffice.lib.approvals import approvable, request_approval
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput
from backoffice.lib.models import Approval
from backoffice.lib.sentences import Sentence
from promotions.models import Budget, Campaign, CouponType, Entry, Threshold
from promotions.models.approved import (
    BUDGET_NARROWS,
    CAMPAIGN_NARROWS,
    COUPON_TYPE_NARROWS,
    ENTRY_NARROWS,
    THRESHOLD_NARROWS,
)
from promotions.services.campaigns import in_words
from promotions.services.lifecycle import key_of, target_of
from promotions.services.slices import recut_budget, recut_coupon_type, recut_entry, refuse_overruns
from promotions.states import CampaignStatus, CouponTypeStatus, EntryStatus

Changes = Mapping[str, Any]
FINAL = (CampaignStatus.ENDED, CouponTypeStatus.ENDED, EntryStatus.CLOSED)


def changes_aloud(text: str) -> str:
    """“cap 10 → 20, closes at …” as a kept sentence has it, with the names of the fields in the reader's language."""
    names = _names()
    pieces = ((piece, next((name for name in names if piece.startswith(f"{name} ")), "")) for piece in text.split(", "))
    return ", ".join(f"{names[name]}{piece[len(name) :]}" if name else piece for piece, name in pieces)


NOT_YET = (CampaignStatus.DRAFT, CampaignStatus.IN_REVIEW)
CHANGED = Sentence(gettext_noop("%(object)s is changed: %(changes)s."), changes=changes_aloud)


class Changeable(NamedTuple):
    """What of a kind of row may be changed once it was approved, and in which direction a change narrows it."""

    action: str
    fields: tuple[str, ...]
    narrows: Mapping[str, str]


# What a coupon is worth, for whom, and through which channel is not among these: that is another type, another entry.
CHANGEABLE: dict[Any, Changeable] = {
    Campaign: Changeable(
        "promotions.campaign.change",
        ("name", "partner", "starts_at", "ends_at", "slot_return", "overrun_policy", "amount"),
        {**CAMPAIGN_NARROWS, **BUDGET_NARROWS},
    ),
    CouponType: Changeable(
        "promotions.coupon_type.change",
        ("name", "quantity", "budget_amount", "minimum_spend", "claim_from", "claim_until", "valid_until", "cooling"),
        COUPON_TYPE_NARROWS,
    ),
    Entry: Changeable("promotions.entry.change", ("cap", "opens_at", "closes_at"), ENTRY_NARROWS),
    Threshold: Changeable(
        "promotions.threshold.change",
        ("limit", "window", "action", "peak_from", "peak_until", "peak_factor"),
        THRESHOLD_NARROWS,
    ),
}


@transaction.atomic
def request_change(obj: Any, *, changes: Changes, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that these fields of a row that is no draft any more get these values; `amount` of a campaign is its budget's.

    Raises InvalidInput for a field that cannot be changed and for a value that is not valid, DomainError for a row that is a
    draft, in review or over.
    """
    locked = _locked(obj)
    real = _really_changed(locked, changes)
    _apply_on_trial(locked, real)
    listed = {name: {"old": _text(_now(locked, name)), "new": _text(value)} for name, value in real.items()}
    with in_english():
        sentence = CHANGED % {"object": locked, "changes": _in_words(locked, real)}
    return request_approval(
        action=CHANGEABLE[type(locked)].action,
        target=target_of(locked),
        summary=sentence,
        payload={"changes": listed},
        reason=reason,
        by=by,
        at=at,
    )


@transaction.atomic
def narrow(obj: Any, *, changes: Changes, by: Any, reason: str, at: datetime) -> Any:
    """Lower a budget, quantity or cap, or shorten a period, at once: one person is enough to give less.

    Raises InvalidInput where a change does not narrow, or where more was given already.
    """
    if not reason.strip():
        raise DomainError(_("Give a reason: whoever widens it again will read it."))
    locked = _locked(obj)
    real = _really_changed(locked, changes)
    wider = [name for name in real if not _is_narrower(locked, name, real[name])]
    if wider:
        raise InvalidInput(_("This is not less than now, so a second person must approve it: %s.") % _in_words(locked, real))
    with because(reason, user=by.pk):
        _apply(locked, real)
    return locked


def _approved(approval: Approval, model: Any) -> None:
    """Carry out exactly what was asked. Raises DomainError where the row is no longer what it was then."""
    obj = model._default_manager.filter(pk=key_of(approval)).first()
    if obj is None:
        raise DomainError(_("What was asked for does not exist any more. Reject it."))
    locked = _locked(obj)
    asked = approval.payload["changes"]
    if any(_text(_now(locked, name)) != change["old"] for name, change in asked.items()):
        raise DomainError(_("%(object)s was changed after this was asked for. Reject it and ask anew.") % {"object": locked})
    _apply(locked, {name: _value(locked, name, change["new"]) for name, change in asked.items()})


@approvable("promotions.campaign.change", permission="promotions.approve_campaign")
def _change_campaign(approval: Approval, at: datetime) -> None:
    _approved(approval, Campaign)


@approvable("promotions.coupon_type.change", permission="promotions.approve_coupontype")
def _change_coupon_type(approval: Approval, at: datetime) -> None:
    _approved(approval, CouponType)


@approvable("promotions.entry.change", permission="promotions.approve_entry")
def _change_entry(approval: Approval, at: datetime) -> None:
    _approved(approval, Entry)


@approvable("promotions.threshold.change", permission="promotions.approve_coupontype")
def _change_threshold(approval: Approval, at: datetime) -> None:
    _approved(approval, Threshold)


def _locked(obj: Any) -> Any:
    """The row, locked before its slices. Raises DomainError for what cannot be changed this way."""
    rows: Any = type(obj)._default_manager
    locked = rows.select_for_update(no_key=True).get(pk=obj.pk)
    if isinstance(locked, Threshold):
        if not locked.is_approved:
            raise DomainError(_("%s can be changed by one person: it is not built in, or its type is not restricted.") % locked)
        return locked
    if locked.status in NOT_YET:
        raise DomainError(_("%s is not approved yet: change the draft.") % locked)
    if locked.status in FINAL:
        raise DomainError(_("%s is over: nothing of it can be changed.") % locked)
    return locked


def _really_changed(obj: Any, changes: Changes) -> dict[str, Any]:
    unknown = sorted(set(changes) - set(CHANGEABLE[type(obj)].fields))
    if unknown:
        raise InvalidInput(_("This cannot be changed once it was approved: %s.") % ", ".join(unknown))
    real = {name: value for name, value in changes.items() if value != _now(obj, name)}
    if not real:
        raise InvalidInput(_("Nothing of this is different from now."))
    return real


def _apply_on_trial(obj: Any, changes: Changes) -> None:
    """Raises InvalidInput for values that could not be applied now; leaves nothing behind."""
    rows = _row_with(obj, changes)
    try:
        for row in rows:
            row.full_clean()
    except ValidationError as error:
        raise InvalidInput(in_words(error)) from error


def _row_with(obj: Any, changes: Changes) -> list[Any]:
    """Fresh copies of the row, and of a campaign's budget, with the changes in them."""
    copy = type(obj)._default_manager.get(pk=obj.pk)
    copies = [copy]
    for name, value in changes.items():
        if name == "amount":
            budget = copy.budget
            budget.amount = value
            copies.append(budget)
        else:
            setattr(copy, name, value)
    return copies


def _apply(obj: Any, changes: Changes) -> None:
    """Write the changes and cut the slices anew. Raises InvalidInput for what is not valid, or less than what was given."""
    _apply_on_trial(obj, changes)
    columns = {name: value for name, value in changes.items() if name != "amount"}
    try:
        with transaction.atomic():
            if columns:
                type(obj)._default_manager.filter(pk=obj.pk).update(**columns)
            obj.refresh_from_db()
            _recut(obj, changes)
    except IntegrityError as error:
        raise InvalidInput(_("These values do not go together.")) from error


def _recut(obj: Any, changes: Changes) -> None:
    if isinstance(obj, Campaign) and "amount" in changes:
        Budget.objects.filter(campaign=obj).update(amount=changes["amount"])
        obj.refresh_from_db()
        recut_budget(Budget.objects.select_related("campaign").get(campaign=obj), changes["amount"])
    elif isinstance(obj, CouponType) and {"quantity", "budget_amount"} & set(changes):
        recut_coupon_type(obj, quantity=obj.quantity, budget_amount=obj.budget_amount)
    elif isinstance(obj, Entry) and "cap" in changes:
        recut_entry(obj, obj.cap)
    if isinstance(obj, Campaign) and not obj.honours_promises and "overrun_policy" in changes:
        refuse_overruns(obj)


def is_narrowing(obj: Any, changes: Changes) -> bool:
    """Whether one person may do it: nothing of it allows more than before."""
    real = [name for name, value in changes.items() if value != _now(obj, name)]
    return all(_is_narrower(obj, name, changes[name]) for name in real)


def _is_narrower(obj: Any, name: str, value: Any) -> bool:
    now, sign = _now(obj, name), CHANGEABLE[type(obj)].narrows.get(name)
    if sign is None or value is None:
        return False
    if now is None:
        return True
    return bool(value < now if sign == "<" else value > now)


def _now(obj: Any, name: str) -> Any:
    return obj.budget.amount if name == "amount" else getattr(obj, name)


def _field(obj: Any, name: str) -> Any:
    return (Budget if name == "amount" else type(obj))._meta.get_field(name)


def _text(value: Any) -> str | None:
    """As the payload spells it, and PostgreSQL reads it."""
    if isinstance(value, timedelta):
        return f"{value.days} days {value.seconds}.{value.microseconds:06} seconds"
    return None if value is None else value.isoformat() if isinstance(value, datetime) else str(value)


def _value(obj: Any, name: str, text: str | None) -> Any:
    field = _field(obj, name)
    if text is not None and field.get_internal_type() == "DurationField":
        days, _word, seconds, _word = text.split()
        return timedelta(days=int(days), seconds=float(seconds))
    return field.to_python(text)


def _in_words(obj: Any, changes: Changes) -> str:
    return ", ".join(
        f"{_field(obj, name).verbose_name} {_shown(_now(obj, name))} → {_shown(value)}" for name, value in changes.items()
    )


def _names() -> dict[str, Any]:
    """The fields that can be changed, by what they are called in a kept sentence, the longest first."""
    fields = {_field(model(), name) for model, known in CHANGEABLE.items() for name in known.fields}
    with in_english():
        named = {str(field.verbose_name): field.verbose_name for field in fields}
    return dict(sorted(named.items(), key=lambda pair: -len(pair[0])))


def _shown(value: Any) -> str:
    if isinstance(value, Decimal | int):
        return f"{value:,}"
    return f"{value:%Y-%m-%d %H:%M %Z}" if isinstance(value, datetime) else str("–" if value is None else value)
