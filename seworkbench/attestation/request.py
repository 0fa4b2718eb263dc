"""Creating an attestation request (resources/help/attestation.md#create)."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench import __version__
from seworkbench.attestation.record import RECORD_SUFFIX, RecordedHost, RequestRecord
from seworkbench.checks import Verdict
from seworkbench.crypto.points import coordinates, key_hash
from seworkbench.crypto.request_seal import request_slot, seal_request
from seworkbench.errors import SeError
from seworkbench.files import AtomicFile, all_or_none
from seworkbench.formats.additional_data import asked_kinds
from seworkbench.formats.arcb import (
    ARCB_IV_SIZE,
    MAX_REQUEST_SLOTS,
    MEASUREMENT_KEY_SIZE,
    NONCE_SIZE,
    PROTECTION_KEY_SIZE,
    Arcb,
    RequestSecretsWithNonceV1,
    arcb_size,
)
from seworkbench.formats.exchange import build_request
from seworkbench.formats.flags import NONCE_PRESENT
from seworkbench.formats.se_header import TAG_SIZE
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from seworkbench.formats.additional_data import PartKind


@dataclass(frozen=True)
class RequestHost:
    """A machine that may answer.

    Args:
        name: its host key document.
        key: its public host key, on P-521.
        document_sha256: SHA-256 of the document, 32 bytes.
        verdict: what the verification of the document came to; not checked if nobody verified it.
        reason: one sentence about that.
    """

    name: str
    key: ec.EllipticCurvePublicKey
    document_sha256: bytes
    verdict: Verdict = Verdict.NOT_CHECKED
    reason: str = ""


@dataclass(frozen=True)
class RequestKeys:
    """All keys and random values of one request; a library caller may fix them, which is how vectors are reproduced.

    Args:
        protection: request protection key (ARPK), 32 bytes.
        measurement: measurement key, 64 bytes.
        nonce: 16 bytes.
        iv: IV of the request's seal, 12 bytes.
        customer: key pair made for this request alone.
        request_id: random name of the request, for its record.
    """

    protection: Secret
    measurement: Secret
    nonce: bytes
    iv: bytes
    customer: ec.EllipticCurvePrivateKey
    request_id: str

    @classmethod
    def fresh(cls) -> RequestKeys:
        """Keys for a new request, made with the system's random source."""
        return cls(
            protection=Secret(secrets.token_bytes(PROTECTION_KEY_SIZE)),
            measurement=Secret(secrets.token_bytes(MEASUREMENT_KEY_SIZE)),
            nonce=secrets.token_bytes(NONCE_SIZE),
            iv=secrets.token_bytes(ARCB_IV_SIZE),
            customer=ec.generate_private_key(ec.SECP521R1()),
            request_id=str(uuid.uuid4()),
        )


@dataclass(frozen=True)
class CreatedRequest:
    """A new request.

    Args:
        arcb: the request control block.
        file: the exchange file, as bytes.
        protection_key: the key that verification needs, and that must stay behind.
        record: what was asked of whom.
    """

    arcb: Arcb
    file: bytes
    protection_key: Secret
    record: RequestRecord


def request_flags(kinds: Iterable[PartKind] = ()) -> int:
    """The flags of a request: always with a nonce, and asking for the given parts of additional data."""
    flags = NONCE_PRESENT.mask
    for kind in kinds:
        flags |= kind.flag.mask
    return flags


def create_request(
    hosts: tuple[RequestHost, ...], flags: int, *, at: datetime, keys: RequestKeys | None = None
) -> CreatedRequest:
    """Make a request that the given machines can answer.

    Args:
        hosts: the machines, in the order of the key slots; 1 to 255. None is left out, a repeated one neither.
        flags: plaintext attestation flags, see `request_flags`.
        at: the instant of creation, aware, UTC.
        keys: keys and random values; fresh ones if not given.

    Raises:
        SeError: if there are too few or too many machines, or a host key is unusable.
    """
    if not hosts:
        raise SeError("No host key is given.", remedy="Name at least one host key document.")
    if len(hosts) > MAX_REQUEST_SLOTS:
        raise SeError(
            f"A request takes 1 to {MAX_REQUEST_SLOTS} host keys; {len(hosts)} were given.",
            remedy="Create several requests.",
        )
    keys = keys or RequestKeys.fresh()
    secrets_part = RequestSecretsWithNonceV1(measurement_key=keys.measurement, nonce=keys.nonce)
    arcb = Arcb(
        rql=arcb_size(len(hosts), secrets_part.size),
        iv=keys.iv,
        nks=len(hosts),
        sea=secrets_part.size,
        paf=flags | NONCE_PRESENT.mask,
        cust_pub_key=coordinates(keys.customer.public_key()),
        keyslots=tuple(request_slot(keys.protection, keys.customer, host.key) for host in hosts),
        encrypted=bytes(secrets_part.size),
        tag=bytes(TAG_SIZE),
    )
    arcb = seal_request(arcb, secrets_part, keys.protection)
    block = arcb.build()
    file = build_request(block, arcb.paf)
    record = RequestRecord(
        request_id=keys.request_id,
        created_at=at,
        arcb_sha256=hashlib.sha256(block).digest(),
        file_sha256=hashlib.sha256(file).digest(),
        flags=tuple(kind.option for kind in asked_kinds(arcb.paf)),
        hosts=tuple(
            RecordedHost(host.name, host.document_sha256, key_hash(host.key), host.verdict, host.reason)
            for host in hosts
        ),
        made_with=f"seworkbench {__version__}",
    )
    return CreatedRequest(arcb, file, keys.protection, record)


def record_path(request: Path) -> Path:
    """Where the record of a request file is."""
    return request.with_name(request.name + RECORD_SUFFIX)


def write_request(created: CreatedRequest, output: Path, protection_key: Path, *, overwrite: bool = False) -> None:
    """Write a request, its protection key and its record: all of them or none.

    Args:
        created: the request.
        output: the request file; the record gets its name with ".json" behind it.
        protection_key: the key file, mode 0600. An existing file is never replaced.
        overwrite: whether request and record may replace existing files.

    Raises:
        SeError: if a name is taken or a file cannot be written.
    """
    contents = (
        # The key first: a request whose key is lost is of no use.
        (AtomicFile(protection_key), created.protection_key.reveal()),
        (AtomicFile(record_path(output), replace=overwrite), created.record.build()),
        (AtomicFile(output, replace=overwrite), created.file),
    )
    paths = {file.path.resolve() for file, _ in contents}
    if len(paths) < len(contents):
        raise SeError(
            "Request, record and protection key must be different files.",
            where=str(protection_key),
            remedy="Choose another name for the protection key.",
        )
    with all_or_none() as written, ExitStack() as stack:
        for file, content in reversed(contents):
            stack.enter_context(file)
            file.write_at(0, content)
        written += [file for file, _ in contents]
        for file in written:
            file.sync()
