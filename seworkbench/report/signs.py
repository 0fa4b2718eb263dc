"""The signs of the four verdicts as lines and areas in a square of side 1, for every form to scale and paint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign: a body in the colour of the verdict, and white strokes on it.

    Args:
        body: corners of an area; empty for a circle as wide as the square.
        strokes: lines on the body.
        ring: whether the circle is only a dashed outline.
    """

    body: Points
    strokes: tuple[Points, ...]
    ring: bool = False


_OCTAGON = tuple(
    (
        round(0.5 + 0.5 * math.sin(math.pi * (2 * n + 1) / 8), 4),
        round(0.5 + 0.5 * math.cos(math.pi * (2 * n + 1) / 8), 4),
    )
    for n in range(8)
)
STROKE_WEIGHT = 0.11
RING_WEIGHT = 0.1
RING_DASH = 0.2

SIGNS: Mapping[Verdict, Sign] = {
    Verdict.PASSED: Sign((), (((0.27, 0.53), (0.44, 0.69), (0.74, 0.34)),)),
    Verdict.FAILED: Sign(_OCTAGON, (((0.33, 0.33), (0.67, 0.67)), ((0.33, 0.67), (0.67, 0.33)))),
    Verdict.WARNING: Sign(
        ((0.5, 0.03), (1.0, 0.95), (0.0, 0.95)), (((0.5, 0.36), (0.5, 0.62)), ((0.5, 0.77), (0.5, 0.79)))
    ),
    Verdict.NOT_CHECKED: Sign((), (), ring=True),
}
