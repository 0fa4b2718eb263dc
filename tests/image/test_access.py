"""Opening headers, with the header key or as a machine with several slots."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from seworkbench.errors import FormatError
from seworkbench.image.access import HeaderKey, HostPrivateKey, header_key, matching_slots, unlock
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
