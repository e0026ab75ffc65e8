"""Many flagged orders are decided alike by a job, each with its result, and taken back by another."""

import pytest
from django.db import IntegrityError, transaction

from backoffice.lib.errors import InvalidInput
from backoffice.lib.jobs import run_job
from orders.models import Hold
from orders.services.delivering import deliver_order
from risk.models import BulkReviewItem, Flag, Review
from risk.queueing import LEASE, UNDO_WITHIN
from risk.services.appealing import file_appeal
from risk.services.bulk_reviewing import ScopeMoved, decide_in_bulk, preview, undo_bulk
from risk.services.leasing import take
from risk.services.reviewing import decide_flag
from risk.services.undoing import NotUndone
from tests.orders.factories import a_hold
from tests.promotions.factories import NOON
from tests.risk.factories import MINUTE
from tests.risk.queue_factories import a_reviewer, flagged, place_of

pytestmark = pytest.mark.django_db
LATER = NOON + 5 * MINUTE


def a_bulk(flags=None, *, by, decision="confirmed", at=LATER, **more):
    flags = Flag.objects.all() if flags is None else flags
    terms = {"reason": "one rack", "scope_text": "all of them", "previewed": preview(flags, at=at).mark} | more
    return decide_in_bulk(flags, decision=decision, by=by, at=at, **terms)


def worked(bulk, *, at=LATER):
    assert run_job(bulk.job_id, now=lambda: at)
    bulk.job.refresh_from_db()
    return bulk


def results(bulk):
    return {item.flag_id: item.result for item in bulk.items.all()}


def test_each_is_decided_and_has_its_result():
    flags = [flagged() for _ in range(3)]
    bulk = worked(a_bulk(by=a_reviewer(), disposition="swept_along"))
    assert results(bulk) == dict.fromkeys([flag.pk for flag in flags], "done")
    assert set(Flag.objects.values_list("decision", "disposition", "overruled")) == {("confirmed", "swept_along", "organised")}
    assert Hold.objects.open().filter(kind="risk").count() == 3
    assert (bulk.job.status, bulk.job.total, bulk.job.done, bulk.job.failed_items) == ("done", 3, 3, 0)
    assert Review.objects.exists() is False


def test_nothing_outside_the_scope_is_touched():
    inside, outside = flagged(), flagged()
    worked(a_bulk(Flag.objects.filter(pk=inside.pk), by=a_reviewer()))
    outside.refresh_from_db()
    assert (outside.decision, Review.objects.get().order_id) == ("", outside.order_id)


def test_what_cannot_be_decided_is_skipped_and_says_why():
    free, done, taken, appealed = (flagged() for _ in range(4))
    decide_flag(done, decision="cleared", reason="fine", by=a_reviewer(), at=NOON)
    take(place_of(taken), a_reviewer(), at=LATER)
    a_hold(appealed.order, kind="risk")
    file_appeal(appealed.order.ref, text="no", at=NOON)
    bulk = worked(a_bulk(by=a_reviewer()))
    assert results(bulk) == {free.pk: "done", done.pk: "skipped", taken.pk: "skipped", appealed.pk: "skipped"}
    assert all(item.detail for item in bulk.items.filter(result="skipped"))
    assert {flag.pk: flag.decision for flag in Flag.objects.all()} == {
        free.pk: "confirmed",
        done.pk: "cleared",
        taken.pk: "",
        appealed.pk: "",
    }


def test_the_preview_counts_what_would_happen():
    one, _other = flagged(), flagged(disposition="undetermined")
    take(place_of(one), a_reviewer(), at=LATER)
    seen = preview(Flag.objects.all(), at=LATER)
    assert (seen.count, seen.with_reviewers, seen.decided, seen.appealed) == (2, 1, 0, 0)
    assert [(currency, n) for currency, n, _gross, _off in seen.worth] == [("CNY", 2)]
    assert {looks: n for looks, n, _gross in seen.by_look} == {"organised": 1, "undetermined": 1}
    assert len(seen.sample) == 2


def test_a_selection_that_changed_since_the_preview_is_shown_again():
    flagged()
    mark = preview(Flag.objects.all(), at=LATER).mark
    flagged()
    with pytest.raises(ScopeMoved):
        a_bulk(by=a_reviewer(), previewed=mark)
    assert set(Flag.objects.values_list("decision", flat=True)) == {""}


@pytest.mark.parametrize("wrong", [{"decision": "maybe"}, {"reason": " "}, {"disposition": "guilty"}])
def test_nonsense_is_refused(wrong):
    flagged()
    with pytest.raises(InvalidInput):
        a_bulk(by=a_reviewer(), **wrong)
    assert BulkReviewItem.objects.exists() is False


def test_nothing_is_nothing_to_do():
    with pytest.raises(InvalidInput, match="Nothing matches"):
        a_bulk(by=a_reviewer())


def test_a_bulk_decision_is_taken_back_whole():
    flags = [flagged() for _ in range(3)]
    lead = a_reviewer()
    bulk = worked(a_bulk(by=lead))
    deliver_after_release = flags[0].order
    undo = worked(undo_bulk(bulk, by=lead, reason="the wrong list", at=LATER + MINUTE), at=LATER + MINUTE)
    assert set(results(undo).values()) == {"done"}
    assert set(Flag.objects.values_list("decision", flat=True)) == {""}
    assert Hold.objects.open().exists() is False
    assert Review.objects.count() == 3
    assert deliver_order(deliver_after_release.ref, at=LATER).status == "delivered"
    with pytest.raises(NotUndone, match="already"):
        undo_bulk(bulk, by=lead, reason="again", at=LATER + MINUTE)


def test_only_what_it_decided_is_taken_back():
    mine, others = flagged(), flagged()
    decide_flag(others, decision="cleared", reason="fine", by=a_reviewer(), at=NOON)
    lead = a_reviewer()
    bulk = worked(a_bulk(by=lead))
    worked(undo_bulk(bulk, by=lead, reason="wrong", at=LATER))
    assert {flag.pk: flag.decision for flag in Flag.objects.all()} == {mine.pk: "", others.pk: "cleared"}


def test_taking_back_is_for_its_maker_within_his_shift():
    flagged()
    lead = a_reviewer()
    bulk = worked(a_bulk(by=lead))
    with pytest.raises(NotUndone, match="only who decided"):
        undo_bulk(bulk, by=a_reviewer(), reason="no", at=LATER)
    with pytest.raises(NotUndone, match="12 hours"):
        undo_bulk(bulk, by=lead, reason="no", at=LATER + UNDO_WITHIN + MINUTE)


def test_a_lease_that_ran_out_does_not_stop_the_job():
    flag = flagged()
    take(place_of(flag), a_reviewer(), at=NOON)
    bulk = worked(a_bulk(by=a_reviewer()), at=NOON + LEASE + MINUTE)
    assert results(bulk) == {flag.pk: "done"}


def test_the_scope_is_hashed_and_closed():
    flags = [flagged() for _ in range(2)]
    bulk = a_bulk(Flag.objects.filter(pk=flags[0].pk), by=a_reviewer())
    assert len(bulk.job.scope_hash) == 64
    with pytest.raises(IntegrityError, match="scope is closed"), transaction.atomic():
        BulkReviewItem.objects.create(bulk=bulk, flag=flags[1])
    with pytest.raises(IntegrityError, match="scope is closed"), transaction.atomic():
        bulk.items.all().delete()


def test_a_job_is_not_done_while_an_order_has_no_result():
    flagged()
    bulk = a_bulk(by=a_reviewer())
    bulk.job.refresh_from_db()
    type(bulk.job).objects.filter(pk=bulk.job_id).update(status="running")
    with pytest.raises(IntegrityError, match="every item"), transaction.atomic():
        type(bulk.job).objects.filter(pk=bulk.job_id).update(status="done", done=1)


def test_a_result_comes_once():
    flagged()
    bulk = worked(a_bulk(by=a_reviewer()))
    with pytest.raises(IntegrityError, match="result"), transaction.atomic():
        bulk.items.update(result="failed")
