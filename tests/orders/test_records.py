"""A record says what was done, and not one byte of it can be changed unnoticed; its results are a table with the same hash."""

import csv
import hashlib
import io
import random
import tracemalloc
from decimal import Decimal
from html import unescape

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from backoffice.lib.errors import NotFound
from orders import seals
from orders.models import ActRecord, Order
from orders.record_pages import Page, Section, html_of, pdf_of
from orders.seals import SealBroken, public_key, seal, verify
from orders.services.cancelling import cancel_order
from orders.services.delivering import deliver_order
from orders.services.record_results import lines_of, results_of
from orders.services.records import issue_record, trusted_keys
from tests.bypass import without_triggers
from tests.orders.factories import HOUR, a_done_freeze, a_done_release, a_freeze, an_order, approved, orders, worked
from tests.promotions.factories import NOON, the_asker

SECRET = b"0123456789abcdef0123456789abcdef"
KEYS = {"r1": public_key(SECRET)}
KINDS = ["html", "pdf"]


def a_page(**fields):
    rows = (("Number", "freeze #1"), ("Scope", "all <flagged> orders & more"))
    sections = (Section("The act", rows), Section("Results", (("held", "", "3"),), ("result", "why", "orders")))
    return Page(**{"title": "Record of a freeze", "sentence": "As of noon.", "language": "en", "sections": sections, **fields})


def sealed(kind):
    return seal({"html": html_of, "pdf": pdf_of}[kind](a_page()), key_id="r1", secret=SECRET)


# The seal, without any database


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_sealed_is_verified(kind):
    content = sealed(kind)
    assert verify(content, KEYS) == seals.Sealed("r1", hashlib.sha256(content).hexdigest())


def mutations(content, number):
    """Bits flipped, bytes changed, inserted, removed, ends cut off or added: at random places and at every byte of the seal."""
    chance = random.Random(20190120)
    begin = len(content) - 140
    places = [chance.randrange(len(content)) for _ in range(number)] + list(range(begin, len(content)))
    for place in places:
        before, byte, after = content[:place], content[place], content[place + 1 :]
        yield before + bytes([byte ^ (1 << chance.randrange(8))]) + after
        yield before + bytes([(byte + chance.randrange(1, 256)) % 256]) + after
        yield before + after
        yield before + bytes([chance.randrange(256)]) + content[place:]
    yield content + b"\n"
    yield content + b" "
    yield b" " + content
    yield content[:-1]
    yield content * 2
    yield content.replace(b"freeze", b"release", 1)
    yield content.rpartition(b"\n")[0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_byte_is_found(kind):
    content, genuine, tried = sealed(kind), [], 0
    for changed in mutations(content, 400):
        if changed == content:
            continue
        tried += 1
        try:
            verify(changed, KEYS)
            genuine.append(changed)
        except SealBroken:
            pass
    assert tried > 1_500
    assert genuine == []


def test_control_a_verification_that_skips_the_signature_accepts_changes(monkeypatch):
    class Anything:
        def verify(self, *_):
            return None

    monkeypatch.setattr(seals, "_public", lambda _: Anything())
    changed = sealed("html").replace(b"freeze", b"releas", 1)
    assert verify(changed, KEYS).key_id == "r1"


def test_a_seal_by_somebody_else_is_refused():
    forged = seal(html_of(a_page()), key_id="r1", secret=b"another secret of thirty-two byte")
    with pytest.raises(SealBroken, match="sealed by somebody else"):
        verify(forged, KEYS)


def test_a_seal_of_an_unknown_key_is_refused():
    with pytest.raises(SealBroken, match="not among those given"):
        verify(sealed("pdf"), {"r2": public_key(SECRET)})


def test_the_same_seal_written_in_another_way_is_refused():
    """Base64 has spare bits at its end, and comments have two forms: only one spelling is genuine."""
    content = sealed("html")
    last = content[-6:-5]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = alphabet[alphabet.index(last) ^ 1 : (alphabet.index(last) ^ 1) + 1]
    for changed in (content[:-6] + twin + content[-5:], content.replace(b"\n<!-- holdfast", b"\n%holdfast")[:-5] + b"\n"):
        with pytest.raises(SealBroken):
            verify(changed, KEYS)


@pytest.mark.parametrize("nothing", [b"", b"\n", b"%PDF-1.7", b"<!-- holdfast-record:v1:r1:AAAA -->\n"])
def test_what_carries_no_seal_is_refused(nothing):
    with pytest.raises(SealBroken, match="no seal"):
        verify(nothing, KEYS)


# What it looks like


def test_nothing_in_a_page_becomes_markup():
    text = html_of(a_page(title="<script>alert(1)</script>")).decode()
    assert "<script" not in text
    assert "all &lt;flagged&gt; orders &amp; more" in text


def test_a_pdf_shows_chinese_and_long_texts():
    rows = (("范围", "活动订单 " + "0123456789abcdef" * 400),)
    content = pdf_of(a_page(title="冻结记录", sections=(Section("行为", rows),)))
    assert content.startswith(b"%PDF-")
    assert b"STSong" in content


# With a freeze


def text_of(issued):
    return unescape(issued.content.decode())


@pytest.mark.django_db
def test_it_says_who_when_under_what_how_many_and_what_became_of_them():
    found = orders(5)
    deliver_order(found[0].ref, at=NOON)
    cancel_order(found[1].ref, cancelled_by="customer", reason="", at=NOON)
    freeze = a_done_freeze(reason="property preservation")
    release = a_done_release(freeze, holds=freeze.holds.filter(order=found[4]))
    issued = issue_record(freeze, kind="html", by=the_asker(), at=NOON + HOUR)
    text = text_of(issued)
    approval = freeze.job.approval
    for words in (
        "PSB-2026-17",
        "Public security bureau",
        "property preservation",
        "all flagged orders of the night",
        freeze.job.scope_hash,
        approval.payload_hash,
        str(approval.requested_by),
        str(approval.decided_by),
        str(release),
        "PSB-2026-18",
        "delivered before the freeze",
        "cancelled before the freeze",
        "<td>held</td><td>–</td><td>3</td>",
        "<td>together</td><td></td><td>5</td>",
        "300.00 CNY",
        results_of(freeze).sha256,
    ):
        assert words in text, words


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_sealed_and_that_it_left_is_kept(kind):
    orders(2)
    freeze = a_done_freeze()
    issued = issue_record(freeze, kind=kind, by=the_asker(), at=NOON)
    found = verify(issued.content, trusted_keys())
    row = ActRecord.objects.get()
    assert (row.freeze, row.kind, row.by, row.at, row.key_id) == (freeze, kind, the_asker(), NOON, found.key_id)
    assert row.file_sha256 == found.sha256 == hashlib.sha256(issued.content).hexdigest()


@pytest.mark.django_db
def test_a_release_has_a_record_too():
    orders(2)
    release = a_done_release(a_done_freeze())
    text = text_of(issue_record(release, kind="html", by=the_asker(), at=NOON))
    assert release.job.scope_hash in text
    assert "<td>released</td><td>–</td><td>2</td>" in text


@pytest.mark.django_db
def test_a_freeze_that_nobody_has_approved_says_so():
    an_order()
    freeze = a_freeze()
    assert "waiting for approval" in text_of(issue_record(freeze, kind="html", by=the_asker(), at=NOON))


@pytest.mark.django_db
def test_there_is_no_third_kind():
    an_order()
    with pytest.raises(NotFound):
        issue_record(a_freeze(), kind="docx", by=the_asker(), at=NOON)
    assert not ActRecord.objects.exists()


@pytest.mark.django_db
def test_that_a_record_left_is_never_unwritten():
    an_order()
    issue_record(a_freeze(), kind="pdf", by=the_asker(), at=NOON)
    with pytest.raises(Exception, match="Cannot update or delete"):
        ActRecord.objects.all().delete()


# The command


@pytest.mark.django_db
def test_the_command_verifies_a_file_without_the_database(tmp_path, capsys, django_db_blocker):
    an_order()
    file = tmp_path / "record.pdf"
    file.write_bytes(issue_record(a_freeze(), kind="pdf", by=the_asker(), at=NOON).content)
    with django_db_blocker.block():
        call_command("verify_record", str(file))
    assert "Genuine: sealed with the key dev." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("changed", [], "NOT GENUINE"),
        ("missing", [], "cannot be read"),
        ("genuine", ["r1"], "id:base64"),
        ("genuine", ["r1:AAAA"], "32 bytes"),
        ("genuine", ["r2:" + KEYS["r1"]], "not among"),
    ],
)
def test_the_command_refuses(tmp_path, name, given, words):
    (tmp_path / "genuine").write_bytes(sealed("html"))
    (tmp_path / "changed").write_bytes(sealed("html") + b" ")
    with pytest.raises(CommandError, match=words):
        call_command("verify_record", str(tmp_path / name), **({"given": given} if given else {}))


def test_the_command_takes_public_keys_from_somebody_else(tmp_path, capsys):
    (tmp_path / "genuine").write_bytes(sealed("html"))
    call_command("verify_record", str(tmp_path / "genuine"), given=["r1:" + KEYS["r1"]])
    assert "r1" in capsys.readouterr().out


def test_public_keys_tell_nothing_of_the_secret():
    assert set(trusted_keys()) == set(settings.HOLDFAST_RECORD_KEYS)
    assert trusted_keys()["dev"].encode() not in settings.HOLDFAST_RECORD_KEYS["dev"]


# The table of results


def table(act):
    return list(csv.reader(io.StringIO("".join(lines_of(act)).removeprefix("\ufeff"))))


@pytest.mark.django_db
def test_every_order_of_the_scope_has_one_row():
    held, delivered = orders(2)
    deliver_order(delivered.ref, at=NOON)
    freeze = a_done_freeze()
    assert table(freeze) == [
        ["order", "amount", "currency", "result", "why"],
        [held.ref, "100.00", "CNY", "held", ""],
        [delivered.ref, "100.00", "CNY", "skipped", "delivered before the freeze"],
    ]


@pytest.mark.django_db
def test_its_hash_is_of_the_very_bytes_that_leave():
    orders(3)
    freeze = a_done_freeze()
    found = results_of(freeze)
    assert found.sha256 == hashlib.sha256("".join(lines_of(freeze)).encode()).hexdigest()
    assert (found.counts, found.amounts) == ({("held", ""): 3}, {("held", "CNY"): Decimal("300.00")})


@pytest.mark.django_db
def test_no_order_number_becomes_a_formula():
    for ref in ("=1+1", "+86", "-1", "@SUM(A1)", "\t=1"):
        order = an_order()
        with without_triggers():
            Order.objects.filter(pk=order.pk).update(ref=ref)
    freeze = a_done_freeze()
    assert [row[0] for row in table(freeze)[1:]] == ["'=1+1", "'+86", "'-1", "'@SUM(A1)", "'\t=1"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_scope(number):
    freeze = worked(approved(a_freeze_of_copies(number)))
    tracemalloc.start()
    count = sum(1 for _ in lines_of(freeze))
    results_of(freeze)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == number + 1
    assert peak < 40_000_000


def a_freeze_of_copies(number):
    """So many orders as one, copied by the database."""
    order = an_order()
    columns = [field.column for field in Order._meta.concrete_fields if field.column not in ("id", "ref")]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO orders_order (ref, {names}) SELECT 'copy-' || n, {names}"
            " FROM orders_order, generate_series(2, %s) n WHERE id = %s",
            [number, order.pk],
        )
    return a_freeze()
