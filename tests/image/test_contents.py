"""What stage3b's arguments say is believed only if it fits, whoever wrote them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.checks import Verdict
from seworkbench.errors import FormatError, SeError
from seworkbench.formats.components import PAGE_SIZE, ComponentKind
from seworkbench.formats.ipib import IpibComponent
from seworkbench.image.access import HeaderKey
from seworkbench.image.contents import PlainReader, command_line_text
from seworkbench.image.dissection import dissect_file
from seworkbench.image.extract import extract_image
from seworkbench.image.image_file import open_image
from seworkbench.secret import Secret

from .workshop import HEADER_KEY, KERNEL, STAGE3B, Draft, Forgery, Piece, pieces, remarks, verify_file

if TYPE_CHECKING:
    from pathlib import Path

KERNEL_AT, RAMDISK_AT, LINE_AT, LOADER_AT = 0x15000, 0x28000, 0x2A000, 0x2B000
KEY = HeaderKey(Secret(HEADER_KEY))
ONLY_KERNEL = (pieces()[0],)
NO_REASON = "No argument block that fits these components was found at the end of stage3b."


def forge(folder: Path, forgery: Forgery) -> Path:
    path = folder / "image"
    path.write_bytes(forgery.build())
    return path


LIES = {
    "the kernel is nowhere": Forgery(arguments={"kernel_src": 0x14000}),
    "the kernel is behind the file": Forgery(arguments={"kernel_src": (1 << 64) - 4096}),
    "the kernel's size wraps around": Forgery(arguments={"kernel_size": (1 << 64) - 1}),
    "the kernel is empty": Forgery(arguments={"kernel_size": 0}),
    "the ramdisk is left out": Forgery(arguments={"initrd_src": 0, "initrd_size": 0}),
    "the ramdisk has no address": Forgery(arguments={"initrd_src": 0}),
    "the ramdisk is the command line": Forgery(arguments={"initrd_src": LINE_AT, "initrd_size": 5}),
    "a ramdisk that is not there": Forgery(
        parts=ONLY_KERNEL, arguments={"initrd_src": 0x28000 + 0x2000, "initrd_size": 5000}
    ),
    "a ramdisk and no kernel": Forgery(
        parts=ONLY_KERNEL,
        arguments={"kernel_src": 0, "kernel_size": 0, "initrd_src": KERNEL_AT, "initrd_size": len(KERNEL)},
    ),
    "a ramdisk without an address": Forgery(parts=ONLY_KERNEL, arguments={"initrd_size": 5000}),
}
DOUBLES = {
    "the kernel is stage3b": Forgery(
        parts=ONLY_KERNEL, arguments={"kernel_src": RAMDISK_AT, "kernel_size": len(STAGE3B)}
    ),
    "the command line is stage3b": Forgery(
        parts=(pieces()[0], pieces()[2]),
        arguments={"cmdline_src": KERNEL_AT + 0x14000, "cmdline_size": len(STAGE3B)},
    ),
    "the command line is the kernel": Forgery(
        parts=ONLY_KERNEL, arguments={"cmdline_src": KERNEL_AT, "cmdline_size": len(KERNEL)}
    ),
    "the ramdisk is the kernel": Forgery(
        parts=ONLY_KERNEL, arguments={"initrd_src": KERNEL_AT, "initrd_size": len(KERNEL)}
    ),
}


@pytest.mark.parametrize("forgery", [*LIES.values(), *DOUBLES.values()], ids=[*LIES, *DOUBLES])
def test_arguments_that_do_not_fit_the_components_are_not_believed(tmp_path: Path, forgery: Forgery) -> None:
    path = forge(tmp_path, forgery)
    result = verify_file(path)
    check = result.check.find("image.guest.arguments")
    assert check is not None
    assert (check.verdict, check.reason) == (Verdict.FAILED, NO_REASON)
    assert result.contents is None
    with open_image(path) as image:
        assert dissect_file(image).title == "SE image"
        with pytest.raises(SeError, match=NO_REASON):
            extract_image(image, None, tmp_path / "out")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["image"]


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["kernel_src", "kernel_size", "cmdline_src", "cmdline_size", "initrd_src", "initrd_size"]),
        st.sampled_from([0, 1, KERNEL_AT, RAMDISK_AT, LINE_AT, LOADER_AT, len(KERNEL), 5000, 33, 4096, (1 << 64) - 1]),
        min_size=1,
    )
)
def test_whatever_the_arguments_say_verification_ends_in_a_verdict(tmp_path: Path, arguments: dict[str, int]) -> None:
    """Any numbers, among them the addresses and sizes of the components for each other's."""
    path = forge(tmp_path, Forgery(arguments=arguments))
    found = remarks(verify_file(path).check)
    right = Forgery().build() == path.read_bytes()
    assert right or "image.guest.arguments" in found or fits(arguments)


def fits(arguments: dict[str, int]) -> bool:
    """Whether the numbers still describe the components by whole pages."""
    numbers = {
        "kernel_src": KERNEL_AT,
        "kernel_size": len(KERNEL),
        "cmdline_src": LINE_AT,
        "cmdline_size": 33,
        "initrd_src": RAMDISK_AT,
        "initrd_size": 5000,
    } | arguments
    pages = {KERNEL_AT: 19, RAMDISK_AT: 2, LINE_AT: 1}
    places = [numbers[f"{role}_src"] for role in ("kernel", "cmdline", "initrd")]
    return sorted(places) == sorted(pages) and all(
        max(1, -(-numbers[f"{role}_size"] // 4096)) == pages[numbers[f"{role}_src"]]
        for role in ("kernel", "cmdline", "initrd")
    )


def test_arguments_are_found_though_stage3b_holds_the_same_psw_earlier(tmp_path: Path) -> None:
    """The last one counts: it is behind it that only padding follows."""
    image = bytearray(Forgery().build())
    psw = bytes.fromhex("00000001800000000000000000010000")
    image[LOADER_AT + 0x100 : LOADER_AT + 0x110] = psw
    (tmp_path / "image").write_bytes(image)
    check = verify_file(tmp_path / "image").check.find("image.guest.arguments")
    assert check is not None
    assert check.verdict is Verdict.PASSED


def test_the_start_address_tells_which_component_is_stage3b(tmp_path: Path) -> None:
    draft = Draft(Forgery().build())
    draft.put_secret(0x68, KERNEL_AT.to_bytes(8, "big"))
    path = tmp_path / "image"
    path.write_bytes(draft.data)
    assert remarks(verify_file(path, KEY).check)["image.guest.arguments"] is Verdict.FAILED
    assert verify_file(path).contents is not None, "without a key the start is unknown and the last one is taken"


def test_stage3b_need_not_be_the_last_line_of_the_table_if_the_start_is_known(tmp_path: Path) -> None:
    draft = Draft(Forgery().build())
    line, loader = draft.table()[2:]
    draft.put_row(2, *loader)
    draft.put_row(3, *line)
    draft.digest_again()
    path = tmp_path / "image"
    path.write_bytes(draft.data)
    contents = verify_file(path, KEY).contents
    assert contents is not None
    assert [part.kind.name for part in contents.parts] == ["KERNEL", "RAMDISK", "STAGE3B", "COMMAND_LINE"]
    assert verify_file(path).contents is None


def test_a_component_at_address_zero_is_not_taken_for_one_that_is_absent(tmp_path: Path) -> None:
    """Nothing can start it, and verification does not follow such a table; a dissection shows it all the same."""
    draft = Draft(Forgery(parts=ONLY_KERNEL, arguments={"kernel_src": 0}).build())
    prefix, _, length = draft.table()[0]
    draft.put_row(0, prefix, 0, length)
    path = tmp_path / "image"
    path.write_bytes(draft.data)
    with open_image(path) as image:
        assert dissect_file(image).find("component[0]").title == "Component 1: kernel"
    assert remarks(verify_file(path).check)["image.table.overlap"] is Verdict.FAILED


@pytest.mark.parametrize(
    ("row", "onto", "arguments"),
    [
        (1, 0, {"initrd_src": 0, "initrd_size": 0}),
        (0, 3, {"kernel_src": LOADER_AT, "kernel_size": len(STAGE3B)}),
        (2, 3, {}),
    ],
    ids=["ramdisk on kernel", "kernel on stage3b", "command line on stage3b"],
)
def test_components_at_one_address_have_no_roles(
    tmp_path: Path, row: int, onto: int, arguments: dict[str, int]
) -> None:
    """Verification does not follow such a table; a dissection shows it all the same, and names nothing."""
    draft = Draft(Forgery(arguments=arguments).build())
    prefix = draft.table()[row][0]
    draft.put_row(row, prefix, *draft.table()[onto][1:])
    path = tmp_path / "image"
    path.write_bytes(draft.data)
    with open_image(path) as image:
        tree = dissect_file(image)
    assert [tree.find(f"component[{number}]").title for number in range(4)] == [f"Component {n}" for n in range(1, 5)]
    assert remarks(verify_file(path).check)["image.table.overlap"] is Verdict.FAILED


def test_a_last_component_of_zeros_holds_no_arguments(tmp_path: Path) -> None:
    """Nothing is found in it, and nothing but zeros follows what is not there."""
    draft = Draft(Forgery(parts=ONLY_KERNEL).build())
    _, address, length = draft.table()[-1]
    draft.put(address, bytes(length))
    draft.digest_again()
    (tmp_path / "image").write_bytes(draft.data)
    check = verify_file(tmp_path / "image").check.find("image.guest.arguments")
    assert check is not None
    assert (check.verdict, check.reason) == (Verdict.FAILED, NO_REASON)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is none."),
        (b"", "It is empty."),
        (b"070701", "It is a cpio archive."),
        (b"\x1f\x8b", "It is gzip-compressed."),
        (b"?", "It is of no kind that Linux knows."),
    ],
    ids=["none", "empty", "cpio", "gzip", "unknown"],
)
def test_a_ramdisk_is_described_and_an_empty_one_is_one(tmp_path: Path, content: bytes | None, said: str) -> None:
    kernel, ramdisk, _ = pieces()
    parts = (kernel,) if content is None else (kernel, replace(ramdisk, content=content))
    result = verify_file(forge(tmp_path, Forgery(parts=parts)))
    check = result.check.find("image.guest.ramdisk")
    assert check is not None
    assert (check.verdict, check.reason) == (Verdict.PASSED, said)
    assert result.contents is not None
    sizes = {part.kind: part.size for part in result.contents.parts}
    assert sizes.get(ComponentKind.RAMDISK) == (None if content is None else len(content))


def test_what_is_read_of_a_component_is_what_was_asked_for(tmp_path: Path) -> None:
    path = forge(tmp_path, Forgery(parts=ONLY_KERNEL))
    entry = IpibComponent(tweak_pref=0, addr=KERNEL_AT, length=0x13000)
    with open_image(path) as image:
        reader = PlainReader(image, None)
        for offset, size in ((0, 10), (5000, 10), (4095, 2), (0x12FFE, 10)):
            assert reader.read(entry, offset, size) == KERNEL.ljust(0x13000, b"\0")[offset : offset + size]
        beyond = IpibComponent(tweak_pref=0, addr=image.size // PAGE_SIZE * PAGE_SIZE, length=PAGE_SIZE)
        with pytest.raises(FormatError, match="The file ends inside a component"):
            reader.read(beyond, 0, 1)


@pytest.mark.parametrize(("size", "verdict"), [(0xFFFF, Verdict.FAILED), (0x10000, Verdict.PASSED)])
def test_stage3b_starts_kernels_of_64_kib_and_more(tmp_path: Path, size: int, verdict: Verdict) -> None:
    path = forge(tmp_path, Forgery(parts=(Piece("kernel", 0x0028010203040506, KERNEL[:size]),)))
    check = verify_file(path).check.find("image.guest.kernel-size")
    assert check is not None
    assert check.verdict is verdict


@pytest.mark.parametrize(("size", "limit"), [(0x10437, 896), (0x10438, 4096)])
def test_a_kernel_says_what_it_takes_once_its_parameter_area_is_whole(tmp_path: Path, size: int, limit: int) -> None:
    contents = verify_file(forge(tmp_path, Forgery(parts=pieces(kernel_content=KERNEL[:size])))).contents
    assert contents is not None
    assert contents.command_line_limit == limit


def test_a_kernel_that_points_to_no_version_has_none(tmp_path: Path) -> None:
    """Zero is no place: what stands there is no version, even if it reads like one."""
    kernel = b"6.1.0\0" + KERNEL[6:0x10428] + bytes(8) + KERNEL[0x10430:]
    contents = verify_file(forge(tmp_path, Forgery(parts=pieces(kernel_content=kernel)))).contents
    assert contents is not None
    assert contents.kernel_version == ""


@pytest.mark.parametrize(("magic", "version"), [(b"S390EP", "6.1.0"), (b"S390EQ", "")], ids=["s390x", "other"])
def test_a_version_is_believed_of_an_s390x_kernel_only(tmp_path: Path, magic: bytes, version: str) -> None:
    kernel = bytearray(KERNEL)
    kernel[0x100:0x106] = b"6.1.0\0"
    kernel[0x10008:0x1000E] = magic
    kernel[0x10428:0x10430] = (0x100).to_bytes(8, "big")
    contents = verify_file(forge(tmp_path, Forgery(parts=pieces(kernel_content=bytes(kernel))))).contents
    assert contents is not None
    assert contents.kernel_version == version


def test_a_version_hidden_behind_the_end_of_the_kernel_is_not_believed(tmp_path: Path) -> None:
    """The padding is not the kernel's."""
    kernel = KERNEL[:0x10428] + len(KERNEL).to_bytes(8, "big") + KERNEL[0x10430:]
    image = bytearray(Forgery(parts=pieces(kernel_content=kernel)).build())
    image[KERNEL_AT + len(kernel) : KERNEL_AT + len(kernel) + 7] = b"6.66.66"
    (tmp_path / "image").write_bytes(image)
    result = verify_file(tmp_path / "image")
    assert result.contents is not None
    assert result.contents.kernel_version == ""
    assert remarks(result.check)["image.guest.padding"] is Verdict.WARNING


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"quiet\0", "quiet"),
        (b"quiet", "quiet"),
        (b"quiet\0\0", "quiet\0"),
        (b"\0", ""),
        ("größe=1\0".encode(), "größe=1"),
        (b"\xff\xfe\0", "\\xff\\xfe"),
        (b"a\x1b[2J\0", "a\x1b[2J"),
    ],
)
def test_a_command_line_as_text_has_no_closing_nul_and_hides_no_byte(raw: bytes, text: str) -> None:
    assert command_line_text(raw) == text
