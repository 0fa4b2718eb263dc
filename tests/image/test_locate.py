"""Finding header and IPIB, in images of this program, of pvimg, and of older tools."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.errors import FormatError
from seworkbench.formats.components import ComponentKind
from seworkbench.image.access import HeaderKey
from seworkbench.image.build import build_image
from seworkbench.image.image_file import ImageFile, open_image
from seworkbench.image.locate import (
    HeaderLocation,
    IpibLocation,
    locate_header,
    locate_ipib,
    locate_stage3a_args,
    read_header,
    read_metadata,
)
from seworkbench.secret import Secret

from .workshop import (
    COMMAND_LINE,
    HEADER_AT,
    HEADER_KEY,
    KERNEL,
    METADATA_AT,
    RAMDISK,
    Draft,
    Forgery,
    Inputs,
    Piece,
    golden_keys,
    pieces,
    remarks,
    stream,
    verify_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BY_METADATA = "by the image metadata at 0xc000"
BY_FIRST_PAGES = "by trying the first pages"
BY_ALL_PAGES = "by searching the whole file page by page"
BY_ARGUMENTS = "by the arguments of stage3a"
BY_SEARCH = "by searching page by page"
ARGUMENTS_AT = 0x12E20


@pytest.fixture
def draft(golden: dict[str, Path]) -> Draft:
    """Golden image A, to be changed."""
    return Draft(golden["A"].read_bytes())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a changed image goes."""
    return tmp_path / "image"


def header_in(path: Path, *, past_metadata: bool = False) -> HeaderLocation:
    with open_image(path) as image:
        return locate_header(image, past_metadata=past_metadata)


def ipib_in(path: Path) -> IpibLocation:
    with open_image(path) as image:
        location = locate_header(image, past_metadata=True)
        header = read_header(image, location.offset, lenient=True)
        return locate_ipib(image, location.metadata, header, location.offset)


@pytest.fixture
def opened(golden: dict[str, Path]) -> Iterator[ImageFile]:
    """Golden image A, open."""
    with open_image(golden["A"]) as image:
        yield image


# --- The header -------------------------------------------------------------------------------------------------------


def test_the_metadata_tell_where_the_header_is(opened: ImageFile) -> None:
    location = locate_header(opened)
    assert (location.offset, location.method, location.misleading) == (HEADER_AT, BY_METADATA, False)
    assert location.metadata == read_metadata(opened)
    assert location.metadata is not None
    assert (location.metadata.hdr_off, location.metadata.ipib_off) == (HEADER_AT, 0x2D000)


def test_without_metadata_the_header_is_found_on_one_of_the_first_pages(draft: Draft, file: Path) -> None:
    draft.put(METADATA_AT, bytes(28))
    file.write_bytes(draft.data)
    assert header_in(file) == HeaderLocation(HEADER_AT, BY_FIRST_PAGES, None)


@pytest.mark.parametrize(
    ("page", "method"),
    [(0x14, BY_FIRST_PAGES), *((page, BY_ALL_PAGES) for page in (0x15, 0xFF, 0x100, 0x101, 0x4000))],
)
def test_a_header_on_a_later_page_is_found_by_searching_on(file: Path, page: int, method: str) -> None:
    with file.open("wb") as sparse:
        sparse.seek(page * 4096)
        sparse.write(b"IBMSecEx")
    assert header_in(file) == HeaderLocation(page * 4096, method, None)


def test_a_longer_boot_loader_moves_the_header_and_it_is_found_with_and_without_metadata(
    inputs: Inputs, tmp_path: Path, file: Path
) -> None:
    (tmp_path / "stage3a.bin").write_bytes(stream("long", 0x5000))
    (tmp_path / "stage3b_reloc.bin").write_bytes(stream("stage3b", 0x1864))
    build_image(replace(inputs.order(file), bootloader=tmp_path), golden_keys())
    assert header_in(file).offset == 0x15000
    image = Draft(file.read_bytes())
    image.put(METADATA_AT, bytes(28))
    file.write_bytes(image.data)
    assert header_in(file) == HeaderLocation(0x15000, BY_ALL_PAGES, None)
    assert ipib_in(file).method == BY_ARGUMENTS
    assert remarks(verify_file(file, HeaderKey(Secret(HEADER_KEY))).check) == {
        "image.start.loader": Verdict.WARNING,
        "image.start.metadata": Verdict.WARNING,
    }


def test_a_bare_header_is_found_at_its_beginning(draft: Draft, file: Path) -> None:
    file.write_bytes(draft.data[HEADER_AT : HEADER_AT + 640])
    assert header_in(file) == HeaderLocation(0, BY_FIRST_PAGES, None)


@pytest.mark.parametrize("shift", [8, 16, 0x800])
def test_a_header_that_does_not_begin_on_a_page_is_not_found(draft: Draft, file: Path, shift: int) -> None:
    draft.put(METADATA_AT, bytes(28))
    header = bytes(draft.data[HEADER_AT : HEADER_AT + 640])
    draft.put(HEADER_AT, bytes(640))
    draft.put(HEADER_AT + shift, header)
    file.write_bytes(draft.data)
    with pytest.raises(FormatError, match="No Secure Execution header was found") as caught:
        header_in(file)
    assert caught.value.where == str(file)
    assert caught.value.remedy


@pytest.mark.parametrize("size", [0, 1, 7, 8, 4096, 100_000])
def test_a_file_of_any_size_without_a_header_is_said_to_have_none(file: Path, size: int) -> None:
    file.write_bytes(bytes(size))
    with pytest.raises(FormatError, match="No Secure Execution header was found"):
        header_in(file)


@pytest.mark.parametrize("wrong", [0x13000, 0x14001, 0x2D0E8, 1 << 63, (1 << 64) - 1])
def test_metadata_that_lead_nowhere_end_the_search_as_with_pvimg_unless_told_to_go_on(
    draft: Draft, file: Path, wrong: int
) -> None:
    draft.put_number(METADATA_AT + 8, wrong)
    file.write_bytes(draft.data)
    with pytest.raises(FormatError, match=f"say that the SE header is at 0x{wrong:x}; there is none") as caught:
        header_in(file)
    assert caught.value.where == str(file)
    location = header_in(file, past_metadata=True)
    assert (location.offset, location.method, location.misleading) == (HEADER_AT, BY_FIRST_PAGES, True)
    assert location.metadata is not None
    assert location.metadata.hdr_off == wrong


def test_metadata_that_lead_to_a_second_header_decide(draft: Draft, file: Path) -> None:
    """A second header earlier in the file is not taken for the one that the loader uses."""
    draft.put(0x1000, bytes(draft.data[HEADER_AT : HEADER_AT + 640]))
    file.write_bytes(draft.data)
    assert header_in(file).offset == HEADER_AT


@pytest.mark.parametrize("size", [0xC000, 0xC007, 0xC008, 0xC01B])
def test_metadata_cut_off_by_the_end_of_the_file_are_none(draft: Draft, file: Path, size: int) -> None:
    file.write_bytes(draft.data[:size])
    with open_image(file) as image:
        assert read_metadata(image) is None


def test_a_header_with_a_wrong_structure_names_the_file(draft: Draft, file: Path) -> None:
    draft.put_number(HEADER_AT + 8, 0x200, 4)
    file.write_bytes(draft.data)
    with open_image(file) as image, pytest.raises(FormatError, match="version 0x200; known: 0x100") as caught:
        read_header(image, HEADER_AT)
    assert caught.value.where == str(file)


# --- stage3a's arguments and the IPIB ---------------------------------------------------------------------------------


def test_stage3a_arguments_are_found_by_what_they_say(opened: ImageFile) -> None:
    assert locate_stage3a_args(opened, HEADER_AT, 640) == [ARGUMENTS_AT]


@pytest.mark.parametrize(
    ("field", "value"),
    [(0, HEADER_AT - ARGUMENTS_AT + 8), (8, 641), (16, 0x1000), (16, (1 << 64) - 1)],
    ids=["another header", "another size", "no IPIB there", "far away"],
)
def test_arguments_that_lead_elsewhere_are_none(draft: Draft, file: Path, field: int, value: int) -> None:
    draft.put_number(ARGUMENTS_AT + field, value)
    file.write_bytes(draft.data)
    with open_image(file) as image:
        assert locate_stage3a_args(image, HEADER_AT, 640) == []


def test_a_loader_full_of_argument_blocks_does_not_cost_a_look_at_each(draft: Draft, file: Path) -> None:
    for number in range(100):
        at = 0x11000 + 24 * number
        for offset, value in ((0, HEADER_AT - at), (8, 640), (16, 0x2D000 - at)):
            draft.put_number(at + offset, value)
    file.write_bytes(draft.data)
    with open_image(file) as image:
        assert locate_stage3a_args(image, HEADER_AT, 640) == [0x11000 + 24 * number for number in range(8)]


@pytest.mark.parametrize("header_at", [0, 0x11000, 0x11017, (0x11000 + (1 << 20)) + 1, 1 << 40])
def test_no_arguments_are_looked_for_where_no_loader_can_be(opened: ImageFile, header_at: int) -> None:
    assert locate_stage3a_args(opened, header_at, 640) == []


def test_the_ipib_is_found_by_the_metadata(golden: dict[str, Path]) -> None:
    location = ipib_in(golden["A"])
    assert (location.offset, location.method) == (0x2D000, BY_METADATA)
    assert [part.addr for part in location.ipib.components] == [0x15000, 0x28000, 0x2A000, 0x2B000]


@pytest.mark.parametrize("metadata", ["none", "misleading"])
def test_without_good_metadata_the_ipib_is_found_by_the_arguments_of_stage3a(
    draft: Draft, file: Path, metadata: str
) -> None:
    if metadata == "none":
        draft.put(METADATA_AT, bytes(28))
    else:
        draft.put_number(METADATA_AT + 20, 0x15000)
    file.write_bytes(draft.data)
    assert (ipib_in(file).offset, ipib_in(file).method) == (0x2D000, BY_ARGUMENTS)


@pytest.mark.parametrize("behind", [0, 0x5000], ids=["at the end", "with something behind it"])
def test_without_metadata_and_arguments_the_ipib_is_found_by_searching(draft: Draft, file: Path, behind: int) -> None:
    draft.put(METADATA_AT, bytes(28))
    draft.put(ARGUMENTS_AT, bytes(24))
    file.write_bytes(draft.data + bytes(behind))
    assert (ipib_in(file).offset, ipib_in(file).method) == (0x2D000, BY_SEARCH)


@pytest.mark.parametrize("with_arguments", [True, False])
def test_an_ipib_on_the_page_before_the_header_is_found_as_old_tools_put_it(file: Path, with_arguments: bool) -> None:
    hidden = {} if with_arguments else {ARGUMENTS_AT: bytes(24)}
    file.write_bytes(Forgery(metadata=False, ipib_below_header=True, hidden=hidden).build())
    assert ipib_in(file).offset == 0x13000
    assert ipib_in(file).method == (BY_ARGUMENTS if with_arguments else BY_SEARCH)


def decoy() -> bytes:
    """A well-formed IPIB that lists one page."""
    block = bytearray(160)
    struct.pack_into(">IBHBIB", block, 0, 160, 0, 0, 1, 152, 5)
    block[0x6F] = 1
    struct.pack_into(">IQQ3Q", block, 0x74, 1, HEADER_AT, 640, 0x46 << 48, 0x15000, 4096)
    return bytes(block)


def test_of_several_blocks_the_one_that_lists_all_pages_of_the_header_is_taken(file: Path) -> None:
    image = Forgery(metadata=False, hidden={ARGUMENTS_AT: bytes(24), 0x13000: decoy()}).build()
    file.write_bytes(image)
    assert ipib_in(file).offset == 0x2D000
    file.write_bytes(image[:0x2D000])
    assert ipib_in(file).offset == 0x13000, "the decoy is better than nothing"


def test_of_several_blocks_that_list_other_pages_the_one_before_the_header_is_taken(file: Path) -> None:
    for other in (0x8000, 0x16000):
        image = Forgery(metadata=False, hidden={ARGUMENTS_AT: bytes(24), 0x13000: decoy(), other: decoy()}).build()
        file.write_bytes(image[:0x2D000])
        assert ipib_in(file).offset == 0x13000


def test_a_file_without_an_ipib_is_said_to_have_none(draft: Draft, file: Path) -> None:
    file.write_bytes(draft.data[:0x2D000])
    with pytest.raises(FormatError, match=r"No IPL parameter information block \(IPIB\) was found") as caught:
        ipib_in(file)
    assert caught.value.where == str(file)


def test_an_ipib_cut_off_behind_its_first_component_is_an_error_with_the_file_name(draft: Draft, file: Path) -> None:
    file.write_bytes(draft.data[: 0x2D000 + 0x88 + 24])
    with pytest.raises(FormatError, match="only 24 are there") as caught:
        ipib_in(file)
    assert caught.value.where == str(file)


# --- Images of the tools before pvimg ---------------------------------------------------------------------------------


def genprotimg_image() -> bytes:
    """Old kinds (0 to 3), old order (kernel, command line, ramdisk), no metadata, IPIB before the header."""
    first, ramdisk, line = pieces()
    old = [replace(part, prefix=number << 48 | 7) for number, part in enumerate((first, line, ramdisk))]
    return Forgery(parts=tuple(old), metadata=False, ipib_below_header=True, stage3b_prefix=3 << 48).build()


def test_an_image_of_genprotimg_is_verified_and_its_roles_are_told_by_stage3b(file: Path) -> None:
    file.write_bytes(genprotimg_image())
    result = verify_file(file, HeaderKey(Secret(HEADER_KEY)))
    assert remarks(result.check) == {
        "image.start.loader": Verdict.WARNING,
        "image.start.metadata": Verdict.WARNING,
    }
    assert result.check.verdict is Verdict.PASSED
    assert result.contents is not None
    assert [(part.kind, part.size) for part in result.contents.parts] == [
        (ComponentKind.KERNEL, len(KERNEL)),
        (ComponentKind.COMMAND_LINE, len(COMMAND_LINE) + 1),
        (ComponentKind.RAMDISK, len(RAMDISK)),
        (ComponentKind.STAGE3B, 0x1864),
    ]


def test_kinds_in_the_tweak_prefixes_do_not_decide_the_roles(file: Path) -> None:
    """A kernel that calls itself a ramdisk stays what stage3b takes it for."""
    parts = (Piece("kernel", 0x0032_0000_0000_0001, KERNEL), Piece("initrd", 0x0033_0000_0000_0001, RAMDISK))
    file.write_bytes(Forgery(parts=parts).build())
    contents = verify_file(file).contents
    assert contents is not None
    assert [part.kind.name for part in contents.parts] == ["KERNEL", "RAMDISK", "STAGE3B"]
