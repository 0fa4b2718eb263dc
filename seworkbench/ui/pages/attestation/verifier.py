"""Verifies the response of the open case: one after the other, so that no response is counted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from seworkbench.ui.pages.attestation import verification

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.errors import SeError
    from seworkbench.ui.jobs import Jobs
    from seworkbench.ui.pages.attestation.verification import Judged, Question


class Verifier(QObject):
    """See the module's text.

    Args:
        jobs: runs it.
        question: what is to be verified, as of the moment it is called; None if something is missing. It is told
            whether the verdict is to be kept.
    """

    judged = Signal(object, object)  # Question, Judged
    failed = Signal(object, object)  # Question, SeError

    def __init__(self, jobs: Jobs, question: Callable[[bool], Question | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._question = question
        self._busy = False
        self._again: bool | None = None  # whether to keep what comes next; None if nothing waits

    def judge(self, *, keep: bool = True) -> None:
        """Verify, now or when what is being verified is done.

        Args:
            keep: whether the verdict is kept: not when an old case is only looked at again.
        """
        if self._busy:
            self._again = keep or bool(self._again)
            return
        question = self._question(keep)
        if question is None:
            return
        self._busy = True
        job = self._jobs.start_light("Verifying the response", lambda job: verification.judge(question, job))
        job.done.connect(lambda judged: self._done(question, judged))
        job.failed.connect(lambda error: self._failed(question, error))
        job.stopped.connect(self._go_on)

    def _done(self, question: Question, judged: Judged) -> None:
        self.judged.emit(question, judged)
        self._go_on()

    def _failed(self, question: Question, error: SeError) -> None:
        self.failed.emit(question, error)
        self._go_on()

    def _go_on(self) -> None:
        self._busy = False
        keep, self._again = self._again, None
        if keep is not None:
            self.judge(keep=keep)
