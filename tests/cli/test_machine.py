"""The commands of `machine`: a simulated machine from making to attacks."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.cli.main import run
from seworkbench.crypto.points import coordinates
from seworkbench.crypto.request_seal import request_slot, seal_request
from seworkbench.formats.arcb import Arcb, RequestSecretsWithNonceV1, arcb_size
from seworkbench.formats.exchange import build_request
from seworkbench.secret import Secret
from seworkbench.simulator.attestation import answer_exchange
from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS
from seworkbench.simulator.machine_folder import MachineFolder
from seworkbench.simulator.records import WATERMARK

from ..simulator.pki import fixed_pki  # noqa: TID252
from ..simulator.secret_requests import SecretRequest  # noqa: TID252
from .desk import Desk


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, shared_inputs: Path) -> Path:
    """A folder with a machine, z16, and an image for it, guest.img; nobody changes it."""
    folder = tmp_path_factory.mktemp("machines")
    now = datetime.now(UTC)
    machine = MachineFolder.create(folder / "z16", Generation.Z16, at=now, pki=fixed_pki(Generation.Z16, now))
    desk = Desk(shared_inputs, folder)
    options = ["-p", desk.file("cmdline"), "-r", desk.file("ramdisk"), "--no-verify", "-q"]
    host = ["-k", str(machine.document_path)]
    assert run(["image", "create", "-i", desk.file("kernel"), "-o", str(desk.image), *options, *host]) == 0
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(made, tmp_path / "place"))


def machine(*arguments: object) -> int:
    return run(["machine", *map(str, arguments)])


def request_for(place: Path) -> bytes:
    """The exchange file of a request for the machine, both host key hashes asked for."""
    host = MachineFolder.open(place / "z16").machine.host_key.public_key()
    customer = ec.generate_private_key(ec.SECP521R1())
    key = Secret(bytes(32))
    arcb = Arcb(
        rql=arcb_size(1, 80),
        iv=bytes(12),
        nks=1,
        sea=80,
        paf=0x7000000000000000,
        cust_pub_key=coordinates(customer.public_key()),
        keyslots=(request_slot(key, customer, host),),
        encrypted=bytes(80),
        tag=bytes(16),
    )
    content = RequestSecretsWithNonceV1(measurement_key=Secret(bytes(64)), nonce=bytes(16))
    return build_request(seal_request(arcb, content, key).build(), arcb.paf)


def test_a_machine_is_made_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "machine"
    assert machine("create", folder, "--generation", "z17", "--backup-key", "--json") == 0
    created = json.loads(capsys.readouterr().out)
    assert created["simulated"] is True
    assert created["watermark"] == WATERMARK
    assert created["generation"] == "z17"
    assert created["supported"]["paf"] == "0x7c00000000000000"
    assert created["backup_phkh"]
    assert created["guest"] is None
    assert Path(created["document"]["file"]).exists()
    assert machine("show", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out) == created
    assert machine("show", folder) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(WATERMARK)
    for value in (created["name"], created["phkh"], created["backup_phkh"], "none runs", "type 9175"):
        assert value in shown


def test_a_name_that_is_taken_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine("create", place) == 1
    assert "There is something under this name already" in capsys.readouterr().err
    assert machine("show", place) == 1
    assert "no simulated machine" in capsys.readouterr().err
    assert machine("create", place / "new", "--generation", "z14") == 2


def test_an_image_starts_and_its_guest_stays(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine("start", place / "z16", place / "guest.img") == 0
    shown = capsys.readouterr().out
    assert shown.startswith(WATERMARK)
    calls = ["IPL", "DIAG 308 subcode 8", "0x0100, 0x0120", "0x0300", "0x0301", "0x0302", "0x0330", "stage3b"]
    assert [shown.find(call) for call in calls] == sorted(shown.find(call) for call in calls)
    assert shown.count("UV call 0x0301") == 4
    assert "The Ultravisor started the guest." in shown
    assert "✘" not in shown
    assert machine("show", place / "z16") == 0
    shown = capsys.readouterr().out
    assert "guest.img, started 20" in shown
    assert b"SIMULATED".hex() in shown
    assert machine("reset", place / "z16") == 0
    assert "the guest was ended" in capsys.readouterr().out
    assert machine("reset", place / "z16") == 0
    assert "no guest ran" in capsys.readouterr().out


def test_a_refused_image_gives_the_codes_and_leaves_no_guest(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine("start", place / "z16", place / "guest.img", "-q") == 0
    assert machine("tamper", place / "guest.img", "page-bit", "-o", place / "bad.img") == 0
    assert "RC 0x0102, RRC 0x001b" in capsys.readouterr().out
    assert machine("start", place / "z16", place / "bad.img") == 3
    shown = capsys.readouterr().out
    assert "RC 0x0102, RRC 0x001b. “Content of the pages (PLD)” failed" in shown
    assert "0x0004001b01020a02" in shown
    assert "stops with wait code 0x4608" in shown
    assert MachineFolder.open(place / "z16").guest() is None
    assert machine("start", place / "z16", place / "bad.img", "-v") == 3
    assert "Ultravisor: verify" in capsys.readouterr().out


def test_a_start_as_json_says_simulated(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine("start", place / "z16", place / "guest.img", "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["simulated"] is True
    assert record["watermark"] == WATERMARK
    assert record["outcome"] == "started"
    assert record["events"][3]["uv_rc"] == "0x0001"
    assert {event["actor"] for event in record["events"]} == {"stage3a", "hypervisor", "Ultravisor", "guest"}


def test_a_new_host_key_ends_the_time_of_old_images(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine("renew", place / "z16") == 0
    assert machine("start", place / "z16", place / "guest.img", "-q") == 0
    assert machine("renew", place / "z16", "--new-key") == 0
    assert "-2.crt" in capsys.readouterr().out
    assert machine("start", place / "z16", place / "guest.img") == 3
    assert "RC 0x0108, RRC 0x0005" in capsys.readouterr().out


def test_a_document_is_revoked_once(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine("revoke", place / "z16") == 0
    assert ", revoked" in capsys.readouterr().out
    assert machine("revoke", place / "z16") == 1
    assert "machine renew" in capsys.readouterr().err


# --- Tampering ---------------------------------------------------------------------------------------------------


def test_all_attacks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert machine("tamper", "--list") == 0
    shown = capsys.readouterr().out
    assert machine("tamper", "--list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)["attacks"]
    names = [attack.id for attack in IMAGE_ATTACKS] + [attack.id for attack in ATTESTATION_ATTACKS]
    assert [attack["id"] for attack in listed] == names
    assert len(set(names)) == len(names)
    for name in names:
        assert f"  {name} " in shown
    assert "image verify --host-private-key: image.access.slot\n" in shown
    assert "image verify: image.digest.pld\n" in shown


def test_an_attack_that_seals_again_needs_a_key(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attack = ["tamper", place / "guest.img", "forged-ald", "-o", place / "bad.img"]
    assert machine(*attack) == 2
    assert "needs the header key" in capsys.readouterr().err
    assert machine(*attack, "--machine", place / "z16", "--json") == 0
    assert json.loads(capsys.readouterr().out)["attack"]["uv_rrc"] == "0x001a"
    assert machine("start", place / "z16", place / "bad.img") == 3
    assert "RC 0x0102, RRC 0x001a" in capsys.readouterr().out


def test_single_bits_are_flipped(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine("tamper", place / "guest.img", "--flip", "0x15000.7", "--flip", "5", "-o", place / "bad.img") == 0
    before, after = (place / "guest.img").read_bytes(), (place / "bad.img").read_bytes()
    assert [n for n in range(len(before)) if before[n] != after[n]] == [5, 0x15000]
    assert after[0x15000] == before[0x15000] ^ 1
    assert after[5] == before[5] ^ 0xFF
    capsys.readouterr()
    assert machine("tamper", place / "guest.img", "--flip", "nonsense", "-o", place / "worse.img") == 2


def test_misuse_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image, out = place / "guest.img", place / "bad.img"
    for arguments, said in (
        ([], "--output are needed"),
        ([image, "-o", out], "--output are needed"),
        ([image, "page-bit", "--flip", "1", "-o", out], "--output are needed"),
        ([image, "no-such", "-o", out], "There is no attack"),
        (
            [image, "replay", "-o", out],
            "“replay” needs an attestation response; by its content this is",
        ),
        ([image, "wrong-host", "-o", out], "name the machine that answers it with --machine"),
    ):
        assert machine("tamper", *arguments) == 2
        assert said in capsys.readouterr().err
    assert machine("tamper", image, "page-bit", "-o", image, "--overwrite") == 1
    assert "may not replace its original" in capsys.readouterr().err
    assert not out.exists()


def test_attacks_on_attestation_are_made_where_they_happen(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request, response, out = place / "a.req", place / "a.resp", place / "bad"
    request.write_bytes(request_for(place))
    attack = ["tamper", request, "other-guest", "--machine", place / "z16", "-o", out]
    assert machine(*attack[:3], "-o", out) == 2
    assert machine(*attack) == 1
    assert "No guest runs" in capsys.readouterr().err
    assert machine("start", place / "z16", place / "guest.img", "-q") == 0
    folder = MachineFolder.open(place / "z16")
    guest = folder.guest()
    assert guest is not None
    response.write_bytes(answer_exchange(folder.machine, guest, request.read_bytes()))
    assert machine(*attack) == 0
    assert out.read_bytes() != response.read_bytes()
    assert f"{out}: a false answer to {request}" in capsys.readouterr().out
    assert machine("tamper", request, "wrong-host", "--machine", place / "z16", "-o", place / "none") == 3
    assert "RC 0x010c, RRC 0x0000: SIMULATED Ultravisor" in capsys.readouterr().err
    assert machine("tamper", request, "request-version", "-o", out, "--overwrite") == 0
    assert machine("tamper", response, "replay", "-o", out, "--overwrite") == 2
    assert machine("tamper", response, "replay", "--request", request, "-o", out, "--overwrite") == 0
    assert machine("tamper", response, "user-data-bit", "-o", place / "none") == 1
    assert f"{response}: The response has no user data." in capsys.readouterr().err
    assert not (place / "none").exists()


def test_secrets_are_added_in_order_and_the_store_is_locked(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = place / "z16"
    assert machine("start", folder, place / "guest.img", "-q") == 0
    guest = MachineFolder.open(folder).guest()
    assert guest is not None
    host = MachineFolder.open(folder).machine.host_key
    paths = []
    for name in (b"first", b"second"):
        request = SecretRequest(guest.header.build(), hosts=(host,), id=name.ljust(32, b"\0")).build()
        paths.append(place / f"{name.decode()}.asr")
        paths[-1].write_bytes(request)
    capsys.readouterr()
    assert machine("secrets", folder, "--add", f"{paths[0]},{paths[1]}", "--lock", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    tags = [path.read_bytes()[-16:] for path in paths]
    assert told["watermark"] == WATERMARK
    assert told["locked"] is True
    assert told["request_tags"] == [tag.hex() for tag in tags]
    assert [bytes.fromhex(secret["id"]).rstrip(b"\0") for secret in told["secrets"]] == [b"first", b"second"]
    assert told["secret_store_hash"] == hashlib.sha512(b"".join(tags) + b"\1").hexdigest()
    assert machine("secrets", folder, "--add", paths[0]) == 3
    assert "locked" in capsys.readouterr().err
    assert machine("secrets", folder) == 0
    shown = capsys.readouterr().out
    for words in ("2 requests, locked", "Association, 32 bytes", told["secret_store_hash"]):
        assert words in shown


def test_without_a_guest_there_is_no_store(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine("secrets", place / "z16") == 1
    assert "No guest runs" in capsys.readouterr().err
