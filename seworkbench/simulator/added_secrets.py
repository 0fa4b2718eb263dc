"""How the Ultravisor of a simulated machine adds secrets (resources/help/simulated-machine.md#secret-store).

Requests are read byte by byte here, as `pvsecret create` of s390-tools writes them. What they carry is proven right and
then forgotten: a simulated guest has no use for a secret, and its folder is no place for one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seworkbench.crypto.header_seal import open_header
from seworkbench.crypto.key_slots import key_encrypting_key, unwrap
from seworkbench.crypto.points import public_key
from seworkbench.errors import FormatError, SeError
from seworkbench.formats.flags import CCK_EXTENSION_SECRET, CCK_UPDATE
from seworkbench.secret import Secret
from seworkbench.simulator import secret_codes as uv
from seworkbench.simulator.protected_guest import StoredSecret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from seworkbench.formats.se_header import SecretPartV1
    from seworkbench.simulator.codes import Code
    from seworkbench.simulator.machine import Machine
    from seworkbench.simulator.protected_guest import ProtectedGuest, SecretStore

# UV call "add secret" (Linux arch/s390/include/asm/uv.h: UVC_CMD_ADD_SECRET).
CALL = "UV call 0x1031"
MAGIC = b"asrcbM"
# The device takes no larger ones (Linux drivers/s390/char/uvdevice.c).
MAX_REQUEST_SIZE = 0x100000
# Ours: sysfs of a real machine tells its own under /sys/firmware/uv/query/max_secrets.
MOST_SECRETS = 64
_VERSION = 0x100
_HEADER, _IV, _SLOT_COUNT, _ENCRYPTED_SIZE = 0x30, slice(0x10, 0x1C), 0x27, slice(0x2C, 0x30)
_FLAGS, _TAGS, _CUID = slice(0x30, 0x38), slice(0x38, 0x108), slice(0x108, 0x118)
_CUSTOMER_KEY, _SLOTS, _SLOT, _TAG = 0x418, 0x4B8, 80, 16
_EXTENSION = 32
_SHORT, _LONG = 16, 48
_DISABLE_DUMP = 1 << 63
_ZERO_IV = bytes(12)
_DERIVED = b"IBM Z Ultravisor Add-Secret"
_META, _UPDATE_CCK = 0x01, 0x16
# Type: plain name, and the sizes of its value. Names are those that `pvsecret list` prints.
_TYPES: dict[int, tuple[str, tuple[int, ...]]] = {
    _META: ("meta", (0,)),
    0x02: ("Association", (32,)),
    0x03: ("PLAINTEXT", tuple(range(16, 8193, 16))),
    0x04: ("AES-128-KEY", (16,)),
    0x05: ("AES-192-KEY", (24,)),
    0x06: ("AES-256-KEY", (32,)),
    0x07: ("AES-XTS-128-KEY", (32,)),
    0x08: ("AES-XTS-256-KEY", (64,)),
    0x09: ("HMAC-SHA-256-KEY", (64,)),
    0x0A: ("HMAC-SHA-512-KEY", (128,)),
    0x11: ("EC-SECP256R1-PRIVATE-KEY", (32,)),
    0x12: ("EC-SECP384R1-PRIVATE-KEY", (48,)),
    0x13: ("EC-SECP521R1-PRIVATE-KEY", (80,)),
    0x14: ("EC-ED25519-PRIVATE-KEY", (32,)),
    0x15: ("EC-ED448-PRIVATE-KEY", (64,)),
    _UPDATE_CCK: ("update-cck", (32,)),
}
_REMEDIES = {
    uv.SECRETS_NOT_AVAILABLE: "Use a machine from z16 on.",
    uv.STORE_LOCKED: "Start the guest again: it begins with an empty store that is not locked.",
    uv.SECRET_NOT_OPENED: "Create the request with the host key document of this machine, and do not change it.",
    uv.SECRET_CANNOT_BE_ADDED: "Create the request for the image that runs, and for this start of it if at all.",
}


class SecretRefused(SeError):  # noqa: N818 - the machine did its work: the answer is no
    """The simulated Ultravisor refuses to add a secret.

    Args:
        code: its answer.
        explanation: one sentence.
    """

    def __init__(self, code: Code, explanation: str) -> None:
        super().__init__(f"SIMULATED Ultravisor: {explanation}", where=str(code), remedy=_REMEDIES.get(code, ""))
        self.code = code
        self.explanation = explanation


def secret_type_name(number: int) -> str:
    """The name of a type of secrets."""
    return _TYPES[number][0] if number in _TYPES else f"Unknown(0x{number:04x})"


@dataclass(frozen=True)
class _Request:
    """The parts of a request, cut out without any judgement of what they say."""

    raw: bytes
    slots: int
    aad: bytes
    sealed: bytes

    @property
    def tag(self) -> bytes:
        return self.raw[-_TAG:]

    @property
    def head(self) -> bytes:
        """The secret header."""
        return self.aad[_SLOTS + _SLOT * self.slots :]


def add_secret(machine: Machine, guest: ProtectedGuest, request: bytes) -> SecretStore:
    """The secret store of a guest after one more request.

    Args:
        machine: the machine.
        guest: the guest that hands the request over.
        request: the add-secret request, any bytes.

    Raises:
        SecretRefused: if the Ultravisor refuses it; the store is as it was.
        SeError: if the machine has another host key than when the guest was started.
    """
    if machine.supported_paf is None:
        raise SecretRefused(uv.SECRETS_NOT_AVAILABLE, "This machine keeps no secrets for guests.")
    if guest.store.locked:
        raise SecretRefused(uv.STORE_LOCKED, "The secret store is locked.")
    parts = _cut(request)
    secret, extension = _opened(machine, parts)
    with extension:
        if secret.type != _META and len(guest.store.secrets) >= MOST_SECRETS:
            raise SecretRefused(uv.STORE_FULL, f"The store holds {MOST_SECRETS} secrets; no more fit.")
        _require_bound(machine, guest, parts, secret, extension)
        known = guest.store.extension or hashlib.sha256(extension.reveal()).digest()
    store = guest.store.with_tag(parts.tag)
    listed = () if secret.type in (_META, _UPDATE_CCK) else (secret,)
    return dataclasses.replace(store, secrets=(*store.secrets, *listed), extension=known)


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


def _cut(raw: bytes) -> _Request:
    if not raw.startswith(MAGIC) or len(raw) < _HEADER:
        raise SecretRefused(uv.SECRET_REQUEST_SIZE_INVALID, "This is no add-secret request.")
    if (version := _number(raw[8:12])) != _VERSION:
        raise SecretRefused(uv.SECRET_VERSION_NOT_SUPPORTED, f"Request version 0x{version:x} is not supported.")
    slots, encrypted = raw[_SLOT_COUNT], _number(raw[_ENCRYPTED_SIZE])
    head = len(raw) - _TAG - encrypted - _SLOTS - _SLOT * slots
    if _number(raw[12:16]) != len(raw) or head not in (_SHORT, _LONG) or encrypted < _EXTENSION:
        raise SecretRefused(
            uv.SECRET_REQUEST_SIZE_INVALID,
            f"It says {_number(raw[12:16])} bytes and has {len(raw)}; its parts do not add up to that.",
        )
    if not slots:
        raise SecretRefused(uv.SECRET_SLOTS_INVALID, "The request has no key slot.")
    if unknown := _number(raw[_FLAGS]) & ~_DISABLE_DUMP:
        raise SecretRefused(uv.SECRET_FLAGS_NOT_SUPPORTED, f"No machine knows the flags 0x{unknown:016x}.")
    end = len(raw) - _TAG - encrypted
    return _Request(raw, slots, raw[:end], raw[end:])


def _opened(machine: Machine, parts: _Request) -> tuple[StoredSecret, Secret]:
    """What the request adds, and the extension secret that it carries; the value itself is not kept."""
    plain = _plain(machine, parts)
    number, length = _number(parts.head[2:4]), _number(parts.head[4:8])
    if number not in _TYPES or (len(parts.head) == _SHORT) != (number == _META):
        raise SecretRefused(uv.SECRET_TYPE_NOT_SUPPORTED, f"There is no secret of the type 0x{number:04x}.")
    with plain:
        size = len(plain.reveal()) - _EXTENSION
        if size not in _TYPES[number][1] or (number != _META and length != size):
            name = secret_type_name(number)
            raise SecretRefused(uv.SECRET_LENGTH_INVALID, f"A secret of the type {name} cannot have {size} bytes.")
        extension = Secret(plain.reveal()[size:])
    return StoredSecret(number, size, parts.head[_SHORT:]), extension


def _plain(machine: Machine, parts: _Request) -> Secret:
    refusal = SecretRefused(
        uv.SECRET_NOT_OPENED, "No key slot of the request opens with the host key of this machine, or it was changed."
    )
    try:
        customer = public_key(parts.raw[_CUSTOMER_KEY:_SLOTS])
    except FormatError:
        raise refusal from None
    for at in range(_SLOTS, _SLOTS + _SLOT * parts.slots, _SLOT):
        if parts.raw[at : at + 32] != machine.host_key_hash:
            continue
        try:
            with _unwrapped(machine.host_key, customer, parts.raw[at + 32 : at + _SLOT]) as key:
                return Secret(AESGCM(key.reveal()).decrypt(parts.raw[_IV], parts.sealed, parts.aad))
        except InvalidTag:
            continue
    raise refusal


def _unwrapped(host_key: ec.EllipticCurvePrivateKey, customer: ec.EllipticCurvePublicKey, sealed: bytes) -> Secret:
    with key_encrypting_key(host_key, customer) as key:
        return Secret(AESGCM(key.reveal()).decrypt(_ZERO_IV, sealed, None))


def _require_bound(
    machine: Machine, guest: ProtectedGuest, parts: _Request, secret: StoredSecret, extension: Secret
) -> None:
    """Refuse what is for another image, another start of it, or does not know the extension secret."""
    header = guest.header
    if parts.raw[_TAGS] != header.pld + header.ald + header.tld + header.tag:
        raise SecretRefused(uv.SECRET_CANNOT_BE_ADDED, "The request is for another image than the one that runs.")
    if parts.raw[_CUID] not in (bytes(16), guest.cuid):
        raise SecretRefused(
            uv.SECRET_CANNOT_BE_ADDED,
            "The request is for another start: its configuration UID is not that of this one.",
        )
    inside = _secret_part(machine, guest)
    if secret.type == _UPDATE_CCK and not inside.scf & CCK_UPDATE.mask:
        raise SecretRefused(
            uv.SECRET_CANNOT_BE_ADDED, "The header does not allow that the communication key is replaced."
        )
    found = extension.reveal()
    if inside.scf & CCK_EXTENSION_SECRET.mask:
        derived = HKDF(SHA512(), _EXTENSION, salt=header.tag, info=_DERIVED).derive(inside.cck.reveal())
        if not hmac.compare_digest(found, derived):
            raise SecretRefused(
                uv.SECRET_CANNOT_BE_ADDED,
                "The header demands an extension secret derived from the communication key; this is another one.",
            )
    elif guest.store.extension and not hmac.compare_digest(hashlib.sha256(found).digest(), guest.store.extension):
        raise SecretRefused(
            uv.SECRET_CANNOT_BE_ADDED, "The first request fixed the extension secret; this one carries another."
        )


def _secret_part(machine: Machine, guest: ProtectedGuest) -> SecretPartV1:
    """What the header of the guest keeps to itself."""
    customer = public_key(guest.header.cust_pub_key)
    keys = {machine.host_key_hash: machine.host_key, machine.backup_key_hash: machine.backup_key}
    key = keys.get(guest.image_phkh)
    slot = next(slot for slot in guest.header.keyslots if slot.phkh == guest.image_phkh)
    if key is None:
        raise SeError(
            "The machine has another host key than when this guest was started.",
            remedy="Start the image again, built with the host key document of the machine as it is now.",
        )
    with unwrap(slot, key, customer) as header_key:
        return open_header(guest.header, header_key)
