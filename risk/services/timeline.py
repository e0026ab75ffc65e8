"""What happened in an incident, in the order of its times, each with the row that says so. Computed; nothing of it is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from orders.models import Delivery, Freeze, FreezeItem, Hold, Order, Release
from orders.states import HoldKind
from promotions.models import Alarm, Claim, ClaimToken, CouponType, Entry
from promotions.states import CouponTypeStatus, EntryStatus, ThresholdAction
from risk.models import EvidenceBundle, Incident, IncidentCoupon, IncidentOrder
from risk.states import AnchorKind, IncidentStatus

MOST_OF_A_KIND = 20


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `source` is the row that says so, `detail` what it says besides."""

    at: datetime
    what: str
    source: Any = None
    detail: Any = ""


@dataclass(frozen=True)
class Around:
    """What an incident comes through, and the freezes that took its orders: asked for once a page."""

    incident: Incident
    types: list[CouponType]
    entries: list[Entry]
    tokens: list[ClaimToken]
    freezes: list[Freeze]


def around(incident: Incident) -> Around:
    return Around(incident, _types_of(incident), _entries_of(incident), _tokens_of(incident), freezes_of(incident))


def timeline_of(known: Around) -> list[Moment]:
    """From the first claim to the last bundle, in a fixed number of queries; of what happens often the first ones."""
    parts = (_firsts, _alarms, _stops, _public, _acts, _own)
    found = [moment for part in parts for moment in part(known)]
    return sorted(found, key=lambda moment: moment.at)


def _types_of(incident: Incident) -> list[CouponType]:
    """The coupon types that coupons of the incident are of, in the order of their codes."""
    keys = IncidentCoupon.objects.filter(incident=incident).values("coupon__coupon_type")
    anchored = [int(value) for value in _values(incident, AnchorKind.COUPON_TYPE)]
    return list(CouponType.objects.filter(Q(pk__in=keys) | Q(pk__in=anchored)).select_related("campaign").order_by("code"))


def _entries_of(incident: Incident) -> list[Entry]:
    """The entries that coupons of the incident were claimed at."""
    keys = IncidentCoupon.objects.filter(incident=incident).values("coupon__claim__entry")
    return list(Entry.objects.filter(pk__in=keys).order_by("code"))


def _tokens_of(incident: Incident) -> list[ClaimToken]:
    """The tokens that the incident hangs on."""
    keys = [int(value) for value in _values(incident, AnchorKind.TOKEN)]
    return list(ClaimToken.objects.filter(pk__in=keys).select_related("batch").order_by("pk"))


def _values(incident: Incident, kind: str) -> list[str]:
    return list(incident.anchors.filter(kind=kind).values_list("value", flat=True))


def _firsts(known: Around) -> Iterator[Moment]:
    incident = known.incident
    coupons = IncidentCoupon.objects.filter(incident=incident)
    orders = IncidentOrder.objects.filter(incident=incident)
    claim = Claim.objects.filter(coupon__in=coupons.values("coupon")).order_by("at", "pk").first()
    if claim is not None:
        yield Moment(claim.at, _("First claim"), claim, claim.device)
    first: Order | None = Order.objects.filter(pk__in=orders.values("order")).order_by("placed_at", "pk").first()
    if first is not None:
        yield Moment(first.placed_at, _("First order"), first)
    left = Order.objects.filter(pk__in=orders.values("order"), delivered_at__isnull=False).order_by("delivered_at", "pk").first()
    if left is not None and left.delivered_at:
        yield Moment(left.delivered_at, _("First delivery"), left)
    part = Delivery.objects.filter(order__in=orders.values("order")).select_related("order").order_by("delivered_at").first()
    if part is not None:
        yield Moment(part.delivered_at, _("First parcel"), part.order, part.ref)
    holds = Hold.objects.filter(order__in=orders.values("order")).exclude(kind=HoldKind.COOLING).select_related("order")
    hold = holds.order_by("placed_at", "pk").first()
    if hold is not None:
        yield Moment(hold.placed_at, _("First hold"), hold, hold.get_kind_display())


def _alarms(known: Around) -> Iterator[Moment]:
    """Of the lines that watch its coupon types, their entries, batches and campaigns, and the one it was made from."""
    incident, types = known.incident, [kind.pk for kind in known.types]
    of_them = (
        Q(threshold__coupon_type__in=types)
        | Q(threshold__entry__coupon_type__in=types)
        | Q(threshold__batch__entry__coupon_type__in=types)
        | Q(threshold__campaign__coupon_types__in=types)
    )
    within = Q(at__gte=incident.since) & (Q(at__lt=incident.until) if incident.until else Q())
    keys = Alarm.objects.filter(Q(pk=incident.alarm_id or 0) | (of_them & within)).order_by().values("pk")
    alarms = Alarm.objects.filter(pk__in=keys).select_related("threshold").order_by("at", "pk")
    acted = (ThresholdAction.SUSPEND, ThresholdAction.HOLD)
    for place, alarm in enumerate(alarms[:MOST_OF_A_KIND]):
        yield Moment(alarm.at, _("First alarm") if place == 0 else _("Alarm"), alarm, str(alarm))
        if alarm.action in acted:
            yield Moment(alarm.at, _("Done by itself: %s") % alarm.get_action_display(), alarm)


def _stops(known: Around) -> Iterator[Moment]:
    """Suspended and ended coupon types, suspended and closed entries, revoked tokens: as the history of each tells."""
    type_stops = (CouponTypeStatus.SUSPENDED, CouponTypeStatus.ENDED)
    entry_stops = (EntryStatus.SUSPENDED, EntryStatus.CLOSED)
    for rows, stops in ((known.types, type_stops), (known.entries, entry_stops)):
        if rows:
            yield from _status_moments(rows, stops)
    for token in known.tokens:
        if token.revoked_at:
            yield Moment(token.revoked_at, _("Token revoked"), token)


def _status_moments(rows: list[Any], stops: tuple[str, ...]) -> Iterator[Moment]:
    tracker = _events_of(type(rows[0]))
    known = {row.pk: row for row in rows}
    events = tracker.objects.filter(pgh_obj_id__in=known, status__in=stops).order_by("pgh_id")
    before: dict[int, str] = {}
    for event in events[: MOST_OF_A_KIND * 5]:
        if before.get(event.pgh_obj_id) != event.status:
            row = known[event.pgh_obj_id]
            words = _("%(kind)s: %(state)s") % {"kind": row._meta.verbose_name, "state": event.get_status_display()}
            yield Moment(event.pgh_created_at, words, row)
        before[event.pgh_obj_id] = event.status


def _events_of(model: Any) -> Any:
    """The history of a tracked model."""
    return next(iter(model.pgh_event_models.values()))


def _public(known: Around) -> Iterator[Moment]:
    incident = known.incident
    if incident.public_at:
        yield Moment(incident.public_at, _("The code went public"), incident, _("as far as is known"))


def freezes_of(incident: Incident) -> list[Freeze]:
    """Freezes that any order of the incident is in the scope of, oldest first."""
    orders = IncidentOrder.objects.filter(incident=incident).values("order")
    keys = FreezeItem.objects.filter(order__in=orders).order_by().values_list("freeze", flat=True).distinct()
    freezes = Freeze.objects.filter(pk__in=list(keys[:MOST_OF_A_KIND])).order_by("pk")
    return list(freezes.select_related("job__approval", "job__requested_by"))


def _acts(known: Around) -> Iterator[Moment]:
    freezes = known.freezes
    releases = Release.objects.filter(freeze__in=freezes).select_related("job__approval", "job__requested_by").order_by("pk")
    for words, acts in ((_("Freeze"), freezes), (_("Release"), list(releases[:MOST_OF_A_KIND]))):
        for act in acts:
            job: Any = act.job
            told = {"what": words, "number": f"{job.total:,}"}
            yield Moment(job.requested_at, _("%(what)s asked for: %(number)s items") % told, act, job.requested_by)
            if job.approval is not None and job.approval.decided_at:
                yield Moment(job.approval.decided_at, f"{words}: {job.approval.get_status_display()}", act)
            if job.finished_at:
                yield Moment(job.finished_at, _("%(what)s done") % told, act)


def _own(known: Around) -> Iterator[Moment]:
    """How the incident itself went."""
    incident = known.incident
    yield Moment(incident.opened_at, _("Incident opened"), incident, incident.opened_by)
    before = str(IncidentStatus.OPEN)
    for event in _events_of(Incident).objects.filter(pgh_obj_id=incident.pk).order_by("pgh_id"):
        if event.status != before:
            yield Moment(event.pgh_created_at, _("Incident %s") % event.get_status_display(), incident)
        before = event.status
    for bundle in EvidenceBundle.objects.filter(incident=incident).select_related("asked_by")[:MOST_OF_A_KIND]:
        yield Moment(bundle.as_of, _("Evidence bundle asked for"), bundle, bundle.asked_by)
