"""Everything that people give in the place of a certificate: read, or answered with what it is."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
    pkcs12,
)

from seworkbench.errors import SeError
from seworkbench.trust.describe import bundle_text
from seworkbench.trust.objects import Generation, ObjectKind, guess_generation, serial_text
from seworkbench.trust.reading import SIZE_LIMIT, read_file, read_objects

from .pki import der, document, estate, host_key, ibm_name, name, pem, read, rsa_key, signing_name

E = estate()
REAL = Path(__file__).parents[3] / "shared" / "real-artifacts"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the real documents are not on this machine")


def text(raw: bytes) -> str:
    """What is said of content in which there is nothing to use."""
    found = read_objects(raw, "x")
    assert not found.objects
    return " ".join(problem.what for problem in found.problems)


# --- What is read -----------------------------------------------------------------------------------------------------


def test_pem_may_hold_anything_in_any_order_with_text_around() -> None:
    raw = b"Subject: x\r\n" + pem(E.host_crl, E.sign) + b"-- \nKind regards\n" + pem(E.inter, E.root_crl) + b"\n\n"
    found = read_objects(raw, "x")
    assert [item.kind for item in found.certificates] == [ObjectKind.SIGNING, ObjectKind.INTERMEDIATE]
    assert [item.source.index for item in found.crls] == [0, 3]
    assert found.problems == ()


def test_pem_with_the_line_ends_of_any_system_is_read() -> None:
    plain = pem(E.host, E.host_crl)
    for raw in (plain, plain.replace(b"\n", b"\r\n"), plain.replace(b"\n", b"\r"), b"\xef\xbb\xbf" + plain):
        assert len(read_objects(raw, "x").objects) == 2


@pytest.mark.parametrize("label", [b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"])
def test_other_names_for_a_certificate_are_known(label: bytes) -> None:
    (found,) = read_objects(pem(E.host).replace(b"CERTIFICATE", label), "x").certificates
    assert found == read(E.host)


def test_what_openssl_writes_behind_a_trusted_certificate_is_dropped() -> None:
    body = base64.encodebytes(der(E.root) + b"\x30\x00")
    raw = b"-----BEGIN TRUSTED CERTIFICATE-----\n" + body + b"-----END TRUSTED CERTIFICATE-----\n"
    (found,) = read_objects(raw, "x").certificates
    assert found == read(E.root)


def test_der_objects_may_follow_one_another() -> None:
    found = read_objects(der(E.host) + der(E.host_crl) + der(E.root), "x")
    assert [item.source.index for item in found.certificates] == [0, 2]
    assert [item.source.encoding for item in found.objects] == ["DER", "DER", "DER"]
    assert found.problems == ()


@pytest.mark.parametrize(
    "written",
    [
        base64.encodebytes,
        base64.b64encode,
        lambda raw: raw.hex().encode(),
        lambda raw: raw.hex(":").upper().encode(),
        lambda raw: raw.hex(" ", 4).encode() + b"\n",
    ],
    ids=["base64 in lines", "base64", "hexadecimal", "with colons", "in groups"],
)
def test_pasted_digits_of_der_are_read(written: object) -> None:
    for thing in (E.host, E.host_crl):
        (found,) = read_objects(written(der(thing)), "pasted text").objects  # type: ignore[operator]
        assert found.der == der(thing)


def test_a_broken_block_does_not_take_the_others_with_it() -> None:
    broken = pem(E.inter).replace(b"\nMII", b"\n???", 1)
    found = read_objects(pem(E.sign) + broken + pem(E.root), "x")
    assert [item.kind for item in found.certificates] == [ObjectKind.SIGNING, ObjectKind.ROOT]
    (problem,) = found.problems
    assert problem.what == "Block 2 cannot be read: it is not valid base64."


def test_a_block_without_end_does_not_swallow_the_next() -> None:
    found = read_objects(pem(E.inter)[:-30] + b"\n" + pem(E.root), "x")
    assert [item.kind for item in found.certificates] == [ObjectKind.ROOT]
    assert "cut off" in found.problems[0].what


# --- What is answered -------------------------------------------------------------------------------------------------

KEY = host_key(1)


def private(form: PrivateFormat, encoding: Encoding = Encoding.PEM, password: bytes = b"") -> bytes:
    return KEY.private_bytes(encoding, form, BestAvailableEncryption(password) if password else NoEncryption())


def request(encoding: Encoding) -> bytes:
    return x509.CertificateSigningRequestBuilder().subject_name(name(CN="x")).sign(KEY, SHA256()).public_bytes(encoding)


SPKI = PublicFormat.SubjectPublicKeyInfo


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (private(PrivateFormat.PKCS8), "private key"),
        (private(PrivateFormat.TraditionalOpenSSL), "private key"),
        (private(PrivateFormat.PKCS8, Encoding.DER), "private key"),
        (private(PrivateFormat.TraditionalOpenSSL, Encoding.DER), "private key"),
        (private(PrivateFormat.PKCS8, password=b"x"), "private key"),
        (private(PrivateFormat.OpenSSH), "OpenSSH"),
        (KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH), "OpenSSH"),
        (KEY.public_key().public_bytes(Encoding.PEM, SPKI), "bare public key"),
        (KEY.public_key().public_bytes(Encoding.DER, SPKI), "bare public key"),
        (request(Encoding.PEM), "certificate request"),
        (request(Encoding.DER), "certificate request"),
        (pkcs7.serialize_certificates([E.host], Encoding.PEM), "PKCS#7"),
        (pkcs7.serialize_certificates([E.host], Encoding.DER), "PKCS#7"),
        (pkcs12.serialize_key_and_certificates(None, None, E.host, None, NoEncryption()), "PKCS#12"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"\n  <html>\n<head>", "web page"),
        (b"", "0 bytes"),
        ("-----BEGIN".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "archive"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx\n-----END PGP PUBLIC KEY BLOCK-----\n", "public key"),
        (b"-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n", "has no use here"),
        (b"\x30\x82\x05\x01", "no complete object"),
        (der(E.host)[:-1], "no complete object"),
        (b"\x7fELF", "neither a certificate"),
        (b"just words", "neither a certificate"),
        (b"\x30\x00", "neither a certificate"),
        (b"0 quiet", "neither a certificate"),
    ],
)
def test_what_is_no_use_is_answered_with_what_it_is(raw: bytes, said: str) -> None:
    assert said in text(raw)


@pytest.mark.parametrize(("form", "told"), [(Encoding.PEM, ""), (Encoding.DER, " -inform DER")])
def test_how_certificates_come_out_of_a_container_is_told_for_its_form(form: Encoding, told: str) -> None:
    (problem,) = read_objects(pkcs7.serialize_certificates([E.host], form), "x").problems
    assert f"openssl pkcs7{told} -print_certs -in FILE" in problem.remedy


def test_certificates_with_an_impossible_part_are_answered_with_the_reason() -> None:
    # The date 2024-13-… instead of 2024-01-…
    wrong = der(E.host).replace(b"2401", b"2413", 1)
    assert "The certificate cannot be read" in text(wrong)
    wrong_list = der(E.host_crl).replace(b"2401", b"2413", 1)
    assert "The revocation list cannot be read" in text(wrong_list)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(SIZE_LIMIT + 1)
    with pytest.raises(SeError, match="larger than"):
        read_file(path)


# --- What they are ----------------------------------------------------------------------------------------------------


def test_kinds_follow_from_content() -> None:
    assert [read(item).kind for item in (E.host, E.sign, E.inter, E.root)] == [
        ObjectKind.HOST_KEY,
        ObjectKind.SIGNING,
        ObjectKind.INTERMEDIATE,
        ObjectKind.ROOT,
    ]


def test_a_document_with_a_key_of_another_kind_is_still_one() -> None:
    for key in (rsa_key("other"), host_key(1, ec.SECP256R1)):
        found = read(document(1, E.document_issuer, key).make())
        assert found.kind is ObjectKind.HOST_KEY
        assert found.phkh is None


@pytest.mark.parametrize(
    ("file", "machine"),
    [
        ("HKD-3931-0275D38.crt", "3931-0275D38"),
        ("/a/b/hkd-8561-02abcd1.pem", "8561-02ABCD1"),
        ("document.crt", "1"),
    ],
)
def test_the_machine_is_what_file_name_or_common_name_say(file: str, machine: str) -> None:
    assert read(E.host, file).machine == machine


@pytest.mark.parametrize(
    ("unit", "addresses", "generation"),
    [
        ("IBM Z Host Key Signing Service", ("http://x/ibm-z-host-key.crl",), Generation.FIRST),
        ("IBM Z Host Key Signing Service", ("http://x/ibm-z-host-key-gen2.crl",), Generation.GEN2),
        ("IBM Z16 Host Key Signing Service", (), Generation.GEN2),
        ("Something Key Signing Service", ("http://x/ibm-z-host-key-gen3.crl",), Generation.GEN3),
        ("Something Key Signing Service", ("http://gen3/x.crl",), Generation.UNKNOWN),
        ("", (), Generation.UNKNOWN),
    ],
)
def test_a_generation_is_guessed_from_address_and_unit(
    unit: str, addresses: tuple[str, ...], generation: Generation
) -> None:
    hint = guess_generation(unit, addresses)
    assert hint.generation is generation
    assert hint.unit == unit


def test_serial_numbers_are_whole_bytes() -> None:
    assert [serial_text(number) for number in (0, 1, 0x7BC3, -1)] == ["00", "01", "7bc3", "-01"]


def test_one_sentence_says_what_a_file_holds() -> None:
    assert bundle_text(read_objects(pem(E.host), "x")).startswith("For host key ")
    assert bundle_text(read_objects(pem(E.inter, E.host_crl), "x")).endswith("And 1 revocation list.")
    assert bundle_text(read_objects(pem(E.host_crl) + b"-----BEGIN CMS-----\n-----END CMS-----", "x")).endswith(
        "And 1 part that cannot be used."
    )
    assert bundle_text(read_objects(b"", "x")).startswith("There is nothing in it")


def test_names_of_ibm_are_told_by_their_order() -> None:
    assert read(E.sign).subject != read(E.host).issuer
    assert ibm_name() != signing_name()


# --- Real documents ---------------------------------------------------------------------------------------------------


@needs_real
@pytest.mark.parametrize(
    ("file", "phkh", "generation", "until"),
    [
        (
            "hkd-z16-gen2.crt",
            "d1f728efd99e1da650e758512621a65f9dd8d77d8d34b1dbbb56904eb373b83c",
            Generation.GEN2,
            "2027-07-14",
        ),
        (
            "hkd-gen1-expired-2024.crt",
            "7597b5d7b7e5524f477146d4f1faa313929e7baf40c29fa7a41e41a4f3caab33",
            Generation.FIRST,
            "2024-06-14",
        ),
    ],
)
def test_real_documents_are_read(file: str, phkh: str, generation: Generation, until: str) -> None:
    (found,) = read_file(REAL / file).certificates
    assert found.kind is ObjectKind.HOST_KEY
    assert (found.phkh, found.generation.generation, f"{found.not_after:%Y-%m-%d}") == (phkh, generation, until)
    assert found.authority_key_id is None
    assert found.signature_text == "SHA-512"
