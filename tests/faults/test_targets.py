"""Places where a file cannot go, or goes only if asked for: one clear error, exit status 1, nothing left."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.errors import SeError
from seworkbench.files import AtomicFile, save_secret
from seworkbench.image.access import HeaderKey
from seworkbench.image.build import BuildOrder, Recipient, build_image
from seworkbench.image.extract import extract_image
from seworkbench.image.image_file import open_image
from seworkbench.image.keys import ImageKeys
from seworkbench.image.verify import verify_image
from seworkbench.jobs import Job
from seworkbench.secret import Secret
from seworkbench.trust.host_key_document import read_host_key_document

from .support import DONE, EARLIER, HOST_DOCUMENT, IMAGES, NOT_DONE, USAGE, is_whole_image, names_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.jobs import Progress

    from .conftest import Mount
    from .support import Launcher, Yard

PLENTY = 1 << 50


def order(yard: Yard, output: Path, **changes: object) -> BuildOrder:
    recipient = Recipient(str(HOST_DOCUMENT), read_host_key_document(HOST_DOCUMENT).key)
    return BuildOrder(yard.kernel(), (recipient,), output, **changes)  # type: ignore[arg-type]


# --- Disks -------------------------------------------------------------------------------


def test_a_build_that_will_not_fit_is_refused_before_it_is_begun(
    launcher: Launcher, yard: Yard, mount: Mount, named: bool
) -> None:
    mount(yard.target, "size=256k")
    output = yard.target / "image"
    ended = launcher.run(yard.create(output, "-r", yard.ramdisk(1 << 20)), named=named, trace=True)
    message = ended.require_one_clear_error(output)
    assert "needed" in message
    assert "pwrite" not in ended.trace
    assert yard.left() == []


def test_a_disk_that_fills_up_during_a_build_leaves_nothing(
    launcher: Launcher, yard: Yard, mount: Mount, named: bool
) -> None:
    mount(yard.target, "size=1m")
    output = yard.target / "image"
    words = yard.create(output, "-r", yard.ramdisk(4 << 20), "--overwrite")
    for before in (False, True):
        if before:
            output.write_bytes(EARLIER)
        ended = launcher.run(words, named=named, room=PLENTY, trace=True)
        assert "disk is full" in ended.require_one_clear_error(output)
        assert ended.trace.count("pwrite") > 0
        assert yard.left() == (["image"] if before else [])
        assert not before or output.read_bytes() == EARLIER
    room = os.statvfs(yard.target)
    assert room.f_bavail * room.f_frsize > 900 << 10, "the room of the unfinished file was not given back"


def test_a_disk_that_fills_up_during_an_extraction_leaves_nothing(
    launcher: Launcher, yard: Yard, mount: Mount, named: bool
) -> None:
    mount(yard.target, "size=64k")
    for claimed in ({}, {"room": PLENTY}):
        ended = launcher.run(yard.extract(), named=named, **claimed)
        ended.require_one_clear_error(yard.target)
        assert yard.left() == []


def test_keys_that_do_not_fit_on_their_disk_leave_no_image(launcher: Launcher, yard: Yard, mount: Mount) -> None:
    keys = yard.folder / "keys"
    keys.mkdir()
    mount(keys, "size=4k")
    (keys / "filler").write_bytes(b"x" * 4096)
    ended = launcher.run(yard.create(yard.target / "image", "--save-keys", keys), room=PLENTY)
    ended.require_one_clear_error(keys)
    assert yard.left() == []
    assert names_in(keys) == ["filler"]


def test_a_limit_on_the_size_of_files_is_explained(launcher: Launcher, yard: Yard, named: bool) -> None:
    output = yard.target / "image"
    ended = launcher.run(yard.create(output, "-r", yard.ramdisk(4 << 20)), named=named, fsize=1 << 20)
    assert "larger than" in ended.require_one_clear_error(output)
    assert yard.left() == []
    ended = launcher.run(yard.extract(), named=named, fsize=1 << 10)
    ended.require_one_clear_error(yard.target)
    assert yard.left() == []


def test_a_read_only_file_system_is_explained(launcher: Launcher, yard: Yard, mount: Mount, named: bool) -> None:
    mount(yard.target, "ro")
    output = yard.target / "image"
    assert "read-only" in launcher.run(yard.create(output), named=named).require_one_clear_error(output)
    message = launcher.run(yard.extract(), named=named).require_one_clear_error(yard.target)
    assert "read-only" in message
    words = yard.create(yard.folder / "image", "--save-keys", yard.target / "keys")
    assert "read-only" in launcher.run(words, named=named).require_one_clear_error(yard.target / "keys")
    assert not (yard.folder / "image").exists()
    assert yard.left() == []


def test_a_folder_that_one_may_not_write_to_is_explained(
    launcher: Launcher, yard: Yard, other_user: dict[str, int], named: bool
) -> None:
    words = [yard.create(yard.target / "image", "--overwrite"), yard.extract(), yard.extract("--overwrite")]
    (yard.target / "image").write_bytes(EARLIER)
    yard.target.chmod(0o555)
    try:
        for command in words:
            ended = launcher.run(command, named=named, **other_user)
            assert "Access is denied" in ended.require_one_clear_error(yard.target)
        assert yard.left() == ["image"]
        assert (yard.target / "image").read_bytes() == EARLIER
    finally:
        yard.target.chmod(0o755)


@pytest.mark.parametrize("mode", [0o555, 0o666, 0o000])
def test_a_key_folder_that_one_may_not_use_is_explained(
    launcher: Launcher, yard: Yard, other_user: dict[str, int], mode: int
) -> None:
    keys = yard.folder / "keys"
    keys.mkdir()
    yard.target.chmod(0o777)
    words = yard.create(yard.target / "image", "--save-keys", keys)
    keys.chmod(mode)
    try:
        ended = launcher.run(words, **other_user)
        assert "Access is denied" in ended.require_one_clear_error(keys)
    finally:
        keys.chmod(0o755)
    assert yard.left() == []
    assert names_in(keys) == []


# --- What is in the place already --------------------------------------------------------


def spot(yard: Yard, kind: str) -> Path:
    """Something at the output's name."""
    output, other = yard.target / "image", yard.folder / "elsewhere"
    if kind == "file":
        output.write_bytes(EARLIER)
    elif kind == "folder":
        output.mkdir()
    elif kind == "link to a file":
        other.write_bytes(EARLIER)
        output.symlink_to(other)
    elif kind == "dangling link":
        output.symlink_to(other)
    elif kind == "link to a folder":
        other.mkdir()
        output.symlink_to(other)
    elif kind == "link to itself":
        output.symlink_to(output)
    elif kind == "fifo":
        os.mkfifo(output)
    return output


SPOTS = ["file", "link to a file", "dangling link", "link to itself", "fifo", "folder", "link to a folder"]


def state(path: Path) -> tuple[object, ...]:
    found = path.lstat()
    return found.st_ino, found.st_mode, found.st_size, path.readlink() if path.is_symlink() else None


@pytest.mark.parametrize("kind", SPOTS)
def test_an_output_that_exists_is_left_alone_unless_it_may_be_replaced(
    launcher: Launcher, yard: Yard, kind: str, named: bool
) -> None:
    output = spot(yard, kind)
    before = state(output)
    ended = launcher.run(yard.create(output), named=named)
    message = ended.require_one_clear_error(output)
    assert ("folder" if "folder" in kind else "pipe" if kind == "fifo" else "exists") in message
    assert state(output) == before
    assert yard.left() == ["image"]


@pytest.mark.parametrize("kind", SPOTS)
def test_replacing_an_output_replaces_the_name_and_never_follows_a_link(
    launcher: Launcher, yard: Yard, kind: str, named: bool
) -> None:
    output = spot(yard, kind)
    other = yard.folder / "elsewhere"
    before = state(output)
    ended = launcher.run(yard.create(output, "--overwrite", "--hdr-key", yard.header_key), named=named)
    if "folder" in kind or kind == "fifo":
        assert ("pipe" if kind == "fifo" else "folder") in ended.require_one_clear_error(output)
        assert state(output) == before
    else:
        assert ended.status == DONE, ended.err
        assert not output.is_symlink()
        assert is_whole_image(output, yard.header_key)
    if kind == "link to a file":
        assert other.read_bytes() == EARLIER
    elif kind == "dangling link":
        assert not other.exists()
    elif kind == "link to a folder":
        assert names_in(other) == []
    assert yard.left() == ["image"]


@pytest.mark.parametrize("kind", SPOTS)
@pytest.mark.parametrize("overwrite", [False, True])
def test_extraction_treats_what_exists_in_the_same_way(
    launcher: Launcher, yard: Yard, kind: str, overwrite: bool
) -> None:
    place = spot(yard, kind)
    place.rename(yard.target / "ramdisk")
    before = state(yard.target / "ramdisk")
    ended = launcher.run(yard.extract(*(["--overwrite"] if overwrite else [])))
    if overwrite and "folder" not in kind and kind != "fifo":
        assert ended.status == DONE
        assert (yard.target / "ramdisk").read_bytes() == (IMAGES / "ramdisk").read_bytes()
        assert not (yard.target / "ramdisk").is_symlink()
        other = yard.folder / "elsewhere"
        assert not other.exists() or other.read_bytes() == EARLIER
    else:
        ended.require_one_clear_error(yard.target / "ramdisk")
        assert state(yard.target / "ramdisk") == before
        assert yard.left() == ["ramdisk"]


@pytest.mark.parametrize("missing", ["nowhere/image", "image/", "", "."])
def test_an_output_in_no_folder_or_without_a_name_is_explained(launcher: Launcher, yard: Yard, missing: str) -> None:
    ended = launcher.run(yard.create(Path("x")), cwd=str(yard.target))
    assert ended.status == DONE
    (yard.target / "x").unlink()
    (yard.target / "image").mkdir()
    words = [*yard.create(Path("x"))]
    words[words.index(Path("x"))] = missing
    ended = launcher.run(words, cwd=str(yard.target))
    ended.require_one_clear_error(status=NOT_DONE if missing else USAGE)
    assert yard.left() == ["image"]
    assert names_in(yard.target / "image") == []


def test_an_output_under_a_file_is_explained(launcher: Launcher, yard: Yard) -> None:
    (yard.target / "image").write_bytes(EARLIER)
    below = yard.target / "image/below"
    for words in (yard.create(below), yard.create(below, "--overwrite")):
        message = launcher.run(words).require_one_clear_error(yard.target / "image")
        assert "does not exist" not in message
    words = ["image", "extract", "--hdr-key", yard.header_key, "-d", yard.target / "image", yard.image()]
    launcher.run(words).require_one_clear_error(yard.target / "image")
    launcher.run(yard.create(yard.folder / "new", "--save-keys", yard.target / "image")).require_one_clear_error(
        yard.target / "image"
    )
    assert not (yard.folder / "new").exists()
    assert (yard.target / "image").read_bytes() == EARLIER


@pytest.mark.parametrize("length", [255, 256, 5000])
def test_a_name_at_the_limit_works_and_a_longer_one_is_explained(
    launcher: Launcher, yard: Yard, named: bool, length: int
) -> None:
    output = yard.target / ("n" * length)
    words = yard.create(output, "--hdr-key", yard.header_key)
    ended = launcher.run(words, named=named)
    if length == 255:
        assert ended.status == DONE, ended.err
        # The names of the keys are longer than that of the image.
        keys = yard.folder / "keys"
        keys.mkdir()
        output.unlink()
        ended = launcher.run(yard.create(output, "--save-keys", keys), named=named)
        assert "too long" in ended.require_one_clear_error(keys)
        assert names_in(keys) == []
    else:
        assert "too long" in ended.require_one_clear_error(output)
    assert yard.left() == []


def test_an_output_in_a_folder_that_one_may_not_enter_is_explained(
    launcher: Launcher, yard: Yard, other_user: dict[str, int]
) -> None:
    (yard.target / "closed/inner").mkdir(parents=True)
    (yard.target / "closed").chmod(0)
    try:
        for words in (
            yard.create(yard.target / "closed/image"),
            yard.create(yard.target / "closed/inner/image"),
            ["image", "extract", "--hdr-key", yard.header_key, "-d", yard.target / "closed/inner", yard.image()],
            ["image", "extract", "--hdr-key", yard.header_key, "-d", yard.target / "closed/new", yard.image()],
        ):
            ended = launcher.run(words, **other_user)
            assert "Access is denied" in ended.require_one_clear_error(yard.target / "closed")
    finally:
        (yard.target / "closed").chmod(0o755)
    assert names_in(yard.target / "closed") == ["inner"]
    assert names_in(yard.target / "closed/inner") == []


@pytest.mark.parametrize("length", [256, 5000])
def test_a_folder_name_that_is_too_long_is_explained(launcher: Launcher, yard: Yard, length: int) -> None:
    folder = yard.target / ("n" * length)
    words = ["image", "extract", "--hdr-key", yard.header_key, "-d", folder, yard.image()]
    assert "too long" in launcher.run(words).require_one_clear_error(folder)
    words = yard.create(folder / "image")
    assert "too long" in launcher.run(words).require_one_clear_error(folder)
    words = yard.create(yard.target / "image", "--save-keys", folder)
    assert "too long" in launcher.run(words).require_one_clear_error(folder)
    assert yard.left() == []


def test_a_failed_extraction_leaves_no_folders_that_it_made(launcher: Launcher, yard: Yard) -> None:
    damaged = bytearray(yard.image().read_bytes())
    damaged[0x18000] ^= 1
    image = yard.folder / "damaged.img"
    image.write_bytes(damaged)
    words = ["image", "extract", "--hdr-key", yard.header_key, "-d", yard.target / "a/b/c", image]
    ended = launcher.run(words)
    assert ended.status == 3
    assert len(ended.errors) == 1
    assert yard.left() == []


def test_a_failed_build_leaves_no_folders_that_it_made(launcher: Launcher, yard: Yard) -> None:
    """The folder for the keys is made when all is done but the last step."""
    output = yard.target / "image"
    words = yard.create(output, "--save-keys", yard.folder / "keys/new")
    trace = launcher.run(words, trace=True).trace
    (yard.folder / "keys/new").rename(yard.folder / "kept")
    (yard.folder / "keys").rmdir()
    output.unlink()
    last = len(trace) - 1 - trace[::-1].index("link")
    launcher.run(words, fail_at=last, errno=errno.EIO).require_one_clear_error(output)
    assert yard.left() == []
    assert not (yard.folder / "keys").exists()


# --- The output is an input --------------------------------------------------------------


@pytest.mark.parametrize("role", ["kernel", "ramdisk", "command line", "header key", "host key document"])
def test_an_input_named_as_output_is_never_lost_without_being_asked_for(
    launcher: Launcher, yard: Yard, role: str
) -> None:
    option = {"kernel": "-i", "ramdisk": "-r", "command line": "-p", "header key": "--hdr-key"}.get(role, "-k")
    source = {
        "kernel": yard.kernel(),
        "ramdisk": yard.ramdisk(9000),
        "command line": IMAGES / "cmdline",
        "header key": IMAGES / "hdr.key",
    }.get(role, HOST_DOCUMENT)
    output = yard.target / "both"
    output.write_bytes(source.read_bytes())
    words = [*yard.create(output), option, output]
    if role == "kernel":
        words = yard.create(output, kernel=output)
    ended = launcher.run(words)
    ended.require_one_clear_error(output)
    assert output.read_bytes() == source.read_bytes()
    ended = launcher.run([*words, "--overwrite"])
    # Whether asked-for replacement of an input is refused or done: it is one of the two, and whole.
    if ended.status == DONE:
        with open_image(output) as image:
            assert verify_image(image).check.verdict is Verdict.PASSED
    else:
        ended.require_one_clear_error(output)
        assert output.read_bytes() == source.read_bytes()
    assert yard.left() == ["both"]


def test_an_image_in_the_folder_of_its_components_is_not_lost(launcher: Launcher, yard: Yard) -> None:
    image = yard.target / "kernel"
    image.write_bytes(yard.image().read_bytes())
    ended = launcher.run(yard.extract(image=image))
    ended.require_one_clear_error(image)
    assert image.read_bytes() == yard.image().read_bytes()
    assert yard.left() == ["kernel"]
    ended = launcher.run(yard.extract("--overwrite", image=image))
    if ended.status == DONE:
        assert image.read_bytes() == (IMAGES / "kernel").read_bytes()
    else:
        assert image.read_bytes() == yard.image().read_bytes()


# --- Two at once -------------------------------------------------------------------------


def both_at_once(work: Callable[[Job], object]) -> list[object]:
    """Run the same work on two threads that wait for each other in the middle of it."""
    meeting = threading.Barrier(2)
    results: list[object] = []

    def run() -> None:
        met = False

        def watch(progress: Progress) -> None:
            nonlocal met
            if not met and progress.done:
                met = True
                meeting.wait()

        try:
            results.append(work(Job(watch)))
        except SeError as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("overwrite", [False, True])
def test_of_two_builds_of_one_file_one_wins_and_the_other_is_told(
    yard: Yard, named: bool, overwrite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if named:
        monkeypatch.setattr(os, "O_TMPFILE", 0)
    output = yard.target / "image"
    key = yard.header_key
    wanted = order(yard, output, overwrite=overwrite)
    results = both_at_once(lambda job: build_image(wanted, ImageKeys.fresh(header=Secret(key.read_bytes())), job))
    failed = [result for result in results if isinstance(result, SeError)]
    assert len(results) == 2
    assert len(failed) == (0 if overwrite else 1), failed
    if failed:
        assert "exists" in str(failed[0])
        assert str(output) in str(failed[0])
    assert yard.left() == ["image"]
    assert is_whole_image(output, key)


@pytest.mark.parametrize("overwrite", [False, True])
def test_of_two_extractions_into_one_folder_every_file_is_whole(
    yard: Yard, named: bool, overwrite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if named:
        monkeypatch.setattr(os, "O_TMPFILE", 0)
    access = HeaderKey(Secret(yard.header_key.read_bytes()))
    yard.image()

    def work(job: Job) -> object:
        with open_image(yard.image()) as image:
            return extract_image(image, access, yard.target, overwrite=overwrite, job=job)

    results = both_at_once(work)
    failed = [result for result in results if isinstance(result, SeError)]
    assert len(results) == 2
    assert len(failed) == (0 if overwrite else 1), failed
    for name in ("kernel", "ramdisk", "cmdline"):
        assert (yard.target / name).read_bytes() == (IMAGES / name).read_bytes()
    assert len(yard.left()) == 5


def test_a_new_unfinished_file_is_not_swept_before_its_writer_has_locked_it(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between making a named unfinished file and locking it, another start may sweep the folder."""
    from seworkbench import files  # noqa: PLC0415

    monkeypatch.setattr(os, "O_TMPFILE", 0)
    lock = files._lock
    swept: list[int] = []

    def another_start_comes_first(fd: int) -> None:
        if not swept:
            swept.append(fd)
            files._sweep(yard.target)
        lock(fd)

    monkeypatch.setattr(files, "_lock", another_start_comes_first)
    path = yard.target / "file"
    with AtomicFile(path) as file:
        file.write_at(0, EARLIER)
    assert swept
    assert path.read_bytes() == EARLIER


# --- Keys --------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_images_components_and_keys_are_private_whatever_the_umask(
    launcher: Launcher, yard: Yard, named: bool, umask: int
) -> None:
    keys = yard.folder / "keys"
    keys.mkdir()
    words = yard.create(yard.folder / "image", "--save-keys", keys)
    assert launcher.run(words, named=named, umask=umask).status == DONE
    assert launcher.run(yard.extract(), named=named, umask=umask).status == DONE
    files = [yard.folder / "image", *keys.iterdir(), *yard.target.iterdir()]
    assert len(files) == 1 + 3 + 5
    assert {path.name: oct(path.stat().st_mode) for path in files} == {path.name: "0o100600" for path in files}


def test_a_folder_made_for_keys_is_private(launcher: Launcher, yard: Yard) -> None:
    keys = yard.folder / "keys"
    assert launcher.run(yard.create(yard.target / "image", "--save-keys", keys), umask=0).status == DONE
    assert keys.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("ending", ["hdr-key", "image-key", "cck"])
@pytest.mark.parametrize("kind", ["file", "link to a file", "dangling link", "folder"])
def test_a_key_file_that_exists_is_never_replaced_even_when_the_image_may_be(
    launcher: Launcher, yard: Yard, ending: str, kind: str
) -> None:
    keys = yard.folder / "keys"
    keys.mkdir()
    spot(yard, kind).rename(keys / f"image.{ending}")
    before = state(keys / f"image.{ending}")
    output = yard.target / "image"
    output.write_bytes(EARLIER)
    ended = launcher.run(yard.create(output, "--overwrite", "--save-keys", keys))
    ended.require_one_clear_error(keys / f"image.{ending}")
    assert state(keys / f"image.{ending}") == before
    assert names_in(keys) == [f"image.{ending}"]
    assert output.read_bytes() == EARLIER
    elsewhere = yard.folder / "elsewhere"
    assert not elsewhere.exists() or elsewhere.read_bytes() == EARLIER


def test_a_key_file_that_appears_during_the_build_is_not_replaced(yard: Yard) -> None:
    keys = yard.folder / "keys"
    keys.mkdir()
    appeared = keys / "image.cck"

    def watch(progress: Progress) -> None:
        if progress.done:
            appeared.write_bytes(EARLIER)

    wanted = order(yard, yard.target / "image", save_keys=keys)
    with pytest.raises(SeError, match="exists"):
        build_image(wanted, ImageKeys.fresh(), Job(watch))
    assert appeared.read_bytes() == EARLIER
    assert names_in(keys) == ["image.cck"]
    assert yard.left() == []


def test_an_output_that_appears_during_the_build_is_not_replaced_and_no_keys_stay(yard: Yard, named: bool) -> None:
    keys = yard.folder / "keys"
    keys.mkdir()
    output = yard.target / "image"

    def watch(progress: Progress) -> None:
        if progress.done:
            output.write_bytes(EARLIER)

    with pytest.MonkeyPatch.context() as patch:
        if named:
            patch.setattr(os, "O_TMPFILE", 0)
        with pytest.raises(SeError, match="exists"):
            build_image(order(yard, output, save_keys=keys), ImageKeys.fresh(), Job(watch))
    assert output.read_bytes() == EARLIER
    assert yard.left() == ["image"]
    assert names_in(keys) == []


def test_a_saved_key_is_created_exclusively(yard: Yard, named: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if named:
        monkeypatch.setattr(os, "O_TMPFILE", 0)
    path = yard.target / "key"
    save_secret(path, Secret(b"first"))
    with pytest.raises(SeError, match="exists"):
        save_secret(path, Secret(b"second"))
    assert path.read_bytes() == b"first"
    assert yard.left() == ["key"]


def test_keys_and_image_may_share_a_folder(launcher: Launcher, yard: Yard) -> None:
    ended = launcher.run(yard.create(yard.target / "image", "--save-keys", yard.target))
    assert ended.status == DONE
    assert yard.left() == ["image", "image.cck", "image.hdr-key", "image.image-key"]
    assert is_whole_image(yard.target / "image", yard.target / "image.hdr-key")
