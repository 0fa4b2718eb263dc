"""Every system call fails once, each in its turn: all or nothing, an error that names the place, no leftovers."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from .support import DONE, EARLIER, NOT_DONE, is_whole_image, names_in, speaks_to_users

if TYPE_CHECKING:
    from pathlib import Path

    from .support import Ended, Launcher, Yard

ERRORS = [errno.EIO, errno.ENOSPC]
ENDINGS = ("hdr-key", "image-key", "cck")
EXTRACTED = ["cmdline", "kernel", "ramdisk", "se-header.bin", "stage3b.bin"]
# The launcher does not fail these; and what cannot be removed stays, until the next start tries again.
SILENT = ("close", "rmdir", "unlink")


def failures(trace: list[str]) -> list[tuple[int, str]]:
    return [(number, name) for number, name in enumerate(trace) if name not in SILENT]


def traced(launcher: Launcher, words: list[object], **order: object) -> list[str]:
    ended = launcher.run(words, trace=True, **order)
    assert ended.status == DONE, ended.err
    assert {"open", "pwrite", "fsync"} <= set(ended.trace)
    return ended.trace


def reasons_missing(ended: Ended) -> list[str]:
    """What is wrong with how a command ended: it must be done after all, or give one error in a user's words."""
    wrong = []
    if ended.status not in (DONE, NOT_DONE):
        wrong.append(f"exit status {ended.status}")
    if len(ended.errors) != (ended.status == NOT_DONE):
        wrong.append(f"{len(ended.errors)} errors with exit status {ended.status}")
    if not speaks_to_users(ended.err):
        wrong.append(f"says {ended.err!r}")
    return wrong


@pytest.mark.parametrize("code", ERRORS)
def test_create_keeps_image_and_keys_together_whatever_fails(
    launcher: Launcher, yard: Yard, named: bool, code: int
) -> None:
    keys = yard.folder / "keys"
    keys.mkdir()
    output = yard.target / "image"
    key_files = [keys / f"image.{ending}" for ending in ENDINGS]
    words = yard.create(output, "--overwrite", "--save-keys", keys, "-q")
    output.write_bytes(EARLIER)
    wrong = []
    for number, name in failures(traced(launcher, words, named=named)):
        clear(keys)
        clear(yard.target)
        output.write_bytes(EARLIER)
        ended = launcher.run(words, named=named, fail_at=number, errno=code)
        found = reasons_missing(ended)
        saved = names_in(keys)
        if output.read_bytes() == EARLIER:
            found += [f"left keys of no image: {saved}"] if saved else []
            found += ["claims to be done"] if ended.status == DONE else []
        elif saved != sorted(path.name for path in key_files):
            found.append(f"left an image with the keys {saved}")
        else:
            assert is_whole_image(output, key_files[0])
        if yard.left() != ["image"]:
            found.append(f"left {yard.left()}")
        wrong += [f"call {number} ({name}): {what}" for what in found]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("code", ERRORS)
def test_create_of_a_new_file_leaves_it_whole_or_absent_whatever_fails(
    launcher: Launcher, yard: Yard, named: bool, code: int
) -> None:
    output = yard.target / "image"
    words = yard.create(output, "--hdr-key", yard.header_key, "-q", "-r", yard.ramdisk(9000))
    wrong = []
    for number, name in failures(traced(launcher, words, named=named)):
        clear(yard.target)
        ended = launcher.run(words, named=named, fail_at=number, errno=code)
        found = reasons_missing(ended)
        if output.exists():
            assert is_whole_image(output, yard.header_key), number
        elif ended.status == DONE:
            found.append("claims to be done")
        if yard.left() not in ([], ["image"]):
            found.append(f"left {yard.left()}")
        wrong += [f"call {number} ({name}): {what}" for what in found]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("before", ["a new folder", "an empty folder", "earlier files"])
def test_extract_gives_all_files_or_none_whatever_fails(
    launcher: Launcher, yard: Yard, named: bool, code: int, before: str
) -> None:
    """Where files are replaced it cannot be all or none, but each is the earlier or the new one."""
    words = yard.extract("--overwrite", "-q")

    def prepare() -> None:
        if yard.target.exists():
            clear(yard.target)
        if before == "a new folder":
            yard.target.rmdir()
        elif before == "earlier files":
            for name in EXTRACTED:
                (yard.target / name).write_bytes(EARLIER)

    prepare()
    trace = traced(launcher, words, named=named)
    good = {name: (yard.target / name).read_bytes() for name in EXTRACTED}
    wrong = []
    for number, name in failures(trace):
        yard.target.mkdir(exist_ok=True)
        prepare()
        ended = launcher.run(words, named=named, fail_at=number, errno=code)
        found = reasons_missing(ended)
        left = {name: (yard.target / name).read_bytes() for name in yard.left()} if yard.target.exists() else None
        if ended.status == DONE:
            whole = left == good
        elif before == "earlier files":
            whole = sorted(left or ()) == EXTRACTED and all(left[key] in (good[key], EARLIER) for key in EXTRACTED)  # type: ignore[index]
        else:
            whole = left in (good, None if before == "a new folder" else {})
        if not whole:
            found.append(f"left {sorted(left) if left is not None else None}")
        wrong += [f"call {number} ({name}): {what}" for what in found]
    assert not wrong, "\n" + "\n".join(wrong)


def clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def test_a_failing_read_of_an_image_is_an_error_about_that_image(launcher: Launcher, yard: Yard) -> None:
    image = yard.image()
    for command in ("verify", "info", "dissect"):
        words: list[object] = ["image", command, "--hdr-key", yard.header_key, image]
        ended = launcher.run(words, trace=True)
        assert ended.status == DONE
        reads = [number for number, name in enumerate(ended.trace) if name in ("pread", "preadv")]
        assert reads
        for number in reads:
            broken = launcher.run(words, fail_at=number, errno=errno.EIO)
            assert "input/output error" in broken.require_one_clear_error(image), f"{command}, call {number}"
