"""Staff set by when orders are looked at: what the queue makes of it, and what the database refuses."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.lib.errors import InvalidInput
from risk.models import ReviewTerms
from risk.services.review_terms import change_terms
from tests.orders.rounds import sql, trigger_off
from tests.promotions.factories import NOON
from tests.risk.factories import HOUR, MINUTE
from tests.risk.queue_factories import an_appeal, flagged, flagged_top_up, place_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def change(*, re_dates=False, **terms):
    return change_terms(terms=terms, re_dates=re_dates, reason="more reviewers at night")


def refused_by(name, statement):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        sql(statement)


def test_a_new_flag_is_due_by_the_terms_that_stand():
    change(goods_organised=3 * HOUR)
    assert place_of(flagged()).due_at == NOON + 3 * HOUR


def test_waiting_orders_keep_their_times_unless_they_are_re_dated():
    goods, top_up = flagged(), flagged_top_up()
    change(goods_organised=HOUR)
    assert place_of(goods).due_at == NOON + 2 * HOUR
    change(goods_organised=3 * HOUR, re_dates=True)
    assert place_of(goods).due_at == NOON + 3 * HOUR
    assert place_of(top_up).due_at == NOON + 30 * MINUTE


def test_re_dating_is_one_statement():
    flagged(), flagged(), flagged_top_up()
    with CaptureQueriesContext(connection) as queries:
        change(top_up_others=HOUR, re_dates=True)
    assert len([query for query in queries if "UPDATE risk_review " in query["sql"]]) == 1


def test_an_appeal_keeps_the_time_with_which_it_was_filed():
    flag = flagged()
    appeal = an_appeal(flag.order)
    change(appeal=HOUR, goods_organised=8 * HOUR, nothing_organised=3 * DAY, re_dates=True)
    assert (place_of(flag).due_at, place_of(flag).appeal_due_at) == (appeal.due_at, NOON + 4 * HOUR)
    assert an_appeal().due_at == NOON + HOUR


@pytest.mark.parametrize(
    "terms",
    [
        {"top_up_organised": 3 * HOUR},
        {"goods_organised": 20 * MINUTE},
        {"nothing_others": 32 * DAY},
        {"appeal": timedelta(seconds=1)},
    ],
)
def test_what_makes_no_sense_is_refused_in_words_and_changes_nothing(terms):
    with pytest.raises(InvalidInput, match="due"):
        change(**terms)
    assert ReviewTerms.objects.get().appeal == 4 * HOUR


def test_a_reason_is_needed_and_kept():
    with pytest.raises(InvalidInput):
        change_terms(terms={"appeal": HOUR}, re_dates=False, reason=" ")
    change(appeal=HOUR)
    event = ReviewTerms.pgh_event_model.objects.select_related("pgh_context").order_by("-pgh_id").first()
    assert (event.appeal, event.pgh_context.metadata["reason"]) == (HOUR, "more reviewers at night")


@pytest.mark.parametrize(
    ("constraint", "change_made"),
    [
        ("review_terms_are_within_a_month", "nothing_others = interval '32 days'"),
        ("review_terms_are_within_a_month", "appeal = interval '1 second'"),
        (
            "review_terms_organised_never_later",
            "goods_organised = interval '9 hours'",
        ),
        ("review_terms_more_to_save_never_later", "goods_organised = interval '20 minutes'"),
    ],
)
def test_the_database_refuses_terms_that_make_no_sense(constraint, change_made):
    refused_by(constraint, f"UPDATE risk_reviewterms SET {change_made}")


def test_there_is_one_row():
    columns = "top_up_organised, top_up_others, goods_organised, goods_others, nothing_organised, nothing_others, appeal"
    refused_by("review_terms_are_one_row", f"INSERT INTO risk_reviewterms SELECT 2, {columns} FROM risk_reviewterms")


def test_the_row_is_never_deleted():
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        sql("DELETE FROM risk_reviewterms")
    with trigger_off("risk_reviewterms", "review_terms_are_never_deleted"):
        sql("DELETE FROM risk_reviewterms")
    assert not ReviewTerms.objects.exists()
