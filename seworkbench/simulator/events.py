"""What happens while an image starts, one event after the other, for whoever plays or prints it.

The events are what a machine does: they end where it would. What else is wrong with an image is in the checks of the
finished start.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from seworkbench.checks import Verdict
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.simulator import codes

if TYPE_CHECKING:
    from seworkbench.checks import Check
    from seworkbench.simulator.codes import Code


class Actor(Enum):
    """Who acts; the value is the plain name."""

    LOADER = "stage3a"
    HYPERVISOR = "hypervisor"
    ULTRAVISOR = "Ultravisor"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class PageRun:
    """Pages that one event is about.

    Args:
        component: number of the component, from 1 on.
        components: how many there are.
        address: guest absolute address of the first page.
        first: number of the first page in its component, from 0 on.
        count: how many pages.
        of: pages of the component.
    """

    component: int
    components: int
    address: int
    first: int
    count: int
    of: int

    def __str__(self) -> str:
        last = self.address + (self.count - 1) * PAGE_SIZE
        return (
            f"component {self.component} of {self.components}, pages {self.first + 1} to {self.first + self.count} "
            f"of {self.of}, 0x{self.address:x} to 0x{last:x}"
        )


@dataclass(frozen=True, slots=True)
class StartEvent:
    """One thing that happens.

    Args:
        actor: who acts.
        call: the call or instruction, as the format reference names it ("UV call 0x0301").
        title: what it does, in plain words.
        explanation: what came of it, one sentence or two.
        code: the Ultravisor's answer; None where it is not asked.
        register: what a DIAG 308 returns to stage3a; None where there is none.
        pages: the pages it is about, if it is about pages.
        checks: the steps behind it.
        refused: whether the start ends here.
        rule: page and anchor of the format reference.
    """

    actor: Actor
    call: str
    title: str
    explanation: str
    code: Code | None = None
    register: int | None = None
    pages: PageRun | None = None
    checks: tuple[Check, ...] = ()
    refused: bool = False
    rule: str = "boot.md#what-the-hypervisor-does"

    @property
    def culprit(self) -> Check | None:
        """The first step that failed."""
        return next((leaf for leaf in self.checks if leaf.verdict is Verdict.FAILED), None)

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON."""
        record: dict[str, Any] = {
            "actor": self.actor.value,
            "call": self.call,
            "title": self.title,
            "explanation": self.explanation,
            "refused": self.refused,
        }
        if self.code is not None and self.code != codes.NOT_ASKED:
            record["uv_rc"], record["uv_rrc"] = f"0x{self.code.rc:04x}", f"0x{self.code.rrc:04x}"
        if self.register is not None:
            record["register"] = f"0x{self.register:016x}"
        if self.pages is not None:
            record["component"] = self.pages.component
            record["address"] = f"0x{self.pages.address:x}"
            record["pages"] = self.pages.count
        return record
