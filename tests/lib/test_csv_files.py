"""Files as people send them, and as those send them who mean harm: read within bounds, or refused with the line and why."""

import gzip
import resource
from io import BytesIO

import pytest

from backoffice.lib import csv_files
from backoffice.lib.csv_files import UnreadableFile, open_csv

PLAIN = "order,text\n1,a\n2,b\n"


def read(data, **options):
    file = open_csv(BytesIO(data), **options)
    return file.columns, list(file.rows)


SAME = {
    "plain": PLAIN.encode(),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "crlf": PLAIN.replace("\n", "\r\n").encode(),
    "utf-16": b"\xff\xfe" + PLAIN.encode("utf-16-le"),
    "utf-16, big end first": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "gzip": gzip.compress(PLAIN.encode()),
    "gzip with a mark": gzip.compress(b"\xef\xbb\xbf" + PLAIN.encode()),
    "semicolons": PLAIN.replace(",", ";").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "no last line end": PLAIN.strip().encode(),
}


@pytest.mark.parametrize("data", SAME.values(), ids=SAME)
def test_the_same_file_in_many_dresses(data):
    assert read(data) == (["order", "text"], [(2, ["1", "a"]), (3, ["2", "b"])])


def test_cells_with_delimiters_quotes_and_line_ends_are_one_cell_and_rows_keep_their_line():
    data = b'order,text\n1,"a ""b"", c\nd"\n\n2,e\n'
    assert read(data)[1] == [(2, ["1", 'a "b", c\nd']), (5, ["2", "e"])]


def test_chinese_in_gb_18030_is_read_once_it_is_chosen():
    data = "订单,商品\n1,龙井茶\n".encode("gb18030")
    assert read(data, encoding="gb18030") == (["订单", "商品"], [(2, ["1", "龙井茶"])])
    with pytest.raises(UnreadableFile, match="Choose the encoding"):
        read(data)


def test_columns_without_a_name_or_with_the_same_are_told_apart():
    assert read(b"a,,a\n1,2,3\n")[0] == ["a", "column 2", "a (2)"]


BAD = {
    "empty": (b"", "Line 1 is empty"),
    "blank first line": (b"\n1,2\n", "Line 1 is empty"),
    "wrong encoding": (b"a,b\n1,2\n3,\xff\n", "Line 3: it is not in utf-8"),
    "nul": (b"a,b\n1,2\n3,\x00\n", "Line 3: it contains a NUL"),
    "quotes": (b'a,b\n1,"2\n3,4\n', "Line 2: the quotes do not match"),
    "text after quotes": (b'a,b\n1,"2"x\n', "Line 2: the quotes do not match"),
    "zip": (b"PK\x03\x04whatever", "workbook"),
    "cut gzip": (gzip.compress(PLAIN.encode() * 100)[:40], "damaged"),
    "no gzip": (b"\x1f\x8bnonsense", "damaged"),
    "columns": (b",".join([b"a"] * 10_000) + b"\n1\n", "10,000 columns"),
    "a long line": (b"a,b\n" + b"x" * 70_000 + b"\n", "Line 2: it is longer"),
    "no encoding": (b"a,b\n", "no encoding"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_refused_with_the_line(data, message):
    options = {"encoding": "rot13"} if message == "no encoding" else {}
    with pytest.raises(UnreadableFile, match=message):
        read(data, **options)


def test_a_file_that_unpacks_to_more_than_it_may_is_left_in_the_middle(monkeypatch):
    monkeypatch.setattr(csv_files, "MOST_BYTES_UNPACKED", 1_000_000)
    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * 10_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(UnreadableFile, match="unpacks to more than"):
        read(bomb)


def test_a_bomb_without_line_ends_is_left_at_its_first_line():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableFile, match="longer"):
        read(gzip.compress(b"a" * 200_000_000, compresslevel=1))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 250_000, "kilobytes, with the 200 MB made here"


def test_more_rows_than_it_may_have(monkeypatch):
    monkeypatch.setattr(csv_files, "MOST_ROWS", 10)
    assert len(read(b"a\n" + b"1\n" * 10)[1]) == 10
    with pytest.raises(UnreadableFile, match="more than 10 rows"):
        read(b"a\n" + b"1\n" * 11)
