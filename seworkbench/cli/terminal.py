"""What is written to the terminal: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from seworkbench.checks import Verdict
from seworkbench.simulator.codes import FIRST_OWN_REASON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from seworkbench.checks import Check
    from seworkbench.errors import SeError

_MARKS = {Verdict.PASSED: "✔", Verdict.FAILED: "✘", Verdict.WARNING: "▲", Verdict.NOT_CHECKED: "○"}
_COLOURS = {Verdict.PASSED: "32", Verdict.FAILED: "31;1", Verdict.WARNING: "33", Verdict.NOT_CHECKED: "2"}
# Files decide parts of what is printed; none of their bytes may steer the terminal or forge a line.
# Control characters, what turns or hides text, and bytes of file names that are no text (Python keeps them as
# surrogates).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_LAST_BYTE = 0xFF
_SURROGATE = 0xDC00  # and the byte


def one_line(text: object) -> str:
    """`text` with all control characters, line breaks among them, made visible."""
    return _CONTROL.sub(lambda match: _visible(ord(match.group())), str(text))


def _visible(point: int) -> str:
    byte = point - _SURROGATE if _SURROGATE < point <= _SURROGATE + _LAST_BYTE else point
    return f"\\x{byte:02x}" if byte <= _LAST_BYTE else f"\\u{point:04x}"


def write_lines(lines: Iterable[str]) -> None:
    """Write result lines to standard output; whatever in them comes from files went through `one_line`."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def write_json(document: Any, *, minified: bool = False) -> None:
    """Write a JSON document to standard output, with one closing line break."""
    text = json.dumps(document, indent=None if minified else 2, separators=(",", ":") if minified else None)
    sys.stdout.write(text + "\n")


def write_message(kind: str, text: str) -> None:
    """Write one message to standard error, its first word being its kind ("warning")."""
    _say(f"{_coloured(kind, _KINDS.get(kind, ''), sys.stderr)}: {one_line(text)}\n")


_COUNTED = {Verdict.FAILED: "failed", Verdict.WARNING: "warned"}
_KINDS = {"error": "31;1", "warning": "33"}


def write_message_lines(lines: Iterable[str]) -> None:
    """Write lines that belong to a message; whatever in them comes from files went through `one_line`."""
    _say("".join(f"{line}\n" for line in lines))


def write_error(error: SeError) -> None:
    """Write what happened and where, and below what to do."""
    head = f"{error.where}: {error.what}" if error.where else error.what
    write_message("error", head)
    if error.remedy:
        _say(f"       {one_line(error.remedy)}\n")


def _say(text: str) -> None:
    """Write to standard error. That nobody can read it any more is no reason to stop a build."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stderr.fileno())
        os.close(nowhere)


def check_lines(check: Check, *, detailed: bool, depth: int = 0) -> Iterator[str]:
    """A tree of checks as text: the groups as headings, evidence where a step did not pass or all of it if asked for.

    Args:
        check: the tree.
        detailed: show evidence and rule of the passed steps too.
        depth: indentation of this level.
    """
    indent = "  " * depth
    if check.children:
        yield f"{indent}{one_line(check.title)}"
        for child in check.children:
            yield from check_lines(child, detailed=detailed, depth=depth + 1)
        return
    verdict = check.verdict
    word = _coloured(f"{_MARKS[verdict]} {verdict.value:<11}", _COLOURS[verdict], sys.stdout)
    yield f"{indent}{word} {one_line(f'{check.title}: {check.reason}' if check.reason else check.title)}"
    if detailed or verdict in (Verdict.FAILED, Verdict.WARNING):
        margin = " " * (len(indent) + 14)
        width = max((len(item.label) for item in check.evidence), default=0)
        for item in check.evidence:
            yield f"{margin}{one_line(f'{item.label:<{width}}  {item.value}')}"
        if check.code:
            who = "The simulated Ultravisor" if check.code[1] >= FIRST_OWN_REASON else "The Ultravisor"
            yield f"{margin}{who} answers 0x{check.code[0]:04x}/0x{check.code[1]:04x} to this."
        if check.remedy and verdict is not Verdict.PASSED:
            yield f"{margin}{one_line(check.remedy)}"
        if detailed and check.rule:
            yield f"{margin}Rule: {check.rule}"


def verdict_line(check: Check) -> str:
    """The verdict of the whole, with what it leaves open: "passed, 1 note: 30 of 31 checks passed."."""
    leaves = list(check.leaves())
    counts = Counter(leaf.verdict for leaf in leaves if leaf.required)
    notes = Counter(leaf.verdict for leaf in leaves if not leaf.required)
    passed = counts[Verdict.PASSED] + notes[Verdict.PASSED]
    said = [_coloured(check.verdict.value, _COLOURS[check.verdict], sys.stdout)]
    if noted := notes[Verdict.WARNING]:
        said.append(f"{noted} note{'s' if noted > 1 else ''}")
    rest = [f"{passed} of {len(leaves)} checks passed"]
    rest += [f"{counts[verdict]} {word}" for verdict, word in _COUNTED.items() if counts[verdict]]
    if skipped := counts[Verdict.NOT_CHECKED] + notes[Verdict.NOT_CHECKED]:
        rest.append(f"{skipped} not checked")
    return f"{', '.join(said)}: {', '.join(rest)}."


def _coloured(text: str, colour: str, stream: TextIO) -> str:
    if not colour or "NO_COLOR" in os.environ or not stream.isatty():
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"
