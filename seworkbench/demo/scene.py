"""What a story is made of: scenes, what must be seen in each, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.simulator.codes import Code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seworkbench.demo.stage import Stage
    from seworkbench.jobs import Job

_RULE = "demonstration.md#scenes"


class Place(Enum):
    """The page of the window that shows a scene; the value is the page's name."""

    TRUST = "trust"
    BUILD = "build"
    INSPECT = "inspect"
    ATTESTATION = "attestation"
    MACHINE = "machine"
    EVIDENCE = "evidence"  # of the tour's window alone


@dataclass(frozen=True, slots=True)
class Sight:
    """Something that must be seen in a scene.

    Args:
        check: id of a check of the scene.
        verdict: what it must come to.
        code: what the Ultravisor must answer to it; None if it answers nothing.
        reason: text that must be part of what was found.
        when: where it is found, for the reader, if a scene has several places ("At the start").
    """

    check: str
    verdict: Verdict
    code: Code | None = None
    reason: str = ""
    when: str = ""

    def __str__(self) -> str:
        answer = f", {self.code}" if self.code else ""
        return f"{self.check}: {self.verdict.value}{answer}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a scene.

    Args:
        said: one or two sentences.
        check: everything that was checked, as one tree.
        files: the files it is about, the main one first.
    """

    said: str
    check: Check
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Scene:
    """One scene.

    Args:
        id: stable name.
        title: plain name.
        caption: for an audience, one sentence or two.
        page: which page of the window shows it.
        select: id of the check to select there.
        perform: does it.
        sights: what must be seen.
        attack: id of the attack it shows; empty if it shows none.
    """

    id: str
    title: str
    caption: str
    page: Place
    select: str
    perform: Callable[[Stage, Job], Outcome]
    sights: tuple[Sight, ...]
    attack: str = ""

    @property
    def step(self) -> Step:
        """The scene as a step of the demonstration."""
        return Step(f"demo.{self.id}", self.title, _RULE, "This is a defect of the program; please report it.")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a sight.

    Args:
        sight: what had to be seen.
        check: the check of that id; None if there was none.
    """

    sight: Sight
    check: Check | None

    @property
    def as_expected(self) -> bool:
        """Whether it is what had to be seen."""
        if self.check is None or self.check.verdict is not self.sight.verdict:
            return False
        if self.sight.code is not None and self.check.code != tuple(self.sight.code):
            return False
        return self.sight.reason in self.check.reason

    @property
    def found(self) -> str:
        """What was found, in the form of the sight."""
        if self.check is None:
            return f"{self.sight.check}: there is no such check"
        code = Code(*self.check.code) if self.check.code else None
        return str(Sight(self.check.id, self.check.verdict, code))


@dataclass(frozen=True)
class PlayedScene:
    """A scene that was played.

    Args:
        scene: the scene.
        outcome: what came of it.
    """

    scene: Scene
    outcome: Outcome

    @property
    def seen(self) -> tuple[Seen, ...]:
        """What was seen of each sight."""
        return tuple(Seen(sight, self.outcome.check.find(sight.check)) for sight in self.scene.sights)

    @property
    def check(self) -> Check:
        """Whether everything was as expected, as one step: what had to be seen, and what was."""
        evidence = [(text, str(value)) for seen in self.seen for text, value in _pair(seen)]
        wrong = [seen for seen in self.seen if not seen.as_expected]
        if wrong:
            return self.scene.step.failed(f"Expected {wrong[0].sight}. Found {wrong[0].found}.", *evidence)
        return self.scene.step.passed(self.outcome.said, *evidence)

    @property
    def as_expected(self) -> bool:
        """Whether everything was as expected."""
        return self.check.verdict is Verdict.PASSED

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON."""
        return {
            "id": self.scene.id,
            "title": self.scene.title,
            "caption": self.scene.caption,
            "attack": self.scene.attack or None,
            "as_expected": self.as_expected,
            "outcome": self.outcome.said,
            "seen": [
                {"expected": str(seen.sight), "found": seen.found, "as_expected": seen.as_expected}
                for seen in self.seen
            ],
            "files": [str(path) for path in self.outcome.files],
        }


def _pair(seen: Seen) -> tuple[tuple[str, object], tuple[str, object]]:
    return ("expected", seen.sight), ("found", seen.found)


def as_check(played: tuple[PlayedScene, ...]) -> Check:
    """Scenes that were played as one tree of checks."""
    return group("demo", "Demonstration", [scene.check for scene in played])
