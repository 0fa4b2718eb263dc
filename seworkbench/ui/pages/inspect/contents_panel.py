"""The components of an image at the side of the Inspect page: size, hash, what they say of themselves, extraction."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QListView, QVBoxLayout, QWidget

from seworkbench.ui.activity import size_text
from seworkbench.ui.widgets.basic import IconButton, button, label, link, rule
from seworkbench.ui.widgets.copy_forms import grouped_hex

if TYPE_CHECKING:
    from seworkbench.image.inspection import Inspection
    from seworkbench.ui.theme import Theme

# What stands for the kind of a ramdisk that has none.
_RAMDISKS = {"unknown": "Neither a cpio archive nor compressed in a way that Linux knows."}


class ContentsPanel(QWidget):
    """Lists components; asks for extraction and for a key.

    Args:
        theme: fonts.
    """

    extract_requested = Signal()
    unlock_requested = Signal()
    files_requested = Signal()
    hashes_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._heading = label("Components", "heading")
        self._state = label("", "muted", wrap=True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self._hashes: dict[str, QVBoxLayout] = {}  # where that of a component is shown
        self.hash = link("SHA-256 of each", self.hashes_requested.emit)
        self.extract = button("Extract all…", self.extract_requested.emit, primary=True)
        self.unlock = button("Unlock with a key…", self.unlock_requested.emit)
        column.addWidget(self._heading)
        column.addWidget(self._state)
        column.addLayout(self._rows)
        column.addWidget(self.hash, 0, Qt.AlignmentFlag.AlignLeft)
        buttons = QHBoxLayout()
        buttons.addWidget(self.unlock)
        buttons.addStretch(1)
        buttons.addWidget(self.extract)
        column.addLayout(buttons)
        self._files_state = label("", "muted", wrap=True)
        self.files = QListView()
        self.files.setAccessibleName("Files in the ramdisk")
        self.files.setUniformItemSizes(True)
        self.files.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.files.setMinimumHeight(240)
        self._file_names = QStringListModel(self)
        self.files.setModel(self._file_names)
        column.addWidget(self._files_state)
        column.addWidget(self.files, 1)
        column.addStretch(0)
        self._hide_files()

    def show_nothing_yet(self, inspection: Inspection) -> None:
        """Before the verification has read the components."""
        self._clear()
        self._offer(inspection, readable=False)
        self._state.setText("Reading…" if inspection.is_image else "A bare header holds no components.")

    def show_contents(self, inspection: Inspection, contents: dict[str, Any] | None) -> None:
        """Show what the verification found inside."""
        self._clear()
        self._offer(inspection, readable=contents is not None)
        if contents is None:
            locked = inspection.is_image and inspection.content is None
            self._state.setText(
                "Encrypted: their content needs the header key, or the machine's private key."
                if locked
                else "The components could not be read; the checks say why."
                if inspection.is_image
                else "A bare header holds no components."
            )
            return
        self._state.setText(
            "Decrypted in memory, in file order." if inspection.content else "Not encrypted, in file order."
        )
        said = {
            "kernel": contents.get("kernel_version", ""),
            "ramdisk": _RAMDISKS.get(contents.get("ramdisk", ""), contents.get("ramdisk", "")),
            "command line": contents.get("command_line", ""),
        }
        for part in contents["components"]:
            self._add(part, said.get(part["kind"], ""))

    def show_hashes(self, hashes: dict[str, str]) -> None:
        """SHA-256 of the components, as the task "hash_parts" gives them: of what "Extract all" writes."""
        self.hash.setVisible(not self._hashes)
        font = self._theme.mono(11)
        # A verification that began meanwhile has none of them until it ends.
        for kind, sha256 in hashes.items() if self._hashes else ():
            row = QHBoxLayout()
            row.setSpacing(8)
            row.addWidget(label("SHA-256", "small"), 0, Qt.AlignmentFlag.AlignTop)
            value = label(grouped_hex(bytes.fromhex(sha256)), wrap=True, selectable=True)
            # The style sheet gives all widgets one size, so a font alone would not do.
            value.setStyleSheet(f"font-family: '{font.family()}'; font-size: {font.pixelSize()}px;")
            row.addWidget(value, 1)
            copy = IconButton(self._theme, "copy", f"Copy SHA-256 of {kind}", partial(self._copy, sha256))
            row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
            self._hashes[kind].addLayout(row)

    @staticmethod
    def _copy(sha256: str) -> None:
        QGuiApplication.clipboard().setText(sha256)

    def show_files(self, listing: dict[str, Any]) -> None:
        """The files in the ramdisk, as the task "list_files" gives them."""
        entries = listing["entries"]
        said = [f"{len(entries)} files, {size_text(listing['total'])}"]
        if listing["compressions"]:
            said.append(", ".join(listing["compressions"]))
        if listing["truncated"]:
            said.append("the list is cut off")
        text = " · ".join(said)
        self._files_state.setText(f"{text}\n{listing['problem']}" if listing["problem"] else text)
        self._file_names.setStringList([_file_line(*entry) for entry in entries])
        self.files.setFont(self._theme.mono(11))
        self._files_state.show()
        self.files.show()

    def _hide_files(self) -> None:
        self._file_names.setStringList([])
        self._files_state.hide()
        self.files.hide()

    def _offer(self, inspection: Inspection, *, readable: bool) -> None:
        self.extract.setEnabled(readable)
        self.hash.setVisible(readable)
        self.unlock.setVisible(inspection.content is None)

    def _add(self, part: dict[str, Any], text: str) -> None:
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.addWidget(label(part["kind"], "heading"))
        head.addStretch(1)
        head.addWidget(label(f"{size_text(part['size'])} at {part['address']}", "small"))
        column.addLayout(head)
        if text.strip():
            said = label(text.strip(), wrap=True, selectable=True)
            if part["kind"] == "command line":
                said.setFont(self._theme.mono())
            column.addWidget(said)
        self._hashes[part["kind"]] = place = QVBoxLayout()
        column.addLayout(place)
        if part["kind"] == "ramdisk" and part["size"] and text not in _RAMDISKS.values():
            line = QHBoxLayout()
            line.addWidget(link("List its files", self.files_requested.emit))
            line.addStretch(1)
            column.addLayout(line)
        self._rows.addWidget(rule())
        self._rows.addWidget(row)

    def _clear(self) -> None:
        self._hide_files()
        self._hashes.clear()
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()


def _file_line(mode: str, size: int, name: str, target: str = "") -> str:
    """A line as `ls -l` has it; control characters made visible."""
    shown = f"{name} -> {target}" if target else name
    return f"{mode} {size:>10} " + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in shown)
