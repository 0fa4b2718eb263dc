"""What is expected of an answer: an editor, opened from the case and closed with its values taken or left."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from seworkbench.attestation.firmware_service import DEFAULT_SERVICE, SERVICE_VERSIONS, service_url
from seworkbench.attestation.secret_store import read_added_secret
from seworkbench.checks import Verdict
from seworkbench.errors import SeError
from seworkbench.formats.additional_data import FIRMWARE_STATE
from seworkbench.formats.exchange import CUID_SIZE
from seworkbench.ui.dialogs import ask_open, ask_open_many
from seworkbench.ui.pages.attestation.case import Expected, ExpectedKey
from seworkbench.ui.pages.attestation.step_card import StepCard, footer
from seworkbench.ui.pages.attestation.words import data_text, parse_data
from seworkbench.ui.widgets.basic import WarningBox, button, empty_layout, label, link, rule
from seworkbench.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QShowEvent

    from seworkbench.formats.exchange import ExchangeFile
    from seworkbench.ui.pages.attestation.session import AttestationSession
    from seworkbench.ui.workbench import Workbench

_LOCKS = {"any": None, "open": False, "locked": True}
_LOCK_TEXTS = (("any", "Not compared"), ("open", "Open: more can be added"), ("locked", "Locked"))
_DATA_LIMIT = 1 << 16


class ExpectedCard(StepCard):
    """The editor.

    Args:
        workbench: what the window shares.
        session: the case.
    """

    closed = Signal()

    def __init__(self, workbench: Workbench, session: AttestationSession) -> None:
        super().__init__(
            workbench.theme, "6 Check policy: expected values", "what is compared with nothing stays a warning"
        )
        self.set_open(is_open=True)
        self._workbench = workbench
        self._session = session
        self._keys: dict[str, tuple[QCheckBox, ExpectedKey]] = {}
        self._hosts_wait = False
        self._secrets: list[tuple[str, str]] = []
        self._form = "hex"
        self.head.addWidget(link("Close", self.closed.emit))
        self._make_keys()
        self.body.addWidget(rule())
        self._make_data()
        self.body.addWidget(rule())
        self._make_store()
        self.body.addWidget(rule())
        self._make_firmware()
        self.wrong = label("", "heading", wrap=True)
        self.body.addWidget(self.wrong)
        self.take = button("Compare", self._take, primary=True)
        self.body.addLayout(footer(button("Cancel", self.closed.emit), self.take))

    # --- parts

    def _make_keys(self) -> None:
        head = QHBoxLayout()
        head.addWidget(label("Machines that may answer", "heading"))
        head.addStretch(1)
        head.addWidget(link("Add documents…", self._add_documents))
        self.body.addLayout(head)
        self._key_list = QVBoxLayout()
        self._key_list.setSpacing(2)
        self.body.addLayout(self._key_list)
        self.no_keys = label(
            "No host key document is in the workspace; drop some on the Trust page.", "small", wrap=True
        )
        self.body.addWidget(self.no_keys)
        self.need_image = QCheckBox("Fail if the answer does not say which key opened the image")
        self.need_attestation = QCheckBox("Fail if it does not say which key opened the request")
        self.body.addWidget(self.need_image)
        self.body.addWidget(self.need_attestation)

    def _make_data(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setColumnStretch(1, 1)
        self.compare_data = QCheckBox("User data")
        self.compare_data.toggled.connect(self._allow)
        self.data = QLineEdit()
        self.data.setAccessibleName("Expected user data")
        self.data.setPlaceholderText("Nothing: the answer must have none")
        self.forms = Segments((("text", "Text"), ("hex", "Hex"), ("file", "File…")), self._choose_form, "User data as")
        self.from_answer = link("Take from the answer", self._take_data)
        grid.addWidget(self.compare_data, 0, 0)
        grid.addWidget(self.data, 0, 1)
        grid.addWidget(self.forms, 0, 2)
        grid.addWidget(self.from_answer, 0, 3)
        self.compare_cuid = QCheckBox("Configuration UID")
        self.compare_cuid.toggled.connect(self._allow)
        self.cuid = QLineEdit()
        self.cuid.setAccessibleName("Expected configuration UID")
        self.cuid.setPlaceholderText("32 hexadecimal digits, as the guest told you by another way")
        grid.addWidget(self.compare_cuid, 1, 0)
        grid.addWidget(self.cuid, 1, 1, 1, 2)
        self.cuid_from_answer = link("Take from the answer", self._take_cuid)
        grid.addWidget(self.cuid_from_answer, 1, 3)
        self.body.addLayout(grid)
        self.body.addWidget(
            label(
                "Taking a value from this answer compares it with itself; it says something from the next answer on.",
                "small",
                wrap=True,
            )
        )

    def _make_store(self) -> None:
        row = QHBoxLayout()
        row.addWidget(label("Secret store"))
        self.lock = Segments(_LOCK_TEXTS, self._allow, "Secret store")
        row.addWidget(self.lock)
        row.addStretch(1)
        self.add_secret = button("Add add-secret requests…", self._add_secrets)
        row.addWidget(self.add_secret)
        self.body.addLayout(row)
        self.secret_part = QWidget()
        part = QHBoxLayout(self.secret_part)
        part.setContentsMargins(0, 0, 0, 0)
        self.secrets = QListWidget()
        self.secrets.setAccessibleName("Add-secret requests in the order of adding")
        part.addWidget(self.secrets, 1)
        moves = QVBoxLayout()
        for text, run in (("Up", partial(self._move, -1)), ("Down", partial(self._move, 1)), ("Remove", self._drop)):
            moves.addWidget(button(text, run))
        moves.addStretch(1)
        part.addLayout(moves)
        self.body.addWidget(self.secret_part)
        self.secrets.setFixedHeight(self._workbench.theme.pixels(92))

    def _make_firmware(self) -> None:
        self.ask = QCheckBox("The firmware must be in a valid state, as a service says")
        self.ask.toggled.connect(self._allow)
        self.body.addWidget(self.ask)
        self.firmware = QWidget()
        column = QVBoxLayout(self.firmware)
        column.setContentsMargins(20, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(label("Service"))
        self.service = QLineEdit()
        self.service.setAccessibleName("Base address of the firmware service")
        self.service.textChanged.connect(self._show_url)
        row.addWidget(self.service, 1)
        versions = tuple((str(number), f"v{number}") for number in SERVICE_VERSIONS)
        self.version = Segments(versions, self._show_url, "Version of its interface")
        row.addWidget(self.version)
        column.addLayout(row)
        self.question = WarningBox(self._workbench.theme, "")
        self.question.add_link("Send it and ask", self._ask)
        column.addWidget(self.question)
        self.answer = label("", "small", wrap=True)
        column.addWidget(self.answer)
        self.body.addWidget(self.firmware)

    # --- showing

    def focus_first(self) -> None:
        """The first machine, or what is asked of all."""
        boxes = [box for box, _key in self._keys.values()]
        (boxes[0] if boxes else self.need_image).setFocus(Qt.FocusReason.TabFocusReason)

    def show_values(self) -> None:
        """Show what is expected now."""
        expected = self._session.state.expected
        self.wrong.hide()
        self._show_keys(expected)
        self.need_image.setChecked(expected.require_image_key)
        self.need_attestation.setChecked(expected.require_attestation_key)
        self.compare_data.setChecked(expected.user_data is not None)
        self._set_data(bytes.fromhex(expected.user_data or ""))
        self.compare_cuid.setChecked(expected.cuid is not None)
        self.cuid.setText(expected.cuid or "")
        self.cuid.setCursorPosition(0)
        self.lock.choose(next(key for key, locked in _LOCKS.items() if locked is expected.locked))
        self._secrets = list(expected.secrets)
        self._list_secrets()
        self.ask.setChecked(expected.ask_firmware)
        self.service.setText(expected.service or DEFAULT_SERVICE)
        self.version.choose(str(expected.service_version))
        self._allow()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show the host keys that came while nobody looked."""
        super().showEvent(event)
        if self._hosts_wait:
            self.hosts_changed()

    def refresh(self) -> None:
        """The case is another, or came further: what depends on it."""
        self._show_url()
        self._allow()

    def _show_keys(self, expected: Expected) -> None:
        empty_layout(self._key_list)
        self._keys = {}
        chosen = {key.phkh for key in expected.host_keys}
        options = {
            host.certificate.phkh or "": ExpectedKey(
                host.name, host.certificate.phkh or "", host.verdict is Verdict.PASSED
            )
            for host in self._session.preparation.hosts()
        }
        for key in expected.host_keys:
            options.setdefault(key.phkh, key)
        for phkh, key in options.items():
            said = {True: "verified", False: "not verified", None: "not known whether verified"}[key.verified]
            box = QCheckBox(f"{key.name}, {phkh[:16]}…, {said}")
            box.setChecked(phkh in chosen)
            self._key_list.addWidget(box)
            self._keys[phkh] = (box, key)
        self.no_keys.setVisible(not options)

    def _list_secrets(self) -> None:
        self.secrets.clear()
        self.secrets.addItems([f"{number}. {name}" for number, (name, _tag) in enumerate(self._secrets, start=1)])

    def _allow(self, *_arguments: object) -> None:
        self.data.setEnabled(self.compare_data.isChecked())
        self.forms.setEnabled(self.compare_data.isChecked())
        self.cuid.setEnabled(self.compare_cuid.isChecked())
        compared = self._locked() is not None
        self.secret_part.setVisible(compared and bool(self._secrets))
        self.add_secret.setVisible(compared)
        self.firmware.setVisible(self.ask.isChecked())
        response = self._response()
        self.from_answer.setVisible(bool(response and response.user_data))
        self.cuid_from_answer.setVisible(response is not None)
        self._show_url()

    def _response(self) -> ExchangeFile | None:
        result = self._session.result
        return result.verification.response if result else None

    # --- changing

    def _choose_form(self, form: str) -> None:
        if form == "file":
            self._load_data()
            return
        content, _wrong = parse_data(self.data.text(), self._form)
        self._form = form
        if content is not None:
            self._set_data(content, form)

    def _set_data(self, content: bytes, form: str = "") -> None:
        """Show bytes as text where they are some, and that is not refused."""
        if not form:
            form = "text" if content and data_text(content).endswith("”") else "hex"
        try:
            text = content.decode() if form == "text" else content.hex()
        except UnicodeDecodeError:
            form, text = "hex", content.hex()
        self._form = form
        self.forms.choose(form)
        # A line has no room for a line break, so what has one is shown as digits.
        if any(sign in text for sign in "\r\n"):
            self._form, text = "hex", content.hex()
            self.forms.choose("hex")
        self.data.setText(text)
        self.data.setCursorPosition(0)  # what is too long shows its beginning

    def _load_data(self) -> None:
        self.forms.choose(self._form)
        path = ask_open(self, "Expected user data")
        if path is None:
            return
        from seworkbench.files import read_whole  # noqa: PLC0415 - beside its only use

        try:
            self._set_data(read_whole(path, _DATA_LIMIT))
        except SeError as error:
            self._refuse(str(error))

    def _take_data(self) -> None:
        if (response := self._response()) is not None:
            self.compare_data.setChecked(True)
            self._set_data(response.user_data or b"")

    def _take_cuid(self) -> None:
        if (response := self._response()) is not None:
            self.compare_cuid.setChecked(True)
            self.cuid.setText((response.cuid or b"").hex())

    def _add_documents(self) -> None:
        for path in ask_open_many(self, "Host key documents"):
            self._session.trust.import_path(path)

    def hosts_changed(self) -> None:
        """The workspace has other host keys: show them, and keep what is ticked; not before somebody looks."""
        self._hosts_wait = not self.isVisible()
        if self._hosts_wait:
            return
        ticked = tuple(key for box, key in self._keys.values() if box.isChecked())
        if {host.certificate.phkh for host in self._session.preparation.hosts()} - set(self._keys):
            self._show_keys(replace(self._session.state.expected, host_keys=ticked))

    def _add_secrets(self) -> None:
        self.add_secrets(ask_open_many(self, "Add-secret requests, in the order of adding"))

    def add_secrets(self, paths: list[Path]) -> None:
        """Add add-secret requests behind those that are there."""
        try:
            found = [read_added_secret(path) for path in paths]
        except SeError as error:
            self._refuse(str(error))
            return
        self._secrets += [(secret.name, secret.tag.hex()) for secret in found]
        self._list_secrets()
        self._allow()

    def _move(self, by: int) -> None:
        row = self.secrets.currentRow()
        if row >= 0 and 0 <= row + by < len(self._secrets):
            self._secrets[row], self._secrets[row + by] = self._secrets[row + by], self._secrets[row]
            self._list_secrets()
            self.secrets.setCurrentRow(row + by)

    def _drop(self) -> None:
        row = self.secrets.currentRow()
        if row >= 0:
            del self._secrets[row]
            self._list_secrets()
            self._allow()

    def values(self) -> Expected | None:
        """What is expected by what stands here; None if something cannot be read, which is said."""
        data = None
        if self.compare_data.isChecked():
            content, wrong = parse_data(self.data.text(), self._form)
            if content is None:
                self._refuse(f"User data: {wrong}")
                return None
            data = content.hex()
        cuid = None
        if self.compare_cuid.isChecked():
            content, _wrong = parse_data(self.cuid.text().strip(), "hex")
            if content is None or len(content) != CUID_SIZE:
                self._refuse("A configuration UID has 32 hexadecimal digits.")
                return None
            cuid = content.hex()
        keys = tuple(key for box, key in self._keys.values() if box.isChecked())
        if (self.need_image.isChecked() or self.need_attestation.isChecked()) and not keys:
            self._refuse("Which machines may answer? Choose at least one, or do not ask for their keys.")
            return None
        locked = self._locked()
        self.wrong.hide()
        return replace(
            self._session.state.expected,
            host_keys=keys,
            require_image_key=self.need_image.isChecked(),
            require_attestation_key=self.need_attestation.isChecked(),
            user_data=data,
            cuid=cuid,
            secrets=tuple(self._secrets) if locked is not None else (),
            locked=locked,
            ask_firmware=self.ask.isChecked(),
            service=self.service.text().strip(),
            service_version=self._version(),
        )

    def _take(self) -> None:
        expected = self.values()
        if expected is not None:
            self._session.expect(expected)
            self.closed.emit()

    def _refuse(self, text: str) -> None:
        self.wrong.setText(text)
        self.wrong.show()

    # --- the firmware service

    def _locked(self) -> bool | None:
        return next((_LOCKS[key] for key, made in self.lock.buttons.items() if made.isChecked()), None)

    def _version(self) -> int:
        chosen = (int(key) for key, made in self.version.buttons.items() if made.isChecked())
        return next(chosen, SERVICE_VERSIONS[0])

    def _url(self) -> str:
        try:
            return service_url(self.service.text().strip(), self._version())
        except SeError:
            return ""

    def _state(self) -> bytes | None:
        result = self._session.result
        if result is None or result.verification.check.verdict not in (Verdict.PASSED, Verdict.WARNING):
            return None
        return result.verification.part(FIRMWARE_STATE)

    def _show_url(self, *_arguments: object) -> None:
        url, state = self._url(), self._state()
        if not url:
            text = "This is no address of a service."
        elif state is None:
            text = (
                "There is no firmware state to ask about: a verified answer to a request that asked for it is needed."
            )
        else:
            text = (
                f"The firmware state of the machine, {len(state)} bytes, leaves this workstation for\n{url}\n"
                "Whoever runs the service learns that you asked, and about which firmware."
            )
        self.question.text.setText(text)
        self.question.setAccessibleName(text)
        for made in self.question.findChildren(QPushButton):
            made.setVisible(bool(url) and state is not None)
        said = self._session.state.expected.answer
        self.answer.setText(
            f"Asked at {said['asked_at'][:19]} UTC: {'' if said['valid'] else 'not '}valid. {said['reason']}".strip()
            if said
            else "Nobody was asked yet."
        )

    def _ask(self) -> None:
        url, state = self._url(), self._state()
        expected = self.values()
        if url and state is not None and expected is not None:
            self._session.expect(expected)
            self._session.ask_firmware(state, url)
