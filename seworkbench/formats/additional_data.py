"""The additional data of an attestation: one part for each flag that asks for it, in a fixed order.

Order, names and sizes: resources/help/attestation.md#additional-data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.formats.flags import (
    RETURN_ATTESTATION_PHKH,
    RETURN_FIRMWARE_STATE,
    RETURN_IMAGE_PHKH,
    RETURN_SECRET_STORE_HASH,
    Flag,
)
from seworkbench.formats.layout import Field, Protection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ADDITIONAL_DATA_REFERENCE = "attestation.md#additional-data"
FIRMWARE_STATE_SIZE = 320


@dataclass(frozen=True, slots=True)
class PartKind:
    """One kind of additional data.

    Args:
        name: its name in results ("image_phkh").
        option: what `--add-data` calls it ("phkh-img").
        title: plain name.
        size: bytes.
        flag: the flag that asks for it.
        meaning: one sentence.
    """

    name: str
    option: str
    title: str
    size: int
    flag: Flag
    meaning: str


IMAGE_PHKH = PartKind(
    "image_phkh",
    "phkh-img",
    "Image PHKH",
    32,
    RETURN_IMAGE_PHKH,
    "Hash of the host key that opened the image when the guest started.",
)
ATTESTATION_PHKH = PartKind(
    "attestation_phkh",
    "phkh-att",
    "Attestation PHKH",
    32,
    RETURN_ATTESTATION_PHKH,
    "Hash of the host key that opened this request.",
)
SECRET_STORE_HASH = PartKind(
    "secret_store_hash",
    "secret-store-hash",
    "Secret store hash",
    64,
    RETURN_SECRET_STORE_HASH,
    "SHA-512 over the tags of the added secrets in order, and whether the store is locked.",
)
FIRMWARE_STATE = PartKind(
    "firmware_state",
    "firmware-state",
    "Firmware state",
    FIRMWARE_STATE_SIZE,
    RETURN_FIRMWARE_STATE,
    "State of the machine's firmware; only a service of IBM can judge it.",
)
PART_KINDS = (IMAGE_PHKH, ATTESTATION_PHKH, SECRET_STORE_HASH, FIRMWARE_STATE)
UNRECOGNIZED = "unrecognized"


@dataclass(frozen=True, slots=True)
class AdditionalPart:
    """One part of additional data.

    Args:
        kind: which; None for bytes behind all parts that were asked for.
        offset: position in the additional data.
        content: its bytes.
    """

    kind: PartKind | None
    offset: int
    content: bytes

    @property
    def name(self) -> str:
        """Its name in results."""
        return self.kind.name if self.kind else UNRECOGNIZED

    @property
    def title(self) -> str:
        """Plain name."""
        return self.kind.title if self.kind else "Unrecognized"


def asked_kinds(paf: int) -> tuple[PartKind, ...]:
    """The parts that the flags of a request ask for, in their order."""
    return tuple(kind for kind in PART_KINDS if paf & kind.flag.mask)


def expected_additional_size(paf: int) -> int:
    """Bytes of additional data that the flags of a request ask for."""
    return sum(kind.size for kind in asked_kinds(paf))


def split_additional_data(paf: int, data: bytes) -> tuple[AdditionalPart, ...]:
    """The parts of additional data.

    Args:
        paf: the flags of the request.
        data: the additional data of the response; empty data has no parts, whatever the flags asked for.

    Raises:
        FormatError: if a part that the flags ask for is missing or cut off.
    """
    if not data:
        return ()
    parts = []
    at = 0
    for kind in asked_kinds(paf):
        content = data[at : at + kind.size]
        if len(content) < kind.size:
            there = f"only {len(content)} of its {kind.size} bytes are there" if content else "no data was provided"
            raise FormatError(
                f"The attestation flags say that the additional data contains the {kind.title}, but {there}.",
                offset=at,
                remedy="The response was cut off or changed; perform the attestation again with a new request.",
            )
        parts.append(AdditionalPart(kind, at, content))
        at += kind.size
    if rest := data[at:]:
        parts.append(AdditionalPart(None, at, rest))
    return tuple(parts)


def join_additional_data(paf: int, contents: Mapping[str, bytes]) -> bytes:
    """The additional data of the parts that the flags ask for.

    Args:
        paf: the flags of the request.
        contents: the bytes of each part by its name; those not asked for are left out.

    Raises:
        FormatError: if a part is missing or has another size.
    """
    pieces = []
    for kind in asked_kinds(paf):
        content = contents.get(kind.name, b"")
        if len(content) != kind.size:
            raise FormatError(f"The {kind.title} must have {kind.size} bytes; it has {len(content)}.")
        pieces.append(content)
    return b"".join(pieces)


def dissect_additional_data(paf: int, data: bytes, offset: int = 0) -> Iterator[Field]:
    """A field for each part; data that the flags do not explain is one field.

    Args:
        paf: the flags of the request.
        data: the additional data.
        offset: where they lie in what is shown.
    """
    try:
        parts = split_additional_data(paf, data)
    except FormatError as error:
        yield _field("broken", "Additional data, broken", offset, data, error.what)
        return
    for part in parts:
        meaning = part.kind.meaning if part.kind else "Bytes that no flag of the request asked for."
        yield _field(part.name, part.title, offset + part.offset, part.content, meaning)


def _field(name: str, title: str, offset: int, raw: bytes, meaning: str) -> Field:
    return Field(
        name=name,
        title=title,
        offset=offset,
        length=len(raw),
        raw=raw,
        value=raw.hex(),
        meaning=meaning,
        protection=Protection.AUTHENTICATED,
        reference=ADDITIONAL_DATA_REFERENCE,
    )
