"""Drawings and signs as SVG inside HTML; every text is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from seworkbench.report.drawing import VERDICT_INK, WIDTH, Box, Drawing, Ink, Label, Mark, Shape, Stroke
from seworkbench.report.signs import RING_DASH, RING_WEIGHT, SIGNS, STROKE_WEIGHT, Points
from seworkbench.report.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seworkbench.checks import Verdict

_DASH = "4 3"


def drawing_svg(drawing: Drawing) -> Markup:
    """A drawing as an element of its own, scaled to the width of the text."""
    shapes = Markup("").join(_shape(shape) for shape in drawing.shapes)
    return Markup('<svg class="drawing" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _number(WIDTH), _number(drawing.height), shown(drawing.title), shapes
    )


def sign_svg(verdict: Verdict) -> Markup:
    """The sign of a verdict as an element as high as the text; the word stands beside it."""
    return Markup('<svg class="sign" viewBox="0 0 1 1" aria-hidden="true">{}</svg>').format(_sign(verdict))


def _shape(shape: Shape) -> Markup:
    match shape:
        case Box():
            return _box(shape)
        case Stroke():
            return _line(shape.points, shape.ink.value, shape.weight, _DASH if shape.dashed else "")
        case Label():
            return _label(shape)
        case Mark():
            corner = (shape.x - shape.size / 2, shape.y - shape.size / 2)
            return Markup('<g transform="translate({} {}) scale({})">{}</g>').format(
                *map(_number, corner), _number(shape.size), _sign(shape.verdict)
            )


def _box(box: Box) -> Markup:
    places = map(_number, (box.x, box.y, box.width, box.height, box.radius))
    head = Markup('<rect x="{}" y="{}" width="{}" height="{}" rx="{}" fill="{}"').format(*places, box.fill.value)
    if box.outline is None:
        return head + Markup("/>")
    edge = Markup(' stroke="{}" stroke-width="{}"').format(box.outline.value, _number(box.weight))
    dash = Markup(' stroke-dasharray="{}"').format(_DASH) if box.dashed else Markup("")
    return head + edge + dash + Markup("/>")


def _label(label: Label) -> Markup:
    return Markup('<text x="{}" y="{}" font-size="{}" fill="{}" text-anchor="{}" class="{}">{}</text>').format(
        *map(_number, (label.x, label.y, label.size)),
        label.ink.value,
        label.anchor.value,
        " ".join(name for name, on in (("bold", label.bold), ("code", label.code)) if on),
        shown(label.text),
    )


def _line(points: Points, ink: str, weight: float, dash: str = "") -> Markup:
    line = Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="{}"').format(
        _places(points), ink, _number(weight)
    )
    return line + (Markup(' stroke-dasharray="{}"/>').format(dash) if dash else Markup("/>"))


def _sign(verdict: Verdict) -> Markup:
    sign = SIGNS[verdict]
    ink = VERDICT_INK[verdict].value
    if sign.ring:
        return Markup(
            '<circle cx="0.5" cy="0.5" r="0.42" fill="none" stroke="{}" stroke-width="{}" stroke-dasharray="{}"/>'
        ).format(ink, RING_WEIGHT, RING_DASH)
    if sign.body:
        body = Markup('<polygon points="{}" fill="{}"/>').format(_places(sign.body), ink)
    else:
        body = Markup('<circle cx="0.5" cy="0.5" r="0.5" fill="{}"/>').format(ink)
    return body + Markup("").join(_line(stroke, Ink.PANEL.value, STROKE_WEIGHT) for stroke in sign.strokes)


def _places(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
