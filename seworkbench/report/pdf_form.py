"""A report as PDF/A on A4: the form to sign and to archive. Its JSON form is attached to it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Verdict
from seworkbench.report import words
from seworkbench.report.drawing import VERDICT_INK, VERDICT_SHADE, WIDTH, Anchor, Box, Ink
from seworkbench.report.json_form import json_bytes, report_id
from seworkbench.report.paper import (
    BODY,
    CODE,
    LEFT,
    MUTED,
    SMALL,
    SMALL_MUTED,
    STRONG,
    Line,
    Paper,
    Style,
    gap,
)
from seworkbench.report.text import byte_lines, is_bytes, paragraphs, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from seworkbench.report.model import Cell, Fact, HandStep, Input, Report, Section, Table

ATTACHMENT = "report.json"
_LABEL_WIDTH = 108
_EVIDENCE_AT = 140
_INDENT = 16.0
_SIGNATURE_HEIGHT = 150.0
_TITLE = Style(21, bold=True, leading=1.2)
_SUBJECT = Style(11, ink=Ink.MUTED)
_HEADING = Style(12.5, bold=True)
_GROUP = Style(10, bold=True)
_COLUMN = Style(8, ink=Ink.MUTED, bold=True)
_BANNER_INKS = {
    words.BannerKind.SIMULATED: (Ink.SIMULATED, Ink.SIMULATED_SHADE),
    words.BannerKind.UNVERIFIED: (Ink.FAILED, Ink.FAILED_SHADE),
    words.BannerKind.CHOSEN: (Ink.WARNING, Ink.WARNING_SHADE),
}


def pdf_bytes(report: Report) -> bytes:
    """The PDF form; the same report gives the same bytes with the same versions of the PDF library and its fonts."""
    # Twice: the first time only to learn how many pages there are, which every page says.
    with closing(Paper(report, pages=0)) as draft:
        _Composition(report, draft).compose()
        pages = draft.page_no()
    with closing(Paper(report, pages)) as paper:
        _Composition(report, paper).compose()
        paper.embed_file(
            bytes=json_bytes(report),
            basename=ATTACHMENT,
            desc="This report as JSON",
            creation_date=report.at,
            modification_date=report.at,
            mime_type="application/json",
            associated_file_relationship="Alternative",
            compress=True,
        )
        return bytes(paper.output())


class _Composition:
    """A report being set on paper, part by part."""

    def __init__(self, report: Report, paper: Paper) -> None:
        self._report = report
        self._paper = paper

    def compose(self) -> None:
        """Set everything."""
        report, paper = self._report, self._paper
        paper.put([*paper.texts(report.title, _TITLE), gap(2), *paper.texts(report.subject, _SUBJECT), gap(10)])
        for banner in words.banners(report):
            self._banner(banner)
        self._verdict()
        self._findings()
        if report.facts:
            self._heading("Subject")
            self._facts(report.facts)
        self._inputs()
        for section in report.sections:
            self._section(section)
        self._not_checked()
        if report.by_hand:
            # The first step is long: a heading alone would stand above an empty half of a page.
            first = sum(line.height for line in self._command(1, report.by_hand[0]))
            self._heading("Reproduce by hand", words.BY_HAND, follows=first)
            for number, step in enumerate(report.by_hand, start=1):
                self._hand_step(number, step)
        if report.notes:
            self._heading("Notes of the reviewer")
            for line in paragraphs(report.notes):
                paper.put([*paper.texts(line), gap(3)])
        self._signatures()

    # --- first page ---------------------------------------------------------------------------------------------------

    def _banner(self, banner: words.Banner) -> None:
        ink, shade = _BANNER_INKS[banner.kind]
        paper = self._paper
        text = [
            *paper.texts(banner.title, Style(9.5, ink, bold=True), x=10, width=WIDTH - 20),
            *paper.texts(banner.text, Style(9.5, ink), x=10, width=WIDTH - 20),
        ]
        dashed = banner.kind is words.BannerKind.SIMULATED
        self._framed(text, Box(0, 0, WIDTH, 0, shade, ink, 1, dashed, 5))

    def _verdict(self) -> None:
        report, paper = self._report, self._paper
        ink = VERDICT_INK[report.verdict]

        def word(top: float) -> None:
            paper.mark(LEFT + 22, top + 12, report.verdict, 19)
            paper.write_at(LEFT + 38, top + 18, report.verdict.value, Style(17, ink, bold=True))

        lines = [Line(26, word), *paper.texts(words.counted(report), BODY, x=12, width=WIDTH - 24), gap(4)]
        facts = words.circumstances(report)
        half = WIDTH / 2 - 12
        for pair in (facts[at : at + 2] for at in range(0, len(facts), 2)):
            cells = [
                [
                    *paper.texts(fact.label, SMALL_MUTED, x=12 + column * half, width=half - 10),
                    *paper.texts(fact.value, BODY, x=12 + column * half, width=half - 10),
                ]
                for column, fact in enumerate(pair)
            ]
            lines += [*_beside(cells), gap(3)]
        self._framed(lines, Box(0, 0, WIDTH, 0, VERDICT_SHADE[report.verdict], ink, 0.8, radius=7))

    def _framed(self, lines: Sequence[Line], box: Box) -> None:
        height = sum(line.height for line in lines) + 14
        frame = Line(0, lambda top: self._paper.shape(replace(box, height=height), LEFT, top))
        self._paper.put([frame, gap(7), *lines, gap(7), gap(8)])

    def _findings(self) -> None:
        if not self._report.findings:
            return
        self._heading("What was found")
        paper = self._paper
        for check, required in self._report.findings:
            lines = self._step(check, required=required, style=STRONG)
            lines += paper.texts(check.reason, BODY, x=_INDENT, width=WIDTH - _INDENT) if check.reason else []
            lines += paper.texts(check.remedy, MUTED, x=_INDENT, width=WIDTH - _INDENT) if check.remedy else []
            paper.put([gap(3), *lines, gap(3), self._rule()])

    def _inputs(self) -> None:
        if not self._report.inputs:
            return
        self._heading("Inputs")
        for item in self._report.inputs:
            self._input(item)

    def _input(self, item: Input) -> None:
        paper = self._paper
        cells = [
            paper.texts(item.name, STRONG, width=262),
            paper.texts(item.what, BODY, x=272, width=126),
            [Line(BODY.line, lambda top: paper.write_at(LEFT + WIDTH, top + 10.4, size(item.size), BODY, Anchor.END))],
        ]
        lines = _beside(cells)
        if item.source:
            lines += _beside(
                [paper.texts("From", SMALL_MUTED), paper.texts(item.source, SMALL, x=46, width=WIDTH - 46)]
            )
        digest = (
            [self._bytes_line(item.sha256, 46)]
            if item.sha256
            else paper.texts("not stated: a key", SMALL, x=46, width=WIDTH - 46)
        )
        lines += _beside([paper.texts("SHA-256", SMALL_MUTED), digest])
        paper.put([gap(3), *lines, gap(3), self._rule()])

    def _bytes_line(self, value: str, x: float) -> Line:
        text = " ".join(group.digits for line in byte_lines(value) for group in line)
        return Line(
            SMALL_MUTED.line, lambda top: self._paper.write_at(LEFT + x, top + SMALL_MUTED.size * 1.1, text, CODE)
        )

    # --- sections -----------------------------------------------------------------------------------------------------

    def _heading(self, title: str, intro: str = "", verdict: Verdict | None = None, *, follows: float = 56) -> None:
        paper = self._paper
        room = WIDTH - (90 if verdict else 0)
        titles = _beside([paper.texts(title, _HEADING, width=room), [self._chip(verdict, _HEADING)] if verdict else []])
        rule = Line(5, lambda top: paper.stroke(((LEFT, top), (LEFT + WIDTH, top)), Ink.TEXT, 1.1))
        words_below = [*paper.texts(intro, MUTED), gap(3)] if intro else []
        # A heading alone at the foot of a page helps nobody.
        paper.put([gap(14), *titles, gap(2), rule, *words_below], follows=follows)
        paper.start_section(paper.readable(title, _HEADING), level=0, strict=False)

    def _chip(self, verdict: Verdict, beside: Style) -> Line:
        paper = self._paper
        style = Style(8.5, VERDICT_INK[verdict], bold=True)
        width = paper.width(verdict.value, style) + 24

        def paint(top: float) -> None:
            middle = top + beside.line / 2
            left = LEFT + WIDTH - width
            paper.shape(Box(left, middle - 7.5, width, 14, VERDICT_SHADE[verdict], None, radius=3))
            paper.mark(left + 10, middle - 0.5, verdict, 8.5)
            paper.write_at(left + 18, middle + 2.6, verdict.value, style)

        return Line(beside.line, paint)

    def _section(self, section: Section) -> None:
        paper = self._paper
        picture = section.drawing.height + 40 if section.drawing else 56
        verdict = section.check.verdict if section.check else None
        self._heading(section.title, section.intro, verdict, follows=picture)
        if section.drawing is not None:
            caption = paper.texts(section.drawing.title, SMALL_MUTED)
            paper.put([gap(4), paper.drawing(section.drawing), gap(3), *caption, gap(6)])
        if section.facts:
            self._facts(section.facts)
        if section.table is not None:
            self._table(section.table)
        if section.check is not None:
            self._tree(section.check, top_level=True, required=True)

    def _facts(self, facts: Iterable[Fact]) -> None:
        paper = self._paper
        for fact in facts:
            label = paper.texts(fact.label, MUTED, width=_LABEL_WIDTH - 8)
            lines = _beside([label, self._value(fact.value, BODY, x=_LABEL_WIDTH, code=fact.code)])
            paper.put([gap(2), *lines, gap(2), self._rule()])

    def _value(
        self, value: str, style: Style, *, x: float, code: bool, other: str | None = None, width: float = WIDTH
    ) -> list[Line]:
        if is_bytes(value):
            return [gap(max(0, (style.line - CODE.line) / 2)), *self._paper.bytes_lines(value, other, x=x)]
        if not code:
            return self._paper.texts(value, style, x=x, width=width - x)
        return [gap(max(0, (style.line - CODE.line) / 2)), *self._paper.texts(value, CODE, x=x, width=width - x)]

    def _table(self, table: Table) -> None:
        paper = self._paper
        total = sum(column.share for column in table.columns)
        widths = [WIDTH * column.share / total for column in table.columns]
        places = [sum(widths[:number]) for number in range(len(widths))]
        heads = [
            paper.texts(column.title, _COLUMN, x=place, width=width - 8)
            for column, place, width in zip(table.columns, places, widths, strict=True)
        ]
        paper.put([gap(2), *_beside(heads), gap(2), self._rule(Ink.LINE)], follows=30)
        for row in table.rows:
            cells = [
                self._cell(cell, place, width - 8, code=column.code)
                for cell, place, width, column in zip(row, places, widths, table.columns, strict=True)
            ]
            paper.put([gap(3), *_beside(cells), gap(3), self._rule()])
        paper.put([gap(4)])

    def _cell(self, cell: Cell, x: float, width: float, *, code: bool) -> list[Line]:
        paper = self._paper
        if isinstance(cell, str):
            if code and is_bytes(cell):
                cell = " ".join(group.digits for line in byte_lines(cell) for group in line)
            return paper.texts(cell, CODE if code else SMALL, x=x, width=width)

        def paint(top: float) -> None:
            paper.mark(LEFT + x + 5, top + 6.4, cell, 8.5)
            paper.write_at(LEFT + x + 13, top + SMALL.size * 1.1, cell.value, Style(8.5, VERDICT_INK[cell], bold=True))

        return [Line(SMALL.line, paint)]

    # --- checks -------------------------------------------------------------------------------------------------------

    def _tree(self, check: Check, *, top_level: bool, required: bool) -> None:
        required = required and check.required
        if not check.children:
            self._leaf(check, required=required)
            return
        if not top_level:
            title = self._paper.texts(check.title, _GROUP, width=WIDTH - 90)
            heading = _beside([title, [self._chip(check.verdict, _GROUP)]])
            self._paper.put([gap(8), *heading, gap(2), self._rule(Ink.LINE)], follows=36)
        for child in check.children:
            self._tree(child, top_level=False, required=required)

    def _step(self, check: Check, *, required: bool, style: Style = BODY) -> list[Line]:
        """Sign, title and word of a step."""
        paper = self._paper
        said = Style(8.5, VERDICT_INK[check.verdict])
        word = words.word(check.verdict, required=required)
        room = WIDTH - _INDENT - paper.width(word, said) - 12

        def sign(top: float) -> None:
            paper.mark(LEFT + 5.5, top + style.line / 2 - 0.3, check.verdict, 10)
            paper.write_at(LEFT + WIDTH, top + style.size * 1.1, word, said, Anchor.END)

        return _beside([[Line(style.line, sign)], paper.texts(check.title, style, x=_INDENT, width=room)])

    def _leaf(self, check: Check, *, required: bool) -> None:
        paper = self._paper
        lines = self._step(check, required=required)
        room = WIDTH - _INDENT
        if check.reason:
            lines += paper.texts(check.reason, SMALL_MUTED, x=_INDENT, width=room)
        evidence = [self._evidence(check, number) for number in range(len(check.evidence))]
        if evidence:
            shaded = [gap(2), *(line for lines_of_one in evidence for line in lines_of_one), gap(2)]
            lines += [gap(2), *(self._shaded(line) for line in shaded), gap(2)]
        if check.verdict in (Verdict.FAILED, Verdict.WARNING):
            for text in (
                words.answered(check.code) if check.code else "",
                f"What to do: {check.remedy}" if check.remedy else "",
                f"Rule: {check.rule}" if check.rule else "",
            ):
                lines += paper.texts(text, SMALL_MUTED, x=_INDENT, width=room) if text else []
        block = [gap(3), *lines, gap(3)]
        if check.verdict in (Verdict.FAILED, Verdict.WARNING):
            block = [self._barred(line, VERDICT_INK[check.verdict]) for line in block]
        paper.put([*block, self._rule()])

    def _evidence(self, check: Check, number: int) -> list[Line]:
        item = check.evidence[number]
        label = self._paper.texts(item.label, SMALL_MUTED, x=_INDENT + 6, width=_EVIDENCE_AT - _INDENT - 14)
        other = words.compared(check, item)
        return _beside([label, self._value(item.value, SMALL, x=_EVIDENCE_AT, code=True, other=other, width=WIDTH - 4)])

    def _shaded(self, line: Line) -> Line:
        return self._on(Box(_INDENT, 0, WIDTH - _INDENT, line.height + 0.3, Ink.SHADE, None, radius=0), line)

    def _barred(self, line: Line, ink: Ink) -> Line:
        return self._on(Box(-9, 0, 2.5, line.height, ink, None, radius=0), line)

    def _on(self, box: Box, line: Line) -> Line:
        """A line on a coloured ground, beside or before the ground it has."""

        def ground(top: float) -> None:
            self._paper.shape(box, LEFT, top)
            if line.ground is not None:
                line.ground(top)

        return Line(line.height, line.paint, ground)

    def _rule(self, ink: Ink = Ink.NOT_CHECKED_SHADE) -> Line:
        return Line(0.8, lambda top: self._paper.stroke(((LEFT, top), (LEFT + WIDTH, top)), ink, 0.6))

    # --- the end ------------------------------------------------------------------------------------------------------

    def _not_checked(self) -> None:
        paper = self._paper
        self._heading("What was not checked")
        if not self._report.not_checked:
            paper.put(paper.texts(words.EVERYTHING_CHECKED))
        for check, required in self._report.not_checked:
            lines = self._step(check, required=required)
            lines += paper.texts(check.reason, SMALL_MUTED, x=_INDENT, width=WIDTH - _INDENT) if check.reason else []
            paper.put([gap(3), *lines, gap(3), self._rule()])

    def _hand_step(self, number: int, step: HandStep) -> None:
        paper = self._paper
        paper.put(self._command(number, step))
        if step.expected:
            expected = [self._shaded(line) for text in step.expected.splitlines() for line in self._code_lines(text)]
            paper.put([*paper.texts("prints", SMALL_MUTED, x=_INDENT), *expected, gap(4)])

    def _command(self, number: int, step: HandStep) -> list[Line]:
        paper = self._paper
        comment = paper.texts(step.comment, SMALL, x=_INDENT, width=WIDTH - _INDENT)
        head = _beside([paper.texts(f"{number}.", SMALL), comment])
        command = [line for text in step.command.splitlines() for line in self._code_lines(text)]
        return [gap(4), *head, gap(2), *command]

    def _code_lines(self, text: str) -> list[Line]:
        style = replace(CODE, size=7.2)
        return self._paper.texts(text or " ", style, x=_INDENT + 6, width=WIDTH - _INDENT - 12)

    def _signatures(self) -> None:
        paper = self._paper
        room = (WIDTH - 34) / 2
        self._heading("Signatures", words.SIGNING, follows=_SIGNATURE_HEIGHT)
        identity = [self._bytes_line(report_id(self._report), 46)]
        paper.put([*_beside([paper.texts("Report id", SMALL_MUTED), identity]), gap(6)])
        signers = self._report.signers
        for pair in (signers[at : at + 2] for at in range(0, len(signers), 2)):
            cells = []
            for column, signer in enumerate(pair):
                x = column * (room + 34)
                fields = [self._field(name, x, room) for name in ("Name", "Date", "Signature")]
                cells.append([*paper.texts(signer, STRONG, x=x, width=room), *fields])
            paper.put([*_beside(cells), gap(8)])
        paper.put([gap(8), self._rule(Ink.LINE), gap(4), *paper.texts(words.VERDICTS, Style(8, Ink.MUTED))])

    def _field(self, name: str, x: float, width: float) -> Line:
        def paint(top: float) -> None:
            self._paper.write_at(LEFT + x, top + 27, name, SMALL_MUTED)
            self._paper.stroke(((LEFT + x, top + 31), (LEFT + x + width, top + 31)), Ink.TEXT, 0.7)

        return Line(33, paint)


def _beside(columns: Sequence[Sequence[Line]]) -> list[Line]:
    """Columns of lines beside each other as one column: lines that begin at the same height become one."""
    tops: dict[float, list[Line]] = {}
    end = 0.0
    for column in columns:
        top = 0.0
        for line in column:
            tops.setdefault(round(top, 3), []).append(line)
            top += line.height
        end = max(end, top)
    edges = [*sorted(tops), round(end, 3)]
    return [_together(tops[top], below - top) for top, below in pairwise(edges) if top in tops]


def _together(lines: Sequence[Line], height: float) -> Line:
    def paint(top: float) -> None:
        for line in lines:
            if line.paint is not None:
                line.paint(top)

    return Line(height, paint)
