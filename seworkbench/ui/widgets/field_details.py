"""What a field means: where it is, what it holds, who can change it, and what happens if it is wrong."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from seworkbench.errors import SeError
from seworkbench.formats.layout import Field, Protection, byte_count
from seworkbench.secret import Secret
from seworkbench.ui.widgets.basic import GRID, label, link
from seworkbench.ui.widgets.byte_source import has_parts
from seworkbench.ui.widgets.copy_forms import CopyForm, copy_as, grouped_hex, printable
from seworkbench.ui.widgets.reveal import SECONDS
from seworkbench.ui.widgets.secret_field import SecretField

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from seworkbench.ui.theme import Theme
    from seworkbench.ui.widgets.byte_source import ByteSource

BUTTON_FORMS = (CopyForm.HEX, CopyForm.BASE64, CopyForm.C, CopyForm.PYTHON, CopyForm.JSON)
COPY_LIMIT = 1 << 20
_SHOWN_BYTES = 64
_LINE_BYTES = 8
_SHOWN_PARTS = 3

_WHO = {
    Protection.CLEAR: "Anyone who holds the file, the host included. Nothing protects these bytes.",
    Protection.AUTHENTICATED: (
        "Only a holder of the header key. Everyone can read it, and any change breaks the header tag."
    ),
    Protection.ENCRYPTED: (
        "Only a holder of the header key. The host sees ciphertext, and any change breaks the header tag."
    ),
    Protection.HASHED: (
        "Only a holder of the header key. Everyone can read it, and any change breaks a digest in the header, "
        "which the header tag protects."
    ),
    Protection.ENCRYPTED_HASHED: (
        "Only a holder of the header key and the image key. The host sees ciphertext, and any change breaks a digest "
        "in the header, which the header tag protects."
    ),
}
_TAG_BREAKS = "The header tag does not fit: no machine opens the header. Which bit was changed cannot be told."
_WRONG = {
    Protection.CLEAR: "",
    Protection.AUTHENTICATED: _TAG_BREAKS,
    Protection.ENCRYPTED: _TAG_BREAKS,
    Protection.HASHED: "A digest does not fit: the machine stops before the guest runs.",
    Protection.ENCRYPTED_HASHED: "A digest does not fit: the machine stops before the guest runs.",
}

_FIXED = "se-header.md#fixed-part"
_SLOT = "se-header.md#key-slot"
_ENCRYPTED = "se-header.md#encrypted-part"
_METADATA = "image-layout.md#image-metadata"
_ARGUMENTS = "image-layout.md#stage3a-arguments"
_IPIB = "image-layout.md#ipib"
_PSW = "image-layout.md#psw"
_SHORT_PSW = "image-layout.md#short-psw"
_STAGE3A = "boot.md#stage3a"
_COMPONENT = "components.md#kinds-and-order"

# What resources/help/verification.md and se-header.md say about each field, in a sentence or two. A field is known by
# the page that describes it and its name: names alone are used several times.
_IF_WRONG = {
    (_FIXED, "SeHeaderV1"): _TAG_BREAKS,
    (_FIXED, "magic"): "Nothing takes it for a header; a machine refuses it (0x0104 / 0x0001).",
    (_FIXED, "version"): "A machine refuses a version that it does not know (0x0104 / 0x0001). So does this program.",
    (_FIXED, "sehs"): "The machine refuses the header (0x010a / 0x0031). Copy the file again, or build again.",
    (_FIXED, "iv"): (
        "Changed: the header tag does not fit. Used twice with one header key: the seals of both headers are unsafe."
    ),
    (_FIXED, "res1"): "Another value alone does no harm, but the header tag covers it: a change breaks the tag.",
    (_FIXED, "nks"): "The header size does not fit (0x010a / 0x0031). Without a slot: refused (0x010a / 0x0040).",
    (_FIXED, "sea"): "The machine refuses the header (0x010a / 0x0039).",
    (_FIXED, "nep"): "A component is missing or of another length: the machine stops with 0x0102 / 0x001d.",
    (_FIXED, "pcf"): (
        "The guest or its host may do what was not meant. A machine refuses flags that it does not support "
        "(0x0106 / 0x0030)."
    ),
    (_FIXED, "bit 34"): (
        "Set by mistake: whoever has the communication key and a dump has the whole memory of the guest."
    ),
    (_FIXED, "bit 35"): "Set by mistake: everybody who gets the file can read kernel, ramdisk and command line.",
    (_FIXED, "bit 56"): "Off though needed: software in the guest that makes such protected keys does not work.",
    (_FIXED, "bit 57"): "Off though needed: software in the guest that makes such protected keys does not work.",
    (_FIXED, "bit 58"): "Off though needed: software in the guest that makes such protected keys does not work.",
    (_FIXED, "bit 59"): "A machine that does not know this flag refuses the image (0x0106 / 0x0030).",
    (_FIXED, "bit 62"): "Set by mistake: more keys open the image than were checked.",
    (_FIXED, "cust_pub_key"): (
        "No machine opens the image (0x0108 / 0x000b). A point off the curve is a known attack on the key agreement: "
        "ask where the image comes from."
    ),
    (_FIXED, "pld"): "The components were damaged or changed: the machine stops with 0x0102 / 0x001b.",
    (_FIXED, "ald"): "A component would lie elsewhere in memory: the machine stops with 0x0102 / 0x001a.",
    (_FIXED, "tld"): "Tweaks in the IPIB were changed: the machine stops with 0x0102 / 0x001c.",
    (_FIXED, "keyslots"): "A machine without a slot of its own does not start the image (0x0108 / 0x0005).",
    (_FIXED, "encrypted"): _TAG_BREAKS,
    (_FIXED, "tag"): (
        "The header key is another one, or a bit of the header was changed; which one cannot be told. Make sure of "
        "the key. If it is right, do not use the image."
    ),
    (_FIXED, "surplus"): "The header size does not fit its parts; a machine refuses that (0x010a / 0x0031).",
    (_SLOT, "keyslots[]"): "The machine this slot is for does not start the image.",
    (_SLOT, "phkh"): "The machine finds no slot for its key (0x0108 / 0x0005): the image does not start there.",
    (_SLOT, "wrpk"): "The slot tag does not fit: the machine cannot unwrap the header key.",
    (_SLOT, "kst"): "The machine cannot unwrap the header key: the slot was changed or made for another key.",
    (_ENCRYPTED, "cck"): (
        "Another key: dumps cannot be read and secrets cannot be added. Known to others: they can read dumps of the "
        "guest, if dumping is allowed."
    ),
    (_ENCRYPTED, "xts"): (
        "Another key: all digests fit, but the pages decrypt to noise. Known to others: they can read every component."
    ),
    (_ENCRYPTED, "psw"): (
        "Changed without the key: the Ultravisor refuses the header. Sealed wrong: the guest starts in the wrong place "
        "and stops."
    ),
    (
        _ENCRYPTED,
        "scf",
    ): "Secrets can be added, or not, otherwise than meant. A machine refuses unknown flags (0x0109).",
    (_ENCRYPTED, "bit 1"): "Off by mistake: secrets are accepted that were not made with the communication key.",
    (_ENCRYPTED, "bit 2"): "Set by mistake: the communication key of the running guest can be replaced.",
    (_ENCRYPTED, "noi"): "Not 0: a form of header that is not known. Ask the builder what made it.",
    (_ENCRYPTED, "res2"): "Not 0: unusual, no meaning is known. Ask the builder what made the header.",
    (_PSW, "mask"): "The guest starts in another mode than 64-bit addressing, and probably stops at once.",
    (_PSW, "addr"): "The guest starts elsewhere than in stage3b; outside all components there are only zeros.",
    (_SHORT_PSW, "ShortPsw"): "A direct boot in QEMU does not start. A boot through zipl does not use it.",
    (_SHORT_PSW, "value"): "A direct boot in QEMU does not start. A boot through zipl does not use it.",
    (_METADATA, "ImageMetadata"): "Tools do not find the header. Nothing in the boot depends on it.",
    (_METADATA, "magic"): "Tools search the file for the header instead. Nothing in the boot depends on it.",
    (_METADATA, "hdr_off"): "Other tools find no header. Nothing in the boot depends on it.",
    (_METADATA, "version"): "Tools warn. Nothing in the boot depends on it.",
    (_METADATA, "ipib_off"): "Tools do not find the IPIB. Nothing in the boot depends on it.",
    (_STAGE3A, "stage3a"): (
        "It is in the clear and not measured, so it can be replaced unnoticed. What replaces it learns no key and "
        "cannot start changed components protected."
    ),
    (_STAGE3A, "code"): (
        "It is in the clear and not measured, so it can be replaced unnoticed. What replaces it learns no key and "
        "cannot start changed components protected."
    ),
    (_ARGUMENTS, "Stage3aArgs"): "stage3a hands over another header than the one seen here, or none: no start.",
    (_ARGUMENTS, "hdr_offs"): "stage3a hands over another header than the one seen here, or none.",
    (_ARGUMENTS, "hdr_size"): "stage3a hands over a header of the wrong size: the image does not start.",
    (_ARGUMENTS, "ipib_offs"): "stage3a hands over another IPIB, or none: the image does not start.",
    (_COMPONENT, "component[]"): "The page digest does not fit: the machine stops with 0x0102 / 0x001b.",
    (_IPIB, "Ipib"): "The hypervisor refuses it (0x0402), or unpacks something else and the digests do not fit.",
    (_IPIB, "list_length"): "The hypervisor refuses the IPIB (0x0402).",
    (_IPIB, "block_length"): "The hypervisor may refuse the IPIB (0x0402).",
    (_IPIB, "pbt"): "The hypervisor refuses the IPIB (0x0402).",
    (_IPIB, "num_comp"): "None: refused (0x0402). Another number: the page count does not fit (0x0102 / 0x001d).",
    (_IPIB, "pv_hdr_addr"): "stage3a writes the right value at start.",
    (_IPIB, "pv_hdr_size"): "stage3a writes the right value at start.",
    (_IPIB, "components"): "The digests do not fit: the machine stops after unpacking.",
    (_IPIB, "components[]"): "The digests do not fit: the machine stops after unpacking.",
    (_IPIB, "tweak_pref"): "The tweak digest does not fit: the machine stops with 0x0102 / 0x001c.",
    (_IPIB, "addr"): "The address digest does not fit: the machine stops with 0x0102 / 0x001a.",
    (_IPIB, "length"): "The page count does not fit: the machine stops with 0x0102 / 0x001d.",
}
_CLEAR_NOTES = {
    _IPIB: " But what it says about the components is covered by digests in the header.",
    _METADATA: " It is for tools only.",
    _STAGE3A: " It has done its work before anything secret is unpacked.",
    _ARGUMENTS: " They only point to header and IPIB, which are checked.",
}


def who_can_change(field: Field) -> str:
    """Who can change a field unnoticed, in plain words."""
    note = _CLEAR_NOTES.get(field.reference, "") if field.protection is Protection.CLEAR else ""
    return _WHO[field.protection] + note


def if_wrong(field: Field) -> str:
    """What happens if a field has a wrong value; empty if nothing is known."""
    name = re.sub(r"\[\d+\]", "[]", field.name)
    return _IF_WRONG.get((field.reference, name), _WRONG[field.protection])


def shown_name(field: Field) -> str:
    """The specification's name of a field; empty for what the specification gives none."""
    return "" if re.search(r"^[A-Z]|\[|^(image|value|code)$", field.name) else field.name


class FieldDetails(QWidget):
    """The meaning of the selected field.

    Args:
        theme: colours and fonts.
    """

    help_requested = Signal(str)  # page of resources/help with anchor

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._field: Field | None = None
        self._source: ByteSource | None = None
        self.setAccessibleName("Meaning of the selected field")
        self._lay_out()
        theme.changed.connect(self._restyle)
        self._restyle()
        self.show_field(None)

    # --- what is shown

    @property
    def field(self) -> Field | None:
        """The field that is shown."""
        return self._field

    def set_source(self, source: ByteSource | None) -> None:
        """Where the bytes are stored: shows ciphertext beside what was opened, and bytes the tree does not hold."""
        self._source = source
        self._refresh()

    def show_field(self, field: Field | None) -> None:
        """Show a field; a secret is masked."""
        self._field = field
        self._refresh()

    def copy(self, form: CopyForm) -> None:
        """Put the bytes of the field on the clipboard; a secret for a short time only."""
        field = self._field
        if field is None or not self._may_copy(form):
            return
        secret = isinstance(field.raw, Secret)
        if form is CopyForm.JSON:
            text = json.dumps(field.to_json(show_secrets=secret), indent=2, ensure_ascii=False)
        else:
            text = copy_as(form, self._content(), field.name)
        if secret:
            self.secret.copy(text)
        else:
            QGuiApplication.clipboard().setText(text)

    # --- inside

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._make_head())
        column.addLayout(self._make_rows())
        self.sections: dict[str, tuple[QLabel, QLabel]] = {}
        for name in ("What it is", "Who can change it", "If it is wrong"):
            head, text = label(name, "heading"), label("", wrap=True, selectable=True)
            text.setAccessibleName(name)
            part = QVBoxLayout()
            part.setSpacing(1)
            part.addWidget(head)
            part.addWidget(text)
            column.addLayout(part)
            self.sections[name] = (head, text)
        self._help = link("Read more", self._ask_for_help)
        column.addWidget(self._help, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._make_copies())
        self._empty = label("Select a field or a byte to see what it means.", "muted", wrap=True)
        column.addWidget(self._empty)
        column.addStretch(1)

    def _make_head(self) -> QBoxLayout:
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(GRID)
        self.title = label("", selectable=True)
        self.chip = label("", selectable=True)
        self.chip.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._head.addWidget(self.title)
        self._head.addWidget(self.chip, 1, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return self._head

    def _make_rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self.rows: dict[str, tuple[QLabel, QLabel]] = {}
        for index, name in enumerate(("Offset", "Length", "Stored", "Opened", "Value")):
            key, value = label(name, "small"), label("", wrap=True, selectable=True)
            value.setAccessibleName(name)
            grid.addWidget(key, index, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, index, 1)
            self.rows[name] = (key, value)
        self.secret = SecretField(self._theme)
        grid.addWidget(self.secret, list(self.rows).index("Opened"), 1)
        return grid

    def _make_copies(self) -> QGridLayout:
        self._copies = QGridLayout()
        self._copies.setSpacing(4)
        self._copy_label = label("Copy as", "small")
        self.buttons: dict[CopyForm, QPushButton] = {}
        for form in BUTTON_FORMS:
            made = QPushButton(form.value)
            made.setAccessibleName(f"Copy as {form.value}")
            made.clicked.connect(lambda _checked=False, chosen=form: self.copy(chosen))
            self.buttons[form] = made
        for column, widget in enumerate((self._copy_label, *self.buttons.values())):
            self._copies.addWidget(widget, 0, column)
        self._copies.setColumnStretch(len(self.buttons) + 1, 1)
        return self._copies

    def _arrange(self) -> None:
        """Break the line of buttons, and a long title, where the panel is too narrow for them."""
        parts = (self._copy_label, *self.buttons.values())
        row, column, used = 0, 0, 0
        for widget in parts:
            width = widget.sizeHint().width() + self._copies.spacing()
            if column and used + width > self.width():
                row, column, used = row + 1, 1, parts[0].sizeHint().width()
            self._copies.addWidget(widget, row, column)
            column, used = column + 1, used + width
        chip = self.chip.sizeHint().width() + GRID if self.chip.isVisibleTo(self) else 0
        wanted = QFontMetrics(self._title_font).horizontalAdvance(self.title.text())
        narrow = wanted + chip > self.width()
        # A label that may wrap asks for less room than its text needs, so it may only where it must.
        self.title.setWordWrap(narrow)
        self._head.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(GRID // 2 if narrow else GRID)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Break lines anew."""
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The height that is needed; lines are broken to fit any width."""
        return QSize(1, super().minimumSizeHint().height())

    def _refresh(self) -> None:
        field = self._field
        self._empty.setVisible(field is None)
        self.title.setVisible(field is not None)
        self._copy_label.setVisible(field is not None)
        for form, made in self.buttons.items():
            made.setVisible(field is not None)
            made.setEnabled(self._may_copy(form))
            made.setToolTip(self._copy_hint())
        self.title.setText(printable(field.title) if field is not None else "")
        name = shown_name(field) if field is not None else ""
        self.chip.setText(printable(name))
        self.chip.setVisible(bool(name))
        for row, text in self._row_texts().items():
            key, value = self.rows[row]
            key.setVisible(bool(text))
            value.setVisible(bool(text))
            value.setText(text)
        secret = field.raw if field is not None and isinstance(field.raw, Secret) else None
        self.rows["Opened"][0].setVisible(bool(secret) or self.rows["Opened"][1].isVisibleTo(self))
        self.secret.show_secret(secret, printable(field.title) if field is not None else "")
        self.secret.setVisible(secret is not None)
        texts = ("", "", "")
        if field is not None:
            texts = (_meaning(field), who_can_change(field), if_wrong(field))
        for (head, body), text in zip(self.sections.values(), texts, strict=True):
            head.setVisible(bool(text))
            body.setVisible(bool(text))
            body.setText(text)
        self._help.setVisible(field is not None and bool(field.reference))
        self._arrange()

    def _row_texts(self) -> dict[str, str]:
        texts = dict.fromkeys(self.rows, "")
        field = self._field
        if field is None:
            return texts
        texts["Offset"] = f"0x{field.offset:x}"
        texts["Length"] = f"{byte_count(field.length)}, {field.protection.value}"
        opened = self._opened()
        stored = self._stored()
        if stored:
            texts["Stored"] = _hex_lines(stored, field.length)
        if isinstance(field.raw, Secret):
            return texts  # it has a widget of its own
        if opened is not None and opened != stored:
            texts["Opened"] = _hex_lines(opened, field.length)
        if not (isinstance(field.raw, bytes) and field.raw.hex() == field.value):
            texts["Value"] = _value(field)
        return texts

    def _opened(self) -> bytes | None:
        """The decrypted bytes; None if the field is not encrypted, not opened, or a secret."""
        field = self._field
        if field is None or not isinstance(field.raw, bytes) or field.protection is not Protection.ENCRYPTED:
            return None
        return field.raw if field.name != "encrypted" else None

    def _stored(self) -> bytes:
        """The first bytes as they are in the file; none if that is not known."""
        field = self._field
        if field is None:
            return b""
        if self._source is not None:
            return self._read(min(field.length, _SHOWN_BYTES))
        known = field.raw if isinstance(field.raw, bytes) else b""
        return b"" if self._opened() is not None else known[:_SHOWN_BYTES]

    def _may_copy(self, form: CopyForm) -> bool:
        """Whether there is something to copy."""
        field = self._field
        if field is None or form is CopyForm.JSON:
            return field is not None
        return field.raw is not None or (self._source is not None and field.length <= COPY_LIMIT)

    def _content(self) -> bytes:
        """All bytes of the field: opened ones before stored ones."""
        field = self._field
        if field is None:
            return b""
        if isinstance(field.raw, Secret):
            return field.raw.reveal()
        return field.raw if field.raw is not None else self._read(field.length)

    def _copy_hint(self) -> str:
        field = self._field
        if field is None:
            return ""
        if isinstance(field.raw, Secret):
            return f"Taken off the clipboard after {SECONDS} s"
        return "Longer than 1 MiB: extract it instead" if field.length > COPY_LIMIT else ""

    def _read(self, size: int) -> bytes:
        try:
            return self._source.read(self._field.offset, size) if self._source and self._field else b""
        except SeError:
            return b""  # the hex view beside it tells the reason

    def _ask_for_help(self) -> None:
        if self._field is not None:
            self.help_requested.emit(self._field.reference)

    def _restyle(self) -> None:
        theme, roles = self._theme, self._theme.roles
        mono = theme.mono()
        # The style sheet gives all widgets one size, so a font alone would not do.
        code = f"font-family: '{mono.family()}'; font-size: {mono.pixelSize()}px;"
        self._title_font = theme.font(16, bold=True)
        self.title.setStyleSheet(f"font-size: {self._title_font.pixelSize()}px; font-weight: 600;")
        self.chip.setStyleSheet(
            f"{code} color: {roles.muted}; border: 1px solid {roles.line}; border-radius: 4px; padding: 0 4px;"
        )
        small = f"font-size: {theme.font(12).pixelSize()}px;"
        for name, (_key, value) in self.rows.items():
            value.setStyleSheet(small if name in ("Length", "Value") else code)
        for made in self.buttons.values():
            made.setStyleSheet(f"{small} padding: 2px 7px;")
        self._arrange()


def _meaning(field: Field) -> str:
    return field.meaning or ("" if not field.children else f"{field.title}: {len(field.children)} fields.")


def _value(field: Field) -> str:
    """The value; of a field with few parts, theirs too."""
    lines = [field.value] if field.value else []
    if has_parts(field) and len(field.children) <= _SHOWN_PARTS:
        lines += [f"{part.title} {part.value}" for part in field.children if not isinstance(part.raw, Secret)]
    return "\n".join(printable(line) for line in lines)


def _hex_lines(data: bytes, length: int) -> str:
    """Hexadecimal in equal lines, so that two values can be compared by eye."""
    shown = data[:_SHOWN_BYTES]
    lines = [grouped_hex(shown[at : at + _LINE_BYTES]) for at in range(0, len(shown), _LINE_BYTES)]
    if length > len(shown):
        lines.append(f"… {byte_count(length - len(shown))} more")
    return "\n".join(lines)
