"""What is exported computes nothing in anybody's spreadsheet."""

import pytest

from backoffice.lib.cells import csv_lines, safe_cell


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_a_text(cell):
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["u1", "", None, 7, "a=b"])
def test_everything_else_is_left_alone(cell):
    assert safe_cell(cell) == ("" if cell is None else str(cell))


def test_lines_are_csv():
    assert list(csv_lines(["a", "b"], [["x,y", '"'], ["=1", None]])) == ["\ufeffa,b\r\n", '"x,y",""""\r\n', "'=1,\r\n"]
