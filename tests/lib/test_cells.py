"""CSV in which nothing from outside becomes a formula."""

import csv

import pytest

from backoffice.lib.cells import csv_lines, safe_cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_what_a_spreadsheet_would_calculate_is_text(start):
    assert safe_cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("value", ["rack-01", "", "券=10", "a=b", "0", "'quoted"])
def test_what_is_text_already_stays_as_it_is(value):
    assert safe_cell(value) == value


def test_nothing_is_an_empty_cell_and_numbers_are_their_digits():
    assert (safe_cell(None), safe_cell(12), safe_cell(-12)) == ("", "12", "'-12")


def test_lines_are_read_back_as_they_were_and_begin_with_the_mark_that_excel_needs():
    rows = [["客户", "note"], ["u1", 'said "no", twice\nand left'], ["u2", "=1+1"]]
    text = "".join(csv_lines(rows))
    assert text.startswith("\ufeff")
    assert text.count("\ufeff") == 1
    assert list(csv.reader(text.removeprefix("\ufeff").splitlines(keepends=True))) == [*rows[:2], ["u2", "'=1+1"]]
