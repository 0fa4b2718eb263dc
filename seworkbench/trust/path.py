"""The path from a signing certificate to a root: OpenSSL decides, this program adds what its binding leaves out.

Rules: resources/help/host-keys.md#path-validation. The library that Python has does not let one set the depth and the
security level, and newer releases of it demand less (trust/path_rules.py); what is lost that way is checked here, in
the order in which OpenSSL checks it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from seworkbench.trust.path_rules import LEAF_KEY_WEAK, OK, STRENGTH_LIMIT, stricter
from seworkbench.trust.signatures import identifier_agrees, key_fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from OpenSSL import crypto

    from seworkbench.trust.names import Canonical
    from seworkbench.trust.objects import TrustCertificate, TrustCrl, TrustObject

# "verify depth 2": at most two certificates between the signing certificate and the root.
INTERMEDIATES_LIMIT = 2

ISSUER_MISSING = 2
SELF_SIGNED_LEAF = 18
SELF_SIGNED_IN_CHAIN = 19
ISSUER_MISSING_LOCALLY = 20
CHAIN_TOO_LONG = 22
APPLICATION = 50
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Path:
    """A path as far as it could be built.

    Args:
        chain: the signing certificate, its issuer, and so on.
        code: OpenSSL's code for why it ends where it does; 0 if it ends in a trusted self-signed certificate.
        depth: number of the certificate the code is about.
    """

    chain: tuple[TrustCertificate, ...]
    code: int
    depth: int


@dataclass(frozen=True, slots=True)
class PathOutcome:
    """Whether a signing certificate is proven.

    Args:
        code: OpenSSL's verification error code, 0 if it is proven.
        depth: number of the certificate the code is about, 0 for the signing certificate.
        text: the code in OpenSSL's words.
        chain: the signing certificate and its issuers, as far as found.
        rooted: whether the chain ends in a trust anchor.
    """

    code: int
    depth: int
    text: str
    chain: tuple[TrustCertificate, ...]
    rooted: bool


@dataclass(frozen=True)
class Material:
    """What a path is built from.

    Args:
        signing: the signing certificate.
        pool: certificates that may stand between it and a root; not trusted.
        anchors: trusted certificates; only self-signed ones end a path.
        crls: revocation lists, in the order in which they were loaded.
    """

    signing: TrustCertificate
    pool: tuple[TrustCertificate, ...]
    anchors: tuple[TrustCertificate, ...]
    crls: tuple[TrustCrl, ...]

    def reduced(self) -> Material:
        """The same without what no path of this signing certificate can touch."""
        by_subject: dict[Canonical, list[TrustCertificate]] = {}
        for certificate in (*self.pool, *self.anchors):
            by_subject.setdefault(certificate.subject, []).append(certificate)
        wanted: set[Canonical] = set()
        queue = [self.signing]
        while queue:
            name = queue.pop().issuer
            if name not in wanted:
                wanted.add(name)
                queue += by_subject.get(name, ())
        return Material(
            self.signing,
            tuple(dict.fromkeys(item for item in self.pool if item.subject in wanted)),
            tuple(dict.fromkeys(item for item in self.anchors if item.subject in wanted)),
            tuple(dict.fromkeys(item for item in self.crls if item.issuer in wanted)),
        )

    def boundaries(self) -> list[datetime]:
        """All instants at which the outcome may change, ascending."""
        instants = {
            instant
            for certificate in (self.signing, *self.pool, *self.anchors)
            for instant in (certificate.not_before, certificate.not_after)
        }
        instants |= {
            instant for crl in self.crls for instant in (crl.this_update, crl.next_update) if instant is not None
        }
        return sorted(instants)


class PathValidator:
    """Validates one signing certificate, at any instant; between two boundaries the answer is computed once.

    Args:
        material: what the path is built from.
    """

    def __init__(self, material: Material) -> None:
        self.material = material.reduced()
        self.boundaries = self.material.boundaries()
        self._known: dict[int, PathOutcome] = {}

    def at(self, instant: datetime) -> PathOutcome:
        """The outcome at an instant of whole seconds."""
        place = bisect_right(self.boundaries, instant)
        if place not in self._known:
            self._known[place] = validate(self.material, instant)
        return self._known[place]


@lru_cache(maxsize=_REMEMBERED)
def _validator(
    signing: TrustCertificate,
    pool: tuple[TrustCertificate, ...],
    anchors: tuple[TrustCertificate, ...],
    crls: tuple[TrustCrl, ...],
    _sources: tuple[str, ...],
) -> PathValidator:
    # Equal are objects with the same bytes; what is told of them names where they came from, so that is asked for, too.
    return PathValidator(Material(signing, pool, anchors, crls))


def validator_of(material: Material) -> PathValidator:
    """The validator of some material; the same one for the same material, with what it already knows."""
    small = material.reduced()
    everything: tuple[TrustObject, ...] = (small.signing, *small.pool, *small.anchors, *small.crls)
    sources = tuple(item.source.name for item in everything)
    return _validator(small.signing, small.pool, small.anchors, small.crls, sources)


def validate(material: Material, at: datetime) -> PathOutcome:
    """Validate the path of a signing certificate.

    Args:
        material: what the path is built from.
        at: the instant, of whole seconds.
    """
    path = build_path(material, at)
    rooted = path.code == OK
    if material.signing.security_bits < STRENGTH_LIMIT:
        return PathOutcome(*LEAF_KEY_WEAK, path.chain, rooted)
    if path.code == CHAIN_TOO_LONG:
        return PathOutcome(path.code, path.depth, "certificate chain too long", path.chain, rooted)
    code, depth, text, chain = _openssl(material, at)
    chain = chain or path.chain
    code, depth, text = stricter((code, depth, text), chain, material.crls, at)
    if code == OK and len(chain) < 2:  # noqa: PLR2004 - a signing certificate and its issuer
        code, depth, text = APPLICATION, 0, "application verification failure"
    return PathOutcome(code, depth, text, chain, rooted)


# --- OpenSSL ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=_REMEMBERED)
def _native(certificate: TrustCertificate) -> crypto.X509:
    from OpenSSL import crypto  # noqa: PLC0415 - costs a tenth of a second

    return crypto.X509.from_cryptography(certificate.certificate)


def _openssl(material: Material, at: datetime) -> tuple[int, int, str, tuple[TrustCertificate, ...]]:
    """OpenSSL's answer: code, depth, text, and the chain if it is valid."""
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - together with the next
    from OpenSSL import crypto  # noqa: PLC0415 - costs a tenth of a second

    store = crypto.X509Store()
    for anchor in material.anchors:
        store.add_cert(_native(anchor))
    for crl in material.crls:
        store.add_crl(crl.crl)
    flags = crypto.X509StoreFlags
    store.set_flags(
        flags.X509_STRICT | flags.CRL_CHECK | flags.CRL_CHECK_ALL | flags.CHECK_SS_SIGNATURE | flags.POLICY_CHECK
    )
    store.set_time(at)
    pool = [_native(certificate) for certificate in material.pool]
    context = crypto.X509StoreContext(store, _native(material.signing), pool)
    try:
        found = context.get_verified_chain()
    except crypto.X509StoreContextError as error:
        code, depth, text = error.errors
        return int(code), int(depth), str(text), ()
    known = {item.der: item for item in (material.signing, *material.pool, *material.anchors)}
    chain = tuple(known[item.to_cryptography().public_bytes(Encoding.DER)] for item in found)
    return OK, 0, "ok", chain


# --- The path as OpenSSL builds it ------------------------------------------------------------------------------------


def build_path(material: Material, at: datetime) -> Path:
    """Build the path of a signing certificate the way OpenSSL does: trusted issuers first, valid ones preferred.

    It stops where OpenSSL stops with the depth of the reference.
    """
    chain = [material.signing]
    pool = list(material.pool)
    untrusted = 1
    look_in_pool = True
    while True:
        last = chain[-1]
        whole = is_self_signed(last)
        room = len(chain) <= INTERMEDIATES_LIMIT + 1
        trusted = _best_issuer(last, material.anchors, chain, at) if room else None
        if trusted is not None and whole:
            # A self-signed certificate is trusted only if the store holds this very one.
            if trusted == last or untrusted < len(chain):
                return Path(tuple(chain), OK, len(chain) - 1)
        elif trusted is not None:
            chain.append(trusted)
            look_in_pool = False
            if is_self_signed(trusted):
                return Path(tuple(chain), OK, len(chain) - 1)
            continue
        following = _best_issuer(last, pool, chain, at) if look_in_pool and room and not whole else None
        if following is None:
            return _dead_end(chain, untrusted)
        pool.remove(following)
        chain.append(following)
        untrusted += 1


def _dead_end(chain: list[TrustCertificate], untrusted: int) -> Path:
    depth = len(chain) - 1
    if len(chain) > INTERMEDIATES_LIMIT + 1:
        code = CHAIN_TOO_LONG
    elif is_self_signed(chain[-1]):
        code = SELF_SIGNED_IN_CHAIN if depth else SELF_SIGNED_LEAF
    else:
        code = ISSUER_MISSING if untrusted < len(chain) else ISSUER_MISSING_LOCALLY
    return Path(tuple(chain), code, depth)


def is_self_signed(certificate: TrustCertificate) -> bool:
    """Whether it names itself as its issuer in every way; the signature is looked at later."""
    return (
        certificate.self_issued and identifier_agrees(certificate, certificate) and key_fits(certificate, certificate)
    )


def may_issue(issuer: TrustCertificate, certificate: TrustCertificate) -> bool:
    """Whether names, key identifiers and the kind of signature fit; the signature itself is looked at later."""
    return (
        issuer.subject == certificate.issuer
        and identifier_agrees(certificate, issuer)
        and key_fits(certificate, issuer)
    )


def _best_issuer(
    certificate: TrustCertificate,
    candidates: Iterable[TrustCertificate],
    chain: Sequence[TrustCertificate],
    at: datetime,
) -> TrustCertificate | None:
    best = None
    for candidate in candidates:
        if not may_issue(candidate, certificate) or (candidate in chain and candidate != certificate):
            continue
        if candidate.not_before <= at < candidate.not_after:
            return candidate
        if best is None or candidate.not_after > best.not_after:
            best = candidate
    return best
