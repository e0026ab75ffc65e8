"""Incidents: opened on what they are about, growing while detection runs, and kept by the database as they were."""

import pytest
from django.db import DatabaseError, connection, transaction

from backoffice.lib.errors import InvalidInput, StaleState
from orders.models import Hold, Order
from orders.scopes.fields import matching, part
from orders.scopes.parts import ScopeParts
from orders.services.delivering import deliver_order
from risk.models import Flag, Incident, IncidentAnchor, IncidentMember, IncidentNote, IncidentOrder, Ruling
from risk.services import growing
from risk.services.growing import grow_incidents
from risk.services.incident_figures import amount_of, latest_figures, run_again, run_read_only, take_snapshot
from risk.services.incident_series import orders_over_time
from risk.services.incidents import (
    Opening,
    add_anchor,
    drop_anchor,
    judge_incident,
    move_incident,
    named_device,
    note_incident,
    open_incident,
    own_incident,
)
from risk.services.judging import overrule
from risk.services.reviewing import decide_flag
from risk.services.timeline import around, timeline_of
from tests.orders.factories import a_done_freeze, an_order
from tests.orders.rounds import sql
from tests.orders.test_constraints import refused
from tests.promotions.factories import NOON, the_approver, the_asker
from tests.risk.factories import COLLECTOR, HOUR, MINUTE, a_leaked_token, a_night_account, a_top_up_order, gang_orders
from tests.risk.incidents import LATER, a_guest_order, a_night, an_incident, an_incident_of_token, assessed, grown

pytestmark = pytest.mark.django_db


def looks(incident):
    return dict(IncidentMember.objects.filter(incident=incident).values_list("customer__ref", "disposition"))


def orders_in(incident):
    return set(Order.objects.filter(pk__in=IncidentOrder.objects.filter(incident=incident).values("order")))


def test_an_incident_on_a_coupon_type_takes_in_its_coupons_orders_and_people():
    token, gang, guests = a_night()
    stranger = an_order()
    incident = an_incident(token)
    assert orders_in(incident) == {*gang, *guests}
    assert (incident.orders, incident.coupons, incident.customers) == (6, 6, 6)
    seen = looks(incident)
    assert {seen[order.customer.ref] for order in gang[2:]} == {"organised"}
    assert "organised" not in {seen[order.customer.ref] for order in guests}
    assert stranger.customer.ref not in seen
    member = IncidentMember.objects.get(customer=gang[-1].customer)
    assert member.against
    assert member.because == "coupon_type"


def test_it_grows_by_what_comes_after_and_each_row_says_why_and_when():
    token, gang, _guests = a_night()
    incident = an_incident_of_token(token)
    before = incident.orders
    late = a_guest_order(token, at=LATER)
    elsewhere = assessed([a_top_up_order(a_leaked_token(), recipient=COLLECTOR, at=LATER)])[0]
    at = LATER + MINUTE
    incident = grown(incident, at=at)
    assert {late, elsewhere} < orders_in(incident)
    assert incident.orders == before + 2
    assert incident.grown_at == at
    row = IncidentOrder.objects.get(incident=incident, order=elsewhere)
    assert (row.because, row.added_at) == ("recipient", at)
    assert row.anchor.found_on in gang
    assert row.anchor.added_by is None
    assert "accounts share it" in row.anchor.reason
    assert grow_incidents(at + MINUTE) == 0


def test_a_hub_is_shown_and_leads_nowhere(monkeypatch):
    monkeypatch.setattr(growing, "HUB_CAP", 2)
    token, _gang, _guests = a_night()
    incident = an_incident_of_token(token)
    hub = incident.anchors.get(kind="recipient")
    assert hub.is_hub
    assert hub.accounts > 2
    assert "a hub leads nowhere" in hub.reason
    elsewhere = a_top_up_order(a_leaked_token(), recipient=COLLECTOR, at=LATER)
    assert elsewhere not in orders_in(grown(incident))


def test_without_the_cap_the_same_hub_would_join_strangers():
    token, _gang, _guests = a_night()
    incident = an_incident_of_token(token)
    elsewhere = a_top_up_order(a_leaked_token(), recipient=COLLECTOR, at=LATER)
    assert elsewhere in orders_in(grown(incident))


def test_a_dropped_anchor_and_a_stopped_incident_take_nothing_more_in():
    token, _gang, _guests = a_night()
    incident = an_incident_of_token(token)
    drop_anchor(incident.anchors.get(kind="token"), by=the_asker(), reason="the wrong card", at=LATER)
    a_guest_order(token, at=LATER)
    before = incident.orders
    assert grown(incident).orders == before
    judge_incident(incident, severity="minor", public_at=NOON, grows=False, by=the_asker(), reason="enough", at=LATER)
    add_anchor(incident, named_device("guest-phone"), by=the_asker(), reason="seen there", at=LATER)
    assert Incident.objects.growing().exists() is False
    with pytest.raises(StaleState):
        drop_anchor(incident.anchors.get(kind="token"), by=the_asker(), reason="again", at=LATER)


def test_nobodys_values_are_no_anchors_and_an_incident_is_about_something():
    with pytest.raises(InvalidInput, match="names nobody"):
        named_device("02:00:00:00:00:00")
    with pytest.raises(InvalidInput, match="is about"):
        open_incident(Opening("Nothing", "no reason"), by=the_asker(), at=NOON)
    token = a_leaked_token()
    for wrong in ({"title": " "}, {"reason": ""}, {"severity": "huge"}, {"since": LATER + HOUR}, {"public_at": LATER + HOUR}):
        with pytest.raises(InvalidInput):
            an_incident(token, **wrong)
    assert Incident.objects.exists() is False


def test_a_selection_of_orders_is_an_incident_too():
    chosen = assessed(gang_orders(3, a_leaked_token()))
    incident = open_incident(
        Opening("Chosen", "odd"), orders=Order.objects.filter(pk__in=[o.pk for o in chosen]), by=the_asker(), at=LATER
    )
    assert orders_in(incident) == set(chosen)
    assert set(incident.anchors.values_list("kind", flat=True)) <= {"device", "recipient"}


def test_its_states_are_a_table_that_the_database_keeps():
    incident = an_incident(a_night()[0])
    contained = move_incident(incident, "contained", by=the_asker(), reason="type suspended", at=LATER)
    with pytest.raises(StaleState):
        move_incident(incident, "closed", by=the_asker(), reason="stale page", at=LATER)
    closed = move_incident(contained, "closed", by=the_asker(), reason="done", at=LATER)
    assert (closed.status, closed.grows) == ("closed", False)
    with pytest.raises(DatabaseError), transaction.atomic():
        Incident.objects.update(status="contained")
    for act in (
        lambda: own_incident(closed, owner=the_approver(), by=the_asker(), reason="x", at=LATER),
        lambda: add_anchor(closed, named_device("d-1"), by=the_asker(), reason="x", at=LATER),
        lambda: overrule(closed.members.first(), disposition="organised", by=the_asker(), reason="x", at=LATER),
    ):
        with pytest.raises(StaleState, match="is closed"):
            act()
    order = an_order()
    refused(
        "incident_order_not_of_a_closed_one",
        lambda: IncidentOrder.objects.create(incident=closed, order=order, because="chosen", added_at=LATER),
    )
    assert note_incident(closed, by=the_asker(), text="a letter came", at=LATER).text == "a letter came"
    assert move_incident(closed, "open", by=the_asker(), reason="more came", at=LATER).grows is True
    assert Incident.objects.get().events.filter(status="closed").exists()


def test_what_was_written_down_stays():
    incident = an_incident(a_night()[0])
    note_incident(incident, by=the_asker(), text="seen", at=LATER)
    for statement in (
        "UPDATE risk_incidentnote SET text = 'else'",
        "DELETE FROM risk_incidentnote",
        "UPDATE risk_incidentorder SET because = 'chosen'",
        "DELETE FROM risk_incidentorder",
        "DELETE FROM risk_incidentcoupon",
        "DELETE FROM risk_incidentmember",
        "DELETE FROM risk_incident",
        "UPDATE risk_incident SET reason = 'else'",
        "UPDATE risk_incidentanchor SET value = 'else'",
        "UPDATE risk_incidentfigure SET rows = '[]'",
        "DELETE FROM risk_snapshot",
    ):
        with pytest.raises(DatabaseError, match="pgtrigger: Cannot"), transaction.atomic():
            sql(statement)
    assert IncidentNote.objects.get().text == "seen"
    refused("incident_note_says_something", lambda: note_sql(incident))
    refused("incident_ends_after_it_begins", lambda: Incident.objects.update(until=NOON - 999 * HOUR))
    refused("incident_has_title_and_reason", lambda: Incident.objects.update(title=""))
    anchor = incident.anchors.first()
    values = {"kind": anchor.kind, "value": "v", "shown": "v", "added_at": LATER, "reason": "x", "incident": incident}
    refused("anchor_by_a_person_or_found_on_an_order", lambda: IncidentAnchor.objects.create(**values))
    refused("anchor_dropped_by_whom_when_and_why", lambda: IncidentAnchor.objects.update(dropped_at=LATER))


def note_sql(incident):
    return IncidentNote.objects.create(incident=incident, text="", by=the_asker(), at=LATER)


def test_a_reviewer_overrules_and_growth_does_not_undo_it():
    token, gang, _guests = a_night()
    incident = an_incident(token)
    member = IncidentMember.objects.get(customer=gang[-1].customer)
    stale = IncidentMember.objects.get(pk=member.pk)
    overrule(member, disposition="swept_along", by=the_asker(), reason="a student, in person", at=LATER)
    assert (member.disposition, member.found, member.is_overruled) == ("swept_along", "organised", True)
    assert (Ruling.objects.get().was, Ruling.objects.get().reason) == ("organised", "a student, in person")
    grown(incident)
    member.refresh_from_db()
    assert member.disposition == "swept_along"
    with pytest.raises(StaleState):
        overrule(stale, disposition="undetermined", by=the_asker(), reason="stale page", at=LATER)
    with pytest.raises(InvalidInput):
        overrule(member, disposition="guilty", by=the_asker(), reason="x", at=LATER)


def test_whom_a_reviewer_cleared_his_unspent_evidence_does_not_keep_organised():
    token = a_leaked_token()
    gang = assessed([a_top_up_order(token, device="rack", at=NOON + step * MINUTE, **a_night_account()) for step in range(10)])
    incident = an_incident(token)
    cleared = gang[-1]
    assert looks(incident)[cleared.customer.ref] == "organised"
    decide_flag(Flag.objects.get(order=cleared), decision="cleared", reason="a student, called him", by=the_asker(), at=LATER)
    grown(incident)
    assert looks(incident)[cleared.customer.ref] == "swept_along"
    assert looks(incident)[gang[-2].customer.ref] == "organised"


def test_nobody_is_overruled_round_the_rulings():
    incident = an_incident(a_night()[0])
    members = IncidentMember.objects.filter(incident=incident)
    refused(
        "incident_member_as_found_or_overruled", lambda: members.filter(disposition="organised").update(disposition="undetermined")
    )
    refused("incident_member_is_as_ruled", lambda: members.update(disposition="swept_along", is_overruled=True))
    overrule(members.first(), disposition="swept_along", by=the_asker(), reason="x", at=LATER)
    refused("incident_member_stays_overruled", lambda: members.filter(is_overruled=True).update(is_overruled=False))
    with pytest.raises(DatabaseError, match="pgtrigger: Cannot"), transaction.atomic():
        sql("UPDATE risk_ruling SET disposition = 'organised'")


def test_figures_say_what_became_of_the_money_and_can_be_run_again():
    token, gang, guests = a_night()
    deliver_order(guests[0].ref, at=LATER)
    incident = an_incident(token)
    figures = latest_figures(incident)
    worth = {name: amount_of(figures[name], "CNY") for name in figures if name != "people"}
    assert worth["issued"] == 600
    assert worth["redeemed"] == worth["delivered"] + worth["held"] + worth["waiting"]
    assert worth["delivered"] == 100
    held = Hold.objects.open().filter(order__in=gang).values("order").distinct().count()
    assert worth["held"] == 100 * held > 0
    people = {row[0]: row[1] for row in figures["people"].rows}
    assert sum(people.values()) == 6
    assert people["organised"] >= 2
    deliver_order(guests[1].ref, at=LATER + HOUR)
    assert run_again(figures["delivered"]) == figures["delivered"].rows, "as of its time it stays what it was"
    take_snapshot(incident, by=the_asker(), at=LATER + 2 * HOUR)
    assert amount_of(latest_figures(incident)["delivered"], "CNY") == 200
    assert incident.snapshots.count() == 2


def test_a_figures_query_can_change_nothing():
    with pytest.raises(DatabaseError, match="read-only"), transaction.atomic():
        run_read_only("UPDATE risk_incident SET title = 'x'", {})
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone()[0] == "off"
    an_order()


def test_the_timeline_tells_what_happened_each_with_its_row():
    token, gang, guests = a_night()
    deliver_order(guests[0].ref, at=LATER)
    incident = an_incident(token, public_at=NOON + HOUR)
    a_done_freeze(Order.objects.filter(pk__in=[order.pk for order in gang]), at=LATER)
    move_incident(incident, "contained", by=the_asker(), reason="x", at=LATER)
    moments = timeline_of(around(incident))
    assert [moment.at for moment in moments] == sorted(moment.at for moment in moments)
    told = {moment.what: moment for moment in moments}
    assert told["First claim"].source.at == told["First claim"].at == NOON - MINUTE
    assert told["First order"].source == gang[0]
    assert told["First delivery"].source == guests[0]
    assert told["The code went public"].at == NOON + HOUR
    assert "Incident contained" in told
    assert any("Freeze asked for: 4" in what for what in told)


def test_its_orders_are_a_scope_for_a_freeze():
    token, gang, guests = a_night()
    incident = an_incident(token)
    an_order()
    scope = ScopeParts((part("incident", incident.pk),))
    assert set(matching(scope, LATER)) == {*gang, *guests}
    organised = ScopeParts((part("incident", incident.pk), part("taken_for", "organised")))
    assert set(matching(organised, LATER)) <= set(gang)
    assert set(matching(organised, LATER))


def test_one_incident_that_fails_stops_no_other(monkeypatch):
    token, _gang, _guests = a_night()
    broken, sound = an_incident_of_token(token), an_incident(token)
    late = a_guest_order(token, at=LATER)
    real = growing.grow_one

    def stumbles(incident_id, *, at):
        if incident_id == broken.pk:
            raise ZeroDivisionError("stumbles")
        return real(incident_id, at=at)

    monkeypatch.setattr(growing, "grow_one", stumbles)
    assert grow_incidents(LATER + MINUTE) == 2
    assert late in orders_in(sound)
    assert late not in orders_in(broken)


def test_it_takes_in_no_more_than_it_may_at_once(monkeypatch):
    token, _gang, _guests = a_night()
    monkeypatch.setattr(growing, "MOST_AT_ONCE", 2)
    incident = an_incident(token)
    assert incident.coupons == 2
    assert grown(incident).coupons == 4
    monkeypatch.setattr(growing, "MOST_IN_ALL", 1)
    assert grown(incident).coupons == 4


def test_orders_are_counted_over_time_by_what_their_customers_are_taken_for():
    token, gang, guests = a_night()
    deliver_order(guests[0].ref, at=LATER)
    incident = an_incident(token)
    series = orders_over_time(incident)
    taken_for = list(looks(incident).values())
    assert series.orders == len(gang) + len(guests)
    for disposition in ("organised", "swept_along", "undetermined"):
        assert sum(series.counts[disposition]) == taken_for.count(disposition)
    assert sum(series.counts["delivered"]) == series.counts["delivered"][-1] == 1
    assert [counts[0] for counts in series.counts.values()] == [0, 0, 0, 0]
    assert series.starts[1] == gang[0].placed_at
    assert orders_over_time(Incident(pk=0)) is None
