"""Extracting: the bytes that went in, or nothing."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from seworkbench.errors import Cancelled, CheckFailed, SeError
from seworkbench.formats.components import ComponentKind
from seworkbench.image.access import HeaderKey, HostPrivateKey
from seworkbench.image.extract import Extracted, extract_image
from seworkbench.image.image_file import open_image
from seworkbench.jobs import Job, Progress
from seworkbench.secret import Secret

from .workshop import (
    COMMAND_LINE,
    HEADER_AT,
    HEADER_KEY,
    HOST,
    HOST2,
    KERNEL,
    RAMDISK,
    STAGE3B,
    Draft,
    Forgery,
    pieces,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seworkbench.image.access import Access

KEY = HeaderKey(Secret(HEADER_KEY))
MACHINE = HostPrivateKey(HOST)


def names_in(folder: Path) -> list[str]:
    """Everything in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


def extract(
    path: Path, access: Access | None, folder: Path, *, overwrite: bool = False, job: Job | None = None
) -> Extracted:
    with open_image(path) as image:
        return extract_image(image, access, folder, overwrite=overwrite, job=job)


@pytest.fixture
def spoilt(golden: dict[str, Path], tmp_path: Path) -> Callable[[str, Callable[[Draft], object]], Path]:
    """Makes a changed golden image."""

    def make(letter: str, change: Callable[[Draft], object]) -> Path:
        draft = Draft(golden[letter].read_bytes())
        change(draft)
        path = tmp_path / "spoilt"
        path.write_bytes(draft.data)
        return path

    return make


@pytest.mark.parametrize(("letter", "access"), [("A", KEY), ("A", MACHINE), ("B", None), ("B", KEY), ("B", MACHINE)])
def test_files_are_the_inputs_and_the_header_as_stored(
    golden: dict[str, Path], tmp_path: Path, letter: str, access: Access | None
) -> None:
    folder = tmp_path / "out"
    result = extract(golden[letter], access, folder)
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    loader = content.pop("stage3b.bin")
    assert (
        content
        == {
            "kernel": KERNEL,
            "ramdisk": RAMDISK,
            "cmdline": COMMAND_LINE,  # the closing NUL is the format's, not the file's
            "se-header.bin": golden[letter].read_bytes()[HEADER_AT : HEADER_AT + 640],
        }
    )
    assert loader[:-64] == STAGE3B[:-64]
    assert loader[-64:].hex() == (
        "0000000000015000000000000001234500000000" + "0002a0000000000000000021"
        "000000000002800000000000000013880000000180000000" + "0000000000010000"
    )
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {kind: (path.name, size) for kind, (path, size) in result.files.items()} == {
        ComponentKind.KERNEL: ("kernel", len(KERNEL)),
        ComponentKind.RAMDISK: ("ramdisk", len(RAMDISK)),
        ComponentKind.COMMAND_LINE: ("cmdline", len(COMMAND_LINE)),
        ComponentKind.STAGE3B: ("stage3b.bin", len(STAGE3B)),
        None: ("se-header.bin", 640),
    }
    assert json.loads(json.dumps(result.to_json()))["files"][0] == {
        "kind": "kernel",
        "path": str(folder / "kernel"),
        "size": len(KERNEL),
    }


def test_parts_that_the_image_lacks_make_no_file(golden: dict[str, Path], tmp_path: Path) -> None:
    extract(golden["C"], HostPrivateKey(HOST2), tmp_path / "out")
    assert names_in(tmp_path / "out") == ["kernel", "se-header.bin", "stage3b.bin"]


REFUSALS = {
    "a changed page": ("A", lambda draft: draft.flip(0x15000), KEY, CheckFailed, "Content of the pages (PLD)"),
    "a changed page, no key needed": ("B", lambda draft: draft.flip(0x2B000), None, CheckFailed, "(PLD)"),
    "a changed tag": ("A", lambda draft: draft.flip(HEADER_AT + 639), KEY, CheckFailed, "Header is authentic"),
    "a changed slot": ("A", lambda draft: draft.flip(HEADER_AT + 0x1C0), MACHINE, CheckFailed, "The key slot opens"),
    "another key": ("A", lambda _: None, HeaderKey(Secret(bytes(32))), CheckFailed, "Header is authentic"),
    "another key though none is needed": ("B", lambda _: None, HeaderKey(Secret(bytes(32))), CheckFailed, "authentic"),
    "another machine": ("A", lambda _: None, HostPrivateKey(HOST2), CheckFailed, "A key slot is for this machine"),
    "no key": ("A", lambda _: None, None, SeError, "The components are encrypted."),
    "a wrong digest, sealed": (
        "A",
        lambda draft: draft.put_header(0x160, bytes(64)),
        KEY,
        CheckFailed,
        "Tweaks of the pages (TLD)",
    ),
    "a wrong number of pages, sealed": (
        "A",
        lambda draft: draft.put_header(0x30, bytes(8)),
        KEY,
        CheckFailed,
        "Number of pages",
    ),
    "an invalid customer key": (
        "A",
        lambda draft: draft.put_header(0x40, bytes(160)),
        KEY,
        CheckFailed,
        "Customer public key is a point on P-521",
    ),
    "overlapping components": (
        "A",
        lambda draft: draft.put_row(0, 0x0028010203040506, 0x15000, 0x14000),
        KEY,
        CheckFailed,
        "Components do not overlap anything",
    ),
    "a file cut off": ("A", lambda draft: draft.data.__delitem__(slice(0x2C000, None)), KEY, CheckFailed, "IPIB"),
    "a bare header": (
        "A",
        lambda draft: draft.data.__setitem__(slice(None), draft.data[HEADER_AT : HEADER_AT + 640]),
        KEY,
        SeError,
        "This is a bare header: it holds no components.",
    ),
    "optional items": ("A", lambda draft: draft.put_secret(0x78, b"\0\0\0\1"), KEY, CheckFailed, "Encrypted part"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_an_image_that_fails_a_check_gives_nothing(
    spoilt: Callable[[str, Callable[[Draft], object]], Path], tmp_path: Path, name: str
) -> None:
    letter, change, access, error, reason = REFUSALS[name]
    path = spoilt(letter, change)
    with pytest.raises(SeError) as caught:
        extract(path, access, tmp_path / "out")
    assert type(caught.value) is error
    assert reason in caught.value.what
    assert caught.value.where == str(path)
    assert caught.value.remedy
    assert "Nothing was extracted." in caught.value.what or error is SeError
    assert names_in(tmp_path) == ["spoilt"]


def test_an_image_without_a_header_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(KERNEL)
    with pytest.raises(SeError, match="No Secure Execution header was found"):
        extract(tmp_path / "noise", KEY, tmp_path / "out")
    assert names_in(tmp_path) == ["noise"]


@pytest.mark.parametrize(
    "change",
    [
        lambda draft: draft.put_secret(0x68, bytes(8)),
        lambda draft: draft.put(0, bytes(8)),
        lambda draft: draft.put_number(0xC000 + 8, 0x1000),
        lambda draft: draft.put(0x12E20, bytes(24)),
    ],
    ids=["start address", "short PSW", "metadata", "stage3a arguments"],
)
def test_how_the_guest_would_start_does_not_matter(
    spoilt: Callable[[str, Callable[[Draft], object]], Path], tmp_path: Path, change: Callable[[Draft], object]
) -> None:
    extract(spoilt("A", change), KEY, tmp_path / "out")
    assert (tmp_path / "out" / "kernel").read_bytes() == KERNEL


@pytest.mark.parametrize("taken", ["kernel", "ramdisk", "cmdline", "stage3b.bin", "se-header.bin"])
def test_an_existing_file_is_kept_and_nothing_else_is_written_unless_told_to(
    golden: dict[str, Path], tmp_path: Path, taken: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / taken).write_bytes(b"precious")
    with pytest.raises(SeError, match="already exists") as caught:
        extract(golden["A"], KEY, folder)
    assert caught.value.where == str(folder / taken)
    assert names_in(folder) == [taken]
    assert (folder / taken).read_bytes() == b"precious"
    extract(golden["A"], KEY, folder, overwrite=True)
    assert len(names_in(folder)) == 5
    assert (folder / taken).read_bytes() != b"precious"


def test_a_file_in_the_place_of_the_folder_is_an_error(golden: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"precious")
    with pytest.raises(SeError, match="is not a folder") as caught:
        extract(golden["A"], KEY, tmp_path / "out")
    assert caught.value.where.startswith(str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"precious"


@pytest.mark.parametrize("taken", ["kernel", "ramdisk", "cmdline", "stage3b.bin", "se-header.bin"])
def test_a_name_taken_at_the_last_moment_undoes_all_files_but_the_strangers(
    golden: dict[str, Path], tmp_path: Path, taken: str
) -> None:
    folder = tmp_path / "new" / "out"

    def watch(progress: Progress) -> None:
        if progress.done == progress.total:
            (folder / taken).write_bytes(b"somebody else's")

    with pytest.raises(SeError, match="already exists") as caught:
        extract(golden["A"], KEY, folder, job=Job(watch))
    assert caught.value.where == str(folder / taken)
    assert names_in(folder) == [taken]
    assert (folder / taken).read_bytes() == b"somebody else's"


def test_folders_that_were_made_for_nothing_go_again(
    spoilt: Callable[[str, Callable[[Draft], object]], Path], tmp_path: Path
) -> None:
    with pytest.raises(CheckFailed):
        extract(spoilt("A", lambda draft: draft.flip(0x15000)), KEY, tmp_path / "a" / "b" / "c")
    assert names_in(tmp_path) == ["spoilt"]


def test_a_command_line_without_a_closing_nul_comes_back_whole(tmp_path: Path) -> None:
    """No builder writes such an image; its last byte is still part of it."""
    (tmp_path / "image").write_bytes(Forgery(parts=pieces(command_line=b"quiet debug")).build())
    extract(tmp_path / "image", None, tmp_path / "out")
    assert (tmp_path / "out" / "cmdline").read_bytes() == b"quiet debug"


@pytest.mark.parametrize("existing", [True, False])
def test_a_cancelled_extraction_leaves_nothing(golden: dict[str, Path], tmp_path: Path, existing: bool) -> None:
    folder = tmp_path / "out"
    if existing:
        folder.mkdir()
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 3:
            job.cancel()

    job = Job(watch)
    with pytest.raises(Cancelled):
        extract(golden["A"], KEY, folder, job=job)
    assert len(seen) == 3
    assert (names_in(folder) == []) if existing else not folder.exists()


def test_progress_covers_all_stored_pages(golden: dict[str, Path], tmp_path: Path) -> None:
    seen: list[Progress] = []
    extract(golden["A"], KEY, tmp_path / "out", job=Job(seen.append))
    assert {(progress.phase, progress.total) for progress in seen} == {("Extracting", 0x18000)}
    assert seen[-1].done == 0x18000


def test_an_image_that_changes_while_it_is_extracted_gives_nothing(
    spoilt: Callable[[str, Callable[[Draft], object]], Path], tmp_path: Path
) -> None:
    """The digests are computed over what is written, not over an earlier reading."""
    path = spoilt("A", lambda _: None)

    def watch(progress: Progress) -> None:
        if progress.done == 0:
            with path.open("r+b") as file:
                file.seek(0x2A000)
                file.write(b"changed")

    with pytest.raises(CheckFailed, match=r"Content of the pages \(PLD\)"):
        extract(path, KEY, tmp_path / "out", job=Job(watch))
    assert not (tmp_path / "out").exists()


def test_an_image_that_becomes_shorter_while_it_is_extracted_gives_nothing(
    spoilt: Callable[[str, Callable[[Draft], object]], Path], tmp_path: Path
) -> None:
    path = spoilt("A", lambda _: None)

    def watch(progress: Progress) -> None:
        if progress.done == 0:
            os.truncate(path, 0x20000)

    with pytest.raises(SeError, match="became shorter"):
        extract(path, KEY, tmp_path / "out", job=Job(watch))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["kernel", "ramdisk", "cmdline", "stage3b.bin", "se-header.bin"])
@pytest.mark.parametrize("linked", [False, True], ids=["itself", "link"])
def test_an_image_is_not_replaced_by_its_own_component(
    golden: dict[str, Path], tmp_path: Path, name: str, *, linked: bool
) -> None:
    image = tmp_path / ("image" if linked else name)
    image.write_bytes(golden["A"].read_bytes())
    if linked:
        (tmp_path / name).hardlink_to(image)
    before = names_in(tmp_path)
    with pytest.raises(SeError, match="The output is one of the inputs"):
        extract(image, KEY, tmp_path, overwrite=True)
    assert image.read_bytes() == golden["A"].read_bytes()
    assert names_in(tmp_path) == before
