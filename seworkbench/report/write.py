"""Writing a report in the form that its file name asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.errors import UsageError
from seworkbench.files import AtomicFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seworkbench.report.model import Report

# A report is for showing around, but who reads it is the owner's choice: readable by all as any document is.
_MODE = 0o644


def _html(report: Report) -> bytes:
    from seworkbench.report.html_form import html_bytes  # noqa: PLC0415 - the template engine is needed here only

    return html_bytes(report)


def _pdf(report: Report) -> bytes:
    from seworkbench.report.pdf_form import pdf_bytes  # noqa: PLC0415 - so are the PDF library and its fonts

    return pdf_bytes(report)


def _json(report: Report) -> bytes:
    from seworkbench.report.json_form import json_bytes  # noqa: PLC0415 - as above

    return json_bytes(report)


def _markdown(report: Report) -> bytes:
    from seworkbench.report.markdown_form import markdown_bytes  # noqa: PLC0415 - as above

    return markdown_bytes(report)


_FORMS: dict[str, Callable[[Report], bytes]] = {".html": _html, ".pdf": _pdf, ".json": _json, ".md": _markdown}
SUFFIXES = tuple(_FORMS)


def require_report_name(path: Path) -> None:
    """Refuse a file name that asks for no form of a report; for callers that have long work to do before writing.

    Raises:
        UsageError: if the suffix is another one.
    """
    if path.suffix.lower() not in _FORMS:
        raise UsageError(
            "The name of a report ends with .html, .pdf, .json or .md, which decides its form.",
            where=str(path),
            remedy="Choose one of these endings.",
        )


def report_bytes(report: Report, suffix: str) -> bytes:
    """A report in the form of a suffix, for instance ".pdf".

    Raises:
        KeyError: if it is none of `SUFFIXES`.
    """
    return _FORMS[suffix.lower()](report)


def write_report(report: Report, path: Path, *, replace: bool = False) -> None:
    """Write a report; the suffix of the name decides the form: .html, .pdf, .json or .md.

    Args:
        report: the report.
        path: the file; it appears complete or not at all.
        replace: whether an existing file may be replaced.

    Raises:
        UsageError: if the suffix is another one.
        SeError: if the file cannot be written.
    """
    require_report_name(path)
    content = report_bytes(report, path.suffix)
    with AtomicFile(path, replace=replace, mode=_MODE, expected_size=len(content)) as file:
        file.write_at(0, content)
