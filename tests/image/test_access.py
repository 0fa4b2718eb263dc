"""Opening headers, with the header key or as a machine with several slots."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from seworkbench.errors import FormatError, SeError
from seworkbench.image.access import (
    HeaderKey,
    HostPrivateKey,
    access_from_files,
    header_key,
    matching_slots,
    unlock,
)
from seworkbench.image.image_file import open_image
from seworkbench.image.locate import read_header
from seworkbench.secret import Secret

from .workshop import CCK, HEADER_AT, HEADER_KEY, HOST, HOST2, IMAGE_KEY

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.formats.se_header import KeySlotV1, SeHeader

MACHINE = HostPrivateKey(HOST)


@pytest.fixture
def header(golden: dict[str, Path]) -> SeHeader:
    """The header of golden image C, which has two slots."""
    with open_image(golden["C"]) as image:
        return read_header(image, HEADER_AT)


def broken(slot: KeySlotV1) -> KeySlotV1:
    return dataclasses.replace(slot, kst=bytes(16))


@pytest.mark.parametrize("access", [HeaderKey(Secret(HEADER_KEY)), MACHINE, HostPrivateKey(HOST2)])
def test_every_way_leads_to_the_same_content(header: SeHeader, access: HeaderKey | HostPrivateKey) -> None:
    assert header_key(header, access).reveal() == HEADER_KEY
    content = unlock(header, access)
    assert (content.cck.reveal(), content.xts.reveal()) == (CCK, IMAGE_KEY)


def test_all_slots_of_a_machine_are_found(header: SeHeader) -> None:
    first, second = header.keyslots
    many = dataclasses.replace(header, keyslots=(first, second, first))
    assert matching_slots(many, first.phkh) == [0, 2]
    assert matching_slots(many, bytes(32)) == []


def test_a_slot_that_does_not_open_leaves_the_next_one_to_try(header: SeHeader) -> None:
    first, second = header.keyslots
    many = dataclasses.replace(header, keyslots=(broken(first), second, first))
    assert header_key(many, MACHINE).reveal() == HEADER_KEY


def test_if_no_slot_opens_the_reason_is_told(header: SeHeader) -> None:
    first, second = header.keyslots
    many = dataclasses.replace(header, keyslots=(broken(first), second, broken(first)))
    with pytest.raises(FormatError, match="The key slot does not open with this host key"):
        header_key(many, MACHINE)


def test_a_machine_without_a_slot_is_told_which_document_is_missing(header: SeHeader) -> None:
    first, second = header.keyslots
    with pytest.raises(FormatError, match="was not built for this machine") as caught:
        unlock(dataclasses.replace(header, keyslots=(second,)), MACHINE)
    assert first.phkh.hex() in caught.value.remedy


def test_an_access_comes_from_the_file_that_is_named(header: SeHeader, tmp_path: Path) -> None:
    key, private = tmp_path / "key", tmp_path / "private"
    key.write_bytes(HEADER_KEY)
    private.write_bytes(HOST.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for access in (access_from_files(header_key=key), access_from_files(host_private_key=private)):
        assert access is not None
        assert header_key(header, access).reveal() == HEADER_KEY
    assert access_from_files() is None


def test_a_file_that_is_no_private_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "private").write_bytes(b"x" * 0xFFFF)
    with pytest.raises(FormatError) as caught:
        access_from_files(host_private_key=tmp_path / "private")
    assert caught.value.where == str(tmp_path / "private")
    (tmp_path / "private").write_bytes(b"x" * 0x10001)
    with pytest.raises(SeError, match="larger than 65536 bytes"):
        access_from_files(host_private_key=tmp_path / "private")
