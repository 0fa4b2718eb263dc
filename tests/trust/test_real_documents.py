"""Real documents with a part of their chain: an honest answer in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest

from seworkbench.checks import Verdict
from seworkbench.trust.anchors import system_store
from seworkbench.trust.causes import CauseKind
from seworkbench.trust.judgement import Collection, judge
from seworkbench.trust.lacking import missing_for
from seworkbench.trust.objects import ObjectKind
from seworkbench.trust.reading import read_file
from seworkbench.trust.verify import TrustRun, load_input, verify_host_keys

from .pki import AT, SYSTEM

REAL = Path(__file__).parents[3] / "shared" / "real-artifacts"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real documents are not on this machine")
Z16 = REAL / "hkd-z16-gen2.crt"
INTERMEDIATE = REAL / "digicert-code-signing-rsa4096-sha384-2021-ca1.crt"


def test_a_real_document_with_the_intermediate_alone_lacks_the_signing_certificate() -> None:
    run = TrustRun((load_input(Z16, "hkd.crt"),), (load_input(INTERMEDIATE, "DigiCertCA.crt"),), SYSTEM)
    found = verify_host_keys(run, AT)
    assert found.cause is not None
    assert found.cause.kind is CauseKind.NO_IBM_SIGN_KEY
    check = found.check.find("trust.a6.signing-key")
    assert check is not None
    (rejected,) = check.evidence
    assert rejected.label == "DigiCertCA.crt"
    assert "broken rule: 6 attributes; it is 3" in rejected.value


def test_what_a_real_document_lacks_is_named_with_file_and_generation() -> None:
    certificates = (*read_file(Z16).certificates, *read_file(INTERMEDIATE).certificates)
    found = judge(Collection(certificates), AT)
    (host,) = found.host_keys
    assert host.verdict is Verdict.NOT_CHECKED
    need, after = found.missing
    assert (after.kind, after.usual_file) == (ObjectKind.CRL, "ibm-z-host-key-gen2.crl")
    assert (need.kind, need.title) == (ObjectKind.SIGNING, "gen2 signing certificate")
    assert need.usual_file == "ibm-z-host-key-signing-gen2.crt"
    assert "OU=IBM Z16 Host Key Signing Service" in need.issuer
    assert need.addresses == (
        "https://www.ibm.com/support/resourcelink/api/content/public/ibm-z-host-key-signing-gen2.crt",
    )


def test_the_verification_of_a_real_document_says_what_it_lacks() -> None:
    run = TrustRun((load_input(Z16, "hkd.crt"),), (load_input(INTERMEDIATE, "DigiCertCA.crt"),), SYSTEM)
    assert [need.usual_file for need in missing_for(run, AT)] == [
        "ibm-z-host-key-signing-gen2.crt",
        "ibm-z-host-key-gen2.crl",
    ]


def test_a_real_document_that_has_expired_fails_even_without_its_issuer() -> None:
    certificates = read_file(REAL / "hkd-gen1-expired-2024.crt").certificates
    (host,) = judge(Collection(certificates), AT).host_keys
    assert host.verdict is Verdict.FAILED


def test_the_intermediate_leads_to_a_known_root_of_the_system() -> None:
    store = system_store()
    if not any(item.known_root for item in store.certificates):
        pytest.skip("this machine's trust store knows no root of DigiCert")
    found = judge(Collection(read_file(INTERMEDIATE).certificates), AT, anchors=store)
    (intermediate,) = found.objects.values()
    assert intermediate.issuer in {item.fingerprint for item in store.certificates if item.known_root}
