"""An open file and the jobs about it: looking, verifying, unlocking, extracting, comparing, searching.

The page shows what comes out; nothing of the field is decided here or there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from seworkbench.checks import Check
from seworkbench.image.inspection import Inspection, inspect_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtCore import SignalInstance

    from seworkbench.errors import SeError
    from seworkbench.formats.components import ComponentKind
    from seworkbench.jobs import Job
    from seworkbench.ui.jobs import Jobs, RunningJob


class InspectSession(QObject):
    """One file under inspection.

    Args:
        jobs: runs the jobs.
    """

    inspected = Signal(object)  # Inspection
    not_opened = Signal()  # opening was cancelled or failed
    verifying = Signal()
    given_up = Signal()  # the verification was cancelled or failed
    verified = Signal(object, object)  # Check, contents as JSON or None
    reported = Signal(object)  # result of the task "report"
    extracted = Signal(object)  # result of the task "extract"
    listed = Signal(object)  # result of the task "list_files"
    hashed = Signal(object)  # result of the task "hash_parts"
    compared = Signal(object, object)  # Path, result of the task "compare"
    failed = Signal(object)  # SeError

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._verification: RunningJob | None = None
        self._wish = 0
        self.opening = False  # a file was asked for and is not there yet
        self.path: Path | None = None
        self.access: dict[str, str] | None = None
        self.inspection: Inspection | None = None
        self.check: Check | None = None
        self.contents: dict[str, Any] | None = None
        self.sha256 = ""  # of the bytes that were verified
        self.inputs: dict[ComponentKind, Path] = {}  # files that are expected inside

    def open(self, path: Path, access: dict[str, str] | None = None) -> None:
        """Look at a file; with `access` (names and paths as access_from_files takes them) also into it."""
        self._wish += 1
        wish = self._wish
        self.opening = True
        job = self._jobs.start_light(f"Opening {path.name}", lambda handle: _look(path, access, handle), missed=False)
        job.done.connect(lambda inspection: self._opened(wish, inspection, access))
        job.failed.connect(lambda error: self._not_opened(wish, error))
        job.stopped.connect(lambda: self._not_opened(wish))

    def unlock(self, access: dict[str, str]) -> None:
        """Open the header of the file with a key; a key that does not fit changes nothing."""
        if self.path is not None:
            self.open(self.path, access)

    def lock(self) -> None:
        """Forget the key and what it showed."""
        if self.path is not None:
            self.open(self.path)

    def expect(self, inputs: Mapping[ComponentKind, Path]) -> None:
        """Also check whether these components are these files, now and whenever the same file is verified again."""
        self.inputs = {**self.inputs, **inputs}
        self.verify()

    def verify(self) -> None:
        """Check everything, and whether the components are the files that were given for them."""
        if self.inspection is None:
            return
        self.stop()
        arguments = {**self._question(self.inspection), "hash_file": True}
        job = self._jobs.start(f"Verifying {self.inspection.path.name}", "verify", arguments)
        self._verification = job
        job.done.connect(lambda result: self._has_verified(job, result))
        job.failed.connect(lambda error: self._give_up(job, error))
        job.stopped.connect(lambda: self._give_up(job))
        self.verifying.emit()

    def report(self, target: Path, known_hosts: Mapping[bytes, str]) -> None:
        """Verify once more, and write a report of that.

        Args:
            target: the report; one that is there is replaced.
            known_hosts: names of machines by the hash of their host key.
        """
        if self.inspection is None:
            return
        names = {phkh.hex(): name for phkh, name in known_hosts.items()}
        arguments = {**self._question(self.inspection), "target": str(target), "known_hosts": names}
        job = self._jobs.start(f"Writing {target.name}", "report", arguments)
        job.done.connect(self.reported)
        job.failed.connect(self.failed)

    def _question(self, inspection: Inspection) -> dict[str, Any]:
        """What is verified, for the worker."""
        expected = {kind.name: str(path) for kind, path in self.inputs.items()}
        return {"image": str(inspection.path), "access": self.access, "inputs": expected}

    def extract(self, folder: Path, *, overwrite: bool = False) -> None:
        """Write the components to a folder."""
        if self.inspection is None:
            return
        arguments = {
            "image": str(self.inspection.path),
            "folder": str(folder),
            "access": self.access,
            "overwrite": overwrite,
        }
        job = self._jobs.start(f"Extracting {self.inspection.path.name}", "extract", arguments)
        job.done.connect(self.extracted)
        job.failed.connect(self.failed)

    def list_files(self) -> None:
        """List the files in the ramdisk."""
        self._ask_inside("Listing the ramdisk", "list_files", self.listed)

    def hash_parts(self) -> None:
        """Compute SHA-256 of each component."""
        self._ask_inside("Hashing the components", "hash_parts", self.hashed)

    def _ask_inside(self, title: str, task: str, answered: SignalInstance) -> None:
        if self.inspection is None:
            return
        asked = self.inspection
        job = self._jobs.start(title, task, {"image": str(asked.path), "access": self.access})

        def done(result: dict[str, Any]) -> None:
            if self.inspection is asked:  # else another file is open by now, or this one is locked again
                answered.emit(result)

        job.done.connect(done)
        job.failed.connect(self.failed)

    def compare(self, other: Path) -> None:
        """Compare the file with another one; what is inside too, if the key that is in use opens both."""
        if self.inspection is not None:
            self._compare(self.inspection.path, other, self.access, self.access)

    def _compare(
        self, path: Path, other: Path, access: dict[str, str] | None, other_access: dict[str, str] | None
    ) -> None:
        arguments = {"left": str(path), "right": str(other), "left_access": access, "right_access": other_access}
        job = self._jobs.start(f"Comparing with {other.name}", "compare", arguments)

        def done(result: dict[str, Any]) -> None:
            if self.path == path:  # else another file is open by now
                self.compared.emit(other, result)

        def failed(error: SeError) -> None:
            if other_access is not None:
                # Most likely the key is not that of the other file: then only what anybody can see is compared.
                self._compare(path, other, access, None)
            else:
                self.failed.emit(error)

        job.done.connect(done)
        job.failed.connect(failed)

    def stop(self) -> None:
        """Cancel a verification that runs."""
        if self._verification is not None:
            self._verification.cancel()
            self._verification = None

    @property
    def reading(self) -> bool:
        """Whether a verification runs."""
        return self._verification is not None

    def _opened(self, wish: int, inspection: Inspection, access: dict[str, str] | None) -> None:
        if wish != self._wish:  # another file was asked for meanwhile
            return
        self.opening = False
        self.stop()
        if inspection.path != self.path:
            self.inputs = {}
        self.path = inspection.path
        self.access = access
        self.inspection = inspection
        self.check = None
        self.contents = None
        self.sha256 = ""
        self.inspected.emit(inspection)
        self.verify()

    def _not_opened(self, wish: int, error: SeError | None = None) -> None:
        if wish != self._wish:
            return
        self.opening = False
        self.not_opened.emit()
        if error is not None:
            self.failed.emit(error)

    def _has_verified(self, job: RunningJob, result: dict[str, Any]) -> None:
        if job is not self._verification:
            return
        self._verification = None
        self.check = Check.from_json(result["checks"])
        self.contents = result.get("contents")
        self.sha256 = result["sha256"]
        self.verified.emit(self.check, self.contents)

    def _give_up(self, job: RunningJob, error: SeError | None = None) -> None:
        if job is not self._verification:  # another one runs meanwhile
            return
        self._verification = None
        if error is not None:
            # Perhaps one of them cannot be read: the next verification must not fail for that, too.
            self.inputs = {}
        self.given_up.emit()
        if error is not None:
            self.failed.emit(error)


def _look(path: Path, access: dict[str, str] | None, job: Job) -> Inspection:
    if not access:
        return inspect_file(path, None, job)
    # Loads the cryptographic library, on the job's thread: the window opens without it.
    from seworkbench.image.access import access_from_files  # noqa: PLC0415

    files = {name: Path(file) for name, file in access.items()}
    return inspect_file(path, access_from_files(**files), job)
