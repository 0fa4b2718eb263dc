"""Preparing a request: whom it is made for, what it asks for, and creating it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from seworkbench.formats.additional_data import PART_KINDS
from seworkbench.trust.objects import ObjectKind, TrustCertificate
from seworkbench.ui.pages.attestation.case import CARRY, CHOOSE, HostChoice, present
from seworkbench.ui.pages.attestation.case_files import create_files
from seworkbench.ui.pages.attestation.hosts import host_options, lacking, request_hosts

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.attestation.request import CreatedRequest
    from seworkbench.ui.jobs import RunningJob
    from seworkbench.ui.pages.attestation.hosts import HostOption
    from seworkbench.ui.pages.attestation.session import AttestationSession


class Preparation(QObject):
    """See the module's text.

    Args:
        session: the case.
    """

    def __init__(self, session: AttestationSession) -> None:
        super().__init__(session)
        self._session = session
        self._importing = False
        session.trust.imported.connect(self._imported)

    def choose_host(self, fingerprint: str, *, chosen: bool) -> None:
        """Make the request for a host key, or not."""
        others = tuple(host for host in self._session.state.hosts if host.fingerprint != fingerprint)
        self._session.change(hosts=(*others, HostChoice(fingerprint)) if chosen else others)

    def set_reason(self, fingerprint: str, reason: str) -> None:
        """Say why a host key is used though it is not verified."""
        hosts = self._session.state.hosts
        self._session.change(
            hosts=tuple(replace(host, reason=reason) if host.fingerprint == fingerprint else host for host in hosts)
        )

    def import_host(self, path: Path) -> None:
        """Import a host key document into the workspace, and choose it."""
        self._session.ensure_case()
        self._importing = True
        self._session.trust.import_path(path)

    def import_pasted_host(self, content: bytes) -> None:
        """Import a pasted host key document into the workspace, which keeps it, and choose it."""
        self._session.ensure_case()
        self._importing = True
        self._session.trust.import_text(content)

    def ask_for(self, option: str, *, asked: bool) -> None:
        """Ask for a part of additional data, or not."""
        flags = {flag for flag in self._session.state.flags if flag != option} | ({option} if asked else set())
        self._session.change(flags=tuple(kind.option for kind in PART_KINDS if kind.option in flags))

    def hosts(self) -> tuple[HostOption, ...]:
        """The host keys of the workspace, those that are chosen first."""
        return host_options(self._session.trust, self._session.state.hosts)

    def lacking(self) -> tuple[str, ...]:
        """What has to be done before a request can be created, one short sentence each."""
        return lacking(self.hosts())

    def create(self, request: Path, key: Path) -> RunningJob | None:
        """Create the request; files that are there are never replaced."""
        if self.lacking() or self._session.case is None:
            return None
        now = present()
        asked = request_hosts(self.hosts())
        flags = self._session.state.flags

        def created(made: CreatedRequest) -> None:
            made.protection_key.wipe()
            self._session.list.note("attestation request created", str(request), made.record.to_json(), at=now)
            self._session.take(
                replace(self._session.files, request=made.file, response=None, record=made.record),
                request_path=str(request),
                key_path=str(key),
                response_path="",
                simulated=False,
                seen=(),
                seen_response="",
                step=CARRY,
            )
            self._session.said.emit(f"{request.name} was created. Its protection key is in {key}, for you alone.")

        count = len(asked)
        title = f"Creating a request for {count} machine{'' if count == 1 else 's'}"
        return self._session.start(title, lambda _job: create_files(asked, flags, request, key, at=now), created)

    def _imported(self, lines: object) -> None:
        if not self._importing:
            return
        self._importing = False
        wanted = set()
        for line in lines if isinstance(lines, tuple) else ():
            found = self._session.trust.holdings.objects.get(line.fingerprint)
            if isinstance(found, TrustCertificate) and found.kind is ObjectKind.HOST_KEY:
                wanted.add(line.fingerprint)
        if wanted and self._session.case is not None:
            already = {host.fingerprint for host in self._session.state.hosts}
            more = tuple(HostChoice(key) for key in sorted(wanted - already))
            self._session.change(hosts=(*self._session.state.hosts, *more), step=CHOOSE)
