"""Sheets of A4 to write a report on: fonts, header, footer, lines that are kept together, signs and drawings.

Works in points from the upper left corner. No Qt: the command line writes PDF where no window can open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from itertools import accumulate, dropwhile
from typing import TYPE_CHECKING, cast

from fpdf import FPDF
from fpdf.fonts import TTFFont

from seworkbench.report.drawing import VERDICT_INK, WIDTH, Anchor, Box, Drawing, Ink, Label, Mark, Shape, Stroke
from seworkbench.report.json_form import report_id
from seworkbench.report.model import SIMULATED, Report
from seworkbench.report.pdf_metadata import xmp_metadata
from seworkbench.report.signs import RING_DASH, RING_WEIGHT, SIGNS, STROKE_WEIGHT
from seworkbench.report.text import byte_lines, escaped, shown
from seworkbench.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from seworkbench.checks import Verdict

PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89
LEFT = (PAGE_WIDTH - WIDTH) / 2
TOP, BOTTOM = 74.0, 62.0
_HEADER_BASELINE = 44.0
_FOOTER_BASELINE = PAGE_HEIGHT - 32
_DASH, _GAP = 4.0, 3.0
_WATERMARK_ANGLE, _WATERMARK_SIZE = 52, 104


@dataclass(frozen=True, slots=True)
class Style:
    """How text looks.

    Args:
        size: height of the letters in points.
        ink: colour.
        bold: heavier letters.
        code: letters of equal width.
        leading: height of a line in relation to the letters.
    """

    size: float = 9.5
    ink: Ink = Ink.TEXT
    bold: bool = False
    code: bool = False
    leading: float = 1.42

    @property
    def line(self) -> float:
        """Height of a line in points."""
        return self.size * self.leading


BODY = Style()
MUTED = Style(ink=Ink.MUTED)
SMALL = Style(size=8.5)
SMALL_MUTED = Style(size=8.5, ink=Ink.MUTED)
STRONG = Style(bold=True)
CODE = Style(size=7.8, code=True, leading=1.45)
CODE_BOLD = Style(size=7.8, code=True, bold=True, leading=1.45, ink=Ink.FAILED)


@dataclass(frozen=True, slots=True)
class Line:
    """A line on paper.

    Args:
        height: in points.
        paint: paints it when told its upper edge; None for empty space, which is left out at the top of a page.
        ground: paints what lies behind it and behind its neighbours, before any of them is painted.
    """

    height: float
    paint: Callable[[float], None] | None
    ground: Callable[[float], None] | None = None


def gap(height: float) -> Line:
    """Empty space."""
    return Line(height, None)


class Paper(FPDF):
    """The sheets of one report.

    Args:
        report: the report.
        pages: how many pages there will be; 0 while that is not known.
    """

    def __init__(self, report: Report, pages: int) -> None:
        # PDF/A-3 is made for archives: fonts inside, nothing from elsewhere, and the JSON form travels as attachment.
        super().__init__(unit="pt", format="A4", enforce_compliance="PDF/A-3U")
        self._report = report
        self._verdict = report.verdict  # derived from every step: asked once, not on every page
        self._pages = pages
        self._id = " ".join(group.digits for line in byte_lines(report_id(report)) for group in line)
        for name, style, file in (
            ("text", "", "report/fonts/Inter-Regular.ttf"),
            ("text", "B", "report/fonts/Inter-SemiBold.ttf"),
            ("code", "", "fonts/JetBrainsMono-Regular.ttf"),
            ("code", "B", "fonts/JetBrainsMono-SemiBold.ttf"),
        ):
            self.add_font(name, style, resource(file))
        self.set_margins(LEFT, TOP, LEFT)
        self.set_auto_page_break(auto=False)
        self.c_margin = 0
        self.set_title(shown(report.title))
        self.set_subject(shown(report.subject))
        self.set_lang("en")
        self.set_creator(shown(report.made_with))
        self.set_producer(shown(report.made_with))
        self.set_xmp_metadata(xmp_metadata(report))
        self.set_creation_date(report.at.astimezone(UTC))
        self.add_page()
        self.set_y(TOP)

    def close(self) -> None:
        """Let go of the font files; nothing can be written afterwards."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    # --- every page ---------------------------------------------------------------------------------------------------

    def header(self) -> None:
        """See FPDF: what stands above the text of each page, and what lies behind it."""
        if self._report.simulated:
            self._watermark()
        self.write_at(LEFT, _HEADER_BASELINE, "SE Workbench", Style(8.5, bold=True))
        self.write_at(LEFT + 66, _HEADER_BASELINE, "Evidence report", SMALL_MUTED)
        word = Style(8.5, VERDICT_INK[self._verdict], bold=True)
        right = LEFT + WIDTH
        self.write_at(right, _HEADER_BASELINE, self._verdict.value, word, Anchor.END)
        self.mark(right - self.width(self._verdict.value, word) - 9, _HEADER_BASELINE - 3, self._verdict, 9)
        if self._report.simulated:
            style = Style(8.5, Ink.SIMULATED, bold=True)
            self.write_at(LEFT + WIDTH / 2, _HEADER_BASELINE, SIMULATED, style, Anchor.MIDDLE)
        self.stroke(((LEFT, _HEADER_BASELINE + 8), (right, _HEADER_BASELINE + 8)))

    def footer(self) -> None:
        """See FPDF: what stands below the text of each page."""
        self.stroke(((LEFT, _FOOTER_BASELINE - 12), (LEFT + WIDTH, _FOOTER_BASELINE - 12)))
        self.write_at(LEFT, _FOOTER_BASELINE, "Report id", Style(7.5, Ink.MUTED))
        self.write_at(LEFT + 38, _FOOTER_BASELINE, self._id, Style(6.6, Ink.MUTED, code=True))
        number = f"Page {self.page_no()} of {self._pages}"
        self.write_at(LEFT + WIDTH, _FOOTER_BASELINE, number, Style(7.5, Ink.MUTED), Anchor.END)

    def _watermark(self) -> None:
        middle = (PAGE_WIDTH / 2, PAGE_HEIGHT / 2)
        style = Style(_WATERMARK_SIZE, Ink.SIMULATED_SHADE, bold=True)
        with self.rotation(_WATERMARK_ANGLE, *middle):
            self.write_at(middle[0], middle[1] + _WATERMARK_SIZE / 3, SIMULATED, style, Anchor.MIDDLE)

    # --- flow ---------------------------------------------------------------------------------------------------------

    @property
    def room(self) -> float:
        """Height left on this page."""
        return PAGE_HEIGHT - BOTTOM - float(self.get_y())

    @property
    def at_top(self) -> bool:
        """Whether nothing was written on this page yet."""
        return float(self.get_y()) <= TOP

    @cached_property
    def most_room(self) -> float:
        """Height of a whole page."""
        return PAGE_HEIGHT - BOTTOM - TOP

    def new_page(self) -> None:
        """Go on at the top of the next page."""
        self.add_page()
        self.set_y(TOP)

    def put(self, lines: Sequence[Line], *, follows: float = 0) -> None:
        """Write lines that belong together: on one page, if a page can hold them.

        Args:
            lines: in order.
            follows: height of what comes next and must not be torn from them.
        """
        height = sum(line.height for line in lines) + follows
        if self.room < height <= self.most_room:
            self.new_page()
        rest = list(lines)
        while rest:
            if self.at_top:
                rest = list(dropwhile(lambda line: line.paint is None, rest))
            # At least one line a page, or a line higher than a page would never be written.
            fitting = max(1, sum(end <= self.room for end in accumulate(line.height for line in rest)))
            self._paint(rest[:fitting])
            rest = rest[fitting:]
            if rest:
                self.new_page()

    def _paint(self, lines: Sequence[Line]) -> None:
        tops = list(accumulate((line.height for line in lines), initial=float(self.get_y())))
        for line, edge in zip(lines, tops, strict=False):
            if line.ground is not None:
                line.ground(edge)
        for line, edge in zip(lines, tops, strict=False):
            if line.paint is not None:
                line.paint(edge)
        self.set_y(tops[-1])

    def texts(self, text: str, style: Style = BODY, *, x: float = 0, width: float = WIDTH) -> list[Line]:
        """A text broken into lines.

        Args:
            text: any text.
            style: how it looks.
            x: distance from the left edge of the text area.
            width: room for it.
        """
        parts = self._wrapped(self.readable(text, style), style, width)
        return [self._text_line(part, style, x) for part in parts]

    def bytes_lines(self, value: str, other: str | None, *, x: float) -> list[Line]:
        """Hexadecimal bytes in groups, those that differ from another value marked."""
        lines = []
        advance = self.width("0", CODE)
        for groups in byte_lines(value, other):

            def paint(top: float, groups: list = groups) -> None:  # type: ignore[type-arg]
                for number, item in enumerate(groups):
                    place = LEFT + x + number * 9 * advance
                    if item.differs:
                        shade = Box(
                            place - 1, top + 0.8, 8 * advance + 2, CODE.line - 1.6, Ink.FAILED_SHADE, None, radius=1
                        )
                        self.shape(shade)
                    self.write_at(place, top + CODE.size * 1.1, item.digits, CODE_BOLD if item.differs else CODE)

            lines.append(Line(CODE.line, paint))
        return lines

    def _text_line(self, text: str, style: Style, x: float) -> Line:
        return Line(style.line, lambda top: self.write_at(LEFT + x, top + style.size * 1.1, text, style, ready=True))

    def _wrapped(self, text: str, style: Style, width: float) -> list[str]:
        """Broken behind a space where one is in the second half of the line, else wherever the line is full.

        The library's own way is ten times slower, and does not keep blanks at the beginning of commands.
        """
        advances = self._font(style).cw
        room = width * 1000 / style.size
        parts = []
        start = space = 0
        used = 0.0
        for at, char in enumerate(text):
            advance = advances[ord(char)]
            if used + advance > room and at > start:
                end = space if space - start > (at - start) / 2 else at
                parts.append(text[start:end].rstrip())
                start = end
                used = sum(advances[ord(rest)] for rest in text[start:at])
            used += advance
            if char == " ":
                space = at + 1
        return [*parts, text[start:]]

    # --- painting -----------------------------------------------------------------------------------------------------

    def readable(self, text: str, style: Style) -> str:
        """A text of which the font has every character; others are shown by their number."""
        content = shown(text)
        if content.isascii():
            return content
        known = self._font(style).cmap
        return "".join(char if ord(char) in known else escaped(char) for char in content)

    def width(self, text: str, style: Style) -> float:
        """Width of a text in points."""
        advances = self._font(style).cw
        return sum(advances[ord(char)] for char in self.readable(text, style)) * style.size / 1000

    def write_at(
        self, x: float, baseline: float, text: str, style: Style, anchor: Anchor = Anchor.START, *, ready: bool = False
    ) -> None:
        """Write one line of text; `ready` if it is `readable` already."""
        content = text if ready else self.readable(text, style)
        if not content:
            return
        self._use(style)
        if anchor is not Anchor.START:
            x -= self.width(content, style) / (1 if anchor is Anchor.END else 2)
        self.set_text_color(*_rgb(style.ink))
        self.text(x, baseline, content)

    def mark(self, x: float, y: float, verdict: Verdict, size: float = 10) -> None:
        """The sign of a verdict around a point."""
        sign = SIGNS[verdict]
        ink = VERDICT_INK[verdict]
        corner = (x - size / 2, y - size / 2)
        self.set_fill_color(*_rgb(ink))
        if sign.ring:
            self.set_draw_color(*_rgb(ink))
            self.set_line_width(RING_WEIGHT * size)
            self.set_dash_pattern(RING_DASH * size, RING_DASH * size)
            self.circle(x, y, size * 0.42)
            self.set_dash_pattern()
            return
        if sign.body:
            self.polygon(_scaled(sign.body, corner, size), style="F")
        else:
            self.circle(x, y, size / 2, style="F")
        for points in sign.strokes:
            self.stroke(_scaled(points, corner, size), Ink.PANEL, STROKE_WEIGHT * size)

    def stroke(
        self, points: Sequence[tuple[float, float]], ink: Ink = Ink.LINE, weight: float = 0.7, *, dashed: bool = False
    ) -> None:
        """Straight lines from point to point."""
        self.set_draw_color(*_rgb(ink))
        self.set_line_width(weight)
        if dashed:
            self.set_dash_pattern(_DASH, _GAP)
        self.polyline(list(points))
        if dashed:
            self.set_dash_pattern()

    def drawing(self, drawing: Drawing) -> Line:
        """A drawing as one line as high as itself."""

        def paint(top: float) -> None:
            for shape in drawing.shapes:
                self.shape(shape, LEFT, top)

        return Line(drawing.height, paint)

    def shape(self, shape: Shape, left: float = 0, top: float = 0) -> None:
        """One shape of a drawing whose upper left corner is given."""
        match shape:
            case Box():
                self._box(shape, left, top)
            case Stroke():
                points = [(left + x, top + y) for x, y in shape.points]
                self.stroke(points, shape.ink, shape.weight, dashed=shape.dashed)
            case Label():
                style = Style(shape.size * (0.95 if shape.code else 1), shape.ink, shape.bold, shape.code)
                self.write_at(left + shape.x, top + shape.y, shape.text, style, shape.anchor)
            case Mark():
                self.mark(left + shape.x, top + shape.y, shape.verdict, shape.size)

    def _box(self, box: Box, left: float, top: float) -> None:
        self.set_fill_color(*_rgb(box.fill))
        if box.outline is not None:
            self.set_draw_color(*_rgb(box.outline))
            self.set_line_width(box.weight)
        if box.dashed:
            self.set_dash_pattern(_DASH, _GAP)
        radius = min(box.radius, box.width / 2, box.height / 2)
        self.rect(
            left + box.x,
            top + box.y,
            box.width,
            box.height,
            style="F" if box.outline is None else "DF",
            round_corners=radius > 0,
            corner_radius=radius,
        )
        if box.dashed:
            self.set_dash_pattern()

    def _use(self, style: Style) -> None:
        self.set_font("code" if style.code else "text", "B" if style.bold else "", style.size)

    def _font(self, style: Style) -> TTFFont:
        font = self.fonts[("code" if style.code else "text") + ("B" if style.bold else "")]
        return cast("TTFFont", font)


def _scaled(
    points: Iterable[tuple[float, float]], corner: tuple[float, float], size: float
) -> list[tuple[float, float]]:
    return [(corner[0] + x * size, corner[1] + y * size) for x, y in points]


def _rgb(ink: Ink) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(ink.value.removeprefix("#"))
    return red, green, blue
