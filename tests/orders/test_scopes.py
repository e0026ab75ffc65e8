"""Which orders a scope means: every field by itself, several together, and what is left out."""

from datetime import timedelta
from io import BytesIO

import pytest

from orders.models import Hold, OrderLine
from orders.scopes.fields import checked, in_words, known_fields, matching, part, with_defaults
from orders.scopes.parts import BadScope, Operator, Part, ScopeParts
from orders.services.asking import ScopeMoved, ask_for_freeze, ask_for_release, up_to
from orders.services.delivering import deliver_order
from orders.services.documents import keep_document
from orders.services.errors import ScopeChanged
from orders.services.order_lists import list_of_orders
from orders.services.previewing import preview_freeze, preview_release
from promotions.services.nobody import known_recipient
from tests.bypass import without_triggers
from tests.orders.factories import (
    HOUR,
    a_done_freeze,
    a_hold,
    a_line,
    a_plain_coupon,
    a_release,
    a_top_up,
    an_order,
    approved,
    everything,
    orders,
    worked,
)
from tests.orders.rounds import sql, trigger_off
from tests.orders.test_constraints import refused
from tests.promotions.factories import NOON, a_coupon, a_restricted_type, a_token, an_entry, the_asker
from tests.promotions.granting import a_grant

pytestmark = pytest.mark.django_db

TERMS = {"kind": "legal", "legal_reference": "PSB-1", "authority": "", "reason": "property preservation"}


def found(*parts: Part, left_out: tuple[Part, ...] = ()) -> set[str]:
    return {order.ref for order in matching(checked(ScopeParts(parts, left_out)), NOON)}


def asked(scope: ScopeParts, *, at=NOON, **changes):
    previewed = preview_freeze(scope, at=at).fingerprint.sha256
    return ask_for_freeze(scope, **{**TERMS, "previewed": previewed, "by": the_asker(), "at": at, **changes})


def test_orders_are_chosen_by_where_their_coupons_came_from():
    token = a_token(entry=an_entry(coupon_type=a_restricted_type()))
    coupon = a_coupon(token=token)
    mine = an_order(coupons=(coupon,))
    an_order(coupons=(a_plain_coupon(),))
    an_order()
    entry, coupon_type = token.batch.entry, coupon.coupon_type
    sources = {
        "coupon_type": coupon_type.pk,
        "campaign": coupon_type.campaign_id,
        "entry": entry.pk,
        "batch": token.batch_id,
        "token": token.pk,
    }
    for field, key in sources.items():
        assert found(part(field, key)) == {mine.ref}, field


def test_a_token_is_typed_as_its_page_names_it():
    token = a_token(entry=an_entry(coupon_type=a_restricted_type()))
    field = known_fields()["token"]
    assert field.typed([str(token)]) == [str(token.pk)]
    for text in ("nothing", f"{token.batch}", f"{token.batch} #0", f"{token.batch} #99999999999"):
        with pytest.raises(BadScope, match="There is no token"):
            field.typed([text])


def test_orders_are_chosen_by_whom_and_what_they_are_for():
    topped = an_order(lines=(a_top_up(recipient="13800138001"),), device="rack-1", address="198.51.100.7")
    other = an_order(lines=(a_line(),), device="phone-2", address="203.0.113.9")
    assert found(part("recipient", known_recipient("13800138001")[0])) == {topped.ref}
    assert found(part("device", " RACK-1 ")) == {topped.ref}
    assert found(part("address", "198.51.100.7")) == {topped.ref}
    assert found(part("customer", other.customer_id)) == {other.ref}
    assert found(part("category", "phone_credit")) == {topped.ref}
    assert found(part("virtual", "no")) == {other.ref}
    assert found(part("virtual", "yes", "no")) == {topped.ref, other.ref}


def test_orders_are_chosen_by_time_state_and_holds():
    early, late = an_order(at=NOON - 2 * HOUR), an_order(at=NOON - HOUR)
    since, until = (NOON - 2 * HOUR).isoformat(), (NOON - HOUR).isoformat()
    assert found(part("placed_at", since, until)) == {early.ref}
    assert found(part("placed_at", until, "")) == {late.ref}
    assert found(part("placed_at", "", since)) == set()
    a_hold(early)
    assert found(part("held", "any")) == found(part("held", "manual")) == {early.ref}
    assert found(part("held", "none")) == {late.ref}
    assert found(part("held", "legal")) == set()
    deliver_order(late.ref, at=NOON)
    assert found(part("status", "delivered")) == {late.ref}


def test_orders_are_chosen_by_a_list_and_by_a_freeze():
    first, second = orders(2)
    made = list_of_orders(everything().filter(pk=first.pk), name="by hand", by=the_asker(), at=NOON)
    assert found(part("orders", made.pk)) == {first.ref}
    freeze = a_done_freeze(everything().filter(pk=second.pk))
    assert found(part("freeze", freeze.pk)) == {second.ref}


def test_every_condition_must_hold_and_what_is_left_out_stays_out():
    one, two, three = (an_order(device=f"rack-{n}") for n in (1, 2, 3))
    assert found(part("device", "rack-1", "rack-2"), part("status", "paid")) == {one.ref, two.ref}
    assert found(part("status", "paid"), left_out=(part("device", "rack-1"),)) == {two.ref, three.ref}
    assert found(part("device", "rack-1"), left_out=(part("status", "paid"),)) == set()
    both = found(part("status", "paid"), left_out=(part("device", "rack-1"), part("virtual", "yes", "no")))
    assert both == set()


def test_every_field_says_itself_in_words_and_leaves_out_what_it_finds():
    """What is left out is exactly what would be found: no field loses an order between the two, not even by an empty value."""
    token = a_token(entry=an_entry(coupon_type=a_restricted_type()))
    order = an_order(
        coupons=(a_coupon(token=token),), lines=(a_top_up(recipient="13800138001"),), device="rack-1", address="198.51.100.7"
    )
    an_order(device="", address="")
    freeze = a_done_freeze(everything().filter(pk=order.pk))
    grant = a_grant("u1", "u2")
    values = {
        "coupon_type": [token.batch.entry.coupon_type_id],
        "campaign": [token.batch.entry.coupon_type.campaign_id],
        "entry": [token.batch.entry_id],
        "batch": [token.batch_id],
        "token": [token.pk],
        "grant": [grant.pk],
        "placed_at": [NOON.isoformat(), (NOON + HOUR).isoformat()],
        "customer": [order.customer_id],
        "device": ["rack-1"],
        "address": ["198.51.100.7"],
        "recipient": [known_recipient("13800138001")[0]],
        "orders": [list_of_orders(everything().filter(pk=order.pk), name="one", by=the_asker(), at=NOON).pk],
        "freeze": [freeze.pk],
    }
    everyone = {one.ref for one in everything()}
    for name, field in known_fields().items():
        for value in [values[name]] if name in values else [[key] for key, _label in field.choices()]:
            one = field.part(*value)
            inside, outside = found(one), {one.ref for one in matching(checked(ScopeParts((), (one,))), NOON)}
            assert inside | outside == everyone, name
            assert not inside & outside, name
            assert str(field.label) in in_words(ScopeParts((one,))), name


def test_a_field_that_no_app_knows_and_another_comparison_are_refused():
    with pytest.raises(BadScope, match="Orders are not chosen by “colour”"):
        checked(ScopeParts((Part("colour", Operator.IS_ONE_OF, ("red",)),)))
    with pytest.raises(BadScope, match="not compared in this way"):
        checked(ScopeParts((Part("status", Operator.BETWEEN, ("paid", "placed")),)))


def test_a_request_keeps_the_scope_as_text_and_as_data_and_the_second_person_approves_both():
    an_order(device="rack-1")
    an_order(device="rack-2")
    scope = ScopeParts((part("device", "rack-1", "rack-2"),), (part("device", "rack-2"),))
    freeze = asked(scope, valid_until=NOON + timedelta(days=180))
    assert freeze.job.total == 1
    assert freeze.scope == scope.data()
    assert freeze.scope_text == "device: rack-1, rack-2; left out are those with device: rack-2"
    payload = freeze.job.approval.payload
    assert payload["scope"] == scope.data()
    assert payload["valid_until"] == (NOON + timedelta(days=180)).isoformat()
    worked(approved(freeze))
    assert Hold.objects.get().order.device == "rack-1"


def test_what_moved_since_it_was_looked_at_is_not_asked_for():
    an_order(device="rack-1")
    scope = ScopeParts((part("device", "rack-1"),))
    previewed = preview_freeze(scope, at=NOON).fingerprint.sha256
    an_order(device="rack-1")
    with pytest.raises(ScopeMoved, match="Look again"):
        asked(scope, previewed=previewed)


def test_the_same_number_of_other_orders_is_not_what_was_looked_at():
    """Control of the hash: a count alone would let this pass."""
    first, second = an_order(device="rack-1"), an_order(device="rack-1")
    a_hold(first)
    scope = ScopeParts((part("device", "rack-1"), part("held", "any")))
    previewed = preview_freeze(scope, at=NOON).fingerprint
    a_hold(second)
    Hold.objects.filter(order=first).update(released_at=NOON, released_by=the_asker())
    assert preview_freeze(scope, at=NOON).fingerprint.count == previewed.count
    with pytest.raises(ScopeMoved):
        asked(scope, previewed=previewed.sha256)


def test_orders_placed_after_the_look_are_not_meant():
    an_order(device="rack-1", at=NOON - HOUR)
    scope = up_to(ScopeParts((part("device", "rack-1"),)), NOON)
    late = an_order(device="rack-1", at=NOON + HOUR)
    freeze = asked(scope, at=NOON + 2 * HOUR)
    assert not freeze.items.filter(order=late).exists()
    assert "before" in freeze.scope_text


def test_a_period_that_is_over_and_a_list_stand_still_by_themselves():
    over = ScopeParts((part("placed_at", "", (NOON - HOUR).isoformat()),))
    assert up_to(over, NOON) == over
    made = list_of_orders(everything().filter(pk=an_order().pk), name="one", by=the_asker(), at=NOON)
    assert up_to(ScopeParts((part("orders", made.pk),)), NOON) == ScopeParts((part("orders", made.pk),))
    ahead = ScopeParts((part("placed_at", "", (NOON + HOUR).isoformat()),))
    assert up_to(ahead, NOON).all_of[0].values[1] == NOON.isoformat()


def test_a_scope_without_a_condition_is_not_everything():
    an_order()
    with pytest.raises(BadScope, match="at least one condition"):
        ask_for_freeze(ScopeParts(), **TERMS, previewed="", by=the_asker(), at=NOON)


def test_a_release_by_conditions_touches_only_what_its_freeze_placed():
    mine, other = an_order(device="rack-1"), an_order(device="rack-1")
    freeze, others = a_done_freeze(everything().filter(pk=mine.pk)), a_done_freeze(everything().filter(pk=other.pk))
    scope = ScopeParts((part("device", "rack-1"),))
    previewed = preview_release(freeze, scope, at=NOON).fingerprint
    terms = {"reason": "closed", "legal_reference": "PSB-2", "by": the_asker(), "at": NOON}
    release = ask_for_release(freeze, scope, previewed=previewed.sha256, **terms)
    worked(approved(release))
    assert list(Hold.objects.open().values_list("freeze", flat=True)) == [others.pk]
    assert release.scope == scope.data()


def test_a_new_scope_leaves_out_the_allow_list():
    assert [one.field for one in with_defaults(ScopeParts()).left_out] == ["allow_list"]


def test_words_of_many_values_are_cut_and_the_data_is_not():
    one = part("device", *(f"rack-{n:03}" for n in range(40)))
    assert "and 30 more" in in_words(ScopeParts((one,)))
    assert len(one.values) == 40


def test_a_recipient_is_shown_by_its_last_four():
    an_order(lines=(a_top_up(recipient="13800138001"),))
    assert OrderLine.objects.get().recipient_hash == known_recipient("13800138001")[0]
    assert "••••8001" in in_words(ScopeParts((part("recipient", known_recipient("13800138001")[0]),)))


def tampered(freeze, column, value):
    """Round the services and round the guard of the row, as only the owner of the database could."""
    with (
        without_triggers(),
        trigger_off("orders_freeze", "freeze_keeps_its_scope"),
        trigger_off("orders_freeze", "freeze_term_moves_by_approval"),
    ):
        sql(f"UPDATE orders_freeze SET {column} = %s WHERE id = %s", value, freeze.pk)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("scope", '{"version": 1, "all_of": [], "left_out": []}'),
        ("authority", "another"),
        ("valid_until", "2031-01-01T00:00:00Z"),
        ("document_id", None),
    ],
)
def test_terms_changed_after_they_were_asked_for_do_not_run(column, value):
    an_order(device="rack-1")
    document = keep_document(BytesIO(b"%PDF-1.7"), name="order.pdf", by=the_asker(), at=NOON)
    scope = ScopeParts((part("device", "rack-1"),))
    freeze = asked(scope, document=document, valid_until=NOON + timedelta(days=30), authority="the bureau")
    tampered(freeze, column, value)
    with pytest.raises(ScopeChanged):
        approved(freeze)
    assert not Hold.objects.exists()


def test_what_was_asked_for_stays_readable_as_it_was_asked():
    an_order(device="rack-1")
    freeze = asked(ScopeParts((part("device", "rack-1"),)))
    worked(approved(freeze))
    release = a_release(freeze)
    for column, value in (("scope", '{"version": 2}'), ("scope_text", "everything")):
        refused("freeze_keeps_its_scope", lambda c=column, v=value: sql(f"UPDATE orders_freeze SET {c} = %s", v))
        refused("release_keeps_its_scope", lambda c=column, v=value: sql(f"UPDATE orders_release SET {c} = %s", v))
    assert release.scope == {}
