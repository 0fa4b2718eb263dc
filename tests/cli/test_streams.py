"""Exit statuses, help, and what goes where: pipes, terminals, narrow character sets, hostile bytes."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import seworkbench
from seworkbench.cli.commands import COMMANDS as GROUPS
from seworkbench.cli.main import run
from seworkbench.cli.options import Parser
from seworkbench.resources import resource

from .desk import CONSOLE_SCRIPT, Desk, OnTerminal, environment, start

COMMANDS = sorted(GROUPS["image"])
ESCAPE = "\x1b["


# --- Exit statuses and help -------------------------------------------------------------------------------------------


def test_there_are_seven_commands_for_images() -> None:
    assert COMMANDS == ["compare", "create", "dissect", "extract", "info", "test", "verify"]


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["image", "--help"], *(["image", name, "-h"] for name in COMMANDS)]
)
def test_help_is_a_result_and_tells_the_exit_statuses(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert run(words) == 0
    written = capsys.readouterr()
    assert written.err == ""
    assert written.out.startswith("usage: seworkbench")
    for meaning in ("0  done", "1  could not", "2  wrong usage", "3  checked, and"):
        assert meaning in written.out


def test_help_of_a_group_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "--help"]) == 0
    text = capsys.readouterr().out
    assert [name for name in COMMANDS if not re.search(rf"^ +{name} +\w", text, re.MULTILINE)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_lists_its_options(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run(["image", name, "--help"]) == 0
    assert {"-v", "--verbose", "-q", "--quiet"} <= set(re.findall(r"-+[\w-]+", capsys.readouterr().out))


def test_without_anything_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert capsys.readouterr().out.startswith("usage: seworkbench")


def test_a_group_alone_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image"]) == 2
    assert capsys.readouterr().err == "error: A command is needed.\n       See: seworkbench image --help\n"


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"seworkbench {seworkbench.__version__}\n"


@pytest.mark.parametrize(
    "words",
    [["images"], ["image", "made"], ["--nonsense"], ["image", "--nonsense"], ["-v"], ["image", "info", "a", "b"]],
)
def test_wrong_usage_is_status_2_and_leads_to_the_help(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert run(words) == 2
    written = capsys.readouterr()
    assert written.out == ""
    lines = written.err.splitlines()
    assert lines[0].startswith("error: ")
    assert re.fullmatch(r"       See: seworkbench.* --help", lines[-1])
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["hostkey", "verify", "document.crt"], "hostkey verify"),
        (["demo", "more"], "demo"),
        (["hostkey", "--more"], "hostkey"),
        (["--more"], ""),
    ],
    ids=["a command of a group", "a command alone", "a group", "the program"],
)
def test_what_is_not_known_leads_to_the_help_of_its_command(
    capsys: pytest.CaptureFixture[str], words: list[str], command: str
) -> None:
    assert run(words) == 2
    said = capsys.readouterr().err
    assert f"Unrecognized arguments: {words[-1]}." in said
    assert f"See: {f'seworkbench {command}'.strip()} --help" in said


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_are_ones_that_it_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    module = import_module(f"seworkbench.cli.{GROUPS['image'][name][0]}")
    lines = module.EXAMPLES.replace("\\\n", " ").splitlines()
    examples = [shlex.split(line) for line in lines if line.startswith("  seworkbench ")]
    assert examples
    for words in examples:
        taken: list[object] = []
        monkeypatch.setattr(module, "run", lambda args, taken=taken: taken.append(args) or 0)
        assert words[:3] == ["seworkbench", "image", name]
        assert run(words[1:]) == 0, capsys.readouterr().err
        assert len(taken) == 1
    assert run(["image", name, "--help"]) == 0
    assert module.EXAMPLES in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_reference_describes_every_option_of_a_command_and_no_other(name: str) -> None:
    reference = resource("help/command-line.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", reference, flags=re.MULTILINE)
    described = "".join(part for part in section if part.startswith((f"{name.capitalize()}\n", "Exit codes\n")))
    if name == "create":
        described += "".join(part for part in section if part.startswith("Host key documents\n"))
    parser = Parser()
    import_module(f"seworkbench.cli.{GROUPS['image'][name][0]}").configure(parser)
    known = {option for action in parser._actions for option in action.option_strings}
    # What every command has, and the old name of -v that pvimg keeps for scripts.
    known -= {"-h", "--help", "--verbose", "--quiet", "-V"}
    assert set(re.findall(r"`(--?[A-Za-z][\w-]*)", described)) - {"--help"} == known


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["image", "info", ""], "info"),
        (["image", "create", "-i", "kernel", "-o", ""], "-o"),
        (["image", "create", "-k", "", "-o", "guest.img"], "-k"),
        (["image", "create", "--x-pcf", "", "-o", "guest.img"], "--x-pcf"),
        (["image", "info", "--format=", "guest.img"], "--format="),
        (["image", "test", "--key-hashes=", "guest.img"], "--key-hashes="),
        ([""], "seworkbench"),
    ],
    ids=["argument", "file", "list", "number", "word", "optional value", "command"],
)
def test_an_empty_word_is_not_taken_for_the_current_folder(
    capsys: pytest.CaptureFixture[str], words: list[str], where: str
) -> None:
    """As a variable of the shell leaves it that is not set."""
    assert run(words) == 2
    assert capsys.readouterr().err.startswith(f"error: What stands behind {where} is empty.\n")


def test_a_question_in_a_help_text_ends_with_its_mark(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["attest", "verify", "--help"]) == 0
    assert "Verify a response: is this the guest that I built?\n" in capsys.readouterr().out


def test_each_exit_status_has_its_meaning(desk: Desk) -> None:
    image, document = desk.file("full.img"), desk.file("host2.crt")
    assert run(["image", "info", image]) == 0
    assert run(["image", "info", desk.file("absent")]) == 1
    assert run(["image", "info", image, "--nonsense"]) == 2
    assert run(["image", "test", "-k", document, image]) == 3


@pytest.mark.parametrize(
    "words",
    [
        ["info", "{full}"],
        ["info", "--format", "json:minify", "{full}"],
        ["info", "--hdr-key", "{key}", "--show-secrets", "{full}"],
        ["verify", "--json", "{full}"],
        ["verify", "--json", "-i", "{key}", "{full}"],
        ["verify", "--json", "--hdr-key", "{key}", "{full}"],
        ["verify", "--json", "-v", "{key}"],
        ["extract", "--json", "-d", "{out}/parts", "{open}"],
        ["dissect", "--json", "{full}"],
        ["create", "--json", "-i", "{kernel}", "-k", "{host}", "--no-verify", "-o", "{out}/new.img"],
    ],
    ids=" ".join,
)
def test_json_is_all_that_standard_output_holds(
    desk: Desk, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    names = {
        "full": desk.file("full.img"),
        "open": desk.file("open.img"),
        "key": desk.file("hdr.key"),
        "kernel": desk.file("kernel"),
        "host": desk.file("host1.crt"),
        "out": str(desk.out),
    }
    assert run(["image", *(word.format(**names) for word in words)]) in (0, 3)
    text = capsys.readouterr().out
    assert isinstance(json.loads(text), dict)
    assert text.endswith("}\n")
    assert not text.endswith("\n\n")


# --- How the program is started ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not CONSOLE_SCRIPT.exists(), reason="the package is not installed with its console script")
@pytest.mark.parametrize(
    "words",
    [["--version"], ["image", "info", "--format", "text", "{full}"], ["image", "info"], ["image", "info", "/absent"]],
    ids=" ".join,
)
def test_console_script_and_module_are_the_same_program(desk: Desk, words: list[str]) -> None:
    words = [word.format(full=desk.file("full.img")) for word in words]
    script = subprocess.run([CONSOLE_SCRIPT, *words], capture_output=True, env=environment(), check=False)
    module = start(*words)
    assert (script.returncode, script.stdout, script.stderr) == (module.returncode, module.stdout, module.stderr)


PROBE = """
import json, sys
from seworkbench.cli.main import run
status = run(json.loads(sys.argv[1]))
print(json.dumps([status, sorted({name.split(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


def modules_of(*words: str) -> set[str]:
    """The top-level modules that are loaded once a command has run."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(words)], capture_output=True, env=environment(), check=True
    )
    status, names = json.loads(done.stderr.splitlines()[-1])
    assert status == 0
    return set(names)


def test_describing_a_header_loads_neither_cryptography_nor_numpy(desk: Desk) -> None:
    loaded = modules_of("image", "info", desk.file("full.img"))
    assert loaded & {"cryptography", "numpy", "tqdm"} == set()
    assert "seworkbench" in loaded
    assert "cryptography" in modules_of("image", "info", "--hdr-key", desk.file("hdr.key"), desk.file("full.img"))


def test_only_what_is_decrypted_needs_numpy(desk: Desk) -> None:
    assert "numpy" not in modules_of("image", "verify", desk.file("full.img"))
    assert "numpy" in modules_of("image", "verify", "--hdr-key", desk.file("hdr.key"), desk.file("full.img"))


def test_asking_key_hashes_and_showing_help_load_neither(desk: Desk) -> None:
    hashes = desk.out / "all"
    hashes.write_text("ee5b238212e602d7f100765e426540f3e254701fbde33c64d763ae795d3e6fa2\n" * 15)
    assert (
        modules_of("image", "test", f"--key-hashes={hashes}", desk.file("full.img")) & {"cryptography", "numpy"}
        == set()
    )
    assert modules_of("--help") & {"cryptography", "numpy", "tqdm", "json.tool"} == set()


@pytest.mark.parametrize(
    "words",
    [
        ["create", "-i", "{kernel}", "-k", "{host}", "--no-verify", "-o", "{out}/new.img"],
        ["verify", "--hdr-key", "{key}", "{full}"],
        ["extract", "-d", "{out}/parts", "{open}"],
        ["dissect", "--hdr-key", "{key}", "{full}"],
        ["test", "-k", "{host}", "{full}"],
    ],
    ids=lambda words: words[0],
)
def test_no_command_loads_qt(desk: Desk, words: list[str]) -> None:
    names = {"kernel": "kernel", "host": "host1.crt", "key": "hdr.key", "full": "full.img", "open": "open.img"}
    places = {name: desk.file(file) for name, file in names.items()} | {"out": str(desk.out)}
    loaded = modules_of("image", *(word.format(**places) for word in words))
    assert {name for name in loaded if re.match("PySide|PyQt|shiboken|pyqtgraph", name)} == set()
    assert "cryptography" in loaded


# --- Pipes and full disks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["image", "info", "-q", "{full}"],
        ["image", "verify", "{full}"],
        ["image", "dissect", "--json", "{full}"],
        ["image", "test", "-k", "{host}", "{full}"],
    ],
    ids=lambda words: words[1],
)
def test_a_reader_that_is_gone_ends_the_program_without_a_word(desk: Desk, words: list[str]) -> None:
    """As `head -1` is, once it has its line."""
    reader, writer = os.pipe()
    os.close(reader)
    names = {"full": desk.file("full.img"), "host": desk.file("host1.crt")}
    done = start(*(word.format(**names) for word in words), stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_the_first_line_can_be_taken_from_a_long_result(desk: Desk) -> None:
    program = [sys.executable, "-m", "seworkbench", "image", "dissect", "-v", desk.file("full.img")]
    words = ["/bin/sh", "-c", '"$@" | head -1', "sh", *program]
    done = subprocess.run(words, capture_output=True, env=environment(), check=False)
    assert done.stdout.startswith(b"00000000 ")
    assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(
    "words", [["image", "info", "{full}"], ["image", "dissect", "-v", "{full}"], ["image", "verify", "{full}"]]
)
def test_a_full_disk_under_standard_output_is_one_error(desk: Desk, words: list[str]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    done = start(*(word.format(full=desk.file("full.img")) for word in words), stdout=full)
    os.close(full)
    lines = [line for line in done.stderr.decode().splitlines() if not line.startswith("warning: ")]
    assert lines == ["error: standard output: No space left on device."]
    assert done.returncode == 1


@pytest.mark.parametrize("where", ["full disk", "no reader"])
def test_a_warning_that_nobody_can_read_does_not_stop_a_build(desk: Desk, where: str) -> None:
    if where == "full disk":
        if not Path("/dev/full").exists():
            pytest.skip("there is no /dev/full here")
        lost = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, lost = os.pipe()
        os.close(reader)
    image = desk.out / "image"
    words = ["create", "-i", desk.file("kernel"), "-k", desk.file("host1.crt"), "--no-verify", "-o", str(image)]
    done = subprocess.run(
        [sys.executable, "-m", "seworkbench", "image", *words],
        stdout=subprocess.PIPE,
        stderr=lost,
        env=environment(),
        check=False,
    )
    os.close(lost)
    assert done.returncode == 0
    assert done.stdout.startswith(str(image).encode())
    assert image.stat().st_size > 0


@pytest.mark.parametrize("closed", [1, 2])
def test_a_standard_stream_that_is_closed_gives_no_traceback(desk: Desk, closed: int) -> None:
    words = ["image", "test", "-k", desk.file("host2.crt"), desk.file("full.img")]
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}>&-', "sh", sys.executable, "-m", "seworkbench", *words],
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode in ((3,) if closed == 2 else (1, 3))
    assert closed == 1 or "✘".encode() in done.stdout


# --- Terminals --------------------------------------------------------------------------------------------------------


def on_terminal(*words: str, **changes: str) -> tuple[int, str]:
    return OnTerminal(*words, **changes).finish()


def test_verdicts_have_colours_on_a_terminal(desk: Desk) -> None:
    image = bytearray(Path(desk.file("full.img")).read_bytes())
    image[0x16000] ^= 1
    (desk.out / "changed.img").write_bytes(image)
    status, text = on_terminal("image", "verify", str(desk.out / "changed.img"))
    assert status == 3
    assert "\x1b[32m✔ passed" in text
    assert "\x1b[31;1m✘ failed" in text
    assert "\\x1b" not in text


def test_errors_and_warnings_have_colours_on_a_terminal(desk: Desk) -> None:
    assert "\x1b[31;1merror\x1b[0m: /absent: " in on_terminal("image", "info", "/absent")[1]
    assert "\x1b[33mwarning\x1b[0m: The header is not" in on_terminal("image", "info", desk.file("full.img"))[1]


@pytest.mark.parametrize("value", ["1", ""])
def test_no_color_is_respected(desk: Desk, value: str) -> None:
    for words in (["verify", desk.file("full.img")], ["info", desk.file("full.img")], ["info", "/absent"]):
        text = on_terminal("image", *words, NO_COLOR=value)[1]
        assert ESCAPE not in text
        assert "\\x1b" not in text


def test_there_are_no_colours_where_no_terminal_is(desk: Desk) -> None:
    done = start("image", "verify", desk.file("full.img"))
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"\\x1b" not in done.stdout + done.stderr
    assert "✔ passed".encode() in done.stdout


def test_text_is_the_format_of_info_on_a_terminal(desk: Desk) -> None:
    status, text = on_terminal("image", "info", "-q", desk.file("full.img"))
    assert status == 0
    assert text.startswith("Secure Execution header\n  version: 1\n")


@pytest.mark.parametrize("quiet", [False, True])
def test_create_shows_its_progress_on_a_terminal_unless_quiet(desk: Desk, quiet: bool) -> None:
    words = desk.create("-r", desk.file("ramdisk"), *(["-q"] if quiet else []))
    status, text = on_terminal(*words, NO_COLOR="1")
    assert status == 0
    for phase in ("Encrypting kernel", "Encrypting ramdisk", "Encrypting stage3b"):
        assert (phase in text) != quiet
    assert ("%|" in text) != quiet
    # The bar is gone at the end: what stays on the screen is the summary.
    assert quiet or "\r" in text
    assert quiet or text.rstrip().splitlines()[-1].split()[:2] == ["for", "machine"]


@pytest.mark.parametrize(
    ("words", "phase"),
    [(["verify", "{full}"], "Checking the components"), (["extract", "-d", "{out}/parts", "{open}"], "Extracting")],
    ids=["verify", "extract"],
)
def test_reading_commands_show_their_progress_on_a_terminal_unless_json_is_wanted(
    desk: Desk, words: list[str], phase: str
) -> None:
    names = {"full": desk.file("full.img"), "open": desk.file("open.img"), "out": str(desk.out)}
    words = [word.format(**names) for word in words]
    assert phase in on_terminal("image", *words)[1]
    text = on_terminal("image", words[0], "--json", *words[1:], *(["--overwrite"] if words[0] == "extract" else []))[1]
    assert phase not in text
    assert isinstance(json.loads(text), dict)


def test_there_is_no_progress_where_no_terminal_is(desk: Desk) -> None:
    done = start(*desk.create("--hdr-key", desk.file("hdr.key")))
    assert done.returncode == 0
    assert [line.split(b":")[0] for line in done.stderr.splitlines()] == [b"warning"]


# --- Character sets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1:strict"},
    ],
    ids=["ascii", "C locale", "latin-1"],
)
def test_a_narrow_character_set_does_not_stop_any_command(desk: Desk, changes: dict[str, str]) -> None:
    for words, status in (
        (["image", "verify", desk.file("full.img")], 0),
        (["image", "test", "-k", desk.file("host2.crt"), desk.file("full.img")], 3),
        (["image", "dissect", desk.file("full.img")], 0),
        (["image", "create", "-i", desk.file("nokernel"), *desk.required[2:]], 1),
        ([*desk.create(), "--overwrite"], 0),
        (["image", "info", str(desk.out / "größe.img")], 1),
    ):
        done = start(*words, changes=changes)
        assert (done.returncode, b"Traceback" in done.stderr) == (status, False)
    assert b"gr" in done.stderr


# --- Hostile bytes ----------------------------------------------------------------------------------------------------

HOSTILE = "quiet \x1b]0;owned\x07\x1b[2J\x1b[31m\r\x08\x9b5m\u202egnp.\u2066 \x7f\x00 end".encode()
DANGEROUS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile(desk: Desk) -> Path:
    """An image whose command line tries to steer the terminal."""
    (desk.out / "line").write_bytes(HOSTILE)
    assert run([*desk.create("-q", "-p", str(desk.out / "line"), "--disable-image-encryption")]) == 0
    return desk.image


def test_control_characters_of_a_command_line_are_shown_not_sent(
    desk: Desk, hostile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["image", "verify", str(hostile)]) == 0
    text = capsys.readouterr().out
    assert DANGEROUS.findall(text) == []
    line = next(line for line in text.splitlines() if "command line: quiet" in line)
    assert r"\x1b]0;owned\x07\x1b[2J\x1b[31m\x0d\x08\x9b5m\u202egnp.\u2066 \x7f\x00 end" in line
    assert desk.left == ["guest.img", "line"]


@pytest.mark.parametrize("command", [["verify", "--json"], ["extract", "--json", "-d", "{out}"], ["dissect", "--json"]])
def test_json_of_a_hostile_image_has_no_control_characters_and_keeps_the_text(
    desk: Desk, hostile: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    words = [word.format(out=desk.out / "parts") for word in command]
    assert run(["image", *words, str(hostile)]) == 0
    text = capsys.readouterr().out
    assert DANGEROUS.findall(text) == []
    if command[0] != "dissect":
        assert json.loads(text)["contents"]["command_line"].encode("utf-8", "surrogateescape") == HOSTILE


@pytest.mark.parametrize("command", ["info", "verify", "test", "dissect"])
def test_control_characters_of_a_file_name_are_shown_not_sent(
    desk: Desk, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    more = ["-k", desk.file("host1.crt")] if command == "test" else []
    assert run(["image", command, *more, str(desk.out / "a\x1b[2Jb\r\x07")]) == 1
    said = capsys.readouterr().err
    assert DANGEROUS.findall(said) == []
    assert r"a\x1b[2Jb\x0d\x07: The file does not exist." in said


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"\xff\xfe", r"\xff\xfe"),
        ("a\u202eb".encode(), r"a\u202eb"),
        ("a\u200fb\u200b\ufeff".encode(), r"a\u200fb\u200b\ufeff"),
        ("ü→🙂".encode(), "ü→🙂"),
    ],
    ids=["no text", "turned", "hidden", "plain"],
)
def test_names_are_shown_with_what_they_hide(
    desk: Desk, capsys: pytest.CaptureFixture[str], name: bytes, shown: str
) -> None:
    assert run(["image", "info", os.fsdecode(os.fsencode(desk.out) + b"/" + name)]) == 1
    assert f"/{shown}: The file does not exist." in capsys.readouterr().err


def test_names_with_line_breaks_stay_on_their_line(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    odd = desk.out / "a\nfailed: b\x1b[2J"
    odd.mkdir()
    for name in ("kernel", "host1.crt", "full.img", "hdr.key"):
        (odd / name).write_bytes(Path(desk.file(name)).read_bytes())
    kernel, document, key, image = (str(odd / name) for name in ("kernel", "host1.crt", "hdr.key", "full.img"))
    create = ["-i", kernel, "-k", document, "-o", str(odd / "new.img"), "--no-verify", "--save-keys", str(odd / "keys")]
    for words in (
        ["create", *create],
        ["test", "-k", document, image],
        ["verify", "-v", "--hdr-key", key, "-i", kernel, image],
        ["extract", "--hdr-key", key, "-d", str(odd / "parts"), image],
        ["info", str(odd / "absent")],
    ):
        run(["image", *words])
        written = capsys.readouterr()
        lines = (written.out + written.err).splitlines()
        assert [line for line in lines if line.startswith("failed: b")] == []
        assert r"a\x0afailed: b\x1b[2J" in written.out + written.err
        assert DANGEROUS.findall((written.out + written.err).replace("\n", "")) == []


def test_a_command_line_cannot_forge_a_line_of_the_report(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    forged = "failed: everything is wrong."
    (desk.out / "line").write_text(f"quiet\n{forged}\nend")
    assert run([*desk.create("-q", "-p", str(desk.out / "line"), "--disable-image-encryption")]) == 0
    assert run(["image", "verify", str(desk.image)]) == 0
    text = capsys.readouterr().out
    assert forged in text
    assert forged not in text.splitlines()
