"""A coupon's whole life on its page, and what a customer's page says of him."""

from datetime import timedelta

from backoffice.lib.admin.history import tracker_of
from backoffice.lib.audit import because
from orders.services.cancelling import cancel_order
from promotions.models import Coupon, Customer, IdentityBlock
from promotions.services.expiring import expire_coupons
from promotions.states import CouponStatus
from tests.admin.conftest import AtRole
from tests.admin.forms import page, text_of
from tests.admin.world import World, claimed


def story(client, coupon):
    """The rows of the coupon's life, as texts."""
    response = client.get(f"/admin/promotions/coupon/{coupon.pk}/change/")
    panel = next(panel for panel in response.context["panels"] if panel.name == "story")
    return [[str(cell) for cell in row] for row in panel.rows]


def test_a_coupon_tells_from_the_claim_to_the_order(world: World, as_role: AtRole) -> None:
    coupon = Coupon.objects.get(customer__ref="cat-0")
    text = page(as_role("support"), "promotions_coupon", coupon.pk)
    order = ["claimed", "STUDIO-DOOR", "RUN-1", "rack-01", "203.0.113.7", "issued", "redeemed", "SO-cat-0"]
    places = [text.index(words, text.index("Its life")) for words in order]
    assert places == sorted(places)


def test_links_lead_both_ways(world: World, as_role: AtRole) -> None:
    client, coupon = as_role("superuser"), Coupon.objects.get(customer__ref="cat-0")
    html = client.get(f"/admin/promotions/coupon/{coupon.pk}/change/").content.decode()
    redemption = coupon.redemptions.get()
    for url in (
        f"/admin/promotions/claim/{coupon.claim_id}/change/",
        f"/admin/promotions/claimtoken/{coupon.claim.token_id}/change/",
        f"/admin/promotions/redemption/{redemption.pk}/change/",
        "/admin/orders/order/?q=SO-cat-0",
        "/admin/promotions/claim/?q=rack-01",
        "/admin/promotions/claim/?address=203.0.113.7&amp;at_from_0=2026-01-20&amp;at_to_0=2026-01-20",
    ):
        assert url in html, url
    day = client.get("/admin/promotions/claim/?address=203.0.113.7&at_from_0=2026-01-20&at_to_0=2026-01-20")
    assert len(day.context["cl"].result_list) == 9
    for back in (f"claim/{coupon.claim_id}", f"redemption/{redemption.pk}", f"customer/{coupon.customer_id}"):
        assert f"/admin/promotions/coupon/{coupon.pk}/change/" in client.get(f"/admin/promotions/{back}/change/").content.decode()


def test_what_staff_did_to_a_coupon_has_a_name_and_a_reason(world: World, as_role: AtRole) -> None:
    coupon = claimed(world, "late", token=world.batch.tokens.get(number=30), device="d", age=timedelta(days=400))
    with because("the police asked", user=world.users["risk lead"].pk):
        Coupon.objects.filter(pk=coupon.pk).update(status="frozen")
        Coupon.objects.filter(pk=coupon.pk).update(status="issued")
    with because("it was stolen", user=world.users["risk analyst"].pk):
        Coupon.objects.filter(pk=coupon.pk).update(status="voided")
    told = [(row[1], row[3], row[4]) for row in story(as_role("auditor"), coupon)][-3:]
    assert ["frozen" in told[0][0], "given back" in told[1][0], "voided" in told[2][0]] == [True, True, True]
    assert [row[1:] for row in told] == [
        ("risk.lead", "the police asked"),
        ("risk.lead", "the police asked"),
        ("risk.analyst", "it was stolen"),
    ]


def test_a_coupon_that_came_back_says_so_and_when_it_will_expire(world: World, as_role: AtRole) -> None:
    order = next(order for order in world.orders if order.customer.ref == "guest-1")
    coupon = order.discounts.get().coupon
    cancel_order(order.ref, cancelled_by="customer", reason="", at=world.at)
    rows = story(as_role("support"), coupon)
    assert "the order was called off" in rows[-2][4]
    assert "expires, if it is not used" in rows[-1][1]


def test_an_expired_coupon_ends_with_its_time(world: World, as_role: AtRole) -> None:
    coupon = claimed(world, "late", token=world.batch.tokens.get(number=30), device="", age=timedelta(days=400))
    expire_coupons(coupon.valid_until)
    rows = story(as_role("support"), coupon)
    assert "expired" in rows[-1][1]
    assert "back in the budget" in rows[-1][2]


def test_redeeming_and_expiring_leave_no_second_history(world: World) -> None:
    """The ledger has them already; only what staff do to a coupon is tracked."""
    claimed(world, "late", token=world.batch.tokens.get(number=30), device="", age=timedelta(days=400))
    expire_coupons(world.at + timedelta(days=60))
    told = tracker_of(Coupon).objects.exclude(pgh_obj__in=Coupon.objects.filter(status=CouponStatus.VOIDED))
    assert told.exists() is False


def test_a_customer_is_told_in_numbers_with_what_blocks_him(world: World, as_role: AtRole) -> None:
    customer = Customer.objects.get(ref="cat-0")
    blocked = {"reason": "a rack", "created_by": world.users["risk lead"], "created_at": world.at}
    IdentityBlock.objects.create(identity="phone", value=customer.phone_hash, **blocked)
    text = page(as_role("superuser"), "promotions_customer", customer.pk)
    for words in ("Claims 1", "Coupons 1", "Paid with coupons 100.00", "a rack", "until somebody lifts it", "SO-cat-0"):
        assert words in text, words
    assert customer.phone_hash not in text


def test_a_customer_whom_nothing_blocks(world: World, as_role: AtRole) -> None:
    client = as_role("support")
    customer = Customer.objects.get(ref="guest-0")
    assert "Nothing blocks this customer." in text_of(client.get(f"/admin/promotions/customer/{customer.pk}/change/"))
