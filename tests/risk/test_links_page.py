"""The picture of links: what is drawn around something, how much at most, and who may look."""

import json

import pytest
from django.urls import reverse

from risk.admin.links import picture_url
from risk.links import CAPS
from risk.links.neighbourhood import MOST_NODES, around
from risk.services.assessing import assess_order
from tests.promotions.factories import NOON, a_coupon, a_user, an_entry
from tests.risk.factories import COLLECTOR, HOUR, a_flag, a_leaked_token, a_top_up_order, gang_orders

LATER = NOON + HOUR
pytestmark = pytest.mark.django_db


def kinds(graph):
    found = {}
    for kind, _value in graph.nodes:
        found[kind] = found.get(kind, 0) + 1
    return found


def test_around_an_order_lie_its_account_device_recipient_and_who_shares_them():
    orders = gang_orders(3, a_leaked_token())
    graph = around("order", orders[0].ref, at=LATER)
    assert kinds(graph) == {"order": 3, "account": 3, "device": 3, "recipient": 1, "token": 1}
    recipient = next(name for name in graph.nodes if name[0] == "recipient")
    assert {("order", order.ref) for order in orders} == {other for edge in graph.edges if recipient in edge for other in edge} - {
        recipient
    }


def test_every_kind_of_subject_can_be_the_middle():
    order = gang_orders(1, a_leaked_token())[0]
    whole = around("order", order.ref, at=LATER)
    for kind, value in whole.nodes:
        assert ("order", order.ref) in around(kind, value, at=LATER).nodes


def test_a_hub_is_shown_and_not_walked():
    accounts = [a_coupon(entry=an_entry(), device="a library's computer").customer.ref for _ in range(CAPS["device"] + 1)]
    graph = around("account", accounts[0], at=LATER)
    assert graph.nodes["device", "a library's computer"].is_hub
    assert kinds(graph) == {"account": 1, "device": 1}


def test_no_more_is_drawn_than_a_page_can_show():
    for step in range(8):
        token = a_leaked_token()
        for order in range(8):
            a_top_up_order(token, recipient=COLLECTOR, device=f"device {step}-{order // 2}")
    graph = around("recipient", recipient_of_all(), at=LATER, steps=9)
    assert len(graph.nodes) <= MOST_NODES


def recipient_of_all():
    from orders.models import OrderLine

    return OrderLine.objects.exclude(recipient_hash="").values_list("recipient_hash", flat=True)[0]


def test_orders_and_accounts_carry_what_they_are_called():
    flag = a_flag()
    graph = around("order", flag.order.ref, at=LATER)
    assert graph.nodes["order", flag.order.ref].looks == graph.nodes["account", flag.order.customer.ref].looks == "organised"


@pytest.mark.parametrize(
    ("kind", "value"), [("order", "NOPE"), ("token", "a"), ("token", "9" * 30), ("planet", "Mars"), ("device", "")]
)
def test_what_is_not_there_has_no_neighbourhood(kind, value):
    assert around(kind, value, at=LATER) is None


def test_the_page_says_the_same_as_a_table_and_runs_no_script_of_its_own(client):
    flag = a_flag()
    assess_order(flag.order_id, at=LATER)
    client.force_login(a_user(is_superuser=True))
    page = client.get(picture_url("order", flag.order.ref)).content.decode()
    assert flag.order.ref in page
    assert "links-table" in page
    assert "<script>" not in page.split("links-picture", 1)[1]


def test_the_picture_reads_nodes_and_edges(client):
    client.force_login(a_user(is_superuser=True))
    answer = json.loads(client.get(reverse("admin:risk_linkhub_neighbours"), {"kind": "order", "value": "NOPE"}).content)
    assert (answer["nodes"], answer["edges"], answer["most"]) == ([], [], MOST_NODES)
