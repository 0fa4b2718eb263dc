"""Who the machine is, what it hands out, and the guest that runs on it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.simulator.added_secrets import secret_type_name
from seworkbench.ui.pages.machine.features import feature_lines
from seworkbench.ui.paths import shown_path
from seworkbench.ui.widgets.basic import VerdictChip, button, empty_layout, label, link, rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtWidgets import QLabel

    from seworkbench.simulator.machine_folder import MachineFolder
    from seworkbench.simulator.protected_guest import ProtectedGuest, SecretStore
    from seworkbench.ui.theme import Theme

_GROUP = 8
_LINE = 32
_MOST_SECRETS = 8


class Identity(QWidget):
    """See the module's text.

    Args:
        theme: colours.
        now: tells the instant at which the document is judged.
    """

    asked = Signal(str)  # one of WISHES

    WISHES = (
        "save-document", "trust", "renew", "new-key", "expire", "revoke", "end-guest", "add-secret", "lock-store",
    )  # fmt: skip

    def __init__(self, theme: Theme, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._theme = theme
        self._now = now
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, _GROUP, 0)  # a bar may stand beside it
        self._column.setSpacing(6)

    def show_machine(self, folder: MachineFolder | None, guest: ProtectedGuest | None) -> None:
        """Show a machine and its guest."""
        empty_layout(self._column)
        if folder is None:
            self._column.addWidget(label("There is no machine.", "muted"))
            self._column.addStretch(1)
            return
        about = folder.description
        head = QHBoxLayout()
        head.addWidget(label(f"{about.generation.value} {about.serial}", "heading"))
        head.addStretch(1)
        head.addWidget(label("SIMULATED", "simulated"))
        self._column.addLayout(head)
        rows: list[tuple[str, str]] = [("Machine type", about.generation.profile.machine_type), *feature_lines(about)]
        self._add_rows(rows)
        self._add_bytes("Host key hash (PHKH)", about.phkh)
        if about.backup_phkh is not None:
            self._add_bytes("Backup host key hash", about.backup_phkh)
        self._add_document(folder)
        self._add_guest(guest)
        if guest is not None:
            self._add_store(guest.store, kept=about.supported_paf is not None)
        self._add_folder(folder)
        self._column.addStretch(1)

    # --- the parts

    def _add_document(self, folder: MachineFolder) -> None:
        self._column.addWidget(rule())
        head = QHBoxLayout()
        head.addWidget(label("Host key document", "heading"))
        head.addStretch(1)
        document = folder.document
        end = document.not_valid_after_utc
        if folder.is_revoked:
            head.addWidget(VerdictChip(Verdict.FAILED, self._theme, "revoked"))
        elif self._now() > end:
            head.addWidget(VerdictChip(Verdict.FAILED, self._theme, "expired"))
        self._column.addLayout(head)
        self._column.addWidget(label(folder.description.document_name, "small", wrap=True, selectable=True))
        self._column.addWidget(
            label(f"Valid from {document.not_valid_before_utc:%Y-%m-%d} to {end:%Y-%m-%d}.", "small", wrap=True)
        )
        row = QHBoxLayout()
        row.addWidget(self._button("Save a copy…", "save-document"))
        row.addWidget(self._button("All to Trust", "trust"))
        row.addStretch(1)
        self._column.addLayout(row)
        for text, wish in (
            ("Issue a new one for the same key", "renew"),
            ("Give the machine a new host key", "new-key"),
            ("Let it be one that expired", "expire"),
            ("Revoke it", "revoke"),
        ):
            if wish != "revoke" or not folder.is_revoked:
                made = link(text, partial(self.asked.emit, wish))
                self._column.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_guest(self, guest: ProtectedGuest | None) -> None:
        self._column.addWidget(rule())
        self._column.addWidget(label("Guest", "heading"))
        if guest is None:
            self._column.addWidget(label("None runs. Start an image.", "muted", wrap=True))
            return
        self._add_rows([("Image", guest.image), ("Started", f"{guest.started_at:%Y-%m-%d %H:%M:%S} UTC")])
        self._add_bytes("Configuration UID", guest.cuid)
        row = QHBoxLayout()
        row.addWidget(self._button("End the guest", "end-guest"))
        row.addStretch(1)
        self._column.addLayout(row)

    def _add_store(self, store: SecretStore, *, kept: bool) -> None:
        self._column.addWidget(rule())
        head = QHBoxLayout()
        head.addWidget(label("Secret store", "heading"))
        head.addStretch(1)
        self._column.addLayout(head)
        if not kept:
            self._column.addWidget(label("This generation keeps no secrets for guests.", "muted", wrap=True))
            return
        head.addWidget(label("locked" if store.locked else "not locked", "muted"))
        self._column.addWidget(label(_store_words(store), wrap=True))
        for secret in store.secrets[-_MOST_SECRETS:]:
            words = f"{secret_type_name(secret.type)}, {secret.length} bytes, {_id_words(secret.id)}"
            made = label(words, "small", wrap=True, selectable=True)
            made.setToolTip(f"0x{secret.id.hex()}")
            self._column.addWidget(made)
        self._add_bytes("Hash of the store, as attestation tells it", store.digest)
        if store.locked:
            return
        row = QHBoxLayout()
        row.addWidget(self._button("Add a secret…", "add-secret"))
        row.addWidget(self._button("Lock its store", "lock-store"))
        row.addStretch(1)
        self._column.addLayout(row)

    def _add_folder(self, folder: MachineFolder) -> None:
        self._column.addWidget(rule())
        self._column.addWidget(label("Folder", "heading"))
        self._column.addWidget(label(_breakable(shown_path(folder.path)), "small", wrap=True, selectable=True))

    def _add_rows(self, rows: list[tuple[str, str]]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for number, (name, text) in enumerate(rows):
            grid.addWidget(label(name, "small"), number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(text, wrap=True, selectable=True), number, 1)
        self._column.addLayout(grid)

    def _add_bytes(self, name: str, content: bytes) -> None:
        self._column.addWidget(label(name, "small"))
        self._column.addWidget(_bytes_label(content))

    def _button(self, text: str, wish: str) -> QWidget:
        return button(text, partial(self.asked.emit, wish))


def _id_words(secret_id: bytes) -> str:
    """An id that is a name as that name, any other one by its beginning."""
    name = secret_id.rstrip(b"\0")
    if name and len(name) < len(secret_id) and name.isascii() and name.decode().isprintable():
        return f"“{name.decode()}”"
    return f"id {secret_id.hex()[:_GROUP]}…"


def _store_words(store: SecretStore) -> str:
    """What it holds, and what can be done with it."""
    if not store.tags:
        return "Empty." if store.locked else "Empty. Drop an add-secret request here that is made for this image."
    requests = "1 request was accepted" if len(store.tags) == 1 else f"{len(store.tags)} requests were accepted"
    count = len(store.secrets)
    listed = "none of them listed" if not count else "1 secret listed" if count == 1 else f"{count} secrets listed"
    more = f"; these are the last {_MOST_SECRETS}" if count > _MOST_SECRETS else ""
    return f"{requests}, {listed}{more}."


def _bytes_label(content: bytes) -> QLabel:
    digits = content.hex()
    lines = [digits[at : at + _LINE] for at in range(0, len(digits), _LINE)]
    text = "\n".join(" ".join(line[at : at + _GROUP] for at in range(0, len(line), _GROUP)) for line in lines)
    return label(text, "bytes", selectable=True)


def _breakable(path: str) -> str:
    """A path that may be broken after each slash."""
    return path.replace("/", "/\u200b")
