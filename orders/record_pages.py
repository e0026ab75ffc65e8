"""A record as a page to print and as a PDF. Pure: plain data in, bytes out. What both say is the same, in the same order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from io import BytesIO

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

LATIN, BOLD, CHINESE = "Helvetica", "Helvetica-Bold", "STSong-Light"  # the last is every PDF reader's own: nothing is embedded
MARGIN, FOOT = 18 * mm, 9 * mm
SIZE, SMALL = 9.0, 7.0
LABELS = 52 * mm
CSS = (
    "body{font:14px/1.45 system-ui,sans-serif;color:#111;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.4rem}h2{font-size:1.05rem;margin-top:1.6rem}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#f3f3f3}th[scope=row]{width:15rem}footer{margin-top:2rem;font-size:.8rem;color:#444}"
    "@media print{body{margin:0;max-width:none}tr{break-inside:avoid}}"
)

pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


@dataclass(frozen=True)
class Section:
    """A table under a title; without columns the first cell of each row is its label."""

    title: str
    rows: Sequence[Sequence[str]]
    columns: Sequence[str] = ()
    empty: str = ""


@dataclass(frozen=True)
class Page:
    """A record in words. `language` is the code of these words; `foot` stands at the end, and on each page of the PDF."""

    title: str
    sentence: str
    language: str
    sections: Sequence[Section] = field(default_factory=tuple)
    foot: str = ""


def html_of(page: Page) -> bytes:
    """A page that needs nothing else: no script, no picture, no address."""
    body = "".join(_html_section(section) for section in page.sections)
    text = (
        f'<!doctype html>\n<html lang="{escape(page.language)}"><head><meta charset="utf-8"><title>{escape(page.title)}</title>'
        f"<style>{CSS}</style></head><body><h1>{escape(page.title)}</h1><p>{escape(page.sentence)}</p>{body}"
        f"<footer>{escape(page.foot)}</footer></body></html>"
    )
    return text.encode()


def pdf_of(page: Page) -> bytes:
    """On A4, with the foot and the page's number at the bottom."""
    written = BytesIO()
    document = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN + FOOT,
        title=page.title,
    )
    story: list[Flowable] = [_paragraph(page.title, 15, bold=True), Spacer(1, 3 * mm), _paragraph(page.sentence, SIZE)]
    for section in page.sections:
        story += [Spacer(1, 5 * mm), _paragraph(section.title, 11, bold=True), Spacer(1, 1.5 * mm)]
        story.append(_pdf_table(section, document.width) if section.rows else _paragraph(section.empty, SIZE))

    def draw_foot(canvas: Canvas, _document: object) -> None:
        canvas.setFont(_font(page.foot), SMALL)
        canvas.setFillGray(0.3)
        canvas.drawString(MARGIN, FOOT, page.foot)
        canvas.drawRightString(A4[0] - MARGIN, FOOT, str(canvas.getPageNumber()))

    document.build(story, onFirstPage=draw_foot, onLaterPages=draw_foot)
    return written.getvalue()


def _html_section(section: Section) -> str:
    title = f"<h2>{escape(section.title)}</h2>"
    if not section.rows:
        return f"{title}<p>{escape(section.empty)}</p>"
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in section.columns)
    rows = "".join(f"<tr>{_html_cells(row, has_label=not section.columns)}</tr>" for row in section.rows)
    return f"{title}<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{rows}</tbody></table>"


def _html_cells(row: Sequence[str], *, has_label: bool) -> str:
    cells = [f"<td>{escape(cell)}</td>" for cell in row]
    if has_label:
        cells[0] = f'<th scope="row">{escape(row[0])}</th>'
    return "".join(cells)


def _pdf_table(section: Section, width: float) -> Table:
    number = len(section.columns or section.rows[0])
    widths = [width / number] * number if section.columns else [LABELS, *[(width - LABELS) / (number - 1)] * (number - 1)]
    rows: list[list[Flowable]] = [[_paragraph(cell, SIZE, bold=True) for cell in section.columns]] if section.columns else []
    rows += [_pdf_cells(row, has_label=not section.columns) for row in section.rows]
    table = Table(rows, colWidths=widths, repeatRows=1 if section.columns else 0, splitInRow=1)
    grey = [("BACKGROUND", (0, 0), (-1, 0) if section.columns else (0, -1), colors.HexColor("#f3f3f3"))]
    lines = [("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#bbbbbb")), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    table.setStyle(TableStyle([*grey, *lines]))
    return table


def _pdf_cells(row: Iterable[str], *, has_label: bool) -> list[Flowable]:
    return [_paragraph(cell, SIZE, bold=has_label and place == 0) for place, cell in enumerate(row)]


def _paragraph(text: str, size: float, *, bold: bool = False) -> Paragraph:
    """Lines break anywhere, since hashes and scopes know no blanks."""
    font = _font(text)
    style = ParagraphStyle(
        "cell", fontName=BOLD if bold and font == LATIN else font, fontSize=size, leading=size * 1.35, wordWrap="CJK"
    )
    return Paragraph(escape(text, quote=False).replace("\n", "<br/>"), style)


def _font(text: str) -> str:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return CHINESE
    return LATIN
