"""Host key documents: X.509 certificates that carry a machine's public host key.

Reading one says nothing about who made it: only its chain of trust does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.crypto.points import key_hash
from seworkbench.errors import FormatError
from seworkbench.files import read_whole
from seworkbench.trust.loading import InputFile, certificates_in, instead_of_certificate

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509

_SIZE_LIMIT = 1 << 20


@dataclass(frozen=True)
class HostKeyDocument:
    """A host key document.

    Args:
        path: where it was read from.
        certificate: the certificate.
        key: its public key, on P-521.
        phkh: hash of that key, 32 bytes: names the machine.
        others: number of further certificates in the file, which are not looked at.
        file_sha256: SHA-256 of the file, 32 bytes.
    """

    path: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePublicKey
    phkh: bytes
    others: int
    file_sha256: bytes


def read_host_key_document(path: Path) -> HostKeyDocument:
    """Read a host key document, PEM or DER; of several certificates the first counts, as with `pvimg`.

    Raises:
        SeError: if the file cannot be read, holds no certificate, or one without a P-521 key.
    """
    where = str(path)
    remedy = "Use the host key document (.crt) of the machine as IBM provides it."
    file = InputFile(where, read_whole(path, _SIZE_LIMIT))
    try:
        certificates = certificates_in(file)
    except FormatError as error:
        what = f"The file contains no certificate that can be read. {error.what}"
        raise FormatError(what, where=where, remedy=remedy) from None
    if not certificates:
        what = f"The file contains no certificate that can be read. {instead_of_certificate(file)}"
        raise FormatError(what, where=where, remedy=remedy)
    key = certificates[0].public_key
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise FormatError("The certificate carries no elliptic-curve key.", where=where, remedy=remedy)
    try:
        phkh = key_hash(key)
    except FormatError as error:
        raise error.located(where) from None
    file_sha256 = hashlib.sha256(file.content).digest()
    return HostKeyDocument(path, certificates[0].certificate, key, phkh, len(certificates) - 1, file_sha256)
