"""Every admin page answers for its roles and refuses everybody else, tried over the URL resolver."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.admin.conftest import AtRole
from tests.admin.permission_matrix import EVERYBODY, EXPORTERS, MODELS, NOBODY, PAGES, ROLES, UNNAMED, Model
from tests.admin.world import PASSERS_BY, World

GETS_IN = {200, 302}
REFUSED = {403, 404}
AUTOCOMPLETE = "?app_label=promotions&model_name=entry&field_name=coupon_type&term=S"
LOOKED_AT_ONLY = (
    "_history",
    "_export_list",
    "_progress",
    "grant_results",
    "orderimport_results",
    "events_changelist",
    "events_change",
    "_download",
)
PEOPLE = [*ROLES.values(), *PASSERS_BY]


def routes(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif route.startswith("admin/"):
            yield route, pattern


def rows() -> dict[str, tuple[str, str]]:
    """For each named route of a model who may look at it and who may send its form."""
    found = {}
    for name, model in MODELS.items():
        found |= {f"{name}_changelist": (model.see, model.see), f"{name}_history": (model.see, NOBODY)}
        found |= {
            f"{name}_add": (model.add, model.add),
            f"{name}_change": (model.see, model.edit),
            f"{name}_delete": (NOBODY, NOBODY),
        }
        if name != "pghistory_events":
            exporters = "".join(letter for letter in model.see if letter in EXPORTERS)
            found |= {f"{name}_export_list": (exporters, exporters), f"{name}_views": (model.see, model.see)}
        for extra in (model.steps, model.pages):
            found |= {f"{name}_{page}": (letters, letters) for page, letters in extra.items()}
    return found


def letter_of(person: str) -> str:
    return next((letter for letter, role in ROLES.items() if role == person), "?")


def model_of(name: str) -> Any:
    return next(model for model in admin.site._registry if f"{model._meta.app_label}_{model._meta.model_name}" == name)


def address(route_name: str, model_name: str) -> str:
    """Where the route is tried: on the newest row of its model."""
    if route_name in ("risk_linkhub_picture", "risk_linkhub_neighbours"):
        return reverse(f"admin:{route_name}")
    without_a_row = (
        "_changelist",
        "_add",
        "_export_list",
        "_views",
        "_freeze_ask",
        "_incident_trace",
        "_review_next",
        "_review_undo",
    )
    if route_name.endswith(without_a_row):
        return reverse(f"admin:{route_name}")
    model = model_of(model_name)
    sample = MODELS[model_name].sample
    row = None if model_name == "pghistory_events" else model._default_manager.filter(**sample).order_by("-pk").first()
    return reverse(f"admin:{route_name}", args=[row.pk if row else 1])


def addresses() -> dict[str, tuple[str, str, str]]:
    """Route name: address, who may look, who may send."""
    return {route: (address(route, name), *who) for name in MODELS for route, who in rows().items() if is_of(route, name)}


def is_of(route: str, name: str) -> bool:
    return route.startswith(f"{name}_") and max((n for n in MODELS if route.startswith(f"{n}_")), key=len) == name


def answer(client: Client, method: str, url: str) -> int:
    response = getattr(client, method)(url)
    if response.status_code == 302 and "/login/" in response.headers["Location"]:
        return 403
    return int(response.status_code)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    named = {pattern.name for _route, pattern in routes() if pattern.name}
    assert named == set(rows()) | set(PAGES)


def test_routes_without_a_name_are_djangos_own() -> None:
    unnamed = {route for route, pattern in routes() if not pattern.name}
    assert {route for route in unnamed if not route.endswith(tuple(UNNAMED))} == set()


@pytest.mark.parametrize("person", PEOPLE)
def test_pages_and_forms_let_in_whom_the_table_names(world: World, as_role: AtRole, person: str) -> None:
    """Forms are sent empty, so that nothing happens: who may not send one is refused before anybody looks into it."""
    client, letter = as_role(person), letter_of(person)
    wrong = []
    for route, (url, may_look, may_send) in addresses().items():
        expected = GETS_IN if letter in may_look else REFUSED
        if (status := answer(client, "get", url)) not in expected:
            wrong.append((route, "get", status))
        if not route.endswith(LOOKED_AT_ONLY):
            expected = GETS_IN if letter in may_send else REFUSED
            if (status := answer(client, "post", url)) not in expected:
                wrong.append((route, "post", status))
    assert wrong == []


@pytest.mark.parametrize("person", PEOPLE)
def test_pages_of_no_model(world: World, as_role: AtRole, person: str) -> None:
    client, letter = as_role(person), letter_of(person)
    urls = {name: reverse(f"admin:{name}") for name in PAGES if name not in {"app_list", "view_on_site", "logout"}}
    urls |= {"autocomplete": urls["autocomplete"] + AUTOCOMPLETE, "app_list": reverse("admin:app_list", args=["promotions"])}
    urls |= {"search": urls["search"] + "?s=SO-cat-0&extended=1"}
    for name, url in urls.items():
        gets_in = {"all": True, "staff": person != "anonymous"}.get(PAGES[name], letter in PAGES[name])
        assert answer(client, "get", url) in (GETS_IN if gets_in else REFUSED), (name, url)


@pytest.mark.parametrize("person", [*ROLES.values(), "no rights"])
def test_actions_are_offered_to_whom_the_table_names(world: World, person: str) -> None:
    request = RequestFactory().get("/")
    request.user = world.users[person]
    for name, model in MODELS.items():
        offered = set(admin.site._registry[model_of(name)].get_actions(request))
        assert offered == {action for action, letters in model.actions.items() if letter_of(person) in letters}, name


def test_nobody_may_do_what_only_services_do() -> None:
    """No page adds, edits or deletes a row of the ledger, a hold, a freeze, a flag, an approval or an event."""
    ledger = {"claim", "coupon", "redemption", "customer", "hold", "freeze", "freezeitem", "release", "releaseitem", "order"}
    ledger |= {
        "grantitem",
        "grantvoid",
        "grantvoiditem",
        "flag",
        "finding",
        "assessment",
        "approval",
        "job",
        "checkrun",
        "events",
        "alarm",
        "claimtoken",
    }
    for name, model in MODELS.items():
        if name.rpartition("_")[2] in ledger:
            assert (model.add, model.edit) == (NOBODY, NOBODY), name


def test_every_registered_model_is_in_the_table() -> None:
    registered = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert registered == set(MODELS)
    assert set(EVERYBODY) == set(ROLES)
    assert all(isinstance(model, Model) for model in MODELS.values())
