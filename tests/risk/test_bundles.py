"""Evidence bundles: complete, signed, verified without a database; and of a thousand tampered ones none is genuine."""

import csv
import hashlib
import io
import json
import random
import struct
import zipfile
import zlib

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, transaction

from backoffice.lib.errors import InvalidInput
from backoffice.lib.jobs import LEASE, run_job
from orders.models import Document, Order
from orders.seals import SealBroken, public_key
from orders.services.documents import keep_document
from orders.services.records import trusted_keys
from risk.bundles.archive import Entry, Packer, ending_of, stored
from risk.bundles.manifest import MANIFEST, SEAL, Listed, manifest_of, seal_of
from risk.bundles.verifying import verify_bundle
from risk.models import BundleDownload, BundlePiece, EvidenceBundle
from risk.services import bundle_content, bundles
from risk.services.bundles import BundleNotReady, ask_for_bundle, bytes_of_bundle, take_out
from risk.services.incidents import note_incident
from tests.orders.factories import a_done_freeze
from tests.orders.rounds import sql
from tests.orders.test_constraints import refused
from tests.promotions.factories import the_asker
from tests.risk.incidents import LATER, a_bundle, a_night, an_incident

TAMPERED = 1_000
SECRET = b"a secret of a test"
KEYS = {"t1": public_key(SECRET)}
FILES = {
    "members.csv": b"customer,disposition\nu1,organised\n" * 40,
    "orders.csv": b"order,amount\no1,100.00\n" * 40,
    "documents/document-7.pdf": b"%PDF-1.4 an order of the court" * 20,
}


# --- the format alone, without a database


def written(files=FILES, *, secret=SECRET, key_id="t1", listed=None, order=None):
    """An archive as the service makes it. `listed` are the files that the manifest speaks of, where these are to be others."""
    entries, pieces = [], []

    def add(name, content):
        packer = Packer()
        packed = b"".join(packer.pack([content]))
        entries.append(packer.entry(name))
        pieces.append(packed)

    for name in order or files:
        add(name, files[name])
    said = [
        Listed(name, hashlib.sha256(files[name]).hexdigest(), len(files[name]), None) for name in (listed or order or list(files))
    ]
    manifest = manifest_of({"incident": 1, "as_of": "2026-11-23T00:00:00+00:00"}, said)
    add(MANIFEST, manifest)
    before = b"".join(entry.header + piece for entry, piece in zip(entries, pieces, strict=True))
    seal = seal_of(files_sha256=hashlib.sha256(before).hexdigest(), manifest=manifest, key_id=key_id, secret=secret)
    entry = stored(SEAL, seal)
    return before + entry.header + seal + ending_of([*entries, entry])


def is_genuine(data, keys=KEYS):
    try:
        verify_bundle(io.BytesIO(data), keys)
    except SealBroken:
        return False
    return True


def test_the_untouched_bundle_is_genuine_and_any_tool_opens_it():
    data = written()
    found = verify_bundle(io.BytesIO(data), KEYS)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*FILES, MANIFEST, SEAL]
        assert {name: archive.read(name) for name in FILES} == FILES


def flipped(data, chance):
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def cut_out(data, chance):
    place, length = chance.randrange(len(data)), chance.randrange(1, 40)
    return data[:place] + data[place + length :]


def put_in(data, chance):
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.randbytes(chance.randrange(1, 40)) + data[place:]


def swapped(data, chance):
    one, other = sorted(chance.sample(range(len(data)), 2))
    if data[one] == data[other]:
        return flipped(data, chance)
    return data[:one] + data[other : other + 1] + data[one + 1 : other] + data[one : one + 1] + data[other + 1 :]


def truncated(data, chance):
    return data[: chance.randrange(len(data))]


def repacked(data, chance):
    """The same files by another tool: nothing of their content differs."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", chance.choice([0, 8])) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return made.getvalue()


WAYS = (flipped, flipped, flipped, flipped, cut_out, put_in, swapped, truncated, repacked)


def test_of_a_thousand_tampered_bundles_none_is_genuine():
    data, chance = written(), random.Random(20261123)
    tampered = [chance.choice(WAYS)(data, chance) for _ in range(TAMPERED)]
    assert all(one != data for one in tampered)
    assert [one for one in tampered if is_genuine(one)] == []
    assert is_genuine(data)


def test_not_one_byte_can_be_changed():
    data = written({"a.csv": b"order\n"})
    assert [place for place in range(len(data)) if is_genuine(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])] == []


def rewritten(**changes):
    """Signed by us, but not of what it says: what a careless maker could do."""
    return written(**changes)


def test_a_manifest_that_speaks_of_other_files_is_refused_even_where_it_is_signed():
    names = list(FILES)
    assert is_genuine(rewritten(listed=names))
    for listed in (names[:-1], names[::-1], [names[1], names[0], names[2]]):
        assert not is_genuine(rewritten(listed=listed)), listed


def patched(entries, pieces, seal_at=-1):
    return b"".join(entry.header + piece for entry, piece in zip(entries, pieces, strict=True)) + ending_of(entries)


def parts(data):
    """Entries and packed pieces of an archive."""
    entries, pieces, place = [], [], 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            entry = Entry(info.filename, info.CRC, info.file_size, info.compress_size)
            place = info.header_offset + len(entry.header)
            entries.append(entry)
            pieces.append(data[place : place + entry.packed_size])
    return entries, pieces


def test_files_that_are_added_missing_renamed_doubled_or_moved_are_found():
    data = written()
    entries, pieces = parts(data)
    assert patched(entries, pieces) == data, "the control: put together again it is the same"

    def changed(change):
        new = list(zip(entries, pieces, strict=True))
        change(new)
        return patched([one for one, _ in new], [one for _, one in new])

    extra = Entry("extra.csv", zlib.crc32(b""), 0, 2)
    renamed = Entry("people.csv", entries[0].crc32, entries[0].size, entries[0].packed_size)
    changes = {
        "missing": lambda new: new.pop(0),
        "no seal": lambda new: new.pop(),
        "no manifest": lambda new: new.pop(-2),
        "extra": lambda new: new.insert(0, (extra, b"\x03\x00")),
        "extra behind the seal": lambda new: new.append((extra, b"\x03\x00")),
        "doubled": lambda new: new.insert(1, new[0]),
        "renamed": lambda new: new.__setitem__(0, (renamed, pieces[0])),
        "moved": lambda new: new.insert(1, new.pop(0)),
        "nothing": lambda new: new.clear(),
    }
    for name, change in changes.items():
        assert not is_genuine(changed(change)), name


def test_tricks_of_the_format_are_found():
    data = written()
    directory = struct.unpack_from("<I", data, len(data) - 6)[0]
    end = data[-22:]
    assert not is_genuine(data + b"\x00")
    assert not is_genuine(data + data)
    assert not is_genuine(b"\x00" + data)
    assert not is_genuine(b"")
    assert not is_genuine(data[:-2] + struct.pack("<H", 5) + b"hello"), "a comment of the archive"
    assert not is_genuine(data[:directory] + data[directory + 46 :]), "a directory that is shorter"
    assert not is_genuine(data[:directory] + b"PK\x01\x02" + data[directory:]), "something before the directory"
    assert not is_genuine(data[:-22] + end[:8] + struct.pack("<HH", 2, 2) + end[12:]), "a directory that counts fewer"
    for name in ("../../etc/passwd", "/etc/passwd", "A.csv", "a\\b.csv", "documents//x.pdf", "..", "a.csv/", "x" * 300 + "/../y"):
        raw = name.encode()
        entry = b"PK\x03\x04" + struct.pack("<5H3I2H", 20, 0, 8, 0, 0x21, 0, 2, 0, len(raw), 0) + raw + b"\x03\x00"
        assert not is_genuine(entry + data), name


def test_another_key_another_signer_and_an_unknown_key_are_found():
    assert not is_genuine(written(secret=b"somebody else"))
    assert not is_genuine(written(key_id="t2"))
    assert is_genuine(written(key_id="t2"), {"t2": public_key(SECRET)})
    with pytest.raises(SealBroken, match="not among those given"):
        verify_bundle(io.BytesIO(written(key_id="t2")), KEYS)


def test_a_few_bytes_that_swell_are_not_unpacked_at_once():
    """A file that says it is small and unpacks to much is refused before it has filled the memory."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(bomb.compress(b"\x00" * 1_000_000) for _ in range(50)) + bomb.flush()
    entry = Entry("members.csv", 0, 10, len(packed))
    with pytest.raises(SealBroken, match="larger than it says"):
        verify_bundle(io.BytesIO(entry.header + packed + ending_of([entry])), KEYS)


# --- the service


def whole(bundle):
    return b"".join(bytes_of_bundle(bundle))


def table(data, name):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8-sig"))))


@pytest.mark.django_db
def test_a_bundle_holds_all_of_an_incident_and_verifies(monkeypatch):
    monkeypatch.setattr(bundles, "PIECE", 512)
    monkeypatch.setattr(bundle_content, "READ_AT_ONCE", 3)
    token, gang, guests = a_night()
    paper = keep_document(io.BytesIO(b"%PDF-1.4 preserve it"), name="order.pdf", by=the_asker(), at=LATER)
    a_done_freeze(Order.objects.filter(pk__in=[order.pk for order in gang]), at=LATER, document=paper)
    incident = an_incident(token, title="A & B")
    note_incident(incident, by=the_asker(), text="=HYPERLINK(1)", at=LATER)
    bundle = a_bundle(incident)
    data = whole(bundle)
    found = verify_bundle(io.BytesIO(data), trusted_keys())
    assert (len(data), found.sha256, found.key_id) == (bundle.size, bundle.sha256, bundle.key_id)
    assert BundlePiece.objects.filter(file__bundle=bundle).count() > len(bundle.contents) + 2
    assert bundle.job.status == "running" or bundle.job.done == bundle.job.total
    assert {row["order"] for row in table(data, "orders")} == {order.ref for order in (*gang, *guests)}
    assert {row["customer"] for row in table(data, "members")} == {order.customer.ref for order in (*gang, *guests)}
    assert len(table(data, "claims")) == len(table(data, "coupons")) == 6
    assert {row["token_batch"] for row in table(data, "tokens")} == {token.batch.code}
    assert [row["text"] for row in table(data, "notes")] == ["'=HYPERLINK(1)"], "no cell is a formula"
    assert table(data, "holds")
    assert table(data, "findings")
    assert table(data, "lines")
    assert table(data, "timeline")
    assert [row["document"] for row in table(data, "freezes")] == ["order.pdf"]
    assert {row["what"] for row in table(data, "audit")} >= {"incident", "hold", "freeze", "flagged order"}
    rows = {file["name"]: file["rows"] for file in found.manifest["files"]}
    assert rows["orders.csv"] == 6
    assert rows["figures.json"] is None
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read(f"documents/document-{paper.pk}.pdf") == b"%PDF-1.4 preserve it"
        queries = json.loads(archive.read("queries.json"))
        figures = json.loads(archive.read("figures.json"))
    assert {one["file"] for one in queries["tables"]} == {name for name in rows if name.endswith(".csv")} - {"timeline.csv"}
    assert next(one["name"] for one in figures["figures"]) == "issued"
    assert figures["figures"][0]["rows"] == [["CNY", 6, "600.00"]]


@pytest.mark.django_db
def test_the_command_verifies_a_file_with_the_public_key_alone(tmp_path, capsys, settings):
    bundle = a_bundle(an_incident(a_night(gang=1, guests=1)[0]))
    file = tmp_path / "bundle.zip"
    file.write_bytes(whole(bundle))
    keys = trusted_keys()
    settings.HOLDFAST_RECORD_KEYS = {}
    given = [f"--public-key={key_id}:{key}" for key_id, key in keys.items()]
    call_command("verify_bundle", str(file), *given)
    assert "Genuine" in capsys.readouterr().out
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(CommandError, match="NOT GENUINE"):
        call_command("verify_bundle", str(file), *given)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_bundle", str(tmp_path / "none.zip"), *given)
    with pytest.raises(CommandError, match="id:base64"):
        call_command("verify_bundle", str(file), "--public-key", "r1")


@pytest.mark.django_db
def test_a_bundle_is_taken_out_with_a_reason_and_each_time_is_kept():
    incident = an_incident(a_night(gang=1, guests=1)[0])
    waiting = ask_for_bundle(incident, reference="", by=the_asker(), reason="asked", at=LATER)
    with pytest.raises(BundleNotReady):
        take_out(waiting, by=the_asker(), reason="the police", at=LATER)
    run_job(waiting.job_id, now=lambda: LATER)
    with pytest.raises(InvalidInput):
        take_out(waiting, by=the_asker(), reason=" ", at=LATER)
    taken = take_out(waiting, by=the_asker(), reason="the police", at=LATER)
    assert (taken.by, taken.reason) == (the_asker(), "the police")
    assert BundleDownload.objects.count() == 1
    with pytest.raises(InvalidInput):
        ask_for_bundle(incident, reference="", by=the_asker(), reason="", at=LATER)


@pytest.mark.django_db
def test_a_sealed_bundle_never_changes():
    bundle = a_bundle(an_incident(a_night(gang=1, guests=1)[0]))
    take_out(bundle, by=the_asker(), reason="the police", at=LATER)
    for statement in (
        "UPDATE risk_evidencebundle SET size = 1",
        "UPDATE risk_evidencebundle SET reason = 'else'",
        "DELETE FROM risk_evidencebundle",
        "UPDATE risk_bundlefile SET name = 'else.csv'",
        "UPDATE risk_bundlepiece SET content = ''",
        "DELETE FROM risk_bundlepiece",
        "DELETE FROM risk_bundledownload",
        "UPDATE risk_bundledownload SET reason = 'else'",
    ):
        with pytest.raises(DatabaseError, match="pgtrigger: Cannot"), transaction.atomic():
            sql(statement)
    assert verify_bundle(io.BytesIO(whole(bundle)), trusted_keys())


@pytest.mark.django_db
def test_a_bundle_is_sealed_as_a_whole():
    incident = an_incident(a_night(gang=1, guests=1)[0])
    ask_for_bundle(incident, reference="", by=the_asker(), reason="asked", at=LATER)
    refused("bundle_is_sealed_as_a_whole", lambda: EvidenceBundle.objects.update(sealed_at=LATER))
    assert Document.objects.exists() is False
    assert settings.HOLDFAST_RECORD_KEYS


def test_verifying_asks_no_database(tmp_path, capsys):
    """This test has no database: whoever asks one fails."""
    file = tmp_path / "bundle.zip"
    file.write_bytes(written())
    call_command("verify_bundle", str(file), f"--public-key=t1:{KEYS['t1']}", "--show-keys")
    told = capsys.readouterr().out
    assert "Genuine: sealed with the key t1" in told
    assert "Incident 1, as of 2026-11-23T00:00:00+00:00: 3 files." in told


@pytest.mark.django_db
def test_a_worker_that_is_killed_leaves_no_file_out_and_none_twice(monkeypatch):
    bundle = ask_for_bundle(an_incident(a_night(gang=1, guests=1)[0]), reference="", by=the_asker(), reason="asked", at=LATER)
    real = bundles.content_of

    def falls_over_at_the_claims(of, name):
        if name == "claims.csv":
            raise OperationalError("the server restarts")
        return real(of, name)

    monkeypatch.setattr(bundles, "content_of", falls_over_at_the_claims)
    with pytest.raises(OperationalError):
        run_job(bundle.job_id, now=lambda: LATER)
    assert [file.name for file in bundle.files.all()] == ["members.csv"]
    monkeypatch.setattr(bundles, "content_of", real)
    assert run_job(bundle.job_id, now=lambda: LATER + LEASE + LEASE)
    bundle.refresh_from_db()
    assert [file.name for file in bundle.files.order_by("number")] == [*bundle.contents, MANIFEST, SEAL]
    assert verify_bundle(io.BytesIO(whole(bundle)), trusted_keys()).sha256 == bundle.sha256
