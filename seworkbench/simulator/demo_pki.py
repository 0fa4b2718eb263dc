"""A public key infrastructure for simulated machines (resources/help/simulated-machine.md#demo-pki).

    root -> intermediate -> host key signing certificate (no CA) -> host key document

Names, key usages and extensions are those of the real chain, so that whatever verifies a real host key document can
be tried on these. What tells them apart is in every name: SIMULATED, and addresses of revocation lists that end in
`.invalid`, a domain that never resolves (RFC 2606). The root is in nobody's trust store.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from seworkbench.errors import SeError
from seworkbench.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seworkbench.simulator.generations import Generation

# In every name that the demo PKI writes, and in nothing that IBM or DigiCert issue.
MARK = "SIMULATED"
# Real certificates have RSA-4096. 3072 bits are made three times as fast and are above the floor of 112 bits.
RSA_BITS = 3072
_EXPONENT = 65537

CA_LIFETIME = timedelta(days=20 * 365)
SIGNING_LIFETIME = timedelta(days=10 * 365)
HOST_KEY_LIFETIME = timedelta(days=730)
CRL_LIFETIME = timedelta(days=30)

_CORPORATION = "International Business Machines Corporation"
_CRL_FOLDER = "http://simulated.invalid/"
# Serial numbers of real host key documents have nine bytes with the top bit clear.
_SERIAL_BITS = 71
_MADE_BY_ANOTHER = (
    "A simulated machine takes only what its own demo PKI made; make a new one: seworkbench machine create"
)


@dataclass(frozen=True)
class DemoNames:
    """File names of what is handed out, without folder."""

    root: str = f"root-{MARK}.crt"
    intermediate: str = f"intermediate-{MARK}.crt"
    signing: str = f"ibm-z-host-key-signing-{MARK}.crt"
    root_crl: str = f"root-{MARK}.crl"
    intermediate_crl: str = f"intermediate-{MARK}.crl"
    host_key_crl: str = f"ibm-z-host-key-{MARK}.crl"


NAMES = DemoNames()


@dataclass(frozen=True)
class DemoChain:
    """The certificates above a host key document.

    Args:
        root: trust anchor, self-signed.
        intermediate: issued by the root.
        signing: host key signing certificate, issued by the intermediate.
    """

    root: x509.Certificate
    intermediate: x509.Certificate
    signing: x509.Certificate

    def require_own(self) -> None:
        """Refuse a chain that no demo PKI made.

        Raises:
            SeError: if a certificate lacks the mark of the demo PKI or was not issued by the one above it.
        """
        _require_issued(self.root, self.root)
        _require_issued(self.intermediate, self.root)
        _require_issued(self.signing, self.intermediate)

    def require_own_document(self, document: x509.Certificate) -> None:
        """Refuse a host key document that hangs from another chain, a real one in particular.

        Raises:
            SeError: if it does.
        """
        _require_issued(document, self.signing)


@dataclass(frozen=True)
class RevocationLists:
    """One list each of the three issuers; all are needed to verify a host key document offline.

    Args:
        root: issued by the root.
        intermediate: issued by the intermediate.
        host_key: issued by the host key signing certificate.
    """

    root: x509.CertificateRevocationList
    intermediate: x509.CertificateRevocationList
    host_key: x509.CertificateRevocationList


@dataclass(frozen=True)
class DemoPki:
    """A chain together with its private keys.

    Args:
        chain: the certificates.
        root_key: RSA private key of the root.
        intermediate_key: RSA private key of the intermediate.
        signing_key: RSA private key of the host key signing certificate.
    """

    chain: DemoChain
    root_key: rsa.RSAPrivateKey = field(repr=False)
    intermediate_key: rsa.RSAPrivateKey = field(repr=False)
    signing_key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def make(cls, generation: Generation, at: datetime, job: Job | None = None) -> Self:
        """A new PKI. Takes one to four seconds: three RSA keys are made.

        Args:
            generation: of the machines whose host keys it will sign.
            at: aware instant from which on its certificates are valid.
            job: for cancelling between the keys.

        Raises:
            Cancelled: if the job was cancelled.
        """
        job = job or Job()
        keys = []
        job.phase("Making the keys of the demo PKI", 3)
        for _ in range(3):
            keys.append(rsa.generate_private_key(_EXPONENT, RSA_BITS))
            job.advance(1)
        return cls.of_keys(generation, at, (keys[0], keys[1], keys[2]))

    @classmethod
    def of_keys(
        cls, generation: Generation, at: datetime, keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey, rsa.RSAPrivateKey]
    ) -> Self:
        """A new PKI on keys that exist: root, intermediate, host key signing."""
        root_key, intermediate_key, signing_key = keys
        root_name = _ca_name("Root CA")
        intermediate_name = _ca_name("Intermediate CA")
        service = f"{MARK} {generation.profile.service} Host Key Signing Service"
        signing_name = _name(
            # The order of attributes in which the real ones are encoded.
            (NameOID.COUNTRY_NAME, "US"),
            (NameOID.STATE_OR_PROVINCE_NAME, "New York"),
            (NameOID.LOCALITY_NAME, "Poughkeepsie"),
            (NameOID.ORGANIZATION_NAME, _CORPORATION),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, service),
            (NameOID.COMMON_NAME, _CORPORATION),
        )
        root = _Certificate(root_name, root_key.public_key(), at, at + CA_LIFETIME)
        root.extend(x509.BasicConstraints(ca=True, path_length=None), _usage("key_cert_sign", "crl_sign"))
        intermediate = _Certificate(intermediate_name, intermediate_key.public_key(), at, at + CA_LIFETIME)
        intermediate.extend(x509.BasicConstraints(ca=True, path_length=0), _usage("key_cert_sign", "crl_sign"))
        signing = _Certificate(signing_name, signing_key.public_key(), at, at + SIGNING_LIFETIME)
        # It signs host key documents and is no CA: path validation does not lead past it, as with the real one.
        signing.extend(x509.BasicConstraints(ca=False, path_length=None), _usage("digital_signature", "crl_sign"))
        signing.add(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        chain = DemoChain(
            root=root.signed(root_name, root_key),
            intermediate=intermediate.signed(root_name, root_key, NAMES.root_crl),
            signing=signing.signed(intermediate_name, intermediate_key, NAMES.intermediate_crl),
        )
        return cls(chain, root_key, intermediate_key, signing_key)

    def host_key_document(
        self,
        key: ec.EllipticCurvePublicKey,
        generation: Generation,
        serial: str,
        *,
        start: datetime,
        end: datetime | None = None,
    ) -> x509.Certificate:
        """A host key document.

        Args:
            key: public host key, P-521.
            generation: of the machine.
            serial: serial number of the machine, part of the name.
            start: aware instant from which on it is valid.
            end: when it ends; two years later unless given.
        """
        profile = generation.profile
        marked = f"{generation.value}-" if profile.suffix else ""
        subject = _name(
            (NameOID.COUNTRY_NAME, "US"),
            (NameOID.ORGANIZATION_NAME, "International Business Machines"),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, f"{MARK} IBM Z Host Key Signing Service{profile.suffix}"),
            (NameOID.LOCALITY_NAME, "Armonk"),
            (NameOID.STATE_OR_PROVINCE_NAME, "New York"),
            (NameOID.COMMON_NAME, f"ibm-z-host-key-{marked}{MARK}-{serial}"),
        )
        document = _Certificate(subject, key, start, end or start + HOST_KEY_LIFETIME)
        document.add(_usage("key_agreement"), critical=True)
        return document.signed(self.chain.signing.subject, self.signing_key, NAMES.host_key_crl, SHA512())

    def revocation_lists(self, at: datetime, number: int, revoked: Iterable[tuple[int, datetime]]) -> RevocationLists:
        """Lists for 30 days.

        Args:
            at: aware instant from which on they are valid.
            number: CRL number; must ascend from one issue to the next.
            revoked: serial number and revocation time of each revoked host key document.
        """
        chain = self.chain
        return RevocationLists(
            root=_revocation_list(chain.root, self.root_key, at, number, ()),
            intermediate=_revocation_list(chain.intermediate, self.intermediate_key, at, number, ()),
            host_key=_revocation_list(chain.signing, self.signing_key, at, number, revoked),
        )


def carries_mark(certificate: x509.Certificate) -> bool:
    """Whether the subject says that it is simulated."""
    return any(MARK in str(attribute.value) for attribute in certificate.subject)


def _require_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    try:
        name = certificate.subject.rfc4514_string()
        if not carries_mark(certificate):
            raise SeError(
                f"“{name}” does not carry the mark {MARK}: it may belong to a real machine.", remedy=_MADE_BY_ANOTHER
            )
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        raise SeError(
            "A certificate was not issued by the demo PKI of this machine.",
            where=_common_name(certificate),
            remedy=_MADE_BY_ANOTHER,
        ) from None


def _common_name(certificate: x509.Certificate) -> str:
    try:
        return certificate.subject.rfc4514_string()
    except (ValueError, TypeError):
        return "certificate"


def _name(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in attributes])


def _ca_name(role: str) -> x509.Name:
    return _name(
        (NameOID.COUNTRY_NAME, "US"),
        (NameOID.ORGANIZATION_NAME, f"{MARK} Demo PKI"),
        (NameOID.COMMON_NAME, f"{MARK} {role}"),
    )


def _usage(*uses: str) -> x509.KeyUsage:
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
    return x509.KeyUsage(**{use: use in uses for use in every})


class _Certificate:
    """A certificate in the making."""

    def __init__(
        self, subject: x509.Name, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, start: datetime, end: datetime
    ) -> None:
        builder = x509.CertificateBuilder().subject_name(subject).public_key(key)
        serial = secrets.randbits(_SERIAL_BITS) | 1 << (_SERIAL_BITS - 1)
        self._builder = builder.serial_number(serial).not_valid_before(_second(start)).not_valid_after(_second(end))
        self.add(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)

    def add(self, extension: x509.ExtensionType, *, critical: bool) -> None:
        self._builder = self._builder.add_extension(extension, critical)

    def extend(self, *critical: x509.ExtensionType) -> None:
        for extension in critical:
            self.add(extension, critical=True)

    def signed(
        self,
        issuer: x509.Name,
        key: rsa.RSAPrivateKey,
        crl: str | None = None,
        digest: SHA256 | SHA512 | None = None,
    ) -> x509.Certificate:
        self.add(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        if crl is not None:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(_CRL_FOLDER + crl)], None, None, None)
            self.add(x509.CRLDistributionPoints([point]), critical=False)
        return self._builder.issuer_name(issuer).sign(key, digest or SHA256())


def _revocation_list(
    issuer: x509.Certificate,
    key: rsa.RSAPrivateKey,
    at: datetime,
    number: int,
    revoked: Iterable[tuple[int, datetime]],
) -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
    builder = builder.last_update(_second(at)).next_update(_second(at + CRL_LIFETIME))
    for serial, when in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_second(when))
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    return builder.add_extension(identifier, critical=False).sign(key, SHA512())


def _second(instant: datetime) -> datetime:
    """X.509 counts whole seconds."""
    return instant.astimezone(UTC).replace(microsecond=0)
