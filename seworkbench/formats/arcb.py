"""The attestation request control block (ARCB): what the Ultravisor is asked (resources/help/attestation.md#arcb).

    | fixed part | key slots | encrypted part | tag |
     <--------- AAD -------->  <- ciphertext ->

Only version 0x100 exists. Its key slots are made like those of an SE header and hold the request protection key.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.formats.flags import NONCE_PRESENT, PAF
from seworkbench.formats.layout import (
    Array,
    Field,
    Layout,
    Protection,
    Raw,
    SecretBytes,
    Uint,
    byte_count,
    hexadecimal,
    item,
)
from seworkbench.formats.se_header import COORDINATES_SIZE, TAG_SIZE, KeySlotV1

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.secret import Secret

# Sizes and limits: resources/help/attestation.md#limits.
ARCB_MAGIC = bytes(8)
ARCB_VERSION_1 = 0x100
ARCB_FIXED_SIZE = 0xE0
ARCB_IV_SIZE = 12
MAX_ARCB_SIZE = 0x100000
MAX_REQUEST_SLOTS = 255
PROTECTION_KEY_SIZE = 32
MEASUREMENT_KEY_SIZE = 64
NONCE_SIZE = 16
MEASUREMENT_SIZE = 64
HMAC_SHA512 = 1
_REMEDY = "The request is damaged or was made by something else; create a new one."


class RequestSlotV1(KeySlotV1):
    """The request protection key, wrapped for one machine, 80 bytes."""

    TITLE = "Key slot"
    REFERENCE = "attestation.md#arcb-key-slot"

    phkh: bytes = item(
        Raw(32), "Host key hash", "SHA-256 of the public host key: which machine can answer by this slot."
    )
    wrpk: bytes = item(
        Raw(32), "Wrapped protection key", "The request protection key (ARPK), encrypted for that machine."
    )


class RequestSecretsV1(Layout):
    """What the encrypted part of a request holds once opened, 64 or 80 bytes."""

    TITLE = "Encrypted part, opened"
    REFERENCE = "attestation.md#arcb-encrypted-part"
    PROTECTION = Protection.ENCRYPTED

    measurement_key: Secret = item(
        SecretBytes(MEASUREMENT_KEY_SIZE),
        "Measurement key",
        "Key of the HMAC over the guest: whoever has it can forge an answer to this request.",
    )
    nonce: bytes = item(Raw(0), "Nonce", default=b"")


class RequestSecretsWithNonceV1(RequestSecretsV1):
    """The usual form: with a nonce, 80 bytes."""

    nonce: bytes = item(
        Raw(NONCE_SIZE), "Nonce", "Random number of this request; the answer's measured block contains it."
    )


class ArcbV1(Layout):
    """Attestation request control block version 0x100; `parse_arcb` is the reader that checks it."""

    TITLE = "Attestation request"
    REFERENCE = "attestation.md#arcb"
    PROTECTION = Protection.AUTHENTICATED

    magic: bytes = item(Raw(8), "Magic", "Eight zero bytes mark a request.", default=ARCB_MAGIC, fixed=True)
    version: int = item(Uint(4, hexadecimal), "Version", "Request version.", default=ARCB_VERSION_1)
    rql: int = item(Uint(4, byte_count), "Request size", "Whole request, tag included.")
    iv: bytes = item(Raw(ARCB_IV_SIZE), "IV", "Initialisation vector of the request's AES-GCM seal.")
    res1: bytes = item(Raw(11), "Reserved", "Zero.", default=bytes(11))
    nks: int = item(Uint(1), "Key slots", "Number of key slots: one a host key.")
    res2: bytes = item(Raw(4), "Reserved", "Zero.", default=bytes(4))
    sea: int = item(Uint(4, byte_count), "Size of the encrypted part", "80 with a nonce, 64 without.")
    paf: int = item(PAF, "Flags", "Plaintext attestation flags: what the answer is to contain.")
    mai: int = item(
        Uint(4), "Measurement algorithm", "1 is HMAC with SHA-512; no other is defined.", default=HMAC_SHA512
    )
    res3: bytes = item(Raw(4), "Reserved", "Zero.", default=bytes(4))
    cust_pub_key: bytes = item(
        Raw(COORDINATES_SIZE), "Customer public key", "X and Y on P-521, 80 bytes each; made for this request alone."
    )
    keyslots: tuple[RequestSlotV1, ...] = item(
        Array(RequestSlotV1, "nks"), "Key slots", "The request protection key, once a host key."
    )
    encrypted: bytes = item(
        Raw("sea", lambda raw: f"{len(raw)} bytes of ciphertext"),
        "Encrypted part",
        "Measurement key and nonce; open it with the request protection key (ARPK) or as the machine.",
        protection=Protection.ENCRYPTED,
    )
    tag: bytes = item(Raw(TAG_SIZE), "Request tag", "AES-GCM tag over the whole request.")

    def summary(self) -> str:
        """Size and number of slots."""
        return f"{self.rql} bytes, {self.nks} key slot{'' if self.nks == 1 else 's'}"

    @property
    def aad(self) -> bytes:
        """What the tag authenticates beside the encrypted part: from the magic to the last key slot."""
        return self.build()[: -TAG_SIZE - self.sea]

    @property
    def has_nonce(self) -> bool:
        """Whether the encrypted part has room for a nonce."""
        return self.sea == MEASUREMENT_KEY_SIZE + NONCE_SIZE

    @property
    def reserved(self) -> bytes:
        """All reserved bytes, in order: zero in every request that follows the format."""
        return self.res1 + self.res2 + self.res3


Arcb = ArcbV1
ARCB_VERSIONS: dict[int, type[Arcb]] = {ARCB_VERSION_1: ArcbV1}


def arcb_size(slots: int, encrypted: int) -> int:
    """Size in bytes of a request with that many key slots and an encrypted part of that size."""
    return ARCB_FIXED_SIZE + slots * RequestSlotV1.fixed_size() + encrypted + TAG_SIZE


def parse_arcb(data: bytes) -> Arcb:
    """Read a request; `data` is the whole of it and nothing more.

    Reserved bytes and unknown flags are accepted: they are for verification to judge.

    Raises:
        FormatError: if it is no request, of an unknown version or algorithm, or its sizes contradict each other.
    """
    if data[:8] != ARCB_MAGIC:
        raise FormatError(
            "No attestation request here: it must begin with eight zero bytes.",
            offset=0,
            remedy="Check that this is the file that was created for the attestation.",
        )
    if len(data) < ARCB_FIXED_SIZE + TAG_SIZE:
        raise FormatError(
            f"The attestation request is cut off: {len(data)} bytes; its fixed part and tag alone have "
            f"{ARCB_FIXED_SIZE + TAG_SIZE}.",
            offset=len(data),
            remedy=_REMEDY,
        )
    if len(data) > MAX_ARCB_SIZE:
        raise FormatError(
            f"The attestation request has {len(data)} bytes; {MAX_ARCB_SIZE} are the most.", remedy=_REMEDY
        )
    version = int.from_bytes(data[8:12], "big")
    if version not in ARCB_VERSIONS:
        raise FormatError(
            f"The attestation request has version 0x{version:x}; known: 0x{ARCB_VERSION_1:x}.",
            offset=8,
            remedy="A newer version of this program may know it.",
        )
    for what, offset in _contradictions(data):
        raise FormatError(what, offset=offset, remedy=_REMEDY)
    return ARCB_VERSIONS[version].parse(data)


def _contradictions(data: bytes) -> Iterator[tuple[str, int]]:
    """What the numbers of the fixed part get wrong, each with its offset."""
    rql, sea, mai = (int.from_bytes(data[at : at + 4], "big") for at in (0x0C, 0x2C, 0x38))
    slots = data[0x27]
    has_nonce = bool(int.from_bytes(data[0x30:0x38], "big") & NONCE_PRESENT.mask)
    if rql != len(data):
        yield f"The attestation request says that it has {rql} bytes; it has {len(data)}.", 0x0C
    if not slots:
        yield "The attestation request has no key slot: no machine can answer it.", 0x27
    if mai != HMAC_SHA512:
        yield f"The measurement algorithm {mai} is unknown; only 1, HMAC with SHA-512, is defined.", 0x38
    expected = MEASUREMENT_KEY_SIZE + (NONCE_SIZE if has_nonce else 0)
    if sea != expected:
        word = "with" if has_nonce else "without"
        yield f"The encrypted part has {sea} bytes; {word} a nonce it has {expected}.", 0x2C
    if (parts := arcb_size(slots, sea)) != rql:
        yield f"The attestation request says that it has {rql} bytes; its parts take {parts}.", 0x0C


def parse_request_secrets(raw: bytes) -> RequestSecretsV1:
    """The opened encrypted part of a request.

    Raises:
        FormatError: unless it has 64 or 80 bytes.
    """
    layouts: dict[int, type[RequestSecretsV1]] = {
        layout.fixed_size(): layout for layout in (RequestSecretsV1, RequestSecretsWithNonceV1)
    }
    if len(raw) not in layouts:
        raise FormatError(f"The opened part of the request has {len(raw)} bytes; 64 or 80 are defined.", remedy=_REMEDY)
    return layouts[len(raw)].parse(raw)


def dissect_arcb(arcb: Arcb, offset: int = 0, opened: RequestSecretsV1 | None = None) -> Field:
    """The field tree of a request; with `opened`, the encrypted part shows its content.

    Args:
        arcb: the request.
        offset: where it lies in what is shown.
        opened: the decrypted part, if the request could be opened.
    """
    tree = arcb.dissect(offset)
    if opened is None:
        return tree
    return dataclasses.replace(
        tree,
        children=tuple(
            dataclasses.replace(field, value="opened", children=opened.dissect(field.offset).children)
            if field.name == "encrypted"
            else field
            for field in tree.children
        ),
    )
