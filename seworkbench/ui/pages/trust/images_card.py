"""Images that were built or inspected, for the Overview page: the newest of what the workspace keeps about them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.activity import size_text
from seworkbench.ui.instants import instant_text
from seworkbench.ui.paths import shown_path
from seworkbench.ui.widgets.basic import Card, VerdictChip, empty_layout, label, link
from seworkbench.ui.widgets.elided import Elided

if TYPE_CHECKING:
    from seworkbench.ui.pages.trust.session import TrustSession
    from seworkbench.ui.workbench import Workbench
    from seworkbench.workspace.images import ImageRecord

_SHOWN = 5
_VERDICTS = {verdict.value: verdict for verdict in Verdict}


def image_text(image: ImageRecord) -> str:
    """What happened to an image, when, and how large it was: `built 2026-11-24 09:14 UTC, 31 MiB`."""
    return f"{image.event} {instant_text(image.at)}, {size_text(image.size)}"


class ImagesCard(Card):
    """The card; hidden while there is no image, or while recent files are not kept.

    Args:
        workbench: what the window shares.
        session: the open workspace.
    """

    def __init__(self, workbench: Workbench, session: TrustSession) -> None:
        super().__init__("Images")
        self._workbench = workbench
        self._session = session
        session.images_changed.connect(self.refresh)
        workbench.recent_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is kept now."""
        images = self._session.images
        # Whoever wants no list of recent files on the first page wants none of images there either.
        self.setVisible(bool(images) and self._workbench.settings.keep_recent)
        empty_layout(self.body)
        shown = f"the last {_SHOWN} " if len(images) > _SHOWN else ""
        workspace = self._session.workspace
        kept = "kept in the workspace" if workspace is not None and workspace.kept else "not kept"
        self.detail.setText(f"{shown}built or inspected, with the verdict at that time; {kept}")
        for image in images[:_SHOWN]:
            self.body.addWidget(self._row(image))

    def _row(self, image: ImageRecord) -> QWidget:
        path = Path(image.path)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        # A name may have the sign that marks a key to press.
        made = link(path.name.replace("&", "&&"), partial(self._open, path))
        identity = "\n".join(
            f"{name} {value}" for name, value in (("SHA-256", image.sha256), ("header tag", image.header_tag)) if value
        )
        made.setToolTip(f"{path}\n{identity}".strip())
        line.addWidget(made)
        line.addWidget(label(image_text(image), "small"))
        if (verdict := _VERDICTS.get(str(image.record.get("verification", "")))) is not None:
            line.addWidget(VerdictChip(verdict, self._workbench.theme))
        line.addWidget(Elided(shown_path(path.parent), "small"), 1)
        return row

    def _open(self, path: Path) -> None:
        self._workbench.files_offered.emit([path])
