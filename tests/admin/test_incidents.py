"""Incidents in the admin: opened from what they are about, looked after by steps, traced, and taken out as evidence."""

import io
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from orders.models import Order, OrderList
from orders.services.records import trusted_keys
from promotions.models import Alarm, ClaimToken, Coupon, Customer
from risk.bundles.verifying import verify_bundle
from risk.models import BundleDownload, CustomerDisposition, EvidenceBundle, Flag, Incident, IncidentMember
from risk.services.assessing import assess_order
from risk.services.honest import honest_held
from risk.services.tracing import starts_of, trace
from tests.admin.conftest import AtRole
from tests.admin.world import World


def page(obj, view="change"):
    return reverse(f"admin:risk_{obj._meta.model_name}_{view}", args=[obj.pk])


def said(client, url):
    answer = client.get(url)
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


def test_the_page_shows_what_can_still_be_saved_before_everything_else(world: World, as_role: AtRole) -> None:
    text = said(as_role("risk analyst"), page(world.incident))
    places = [text.index(f"<h2>{title}</h2>") for title in ("Orders that can still be delivered", "Figures", "People", "Timeline")]
    assert places == sorted(places)
    assert "First claim" in text
    assert "The venue was told." in text
    assert "Face value issued" in text
    assert "SELECT" in text, "each figure shows its query"
    assert reverse("admin:promotions_coupontype_suspend", args=[world.restricted.pk]) in text
    assert "risk_incident_trace" not in text
    assert reverse("admin:risk_incident_trace") in text


def test_its_orders_are_handed_to_the_page_that_asks_for_a_freeze(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    text = client.get(page(world.incident)).content.decode()
    url = text.partition("/admin/orders/freeze/ask/?")[2].partition('"')[0].replace("&amp;", "&")
    asked = parse_qs(url)
    assert asked["incident"] == [str(world.incident.pk)]
    assert set(asked["status"]) == {"placed", "paid", "partly_delivered"}
    assert "incident #" in said(client, f"/admin/orders/freeze/ask/?{url}")


def test_an_incident_is_opened_from_an_alarm(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    alarm = Alarm.objects.exclude(threshold__coupon_type=None).first()
    url = f"{reverse('admin:risk_incident_add')}?alarm={alarm.pk}"
    assert url in client.get(reverse("admin:promotions_alarm_change", args=[alarm.pk])).content.decode()
    assert f'value="{alarm.pk}"' in said(client, url)
    form = {"title": "From the alarm", "severity": "critical", "of_alarm": str(alarm.pk), "change_reason": "it rang"}
    assert client.post(url, form).status_code == 302
    incident = Incident.objects.get(title="From the alarm")
    assert (incident.alarm, incident.opened_by) == (alarm, world.users["risk analyst"])
    assert incident.since == alarm.at - timedelta(days=1)
    assert incident.anchors.first().value == str(alarm.threshold.coupon_type_id)


@pytest.mark.parametrize("about", ["coupon_type", "token", "order", "order_list"])
def test_an_incident_is_opened_from_what_it_is_about(world: World, as_role: AtRole, about: str) -> None:
    client = as_role("risk analyst")
    token = ClaimToken.objects.filter(used__gt=1).get()
    rows = {"coupon_type": world.restricted, "token": token, "order": world.orders[0], "order_list": OrderList.objects.last()}
    url = f"{reverse('admin:risk_incident_add')}?{about}={rows[about].pk}"
    opts = rows[about]._meta
    assert url in client.get(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[rows[about].pk])).content.decode()
    filled = client.get(url).context["adminform"].form.initial
    answer = client.post(url, {"title": "By hand", "severity": "major", **filled, "change_reason": "seen"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Incident.objects.get(title="By hand").orders > 0


def test_an_incident_about_nothing_is_refused_in_a_sentence(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    before = Incident.objects.count()
    for fields, words in (
        ({}, "is about a coupon type"),
        ({"token": "none #1"}, "There is no token"),
        ({"coupon_type": "NONE"}, "There is no coupon type"),
        ({"of_alarm": "99999"}, "There is no alarm"),
        ({"order": "none"}, "There is no order"),
        ({"order_list": "x"}, "There is no list"),
    ):
        form = {"title": "T", "severity": "major", "change_reason": "r", **fields}
        answer = client.post(reverse("admin:risk_incident_add"), form)
        assert answer.status_code == 200, fields
        assert words in answer.content.decode(), fields
    assert Incident.objects.count() == before


def test_flagged_orders_that_were_chosen_become_an_incident(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    flags = Flag.objects.all()[:2]
    answer = client.post(
        reverse("admin:risk_flag_changelist"), {"action": "open_incident", "_selected_action": [flag.pk for flag in flags]}
    )
    assert answer.status_code == 302
    orders = OrderList.objects.get(pk=parse_qs(urlsplit(answer.url).query)["order_list"][0])
    assert orders.count == 2


def test_steps_move_it_and_say_why(world: World, as_role: AtRole) -> None:
    client, incident = as_role("risk analyst"), world.incident
    steps = {
        "note": {},
        "figures": {},
        "judge": {"severity": "critical", "public_at": "2026-01-20T11:00:00", "grows": "on"},
        "owner": {"owner": world.users["risk lead"].pk},
        "anchor": {"kind": "device", "value": "rack-02"},
        "contain": {},
        "hand_over": {},
        "close": {},
        "reopen": {},
    }
    for name, fields in steps.items():
        url = reverse(f"admin:risk_incident_{name}", args=[incident.pk])
        assert client.get(url).status_code == 200, name
        answer = client.post(url, {"reason": f"because {name}", **fields})
        assert answer.status_code == 302, (name, answer.context["form"].errors)
    incident.refresh_from_db()
    assert (incident.status, incident.severity, incident.owner) == ("open", "critical", world.users["risk lead"])
    assert incident.snapshots.count() >= 6
    anchor = incident.anchors.get(kind="device", value="rack-02")
    url = reverse("admin:risk_incident_drop_anchor", args=[incident.pk])
    assert client.post(url, {"reason": "wrong", "anchor": anchor.pk}).status_code == 302
    assert "because close" in said(client, page(incident, "history"))


def test_a_reviewer_overrules_on_the_page_of_the_person(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    member = IncidentMember.objects.filter(disposition="organised").first()
    text = said(client, page(member))
    assert "Against" in text
    assert "In favour" in text
    answer = client.post(page(member, "overrule"), {"disposition": "swept_along", "reason": "a student"})
    assert answer.status_code == 302
    member.refresh_from_db()
    assert (member.disposition, member.is_overruled) == ("swept_along", True)
    assert "a student" in said(client, page(member))
    people = said(client, f"{reverse('admin:risk_incidentmember_changelist')}?incident={world.incident.pk}&is_overruled__exact=1")
    assert member.customer.ref in people


def test_a_bundle_is_taken_out_by_who_may_and_that_is_kept(world: World, as_role: AtRole) -> None:
    bundle = EvidenceBundle.objects.get()
    assert as_role("risk analyst").get(page(bundle, "take")).status_code == 403
    client, before = as_role("risk lead"), BundleDownload.objects.count()
    assert "verify_bundle" in said(client, page(bundle, "take"))
    answer = client.post(page(bundle, "take"), {"reason": "Inspector Li"})
    assert BundleDownload.objects.count() == before + 1, "kept before the first byte is read"
    data = b"".join(answer.streaming_content)
    assert len(data) == int(answer.headers["Content-Length"]) == bundle.size
    assert verify_bundle(io.BytesIO(data), trusted_keys()).manifest["incident"] == world.incident.pk
    assert "Inspector Li" in said(client, page(bundle))
    assert client.post(page(bundle, "take"), {"reason": " "}).status_code == 200
    assert BundleDownload.objects.count() == before + 1


def test_a_bundle_is_asked_for_and_not_taken_out_before_it_is_there(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    assert client.post(page(world.incident, "bundle"), {"reference": "PSB-9", "reason": "more"}).status_code == 302
    bundle = EvidenceBundle.objects.get(reference="PSB-9")
    answer = client.post(page(bundle, "take"), {"reason": "now"})
    assert "not ready yet" in answer.content.decode()
    assert "not ready yet" in said(client, page(bundle))


def test_a_trace_begins_at_anything(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    order = Order.objects.get(ref="SO-cat-0")
    coupon = Coupon.objects.get(customer__ref="cat-0")
    token = coupon.claim.token
    line = order.lines.get()
    customer = Customer.objects.get(ref="cat-0")
    for term, kind in (
        ("SO-cat-0", "order"),
        (coupon.code, "coupon"),
        (str(token), "token"),
        ("cat-0", "customer"),
        ("rack-01", "device"),
        ("203.0.113.7", "address"),
        ("13900001111", "recipient"),
        (world.incident.title, "incident"),
        (world.restricted.code, "coupon_type"),
        (world.entry.code, "entry"),
        (world.batch.code, "batch"),
        (customer.phone_last_four, "customer"),
    ):
        found = [start for start in starts_of(term) if start.kind == kind]
        assert found, term
        assert trace(found[0]).lines, term
        text = said(client, f"{reverse('admin:risk_incident_trace')}?kind={kind}&key={found[0].key}")
        assert "The newest lines through it" in text
    answer = client.get(reverse("admin:risk_incident_trace"), {"q": "SO-cat-0"})
    text = said(client, answer.url)
    for row in (order, coupon, coupon.claim, token, token.batch, coupon.claim.entry, customer):
        opts = row._meta
        assert reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk]) in text, row
    for value in ("rack-01", "203.0.113.7", line.recipient_hash, coupon.claim.get_channel_display()):
        assert value in text
    assert "13900001111" not in text


def test_what_shares_a_value_is_counted_up_to_a_cap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = trace(next(start for start in starts_of("SO-cat-0") if start.kind == "order"))
    on_device = next(one for one in shown.shared if one.start.kind == "device")
    assert (on_device.accounts, on_device.orders, on_device.is_hub) == (7, 6, False)
    monkeypatch.setattr("risk.services.tracing.COUNTED_UP_TO", 2)
    monkeypatch.setattr("risk.services.tracing.HUB_CAP", 2)
    on_device = next(one for one in trace(shown.start).shared if one.start.kind == "device")
    assert on_device.orders == 3
    assert on_device.is_hub


def test_what_is_not_there_is_said(world: World, as_role: AtRole) -> None:
    client, url = as_role("risk analyst"), reverse("admin:risk_incident_trace")
    assert "Nothing is called" in said(client, f"{url}?q=nobody-is-called-this")
    for query in ("kind=order&key=999999", "kind=order&key=x", "kind=nothing&key=1", "kind=device&key=", "kind=order&key=%00"):
        assert "There is no" in said(client, f"{url}?{query}"), query
    assert "Nothing leads through it" in said(client, f"{url}?kind=device&key=unseen")


def test_the_search_box_finds_an_incident(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    for term in (f"%23{world.incident.pk}", world.incident.title):
        assert page(world.incident) in said(client, f"{reverse('admin:search')}?s={term}&extended=1")
    assert page(world.incident) not in said(as_role("support"), f"{reverse('admin:search')}?s=%23{world.incident.pk}&extended=1")


def test_the_headline_counts_honest_customers_alone_and_for_how_long(world: World) -> None:
    """Of the eight with orders: the first guest was held by hand, the gang is called organised."""
    now = world.at + timedelta(hours=2)
    before = honest_held(now)
    assert before.customers == Order.objects.placed_here().values("customer").distinct().count()
    assert before.longest_hours == 2
    organised = Flag.objects.filter(disposition="organised").first()
    assert organised is not None
    for flag in Flag.objects.filter(order__customer=organised.order.customer):
        Flag.objects.filter(pk=flag.pk).update(disposition="undetermined")
    CustomerDisposition.objects.filter(customer=organised.order.customer).update(disposition="undetermined", found="undetermined")
    IncidentMember.objects.filter(customer=organised.order.customer, is_overruled=False).update(
        disposition="undetermined", found="undetermined"
    )
    assert honest_held(now).held == before.held + 1
    assert honest_held(now + timedelta(days=30)).per_thousand is None
    assess_order(world.orders[0].pk, at=now)
