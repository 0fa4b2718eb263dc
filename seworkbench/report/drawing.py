"""Pictures of a report, as shapes that every form paints itself: as SVG, on paper, or as words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from seworkbench.checks import Verdict


class Ink(Enum):
    """Colours by what they mean; the value is the light theme's tone, since reports are for paper."""

    TEXT = "#1b222c"
    MUTED = "#5d6876"
    LINE = "#c3cbd5"
    PANEL = "#ffffff"
    SHADE = "#f3f5f8"
    PASSED = "#177245"
    PASSED_SHADE = "#e3f4ea"
    FAILED = "#b3261e"
    FAILED_SHADE = "#fbe6e4"
    WARNING = "#8a5a00"
    WARNING_SHADE = "#fdf1d6"
    NOT_CHECKED = "#5c6775"
    NOT_CHECKED_SHADE = "#eceff3"
    CLEAR = "#cfd6df"
    AUTHENTICATED = "#9db8f2"
    ENCRYPTED = "#6a4fc4"
    HASHED = "#2c8f74"
    SIMULATED = "#6247bd"
    SIMULATED_SHADE = "#efebfb"


VERDICT_INK = {
    Verdict.PASSED: Ink.PASSED,
    Verdict.FAILED: Ink.FAILED,
    Verdict.WARNING: Ink.WARNING,
    Verdict.NOT_CHECKED: Ink.NOT_CHECKED,
}
VERDICT_SHADE = {
    Verdict.PASSED: Ink.PASSED_SHADE,
    Verdict.FAILED: Ink.FAILED_SHADE,
    Verdict.WARNING: Ink.WARNING_SHADE,
    Verdict.NOT_CHECKED: Ink.NOT_CHECKED_SHADE,
}


class Anchor(Enum):
    """Which end of a label its place names; the value is that of SVG."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with round corners.

    Args:
        x, y, width, height: place and size in units of the drawing.
        fill: its colour.
        outline: colour of its edge; None for none.
        weight: thickness of the edge.
        dashed: whether the edge is broken: something that is not there.
        radius: of the corners.
    """

    x: float
    y: float
    width: float
    height: float
    fill: Ink = Ink.PANEL
    outline: Ink | None = Ink.LINE
    weight: float = 1
    dashed: bool = False
    radius: float = 4


@dataclass(frozen=True, slots=True)
class Stroke:
    """Straight lines from point to point."""

    points: tuple[tuple[float, float], ...]
    ink: Ink = Ink.LINE
    weight: float = 1
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text.

    Args:
        x, y: place of its baseline.
        text: what it says; cut by whoever made the drawing, so that it fits.
        size: height of the letters in units of the drawing.
        ink: colour.
        bold: heavier letters.
        code: letters of equal width.
        anchor: which end `x` names.
    """

    x: float
    y: float
    text: str
    size: float = 9
    ink: Ink = Ink.TEXT
    bold: bool = False
    code: bool = False
    anchor: Anchor = Anchor.START


@dataclass(frozen=True, slots=True)
class Mark:
    """The sign of a verdict: circle with tick, octagon with cross, triangle, dashed ring.

    Args:
        x, y: its middle.
        verdict: which one.
        size: its diameter.
    """

    x: float
    y: float
    verdict: Verdict
    size: float = 11


Shape = Box | Stroke | Label | Mark

# Units across the text of a page; a unit is close to a point on A4.
WIDTH = 494.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as wide as the text.

    Args:
        title: what it shows, for those who do not see it and for forms without pictures.
        height: in units; the width is `WIDTH`.
        shapes: painted in order.
    """

    title: str
    height: float
    shapes: tuple[Shape, ...]


# Mean advance of Inter's letters in relation to their height, rounded up.
_ADVANCE = 0.56


def broken(text: str, width: float, size: float = 9) -> tuple[str, ...]:
    """`text` in one line, or at a blank in two, the last of which is cut where even that is too short."""
    most = max(1, int(width / (size * _ADVANCE)))
    end = text.rfind(" ", 0, most + 1)
    if len(text) <= most or end <= 0:
        return (fitting(text, width, size),)
    return text[:end], fitting(text[end + 1 :], width, size)


def fitting(text: str, width: float, size: float = 9) -> str:
    """`text`, cut with an ellipsis so that it surely fits into `width` units."""
    most = max(1, int(width / (size * _ADVANCE)))
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
