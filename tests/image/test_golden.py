"""The published golden images, byte by byte (resources/help/test-vectors.md#golden-images)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from seworkbench.image.access import HeaderKey, HostPrivateKey
from seworkbench.image.image_file import open_image
from seworkbench.image.locate import read_header
from seworkbench.secret import Secret

from .workshop import HEADER_KEY, HOST, HOST2, Forgery, remarks, verify_file

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = {
    "A": (0x2D0E8, "3456fd708696eba5ad423703f199b81293e79476070e5ee77dbbde308a594f58"),
    "B": (0x2D0E8, "427355b5e18580c154683949efec3e11bbab401f4b9f5089f992dacbfd4d62f3"),
    "C": (0x2A0B8, "03cf9fcae07babba2da6184427a5ec3005eb58d6f6ab4049ddbab3644ddd36f1"),
}
TAGS = {
    "A": "e255c40c21e4f35f5b6ed239f6b76091",
    "B": "0ec1623d94124956c55251c1e326d648",
    "C": "80f26bafe468ad72f31e3637a689b084",
}
SIZES = {"A": (640, 24), "B": (640, 24), "C": (720, 21)}
PLD = {
    "A": "3e6bdfa036bebca6b3b92ef32bee8a0b6581802c359873db6e88338308305ffd"
    "fccb5440c0e287cee115a44eaa65f222c722efde9f248c05d5363d4ac02e282e",
    "B": "faab0975d8cafa4bad35cfb7552c3d3cfe12be1e8247e8472b33971aae9a947f"
    "82d8a1633c00ca5d84664a2e46523442008690c9a5795b2f1c5433357cf5a44d",
    "C": "59b921cc870e7fa53cdf75eeda1d2c83011bacf0b58543c0832dcb0110353e00"
    "37a86362803b83c6b4f75b2ae9bb3ea6ea2149561eca53f934c0f3e438fad3eb",
}
ALD = {
    "A": "bd22da5f546ca871c034b3460efb09b17d3c0364222ca44922beb15873629c9a"
    "54a7c9af0da845c95ebee69e4f24719303dd3d28de98b003fb292d72c41a153a",
    "C": "a444a21f5f444d713add27e89e67c488d811560a1875bcecfeaff6708f5a553d"
    "f5d32d0c38136d6ac82a37f83f294362bcb851ab04bc35f6701a350ba2ffa244",
}
TLD = {
    "A": "137d4965a709eb13a7cb41de3177b632b021b49ee0d7e9b0201c83e705ca4f5f"
    "eaf6f4e46c8fd379e6455564751d1c67bbb4102350f8e454408144da31e5d16a",
    "C": "88f08c5eb46c656d04ede7bc519d4453d09caba8e1f631e4d15467a878e7b35f"
    "c96aa368e1cb711e791eb6257dd9a3c348392200ca6e67bd527bce9f6962b590",
}
STORED_COMPONENTS = {
    "A": (
        "40b93b08df1be4a8e26b2306754d988ca1dcbb03b37016a56387b4acf98fa7f0",
        "fe6391269f313f9d11af9dbbefb8e80e7533ce91fa54333fea461e9b4eb87c46",
        "d121af07c00ee8677c4238d08445043caf2195e0121c6eebade80e46b48fbdaa",
        "617f120b8a903e2c01d9de17e1cee7fada64b0de29a45d65deff396e8039c4b7",
    ),
    "B": (
        "8c74f59936191a7b036ae866a19262ec50bf96580bc41a22e226ad413384f76e",
        "d039bcf8be46400d16f290397cc3242f19a74b4bef59df6a4b447167a65e8dcf",
        "1610e3b6d23e97c45b56ff9de781a886c9782d0d43d78859edbcdc6cc4e53354",
        "77ecc3e66280306cb1becaf5faf468fd565371874d911a9ddbde7bd1371831c1",
    ),
}
PLACES = ((0x15000, 0x13000), (0x28000, 0x2000), (0x2A000, 0x1000), (0x2B000, 0x2000))
SECOND_SLOT_OF_C = (
    "1f443ea733555e4592a52263d191a7dd98ee81a31f138ac300b5cf98d18c1e11"
    "4c335c93f9cb1421c3e77075776f92731fd37c2d0510d883ccae79bc7035b3cb"
    "bcf4ca98610aaab220c20bea8cca527a"
)


@pytest.mark.parametrize("letter", "ABC")
def test_golden_images_come_out_byte_for_byte(golden: dict[str, Path], letter: str) -> None:
    image = golden[letter].read_bytes()
    assert (len(image), hashlib.sha256(image).hexdigest()) == WHOLE[letter]


@pytest.mark.parametrize("letter", "ABC")
def test_the_header_of_a_golden_image_has_the_published_digests_and_tag(golden: dict[str, Path], letter: str) -> None:
    with open_image(golden[letter]) as image:
        header = read_header(image, 0x14000)
    shared = letter.replace("B", "A")
    assert (header.sehs, header.nep) == SIZES[letter]
    assert header.tag.hex() == TAGS[letter]
    assert (header.pld.hex(), header.ald.hex(), header.tld.hex()) == (PLD[letter], ALD[shared], TLD[shared])


def test_the_second_host_of_golden_image_c_has_the_published_slot(golden: dict[str, Path]) -> None:
    with open_image(golden["C"]) as image:
        assert read_header(image, 0x14000).keyslots[1].build().hex() == SECOND_SLOT_OF_C


@pytest.mark.parametrize("letter", "AB")
def test_components_of_a_golden_image_are_stored_as_published(golden: dict[str, Path], letter: str) -> None:
    image = golden[letter].read_bytes()
    stored = tuple(hashlib.sha256(image[place : place + size]).hexdigest() for place, size in PLACES)
    assert stored == STORED_COMPONENTS[letter]


def test_the_clear_frame_of_golden_image_a_is_as_published(golden: dict[str, Path]) -> None:
    image = golden["A"].read_bytes()
    assert image[:8].hex() == "0008000180011000"
    assert image[0xC000:0xC01C].hex() == "5365496d674c6e78000000000001400000000001000000000002d000"
    assert image[0x12E20:0x12E38].hex() == "00000000000011e00000000000000280000000000001a1e0"
    ipib = image[0x2D000:]
    assert ipib[:16].hex() == "000000e800000001000000e005000000"
    assert ipib[0x6F:0x88].hex() == "01" + "00000000" + "00000004" + "0000000000014000" + "0000000000000280"
    rows = "002801020304050600321112131415ff003c2122232425260046313233343536"
    assert "".join(ipib[at : at + 8].hex() for at in range(0x88, len(ipib), 24)) == rows


@pytest.mark.parametrize("letter", "ABC")
@pytest.mark.parametrize(
    "access", [HeaderKey(Secret(HEADER_KEY)), HostPrivateKey(HOST), None], ids=["header key", "host key", "no key"]
)
def test_golden_images_pass_every_check_that_the_key_allows(
    golden: dict[str, Path], letter: str, access: HeaderKey | HostPrivateKey | None
) -> None:
    found = remarks(verify_file(golden[letter], access).check)
    without_key = {
        "image.access.header-tag",
        "image.access.secret-part",
        "image.access.scf",
        "image.access.psw",
    }
    expected = {"image.start.loader"}
    if access is None:
        expected |= without_key | ({"image.guest.arguments"} if letter != "B" else set())
    assert set(found) == expected


def test_only_golden_image_c_opens_for_the_second_host(golden: dict[str, Path]) -> None:
    def slot_verdict(letter: str) -> str:
        check = verify_file(golden[letter], HostPrivateKey(HOST2)).check.find("image.access.slot")
        assert check is not None
        return check.verdict.value

    assert [slot_verdict(letter) for letter in "ABC"] == ["failed", "failed", "passed"]


def test_an_image_forged_from_the_format_reference_alone_is_golden_image_b(golden: dict[str, Path]) -> None:
    assert Forgery().build() == golden["B"].read_bytes()
