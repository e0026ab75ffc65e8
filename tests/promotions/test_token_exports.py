"""What leaves the house is kept for ever, in full order, and by nobody's leave."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from backoffice.lib.errors import DomainError, InvalidInput
from promotions.models import TokenExport
from promotions.services import token_exports
from promotions.services.token_exports import csv_of, harmless, take_out, token_texts
from promotions.services.tokens import make_token_batch, revoke_batch
from promotions.sheets import GRIDS, PAPERS, Card, Layout, fitting, pdf_of
from tests.promotions.factories import DAY, NOON, a_restricted_type, an_entry, the_asker
from tests.promotions.rawsql import refused, set_in

pytestmark = pytest.mark.django_db


def a_large_batch(count=23):
    entry = an_entry(coupon_type=a_restricted_type())
    return make_token_batch(entry=entry, code="B", count=count, uses=1, expires_at=None, by=the_asker(), at=NOON)


def an_export(batch=None, **fields):
    values = {"kind": "csv", "first": 0, "last": 22, "reason": "to the printer", "by": the_asker(), "at": NOON}
    return take_out(batch or a_large_batch(), **{**values, **fields})


def test_token_export_is_never_changed():
    export = an_export()
    refused("Cannot update or delete", set_in(export, "reason = 'none'"))
    refused("Cannot update or delete", f"DELETE FROM promotions_tokenexport WHERE id = {export.pk}")
    assert TokenExport.objects.get().reason == "to the printer"


def test_the_rows_of_exports_that_make_no_sense_are_refused():
    values = "SELECT batch_id, kind, {first}, {last}, at, by_id, {reason} FROM promotions_tokenexport"
    insert = "INSERT INTO promotions_tokenexport (batch_id, kind, first, last, at, by_id, reason) "
    an_export()
    refused("token_export_first_before_last", insert + values.format(first=2, last=1, reason="'x'"))
    refused("token_export_has_a_reason", insert + values.format(first=1, last=1, reason="''"))


@pytest.mark.parametrize("at_once", [1, 5, 23, 100])
def test_texts_come_whole_and_in_order_however_many_are_read_at_once(monkeypatch, at_once):
    monkeypatch.setattr(token_exports, "READ_AT_ONCE", at_once)
    export = an_export(first=3, last=20)
    assert [number for number, _ in token_texts(export)] == list(range(3, 21))
    assert sum(part.count("HF1.") for part in csv_of(export)) == 18


def test_a_part_of_a_batch_is_read_by_itself(django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(token_exports, "READ_AT_ONCE", 5)
    texts = token_texts(an_export())
    with django_assert_num_queries(1):
        for _ in range(5):
            next(texts)


@pytest.mark.parametrize("numbers", [(-1, 3), (5, 4), (0, 23), (23, 23)])
def test_numbers_that_the_batch_has_not_are_refused(numbers):
    with pytest.raises(InvalidInput):
        an_export(first=numbers[0], last=numbers[1])
    assert not TokenExport.objects.exists()


def test_so_many_are_not_printed_at_once(monkeypatch):
    monkeypatch.setattr(token_exports, "MOST_PRINTED", 22)
    with pytest.raises(InvalidInput, match="22"):
        an_export(kind="pdf")
    assert an_export(kind="pdf", last=21).last == 21


def test_an_expired_or_revoked_batch_is_not_taken_out():
    batch = a_large_batch()
    with pytest.raises(DomainError, match="expired"):
        an_export(batch, at=NOON + 10 * DAY + timedelta(seconds=1))
    revoke_batch(batch, by=the_asker(), reason="stolen", at=NOON)
    with pytest.raises(DomainError, match="revoked"):
        an_export(batch)
    assert not TokenExport.objects.exists()


@pytest.mark.parametrize(("code", "written"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-x", "'-x"), ("RUN-1", "RUN-1")])
def test_no_code_is_a_formula(code, written):
    assert harmless(code) == written


# Sheets


def pages(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ")


def a_sheet(count=1, text="HF1.k1.x.y", **fields):
    return pdf_of((Card(text, ("新年晚会", "seats"), ("B · 1", "valid")) for _ in range(count)), Layout("B", "B", **fields))


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("cards", GRIDS)
def test_a_page_holds_as_many_codes_as_were_asked_for(cards, paper):
    assert pages(a_sheet(int(cards), paper=paper, cards=cards)) == 1
    assert pages(a_sheet(int(cards) + 1, paper=paper, cards=cards)) == 2


def test_a_batch_without_valid_tokens_is_an_empty_page():
    assert pages(a_sheet(0)) == 1


def test_long_names_become_smaller_and_are_then_cut_short():
    assert fitting("seats", 9, 100) == ("seats", 9)
    assert fitting("the seats of the hall", 9, 75)[0] == "the seats of the hall"
    text, size = fitting("x" * 400, 9, 100)
    assert text.endswith("…")
    assert size == 4.0


def test_the_dark_modules_drawn_are_those_of_the_code():
    """Counted from the rectangles, and compared with what segno computes."""
    import segno

    from promotions import sheets

    drawn = []
    canvas = SimpleNamespace(addLiteral=drawn.append)
    for name in ("saveState", "restoreState", "translate", "scale", "setFillGray"):
        setattr(canvas, name, lambda *_: None)
    sheets._draw_code(canvas, "HF1.k1.x.y", sheets.Box(0, 0, 100, 100))
    words = drawn[0].split()
    rectangles = [tuple(map(int, words[place : place + 4])) for place in range(0, len(words) - 1, 5)]
    matrix = [bytes(row) for row in segno.make("HF1.k1.x.y", error="m", micro=False).matrix]
    size = len(matrix) + 2 * sheets.QUIET
    dark = {
        (column + sheets.QUIET, size - sheets.QUIET - row - 1)
        for row, line in enumerate(matrix)
        for column, on in enumerate(line)
        if on
    }
    assert {(left + step, bottom) for left, bottom, width, _ in rectangles for step in range(width)} == dark
