"""Stage A beside the `openssl` command with the same settings: the same first error at the same level."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.trust.loading import InputFile, certificates_in, crls_in
from seworkbench.trust.path import Material, validate

from .pki import (
    AT,
    BEGIN,
    END,
    NO_CA,
    SECOND,
    Issuer,
    ListDraft,
    authority,
    der,
    estate,
    identifier,
    name,
    pem,
    read,
    read_list,
    rsa_key,
    signing,
    signing_name,
    usage,
    with_sha_1,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seworkbench.trust.objects import TrustCertificate, TrustCrl


def openssl_version() -> str:
    """What the command says it is; empty if there is none."""
    if shutil.which("openssl") is None:
        return ""
    return subprocess.run(["openssl", "version"], capture_output=True, text=True, check=False).stdout


# The reference is built with OpenSSL 3; its successor dropped rules (trust/path_rules.py).
pytestmark = pytest.mark.skipif(not openssl_version().startswith("OpenSSL 3"), reason="there is no OpenSSL 3 command")

SETTINGS = ["-x509_strict", "-crl_check", "-crl_check_all", "-policy_check", "-check_ss_sig"]
SETTINGS += ["-verify_depth", "2", "-auth_level", "2"]
E = estate()
MIDDLE = datetime(2030, 1, 1, tzinfo=UTC)
PKI = Path(__file__).parents[1] / "data" / "interop" / "pki"


def openssl(material: Material, at: datetime, folder: Path) -> tuple[int, int]:
    """The first error and its level; zeros if there is none."""

    def file(part: str, things: Iterable[TrustCertificate | TrustCrl]) -> str:
        path = folder / part
        path.write_bytes(b"".join(pem(getattr(item, "certificate", None) or item.crl) for item in things))  # type: ignore[union-attr]
        return str(path)

    command = ["openssl", "verify", *SETTINGS, "-attime", str(int(at.timestamp())), "-no-CApath", "-no-CAstore"]
    command += ["-CAfile", file("anchors", material.anchors)] if material.anchors else ["-no-CAfile"]
    if material.pool:
        command += ["-untrusted", file("pool", material.pool)]
    for number, crl in enumerate(material.crls):
        command += ["-CRLfile", file(f"crl{number}", [crl])]
    ended = subprocess.run([*command, file("signing", [material.signing])], capture_output=True, text=True, check=False)
    found = re.search(r"error (\d+) at (\d+) depth", ended.stdout + ended.stderr)
    if found:
        return int(found[1]), int(found[2])
    assert ended.returncode == 0, ended.stderr
    return 0, 0


def material(
    *certificates: x509.Certificate,
    crls: Iterable[x509.CertificateRevocationList] | None = None,
    root: Iterable[x509.Certificate] | None = None,
) -> Material:
    """The signing certificate first; lists and root are sound unless given."""
    lists = (E.root_crl, E.inter_crl) if crls is None else crls
    roots = (E.root,) if root is None else root
    return Material(
        read(certificates[0]),
        tuple(map(read, certificates[1:])),
        tuple(map(read, roots)),
        tuple(map(read_list, lists)),
    )


def signed(by: Issuer = E.inter_issuer, key: str = "ibm") -> x509.Certificate:
    return signing(signing_name(), rsa_key(key), by).make()


def inter(key: str = "inter") -> x509.Certificate:
    return authority(E.inter_issuer.name, rsa_key(key), E.root_issuer).make()


def inter_with(extension: x509.ExtensionType, *, critical: bool = True) -> x509.Certificate:
    return authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer).add(extension, critical=critical).make()


def inter_without(kind: type) -> x509.Certificate:
    return authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer).without(kind).make()


def root_without(kind: type) -> x509.Certificate:
    return authority(E.root_issuer.name, E.root_issuer.key).without(kind).make()


def root_with(extension: x509.ExtensionType) -> x509.Certificate:
    return authority(E.root_issuer.name, E.root_issuer.key).add(extension).make()


def signing_with(extension: x509.ExtensionType, *, critical: bool = True) -> x509.Certificate:
    return signing(signing_name(), rsa_key("ibm"), E.inter_issuer).add(extension, critical=critical).make()


def ladder(count: int) -> Material:
    above, steps, crls = E.root_issuer, [], [E.root_crl]
    for number in range(count):
        own = Issuer(name(C="US", O="Test", CN=f"Step {number}"), ec.derive_private_key(77 + number, ec.SECP256R1()))
        steps.append(authority(own.name, own.key, above).make())
        crls.append(ListDraft(own).make())
        above = own
    return material(signed(above), *steps, crls=crls)


def dated(begin: datetime, end: datetime) -> Material:
    draft = signing(signing_name(), rsa_key("ibm"), E.inter_issuer)
    draft.begin, draft.end = begin, end
    return material(draft.make(), E.inter)


def listed(*drafts: ListDraft) -> Material:
    return material(E.sign, E.inter, crls=[E.root_crl, *(draft.make() for draft in drafts)])


WEAK = Issuer(E.inter_issuer.name, rsa_key("weak"))
CASES = {
    "sound": material(E.sign, E.inter),
    "no root": material(E.sign, E.inter, root=()),
    "other root": material(E.sign, E.inter, root=[authority(E.root_issuer.name, rsa_key("fake-root")).make()]),
    "intermediate as root": material(E.sign, E.inter, root=[E.inter]),
    "intermediate among the roots": material(E.sign, root=[E.inter, E.root]),
    "no intermediate": material(E.sign),
    "root among the untrusted": material(E.sign, E.inter, E.root),
    "root among the untrusted only": material(E.sign, E.inter, E.root, root=()),
    "look-alike intermediate": material(E.sign, inter("fake-inter")),
    "look-alike beside the right one": material(E.sign, inter("fake-inter"), E.inter),
    "signed by itself": material(
        signing(signing_name(), rsa_key("ibm"), Issuer(signing_name(), rsa_key("ibm"))).make()
    ),
    "issued by the root": material(signed(E.root_issuer)),
    "weak signing key": material(signed(key="weak"), E.inter),
    "weak signing key without issuer": material(signed(key="weak")),
    "weak intermediate key": material(
        signed(WEAK), authority(WEAK.name, WEAK.key, E.root_issuer).make(), crls=[E.root_crl, ListDraft(WEAK).make()]
    ),
    "SHA-1 on the intermediate": material(
        E.sign, with_sha_1(authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer))
    ),
    "SHA-1 on the signing certificate": material(
        with_sha_1(signing(signing_name(), rsa_key("ibm"), E.inter_issuer)), E.inter
    ),
    "SHA-1 on the root": material(E.sign, E.inter, root=[with_sha_1(authority(E.root_issuer.name, E.root_issuer.key))]),
    "no list at all": material(E.sign, E.inter, crls=()),
    "no list of the root": material(E.sign, E.inter, crls=[E.inter_crl]),
    "no list of the intermediate": material(E.sign, E.inter, crls=[E.root_crl]),
    "no list and weak": material(signed(key="weak"), E.inter, crls=()),
    "revoked signing certificate": listed(ListDraft(E.inter_issuer, (E.sign.serial_number,))),
    "revoked intermediate": material(
        E.sign, E.inter, crls=[ListDraft(E.root_issuer, (E.inter.serial_number,)).make(), E.inter_crl]
    ),
    "revoked root": material(
        E.sign, E.inter, crls=[ListDraft(E.root_issuer, (E.root.serial_number,)).make(), E.inter_crl]
    ),
    "revoked by the elder list only": listed(
        ListDraft(E.inter_issuer, (E.sign.serial_number,)), ListDraft(E.inter_issuer, begin=BEGIN + SECOND)
    ),
    "revoked by the younger list": listed(
        ListDraft(E.inter_issuer), ListDraft(E.inter_issuer, (E.sign.serial_number,), begin=BEGIN + SECOND)
    ),
    "removed from the list": listed(
        ListDraft(E.inter_issuer, (E.sign.serial_number,), reason=x509.ReasonFlags.remove_from_crl)
    ),
    "revoked without a list number": listed(ListDraft(E.inter_issuer, (E.sign.serial_number,)).without(x509.CRLNumber)),
    "list with a critical number": listed(ListDraft(E.inter_issuer).add(x509.CRLNumber(1), critical=True)),
    "list without a next update": listed(ListDraft(E.inter_issuer, end=None)),
    "list of the future": listed(ListDraft(E.inter_issuer, begin=MIDDLE)),
    "list of the past": listed(ListDraft(E.inter_issuer, end=BEGIN + SECOND)),
    "list of the past and a good one": listed(ListDraft(E.inter_issuer, end=BEGIN + SECOND), ListDraft(E.inter_issuer)),
    "list of a foreign key": listed(ListDraft(Issuer(E.inter_issuer.name, rsa_key("other")))),
    "list of a foreign key without identifier": listed(
        ListDraft(Issuer(E.inter_issuer.name, rsa_key("other"))).without(x509.AuthorityKeyIdentifier)
    ),
    "list of another name": listed(ListDraft(Issuer(name(CN="x"), E.inter_issuer.key))),
    "no identifier of the issuer": material(
        signing(signing_name(), rsa_key("ibm"), E.inter_issuer).without(x509.AuthorityKeyIdentifier).make(), E.inter
    ),
    "no identifier of the subject": material(
        signing(signing_name(), rsa_key("ibm"), E.inter_issuer).without(x509.SubjectKeyIdentifier).make(), E.inter
    ),
    "intermediate is no authority": material(E.sign, inter_with(NO_CA)),
    "authority that says so uncritically": material(
        E.sign, inter_with(x509.BasicConstraints(ca=True, path_length=None), critical=False)
    ),
    "path length used up": material(E.sign, inter_with(x509.BasicConstraints(ca=True, path_length=0))),
    "authority that may not sign lists": material(E.sign, inter_with(usage("key_cert_sign"))),
    "authority that may not sign certificates": material(E.sign, inter_with(usage("crl_sign"))),
    "unknown critical extension": material(
        E.sign, inter_with(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"))
    ),
    "authority without key usage": material(E.sign, inter_without(x509.KeyUsage)),
    "authority without subject key identifier": material(E.sign, inter_without(x509.SubjectKeyIdentifier)),
    "authority without identifier of its issuer": material(E.sign, inter_without(x509.AuthorityKeyIdentifier)),
    "authority with a critical identifier of its issuer": material(E.sign, inter_with(identifier(rsa_key("root")))),
    "authority with a critical subject key identifier": material(
        E.sign, inter_with(x509.SubjectKeyIdentifier.from_public_key(rsa_key("inter").public_key()))
    ),
    "root without subject key identifier": material(E.sign, E.inter, root=[root_without(x509.SubjectKeyIdentifier)]),
    "root without identifier of its issuer": material(
        E.sign, E.inter, root=[root_without(x509.AuthorityKeyIdentifier)]
    ),
    "root without key usage": material(E.sign, E.inter, root=[root_without(x509.KeyUsage)]),
    "root without basic constraints": material(E.sign, E.inter, root=[root_without(x509.BasicConstraints)]),
    "root that says uncritically what it is": material(
        E.sign, E.inter, root=[root_with(x509.BasicConstraints(ca=True, path_length=None))]
    ),
    "signing certificate that may sign certificates": material(
        signing_with(usage("key_cert_sign", "digital_signature")), E.inter
    ),
    "signing certificate that is an authority": material(
        signing_with(x509.BasicConstraints(ca=True, path_length=None)), E.inter
    ),
    "signing certificate without basic constraints": material(
        signing(signing_name(), rsa_key("ibm"), E.inter_issuer).without(x509.BasicConstraints).make(), E.inter
    ),
    "signing certificate without key usage": material(
        signing(signing_name(), rsa_key("ibm"), E.inter_issuer).without(x509.KeyUsage).make(), E.inter
    ),
    "signing certificate with issuer and serial number only": material(
        signing_with(
            x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(E.root_issuer.name)], E.inter.serial_number),
            critical=False,
        ),
        E.inter,
    ),
    "name that a constraint excludes": material(
        signing_with(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False),
        inter_with(x509.NameConstraints(None, [x509.DNSName("example")])),
    ),
    "policy that is wanted": material(E.sign, inter_with(x509.PolicyConstraints(0, None))),
    "two intermediates": ladder(2),
    "three intermediates": ladder(3),
    "five intermediates": ladder(5),
    "not valid yet": dated(MIDDLE, END),
    "expired": dated(BEGIN, BEGIN + SECOND),
    "expired this second": dated(BEGIN, AT),
    "valid for one more second": dated(BEGIN, AT + SECOND),
    "valid from this second on": dated(AT, END),
    "list ends this second": listed(ListDraft(E.inter_issuer, end=AT)),
    "list begins this second": listed(ListDraft(E.inter_issuer, begin=AT)),
    "list of the root ends this second": material(
        E.sign, E.inter, crls=[ListDraft(E.root_issuer, end=AT).make(), E.inter_crl]
    ),
}
# OpenSSL 4, which the Python library brings along, and OpenSSL 3, with which the command and the reference are built,
# name the same rule by different numbers, or one of them does not know it.
SAME = {24: 79}


@pytest.mark.parametrize("case", CASES)
def test_the_answer_is_that_of_the_openssl_command(case: str, tmp_path: Path) -> None:
    expected = openssl(CASES[case], AT, tmp_path)
    outcome = validate(CASES[case].reduced(), AT)
    found = SAME.get(outcome.code, outcome.code), outcome.depth if outcome.code else 0
    assert found == (SAME.get(expected[0], expected[0]), expected[1])


SIGNING = sorted(path.name for path in PKI.glob("sign*.crt"))


@pytest.mark.parametrize(
    "at", [AT, datetime(2022, 6, 1, tzinfo=UTC), datetime(2085, 6, 1, tzinfo=UTC), END - timedelta(1)]
)
@pytest.mark.parametrize("file", SIGNING)
def test_every_recorded_signing_certificate_has_the_answer_of_the_openssl_command(
    file: str, at: datetime, tmp_path: Path
) -> None:
    def load(word: str) -> InputFile:
        return InputFile(word, (PKI / word).read_bytes())

    (signing_certificate,) = certificates_in(load(file))
    pool = tuple(item for word in ("inter", "inter2", "inter3") for item in certificates_in(load(f"{word}.crt")))
    crls = tuple(item for word in ("root", "inter", "inter2", "inter3") for item in crls_in(load(f"{word}.crl")))
    given = Material(signing_certificate, pool, certificates_in(load("root.crt")), crls)
    outcome = validate(given.reduced(), at)
    assert (outcome.code, outcome.depth if outcome.code else 0) == openssl(given, at, tmp_path)


def test_a_certificate_has_the_same_bytes_for_both() -> None:
    assert read(E.sign).der == der(E.sign)
