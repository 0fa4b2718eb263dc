"""What an act can ask for. An act is a generator: it does something, and yields what has to be waited for or seen."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.demo.scene import PlayedScene

if TYPE_CHECKING:
    from seworkbench.ui.tour.spotlight import Spot

PATIENCE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Beat:
    """A moment in which the audience can see what was done.

    Args:
        ms: how long, at normal speed.
    """

    ms: int = 900


@dataclass(frozen=True, slots=True)
class Until:
    """Something that has to be so before the act goes on.

    Args:
        reached: tells whether it is.
        what: what is waited for, for the error if it never comes.
        hasten: brings it about sooner, for whoever does not want to watch.
        hold: lets it rest while the tour pauses (True), and go on (False).
        patient: whether it takes as long as it takes, because somebody does it by hand.
    """

    reached: Callable[[], object]
    what: str
    hasten: Callable[[], object] | None = None
    hold: Callable[[bool], object] | None = None
    patient: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """Draws the eye to something; nothing is waited for.

    Args:
        spots: what; nothing takes away the rings there are.
        says: what happens now; empty to leave what was said.
    """

    spots: tuple[Spot, ...] = ()
    says: str = ""


Wait = Beat | Until | Point
Steps = Generator[Wait, None, None]
# Shows a scene, and gives what it came to.
Act = Generator[Wait, None, PlayedScene]


def reading_ms(text: str) -> int:
    """How long it takes to read a caption and to look at what it is about."""
    return 4000 + 60 * len(text)
