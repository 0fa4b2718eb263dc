"""Verifying host key documents exactly as the reference does, but to the end and with every reason.

Rules: resources/help/host-keys.md#algorithm. One run is what one call of `pvverify` is: host key documents,
certificate files with exactly one IBM signing certificate, revocation lists, a root. Accepted and rejected is the same;
the run does not stop at the first failure, and says what each step compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from seworkbench.checks import Check
    from seworkbench.trust.causes import Cause
    from seworkbench.trust.crls import Coverage
    from seworkbench.trust.objects import TrustCertificate, TrustCrl


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file as it was given.

    Args:
        name: its name as it appears in messages.
        content: its bytes.
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SystemStore:
    """The trust anchors of this machine; see `seworkbench.trust.anchors.system_store`.

    Args:
        certificates: its certificates.
        place: the file or folder they come from.
    """

    certificates: tuple[TrustCertificate, ...]
    place: str


class CrlFetcher(Protocol):
    """Gets the revocation lists that a certificate's distribution points lead to."""

    def __call__(self, certificate: TrustCertificate) -> tuple[TrustCrl, ...]:
        """The lists of the first address that yields any; empty if none does. Never raises for a failed download."""


@dataclass(frozen=True)
class TrustRun:
    """What one verification is given.

    Args:
        host_keys: host key document files.
        certificates: certificate files; all together hold exactly one IBM signing certificate.
        crls: revocation list files.
        anchors: the root file, or the trust store of this machine.
        fetched: lists downloaded from the distribution points of a certificate, by its fingerprint.
        offline: whether downloads were ruled out; then `fetched` is not looked at.
    """

    host_keys: tuple[InputFile, ...]
    certificates: tuple[InputFile, ...]
    anchors: InputFile | SystemStore
    crls: tuple[InputFile, ...] = ()
    fetched: Mapping[str, tuple[TrustCrl, ...]] = field(default_factory=dict)
    offline: bool = True


@dataclass(frozen=True)
class HostKeyResult:
    """The verdict on one host key document.

    Args:
        name: its file.
        certificate: the certificate that was judged; None if the file holds none.
        check: stage B as a group of checks, ids `trust.b…`.
        cause: the failure with which the reference would end; None if it accepts the document.
        coverage: its revocation lists; None if the run did not get that far.
        fresh_until: until when this verdict holds; None if it is not accepted.
    """

    name: str
    certificate: TrustCertificate | None
    check: Check
    cause: Cause | None
    coverage: Coverage | None = None
    fresh_until: datetime | None = None

    @property
    def accepted(self) -> bool:
        """Whether the reference would accept it."""
        return self.cause is None


@dataclass(frozen=True)
class TrustResult:
    """The result of one verification.

    Args:
        at: the instant it is about.
        offline: whether downloads were ruled out.
        check: the whole tree: stage A, and a group of stage B for each host key document.
        stage_a: the part of the tree about the signing certificate, ids `trust.a…`.
        host_keys: the verdict on each document, in the order given.
        cause: the failure with which the reference would end; None if it accepts all.
        signing: the IBM signing certificate; None if there is not exactly one.
        chain: the signing certificate and its issuers up to the root, as far as they were found.
        coverage: the revocation lists of each certificate of the chain.
        fresh_until: until when all verdicts hold; None unless all were accepted.
    """

    at: datetime
    offline: bool
    check: Check
    stage_a: Check
    host_keys: tuple[HostKeyResult, ...]
    cause: Cause | None
    signing: TrustCertificate | None = None
    chain: tuple[TrustCertificate, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    fresh_until: datetime | None = None

    @property
    def accepted(self) -> bool:
        """Whether the reference would accept every document: its exit status 0."""
        return self.cause is None


def load_input(path: Path, name: str = "") -> InputFile:
    """Read a file for a run.

    Args:
        path: the file.
        name: its name in messages; the path if empty.

    Raises:
        SeError: if it cannot be read or is larger than 16 MiB.
    """
    raise NotImplementedError


def fetch_for(run: TrustRun, fetcher: CrlFetcher) -> TrustRun:
    """The same run with the lists that the distribution points of its certificates and host keys lead to."""
    raise NotImplementedError


def verify_host_keys(run: TrustRun, at: datetime) -> TrustResult:
    """Verify host key documents.

    Args:
        run: what is given.
        at: the instant to judge at, aware; fractions of a second are cut off.
    """
    raise NotImplementedError
