"""The image to be, as far as it is decided: one object that all cards show and change."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal

from seworkbench.checks import Verdict
from seworkbench.errors import SeError
from seworkbench.formats.components import ComponentKind
from seworkbench.formats.flags import DEFAULT_PCF, PCF, SCF
from seworkbench.formats.se_header import MAX_KEY_SLOTS
from seworkbench.image.key_files import KEY_FILES
from seworkbench.image.preflight import flag_checks
from seworkbench.image.recipe import Host, Recipe
from seworkbench.resources import resource
from seworkbench.ui.pages.build import inputs
from seworkbench.ui.pages.build.inputs import (
    CommandLineFile,
    DocumentFile,
    KernelFile,
    KeyFile,
    RamdiskFile,
    judge_command_line,
)
from seworkbench.ui.pages.build.rules import ENCRYPTION, SWITCHES, Switch, Way, WayOut, exists

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seworkbench.checks import Check
    from seworkbench.image.plan import ImagePlan
    from seworkbench.trust.judgement import HostKeyJudgement
    from seworkbench.ui.jobs import Jobs, RunningJob
    from seworkbench.ui.pasted import PastedFiles

T = TypeVar("T")
RECORD_SUFFIX = ".build.json"
_DEFAULT_NAME = "guest.img"


@dataclass
class Given(Generic[T]):
    """A file that was given, and what is known about it so far.

    Args:
        path: the file.
        facts: what was read; None while it is being read.
        error: why it could not be read.
    """

    path: Path
    facts: T | None = None
    error: SeError | None = None

    @property
    def reading(self) -> bool:
        """Whether it is still being read."""
        return self.facts is None and self.error is None


@dataclass
class HostEntry:
    """A machine: its document, the verdict on it, and why it is used if that is not passed.

    Args:
        given: the document.
        reason: why it is used all the same.
        private: whether its file is one of this window's own, made of what was pasted or stood in a recipe.
        judged: the verdict, once there is one.
    """

    given: Given[DocumentFile]
    reason: str = ""
    private: bool = False
    judged: HostKeyJudgement | None = None

    @property
    def title(self) -> str:
        """How it is called."""
        return "Pasted certificate" if self.private else self.given.path.name

    @property
    def verdict(self) -> Verdict:
        """What is known about whose key it is."""
        return self.judged.verdict if self.judged else Verdict.NOT_CHECKED

    @property
    def needs_reason(self) -> bool:
        """Whether a reason has to be written before it may be used."""
        return self.verdict is not Verdict.PASSED


class Draft(QObject):
    """The image to be.

    Args:
        jobs: reads files on threads.
        pasted: the window's own files, which go when it closes.
    """

    changed = Signal()
    replaced = Signal()  # all of it is new: a recipe was opened, or it was cleared
    refused = Signal(object)  # SeError: a dropped file could not be taken

    def __init__(self, jobs: Jobs, pasted: PastedFiles, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._pasted = pasted
        self._reset()

    def _reset(self) -> None:
        self.kernel: Given[KernelFile] | None = None
        self.ramdisk: Given[RamdiskFile] | None = None
        # The bytes as they are; the file is named as long as they are its content.
        self.line: bytes | None = None
        self.line_file: Path | None = None
        self.line_job: RunningJob | None = None
        self.hosts: list[HostEntry] = []
        self.pcf = DEFAULT_PCF
        self.scf = 0
        self.keys: dict[str, Given[KeyFile]] = {}
        self.loose_keys: list[Path] = []
        self.save_keys = True
        self.keys_folder: Path | None = None
        self.output: Path | None = None
        self.overwrite = False
        # What was built last: its files are there because of that.
        self.built: Path | None = None

    # What is in it

    @property
    def empty(self) -> bool:
        """Whether nothing was given yet."""
        return self.kernel is None and self.ramdisk is None and self.line is None and not self.hosts

    @property
    def kernel_facts(self) -> KernelFile | None:
        """What is known about the kernel."""
        return self.kernel.facts if self.kernel else None

    def line_checks(self) -> tuple[Check, ...]:
        """The checks of the command line."""
        if self.line is None:
            return ()
        known = self.kernel_facts
        return judge_command_line(self.line, known.facts if known else None)

    def checks(self) -> list[Check]:
        """All checks of what goes in."""
        found: list[Check] = []
        for given in (self.kernel, self.ramdisk):
            if given is not None and given.facts is not None:
                found += given.facts.checks
        return [*found, *self.line_checks(), *flag_checks(self.pcf, self.scf)]

    def is_on(self, switch: Switch) -> bool:
        """Whether a switch is on."""
        return switch.is_on(self.pcf, self.scf)

    def key_title(self, name: str) -> str:
        """How a key is called."""
        return KEY_FILES[name].title

    def key_folder(self) -> Path | None:
        """Where generated keys go; None if they are not saved or it is not known yet."""
        if not self.save_keys:
            return None
        return self.keys_folder or (self.output.parent if self.output else None)

    def key_files(self) -> dict[str, Path]:
        """The key files that the build will write, by name of the key."""
        folder = self.key_folder()
        if folder is None or self.output is None:
            return {}
        wanted = [name for name in KEY_FILES if name not in self.keys and (name != "image" or self.is_on(ENCRYPTION))]
        return {name: folder / (self.output.name + KEY_FILES[name].suffix) for name in wanted}

    @property
    def record(self) -> Path | None:
        """Where the build record goes: beside the image."""
        return self.output.with_name(self.output.name + RECORD_SUFFIX) if self.output and self.output.name else None

    def taken(self) -> list[Path]:
        """The files that the build would replace."""
        return [path for path in (self.output, self.record) if path is not None and exists(path)]

    def taken_keys(self) -> dict[str, Path]:
        """Key files that the build would write and that are there already."""
        if self.is_built:
            return {}
        return {name: path for name, path in self.key_files().items() if exists(path)}

    @property
    def is_built(self) -> bool:
        """Whether the image was built just now, and is not to be built again."""
        return self.built is not None and self.built == self.output and not self.overwrite

    def plan(self) -> ImagePlan | None:
        """Where everything will lie; None while too little is known."""
        kernel = self.kernel_facts
        if kernel is None:
            return None
        # Loaded by now: whoever read the kernel did that on its thread.
        from seworkbench.image.plan import plan_image  # noqa: PLC0415

        sizes = [(ComponentKind.KERNEL, kernel.size)]
        if self.ramdisk is not None and self.ramdisk.facts is not None:
            sizes.append((ComponentKind.RAMDISK, self.ramdisk.facts.size))
        if self.line is not None:
            sizes.append((ComponentKind.COMMAND_LINE, len(self.line) + (not self.line.endswith(b"\0"))))
        loaders = resource("boot")
        sizes.append((ComponentKind.STAGE3B, (loaders / "stage3b_reloc.bin").stat().st_size))
        slots = min(max(len(self.hosts), 1), MAX_KEY_SLOTS)
        return plan_image((loaders / "stage3a.bin").stat().st_size, slots, sizes)

    def recipe(self) -> Recipe:
        """One plain description of it; a document without a lasting file stands in it itself, once it is read."""
        typed = self.line is not None and self.line_file is None
        return Recipe(
            kernel=self.kernel.path if self.kernel else None,
            ramdisk=self.ramdisk.path if self.ramdisk else None,
            command_line=self.line_file,
            command_line_text=(self.line or b"").decode("utf-8", "replace") if typed else None,
            hosts=tuple(_recipe_host(entry) for entry in self.hosts),
            pcf=self.pcf,
            scf=self.scf,
            keys={name: key.path for name, key in self.keys.items()},
            save_keys=self.key_folder(),
            output=self.output,
        )

    def lasting_recipe(self) -> Recipe:
        """The recipe, if it will still be of use when the window is closed.

        Raises:
            SeError: if a file that it names goes then.
        """
        recipe = self.recipe()
        named = {"kernel": recipe.kernel, "ramdisk": recipe.ramdisk, "command line": recipe.command_line}
        named |= {KEY_FILES[name].title.lower(): path for name, path in recipe.keys.items()}
        named |= {f"host key document {number}": host.document for number, host in enumerate(recipe.hosts, start=1)}
        for what, path in named.items():
            if path is not None and self._pasted.holds(path):
                raise SeError(
                    f"The {what} was pasted: it is in no file that stays, so no recipe can name it.",
                    remedy="Save it to a file, and give that instead.",
                )
        return recipe

    # What changes it

    def clear(self) -> None:
        """Start anew."""
        self._reset()
        self.replaced.emit()
        self.changed.emit()

    def open_recipe(self, recipe: Recipe) -> None:
        """Become what a recipe describes; its files are read again."""
        self._reset()
        self.pcf, self.scf = recipe.pcf, recipe.scf
        self.output = recipe.output
        self.save_keys = recipe.save_keys is not None or recipe.output is None
        beside = recipe.output is not None and recipe.save_keys == recipe.output.parent
        self.keys_folder = None if beside else recipe.save_keys
        if recipe.command_line_text is not None:
            self.line = recipe.command_line_text.encode()
        self.replaced.emit()
        if recipe.kernel:
            self.set_kernel(recipe.kernel)
        if recipe.ramdisk:
            self.set_ramdisk(recipe.ramdisk)
        if recipe.command_line:
            self.load_line(recipe.command_line)
        for host in recipe.hosts:
            try:
                document = host.document or self._pasted.keep(host.certificate.encode())
            except SeError as error:
                self.refused.emit(error)
                continue
            self.add_host(document, host.reason)
        for name, path in recipe.keys.items():
            self.load_key(name, path)
        self.changed.emit()

    def set_kernel(self, path: Path | None) -> None:
        """Use a kernel, or none."""
        self.kernel = self._given(path, inputs.read_kernel)
        self._suggest_output(path)
        self.changed.emit()

    def set_ramdisk(self, path: Path | None) -> None:
        """Use a ramdisk, or none."""
        self.ramdisk = self._given(path, inputs.read_ramdisk)
        self._suggest_output(path)
        self.changed.emit()

    def load_line(self, path: Path) -> None:
        """Use the command line in a file; a recipe is opened instead."""
        job = self._jobs.start_light(f"Reading {path.name}", lambda _job: inputs.read_command_line(path), missed=False)
        self.line_job = job
        job.done.connect(lambda found: self._take_line(job, found))
        job.failed.connect(lambda error: self._refuse_line(job, error))
        self.changed.emit()

    def _refuse_line(self, job: RunningJob, error: SeError) -> None:
        if self.line_job is job:
            self.line_job = None
        self.refused.emit(error)
        self.changed.emit()

    def _take_line(self, job: RunningJob, found: CommandLineFile | Recipe) -> None:
        # A second file, or a recipe, may have been given while this one was read.
        if self.line_job is not job:
            return
        self.line_job = None
        if isinstance(found, Recipe):
            self.open_recipe(found)
            return
        self.line, self.line_file = found.content, found.path
        self._suggest_output(found.path)
        self.changed.emit()

    def type_line(self, text: str) -> None:
        """The command line was typed; an empty one is none."""
        self.line_job = None
        self.line = text.replace("\0", "").encode("utf-8", "replace") or None
        self.line_file = None
        self.changed.emit()

    def remove_line(self) -> None:
        """Use no command line."""
        self.line_job = None
        self.line = self.line_file = None
        self.changed.emit()

    def mend_line(self) -> None:
        """Take out what does not belong at the end of a command line: line breaks, and all from an inner NUL on."""
        if self.line is not None:
            self.line = b" ".join(part for part in self.line.split(b"\0", 1)[0].splitlines() if part.strip()) or None
            self.line_file = None
            self.changed.emit()

    def add_host(self, path: Path, reason: str = "") -> None:
        """Add a machine; a document that is there already is not added again."""
        if any(entry.given.path == path for entry in self.hosts):
            return
        given = self._given(path, inputs.read_document)
        assert given is not None  # noqa: S101 - there is a path
        self.hosts.append(HostEntry(given, reason, self._pasted.holds(path)))
        self.changed.emit()

    def remove_host(self, entry: HostEntry) -> None:
        """Remove a machine."""
        if entry in self.hosts:
            self.hosts.remove(entry)
            self.changed.emit()

    def set_verdicts(self, verdicts: Mapping[str, HostKeyJudgement]) -> None:
        """Take what the workspace says about host keys, by fingerprint of the document."""
        changed = False
        for entry in self.hosts:
            facts = entry.given.facts
            judged = verdicts.get(facts.certificate.fingerprint) if facts is not None else None
            if judged is not None and judged is not entry.judged:
                entry.judged = judged
                changed = True
        if changed:
            self.changed.emit()

    def set_reason(self, entry: HostEntry, reason: str) -> None:
        """Say why a document is used unverified."""
        entry.reason = reason
        self.changed.emit()

    def share_reason(self, entry: HostEntry) -> None:
        """Use one reason for all machines that have none yet."""
        for other in self.hosts:
            other.reason = other.reason.strip() or entry.reason
        self.replaced.emit()
        self.changed.emit()

    def turn(self, switch: Switch, *, on: bool) -> None:
        """Turn a switch."""
        if self.is_on(switch) != on:
            if switch.secret:
                self.scf ^= switch.mask
            elif on != switch.inverted:
                self.pcf |= switch.mask
            else:
                self.pcf &= ~switch.mask
        self.changed.emit()

    def take_way_out(self, out: WayOut) -> None:
        """Follow a link out of a conflict; loading a key needs a file and is left to the page."""
        if out.switch is not None:
            self.turn(out.switch, on=out.way is Way.TURN_ON)
        elif out.way is Way.SAVE_KEYS:
            self.set_save_keys(on=True)
        elif out.way is Way.GENERATE_IMAGE_KEY:
            self.generate_key("image")

    def load_key(self, name: str, path: Path) -> None:
        """Use the key in a file."""
        key = self._given(path, lambda chosen: inputs.read_key(chosen, name))
        assert key is not None  # noqa: S101 - there is a path
        self.keys[name] = key
        self.loose_keys = [other for other in self.loose_keys if other != path]
        self.changed.emit()

    def generate_key(self, name: str) -> None:
        """Have a key made by the build."""
        self.keys.pop(name, None)
        self.changed.emit()

    def offer_key(self, path: Path) -> None:
        """A key file was dropped that may be one of two keys: ask."""
        if path not in self.loose_keys:
            self.loose_keys.append(path)
        self.changed.emit()

    def drop_key(self, path: Path) -> None:
        """Do not use a key file that was dropped."""
        self.loose_keys = [other for other in self.loose_keys if other != path]
        self.changed.emit()

    def reuse_keys(self) -> None:
        """Use the key files that are there instead of new keys."""
        for name, path in self.taken_keys().items():
            self.load_key(name, path)

    def set_built(self, path: Path) -> None:
        """The image was built."""
        self.built = path
        self.overwrite = False
        self.changed.emit()

    def set_save_keys(self, *, on: bool) -> None:
        """Whether generated keys are saved."""
        self.save_keys = on
        self.changed.emit()

    def set_keys_folder(self, folder: Path | None) -> None:
        """Where generated keys are saved; None for beside the image."""
        self.keys_folder = folder
        self.changed.emit()

    def set_output(self, path: Path | None) -> None:
        """Where the image is saved."""
        if path != self.output:
            self.output = path
            self.overwrite = False
        self.changed.emit()

    def set_overwrite(self, *, on: bool) -> None:
        """Whether existing files may be replaced."""
        self.overwrite = on
        self.changed.emit()

    # How it is read

    def _given(self, path: Path | None, read: Callable[[Path], T]) -> Given[T] | None:
        if path is None:
            return None
        given: Given[T] = Given(path)

        def take(facts: Any) -> None:
            given.facts = facts
            self.changed.emit()

        def refuse(error: SeError) -> None:
            given.error = error
            self.changed.emit()

        job = self._jobs.start_light(f"Reading {path.name}", lambda _job: read(path), missed=False)
        job.done.connect(take)
        job.failed.connect(refuse)
        return given

    def _suggest_output(self, path: Path | None) -> None:
        """Beside the first file, if one may write there."""
        if self.output is None and path is not None:
            folder = path.absolute().parent
            self.output = (folder if os.access(folder, os.W_OK) else Path.home()) / _DEFAULT_NAME


def _recipe_host(entry: HostEntry) -> Host:
    facts = entry.given.facts
    if entry.private and facts is not None:
        return Host(None, entry.reason.strip(), facts.pem)
    return Host(entry.given.path, entry.reason.strip())


def switches_on(draft: Draft) -> tuple[int, int]:
    """How many switches are on, and how many differ from the default."""
    on = [draft.is_on(switch) for switch in SWITCHES]
    differ = sum(now != switch.is_default for now, switch in zip(on, SWITCHES, strict=True))
    return sum(on), differ


def odd_flags(draft: Draft) -> int:
    """Number of flags without a name that a recipe switched on."""
    return PCF.unknown_in(draft.pcf).bit_count() + SCF.unknown_in(draft.scf).bit_count()
