"""The pages of token batches: made by a job, taken out with a reason, watched, given up."""

import csv
from io import StringIO

import pytest
from django.test import Client

from backoffice.lib.jobs import run_job
from backoffice.lib.models import JobStatus
from promotions.models import TokenBatch, TokenExport
from promotions.services import tokens
from promotions.services.tokens import find_token, order_token_batch, revoke_token, token_text
from tests.admin.conftest import NOW, AtRole
from tests.admin.forms import moment, page, step, text_of
from tests.admin.test_drafts import send
from tests.admin.world import World, fresh

OPERATOR = "promotions operator"


@pytest.fixture(autouse=True)
def _few_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MADE_AT_ONCE", 100)


def take_out(client: Client, batch: TokenBatch, **fields: str):
    asked = {"kind": "csv", "first": "1", "last": "40", "cards": "24", "paper": "a4", "reason": "to the printer", **fields}
    return client.post(f"/admin/promotions/tokenbatch/{batch.pk}/export/", asked)


def an_ordered_batch(world: World, count: int = 150) -> TokenBatch:
    by = world.users[OPERATOR]
    terms = {"entry": fresh(world.entry), "code": "BIG", "uses": 1, "expires_at": None, "reason": "two halls", "by": by, "at": NOW}
    return order_token_batch(count=count, **terms)


def test_the_csv_holds_every_valid_token_once_and_is_kept_with_its_reason(world: World, as_role: AtRole) -> None:
    lost = world.batch.tokens.get(number=4)
    revoke_token(lost, by=world.users[OPERATOR], reason="photographed", at=NOW)
    response = take_out(as_role(OPERATOR), world.batch)
    rows = list(csv.DictReader(StringIO(response.getvalue().decode())))
    assert [row["number"] for row in rows] == [str(number) for number in range(1, 41) if number != 5]
    assert [find_token(row["token"]).number + 1 for row in rows] == [int(row["number"]) for row in rows]
    assert {(row["batch"], row["uses"], row["entry"]) for row in rows} == {("RUN-1", "20", "STUDIO-DOOR")}
    assert rows[0]["expires_at"].endswith("+00:00")
    assert response.headers["Cache-Control"].startswith("no-store")
    export = TokenExport.objects.get()
    assert (export.kind, export.first, export.last, export.by) == ("csv", 0, 39, world.users[OPERATOR])
    event = export.events.get()
    assert event.pgh_context.metadata["reason"] == "to the printer"
    assert event.pgh_context.metadata["user"] == world.users[OPERATOR].pk
    assert "to the printer" in page(as_role("auditor"), "promotions_tokenbatch", world.batch.pk)


def test_sheets_are_a_pdf_and_the_next_ones_go_on_after_them(world: World, as_role: AtRole) -> None:
    client = as_role(OPERATOR)
    response = take_out(client, world.batch, kind="pdf", last="30")
    assert response.content.startswith(b"%PDF-")
    assert response.headers["Content-Disposition"] == 'attachment; filename="studio-door-run-1-1-30.pdf"'
    assert token_text(world.batch.tokens.get(number=0)).encode() not in response.content
    form = client.get(f"/admin/promotions/tokenbatch/{world.batch.pk}/export/").content.decode()
    assert 'name="first" value="31"' in form


@pytest.mark.parametrize(
    "fields", [{"first": "0"}, {"last": "41"}, {"first": "9", "last": "8"}, {"reason": " "}, {"kind": "xml"}, {"first": "-1"}]
)
def test_what_makes_no_sense_leaves_no_trace_and_no_file(world: World, as_role: AtRole, fields: dict[str, str]) -> None:
    response = take_out(as_role(OPERATOR), world.batch, **fields)
    assert response.headers["Content-Type"].startswith("text/html")
    assert not TokenExport.objects.exists()


@pytest.mark.parametrize("role", ["promotions approver", "risk lead", "auditor", "support", "no rights"])
def test_who_may_not_print_takes_nothing_out(world: World, as_role: AtRole, role: str) -> None:
    assert take_out(as_role(role), world.batch).status_code == 403
    assert not TokenExport.objects.exists()


def test_revoked_tokens_are_not_taken_out(world: World, as_role: AtRole) -> None:
    client = as_role(OPERATOR)
    step(client, "promotions_tokenbatch", "revoke", world.batch.pk, reason="box was stolen")
    assert "It is revoked." in text_of(take_out(client, world.batch))
    assert "you may not print them" in page(client, "promotions_tokenbatch", world.batch.pk)
    assert not TokenExport.objects.exists()


def test_a_large_batch_is_queued_shown_and_not_taken_out_before_it_is_complete(world: World, as_role: AtRole) -> None:
    client = as_role(OPERATOR)
    fields = {"entry": world.entry.pk, "code": "BIG", "count": "150", "uses": "1"}
    assert send(client, "promotions_tokenbatch", **fields, **moment("expires_at", world.entry.closes_at)).status_code == 302
    batch = TokenBatch.objects.get(code="BIG")
    assert (batch.is_complete, batch.job.total) == (False, 150)
    assert "being made" in page(client, "promotions_tokenbatch", batch.pk)
    assert "Not all of its tokens are made." in text_of(take_out(client, batch, last="150"))
    run_job(batch.job_id, now=lambda: NOW)
    assert "150 / 150" in page(client, "promotions_tokenbatch", batch.pk)
    assert take_out(client, batch, last="150").getvalue().count(b"\r\n") == 151


def test_its_job_is_paused_let_on_and_given_up_from_its_page(world: World, as_role: AtRole) -> None:
    batch, client = an_ordered_batch(world), as_role(OPERATOR)
    for name, status in [("pause", "paused"), ("go_on", "queued"), ("cancel", "cancelled")]:
        step(client, "promotions_tokenbatch", name, batch.pk, reason="the printer called")
        assert fresh(batch.job).status == JobStatus(status)
    assert "given up" in page(client, "promotions_tokenbatch", batch.pk)
    assert not fresh(batch).is_complete


def test_a_batch_whose_key_is_gone_says_so(world: World, as_role: AtRole, settings) -> None:
    settings.HOLDFAST_TOKEN_KEYS = {"new": b"another key of these tests, of 32"}
    client = as_role(OPERATOR)
    shown = page(client, "promotions_tokenbatch", world.batch.pk)
    assert "Its key is no longer in use" in shown
    assert "no longer in use" in text_of(take_out(client, world.batch))
    assert "no key" in text_of(client.get("/admin/promotions/tokenbatch/"))


def test_the_pages_show_who_used_a_token_and_the_odd_ones_first(world: World, as_role: AtRole) -> None:
    shown = page(as_role("auditor"), "promotions_tokenbatch", world.batch.pk)
    assert "Odd tokens first" in shown
    used = world.batch.tokens.order_by("-used").first()
    assert used.used > 1
    assert f"{used.used} / 20" in shown
    assert shown.index(f"#{used.number + 1}") > 0
    claims = page(as_role("auditor"), "promotions_claimtoken", used.pk)
    assert claims.count("issued") >= used.used
