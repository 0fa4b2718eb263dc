"""The measured block, piece by piece: every piece lies in its file where it says, and all of them are the block."""

from __future__ import annotations

import pytest

from seworkbench.attestation.measured_block import MeasuredBlock, PieceFile, PieceSource, measured_block
from seworkbench.crypto.request_seal import open_request
from seworkbench.formats.arcb import parse_arcb
from seworkbench.formats.exchange import parse_response
from tests.attestation import independent, recorded

CUID = bytes(range(16))
HEADER = recorded.content("se.hdr")
# Where the header lies in a file that holds more than it.
HEADER_AT = 0x14000


def response(name: str, user_data: bytes) -> bytes:
    """What the first machine answers."""
    phkh = independent.key_hash(recorded.host(1).public_key())
    parts = {"none": b"", "both": phkh * 2, "all": phkh * 2 + bytes(range(128)) * 3}[name]
    request = recorded.content(f"{name}.req")
    return independent.response(request, recorded.host(1), HEADER, cuid=CUID, user_data=user_data, parts=parts)


def block_of(name: str, user_data: bytes) -> tuple[bytes, MeasuredBlock]:
    """A response and the block that it vouches for."""
    content = response(name, user_data)
    file = parse_response(content)
    arcb = parse_arcb(file.arcb)
    secrets = open_request(arcb, recorded.key(name))
    return content, measured_block(recorded.header().header, HEADER_AT, file, arcb, secrets)


@pytest.mark.parametrize(("name", "user_data"), [("none", b""), ("both", b"hello"), ("all", bytes(256))])
def test_the_pieces_are_the_block_one_behind_the_other(name: str, user_data: bytes) -> None:
    content, block = block_of(name, user_data)
    opened = independent.open_request(independent.request_in(content), recorded.content(f"{name}.arpk"))
    size, at = independent.entries(content)[2]
    whole = independent.block(HEADER, CUID, user_data, opened.nonce, content[at : at + size])
    assert block.build() == block.values.build() == whole
    assert [whole[piece.at : piece.at + piece.size] for piece in block.pieces] == [
        piece.content for piece in block.pieces
    ]
    assert sum(piece.size for piece in block.pieces) == len(whole)


def test_every_piece_lies_in_its_file_where_it_says() -> None:
    content, block = block_of("both", b"hello")
    files = {PieceFile.SE_HEADER: bytes(HEADER_AT) + HEADER + b"behind", PieceFile.RESPONSE: content}
    placed = [piece for piece in block.pieces if piece.offset is not None and piece.name != "nonce"]
    assert [piece.name for piece in placed] == ["pld", "ald", "tld", "header_tag", "cuid", "user_data", "additional"]
    for piece in placed:
        assert files[piece.file][piece.offset :].startswith(piece.content), piece.name


def test_the_nonce_is_the_end_of_the_encrypted_part_of_the_request() -> None:
    content, block = block_of("both", b"")
    size, at = independent.entries(content)[0]
    nonce = block.piece("nonce")
    assert nonce.source is PieceSource.REQUEST
    assert nonce.offset == at + size - 16 - len(nonce.content)  # behind it is the tag alone
    assert nonce.content not in content


def test_what_lies_in_no_file_has_no_place_in_one() -> None:
    _content, block = block_of("none", b"")
    nowhere = [piece.name for piece in block.pieces if piece.offset is None]
    assert nowhere == ["user_data_length", "zeros", "additional_length", "user_data", "additional"]
    with pytest.raises(KeyError):
        block.piece("no such piece")


def test_the_json_holds_everything_but_the_nonce() -> None:
    _content, block = block_of("both", b"hello")
    record = {piece["name"]: piece for piece in block.to_json()}
    assert record["cuid"] == {
        "name": "cuid",
        "title": "Configuration UID",
        "source": "response",
        "size": 16,
        "at": 208,
        "file": "response",
        "offset": block.piece("cuid").offset,
        "hex": CUID.hex(),
    }
    assert set(record["zeros"]) == {"name", "title", "source", "size", "at", "hex"}
    assert "hex" not in record["nonce"]
    assert record["nonce"]["size"] == 16
