"""The Inspect page: facts above, field tree and bytes in the middle, the file's map below, meaning at the side.

One selection everywhere: whatever is chosen in tree, bytes, map or curve is marked in the others.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from seworkbench.errors import FormatError, SeError
from seworkbench.files import read_whole
from seworkbench.formats.components import ComponentKind
from seworkbench.formats.layout import Field, Protection
from seworkbench.formats.se_header import CCK_SIZE
from seworkbench.formats.uv_keys import parse_uv_keys
from seworkbench.image.entropy import byte_curve
from seworkbench.recognise import Kind, Recognised
from seworkbench.ui.actions import Action
from seworkbench.ui.activity import size_text
from seworkbench.ui.dialogs import ask_folder, ask_open, ask_save
from seworkbench.ui.icons import icon
from seworkbench.ui.pages.inspect.compare_panel import ComparePanel
from seworkbench.ui.pages.inspect.contents_panel import ContentsPanel
from seworkbench.ui.pages.inspect.fact_strip import FactStrip
from seworkbench.ui.pages.inspect.facts import facts
from seworkbench.ui.pages.inspect.find_bar import FIELD, GO_TO, FindBar
from seworkbench.ui.pages.inspect.session import InspectSession
from seworkbench.ui.pages.page import Page
from seworkbench.ui.widgets.basic import Card, CompactBody, ErrorBox, button, label, rule
from seworkbench.ui.widgets.byte_search import find_all, parse_pattern
from seworkbench.ui.widgets.byte_source import FileSource, OverlaySource, opened_patches, regions_of
from seworkbench.ui.widgets.checklist_view import ChecklistView
from seworkbench.ui.widgets.command_text import CommandText
from seworkbench.ui.widgets.data_inspector import TEXT_BYTES, DataInspector
from seworkbench.ui.widgets.dissection_view import DissectionView
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.entropy_curve import EntropyCurve
from seworkbench.ui.widgets.field_details import FieldDetails
from seworkbench.ui.widgets.field_search import find_fields
from seworkbench.ui.widgets.hex_view import HexView
from seworkbench.ui.widgets.introduction import Introduction
from seworkbench.ui.widgets.map_geometry import MapRegion
from seworkbench.ui.widgets.memory_map import MemoryMap
from seworkbench.ui.widgets.turning_row import TurningRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

    from seworkbench.checks import Check
    from seworkbench.image.entropy import CurvePoint
    from seworkbench.image.inspection import Inspection
    from seworkbench.jobs import Job
    from seworkbench.ui.pages.trust.session import TrustSession
    from seworkbench.ui.widgets.byte_source import ByteSource
    from seworkbench.ui.workbench import Workbench

_SEEN = (
    "Drop an SE image or a bare SE header anywhere into this window. "
    "You see it as fields, bytes and a map, and every check that can be made."
)
_INSIDE = (
    "Drop the header key, or a machine's private key, and you also see what is inside; "
    "then a kernel, a ramdisk or a command line to compare with it."
)
_HIT_LIMIT = 10_000
# Narrower than this, in unscaled pixels, fields and bytes do not stand side by side; less height shows too few rows.
_WIDE, _TALL = 720, 190
# Narrower than this, buttons above the bytes are icons alone.
_TIGHT = 420
# Pixels kept above what is scrolled to: the head of its card.
_ABOVE = 48
_KEY_HASH_LIMIT = 1 << 16
_COMPARABLE = {
    Kind.KERNEL: ComponentKind.KERNEL,
    Kind.RAMDISK: ComponentKind.RAMDISK,
    Kind.COMMAND_LINE: ComponentKind.COMMAND_LINE,
}
_OFFSET = re.compile(r"([+-]?)\s*(0x[0-9a-fA-F]+|[0-9]+)")


class InspectPage(Page):
    """See the module's text.

    Args:
        workbench: what the window shares.
        trust: gives the open workspace, which keeps what was inspected; asked when there is something to keep.
    """

    NAME = "inspect"
    HELP = "verification.md"

    def __init__(self, workbench: Workbench, trust: Callable[[], TrustSession]) -> None:
        super().__init__(workbench)
        self._trust = trust
        self._kept: object = None  # what was kept last
        theme = workbench.theme
        self.session = InspectSession(workbench.jobs, self)
        self._known: dict[bytes, str] = {}
        self._waiting: list[Recognised] = []  # files for an image that is being opened
        self._source: FileSource | None = None
        self._shown: ByteSource | None = None  # the bytes in the hex view: as stored, or opened
        self._selecting = False
        self.empty = self._make_empty()
        self.strip = FactStrip(theme, 4)
        self.tree = DissectionView(theme)
        self.hex = HexView(theme)
        self.find_bar = FindBar(theme)
        self.map = MemoryMap(theme, Qt.Orientation.Horizontal)
        self.curve = EntropyCurve(theme)
        self.details = FieldDetails(theme)
        self.inspector = DataInspector(theme)
        self.checklist = ChecklistView(theme)
        self.contents = ContentsPanel(theme)
        self.comparison = ComparePanel(theme)
        self.error = ErrorBox(theme)
        self._lay_out()
        self._side = self._make_side()
        self._connect()

    @property
    def side(self) -> QWidget:
        """Field, checks and contents."""
        return self._side

    def takes(self, item: Recognised) -> bool:
        """Images and headers always; keys, documents and components once something is open."""
        if item.kind in (Kind.IMAGE, Kind.HEADER):
            return True
        if self.session.inspection is None and not self.session.opening:
            return False
        if not self.isVisible():  # components are the Build page's then
            return item.kind in (Kind.KEY_HASHES, Kind.PRIVATE_KEY)
        return item.kind in (
            Kind.KEY_32,
            Kind.PRIVATE_KEY,
            Kind.HOST_KEY_DOCUMENT,
            Kind.KEY_HASHES,
            *_COMPARABLE,
        )

    def would_take(self, item: Recognised) -> str:
        """Keys and hashes, once something is open."""
        useful = item.kind in (Kind.KEY_32, Kind.PRIVATE_KEY, Kind.KEY_HASHES)
        return "Open an image or a header first; then it is used with that." if useful else ""

    def take(self, item: Recognised) -> None:
        """Open it, unlock with it, or compare with it."""
        self.error.hide()
        if item.kind in (Kind.IMAGE, Kind.HEADER):
            self._waiting.clear()
            self.session.open(item.path)
        elif self.session.opening:
            # Dropped together with an image, or right behind it: meant for that, not for the one shown before.
            self._waiting.append(item)
        elif item.kind is Kind.KEY_32 and item.pasted and self._find_slot(item.path):
            self.workbench.pasted.forget(item)
        elif item.kind is Kind.KEY_32:
            self.session.unlock({"header_key": str(item.path)})
        elif item.kind is Kind.PRIVATE_KEY:
            self.session.unlock({"host_private_key": str(item.path)})
        elif item.kind in _COMPARABLE:
            self.session.expect({_COMPARABLE[item.kind]: item.path})
            self.show_side("checks")
        else:
            self._learn_machine(item)

    def actions_of_page(self) -> tuple[Action, ...]:
        """Find, go to, unlock, lock, extract, verify again."""
        return (
            self._action("find", "Find bytes…", partial(self._ask, "Hex"), "Ctrl+F", "search"),
            self._action("find-field", "Find a field…", partial(self._ask, FIELD), "Ctrl+Shift+F", "list"),
            self._action("find-next", "Next hit", lambda: self.find_bar.step(1), "F3"),
            self._action("find-previous", "Previous hit", lambda: self.find_bar.step(-1), "Shift+F3"),
            self._action("go-to", "Go to offset…", partial(self._ask, GO_TO), "Ctrl+G"),
            self._action("unlock", "Unlock with a key…", self._ask_for_key, "Ctrl+U", "lock-open"),
            Action(
                "inspect.lock",
                "Lock again",
                "Edit",
                self.session.lock,
                icon="lock",
                possible=lambda: self.session.access is not None,
                page=self.NAME,
            ),
            self._action("verify", "Verify again", self.session.verify, "F5", "refresh-cw"),
            self._action("compare", "Compare with another image…", self._ask_for_other, "Ctrl+D", "git-compare"),
            self._action("extract", "Extract components…", self._ask_for_folder, "Ctrl+E", "download"),
            self._action("commands", "Show the inspection as commands", self.show_commands, "", "terminal"),
            self._action("report", "Export report…", self.export_report, "", "save", menu="File"),
            self._action("header", "Save the header…", self._save_header, "", "save", menu="File"),
        )

    def close_page(self) -> None:
        """Let go of the file."""
        self.session.stop()
        self._shown = None
        self.hex.set_source(None)
        if self._source is not None:
            self._source.close()
            self._source = None

    def show_side(self, name: str) -> None:
        """Show "field", "checks", "contents", "compare" or "commands" at the side."""
        self._side_stack.setCurrentWidget(self._sides[name])
        for other, made in self._side_buttons.items():
            made.setChecked(other == name)

    def show_commands(self) -> None:
        """Show how the same is done in a shell."""
        from seworkbench.image.commands import Tool, review_commands  # noqa: PLC0415 - used here alone

        inspection, session = self.session.inspection, self.session
        if inspection is None:
            return
        parts = []
        for tool, said in ((Tool.SEWORKBENCH, "this program"), (Tool.PVIMG, "s390-tools")):
            made = review_commands(inspection.path, tool, access=session.access, inputs=session.inputs)
            parts.append("\n".join((f"# {said}", *(f"# {note}" for note in made.notes), made.text())))
        self.commands.show_text("\n\n".join(parts))
        self.show_side("commands")

    def export_report(self) -> None:
        """Ask where, and write the report of the verification."""
        inspection = self.session.inspection
        if inspection is None:
            return
        suggestion = Path(f"{inspection.path.stem}-report.html")
        path = ask_save(self, "Export report (.html, .pdf, .json or .md)", suggestion)
        if path is not None:
            self.error.hide()
            self.session.report(path, self._known)

    # --- what the session says

    def _show_inspection(self, inspection: Inspection) -> None:
        self.error.hide()
        self.empty.hide()
        self.area.show()
        self.numbers.show()
        self.ways_out.show()
        if self._side_stack.currentWidget() is self.commands:
            self.show_commands()
        what = "SE boot image" if inspection.is_image else "SE header"
        self.title.setText(inspection.path.name)
        state = ", unlocked" if inspection.content else ""
        self.subtitle.show_text(f"{what}, {size_text(inspection.size)}, opened read-only{state}")
        self._show_bytes(inspection)
        self.tree.show_field(inspection.tree)
        regions = [
            MapRegion(
                area.offset,
                area.length,
                area.name,
                area.protection,
                hashed=area.protection in (Protection.HASHED, Protection.ENCRYPTED_HASHED),
            )
            for area in inspection.parts()
        ]
        self.map.show_map(inspection.size, regions)
        self.checklist.show_check(None)
        self.comparison.clear()
        self.contents.show_nothing_yet(inspection)
        self._show_facts()
        self._draw_curve(inspection)
        header = _header_field(inspection)
        self._choose_field(header.children[0] if header.children else header)
        waiting, self._waiting[:] = list(self._waiting), []
        # After the session has gone on to verify, which unlocking does anew.
        for item in waiting:
            QTimer.singleShot(0, self, partial(self.take, item))

    def _show_bytes(self, inspection: Inspection) -> None:
        if self._source is not None:
            self._source.close()
        self._source = FileSource(inspection.path)
        self.details.set_source(self._source)
        self.opened.setEnabled(inspection.content is not None)
        (self.opened if inspection.content is not None else self.stored).setChecked(True)
        self._choose_bytes()
        self.hex.set_hits([])
        self.find_bar.renew()

    def _choose_bytes(self) -> None:
        """Bytes as stored, or with the opened part of the header in place of its ciphertext."""
        inspection = self.session.inspection
        if self._source is None or inspection is None:
            return
        opened = inspection.content is not None and self.opened.isChecked()
        self._shown = OverlaySource(self._source, opened_patches(inspection.tree)) if opened else self._source
        self.hex.set_source(self._shown)
        self.hex.set_regions(regions_of(inspection.tree, inspection.size, opened=opened))
        self._show_numbers(*self.hex.selection)

    def _draw_curve(self, inspection: Inspection) -> None:
        source = self._source
        if source is None:
            return
        job = self.workbench.jobs.start_light(
            "Looking at the bytes", lambda handle: byte_curve(source.read, source.size, handle)
        )

        def show(points: list[CurvePoint]) -> None:
            if source is self._source:  # else it is that of a file that is not shown any more
                self.curve.show_curve(inspection.size, points)

        job.done.connect(show)

    def _show_verification(self, check: Check, contents: dict[str, Any] | None) -> None:
        self.checklist.show_check(check)
        if self.session.inspection is not None:
            self.contents.show_contents(self.session.inspection, contents)
        self._show_facts()
        verdict = check.verdict.value
        self.workbench.say(f"{self.title.text()}: verification {verdict}.")
        if self.session.inspection is not None:
            self._remember(self.session.inspection, verdict)

    def _remember(self, inspection: Inspection, verdict: str) -> None:
        """Keep in the workspace what was found; once, however often the same is verified again."""
        from seworkbench.workspace.images import INSPECTED  # noqa: PLC0415 - loaded with the workspace, not before

        access = next(iter(self.session.access or ()), "")
        found = (inspection.path, self.session.sha256, verdict, access)
        # Pasted text has no place to come back to.
        if found == self._kept or self.workbench.pasted.holds(inspection.path):
            return
        self._kept = found
        self._trust().remember_image(
            inspection.path,
            INSPECTED,
            size=inspection.size,
            sha256=self.session.sha256,
            header_tag=inspection.header.tag.hex(),
            record={"verification": verdict, "opened_with": access.replace("_", " ")},
        )

    def _show_given_up(self) -> None:
        if self.session.inspection is not None:
            self.contents.show_contents(self.session.inspection, None)
        self._show_facts()

    def _show_facts(self) -> None:
        inspection = self.session.inspection
        if inspection is not None:
            self.strip.show_facts(facts(inspection, self.session.check, self._known, reading=self.session.reading))

    def _show_extracted(self, result: dict[str, Any]) -> None:
        folder = Path(result["files"][0]["path"]).parent
        self.workbench.say(f"Extracted {len(result['files'])} files to {folder}.")

    def _show_reported(self, result: dict[str, Any]) -> None:
        self.workbench.say(f"{result['report']} was written: verification {result['verdict']}.")

    def _show_error(self, error: SeError) -> None:
        self.error.show_error(error)
        self.workbench.report(error)
        if self.session.inspection is None:
            self.area.hide()
            self.empty.show()

    # --- one selection everywhere

    def _choose_field(self, field: Field) -> None:
        """Select a field that was found, everywhere."""
        self.tree.select_field(field)
        self._show_field(field)

    def _show_field(self, field: Field | None) -> None:
        self.details.show_field(field)
        if field is None or self._selecting:
            return
        self._selecting = True
        self.hex.select(field.offset, field.length)
        self.map.mark(field.offset)
        self.curve.mark(field.offset)
        self._selecting = False

    def _show_place(self, offset: int, _length: int) -> None:
        if self._selecting:
            return
        self._selecting = True
        field = self.tree.select_at(offset)
        self.map.mark(offset)
        self.curve.mark(offset)
        self._selecting = False
        self.details.show_field(field)

    def _show_numbers(self, offset: int, length: int) -> None:
        """What the bytes from there on are as numbers; nothing if one that would be read is secret."""
        masked = self.hex.is_masked(offset, max(length, TEXT_BYTES))
        self.inspector.show_at(self._shown, offset, length, masked=masked)

    def _go_to(self, offset: int) -> None:
        self.hex.go_to(offset)
        self._show_place(offset, 1)

    def _go_to_text(self, text: str) -> None:
        match = _OFFSET.fullmatch(text.strip())
        if match is None:
            self._show_error(SeError(f"“{text}” is not an offset.", remedy="Write 0x14000, 81920, +0x10 or -16."))
            return
        sign, number = match.groups()
        value = int(number, 16 if number.startswith("0x") else 10)
        if sign:
            here, _ = self.hex.selection
            value = here + value if sign == "+" else here - value
        if self._source is None or not 0 <= value < self._source.size:
            self._show_error(SeError(f"The offset 0x{max(value, 0):x} lies outside the file."))
            return
        self.error.hide()
        self._go_to(value)

    def _find_fields(self, text: str) -> None:
        inspection = self.session.inspection
        self.find_bar.show_fields(find_fields(inspection.tree, text) if inspection is not None else [])

    def _search(self, kind: str, text: str) -> None:
        source = self._source
        if source is None:
            return
        try:
            pattern = parse_pattern(kind.lower(), text)
        except SeError as error:
            self._show_error(error)
            return
        self.error.hide()
        job = self.workbench.jobs.start_light(
            f"Searching for {text}", lambda handle: find_all(source, pattern, handle, limit=_HIT_LIMIT)
        )
        job.done.connect(partial(self._show_hits, source))
        job.failed.connect(self._show_error)

    def _show_hits(self, source: ByteSource, hits: list[tuple[int, int]]) -> None:
        if source is self._source and not self.find_bar.isHidden():  # else nobody waits for them any more
            self.hex.set_hits(hits)
            self.find_bar.show_hits(hits, self.hex.name_at, limit=_HIT_LIMIT)

    # --- what the user asks for

    def _ask(self, kind: str) -> None:
        """Ask what to look for; in a low window, scroll to where that is asked."""
        self.find_bar.ask(kind)
        # Once the bar has its place.
        QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(self.find_bar, 0, _ABOVE))

    def _learn_machine(self, item: Recognised) -> None:
        from seworkbench.trust.host_key_document import read_host_key_document  # noqa: PLC0415 - loads cryptography

        name = "pasted" if item.pasted else item.path.name
        try:
            if item.kind is Kind.HOST_KEY_DOCUMENT:
                learnt: tuple[bytes, ...] = (read_host_key_document(item.path).phkh,)
            else:
                learnt = parse_uv_keys(read_whole(item.path, _KEY_HASH_LIMIT)).in_use
        except SeError as error:
            self._show_error(error.located(str(item.path)) if isinstance(error, FormatError) else error)
            return
        self._known.update(dict.fromkeys(learnt, name))
        self._show_facts()
        inspection = self.session.inspection
        slots = inspection.header.keyslots if inspection is not None else ()
        matching = [str(number) for number, slot in enumerate(slots, start=1) if slot.phkh in learnt]
        which = f"key slot {' and '.join(matching)} of {len(slots)}" if matching else f"none of {len(slots)} key slots"
        self.workbench.say(f"{item.name}: {which} matches.")

    def _find_slot(self, path: Path) -> bool:
        """32 pasted bytes may be the hash of a host key rather than a key: then show the slot that is made for it."""
        inspection = self.session.inspection
        if inspection is None:
            return False
        given = read_whole(path, CCK_SIZE)
        hashes = [slot.phkh for slot in inspection.header.keyslots]
        if given not in hashes:
            return False
        self._known[given] = "pasted"
        self._show_facts()
        header = _header_field(inspection)
        self._choose_field(header.find("keyslots").children[hashes.index(given)])
        self.workbench.say(f"Pasted hash: key slot {hashes.index(given) + 1} of {len(hashes)} matches.")
        return True

    def _ask_for_key(self) -> None:
        if (path := ask_open(self, "Header key (32 bytes) or private host key")) is not None:
            self.workbench.files_offered.emit([path])

    def _ask_for_other(self) -> None:
        if (path := ask_open(self, "SE image or header to compare with")) is not None:
            self.error.hide()
            self.session.compare(path)

    def _show_comparison(self, other: Path, found: dict[str, Any]) -> None:
        self.comparison.show_comparison(other, found)
        self.show_side("compare")
        self.workbench.say(f"{self.title.text()} compared with {other.name}: {found['summary']}")

    def _show_difference(self, offset: int, length: int) -> None:
        """Select bytes that differ, as far as this file has them."""
        if self._source is not None and offset < self._source.size:
            self.hex.select(offset, min(length, self._source.size - offset))

    def _ask_for_folder(self) -> None:
        if (folder := ask_folder(self, "Folder for the components", None)) is not None:
            self.error.hide()
            self.session.extract(folder)

    def _save_header(self) -> None:
        from seworkbench.files import AtomicFile  # noqa: PLC0415 - used here alone

        inspection = self.session.inspection
        if inspection is None:
            return
        if (path := ask_save(self, "Save the header", Path(f"{inspection.path.stem}.hdr"))) is not None:
            self.error.hide()
            try:
                with AtomicFile(path, replace=True) as file:
                    file.write_at(0, inspection.header.build())
            except SeError as error:
                self._show_error(error)
            else:
                self.workbench.say(f"Saved the header to {path}.")

    def _show_check(self, check_id: str) -> None:
        self.show_side("checks")
        self.checklist.select(check_id)

    def _is_open(self) -> bool:
        return self.session.inspection is not None

    def _action(
        self, name: str, text: str, run: Any, shortcut: str, icon_name: str = "", *, menu: str = "Edit"
    ) -> Action:
        return Action(f"inspect.{name}", text, menu, run, shortcut, icon_name, self._is_open, self.NAME)

    # --- layout

    def _make_empty(self) -> QWidget:
        card = Introduction(
            self.workbench.theme,
            "search",
            "What is in this image, and is it what I reviewed?",
            (_SEEN, _INSIDE),
            button("Open a file…", self._ask_for_file, primary=True),
            button("Look at a demonstration image", self.open_demonstration),
        )
        whole = QWidget()
        outer = QVBoxLayout(whole)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(card)
        outer.addStretch(1)
        return whole

    def open_demonstration(self) -> None:
        """Make an image of SIMULATED inputs and open it with its header key; nothing of it is kept."""

        def make(job: Job) -> tuple[str, str]:
            from seworkbench.demo.sample import make_sample  # noqa: PLC0415 - loads what builds images

            sample = make_sample(self.workbench.pasted.place(), job)
            return str(sample.image), str(sample.header_key)

        self.error.hide()
        job = self.workbench.jobs.start_light("Making a demonstration image", make, missed=False)
        job.done.connect(lambda made: self.session.open(Path(made[0]), {"header_key": made[1]}))
        job.failed.connect(self._show_error)

    def _ask_for_file(self) -> None:
        if (path := ask_open(self, "SE image or header")) is not None:
            self.workbench.files_offered.emit([path])

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 12)
        column.setSpacing(10)
        head = QHBoxLayout()
        self.title = label("Inspect", "title")
        self.subtitle = Elided("", "muted")
        head.addWidget(self.title)
        head.addWidget(self.subtitle, 1)
        column.addLayout(head)
        column.addWidget(self.error)
        column.addWidget(self.empty)
        self.body = CompactBody()
        body = QVBoxLayout(self.body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(10)
        body.addWidget(self.strip)
        self.middle = middle = QSplitter(Qt.Orientation.Horizontal)
        middle.setHandleWidth(8)
        middle.setChildrenCollapsible(False)
        fields = Card("Fields", "value, offset")
        fields.body.setContentsMargins(0, 0, 0, 0)
        fields.body.addWidget(self.tree)
        middle.addWidget(fields)
        middle.addWidget(self._make_bytes_card())
        middle.setStretchFactor(0, 4)
        middle.setStretchFactor(1, 6)
        middle.setSizes([312, 578])
        body.addWidget(middle, 1)
        below = Card("File map", "to scale")
        below.body.addWidget(self.map)
        below.body.addWidget(self.curve)
        body.addWidget(below)
        self.area = QScrollArea()
        self.area.setObjectName("pageScroll")
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self.body)
        self.area.hide()
        column.addWidget(self.area, 1)
        self._spring = QWidget()
        column.addWidget(self._spring)

    def _make_bytes_card(self) -> Card:
        card = Card("Bytes")
        card.body.setContentsMargins(8, 6, 8, 6)
        self.stored, self.opened = (QPushButton(text) for text in ("As stored", "Opened"))
        group = QButtonGroup(card)
        for choice in (self.stored, self.opened):
            choice.setObjectName("segment")
            choice.setCheckable(True)
            group.addButton(choice)
            card.head.insertWidget(card.head.count() - 1, choice)
        self.stored.setChecked(True)
        group.buttonClicked.connect(lambda _button: self._choose_bytes())
        self._ways = {
            "Find": button("Find", partial(self._ask, "Hex")),
            "Go to offset": button("Go to offset", partial(self._ask, GO_TO)),
        }
        for (name, made), icon_name in zip(self._ways.items(), ("search", "map"), strict=True):
            made.setIcon(icon(icon_name, self.workbench.theme))
            made.setAccessibleName(name)
            made.setToolTip(name)
            card.head.addWidget(made)
        card.body.addWidget(self.find_bar)
        card.body.addWidget(self.find_bar.list)
        card.body.addWidget(self.hex, 1)
        return card

    def _make_side(self) -> QWidget:
        side = QWidget()
        side.setObjectName("side")
        column = QVBoxLayout(side)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(10)
        row = QHBoxLayout()
        row.setSpacing(0)
        self._side_stack = QStackedWidget()
        self._side_buttons: dict[str, QPushButton] = {}
        self._sides: dict[str, QWidget] = {}
        for name, text, widget in (
            ("field", "Field", self._make_field_side()),
            ("checks", "Checks", self.checklist),
            ("contents", "Contents", self.contents),
            ("compare", "Compare", self.comparison),
        ):
            made = QPushButton(text)
            made.setObjectName("segment")
            made.setCheckable(True)
            made.setStyleSheet("padding: 3px 7px;")  # four of them, in a narrow place
            made.clicked.connect(lambda _checked=False, chosen=name: self.show_side(chosen))
            row.addWidget(made)
            self._side_buttons[name] = made
            self._sides[name] = widget if name == "checks" else _scrolled(widget)
        self.commands = CommandText(self.workbench.theme, "In a shell, with the files as they are now", tall=True)
        self._sides["commands"] = self.commands
        for widget in self._sides.values():
            self._side_stack.addWidget(widget)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._side_stack, 1)
        self.ways_out = TurningRow(
            button("Show as commands", self.show_commands), button("Export report…", self.export_report)
        )
        self.ways_out.hide()
        column.addWidget(self.ways_out)
        self.show_side("field")
        return side

    def _make_field_side(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.details)
        self.numbers = QWidget()
        below = QVBoxLayout(self.numbers)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(rule())
        below.addWidget(label("From here on, read big-endian", "heading"))
        below.addWidget(self.inspector)
        self.numbers.hide()
        column.addWidget(self.numbers)
        column.addStretch(1)
        return made

    def _connect(self) -> None:
        session = self.session
        session.inspected.connect(self._show_inspection)
        session.not_opened.connect(self._waiting.clear)
        session.verifying.connect(self.error.hide)
        session.verifying.connect(self._show_facts)
        session.given_up.connect(self._show_given_up)
        session.verified.connect(self._show_verification)
        session.reported.connect(self._show_reported)
        session.extracted.connect(self._show_extracted)
        session.listed.connect(self.contents.show_files)
        session.hashed.connect(self.contents.show_hashes)
        session.failed.connect(self._show_error)
        self.tree.field_selected.connect(self._show_field)
        self.hex.failed.connect(self._show_error)
        self.hex.selection_changed.connect(self._show_place)
        self.hex.selection_changed.connect(self._show_numbers)
        self.map.activated.connect(self._go_to)
        self.curve.activated.connect(self._go_to)
        self.strip.activated.connect(self._show_check)
        self.find_bar.search_requested.connect(self._search)
        self.find_bar.fields_requested.connect(self._find_fields)
        self.find_bar.field_selected.connect(self._choose_field)
        self.find_bar.offset_requested.connect(self._go_to_text)
        self.find_bar.hit_selected.connect(self.hex.select)
        self.find_bar.closed.connect(lambda: self.hex.set_hits([]))
        self.details.help_requested.connect(self.workbench.help_requested)
        self.checklist.help_requested.connect(self.workbench.help_requested)
        self.contents.extract_requested.connect(self._ask_for_folder)
        self.contents.unlock_requested.connect(self._ask_for_key)
        self.contents.files_requested.connect(self.session.list_files)
        self.contents.hashes_requested.connect(self.session.hash_parts)
        self.comparison.compare_requested.connect(self._ask_for_other)
        self.comparison.place_selected.connect(self._show_difference)
        session.compared.connect(self._show_comparison)
        self.workbench.theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self.curve.setFixedHeight(self.workbench.theme.pixels(64))
        self._show_facts()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Give the parts the places that there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where the page is narrow for its text, facts go in two rows and the bytes below the fields."""
        theme = self.workbench.theme
        narrow = self.width() < theme.pixels(_WIDE)
        self.strip.set_columns(2 if narrow else len(self.strip.cards))
        self.middle.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)
        self.middle.setMinimumHeight(theme.pixels(_TALL * 2 if narrow else _TALL))
        for name, made in self._ways.items():
            made.setText("" if self.width() < theme.pixels(_TIGHT) else name)


def _header_field(inspection: Inspection) -> Field:
    """The SE header in the tree; of a bare header, the tree itself."""
    return next((child for child in inspection.tree.children if child.name == "SeHeaderV1"), inspection.tree)


def _scrolled(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    return area
