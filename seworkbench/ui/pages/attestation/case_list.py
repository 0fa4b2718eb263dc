"""The attestation cases of the open workspace: begun, renamed, removed, and kept in the order of what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from seworkbench.errors import SeError
from seworkbench.ui.pages.attestation.case import present
from seworkbench.ui.pages.attestation.keeping import Keeping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from seworkbench.ui.pages.attestation.case import CaseState
    from seworkbench.ui.pages.trust.session import TrustSession
    from seworkbench.workspace.cases import AttestationCase, CaseFile
    from seworkbench.workspace.workspace import Workspace

TITLE_LIMIT = 100


@dataclass(eq=False)
class OpenCase:
    """A case that is worked on.

    Args:
        title: what the user calls it.
        begun: when.
        number: its number in the workspace; None until it is written there.
    """

    title: str
    begun: datetime
    number: int | None = None


class CaseList(QObject):
    """See the module's text. What is asked for is written on a thread; `changed` tells when it can be seen.

    Args:
        trust: knows the open workspace.
    """

    changed = Signal()  # other cases, or something in one of them
    failed = Signal(object)  # SeError

    def __init__(self, trust: TrustSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._trust = trust
        self.cases: tuple[AttestationCase, ...] = ()
        self._begun: list[str] = []  # titles that are not in `cases` yet
        self._keeping = Keeping(self)
        self._keeping.read.connect(self._take)
        self._keeping.failed.connect(self.failed)
        trust.closing.connect(self.finish)

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._keeping.busy

    def finish(self) -> None:
        """Wait until everything is written."""
        self._keeping.finish()

    def find(self, number: int) -> AttestationCase | None:
        """The case of that number; None if there is none."""
        return next((case for case in self.cases if case.id == number), None)

    def read(self) -> None:
        """Another workspace is open: forget the cases of the one before, and read its own."""
        self._take(())
        self._write(lambda _workspace: None)

    def begin(self, title: str, state: CaseState) -> OpenCase:
        """Begin a case; without a title it is called as nobody called one today."""
        now, kept = present(), state.to_json()
        case = OpenCase(title.strip() or self._free_title(now), now)

        def create(workspace: Workspace) -> None:
            case.number = workspace.cases.create(case.title, at=now, state=kept)

        self._begun.append(case.title)
        self._write(create)
        return case

    @staticmethod
    def opened(found: AttestationCase) -> OpenCase:
        """A case of the list, to work on it."""
        return OpenCase(found.title, found.created_at, found.id)

    def rename(self, case: OpenCase, title: str) -> None:
        """Call a case something else; an empty title changes nothing."""
        wanted = title.strip()[:TITLE_LIMIT]
        if wanted and wanted != case.title:
            case.title = wanted
            self._write(lambda workspace: workspace.cases.update(_number(case), at=present(), title=wanted))

    def remove(self, number: int) -> None:
        """Remove a case from the workspace; its files elsewhere are not touched."""
        self._write(lambda workspace: workspace.cases.remove(number, at=present()))

    def keep(self, case: OpenCase, state: CaseState) -> None:
        """Keep where a case stands."""
        kept = state.to_json()
        self._write(lambda workspace: workspace.cases.update(_number(case), at=present(), state=kept))

    def attach(self, case: OpenCase, kind: CaseFile, content: bytes) -> None:
        """Keep one of its public files."""
        self._write(lambda workspace: workspace.cases.attach(_number(case), kind, content, at=present()))

    def detach(self, case: OpenCase, kind: CaseFile) -> None:
        """Keep one of its files no longer."""
        self._write(lambda workspace: workspace.cases.detach(_number(case), kind, at=present()))

    def note(self, what: str, subject: str, detail: Mapping[str, Any], *, at: datetime) -> None:
        """Leave a trace of what was done in the audit trail."""
        self._write(lambda workspace: workspace.audit.append(what, subject, dict(detail), at=at))

    def _free_title(self, now: datetime) -> str:
        day = f"{now:%Y-%m-%d}"
        taken = {case.title for case in self.cases}.union(self._begun)
        return next(title for count in range(1, 10_000) if (title := f"{day}-{count:02}") not in taken)

    def _take(self, cases: tuple[AttestationCase, ...]) -> None:
        self.cases = cases
        self._begun.clear()
        self.changed.emit()

    def _write(self, write: Callable[[Workspace], object]) -> None:
        """Have something written after everything that was asked for before."""
        if self._trust.workspace is not None:
            self._keeping.write(self._trust.workspace, write)


def _number(case: OpenCase) -> int:
    if case.number is None:
        raise SeError("The case was not written to the workspace.", remedy="Open another workspace and begin anew.")
    return case.number
