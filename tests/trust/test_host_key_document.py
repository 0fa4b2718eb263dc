"""Host key documents: every form they come in, and what is no host key document."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from seworkbench.cli.main import run
from seworkbench.errors import FormatError, SeError
from seworkbench.formats.se_header import parse_header
from seworkbench.trust.host_key_document import read_host_key_document

PKI = Path(__file__).parents[1] / "data" / "interop" / "pki"
HOST1 = "ee5b238212e602d7f100765e426540f3e254701fbde33c64d763ae795d3e6fa2"
HOST2 = "cb12fc133c0d8ffda3630de6f522736d88b98c57741e12db77b293cfe680c46b"

# Real documents of real machines; they lie beside the project where it is developed and are never copied into it.
REAL = Path(__file__).parents[3] / "shared" / "real-artifacts"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the real documents are not on this machine")


def certificate(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> x509.Certificate:
    """A certificate that the key signs for itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a machine")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=1))
    )
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256())


# --- What is one ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "phkh"),
    [
        ("host1.crt", HOST1),
        ("host1.der.crt", HOST1),
        ("host2.crt", HOST2),
        # Whether to trust them is not this reader's affair.
        ("host_expired.crt", None),
        ("host_forged.crt", None),
        ("host_revoked.crt", None),
    ],
)
def test_pem_and_der_are_read_and_named_by_the_hash_of_their_key(name: str, phkh: str | None) -> None:
    document = read_host_key_document(PKI / name)
    assert document.path == PKI / name
    assert document.others == 0
    numbers = document.key.public_numbers()
    coordinates = numbers.x.to_bytes(80, "big") + numbers.y.to_bytes(80, "big")
    assert document.phkh == hashlib.sha256(coordinates).digest()
    assert document.certificate.public_key() == document.key
    assert phkh is None or document.phkh.hex() == phkh


def test_of_a_bundle_the_first_certificate_counts_and_the_others_are_counted() -> None:
    document = read_host_key_document(PKI / "bundle_two_hosts.crt")
    assert (document.phkh.hex(), document.others) == (HOST2, 1)


def test_the_order_of_a_bundle_decides(tmp_path: Path) -> None:
    whole = b"".join((PKI / name).read_bytes() for name in ("host1.crt", "host2.crt", "root.crt"))
    (tmp_path / "bundle").write_bytes(whole)
    document = read_host_key_document(tmp_path / "bundle")
    assert (document.phkh.hex(), document.others) == (HOST1, 2)


@pytest.mark.parametrize("before", [b"", b"Bag Attributes\n    friendlyName: HKD\n", b"\xef\xbb\xbf\r\n"])
@pytest.mark.parametrize("line_break", [b"\n", b"\r\n"])
def test_text_around_the_certificate_and_foreign_line_breaks_do_not_matter(
    tmp_path: Path, before: bytes, line_break: bytes
) -> None:
    content = (PKI / "host1.crt").read_bytes().replace(b"\n", line_break)
    (tmp_path / "document").write_bytes(before + content + b"-- \nkind regards\n")
    assert read_host_key_document(tmp_path / "document").phkh.hex() == HOST1


# --- What is none -----------------------------------------------------------------------------------------------------

NO_CERTIFICATE = "The file contains no certificate that can be read."
NO_CURVE = "The certificate carries no elliptic-curve key."
REMEDY = "Use the host key document (.crt) of the machine as IBM provides it."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "garbage.crt",
            f"{NO_CERTIFICATE} There is neither a certificate nor a revocation list in it.",
        ),
        ("empty.crt", f"{NO_CERTIFICATE} There is nothing in it: 0 bytes. Get the file again."),
        ("truncated.crt", f"{NO_CERTIFICATE} Block 1 cannot be read: its last line is missing: it was cut off."),
        (
            "host1.key",
            f"{NO_CERTIFICATE} This is a private key.",
        ),
        ("host.crl", f"{NO_CERTIFICATE} It is a revocation list. Give it as one."),
        ("host.der.crl", f"{NO_CERTIFICATE} It is a revocation list. Give it as one."),
        ("host_rsa.crt", NO_CURVE),
        ("root.crt", NO_CURVE),
        ("sign.crt", NO_CURVE),
        ("host_p256.crt", "The key is on the curve secp256r1; Secure Execution uses P-521 (secp521r1) only."),
    ],
)
def test_what_is_no_host_key_document_is_refused_by_name(name: str, said: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_host_key_document(PKI / name)
    assert caught.value.what.startswith(said)
    assert caught.value.where == str(PKI / name)
    assert caught.value.remedy
    assert said.startswith("The key") or caught.value.remedy == REMEDY


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "The key is on the curve secp384r1"),
        (ec.generate_private_key(ec.SECP256K1()), "The key is on the curve secp256k1"),
        (ed25519.Ed25519PrivateKey.generate(), NO_CURVE),
    ],
    ids=["P-384", "secp256k1", "Ed25519"],
)
@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_other_kinds_of_keys_are_refused(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, said: str, form: Encoding
) -> None:
    path = tmp_path / "document"
    path.write_bytes(certificate(key).public_bytes(form))
    with pytest.raises(FormatError) as caught:
        read_host_key_document(path)
    assert caught.value.what.startswith(said)


@pytest.mark.parametrize("size", range(0, 1100, 100))
def test_a_document_cut_off_anywhere_is_refused(tmp_path: Path, size: int) -> None:
    for name in ("host1.crt", "host1.der.crt"):
        content = (PKI / name).read_bytes()
        assert len(content) > size
        (tmp_path / name).write_bytes(content[:size])
        with pytest.raises(FormatError, match="no certificate that can be read"):
            read_host_key_document(tmp_path / name)


@pytest.mark.parametrize("bit", range(8))
def test_a_point_off_the_curve_is_refused(tmp_path: Path, bit: int) -> None:
    """The key's y coordinate changed by a bit: no such point."""
    content = bytearray((PKI / "host1.der.crt").read_bytes())
    y = read_host_key_document(PKI / "host1.der.crt").key.public_numbers().y.to_bytes(66, "big")
    content[content.index(y) + 65] ^= 1 << bit
    (tmp_path / "document").write_bytes(content)
    with pytest.raises(FormatError, match=r"no certificate that can be read|not a point"):
        read_host_key_document(tmp_path / "document")


def test_a_file_of_megabytes_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "document").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(SeError, match="larger than 1048576 bytes"):
        read_host_key_document(tmp_path / "document")


@pytest.mark.parametrize(("name", "said"), [("absent", "does not exist"), ("", "is a folder")])
def test_what_is_no_file_is_told(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(SeError, match=said) as caught:
        read_host_key_document(tmp_path / name)
    assert caught.value.where == str(tmp_path / name)


# --- Real ones --------------------------------------------------------------------------------------------------------

Z16 = "d1f728efd99e1da650e758512621a65f9dd8d77d8d34b1dbbb56904eb373b83c"


@needs_real
def test_the_document_of_a_real_z16_is_read() -> None:
    document = read_host_key_document(REAL / "hkd-z16-gen2.crt")
    assert (document.phkh.hex(), document.others) == (Z16, 0)


@needs_real
def test_an_expired_document_of_the_first_generation_is_read() -> None:
    document = read_host_key_document(REAL / "hkd-gen1-expired-2024.crt")
    assert document.certificate.not_valid_after_utc < datetime(2025, 1, 1, tzinfo=UTC)
    assert len(document.phkh) == 32


@needs_real
def test_the_intermediate_certificate_is_no_host_key_document() -> None:
    with pytest.raises(FormatError, match="no elliptic-curve key"):
        read_host_key_document(REAL / "digicert-code-signing-rsa4096-sha384-2021-ca1.crt")


@needs_real
def test_a_production_header_has_a_slot_for_the_z16_of_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    header = parse_header((REAL / "se-header.bin").read_bytes())
    assert (header.nks, header.nep, header.pcf) == (6, 10475, 0xE0)
    assert [slot.phkh.hex() for slot in header.keyslots].index(Z16) == 1
    image = str(REAL / "se-header.bin")
    assert run(["image", "test", "-k", str(REAL / "hkd-z16-gen2.crt"), image]) == 0
    assert run(["image", "test", "-k", str(REAL / "hkd-gen1-expired-2024.crt"), image]) == 3
    assert run(["image", "verify", image]) == 0
    assert "bare header" in capsys.readouterr().out
