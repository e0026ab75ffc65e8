"""What can be done with an incident, each with its reason and a sentence that says what will happen."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.steps import Step
from backoffice.lib.display import count_text, time_text
from backoffice.lib.errors import InvalidInput
from promotions.models import ClaimToken, CouponType
from risk.admin.incident_forms import AnchorForm, BundleForm, DropForm, JudgeForm, NoteForm, OverruleForm, OwnerForm
from risk.models import EvidenceBundle, Incident, IncidentAnchor
from risk.services.bundles import ask_for_bundle
from risk.services.incident_figures import take_snapshot
from risk.services.incidents import (
    Named,
    add_anchor,
    drop_anchor,
    judge_incident,
    move_incident,
    named_device,
    named_recipient,
    named_token,
    named_type,
    note_incident,
    own_incident,
)
from risk.services.judging import overrule
from risk.states import AnchorKind, IncidentStatus

CHANGE = "risk.change_incident"
TAKE_BUNDLES = "risk.take_evidencebundle"


def named(kind: str, value: str) -> Named:
    """An anchor as staff type it. Raises InvalidInput for what is not there or names nobody."""
    text = value.strip()
    if kind == AnchorKind.COUPON_TYPE:
        found = CouponType.objects.filter(code__in={text, text.upper()}).first()
        if found is None:
            raise InvalidInput(_("There is no coupon type “%s”.") % text)
        return named_type(found)
    if kind == AnchorKind.TOKEN:
        return named_token(token_named(text))
    return named_device(text) if kind == AnchorKind.DEVICE else named_recipient(text)


def token_named(text: str) -> ClaimToken:
    """Raises InvalidInput where no token, or more than one, is called this."""
    batch, _hash, number = text.rpartition("#")
    is_number = number.isascii() and number.isdecimal() and 0 < len(number) < 10
    rows = ClaimToken.objects.filter(batch__code=batch.strip(), number=int(number) - 1) if is_number else ClaimToken.objects.none()
    found = list(rows.select_related("batch")[:2])
    if len(found) != 1:
        raise InvalidInput(_("There is no token “%s”. Write the batch, # and the number.") % text)
    return found[0]


def moving(to: str) -> Any:
    def run(incident: Incident, *, by: Any, reason: str, at: datetime) -> Incident:
        return move_incident(incident, to, by=by, reason=reason, at=at)

    return run


def note(incident: Incident, *, by: Any, reason: str, at: datetime) -> Incident:
    note_incident(incident, by=by, text=reason, at=at)
    return incident


def figures(incident: Incident, *, by: Any, reason: str, at: datetime) -> Incident:
    take_snapshot(incident, by=by, at=at)
    return incident


def anchor(incident: Incident, *, kind: str, value: str, by: Any, reason: str, at: datetime) -> Incident:
    add_anchor(incident, named(kind, value), by=by, reason=reason, at=at)
    return incident


def drop(incident: Incident, *, anchor: IncidentAnchor, by: Any, reason: str, at: datetime) -> Incident:
    drop_anchor(anchor, by=by, reason=reason, at=at)
    return incident


def bundle(incident: Incident, *, reference: str, by: Any, reason: str, at: datetime) -> EvidenceBundle:
    return ask_for_bundle(incident, reference=reference, by=by, reason=reason, at=at)


def is_not(status: str) -> Any:
    return lambda incident: incident.status not in (status, IncidentStatus.CLOSED)


def is_unclosed(incident: Incident) -> bool:
    return incident.status != IncidentStatus.CLOSED


def _move(name: str, label: Any, icon: str, to: str, tells: Any, shown: Any, done: Any) -> Step:
    return Step(name=name, label=label, icon=icon, permission=CHANGE, run=moving(to), is_shown=shown, tells=tells, done=done)


def _step(name: str, label: Any, icon: str, run: Any, tells: Any, done: Any, **more: Any) -> Step:
    return Step(name=name, label=label, icon=icon, run=run, tells=tells, done=done, **{"permission": CHANGE, **more})


STEPS = (
    _step(
        "note",
        gettext_lazy("Note"),
        "edit_note",
        note,
        lambda one: _("A note on %s.") % one,
        gettext_lazy("Noted."),
        form_class=NoteForm,
    ),
    _step(
        "figures",
        gettext_lazy("Figures as of now"),
        "calculate",
        figures,
        lambda _one: _("Every figure is computed anew and kept, with its query and the time. Earlier ones stay."),
        gettext_lazy("Computed."),
    ),
    _move(
        "contain",
        gettext_lazy("Contained"),
        "shield",
        IncidentStatus.CONTAINED,
        lambda one: _("Nothing more gets out, as far as you know. %s goes on growing.") % one,
        is_not(IncidentStatus.CONTAINED),
        gettext_lazy("Contained."),
    ),
    _move(
        "hand_over",
        gettext_lazy("Handed over"),
        "local_police",
        IncidentStatus.HANDED_OVER,
        lambda one: _("The authorities have it. Its figures are kept as they are now."),
        is_not(IncidentStatus.HANDED_OVER),
        gettext_lazy("Handed over."),
    ),
    _move(
        "close",
        gettext_lazy("Close"),
        "task_alt",
        IncidentStatus.CLOSED,
        lambda one: (
            _("It takes nothing more in: %(orders)s orders, %(customers)s customers. Holds and stops stay as they are.")
            % {"orders": count_text(one.orders), "customers": count_text(one.customers)}
        ),
        is_unclosed,
        gettext_lazy("Closed."),
    ),
    _move(
        "reopen",
        gettext_lazy("Open again"),
        "undo",
        IncidentStatus.OPEN,
        lambda one: _("It is looked after again, and grows again."),
        lambda one: one.status != IncidentStatus.OPEN,
        gettext_lazy("Open again."),
    ),
    _step(
        "owner",
        gettext_lazy("Hand on"),
        "person",
        own_incident,
        lambda one: _("%s looks after it now.") % one.owner,
        gettext_lazy("Handed on."),
        form_class=OwnerForm,
        is_shown=is_unclosed,
    ),
    _step(
        "judge",
        gettext_lazy("Severity and times"),
        "tune",
        judge_incident,
        lambda one: _("Went public: %s.") % (time_text(one.public_at) if one.public_at else _("not known")),
        gettext_lazy("Saved."),
        form_class=JudgeForm,
        is_shown=is_unclosed,
    ),
    _step(
        "anchor",
        gettext_lazy("Add an anchor"),
        "anchor",
        anchor,
        lambda one: _("What belongs to this value since %s belongs to the incident, now and from now on.") % time_text(one.since),
        gettext_lazy("Added, and what it leads to is taken in."),
        form_class=AnchorForm,
        is_shown=is_unclosed,
    ),
    _step(
        "drop_anchor",
        gettext_lazy("Drop an anchor"),
        "link_off",
        drop,
        lambda _one: _("It leads to nothing more. What it brought in stays."),
        gettext_lazy("Dropped."),
        form_class=DropForm,
        is_shown=is_unclosed,
    ),
    _step(
        "bundle",
        gettext_lazy("Evidence bundle"),
        "folder_zip",
        bundle,
        lambda one: (
            _("A job writes down all of it as of now, %(orders)s orders and %(customers)s customers, and signs it.")
            % {"orders": count_text(one.orders), "customers": count_text(one.customers)}
        ),
        gettext_lazy("Asked for. It can be taken out once its job is done."),
        form_class=BundleForm,
        permission=TAKE_BUNDLES,
    ),
)
OVERRULE = Step(
    name="overrule",
    label=gettext_lazy("Overrule"),
    icon="gavel",
    permission="risk.overrule_incidentmember",
    run=overrule,
    form_class=OverruleForm,
    why_not=lambda member, _user: _("The incident is closed.") if member.incident.status == IncidentStatus.CLOSED else "",
    tells=lambda member: (
        _("By the evidence: %(found)s. What you say holds from now on, whatever is found later.")
        % {"found": member.get_found_display()}
    ),
    done=gettext_lazy("Overruled."),
)
