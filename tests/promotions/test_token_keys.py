"""Keys are made by a command, and whoever takes one away that is needed is told."""

import base64
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings as loaded
from django.core.management import CommandError, call_command

from backoffice.lib import clock
from promotions.checks import check_token_keys
from promotions.services.entries import close_entry
from promotions.services.tokens import revoke_batch
from tests.promotions.factories import DAY, NOON, a_token, the_asker
from tests.promotions.rows import a_batch

pytestmark = pytest.mark.django_db

OTHER = {"other": b"another key of these tests, of 32"}


def made(*arguments):
    out = StringIO()
    call_command("make_token_key", *arguments, stdout=out)
    return out.getvalue().strip()


def warnings(at=NOON):
    with clock.fixed_at(at):
        return [str(warning.msg) for warning in check_token_keys(databases=["default"])]


def test_a_key_has_an_id_and_256_random_bits():
    first, second = (made("--id", name).partition(":") for name in ("k8", "k9"))
    assert (first[0], second[0]) == ("k8", "k9")
    assert len(base64.b64decode(first[2], validate=True)) == 32
    assert first[2] != second[2]


def test_by_default_a_key_is_called_by_its_day():
    with clock.fixed_at(NOON):
        assert made().startswith("k20260120:")


@pytest.mark.parametrize("key_id", ["", "a.b", "a:b", "a,b", "x" * 17, "ключ", "a b"])
def test_an_id_that_would_not_read_back_is_refused(key_id):
    with pytest.raises(CommandError):
        made(f"--id={key_id}") if key_id else made("--id=.")


def test_an_id_is_never_given_twice(settings):
    batch = a_batch()
    with pytest.raises(CommandError, match="used before"):
        made("--id", next(iter(loaded.HOLDFAST_TOKEN_KEYS)))
    settings.HOLDFAST_TOKEN_KEYS = OTHER
    with pytest.raises(CommandError, match="used before"):
        made("--id", batch.key_id)


def test_a_batch_in_use_without_its_key_is_warned_of(settings):
    batch = a_batch()
    assert warnings() == []
    settings.HOLDFAST_TOKEN_KEYS = OTHER
    (warning,) = warnings()
    assert batch.code in warning
    assert batch.key_id in warning


def test_what_is_over_is_not_warned_of(settings):
    revoked, closed, _expired = a_batch(), a_token().batch, a_batch()
    revoke_batch(revoked, by=the_asker(), reason="over", at=NOON)
    close_entry(closed.entry, by=the_asker(), reason="over", at=NOON)
    settings.HOLDFAST_TOKEN_KEYS = OTHER
    assert len(warnings()) == 1
    assert warnings(at=NOON + 10 * DAY + timedelta(seconds=1)) == []


def test_nobody_asks_the_database_who_did_not_name_it(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert check_token_keys() == []
