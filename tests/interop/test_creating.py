"""`image create` with the options of the recorded runs: the same refusals, and images of the same structure."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seworkbench.cli.main import run
from seworkbench.crypto.private_keys import host_private_key
from seworkbench.files import read_whole
from seworkbench.formats.flags import NO_COMPONENT_ENCRYPTION
from seworkbench.image.access import HeaderKey, HostPrivateKey
from seworkbench.image.header_checks import SupportedFlags
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import examine
from seworkbench.secret import Secret

from .records import MADE, REFUSED, Bench, hosts_of

if TYPE_CHECKING:
    from seworkbench.image.access import Access

# --- Refusals ---------------------------------------------------------------------------------------------------------

# What our message must speak of, so that it is the right refusal and not any.
CAUSES = {
    "err_96_hosts": "1 to 95 host keys; 96 were given",
    "err_cmdline_long": "129 bytes with the closing NUL are more than the kernel takes (128)",
    "err_elf": "ELF file",
    "err_short_kernel": "Not an s390x kernel",
    "err_no_kernel": "“S390EP” is missing",
    "err_missing": "absent: The file does not exist.",
    "err_short_key": "communication key (CCK) must be exactly 32 bytes; the file has 31",
    "err_equal_key": "two halves of the image key are equal",
    "err_dump_no_cck": "--enable-dump",
    "err_ext_no_cck": "--enable-cck-extension-secret",
    "err_conflict": "--enable-dump and --disable-dump exclude each other",
    "err_key_unenc": "--disable-image-encryption and --image-key exclude each other",
    "err_p256": "../pki/host_p256.crt: The key is on the curve secp256r1",
    "err_rsa": "../pki/host_rsa.crt: The certificate carries no elliptic-curve key.",
    "err_garbage_hkd": "../pki/garbage.crt: The file contains no certificate",
    "err_no_hkd": "host key document is needed",
    "err_exists": "The file already exists.",
}


def names_in(folder: Path) -> list[str]:
    """Everything in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", REFUSED)
def test_what_pvimg_refuses_is_refused_with_one_message_and_nothing_is_left(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(bench.folder)
    inputs_before = names_in(bench.folder)
    arguments = list(REFUSED[name]["args"])
    output = tmp_path / "image"
    if "-o" in arguments:  # the case of an existing output
        output.write_bytes(b"the old image")
        arguments[arguments.index("-o") + 1] = str(output)
    else:
        arguments += ["-o", str(output)]
    before = names_in(tmp_path)

    status = run(["image", "create", *arguments])

    assert status == REFUSED[name]["exit"]
    written = capsys.readouterr()
    lines = written.err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1
    assert CAUSES[name] in errors[0]
    assert all(line.startswith(("error: ", "warning: ", "       ")) for line in lines)
    assert "Traceback" not in written.err
    assert written.out == ""
    assert names_in(tmp_path) == before
    assert names_in(bench.folder) == inputs_before
    assert not output.exists() or output.read_bytes() == b"the old image"


def test_every_recorded_refusal_has_a_cause() -> None:
    assert CAUSES.keys() == REFUSED.keys()


# --- The same structure -----------------------------------------------------------------------------------------------


class Pair:
    """Our image and that of pvimg, made with the same options."""

    def __init__(self, bench: Bench, name: str, ours: Path) -> None:
        self.name = name
        self.ours = ours
        self.recorded = bench.image(name)
        self.access: Access = HeaderKey(Secret(bench.header_key.read_bytes()))
        self.bytes = ours.read_bytes(), self.recorded.read_bytes()

    def same(self, begin: int, end: int) -> bool:
        """Whether a range of bytes is the same in both."""
        one, other = (content[begin:end] for content in self.bytes)
        return one == other

    def components(self, path: Path) -> list[tuple[int, bytes]]:
        """Kind from the tweak prefix and plain pages of each component."""
        with open_image(path) as image:
            seen = examine(image, self.access, SupportedFlags())
            reader = seen.reader(image)
            assert reader is not None
            assert seen.ipib is not None
            return [(part.tweak_pref >> 48, reader.read(part, 0, part.length)) for part in seen.ipib.ipib.components]


@pytest.fixture(scope="session")
def pairs(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    """Each recorded image beside one that our command line makes with the recorded options."""
    folder = tmp_path_factory.mktemp("ours")
    here = Path.cwd()
    made = {}
    os.chdir(bench.folder)
    try:
        for name, recorded in MADE.items():
            assert run(["image", "create", *recorded["args"], "-q", "-o", str(folder / name)]) == 0
            made[name] = Pair(bench, name, folder / name)
    finally:
        os.chdir(here)
    return made


every_image = pytest.mark.parametrize("name", MADE)


@every_image
def test_the_clear_frame_is_the_same_byte_for_byte(pairs: dict[str, Pair], name: str) -> None:
    """Short PSW, metadata, stage3a with its arguments, all gaps up to the header."""
    pair = pairs[name]
    assert len(pair.bytes[0]) == len(pair.bytes[1])
    assert pair.same(0, 0x14000)


@every_image
def test_what_is_not_random_in_the_header_is_the_same(pairs: dict[str, Pair], name: str) -> None:
    pair = pairs[name]
    at = 0x14000
    fixed = {
        "magic, version, size": (0, 0x10),
        "reserved, slots, encrypted size, pages, flags": (0x1C, 0x40),
        "address digest": (0x120, 0x160),
    }
    fixed |= {f"hash of slot {number}": (0x1A0 + 80 * number, 0x1C0 + 80 * number) for number in range(slots(name))}
    if not pair.bytes[0][at + 0x3C] & NO_COMPONENT_ENCRYPTION.mask >> 24:
        assert not pair.same(at + 0xE0, at + 0x120), "the page digest of ciphertext is fresh"
    else:
        fixed["page digest"] = (0xE0, 0x120)
    assert [what for what, (begin, end) in fixed.items() if not pair.same(at + begin, at + end)] == []
    end = at + 560 + 80 * slots(name)
    assert pair.same(end, -(-end // 4096) * 4096), "the gap behind the header"


@every_image
def test_what_is_random_in_the_header_is_fresh(pairs: dict[str, Pair], name: str) -> None:
    pair = pairs[name]
    tag = 0x14000 + 544 + 80 * slots(name)
    fresh = [(0x14010, 0x1401C), (0x14040, 0x140E0), (0x14160, 0x141A0), (0x141C0, 0x141F0), (tag, tag + 16)]
    assert [f"{begin:x}" for begin, end in fresh if pair.same(begin, end)] == []


def slots(name: str) -> int:
    """Number of host keys of a recorded image."""
    number: int = MADE[name]["info_plain"]["nks"]
    return number


@every_image
def test_the_ipib_is_the_same_except_for_random_tweaks(pairs: dict[str, Pair], name: str) -> None:
    blocks = []
    for content in pairs[name].bytes:
        ipib_at = struct.unpack_from(">Q", content, 0xC014)[0]
        block = bytearray(content[ipib_at:])
        count = struct.unpack_from(">I", block, 0x74)[0]
        assert len(block) == 0x88 + 24 * count
        for number in range(count):
            begin = 0x88 + 24 * number + 2
            assert any(block[begin : begin + 6])
            block[begin : begin + 6] = bytes(6)
        blocks.append((ipib_at, bytes(block)))
    assert blocks[0] == blocks[1]


@every_image
def test_the_components_are_the_same_in_the_clear(pairs: dict[str, Pair], name: str) -> None:
    """Padding and the arguments of stage3b included."""
    pair = pairs[name]
    ours, theirs = pair.components(pair.ours), pair.components(pair.recorded)
    assert [kind for kind, _ in ours] == [kind for kind, _ in theirs]
    assert ours == theirs


# Fields of `info` that differ from one build to the next, and those that do only if the key was not given.
RANDOM = {"iv_hex", "cust_pub_key", "pld_hex", "tld_hex", "tag_hex"}
BY_OPTION = {"cck_hex": "--cck", "xts_hex": "--image-key"}


@every_image
def test_info_says_the_same_about_both_where_nothing_is_random(
    bench: Bench, pairs: dict[str, Pair], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["image", "info", "--show-secrets", "--hdr-key", str(bench.header_key), str(pairs[name].ours)]) == 0
    ours: dict[str, Any] = json.loads(capsys.readouterr().out)["data"]
    recorded = MADE[name]["info_decrypted"]
    given = MADE[name]["args"]
    random = RANDOM | {field for field, option in BY_OPTION.items() if option not in given}
    if name == "unencrypted":
        random -= {"pld_hex"}
    assert {field for field in recorded if ours[field] != recorded[field]} - {"keyslots"} == random
    assert [slot["phkh_hex"] for slot in ours["keyslots"]] == [slot["phkh_hex"] for slot in recorded["keyslots"]]


@every_image
def test_the_machines_of_the_record_open_our_image(bench: Bench, pairs: dict[str, Pair], name: str) -> None:
    for host in hosts_of(name):
        with open_image(pairs[name].ours) as image:
            access = HostPrivateKey(host_private_key(read_whole(bench.host_key(host), 1 << 16)))
            assert examine(image, access, SupportedFlags()).content is not None


@every_image
def test_warnings_of_pvimg_are_warnings_here(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(bench.folder)
    assert run(["image", "create", *MADE[name]["args"], "-o", str(tmp_path / "image")]) == 0
    said = capsys.readouterr().err
    assert all(line.startswith("warning: ") for line in said.splitlines())
    expected = {
        "Host-key document verification is disabled": "The host key documents are not verified",
        "The components encryption is disabled": "no component encryption",
        "The component check is turned off!": "--no-component-check",
    }
    for theirs, ours in expected.items():
        assert (ours in said) == any(line.startswith(theirs) for line in MADE[name]["stderr"])
