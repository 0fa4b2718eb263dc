"""The demo PKI: strict, verifiable by OpenSSL, and never to be taken for a real one."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from seworkbench.errors import Cancelled, SeError
from seworkbench.jobs import Job
from seworkbench.simulator.demo_pki import CRL_LIFETIME, MARK, DemoChain, DemoPki
from seworkbench.simulator.generations import Generation

from .builder import HOST
from .pki import AT, demo_pki

REAL = Path(__file__).resolve().parents[3] / "shared" / "real-artifacts"


@pytest.fixture(scope="module")
def document() -> x509.Certificate:
    return demo_pki().host_key_document(HOST.public_key(), Generation.Z16, "02ABCDE", start=AT)


def pem(*parts: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return b"".join(part.public_bytes(Encoding.PEM) for part in parts)


def values(name: x509.Name) -> dict[str, str]:
    return {attribute.rfc4514_attribute_name: str(attribute.value) for attribute in name}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_openssl_accepts_the_chain_with_every_strict_rule(tmp_path: Path) -> None:
    pki = demo_pki()
    lists = pki.revocation_lists(AT, 1, [])
    (tmp_path / "root").write_bytes(pem(pki.chain.root))
    (tmp_path / "intermediate").write_bytes(pem(pki.chain.intermediate))
    (tmp_path / "signing").write_bytes(pem(pki.chain.signing))
    (tmp_path / "crls").write_bytes(pem(lists.root, lists.intermediate))
    rules = "-x509_strict -crl_check -crl_check_all -policy_check -check_ss_sig -auth_level 2 -verify_depth 2"
    files = "-CAfile root -untrusted intermediate -CRLfile crls signing"
    at = str(int((AT + timedelta(hours=1)).timestamp()))
    done = subprocess.run(
        ["openssl", "verify", *rules.split(), "-attime", at, *files.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "signing: OK\n"), done.stderr


def test_the_signing_certificate_has_the_subject_that_tools_look_for() -> None:
    subject = demo_pki().chain.signing.subject
    found = values(subject)
    assert len(list(subject)) == 6
    assert found["C"] == "US"
    assert found["ST"] == "New York"
    assert found["L"] == "Poughkeepsie"
    assert found["O"] == found["CN"] == "International Business Machines Corporation"
    assert found["OU"] == "SIMULATED IBM Z16 Host Key Signing Service"
    assert found["OU"].endswith("Key Signing Service")


def test_every_name_carries_the_mark(document: x509.Certificate) -> None:
    chain = demo_pki().chain
    for certificate in (chain.root, chain.intermediate, chain.signing, document):
        assert any(MARK in text for text in values(certificate.subject).values())


def test_addresses_of_revocation_lists_never_resolve(document: x509.Certificate) -> None:
    chain = demo_pki().chain
    for certificate in (chain.intermediate, chain.signing, document):
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        assert [point.full_name[0].value for point in points if point.full_name]
        assert all(".invalid/" in name.value for point in points for name in point.full_name or ())


def test_a_host_key_document_is_like_a_real_one(document: x509.Certificate) -> None:
    assert document.not_valid_after_utc - document.not_valid_before_utc == timedelta(days=730)
    usage = document.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_agreement
    assert not usage.value.digital_signature
    assert document.signature_hash_algorithm is not None
    assert document.signature_hash_algorithm.name == "sha512"
    assert isinstance(document.public_key(), ec.EllipticCurvePublicKey)
    common_name = document.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert common_name == "ibm-z-host-key-z16-SIMULATED-02ABCDE"
    assert document.serial_number.bit_length() == 71


def test_the_signing_certificate_is_no_authority() -> None:
    extensions = demo_pki().chain.signing.extensions
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_revocation_lists_name_what_was_revoked(document: x509.Certificate) -> None:
    lists = demo_pki().revocation_lists(AT, 7, [(document.serial_number, AT - timedelta(days=1))])
    entry = lists.host_key.get_revoked_certificate_by_serial_number(document.serial_number)
    assert entry is not None
    assert entry.revocation_date_utc == AT - timedelta(days=1)
    assert len(list(lists.root)) == len(list(lists.intermediate)) == 0
    for crl, issuer in (
        (lists.root, demo_pki().chain.root),
        (lists.intermediate, demo_pki().chain.intermediate),
        (lists.host_key, demo_pki().chain.signing),
    ):
        assert crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
        assert crl.issuer == issuer.subject
        assert crl.next_update_utc == AT + CRL_LIFETIME
        assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7


def test_it_knows_its_own(document: x509.Certificate) -> None:
    demo_pki().chain.require_own()
    demo_pki().chain.require_own_document(document)


def test_a_document_of_another_demo_pki_is_refused() -> None:
    other = DemoPki.of_keys(
        Generation.Z16, AT, (demo_pki().signing_key, demo_pki().root_key, demo_pki().intermediate_key)
    )
    foreign = other.host_key_document(HOST.public_key(), Generation.Z16, "02ABCDE", start=AT)
    with pytest.raises(SeError, match="was not issued by the demo PKI of this machine"):
        demo_pki().chain.require_own_document(foreign)
    mixed = DemoChain(demo_pki().chain.root, other.chain.intermediate, other.chain.signing)
    with pytest.raises(SeError, match="was not issued by the demo PKI"):
        mixed.require_own()


@pytest.mark.skipif(not REAL.exists(), reason="the real documents are not here")
@pytest.mark.parametrize("name", ["hkd-z16-gen2.crt", "hkd-gen1-expired-2024.crt"])
def test_a_real_host_key_document_is_refused(name: str) -> None:
    raw = (REAL / name).read_bytes()
    load = x509.load_pem_x509_certificate if b"-----BEGIN" in raw else x509.load_der_x509_certificate
    with pytest.raises(SeError, match="does not carry the mark SIMULATED"):
        demo_pki().chain.require_own_document(load(raw))


def test_making_one_can_be_cancelled() -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        DemoPki.make(Generation.Z16, AT, job)


@pytest.mark.parametrize(
    ("generation", "service", "name"),
    [
        (Generation.Z15, "SIMULATED IBM Z Host Key Signing Service", "ibm-z-host-key-SIMULATED-0000001"),
        (Generation.Z17, "SIMULATED IBM Z17 Host Key Signing Service", "ibm-z-host-key-z17-SIMULATED-0000001"),
    ],
)
def test_names_follow_the_generation(generation: Generation, service: str, name: str) -> None:
    pki = DemoPki.of_keys(generation, AT, (demo_pki().root_key, demo_pki().intermediate_key, demo_pki().signing_key))
    assert values(pki.chain.signing.subject)["OU"] == service
    document = pki.host_key_document(HOST.public_key(), generation, "0000001", start=AT)
    assert values(document.subject)["CN"] == name
