"""What is kept of a freeze in words is English, whoever asked, and is read to each reader in his own language."""

import pytest
from django.utils.translation import override

from backoffice.lib import aloud as reading
from backoffice.lib.aloud import aloud
from orders.models import Emergency
from orders.scopes.fields import in_words, part
from orders.scopes.known import FROM
from orders.scopes.parts import ScopeParts
from orders.scopes.reading import act_aloud, scope_aloud
from orders.services.asking import ask_for_freeze, ask_for_release
from orders.services.emergencies import start_emergency
from orders.services.emergency_ends import end_overdue
from orders.services.order_lists import list_from_text
from orders.services.previewing import preview_freeze, preview_release
from orders.services.record_words import _in_words
from promotions.models import Alarm
from promotions.states import AlarmCause
from tests.orders.factories import a_done_freeze, a_freeze, a_release, an_order, everything, orders
from tests.promotions.factories import DAY, NOON, the_approver, the_asker

pytestmark = pytest.mark.django_db
CHINESE = "zh-hans"
TERMS = {"kind": "legal", "legal_reference": "PSB-1", "authority": "PSB", "reason": "asked"}


def asked_in(language, scope=None):
    scope = scope or ScopeParts((part("status", "paid"),), (part("held", "any"),))
    with override(language):
        seen = preview_freeze(scope, at=NOON)
        return ask_for_freeze(scope, previewed=seen.fingerprint.sha256, by=the_asker(), at=NOON, **TERMS)


def test_the_same_request_is_kept_in_the_same_words_whoever_asked():
    orders(2)
    english, chinese = asked_in("en"), asked_in(CHINESE)
    assert english.scope_text == chinese.scope_text
    assert english.scope_text.startswith("state: paid; ")
    kept = [freeze.job.approval.summary for freeze in (english, chinese)]
    assert kept[0] == kept[1].replace(f"#{chinese.pk}", f"#{english.pk}")
    assert kept[0].startswith("A hold of the kind legal is placed on 2 orders: state: paid; ")


def test_an_emergency_is_kept_in_english_too_and_says_so_first():
    orders(2)
    with override(CHINESE):
        freeze = start_emergency(everything(), lasts=DAY, by=the_approver(), at=NOON, scope_text="all", **TERMS)
    assert freeze.job.approval.summary.startswith("EMERGENCY: this works already")
    assert "\nA hold of the kind legal is placed on 2 orders: all." in freeze.job.approval.summary
    assert Alarm.objects.get(cause=AlarmCause.EMERGENCY_STARTED).detail.startswith("One person alone froze 2 orders.")


def test_what_an_emergency_leaves_behind_is_kept_in_english():
    orders(1)
    with override(CHINESE):
        freeze = start_emergency(everything(), lasts=DAY, by=the_approver(), at=NOON, scope_text="all", **TERMS)
        from tests.orders.factories import worked

        worked(freeze)
        end_overdue(NOON + DAY)
    release = Emergency.objects.get().release
    assert release.scope_text == f"all that freeze #{freeze.pk} PSB-1 placed: an emergency that fell"
    assert Alarm.objects.get(cause=AlarmCause.EMERGENCY_FALLEN).detail.startswith(f"freeze #{freeze.pk} PSB-1 was started by one")


def test_a_release_is_kept_in_english():
    orders(1)
    freeze = a_done_freeze()
    with override(CHINESE):
        seen = preview_release(freeze, ScopeParts(), at=NOON)
        terms = {"reason": "closed", "legal_reference": "PSB-2", "by": the_asker(), "at": NOON}
        release = ask_for_release(freeze, ScopeParts(), previewed=seen.fingerprint.sha256, **terms)
    assert release.scope_text == f"all open holds of freeze #{freeze.pk} PSB-2026-17"
    assert release.job.approval.summary.startswith(f"1 holds that freeze #{freeze.pk} PSB-2026-17 placed are released: all open")


@pytest.fixture
def in_capitals(monkeypatch):
    """A language in which every catalogued text is its English one in capitals, so that what was not looked up is seen."""
    import re

    def capitals(text):
        return re.sub(r"%\(\w+\)s|%s|[^%]+|%", lambda found: found[0] if found[0].startswith("%") else found[0].upper(), str(text))

    from orders.scopes import fields
    from orders.scopes import reading as scopes_reading

    reading._aloud.cache_clear()
    monkeypatch.setattr(reading, "gettext", capitals)
    monkeypatch.setattr(scopes_reading, "_", lambda text: capitals(text) if reading.get_language() != "en" else text)
    assert fields
    with override(CHINESE):
        yield
    reading._aloud.cache_clear()


def test_a_reader_of_another_language_reads_every_sentence_of_it(in_capitals):
    kept = "A hold of the kind legal is placed on 2 orders: all orders there are. Reference: PSB-1."
    assert aloud(kept) == "A HOLD OF THE KIND LEGAL IS PLACED ON 2 ORDERS: ALL ORDERS THERE ARE. REFERENCE: PSB-1."
    assert aloud("all open holds of freeze #8 PSB-1", is_ours=True) == "ALL OPEN HOLDS OF FREEZE #8 PSB-1"
    assert act_aloud("freeze #8 psb") == "FREEZE #8 psb"


def test_a_scope_is_read_piece_by_piece(in_capitals):
    kept = f"placed: {FROM % {'since': '2026-01-20 20:00:00 +0800'}}; device: a, b; and whatever was typed"
    assert scope_aloud(kept).split("; ")[1:] == ["DEVICE: a, b", "and whatever was typed"] or "a, b" in scope_aloud(kept)
    assert "FROM 2026-01-20 20:00:00 +0800 ON" in scope_aloud(kept)
    assert scope_aloud("left out are those with device: rack").startswith("LEFT OUT ARE THOSE WITH ")


@pytest.mark.parametrize("language", ["en", CHINESE])
def test_a_scope_is_read_as_if_it_had_been_written_in_the_readers_language(language):
    order = an_order()
    orders_list = list_from_text(order.ref, by=the_asker(), at=NOON)
    scope = ScopeParts(
        (
            part("status", "paid", "delivered"),
            part("placed_at", "2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"),
            part("orders", orders_list.pk),
            part("device", "rack-1", "rack-2"),
            part("customer", order.customer_id),
        ),
        (part("held", "any"),),
    )
    with override("en"):
        kept = in_words(scope)
    with override(language):
        assert scope_aloud(kept) == in_words(scope)


def test_what_a_person_wrote_stays_as_it_stands():
    with override(CHINESE):
        assert scope_aloud("the guests of the night; all of them") == "the guests of the night; all of them"
        assert act_aloud("PSB-1") == "PSB-1"


def test_a_record_in_another_language_also_gives_the_words_that_were_approved():
    with override(CHINESE):
        said, kept = _in_words("state: paid")
        assert kept[1] == "state: paid"
        assert said[1] != "state: paid"
    assert [row[1] for row in _in_words("state: paid")] == ["state: paid"]


def test_a_reader_of_a_kept_summary_asks_the_database_nothing(django_assert_num_queries):
    orders(1)
    summary = a_freeze().job.approval.summary, a_release(a_done_freeze()).job.approval.summary
    reading._aloud.cache_clear()
    with override(CHINESE), django_assert_num_queries(0):
        for text in summary:
            aloud(text)
