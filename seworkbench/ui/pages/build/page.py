"""The page: cards on the draft, and the build itself."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTemporaryDir
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from seworkbench import __version__
from seworkbench.checks import Verdict
from seworkbench.errors import SeError
from seworkbench.files import AtomicFile
from seworkbench.image.key_files import KEY_FILES
from seworkbench.image.recipe import load_recipe, save_recipe
from seworkbench.recognise import Kind
from seworkbench.ui.actions import Action
from seworkbench.ui.activity import size_text
from seworkbench.ui.dialogs import ask_new, ask_open, ask_save
from seworkbench.ui.icons import icon
from seworkbench.ui.pages.build.commands_card import PVIMG, QEMU, CommandsCard
from seworkbench.ui.pages.build.draft import RECORD_SUFFIX, Draft
from seworkbench.ui.pages.build.host_verdicts import HostVerdicts, host_record, judged_host
from seworkbench.ui.pages.build.hosts_card import HostsCard
from seworkbench.ui.pages.build.input_cards import InputsCard
from seworkbench.ui.pages.build.keys_card import KeysCard
from seworkbench.ui.pages.build.output_bar import OutputBar
from seworkbench.ui.pages.build.protection_card import ProtectionCard
from seworkbench.ui.pages.build.rules import Way, WayOut
from seworkbench.ui.pages.build.side import BuildSide
from seworkbench.ui.pages.page import Page
from seworkbench.ui.widgets.basic import ErrorBox, button, label, link
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.introduction import Introduction
from seworkbench.ui.workbench import Weight

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from seworkbench.image.recipe import Recipe
    from seworkbench.jobs import Job
    from seworkbench.recognise import Recognised
    from seworkbench.ui.jobs import RunningJob
    from seworkbench.ui.pages.build.draft import HostEntry
    from seworkbench.ui.pages.trust.session import TrustSession
    from seworkbench.ui.workbench import Workbench

# Narrower than this, two columns of cards would break every line.
_TWO_COLUMNS = 760
# Narrower than this, in unscaled pixels too, what can be spared goes, so that nothing is cut off.
_NARROW = 430
# Beside and between the columns, the scroll bar included.
_MARGINS = 20 + 12 + 20 + 12
_DROP = (
    "Drop a kernel, a ramdisk, a command line and the host key documents of the machines anywhere into this window, "
    "in any order: content decides what each is. A recipe brings them all at once."
)


class BuildPage(Page):
    """From kernel, command line, ramdisk and host key documents to an image."""

    NAME = "build"
    HELP = "components.md"

    def __init__(self, workbench: Workbench, trust: TrustSession) -> None:
        super().__init__(workbench)
        self._trust = trust
        self.draft = Draft(workbench.jobs, workbench.pasted, self)
        self.job: RunningJob | None = None
        self._private: QTemporaryDir | None = None
        self.verdicts = HostVerdicts(trust, self.draft, self)
        self._order: Recipe | None = None
        self._used: list[dict[str, str]] = []
        self._replaces = False
        self._unrecorded: tuple[dict[str, Any], dict[str, Any]] | None = None  # what was built without a record
        self._side = BuildSide(workbench, self.draft)
        self.inputs = InputsCard(workbench, self.draft)
        self.hosts = HostsCard(workbench, self.draft, self._show_in_trust)
        self.protection = ProtectionCard(workbench, self.draft, self.follow)
        self.keys = KeysCard(workbench, self.draft)
        self.commands = CommandsCard(workbench, self.draft)
        self.output = OutputBar(workbench, self.draft, self.build)
        self.error = ErrorBox(workbench.theme)
        self.note = label("", "muted", wrap=True)
        self._lay_out()
        self._side.result.record_asked.connect(self._save_record)
        self._side.result.start_asked.connect(partial(self._show_commands, QEMU))
        self._side.result.commands_asked.connect(partial(self._show_commands, PVIMG))
        workbench.theme.changed.connect(lambda: self._fit(self.width()))
        self.draft.changed.connect(self.refresh)
        self.draft.refused.connect(self._fail)
        self.refresh()

    @property
    def side(self) -> BuildSide:
        """Map of the image to be, and the result."""
        return self._side

    def actions_of_page(self) -> tuple[Action, ...]:
        """Commands of this page."""
        return (
            Action(
                "build.build",
                "Build image",
                "File",
                self.build,
                "Ctrl+Return",
                "package",
                self.output.possible,
                self.NAME,
            ),
            Action("build.add", "Add files to build from…", "File", self.inputs.add_files, "", "plus", page=self.NAME),
            Action("build.open-recipe", "Open recipe…", "File", self.open_recipe, "", "folder-open", page=self.NAME),
            Action("build.save-recipe", "Save recipe…", "File", self.save_recipe, "Ctrl+S", "save", page=self.NAME),
            Action("build.clear", "Clear the page", "Edit", self.clear, "", "trash-2", page=self.NAME),
        )

    def takes(self, item: Recognised) -> bool:
        """Inputs, host key documents and keys."""
        return item.kind in self._ways()

    def take(self, item: Recognised) -> None:
        """Put a file where it belongs."""
        if item.pasted and item.kind is Kind.COMMAND_LINE:
            # As if it was typed: its file is private and will not be there when a recipe names it.
            self.draft.type_line(item.path.read_text("utf-8").rstrip("\0"))
            self.workbench.pasted.forget(item)
        else:
            self._ways()[item.kind](item.path)

    def close_page(self) -> None:
        """Leave nothing behind."""
        self.verdicts.close()
        self._forget_typed_line()

    # What the user asks for

    def follow(self, way: WayOut) -> None:
        """Follow a link out of a conflict."""
        if way.way is Way.LOAD_CCK:
            self.keys.load("cck")
        else:
            self.draft.take_way_out(way)

    def load_demonstration(self) -> None:
        """Put SIMULATED inputs in, and the host key document of the simulated machine if there is one."""

        def make(_job: Job) -> dict[Kind, Path]:
            from seworkbench.demo.inputs import DemoInputs  # noqa: PLC0415 - seldom needed

            inputs = DemoInputs.inside(self.workbench.pasted.place())
            inputs.write()
            return {
                Kind.KERNEL: inputs.kernel,
                Kind.RAMDISK: inputs.ramdisk,
                Kind.COMMAND_LINE: inputs.command_line,
            }

        def done(files: dict[Kind, Path]) -> None:
            machine = self.workbench.machine.folder
            for kind, path in (files | ({Kind.HOST_KEY_DOCUMENT: machine.document_path} if machine else {})).items():
                self._ways()[kind](path)

        job = self.workbench.jobs.start_light("Making demonstration files", make, missed=False)
        job.done.connect(done)
        job.failed.connect(self.error.show_error)

    def clear(self) -> None:
        """Start anew; a build that runs goes on."""
        self.error.hide()
        self.note.hide()
        self._side.forget_result()
        self._built.hide()
        self.draft.clear()

    def open_recipe(self) -> None:
        """Ask for a recipe and open it."""
        path = ask_open(self, "Open recipe")
        if path is None:
            return
        self._load_recipe(path)

    def _load_recipe(self, path: Path) -> None:
        self.error.hide()
        job = self.workbench.jobs.start_light(f"Reading {path.name}", lambda _job: load_recipe(path))
        job.done.connect(self.draft.open_recipe)
        job.failed.connect(self._fail)

    def save_recipe(self) -> None:
        """Ask where, and save the recipe."""
        output = self.draft.output
        suggestion = output.with_name(f"{output.name}.recipe.json") if output and output.name else None
        path = ask_save(self, "Save recipe", suggestion)
        if path is None:
            return
        self.error.hide()
        try:
            save_recipe(self.draft.lasting_recipe(), path)
        except SeError as error:
            self._fail(error)
        else:
            self.workbench.say(f"The recipe was saved to {path}.")

    def build(self) -> None:
        """Build the image."""
        if not self.output.possible():
            return
        self.error.hide()
        self.note.hide()
        recipe = self.draft.recipe()
        try:
            arguments = self._arguments(recipe)
        except SeError as error:
            self._fail(error)
            return
        # What was asked for now; the page may be changed while it is built.
        self._order, self._replaces = recipe, self.draft.overwrite
        self._used = [host_record(host) for host in self.draft.hosts]
        name = recipe.output.name if recipe.output else ""
        job = self.workbench.jobs.start(f"Building {name}", "build", arguments)
        self.job = job
        job.done.connect(self._built_it)
        job.failed.connect(self._failed)
        job.stopped.connect(self._stopped)
        self.output.set_building(building=True)
        self.refresh()

    def refresh(self) -> None:
        """Show the head of the page."""
        draft = self.draft
        self._intro.setVisible(draft.empty)
        self._title.show_text(draft.output.name if draft.output and draft.output.name else "New image")
        plan = draft.plan()
        state = "being built" if self.job else "new image"
        self._subtitle.setText(f"{state}, {size_text(plan.file_size)}" if plan else "" if draft.empty else state)

    # How the build goes

    def _arguments(self, recipe: Recipe) -> dict[str, Any]:
        line = recipe.command_line
        if recipe.command_line_text is not None:
            line = self._typed_line(recipe.command_line_text)
        return {
            "order": {
                "kernel": str(recipe.kernel),
                "ramdisk": str(recipe.ramdisk) if recipe.ramdisk else None,
                "command_line": str(line) if line else None,
                "recipients": [str(host.given.path) for host in self.draft.hosts],
                "output": str(recipe.output),
                "overwrite": self.draft.overwrite,
                "pcf": recipe.pcf,
                "scf": recipe.scf,
                "save_keys": str(recipe.save_keys) if recipe.save_keys else None,
                "hash_files": True,
            },
            "keys": {name: str(recipe.keys[name]) if name in recipe.keys else None for name in KEY_FILES},
        }

    def _typed_line(self, text: str) -> Path:
        """A typed command line reaches the worker as a file that only this user can read."""
        self._forget_typed_line()
        self._private = QTemporaryDir()
        if not self._private.isValid():
            raise SeError("There is no place for a temporary file.", remedy="Free some space, or set TMPDIR.")
        path = Path(self._private.path()) / "typed-command-line"
        with AtomicFile(path) as file:
            file.write_at(0, text.encode())
        return path

    def _forget_typed_line(self) -> None:
        if self._private is not None:
            self._private.remove()
            self._private = None

    def _ended(self) -> None:
        self.job = None
        self._forget_typed_line()
        self.output.set_building(building=False)
        self.draft.changed.emit()

    def _built_it(self, result: dict[str, Any]) -> None:
        order, self._order = self._order, None
        built, verification = result["built"], result["verification"]
        record = ""
        if order is not None:
            hosts = zip(built["hosts"], self._used, strict=True)
            built = {**built, "hosts": [{**host, **judged_host(host, used)} for host, used in hosts]}
            path = Path(built["image"]["path"])
            path = path.with_name(path.name + RECORD_SUFFIX)
            self._unrecorded = (built, verification)
            if self._write_record(path, replace=self._replaces):
                record = str(path)
            self._trust.image_built(built, verification, record, self._used)
        self._ended()
        self.draft.set_built(Path(built["image"]["path"]))
        self._side.show_result(built, verification, record)
        self._show_built(built, verification)

    def _write_record(self, path: Path, *, replace: bool) -> bool:
        """The build record: what went in and came out, why documents were used unverified, and the verification."""
        if self._unrecorded is None:
            return False
        built, verification = self._unrecorded
        content = {"program": f"SE Workbench {__version__}", **built, "verification": verification}
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        try:
            with AtomicFile(path, replace=replace) as file:
                file.write_at(0, text.encode("utf-8", "backslashreplace"))
        except SeError as error:
            self._fail(error)
            return False
        self._unrecorded = None
        return True

    def _save_record(self) -> None:
        """Save elsewhere the record that could not be saved beside the image."""
        if self._unrecorded is None:
            return
        built, verification = self._unrecorded
        path = ask_new(self, "Save the build record", Path(f"{built['image']['path']}{RECORD_SUFFIX}"))
        if path is not None:
            self.error.hide()
            if self._write_record(path, replace=False):
                self._side.show_result(built, verification, str(path))
                self.workbench.say(f"The build record was saved to {path}.")

    def _show_in_trust(self, entry: HostEntry) -> None:
        if (facts := entry.given.facts) is not None:
            self._trust.show(facts.certificate.fingerprint, entry.given.path)
            self.workbench.page_requested.emit("trust")

    def _failed(self, error: SeError) -> None:
        self._ended()
        self._fail(error)

    def _stopped(self) -> None:
        self._ended()
        self.note.setText("Stopped. Nothing was written.")
        self.note.show()

    def _fail(self, error: SeError) -> None:
        self.error.show_error(error)
        self.area.verticalScrollBar().setValue(0)
        self.workbench.report(error)

    def _show_built(self, built: dict[str, Any], verification: dict[str, Any]) -> None:
        name = Path(built["image"]["path"]).name
        verdict = Verdict(verification["verdict"])
        self._built_text.setText(f"{name} was built and read back: {verdict.value}.")
        self._built.show()
        weight = Weight.NOTE if verdict is Verdict.PASSED else Weight.WARNING
        self.workbench.say(f"{name} was built and verified: {verdict.value}.", weight)

    def _show_commands(self, kind: str) -> None:
        self.commands.show_kind(kind)
        self.area.ensureWidgetVisible(self.commands)
        self.commands.text.setFocus()

    def _inspect(self) -> None:
        self._side.result.inspect()

    def _ways(self) -> dict[Kind, Any]:
        draft = self.draft
        return {
            Kind.KERNEL: draft.set_kernel,
            Kind.RAMDISK: draft.set_ramdisk,
            Kind.COMMAND_LINE: draft.load_line,
            Kind.HOST_KEY_DOCUMENT: draft.add_host,
            Kind.KEY_32: draft.offer_key,
            Kind.KEY_64: partial(draft.load_key, "image"),
            Kind.RECIPE: self._load_recipe,
        }

    # How it looks

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """One column of cards where two have no room."""
        super().resizeEvent(event)
        self._fit(event.size().width())

    def _fit(self, width: int) -> None:
        needed = 2 * max(half.minimumSizeHint().width() for half in self._halves) + _MARGINS
        wide = width >= max(needed, round(_TWO_COLUMNS * self.workbench.theme.zoom))
        self._columns.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._subtitle.setVisible(wide)
        narrow = width < self.workbench.theme.pixels(_NARROW)
        self.commands.set_room(wide=wide, narrow=narrow)
        for part in (self.keys, self.output):
            part.set_narrow(narrow=narrow)
        self.protection.detail.setVisible(not narrow)
        for made, text in self._head_buttons.items():
            made.setText("" if narrow else text)
        self._built_row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(self._make_head())
        self.area = QScrollArea()
        self.area.setObjectName("pageScroll")
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(20, 4, 20, 8)
        column.setSpacing(12)
        self._built = self._make_built()
        self._intro = self._make_intro()
        self.note.hide()
        for widget in (self.error, self.note, self._built, self._intro):
            column.addWidget(widget)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(12)
        self._halves: list[QWidget] = []
        for cards in ((self.inputs, self.hosts), (self.protection, self.keys)):
            holder = QWidget()
            # Both halves have the same width, whatever is in them.
            holder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self._halves.append(holder)
            half = QVBoxLayout(holder)
            half.setContentsMargins(0, 0, 0, 0)
            half.setSpacing(12)
            for card in cards:
                half.addWidget(card)
            half.addStretch(1)
            self._columns.addWidget(holder, 1)
        column.addLayout(self._columns)
        column.addWidget(self.commands)
        column.addStretch(1)
        self.area.setWidget(content)
        outer.addWidget(self.area, 1)
        outer.addWidget(self.output)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(20, 14, 20, 8)
        head.setSpacing(10)
        self._title = Elided("", "title")
        head.addWidget(self._title)
        self._subtitle = label("", "muted")
        head.addWidget(self._subtitle)
        head.addStretch(1)
        self._head_buttons: dict[QPushButton, str] = {}
        for text, run, name in (
            ("Open recipe…", self.open_recipe, "folder-open"),
            ("Save recipe…", self.save_recipe, "save"),
            ("Clear", self.clear, "trash-2"),
        ):
            made = button(text, run)
            made.setIcon(icon(name, self.workbench.theme))
            made.setToolTip(text)
            made.setAccessibleName(text)
            head.addWidget(made)
            self._head_buttons[made] = text
        return head

    def _make_built(self) -> QFrame:
        made = QFrame()
        made.setObjectName("card")
        self._built_row = row = QBoxLayout(QBoxLayout.Direction.LeftToRight, made)
        row.setContentsMargins(14, 8, 14, 8)
        self._built_text = label("", wrap=True)
        row.addWidget(self._built_text, 1)
        links = QHBoxLayout()
        links.addWidget(link("Open in Inspect", self._inspect))
        links.addWidget(link("How to start it", partial(self._show_commands, QEMU)))
        links.addWidget(link("Dismiss", made.hide))
        links.addStretch(1)
        row.addLayout(links)
        made.hide()
        return made

    def _make_intro(self) -> Introduction:
        return Introduction(
            self.workbench.theme,
            "package",
            "Build an encrypted image that only the machines you name can start.",
            (_DROP,),
            button("Add files…", self.inputs.add_files),
            button("Try it with demonstration files", self.load_demonstration),
        )
