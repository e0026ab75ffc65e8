"""Lists: filters that combine and are in the address, exact search, no count of a whole table."""

import pytest
from django.contrib import admin
from django.core.paginator import Paginator
from django.test import Client

from backoffice.lib.admin import paginator
from backoffice.lib.admin.paginator import CappedPaginator
from orders.models import Order
from promotions.models import Claim, Coupon
from risk.models import Flag
from tests.admin.conftest import AtRole
from tests.admin.forms import text_of
from tests.admin.world import World


def refs(client: Client, query: str, model: str = "orders/order") -> set[str]:
    response = client.get(f"/admin/{model}/{query}")
    assert response.status_code == 200, query
    rows = response.context["cl"].result_list
    return {getattr(row, "order", row).customer.ref for row in rows}


def test_filters_of_orders_combine(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    assert refs(client, f"?held=none&coupon_type={world.restricted.pk}") == {"guest-1"}
    assert refs(client, "?held=manual&virtual=no") == {"guest-0"}
    assert refs(client, "?virtual=yes&held=legal") == {"cat-1"}
    assert refs(client, f"?coupon_type={world.restricted.pk}&virtual=no") == {"guest-0", "guest-1"}
    assert refs(client, f"?coupon_type={world.online.pk}") == set()
    assert refs(client, "?status__exact=delivered") == set()


def test_filters_of_flagged_orders_combine(world: World, as_role: AtRole) -> None:
    client, gang = as_role("risk analyst"), {f"cat-{number}" for number in range(6)}
    assert refs(client, "?decision=waiting&disposition__exact=organised", "risk/flag") == gang - {"cat-1"}
    assert refs(client, "?decision=cleared", "risk/flag") == set()
    assert refs(client, "?held=legal&order_status=placed&virtual=yes", "risk/flag") == {"cat-1"}
    assert refs(client, "?score_from=0&score_to=1", "risk/flag") == set()
    assert refs(client, f"?coupon_type={world.restricted.pk}&score_from=1", "risk/flag") == gang


def test_times_are_those_of_the_readers_clock(world: World, as_role: AtRole) -> None:
    """The orders were placed at 11:57 UTC, which is 19:57 in Shanghai."""
    client = as_role("risk analyst")
    hour = "?placed_at_from_0=2026-01-20&placed_at_from_1={}&placed_at_to_0=2026-01-20&placed_at_to_1={}"
    assert len(refs(client, hour.format("19:50:00", "20:00:00"))) == 8
    assert refs(client, hour.format("11:50:00", "12:00:00")) == set()
    assert refs(client, "?placed_at_from_0=nonsense&placed_at_from_1=x") != set()


@pytest.mark.parametrize("term", ["SO-cat-0", "cat-0", "CAT-0", " SO-cat-0 "])
def test_orders_are_found_by_whole_values(world: World, as_role: AtRole, term: str) -> None:
    assert refs(as_role("support"), f"?q={term}") == {"cat-0"}


def test_orders_are_found_by_coupon_phone_and_device(world: World, as_role: AtRole) -> None:
    client, order = as_role("support"), Order.objects.get(ref="SO-cat-0")
    code = order.discounts.get().coupon.code
    assert refs(client, f"?q={code.lower()}") == {"cat-0"}
    assert refs(client, "?q=rack-01") == {f"cat-{number}" for number in range(6)}
    assert "cat-0" in refs(client, f"?q={order.customer.phone_last_four}")
    assert refs(client, "?q=cat") == set()


def test_the_filters_in_force_are_said_in_words(world: World, as_role: AtRole) -> None:
    response = as_role("risk analyst").get("/admin/risk/flag/?decision=waiting&disposition__exact=organised&q=rack-01")
    said = [(active.title, active.value) for active in response.context["active_filters"]]
    assert said == [("decision", "waiting"), ("disposition", "organised"), ("search", "rack-01")]
    assert response.context["active_filters"][0].url_without == "?disposition__exact=organised&q=rack-01"


def test_a_condition_that_a_link_brought_is_said_too(world: World, as_role: AtRole) -> None:
    token = Claim.objects.exclude(token=None).first().token_id
    response = as_role("auditor").get(f"/admin/promotions/claim/?token={token}")
    assert [active.title for active in response.context["active_filters"]] == ["token"]


def test_a_capped_list_counts_no_further(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paginator, "MOST_COUNTED", 3)
    pages = CappedPaginator(Claim.objects.order_by("pk"), 2)
    assert (pages.count, pages.is_capped, pages.num_pages) == (3, True, 2)
    assert CappedPaginator([1, 2], 2).is_capped is False


def test_a_capped_list_offers_everything_that_matches(world: World, as_role: AtRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paginator, "MOST_COUNTED", 3)
    monkeypatch.setattr(admin.site._registry[Flag], "list_per_page", 2)
    text = text_of(as_role("risk analyst").get("/admin/risk/flag/"))
    assert "more than 10,000" in text
    assert "Select everything that matches, on all pages" in text


def test_no_list_counts_its_table(world: World) -> None:
    for model, model_admin in admin.site._registry.items():
        assert model_admin.show_full_result_count is False, model
        assert issubclass(model_admin.paginator, CappedPaginator), model
        assert issubclass(CappedPaginator, Paginator)


def test_phones_are_masked_everywhere(world: World, as_role: AtRole) -> None:
    customer = Order.objects.get(ref="SO-cat-0").customer
    client = as_role("superuser")
    for url in ("orders/order/", "risk/flag/", "promotions/customer/", f"promotions/customer/{customer.pk}/change/"):
        text = text_of(client.get(f"/admin/{url}"))
        assert customer.masked_phone in text
        assert customer.phone_hash not in text


def test_amounts_have_a_currency_and_times_a_zone(world: World, as_role: AtRole) -> None:
    text = text_of(as_role("risk analyst").get("/admin/orders/order/"))
    assert "100.00 CNY" in text
    assert "2026-01-20 19:57:00" in text
    assert "Asia/Shanghai · UTC+08:00" in text


def test_every_list_takes_odd_addresses(world: World, as_role: AtRole) -> None:
    client = as_role("superuser")
    for url in ("orders/order", "risk/flag", "promotions/claim", "promotions/coupon", "orders/hold", "lib/approval"):
        for query in (
            "?p=999",
            "?o=99",
            "?coupon_type=x",
            "?held=x",
            "?nothing=1",
            "?q=" + "x" * 500,
            "?score_from=abc",
            "?disposition__exact=%00",
            "?at_from_0=%00",
            "?token=%00",
        ):
            assert client.get(f"/admin/{url}/{query}").status_code in (200, 302), (url, query)


def test_the_coupons_page_leads_to_claim_and_order(world: World, as_role: AtRole) -> None:
    coupon = Coupon.objects.get(customer__ref="cat-0")
    html = as_role("support").get(f"/admin/promotions/coupon/{coupon.pk}/change/").content.decode()
    assert f"/admin/promotions/claim/{coupon.claim_id}/change/" in html
    assert "SO-cat-0" in html
