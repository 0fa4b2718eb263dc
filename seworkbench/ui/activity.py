"""The activity strip at the bottom: what runs, how far it is, how to stop it; and the messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QProgressBar, QPushButton, QWidget

from seworkbench.ui.icons import icon
from seworkbench.ui.widgets.basic import label
from seworkbench.ui.workbench import MOST_MESSAGES, Weight

if TYPE_CHECKING:
    from seworkbench.jobs import Progress
    from seworkbench.ui.jobs import RunningJob
    from seworkbench.ui.workbench import Message, Workbench

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024
_MINUTE = 60


def size_text(count: float) -> str:
    """A size with a fitting unit: 412 MiB."""
    if count == 1:
        return "1 byte"
    unit = 0
    while count >= _STEP and unit < len(_UNITS) - 1:
        count /= _STEP
        unit += 1
    digits = 1 if unit and count < 100 else 0  # noqa: PLR2004 - three digits tell enough
    return f"{count:.{digits}f} {_UNITS[unit]}"


def time_text(seconds: float) -> str:
    """A time left: `under 1 s`, `12 s`, `3 min`."""
    if seconds < 1:
        return "under 1 s"
    return f"{seconds:.0f} s" if seconds < _MINUTE else f"{seconds / _MINUTE:.0f} min"


def progress_text(job: RunningJob) -> str:
    """Amount, rate and time left of a job."""
    progress = job.progress
    if not progress.total:
        return ""
    parts = [f"{size_text(progress.done)} of {size_text(progress.total)}"]
    if job.rate > 0:
        parts += [f"{size_text(job.rate)}/s", f"{time_text((progress.total - progress.done) / job.rate)} left"]
    return " · ".join(parts)


class ActivityStrip(QWidget):
    """Shows the job that started first, how many more run, and the newest message.

    Args:
        workbench: jobs and messages.
    """

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self.setObjectName("activity")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workbench = workbench
        self._shown: RunningJob | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 16, 4)
        row.setSpacing(14)
        self.phase = label("Ready", "small")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self._fit()
        workbench.theme.changed.connect(self._fit)
        self.bar.setAccessibleName("Progress")
        self.amount = label("", "small")
        self.cancel = QPushButton("Cancel")
        self.cancel.clicked.connect(self._cancel)
        self.newest = label("", "small")
        self.toggle = QPushButton("0 messages")
        self.toggle.setCheckable(True)
        row.addWidget(self.phase)
        # In a narrow window the bar gives way first, then the message.
        row.addWidget(self.bar, 1000)
        row.addWidget(self.amount)
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(self.newest)
        row.addWidget(self.toggle)
        workbench.jobs.changed.connect(self._show_job)
        workbench.message_added.connect(self._show_message)
        self._show_job()

    def _fit(self) -> None:
        self.bar.setMinimumWidth(self._workbench.theme.pixels(24))
        self.bar.setMaximumWidth(self._workbench.theme.pixels(220))

    def _show_job(self) -> None:
        running = self._workbench.jobs.running
        job = running[0] if running else None
        if job is not self._shown:
            self._shown = job
            if job is not None:
                job.progressed.connect(self._show_progress)
        for widget in (self.bar, self.amount, self.cancel):
            widget.setVisible(job is not None)
        if job is None:
            self.phase.setText("Ready")
        else:
            self._show_progress(job.progress)

    def _show_progress(self, progress: Progress) -> None:
        job = self._shown
        if job is None:
            return
        more = len(self._workbench.jobs.running) - 1
        self.phase.setText(progress.phase + (f" (and {more} more)" if more else ""))
        # A total of zero shows a bar that only says "busy".
        thousand = 1000
        self.bar.setRange(0, thousand if progress.total else 0)
        if progress.total:
            self.bar.setValue(progress.done * thousand // progress.total)
        self.amount.setText(progress_text(job))

    def _cancel(self) -> None:
        if self._shown is not None:
            self._shown.cancel()

    def _show_message(self, message: Message) -> None:
        count = len(self._workbench.messages)
        self.toggle.setText(f"{count} message{'' if count == 1 else 's'}")
        text = message.text if len(message.text) <= 90 else message.text[:89] + "…"  # noqa: PLR2004 - a line's worth
        self.newest.setText(text)
        self.newest.setToolTip(message.text)


class MessageList(QListWidget):
    """All messages, newest first."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self.setObjectName("messages")
        self.setAccessibleName("Messages")
        self.setWordWrap(True)
        self._workbench = workbench
        workbench.message_added.connect(self._add)

    def _add(self, message: Message) -> None:
        names = {Weight.NOTE: "info", Weight.WARNING: "triangle-alert", Weight.ERROR: "octagon-x"}
        roles = {Weight.NOTE: "muted", Weight.WARNING: "warning", Weight.ERROR: "failed"}
        text = f"{message.at:%H:%M:%S} UTC  {message.text}" + (f" {message.remedy}" if message.remedy else "")
        theme = self._workbench.theme
        # Made by the list, as in the command palette: Python may collect what it made before Qt deletes it.
        self.insertItem(0, text)
        self.item(0).setIcon(icon(names[message.weight], theme, roles[message.weight]))
        while self.count() > MOST_MESSAGES:
            self.takeItem(self.count() - 1)
