"""Opening incidents and looking after them. What comes into one by itself is in `growing`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput, StaleState
from backoffice.lib.states import move
from orders.models import Order, OrderLine
from orders.recipients import masked_recipient
from orders.services.texts import checked_prose, checked_reference
from promotions.models import Alarm, ClaimToken, CouponType
from promotions.services.nobody import known_device, known_recipient
from risk.models import Incident, IncidentAnchor, IncidentNote, IncidentOrder
from risk.services.growing import grow
from risk.services.incident_figures import take_snapshot
from risk.states import INCIDENT_MOVES, AddedBecause, AnchorKind, IncidentSeverity, IncidentStatus

LONGEST_TITLE = 200
LOOKED_BACK = timedelta(days=1)
"""How long before an alarm an incident begins that is made from it, unless whoever opens it says otherwise."""
MOST_CHOSEN = 10_000
HASH_LENGTH = 64


@dataclass(frozen=True)
class Opening:
    """What an incident is opened with. Without `since` it begins a day before its alarm, its first order, or now."""

    title: str
    reason: str
    severity: str = IncidentSeverity.MAJOR
    since: datetime | None = None
    public_at: datetime | None = None


@dataclass(frozen=True)
class Named:
    """An anchor as it is compared and as it is shown."""

    kind: str
    value: str
    shown: str


@transaction.atomic
def open_incident(
    opening: Opening, anchors: Sequence[Named] = (), *, orders: QuerySet[Order] | None = None, by: Any, at: datetime, **also: Any
) -> Incident:
    """Open an incident on anchors, on orders that were chosen, or both, and take in what they lead to.

    Raises InvalidInput without a title or a reason, for a time to come, or where there is nothing that it could be about.
    """
    title = checked_reference(opening.title.strip(), _("the title"), longest=LONGEST_TITLE)
    reason = checked_prose(opening.reason, _("the reason"))
    _check(opening, at)
    chosen = _chosen(orders)
    if not anchors and not chosen:
        raise InvalidInput(_("An incident is about a coupon type, a token, a device, a recipient, or about orders."))
    since = opening.since or min((placed_at for _pk, placed_at in chosen), default=at) - LOOKED_BACK
    with because(reason, user=by.pk):
        incident = Incident.objects.create(
            title=title,
            severity=opening.severity,
            reason=reason,
            since=since,
            public_at=opening.public_at,
            owner=by,
            opened_by=by,
            opened_at=at,
            **also,
        )
        for anchor in anchors:
            _anchor(incident, anchor, reason=reason, by=by, at=at)
        keys = [pk for pk, _placed_at in chosen]
        IncidentOrder.objects.bulk_create(
            IncidentOrder(incident=incident, order_id=pk, because=AddedBecause.CHOSEN, added_at=at) for pk in keys
        )
        grow(incident, at=at)
    take_snapshot(incident, by=by, at=at)
    return incident


def open_from_alarm(alarm: Alarm, opening: Opening, *, by: Any, at: datetime) -> Incident:
    """An incident about what the alarm's line watches. Raises InvalidInput where that is no coupon type."""
    begins = opening if opening.since else replace(opening, since=alarm.at - LOOKED_BACK)
    return open_incident(begins, anchors_of(alarm), by=by, at=at, alarm=alarm)


def anchors_of(alarm: Alarm) -> list[Named]:
    """The coupon types that an alarm is about: of the line's batch, entry or type, or all of its campaign."""
    line = alarm.threshold
    if line is None:
        return []
    entry = line.batch.entry if line.batch is not None else line.entry
    if entry is not None:
        return [named_type(entry.coupon_type)]
    if line.coupon_type is not None:
        return [named_type(line.coupon_type)]
    return [named_type(kind) for kind in line.campaign.coupon_types.order_by("pk")] if line.campaign is not None else []


def named_type(kind: CouponType) -> Named:
    return Named(AnchorKind.COUPON_TYPE, str(kind.pk), kind.code)


def named_token(token: ClaimToken) -> Named:
    return Named(AnchorKind.TOKEN, str(token.pk), str(token))


def named_device(device: str) -> Named:
    """Raises InvalidInput for a device that identifies nobody."""
    known = known_device(device)
    if not known:
        raise InvalidInput(_("This names nobody: nobody could be told from others by it."))
    return Named(AnchorKind.DEVICE, known, known)


def named_recipient(recipient: str) -> Named:
    """A number or account as staff type it, or the keyed hash of one. Raises InvalidInput for what names nobody."""
    if len(recipient) == HASH_LENGTH and not set(recipient) - set("0123456789abcdef"):
        last_four = OrderLine.objects.filter(recipient_hash=recipient).values_list("recipient_last_four", flat=True).first() or ""
        return Named(AnchorKind.RECIPIENT, recipient, masked_recipient(recipient, last_four))
    hashed, last_four = known_recipient(recipient)
    if not hashed:
        raise InvalidInput(_("This names nobody: nobody could be told from others by it."))
    return Named(AnchorKind.RECIPIENT, hashed, masked_recipient(hashed, last_four))


@transaction.atomic
def add_anchor(incident: Incident, anchor: Named, *, by: Any, reason: str, at: datetime) -> IncidentAnchor:
    """From now on what belongs to this value belongs to the incident; it is taken in at once.

    Raises InvalidInput without a reason, StaleState for a closed incident or an anchor that it has.
    """
    reason = checked_prose(reason, _("the reason"))
    locked = _locked(incident)
    if locked.anchors.filter(kind=anchor.kind, value=anchor.value).exists():
        raise StaleState(_("The incident hangs on %(anchor)s already.") % {"anchor": anchor.shown})
    with because(reason, user=by.pk):
        added = _anchor(locked, anchor, reason=reason, by=by, at=at)
        grow(locked, at=at)
    return added


@transaction.atomic
def drop_anchor(anchor: IncidentAnchor, *, by: Any, reason: str, at: datetime) -> IncidentAnchor:
    """It leads to nothing more. What it brought in stays: people have worked with it. Raises InvalidInput, StaleState."""
    reason = checked_prose(reason, _("the reason"))
    with because(reason, user=by.pk):
        rows = IncidentAnchor.objects.filter(pk=anchor.pk, dropped_at=None)
        if not rows.update(dropped_at=at, dropped_by=by, drop_reason=reason):
            raise StaleState(_("Somebody else has dropped it already."))
    anchor.refresh_from_db()
    return anchor


@transaction.atomic
def move_incident(incident: Incident, to: str, *, by: Any, reason: str, at: datetime) -> Incident:
    """Contain it, hand it over, close it or open it again. The figures are kept as they were at that moment.

    A closed incident takes nothing more in; one that is opened again grows again. Raises StaleState, InvalidInput.
    """
    reason = checked_prose(reason, _("the reason"))
    locked = Incident.objects.select_for_update().get(pk=incident.pk)
    if locked.status != incident.status:
        raise StaleState(_("Somebody else changed it in the meantime. Look again."))
    with because(reason, user=by.pk):
        grows = {IncidentStatus.CLOSED: False, IncidentStatus.OPEN: True}
        move(locked, to, INCIDENT_MOVES, **({"grows": grows[IncidentStatus(to)]} if to in grows else {}))
    take_snapshot(locked, by=by, at=at)
    return locked


@transaction.atomic
def own_incident(incident: Incident, *, owner: Any, by: Any, reason: str, at: datetime) -> Incident:
    """Somebody else looks after it from now on. Raises InvalidInput without a reason, StaleState for a closed one."""
    return _write(incident, by=by, reason=reason, owner=owner)


@transaction.atomic
def judge_incident(
    incident: Incident, *, severity: str, public_at: datetime | None, grows: bool, by: Any, reason: str, at: datetime
) -> Incident:
    """How bad it is, when the code went public, and whether more is taken in by itself.

    Raises InvalidInput for an unknown severity, a time to come or no reason; StaleState for a closed one.
    """
    _check(Opening("", "", severity, public_at=public_at), at)
    return _write(incident, by=by, reason=reason, severity=severity, public_at=public_at, grows=grows)


def note_incident(incident: Incident, *, by: Any, text: str, at: datetime) -> IncidentNote:
    """Write something down about it, on a closed one too. Raises InvalidInput for nothing."""
    return IncidentNote.objects.create(incident=incident, text=checked_prose(text, _("the note")), by=by, at=at)


def _anchor(incident: Incident, anchor: Named, *, reason: str, by: Any, at: datetime) -> IncidentAnchor:
    return IncidentAnchor.objects.create(
        incident=incident, kind=anchor.kind, value=anchor.value, shown=anchor.shown, reason=reason, added_by=by, added_at=at
    )


def _chosen(orders: QuerySet[Order] | None) -> list[tuple[int, datetime]]:
    if orders is None:
        return []
    found = list(orders.order_by("pk").values_list("pk", "placed_at")[: MOST_CHOSEN + 1])
    if len(found) > MOST_CHOSEN:
        raise InvalidInput(_("At most %(most)s orders are chosen by hand.") % {"most": f"{MOST_CHOSEN:,}"})
    return found


def _check(opening: Opening, at: datetime) -> None:
    if opening.severity not in IncidentSeverity.values:
        raise InvalidInput(_("An incident is minor, major or critical."))
    times: Iterable[datetime | None] = (opening.since, opening.public_at)
    if any(moment is not None and moment > at for moment in times):
        raise InvalidInput(_("An incident is about what has happened: the time lies in the future."))


def _locked(incident: Incident) -> Incident:
    """Raises StaleState for a closed one."""
    locked = Incident.objects.select_for_update().get(pk=incident.pk)
    if locked.status == IncidentStatus.CLOSED:
        raise StaleState(_("%(incident)s is closed. Open it again first.") % {"incident": locked})
    return locked


def _write(incident: Incident, *, by: Any, reason: str, **fields: Any) -> Incident:
    reason = checked_prose(reason, _("the reason"))
    locked = _locked(incident)
    with because(reason, user=by.pk):
        Incident.objects.filter(pk=locked.pk).update(**fields)
    locked.refresh_from_db()
    return locked
