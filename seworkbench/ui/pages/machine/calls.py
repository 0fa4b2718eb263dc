"""The calls of a start in their order: those that happened, the one that is under way, and those not reached.

Made from the events of the simulator alone; knows no widgets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Verdict, group
from seworkbench.simulator import codes
from seworkbench.simulator.events import Actor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seworkbench.simulator.codes import Code
    from seworkbench.simulator.events import PageRun, StartEvent


class Progress(Enum):
    """How far a call is."""

    WAITING = "not reached yet"
    UNDER_WAY = "under way"
    DONE = "done"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that a start makes.

    Args:
        actor: who acts.
        call: its name in the format reference, as events have it.
        title: what it does.
        about: one sentence for whoever sees it before it happened.
    """

    actor: Actor
    call: str
    title: str
    about: str


UNPACK = "UV call 0x0301"
PLAN = (
    Planned(Actor.LOADER, "IPL", "Load image and boot loader", "stage3a looks for header and IPIB."),
    Planned(Actor.HYPERVISOR, "DIAG 308 subcode 8", "Take the IPIB", "Which components there are, and where."),
    Planned(
        Actor.HYPERVISOR, "UV calls 0x0100, 0x0120", "Create a protected guest", "Memory that the host cannot read."
    ),
    Planned(
        Actor.ULTRAVISOR,
        "UV call 0x0300",
        "Set secure parameters",
        "Opens the header with the host key of the machine.",
    ),
    Planned(Actor.ULTRAVISOR, UNPACK, "Unpack", "Every page is measured and decrypted."),
    Planned(Actor.ULTRAVISOR, "UV call 0x0302", "Verify", "Compares what was measured with the header."),
    Planned(Actor.ULTRAVISOR, "UV call 0x0330, state 5", "Start the guest", "Loads the start address of the header."),
    Planned(Actor.GUEST, "stage3b", "Run", "Moves kernel and command line to their places."),
)


@dataclass(frozen=True)
class Call:
    """A call and what came of it.

    Args:
        actor: who acts.
        call: its name.
        title: what it does.
        progress: how far it is.
        explanation: what came of it; what it is for if it did not happen.
        code: what the Ultravisor answered, if it was asked.
        register: what DIAG 308 returned, if it did.
        check: the steps behind it; None if there are none.
        refused: whether the start ends here.
        rule: page and anchor of the format reference.
        done: pages unpacked so far, for the call that unpacks.
        pages: how many there are in all; 0 if that is not known.
    """

    actor: Actor
    call: str
    title: str
    progress: Progress
    explanation: str
    code: Code | None = None
    register: int | None = None
    check: Check | None = None
    refused: bool = False
    rule: str = ""
    done: int = 0
    pages: int = 0

    @property
    def verdict(self) -> Verdict:
        """What came of it."""
        if self.progress is not Progress.DONE:
            return Verdict.NOT_CHECKED
        if self.refused:
            return Verdict.FAILED
        if self.check is None:
            return Verdict.PASSED
        return self.check.verdict if self.check.verdict is not Verdict.NOT_CHECKED else Verdict.PASSED

    @property
    def answer(self) -> str:
        """The numbers that came back, short."""
        if self.code is not None and self.code != codes.NOT_ASKED and self.actor is Actor.ULTRAVISOR:
            reason = f"  RRC 0x{self.code.rrc:04x}" if self.code.rrc else ""
            return f"RC 0x{self.code.rc:04x}{reason}"
        return f"0x{self.register & 0xFFFF:04x}" if self.register is not None else ""

    @property
    def answer_words(self) -> str:
        """What these numbers mean."""
        if self.code is not None and self.actor is Actor.ULTRAVISOR and self.code != codes.NOT_ASKED:
            if self.code == codes.EXECUTED:
                return "executed"
            own = "; the number is the simulator's own, that of the firmware is not public" if self.code.is_own else ""
            culprit = self.culprit
            return f"refused: “{culprit.title}” failed{own}" if culprit else f"refused{own}"
        if self.register is None:
            return ""
        return "accepted" if self.register & 0xFFFF == codes.DIAG_ACCEPTED else "refused"

    @property
    def culprit(self) -> Check | None:
        """The first step that failed."""
        leaves = self.check.leaves() if self.check else ()
        return next((leaf for leaf in leaves if leaf.verdict is Verdict.FAILED), None)


def unbroken(answer: str) -> str:
    """An answer that stays on its line with the name of each number."""
    return answer.replace(" 0x", "\u00a00x")


def calls_of(events: Sequence[StartEvent], *, total: int, pages: int = 0, under_way: bool = False) -> list[Call]:
    """All calls, as they look when the given events have happened.

    Args:
        events: what happened so far.
        total: pages of the image in all.
        pages: how many of the pages of the last event have been unpacked, if it is one of pages.
        under_way: whether more will happen; the call after the last one is marked then, too.
    """
    made: list[Call] = []
    planned = list(PLAN)
    unpacked = 0
    for event, following in zip_longest(events, events[1:]):
        run = event.pages
        if run is not None:
            unpacked += run.count if following is not None else min(pages, run.count)
            if following is not None and following.call == UNPACK:
                continue
        made.append(_call(event, unpacked, total))
        planned = [plan for plan in planned if plan.call != event.call]
    ended = bool(made) and (made[-1].refused or not planned)
    waits = bool(made) and made[-1].progress is Progress.UNDER_WAY
    for number, plan in enumerate(planned):
        progress = Progress.NOT_REACHED if ended else Progress.WAITING
        if under_way and not ended and not waits and number == 0:
            progress = Progress.UNDER_WAY
        made.append(_waiting(plan, progress, total))
    return made


def _call(event: StartEvent, unpacked: int, total: int) -> Call:
    check = group(f"call.{event.call}", "Steps", event.checks) if event.checks else None
    explanation = event.explanation
    progress = Progress.DONE
    if event.pages is not None:
        explanation = f"{_component(event.pages)} {event.explanation}"
        progress = Progress.DONE if unpacked >= total else Progress.UNDER_WAY
    return Call(
        event.actor,
        event.call,
        event.title,
        progress,
        explanation,
        event.code,
        event.register,
        check,
        event.refused,
        event.rule,
        unpacked if event.call == UNPACK else 0,
        total if event.call == UNPACK else 0,
    )


def _component(run: PageRun) -> str:
    return f"Component {run.component} of {run.components} at 0x{run.address - run.first * 4096:x}."


def _waiting(plan: Planned, progress: Progress, total: int) -> Call:
    pages = total if plan.call == UNPACK else 0
    return Call(
        plan.actor, plan.call, plan.title, progress, plan.about, rule="boot.md#what-the-hypervisor-does", pages=pages
    )
