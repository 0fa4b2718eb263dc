"""What an act can wait for. An act is a generator: it does something, and yields what has to be waited for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from seworkbench.demo.scene import PlayedScene

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
    """

    reached: Callable[[], object]
    what: str
    hasten: Callable[[], object] | None = None


Wait = Beat | Until
Steps = Generator[Wait, None, None]
# Shows a scene, and gives what it came to.
Act = Generator[Wait, None, PlayedScene]


def reading_ms(text: str) -> int:
    """How long it takes to read a caption and to look at what it is about."""
    return 4000 + 60 * len(text)
