"""Trust anchors: the root file that the user gave, or the trust store of this machine.

Rules: resources/help/host-keys.md#roots. The libraries of the Python wheels know no store of their own; the place is
the one that Python's ssl module knows, with the variables SSL_CERT_FILE and SSL_CERT_DIR.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.errors import SeError
from seworkbench.trust.objects import ObjectKind, TrustCertificate
from seworkbench.trust.path import is_self_signed
from seworkbench.trust.reading import read_file
from seworkbench.trust.stage_a import ANCHORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seworkbench.checks import Check
    from seworkbench.trust.loading import InputFile


@dataclass(frozen=True, slots=True)
class SystemStore:
    """The trust anchors of this machine.

    Args:
        certificates: its certificates.
        place: the file or folder they come from; empty if there is no store.
    """

    certificates: tuple[TrustCertificate, ...]
    place: str


def system_store() -> SystemStore:
    """The certificates of this machine's trust store; empty where there is none."""
    paths = ssl.get_default_verify_paths()
    return _read_store(paths.cafile or "", paths.capath or "")


@lru_cache(maxsize=4)
def _read_store(file: str, folder: str) -> SystemStore:
    """Read a store once; it takes a moment, and a store changes with updates of the system only."""
    certificates: dict[str, TrustCertificate] = {}
    places = []
    for place in (file, folder):
        if not place:
            continue
        found = {item.fingerprint: item for item in _certificates_at(Path(place))}
        if found.keys() - certificates.keys():
            places.append(place)
        certificates = found | certificates
    return SystemStore(tuple(certificates.values()), ", ".join(places))


def _certificates_at(place: Path) -> Iterator[TrustCertificate]:
    try:
        # The names in a store's folder are links whose suffix counts up: "4bfab552.0".
        files = sorted(item for item in place.iterdir() if item.suffix[1:].isdigit()) if place.is_dir() else [place]
    except OSError:
        return
    for path in files:
        try:
            yield from read_file(path).certificates
        except SeError:
            continue


def anchor_check(given: InputFile | SystemStore, found: Sequence[TrustCertificate]) -> Check:
    """Whether there is anything that a path can end in.

    Args:
        given: the root file, or the store.
        found: the certificates read from it.
    """
    roots = [item for item in found if is_self_signed(item)]
    if isinstance(given, SystemStore):
        if not given.place:
            return ANCHORS.warning("This machine has no trust store that could be found.")
        return ANCHORS.passed(f"{len(roots)} roots of this machine's trust store.", ("store", given.place))
    if not found:
        return ANCHORS.failed(f"There is no certificate in {given.short}.", ("file", given.name))
    rows = [("file", given.name), *((item.name, f"SHA-256 {item.fingerprint}") for item in found)]
    if not roots:
        return ANCHORS.warning(f"{given.short} holds no self-signed certificate: no path can end in it.", *rows)
    if len(found) > 1:
        text = f"All {len(found)} certificates in {given.short} are trusted."
        return ANCHORS.note(text, *rows)
    return ANCHORS.passed(f"{roots[0].name} from {given.short}.", *rows)


def is_anchor(certificate: TrustCertificate) -> bool:
    """Whether an imported certificate can end a path."""
    return certificate.kind is ObjectKind.ROOT and is_self_signed(certificate)
