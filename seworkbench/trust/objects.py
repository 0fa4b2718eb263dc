"""What trust is built from: certificates and revocation lists, each with what it is and where it came from.

An object here is readable, not trusted: only a verification (trust/verify.py) says anything about who made it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, SignatureAlgorithmOID

from seworkbench.trust import names

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

# Roots under which IBM's signing certificates are known to have been issued (resources/help/host-keys.md#roots).
KNOWN_ROOTS = {
    "552f7bdcf1a7af9e6ce672017f4f12abf77240c78e761ac203d1d9d20ac89988": "DigiCert Trusted Root G4",
    "3e9099b5015e8f486c00bcea9d111ee721faba355a89bcf1df69561e3dc6325c": "DigiCert Assured ID Root CA",
}
# Security strength in bits that OpenSSL gives an RSA or DSA modulus of at least so many bits
# (NIST SP 800-57 part 1, table 2; 4096 as interpolated by OpenSSL).
_MODULUS_STRENGTH = ((15360, 256), (7680, 192), (4096, 152), (3072, 128), (2048, 112), (1024, 80))
_MACHINE = re.compile(r"(\d{4})-([0-9A-Za-z]{5,8})(?![0-9A-Za-z])")
_COMMON_NAME_HABIT = "ibm-z-host-key-"
_WITHOUT_DIGEST = {SignatureAlgorithmOID.ED25519: "Ed25519", SignatureAlgorithmOID.ED448: "Ed448"}
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


class ObjectKind(Enum):
    """Kinds of objects; the value is the plain name."""

    HOST_KEY = "host key document"
    SIGNING = "IBM signing certificate"
    INTERMEDIATE = "intermediate certificate"
    ROOT = "root certificate"
    OTHER = "other certificate"
    CRL = "certificate revocation list"


class Generation(Enum):
    """Generations of host key signing; the value is the plain name."""

    FIRST = "1st generation"
    GEN2 = "gen2"
    GEN3 = "gen3"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GenerationHint:
    """A guess at the generation. It decides nothing: signatures do.

    Args:
        generation: the guess.
        unit: OU of the issuer (host key document) or subject (signing certificate) that led to it.
        address: the CRL distribution point that led to it; empty if there is none.
    """

    generation: Generation
    unit: str
    address: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where an object came from.

    Args:
        name: path, URL, "pasted text" or "system store".
        index: its position among the objects of that source, from 0.
        encoding: "PEM" or "DER".
        file_sha256: hexadecimal SHA-256 of the whole file or text; empty if there was none.
        size: size of the whole file in bytes.
    """

    name: str
    index: int = 0
    encoding: str = "DER"
    file_sha256: str = ""
    size: int = 0

    @property
    def short(self) -> str:
        """The last part of the name."""
        return self.name.rsplit("/", 1)[-1] or self.name

    @property
    def shown(self) -> str:
        """As evidence says it: an address whole, of a file its name; where that lies is told where files are listed."""
        return self.name if "://" in self.name else self.short


@dataclass(frozen=True)
class KeyIdentifier:
    """An authority key identifier.

    Args:
        key_id: identifier of the key; None if absent.
        issuer: the first directory name of the issuer's issuer; None if absent.
        serial: the issuer's serial number; None if absent.
    """

    key_id: bytes | None
    issuer: x509.Name | None
    serial: int | None


@dataclass(frozen=True, eq=False)
class TrustCertificate:
    """A certificate and what it is. Two of them are equal if their bytes are, wherever they came from.

    Made by `seworkbench.trust.reading`, which makes sure that everything here can be read.

    Args:
        certificate: the certificate.
        source: where it came from.
        fingerprint: SHA-256 of its DER, 64 hexadecimal digits.
        phkh: hash of its key, 64 hexadecimal digits, if it is a P-521 key; None for others.
        kind: what it is.
    """

    certificate: x509.Certificate
    source: Source
    fingerprint: str
    phkh: str | None
    kind: ObjectKind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrustCertificate) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def der(self) -> bytes:
        """Its DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @cached_property
    def public_key(self) -> CertificatePublicKeyTypes:
        """Its key."""
        return self.certificate.public_key()

    @cached_property
    def extensions(self) -> x509.Extensions:
        """Its extensions."""
        return self.certificate.extensions

    @cached_property
    def subject(self) -> names.Canonical:
        """Its subject in the form to compare."""
        return names.canonical(self.certificate.subject)

    @cached_property
    def issuer(self) -> names.Canonical:
        """Its issuer in the form to compare."""
        return names.canonical(self.certificate.issuer)

    @cached_property
    def subject_text(self) -> str:
        """Its subject on one line, in the order of encoding."""
        return names.name_text(self.certificate.subject)

    @cached_property
    def issuer_text(self) -> str:
        """Its issuer on one line, in the order of encoding."""
        return names.name_text(self.certificate.issuer)

    @cached_property
    def serial(self) -> int:
        """Its serial number. Old roots have odd ones, of which the library warns each time: it is asked once."""
        return self.certificate.serial_number

    @cached_property
    def serial_text(self) -> str:
        """Its serial number in hexadecimal, whole bytes."""
        return serial_text(self.serial)

    @cached_property
    def not_before(self) -> datetime:
        """First instant at which it is valid."""
        return self.certificate.not_valid_before_utc

    @cached_property
    def not_after(self) -> datetime:
        """First instant at which it is no longer valid: this very second counts as over, as with the reference."""
        return self.certificate.not_valid_after_utc

    @cached_property
    def security_bits(self) -> int:
        """Strength of its key in bits as OpenSSL rates it; 0 for keys of a kind that is not known."""
        return security_bits(self.public_key)

    @cached_property
    def key_text(self) -> str:
        """Its key in words: "RSA 4096", "EC secp521r1"."""
        return key_text(self.public_key)

    @cached_property
    def signature_text(self) -> str:
        """How it is signed, for instance "SHA-512" or "Ed25519"."""
        return signature_text(self.certificate)

    @cached_property
    def subject_key_id(self) -> bytes | None:
        """Its subject key identifier."""
        found = _extension(self.extensions, x509.SubjectKeyIdentifier)
        return found.digest if found else None

    @cached_property
    def authority_key_id(self) -> KeyIdentifier | None:
        """Its authority key identifier; None if it has none."""
        return authority_key_id(self.extensions)

    @cached_property
    def is_ca(self) -> bool:
        """Whether its basic constraints say that it may issue certificates."""
        found = _extension(self.extensions, x509.BasicConstraints)
        return bool(found and found.ca)

    @cached_property
    def key_usage(self) -> x509.KeyUsage | None:
        """Its key usage; None if it does not restrict it."""
        return _extension(self.extensions, x509.KeyUsage)

    @cached_property
    def self_issued(self) -> bool:
        """Whether subject and issuer are the same name."""
        return self.subject == self.issuer

    @cached_property
    def crl_addresses(self) -> tuple[str, ...]:
        """All addresses of its CRL distribution points, in order; other kinds of names are skipped."""
        points = _extension(self.extensions, x509.CRLDistributionPoints) or ()
        return tuple(
            name.value
            for point in points
            for name in point.full_name or ()
            if isinstance(name, x509.UniformResourceIdentifier)
        )

    @cached_property
    def issuer_addresses(self) -> tuple[str, ...]:
        """Addresses at which it says its issuer's certificate is found."""
        access = _extension(self.extensions, x509.AuthorityInformationAccess) or ()
        return tuple(
            entry.access_location.value
            for entry in access
            if entry.access_method == AuthorityInformationAccessOID.CA_ISSUERS
            and isinstance(entry.access_location, x509.UniformResourceIdentifier)
        )

    @cached_property
    def generation(self) -> GenerationHint:
        """The generation it seems to belong to; meaningful for host key documents and signing certificates."""
        name = self.certificate.issuer if self.kind is ObjectKind.HOST_KEY else self.certificate.subject
        # The distribution points of a signing certificate are its issuer's: they say nothing about it.
        addresses = self.crl_addresses if self.kind is ObjectKind.HOST_KEY else ()
        return guess_generation(names.value_of(name, names.UNIT), addresses)

    @cached_property
    def known_root(self) -> str:
        """The name under which this root is known to have issued IBM's certificates; empty for all others."""
        return KNOWN_ROOTS.get(self.fingerprint, "")

    @cached_property
    def name(self) -> str:
        """A short name for tables and graphs."""
        if self.kind is ObjectKind.HOST_KEY:
            habit = _MACHINE.search(self.source.short)
            return self.machine if habit else self._common_name or self.source.short
        if self.kind is ObjectKind.SIGNING:
            unit = names.value_of(self.certificate.subject, names.UNIT)
            locality = names.value_of(self.certificate.subject, names.LOCALITY)
            return f"{unit} ({locality})"
        return self._common_name or names.value_of(self.certificate.subject, names.UNIT) or self.subject_text

    @cached_property
    def machine(self) -> str:
        """Machine type and serial as the file name or the common name gives them; empty if neither does.

        A habit, nothing that is verified.
        """
        for text in (self.source.short, self._common_name):
            if found := _MACHINE.search(text):
                return f"{found[1]}-{found[2].upper()}"
        name = self._common_name
        return name.removeprefix(_COMMON_NAME_HABIT) if name.startswith(_COMMON_NAME_HABIT) else ""

    @cached_property
    def _common_name(self) -> str:
        return names.value_of(self.certificate.subject, names.COMMON_NAME)


@dataclass(frozen=True, eq=False)
class TrustCrl:
    """A revocation list. Two of them are equal if their bytes are.

    Args:
        crl: the list.
        source: where it came from.
        fingerprint: SHA-256 of its DER, 64 hexadecimal digits.
    """

    crl: x509.CertificateRevocationList
    source: Source
    fingerprint: str
    kind: ObjectKind = ObjectKind.CRL

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrustCrl) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def der(self) -> bytes:
        """Its DER."""
        return self.crl.public_bytes(Encoding.DER)

    @cached_property
    def issuer(self) -> names.Canonical:
        """Its issuer in the form to compare."""
        return names.canonical(self.crl.issuer)

    @cached_property
    def issuer_text(self) -> str:
        """Its issuer on one line."""
        return names.name_text(self.crl.issuer)

    @cached_property
    def this_update(self) -> datetime:
        """First instant at which it is valid."""
        return self.crl.last_update_utc

    @cached_property
    def next_update(self) -> datetime | None:
        """First instant at which it is no longer valid; None if it says nothing, and then it is not usable."""
        return self.crl.next_update_utc

    @cached_property
    def extensions(self) -> x509.Extensions:
        """Its extensions."""
        return self.crl.extensions

    @cached_property
    def authority_key_id(self) -> KeyIdentifier | None:
        """Its authority key identifier; None if it has none."""
        return authority_key_id(self.extensions)

    @cached_property
    def number(self) -> int | None:
        """Its CRL number; None if it has none."""
        found = _extension(self.extensions, x509.CRLNumber)
        return found.crl_number if found else None

    @cached_property
    def entries(self) -> int:
        """How many certificates it revokes."""
        return len(self.crl)

    @cached_property
    def signature_text(self) -> str:
        """How it is signed."""
        return signature_text(self.crl)

    @cached_property
    def name(self) -> str:
        """A short name for tables and graphs: its issuer's."""
        unit = names.value_of(self.crl.issuer, names.UNIT)
        if unit.endswith(names.UNIT_ENDING):
            return f"{unit} ({names.value_of(self.crl.issuer, names.LOCALITY)}) CRL"
        return f"{names.value_of(self.crl.issuer, names.COMMON_NAME) or unit or self.issuer_text} CRL"

    def entry(self, serial: int) -> x509.RevokedCertificate | None:
        """The entry for a serial number, whatever its reason; None if it is not listed."""
        if serial < 0:
            # Not allowed, but there are such certificates, and the library's search refuses them.
            return next((entry for entry in self.crl if entry.serial_number == serial), None)
        return self.crl.get_revoked_certificate_by_serial_number(serial)


TrustObject = TrustCertificate | TrustCrl


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something in a file was not taken.

    Args:
        source: where it was.
        what: one sentence, what is wrong.
        remedy: one sentence, what to do; empty if nothing can be advised.
    """

    source: Source
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything found in a file or in pasted text.

    Args:
        certificates: in order.
        crls: in order.
        problems: what was not taken, and why.
    """

    certificates: tuple[TrustCertificate, ...] = ()
    crls: tuple[TrustCrl, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def objects(self) -> tuple[TrustObject, ...]:
        """Certificates, then revocation lists."""
        return (*self.certificates, *self.crls)


def serial_text(serial: int) -> str:
    """A serial number in hexadecimal, whole bytes, as certificates encode it without its sign byte."""
    size = max(1, (abs(serial).bit_length() + 7) // 8)
    return ("-" if serial < 0 else "") + abs(serial).to_bytes(size, "big").hex()


def security_bits(key: CertificatePublicKeyTypes) -> int:
    """Strength of a key in bits, as OpenSSL rates it; 0 for a kind of key that is not known."""
    if isinstance(key, (rsa.RSAPublicKey, dsa.DSAPublicKey)):
        return next((bits for size, bits in _MODULUS_STRENGTH if key.key_size >= size), 0)
    if isinstance(key, ec.EllipticCurvePublicKey):
        # OpenSSL rates a curve at half the size of its order, P-521 at 256.
        return min(key.key_size // 2, 256)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return 128
    return 224 if isinstance(key, ed448.Ed448PublicKey) else 0


def key_text(key: CertificatePublicKeyTypes) -> str:
    """A key in words."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}"
    return type(key).__name__.removeprefix("_").removesuffix("PublicKey")


def signature_text(signed: x509.Certificate | x509.CertificateRevocationList) -> str:
    """The digest of a signature ("SHA-512"), or its algorithm where it has no digest of its own."""
    try:
        algorithm = signed.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return signed.signature_algorithm_oid.dotted_string
    if algorithm is None:
        return _WITHOUT_DIGEST.get(signed.signature_algorithm_oid, signed.signature_algorithm_oid.dotted_string)
    name = algorithm.name.upper()
    return name.replace("SHA", "SHA-", 1) if name.startswith("SHA") and "-" not in name else name


def authority_key_id(extensions: x509.Extensions) -> KeyIdentifier | None:
    """The authority key identifier among extensions."""
    found = _extension(extensions, x509.AuthorityKeyIdentifier)
    if found is None:
        return None
    directories = [name.value for name in found.authority_cert_issuer or () if isinstance(name, x509.DirectoryName)]
    return KeyIdentifier(
        found.key_identifier, directories[0] if directories else None, found.authority_cert_serial_number
    )


def _extension(extensions: x509.Extensions, kind: type[_Kind]) -> _Kind | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def guess_generation(unit: str, addresses: tuple[str, ...]) -> GenerationHint:
    """Guess a generation from the OU that names the signing service and from the addresses of revocation lists.

    An address names the generation outright; the OU names a machine family (resources/help/host-keys.md#generations).
    """
    for address in addresses:
        file_name = address.rsplit("/", 1)[-1].lower()
        for mark, generation in (("gen2", Generation.GEN2), ("gen3", Generation.GEN3)):
            if mark in file_name:
                return GenerationHint(generation, unit, address)
    address = addresses[0] if addresses else ""
    guesses = {
        "ibm z host key signing service": Generation.FIRST,
        "ibm z16 host key signing service": Generation.GEN2,
        "ibm z17 host key signing service": Generation.GEN3,
    }
    return GenerationHint(guesses.get(unit.lower(), Generation.UNKNOWN), unit, address)
