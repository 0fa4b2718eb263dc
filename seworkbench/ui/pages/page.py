"""What every page offers to the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from seworkbench.recognise import Recognised
    from seworkbench.ui.actions import Action
    from seworkbench.ui.workbench import Workbench


class Page(QWidget):
    """A page of the window: one task.

    Args:
        workbench: what the window shares.
    """

    NAME: ClassVar[str]  # stable name, also in the settings
    HELP: ClassVar[str] = "index.md"  # shown by F1

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.workbench = workbench

    @property
    def side(self) -> QWidget | None:
        """What stands at the right while this page is shown; None for nothing."""
        return None

    def actions_of_page(self) -> tuple[Action, ...]:
        """Commands that belong to this page."""
        return ()

    def takes(self, item: Recognised) -> bool:  # noqa: ARG002 - for pages that take files
        """Whether this page has a use for a file of that kind."""
        return False

    def take(self, item: Recognised) -> None:
        """Use a file that `takes` said yes to."""

    def would_take(self, item: Recognised) -> str:  # noqa: ARG002 - for pages that take files
        """What has to be done first for this page to take a file of that kind; empty if it never does."""
        return ""

    def close_page(self) -> None:
        """The window closes: let go of files and timers."""
