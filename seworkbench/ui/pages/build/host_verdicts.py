"""What the open workspace says about the host keys of the image to be, as of now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from seworkbench.checks import Verdict
from seworkbench.ui.pages.trust.judging import LatestOnly
from seworkbench.ui.pages.trust.session import judge_holdings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seworkbench.trust.judgement import HostKeyJudgement, Judgement
    from seworkbench.trust.objects import TrustCertificate
    from seworkbench.ui.pages.build.draft import Draft, HostEntry
    from seworkbench.ui.pages.trust.session import TrustSession


class HostVerdicts(QObject):
    """Judges the host keys of a draft with everything in the workspace; they need not be in it themselves.

    Args:
        session: the open workspace.
        draft: the image to be; told about each verdict.
    """

    def __init__(self, session: TrustSession, draft: Draft, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._draft = draft
        self._asked: tuple[TrustCertificate, ...] = ()
        self._found: Mapping[str, HostKeyJudgement] = {}
        self.judging = LatestOnly(self)
        self.judging.answered.connect(self._take)
        session.judged_today.connect(self._ask)
        draft.changed.connect(self._follow)

    def close(self) -> None:
        """Ask nothing any more."""
        self.judging.close()

    def _follow(self) -> None:
        """The draft is another: ask if there is a key that was not asked about."""
        if set(self._certificates()) - set(self._asked):
            self._ask()
        else:
            self._tell()

    def _certificates(self) -> tuple[TrustCertificate, ...]:
        return tuple(host.given.facts.certificate for host in self._draft.hosts if host.given.facts is not None)

    def _ask(self) -> None:
        self._asked = asked = self._certificates()
        if asked and self._session.workspace is not None:
            holdings, now = self._session.holdings, self._session.now
            self.judging.ask(lambda: judge_holdings(holdings, now, asked))

    def _take(self, judgement: Judgement) -> None:
        self._found = {item.certificate.fingerprint: item for item in judgement.host_keys}
        self._tell()

    def _tell(self) -> None:
        self._draft.set_verdicts(self._found)


def host_record(entry: HostEntry) -> dict[str, str]:
    """What the build record says about a host key: verdict, cause, and the reason for using it all the same."""
    record = {"verdict": entry.verdict.value}
    facts, judged = entry.given.facts, entry.judged
    if entry.private:
        # The file is gone tomorrow; the digest below says which certificate it was.
        record["document"] = entry.title
    if facts is not None:
        record |= {"certificate_sha256": facts.certificate.fingerprint, "judged_phkh": facts.phkh}
    if judged is not None and judged.cause is not None:
        record["cause"] = judged.cause.kind.value
    if entry.needs_reason:
        record["reason_for_using_it_unverified"] = entry.reason.strip()
    return record


def judged_host(built: Mapping[str, Any], used: Mapping[str, str]) -> dict[str, str]:
    """What was judged about a host key, if the build used the same one: its file may have been replaced meanwhile."""
    told = dict(used)
    judged = told.pop("judged_phkh", "")
    if built["phkh_hex"] != judged:
        return {"verdict": Verdict.NOT_CHECKED.value, "cause": "another host key was in the file when it was built"}
    return told
