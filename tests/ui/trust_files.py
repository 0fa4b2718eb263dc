"""A chain of trust as files, for pictures: machines, one of them revoked, one expired, one of another chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from seworkbench.simulator.demo_pki import DemoPki
from seworkbench.simulator.generations import Generation

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509

DAY = timedelta(days=1)


@cache
def _pki(generation: Generation) -> DemoPki:
    return DemoPki.make(generation, datetime.now(UTC).replace(microsecond=0) - 300 * DAY)


@dataclass(frozen=True)
class TrustFiles:
    """Paths of the files of a chain.

    Args:
        issuers: root, intermediate and signing certificate.
        lists: their revocation lists, of which the one of the signing certificate stands last.
        good: documents of two machines, the first with an earlier document.
        revoked: a document that the list names.
        expired: a document that ended.
        orphan: a document whose signing certificate is not among the issuers.
    """

    issuers: tuple[Path, ...]
    lists: tuple[Path, ...]
    good: tuple[Path, ...]
    revoked: Path
    expired: Path
    orphan: Path


def write_trust_files(folder: Path) -> TrustFiles:
    """Write the files; three RSA keys for each of two chains are made once in a process."""
    now = datetime.now(UTC).replace(microsecond=0)
    pki, other = _pki(Generation.Z16), _pki(Generation.Z17)

    def document(name: str, *, start: int = -200, end: int = 530, chain: DemoPki = pki) -> x509.Certificate:
        key = keys.setdefault(name, ec.generate_private_key(ec.SECP521R1()))
        generation = Generation.Z16 if chain is pki else Generation.Z17
        return chain.host_key_document(key.public_key(), generation, name, start=now + start * DAY, end=now + end * DAY)

    def write(name: str, thing: x509.Certificate | x509.CertificateRevocationList) -> Path:
        path = folder / name
        path.write_bytes(thing.public_bytes(Encoding.PEM))
        return path

    keys: dict[str, ec.EllipticCurvePrivateKey] = {}
    revoked = document("0318E42", end=271)
    early = pki.revocation_lists(now - 27 * DAY, 1, ())
    late = pki.revocation_lists(now - 15 * DAY, 2, [(revoked.serial_number, now - 36 * DAY)])
    return TrustFiles(
        issuers=(
            write("root.crt", pki.chain.root),
            write("intermediate.crt", pki.chain.intermediate),
            write("ibm-z-host-key-signing-gen2.crt", pki.chain.signing),
        ),
        lists=(
            write("root.crl", late.root),
            write("intermediate.crl", early.intermediate),
            write("ibm-z-host-key-gen2.crl", late.host_key),
        ),
        good=(
            write("HKD-3931-0275D38.crt", document("0275D38", start=-90, end=640)),
            write("HKD-3931-0275D38-2024.crt", document("0275D38", start=-280, end=16)),
            write("HKD-3932-02A7F18.crt", document("02A7F18", end=348)),
        ),
        revoked=write("HKD-3931-0318E42.crt", revoked),
        expired=write("HKD-3932-01C4D77.crt", document("01C4D77", start=-280, end=-12)),
        orphan=write("HKD-9175-01B5C84.crt", document("01B5C84", chain=other)),
    )
