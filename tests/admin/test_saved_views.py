"""A list as one person wants to find it again: saved, shown as a tab, forgotten, and nobody else's business."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from backoffice.lib.models import SavedView
from tests.admin.conftest import AtRole
from tests.admin.forms import text_of
from tests.admin.world import World

CLAIMS = "/admin/promotions/claim/"
REFUSED = "outcome__exact=refused&q=rack-01"


def save(client: Client, name: str = "The rack", query: str = REFUSED, url: str = CLAIMS) -> str:
    response = client.post(f"{url}views/", {"name": name, "query": query})
    return str(response.headers.get("Location", "")) or text_of(response)


def tabs(client: Client, url: str = CLAIMS) -> list[tuple[str, bool]]:
    context = client.get(url).context
    found = [tab["items"] for tab in context["tab_list"] if "promotions.claim" in tab["models"]]
    return [(str(item["title"]), bool(item["active"])) for item in (found[0] if found else [])]


def test_a_saved_view_is_a_tab_that_knows_when_it_is_shown(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    assert tabs(client) == []
    assert save(client, query=f"{REFUSED}&p=3") == f"{CLAIMS}?{REFUSED}"
    assert tabs(client) == [("All", True), ("The rack", False)]
    assert tabs(client, f"{CLAIMS}?q=rack-01&outcome__exact=refused&p=2") == [("All", False), ("The rack", True)]
    assert "Forget the view" in text_of(client.get(f"{CLAIMS}?{REFUSED}"))


def test_views_stand_behind_the_tabs_that_a_list_has(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    save(client, "Mine", "held=legal", "/admin/orders/order/")
    items = next(tab["items"] for tab in client.get("/admin/orders/order/").context["tab_list"] if "orders.order" in tab["models"])
    assert [str(item["title"]) for item in items] == ["All", "Held", "Waiting at the gate", "Mine"]


def test_nobody_sees_or_forgets_another_persons_view(world: World, as_role: AtRole) -> None:
    save(as_role("risk analyst"))
    other = as_role("risk lead")
    assert tabs(other) == []
    other.post(f"{CLAIMS}views/", {"drop": SavedView.objects.get().pk})
    assert SavedView.objects.count() == 1


def test_a_view_is_forgotten(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    save(client)
    client.post(f"{CLAIMS}views/", {"drop": "no number"})
    assert SavedView.objects.count() == 1
    client.post(f"{CLAIMS}views/", {"drop": SavedView.objects.get().pk})
    assert SavedView.objects.exists() is False


def test_the_same_name_again_replaces_the_view(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    save(client)
    save(client, query="q=other")
    assert SavedView.objects.get().query == "q=other"


def test_a_person_keeps_a_dozen_and_no_more(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    for number in range(12):
        save(client, f"view {number}")
    assert "Forget one first" in save(client, "one more")
    assert SavedView.objects.count() == 12


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
def test_a_view_needs_a_name(world: World, as_role: AtRole, name: str) -> None:
    save(as_role("risk analyst"), name)
    assert SavedView.objects.exists() is False


def test_a_view_leads_nowhere_but_to_its_list(world: World, as_role: AtRole) -> None:
    location = save(as_role("risk analyst"), query="https://elsewhere.example/?a=1")
    assert location.startswith(CLAIMS)


def test_the_database_keeps_names_apart(world: World) -> None:
    values = {"user": world.users["auditor"], "model": "promotions.claim", "name": "x"}
    SavedView.objects.create(**values)
    with pytest.raises(IntegrityError, match="saved_view_name_once_per_list"), transaction.atomic():
        SavedView.objects.create(**values)
    with pytest.raises(IntegrityError, match="saved_view_has_a_name"), transaction.atomic():
        SavedView.objects.create(**{**values, "name": ""})
