"""What a record says, in the words and the zone of the reader who takes it out."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from backoffice.lib.aloud import aloud
from backoffice.lib.display import NOTHING, amount_text, count_text, time_text, zone_text
from backoffice.lib.models import Approval, Job
from orders.models import Emergency, Freeze, Hold, Release, TermExtension
from orders.record_pages import Page, Section
from orders.scopes.reading import scope_aloud
from orders.services.record_results import Results
from orders.states import ItemResult

Row = tuple[str, ...]


def page_of(act: Freeze | Release, results: Results, *, by: Any, at: datetime, key_id: str) -> Page:
    """The record of this act as of `at`, sealed with the key `key_id`."""
    sections = [
        Section(_("The act"), _act(act)),
        Section(_("The orders"), _scope(act)),
        Section(_("Results"), _results(results), (_("result"), _("why"), _("orders")), _("No order has a result.")),
        Section(_("Amounts"), _amounts(results), (_("result"), _("amount")), _("No order has a result.")),
        Section(_("Approvals"), _approvals(act), (_("what"), _("asked by"), _("decided"), _("hash of what was approved"))),
        Section(_("Timeline"), _timeline(act), (_("when"), _("what"), _("who"))),
    ]
    if isinstance(act, Freeze):
        sections.append(Section(_("Releases"), _releases(act), _release_columns(), _("Nothing was released.")))
    sections.append(Section(_("Verifying this record"), _verifying(act, results, key_id)))
    told = {"time": f"{time_text(at)} ({zone_text()})", "who": _person(by)}
    sentence = _("As of %(time)s, taken out by %(who)s. All times are of this zone.") % told
    title = _("Record of %s") % act
    return Page(title, sentence, get_language() or "en", sections, f"Holdfast · {title} · {time_text(at)}")


def _act(act: Freeze | Release) -> list[Row]:
    freeze = act if isinstance(act, Freeze) else act.freeze
    rows: list[Row] = [(_("Number"), str(act)), (_("Kind of hold"), freeze.get_kind_display())]
    if isinstance(act, Release):
        rows.append((_("Freeze"), str(freeze)))
    rows += [(_("Legal reference"), act.legal_reference or NOTHING), (_("Authority"), freeze.authority or NOTHING)]
    if isinstance(act, Freeze):
        rows.append((_("Valid until"), time_text(act.valid_until)))
    document = act.document
    rows.append((_("Document"), f"{document.name} · SHA-256 {document.sha256}" if document else NOTHING))
    rows += [(_("Reason"), aloud(act.job.reason)), (_("State"), act.job.get_status_display())]
    return [*rows, (_("Cancelled"), _cancelled(act.job))] if act.job.cancelled_at else rows


def _cancelled(job: Job) -> str:
    told = {"who": _person(job.cancelled_by), "time": time_text(job.cancelled_at), "why": aloud(job.cancel_reason)}
    return _("by %(who)s, %(time)s: %(why)s") % told


def _scope(act: Freeze | Release) -> list[Row]:
    rows = [
        *_in_words(act.scope_text),
        (_("As data"), json.dumps(act.scope, sort_keys=True, ensure_ascii=False) if act.scope else NOTHING),
        (_("How many"), count_text(act.job.total)),
        (_("SHA-256 of the scope"), act.job.scope_hash),
    ]
    what = _("orders") if isinstance(act, Freeze) else _("holds")
    how = _("Of the numbers of the %(what)s in our database, sorted as numbers, joined by commas, as text.") % {"what": what}
    return [*rows, (_("How it is made"), how)]


def _in_words(kept: str) -> list[Row]:
    """The scope to the reader; where that is not English, below it the words that were kept and approved, which count."""
    said = scope_aloud(kept)
    rows: list[Row] = [(_("In words"), said)]
    return rows if said == kept else [*rows, (_("In the words that were approved"), kept)]


def _results(results: Results) -> list[Row]:
    """Held, released, skipped and failed add up to the scope."""
    words = dict(ItemResult.choices)
    rows = [
        (str(words[result]), _(why) if why else NOTHING, count_text(number))
        for (result, why), number in sorted(results.counts.items())
    ]
    return [*rows, (_("together"), "", count_text(results.total))]


def _amounts(results: Results) -> list[Row]:
    words = dict(ItemResult.choices)
    return [(str(words[result]), amount_text(amount, currency)) for (result, currency), amount in sorted(results.amounts.items())]


def _approvals(act: Freeze | Release) -> list[Row]:
    found = [act.job.approval] if act.job.approval else []
    if isinstance(act, Freeze):
        found += [extension.approval for extension in _extensions(act)]
    return [_approval(approval) for approval in found] or [(_("None: it fell by itself, as an emergency does."), "", "", "")]


def _approval(approval: Approval) -> Row:
    asked = f"{_person(approval.requested_by)}, {time_text(approval.requested_at)}: {aloud(approval.reason)}"
    decided = approval.get_status_display()
    if approval.decided_by:
        decided += (
            f" · {_person(approval.decided_by)}, {time_text(approval.decided_at)}: {aloud(approval.decision_reason) or NOTHING}"
        )
    return aloud(approval.summary), asked, decided, approval.payload_hash


def _timeline(act: Freeze | Release) -> list[Row]:
    events = [*_of_job(act.job)]
    if isinstance(act, Freeze):
        events += [*_of_emergency(act), *_of_terms(act)]
        for release in _released(act):
            events += [(at, f"{release}: {what}", who) for at, what, who in _of_job(release.job)]
    return [(time_text(at), what, who) for at, what, who in sorted(events, key=lambda event: event[0])]


def _of_job(job: Job) -> Iterable[tuple[datetime, str, str]]:
    yield job.requested_at, _("asked for"), _person(job.requested_by)
    if job.approval and job.approval.decided_at:
        yield job.approval.decided_at, job.approval.get_status_display(), _person(job.approval.decided_by)
    if job.started_at:
        yield job.started_at, _("work began"), ""
    if job.cancelled_at:
        yield job.cancelled_at, _("cancelled: nothing more of it is done"), _person(job.cancelled_by)
    if job.finished_at:
        told = {"state": job.get_status_display(), "done": count_text(job.done), "total": count_text(job.total)}
        yield job.finished_at, _("work ended: %(state)s, %(done)s of %(total)s") % told, ""


def _of_emergency(freeze: Freeze) -> Iterable[tuple[datetime, str, str]]:
    emergency = Emergency.objects.select_related("started_by", "confirmed_by").filter(freeze=freeze).first()
    if emergency is None:
        return
    ends = time_text(emergency.ends_at)
    yield emergency.started_at, _("started by one person alone, until %s unless confirmed") % ends, _person(emergency.started_by)
    if emergency.confirmed_at:
        yield emergency.confirmed_at, _("confirmed by a second person"), _person(emergency.confirmed_by)
    if emergency.fallen_at:
        yield emergency.fallen_at, _("fell, not being confirmed"), ""


def _of_terms(freeze: Freeze) -> Iterable[tuple[datetime, str, str]]:
    for extension in _extensions(freeze):
        told = {"time": time_text(extension.valid_until), "reference": extension.legal_reference}
        if extension.approval.decided_at and extension.approval.status == "approved":
            words = _("term extended until %(time)s under %(reference)s") % told
            yield extension.approval.decided_at, words, _person(extension.approval.decided_by)
    for warning in freeze.term_warnings.order_by("pk"):
        yield warning.warned_at, _("warned of its term: days left %s") % warning.days_left, ""


def _extensions(freeze: Freeze) -> list[TermExtension]:
    rows = freeze.extensions.select_related("approval__requested_by", "approval__decided_by")
    return list(rows.order_by("pk"))


def _released(freeze: Freeze) -> list[Release]:
    people = ("job__requested_by", "job__approval__requested_by", "job__approval__decided_by")
    return list(freeze.releases.select_related(*people).order_by("pk"))


def _releases(freeze: Freeze) -> list[Row]:
    rows: list[Row] = [
        (
            str(release),
            release.legal_reference or NOTHING,
            scope_aloud(release.scope_text),
            f"{count_text(release.job.done)} / {count_text(release.job.total)}",
            release.job.get_status_display(),
        )
        for release in _released(freeze)
    ]
    still = count_text(Hold.objects.open().filter(freeze=freeze).count())
    return [*rows, (_("still held"), "", "", still, "")] if rows else rows


def _release_columns() -> Row:
    return _("release"), _("legal reference"), _("scope"), _("done"), _("state")


def _verifying(act: Freeze | Release, results: Results, key_id: str) -> list[Row]:
    return [
        (
            _("Table of results"),
            _("%(count)s rows, SHA-256 %(hash)s") % {"count": count_text(results.total), "hash": results.sha256},
        ),
        (_("Key"), key_id),
        (_("How"), _("The last line of this file is an Ed25519 signature over all bytes before it: see docs/records.md.")),
    ]


def _person(user: Any) -> str:
    """Login and, where it is known, the name."""
    name = user.get_full_name() if user else ""
    return f"{name} ({user})" if name else str(user or NOTHING)
