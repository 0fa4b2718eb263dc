"""Two images or headers side by side; what is expected comes from how the recorded images were made."""

from __future__ import annotations

import lzma
import shutil
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import Cancelled, FormatError, SeError
from seworkbench.files import read_secret
from seworkbench.image.access import HeaderKey
from seworkbench.image.compare import RANGE_LIMIT, Comparison, Pair, Relation, compare_files, differing_ranges
from seworkbench.image.image_file import open_image
from seworkbench.image.locate import locate_header, locate_ipib, read_header
from seworkbench.jobs import Job

if TYPE_CHECKING:
    from seworkbench.jobs import Progress

DATA = Path(__file__).parents[1] / "data" / "interop"
INPUTS = DATA / "images"
HEADER = 0x14000
KEY = HeaderKey(read_secret(INPUTS / "hdr.key", 32, "header key"))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Images that pvimg made."""
    folder = tmp_path_factory.mktemp("images")
    made = {}
    for name in ("default", "two_hosts", "cck_update", "unencrypted", "minimal"):
        made[name] = folder / f"{name}.img"
        made[name].write_bytes(lzma.decompress((INPUTS / f"{name}.img.xz").read_bytes()))
    return made


def pair(found: Comparison, title: str) -> Pair:
    """The pair of that title."""
    (wanted,) = [pair for pair in found.pairs if pair.title == title]
    return wanted


def copy_with_changes(image: Path, folder: Path, *places: int) -> Path:
    """A copy of the image in which one bit differs at each of these offsets."""
    content = bytearray(image.read_bytes())
    for place in places:
        content[place] ^= 1
    (folder / "changed").write_bytes(content)
    return folder / "changed"


def opened(left: Path, right: Path) -> Comparison:
    """Compare with the header key, which all recorded images have in common."""
    return compare_files(left, right, left_access=KEY, right_access=KEY)


def test_a_file_is_identical_to_its_copy(images: dict[str, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copyfile(images["default"], tmp_path / "copy"))
    found = opened(images["default"], copy)
    assert found.identical
    assert found.differing == ()
    assert found.sentence() == "The files are identical, byte by byte."
    assert {pair.relation for pair in found.pairs} == {Relation.EQUAL}


def test_added_machines_are_named_by_their_host_key(images: dict[str, Path]) -> None:
    found = compare_files(images["default"], images["two_hosts"])
    slots = [pair for pair in found.pairs if pair.group == "Key slots"]
    assert [(pair.left, pair.right, pair.relation.value) for pair in slots] == [
        ("1", "2", "different"),
        ("1", "1", "equal"),
        ("–", "2", "different"),  # noqa: RUF001 - a dash for nothing
    ]
    assert slots[2].note == "The machine can start the second file only."
    back = compare_files(images["two_hosts"], images["default"])
    assert [pair.note for pair in back.pairs if pair.group == "Key slots"][2] == (
        "The machine cannot start the second file."
    )


def test_without_keys_what_is_inside_is_not_checked(images: dict[str, Path]) -> None:
    found = compare_files(images["default"], images["cck_update"])
    for title in ("Keys, start PSW and secret flags", "Kernel, command line and ramdisk"):
        assert pair(found, title).relation is Relation.NOT_CHECKED
        assert "header key" in pair(found, title).note


def test_with_keys_equal_content_is_seen_through_different_ciphertext(images: dict[str, Path]) -> None:
    found = opened(images["default"], images["cck_update"])
    for title in ("Kernel", "Ramdisk", "Command line", "Text of the command line"):
        assert pair(found, title).relation is Relation.EQUAL, title
    assert pair(found, "CCK update allowed").left == "off"
    assert pair(found, "CCK update allowed").right == "on"
    assert pair(found, "Component 1").relation is Relation.DIFFERENT
    assert pair(found, "Image key").relation is Relation.DIFFERENT
    assert pair(found, "Image key").left == "hidden"


def test_flags_are_told_with_what_follows(images: dict[str, Path]) -> None:
    found = compare_files(images["default"], images["unencrypted"])
    changed = pair(found, "no component encryption")
    assert (changed.left, changed.right) == ("off", "on")
    assert "readable by whoever has the image" in changed.note


def test_one_changed_byte_of_the_kernel_is_found_by_meaning_and_by_place(
    images: dict[str, Path], tmp_path: Path
) -> None:
    # In an image that is not encrypted, so that one byte is one byte.
    changed = copy_with_changes(images["unencrypted"], tmp_path, 0x15000 + 0x3000)
    found = compare_files(images["unencrypted"], changed)
    assert found.ranges == ((0x18000, 1),)
    assert [pair.title for pair in found.differing] == ["Kernel"]
    assert found.differing[0].right.endswith(", other content")


def test_a_component_that_only_one_has_is_missing_in_the_other(images: dict[str, Path]) -> None:
    found = opened(images["default"], images["minimal"])
    assert pair(found, "Ramdisk").right == "–"  # noqa: RUF001 - a dash for nothing
    assert pair(found, "Kernel").relation is Relation.EQUAL


def test_an_image_and_its_bare_header_differ_in_kind_only(images: dict[str, Path], tmp_path: Path) -> None:
    header = tmp_path / "header"
    header.write_bytes(images["default"].read_bytes()[HEADER : HEADER + 640])
    found = compare_files(images["default"], header)
    assert {pair.title for pair in found.differing} == {"Kind", "Size", "Header at"}
    assert pair(found, "Component table").relation is Relation.NOT_CHECKED


def test_bytes_without_a_meaning_are_told_as_bytes(images: dict[str, Path], tmp_path: Path) -> None:
    changed = copy_with_changes(images["default"], tmp_path, 0x8000)
    found = opened(images["default"], changed)
    assert found.sentence() == "Nothing that the format gives a meaning differs; the bytes differ in 1 place."


@pytest.mark.parametrize("key", [None, KEY], ids=["without a key", "with a key"])
def test_a_changed_byte_is_told_with_the_part_that_it_lies_in(
    images: dict[str, Path], tmp_path: Path, key: HeaderKey | None
) -> None:
    places = {0x8000: "", 0x141A0: "SE header", 0x15000: "kernel" if key else "component 1"}
    with open_image(images["default"]) as image:
        location = locate_header(image)
        header = read_header(image, location.offset)
        places[locate_ipib(image, location.metadata, header, location.offset).offset + 5] = "IPIB"
    places[0x14000 + 0x280 - 1] = "SE header"
    changed = copy_with_changes(images["default"], tmp_path, *places)
    # With a key both must open, so the file itself is asked about its parts.
    found = compare_files(images["default"], images["default"] if key else changed, left_access=key, right_access=key)
    assert {place: found.part_at(place) for place in places} == places
    if key is None:
        assert [start for start, _ in found.ranges] == sorted(places)
        assert found.to_json()["range_parts"] == [places[place] for place in sorted(places)]


def test_what_could_not_be_compared_is_not_said_to_be_equal(images: dict[str, Path], tmp_path: Path) -> None:
    """Without a key nobody knows what a changed byte of an encrypted kernel means."""
    changed = copy_with_changes(images["default"], tmp_path, 0x16000)
    said = compare_files(images["default"], changed).sentence()
    assert said == "Nothing that could be compared by its meaning differs; the bytes differ in 1 place."


def test_a_key_that_does_not_fit_and_a_file_without_a_header_are_refused(
    images: dict[str, Path], tmp_path: Path
) -> None:
    wrong = tmp_path / "key"
    wrong.write_bytes(bytes(range(32)))
    key = HeaderKey(read_secret(wrong, 32, "header key"))
    with pytest.raises(FormatError):
        compare_files(images["default"], images["default"], left_access=KEY, right_access=key)
    with pytest.raises(SeError, match="No Secure Execution header"):
        compare_files(images["default"], wrong)


def test_it_can_be_cancelled(images: dict[str, Path]) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        compare_files(images["default"], images["two_hosts"], job=job)


def test_progress_reaches_its_end(images: dict[str, Path]) -> None:
    seen: list[Progress] = []
    compare_files(images["default"], images["cck_update"], left_access=KEY, right_access=KEY, job=Job(seen.append))
    ends = {progress.phase: (progress.done, progress.total) for progress in seen}
    assert set(ends) >= {"Comparing bytes", "Comparing kernel", "Comparing ramdisk"}
    assert all(done == total for done, total in ends.values())


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to write into again and again."""
    return tmp_path_factory.mktemp("ranges")


@given(
    left=st.binary(min_size=200, max_size=400) | st.binary(max_size=20),
    spots=st.sets(st.integers(0, 399), max_size=5),
    tail=st.binary(max_size=60),
    shared=st.binary(max_size=60),
)
def test_ranges_cover_every_difference_and_end_at_differences(
    scratch: Path, left: bytes, spots: set[int], tail: bytes, shared: bytes
) -> None:
    """One file has other bytes at some places of the other, and more at its end."""
    one, other = scratch / "one", scratch / "other"
    one.write_bytes(shared + left)
    other.write_bytes(shared + bytes(byte ^ (at in spots) for at, byte in enumerate(left)) + tail)
    first, second = one.read_bytes(), other.read_bytes()
    with open_image(one) as a, open_image(other) as b:
        ranges, cut_off = differing_ranges(a, b, Job())
    assert not cut_off
    differing = {at for at in range(max(len(first), len(second))) if first[at : at + 1] != second[at : at + 1]}
    covered = {at for offset, length in ranges for at in range(offset, offset + length)}
    assert differing <= covered
    assert all({offset, offset + length - 1} <= differing for offset, length in ranges)
    # Neighbours are apart by more than what would join them.
    assert all(two[0] - sum(start) > 16 for start, two in pairwise(ranges))


def test_too_many_places_are_cut_off(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(bytes(32 * (RANGE_LIMIT + 10)))
    other.write_bytes((b"\1" + bytes(31)) * (RANGE_LIMIT + 10))
    with open_image(one) as a, open_image(other) as b:
        ranges, cut_off = differing_ranges(a, b, Job())
    assert cut_off
    assert len(ranges) == RANGE_LIMIT
