"""The committed boot loader files: layout, origin, and the words for every Ultravisor code."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .memory import LOADERS, STAGE3A, STAGE3A_ARGS_SIZE, STAGE3B, STAGE3B_ARGS_SIZE

CROSS_COMPILER = "s390x-linux-gnu-gcc"
BUILT_WITH = LOADERS / "BUILT-WITH"
SECTIONS = ("What happened:", "What it means:", "What to do:")

DIAG_PV_FAILED = 0x0A02
SET_SECURE_PARAMETERS, UNPACK, VERIFY = 2, 3, 4

# What the words for a code must say: failed command, UV RC, UV RRC, and a part of the sentence.
KNOWN_CODES = [
    (VERIFY, 0x0102, 0x001A, "ALD"),
    (VERIFY, 0x0102, 0x001B, "PLD"),
    (VERIFY, 0x0102, 0x001C, "TLD"),
    (VERIFY, 0x0102, 0x001D, "more or fewer encrypted pages"),
    (SET_SECURE_PARAMETERS, 0x0104, 0x0001, "version of the Secure Execution header"),
    (SET_SECURE_PARAMETERS, 0x0106, 0x0030, "plaintext control flag"),
    (SET_SECURE_PARAMETERS, 0x0108, 0x0005, "none of its key slots matches the host key"),
    (SET_SECURE_PARAMETERS, 0x0108, 0x000B, "customer public key"),
    (SET_SECURE_PARAMETERS, 0x0108, 0x0034, "backup host key"),
    (SET_SECURE_PARAMETERS, 0x0108, 0x0099, "not built for this machine"),
    (SET_SECURE_PARAMETERS, 0x0109, 0x0000, "secret control flag"),
    (SET_SECURE_PARAMETERS, 0x010A, 0x0031, "length of the Secure Execution header"),
    (SET_SECURE_PARAMETERS, 0x010A, 0x0039, "encrypted area"),
    (SET_SECURE_PARAMETERS, 0x010A, 0x0040, "no key slots"),
]


def answer(command: int, rc: int, rrc: int, diag: int = DIAG_PV_FAILED) -> str:
    """Return what DIAG 308 subcode 10 leaves in its register, in hex."""
    return f"{command:04x}{rrc:04x}{rc:04x}{diag:04x}"


# --- Layout -----------------------------------------------------------------------------------


def test_stage3a_size_keeps_the_header_at_its_place() -> None:
    """Any larger, and the header would move away from where tools look for it."""
    assert 0x1000 < len(STAGE3A.read_bytes()) < 0x3000


def test_stage3a_entries() -> None:
    """Both entries ask for z/Architecture mode and 64-bit addresses first."""
    enter_64bit_mode = bytes.fromhex("a7180001 ae100012 010e")
    loader = STAGE3A.read_bytes()
    assert loader[: len(enter_64bit_mode)] == enter_64bit_mode
    assert loader[0x1000 : 0x1000 + len(enter_64bit_mode)] == enter_64bit_mode
    branch = loader[len(enter_64bit_mode) :][:4]
    assert branch[:2] == bytes.fromhex("a7f4")
    offset = int.from_bytes(branch[2:], "big") * 2
    assert len(enter_64bit_mode) + offset == 0x1000


def test_stage3a_leaves_the_area_of_zipl_alone() -> None:
    """zipl reads and writes from 0x10400 on, as if this were a kernel."""
    loader = STAGE3A.read_bytes()
    assert loader[0x400:0x1000] == bytes(0xC00)
    assert loader[0x8:0xE] != b"S390EP"


def test_stage3a_arguments_are_empty_and_aligned() -> None:
    """The builder fills them in."""
    loader = STAGE3A.read_bytes()
    assert loader[-STAGE3A_ARGS_SIZE:] == bytes(STAGE3A_ARGS_SIZE)
    assert len(loader) % 8 == 0


def test_stage3b_arguments_are_empty_and_aligned() -> None:
    """The builder fills them in."""
    loader = STAGE3B.read_bytes()
    assert len(loader) > STAGE3B_ARGS_SIZE
    assert loader[-STAGE3B_ARGS_SIZE:] == bytes(STAGE3B_ARGS_SIZE)
    assert len(loader) % 8 == 0


def test_no_path_of_the_build_machine_inside() -> None:
    """The files must be the same wherever they are built."""
    for path in (STAGE3A, STAGE3B):
        words = re.findall(rb"/[\w./-]{3,}", path.read_bytes())
        allowed = (b"/sys/firmware/uv/", b"/boot/")
        assert [word for word in words if not word.startswith(allowed)] == []


# --- Origin -----------------------------------------------------------------------------------


def test_checksums_are_recorded() -> None:
    """BUILT-WITH belongs to the files beside it."""
    record = BUILT_WITH.read_text(encoding="ascii")
    for path in (STAGE3A, STAGE3B):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert f"{digest}  {path.name}" in record.splitlines()


def test_rebuild_gives_the_same_files() -> None:
    """The sources beside the files give exactly these files."""
    if shutil.which(CROSS_COMPILER) is None or shutil.which("make") is None:
        pytest.skip(f"{CROSS_COMPILER} or make is not installed")
    recorded = BUILT_WITH.read_text(encoding="ascii").splitlines()[:2]
    installed = [
        f"compiler: {_first_line(CROSS_COMPILER, '--version')}",
        f"linker: {_first_line(CROSS_COMPILER, '-Wl,--version')}",
    ]
    if installed != recorded:
        pytest.skip(f"built with {recorded}, installed is {installed}")
    result = subprocess.run(["make", "-C", str(LOADERS), "check"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def _first_line(*command: str) -> str:
    result = subprocess.run(list(command), capture_output=True, text=True, check=False)
    return result.stdout.splitlines()[0]


# --- Words ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def host_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the machine-independent parts of the loader for the host."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler for this machine")
    program = tmp_path_factory.mktemp("host") / "host_main"
    sources = [Path(__file__).with_name("host_main.c")]
    sources += [LOADERS / name for name in ("uv_reason.c", "text.c", "ebcdic.c")]
    warnings = ["-Wall", "-Wextra", "-Werror"]
    command = [compiler, "-std=c11", *warnings, f"-I{LOADERS}", *map(str, sources)]
    subprocess.run([*command, "-o", str(program)], check=True, capture_output=True)
    return program


def _say(program: Path, *arguments: str) -> str:
    result = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=True)
    return result.stdout


def _assert_readable(message: str) -> None:
    positions = [message.index(section) for section in SECTIONS]
    assert positions == sorted(positions)
    assert max(len(line) for line in message.splitlines()) < 80
    assert len(message.splitlines()) <= 20, "does not fit on a terminal"


def _flat(message: str) -> str:
    return " ".join(message.split())


@pytest.mark.parametrize(("command", "rc", "rrc", "words"), KNOWN_CODES)
def test_every_known_code_is_explained(host_program: Path, command: int, rc: int, rrc: int, words: str) -> None:
    """What happened, what it means, what to do, and all numbers."""
    message = _say(host_program, "failure", answer(command, rc, rrc))
    _assert_readable(message)
    assert words in _flat(message)
    assert "no words for" not in message
    numbers = f"UV rc {rc:#06x} rrc {rrc:#06x}, DIAG 308 rc 0x0a02, command {command:#06x}"
    assert numbers in message


def test_every_known_code_has_its_own_words(host_program: Path) -> None:
    """No two codes may look alike to the operator."""
    messages = {
        _say(host_program, "failure", answer(command, rc, rrc)).split("What it means")[0]
        for command, rc, rrc, _words in KNOWN_CODES
    }
    assert len(messages) == len(KNOWN_CODES)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (answer(0, 0, 0), "gave no details"),
        (answer(0, 0, 0, diag=0x0902), "lost the list of the encrypted parts"),
        (answer(0, 0, 0, diag=0x0BAD), "a code this loader has no words for"),
        (answer(SET_SECURE_PARAMETERS, 0x0777, 0x0001), "refused the Secure Execution header"),
        (answer(UNPACK, 0x0777, 0x0001), "could not decrypt a page"),
        (answer(VERIFY, 0x0777, 0x0001), "not the one the header describes"),
        (answer(9, 0x0777, 0x0001), "Nothing of the encrypted image was run"),
    ],
)
def test_other_failures_are_explained(host_program: Path, given: str, words: str) -> None:
    """Old hypervisors give no details, new machines may give new codes."""
    message = _say(host_program, "failure", given)
    _assert_readable(message)
    assert words in _flat(message)


@pytest.mark.parametrize(("given", "words"), [("402", "cut short"), ("777", "no words for")])
def test_refused_list_of_parts_is_explained(host_program: Path, given: str, words: str) -> None:
    """DIAG 308 subcode 8 is the first call that looks at the image."""
    message = _say(host_program, "ipib", given)
    _assert_readable(message)
    assert words in _flat(message)
    assert f"DIAG 308 subcode 8 rc {int(given, 16):#018x}" in message


def test_text_never_leaves_its_buffer(host_program: Path) -> None:
    """Too long text is cut."""
    assert _say(host_program, "cut") == "abcdef0xfe"


def test_messages_look_the_same_in_all_code_pages() -> None:
    """Consoles differ in the EBCDIC code page; no message may use what differs."""
    same = {c for c in map(chr, range(0x20, 0x7F)) if c.encode("cp037") == c.encode("cp500")}
    for path in (STAGE3A, STAGE3B):
        messages = re.findall(rb"[\n -~]{12,}", path.read_bytes())
        # What has no blank is code or a table that happens to look like text.
        for message in (message.decode("ascii") for message in messages if b" " in message):
            assert set(message) <= same | {"\n"}, message


def test_ebcdic_table(host_program: Path) -> None:
    """The line-mode console gets code page 037."""
    printable = bytes(range(0x20, 0x7F)).decode("ascii")
    assert bytes.fromhex(_say(host_program, "ebcdic")) == printable.encode("cp037")
