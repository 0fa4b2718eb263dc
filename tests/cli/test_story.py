"""The first day of a new user, in one piece."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from seworkbench.cli.main import run

if TYPE_CHECKING:
    import pytest

    from .desk import Desk


def test_a_new_user_builds_inspects_extracts_and_finds_out_what_was_tampered_with(  # noqa: PLR0915 - it is one story
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names are typed as on a first day: relative, in the current folder."""
    monkeypatch.chdir(desk.out)
    for name in ("kernel", "ramdisk", "host1.crt", "host1.key"):
        Path(name).write_bytes(Path(desk.file(name)).read_bytes())
    Path("parmfile").write_text("root=/dev/vda1 console=ttysclp0")

    def say(words: str) -> tuple[int, str, str]:
        status = run(["image", *words.split()])
        written = capsys.readouterr()
        assert "Traceback" not in written.err
        return status, written.out, written.err

    # The first try forgets something and is told what.
    status, _, err = say("create -i kernel -r ramdisk -p parmfile -k host1.crt -o guest.img")
    assert status == 2
    assert "--no-verify" in err
    assert not Path("guest.img").exists()

    # An own key for the header, the others generated and kept.
    Path("header.key").write_bytes(secrets.token_bytes(32))
    create = "create -i kernel -r ramdisk -p parmfile -k host1.crt --no-verify --hdr-key header.key --save-keys keys"
    status, out, err = say(f"{create} -o guest.img")
    assert status == 0
    assert "guest.img: " in out
    assert "not verified (--no-verify)" in err
    assert "The header key was generated and not saved" not in err
    assert sorted(path.name for path in Path("keys").iterdir()) == ["guest.img.cck", "guest.img.image-key"]

    # What is it?
    status, out, err = say("info --format text guest.img")
    assert status == 0
    assert out.startswith("Secure Execution header\n")
    assert "not verified" in err
    status, out, err = say("info --hdr-key header.key --show-secrets guest.img")
    assert (status, err) == (0, "")
    assert json.loads(out)["data"]["cck_hex"] == Path("keys/guest.img.cck").read_bytes().hex()
    assert say("test -k host1.crt guest.img")[0] == 0

    # Is it all right?
    for access in ("", "--hdr-key header.key", "--host-private-key host1.key"):
        status, out, err = say(f"verify {access} guest.img")
        assert (status, err) == (0, "")
        assert out.splitlines()[-1].startswith("passed: ")
    status, out, _ = say("verify --hdr-key header.key -i kernel -r ramdisk -p parmfile guest.img")
    assert status == 0
    assert out.count("Byte for byte.") == 3

    # Getting everything back.
    assert say("extract --hdr-key header.key -d parts guest.img")[0] == 0
    for original, extracted in (("kernel", "kernel"), ("ramdisk", "ramdisk"), ("parmfile", "cmdline")):
        assert Path("parts", extracted).read_bytes() == Path(original).read_bytes()

    # A byte of the ramdisk is flipped: named without any key, and nothing is extracted.
    image = bytearray(Path("guest.img").read_bytes())
    place = int(next(line for line in say("dissect guest.img")[1].splitlines() if "Component 2" in line).split()[0], 16)
    image[place + 100] ^= 0x01
    Path("tampered.img").write_bytes(image)
    status, out, _ = say("verify tampered.img")
    assert status == 3
    assert "✘ failed      Content of the pages (PLD)" in out
    assert out.count("✘") == 1
    status, _, err = say("extract --hdr-key header.key -d loot tampered.img")
    assert status == 3
    assert "Content of the pages (PLD)" in err
    assert not Path("loot").exists()

    # A flag in the header is changed: without a key nothing shows it, with the key it is named.
    image = bytearray(Path("guest.img").read_bytes())
    image[0x14000 + 0x3F] ^= 0x20
    Path("forged.img").write_bytes(image)
    assert say("verify forged.img")[0] == 0
    status, out, _ = say("verify --hdr-key header.key forged.img")
    assert status == 3
    assert "✘ failed      Header is authentic" in out

    # Wrong keys are told apart from changed images as far as that is possible.
    Path("wrong.key").write_bytes(bytes(32))
    status, out, _ = say("verify --hdr-key wrong.key guest.img")
    assert status == 3
    assert "If the header key is the right one, the header was changed" in out
    status, _, err = say("info --hdr-key wrong.key guest.img")
    assert status == 1
    assert "Either it belongs to another image, or the header was changed." in err
    status, _, err = say("extract --hdr-key kernel -d parts guest.img")
    assert status == 1
    assert "kernel: The " in err
    Path("other.key").write_bytes(
        ec.generate_private_key(ec.SECP521R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    status, out, _ = say("verify --host-private-key other.key guest.img")
    assert status == 3
    assert "None of the key slots is for this host key." in out
    assert "Build the image with the host key document of this machine." in out

    # A second build does not destroy the first one by accident, nor its keys.
    before = Path("guest.img").read_bytes()
    status, _, err = say(f"{create} -o guest.img")
    assert status == 1
    assert "exists" in err
    assert Path("guest.img").read_bytes() == before
