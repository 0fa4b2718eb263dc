"""Verifying host key documents that are named by files, as the commands and recipes name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.checks import Verdict
from seworkbench.errors import CheckFailed, FormatError
from seworkbench.trust.anchors import system_store
from seworkbench.trust.verify import TrustRun, fetch_for, load_input, verify_host_keys

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from seworkbench.checks import Check
    from seworkbench.trust.verify import CrlFetcher, TrustResult


@dataclass(frozen=True, slots=True)
class TrustFiles:
    """What host key documents are verified with.

    Args:
        certificates: files with exactly one IBM signing certificate and its intermediate certificates.
        crls: files with revocation lists.
        root_ca: file with the trust anchor; None for the trust store of this machine.
        offline: whether downloads are ruled out.
    """

    certificates: tuple[Path, ...]
    crls: tuple[Path, ...] = ()
    root_ca: Path | None = None
    offline: bool = False


def read_run(documents: Iterable[Path], files: TrustFiles, fetcher: CrlFetcher | None = None) -> TrustRun:
    """Everything that a verification needs.

    Args:
        documents: files with a host key document each.
        files: what to verify them with.
        fetcher: downloads revocation lists unless `files` rules that out; without it nothing is downloaded.

    Raises:
        SeError: if a file cannot be read.
    """
    run = TrustRun(
        host_keys=tuple(load_input(path) for path in documents),
        certificates=tuple(load_input(path) for path in files.certificates),
        crls=tuple(load_input(path) for path in files.crls),
        anchors=system_store() if files.root_ca is None else load_input(files.root_ca),
        offline=files.offline or fetcher is None,
    )
    return run if fetcher is None or files.offline else fetch_for(run, fetcher)


def verify_files(documents: Iterable[Path], files: TrustFiles, at: datetime) -> TrustResult:
    """Verify host key documents with what is in files and nothing else.

    Args:
        documents: files with a host key document each.
        files: what to verify them with.
        at: the instant to verify for.

    Raises:
        SeError: if a file cannot be read.
    """
    return verify_host_keys(read_run(documents, files), at)


def accepted_keys(result: TrustResult) -> tuple[tuple[str, ec.EllipticCurvePublicKey], ...]:
    """Name and key of each document: the very keys that were verified, whatever becomes of the files.

    Raises:
        CheckFailed: if a document was not accepted.
        FormatError: if a document was accepted as the reference accepts it, but its key is not on P-521.
    """
    if not result.accepted:
        raise _refusal(result)
    keys = []
    for item in result.host_keys:
        key = item.certificate.public_key if item.certificate else None
        if not isinstance(key, ec.EllipticCurvePublicKey) or item.certificate is None or item.certificate.phkh is None:
            raise FormatError("The key is not on the curve P-521.", where=item.name, remedy="Get the right document.")
        keys.append((item.name, key))
    return tuple(keys)


def _refusal(result: TrustResult) -> CheckFailed:
    """The first failure, in the words of its check."""
    trees: list[tuple[str, Check]] = [("", result.stage_a)]
    trees += [(item.name, item.check) for item in result.host_keys if not item.accepted]
    for name, tree in trees:
        for leaf in tree.leaves():
            if leaf.verdict is Verdict.FAILED and leaf.required:
                what = f"The host key documents were not accepted: {leaf.title}: {leaf.reason}"
                return CheckFailed(what, where=name, remedy=leaf.remedy)
    text = result.cause.text if result.cause else "no reason is known"
    return CheckFailed(f"The host key documents were not accepted: {text}.")
