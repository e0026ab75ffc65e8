"""The world of the admin's tests, and a client for each role."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.test import Client

from backoffice.lib import clock
from tests.admin.world import World, build_world

NOW = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)
AtRole = Callable[[str], Client]


@pytest.fixture
def world(db: None) -> World:
    """Everything as of NOW, which is also what the pages take for now."""
    cache.clear()
    with clock.fixed_at(NOW):
        yield build_world(NOW)


@pytest.fixture
def as_role(world: World) -> AtRole:
    """A client that is logged in as somebody of this role; "anonymous" is not logged in."""

    def log_in(role: str) -> Client:
        client = Client()
        if role in world.users:
            client.force_login(world.users[role], backend="django.contrib.auth.backends.ModelBackend")
        return client

    return log_in
