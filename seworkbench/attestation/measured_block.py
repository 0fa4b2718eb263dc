"""The block that an attestation measures, piece by piece (resources/help/attestation.md#measured-block)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from seworkbench.formats.arcb import ARCB_FIXED_SIZE, MEASUREMENT_KEY_SIZE, RequestSlotV1

if TYPE_CHECKING:
    from seworkbench.formats.arcb import Arcb, RequestSecretsV1
    from seworkbench.formats.exchange import ExchangeFile
    from seworkbench.formats.se_header import SeHeader

# Where the digests lie in an SE header (resources/help/se-header.md#fixed-part).
_PLD_AT, _ALD_AT, _TLD_AT = 0xE0, 0x120, 0x160


class PieceSource(Enum):
    """Who decides a piece; the value is the plain name."""

    SE_HEADER = "SE header"
    RESPONSE = "response"
    REQUEST = "request"
    FIRMWARE = "firmware"


class PieceFile(Enum):
    """The file in which the bytes of a piece lie; the value is the plain name."""

    SE_HEADER = "SE header"
    RESPONSE = "response"
    NONE = ""


# Who decides a piece, and who wrote it.
_BUILDER = (PieceSource.SE_HEADER, "whoever built the image")
_MONITOR, _FIRMWARE = ((source, "the Ultravisor") for source in (PieceSource.RESPONSE, PieceSource.FIRMWARE))
_GUEST, _ASKER = (PieceSource.RESPONSE, "the guest"), (PieceSource.REQUEST, "whoever created the request")


@dataclass(frozen=True, slots=True)
class BlockValues:
    """The values that go into a measured block.

    Args:
        pld: page list digest, 64 bytes.
        ald: address list digest, 64 bytes.
        tld: tweak list digest, 64 bytes.
        header_tag: tag of the SE header, 16 bytes.
        cuid: configuration UID, 16 bytes.
        user_data: user data, 0 to 256 bytes.
        nonce: nonce, 0 or 16 bytes.
        additional: additional data.
        user_data_length: the length that is measured; that of the user data in every genuine block.
    """

    pld: bytes
    ald: bytes
    tld: bytes
    header_tag: bytes
    cuid: bytes
    user_data: bytes = b""
    nonce: bytes = b""
    additional: bytes = b""
    user_data_length: int | None = None

    @property
    def lengths(self) -> tuple[bytes, bytes, bytes]:
        """The fields for length of user data, zeros and length of additional data."""
        length = len(self.user_data) if self.user_data_length is None else self.user_data_length
        return length.to_bytes(2, "big"), bytes(2), len(self.additional).to_bytes(4, "big")

    def build(self) -> bytes:
        """The bytes that are measured."""
        return b"".join(
            (
                self.pld,
                self.ald,
                self.tld,
                self.header_tag,
                self.cuid,
                *self.lengths,
                self.user_data,
                self.nonce,
                self.additional,
            )
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a measured block.

    Args:
        name: short name ("pld").
        title: plain name.
        source: who decides it.
        written_by: who wrote it, in words.
        file: the file that holds its bytes.
        offset: position in that file; None if it lies in none, or is encrypted there.
        content: its bytes.
        at: position in the block.
    """

    name: str
    title: str
    source: PieceSource
    written_by: str
    file: PieceFile
    offset: int | None
    content: bytes
    at: int = 0

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.content)


@dataclass(frozen=True)
class MeasuredBlock:
    """A measured block, taken apart.

    Args:
        values: what it is made of.
        pieces: all pieces in order, the empty ones included.
    """

    values: BlockValues
    pieces: tuple[Piece, ...]

    def build(self) -> bytes:
        """The bytes that are measured."""
        return b"".join(piece.content for piece in self.pieces)

    def piece(self, name: str) -> Piece:
        """The piece of that name.

        Raises:
            KeyError: if there is none.
        """
        for piece in self.pieces:
            if piece.name == name:
                return piece
        raise KeyError(name)

    def to_json(self) -> list[dict[str, Any]]:
        """A plain structure for JSON. The nonce is left out: it belongs to the request's secrets."""
        return [
            {
                "name": piece.name,
                "title": piece.title,
                "source": piece.source.value,
                "size": piece.size,
                "at": piece.at,
                **({"file": piece.file.value} if piece.file is not PieceFile.NONE else {}),
                **({"offset": piece.offset} if piece.offset is not None else {}),
                **({} if piece.name == "nonce" else {"hex": piece.content.hex()}),
            }
            for piece in self.pieces
        ]


def block_values(header: SeHeader, response: ExchangeFile, secrets: RequestSecretsV1) -> BlockValues:
    """What the block of a response must be made of."""
    return BlockValues(
        pld=header.pld,
        ald=header.ald,
        tld=header.tld,
        header_tag=header.tag,
        cuid=response.cuid or b"",
        user_data=response.user_data or b"",
        nonce=secrets.nonce,
        additional=response.additional or b"",
    )


def measured_block(
    header: SeHeader, header_offset: int, response: ExchangeFile, arcb: Arcb, secrets: RequestSecretsV1
) -> MeasuredBlock:
    """The measured block of a response.

    Args:
        header: the SE header.
        header_offset: where it lies in its file.
        response: the response.
        arcb: the request in it.
        secrets: its opened part.
    """
    values = block_values(header, response, secrets)
    entries = response.header.entries
    nonce_at = entries["arcb"].offset + ARCB_FIXED_SIZE + arcb.nks * RequestSlotV1.fixed_size() + MEASUREMENT_KEY_SIZE

    def of_header(name: str, title: str, offset: int, content: bytes) -> Piece:
        return Piece(name, title, *_BUILDER, PieceFile.SE_HEADER, header_offset + offset, content)

    def of_response(name: str, title: str, who: tuple[PieceSource, str], offset: int, content: bytes) -> Piece:
        return Piece(name, title, *who, PieceFile.RESPONSE, offset if content else None, content)

    def length(name: str, title: str, content: bytes) -> Piece:
        return Piece(name, title, *_MONITOR, PieceFile.NONE, None, content)

    user_length, zeros, additional_length = values.lengths
    pieces = (
        of_header("pld", "Page digest", _PLD_AT, values.pld),
        of_header("ald", "Address digest", _ALD_AT, values.ald),
        of_header("tld", "Tweak digest", _TLD_AT, values.tld),
        of_header("header_tag", "Header tag", header.sehs - len(header.tag), values.header_tag),
        of_response("cuid", "Configuration UID", _MONITOR, entries["cuid"].offset, values.cuid),
        length("user_data_length", "Length of the user data", user_length),
        length("zeros", "Zeros", zeros),
        length("additional_length", "Length of the additional data", additional_length),
        of_response("user_data", "User data", _GUEST, entries["user_data"].offset, values.user_data),
        of_response("nonce", "Nonce", _ASKER, nonce_at, values.nonce),
        of_response("additional", "Additional data", _FIRMWARE, entries["additional"].offset, values.additional),
    )
    starts = accumulate((piece.size for piece in pieces), initial=0)
    return MeasuredBlock(
        values, tuple(dataclasses.replace(piece, at=at) for piece, at in zip(pieces, starts, strict=False))
    )
