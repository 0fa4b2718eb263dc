"""Keys, certificates and firmware state in the folder of a simulated machine.

Reading refuses what the machine's own demo PKI did not make, whatever it is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from seworkbench.crypto.points import key_hash
from seworkbench.crypto.private_keys import host_private_key
from seworkbench.errors import FormatError, SeError
from seworkbench.files import PRIVATE, AtomicFile, read_whole
from seworkbench.formats.additional_data import FIRMWARE_STATE_SIZE
from seworkbench.simulator.demo_pki import HOST_KEY_LIFETIME, MARK, NAMES, DemoChain, DemoPki
from seworkbench.simulator.machine import FIRMWARE_STATE

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from seworkbench.simulator.machine_description import MachineDescription

PUBLIC_MODE = 0o644
FIRMWARE_FILE = "firmware-state.bin"
_KEY_LIMIT = 1 << 16
_DAMAGED = "The folder was changed or damaged; make a new machine: seworkbench machine create."
_FOREIGN = "A simulated machine takes no keys from elsewhere; make a new one: seworkbench machine create."


def write_pki(folder: Path, pki: DemoPki) -> None:
    """Write the private keys of a demo PKI and its certificates."""
    keys = (("root", pki.root_key), ("intermediate", pki.intermediate_key), ("signing", pki.signing_key))
    for name, key in keys:
        write_key(folder / "keys" / f"{name}.pem", key)
    chain = pki.chain
    for name, certificate in (
        (NAMES.root, chain.root),
        (NAMES.intermediate, chain.intermediate),
        (NAMES.signing, chain.signing),
    ):
        write_public(folder / "public" / name, certificate)


def write_host_key(
    folder: Path,
    description: MachineDescription,
    key: ec.EllipticCurvePrivateKey,
    pki: DemoPki,
    at: datetime,
    *,
    expired: bool = False,
) -> None:
    """Write a host key and a document of it.

    Args:
        folder: the machine's folder.
        description: says how the files are called.
        key: the host key.
        pki: issues the document.
        at: aware instant from which on the document is valid.
        expired: let it end the day before `at` instead.
    """
    end = at - timedelta(days=1) if expired else at + HOST_KEY_LIFETIME
    document = pki.host_key_document(
        key.public_key(), description.generation, description.serial, start=end - HOST_KEY_LIFETIME, end=end
    )
    write_key(folder / "keys" / description.host_key_name, key)
    write_public(folder / "public" / description.document_name, document)


def write_firmware(folder: Path) -> None:
    """Write the firmware state of a new machine."""
    with AtomicFile(folder / FIRMWARE_FILE, replace=True, mode=PUBLIC_MODE) as file:
        file.write_at(0, FIRMWARE_STATE)


def write_revocation_lists(folder: Path, description: MachineDescription, pki: DemoPki, at: datetime) -> None:
    """Issue and write the revocation lists that `description` calls for, valid from `at` on."""
    lists = pki.revocation_lists(at, description.crl_number, description.revoked)
    for name, crl in (
        (NAMES.root_crl, lists.root),
        (NAMES.intermediate_crl, lists.intermediate),
        (NAMES.host_key_crl, lists.host_key),
    ):
        write_public(folder / "public" / name, crl)


def write_key(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    """Write a private key, mode 0600."""
    with AtomicFile(path, replace=True, mode=PRIVATE) as file:
        file.write_at(0, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def write_public(path: Path, document: x509.Certificate | x509.CertificateRevocationList) -> None:
    """Write what is handed out, as PEM."""
    with AtomicFile(path, replace=True, mode=PUBLIC_MODE) as file:
        file.write_at(0, document.public_bytes(Encoding.PEM))


def _read_certificate(path: Path) -> x509.Certificate:
    raw = read_whole(path, _KEY_LIMIT)
    try:
        return x509.load_pem_x509_certificate(raw)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise FormatError("This is not a certificate.", where=str(path), remedy=_DAMAGED) from None


def read_chain(folder: Path, description: MachineDescription) -> DemoChain:
    """The certificates above the host key documents.

    Raises:
        SeError: if one cannot be read, or they are not those that the machine was made with.
    """
    names = (NAMES.root, NAMES.intermediate, NAMES.signing)
    root, intermediate, signing = (_read_certificate(folder / "public" / name) for name in names)
    chain = DemoChain(root, intermediate, signing)
    try:
        chain.require_own()
    except SeError as error:
        raise error.located(str(folder / "public")) from None
    if root.fingerprint(SHA256()) != description.root_sha256:
        raise SeError(
            "The root is not the one that this machine was made with.",
            where=str(folder / "public" / NAMES.root),
            remedy=_FOREIGN,
        )
    return chain


def read_host_key(
    key_path: Path, document_path: Path, phkh: bytes, chain: DemoChain
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A host key and its document.

    Args:
        key_path: the private key.
        document_path: the document.
        phkh: the hash that both must have.
        chain: what must have issued the document.

    Raises:
        SeError: if one cannot be read, or comes from elsewhere.
    """
    document = _read_certificate(document_path)
    try:
        chain.require_own_document(document)
    except SeError as error:
        raise error.located(str(document_path)) from None
    try:
        key = host_private_key(read_whole(key_path, _KEY_LIMIT))
    except FormatError as error:
        raise error.located(str(key_path)) from None
    if key_hash(key.public_key()) != phkh:
        raise SeError("This is not the host key of this machine.", where=str(key_path), remedy=_FOREIGN)
    if _phkh_of(document) != phkh:
        raise SeError("This is the document of another host key.", where=str(document_path), remedy=_FOREIGN)
    return key, document


def _phkh_of(document: x509.Certificate) -> bytes | None:
    try:
        key = document.public_key()
        return key_hash(key) if isinstance(key, ec.EllipticCurvePublicKey) else None
    except (ValueError, UnsupportedAlgorithm, SeError):
        return None


def read_pki(folder: Path, chain: DemoChain) -> DemoPki:
    """The demo PKI with its private keys.

    Raises:
        SeError: if a key cannot be read, or is not that of its certificate.
    """
    pairs = ((chain.root, "root"), (chain.intermediate, "intermediate"), (chain.signing, "signing"))
    root, intermediate, signing = (_read_pki_key(folder / "keys" / f"{name}.pem", one) for one, name in pairs)
    return DemoPki(chain, root, intermediate, signing)


def _read_pki_key(path: Path, certificate: x509.Certificate) -> rsa.RSAPrivateKey:
    raw = read_whole(path, _KEY_LIMIT)
    try:
        key = load_pem_private_key(raw, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise FormatError("This is not a private key.", where=str(path), remedy=_DAMAGED) from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
        raise SeError("This is not the key of its certificate.", where=str(path), remedy=_FOREIGN)
    return key


def read_firmware(path: Path) -> bytes:
    """The firmware state, 320 bytes.

    Raises:
        SeError: if it cannot be read, or does not say that it is simulated.
    """
    state = read_whole(path, _KEY_LIMIT)
    if len(state) != FIRMWARE_STATE_SIZE or not state.startswith(MARK.encode()):
        raise FormatError(
            f"The firmware state must have {FIRMWARE_STATE_SIZE} bytes and begin with {MARK}.",
            where=str(path),
            remedy=_DAMAGED,
        )
    return state
