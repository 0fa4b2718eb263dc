"""A machine in a folder: it survives, it is whole or not there, and it takes nothing from elsewhere."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.errors import Cancelled, SeError
from seworkbench.formats.se_header import parse_header
from seworkbench.jobs import Job
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.machine_folder import MachineFolder
from seworkbench.simulator.protected_guest import ProtectedGuest, SecretStore, guest_of
from seworkbench.simulator.records import WATERMARK

from .builder import HOST, Image, golden, key_hash
from .pki import AT, demo_pki

if TYPE_CHECKING:
    from .conftest import Start

REAL = Path(__file__).resolve().parents[3] / "shared" / "real-artifacts"
FILES = (
    "machine.json",
    "guest.json",
    "firmware-state.bin",
    "keys/host-key-1.pem",
    "keys/backup-host-key.pem",
    "public/root-SIMULATED.crt",
    "public/intermediate-SIMULATED.crt",
    "public/ibm-z-host-key-signing-SIMULATED.crt",
)


def running_guest(image: Image | None = None) -> ProtectedGuest:
    header = parse_header((image or golden("A")).header)
    return ProtectedGuest(header, key_hash(HOST), bytes(range(16)), AT, "guest.img", SecretStore((b"\7" * 16,), True))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine with a backup key and a guest; nobody changes it."""
    path = tmp_path_factory.mktemp("machines") / "z16"
    machine = MachineFolder.create(path, Generation.Z16, at=AT, backup_key=True, pki=demo_pki())
    machine.keep_guest(running_guest())
    return path


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> MachineFolder:
    """A copy of it."""
    return MachineFolder.open(Path(shutil.copytree(made, tmp_path / "machine")))


def document_file(folder: MachineFolder) -> x509.Certificate:
    return x509.load_pem_x509_certificate(folder.document_path.read_bytes())


def host_key_crl(folder: MachineFolder) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl(folder.crl_paths[2].read_bytes())


def test_it_is_the_same_when_opened_again(folder: MachineFolder) -> None:
    again = MachineFolder.open(folder.path)
    assert again.description == folder.description
    assert again.machine.host_key_hash == folder.machine.host_key_hash
    assert again.machine.backup_key_hash == folder.machine.backup_key_hash
    assert again.description.created_at == AT
    assert again.machine.supported_paf == 0x7000000000000000
    assert again.machine.firmware_state.startswith(b"SIMULATED")
    assert len(again.machine.firmware_state) == 320
    assert again.machine.name == f"SIMULATED z16 {folder.description.serial}"


def test_a_guest_is_the_same_when_read_again(folder: MachineFolder) -> None:
    assert folder.guest() == running_guest()


def test_what_is_handed_out_is_named_and_there(folder: MachineFolder) -> None:
    serial = folder.description.serial
    expected = {
        f"HKD-SIMULATED-3931-{serial}.crt",
        f"HKD-SIMULATED-3931-{serial}-backup.crt",
        "root-SIMULATED.crt",
        "intermediate-SIMULATED.crt",
        "ibm-z-host-key-signing-SIMULATED.crt",
        "root-SIMULATED.crl",
        "intermediate-SIMULATED.crl",
        "ibm-z-host-key-SIMULATED.crl",
    }
    assert {path.name for path in folder.public.iterdir()} == expected
    named = {folder.document_path, folder.root_path, *folder.certificate_paths, *folder.crl_paths}
    assert {path.name for path in named} == expected - {f"HKD-SIMULATED-3931-{serial}-backup.crt"}


def test_private_keys_are_private(folder: MachineFolder) -> None:
    assert (folder.path / "keys").stat().st_mode & 0o777 == 0o700
    for path in (*(folder.path / "keys").iterdir(), folder.path / "guest.json"):
        assert path.stat().st_mode & 0o777 == 0o600, path
    for path in folder.public.iterdir():
        assert path.stat().st_mode & 0o777 == 0o644, path
        assert b"PRIVATE KEY" not in path.read_bytes()


def test_every_record_carries_the_watermark(folder: MachineFolder) -> None:
    for name in ("machine.json", "guest.json"):
        assert json.loads((folder.path / name).read_text())["watermark"] == WATERMARK
    assert WATERMARK.startswith("SIMULATED")


def test_its_keys_do_not_print(folder: MachineFolder) -> None:
    assert "PRIVATE" not in repr(folder)
    assert "RSAPrivateKey" not in repr(demo_pki())
    assert "EllipticCurvePrivateKey" not in repr(folder.machine)


@pytest.mark.parametrize("generation", list(Generation))
def test_each_generation_is_as_it_is_described(tmp_path: Path, generation: Generation) -> None:
    machine = MachineFolder.create(tmp_path / "machine", generation, at=AT, pki=demo_pki()).machine
    row = {
        Generation.Z15: (0x300000E2, 0, None),
        Generation.Z16: (0x300000E2, 0x4000000000000000, 0x7000000000000000),
        Generation.Z17: (0x300000F2, 0x6000000000000000, 0x7C00000000000000),
    }[generation]
    assert (machine.supported_pcf, machine.supported_scf, machine.supported_paf) == row
    assert machine.backup_key is None
    help_page = Path(__file__).parents[2] / "resources" / "help" / "simulated-machine.md"
    shown = [f"`0x{value:x}`" for value in row[:2] if value]
    line = next(line for line in help_page.read_text().splitlines() if line.startswith(f"| {generation.value} |"))
    assert all(value in line for value in shown)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").write_text("dear")
    (tmp_path / "file").write_text("x")
    for name in ("full", "file"):
        with pytest.raises(SeError, match="There is something under this name already"):
            MachineFolder.create(tmp_path / name, Generation.Z16, at=AT, pki=demo_pki())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full"]


def test_an_empty_folder_may_become_a_machine(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    MachineFolder.create(tmp_path / "empty", Generation.Z16, at=AT, pki=demo_pki())
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_a_machine_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        MachineFolder.create(tmp_path / "machine", Generation.Z16, at=AT, job=job)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SeError, match="does not exist"):
        MachineFolder.create(tmp_path / "no" / "machine", Generation.Z16, at=AT, pki=demo_pki())


def test_what_a_killed_maker_left_goes_with_the_next_machine(tmp_path: Path) -> None:
    stale = tmp_path / ".0011223344556677.seworkbench-machine-part"
    (stale / "keys").mkdir(parents=True)
    (stale / "lock").touch()
    (stale / "keys" / "root.pem").write_text("half a key")
    MachineFolder.create(tmp_path / "machine", Generation.Z16, at=AT, pki=demo_pki())
    assert [path.name for path in tmp_path.iterdir()] == ["machine"]


def test_a_folder_without_a_machine_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SeError, match="There is no simulated machine in this folder") as caught:
            MachineFolder.open(path)
        assert "machine create" in caught.value.remedy


# --- The guest ---------------------------------------------------------------------------------------------------


def test_a_guest_ends(folder: MachineFolder) -> None:
    assert folder.end_guest()
    assert folder.guest() is None
    assert not folder.end_guest()
    with pytest.raises(SeError, match="No guest runs"):
        folder.change_store(SecretStore.with_lock)


def test_secrets_are_added_until_the_store_is_locked(folder: MachineFolder) -> None:
    folder.keep_guest(dataclasses.replace(running_guest(), store=SecretStore()))
    folder.change_store(lambda store: store.with_tag(b"\1" * 16))
    folder.change_store(lambda store: store.with_tag(b"\2" * 16))
    changed = folder.change_store(SecretStore.with_lock)
    assert changed.store == SecretStore((b"\1" * 16, b"\2" * 16), locked=True)
    assert folder.guest() == changed
    with pytest.raises(SeError, match="locked"):
        folder.change_store(lambda store: store.with_tag(b"\3" * 16))
    assert folder.guest() == changed


def test_the_digest_of_an_empty_store_is_the_published_one() -> None:
    """resources/help/attestation.md names both values."""
    assert SecretStore().digest.hex().startswith("b8244d028981d693af7b456af8efa4cad63d282e19ff14942c246e50d9351d22")
    assert SecretStore(locked=True).digest.hex().startswith("7b54b66836c1fbdd13d2441d9e1434dc62ca677fb68f5fe66a464baa")


def test_each_start_has_a_name_of_its_own(start: Start, image_a: Image) -> None:
    result = start(image_a)
    first, second = guest_of(result, AT), guest_of(result, AT)
    assert first.cuid != second.cuid
    assert len(first.cuid) == 16
    assert first.image_phkh == key_hash(HOST)
    assert first.store == SecretStore()
    refused = start(image_a.patched_header(0x10, b"\x32"))
    with pytest.raises(ValueError, match="not started"):
        guest_of(refused, AT)


# --- Documents ---------------------------------------------------------------------------------------------------


def test_a_renewed_document_is_for_the_same_key(folder: MachineFolder) -> None:
    later = datetime(2001, 1, 1, tzinfo=UTC)  # whatever the caller says; the clock is never asked
    renewed = folder.renew(later)
    assert renewed.document.serial_number != folder.document.serial_number
    assert renewed.machine.host_key_hash == folder.machine.host_key_hash
    assert renewed.document.not_valid_before_utc == later
    assert host_key_crl(renewed).last_update_utc == later
    assert renewed.description.crl_number == 2
    assert document_file(renewed) == renewed.document


def test_a_new_host_key_replaces_the_old_one(folder: MachineFolder) -> None:
    renewed = folder.renew(AT, new_key=True)
    assert renewed.machine.host_key_hash != folder.machine.host_key_hash
    assert renewed.document_path.name.endswith("-2.crt")
    assert not folder.document_path.exists()
    assert sorted(path.name for path in (folder.path / "keys").glob("host-key*")) == ["host-key-2.pem"]
    assert MachineFolder.open(folder.path).machine.host_key_hash == renewed.machine.host_key_hash


def test_a_writer_killed_before_the_last_step_leaves_the_old_machine(
    folder: MachineFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("seworkbench.simulator.machine_folder.write_record", killed)
    with pytest.raises(KeyboardInterrupt):
        folder.renew(AT, new_key=True)
    monkeypatch.undo()
    assert MachineFolder.open(folder.path).machine.host_key_hash == folder.machine.host_key_hash
    assert folder.renew(AT, new_key=True).description.host_key_number == 2


def test_an_expired_document_ended_yesterday(folder: MachineFolder) -> None:
    expired = folder.renew(AT, expired=True)
    assert expired.document.not_valid_after_utc == AT - timedelta(days=1)
    assert expired.document.not_valid_before_utc < expired.document.not_valid_after_utc


def test_a_revoked_document_is_on_the_list_and_its_renewal_is_not(folder: MachineFolder) -> None:
    revoked = folder.revoke(AT)
    assert revoked.is_revoked
    assert host_key_crl(revoked).get_revoked_certificate_by_serial_number(folder.document.serial_number) is not None
    with pytest.raises(SeError, match="revoked already"):
        revoked.revoke(AT)
    renewed = revoked.renew(AT)
    assert not renewed.is_revoked
    crl = host_key_crl(renewed)
    assert crl.get_revoked_certificate_by_serial_number(folder.document.serial_number) is not None
    assert crl.get_revoked_certificate_by_serial_number(renewed.document.serial_number) is None
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3


# --- Nothing from elsewhere --------------------------------------------------------------------------------------


def test_a_host_key_from_elsewhere_is_refused(folder: MachineFolder) -> None:
    foreign = HOST.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder.path / "keys" / "host-key-1.pem").write_bytes(foreign)
    with pytest.raises(SeError, match="This is not the host key of this machine"):
        MachineFolder.open(folder.path)


def test_a_document_of_the_own_pki_for_another_key_is_refused(folder: MachineFolder) -> None:
    other = demo_pki().host_key_document(HOST.public_key(), Generation.Z16, "0000000", start=AT)
    folder.document_path.write_bytes(other.public_bytes(Encoding.PEM))
    with pytest.raises(SeError, match="the document of another host key"):
        MachineFolder.open(folder.path)


@pytest.mark.skipif(not REAL.exists(), reason="the real documents are not here")
def test_a_real_host_key_document_is_refused(folder: MachineFolder) -> None:
    raw = (REAL / "hkd-z16-gen2.crt").read_bytes()
    load = x509.load_pem_x509_certificate if b"-----BEGIN" in raw else x509.load_der_x509_certificate
    folder.document_path.write_bytes(load(raw).public_bytes(Encoding.PEM))
    with pytest.raises(SeError, match="does not carry the mark SIMULATED") as caught:
        MachineFolder.open(folder.path)
    assert "own demo PKI" in caught.value.remedy


def test_a_root_that_calls_itself_the_same_is_refused(folder: MachineFolder) -> None:
    """A whole chain on the same keys, made at another time: everything verifies, but it is not this machine's."""
    pki = demo_pki()
    keys = (pki.root_key, pki.intermediate_key, pki.signing_key)
    twin = type(pki).of_keys(Generation.Z16, AT + timedelta(days=1), keys)
    twin.chain.require_own()
    folder.root_path.write_bytes(twin.chain.root.public_bytes(Encoding.PEM))
    with pytest.raises(SeError, match="The root is not the one"):
        MachineFolder.open(folder.path)


def test_a_pki_key_from_elsewhere_issues_nothing(folder: MachineFolder) -> None:
    key = rsa.generate_private_key(65537, 2048)
    path = folder.path / "keys" / "signing.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SeError, match="not the key of its certificate"):
        folder.renew(AT)
    path.write_text("nonsense")
    with pytest.raises(SeError, match="not a private key"):
        folder.revoke(AT)
    assert MachineFolder.open(folder.path).description == folder.description


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("watermark", "genuine", "watermark"),
        ("format", 2, "format 2"),
        ("format", True, "format"),
        ("generation", "z14", "generation"),
        ("serial", "../../x", "serial"),
        ("created_at", "yesterday", "created_at"),
        ("created_at", "2026-13-45T00:00:00.000000Z", "created_at"),
        ("supported", [], "JSON object"),
        ("phkh", "00", "phkh"),
        ("phkh", "0" * 64, "not the host key"),
        ("host_key_number", 0, "host_key_number"),
        ("host_key_number", 7, "does not exist"),
        ("revoked", {}, "list"),
        ("revoked", [{"serial": "x"}], "serial"),
        ("revoked", [1], "JSON object"),
    ],
)
def test_a_changed_record_is_refused_with_the_reason(
    folder: MachineFolder, name: str, value: object, said: str
) -> None:
    path = folder.path / "machine.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    with pytest.raises(SeError, match=said):
        MachineFolder.open(folder.path)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("header", "00", "magic"),
        ("header", "0", "half a byte"),
        ("cuid", "00", "cuid"),
        ("image_phkh", "0" * 64, "No key slot"),
        ("secret_tags", ["00"], "secret_tags"),
        ("locked", 1, "neither true nor false"),
        ("image", None, "image"),
    ],
)
def test_a_changed_guest_is_refused_with_the_reason(folder: MachineFolder, name: str, value: object, said: str) -> None:
    path = folder.path / "guest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    with pytest.raises(SeError, match=said) as caught:
        folder.guest()
    assert caught.value.where == str(path)


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_in_a_file_the_answer_is_a_machine_or_an_error(made: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "machine"))
    original = (folder / name).read_bytes()

    @settings(max_examples=40)
    @given(
        st.one_of(
            st.binary(max_size=64),
            st.sampled_from([b"", b"[" * 100_000, b"{}", b"null", b'{"watermark": 1e999}', b"\xff\xfe{}"]),
            st.tuples(st.integers(0, len(original) - 1), st.binary(min_size=1, max_size=4)),
            st.integers(0, len(original)),
        )
    )
    def attempt(change: bytes | tuple[int, bytes] | int) -> None:
        content = original
        if isinstance(change, bytes):
            content = change
        elif isinstance(change, int):
            content = original[:change]
        else:
            at, new = change
            content = original[:at] + new + original[at + len(new) :]
        (folder / name).write_bytes(content)
        problem = None
        try:
            machine = MachineFolder.open(folder)
            machine.guest()
        except SeError as error:
            problem = error
        if problem is not None:
            assert problem.what
            assert problem.where
        else:
            assert machine.machine.host_key_hash == MachineFolder.open(made).machine.host_key_hash

    attempt()


def test_files_that_are_missing_or_of_another_kind_are_told(folder: MachineFolder) -> None:
    for name in (*FILES[2:], f"public/{folder.description.document_name}"):
        path = folder.path / name
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(SeError, match="does not exist"):
            MachineFolder.open(folder.path)
        path.mkdir()
        with pytest.raises(SeError):
            MachineFolder.open(folder.path)
        path.rmdir()
        path.write_bytes(kept)
    (folder.path / "lock").unlink()
    (folder.path / "lock").symlink_to("/etc/passwd")
    with pytest.raises(SeError):
        folder.end_guest()
    assert folder.guest() is not None


# --- Two at once -------------------------------------------------------------------------------------------------

_ADDER = """
import sys
from pathlib import Path
from seworkbench.simulator.machine_folder import MachineFolder

machine = MachineFolder.open(Path(sys.argv[1]))
for number in range(10):
    machine.change_store(lambda store: store.with_tag(bytes([int(sys.argv[2])] * 15 + [number])))
"""


def test_of_two_processes_at_once_none_loses_what_the_other_wrote(folder: MachineFolder) -> None:
    folder.keep_guest(dataclasses.replace(running_guest(), store=SecretStore()))
    adders = [
        subprocess.Popen([sys.executable, "-c", _ADDER, str(folder.path), str(number)], stderr=subprocess.PIPE)
        for number in (1, 2)
    ]
    for adder in adders:
        assert adder.communicate()[1] == b""
        assert adder.returncode == 0
    guest = folder.guest()
    assert guest is not None
    for number in (1, 2):
        mine = [tag[15] for tag in guest.store.tags if tag[0] == number]
        assert mine == list(range(10))
