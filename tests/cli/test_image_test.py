"""`image test`: is there a slot for this machine? Documents, key hash files, and their options."""

from __future__ import annotations

from pathlib import Path

import pytest

from seworkbench.cli import image_test
from seworkbench.cli.main import run
from seworkbench.formats.uv_keys import KEY_HASH_FILE

from .desk import Desk, header_of

HOST1 = "ee5b238212e602d7f100765e426540f3e254701fbde33c64d763ae795d3e6fa2"
HOST2 = "cb12fc133c0d8ffda3630de6f522736d88b98c57741e12db77b293cfe680c46b"
NOBODY = "0" * 64


@pytest.fixture
def hashes(desk: Desk) -> Path:
    """A key hash file as the machine of host1 has it."""
    return key_hashes(desk, HOST1)


def key_hashes(desk: Desk, *first: str, lines: int = 15) -> Path:
    path = desk.out / "keys.all"
    path.write_text("\n".join([*first, *[NOBODY] * (lines - len(first))]) + "\n")
    return path


@pytest.mark.parametrize(
    ("first", "status"),
    [([HOST1], 0), ([HOST2, HOST1], 0), ([NOBODY] * 14 + [HOST1.upper()], 0), ([HOST2], 3), ([], 3)],
)
def test_any_of_the_15_hashes_may_be_that_of_a_slot(
    desk: Desk, capsys: pytest.CaptureFixture[str], first: list[str], status: int
) -> None:
    path = key_hashes(desk, *first)
    assert run(["image", "test", f"--key-hashes={path}", desk.file("full.img")]) == status
    expected = f"✔ {path}: a key slot" if status == 0 else f"✘ {path}: no key slot"
    assert capsys.readouterr().out == f"{expected} is for this machine\n"


def test_without_a_value_the_hashes_of_this_machine_are_asked(
    desk: Desk, hashes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert image_test.OPTIONAL_VALUES == {"--key-hashes": KEY_HASH_FILE}
    monkeypatch.setitem(image_test.OPTIONAL_VALUES, "--key-hashes", str(hashes))
    for arguments in (["--key-hashes", desk.file("full.img")], [desk.file("full.img"), "--key-hashes"]):
        assert run(["image", "test", *arguments]) == 0
        assert capsys.readouterr().out == f"✔ {hashes}: a key slot is for this machine\n"


@pytest.mark.skipif(Path(KEY_HASH_FILE).exists(), reason="this is a machine with key hashes")
def test_a_machine_without_key_hashes_is_told_which_file_is_missing(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["image", "test", "--key-hashes", desk.file("full.img")]) == 1
    assert f"error: {KEY_HASH_FILE}: The file does not exist.\n" in capsys.readouterr().err


def test_a_value_behind_a_space_is_taken_for_the_image(
    desk: Desk, hashes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["image", "test", "--key-hashes", str(hashes), desk.file("full.img")]) == 2
    assert "nrecognized arguments" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"{HOST1}\n" * 14, "The key hash file must have 15 lines; it has 14."),
        (f"{HOST1}\n" * 16, "The key hash file must have 15 lines; it has 16."),
        ("", "The key hash file must have 15 lines; it has 0."),
        (f"{HOST1}\n" * 2 + "not a hash\n" + f"{HOST1}\n" * 12, "Line 3 of the key hash file is not 64 hexadecimal"),
    ],
)
def test_another_form_of_the_file_is_an_error_even_if_a_hash_would_fit(
    desk: Desk, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    path = desk.out / "keys.all"
    path.write_text(content)
    assert run(["image", "test", f"--key-hashes={path}", desk.file("full.img")]) == 1
    assert f"error: {path}: {said}" in capsys.readouterr().err


def test_an_unused_place_of_the_machine_does_not_fit_a_slot_that_was_wiped(desk: Desk) -> None:
    image = bytearray(Path(desk.file("full.img")).read_bytes())
    image[0x141A0:0x141C0] = bytes(32)
    (desk.out / "wiped.img").write_bytes(image)
    assert header_of(desk.out / "wiped.img").keyslots[0].phkh == bytes(32)
    assert run(["image", "test", f"--key-hashes={key_hashes(desk, HOST1)}", str(desk.out / "wiped.img")]) == 3


@pytest.mark.parametrize("option", ["-k", "--host-key-document"])
def test_each_document_gets_a_line_and_one_that_fits_is_enough(
    desk: Desk, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    first, second = desk.file("host2.crt"), desk.file("host1.crt")
    for words in ([option, first, option, second], [option, f"{first},{second}"]):
        assert run(["image", "test", *words, desk.file("full.img")]) == 0
        assert capsys.readouterr().out == (
            f"✘ {first}: no key slot is for this machine\n✔ {second}: a key slot is for this machine\n"
        )
    assert run(["image", "test", option, first, desk.file("full.img")]) == 3


@pytest.mark.parametrize("words", [[], ["-k", "a.crt", "--key-hashes"], ["-k", "a.crt", "--key-hashes=x"], ["-k", ","]])
def test_documents_or_hashes_are_needed_and_not_both(
    desk: Desk, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert run(["image", "test", *words, desk.file("full.img")]) == 2
    assert "Exactly one of --host-key-document and --key-hashes is needed" in capsys.readouterr().err


def test_key_hashes_stand_once(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "test", "--key-hashes=a", "--key-hashes=b", desk.file("full.img")]) == 2
    assert "--key-hashes was given more than once" in capsys.readouterr().err


def test_a_document_that_cannot_be_read_is_an_error_not_an_answer(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = f"{desk.file('host1.crt')},{desk.file('kernel')}"
    assert run(["image", "test", "-k", documents, desk.file("full.img")]) == 1
    written = capsys.readouterr()
    assert f"error: {desk.file('kernel')}: The file contains no certificate" in written.err
    assert written.out == ""


def test_a_bare_header_will_do_and_metadata_that_lead_nowhere_will_not(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    image = bytearray(Path(desk.file("full.img")).read_bytes())
    (desk.out / "header").write_bytes(image[0x14000:0x14280])
    assert run(["image", "test", "-k", desk.file("host1.crt"), str(desk.out / "header")]) == 0
    image[0xC008:0xC010] = bytes(8)
    (desk.out / "misled").write_bytes(image)
    capsys.readouterr()
    assert run(["image", "test", "-k", desk.file("host1.crt"), str(desk.out / "misled")]) == 1
    assert "The image metadata at 0xc000 say that the SE header is at 0x0; there is none." in capsys.readouterr().err


def test_who_asks_for_more_sees_hashes_and_slots(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    documents = f"{desk.file('host1.crt')},{desk.file('host2.crt')}"
    assert run(["image", "test", "-v", "-k", documents, desk.file("full.img")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"    {HOST1}  key slot 1"
    assert lines[3] == f"    {HOST2}  in no key slot"


@pytest.mark.parametrize(("document", "status"), [("host1.crt", 0), ("host2.crt", 3)])
def test_a_quiet_test_answers_by_its_exit_status_alone(
    desk: Desk, capsys: pytest.CaptureFixture[str], document: str, status: int
) -> None:
    assert run(["image", "test", "-q", "-k", desk.file(document), desk.file("full.img")]) == status
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", "")
