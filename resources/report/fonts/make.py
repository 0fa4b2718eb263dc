"""Makes the fonts that PDF reports embed: Inter with quadratic outlines, and no more characters than reports need.

PDF readers take the PostScript outlines of resources/fonts only when they are packed in a way that the PDF library does
not know; TrueType outlines they all take. The same input gives the same bytes. Run from the root of the project:

    python resources/report/fonts/make.py
"""

from __future__ import annotations

from pathlib import Path

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "fonts"
WEIGHTS = ("Regular", "SemiBold")
# Latin with all extensions, Greek, Cyrillic, punctuation, currency, letter-like signs, numbers, arrows, mathematics,
# technical and geometric signs, ticks, and the replacement character.
RANGES = (
    (0x0020, 0x024F),
    (0x0370, 0x052F),
    (0x1E00, 0x1FFF),
    (0x2010, 0x206F),
    (0x20A0, 0x20CF),
    (0x2100, 0x22FF),
    (0x2300, 0x27BF),
    (0xFFFD, 0xFFFD),
)
ERROR_LIMIT = 0.5  # thousandths of the character height: not visible at any size on paper


def quadratic(font: TTFont) -> None:
    """Replace the cubic outlines of a font by quadratic ones."""
    glyphs = font.getGlyphSet()
    table = newTable("glyf")
    table.glyphs = {}
    table.glyphOrder = font.getGlyphOrder()
    for name in table.glyphOrder:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, ERROR_LIMIT * font["head"].unitsPerEm / 1000, reverse_direction=True))
        table.glyphs[name] = pen.glyph(dropImpliedOnCurves=True)
    font["glyf"] = table
    font["loca"] = newTable("loca")
    font["post"].formatType = 3.0
    font["maxp"].tableVersion = 0x00010000
    for name in ("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs"):
        setattr(font["maxp"], name, 1 if name == "maxZones" else 0)
    for name in ("maxStackElements", "maxSizeOfInstructions", "maxComponentElements"):
        setattr(font["maxp"], name, 0)
    del font["CFF "]
    font.sfntVersion = "\x00\x01\x00\x00"


def make(weight: str) -> None:
    """Write one font beside this file."""
    font = TTFont(SOURCES / f"Inter-{weight}.otf", recalcTimestamp=False)
    options = Options(layout_features=[], hinting=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    subsetter.subset(font)
    quadratic(font)
    font.save(HERE / f"Inter-{weight}.ttf")


if __name__ == "__main__":
    for weight in WEIGHTS:
        make(weight)
