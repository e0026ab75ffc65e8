"""The secret of a webhook is shown once: when it is made, and when it is renewed."""

from backoffice.lib.models import WebhookEndpoint
from backoffice.lib.webhooks import secret_text
from tests.admin.conftest import AtRole
from tests.admin.forms import page, step, text_of
from tests.admin.world import World, fresh


def renewed(client, endpoint, **asked):
    return step(client, "lib_webhookendpoint", "new_secret", endpoint.pk, **asked)


def test_a_new_secret_is_shown_once_and_the_old_one_signs_for_a_day(world: World, as_role: AtRole) -> None:
    endpoint, client = WebhookEndpoint.objects.get(), as_role("superuser")
    old = endpoint.salt
    answer = renewed(client, endpoint, reason="a laptop was stolen")
    after = fresh(endpoint)
    assert (after.previous_salt, after.salt != old) == (old, True)
    assert secret_text(after.salt) in text_of(answer)
    assert "no-store" in answer["Cache-Control"]
    text = page(client, "lib_webhookendpoint", endpoint.pk)
    assert "The old secret signs until" in text
    assert secret_text(after.salt) not in text


def test_without_a_reason_the_secret_stays(world: World, as_role: AtRole) -> None:
    endpoint = WebhookEndpoint.objects.get()
    renewed(as_role("superuser"), endpoint, reason=" ")
    assert fresh(endpoint).salt == endpoint.salt


def test_the_history_says_that_it_was_renewed_and_names_no_secret(world: World, as_role: AtRole) -> None:
    endpoint, client = WebhookEndpoint.objects.get(), as_role("superuser")
    renewed(client, endpoint, reason="a laptop was stolen")
    told = text_of(client.get(f"/admin/lib/webhookendpoint/{endpoint.pk}/history/"))
    assert "a laptop was stolen" in told
    assert secret_text(fresh(endpoint).salt) not in told
