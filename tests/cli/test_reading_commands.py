"""`info`, `verify`, `extract` and `dissect`: their options and what they write."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.cli.main import run

if TYPE_CHECKING:
    from .desk import Desk

READERS = {
    "info": ["image", "info"],
    "verify": ["image", "verify"],
    "extract": ["image", "extract", "-d", "{out}/parts"],
    "dissect": ["image", "dissect"],
    "test": ["image", "test", "-k", "{in}/host1.crt"],
}


def arguments(desk: Desk, command: str, *more: str) -> list[str]:
    return [word.format(**{"out": desk.out, "in": desk.inputs}) for word in (*READERS[command], *more)]


def errors(capsys: pytest.CaptureFixture[str]) -> str:
    return "\n".join(line for line in capsys.readouterr().err.splitlines() if not line.startswith("warning: "))


# --- What all of them share -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize("problem", ["missing", "folder", "no image", "empty"])
def test_what_is_no_image_is_named_in_one_error(
    desk: Desk, capsys: pytest.CaptureFixture[str], command: str, problem: str
) -> None:
    path = desk.out / "thing"
    if problem == "folder":
        path.mkdir()
    elif problem != "missing":
        path.write_bytes(b"x" * 100_000 if problem == "no image" else b"")
    said = {
        "missing": "The file does not exist.",
        "folder": "This is a folder, not a file.",
        "no image": "No Secure Execution header was found.",
        "empty": "No Secure Execution header was found.",
    }[problem]
    status = run(arguments(desk, command, str(path)))
    written = capsys.readouterr()
    if command == "verify" and problem in ("no image", "empty"):
        assert status == 3
        assert f"✘ failed      The file holds an SE header: {said}" in written.out
        assert written.err == ""
    else:
        assert status == 1
        assert written.err.count("error: ") == 1
        assert f"error: {path}: {said}\n" in written.err
        assert written.out == ""
    assert desk.left == ([] if problem == "missing" else ["thing"])


@pytest.mark.parametrize("command", ["info", "extract", "dissect", "test", "compare"])
def test_what_is_no_image_is_told_what_it_is(desk: Desk, capsys: pytest.CaptureFixture[str], command: str) -> None:
    image, document = desk.file("full.img"), desk.file("host1.crt")
    words = ["image", "compare", image] if command == "compare" else arguments(desk, command)
    assert run([*words, document]) == 1
    said = "No Secure Execution header was found. By its content the file is: host key document."
    assert errors(capsys).startswith(f"error: {document}: {said}\n")


@pytest.mark.parametrize("command", READERS)
def test_loud_and_quiet_exclude_each_other(desk: Desk, capsys: pytest.CaptureFixture[str], command: str) -> None:
    for loud in ("-v", "--verbose", "-V"):
        assert run(arguments(desk, command, loud, "-q", desk.file("full.img"))) == 2
        assert "--verbose and --quiet exclude each other" in errors(capsys)


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize("word", ["-v", "-vv", "-q", "-qqq", "-V"])
def test_loud_and_quiet_are_taken_by_every_command(desk: Desk, command: str, word: str) -> None:
    # open.img needs no key; without one, nothing is left undone that was asked for.
    assert run(arguments(desk, command, word, desk.file("open.img"))) == 0


@pytest.mark.parametrize("command", READERS)
def test_an_image_is_needed(desk: Desk, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert run(arguments(desk, command)) == 2
    assert re.search("IMAGE|FILE|image is needed", errors(capsys))


@pytest.mark.parametrize("command", ["verify", "extract", "dissect"])
def test_one_way_to_open_the_header_is_enough(desk: Desk, capsys: pytest.CaptureFixture[str], command: str) -> None:
    both = ["--hdr-key", desk.file("hdr.key"), "--host-private-key", desk.file("host1.key")]
    assert run(arguments(desk, command, *both, desk.file("full.img"))) == 2
    assert "not allowed with argument" in errors(capsys)


@pytest.mark.parametrize("command", ["info", "verify", "extract", "dissect"])
@pytest.mark.parametrize("option", ["--hdr-key", "--key"])
def test_the_header_key_is_taken_under_both_names_and_must_have_32_bytes(
    desk: Desk, capsys: pytest.CaptureFixture[str], command: str, option: str
) -> None:
    assert run(arguments(desk, command, option, desk.file("hdr.key"), desk.file("full.img"))) == 0
    capsys.readouterr()
    assert run(arguments(desk, command, option, desk.file("short.key"), desk.file("full.img"))) == 1
    said = f"error: {desk.file('short.key')}: The header key must be exactly 32 bytes; the file has 31."
    assert said in errors(capsys)
    assert run(arguments(desk, command, option, "a", option, "b", desk.file("full.img"))) == 2
    assert "was given more than once" in errors(capsys)


@pytest.mark.parametrize(("command", "status"), [("info", 1), ("verify", 3), ("extract", 3), ("dissect", 1)])
def test_a_wrong_header_key_is_told(desk: Desk, capsys: pytest.CaptureFixture[str], command: str, status: int) -> None:
    (desk.out / "wrong.key").write_bytes(bytes(32))
    assert run(arguments(desk, command, "--hdr-key", str(desk.out / "wrong.key"), desk.file("full.img"))) == status
    written = capsys.readouterr()
    assert "The header key does not open this header." in (written.out if command == "verify" else written.err)
    assert desk.left == ["wrong.key"]


@pytest.mark.parametrize("command", ["verify", "extract", "dissect"])
@pytest.mark.parametrize(
    ("name", "said"),
    [("host1.crt", "This is not a private key."), ("kernel", "The file is larger than 65536 bytes.")],
)
def test_a_file_that_is_no_private_key_is_named(
    desk: Desk, capsys: pytest.CaptureFixture[str], command: str, name: str, said: str
) -> None:
    assert run(arguments(desk, command, "--host-private-key", desk.file(name), desk.file("full.img"))) == 1
    assert f"error: {desk.file(name)}: {said}" in errors(capsys)


@pytest.mark.parametrize(("command", "status"), [("verify", 3), ("extract", 3), ("dissect", 1)])
def test_the_key_of_another_machine_is_told(
    desk: Desk, capsys: pytest.CaptureFixture[str], command: str, status: int
) -> None:
    words = arguments(desk, command, "--host-private-key", desk.file("host2.key"), desk.file("full.img"))
    assert run(words) == status
    written = capsys.readouterr()
    assert re.search("None of the key slots is for this host key|not built for this machine", written.out + written.err)
    assert run([word.replace("host2", "host1") for word in words]) == 0


# --- info -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["xml", "json:full", "text:minify", "text:brief", "json:pretty:minify", ":full", "json:"]
)
def test_info_refuses_formats_that_there_are_not(desk: Desk, capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert run(["image", "info", f"--format={word}", desk.file("full.img")]) == 2
    assert "Use text, text:full, json, json:pretty or json:minify." in errors(capsys)


@pytest.mark.parametrize("words", [["--show-secrets"], ["--format"], ["--hdr-key"], ["--print-schema"]])
def test_info_refuses_incomplete_options(desk: Desk, words: list[str]) -> None:
    assert run(["image", "info", desk.file("full.img"), *words]) == 2


@pytest.mark.parametrize(
    "words",
    [["{image}"], ["--format", "json"], ["--hdr-key", "{key}"], ["--show-secrets"]],
    ids=lambda words: words[0],
)
def test_the_schema_is_printed_alone(desk: Desk, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    names = {"image": desk.file("full.img"), "key": desk.file("hdr.key")}
    assert run(["image", "info", "--print-schema", "json", *(word.format(**names) for word in words)]) == 2
    assert "--print-schema stands alone" in errors(capsys)


@pytest.mark.parametrize(("kind", "begin"), [("JSON", "{\n"), ("text", "The text form has no schema")])
def test_each_kind_has_its_schema_or_says_that_it_has_none(
    capsys: pytest.CaptureFixture[str], kind: str, begin: str
) -> None:
    assert run(["image", "info", "--print-schema", kind]) == 0
    assert capsys.readouterr().out.startswith(begin)
    assert run(["image", "info", "--print-schema", "yaml"]) == 2


def test_info_warns_that_a_header_is_not_verified_unless_it_is_or_quiet(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for words in ([], ["-q"], ["--hdr-key", desk.file("hdr.key")]):
        assert run(["image", "info", *words, desk.file("full.img")]) == 0
        said.append(capsys.readouterr().err)
    assert said[0].startswith("warning: The header is not verified")
    assert said[1:] == ["", ""]


def test_a_loud_info_says_where_the_header_is_and_how_it_was_found(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    image = Path(desk.file("full.img"))
    header = desk.out / "header"
    header.write_bytes(image.read_bytes()[0x14000:0x14280])
    for file, place in (
        (image, "0x14000, found by the image metadata at 0xc000"),
        (header, "0x0, found by trying the first pages"),
    ):
        assert run(["image", "info", "-v", str(file)]) == 0
        assert f"note: The header is at {place}.\n" in capsys.readouterr().err


def test_info_believes_metadata_as_pvimg_does_where_verify_and_dissect_search_on(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    image = bytearray(Path(desk.file("full.img")).read_bytes())
    image[0xC008:0xC010] = (0x13000).to_bytes(8, "big")
    misled = str(desk.out / "misled.img")
    Path(misled).write_bytes(image)
    assert run(["image", "info", misled]) == 1
    assert "say that the SE header is at 0x13000; there is none." in errors(capsys)
    assert run(["image", "dissect", misled]) == 0
    assert run(["image", "extract", "-d", str(desk.out / "parts"), "--hdr-key", desk.file("hdr.key"), misled]) == 0
    assert run(["image", "verify", misled]) == 3
    assert "✘ failed      Image metadata: They point to no header" in capsys.readouterr().out


# --- verify -----------------------------------------------------------------------------------------------------------

KEY = "--hdr-key"


def verified(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = run(["image", "verify", *words])
    written = capsys.readouterr()
    assert written.err == ""
    return status, written.out


def test_verify_tells_every_check_the_contents_and_the_verdict(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = verified(capsys, KEY, desk.file("hdr.key"), desk.file("full.img"))
    assert status == 0
    lines = text.splitlines()
    groups = [line for line in lines if re.match(r"  \w", line) and "bytes at" not in line and ":" not in line]
    assert [group.strip() for group in groups] == [
        "Start",
        "Header structure",
        "Component table",
        "Authenticity",
        "Integrity of the components",
        "Guest",
    ]
    assert lines[0] == "SE image"
    passed = text.count("✔ passed ")
    assert passed > 25
    assert [line for line in lines if re.search("[✘▲○]", line)] == []
    contents = lines[lines.index("Contents") :]
    sizes = [(words[0], words[1]) for line in contents[1:5] if (words := line.replace("command line", "line").split())]
    assert [name for name, _ in sizes] == ["kernel", "ramdisk", "line", "stage3b"]
    assert [int(size) for _, size in sizes[:3]] == [74565, 9001, 33]
    line = Path(desk.file("cmdline")).read_text().strip()
    assert f"  command line: {line}" in contents
    assert lines[-1] == f"passed: {passed} of {passed} checks passed."


def test_verify_without_a_key_says_what_that_proves(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = verified(capsys, desk.file("full.img"))
    assert status == 0
    lines = text.splitlines()
    assert lines[-2] == HINT
    passed = text.count("✔ passed ")
    assert lines[-1] == f"passed: {passed} of {passed + 5} checks passed, 5 not checked."
    assert "Contents" not in lines
    assert text.count("○ not checked") == 5


HINT = "Without a key this shows that the components belong to the header, not who made the image."


@pytest.mark.parametrize("words", [[], [KEY, "hdr.key"]], ids=["no key", "header key"])
def test_a_quiet_verification_says_the_verdict_only(
    desk: Desk, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    keys = [desk.file(word) if word.endswith(".key") else word for word in words]
    _, text = verified(capsys, "-q", *keys, desk.file("full.img"))
    assert len(text.splitlines()) == 1
    assert text.startswith("passed: ")


def test_nothing_is_said_to_be_shown_where_the_verification_failed(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = verified(capsys, desk.file("kernel"))
    assert status == 3
    assert HINT not in text


def test_nothing_is_said_of_components_where_there_are_none(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    image = Path(desk.file("full.img")).read_bytes()
    (desk.out / "bare").write_bytes(image[0x14000 : 0x14000 + int.from_bytes(image[0x1400C:0x14010], "big")])
    status, text = verified(capsys, str(desk.out / "bare"))
    assert status == 0
    assert HINT not in text


def test_a_loud_verification_shows_evidence_and_rules_of_what_passed(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (KEY, desk.file("hdr.key"), desk.file("full.img"))
    _, normal = verified(capsys, *words)
    _, loud = verified(capsys, "-v", *words)
    assert "Rule:" not in normal
    assert loud.count("Rule: ") == loud.count("✔ passed ")
    assert "Rule: components.md#digests" in loud
    assert re.search(r"in the header +[0-9a-f]{128}\n +of the pages in the file +[0-9a-f]{128}", loud)
    assert not re.search("[0-9a-f]{128}", normal)


def test_a_failed_check_shows_its_evidence_the_ultravisors_answer_and_a_remedy(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    image = bytearray(Path(desk.file("full.img")).read_bytes())
    image[0x16000] ^= 1
    (desk.out / "changed.img").write_bytes(image)
    status, text = verified(capsys, str(desk.out / "changed.img"))
    assert status == 3
    begin = text.index("✘ failed      Content of the pages (PLD): They differ")
    block = text[begin:].splitlines()[:5]
    assert re.fullmatch(r" +in the header +[0-9a-f]{128}", block[1])
    assert re.fullmatch(r" +of the pages in the file +[0-9a-f]{128}", block[2])
    assert block[1][-128:] != block[2][-128:]
    assert block[3].strip() == "The Ultravisor answers 0x0102/0x001b to this."
    assert block[4].strip().startswith("A component was changed or damaged")
    passed = text.count("✔ passed ")
    assert text.splitlines()[-1] == f"failed: {passed} of {passed + 6} checks passed, 1 failed, 5 not checked."


def test_a_verdict_counts_warnings_and_notes(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--x-bootloader-directory", desk.file("boot"), "--x-pcf", "1", "--x-scf", "1", "-q"]
    assert run(desk.create(*options, KEY, desk.file("hdr.key"))) == 0
    status, text = verified(capsys, KEY, desk.file("hdr.key"), str(desk.image))
    assert status == 0, "warnings do not count as failures"
    passed = text.count("✔ passed ")
    assert text.splitlines()[-1] == f"warning, 1 note: {passed} of {passed + 3} checks passed, 2 warned."
    assert text.count("▲ warning") == 3
    image = bytearray(desk.image.read_bytes())
    image[0xC000:0xC01C] = bytes(28)
    desk.image.write_bytes(image)
    _, text = verified(capsys, "-q", KEY, desk.file("hdr.key"), str(desk.image))
    assert text == f"warning, 2 notes: {passed - 1} of {passed + 3} checks passed, 2 warned.\n"


@pytest.mark.parametrize(
    ("pcf", "scf", "status"),
    [
        ("e0", "0", 0),
        ("0xffffffffffffffff", "0xffffffffffffffff", 0),
        ("a0", "0", 3),
        ("0", "0", 3),
    ],
)
def test_flags_are_judged_against_those_of_a_machine(
    desk: Desk, capsys: pytest.CaptureFixture[str], pcf: str, scf: str, status: int
) -> None:
    words = ["--supported-pcf", pcf, f"--supported-scf={scf}", KEY, desk.file("hdr.key"), desk.file("full.img")]
    found, text = verified(capsys, *words)
    assert found == status
    assert ("The machine does not support" in text) == (status == 3)
    assert "The machine supports all of them." in text


@pytest.mark.parametrize("option", ["--supported-pcf", "--supported-scf"])
def test_flags_of_a_machine_are_one_hexadecimal_number(
    desk: Desk, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert run(["image", "verify", option, "flags", desk.file("full.img")]) == 2
    assert "'flags' is not a hexadecimal number" in errors(capsys)
    assert run(["image", "verify", option, "1", option, "1", desk.file("full.img")]) == 2


@pytest.mark.parametrize("kernel", ["-i", "--kernel", "--image"])
@pytest.mark.parametrize(("ramdisk", "line"), [("-r", "-p"), ("--ramdisk", "--parmfile")])
def test_given_files_are_compared_under_all_their_names(
    desk: Desk, capsys: pytest.CaptureFixture[str], kernel: str, ramdisk: str, line: str
) -> None:
    files = [kernel, desk.file("kernel"), ramdisk, desk.file("ramdisk"), line, desk.file("cmdline")]
    status, text = verified(capsys, *files, KEY, desk.file("hdr.key"), desk.file("full.img"))
    assert status == 0
    for part in ("kernel", "ramdisk", "command line"):
        assert f"✔ passed      The {part} is the given file: Byte for byte." in text
    files[1] = desk.file("nokernel")
    status, text = verified(capsys, *files, KEY, desk.file("hdr.key"), desk.file("full.img"))
    assert status == 3
    assert "✘ failed      The kernel is the given file: The sizes differ." in text


def test_a_comparison_that_needs_a_key_and_has_none_does_not_pass(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = verified(capsys, "-i", desk.file("kernel"), desk.file("full.img"))
    assert status == 3
    assert (
        "○ not checked The kernel is the given file: The components cannot be read; give a key that opens the header."
        in text
    )
    assert text.splitlines()[-1].startswith("not checked: ")


def test_verify_as_json_is_the_tree_of_checks(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = verified(capsys, "--json", KEY, desk.file("hdr.key"), desk.file("full.img"))
    record = json.loads(text)
    assert status == 0
    assert (record["image"], record["verdict"]) == (desk.file("full.img"), "passed")
    assert record["checks"]["id"] == "image"
    assert record["contents"]["command_line"] == Path(desk.file("cmdline")).read_text()


# --- extract ----------------------------------------------------------------------------------------------------------


def test_extract_lists_its_files(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    folder = desk.out / "parts"
    words = [KEY, desk.file("hdr.key"), "--directory", str(folder), desk.file("full.img")]
    assert run(["image", "extract", *words]) == 0
    written = capsys.readouterr()
    assert written.err == ""
    rows = (line.split(maxsplit=2) for line in written.out.splitlines())
    listed = {path: int(size) for size, _unit, path in rows}
    assert listed == {str(path): path.stat().st_size for path in folder.iterdir()}
    assert (folder / "kernel").read_bytes() == Path(desk.file("kernel")).read_bytes()
    assert stat.S_IMODE((folder / "kernel").stat().st_mode) == 0o600


def test_a_loud_extract_says_what_the_parts_are(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "extract", "-v", "-d", str(desk.out / "parts"), desk.file("open.img")]) == 0
    text = capsys.readouterr().out
    assert "\nContents\n  kernel " in text
    assert "\n  command line: root=/dev/vda1 " in text
    assert text.endswith("\n  ramdisk: of no kind that Linux knows\n")


def test_extract_needs_to_be_told_to_overwrite(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["image", "extract", "-d", str(desk.out), desk.file("open.img")]
    assert run(words) == 0
    assert run(words) == 1
    said = f"error: {desk.out}/kernel: The file already exists.\n       Choose another name, or add --overwrite."
    assert errors(capsys) == said
    assert run([*words, "--overwrite"]) == 0


def test_extract_needs_a_folder(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "extract", desk.file("open.img")]) == 2
    assert "-d/--directory" in errors(capsys)
    assert run(["image", "extract", "-d", "a", "-d", "b", desk.file("open.img")]) == 2


def test_extract_as_json_names_image_files_and_contents(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "extract", "--json", "-d", str(desk.out / "parts"), desk.file("open.img")]) == 0
    record = json.loads(capsys.readouterr().out)
    assert set(record) == {"image", "files", "contents"}
    assert [file["kind"] for file in record["files"]] == ["kernel", "ramdisk", "command line", "stage3b", "SE header"]
    assert record["files"][4] == {"kind": "SE header", "path": str(desk.out / "parts/se-header.bin"), "size": 640}


def test_extract_of_an_encrypted_image_asks_for_a_key(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "extract", "-d", str(desk.out / "parts"), desk.file("full.img")]) == 1
    said = capsys.readouterr().err
    assert said == (
        f"error: {desk.file('full.img')}: The components are encrypted.\n"
        "       Give the header key (--hdr-key) or the machine's private key (--host-private-key).\n"
    )
    assert desk.left == []


# --- dissect ----------------------------------------------------------------------------------------------------------


def dissected(desk: Desk, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["image", "dissect", *words, desk.file("full.img")]) == 0
    written = capsys.readouterr()
    assert written.err == ""
    return written.out


def test_dissect_writes_offset_length_name_and_value_of_each_field(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = dissected(desk, capsys).splitlines()
    assert re.match(r"00000000 +\d+  SE image +\d+ bytes, header found by the image metadata at 0xc000$", lines[0])
    table = {" ".join(line.split()) for line in lines}
    for expected in (
        "0000c008 8 Header offset (hdr_off) 0x14000",
        "0001400c 4 Header size (sehs) 640 bytes",
        "00014038 8 Plain flags (pcf) 0x00000000000000e0",
        "0001403f 1 DEA and TDEA PCKMO support (bit 56) on",
    ):
        assert expected in table
    assert all(re.match(r"[0-9a-f]{8} +\d+  |\s{67}[0-9a-f]+$", line) for line in lines)


def test_dissect_breaks_long_values_without_losing_a_digit(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    lines = dissected(desk, capsys).splitlines()
    at = next(number for number, line in enumerate(lines) if "(pld)" in line)
    assert (
        lines[at].split()[-1] + lines[at + 1].strip() == Path(desk.file("full.img")).read_bytes()[0x140E0:0x14120].hex()
    )
    assert max(len(line) for line in lines) < 140


def test_dissect_hides_keys_unless_told_to_show_them(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    key = [KEY, desk.file("hdr.key")]
    secrets = [Path(desk.file(name)).read_bytes().hex() for name in ("cck.key", "image.key")]

    def shown(*words: str) -> list[bool]:
        text = re.sub(r"\s+", "", dissected(desk, capsys, *words))
        return [secret in text for secret in secrets]

    assert shown(*key) == [False, False]
    assert shown(*key, "-v") == [False, False]
    assert shown(*key, "--json") == [False, False]
    assert shown(*key, "--show-secrets") == [True, True]
    assert shown(*key, "--show-secrets", "--json") == [True, True]
    assert "32 bytes, hidden" in dissected(desk, capsys, *key)


def test_dissect_needs_a_key_to_show_secrets(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "dissect", "--show-secrets", desk.file("full.img")]) == 2
    assert "--show-secrets needs a key" in errors(capsys)


def test_a_loud_dissection_says_what_fields_mean_and_what_protects_them(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    text = dissected(desk, capsys, "-v")
    assert "authenticated. SHA-512 over all component pages as stored (PLD)." in text
    assert "encrypted and hashed. Tweak prefix " in text
    assert "The CPU starts at 0x11000." in text
    assert "authenticated." not in dissected(desk, capsys)


def test_a_quiet_dissection_names_the_structures_only(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "dissect", "-q", desk.file("full.img")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert [line.split()[0] for line in lines[:5]] == ["00000000", "00000000", "0000c000", "00010000", "00014000"]
    assert lines[4].endswith("640 bytes, 1 key slot")


def test_dissect_as_json_is_the_tree_of_fields(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    tree = json.loads(dissected(desk, capsys, "--json"))
    assert (tree["name"], tree["length"]) == ("image", Path(desk.file("full.img")).stat().st_size)
    header = next(field for field in tree["fields"] if field["name"] == "SeHeaderV1")
    sehs = next(field for field in header["fields"] if field["name"] == "sehs")
    assert (sehs["offset"], sehs["raw_hex"], sehs["value"]) == (0x1400C, "00000280", "640 bytes")
