"""What the bytes at the selection are as numbers and text; big-endian, as everything in Secure Execution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from seworkbench.errors import SeError
from seworkbench.ui.widgets.basic import label
from seworkbench.ui.widgets.copy_forms import as_text, printable

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from seworkbench.ui.theme import Theme
    from seworkbench.ui.widgets.byte_source import ByteSource

WIDTHS = (1, 2, 4, 8)
TEXT_BYTES = 24
ROWS = (
    *(f"{letter}{8 * width}" for width in WIDTHS for letter in "ui"),
    "hex",
    "binary",
    "text",
)
_THIN_SPACE = "\u2009"
NOTHING = "—"


def readings(data: bytes) -> dict[str, str]:
    """What bytes can be read as, by row; a dash where there are too few.

    Args:
        data: the bytes from the selection's start on; more than 8 are used for the text only.
    """
    found = dict.fromkeys(ROWS, NOTHING)
    for width in WIDTHS:
        if len(data) >= width:
            found[f"u{8 * width}"] = _digits(int.from_bytes(data[:width], "big"))
            found[f"i{8 * width}"] = _digits(int.from_bytes(data[:width], "big", signed=True))
    if data:
        found["hex"] = f"0x{data[:8].hex()}"
        found["binary"] = f"{data[0]:08b}"
        # One line, and the same dot for whatever is no text.
        found["text"] = printable(as_text(data[:TEXT_BYTES]).replace("\ufffd", "·"))
    return found


class DataInspector(QWidget):
    """The readings of the bytes at a place.

    Args:
        theme: fonts and colours.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._length = 0
        self._texts = dict.fromkeys(ROWS, NOTHING)
        self.setAccessibleName("Data inspector, big-endian")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self.values: dict[str, QLabel] = {}
        for row, name in enumerate(ROWS):
            value = label(NOTHING, selectable=True)
            value.setAccessibleName(name)
            # A narrow panel must not be widened by what it shows; see _fit.
            value.setMinimumWidth(1)
            grid.addWidget(label(name, "small"), row, 0)
            grid.addWidget(value, row, 1)
            self.values[name] = value
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_at(self, source: ByteSource | None, offset: int, length: int = 0, *, masked: bool = False) -> None:
        """Show what the bytes from `offset` on are.

        Args:
            source: where they are; None for nothing.
            offset: the first one.
            length: of the selection: the numbers of that width are stressed.
            masked: the bytes are secret and not shown.
        """
        try:
            data = b"" if source is None or masked else source.read(offset, TEXT_BYTES)
        except SeError:
            data = b""  # the hex view beside it tells the reason
        self._length = length
        # Text ends with the selection; a number may be read beyond it.
        found = readings(data)
        if length:
            found["text"] = readings(data[:length])["text"]
        self._texts = dict.fromkeys(ROWS, "hidden") if masked else found
        self._restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """There may be more room for digits, or less."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """A number of which the end is cut off is a wrong number: leave out the spaces, then say that there is more."""
        for name, value in self.values.items():
            text = self._texts[name]
            metrics = QFontMetrics(value.font())
            if metrics.horizontalAdvance(text) > value.width():
                text = text.replace(_THIN_SPACE, "")
            value.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, value.width()))
            value.setToolTip("" if value.text().replace(_THIN_SPACE, "") == text.replace(_THIN_SPACE, "") else text)

    def _restyle(self) -> None:
        for name, value in self.values.items():
            stressed = name[1:] == str(8 * self._length)
            font = self._theme.mono(bold=stressed)
            value.setFont(font)
            # The style sheet's size for all widgets would win over the font.
            value.setStyleSheet(
                f"font-family: '{font.family()}'; font-size: {font.pixelSize()}px; font-weight: {font.weight()}"
            )
            value.ensurePolished()
        self._fit()


def _digits(number: int) -> str:
    """Thousands apart by thin spaces."""
    return f"{number:,}".replace(",", _THIN_SPACE)
