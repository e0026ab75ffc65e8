"""The page on which a lead sets by when orders are looked at."""

from datetime import timedelta

from django.urls import reverse

from risk.models import Review, ReviewTerms
from tests.admin.conftest import AtRole
from tests.admin.forms import text_of
from tests.admin.world import World

PAGE = reverse("admin:risk_reviewterms_change", args=[1])
FORM = {
    "top_up_organised": "00:20:00",
    "top_up_others": "01:00:00",
    "goods_organised": "01:00:00",
    "goods_others": "04:00:00",
    "nothing_organised": "1 00:00:00",
    "nothing_others": "2 00:00:00",
    "appeal": "02:00:00",
    "change_reason": "a second shift",
}


def times() -> dict[int, object]:
    return dict(Review.objects.values_list("pk", "due_at"))


def test_a_lead_sets_due_times_with_a_reason_and_what_waits_keeps_its_own(world: World, as_role: AtRole) -> None:
    before, lead = times(), as_role("risk lead")
    assert lead.post(PAGE, {**FORM, "waiting": "keep"}).status_code == 302
    assert ReviewTerms.objects.get().goods_others == timedelta(hours=4)
    assert times() == before
    assert "a second shift" in text_of(lead.get(reverse("admin:risk_reviewterms_history", args=[1])))


def test_what_waits_is_re_dated_where_the_lead_says_so(world: World, as_role: AtRole) -> None:
    before = times()
    assert as_role("risk lead").post(PAGE, {**FORM, "waiting": "re_date"}).status_code == 302
    assert times() != before


def test_times_that_make_no_sense_are_refused_on_the_page(world: World, as_role: AtRole) -> None:
    answer = as_role("risk lead").post(PAGE, {**FORM, "top_up_organised": "03:00:00", "waiting": "keep"})
    assert "Organised orders are never due later than the others." in text_of(answer)
    assert "undelivered top-up, organised 30 min" in text_of(answer), "what is in force stands above"
    assert "1 12:00:00 for a day and a half" in text_of(answer)
    assert ReviewTerms.objects.get().top_up_organised == timedelta(minutes=30)


def test_an_analyst_reads_them_and_cannot_set_them(world: World, as_role: AtRole) -> None:
    analyst = as_role("risk analyst")
    assert "undelivered top-up, organised" in text_of(analyst.get(PAGE))
    assert analyst.post(PAGE, {**FORM, "waiting": "keep"}).status_code == 403
