"""A report as Markdown that reads well in a pull request, and as plain text.

Texts from outside are escaped or stand in code spans, so they form no markup, link, mention or image.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict
from seworkbench.report import words
from seworkbench.report.json_form import report_id
from seworkbench.report.text import NOTHING, byte_lines, is_bytes, paragraphs, shown, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from seworkbench.checks import Check
    from seworkbench.report.model import Cell, Fact, HandStep, Report, Section, Table

# What begins markup inside a line: our lines never begin with such a text, so no block can begin there either.
_SPECIAL = re.compile(r"[\\`*_\[\]|~#]|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)
_REPLACED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@<!-- -->"}
_MARKS = {Verdict.PASSED: "✔", Verdict.FAILED: "✘", Verdict.WARNING: "▲", Verdict.NOT_CHECKED: "○"}


def markdown_bytes(report: Report) -> bytes:
    """The Markdown form; the same report gives the same bytes."""
    return ("\n".join(_document(report)).rstrip() + "\n").encode("utf-8")


def _document(report: Report) -> Iterator[str]:
    yield from (f"# {_text(report.title)}", "", _text(report.subject), "")
    for banner in words.banners(report):
        yield from (f"> **{_text(banner.title)}** {_text(banner.text)}", "")
    yield from (f"{_verdict(report.verdict)}: {_text(words.counted(report))}", "")
    yield from _facts(words.circumstances(report))
    yield from _findings(report)
    if report.facts:
        yield from ("## Subject", "")
        yield from _facts(report.facts)
    yield from _inputs(report)
    for section in report.sections:
        yield from _section(section)
    yield from _not_checked(report)
    if report.by_hand:
        yield from ("## Reproduce by hand", "", words.BY_HAND, "")
        for number, step in enumerate(report.by_hand, start=1):
            yield from _hand_step(number, step)
    if report.notes:
        yield from ("## Notes of the reviewer", "")
        for line in paragraphs(report.notes):
            yield from (f"> {_text(line)}", "")
    yield from ("## Signatures", "", words.SIGNING, "", f"Report id: `{report_id(report)}`", "")
    for signer in report.signers:
        yield f"- {_text(signer)}: name, date, signature"
    yield from ("", "---", "", _text(words.VERDICTS))


def _findings(report: Report) -> Iterator[str]:
    if not report.findings:
        return
    yield from ("## What was found", "")
    for check, required in report.findings:
        remedy = f" {_text(check.remedy)}" if check.remedy else ""
        yield f"- {_word(check.verdict, required=required)} {_text(check.title)}: {_text(check.reason)}{remedy}"
    yield ""


def _inputs(report: Report) -> Iterator[str]:
    if not report.inputs:
        return
    yield from ("## Inputs", "")
    rows = [
        (_code(item.name), _text(item.what), size(item.size), _code(item.source), _code(item.sha256))
        for item in report.inputs
    ]
    yield from _rows(("Name", "What it is", "Size", "From", "SHA-256"), rows)


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {_text(section.title)}", "")
    if section.intro:
        yield from (_text(section.intro), "")
    if section.drawing is not None:
        yield from (f"*{_text(section.drawing.title)}*", "")
    if section.facts:
        yield from _facts(section.facts)
    if section.table is not None:
        yield from _table(section.table)
    if section.check is not None:
        yield from _tree(section.check, 0, required=True)
        yield ""


def _table(table: Table) -> Iterator[str]:
    def shown_cell(cell: Cell, *, code: bool) -> str:
        if isinstance(cell, Verdict):
            return _verdict(cell)
        return _code(cell) if code else _text(cell)

    rows = [
        tuple(shown_cell(cell, code=column.code) for cell, column in zip(row, table.columns, strict=True))
        for row in table.rows
    ]
    yield from _rows([_text(column.title) for column in table.columns], rows)


def _tree(check: Check, depth: int, *, required: bool) -> Iterator[str]:
    required = required and check.required
    indent = "  " * depth
    if check.children:
        yield f"{indent}- {_verdict(check.verdict)} **{_text(check.title)}**"
        for child in check.children:
            yield from _tree(child, depth + 1, required=required)
        return
    reason = f": {_text(check.reason)}" if check.reason else ""
    yield f"{indent}- {_word(check.verdict, required=required)} {_text(check.title)}{reason}"
    if check.evidence:
        lines = [line for item in check.evidence for line in _evidence_lines(item.label, item.value)]
        yield from (f"{indent}  {line}" if line else "" for line in _fenced(lines))
    if check.verdict not in (Verdict.FAILED, Verdict.WARNING):
        return
    said = [words.answered(check.code)] if check.code else []
    said += [f"What to do: {check.remedy}"] if check.remedy else []
    said += [f"Rule: {check.rule}"] if check.rule else []
    for line in said:
        yield f"{indent}  - {_text(line)}"


def _evidence_lines(label: str, value: str) -> Iterator[str]:
    yield shown(label)
    if is_bytes(value):
        for line in byte_lines(value):
            yield "  " + " ".join(group.digits for group in line)
    else:
        yield f"  {shown(value)}"


def _not_checked(report: Report) -> Iterator[str]:
    yield from ("## What was not checked", "")
    if not report.not_checked:
        yield from (words.EVERYTHING_CHECKED, "")
        return
    rows = [
        (_text(check.title), _text(check.reason), "depends on it" if required else "does not depend on it")
        for check, required in report.not_checked
    ]
    yield from _rows(("Step", "Why", "The verdict"), rows)


def _hand_step(number: int, step: HandStep) -> Iterator[str]:
    yield from (f"{number}. {_text(step.comment)}", "")
    yield from (f"   {line}" for line in _fenced([shown(line) for line in step.command.splitlines()], "sh"))
    if step.expected:
        yield from ("", "   prints", "")
        yield from (f"   {line}" for line in _fenced([shown(line) for line in step.expected.splitlines()]))
    yield ""


def _facts(facts: Iterable[Fact]) -> Iterator[str]:
    rows = [
        (_text(fact.label), _code(fact.value) if fact.code or is_bytes(fact.value) else _text(fact.value))
        for fact in facts
    ]
    yield from _rows(("", ""), rows)


def _rows(titles: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    titles = tuple(titles)
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _fenced(lines: list[str], language: str = "") -> Iterator[str]:
    fence = "`" * max(3, 1 + _longest_run("\n".join(lines)))
    yield from (fence + language, *lines, fence)


def _verdict(verdict: Verdict) -> str:
    return f"{_MARKS[verdict]} **{verdict.value}**"


def _word(verdict: Verdict, *, required: bool) -> str:
    return f"{_MARKS[verdict]} **{words.word(verdict, required=required)}**"


def _text(text: str) -> str:
    """A text in which nothing is markup."""
    escaped = _SPECIAL.sub(lambda match: f"\\{match.group()}", shown(text))
    return "".join(_REPLACED.get(char, char) for char in escaped)


def _code(text: str) -> str:
    """A text as a code span, in a table too."""
    content = shown(text)
    if not content.strip():
        return NOTHING
    fence = "`" * (1 + _longest_run(content))
    room = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{fence}{room}{content}{room}{fence}".replace("|", "\\|")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
