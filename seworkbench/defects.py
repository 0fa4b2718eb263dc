"""Exceptions that nobody expected: what is told of one is its report, kinds and places in the source."""

from __future__ import annotations

import traceback
from pathlib import Path

# What the names of our own files begin at; the folder above it is nobody's business.
_SOURCE = Path(__file__).parents[1]


class WorkerDefect(Exception):  # noqa: N818 - as it is called everywhere
    """A defect that another process met.

    Args:
        report: what `defect_report` said there.
    """

    def __init__(self, report: str) -> None:
        super().__init__("A worker process met a defect.")
        self.report = report


def defect_report(defect: BaseException) -> str:
    """What went wrong in the program, and where, in words that may be shown to anybody.

    Messages of exceptions are left out, since they may quote anything, and so are the folders the program lies in.
    """
    parts = []
    if isinstance(defect, WorkerDefect):
        parts.append(defect.report)
    cause = defect.__cause__ or (None if defect.__suppress_context__ else defect.__context__)
    if cause is not None:
        parts.append(defect_report(cause))
    lines = [type(defect).__name__]
    for frame in traceback.extract_tb(defect.__traceback__):
        path = Path(frame.filename)
        place = path.relative_to(_SOURCE).as_posix() if path.is_relative_to(_SOURCE) else path.name
        lines += [f"  {place}, line {frame.lineno}, in {frame.name}", f"    {frame.line}"]
    parts.append("\n".join(lines))
    return "\nwhich led to\n".join(parts)
