"""The foot of the page: where to save, what is open, and the button."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.dialogs import ask_new
from seworkbench.ui.pages.build.rules import blockers, doubtful_keys
from seworkbench.ui.paths import shown_path
from seworkbench.ui.widgets.basic import VerdictChip, WarningBox, button, label, link

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.pages.build.draft import Draft
    from seworkbench.ui.workbench import Workbench

_SHOWN = 3
_BUILD = "Build image   Ctrl Enter"
# Narrower than this, links beside the question would break it.
_WIDE = 620


class OutputBar(QWidget):
    """Save to …, ready to build with …, Build image.

    Args:
        workbench: theme.
        draft: the image to be.
        build: starts the build.
    """

    def __init__(self, workbench: Workbench, draft: Draft, build: Callable[[], None]) -> None:
        super().__init__()
        self._theme = workbench.theme
        self._draft = draft
        self._building = False
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 8, 20, 12)
        column.setSpacing(6)
        self._question = QVBoxLayout()
        column.addLayout(self._question)
        self.replace: WarningBox | None = None
        row = QHBoxLayout()
        row.setSpacing(8)
        self._save_to = label("Save to", "muted")
        row.addWidget(self._save_to)
        self.path = QLineEdit()
        self.path.setAccessibleName("Save to")
        self.path.setPlaceholderText("Path of the image")
        self.path.setMinimumWidth(140)
        self.path.textEdited.connect(self._typed)
        row.addWidget(self.path, 1)
        row.addWidget(button("Choose…", self._choose))
        self.ready = label("Ready to build with", "muted")
        self.warnings = VerdictChip(Verdict.WARNING, self._theme)
        self.unchecked = VerdictChip(Verdict.NOT_CHECKED, self._theme)
        self.build = button(_BUILD, build, primary=True)
        row.addWidget(self.build)
        column.addLayout(row)
        self.reasons = label("", "small", wrap=True)
        self.reasons.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        foot = QHBoxLayout()
        foot.addWidget(self.reasons, 1)
        foot.addStretch()
        for widget in (self.ready, self.warnings, self.unchecked):
            foot.addWidget(widget)
        self.again = link("Build it again", lambda: draft.set_overwrite(on=True))
        foot.addWidget(self.again)
        column.addLayout(foot)
        draft.changed.connect(self.refresh)
        self.refresh()

    def set_narrow(self, *, narrow: bool) -> None:
        """Whether words have to be spared."""
        self._save_to.setVisible(not narrow)
        self.ready.setText("Ready with" if narrow else "Ready to build with")
        self.build.setText("Build image" if narrow else _BUILD)

    def set_building(self, *, building: bool) -> None:
        """An image is being built, or no longer."""
        self._building = building
        self.refresh()

    def possible(self) -> bool:
        """Whether the image can be built now."""
        return not self._building and not blockers(self._draft)

    def refresh(self) -> None:
        """Show the draft."""
        draft = self._draft
        text = shown_path(draft.output) if draft.output else ""
        if not self.path.hasFocus() or Path(self.path.text()).expanduser() != draft.output:
            self.path.setText(text)
        self._ask_to_replace()
        found = ["An image is being built."] if self._building else blockers(draft)
        more = f" And {len(found) - _SHOWN} more." if len(found) > _SHOWN else ""
        lead = "" if self._draft.is_built else "To build: "
        self.reasons.setText(f"{lead}{' '.join(found[:_SHOWN])}{more}" if found else "")
        self.again.setVisible(self._draft.is_built and not self._building)
        if self._building:
            self.reasons.setText("An image is being built; what you change here is for the next one.")
        self.reasons.setVisible(bool(found))
        self.reasons.setToolTip("\n".join(found))
        self.build.setEnabled(not found)
        self.build.setAccessibleDescription(" ".join(found))
        warnings = sum(check.verdict is Verdict.WARNING for check in draft.checks())
        doubtful = doubtful_keys(host.verdict for host in draft.hosts)
        self.ready.setVisible(not found and (bool(warnings) or doubtful is not None))
        self.warnings.setVisible(not found and bool(warnings))
        self.unchecked.setVisible(not found and doubtful is not None)
        self.warnings.show_verdict(Verdict.WARNING, f"{warnings} warning{'' if warnings == 1 else 's'}")
        if doubtful is not None:
            self.unchecked.show_verdict(*doubtful)

    def _ask_to_replace(self) -> None:
        """Ask inline whether existing files may go, and say so while the answer is yes."""
        taken = [] if self._building or self._draft.is_built else self._draft.taken()
        wanted = self._question_text([path.name for path in taken])
        if (self.replace.text.text() if self.replace else "") == wanted:
            return
        if self.replace is not None:
            self._question.removeWidget(self.replace)
            self.replace.hide()
            self.replace.deleteLater()
            self.replace = None
        if wanted:
            self.replace = WarningBox(self._theme, wanted, across=self.width() >= _WIDE)
            if self._draft.overwrite:
                self.replace.add_link("Keep them", lambda: self._draft.set_overwrite(on=False))
            else:
                self.replace.add_link("Replace when building", lambda: self._draft.set_overwrite(on=True))
                self.replace.add_link("Choose another name…", self._choose)
            self._question.addWidget(self.replace)

    def _question_text(self, names: list[str]) -> str:
        if not names:
            return ""
        what = f"{' and '.join(names)} {'exist' if len(names) > 1 else 'exists'} already"
        if self._draft.overwrite:
            return f"{what} and will be replaced."
        return f"{what}."

    def _typed(self, text: str) -> None:
        # expanduser fails for "~nobody"; then the text is taken as it is.
        self._draft.set_output(Path(os.path.expanduser(text)) if text.strip() else None)  # noqa: PTH111

    def _choose(self) -> None:
        if (path := ask_new(self, "Save the image as", self._draft.output)) is not None:
            self._draft.set_output(path)
