"""A report as one HTML file: no script, nothing loaded from anywhere, made to be read on screen and printed on A4.

The templates are resources/report/report.html.j2 and report.css. Every text is made visible and escaped by the
environment, not by the template, so a template cannot forget it.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from seworkbench.report import words
from seworkbench.report.json_form import report_id
from seworkbench.report.svg import drawing_svg, sign_svg
from seworkbench.report.text import byte_lines, is_bytes, paragraphs, shown, size
from seworkbench.resources import resource

if TYPE_CHECKING:
    from seworkbench.checks import Verdict
    from seworkbench.report.model import Report

_TEMPLATE = "report.html.j2"
_STYLE = "report.css"
_ID_PLACE = "REPORT-ID"


def html_bytes(report: Report) -> bytes:
    """The HTML form; the same report gives the same bytes."""
    folder = resource("report")
    identity = report_id(report)
    style = (folder / _STYLE).read_text("utf-8").replace(_ID_PLACE, grouped(identity))
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    page = environment.get_template(_TEMPLATE).render(
        report=report,
        report_id=identity,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
        banners=[{"kind": b.kind.value, "title": b.title, "text": b.text} for b in words.banners(report)],
        circumstances=words.circumstances(report),
        counted=words.counted(report),
        by_hand_intro=words.BY_HAND,
        signing_intro=words.SIGNING,
        verdict_words=words.VERDICTS,
        everything_checked=words.EVERYTHING_CHECKED,
        word=_word,
        compared=words.compared,
        answered=words.answered,
        sign=sign_svg,
        drawing=drawing_svg,
        is_bytes=is_bytes,
        byte_lines=byte_lines,
        grouped=grouped,
        size=size,
        paragraphs=paragraphs,
        lines=str.splitlines,
    )
    return page.encode("utf-8")


def _visible(value: Any) -> Any:
    # Markup was made by us from escaped pieces; everything else that reaches the page passes here.
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _word(verdict: Verdict, required: bool) -> str:
    return words.word(verdict, required=required)


def grouped(value: str) -> str:
    """Bytes in groups on one line, anything else as it is."""
    if not is_bytes(value):
        return value
    return " ".join(group.digits for line in byte_lines(value) for group in line)
