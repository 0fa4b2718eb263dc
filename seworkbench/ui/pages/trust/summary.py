"""Host keys at a glance, for the Overview page: how many, with which verdict, and what ends soon; always as of now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.trust.calendar import lifetime
from seworkbench.ui.instants import span_text
from seworkbench.ui.pages.trust.view import name_of
from seworkbench.ui.widgets.basic import Card, VerdictChip, empty_layout, label, link

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from seworkbench.trust.objects import TrustObject
    from seworkbench.ui.pages.trust.session import TrustSession
    from seworkbench.ui.workbench import Workbench

# Lists live for days to weeks, certificates for years.
_SOON_LIST, _SOON_CERTIFICATE = timedelta(days=7), timedelta(days=60)
_SHOWN = 5


def ending(objects: Iterable[TrustObject], now: datetime) -> tuple[tuple[datetime, TrustObject], ...]:
    """What ends soon or has ended, the next first.

    Args:
        objects: certificates and lists.
        now: the present.
    """
    found = []
    for item in objects:
        _start, end = lifetime(item)
        soon = _SOON_LIST if item.kind.value.endswith("list") else _SOON_CERTIFICATE
        if end is not None and end - now < soon:
            found.append((end, item))
    return tuple(sorted(found, key=lambda pair: pair[0]))


class TrustSummary(Card):
    """The card.

    Args:
        workbench: what the window shares.
        session: the open workspace.
    """

    def __init__(self, workbench: Workbench, session: TrustSession) -> None:
        super().__init__("Host keys")
        self._workbench = workbench
        self._session = session
        self.head.addWidget(link("Open Trust", self._open))
        self._chips = QHBoxLayout()
        self._chips.setSpacing(8)
        self.body.addLayout(self._chips)
        self.lines = label("", wrap=True)
        self.body.addWidget(self.lines)
        session.judged_today.connect(self.refresh)
        session.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        held, today = self._session.holdings, self._session.today
        self.setVisible(bool(held.objects))
        if today is None or not held.objects:
            return
        empty_layout(self._chips)
        count = len(today.host_keys)
        self.detail.setText(f"{count} document{'' if count == 1 else 's'} in the workspace, judged as of now")
        for verdict in (Verdict.FAILED, Verdict.NOT_CHECKED, Verdict.WARNING, Verdict.PASSED):
            if number := today.counts[verdict]:
                self._chips.addWidget(VerdictChip(verdict, self._workbench.theme, f"{number} {verdict.value}"))
        self._chips.addWidget(QWidget(), 1)
        self.lines.setText("\n".join(self._sentences()))
        self.lines.setVisible(bool(self.lines.text()))

    def _sentences(self) -> list[str]:
        today, held = self._session.today, self._session.holdings
        if today is None:
            return []
        ends = ending(held.objects.values(), today.at)
        said = []
        for end, item in ends[:_SHOWN]:
            span = span_text(end - today.at)
            name = name_of(item, held.machines)
            said.append(f"{name} ended {span}." if end <= today.at else f"{name} ends {span}, on {end:%Y-%m-%d}.")
        if len(ends) > _SHOWN:
            said.append(f"{len(ends) - _SHOWN} more end soon or have ended.")
        if today.missing:
            count = len(today.missing)
            said.append(f"{count} file{' is' if count == 1 else 's are'} missing for a verdict on all host keys.")
        return said

    def _open(self) -> None:
        self._workbench.page_requested.emit("trust")
