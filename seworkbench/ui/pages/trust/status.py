"""What the top bar says about the workspace on every page: its name, and the instant if it is not now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from seworkbench.ui.icons import icon
from seworkbench.ui.instants import instant_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

    from seworkbench.ui.pages.trust.session import TrustSession
    from seworkbench.ui.workbench import Workbench

# A longer name is cut, and whole in the tool tip.
_LONGEST = 24


class TrustStatus(QWidget):
    """Two buttons for the top bar.

    Args:
        workbench: what the window shares.
        session: the open workspace.
        actions: what can be done about the workspace, shown as a menu.
    """

    def __init__(self, workbench: Workbench, session: TrustSession, actions: Sequence[QAction]) -> None:
        super().__init__()
        self._session = session
        self._is_short = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.as_of = QPushButton()
        self.as_of.setObjectName("amberPill")
        self.as_of.setIcon(icon("history", workbench.theme, "warning"))
        self.as_of.clicked.connect(lambda _checked=False: session.back_to_now())
        self.workspace = QPushButton()
        self.workspace.setObjectName("pillButton")
        self.workspace.setIcon(icon("layers", workbench.theme, "muted"))
        menu = QMenu(self.workspace)
        menu.addActions(list(actions))
        self.workspace.setMenu(menu)
        row.addWidget(self.as_of)
        row.addWidget(self.workspace)
        session.opened.connect(self._show)
        session.judged.connect(self._show)
        session.moved.connect(self._show)
        self._show()

    def shorten(self, short: bool) -> None:
        """There is little room: signs and the day must do."""
        self._is_short = short
        self._show()

    def _show(self) -> None:
        session = self._session
        workspace = session.workspace
        kept = workspace is not None and workspace.path is not None
        name = workspace.name if workspace is not None and kept else "Not kept"
        short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        self.workspace.setText("" if self._is_short else short)
        where = f"Workspace {name}: {workspace.path}" if workspace is not None and kept else "No workspace is kept."
        self.workspace.setToolTip(where)
        self.workspace.setAccessibleName(f"Workspace: {name}")
        self.as_of.setVisible(not session.is_now)
        instant = instant_text(session.as_of)
        self.as_of.setText(f"{session.as_of:%Y-%m-%d}" if self._is_short else f"As of {instant}")
        self.as_of.setToolTip(f"Host keys are judged as of {instant}. Click to judge as of now.")
