"""The sheet all papers share: A4, letters embedded, a head with the issuer, a foot with "página x de y"."""

import io
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import font_source_sans_pro
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from gtvision_edge.papers import words
from gtvision_edge.papers.model import Issuer

INK: Final = HexColor("#1a1a1a")
GREY: Final = HexColor("#5c5c5c")
LINE: Final = HexColor("#b8bcc2")
BAND: Final = HexColor("#f0f2f5")
ACCENT: Final = HexColor("#1f3a5f")

_FONTS: Final = {
    "Paper": "SourceSansPro-Regular.ttf",
    "Paper-Bold": "SourceSansPro-Semibold.ttf",
    "Paper-Italic": "SourceSansPro-It.ttf",
    "Paper-BoldItalic": "SourceSansPro-SemiboldIt.ttf",
}
_MARGIN: Final = 20 * mm
_TOP: Final = 34 * mm
_BOTTOM: Final = 24 * mm
WIDTH: Final = A4[0] - 2 * _MARGIN
LABEL_WIDTH: Final = 46 * mm

_TALLEST: Final = 60 * mm
"""A row may not be taller than a page, and is not taken apart where it meets its end: what is taller than this becomes several."""
_LINES: Final = 12
"""So many are not taller."""
_PADDING: Final = 10

# A table sets Helvetica, which is not embedded, even for cells without text.
_LETTERS: Final = ("FONTNAME", (0, 0), (-1, -1), "Paper")

Cell = str | Flowable
"""Text as people wrote it (it is escaped), or something made here."""


def _style(name: str, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        name, **{"fontName": "Paper", "fontSize": 9.5, "leading": 12.5, "textColor": INK, **more}
    )


BODY: Final = _style("body", alignment=TA_JUSTIFY, spaceAfter=2 * mm)
CELL: Final = _style("cell", fontSize=9, leading=11.5)
LABEL: Final = _style("label", fontSize=9, leading=11.5, textColor=GREY)
SMALL: Final = _style("small", fontSize=8, leading=10, textColor=GREY, alignment=TA_JUSTIFY)
TINY: Final = _style("tiny", fontSize=7.5, leading=9.5)
_COLUMN: Final = _style("column", fontName="Paper-Bold", fontSize=8, leading=10, textColor=ACCENT)
_TITLE: Final = _style(
    "title", fontName="Paper-Bold", fontSize=16, leading=20, alignment=TA_CENTER, textColor=ACCENT
)
_SUBTITLE: Final = _style(
    "subtitle", fontSize=10, leading=13, alignment=TA_CENTER, textColor=GREY, spaceAfter=5 * mm
)
_HEADING: Final = _style(
    "heading",
    fontName="Paper-Bold",
    fontSize=11,
    leading=14,
    textColor=ACCENT,
    spaceBefore=5 * mm,
    spaceAfter=1.8 * mm,
)
_SUBHEADING: Final = _style(
    "subheading",
    fontName="Paper-Bold",
    fontSize=9.5,
    leading=12,
    spaceBefore=3 * mm,
    spaceAfter=1 * mm,
)


def load_letters() -> None:
    """Make the letters known; may be called again."""
    folder = Path(font_source_sans_pro.font_directory)
    for name, file in _FONTS.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily(
        "Paper",
        normal="Paper",
        bold="Paper-Bold",
        italic="Paper-Italic",
        boldItalic="Paper-BoldItalic",
    )


def said(text: str, style: ParagraphStyle = CELL) -> Paragraph:
    """Set *text* as it was written: nothing in it is taken for markup, what cannot be printed is left out."""
    clean = "".join(each for each in text if each.isprintable() or each == "\n")
    return Paragraph(escape(clean).replace("\n", "<br/>"), style)


def body(text: str) -> Paragraph:
    """Set our own words, in which ``<b>`` is bold."""
    return Paragraph(text, BODY)


def small(text: str) -> Paragraph:
    return Paragraph(text, SMALL)


def title(text: str, subtitle: str) -> list[Flowable]:
    return [Paragraph(text, _TITLE), said(subtitle, _SUBTITLE)]


def section(number: int, heading: str, *content: Flowable) -> list[Flowable]:
    """Return a numbered section; its heading never stands alone at the foot of a page."""
    return [CondPageBreak(32 * mm), Paragraph(f"{number}. {heading}", _HEADING), *content]


def subheading(text: str) -> list[Flowable]:
    return [CondPageBreak(24 * mm), said(_in_one_line(text), _SUBHEADING)]


def commands(*lines: str) -> Paragraph:
    """Set lines that somebody types."""
    return Paragraph("<br/>".join(map(escape, lines)), TINY)


def facts(rows: Sequence[tuple[str, Cell]]) -> Table:
    """Return two columns: what it is, and what it is here."""
    widths = [LABEL_WIDTH, WIDTH - LABEL_WIDTH]
    cells: list[list[Any]] = []
    torn: list[int] = []
    for label, value in rows:
        _add_row(cells, torn, [Paragraph(label, LABEL), value], widths, CELL)
    table = Table(cells, colWidths=widths)
    table.setStyle(
        TableStyle(
            [
                _LETTERS,
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BACKGROUND", (0, 0), (0, -1), BAND),
                ("LINEABOVE", (0, 0), (-1, 0), 0.5, LINE),
                *_lines_below(len(cells), torn, 0.5),
                ("TOPPADDING", (0, 0), (-1, -1), 2.2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
                *_seams(torn),
                ("LEFTPADDING", (0, 0), (-1, -1), 5),
                ("RIGHTPADDING", (0, 0), (-1, -1), 5),
            ]
        )
    )
    return table


def grid(
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    widths: Sequence[float],
    *,
    blank_rows: int = 0,
    right: Sequence[int] = (),
) -> Table:
    """Return a table whose head comes again on each page. *widths* are shares; *right* are the columns of numbers.

    *blank_rows* are left to be filled in by hand.
    """
    share = WIDTH / sum(widths)
    columns = [width * share for width in widths]
    cells: list[list[Any]] = [[Paragraph(head, _COLUMN) for head in heads]]
    torn: list[int] = []
    for row in rows:
        _add_row(cells, torn, row, columns, TINY)
    heights: list[float | None] = [None] * len(cells) + [9 * mm] * blank_rows
    cells += [["" for _ in heads] for _ in range(blank_rows)]
    table = Table(cells, colWidths=columns, rowHeights=heights, repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                _LETTERS,
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BACKGROUND", (0, 0), (-1, 0), BAND),
                ("LINEABOVE", (0, 0), (-1, 0), 0.8, ACCENT),
                *_lines_below(len(cells), torn, 0.4),
                *([("INNERGRID", (0, -blank_rows), (-1, -1), 0.4, LINE)] if blank_rows else []),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
                *_seams(torn),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                *[("ALIGN", (column, 0), (column, -1), "RIGHT") for column in right],
            ]
        )
    )
    return table


def signature_lines(left: tuple[str, str], right: tuple[str, str]) -> Table:
    """Return two lines for signatures by hand: below each, who signs and as what."""
    style = _style("signer", fontSize=8.5, leading=11, alignment=TA_CENTER)
    line, between = 78 * mm, WIDTH - 2 * 78 * mm
    table = Table(
        [["", "", ""], [_signer(left, style), "", _signer(right, style)]],
        colWidths=[line, between, line],
        rowHeights=[14 * mm, None],
    )
    table.setStyle(
        TableStyle(
            [
                _LETTERS,
                ("LINEBELOW", (0, 0), (0, 0), 0.6, INK),
                ("LINEBELOW", (2, 0), (2, 0), 0.6, INK),
                ("VALIGN", (0, 1), (-1, -1), "TOP"),
            ]
        )
    )
    return table


def _signer(lines: tuple[str, str], style: ParagraphStyle) -> Paragraph:
    return said("\n".join(_in_one_line(each) for each in lines), style)


def boxed(*content: Flowable) -> Table:
    """Return *content* in a frame that is never torn apart."""
    table = Table([[list(content)]], colWidths=[WIDTH])
    table.setStyle(
        TableStyle(
            [
                _LETTERS,
                ("BOX", (0, 0), (-1, -1), 0.8, ACCENT),
                ("LEFTPADDING", (0, 0), (-1, -1), 8),
                ("RIGHTPADDING", (0, 0), (-1, -1), 8),
                ("TOPPADDING", (0, 0), (-1, -1), 5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
    )
    table.hAlign = "CENTER"
    return table


def gap(millimetres: float) -> Spacer:
    return Spacer(1, millimetres * mm)


def build(
    content: list[Flowable], *, issuer: Issuer, name: str, number: str, issued_us: int
) -> bytes:
    """Typeset *content*; the same content gives the same bytes."""
    load_letters()
    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=f"{name} {number}",
        author=issuer.organisation or issuer.site_name,
        subject=name,
        creator=issuer.software,
        lang="pt-BR",
        invariant=1,
    )
    frame = Frame(_MARGIN, _BOTTOM, WIDTH, A4[1] - _TOP - _BOTTOM, 0, 0, 0, 0)
    issued = words.moment(issued_us, issuer.zone)

    def decorate(canvas: Canvas, _: object) -> None:
        _draw_head(canvas, issuer, number)
        _draw_foot(canvas, f"Emitido em {issued} por {issuer.software}")

    document.addPageTemplates([PageTemplate(frames=[frame], onPage=decorate)])
    document.build(content, canvasmaker=_CountingCanvas)
    return out.getvalue()


class _CountingCanvas(Canvas):
    """Writes the pages at the end, when it is known how many there are."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # Else each page begins with Helvetica, which is not embedded.
        super().__init__(*arguments, **{**options, "initialFontName": "Paper"})
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 -- reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]  # not in the stubs

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFont("Paper", 8)
            self.setFillColor(GREY)
            self.drawRightString(A4[0] - _MARGIN, 13 * mm, f"Página {number} de {len(self._pages)}")
            super().showPage()
        super().save()


def _draw_head(canvas: Canvas, issuer: Issuer, number: str) -> None:
    top = A4[1] - 16 * mm
    canvas.setFillColor(ACCENT)
    canvas.setFont("Paper-Bold", 12)
    canvas.drawString(_MARGIN, top, _fitting(issuer.organisation or issuer.site_name, 12, WIDTH))
    canvas.setFillColor(GREY)
    canvas.setFont("Paper", 8.5)
    where = f"Sistema de videomonitoramento · {issuer.site_name}"
    room = WIDTH - pdfmetrics.stringWidth(number, "Paper", 8.5) - 6 * mm
    canvas.drawString(_MARGIN, top - 4.6 * mm, _fitting(where, 8.5, room))
    canvas.drawRightString(A4[0] - _MARGIN, top - 4.6 * mm, number)
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(1.2)
    canvas.line(_MARGIN, top - 7.4 * mm, A4[0] - _MARGIN, top - 7.4 * mm)
    canvas.setLineWidth(0.3)
    canvas.line(_MARGIN, top - 8.3 * mm, A4[0] - _MARGIN, top - 8.3 * mm)


def _draw_foot(canvas: Canvas, text: str) -> None:
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(_MARGIN, 17.5 * mm, A4[0] - _MARGIN, 17.5 * mm)
    canvas.setFillColor(GREY)
    canvas.setFont("Paper", 8)
    canvas.drawString(_MARGIN, 13 * mm, _fitting(text, 8, WIDTH - 30 * mm))


def _fitting(text: str, points: float, room: float) -> str:
    text = "".join(each for each in text if each.isprintable())
    while text and pdfmetrics.stringWidth(text, "Paper-Bold", points) > room:
        text = text[:-2].rstrip() + "…"
    return text


def _add_row(
    cells: list[list[Any]],
    torn: list[int],
    row: Sequence[Cell],
    widths: Sequence[float],
    style: ParagraphStyle,
) -> None:
    """Add *row*, as several where it is tall; *torn* gets the numbers of those that go on in the next one."""
    pieces = [
        _pieces(cell, width - _PADDING, style) for cell, width in zip(row, widths, strict=True)
    ]
    first = len(cells)
    cells += [list(each) for each in zip_longest(*pieces, fillvalue="")]
    torn += range(first, len(cells) - 1)


def _pieces(cell: Cell, width: float, style: ParagraphStyle) -> list[Flowable]:
    if not isinstance(cell, str):
        return [cell]
    pieces: list[Flowable] = []
    lines = cell.split("\n")
    for start in range(0, len(lines), _LINES):
        rest: Flowable = said("\n".join(lines[start : start + _LINES]), style)
        while len(parts := rest.split(width, _TALLEST)) == 2:
            pieces.append(parts[0])
            rest = parts[1]
        pieces.append(rest)
    return pieces


def _lines_below(rows: int, torn: Sequence[int], weight: float) -> list[tuple[Any, ...]]:
    inside = set(torn)
    return [
        ("LINEBELOW", (0, row), (-1, row), weight, LINE) for row in range(rows) if row not in inside
    ]


def _seams(torn: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return what lets the parts of a row look like one."""
    return [
        command
        for row in torn
        for command in (
            ("BOTTOMPADDING", (0, row), (-1, row), 0),
            ("TOPPADDING", (0, row + 1), (-1, row + 1), 0),
        )
    ]


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
