"""Colours by role, in three themes, and the style sheet made from them.

Widgets name roles, never colours. Green, red and amber mean verdicts and nothing else; blue means selection, the
primary action, links, progress and focus. Tests keep every text role at a contrast of 4.5:1 or better.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from weakref import ref

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from seworkbench.checks import Verdict
from seworkbench.formats.layout import Protection
from seworkbench.resources import resource

FONT_FILES = (
    "Inter-Regular.otf",
    "Inter-Medium.otf",
    "Inter-SemiBold.otf",
    "JetBrainsMono-Regular.ttf",
    "JetBrainsMono-SemiBold.ttf",
)
_UI_FAMILY = "Inter"
_MONO_FAMILY = "JetBrains Mono"
BASE_PIXELS = 13
SMALL_PIXELS = 12
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Roles:
    """One theme: a colour for each role."""

    background: str  # behind everything
    panel: str  # cards, side, bars
    rail: str
    line: str  # borders
    line_soft: str  # borders inside a card
    text: str
    muted: str  # secondary text
    accent: str  # selection, primary action, links, progress, focus
    accent_background: str
    on_accent: str  # text on accent
    passed: str
    passed_background: str
    failed: str
    failed_background: str
    warning: str
    warning_background: str
    not_checked: str
    not_checked_background: str
    clear: str  # bytes by protection, full strength
    authenticated: str
    encrypted: str
    hashed: str
    clear_tint: str  # the same behind text
    authenticated_tint: str
    encrypted_tint: str
    zero: str  # zero bytes

    def colour(self, role: str) -> QColor:
        """The colour of a role."""
        return QColor(getattr(self, role))


LIGHT = Roles(
    background="#f6f7f9",
    panel="#ffffff",
    rail="#eceff3",
    line="#d9dee5",
    line_soft="#e8ebf0",
    text="#1b222c",
    muted="#5d6876",
    accent="#2257d6",
    accent_background="#e6edfc",
    on_accent="#ffffff",
    passed="#177245",
    passed_background="#e3f4ea",
    failed="#b3261e",
    failed_background="#fbe6e4",
    warning="#8a5a00",
    warning_background="#fdf1d6",
    not_checked="#5d6876",
    not_checked_background="#eceff3",
    clear="#cfd6df",
    authenticated="#9db8f2",
    encrypted="#6a4fc4",
    hashed="#2c8f74",
    clear_tint="#f2f4f7",
    authenticated_tint="#e3ebfc",
    encrypted_tint="#e9e3f8",
    zero="#5c6775",
)
DARK = Roles(
    background="#14181e",
    panel="#1b2129",
    rail="#171c23",
    line="#303946",
    line_soft="#262e39",
    text="#e6eaf0",
    muted="#a3aebb",
    accent="#7fa6ff",
    accent_background="#22304d",
    on_accent="#0d1420",
    passed="#6fd39b",
    passed_background="#17352a",
    failed="#ff8f86",
    failed_background="#43211f",
    warning="#f2c063",
    warning_background="#3d3118",
    not_checked="#a3aebb",
    not_checked_background="#262e39",
    clear="#46505d",
    authenticated="#4d6fb8",
    encrypted="#9a83ec",
    hashed="#4cb896",
    clear_tint="#20262f",
    authenticated_tint="#1f2b45",
    encrypted_tint="#2d2747",
    zero="#8f9aa8",
)
HIGH_CONTRAST = Roles(
    background="#000000",
    panel="#000000",
    rail="#000000",
    line="#ffffff",
    line_soft="#b0b0b0",
    text="#ffffff",
    muted="#e0e0e0",
    accent="#ffd800",
    accent_background="#3a3200",
    on_accent="#000000",
    passed="#5dff9b",
    passed_background="#002a10",
    failed="#ff9a92",
    failed_background="#3a0000",
    warning="#ffc233",
    warning_background="#332400",
    not_checked="#e0e0e0",
    not_checked_background="#1c1c1c",
    clear="#8a8a8a",
    authenticated="#5ea2ff",
    encrypted="#c9a8ff",
    hashed="#37f0b4",
    clear_tint="#161616",
    authenticated_tint="#001f4d",
    encrypted_tint="#2b0f52",
    zero="#c0c0c0",
)

VERDICT_ROLES = {
    Verdict.PASSED: ("passed", "passed_background"),
    Verdict.FAILED: ("failed", "failed_background"),
    Verdict.WARNING: ("warning", "warning_background"),
    Verdict.NOT_CHECKED: ("not_checked", "not_checked_background"),
}
PROTECTION_ROLES = {
    Protection.CLEAR: "clear",
    Protection.AUTHENTICATED: "authenticated",
    Protection.ENCRYPTED: "encrypted",
    Protection.HASHED: "hashed",
    Protection.ENCRYPTED_HASHED: "encrypted",
}


SMALLEST_ZOOM, LARGEST_ZOOM = 0.7, 2.0


class ThemeChoice(Enum):
    """What the user chose; the value is what is kept in the settings."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
    HIGH_CONTRAST = "high-contrast"


class Theme(QObject):
    """The theme in force. Widgets that paint themselves read `roles` and repaint on `changed`."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sheet = ""
        self._dressed: list[ref[QWidget]] = []
        self.choice = ThemeChoice.SYSTEM
        self.roles = LIGHT
        self.zoom = 1.0
        self._fonts: dict[tuple[str, int, bool], QFont] = {}
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    def choose(self, choice: ThemeChoice) -> None:
        """Switch the theme of the running program."""
        self.choice = choice
        self.apply()

    def set_zoom(self, zoom: float) -> None:
        """Scale all text; 1.0 is normal."""
        self.zoom = min(LARGEST_ZOOM, max(SMALLEST_ZOOM, zoom))
        self.apply()

    def apply(self) -> None:
        """Give the application palette, font and style sheet of the theme."""
        self.roles = self._wanted()
        application = QApplication.instance()
        self._sheet = _style_sheet(self.roles, self.zoom)
        if isinstance(application, QApplication):
            application.setPalette(_palette(self.roles))
            application.setFont(self.font())
            if not self._dressed:
                application.setStyleSheet(self._sheet)
        for widget in self._living():
            if widget.isVisible():
                widget.setStyleSheet(self._sheet)
        self.changed.emit()

    def dress(self, widget: QWidget) -> None:
        """Give a widget and all inside it the style sheet as soon as it is seen, and when the theme changes.

        Qt takes a third of a millisecond for each widget that gets another sheet. So a sheet for the whole application
        makes switching the slower the more pages there are; dressed one by one, a page that is not seen waits until it
        is. From the first call on the application has no sheet of its own.
        """
        if not self._dressed and isinstance(application := QApplication.instance(), QApplication):
            application.setStyleSheet("")
        self._living()
        self._dressed.append(ref(widget))
        widget.installEventFilter(self)
        if widget.isWindow() or widget.isVisible():
            widget.setStyleSheet(self._sheet)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """What was hidden when the theme changed is given it when it is shown."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.styleSheet() != self._sheet:
            watched.setStyleSheet(self._sheet)
        return False

    def _living(self) -> list[QWidget]:
        """What was dressed and still exists; the rest is forgotten."""
        found = [(known, known()) for known in self._dressed]
        living = [(known, widget) for known, widget in found if widget is not None and isValid(widget)]
        self._dressed[:] = [known for known, _ in living]
        return [widget for _, widget in living]

    def pixels(self, count: float) -> int:
        """A length that grows with the text."""
        return round(count * self.zoom)

    def font(self, pixels: float = BASE_PIXELS, *, bold: bool = False) -> QFont:
        """The text font."""
        return self._font(_UI_FAMILY, pixels, bold=bold)

    def mono(self, pixels: float = SMALL_PIXELS, *, bold: bool = False) -> QFont:
        """The font of bytes."""
        font = self._font(_MONO_FAMILY, pixels, bold=bold)
        font.setStyleHint(QFont.StyleHint.Monospace)
        return font

    def _font(self, family: str, pixels: float, *, bold: bool) -> QFont:
        # Every cell of a table asks for one.
        key = (family, round(pixels * self.zoom), bold)
        if key not in self._fonts:
            font = QFont(family)
            font.setPixelSize(key[1])
            font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
            # Contextual forms would join bytes into signs that are not there and turn the x of 0x into another sign.
            font.setFeature(QFont.Tag("calt"), 0)
            self._fonts[key] = font
        return QFont(self._fonts[key])

    def _follow_system(self) -> None:
        if self.choice is ThemeChoice.SYSTEM:
            self.apply()

    def _wanted(self) -> Roles:
        if self.choice is ThemeChoice.SYSTEM:
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
            return DARK if dark else LIGHT
        return {ThemeChoice.LIGHT: LIGHT, ThemeChoice.DARK: DARK, ThemeChoice.HIGH_CONTRAST: HIGH_CONTRAST}[self.choice]


def load_fonts() -> None:
    """Make the fonts that come with the program known; without them a machine may have no monospace font at all."""
    for name in FONT_FILES:
        QFontDatabase.addApplicationFont(str(resource(f"fonts/{name}")))


def _palette(roles: Roles) -> QPalette:
    palette = QPalette()
    pairs = {
        QPalette.ColorRole.Window: "background",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Base: "panel",
        QPalette.ColorRole.AlternateBase: "background",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.Button: "panel",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.HighlightedText: "on_accent",
        QPalette.ColorRole.Link: "accent",
        QPalette.ColorRole.ToolTipBase: "panel",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.PlaceholderText: "muted",
        QPalette.ColorRole.Mid: "line",
    }
    for role, name in pairs.items():
        palette.setColor(role, roles.colour(name))
    disabled = QPalette.ColorGroup.Disabled
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(disabled, role, roles.colour("muted"))
    return palette


def _style_sheet(roles: Roles, zoom: float) -> str:
    sheet = resource("style.qss").read_text(encoding="utf-8")
    # Longest names first: "line" is the beginning of "line_soft".
    for name in sorted((field.name for field in fields(roles)), key=len, reverse=True):
        sheet = sheet.replace(f"@{name}", getattr(roles, name))
    # Pictures in style sheets know no roles.
    for name, role in (("tick", "on_accent"), ("arrow", "text")):
        shade = "white" if roles.colour(role).lightnessF() > _HALF else "black"
        sheet = sheet.replace(f"${name}", resource(f"{name}-{shade}.svg").as_posix())
    # In high contrast all text is bright: what cannot be pressed is told by its frame.
    sheet = sheet.replace("$disabled", "dashed" if roles is HIGH_CONTRAST else "solid")
    for pixels in range(24, 8, -1):
        sheet = sheet.replace(f"{pixels}zpx", f"{round(pixels * zoom)}px")
    return sheet
