"""Files as the reference reads them: what counts, what is skipped, and what ends the run.

Rules: resources/help/host-keys.md#inputs. `seworkbench.trust.reading` is for import and takes whatever can be read;
this is for a verification that must accept and refuse exactly what the reference does.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.trust.der import read_element, whole
from seworkbench.trust.objects import Bundle, Source, TrustCertificate, TrustCrl
from seworkbench.trust.reading import (
    CERTIFICATE_LABELS,
    CRL_LABEL,
    PemBlock,
    certificate_of,
    crl_of,
    object_of,
    pem_blocks,
    read_objects,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN_LABELS = CERTIFICATE_LABELS - {"TRUSTED CERTIFICATE"}


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file as it was given.

    Args:
        name: its name as it appears in messages.
        content: its bytes.
    """

    name: str
    content: bytes

    @property
    def short(self) -> str:
        """The last part of its name, for sentences; where it lies is evidence."""
        return self.name.rsplit("/", 1)[-1] or self.name

    def source(self, index: int, encoding: str) -> Source:
        """Where the object of that number in this file comes from."""
        return Source(self.name, index, encoding, hashlib.sha256(self.content).hexdigest(), len(self.content))


def certificates_in(file: InputFile) -> tuple[TrustCertificate, ...]:
    """The certificates of a host key document or certificate file: one in DER, else all in PEM; none is no error.

    Raises:
        FormatError: if there is PEM that cannot be decoded.
    """
    with suppress(FormatError):
        return (certificate_of(_first_element(file.content), file.source(0, "DER")),)
    found = []
    for index, block in enumerate(pem_blocks(file.content)):
        if block.der is None:
            raise FormatError(f"Block {index + 1} cannot be read: {block.fault}.", where=file.name)
        if block.label in _PLAIN_LABELS:
            found.append(certificate_of(block.der, file.source(index, "PEM")))
    return tuple(found)


def anchors_in(file: InputFile) -> tuple[TrustCertificate, ...]:
    """The trust anchors in a root file: all in PEM, else one in DER.

    Raises:
        FormatError: if there is none, or PEM that cannot be decoded.
    """
    with suppress(FormatError):
        found = tuple(
            found
            for index, block in _whole_blocks(file)
            if block.label in CERTIFICATE_LABELS
            and isinstance(found := object_of(block, file.source(index, "PEM")), TrustCertificate)
        )
        if found:
            return found
    return (certificate_of(_first_element(file.content), file.source(0, "DER")),)


def crls_in(file: InputFile) -> tuple[TrustCrl, ...]:
    """The revocation lists in a list file: all in PEM, else one in DER.

    Raises:
        FormatError: if there is none, or PEM that cannot be decoded.
    """
    with suppress(FormatError):
        found = tuple(
            crl_of(block.der or b"", file.source(index, "PEM"))
            for index, block in _whole_blocks(file)
            if block.label == CRL_LABEL
        )
        if found:
            return found
    return (crl_of(_first_element(file.content), file.source(0, "DER")),)


def hidden_crls_in(file: InputFile) -> tuple[TrustCrl, ...]:
    """The revocation lists in a file that was given for something else; whatever cannot be read is skipped."""
    with suppress(FormatError):
        return (crl_of(_first_element(file.content), file.source(0, "DER")),)
    found: list[TrustCrl] = []
    # What came before a fault counts.
    with suppress(FormatError):
        for index, block in _whole_blocks(file):
            if block.label == CRL_LABEL:
                found.append(crl_of(block.der or b"", file.source(index, "PEM")))
    return tuple(found)


def instead_of_certificate(file: InputFile) -> str:
    """What there is in a file without a certificate that counts: sentences, with what to do."""
    found = read_objects(file.content, file.name)
    if found.certificates:
        return "It is bare text, which the reference does not read. Convert it to PEM."
    if found.crls:
        return "It is a revocation list. Give it as one."
    return _explained(found)


def instead_of_list(file: InputFile) -> str:
    """What there is in a file without a revocation list that counts: sentences, with what to do."""
    found = read_objects(file.content, file.name)
    if found.crls:
        return "It is bare text, which the reference does not read. Convert it to PEM."
    if found.certificates:
        return f"It is a certificate, {found.certificates[0].name}. Give it as one."
    return _explained(found)


def _explained(found: Bundle) -> str:
    return " ".join(f"{problem.what} {problem.remedy}".rstrip() for problem in found.problems[:1])


def _whole_blocks(file: InputFile) -> Iterator[tuple[int, PemBlock]]:
    for index, block in enumerate(pem_blocks(file.content)):
        if block.der is None:
            raise FormatError(f"Block {index + 1} cannot be read: {block.fault}.", where=file.name)
        yield index, block


def _first_element(raw: bytes) -> bytes:
    # OpenSSL reads one object and does not look at what follows.
    return whole(raw, read_element(raw))
