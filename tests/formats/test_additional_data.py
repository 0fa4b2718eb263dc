"""Additional data: which parts the flags ask for, and what is missing or too much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import FormatError
from seworkbench.formats.additional_data import (
    PART_KINDS,
    asked_kinds,
    dissect_additional_data,
    expected_additional_size,
    join_additional_data,
    split_additional_data,
)

ALL = 0x7C00000000000000
SIZES = {"image_phkh": 32, "attestation_phkh": 32, "secret_store_hash": 64, "firmware_state": 320}


def test_names_sizes_bits_and_options_are_those_of_the_specification() -> None:
    assert [(kind.name, kind.size, kind.flag.bit, kind.option) for kind in PART_KINDS] == [
        ("image_phkh", 32, 2, "phkh-img"),
        ("attestation_phkh", 32, 3, "phkh-att"),
        ("secret_store_hash", 64, 4, "secret-store-hash"),
        ("firmware_state", 320, 5, "firmware-state"),
    ]


@pytest.mark.parametrize(
    ("paf", "size"),
    [
        (0x4000000000000000, 0),
        (0x6000000000000000, 32),
        (0x7000000000000000, 64),
        (ALL, 448),
        (0x0400000000000000, 320),
    ],
)
def test_the_flags_tell_the_size(paf: int, size: int) -> None:
    assert expected_additional_size(paf) == size


@given(st.integers(0, 15), st.binary(max_size=40))
def test_parts_that_were_joined_come_back_and_the_rest_is_told(chosen: int, rest: bytes) -> None:
    paf = sum(kind.flag.mask for number, kind in enumerate(PART_KINDS) if chosen >> number & 1)
    contents = {name: bytes([number]) * size for number, (name, size) in enumerate(SIZES.items(), start=1)}
    joined = join_additional_data(paf, contents)
    parts = split_additional_data(paf, joined + rest)
    known = [part for part in parts if part.kind]
    assert [part.name for part in known] == [kind.name for kind in asked_kinds(paf)]
    assert all(part.content == contents[part.name] for part in known)
    assert b"".join(part.content for part in parts) == joined + rest
    if rest:
        assert (parts[-1].name, parts[-1].content) == ("unrecognized", rest)


@pytest.mark.parametrize(
    ("length", "title"), [(1, "Image"), (31, "Image"), (32, "Attestation"), (64, "Secret"), (447, "Firmware")]
)
def test_a_missing_part_is_named(length: int, title: str) -> None:
    with pytest.raises(FormatError, match=f"contains the {title}"):
        split_additional_data(ALL, bytes(length))


def test_no_data_at_all_has_no_parts_whatever_was_asked_for() -> None:
    assert split_additional_data(ALL, b"") == ()


def test_data_that_the_flags_do_not_explain_is_shown_as_one_broken_field() -> None:
    [field] = dissect_additional_data(ALL, bytes(40), 0x210)
    assert (field.offset, field.length) == (0x210, 40)
    assert "Attestation PHKH" in field.meaning


def test_a_part_of_the_wrong_size_is_not_joined() -> None:
    with pytest.raises(FormatError, match="must have 32 bytes; it has 31"):
        join_additional_data(0x2000000000000000, {"image_phkh": bytes(31)})
