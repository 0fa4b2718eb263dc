"""Whether everybody can read, reach and hear the window: contrast, accessible names, tab order."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QScrollArea,
    QScrollBar,
    QTextEdit,
    QWidget,
)

from seworkbench.ui.theme import DARK, HIGH_CONTRAST, LIGHT, PROTECTION_ROLES, VERDICT_ROLES, Roles, _style_sheet

from .desk import INPUTS, Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

THEMES = {"light": LIGHT, "dark": DARK, "high contrast": HIGH_CONTRAST}
GROUNDS = ("background", "panel", "rail")
TINTS = ("clear_tint", "authenticated_tint", "encrypted_tint")
# Text roles and what they stand on.
TEXT_ON = [
    *[(text, ground) for text in ("text", "muted", "accent") for ground in GROUNDS],
    *[(text, tint) for text in ("text", "zero") for tint in (*TINTS, "panel")],
    *[("text", ground) for ground in ("accent_background", "warning_background", "failed_background")],
    *[("muted", ground) for ground in ("warning_background", "failed_background")],
    ("on_accent", "accent"),
    *VERDICT_ROLES.values(),
    *[(text, "panel") for text, _ in VERDICT_ROLES.values()],
]
READABLE, VISIBLE, HIGH = 4.5, 3.0, 7.0
PAGES = ("overview", "build", "inspect")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF()]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio as WCAG 2 defines it."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_every_text_can_be_read(name: str, text: str, ground: str) -> None:
    roles = THEMES[name]
    needed = HIGH if roles is HIGH_CONTRAST and text in ("text", "muted") else READABLE
    assert contrast(getattr(roles, text), getattr(roles, ground)) >= needed


@pytest.mark.parametrize("name", THEMES)
def test_what_is_no_text_is_visible_too(name: str) -> None:
    roles = THEMES[name]
    assert contrast(roles.accent, roles.panel) >= VISIBLE  # focus and progress
    for role in ("passed", "failed", "warning", "not_checked"):
        assert contrast(getattr(roles, role), roles.panel) >= VISIBLE


@pytest.mark.parametrize("name", THEMES)
def test_every_role_is_a_colour_and_protections_differ(name: str) -> None:
    roles = THEMES[name]
    assert all(QColor(getattr(roles, field.name)).isValid() for field in fields(Roles))
    shown = {getattr(roles, role) for role in PROTECTION_ROLES.values()}
    assert len(shown) == len(set(PROTECTION_ROLES.values()))


def prepare(desk: Desk, page: str) -> None:
    """Show a page with everything that it can show."""
    if page == "inspect":
        desk.open_unlocked()
        desk.press("Ctrl+F")
    elif page == "build":
        desk.drop(INPUTS / "kernel", INPUTS / "cmdline")
    desk.window.show_page(page)
    desk.settle()


def reachable(desk: Desk) -> Iterator[QWidget]:
    """Widgets in the window that take the focus by keyboard."""
    for widget in desk.window.findChildren(QWidget):
        policy = widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
        if widget.isVisible() and widget.isEnabled() and policy and widget.focusProxy() is None:
            yield widget


def described(widget: QWidget) -> str:
    """What a failure calls a widget."""
    chain = []
    parent: QWidget | None = widget
    while parent is not None:
        chain.append(f"{type(parent).__name__}{'#' + parent.objectName() if parent.objectName() else ''}")
        parent = parent.parentWidget()
    return " < ".join(chain[:4])


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_takes_the_focus_has_a_name_and_a_role(desk: Desk, page: str) -> None:
    prepare(desk, page)
    nameless = []
    for widget in reachable(desk):
        interface = QAccessible.queryAccessibleInterface(widget)
        assert interface is not None, described(widget)
        if isinstance(widget, QScrollArea):  # moves what it holds; that has names
            continue
        if not interface.text(QAccessible.Text.Name).strip():
            nameless.append(f"no name: {described(widget)}")
        if interface.role() == QAccessible.Role.NoRole:
            nameless.append(f"no role: {described(widget)}")
    assert nameless == []


@pytest.mark.parametrize("page", PAGES)
def test_the_tab_key_reaches_everything_and_comes_round(desk: Desk, page: str) -> None:
    prepare(desk, page)
    desk.window.activateWindow()
    wanted = set(reachable(desk))
    desk.window.top.search.setFocus()
    seen = set()
    for _ in range(3 * len(wanted)):
        focused = QApplication.focusWidget()
        assert focused is not None
        seen.add(focused)
        # Where Tab writes a tab, Ctrl+Tab leaves.
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        if QApplication.focusWidget() is focused:
            QTest.keyClick(focused, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
        if wanted <= seen:
            break
    # One button of an exclusive group takes the Tab key; the arrow keys reach the others.
    missed = [widget for widget in wanted - seen if not _has_exclusive_friend(widget, seen)]
    assert [described(widget) for widget in missed] == []


def _has_exclusive_friend(widget: QWidget, seen: set[QWidget]) -> bool:
    group = getattr(widget, "group", lambda: None)()
    return group is not None and group.exclusive() and any(button in seen for button in group.buttons())


CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView, QTextEdit, QPlainTextEdit, QProgressBar)
# Painted, and says nothing that is not said beside it.
DECORATION = ("Mark", "_Box")


def controls(desk: Desk) -> Iterator[QWidget]:
    """Everything in the window that is seen and does or tells something, whether it takes the focus or not."""
    for widget in desk.window.findChildren(QWidget):
        # Scroll bars and the like are parts of what they belong to; a frame that holds others is no control.
        part = isinstance(widget, (QScrollBar, QHeaderView)) or widget.objectName().startswith("qt_")
        painted = type(widget).__module__.startswith("seworkbench.ui.widgets") and "paintEvent" in vars(type(widget))
        painted = painted and type(widget).__name__ not in DECORATION
        if widget.isVisible() and not part and (isinstance(widget, CONTROLS) or painted):
            yield widget


@pytest.mark.parametrize("state", ["empty", "filled"])
def test_every_control_of_every_page_has_a_name_and_a_role(desk: Desk, state: str) -> None:
    nameless = []
    for page in desk.window.pages:
        if state == "filled" and page in PAGES:
            prepare(desk, page)
        desk.window.show_page(page)
        desk.settle()
        for widget in controls(desk):
            interface = QAccessible.queryAccessibleInterface(widget)
            assert interface is not None, described(widget)
            if not interface.text(QAccessible.Text.Name).strip():
                nameless.append(f"{page}: no name: {described(widget)}")
            if interface.role() == QAccessible.Role.NoRole:
                nameless.append(f"{page}: no role: {described(widget)}")
    assert sorted(set(nameless)) == []


@pytest.mark.parametrize("page", PAGES)
def test_the_tab_key_goes_through_one_pane_after_the_other(desk: Desk, page: str) -> None:
    prepare(desk, page)
    window = desk.window
    panes = {"top": window.top, "rail": window.rail, "page": window.page, "side": window.side}
    order = ["top"]
    window.activateWindow()
    window.top.search.setFocus()
    for _ in range(300):
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        here = QApplication.focusWidget()
        if here is window.top.search:
            break
        assert here is not None
        name = next((name for name, pane in panes.items() if pane is here or pane.isAncestorOf(here)), "foot")
        if order[-1] != name:
            order.append(name)
    wanted = ["top", "rail", "page", *(["side"] if window.page.side else []), "foot"]
    assert order == wanted


@pytest.mark.parametrize("roles", [LIGHT, DARK, HIGH_CONTRAST], ids=["light", "dark", "contrast"])
@pytest.mark.parametrize(
    ("part", "ground"), [("QCheckBox::indicator:checked", "accent"), ("QComboBox::down-arrow", "background")]
)
def test_the_picture_of_a_part_is_seen_on_its_ground(roles: Roles, part: str, ground: str) -> None:
    sheet = _style_sheet(roles, 1.0)
    assert "$" not in sheet
    rule = next(line for line in sheet.splitlines() if line.startswith(f"{part} {{"))
    found = re.search(r'url\("(.*)"\)', rule)
    assert found is not None
    colour = re.search(r'stroke="(#[0-9a-f]{6})"', Path(found[1]).read_text())
    assert colour is not None
    assert contrast(colour[1], getattr(roles, ground)) >= READABLE


def has_focus(pane: QWidget) -> bool:
    """Whether the focus is in a pane."""
    focused = QApplication.focusWidget()
    return focused is not None and pane.isAncestorOf(focused)


@pytest.mark.parametrize("roles", [LIGHT, DARK, HIGH_CONTRAST], ids=["light", "dark", "contrast"])
def test_what_cannot_be_pressed_is_told_by_more_than_its_grey_in_high_contrast(roles: Roles) -> None:
    rule = next(line for line in _style_sheet(roles, 1.0).splitlines() if line.startswith("QPushButton:disabled"))
    assert ("dashed" in rule) == (roles is HIGH_CONTRAST)
    assert "$" not in rule


def test_f6_goes_from_pane_to_pane_and_back_to_where_one_was(desk: Desk) -> None:
    prepare(desk, "inspect")
    window = desk.window
    window.activateWindow()
    desk.inspect.tree.setFocus()
    desk.press("F6")
    assert has_focus(window.side)
    desk.press("F6")
    assert has_focus(window.activity)
    desk.press("F6")
    assert QApplication.focusWidget() is window.top.search
    desk.press("F6")
    assert has_focus(window.rail)
    desk.press("F6")
    assert QApplication.focusWidget() is desk.inspect.tree
    desk.press("Shift+F6")
    assert has_focus(window.rail)
    # A pane that is not there is passed over.
    window.show_page("overview")
    desk.press("Shift+F6")
    desk.press("Shift+F6")
    assert has_focus(window.activity)
    desk.press("Shift+F6")
    assert has_focus(window.stack)


def test_the_text_grows_with_the_key_that_has_the_plus_sign_shifted_or_not(desk: Desk) -> None:
    theme = desk.window.workbench.theme
    desk.press("Ctrl+=")
    assert theme.zoom == pytest.approx(1.1)
    desk.press("Ctrl++")
    assert theme.zoom == pytest.approx(1.2)
    desk.press("Ctrl+-")
    assert theme.zoom == pytest.approx(1.1)
    desk.press("Ctrl+0")
    assert theme.zoom == 1.0


@pytest.mark.parametrize("zoom", [0.7, 1.0, 1.5])
@pytest.mark.parametrize("page", PAGES)
def test_no_button_and_no_line_of_text_is_cut_off(desk: Desk, page: str, zoom: float) -> None:
    prepare(desk, page)
    desk.window.resize(1440, 900)
    desk.window.workbench.theme.set_zoom(zoom)
    desk.settle()
    cut = [
        f"{described(widget)} “{widget.property('text')}” {widget.size().toTuple()} < {widget.sizeHint().toTuple()}"
        for kind in ("QPushButton", "QToolButton", "QLabel")
        for widget in desk.window.findChildren(QWidget)
        if type(widget).__name__ == kind
        and widget.isVisible()
        and widget.property("text")
        and not widget.property("wordWrap")
        and (widget.width() < widget.minimumSizeHint().width() or widget.height() < widget.minimumSizeHint().height())
    ]
    assert cut == []
