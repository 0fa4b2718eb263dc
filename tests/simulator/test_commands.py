"""What was done as commands: they can be run, and do the same."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from seworkbench.cli.main import run
from seworkbench.simulator import commands
from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS
from seworkbench.simulator.machine_folder import MachineFolder
from seworkbench.simulator.tampering import Target

from .builder import Recipe, build
from .pki import AT, demo_pki
from .requests import ALL, Request
from .secret_requests import SecretRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seworkbench.simulator.commands import Deed

ATTACKS = {attack.id: attack for attack in IMAGE_ATTACKS}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine, and an image and a secret for it; the path has a blank, so that quoting counts."""
    made = tmp_path_factory.mktemp("a place")
    folder = MachineFolder.create(made / "machine", Generation.Z17, at=AT, pki=demo_pki())
    image = build(Recipe(hosts=(folder.machine.host_key,)))
    (made / "guest.img").write_bytes(image.content)
    secret = SecretRequest(image.header, hosts=(folder.machine.host_key,)).build()
    (made / "secret.asr").write_bytes(secret)
    (made / "request.bin").write_bytes(Request(hosts=(folder.machine.host_key,), paf=ALL).file())
    (made / "user-data.bin").write_bytes(b"mine")
    return made


@pytest.fixture
def folder(place: Path) -> MachineFolder:
    return MachineFolder.open(place / "machine")


@pytest.fixture
def do(tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Deed], list[int]]:
    """Runs the commands of a deed in a folder of its own; returns their exit statuses."""
    for name in ("request.bin", "user-data.bin"):
        (tmp_path / name).write_bytes((place / name).read_bytes())
    monkeypatch.chdir(tmp_path)

    def run_all(deed: Deed) -> list[int]:
        assert [words[0] for words in deed.commands] == ["seworkbench"] * len(deed.commands)
        return [run(list(words[1:])) for words in deed.commands]

    return run_all


@pytest.mark.parametrize("name", ["page-bit", "forged-tld", "cut-off", "moved-component"])
def test_a_changed_image_is_made_and_refused_again(
    do: Callable[[Deed], list[int]], place: Path, folder: MachineFolder, tmp_path: Path, name: str
) -> None:
    deed = commands.started(folder, place / "guest.img", attack=ATTACKS[name], number=7)
    assert do(deed) == [0, 3]
    assert (tmp_path / "tampered-7-guest.img").read_bytes() != (place / "guest.img").read_bytes()


def test_flipped_bits_are_flipped_on_what_the_attack_left(
    do: Callable[[Deed], list[int]], place: Path, folder: MachineFolder, tmp_path: Path
) -> None:
    original = (place / "guest.img").read_bytes()
    deed = commands.started(folder, place / "guest.img", attack=ATTACKS["page-bit"], masks=[(9, 2), (0x15000, 0x80)])
    assert do(deed) == [0, 0, 3]
    changed = (tmp_path / "flipped-1-guest.img").read_bytes()
    found = {at: changed[at] ^ original[at] for at in range(len(original)) if changed[at] != original[at]}
    assert found == {9: 2, 0x15000: 0x81}


def test_a_machine_is_made_run_and_changed(do: Callable[[Deed], list[int]], place: Path, tmp_path: Path) -> None:
    folder = MachineFolder.open(place / "machine")
    assert do(commands.opened(folder)) == [0]
    assert do(commands.started(folder, place / "guest.img")) == [0]
    assert do(commands.secret_added(folder, place / "secret.asr")) == [0]
    assert do(commands.store_locked(folder)) == [0]
    guest = folder.guest()
    assert guest is not None
    assert (len(guest.store.secrets), guest.store.locked) == (1, True)
    assert do(commands.answered(folder, None, user_data=True)) == [0]
    assert (tmp_path / "response.bin").exists()
    assert do(commands.ended(folder)) == [0]
    assert folder.guest() is None


def test_what_changes_the_machine_for_good_is_done_to_another(do: Callable[[Deed], list[int]], tmp_path: Path) -> None:
    folder = MachineFolder.create(tmp_path / "other", Generation.Z16, at=AT, pki=demo_pki())
    before = folder.description
    assert do(commands.revoked(folder)) == [0]
    assert MachineFolder.open(folder.path).is_revoked
    assert do(commands.renewed(folder, new_key=True, expired=True)) == [0]
    assert MachineFolder.open(folder.path).description.phkh != before.phkh
    assert commands.created(folder).commands == (
        ("seworkbench", "machine", "create", str(folder.path), "--generation", "z16"),
    )


@pytest.mark.parametrize("attack", ATTESTATION_ATTACKS, ids=lambda attack: attack.id)
def test_false_answers_are_false_again(
    do: Callable[[Deed], list[int]], place: Path, folder: MachineFolder, tmp_path: Path, attack: object
) -> None:
    chosen = next(one for one in ATTESTATION_ATTACKS if one is attack)
    if folder.guest() is None:
        assert do(commands.started(folder, place / "guest.img")) == [0]
    if chosen.needs_request:
        assert do(commands.answered(folder, None)) == [0]
        (tmp_path / "response.bin").rename(tmp_path / "old-response.bin")
        (tmp_path / "request.bin").write_bytes(
            Request(hosts=(folder.machine.host_key,), paf=ALL, nonce=b"\xcd" * 16).file()
        )
    found = do(commands.answered(folder, chosen, user_data=True))
    refuses = chosen.code is not None
    if chosen.target is Target.REQUEST:
        assert found == [0, 1 if refuses else 0]
    elif chosen.target is Target.MACHINE:
        assert found == [3 if refuses else 0]
    else:
        assert set(found) == {0}


def test_the_image_of_the_demonstration_names_what_it_cannot(place: Path, folder: MachineFolder) -> None:
    deed = commands.image_built(folder, place / "demo.img")
    assert {"KERNEL", "RAMDISK", "COMMAND-LINE"} <= set(deed.commands[0])
    assert str(folder.document_path) in deed.commands[0]


def test_the_text_says_to_a_shell_what_was_done(place: Path, folder: MachineFolder, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "seworkbench"
    program.parent.mkdir()
    # Tells what it was called with; that the commands do what they say is tested above.
    program.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:])\n")
    program.chmod(0o755)
    deeds = [
        commands.image_built(folder, place / "an image.img"),
        commands.started(folder, place / "an image.img", attack=ATTACKS["forged-pld"], masks=[(0x15000, 0x81)]),
        commands.answered(folder, None, user_data=True),
    ]
    text = commands.commands_text(folder, deeds)
    assert text.startswith("MACHINE=")
    assert text.count(str(folder.path)) == 1, "the folder is named once"
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    ran = subprocess.run(["sh", "-eu", "-c", text], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [str(list(words[1:])) for deed in deeds for words in deed.commands]
