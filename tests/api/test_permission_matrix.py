"""Who may do what, over every route below /api/ that the URL resolver knows: a new route without a row fails."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from backoffice.lib.apikeys import revoke_key
from backoffice.lib.models.api_key import Scope
from tests.api.storefront import Storefront
from tests.orders.factories import an_order
from tests.promotions.factories import NOON, a_user
from tests.promotions.granting import a_draft
from tests.risk.queue_factories import an_appeal

pytestmark = pytest.mark.django_db

# route -> method -> (the scope that it needs, what it answers to an empty body once it lets in)
STOREFRONT = {
    "api/v1/campaigns/": {"GET": (Scope.CAMPAIGNS_READ, 200)},
    "api/v1/claims/": {"POST": (Scope.CLAIMS_WRITE, 400)},
    "api/v1/customers/<ref:ref>/coupons/": {"GET": (Scope.CUSTOMERS_READ, 200)},
    "api/v1/grants/": {"POST": (Scope.GRANTS_WRITE, 400)},
    "api/v1/grants/<int:grant>/": {"GET": (Scope.GRANTS_READ, 200)},
    "api/v1/grants/<int:grant>/results/": {"GET": (Scope.GRANTS_READ, 200)},
    "api/v1/quotes/": {"POST": (Scope.QUOTES_WRITE, 400)},
    "api/v1/orders/": {"POST": (Scope.ORDERS_WRITE, 400)},
    "api/v1/orders/<ref:ref>/": {"GET": (Scope.ORDERS_READ, 200)},
    "api/v1/orders/<ref:ref>/payment/": {"POST": (Scope.ORDERS_WRITE, 200)},
    "api/v1/orders/<ref:ref>/delivery/": {"POST": (Scope.ORDERS_WRITE, 200)},
    "api/v1/orders/<ref:ref>/completion/": {"POST": (Scope.ORDERS_WRITE, 202)},
    "api/v1/orders/<ref:ref>/refunds/": {"POST": (Scope.ORDERS_WRITE, 400)},
    "api/v1/orders/<ref:ref>/cancellation/": {"POST": (Scope.ORDERS_WRITE, 200)},
    "api/v1/orders/<ref:ref>/appeals/": {"GET": (Scope.ORDERS_READ, 200), "POST": (Scope.ORDERS_WRITE, 400)},
    "api/v1/orders/<ref:ref>/appeals/<int:appeal>/": {"GET": (Scope.ORDERS_READ, 200)},
}
# Open to everybody: they say how the API is used and nothing of what is in it.
PUBLIC = {"api/schema/": {"GET": 200}, "api/docs/": {"GET": 200}}
NO_ROUTE = "api/"  # answers 404 for all that is no route
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def all_routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from all_routes(pattern, route)


def api_routes() -> list[str]:
    return [route for route in all_routes() if route.startswith("api/")]


def test_every_route_has_a_row_and_every_row_a_route():
    assert sorted(api_routes()) == sorted([*STOREFRONT, *PUBLIC, NO_ROUTE])


def test_no_route_hides_behind_another():
    assert len(set(api_routes())) == len(api_routes())
    assert list(all_routes(get_resolver()))[-1] != NO_ROUTE or api_routes()[-1] == NO_ROUTE


def ask(caller: Storefront | None, method: str, route: str) -> int:
    """The status of the answer. Without a caller no key is sent."""
    if "<int:appeal>" in route:
        appeal = an_appeal()
        route = route.replace("<ref:ref>", appeal.order.ref).replace("<int:appeal>", str(appeal.pk))
    address = "/" + route.replace("<ref:ref>", an_order().ref).replace("<int:grant>", str(a_draft().pk))
    storefront = caller or Storefront()
    headers = {"Idempotency-Key": f"{method} {route}".replace(" ", "-")} | (storefront.authorization if caller else {})
    body = b"" if method in {"GET", "HEAD", "TRACE"} else b"{}"
    return storefront.client.generic(method, address, body, content_type="application/json", headers=headers).status_code


def revoked() -> Storefront:
    storefront = Storefront()
    revoke_key(storefront.key, by=a_user(), reason="test", at=NOON)
    return storefront


def with_all_scopes_but(scope: Scope) -> Storefront:
    return Storefront(*(other for other in Scope.values if other != scope))


def without_any_scope() -> Storefront:
    storefront = Storefront()
    storefront.key.scopes = []
    storefront.key.save(update_fields=["scopes"])
    return storefront


def has_row(method: str, row: dict) -> bool:
    return method in row or (method == "HEAD" and "GET" in row)


@pytest.mark.parametrize("route", STOREFRONT)
@pytest.mark.parametrize("method", METHODS)
def test_a_storefront_route(route, method):
    row = STOREFRONT[route]
    scope, answer = row.get("GET" if method == "HEAD" else method, (None, 405))
    only_it = Storefront(scope) if scope else Storefront()
    lacking = with_all_scopes_but(scope) if scope else without_any_scope()
    assert {
        "no key": ask(None, method, route),
        "revoked key": ask(revoked(), method, route),
        "key without the scope": ask(lacking, method, route),
        "key without any scope": ask(without_any_scope(), method, route),
        "key with the scope alone": ask(only_it, method, route),
    } == {
        "no key": 401,
        "revoked key": 401,
        "key without the scope": 403 if scope else 405,
        "key without any scope": 403 if scope else 405,
        "key with the scope alone": answer,
    }


@pytest.mark.parametrize("route", PUBLIC)
@pytest.mark.parametrize("method", METHODS)
def test_a_public_route_reads_alike_for_everybody(route, method):
    expected = 200 if has_row(method, PUBLIC[route]) else 405
    assert {ask(caller, method, route) for caller in (None, revoked(), without_any_scope(), Storefront())} == {expected}


@pytest.mark.parametrize("method", METHODS)
def test_what_is_no_route_is_not_found_for_anybody(method):
    for address in ("api/", "api/v1/", "api/admin/", "api/v1/claims/1/"):
        assert {ask(caller, method, address) for caller in (None, revoked(), Storefront())} == {404}
