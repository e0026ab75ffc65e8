"""The term of a legal freeze. It never ends a hold: it is a date by which people must release, or get it extended.

They are told so many days before (staff say how many), each once, and once it has run out every day, until nothing is held any more
or a second person has approved a longer term under a new paper.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.lib.aloud import english
from backoffice.lib.approvals import approvable, request_approval
from backoffice.lib.display import time_text, zone_text
from backoffice.lib.errors import InvalidInput, StaleState
from backoffice.lib.models import Approval
from backoffice.lib.outbox import Address, outbox_event, tell
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Document, Freeze, Hold, TermExtension, TermReminder, TermWarning
from orders.scopes.reading import act_aloud
from orders.services.texts import checked_prose, checked_reference
from orders.states import HoldKind
from promotions.models import AlarmRecipient
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, Severity

EXTEND = "orders.freeze.extend"
DAY = timedelta(days=1)
EXTENDED = Sentence(
    gettext_noop("The term of %(freeze)s is extended from %(before)s to %(until)s, under %(reference)s."), freeze=act_aloud
)
RUNS_OUT_TODAY = Sentence(gettext_noop("The term of %(freeze)s has run out today; its holds stay."), freeze=act_aloud)
RAN_OUT = Sentence(gettext_noop("The term of %(freeze)s has run out, days ago: %(days)s; its holds stay."), freeze=act_aloud)


def term_in_words(days_left: int) -> str:
    """How a term stands: 1 for the last day or less, nought and below once it has run out."""
    if days_left > 0:
        return ngettext("runs out within a day", "runs out within %(days)s days", days_left) % {"days": days_left}
    if days_left == 0:
        return _("has run out today")
    return ngettext("ran out a day ago", "ran out %(days)s days ago", -days_left) % {"days": -days_left}


def write_mail(payload: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text, in the language that is active."""
    told = {"reference": payload["legal_reference"] or payload["freeze"], "how": term_in_words(payload["days_left"])}
    lines = [
        _("The term of the legal freeze %(reference)s %(how)s.") % told,
        _("Valid until: %(time)s %(zone)s")
        % {"time": time_text(datetime.fromisoformat(payload["valid_until"])), "zone": zone_text()},
        _("Orders still held: %(count)s") % {"count": f"{payload['open_holds']:,}"},
        _("The holds stay until they are released, or the term is extended under a new paper: both take a second person."),
        payload["url"],
    ]
    return "[Holdfast] " + lines[0], "\n".join(line for line in lines if line)


TERM = outbox_event("freeze.term", title=gettext_lazy("The term of a legal freeze runs out"), write_mail=write_mail)


def days_left(valid_until: datetime, at: datetime) -> int:
    """Days that have begun until then, at least 1; once it is over nought, and one less for each whole day since."""
    return -((at - valid_until) // DAY)


def warn_of_terms(at: datetime) -> int:
    """Tell of what is due. Answers how many terms were told of. Safe to repeat and to run twice at once."""
    reminders = sorted(TermReminder.objects.filter(is_active=True).values_list("days", flat=True))
    horizon = at + DAY * max(reminders, default=0)
    freezes = Freeze.objects.filter(kind=HoldKind.LEGAL, valid_until__lte=horizon).select_related("job__requested_by")
    return sum(_warn(freeze, reminders, at) for freeze in freezes.order_by("valid_until", "pk"))


def is_due(left: int, reminders: list[int]) -> int | None:
    """The reminder that is due with so many days left: the nearest that has begun, or None. Run out: each day its own."""
    if left <= 0:
        return left
    return next((days for days in reminders if days >= left), None)


@transaction.atomic
def request_extension(
    freeze: Freeze,
    *,
    valid_until: datetime,
    legal_reference: str,
    authority: str,
    reason: str,
    by: Any,
    at: datetime,
    document: Document | None = None,
) -> TermExtension:
    """Ask that the term of this freeze be longer, under a new paper. Nothing changes before a second person approves.

    Raises InvalidInput where there is no new reference or document, or the new term is not longer or is over already.
    """
    reference = checked_reference(legal_reference, _("the legal reference"), longest=200)
    _check_extension(freeze, valid_until, reference, document, at)
    extension = TermExtension(
        freeze=freeze,
        before=freeze.valid_until,
        valid_until=valid_until,
        legal_reference=reference,
        authority=checked_reference(authority, _("the authority"), longest=200, may_be_blank=True) or freeze.authority,
        document=document,
    )
    told = {
        "freeze": english(freeze),
        "before": time_text(freeze.valid_until),
        "until": time_text(valid_until),
        "reference": reference,
    }
    extension.approval = request_approval(
        action=EXTEND,
        target=f"orders.termextension:{freeze.pk}",
        summary=EXTENDED % told,
        payload=_payload(extension),
        reason=checked_prose(reason, _("the reason")),
        by=by,
        at=at,
    )
    extension.save()
    return extension


@approvable(EXTEND, permission="orders.approve_freeze")
def _extend(approval: Approval, _at: datetime) -> None:
    extension = TermExtension.objects.select_related("document").get(approval=approval)
    if approval.payload != _payload(extension):
        raise StaleState(_("What would be extended is no longer what was asked for. Reject it, and ask anew."))
    rows = Freeze.objects.filter(pk=extension.freeze_id, valid_until=extension.before)
    if extension.before is None:
        rows = Freeze.objects.filter(pk=extension.freeze_id, valid_until__isnull=True)
    if not rows.update(valid_until=extension.valid_until):
        raise StaleState(_("The term was changed in the meantime. Reject this request."))


def _check_extension(freeze: Freeze, valid_until: datetime, reference: str, document: Document | None, at: datetime) -> None:
    if freeze.kind != HoldKind.LEGAL:
        raise InvalidInput(_("Only a legal freeze has a term."))
    if valid_until <= (freeze.valid_until or at) or valid_until <= at:
        raise InvalidInput(_("The new term must end after the present one, and in the future."))
    if document is None and reference == freeze.legal_reference:
        raise InvalidInput(_("An extension stands on a new paper: give its reference, or the document."))


def _payload(extension: TermExtension) -> dict[str, Any]:
    return {
        "freeze": extension.freeze_id,
        "before": extension.before.astimezone(UTC).isoformat() if extension.before else "",
        "valid_until": extension.valid_until.astimezone(UTC).isoformat(),
        "legal_reference": extension.legal_reference,
        "authority": extension.authority,
        "document": {"name": extension.document.name, "sha256": extension.document.sha256} if extension.document else "",
    }


def _warn(freeze: Freeze, reminders: list[int], at: datetime) -> int:
    valid_until = freeze.valid_until or at
    left = days_left(valid_until, at)
    due = is_due(left, reminders)
    if due is None or TermWarning.objects.filter(freeze=freeze, valid_until=valid_until, days_left=due).exists():
        return 0
    open_holds = Hold.objects.open().filter(freeze=freeze).count()
    if not open_holds:
        return 0
    with transaction.atomic():
        row = TermWarning(freeze=freeze, valid_until=valid_until, days_left=due, warned_at=at, open_holds=open_holds)
        if not _is_first(row):
            return 0
        _tell(freeze, min(left, due), open_holds, at)
    return 1


def _is_first(row: TermWarning) -> bool:
    """Store it; False where another run was first. The unique constraint makes the second one wait and then do nothing."""
    _, is_new = TermWarning.objects.get_or_create(
        freeze=row.freeze,
        valid_until=row.valid_until,
        days_left=row.days_left,
        defaults={"warned_at": row.warned_at, "open_holds": row.open_holds},
    )
    return is_new


def _tell(freeze: Freeze, left: int, open_holds: int, at: datetime) -> None:
    path = reverse("admin:orders_freeze_change", args=[freeze.pk])
    payload = {
        "freeze": freeze.pk,
        "legal_reference": freeze.legal_reference,
        "valid_until": freeze.valid_until.isoformat() if freeze.valid_until else "",
        "days_left": left,
        "open_holds": open_holds,
        "url": f"{settings.HOLDFAST_SITE_URL}{path}" if settings.HOLDFAST_SITE_URL else "",
    }
    tell(TERM, payload, at=at, addresses=_responsible(freeze))
    if left <= 0:
        raise_alarm(
            AlarmCause.TERM_RUN_OUT,
            scope=f"freeze:{freeze.pk}",
            at=at,
            severity=Severity.URGENT,
            about=freeze,
            key=f"freeze_term:{freeze.pk}",
            found=Found(detail=_run_out(freeze, -left)),
        )


def _run_out(freeze: Freeze, days: int) -> str:
    name = english(freeze)
    return RAN_OUT % {"freeze": name, "days": days} if days else RUNS_OUT_TODAY % {"freeze": name}


def _responsible(freeze: Freeze) -> list[Address]:
    """Who is told of alarms at first, and who asked for the freeze or approved it."""
    rows = AlarmRecipient.objects.filter(is_active=True, step=0).order_by("pk")
    people: list[User] = [freeze.job.requested_by]
    if freeze.job.approval and freeze.job.approval.decided_by:
        people.append(freeze.job.approval.decided_by)
    own = [Address(person.email, settings.LANGUAGE_CODE) for person in people if person.is_active and person.email]
    return [*(Address(row.address, row.language) for row in rows), *own]
