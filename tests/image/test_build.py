"""Building: what is refused, what is left behind, what is saved, and what is told about it."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.crypto.runs import RUN_SIZE
from seworkbench.errors import Cancelled, FormatError, SeError
from seworkbench.formats.components import ComponentKind
from seworkbench.image.access import HeaderKey
from seworkbench.image.build import COMMAND_LINE_FILE_LIMIT, BuildOrder, Recipient, build_image, own_bootloader
from seworkbench.image.keys import ImageKeys
from seworkbench.jobs import Job, Progress
from seworkbench.secret import Secret

from .workshop import (
    CCK,
    COMMAND_LINE,
    FIRST_HOST,
    HEADER_KEY,
    IMAGE_KEY,
    KERNEL,
    RAMDISK,
    SECOND_HOST,
    STAGE3A,
    STAGE3B,
    Inputs,
    golden_keys,
    kernel,
    remarks,
    verify_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENERATED = ("header", "image", "cck")


@pytest.fixture
def mine(tmp_path: Path) -> Inputs:
    """Input files that a test may change."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    return Inputs.write(folder)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty folder for the output."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def at_phase(name: str, act: Callable[[], object]) -> Job:
    """A job that does something when a phase begins."""

    def watch(progress: Progress) -> None:
        if progress.phase == name and progress.done == 0:
            act()

    return Job(watch)


def names_in(folder: Path) -> list[str]:
    """Everything in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


# --- Inputs that change or do not fit ---------------------------------------------------------------------------------


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


@pytest.mark.parametrize("change", ["shorter", "longer"])
@pytest.mark.parametrize("part", ["kernel", "ramdisk"])
def test_a_file_that_changes_its_size_while_it_is_read_stops_the_build(
    mine: Inputs, out: Path, part: str, change: str
) -> None:
    path: Path = getattr(mine, part)
    size = path.stat().st_size
    act = {"shorter": lambda: os.truncate(path, size - 1), "longer": lambda: append(path, b"x")}[change]
    with pytest.raises(SeError, match=f"became {change} while it was read") as caught:
        build_image(mine.order(out / "image"), golden_keys(), at_phase(f"Encrypting {part}", act))
    assert caught.value.where == str(path)
    assert names_in(out) == []


@pytest.mark.parametrize("missing", ["kernel", "ramdisk", "command line"])
def test_a_missing_input_is_named(inputs: Inputs, out: Path, missing: str) -> None:
    absent = out / "absent"
    whole = inputs.order(out / "image")
    order = {
        "kernel": replace(whole, kernel=absent),
        "ramdisk": replace(whole, ramdisk=absent),
        "command line": replace(whole, command_line=absent),
    }[missing]
    with pytest.raises(SeError, match="does not exist") as caught:
        build_image(order, golden_keys())
    assert caught.value.where == str(absent)
    assert names_in(out) == []


def test_a_command_line_file_of_megabytes_is_taken_for_a_mistake(mine: Inputs, out: Path) -> None:
    mine.command_line.write_bytes(bytes(COMMAND_LINE_FILE_LIMIT + 1))
    with pytest.raises(SeError, match="larger than 1048576 bytes") as caught:
        build_image(replace(mine.order(out / "image"), check_components=False), golden_keys())
    assert caught.value.where == str(mine.command_line)


@pytest.mark.parametrize(("name", "shortest"), [("stage3a.bin", 0x1001), ("stage3b_reloc.bin", 65)])
def test_a_boot_loader_without_room_for_code_is_refused(mine: Inputs, out: Path, name: str, shortest: int) -> None:
    blob = mine.loader / name
    whole = blob.read_bytes()
    blob.write_bytes(whole[: shortest - 1])
    with pytest.raises(SeError, match=f"boot loader is too short: {shortest - 1} bytes") as caught:
        build_image(mine.order(out / "image"), golden_keys())
    assert caught.value.where == str(blob)
    assert names_in(out) == []
    blob.write_bytes(whole[:shortest])
    build_image(mine.order(out / "image"), golden_keys())
    assert names_in(out) == ["image"]


def test_a_boot_loader_folder_without_loaders_is_refused(inputs: Inputs, out: Path) -> None:
    with pytest.raises(SeError, match="does not exist") as caught:
        build_image(replace(inputs.order(out / "image"), bootloader=out), golden_keys())
    assert caught.value.where == str(out / "stage3a.bin")


def test_without_another_the_boot_loader_of_the_program_is_used(inputs: Inputs, out: Path) -> None:
    order = BuildOrder(kernel=inputs.kernel, recipients=(FIRST_HOST,), output=out / "image")
    assert order.bootloader == own_bootloader()
    build_image(order, golden_keys())
    check = verify_file(order.output, HeaderKey(Secret(HEADER_KEY))).check
    assert remarks(check) == {}
    loader = check.find("image.start.loader")
    assert loader is not None
    assert "comes with this program" in loader.reason


@pytest.mark.parametrize("hosts", [0, 96])
def test_no_hosts_and_too_many_hosts_are_refused(inputs: Inputs, out: Path, hosts: int) -> None:
    with pytest.raises(SeError, match="1 to 95 host keys"):
        build_image(replace(inputs.order(out / "image"), recipients=(FIRST_HOST,) * hosts), golden_keys())
    assert names_in(out) == []


def test_a_host_key_on_another_curve_is_refused_by_name(inputs: Inputs, out: Path) -> None:
    stranger = Recipient("old machine", ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(FormatError, match="secp256r1") as caught:
        build_image(replace(inputs.order(out / "image"), recipients=(FIRST_HOST, stranger)), golden_keys())
    assert caught.value.where == "old machine"
    assert names_in(out) == []


@pytest.mark.parametrize(
    ("key", "complaint"),
    [(b"\x42" * 64, "two halves of the image key are equal"), (b"\x42" * 63, "must be exactly 64 bytes; it has 63")],
)
@pytest.mark.parametrize("letter", "AB")
def test_an_image_key_that_xts_cannot_use_is_refused_even_if_nothing_is_encrypted(
    inputs: Inputs, out: Path, letter: str, key: bytes, complaint: str
) -> None:
    """It goes into the header in any case."""
    phases: list[Progress] = []
    with pytest.raises(SeError, match=complaint):
        build_image(
            inputs.golden_order(letter, out / "image"), replace(golden_keys(), image=Secret(key)), Job(phases.append)
        )
    assert phases == []
    assert names_in(out) == []


@pytest.mark.parametrize(
    ("content", "part", "complaint"),
    [
        (kernel(0x10437), "kernel", "Not an s390x kernel: 66615 bytes are too few"),
        (b"\x7fELF" + kernel()[4:], "kernel", "This is an ELF file"),
        (b"\x1f\x8b" + kernel()[2:], "kernel", "gzip-compressed"),
        (kernel(magic=b"S390EX"), "kernel", "magic “S390EP” is missing"),
        (b"a" * 4096, "command_line", "4097 bytes with the closing NUL are more than the kernel takes (4096)"),
    ],
    ids=["short", "ELF", "gzip", "no magic", "long line"],
)
def test_components_that_cannot_boot_are_refused_unless_the_checks_are_off(
    mine: Inputs, out: Path, content: bytes, part: str, complaint: str
) -> None:
    path: Path = getattr(mine, part)
    path.write_bytes(content)
    order = mine.order(out / "image")
    with pytest.raises(SeError) as caught:
        build_image(order, golden_keys())
    assert complaint in caught.value.what
    assert caught.value.where == str(path)
    assert caught.value.remedy
    assert names_in(out) == []
    built = build_image(replace(order, check_components=False), golden_keys())
    assert complaint in " ".join(check.reason for check in built.preflight.leaves())
    assert names_in(out) == ["image"]


@pytest.mark.parametrize(("visible", "fits"), [(895, True), (896, False)])
def test_an_older_kernel_that_names_no_limit_takes_895_characters(
    mine: Inputs, out: Path, visible: int, fits: bool
) -> None:
    mine.kernel.write_bytes(kernel(limit=0))
    mine.command_line.write_bytes(b"a" * visible)
    order = mine.order(out / "image")
    if fits:
        build_image(order, golden_keys())
        check = verify_file(order.output, HeaderKey(Secret(HEADER_KEY))).check.find("image.guest.cmdline")
        assert check is not None
        assert check.reason == "896 of 896 bytes, closing NUL included."
    else:
        with pytest.raises(SeError, match=r"897 bytes with the closing NUL are more than the kernel takes \(896\)"):
            build_image(order, golden_keys())


def test_a_start_address_of_the_callers_choice_goes_into_the_header(inputs: Inputs, out: Path) -> None:
    build_image(replace(inputs.order(out / "image"), psw_address=0), golden_keys())
    content = verify_file(out / "image", HeaderKey(Secret(HEADER_KEY))).content
    assert content is not None
    assert (content.psw.mask, content.psw.addr) == (0x180000000, 0)


# --- The output file --------------------------------------------------------------------------------------------------


def test_the_image_is_readable_by_its_owner_alone(inputs: Inputs, out: Path) -> None:
    build_image(inputs.order(out / "image"), golden_keys())
    assert stat.S_IMODE((out / "image").stat().st_mode) == 0o600


@pytest.mark.parametrize("taken_by", ["file", "link", "dangling link", "folder"])
def test_an_existing_output_is_refused_before_any_work(inputs: Inputs, out: Path, taken_by: str) -> None:
    image = out / "image"
    (out / "other").write_bytes(b"precious")
    if taken_by == "file":
        image.write_bytes(b"precious")
    elif taken_by == "folder":
        image.mkdir()
    else:
        image.symlink_to(out / ("other" if taken_by == "link" else "nowhere"))
    before = names_in(out)
    phases: list[Progress] = []
    with pytest.raises(SeError, match="This is a folder" if taken_by == "folder" else "already exists") as caught:
        build_image(inputs.order(image), golden_keys(), Job(phases.append))
    assert caught.value.where == str(image)
    assert phases == []
    assert names_in(out) == before
    assert (out / "other").read_bytes() == b"precious"


def test_overwrite_replaces_a_file_and_narrows_its_mode(inputs: Inputs, out: Path) -> None:
    image = out / "image"
    image.write_bytes(b"old")
    image.chmod(0o644)
    build_image(replace(inputs.order(image), overwrite=True), golden_keys())
    assert image.stat().st_size == 0x2D0E8
    assert stat.S_IMODE(image.stat().st_mode) == 0o600
    assert names_in(out) == ["image"]


@pytest.mark.parametrize("target", ["other", "nowhere"])
def test_overwrite_replaces_a_link_and_leaves_its_target(inputs: Inputs, out: Path, target: str) -> None:
    (out / "other").write_bytes(b"precious")
    image = out / "image"
    image.symlink_to(out / target)
    build_image(replace(inputs.order(image), overwrite=True), golden_keys())
    assert not image.is_symlink()
    assert image.stat().st_size == 0x2D0E8
    assert (out / "other").read_bytes() == b"precious"
    assert names_in(out) == ["image", "other"]


def test_overwrite_does_not_replace_a_folder(inputs: Inputs, out: Path) -> None:
    with pytest.raises(SeError, match="This is a folder"):
        build_image(replace(inputs.order(out), overwrite=True), golden_keys())
    assert names_in(out) == []


def test_a_failed_build_leaves_the_file_it_was_to_replace(mine: Inputs, out: Path) -> None:
    image = out / "image"
    image.write_bytes(b"old")
    cut = at_phase("Encrypting ramdisk", lambda: os.truncate(mine.ramdisk, 10))
    with pytest.raises(SeError, match="shorter"):
        build_image(replace(mine.order(image), overwrite=True), golden_keys(), cut)
    assert image.read_bytes() == b"old"
    assert names_in(out) == ["image"]


@pytest.mark.parametrize("part", ["kernel", "ramdisk", "command_line"])
@pytest.mark.parametrize("by", ["name", "symbolic link", "hard link"])
def test_an_image_does_not_replace_one_of_its_inputs(mine: Inputs, out: Path, part: str, by: str) -> None:
    path: Path = getattr(mine, part)
    content = path.read_bytes()
    output = path if by == "name" else out / "image"
    if by == "symbolic link":
        output.symlink_to(path)
    elif by == "hard link":
        output.hardlink_to(path)
    with pytest.raises(SeError, match="The output is one of the inputs") as caught:
        build_image(replace(mine.order(output), overwrite=True), golden_keys())
    assert caught.value.where == str(output)
    assert path.read_bytes() == content
    assert names_in(out) == ([] if by == "name" else ["image"])


@pytest.mark.parametrize("which", ["stage3a.bin", "stage3b_reloc.bin", "key"])
def test_nor_does_it_replace_a_loader_or_what_else_was_read(mine: Inputs, out: Path, which: str) -> None:
    order = mine.order(out / "image")
    folder = out.parent / "loaders"
    folder.mkdir()
    for path in order.bootloader.glob("stage3*.bin"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "key").write_bytes(bytes(32))
    content = (folder / which).read_bytes()
    order = replace(
        order, bootloader=folder, output=folder / which, overwrite=True, also_read=(folder / "missing", folder / "key")
    )
    with pytest.raises(SeError, match="The output is one of the inputs"):
        build_image(order, golden_keys())
    assert (folder / which).read_bytes() == content


def test_an_output_that_appears_during_the_build_is_not_replaced(inputs: Inputs, out: Path) -> None:
    image = out / "image"
    job = at_phase("Encrypting stage3b", lambda: image.write_bytes(b"somebody else's"))
    with pytest.raises(SeError, match="already exists"):
        build_image(inputs.order(image), golden_keys(), job)
    assert image.read_bytes() == b"somebody else's"
    assert names_in(out) == ["image"]


@pytest.mark.parametrize("report", range(8))
def test_a_build_cancelled_at_any_of_its_reports_leaves_nothing(inputs: Inputs, out: Path, report: int) -> None:
    """Eight reports: the beginning and the only run of pages of each of four components."""
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) > report:
            job.cancel()

    job = Job(watch)
    with pytest.raises(Cancelled):
        build_image(replace(inputs.order(out / "image"), save_keys=out / "keys"), golden_keys(GENERATED), job)
    assert len(seen) == report + 1
    assert names_in(out) == []


def test_progress_tells_each_phase_from_its_beginning_to_its_end(inputs: Inputs, out: Path) -> None:
    seen: list[Progress] = []
    build_image(
        replace(inputs.order(out / "image"), hash_inputs=True, hash_image=True), golden_keys(), Job(seen.append)
    )
    ends = {progress.phase: (progress.done, progress.total) for progress in seen}
    assert ends == {
        "Encrypting kernel": (0x13000, 0x13000),
        "Encrypting ramdisk": (0x2000, 0x2000),
        "Encrypting command line": (0x1000, 0x1000),
        "Encrypting stage3b": (0x2000, 0x2000),
        "Hashing the image": (0x2D0E8, 0x2D0E8),
    }


def test_progress_does_not_speak_of_encrypting_what_is_not_encrypted(inputs: Inputs, out: Path) -> None:
    seen: list[Progress] = []
    build_image(inputs.golden_order("B", out / "image"), golden_keys(), Job(seen.append))
    assert {progress.phase.split()[0] for progress in seen} == {"Writing"}


# --- Keys -------------------------------------------------------------------------------------------------------------


def test_fresh_keys_have_the_right_sizes_and_say_which_of_them_are_new() -> None:
    keys = ImageKeys.fresh()
    assert (len(keys.header), len(keys.image), len(keys.cck), len(keys.iv)) == (32, 64, 32, 12)
    assert {kind: len(tweak) for kind, tweak in keys.tweaks.items()} == dict.fromkeys(ComponentKind, 6)
    assert isinstance(keys.customer.curve, ec.SECP521R1)
    assert keys.generated == ("header", "image", "cck")


def test_given_keys_are_used_and_not_called_generated() -> None:
    cck = Secret(CCK)
    keys = ImageKeys.fresh(cck=cck)
    assert keys.cck is cck
    assert keys.generated == ("header", "image")
    assert ImageKeys.fresh(header=cck, image=cck, cck=cck).generated == ()


KEY_BYTES = {"image.hdr-key": HEADER_KEY, "image.image-key": IMAGE_KEY, "image.cck": CCK}


@pytest.mark.parametrize(
    ("generated", "letter", "saved"),
    [
        (("header", "image", "cck"), "A", ["image.cck", "image.hdr-key", "image.image-key"]),
        (("image", "cck"), "A", ["image.cck", "image.image-key"]),
        (("header",), "A", ["image.hdr-key"]),
        (("header", "image", "cck"), "B", ["image.cck", "image.hdr-key"]),
        ((), "A", None),
    ],
)
def test_only_keys_that_were_generated_and_are_used_are_saved(
    inputs: Inputs, out: Path, generated: tuple[str, ...], letter: str, saved: list[str] | None
) -> None:
    folder = out / "keys"
    order = replace(inputs.golden_order(letter, out / "image"), save_keys=folder)
    built = build_image(order, golden_keys(generated))
    assert (names_in(folder) if folder.exists() else None) == saved
    for name in saved or []:
        path = folder / name
        assert path.read_bytes() == KEY_BYTES[name]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(path.name for path in built.saved_keys.values()) == (saved or [])


def test_the_folder_for_keys_is_made_for_its_owner_alone(inputs: Inputs, out: Path) -> None:
    folder = out / "new" / "keys"
    previous = os.umask(0)
    try:
        build_image(replace(inputs.order(out / "image"), save_keys=folder), golden_keys(GENERATED))
    finally:
        os.umask(previous)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_existing_folder_for_keys_keeps_its_mode_and_other_files(inputs: Inputs, out: Path) -> None:
    folder = out / "keys"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "other.cck").write_bytes(b"precious")
    build_image(replace(inputs.order(out / "image"), save_keys=folder), golden_keys(GENERATED))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert (folder / "other.cck").read_bytes() == b"precious"


@pytest.mark.parametrize("taken_by", ["file", "dangling link"])
@pytest.mark.parametrize("name", ["image.hdr-key", "image.image-key", "image.cck"])
def test_a_key_file_is_never_overwritten_and_the_build_does_not_begin(
    inputs: Inputs, out: Path, name: str, taken_by: str
) -> None:
    folder = out / "keys"
    folder.mkdir()
    taken = folder / name
    if taken_by == "file":
        taken.write_bytes(b"the only copy")
    else:
        taken.symlink_to(out / "elsewhere")
    phases: list[Progress] = []
    order = replace(inputs.order(out / "image"), save_keys=folder, overwrite=True)
    with pytest.raises(SeError, match="never overwritten") as caught:
        build_image(order, golden_keys(GENERATED), Job(phases.append))
    assert caught.value.where == str(taken)
    assert phases == []
    assert names_in(out) == ["keys"]
    assert names_in(folder) == [name]
    assert taken.is_symlink() or taken.read_bytes() == b"the only copy"


@pytest.mark.parametrize("existing", [True, False])
def test_keys_are_removed_again_if_the_image_cannot_get_its_name(inputs: Inputs, out: Path, existing: bool) -> None:
    image, folder = out / "image", out / "new" / "keys"
    if existing:
        folder.mkdir(parents=True)
    job = at_phase("Encrypting stage3b", lambda: image.write_bytes(b"somebody else's"))
    with pytest.raises(SeError, match="already exists"):
        build_image(replace(inputs.order(image), save_keys=folder), golden_keys(GENERATED), job)
    assert names_in(out) == (["image", "new"] if existing else ["image"])
    assert not existing or names_in(folder) == []


def test_a_file_in_the_place_of_the_folder_for_keys_is_told_before_any_work(inputs: Inputs, out: Path) -> None:
    (out / "keys").write_bytes(b"precious")
    phases: list[Progress] = []
    with pytest.raises(SeError, match="is not a folder") as caught:
        build_image(
            replace(inputs.order(out / "image"), save_keys=out / "keys"), golden_keys(GENERATED), Job(phases.append)
        )
    assert caught.value.where.startswith(str(out / "keys"))
    assert phases == []
    assert names_in(out) == ["keys"]


def test_a_key_name_taken_during_the_build_undoes_everything_but_the_strangers_file(inputs: Inputs, out: Path) -> None:
    folder = out / "keys"
    folder.mkdir()
    job = at_phase("Encrypting stage3b", lambda: (folder / "image.cck").write_bytes(b"somebody else's"))
    with pytest.raises(SeError, match="already exists") as caught:
        build_image(replace(inputs.order(out / "image"), save_keys=folder), golden_keys(GENERATED), job)
    assert caught.value.where == str(folder / "image.cck")
    assert names_in(out) == ["keys"]
    assert names_in(folder) == ["image.cck"]
    assert (folder / "image.cck").read_bytes() == b"somebody else's"


def test_a_build_that_fails_early_makes_no_folder_for_keys(mine: Inputs, out: Path) -> None:
    cut = at_phase("Encrypting kernel", lambda: os.truncate(mine.kernel, 10))
    with pytest.raises(SeError, match="shorter"):
        build_image(replace(mine.order(out / "image"), save_keys=out / "keys"), golden_keys(GENERATED), cut)
    assert names_in(out) == []


# --- The summary ------------------------------------------------------------------------------------------------------


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_summary_says_what_went_in_and_what_came_out(inputs: Inputs, out: Path) -> None:
    order = replace(
        inputs.golden_order("A", out / "image"),
        recipients=(FIRST_HOST, SECOND_HOST),
        save_keys=out / "keys",
        hash_inputs=True,
        hash_image=True,
    )
    built = build_image(order, golden_keys(("header",)))
    summary = built.to_json()
    whole = (out / "image").read_bytes()
    assert summary["image"] == {"path": str(out / "image"), "size": len(whole), "sha256": sha256(whole)}
    header = summary["header"]
    assert header == {
        "offset": "0x14000",
        "size": 720,
        "pcf_hex": "00000000000000e0",
        "scf_hex": "0000000000000000",
        "nep": 24,
        "pld_hex": whole[0x140E0:0x14120].hex(),
        "ald_hex": whole[0x14120:0x14160].hex(),
        "tld_hex": whole[0x14160:0x141A0].hex(),
        "tag_hex": whole[0x14000 + 704 : 0x14000 + 720].hex(),
    }
    assert summary["hosts"] == [
        {"document": "host", "phkh_hex": whole[0x141A0:0x141C0].hex()},
        {"document": "host2", "phkh_hex": whole[0x141F0:0x14210].hex()},
    ]
    assert summary["keys"] == {
        "header": {"origin": "generated", "saved_to": str(out / "keys/image.hdr-key")},
        "image": {"origin": "given"},
        "cck": {"origin": "given"},
    }
    assert summary["preflight"]["id"] == "build.preflight"
    rows = [
        ("kernel", inputs.kernel, KERNEL, 0x15000, 0x13000, "0028010203040506"),
        ("ramdisk", inputs.ramdisk, RAMDISK, 0x28000, 0x2000, "00321112131415ff"),
        ("command line", inputs.command_line, COMMAND_LINE + b"\0", 0x2A000, 0x1000, "003c212223242526"),
    ]
    assert summary["components"][:3] == [
        {
            "kind": kind,
            "source": str(source),
            "size": len(content),
            "stored_size": stored,
            "address": f"0x{address:x}",
            "tweak_prefix_hex": prefix,
            "sha256": sha256(content),
        }
        for kind, source, content, address, stored, prefix in rows
    ]
    loader = summary["components"][3]
    assert (loader["kind"], loader["size"], loader["address"]) == ("stage3b", len(STAGE3B), "0x2b000")
    assert len(summary["components"]) == 4


def test_hashes_are_left_out_of_the_summary_unless_asked_for(inputs: Inputs, out: Path) -> None:
    summary = build_image(inputs.order(out / "image"), golden_keys()).to_json()
    assert "sha256" not in json.dumps(summary)


def test_each_component_is_hashed_as_it_went_in_however_many_runs_it_has(inputs: Inputs, out: Path) -> None:
    content = {"kernel": kernel() + b"\1" * (3 * RUN_SIZE), "ramdisk": b"070701" + b"\2" * (5 * RUN_SIZE)}
    for name, data in content.items():
        (out / name).write_bytes(data)
    order = replace(inputs.order(out / "image"), kernel=out / "kernel", ramdisk=out / "ramdisk", hash_inputs=True)
    for asked in (order, replace(order, pcf=0x100000E0, overwrite=True)):
        built = build_image(asked, golden_keys())
        hashes = [part.sha256 for part in built.components[:3]]
        assert hashes == [sha256(content["kernel"]), sha256(content["ramdisk"]), sha256(COMMAND_LINE + b"\0")]
        assert built.sha256 == ""


def test_the_summary_and_the_result_itself_show_no_secret(inputs: Inputs, out: Path) -> None:
    order = replace(inputs.order(out / "image"), save_keys=out / "keys", hash_inputs=True, hash_image=True)
    built = build_image(order, golden_keys(GENERATED))
    shown = json.dumps(built.to_json()) + repr(built) + str(built)
    for secret in (HEADER_KEY, IMAGE_KEY, CCK):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown


def test_stage3a_reaches_the_image_with_arguments_that_lead_to_header_and_ipib(inputs: Inputs, out: Path) -> None:
    built = build_image(replace(inputs.order(out / "image"), recipients=(FIRST_HOST,) * 45), golden_keys())
    whole = (out / "image").read_bytes()
    end = 0x10000 + len(STAGE3A)
    header, size, ipib = (int.from_bytes(whole[at : at + 8], "big") for at in range(end - 24, end, 8))
    assert whole[0x10000 : end - 24] == STAGE3A[:-24]
    assert (end - 24 + header, size) == (0x14000, 560 + 45 * 80)
    assert end - 24 + ipib == built.plan.ipib_address == len(whole) - (0x88 + 4 * 24)
