"""Every assertion of the reference's own tests, on files made anew from their description."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.trust.anchors import SystemStore
from seworkbench.trust.causes import CauseKind
from seworkbench.trust.loading import InputFile, certificates_in, hidden_crls_in
from seworkbench.trust.names import is_signing_name
from seworkbench.trust.objects import Source
from seworkbench.trust.reading import crl_of
from seworkbench.trust.verify import TrustRun, fetch_for, verify_host_keys

from .fixtures import certificates, content, lists
from .pki import AT, der, read

if TYPE_CHECKING:
    from seworkbench.trust.objects import TrustCertificate, TrustCrl
    from seworkbench.trust.verify import TrustResult

KINDS = {
    "ok": None,
    "After": CauseKind.AFTER_VALIDITY,
    "Revoked": CauseKind.HKD_REVOKED,
    "NoCrl": CauseKind.NO_CRL,
    "Akid": CauseKind.AKID,
}
HOSTS = (
    "host",
    "host2",
    "host_armonk",
    "host_crt_expired",
    "host_rev",
    "host_uri_na",
    "host_invalid_signing_key",
    "fake_host",
)


def file(name: str) -> InputFile:
    return InputFile(name, content(name))


def nothing(_certificate: TrustCertificate) -> tuple[TrustCrl, ...]:
    """A network on which no server answers."""
    return ()


def folder(certificate: TrustCertificate) -> tuple[TrustCrl, ...]:
    """A network on which the last part of an address names a file of the fixtures."""
    for address in certificate.crl_addresses:
        name = address.rsplit("/", 1)[-1]
        if name in lists():
            return (crl_of(der(lists()[name]), Source(address)),)
    return ()


def verify(certs: str, crls: str, root: str, host: str = "host", network: object = None) -> TrustResult:
    """One run; names of files without their suffix, separated by blanks."""
    run = TrustRun(
        host_keys=(file(f"{host}.crt"),),
        certificates=tuple(file(name if "." in name else f"{name}.crt") for name in certs.split()),
        anchors=SystemStore((), "") if root == "system" else file(f"{root}.crt"),
        crls=tuple(file(name if name.endswith(".crl") else f"{name}.crl") for name in crls.split()),
    )
    if network is not None:
        run = fetch_for(run, folder if network == "folder" else nothing)
    return verify_host_keys(run, AT)


# --- Stage A ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("certs", "crls", "root", "network", "expected"),
    [
        ("inter_ca ibm", "inter_ca", "root_ca", "silent", (3, 1)),
        ("inter_ca ibm", "", "root_ca.chained", "silent", (3, 0)),
        ("fake_inter_ca ibm", "fake_inter_ca", "root_ca.chained", None, (20, 0)),
        ("inter_ca ibm", "inter_ca", "system", None, (20, 1)),
        ("inter_ca ibm", "inter_ca", "root_ca.chained", "silent", (0, 0)),
        ("ibm", "", "root_ca.chained", "silent", (20, 0)),
        ("inter_ca ibm_rev", "inter_ca", "root_ca.chained", None, (23, 0)),
        ("ibm inter_ca", "", "root_ca.chained", "folder", (0, 0)),
        # The other files of the collection, each with what it is for.
        ("inter_ca.chained.crt ibm", "", "root_ca.chained", None, (0, 0)),
        ("inter_ca ibm.chained.crt", "inter_ca", "root_ca.chained", None, (0, 0)),
        ("inter_ca der.crt", "inter_ca", "root_ca.chained", None, (0, 0)),
        ("inter_ca ibm_armonk", "inter_ca", "root_ca.chained", None, (0, 0)),
        ("inter_ca ibm_expired", "inter_ca", "root_ca.chained", None, (10, 0)),
        ("inter_ca ibm", "inter_ca.invalid_date.crl", "root_ca.chained", None, (12, 0)),
        ("inter_ca ibm", "inter_ca.invalid_date.crl inter_ca", "root_ca.chained", None, (0, 0)),
        ("inter_ca ibm", "inter_ca.invalid_signer.crl", "root_ca.chained", None, (3, 0)),
        ("inter_ca ibm", "ibm_wrong_issuer inter_ca", "root_ca.chained", None, (8, 0)),
        ("fake_ibm", "fake_root_ca", "root_ca.chained", None, (20, 0)),
        ("fake_ibm", "fake_root_ca", "fake_root_ca", None, (0, 0)),
        ("fake_ibm", "fake_root_ca_valid", "fake_root_ca", None, (3, 0)),
    ],
)
def test_the_path_of_the_signing_certificate_is_judged_with_the_code_and_level_of_the_reference(
    certs: str, crls: str, root: str, network: str | None, expected: tuple[int, int]
) -> None:
    found = verify(certs, crls, root, network=network)
    if expected[0]:
        assert found.cause is not None
        assert (found.cause.kind, found.cause.code, found.cause.depth) == (CauseKind.IBM_SIGN_INVALID, *expected)
        assert found.stage_a.verdict.value == "failed"
    else:
        assert found.cause is None or found.cause.kind is not CauseKind.IBM_SIGN_INVALID
        assert found.stage_a.verdict.value == "passed"


@pytest.mark.parametrize(
    ("certs", "kind"),
    [
        ("ibm ibm_rev", CauseKind.MANY_IBM_SIGN_KEYS),
        ("inter_ca ibm_outdated_early.crl", CauseKind.NO_IBM_SIGN_KEY),
        ("inter_ca ibm_outdated_late.crl", CauseKind.NO_IBM_SIGN_KEY),
        ("inter_ca ibm_wrong_subject", CauseKind.NO_IBM_SIGN_KEY),
    ],
)
def test_exactly_one_signing_certificate_is_wanted(certs: str, kind: CauseKind) -> None:
    found = verify(certs, "inter_ca", "root_ca.chained")
    assert found.cause is not None
    assert found.cause.kind is kind
    assert found.signing is None


def test_a_signing_certificate_is_known_by_its_subject() -> None:
    named = {
        name: is_signing_name(certificates()[f"{name}.crt"].subject)
        for name in ("ibm", "inter_ca", "ibm_wrong_subject")
    }
    assert named == {"ibm": True, "inter_ca": False, "ibm_wrong_subject": False}


def test_the_addresses_of_lists_are_read() -> None:
    (address,) = read(certificates()["ibm.crt"]).crl_addresses
    assert address.endswith("/inter_ca.crl")


def test_files_are_counted_as_the_reference_counts_them() -> None:
    assert [len(certificates_in(file(name))) for name in ("ibm.crt", "der.crt", "ibm.crl")] == [1, 1, 0]
    assert [len(hidden_crls_in(file(name))) for name in ("ibm.crl", "der.crl", "ibm.crt")] == [1, 1, 0]


# --- Stage B ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", [None, "folder"])
@pytest.mark.parametrize(
    ("signing", "crl", "host"),
    [
        ("ibm", "ibm", "host"),
        ("ibm_armonk", "ibm", "host"),
        ("ibm_armonk", "ibm_armonk", "host"),
        ("ibm_armonk", "ibm_armonk", "host_armonk"),
    ],
)
def test_a_good_host_key_passes_and_a_revoked_or_expired_one_fails(
    signing: str, crl: str, host: str, network: str | None
) -> None:
    def judged(name: str) -> CauseKind | None:
        found = verify(f"inter_ca {signing}", f"inter_ca {crl}", "root_ca.chained", name, network)
        return found.cause.kind if found.cause else None

    assert judged(host) is None
    assert judged("host_rev") is CauseKind.HKD_REVOKED
    assert judged("host_crt_expired") is CauseKind.AFTER_VALIDITY


GOOD = "ok ok ok After Revoked ok Akid Akid"
NO_LIST = "NoCrl NoCrl NoCrl After NoCrl NoCrl Akid Akid"
MATRIX = [
    ("ibm", "ibm", None, GOOD),
    ("ibm", "", "folder", "ok ok ok After Revoked NoCrl Akid Akid"),
    ("ibm_armonk", "ibm", None, GOOD),
    ("ibm_armonk", "ibm_armonk", None, GOOD),
    ("ibm", "", None, NO_LIST),
    ("ibm", "ibm_armonk", None, NO_LIST),
    ("ibm", "ibm_outdated_early", None, NO_LIST),
    ("ibm", "ibm_outdated_late", None, NO_LIST),
    ("ibm", "ibm_wrong_subject", None, NO_LIST),
    ("ibm", "ibm_invalid_hash", None, NO_LIST),
    ("ibm", "fake_ibm", None, NO_LIST),
    ("ibm", "der", None, GOOD),
]


@pytest.mark.parametrize(("signing", "crl", "network", "expected"), MATRIX)
def test_the_matrix_of_stage_b(signing: str, crl: str, network: str | None, expected: str) -> None:
    found = []
    for host in HOSTS:
        result = verify(f"inter_ca {signing}", f"inter_ca {crl}", "root_ca.chained", host, network)
        assert result.stage_a.verdict.value == "passed"
        (judged,) = result.host_keys
        found.append(judged.cause.kind if judged.cause else None)
        failed = [leaf.id for leaf in judged.check.leaves() if leaf.verdict.value == "failed"]
        assert bool(failed) == (judged.cause is not None)
    assert found == [KINDS[word] for word in expected.split()]


def test_a_consistent_fake_chain_passes_only_under_its_own_root() -> None:
    expected = "Akid Akid Akid After Akid Akid Akid ok"
    for host, word in zip(HOSTS, expected.split(), strict=True):
        found = verify("fake_ibm", "fake_root_ca fake_ibm", "fake_root_ca", host)
        assert (found.cause.kind if found.cause else None) is KINDS[word], host


def test_the_entry_of_a_list_with_a_wrong_signature_revokes_nothing() -> None:
    serial = certificates()["host.crt"].serial_number
    assert lists()["ibm_invalid_hash.crl"].get_revoked_certificate_by_serial_number(serial) is not None
    found = verify("inter_ca ibm", "inter_ca ibm ibm_invalid_hash", "root_ca.chained")
    assert found.cause is None
    (host,) = found.host_keys
    assert host.coverage is not None
    assert [item.reason for item in host.coverage.rejected] == ["Its signature was not made by this issuer's key."]
