"""The shell: top bar, page rail, page, evidence side, activity strip. It knows pages, not what they do."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QFontMetrics,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QMessageBox,
    QPlainTextEdit,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from seworkbench import __version__
from seworkbench.recognise import Kind, Recognised, recognise
from seworkbench.ui.actions import Action, ActionTable
from seworkbench.ui.activity import ActivityStrip, MessageList
from seworkbench.ui.collector import Collector
from seworkbench.ui.command_palette import CommandPalette
from seworkbench.ui.dialogs import ask_open_many
from seworkbench.ui.help import HelpWindow
from seworkbench.ui.icons import icon
from seworkbench.ui.pages.page_list import PageList
from seworkbench.ui.panes import Panes, step_focus
from seworkbench.ui.pasted import paths_in
from seworkbench.ui.settings_window import SettingsWindow
from seworkbench.ui.theme import ThemeChoice
from seworkbench.ui.top_bar import TopBar
from seworkbench.ui.workbench import Weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QPoint

    from seworkbench.ui.pages.page import Page
    from seworkbench.ui.pages.page_list import PageEntry
    from seworkbench.ui.theme import Theme
    from seworkbench.ui.workbench import Workbench

_SIZE = QSize(1440, 900)
_SMALLEST = QSize(1024, 640)
_RAIL_WIDTH = 176
_SIDE_WIDTH = 336
# On a narrow screen the side must not take the page's room when the text grows.
_SIDE_LIMIT = 420
# Pixels at zoom 1 that the names of all pages, menus and states need beside a page.
_NARROW = 900
# What can wait until the window is drawn: the other pages, one at a time, then a worker process.
_NEXT_PAGE_MS = 1
_WARM_UP_MS = 400


class MainWindow(QMainWindow):
    """The window.

    Args:
        workbench: what its parts share.
        entries: the pages, in rail order. Each is made when it is first needed, or in an idle moment.
    """

    completed = Signal()  # every page is there
    narrowed = Signal(bool)  # there is little room for the text of the top bar, or enough again

    def __init__(self, workbench: Workbench, entries: Sequence[PageEntry]) -> None:
        super().__init__()
        self.workbench = workbench
        self.pages = PageList(entries, self._adopt)
        self._help: HelpWindow | None = None
        self._settings: SettingsWindow | None = None
        self._is_drawn = False
        self._is_narrow = False
        self.setWindowTitle("SE Workbench")
        self.setMinimumSize(_SMALLEST)
        self.resize(_SIZE)
        self.setAcceptDrops(True)
        self.actions_table = ActionTable(
            self, workbench.theme, tuple(self.pages), lambda: self.page.NAME, self.complete
        )
        self.stack = QStackedWidget()
        self.side = _Side(workbench.theme)
        self.rail = self._make_rail()
        self.messages = MessageList(workbench)
        self.messages.hide()
        self.activity = ActivityStrip(workbench)
        self.activity.toggle.toggled.connect(self.messages.setVisible)
        self.top = TopBar(workbench.theme)
        self.top.search.clicked.connect(self.show_palette)
        self._lay_out()
        for part in (self.top, self.rail, self.messages, self.activity):
            workbench.theme.dress(part)
        self._scale = workbench.theme.zoom
        self._fit()
        workbench.theme.changed.connect(self._fit)
        self._panes = Panes((self.top, self.rail, self.stack, self.side, self.messages, self.activity))
        self.actions_table.make_menus(self.top.menu_bar)
        self.actions_table.add(self._own_actions())
        workbench.page_requested.connect(self.show_page)
        workbench.files_offered.connect(self.open_files)
        workbench.help_requested.connect(self.show_help)
        workbench.menu_requested.connect(self.show_menu)
        if workbench.settings.geometry:
            self.restoreGeometry(QByteArray.fromHex(workbench.settings.geometry.encode()))
        self.show_page(workbench.settings.page if workbench.settings.page in self.pages else next(iter(self.pages)))
        if workbench.settings.panes:
            self._middle.restoreState(QByteArray.fromHex(workbench.settings.panes.encode()))
        self._collector = Collector(self)
        self._idle = QTimer(self)
        self._idle.setInterval(_NEXT_PAGE_MS)
        self._idle.timeout.connect(self._make_next)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The window is being drawn; what can wait begins after that."""
        super().paintEvent(event)
        if not self._is_drawn:
            self._is_drawn = True
            self._idle.start()

    def complete(self) -> None:
        """Make every page that does not exist yet: for whatever concerns them all."""
        while self.pages.make_next():
            pass

    def _adopt(self, page: Page) -> None:
        """A page was made: give it its place."""
        side = page.side or QWidget()
        self.stack.addWidget(page)
        self.side.addWidget(side)
        theme = self.workbench.theme
        theme.dress(page)
        theme.dress(side)
        for editor in (*page.findChildren(QLineEdit), *page.findChildren(QPlainTextEdit)):
            # A file dropped there is meant as everywhere else, not as the text of its address.
            editor.setAcceptDrops(False)
        self.actions_table.add(page.actions_of_page())
        if len(self.pages.made) == len(self.pages):
            self.completed.emit()

    def _make_next(self) -> None:
        # A page that cannot be made is told once, and again when somebody goes there.
        self._idle.stop()
        if self.pages.make_next():
            self._idle.start()
        else:
            QTimer.singleShot(_WARM_UP_MS, self, self.workbench.jobs.warm_up)

    @property
    def page(self) -> Page:
        """The page shown."""
        widget = self.stack.currentWidget()
        return next(page for page in self.pages.made if page is widget)

    def show_page(self, name: str) -> None:
        """Show a page."""
        page = self.pages[name]
        self.stack.setCurrentWidget(page)
        self.side.setCurrentIndex(self.stack.currentIndex())
        self.side.setVisible(page.side is not None)
        QTimer.singleShot(0, self, self._fit_side)  # it has no width before
        self._rail_buttons[name].setChecked(True)
        self.actions_table.turn_to_page()

    def open_files(self, paths: list[Path]) -> None:
        """Recognise files by their content and give each to a page that has a use for it."""
        for path in paths:
            self.offer(recognise(path))

    def open_text(self, text: str) -> None:
        """Recognise text that was pasted or dropped by what it says, and give it to a page as a file would be."""
        paths = paths_in(text)
        self.open_files(paths)
        for item in [] if paths else self.workbench.pasted.recognise(text):
            if not self.offer(item):
                self.workbench.pasted.forget(item)

    def offer(self, item: Recognised) -> bool:
        """Give a recognised file to a page: the one shown if it takes it, else the first that does.

        Returns:
            whether a page took it; if none did, the reason is in the message list.
        """
        # Pages listen to what others take: all of them have to be there.
        self.complete()
        if item.kind is not Kind.UNKNOWN:
            for page in (self.page, *self.pages.values()):
                if page.takes(item):
                    page.take(item)
                    self.workbench.accepted(item)
                    self.show_page(page.NAME)
                    return True
        self._refuse(f"{item.name}: {self._reason_against(item)}")
        return False

    def _reason_against(self, item: Recognised) -> str:
        if item.kind is Kind.UNKNOWN:
            return item.detail
        # As it is spoken: an SE header, an s390x kernel.
        article = "an" if item.kind.value[0] in "aeioAEIOS" or item.kind is Kind.KERNEL else "a"
        way = next(filter(None, (page.would_take(item) for page in self.pages.values())), "No page has a use for it.")
        return f"It is {article} {item.kind.value}. {way}"

    def show_help(self, target: str) -> None:
        """Open the help at a page."""
        if self._help is None:
            self._help = HelpWindow(self.workbench.theme)
            self.workbench.theme.dress(self._help)
        self._help.show_page(target)
        self._help.show()
        self._help.raise_()

    def show_settings(self) -> None:
        """Open the settings."""
        if self._settings is None:
            self._settings = SettingsWindow(self.workbench)
            self.workbench.theme.dress(self._settings)
        self._settings.refresh()
        self._settings.show()
        self._settings.raise_()
        self._settings.activateWindow()

    def show_menu(self, action_ids: list[str], at: QPoint) -> None:
        """Open a context menu of what can be done with a thing."""
        menu = self.actions_table.context_menu(action_ids)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def choose_files(self) -> None:
        """Ask for files and open them."""
        self.open_files(ask_open_many(self, "Open files"))

    def paste(self) -> None:
        """Open what the clipboard holds."""
        self._open_mime(QGuiApplication.clipboard().mimeData())

    def show_palette(self) -> None:
        """Open the command palette below the search field."""
        self.complete()
        palette = CommandPalette(self.actions_table, self.workbench, self)
        self.workbench.theme.dress(palette)
        palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        palette.adjustSize()
        search = self.top.search
        corner = search.mapToGlobal(search.rect().bottomLeft())
        palette.move(corner.x() - (palette.width() - search.width()) // 2, corner.y() + 4)
        palette.show()
        palette.line.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take any files, and text."""
        if event.mimeData().hasUrls() or event.mimeData().hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open what was dropped."""
        self._open_mime(event.mimeData())
        event.acceptProposedAction()

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's name
        """Tab goes on in the order in which things are laid out; every widget of the window asks here."""
        return step_focus(self, forward=forward) or super().focusNextPrevChild(forward)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask if something runs, then end it and keep the settings."""
        running = [job for job in self.workbench.jobs.running if job.missed]
        if running and not confirm(
            self,
            "Stop and close?",
            f"“{running[0].title}” is still running. Closing stops it; nothing half-done is left.",
            ("Stop and close", "Keep it running"),
        ):
            event.ignore()
            return
        self.workbench.jobs.shut_down()
        self._idle.stop()
        self._collector.stop()
        for page in self.pages.made:
            page.close_page()
        for beside in (self._help, self._settings):
            if beside is not None:
                beside.close()
                beside.deleteLater()
        self._help = self._settings = None
        settings = self.workbench.settings
        settings.page = self.page.NAME
        settings.geometry = bytes(self.saveGeometry().toHex().data()).decode("ascii")
        settings.panes = bytes(self._middle.saveState().toHex().data()).decode("ascii")
        self.workbench.save_settings()
        self.workbench.pasted.close()
        event.accept()

    def _open_mime(self, data: QMimeData | None) -> None:
        if data is not None and data.hasUrls():  # an empty clipboard may give None
            self.open_files([Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()])
            for url in data.urls():
                if not url.isLocalFile():
                    self._refuse(f"{url.toDisplayString()}: Only files on this machine can be opened; fetch it first.")
        elif data is not None and data.hasText():
            self.open_text(data.text())
        else:
            self._refuse("There is nothing to open: neither files nor text.")

    def _refuse(self, reason: str) -> None:
        self.workbench.say(reason, Weight.WARNING)
        self.activity.toggle.setChecked(True)

    def _fit(self) -> None:
        """Give everything that does not follow its text the size of the zoom; the page keeps the most room."""
        theme = self.workbench.theme
        self.top.fit()
        self.messages.setFixedHeight(min(theme.pixels(140), 220))
        for made in self._rail_buttons.values():
            made.setIconSize(QSize(theme.pixels(26), theme.pixels(17)))
        self._fit_side()
        self._fit_width()

    def _fit_side(self) -> None:
        """Let the side grow with the text; one that is hidden does when it is shown again."""
        theme = self.workbench.theme
        page, side = self._middle.sizes()
        if theme.zoom != self._scale and not (page and side):
            return
        self.side.setMinimumWidth(min(theme.pixels(_SIDE_WIDTH - 56), _SIDE_LIMIT))
        if theme.zoom != self._scale:
            wanted = min(round(side * theme.zoom / self._scale), (page + side) * 2 // 5)
            self._middle.setSizes([page + side - wanted, wanted])
            self._scale = theme.zoom

    def _fit_width(self) -> None:
        """Where the text is large for the window, the rail shows icons only, and the top bar what must be there."""
        theme = self.workbench.theme
        narrow = self.width() < theme.pixels(_NARROW)
        if narrow != self._is_narrow:
            self._is_narrow = narrow
            self.top.shorten(narrow)
            style = Qt.ToolButtonStyle.ToolButtonIconOnly if narrow else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            for made in self._rail_buttons.values():
                made.setToolButtonStyle(style)
            self.narrowed.emit(narrow)
        if narrow:
            self.rail.setFixedWidth(theme.pixels(26) + 40)
        else:
            metrics = QFontMetrics(theme.font(bold=True))
            names = max(metrics.horizontalAdvance(entry.title) for entry in self.pages.entries.values())
            self.rail.setFixedWidth(max(theme.pixels(64) + names, _RAIL_WIDTH if theme.zoom <= 1 else 0))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Rail and top bar follow the width."""
        super().resizeEvent(event)
        self._fit_width()

    def _own_actions(self) -> tuple[Action, ...]:
        workbench = self.workbench
        go = tuple(
            Action(f"go.{entry.name}", f"Go to {entry.title}", "Go", partial(self.show_page, entry.name), f"Alt+{n}")
            for n, entry in enumerate(self.pages.entries.values(), start=1)
        )
        themes = tuple(
            Action(
                f"view.{choice.name.lower()}",
                text,
                "View",
                partial(workbench.choose_theme, choice),
                holds=partial(self._is_theme, choice),
            )
            for choice, text in (
                (ThemeChoice.SYSTEM, "Theme of the system"),
                (ThemeChoice.LIGHT, "Light theme"),
                (ThemeChoice.DARK, "Dark theme"),
                (ThemeChoice.HIGH_CONTRAST, "High contrast theme"),
            )
        )
        return (
            Action("file.open", "Open files…", "File", self.choose_files, "Ctrl+O", "folder-open"),
            Action("file.quit", "Quit", "File", self._quit, "Ctrl+Q"),
            Action("edit.paste", "Paste files or text", "Edit", self.paste, "Ctrl+V", also=("Ctrl+Shift+V",)),
            Action("edit.recent", "Forget recent files", "Edit", self._forget_recent),
            Action(
                "edit.keep-recent",
                "Keep recent files",
                "Edit",
                self._toggle_recent,
                holds=lambda: workbench.settings.keep_recent,
            ),
            Action("edit.settings", "Settings…", "Edit", self.show_settings, "Ctrl+,", "settings"),
            Action("go.next-pane", "Go to the next pane", "Go", partial(self._panes.step, 1), "F6"),
            Action("go.previous-pane", "Go to the previous pane", "Go", partial(self._panes.step, -1), "Shift+F6"),
            Action("go.palette", "Search or run a command", "Go", self.show_palette, "Ctrl+K", "search"),
            *go,
            *themes,
            Action("view.larger", "Larger text", "View", partial(workbench.zoom_by, 1), "Ctrl++", also=("Ctrl+=",)),
            Action("view.smaller", "Smaller text", "View", partial(workbench.zoom_by, -1), "Ctrl+-"),
            Action("view.normal", "Normal text size", "View", partial(workbench.set_zoom, 1.0), "Ctrl+0"),
            Action("view.messages", "Show or hide messages", "View", self.activity.toggle.toggle, "Ctrl+M"),
            Action(
                "help.page", "Help on this page", "Help", lambda: self.show_help(self.page.HELP), "F1", "circle-help"
            ),
            Action("help.contents", "Help contents", "Help", lambda: self.show_help("index.md")),
            Action("help.keyboard", "Keys of the keyboard", "Help", lambda: self.show_help("keyboard.md")),
            Action("help.about", "About SE Workbench", "Help", self._about),
        )

    def _is_theme(self, choice: ThemeChoice) -> bool:
        return self.workbench.theme.choice is choice

    def _forget_recent(self) -> None:
        self.workbench.forget_recent()
        self.workbench.say("The list of recent files is empty now.")

    def _toggle_recent(self) -> None:
        settings = self.workbench.settings
        self.workbench.keep_recent(not settings.keep_recent)
        self.workbench.say("Recent files are kept." if settings.keep_recent else "Recent files are no longer kept.")

    def _quit(self) -> None:
        self.close()

    def _about(self) -> None:
        inform(
            self,
            "About SE Workbench",
            f"SE Workbench {__version__}\n\nBuild, inspect and verify IBM Secure Execution images.\nLicence: MIT.",
        )

    def _make_rail(self) -> QWidget:
        rail = QWidget()
        rail.setObjectName("rail")
        rail.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(rail)
        column.setContentsMargins(8, 10, 8, 10)
        column.setSpacing(2)
        self._rail_buttons: dict[str, QToolButton] = {}
        group = QButtonGroup(rail)
        for entry in self.pages.entries.values():
            made = QToolButton()
            made.setObjectName("railButton")
            made.setText(entry.title)
            made.setIcon(icon(entry.icon, self.workbench.theme, leading=True))
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            made.setToolTip(entry.title)
            made.setCheckable(True)
            made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.clicked.connect(lambda _checked=False, name=entry.name: self.show_page(name))
            group.addButton(made)
            column.addWidget(made)
            self._rail_buttons[entry.name] = made
        column.addStretch(1)
        return rail

    def _lay_out(self) -> None:
        self._middle = middle = QSplitter(Qt.Orientation.Horizontal)
        middle.setHandleWidth(1)
        middle.setChildrenCollapsible(False)
        middle.addWidget(self.stack)
        middle.addWidget(self.side)
        middle.setStretchFactor(0, 1)
        middle.setSizes([_SIZE.width() - _RAIL_WIDTH - _SIDE_WIDTH, _SIDE_WIDTH])
        centre = QHBoxLayout()
        centre.setSpacing(0)
        centre.addWidget(self.rail)
        centre.addWidget(middle, 1)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addLayout(centre, 1)
        column.addWidget(self.messages)
        column.addWidget(self.activity)
        self.setCentralWidget(whole)


class _Side(QStackedWidget):
    """The right side; it draws its own edge, since a style sheet here would be one for all sides at once."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("side")
        self._theme = theme
        self.setContentsMargins(1, 0, 0, 0)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw ground and edge."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.roles.colour("panel"))
        painter.fillRect(0, 0, 1, self.height(), self._theme.roles.colour("line"))


def confirm(parent: MainWindow, title: str, text: str, answers: tuple[str, str]) -> bool:
    """Ask a question that stops what is going on; tests replace this function.

    Args:
        parent: the window.
        title: the question.
        text: what it is about.
        answers: to do it, and to leave it: what Return and Escape choose.
    """
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, title, QMessageBox.StandardButton.NoButton, parent)
    box.setInformativeText(text)
    agree = box.addButton(answers[0], QMessageBox.ButtonRole.AcceptRole)
    leave = box.addButton(answers[1], QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(leave)
    box.setEscapeButton(leave)
    parent.workbench.theme.dress(box)
    box.exec()
    agreed = box.clickedButton() is agree
    box.deleteLater()
    return agreed


def inform(parent: MainWindow, title: str, text: str) -> None:
    """Say something that has to be read; tests replace this function."""
    box = QMessageBox(QMessageBox.Icon.Information, title, text, QMessageBox.StandardButton.Ok, parent)
    parent.workbench.theme.dress(box)
    box.exec()
    box.deleteLater()
