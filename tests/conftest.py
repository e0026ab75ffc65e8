"""What every test may use. The servers are started by `tests/plugins/services.py`."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import connection
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from tests.plugins.browser import CHROMIUM
from tests.plugins.template import make_template

LONGEST = "tests/promotions/test_model.py"  # begun first, since one worker has all of it: begun late, the others wait for it
RECORDED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, pytestconfig: pytest.Config) -> None:
    """Test databases are copies of one that was migrated once."""
    connection.settings_dict["TEST"]["TEMPLATE"] = make_template(pytestconfig.rootpath / ".pytest_cache" / "holdfast")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Tests that commit clean up with TRUNCATE, which the ledger's tables refuse. Tests of that refusal switch it on again."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:  # type: ignore[attr-defined]
        for model, trigger in pgtrigger.registered():
            if trigger.name.endswith("_never_truncated"):
                table = model._meta.db_table
                cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER {trigger.get_pgid(model)}')


@receiver(post_migrate, sender=apps.get_app_config("promotions"))
def list_known_nobodies(**_kwargs: Any) -> None:
    """Tests that commit empty all tables; what a migration listed there is listed anew."""
    migration = import_module("promotions.migrations.0003_values_of_nobody")
    migration.list_known(apps, None)


@receiver(post_migrate, sender=apps.get_app_config("orders"))
def begin_breakers_and_reminders(**_kwargs: Any) -> None:
    """The same for the circuit breakers, and for the days on which staff are reminded of a term."""
    migration = import_module("orders.migrations.0003_breakers_and_reminders")
    migration.begin(apps, None)


@receiver(post_migrate, sender=apps.get_app_config("risk"))
def begin_review_terms(**_kwargs: Any) -> None:
    """The same for the due times of reviews."""
    migration = import_module("risk.migrations.0004_review_terms_begin")
    migration.begin(apps, None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="also run the tests marked slow, which take minutes")
    parser.addoption("--model-runs", type=int, default=2000, help="how many runs the model-based test of budgets makes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reasons_to_skip = {
        "browser": not CHROMIUM and "there is no chromium here (Debian: apt install chromium)",
        "realdata": not RECORDED_DATA.is_dir() and "the recorded data is not here (../shared/data)",
        "slow": not config.getoption("--run-slow") and "slow: give --run-slow",
    }
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    for item in items:
        for marker, reason in reasons_to_skip.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud what was left out, also without `-rs`."""
    reasons = {report.longrepr[2] for report in terminalreporter.stats.get("skipped", []) if report.longrepr}
    for reason in sorted(reasons):
        terminalreporter.write_line(f"Left out: {reason.removeprefix('Skipped: ')}")
