"""Add-secret requests: those that pvsecret made are taken, whatever is wrong with one is refused with its code."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import lzma
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.attestation.secret_store import ExpectedStore, parse_added_secret
from seworkbench.crypto.private_keys import host_private_key
from seworkbench.errors import FormatError, SeError
from seworkbench.formats.se_header import parse_header
from seworkbench.simulator import secret_codes as uv
from seworkbench.simulator.added_secrets import MOST_SECRETS, SecretRefused, add_secret, secret_type_name
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.machine_folder import MachineFolder
from seworkbench.simulator.protected_guest import ProtectedGuest, SecretStore, new_cuid
from seworkbench.simulator.running import run_image

from .builder import HOST, HOST2, Recipe, build, key_hash
from .conftest import INTEROP
from .pki import AT, demo_pki
from .secret_requests import META, UPDATE_CCK, SecretRequest, derived_extension

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seworkbench.simulator.codes import Code

RECORDED = INTEROP / "secrets"
CCK_EXTENSION, CCK_UPDATE = 1 << 62, 1 << 61
HEADER = build(Recipe()).header
HOST1 = host_private_key((INTEROP / "pki" / "host1.key").read_bytes())


def guest_of(header: bytes, phkh: bytes, **more: object) -> ProtectedGuest:
    return ProtectedGuest(parse_header(header), phkh, new_cuid(), AT, **more)  # type: ignore[arg-type]


GUEST = guest_of(HEADER, key_hash(HOST))
GOOD = SecretRequest(HEADER)


def recorded_guest(name: str = "default") -> ProtectedGuest:
    """A guest of an image that pvimg made for the first host key."""
    image = lzma.decompress((INTEROP / "images" / f"{name}.img.xz").read_bytes())
    header = parse_header(image[0x14000:0x16000])
    return ProtectedGuest(header, key_hash(HOST1), bytes.fromhex("d57a5a6fca3f737c5141f24dd5a35b4a"), AT)


def after(guest: ProtectedGuest, store: SecretStore) -> ProtectedGuest:
    return dataclasses.replace(guest, store=store)


def refusal(request: bytes, guest: ProtectedGuest = GUEST, machine: Machine | None = None) -> Code:
    with pytest.raises(SecretRefused) as refused:
        add_secret(machine or Machine(HOST), guest, request)
    assert "SIMULATED" in str(refused.value)
    return refused.value.code


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("meta", ""),
        ("meta_flags", ""),
        ("assoc", "Association"),
        ("cuid", ""),
        ("user_ec", ""),
        ("user_rsa3072", ""),
        ("retr_aes128", "AES-128-KEY"),
        ("retr_aes256", "AES-256-KEY"),
        ("retr_xts", "AES-XTS-256-KEY"),
        ("retr_hmac", "HMAC-SHA-512-KEY"),
        ("retr_plain", "PLAINTEXT"),
        ("retr_p256", "EC-SECP256R1-PRIVATE-KEY"),
        ("retr_ec", "EC-SECP521R1-PRIVATE-KEY"),
        ("retr_name", "AES-256-KEY"),
    ],
)
def test_what_pvsecret_made_is_added(name: str, listed: str) -> None:
    request = (RECORDED / f"{name}.asr").read_bytes()
    store = add_secret(Machine(HOST1), recorded_guest(), request)
    assert store.tags == (request[-16:],)
    assert [secret_type_name(secret.type) for secret in store.secrets] == ([listed] if listed else [])
    assert not store.locked


def test_the_id_of_a_secret_is_that_of_its_name() -> None:
    store = add_secret(Machine(HOST1), recorded_guest(), (RECORDED / "assoc.asr").read_bytes())
    assert store.secrets[0].id == hashlib.sha256(b"my assoc").digest()


def test_the_hash_of_the_store_is_over_the_tags_in_the_order_of_adding() -> None:
    guest, tags = GUEST, b""
    for number in range(3):
        request = GOOD.other(id=bytes([number]) * 32).build()
        guest = after(guest, add_secret(Machine(HOST), guest, request))
        tags += request[-16:]
    assert guest.store.digest == hashlib.sha512(tags + b"\0").digest()
    assert guest.store.with_lock().digest == hashlib.sha512(tags + b"\1").digest()


def test_the_hash_is_the_one_that_policies_expect() -> None:
    guest = recorded_guest()
    expected = []
    for name in ("meta", "assoc", "retr_plain"):
        request = (RECORDED / f"{name}.asr").read_bytes()
        guest = after(guest, add_secret(Machine(HOST1), guest, request))
        expected.append(parse_added_secret(request, name))
    for locked in (False, True):
        store = guest.store.with_lock() if locked else guest.store
        assert store.digest == ExpectedStore(tuple(expected), locked=locked).hash


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": 0x200}, uv.SECRET_VERSION_NOT_SUPPORTED),
        ({"length": 5}, uv.SECRET_REQUEST_SIZE_INVALID),
        ({"slots": 0}, uv.SECRET_REQUEST_SIZE_INVALID),
        ({"slots": 2}, uv.SECRET_REQUEST_SIZE_INVALID),
        ({"hosts": ()}, uv.SECRET_SLOTS_INVALID),
        ({"flags": 1}, uv.SECRET_FLAGS_NOT_SUPPORTED),
        ({"hosts": (HOST2,)}, uv.SECRET_NOT_OPENED),
        ({"kind": 0x0B}, uv.SECRET_TYPE_NOT_SUPPORTED),
        ({"value": bytes(31)}, uv.SECRET_LENGTH_INVALID),
        ({"value_length": 16}, uv.SECRET_LENGTH_INVALID),
        ({"header": build(Recipe(header_key=bytes(32))).header}, uv.SECRET_CANNOT_BE_ADDED),
        ({"cuid": b"\1" * 16}, uv.SECRET_CANNOT_BE_ADDED),
        ({"kind": UPDATE_CCK}, uv.SECRET_CANNOT_BE_ADDED),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else f"{value.rc:04x}",
)
def test_what_is_wrong_with_a_request_is_told_by_its_code(changes: dict[str, object], code: Code) -> None:
    assert refusal(GOOD.other(**changes).build()) == code


@pytest.mark.parametrize("offset", [0x38, 0x110, 0x218, 0x4B8 + 32, 0x4B8 + 80 + 16, -17, -1])
def test_a_changed_bit_is_found(offset: int) -> None:
    request = bytearray(GOOD.build())
    request[offset] ^= 1
    assert refusal(bytes(request)) == uv.SECRET_NOT_OPENED


def test_a_request_for_several_machines_opens_on_each() -> None:
    request = GOOD.other(hosts=(HOST2, HOST)).build()
    assert add_secret(Machine(HOST), GUEST, request).secrets


def test_a_request_for_this_start_is_added() -> None:
    assert add_secret(Machine(HOST), GUEST, GOOD.other(cuid=GUEST.cuid).build()).tags


def test_a_locked_store_takes_nothing() -> None:
    assert refusal(GOOD.build(), after(GUEST, GUEST.store.with_lock())) == uv.STORE_LOCKED


def test_a_full_store_takes_no_secret_but_what_is_none() -> None:
    store = add_secret(Machine(HOST), GUEST, GOOD.build())
    full = after(GUEST, dataclasses.replace(store, secrets=store.secrets * MOST_SECRETS))
    assert refusal(GOOD.build(), full) == uv.STORE_FULL
    assert len(add_secret(Machine(HOST), full, GOOD.other(kind=META).build()).tags) == 2


def test_a_machine_that_does_not_attest_keeps_no_secrets() -> None:
    assert refusal(GOOD.build(), machine=Machine(HOST, supported_paf=None)) == uv.SECRETS_NOT_AVAILABLE


def test_the_first_request_fixes_the_extension_secret() -> None:
    first = after(GUEST, add_secret(Machine(HOST), GUEST, GOOD.other(extension=b"\7" * 32, kind=META).build()))
    assert refusal(GOOD.build(), first) == uv.SECRET_CANNOT_BE_ADDED
    assert add_secret(Machine(HOST), first, GOOD.other(extension=b"\7" * 32).build()).secrets


def test_a_header_can_demand_that_it_is_derived_from_the_communication_key() -> None:
    guest = recorded_guest("ext_secret")
    cck = (INTEROP / "images" / "cck.key").read_bytes()
    header = guest.header.build()
    good = SecretRequest(header, hosts=(HOST1,), extension=derived_extension(cck, header[-16:]))
    assert add_secret(Machine(HOST1), guest, good.build()).secrets
    assert refusal(good.other(extension=bytes(32)).build(), guest, Machine(HOST1)) == uv.SECRET_CANNOT_BE_ADDED


def test_a_header_can_allow_that_the_communication_key_is_replaced() -> None:
    guest = recorded_guest("cck_update")
    request = SecretRequest(guest.header.build(), hosts=(HOST1,), kind=UPDATE_CCK, id=bytes(32))
    store = add_secret(Machine(HOST1), guest, request.build())
    assert len(store.tags) == 1
    assert store.secrets == ()


def test_a_guest_of_a_former_host_key_has_to_be_started_again() -> None:
    other = guest_of(build(Recipe(hosts=(HOST2,))).header, key_hash(HOST2))
    request = SecretRequest(other.header.build(), hosts=(HOST,)).build()
    with pytest.raises(SeError, match="another host key than when this guest was started"):
        add_secret(Machine(HOST), other, request)


@given(st.one_of(st.binary(max_size=64), st.binary(max_size=1500).map(b"asrcbM".__add__)))
def test_any_bytes_are_refused(request: bytes) -> None:
    assert refusal(request).rc


@given(st.lists(st.tuples(st.integers(0, 1415), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_changed_request_is_refused_or_was_not_changed(changes: list[tuple[int, int]]) -> None:
    good = GOOD.build()
    changed = bytearray(good)
    for offset, value in changes:
        changed[offset] = value
    if bytes(changed) != good:
        assert refusal(bytes(changed)).rc


@pytest.fixture
def folder(tmp_path: Path) -> MachineFolder:
    return MachineFolder.create(tmp_path / "machine", Generation.Z16, at=AT, pki=demo_pki())


@pytest.fixture
def started(folder: MachineFolder, tmp_path: Path) -> Callable[[], SecretRequest]:
    """Starts an image on the machine; returns a good request for it."""

    def start() -> SecretRequest:
        image = build(Recipe(hosts=(folder.machine.host_key,)))
        path = tmp_path / "guest.img"
        path.write_bytes(image.content)
        assert run_image(folder, path, at=AT).started
        return SecretRequest(image.header, hosts=(folder.machine.host_key,))

    return start


def test_the_folder_keeps_what_was_added_until_the_next_start(
    folder: MachineFolder, started: Callable[[], SecretRequest]
) -> None:
    request = started()
    guest = folder.add_secret(request.build())
    assert folder.guest() == guest
    assert [(secret.type, secret.length, secret.id) for secret in guest.store.secrets] == [(2, 32, b"\x33" * 32)]
    assert request.value.hex() not in (folder.path / "guest.json").read_text(), "the value is kept nowhere"
    started()
    again = folder.guest()
    assert again is not None
    assert again.store == SecretStore()


def test_a_refused_request_leaves_the_store_as_it_was(
    folder: MachineFolder, started: Callable[[], SecretRequest]
) -> None:
    started()
    before = folder.guest()
    with pytest.raises(SecretRefused):
        folder.add_secret(GOOD.build())
    assert folder.guest() == before


def test_without_a_guest_nothing_is_added(folder: MachineFolder) -> None:
    with pytest.raises(SeError, match="No guest runs"):
        folder.add_secret(GOOD.build())


def test_guests_of_earlier_releases_are_read(folder: MachineFolder, started: Callable[[], SecretRequest]) -> None:
    folder.add_secret(started().build())
    path = folder.path / "guest.json"
    record = json.loads(path.read_text())
    del record["secrets"], record["extension_sha256"]
    path.write_text(json.dumps(record))
    guest = folder.guest()
    assert guest is not None
    assert len(guest.store.tags) == 1
    assert guest.store.secrets == ()


@pytest.mark.parametrize("secrets", [{}, [1], [{"type": "2", "length": 32, "id": "33"}], [{"type": "0x" + "0" * 16}]])
def test_a_damaged_list_of_secrets_is_refused(
    folder: MachineFolder, started: Callable[[], SecretRequest], secrets: object
) -> None:
    started()
    path = folder.path / "guest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "secrets": secrets}))
    with pytest.raises(FormatError, match=r"secrets|type|length|id|object"):
        folder.guest()
