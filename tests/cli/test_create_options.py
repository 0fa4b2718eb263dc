"""Every option of `image create`: names, aliases, defaults, conflicts and requirements of `pvimg create`."""

from __future__ import annotations

import hashlib
import json
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.cli import image_create
from seworkbench.cli.main import run
from seworkbench.image.access import HeaderKey
from seworkbench.image.build import own_bootloader
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import verify_image
from seworkbench.secret import Secret

from .desk import Desk, header_of, opened

if TYPE_CHECKING:
    from seworkbench.image.contents import Contents

HOST1 = "ee5b238212e602d7f100765e426540f3e254701fbde33c64d763ae795d3e6fa2"
HOST2 = "cb12fc133c0d8ffda3630de6f522736d88b98c57741e12db77b293cfe680c46b"

SWITCHES = (
    "dump",
    "pckmo",
    "pckmo-hmac",
    "backup-keys",
    "image-encryption",
    "cck-extension-secret",
    "cck-update",
)


def message_of(capsys: pytest.CaptureFixture[str]) -> str:
    """The one error message."""
    lines = capsys.readouterr().err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1
    return errors[0]


def contents_of(image: Path, key: bytes) -> Contents:
    with open_image(image) as file:
        contents = verify_image(file, HeaderKey(Secret(key))).contents
    assert contents is not None
    return contents


@pytest.fixture
def header_key(desk: Desk) -> bytes:
    return Path(desk.file("hdr.key")).read_bytes()


# --- Flags ------------------------------------------------------------------------------------------------------------

CCK = ("--cck", "cck.key")


@pytest.mark.parametrize(
    ("options", "pcf", "scf"),
    [
        ((), 0xE0, 0),
        (("--enable-dump", *CCK), 0x200000E0, 0),
        (("--enable-dump", "--enable-cck-update"), 0x200000E0, 1 << 61),
        (("--disable-dump",), 0xE0, 0),
        (("--enable-image-encryption",), 0xE0, 0),
        (("--disable-image-encryption",), 0x100000E0, 0),
        (("--enable-pckmo",), 0xE0, 0),
        (("--disable-pckmo",), 0, 0),
        (("--enable-pckmo-hmac",), 0xF0, 0),
        (("--disable-pckmo-hmac",), 0xE0, 0),
        (("--enable-backup-keys",), 0xE2, 0),
        (("--disable-backup-keys",), 0xE0, 0),
        (("--enable-cck-extension-secret", *CCK), 0xE0, 1 << 62),
        (("--disable-cck-extension-secret",), 0xE0, 0),
        (("--enable-cck-update",), 0xE0, 1 << 61),
        (("--disable-cck-update",), 0xE0, 0),
        (("--disable-cck-update", "--enable-cck-extension-secret", *CCK), 0xE0, 1 << 62),
        (("--disable-pckmo", "--enable-pckmo-hmac", "--enable-backup-keys", "--enable-dump", *CCK), 0x20000012, 0),
        (("--x-pcf", "0"), 0, 0),
        (("--x-pcf", "0xE0"), 0xE0, 0),
        (("--x-pcf", "ffffffffffffffff"), (1 << 64) - 1, 0),
        (("--x-scf", "0x1"), 0xE0, 1),
        (("--x-pcf=0x20000000", "--x-scf=6000000000000000"), 0x20000000, 3 << 61),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_flags_in_the_header_follow_the_switches(
    desk: Desk, header_key: bytes, options: tuple[str, ...], pcf: int, scf: int
) -> None:
    words = [desk.file(word) if word.endswith(".key") else word for word in options]
    assert run([*desk.create(*words), "-q", "--hdr-key", desk.file("hdr.key")]) == 0
    assert header_of(desk.image).pcf == pcf
    assert opened(desk.image, header_key).scf == scf


def test_the_table_of_switches_is_the_programs() -> None:
    ours = (*image_create._PLAIN_SWITCHES, *image_create._SECRET_SWITCHES)
    assert {switch.name for switch in ours} == set(SWITCHES)


# --- Components, keys, hosts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("-i", "-r", "-p", "-o", "-k"),
        ("--kernel", "--ramdisk", "--parmfile", "--output", "--host-key-document"),
        ("--image", "--ramdisk", "--parmfile", "--output", "-k"),
    ],
    ids=lambda names: names[0],
)
def test_components_are_taken_under_all_their_names(desk: Desk, header_key: bytes, names: tuple[str, ...]) -> None:
    files = [*map(desk.file, ("kernel", "ramdisk", "cmdline")), str(desk.image), desk.file("host1.crt")]
    arguments = [word for pair in zip(names, files, strict=True) for word in pair] + ["--no-verify"]
    assert run(["image", "create", *arguments, "--hdr-key", desk.file("hdr.key")]) == 0
    contents = contents_of(desk.image, header_key)
    assert [part.size for part in contents.parts][:3] == [
        Path(desk.file(name)).stat().st_size + (name == "cmdline") for name in ("kernel", "ramdisk", "cmdline")
    ]
    assert contents.command_line == Path(desk.file("cmdline")).read_bytes() + b"\0"


def test_ramdisk_and_command_line_are_optional(desk: Desk, header_key: bytes) -> None:
    assert run(desk.create("--hdr-key", desk.file("hdr.key"))) == 0
    assert [part.kind.name for part in contents_of(desk.image, header_key).parts] == ["KERNEL", "STAGE3B"]


@pytest.mark.parametrize("header", ["--hdr-key", "--x-header-key"])
@pytest.mark.parametrize("image", ["--image-key", "--x-comp-key"])
@pytest.mark.parametrize("cck", ["--cck", "--comm-key"])
def test_keys_are_taken_under_all_their_names(desk: Desk, header: str, image: str, cck: str) -> None:
    keys = [header, desk.file("hdr.key"), image, desk.file("image.key"), cck, desk.file("cck.key")]
    assert run(desk.create(*keys)) == 0
    content = opened(desk.image, Path(desk.file("hdr.key")).read_bytes())
    assert content.xts.reveal() == Path(desk.file("image.key")).read_bytes()
    assert content.cck.reveal() == Path(desk.file("cck.key")).read_bytes()


def test_keys_that_are_not_given_are_new_each_time(desk: Desk, header_key: bytes) -> None:
    found = []
    for _ in range(2):
        assert run([*desk.create("--hdr-key", desk.file("hdr.key")), "--overwrite"]) == 0
        content = opened(desk.image, header_key)
        found += [content.cck.reveal(), content.xts.reveal()]
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    ("option", "wrong", "said"),
    [
        ("--cck", "short.key", "The communication key (CCK) must be exactly 32 bytes; the file has 31."),
        ("--cck", "image.key", "The communication key (CCK) must be exactly 32 bytes; the file has 64."),
        ("--hdr-key", "short.key", "The header key must be exactly 32 bytes; the file has 31."),
        ("--image-key", "hdr.key", "The image key must be exactly 64 bytes; the file has 32."),
    ],
)
def test_a_key_file_of_another_size_is_refused_by_name(
    desk: Desk, capsys: pytest.CaptureFixture[str], option: str, wrong: str, said: str
) -> None:
    assert run(desk.create(option, desk.file(wrong))) == 1
    assert message_of(capsys) == f"error: {desk.file(wrong)}: {said}"
    assert desk.left == []


@pytest.mark.parametrize(
    ("words", "slots"),
    [
        (["-k", "{1}"], [HOST1]),
        (["-k", "{2}", "-k", "{1}"], [HOST2, HOST1]),
        (["-k", "{1},{2}"], [HOST1, HOST2]),
        (["--host-key-document={2},{1}", "-k{1},{2}"], [HOST2, HOST1, HOST1, HOST2]),
        (["-k", "{1},"], [HOST1]),
        (["-k", "{1}", "-k", "{1}"], [HOST1, HOST1]),
    ],
)
def test_host_key_documents_come_repeated_or_separated_by_commas_and_keep_their_order(
    desk: Desk, words: list[str], slots: list[str]
) -> None:
    documents = {"{1}": desk.file("host1.crt"), "{2}": desk.file("host2.crt")}
    for mark, path in documents.items():
        words = [word.replace(mark, path) for word in words]
    assert run(["image", "create", "-i", desk.file("kernel"), "-o", str(desk.image), "--no-verify", *words]) == 0
    assert [slot.phkh.hex() for slot in header_of(desk.image).keyslots] == slots


def test_of_a_bundle_the_first_certificate_counts_and_a_warning_says_so(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = desk.file("bundle_two_hosts.crt")
    assert run([*desk.create(), "-k", bundle]) == 0
    assert [slot.phkh.hex() for slot in header_of(desk.image).keyslots] == [HOST1, HOST2]
    said = capsys.readouterr().err
    assert f"warning: {bundle}: holds several certificates; the first one is used.\n" in said
    assert said.count("several certificates") == 1


def test_the_start_address_is_that_of_stage3b_unless_another_is_given(desk: Desk, header_key: bytes) -> None:
    key = ["--hdr-key", desk.file("hdr.key"), "--overwrite"]
    assert run(desk.create(*key)) == 0
    stage3b = contents_of(desk.image, header_key).parts[-1]
    assert opened(desk.image, header_key).psw.addr == stage3b.entry.addr
    for text, address in (("0", 0), ("0x1234", 0x1234), ("FFFFFFFFFFFFFFFF", (1 << 64) - 1)):
        assert run(desk.create(*key, "--x-psw", text)) == 0
        psw = opened(desk.image, header_key).psw
        assert (psw.mask, psw.addr) == (0x180000000, address)


def test_another_boot_loader_is_taken_from_its_folder(desk: Desk) -> None:
    assert run(desk.create("--overwrite")) == 0
    own = (own_bootloader() / "stage3a.bin").read_bytes()
    assert desk.image.read_bytes()[0x10000:].startswith(own[:-24])
    assert run(desk.create("--overwrite", "--x-bootloader-directory", desk.file("boot"))) == 0
    other = Path(desk.file("boot/stage3a.bin")).read_bytes()
    assert desk.image.read_bytes()[0x10000:].startswith(other[:-24])


def test_components_that_do_not_boot_are_taken_without_the_component_check(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["image", "create", "-i", desk.file("nokernel"), *desk.required[2:]]
    assert run(arguments) == 1
    assert message_of(capsys).startswith(f"error: {desk.file('nokernel')}: The magic “S390EP” is missing")
    assert desk.left == []
    assert run([*arguments, "--no-component-check"]) == 0
    said = capsys.readouterr().err
    assert f"warning: {desk.file('nokernel')}: The magic “S390EP” is missing" in said
    # A title says what should be; before what is wrong it would read as its contrary.
    assert "raw s390x Linux kernel:" not in said
    assert desk.left == ["guest.img"]


def test_an_image_key_with_equal_halves_is_refused_by_name(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    key = desk.out / "image.key"
    key.write_bytes(bytes(64))
    assert run(desk.create("--image-key", str(key))) == 1
    assert message_of(capsys).startswith(f"error: {key}: The two halves of the image key are equal")
    assert desk.left == ["image.key"]


def test_who_asks_for_more_sees_the_checks_and_what_the_header_says(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(desk.create("-v", "-p", desk.file("cmdline"), "--enable-backup-keys")) == 0
    text = capsys.readouterr().out
    header = header_of(desk.image)
    for name, value in (("PLD", header.pld), ("ALD", header.ald), ("TLD", header.tld), ("tag", header.tag)):
        assert f"    {name}  {value.hex()}\n" in text
    assert "    PCF  0x00000000000000e2\n    SCF  0x0000000000000000\n" in text
    assert "  ✔ passed      The kernel is a raw s390x Linux kernel: " in text
    assert "  ▲ warning     Flag “backup target keys support”: " in text


def test_an_existing_output_is_replaced_only_if_told_to(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.image.write_bytes(b"old")
    assert run(desk.create()) == 1
    assert message_of(capsys) == f"error: {desk.image}: The file already exists."
    assert desk.image.read_bytes() == b"old"
    assert run(desk.create("--overwrite")) == 0
    assert header_of(desk.image).nks == 1
    assert desk.left == ["guest.img"]


# --- Conflicts and requirements ---------------------------------------------------------------------------------------

NEEDED = {"cck-extension-secret": ("--cck", "cck.key"), "dump": ("--cck", "cck.key")}

EXCLUSIONS = [
    *((f"--enable-{name}", f"--disable-{name}") for name in SWITCHES),
    ("--enable-cck-extension-secret", "--enable-cck-update"),
    ("--disable-image-encryption", "--image-key image.key"),
    *(
        (f"{word} e0", f"--{way}-{name}")
        for word, way, name in product(("--x-pcf", "--x-scf"), ("enable", "disable"), SWITCHES)
    ),
    ("--x-pcf 0", "--enable-pckmo-hmac"),
    ("--x-scf 0x0", "--enable-cck-update"),
]


@pytest.mark.parametrize(("first", "second"), EXCLUSIONS)
def test_options_that_contradict_each_other_are_wrong_usage_in_either_order(
    desk: Desk, capsys: pytest.CaptureFixture[str], first: str, second: str
) -> None:
    words = [desk.file(word) if word.endswith(".key") else word for word in (*first.split(), *second.split())]
    extra = ["--cck", desk.file("cck.key")]
    names = {word for word in words if word.startswith("--")}
    for options in (words, [*words[len(first.split()) :], *words[: len(first.split())]]):
        assert run([*desk.create(*options), *extra]) == 2
        message = message_of(capsys)
        assert "exclude each other" in message
        assert all(name in message.split() for name in names)
    assert desk.left == []


@pytest.mark.parametrize("switch", ["enable-dump", "enable-cck-extension-secret"])
def test_what_needs_the_communication_key_asks_for_it(
    desk: Desk, capsys: pytest.CaptureFixture[str], switch: str
) -> None:
    assert run(desk.create(f"--{switch}")) == 2
    assert f"--{switch}" in message_of(capsys)
    assert desk.left == []
    assert run(desk.create(f"--{switch}", "--cck", desk.file("cck.key"))) == 0


def test_a_dump_may_be_enabled_where_the_communication_key_can_be_replaced(desk: Desk) -> None:
    assert run(desk.create("--enable-dump", "--enable-cck-update")) == 0


@pytest.mark.parametrize("left_out", ["-i", "-o", "-k", "--no-verify"])
def test_required_options_are_asked_for_by_name(desk: Desk, capsys: pytest.CaptureFixture[str], left_out: str) -> None:
    words = desk.required
    at = words.index(left_out)
    del words[at : at + (1 if left_out == "--no-verify" else 2)]
    assert run(["image", "create", *words]) == 2
    expected = {"-i": "--kernel", "-o": "--output", "-k": "host key document", "--no-verify": "--no-verify"}[left_out]
    assert expected in message_of(capsys)
    assert desk.left == []


def test_an_empty_list_of_host_key_documents_is_none(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["-i", desk.file("kernel"), "-o", str(desk.image), "--no-verify", "-k", ","]
    assert run(["image", "create", *words]) == 2
    assert "At least one host key document is needed" in message_of(capsys)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--no-verify", "--cert", "a.crt"], 2, "--no-verify and --cert exclude each other"),
        (["--no-verify", "--crl", "a.crl"], 2, "--crl needs --cert"),
        (["--no-verify", "--offline"], 2, "--offline needs --cert"),
        (["--crl", "a.crl"], 2, "Either --no-verify or --cert is needed"),
        (["--root-ca", "a.crt"], 2, "Either --no-verify or --cert is needed"),
        *(([name, "a.crt"], 1, "a.crt: The file does not exist") for name in ("--cert", "--crt", "-C")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_verification_of_host_key_documents_is_asked_for_or_waived_never_both(
    desk: Desk, capsys: pytest.CaptureFixture[str], words: list[str], status: int, said: str
) -> None:
    arguments = [word for word in desk.required if word != "--no-verify"]
    assert run(["image", "create", *arguments, *words]) == status
    assert said in message_of(capsys)
    assert desk.left == []


def test_a_root_ca_is_accepted_and_ignored_where_nothing_is_verified(desk: Desk) -> None:
    assert run(desk.create("--root-ca", "/nonexistent")) == 0


SINGLE = {
    "-i": "kernel",
    "-r": "ramdisk",
    "-p": "cmdline",
    "-o": "image",
    "--cck": "cck.key",
    "--hdr-key": "hdr.key",
    "--image-key": "image.key",
    "--save-keys": "keys",
    "--root-ca": "host1.crt",
    "--x-bootloader-directory": "boot",
    "--x-pcf": None,
    "--x-scf": None,
    "--x-psw": None,
    **{f"--{way}-{name}": "" for way, name in product(("enable", "disable"), SWITCHES)},
}


@pytest.mark.parametrize("option", SINGLE)
def test_an_option_that_stands_once_is_refused_twice(
    desk: Desk, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    name = SINGLE[option]
    words = [option] if name == "" else [option, "0" if name is None else desk.file(name)]
    assert run(desk.create(*words, *words)) == 2
    assert f"{option} was given more than once" in message_of(capsys)
    assert desk.left == []


def test_two_names_of_one_option_count_as_the_option_twice(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(desk.create("--image", desk.file("kernel"))) == 2
    assert "--image was given more than once" in message_of(capsys)


@pytest.mark.parametrize("text", ["0x", "g", "12345678901234567", "0x12345678901234567", "-1", "1 ", "1_0", "e0h"])
@pytest.mark.parametrize("option", ["--x-pcf", "--x-scf", "--x-psw"])
def test_flags_and_addresses_are_hexadecimal_numbers_of_at_most_16_digits(
    desk: Desk, capsys: pytest.CaptureFixture[str], option: str, text: str
) -> None:
    assert run(desk.create(f"{option}={text}")) == 2
    assert f"{option}: {text!r} is not a hexadecimal number of at most 16 digits" in message_of(capsys)


@pytest.mark.parametrize("word", ["--hdr", "--over", "--enable-pck", "--x-p", "--unknown", "-z"])
def test_unknown_and_shortened_options_are_refused(desk: Desk, capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert run(desk.create(word)) == 2
    assert "nrecognized arguments" in message_of(capsys)


def test_expert_options_are_not_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "create", "--help"]) == 0
    text = capsys.readouterr().out
    assert "--save-keys" in text
    hidden = ("--x-pcf", "--x-scf", "--x-psw", "--x-bootloader-directory", "-V")
    assert [word for word in hidden if word in text.split()] == []


# --- Messages, summary, saved keys ------------------------------------------------------------------------------------


def warnings_of(text: str) -> list[str]:
    return [line.removeprefix("warning: ") for line in text.splitlines() if line.startswith("warning: ")]


def test_warnings_name_what_is_not_verified_what_is_lost_and_what_is_dangerous(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(desk.create("--disable-image-encryption", "--enable-backup-keys")) == 0
    said = warnings_of(capsys.readouterr().err)
    assert [line.split(":")[0] for line in said] == [
        "The host key documents are not verified (--no-verify)",
        "Flag “no component encryption”",
        "Flag “backup target keys support”",
        "The header key was generated and not saved",
    ]


@pytest.mark.parametrize("how", ["--hdr-key", "--save-keys"])
def test_a_header_key_that_is_not_lost_needs_no_warning(
    desk: Desk, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    assert run(desk.create(how, desk.file("hdr.key") if how == "--hdr-key" else str(desk.out / "keys"))) == 0
    assert len(warnings_of(capsys.readouterr().err)) == 1


def test_the_summary_for_people_names_sizes_sources_machines_and_saved_keys(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(desk.create("-r", desk.file("ramdisk"), "--save-keys", str(desk.out / "keys"))) == 0
    lines = capsys.readouterr().out.splitlines()
    header = header_of(desk.image)
    assert lines[0] == f"{desk.image}: {desk.image.stat().st_size} bytes, {header.nep} pages"
    assert lines[1].split(maxsplit=3) == ["kernel", "74565", "bytes", desk.file("kernel")]
    assert lines[2].split(maxsplit=3) == ["ramdisk", "9001", "bytes", desk.file("ramdisk")]
    assert lines[3].split()[0] == "stage3b"
    assert lines[4].split(maxsplit=3) == ["for", "machine", f"{HOST1[:16]}…", desk.file("host1.crt")]
    assert [line[line.index("/") :] for line in lines[5:]] == [
        str(desk.out / "keys" / f"guest.img.{ending}") for ending in ("hdr-key", "image-key", "cck")
    ]


@pytest.mark.parametrize("quiet", ["-q", "--quiet", "-qq"])
def test_quiet_says_nothing_but_errors(desk: Desk, capsys: pytest.CaptureFixture[str], quiet: str) -> None:
    remarkable = ["--enable-backup-keys", "--no-component-check", "-k", desk.file("bundle_two_hosts.crt")]
    assert run(desk.create(quiet, *remarkable)) == 0
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", "")
    assert run(desk.create(quiet)) == 1
    assert capsys.readouterr().err.startswith(f"error: {desk.image}: The file already exists.\n")


def test_json_replaces_the_summary_and_holds_hashes(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(desk.create("--json", "--hdr-key", desk.file("hdr.key"))) == 0
    record = json.loads(capsys.readouterr().out)
    assert set(record) == {"image", "components", "hosts", "header", "keys", "preflight", "host_key_verification"}
    assert record["host_key_verification"] == {"verdict": "not checked", "reason": "waived by --no-verify"}
    whole = desk.image.read_bytes()
    assert record["image"] == {
        "path": str(desk.image),
        "size": len(whole),
        "sha256": hashlib.sha256(whole).hexdigest(),
    }
    kernel = Path(desk.file("kernel")).read_bytes()
    assert record["components"][0]["sha256"] == hashlib.sha256(kernel).hexdigest()
    assert record["hosts"] == [{"document": desk.file("host1.crt"), "phkh_hex": HOST1}]
    assert record["keys"] == {
        "header": {"origin": "given"},
        "image": {"origin": "generated"},
        "cck": {"origin": "generated"},
    }


def test_saved_keys_open_the_image_they_were_saved_for(desk: Desk) -> None:
    keys = desk.out / "keys"
    assert run(desk.create("--save-keys", str(keys))) == 0
    content = opened(desk.image, (keys / "guest.img.hdr-key").read_bytes())
    assert content.xts.reveal() == (keys / "guest.img.image-key").read_bytes()
    assert content.cck.reveal() == (keys / "guest.img.cck").read_bytes()
    assert run(["image", "verify", "-q", "--hdr-key", str(keys / "guest.img.hdr-key"), str(desk.image)]) == 0


def test_saved_keys_are_not_overwritten_by_the_next_build(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    keys = desk.out / "keys"
    assert run(desk.create("--save-keys", str(keys))) == 0
    before = {path.name: path.read_bytes() for path in keys.iterdir()}
    image = desk.image.read_bytes()
    capsys.readouterr()
    assert run(desk.create("--save-keys", str(keys), "--overwrite")) == 1
    assert "never overwritten" in message_of(capsys)
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == before
    assert desk.image.read_bytes() == image


@pytest.mark.parametrize("option", ["--hdr-key", "--cck", "--image-key", "-k", "--root-ca"])
def test_an_image_replaces_no_key_and_no_document_that_it_is_made_with(
    desk: Desk, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    source = {"--hdr-key": "hdr.key", "--cck": "cck.key", "--image-key": "image.key"}.get(option, "host1.crt")
    content = Path(desk.file(source)).read_bytes()
    desk.image.write_bytes(content)
    assert run(desk.create(option, str(desk.image), "--overwrite")) == 1
    assert message_of(capsys) == f"error: {desk.image}: The output is one of the inputs; it would be replaced."
    assert desk.image.read_bytes() == content
    assert desk.left == ["guest.img"]
