"""Sheets of QR codes to print and cut, as PDF. Pure: plain data in, bytes out. Lengths are in points, 72 to an inch.

QR codes are vectors, drawn as segno computes them (ISO/IEC 18004), level M, with the quiet zone of four modules that the standard
asks for.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

import segno
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

PAPERS = {"a4": A4, "letter": LETTER}
GRIDS = {"6": (2, 3), "12": (3, 4), "24": (4, 6), "40": (5, 8)}  # cards on a page: columns and rows
MARGIN, FOOT = 8 * mm, 6 * mm
PAD, SMALLEST_TYPE = 1.5 * mm, 4.0
QUIET, DARK = 4, re.compile(b"\x01+")
LATIN, CHINESE = "Helvetica", "STSong-Light"  # the second is every PDF reader's own font: nothing is embedded

pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


@dataclass(frozen=True)
class Card:
    """One QR code with what stands above and below it in clear."""

    text: str
    above: Sequence[str]
    below: Sequence[str]


@dataclass(frozen=True)
class Layout:
    """Paper and cards on it; `foot` stands at the bottom of each page, with the page's number."""

    title: str
    foot: str
    paper: str = "a4"
    cards: str = "24"

    @property
    def a_page(self) -> int:
        columns, rows = GRIDS[self.cards]
        return columns * rows


@dataclass(frozen=True)
class Box:
    """A rectangle on the page, from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float


def pdf_of(cards: Iterable[Card], layout: Layout) -> bytes:
    """All cards, filling pages row by row, with dashed lines to cut along."""
    written = BytesIO()
    canvas = Canvas(written, pagesize=PAPERS[layout.paper], pageCompression=1)
    canvas.setTitle(layout.title)
    page = 0
    for place, card in enumerate(cards):
        if place % layout.a_page == 0:
            page = _turn_page(canvas, layout, page)
        _draw_card(canvas, card, _box_of(place % layout.a_page, layout))
    if page == 0:
        _turn_page(canvas, layout, page)
    canvas.save()
    return written.getvalue()


def fitting(text: str, size: float, width: float) -> tuple[str, float]:
    """The text and a size of type at which it fits into the width: smaller first, then cut short."""
    while size > SMALLEST_TYPE and _width(text, size) > width:
        size -= 0.5
    if _width(text, size) <= width:
        return text, size
    while text and _width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text}…", size


def _turn_page(canvas: Canvas, layout: Layout, page: int) -> int:
    if page:
        canvas.showPage()
    width, height = PAPERS[layout.paper]
    columns, rows = GRIDS[layout.cards]
    canvas.setStrokeGray(0.6)
    canvas.setLineWidth(0.3)
    canvas.setDash(2, 2)
    across, down = (width - 2 * MARGIN) / columns, (height - 2 * MARGIN - FOOT) / rows
    for column in range(columns + 1):
        canvas.line(MARGIN + column * across, MARGIN + FOOT, MARGIN + column * across, height - MARGIN)
    for row in range(rows + 1):
        canvas.line(MARGIN, MARGIN + FOOT + row * down, width - MARGIN, MARGIN + FOOT + row * down)
    canvas.setDash()
    _write(canvas, f"{layout.foot} · {page + 1}", Box(MARGIN, MARGIN, width - 2 * MARGIN, FOOT), MARGIN, size=7)
    return page + 1


def _box_of(place: int, layout: Layout) -> Box:
    """The card of this place on its page: from left to right, from top to bottom."""
    page_width, page_height = PAPERS[layout.paper]
    columns, rows = GRIDS[layout.cards]
    width, height = (page_width - 2 * MARGIN) / columns, (page_height - 2 * MARGIN - FOOT) / rows
    row, column = divmod(place, columns)
    return Box(MARGIN + column * width, page_height - MARGIN - (row + 1) * height, width, height)


def _draw_card(canvas: Canvas, card: Card, box: Box) -> None:
    line = min(9.0, box.height / 14)
    above, below = len(card.above) * line, len(card.below) * line
    side = min(box.width - 2 * PAD, box.height - above - below - 2 * PAD)
    top = box.bottom + box.height - PAD
    for number, text in enumerate(card.above):
        _write(canvas, text, box, top - (number + 0.8) * line, size=line * 0.85)
    _draw_code(canvas, card.text, Box(box.left + (box.width - side) / 2, top - above - side, side, side))
    for number, text in enumerate(card.below):
        _write(canvas, text, box, top - above - side - (number + 0.8) * line, size=line * 0.85)


def _draw_code(canvas: Canvas, text: str, box: Box) -> None:
    """Dark modules that lie side by side are one rectangle, so that no printer leaves hairlines between them."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    size = len(rows) + 2 * QUIET
    canvas.saveState()
    canvas.translate(box.left, box.bottom)
    canvas.scale(box.width / size, box.height / size)  # from here on a module is 1 wide and 1 high
    canvas.setFillGray(0)
    dark = [
        f"{QUIET + run.start()} {size - QUIET - number - 1} {run.end() - run.start()} 1 re"
        for number, row in enumerate(rows)
        for run in DARK.finditer(row)
    ]
    canvas.addLiteral(" ".join([*dark, "f"]))
    canvas.restoreState()


def _write(canvas: Canvas, text: str, box: Box, height: float, *, size: float) -> None:
    text, size = fitting(text, size, box.width - 2 * PAD)
    canvas.setFillGray(0)
    canvas.setFont(_font(text), size)
    canvas.drawCentredString(box.left + box.width / 2, height, text)


def _width(text: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, _font(text), size))


def _font(text: str) -> str:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return CHINESE
    return LATIN
