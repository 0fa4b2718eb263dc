"""What a report says, in one structure that every form is written from (resources/help/reports.md#parts).

The verdict, the counts and the list of what was not checked follow from the trees of checks; nothing is stored twice,
so no form of a report can say something else than its checks.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from seworkbench import __version__
from seworkbench.checks import Check, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from seworkbench.report.drawing import Drawing

SIMULATED = "SIMULATED"
MADE_WITH = f"SE Workbench {__version__}"


class Clock(Enum):
    """Where the instant of a verification comes from; the value is how reports say it."""

    COMPUTER = "the clock of this computer"
    CHOSEN = "chosen by the user"


class Network(Enum):
    """How a verification used the network; the value is how reports say it."""

    UNUSED = "not needed"
    OFFLINE = "offline: only the given files were used"
    ONLINE = "online: revocation lists were asked for"


@dataclass(frozen=True, slots=True)
class Input:
    """A file or object that the verdict depends on.

    Args:
        name: its path or the name of where it was stored.
        what: what it is ("SE image", "revocation list").
        size: bytes; None if it was no file.
        sha256: digest of its bytes, hexadecimal; empty where that must not be told, as for a key.
        source: where it comes from, if the name does not say it (an address, "pasted").
    """

    name: str
    what: str
    size: int | None
    sha256: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known.

    Args:
        label: what it is.
        value: its text.
        code: whether the value is bytes, a command or another thing to be read character by character.
    """

    label: str
    value: str
    code: bool = False


Cell = str | Verdict


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Args:
        title: its heading.
        share: its part of the width, relative to the other columns.
        code: as for Fact.
    """

    title: str
    share: int = 1
    code: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts and verdicts; each row has a cell for each column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("A row of a table needs a cell for each column.")


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of a report.

    Args:
        title: its heading.
        intro: what the reader sees here, plain words; may be empty.
        drawing: a picture.
        facts: what is known.
        table: more of what is known.
        check: a tree of checks, shown whole.
    """

    title: str
    intro: str = ""
    drawing: Drawing | None = None
    facts: tuple[Fact, ...] = ()
    table: Table | None = None
    check: Check | None = None


@dataclass(frozen=True, slots=True)
class HandStep:
    """One step to reproduce a result without this program.

    Args:
        comment: what it does and what its output means, one or more sentences.
        command: shell commands.
        expected: what they print, line for line, without the last line break.
    """

    comment: str
    command: str
    expected: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many steps came out which way; a note is a warning on which the whole does not depend."""

    passed: int
    failed: int
    warnings: int
    notes: int
    not_checked: int

    @property
    def total(self) -> int:
        """All steps."""
        return self.passed + self.failed + self.warnings + self.notes + self.not_checked


@dataclass(frozen=True)
class Report:
    """A report of evidence.

    Args:
        title: what kind of report this is ("Host keys", "SE image").
        subject: one sentence: what was judged.
        at: the instant that was verified at, aware UTC.
        sections: the chapters, in order.
        inputs: the files that the verdict depends on.
        facts: what is known about the subject.
        clock: where `at` comes from.
        network: how the network was used.
        fresh_until: the instant from which on the verdict may be another one; None if it does not age.
        simulated: whether anything here comes from a simulated machine.
        unverified: the reason that was typed for going on without verification; empty if nobody did.
        by_hand: how to reproduce the result without this program.
        notes: words of the reviewer.
        signers: who shall sign on paper.
        made_with: name and version of the program.
    """

    title: str
    subject: str
    at: datetime
    sections: tuple[Section, ...]
    inputs: tuple[Input, ...] = ()
    facts: tuple[Fact, ...] = ()
    clock: Clock = Clock.COMPUTER
    network: Network = Network.UNUSED
    fresh_until: datetime | None = None
    simulated: bool = False
    unverified: str = ""
    by_hand: tuple[HandStep, ...] = ()
    notes: str = ""
    signers: tuple[str, ...] = field(default=("Reviewed by", "Approved by"))
    made_with: str = MADE_WITH

    def __post_init__(self) -> None:
        for instant in (self.at, self.fresh_until):
            if instant is not None and instant.utcoffset() is None:
                raise ValueError("A report needs aware instants.")

    @property
    def checks(self) -> tuple[Check, ...]:
        """The trees of all sections."""
        return tuple(section.check for section in self.sections if section.check is not None)

    @property
    def verdict(self) -> Verdict:
        """The verdict of the whole, derived as that of a group of checks is.

        What was used without verification can fail, but never pass.
        """
        if not self.checks:
            return Verdict.NOT_CHECKED
        verdict = Check("report", self.title, children=self.checks).verdict
        if self.unverified and verdict is not Verdict.FAILED:
            return Verdict.NOT_CHECKED
        return verdict

    @property
    def steps(self) -> tuple[tuple[Check, bool], ...]:
        """Every step in order, and whether the verdict of the whole depends on it."""
        return tuple(step for check in self.checks for step in _steps(check, required=True))

    @property
    def counts(self) -> Counts:
        """How many steps came out which way."""
        found = Counter(
            "note" if check.verdict is Verdict.WARNING and not required else check.verdict.value
            for check, required in self.steps
        )
        return Counts(
            passed=found[Verdict.PASSED.value],
            failed=found[Verdict.FAILED.value],
            warnings=found[Verdict.WARNING.value],
            notes=found["note"],
            not_checked=found[Verdict.NOT_CHECKED.value],
        )

    @property
    def findings(self) -> tuple[tuple[Check, bool], ...]:
        """The steps that failed or warn, failures first, as in `steps`."""
        order = {Verdict.FAILED: 0, Verdict.WARNING: 1}
        found = [step for step in self.steps if step[0].verdict in order]
        return tuple(sorted(found, key=lambda step: (order[step[0].verdict], not step[1])))

    @property
    def not_checked(self) -> tuple[tuple[Check, bool], ...]:
        """The steps that were not checked, as in `steps`."""
        return tuple(step for step in self.steps if step[0].verdict is Verdict.NOT_CHECKED)


def _steps(check: Check, *, required: bool) -> Iterator[tuple[Check, bool]]:
    """The leaves with whether anything depends on them: a group that is not required makes notes of its steps."""
    required = required and check.required
    if not check.children:
        yield check, required
    for child in check.children:
        yield from _steps(child, required=required)
