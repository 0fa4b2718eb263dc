"""The locator at file offset 0xc000."""

from __future__ import annotations

import pytest

from seworkbench.errors import FormatError
from seworkbench.formats.image_metadata import METADATA_OFFSET, METADATA_VERSION, ImageMetadata

# The metadata of resources/help/test-vectors.md#small-vectors and #golden-images.
VECTORS = [
    (0x14000, 0x16000, "5365496d674c6e78 0000000000014000 00000001 0000000000016000"),
    (0x14000, 0x2D000, "5365496d674c6e78 0000000000014000 00000001 000000000002d000"),
]


@pytest.mark.parametrize(("header", "ipib", "text"), VECTORS)
def test_the_published_metadata_comes_out_both_ways(header: int, ipib: int, text: str) -> None:
    metadata = ImageMetadata(hdr_off=header, ipib_off=ipib)
    assert metadata.build() == bytes.fromhex(text)
    assert ImageMetadata.parse(bytes.fromhex(text)) == metadata


def test_place_and_version_are_those_of_the_specification() -> None:
    assert METADATA_OFFSET == 0xC000
    assert METADATA_VERSION == 1


def test_every_flipped_bit_of_the_magic_is_refused() -> None:
    good = bytes.fromhex(VECTORS[0][2])
    for bit in range(64):
        content = bytearray(good)
        content[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError, match="not SeImgLnx") as caught:
            ImageMetadata.parse(bytes(content))
        assert caught.value.offset == 0


def test_an_unknown_version_is_read_because_readers_only_warn_about_it() -> None:
    assert ImageMetadata.parse(bytes.fromhex(VECTORS[0][2].replace("00000001", "00000002"))).version == 2


def test_offsets_are_shown_in_hexadecimal() -> None:
    tree = ImageMetadata(hdr_off=0x14000, ipib_off=0x2D000).dissect(0xC000)
    assert tree.find("magic").value == "SeImgLnx"
    assert tree.find("hdr_off").value == "0x14000"
    assert (tree.find("ipib_off").value, tree.find("ipib_off").offset) == ("0x2d000", 0xC014)
