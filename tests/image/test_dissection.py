"""Field trees of whole files: every structure at its place, and no secret that nobody asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from seworkbench.errors import FormatError
from seworkbench.formats.layout import Field, Protection
from seworkbench.image.access import HeaderKey, HostPrivateKey
from seworkbench.image.dissection import dissect_file
from seworkbench.image.image_file import open_image
from seworkbench.secret import Secret

from .workshop import CCK, HEADER_AT, HEADER_KEY, HOST, HOST2, IMAGE_KEY, Draft, Forgery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seworkbench.image.access import Access

KEY = HeaderKey(Secret(HEADER_KEY))


def dissect(path: Path, access: Access | None = None) -> Field:
    with open_image(path) as image:
        return dissect_file(image, access)


def walk(field: Field) -> Iterator[Field]:
    yield field
    for child in field.children:
        yield from walk(child)


def outline(tree: Field) -> list[tuple[str, int, int]]:
    return [(child.name, child.offset, child.length) for child in tree.children]


PARTS = [
    ("ShortPsw", 0, 8),
    ("ImageMetadata", 0xC000, 28),
    ("stage3a", 0x10000, 0x2E38),
    ("SeHeaderV1", 0x14000, 640),
    ("component[0]", 0x15000, 0x13000),
    ("component[1]", 0x28000, 0x2000),
    ("component[2]", 0x2A000, 0x1000),
    ("component[3]", 0x2B000, 0x2000),
    ("Ipib", 0x2D000, 232),
]


@pytest.mark.parametrize("access", [None, KEY, HostPrivateKey(HOST)], ids=["no key", "header key", "host key"])
def test_an_image_falls_into_its_parts_in_file_order(golden: dict[str, Path], access: Access | None) -> None:
    tree = dissect(golden["A"], access)
    assert (tree.name, tree.offset, tree.length) == ("image", 0, 0x2D0E8)
    assert tree.value == "184552 bytes, header found by the image metadata at 0xc000"
    assert outline(tree) == PARTS


def test_every_field_with_bytes_shows_those_at_its_place(golden: dict[str, Path]) -> None:
    content = golden["A"].read_bytes()
    shown = [field for field in walk(dissect(golden["A"])) if isinstance(field.raw, bytes)]
    assert len(shown) > 50
    assert [field.name for field in shown if field.raw != content[field.offset : field.offset + field.length]] == []


@pytest.mark.parametrize("access", [None, KEY])
def test_children_lie_inside_their_parent_and_do_not_overlap(golden: dict[str, Path], access: Access | None) -> None:
    for field in walk(dissect(golden["A"], access)):
        position = field.offset
        for child in field.children:
            if child.name.startswith(("bit ", "unknown")):
                continue  # flags share bytes
            assert child.offset >= position, (field.name, child.name)
            position = child.offset + child.length
        assert position <= field.offset + field.length, field.name


@pytest.mark.parametrize(
    ("path", "offset", "length", "value"),
    [
        (("ShortPsw", "value"), 0, 8, "0x0008000180011000"),
        (("ImageMetadata", "hdr_off"), 0xC008, 8, "0x14000"),
        (("ImageMetadata", "ipib_off"), 0xC014, 8, "0x2d000"),
        (("stage3a", "code"), 0x10000, 0x2E20, ""),
        (("stage3a", "Stage3aArgs", "hdr_offs"), 0x12E20, 8, "0x11e0"),
        (("stage3a", "Stage3aArgs", "ipib_offs"), 0x12E30, 8, "0x1a1e0"),
        (("SeHeaderV1", "magic"), 0x14000, 8, "IBMSecEx"),
        (("SeHeaderV1", "sehs"), 0x1400C, 4, "640 bytes"),
        (("SeHeaderV1", "nep"), 0x14030, 8, "24"),
        (("SeHeaderV1", "pcf", "bit 56"), 0x1403F, 1, "on"),
        (("SeHeaderV1", "pcf", "bit 34"), 0x1403C, 1, "off"),
        (("SeHeaderV1", "keyslots", "keyslots[0]", "wrpk"), 0x141C0, 32, None),
        (("SeHeaderV1", "encrypted"), 0x141F0, 128, "128 bytes of ciphertext"),
        (("SeHeaderV1", "tag"), 0x14270, 16, "e255c40c21e4f35f5b6ed239f6b76091"),
        (("Ipib", "num_comp"), 0x2D074, 4, "4"),
        (("Ipib", "components", "components[3]", "addr"), 0x2D0D8, 8, "0x2b000"),
    ],
)
def test_fields_are_found_by_the_names_of_the_specification(
    golden: dict[str, Path], path: tuple[str, ...], offset: int, length: int, value: str | None
) -> None:
    field = dissect(golden["A"]).find(*path)
    assert (field.offset, field.length) == (offset, length)
    assert value is None or field.value == value


def test_without_a_key_components_of_an_encrypted_image_have_no_role(golden: dict[str, Path]) -> None:
    part = dissect(golden["A"]).find("component[0]")
    assert (part.title, part.value) == ("Component 1", "77824 bytes")
    assert (part.meaning, part.protection) == ("Tweak prefix 0028010203040506.", Protection.ENCRYPTED_HASHED)


@pytest.mark.parametrize(("letter", "access"), [("A", KEY), ("B", None), ("B", KEY)])
def test_components_that_can_be_read_have_their_role_and_their_size(
    golden: dict[str, Path], letter: str, access: Access | None
) -> None:
    tree = dissect(golden[letter], access)
    parts = [tree.find(f"component[{number}]") for number in range(4)]
    assert [(part.title, part.value) for part in parts] == [
        ("Component 1: kernel", "74565 bytes before padding"),
        ("Component 2: ramdisk", "5000 bytes before padding"),
        ("Component 3: command line", "33 bytes before padding"),
        ("Component 4: stage3b", "6244 bytes before padding"),
    ]
    protection = Protection.HASHED if letter == "B" else Protection.ENCRYPTED_HASHED
    assert {part.protection for part in parts} == {protection}


OPENED = ["cck", "xts", "psw", "scf", "noi", "res2"]


def test_an_opened_header_shows_the_fields_of_its_encrypted_part(golden: dict[str, Path]) -> None:
    encrypted = dissect(golden["A"], KEY).find("SeHeaderV1", "encrypted")
    assert [child.name for child in encrypted.children] == OPENED
    assert [child.offset - encrypted.offset for child in encrypted.children] == [0, 0x20, 0x60, 0x70, 0x78, 0x7C]
    assert encrypted.find("psw", "addr").value == "0x000000000002b000"
    assert {field.protection for field in walk(encrypted)} == {Protection.ENCRYPTED}
    assert dissect(golden["A"]).find("SeHeaderV1", "encrypted").children == ()


@pytest.mark.parametrize("letter", "ABC")
def test_secrets_are_in_the_json_only_if_they_are_asked_for(golden: dict[str, Path], letter: str) -> None:
    tree = dissect(golden[letter], HostPrivateKey(HOST))
    hidden, shown = json.dumps(tree.to_json()), json.dumps(tree.to_json(show_secrets=True))
    keys = (CCK.hex(), IMAGE_KEY[:32].hex(), IMAGE_KEY[32:].hex())
    assert [key for key in keys if key in hidden or key in repr(tree)] == []
    assert [key for key in keys if key not in shown] == []
    assert HEADER_KEY.hex() not in shown, "the header key itself is in no field"
    assert hidden.count('"secret": true') == 2
    assert hidden.count("bytes, hidden") == 2


@pytest.mark.parametrize("access", [HeaderKey(Secret(bytes(32))), HostPrivateKey(HOST2)], ids=["header", "host"])
def test_a_key_that_does_not_open_the_header_is_an_error(golden: dict[str, Path], access: Access) -> None:
    with pytest.raises(FormatError, match=r"does not open this header|No key slot is for this host key"):
        dissect(golden["A"], access)


def test_a_bare_header_is_dissected_from_offset_zero(golden: dict[str, Path], tmp_path: Path) -> None:
    bare = tmp_path / "header"
    bare.write_bytes(golden["C"].read_bytes()[HEADER_AT : HEADER_AT + 720])
    tree = dissect(bare, KEY)
    assert (tree.name, tree.offset, tree.length) == ("SeHeaderV1", 0, 720)
    assert tree.find("keyslots", "keyslots[1]").offset == 0x1F0
    assert [child.name for child in tree.find("encrypted").children] == OPENED


def test_a_bare_ipib_and_bare_metadata_are_recognised(golden: dict[str, Path], tmp_path: Path) -> None:
    whole = golden["A"].read_bytes()
    (tmp_path / "ipib").write_bytes(whole[0x2D000:])
    (tmp_path / "metadata").write_bytes(whole[0xC000:0xC01C])
    assert dissect(tmp_path / "ipib").find("components", "components[1]", "tweak_pref").value == "0x00321112131415ff"
    assert dissect(tmp_path / "metadata").find("hdr_off").value == "0x14000"


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"IBMSecE", b"SeImgLnx"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(FormatError):
        dissect(tmp_path / "file")


def test_the_order_of_the_parts_is_that_of_the_file_also_in_old_images(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(Forgery(metadata=False, ipib_below_header=True).build())
    places = [child.offset for child in dissect(tmp_path / "image").children]
    assert places == [0, 0x10000, 0x13000, 0x14000, 0x15000, 0x28000, 0x2A000, 0x2B000]


def test_what_is_missing_is_left_out_and_the_rest_is_shown(golden: dict[str, Path], tmp_path: Path) -> None:
    draft = Draft(golden["A"].read_bytes())
    draft.put(0xC000, bytes(28))
    draft.put(0x12E20, bytes(24))
    del draft.data[0x2D000:]
    (tmp_path / "image").write_bytes(draft.data)
    tree = dissect(tmp_path / "image", KEY)
    assert outline(tree) == [("ShortPsw", 0, 8), ("SeHeaderV1", 0x14000, 640)]
    assert "by trying the first pages" in tree.value


def test_surplus_bytes_of_a_header_are_shown(golden: dict[str, Path], tmp_path: Path) -> None:
    draft = Draft(golden["A"].read_bytes())
    draft.put_number(HEADER_AT + 12, 648, 4)
    (tmp_path / "image").write_bytes(draft.data)
    surplus = dissect(tmp_path / "image").find("SeHeaderV1", "surplus")
    assert (surplus.offset, surplus.length) == (HEADER_AT + 640, 8)


def test_components_outside_the_file_do_not_stop_the_dissection(golden: dict[str, Path], tmp_path: Path) -> None:
    draft = Draft(golden["B"].read_bytes())
    draft.put_row(0, 0x0028010203040506, 1 << 40, 0x13000)
    (tmp_path / "image").write_bytes(draft.data)
    assert dissect(tmp_path / "image").find("component[0]").offset == 1 << 40
