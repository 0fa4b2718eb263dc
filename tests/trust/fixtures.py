"""The files of the reference's own test PKI, made anew from their description: what each is for is in its name.

Subjects are C, O, CN, ST, L, OU in this order; certificates of authorities are signed with SHA-256, host key documents
and revocation lists with SHA-512. Addresses of revocation lists name a file of this folder.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from .pki import (
    CORPORATION,
    Draft,
    Issuer,
    Key,
    ListDraft,
    authority,
    document,
    host_key,
    name,
    rsa_key,
    signing,
)

PAST = datetime(2022, 3, 22, tzinfo=UTC)
OVER = datetime(2023, 3, 22, tzinfo=UTC)
LATE = datetime(2024, 3, 20, tzinfo=UTC)
FUTURE = datetime(3023, 1, 1, tzinfo=UTC)
FAR = datetime(3388, 1, 1, tzinfo=UTC)
SERVICE = "IBM Z Host Key Signing Service"
ADDRESS = "http://127.0.0.1:1234/crl/"


def _name(locality: str, unit: str) -> x509.Name:
    return name(C="US", O=CORPORATION, CN=CORPORATION, ST="New York", L=locality, OU=unit)


ROOT = Issuer(_name("Armonk", "IBM Z Root CA"), rsa_key("root"))
FAKE_ROOT = Issuer(ROOT.name, rsa_key("fake-root"))
INTER = Issuer(_name("Armonk", "IBM Z Intermediate CA"), rsa_key("inter"))
FAKE_INTER = Issuer(INTER.name, rsa_key("fake-inter"))
IBM = Issuer(_name("Poughkeepsie", SERVICE), rsa_key("ibm"))
IBM_ARMONK = Issuer(_name("Armonk", SERVICE), rsa_key("ibm"))
FAKE_IBM = Issuer(IBM.name, rsa_key("fake-ibm"))
WRONG_SUBJECT = Issuer(_name("Poughkeepsie", "Key Signing Service Invalid"), rsa_key("other"))

REVOKED_SIGNING = 0x1234567
REVOKED_HOST = 0x7654321


def _sign(issuer: Issuer, by: Issuer = INTER, crl: str = "inter_ca.crl") -> Draft:
    return signing(issuer.name, issuer.key, by).lists_at(ADDRESS + crl)


def _host(number: int, by: Issuer, crl: str = "ibm.crl", key: Key | None = None) -> Draft:
    draft = document(number, by, key or host_key(number))
    draft.subject = _name("Armonk", "IBM Z Host Key")
    draft.add(x509.SubjectKeyIdentifier.from_public_key(draft.key.public_key()))
    draft.add(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()))
    return draft.lists_at(ADDRESS + crl)


def _dated(draft: Draft, begin: datetime, end: datetime) -> Draft:
    draft.begin, draft.end = begin, end
    return draft


def _numbered(draft: Draft, serial: int) -> Draft:
    draft.serial = serial
    return draft


@cache
def certificates() -> dict[str, x509.Certificate]:
    """Every certificate by the name of its file."""
    drafts = {
        "root_ca.crt": authority(ROOT.name, ROOT.key),
        "fake_root_ca.crt": authority(FAKE_ROOT.name, FAKE_ROOT.key),
        "inter_ca.crt": authority(INTER.name, INTER.key, ROOT).lists_at(ADDRESS + "root_ca.crl"),
        "fake_inter_ca.crt": authority(FAKE_INTER.name, FAKE_INTER.key, FAKE_ROOT),
        "ibm.crt": _sign(IBM),
        "ibm_armonk.crt": _sign(IBM_ARMONK),
        "ibm_expired.crt": _dated(_sign(IBM), PAST, OVER),
        "ibm_rev.crt": _numbered(_sign(IBM), REVOKED_SIGNING),
        "ibm_wrong_subject.crt": _sign(WRONG_SUBJECT),
        "fake_ibm.crt": _sign(FAKE_IBM, FAKE_ROOT, "fake_root_ca.crl"),
        "host.crt": _host(1, IBM),
        "host2.crt": _host(2, IBM),
        "host_armonk.crt": _host(1, IBM_ARMONK, "ibm_armonk.crl"),
        "host_crt_expired.crt": _dated(_host(1, IBM), PAST, OVER),
        "host_rev.crt": _numbered(_host(3, IBM), REVOKED_HOST),
        "host_uri_na.crt": _host(1, IBM, "notavailable"),
        "host_invalid_signing_key.crt": _host(4, WRONG_SUBJECT),
        "fake_host.crt": _host(5, FAKE_IBM, "fake_ibm.crt"),
    }
    return {file: draft.make() for file, draft in drafts.items()}


@cache
def lists() -> dict[str, x509.CertificateRevocationList]:
    """Every revocation list by the name of its file."""
    no_identifier = x509.AuthorityKeyIdentifier
    host = certificates()["host.crt"].serial_number
    drafts = {
        "root_ca.crl": ListDraft(ROOT, (333,)),
        "inter_ca.crl": ListDraft(INTER, (444, REVOKED_SIGNING)),
        "ibm.crl": ListDraft(IBM, (555, REVOKED_HOST)),
        "ibm_armonk.crl": ListDraft(IBM_ARMONK, (555, REVOKED_HOST)),
        "inter_ca.invalid_date.crl": ListDraft(INTER, (), PAST, LATE),
        "inter_ca.invalid_signer.crl": ListDraft(Issuer(INTER.name, ROOT.key)),
        "ibm_outdated_early.crl": ListDraft(IBM, (), FUTURE, FAR),
        "ibm_outdated_late.crl": ListDraft(IBM, (), PAST, OVER),
        "ibm_wrong_issuer.crl": ListDraft(Issuer(INTER.name, IBM.key)).without(no_identifier),
        "ibm_invalid_hash.crl": ListDraft(Issuer(IBM.name, INTER.key), (host,)).without(no_identifier),
        "ibm_wrong_subject.crl": ListDraft(WRONG_SUBJECT),
        "fake_root_ca.crl": ListDraft(FAKE_ROOT),
        "fake_root_ca_valid.crl": ListDraft(ROOT),
        "fake_inter_ca.crl": ListDraft(FAKE_INTER),
        "fake_ibm.crl": ListDraft(FAKE_IBM),
    }
    return {file: draft.make() for file, draft in drafts.items()}


@cache
def content(file: str) -> bytes:
    """The content of a file."""
    joined = {
        "root_ca.chained.crt": ("root_ca.crt", "root_ca.crl"),
        "inter_ca.chained.crt": ("inter_ca.crt", "inter_ca.crl"),
        "ibm.chained.crt": ("ibm.crl", "ibm.crt"),
    }
    if file in joined:
        return b"".join(map(content, joined[file]))
    if file == "der.crt":
        return certificates()["ibm.crt"].public_bytes(Encoding.DER)
    if file == "der.crl":
        return lists()["ibm.crl"].public_bytes(Encoding.DER)
    found = certificates().get(file) or lists()[file]
    return found.public_bytes(Encoding.PEM)
