"""A workshop for certificates and revocation lists: each test makes the one thing that is wrong.

The keys are fixed (tests/data/trust/keys.pem, made for these tests and of no other use): making RSA keys takes longer
than all the rest. Signatures and serial numbers are the same in every run.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from seworkbench.trust.anchors import SystemStore
from seworkbench.trust.der import elements, read_element, whole
from seworkbench.trust.objects import Source, TrustCertificate, TrustCrl
from seworkbench.trust.reading import certificate_of, crl_of
from seworkbench.trust.verify import InputFile, TrustRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography.hazmat.primitives.hashes import HashAlgorithm

SHA1_RSA, SHA256_RSA, SHA512_RSA = (bytes.fromhex("2a864886f70d0101") + bytes([n]) for n in (5, 11, 13))
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
END = datetime(2094, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SYSTEM = SystemStore((), "")

_KEYS = Path(__file__).parents[1] / "data" / "trust" / "keys.pem"
_OIDS = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "CN": NameOID.COMMON_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
}
CORPORATION = "International Business Machines Corporation"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """One of the fixed RSA keys."""
    found = re.search(rf"^{name}\n(-----BEGIN.*?-----END [^\n]*\n)", _KEYS.read_text(), re.DOTALL | re.MULTILINE)
    assert found, name
    key = load_pem_private_key(found[1].encode(), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@cache
def host_key(number: int, curve: type[ec.EllipticCurve] = ec.SECP521R1) -> ec.EllipticCurvePrivateKey:
    """The key of a machine, from its number."""
    return ec.derive_private_key(0x5E000 + number, curve())


def name(**parts: str) -> x509.Name:
    """A name with its attributes in the order given."""
    return x509.Name([x509.NameAttribute(_OIDS[label], value) for label, value in parts.items()])


def signing_name(locality: str = "Poughkeepsie", unit: str = "IBM Z Host Key Signing Service") -> x509.Name:
    """The subject of a signing certificate in the order in which a public authority encodes it."""
    return name(C="US", ST="New York", L=locality, O=CORPORATION, OU=unit, CN=CORPORATION)


def ibm_name(locality: str = "Poughkeepsie", unit: str = "IBM Z Host Key Signing Service") -> x509.Name:
    """The same name in the order in which IBM writes it into host key documents and lists."""
    return name(C="US", O=CORPORATION, OU=unit, L=locality, ST="New York", CN=CORPORATION)


def identifier(key: Key) -> x509.AuthorityKeyIdentifier:
    """The authority key identifier that names a key."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


@dataclass(frozen=True)
class Issuer:
    """Who signs.

    Args:
        name: subject.
        key: private key.
    """

    name: x509.Name
    key: Key


CA = x509.BasicConstraints(ca=True, path_length=None)
NO_CA = x509.BasicConstraints(ca=False, path_length=None)


def usage(*words: str) -> x509.KeyUsage:
    """A key usage with these uses."""
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{word: word in words for word in every})


AUTHORITY_USAGE = usage("key_cert_sign", "crl_sign")


@dataclass
class Draft:
    """A certificate to be: everything has a sound default for its kind, and every part can be another.

    Args:
        subject: its name.
        key: its own key.
        issuer: who signs it.
        begin: notBefore.
        end: notAfter.
        serial: serial number; None for one that follows from subject and key.
        extensions: extension and whether it is critical, by kind; None leaves one out.
        digest: of the signature.
    """

    subject: x509.Name
    key: Key
    issuer: Issuer
    begin: datetime = BEGIN
    end: datetime = END
    serial: int | None = None
    extensions: dict[type, tuple[x509.ExtensionType, bool] | None] = field(default_factory=dict)
    digest: HashAlgorithm = field(default_factory=SHA256)

    def add(self, extension: x509.ExtensionType, *, critical: bool = False) -> Draft:
        """Add or replace an extension."""
        self.extensions[type(extension)] = (extension, critical)
        return self

    def without(self, kind: type) -> Draft:
        """Leave an extension out."""
        self.extensions[kind] = None
        return self

    def lists_at(self, *addresses: str) -> Draft:
        """Name addresses of revocation lists."""
        points = [
            x509.DistributionPoint([x509.UniformResourceIdentifier(item)], None, None, None) for item in addresses
        ]
        return self.add(x509.CRLDistributionPoints(points))

    def make(self) -> x509.Certificate:
        """Sign it."""
        number = self.serial or _number(self.subject, self.key, self.issuer)
        builder = x509.CertificateBuilder(
            self.issuer.name, self.subject, self.key.public_key(), number, self.begin, self.end
        )
        for entry in self.extensions.values():
            if entry is not None:
                builder = builder.add_extension(entry[0], critical=entry[1])
        return sign_certificate(builder, self.issuer.key, self.digest)


def sign_certificate(builder: x509.CertificateBuilder, key: Key, digest: HashAlgorithm) -> x509.Certificate:
    """Sign, the same bytes each time."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return builder.sign(key, digest, ecdsa_deterministic=True)  # type: ignore[arg-type]
    return builder.sign(key, digest)  # type: ignore[arg-type]


def with_sha_1(draft: Draft) -> x509.Certificate:
    """The same certificate, signed by an RSA key with SHA-1: no library makes one any more."""
    old = SHA512_RSA if draft.digest.name == "sha512" else SHA256_RSA
    return x509.load_der_x509_certificate(resigned(der(draft.make()), draft.issuer.key, old, SHA1_RSA, SHA1()))  # noqa: S303 - the point of it


def resigned(raw: bytes, key: Key, old: bytes, new: bytes, digest: HashAlgorithm) -> bytes:
    """A certificate or list with some bytes of the same length changed, signed anew with an RSA key."""
    content = read_element(raw).content
    signed, algorithm, _ = elements(content)
    inner, outer = (whole(content, part).replace(old, new, 1) for part in (signed, algorithm))
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = b"\0" + key.sign(inner, PKCS1v15(), digest)
    return wrapped(0x30, inner + outer + wrapped(0x03, signature))


def _number(*parts: object) -> int:
    text = "".join(
        part.rfc4514_string()
        if isinstance(part, x509.Name)
        else part.name.rfc4514_string()
        if isinstance(part, Issuer)
        else str(part.public_key().public_numbers())  # type: ignore[attr-defined]
        for part in parts
    )
    # Nine bytes with the top bit clear, like those of real documents.
    return int.from_bytes(_digest(text)[:9], "big") >> 1 | 1 << 70


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def authority(subject: x509.Name, key: Key, issuer: Issuer | None = None) -> Draft:
    """The certificate of an authority; of a root without issuer."""
    by = issuer or Issuer(subject, key)
    draft = Draft(subject, key, by)
    draft.add(CA, critical=True).add(AUTHORITY_USAGE, critical=True)
    return draft.add(x509.SubjectKeyIdentifier.from_public_key(key.public_key())).add(identifier(by.key))


def signing(subject: x509.Name, key: Key, issuer: Issuer) -> Draft:
    """A signing certificate: no authority."""
    draft = Draft(subject, key, issuer)
    draft.add(NO_CA, critical=True).add(usage("digital_signature"), critical=True)
    return draft.add(x509.SubjectKeyIdentifier.from_public_key(key.public_key())).add(identifier(issuer.key))


def document(number: int, issuer: Issuer, key: Key | None = None) -> Draft:
    """A host key document as real ones are: key agreement and an address, no key identifiers."""
    subject = name(
        C="US",
        O="International Business Machines",
        OU="IBM Z Host Key Signing Service",
        L="Armonk",
        ST="New York",
        CN=f"ibm-z-host-key-{number}",
    )
    draft = Draft(subject, key or host_key(number), issuer, digest=SHA512())
    draft.add(usage("key_agreement"), critical=True)
    return draft.lists_at("http://127.0.0.1:9/host.crl")


@dataclass
class ListDraft:
    """A revocation list to be.

    Args:
        issuer: who signs it.
        revoked: serial numbers that it lists.
        begin: thisUpdate.
        end: nextUpdate; None leaves it out.
        extensions: extension and whether it is critical, by kind; None leaves one out.
    """

    issuer: Issuer
    revoked: tuple[int, ...] = ()
    begin: datetime = BEGIN
    end: datetime | None = END
    extensions: dict[type, tuple[x509.ExtensionType, bool] | None] = field(default_factory=dict)
    reason: x509.ReasonFlags | None = None

    def __post_init__(self) -> None:
        self.extensions.setdefault(x509.CRLNumber, (x509.CRLNumber(1), False))
        self.extensions.setdefault(x509.AuthorityKeyIdentifier, (identifier(self.issuer.key), False))

    def add(self, extension: x509.ExtensionType, *, critical: bool = False) -> ListDraft:
        """Add or replace an extension."""
        self.extensions[type(extension)] = (extension, critical)
        return self

    def without(self, kind: type) -> ListDraft:
        """Leave an extension out."""
        self.extensions[kind] = None
        return self

    def make(self) -> x509.CertificateRevocationList:
        """Sign it."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.issuer.name).last_update(self.begin)
        # The library's builder insists on a next update; without one the bytes are made by hand.
        builder = builder.next_update(self.end or END)
        for serial in self.revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(BEGIN)
            if self.reason is not None:
                entry = entry.add_extension(x509.CRLReason(self.reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        for entry_ in self.extensions.values():
            if entry_ is not None:
                builder = builder.add_extension(entry_[0], critical=entry_[1])
        made = builder.sign(self.issuer.key, SHA512())
        return made if self.end is not None else _without_next_update(made, self.issuer.key)


def _without_next_update(crl: x509.CertificateRevocationList, key: Key) -> x509.CertificateRevocationList:
    """The same list without nextUpdate, signed anew."""
    outer = crl.public_bytes(Encoding.DER)
    content = read_element(outer).content
    signed, algorithm, _ = elements(content)
    fields = list(elements(signed.content))
    times = [item for item in fields if item.tag in (0x17, 0x18)]
    kept = b"".join(whole(signed.content, item) for item in fields if item is not times[1])
    inner = wrapped(0x30, kept)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = b"\0" + key.sign(inner, PKCS1v15(), SHA512())
    return x509.load_der_x509_crl(wrapped(0x30, inner + whole(content, algorithm) + wrapped(0x03, signature)))


def wrapped(tag: int, content: bytes) -> bytes:
    """An element of DER."""
    size = len(content)
    short = 0x80
    if size < short:
        return bytes([tag, size]) + content
    raw = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, short | len(raw)]) + raw + content


# --- Into runs --------------------------------------------------------------------------------------------------------

Thing = x509.Certificate | x509.CertificateRevocationList


def pem(*things: Thing) -> bytes:
    """One after the other in PEM."""
    return b"".join(item.public_bytes(Encoding.PEM) for item in things)


def der(thing: Thing) -> bytes:
    """In DER."""
    return thing.public_bytes(Encoding.DER)


def read(thing: x509.Certificate, file: str = "x.crt") -> TrustCertificate:
    """As the program holds it."""
    return certificate_of(der(thing), Source(file))


def read_list(thing: x509.CertificateRevocationList, file: str = "x.crl") -> TrustCrl:
    """As the program holds it."""
    return crl_of(der(thing), Source(file))


def run_of(
    host_keys: Mapping[str, bytes] | Iterable[Thing],
    certificates: Mapping[str, bytes] | Iterable[Thing],
    crls: Mapping[str, bytes] | Iterable[Thing],
    root: bytes | Thing | None,
) -> TrustRun:
    """A run with these files; things become files of their own, None is a system store without certificates."""
    anchors: InputFile | SystemStore = SYSTEM
    if root is not None:
        anchors = InputFile("root.crt", root if isinstance(root, bytes) else pem(root))
    return TrustRun(_files(host_keys, "host"), _files(certificates, "cert"), anchors, _files(crls, "list"))


def _files(things: Mapping[str, bytes] | Iterable[Thing], word: str) -> tuple[InputFile, ...]:
    if isinstance(things, dict):
        return tuple(InputFile(file, content) for file, content in things.items())
    return tuple(
        InputFile(f"{word}{number}", pem(thing))  # type: ignore[arg-type]
        for number, thing in enumerate(things)
    )


class Estate:
    """A whole sound PKI in small: root, intermediate, signing certificate, their lists and a host key."""

    def __init__(self) -> None:
        self.root_issuer = Issuer(name(C="US", O="Test", CN="Root"), rsa_key("root"))
        self.inter_issuer = Issuer(name(C="US", O="Test", CN="Intermediate"), rsa_key("inter"))
        self.sign_issuer = Issuer(signing_name(), rsa_key("ibm"))
        self.document_issuer = Issuer(ibm_name(), rsa_key("ibm"))
        self.root = authority(self.root_issuer.name, self.root_issuer.key).make()
        self.inter = authority(self.inter_issuer.name, self.inter_issuer.key, self.root_issuer).make()
        self.sign = signing(self.sign_issuer.name, self.sign_issuer.key, self.inter_issuer).make()
        self.host = document(1, self.document_issuer).make()
        self.root_crl = ListDraft(self.root_issuer).make()
        self.inter_crl = ListDraft(self.inter_issuer).make()
        self.host_crl = ListDraft(self.document_issuer).make()

    def run(
        self,
        host: Thing | None = None,
        *,
        certificates: Iterable[Thing] | None = None,
        crls: Iterable[Thing] | None = None,
        root: bytes | Thing | None = None,
    ) -> TrustRun:
        """A run that passes, but for what is given in the place of its own."""
        return run_of(
            [host or self.host],
            [self.sign, self.inter] if certificates is None else certificates,
            [self.root_crl, self.inter_crl, self.host_crl] if crls is None else crls,
            root or self.root,
        )


@cache
def estate() -> Estate:
    """The one that all tests share; nothing changes it."""
    return Estate()
