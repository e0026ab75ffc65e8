"""Settings refuse to start half-configured, and nothing dangerous is a default."""

import base64
import json
import os
import subprocess
import sys

import pytest

from tests.embedded.children import REPOSITORY

KEY = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
COMPLETE = {
    "HOLDFAST_ENV": "production",
    "SECRET_KEY": "x1" * 30,
    "ALLOWED_HOSTS": "example.com",
    "DATABASE_URL": "postgresql://u@127.0.0.1:1/n",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "HOLDFAST_TOKEN_KEYS": f"k1:{KEY}",
    "HOLDFAST_IDENTITY_KEY": KEY,
    "HOLDFAST_RECORD_KEYS": f"r1:{KEY}",
}
SHOW = """
import json
from backoffice import settings
names = ["DEBUG", "ALLOWED_HOSTS", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "HOLDFAST_DEMO_PASSWORD", "TIME_ZONE"]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def settings_under(**env):
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=REPOSITORY,
        env={"PATH": os.defpath} | env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_with_a_complete_environment_and_closed_doors():
    shown = json.loads(settings_under(**COMPLETE).stdout)
    assert shown == {
        "DEBUG": False,
        "ALLOWED_HOSTS": ["example.com"],
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_SECURE": True,
        "HOLDFAST_DEMO_PASSWORD": "",
        "TIME_ZONE": "UTC",
    }


def test_production_names_everything_that_is_missing():
    refused = settings_under(HOLDFAST_ENV="production")
    assert refused.returncode != 0
    for name in COMPLETE.keys() - {"HOLDFAST_ENV"}:
        assert f"{name} is required" in refused.stderr


@pytest.mark.parametrize("name", sorted(COMPLETE.keys() - {"HOLDFAST_ENV"}))
def test_production_refuses_an_empty_value(name):
    refused = settings_under(**COMPLETE | {name: ""})
    assert f"{name} is required" in refused.stderr


def test_an_unknown_environment_is_refused():
    assert "HOLDFAST_ENV must be one of" in settings_under(**COMPLETE | {"HOLDFAST_ENV": "staging"}).stderr
