"""What a collection lacks: which file, from whom, where it can be had, and who waits for it.

Rules: resources/help/host-keys.md#what-is-missing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from seworkbench.trust import path
from seworkbench.trust.objects import Generation, ObjectKind, TrustCertificate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from seworkbench.trust.crls import Coverage
    from seworkbench.trust.judgement import HostKeyJudgement
    from seworkbench.trust.objects import TrustCrl
    from seworkbench.trust.signing_groups import SigningGroup

# Names under which IBM distributes the files (resources/help/host-keys.md#generations).
_SIGNING_FILES = {
    Generation.FIRST: "ibm-z-host-key-signing.crt",
    Generation.GEN2: "ibm-z-host-key-signing-gen2.crt",
    Generation.GEN3: "ibm-z-host-key-signing-gen3.crt",
}
_LIST_FILES = {
    Generation.FIRST: "ibm-z-host-key.crl",
    Generation.GEN2: "ibm-z-host-key-gen2.crl",
    Generation.GEN3: "ibm-z-host-key-gen3.crl",
}
_INTERMEDIATE_FILE = "DigiCertCA.crt"
# Where IBM publishes them, beside the revocation lists that gen2 and gen3 documents name. The first generation has no
# such common place.
_PUBLISHED = "https://www.ibm.com/support/resourcelink/api/content/public/"
_PUBLISHED_GENERATIONS = (Generation.GEN2, Generation.GEN3)


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is needed and not there. Also drawn as a ghost, by its id.

    Args:
        id: stable id within a judgement, from kind and issuer.
        kind: SIGNING, INTERMEDIATE, ROOT or CRL.
        title: what it is, short: "gen2 signing certificate".
        issuer: subject of the certificate that must have issued it, on one line: a list is wanted from this issuer; a
            certificate is wanted that has this subject, where nothing more is known.
        usual_file: name under which it is usually distributed; empty if there is none.
        addresses: where it can be downloaded, as the certificates say, or where IBM publishes it.
        needed_by: fingerprints of the certificates that need it: those directly beside it, then host keys.
        why: one sentence: what cannot be checked without it, or what is wrong with the one that is there.
        beside: fingerprints of the certificates, or ids of what is missing too, directly beside it, to draw it.
        signer: fingerprint of the certificate that must have issued it, if that is there.
    """

    id: str
    kind: ObjectKind
    title: str
    issuer: str
    usual_file: str
    addresses: tuple[str, ...]
    needed_by: tuple[str, ...]
    why: str
    beside: tuple[str, ...] = ()
    signer: str = ""


@dataclass
class _Needs:
    """Collects; what several need is one need."""

    found: dict[str, Missing] = field(default_factory=dict)

    def add(self, item: Missing) -> None:
        """Add a need, or its askers to the same need."""
        known = self.found.get(item.id)
        if known is None:
            self.found[item.id] = item
            return
        self.found[item.id] = replace(
            known,
            addresses=_unique(known.addresses + item.addresses),
            needed_by=_unique(known.needed_by + item.needed_by),
            beside=_unique(known.beside + item.beside),
        )


def _unique(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _id(kind: ObjectKind, *parts: str) -> str:
    digest = hashlib.sha256("\n".join((kind.name, *parts)).encode()).hexdigest()
    return f"missing-{kind.name.lower()}-{digest[:16]}"


def find_missing(
    host_keys: Sequence[HostKeyJudgement],
    groups: Sequence[SigningGroup],
    issuers: Sequence[TrustCertificate],
    crls: Sequence[TrustCrl],
) -> tuple[Missing, ...]:
    """Everything that is needed, what holds back most first.

    Args:
        host_keys: the judged host keys.
        groups: the signing certificates.
        issuers: all certificates that are no host keys.
        crls: all revocation lists.
    """
    needs = _Needs()
    for item in host_keys:
        if item.signing is None:
            for need in _without_signing(item.certificate, issuers, crls):
                needs.add(need)
    waiting: dict[str, list[HostKeyJudgement]] = {}
    for item in host_keys:
        if item.signing is not None:
            waiting.setdefault(item.signing.fingerprint, []).append(item)
    for group in groups:
        own = waiting.get(group.signing.fingerprint, [])
        keys = tuple(item.certificate.fingerprint for item in own)
        for need in _chain_needs(group, keys):
            needs.add(need)
        for item in own:
            if item.coverage is not None and not item.coverage.used:
                needs.add(_host_key_list(group, item.certificate, item.coverage))
    return tuple(sorted(needs.found.values(), key=lambda need: -len(need.needed_by)))


def _without_signing(
    certificate: TrustCertificate, issuers: Sequence[TrustCertificate], crls: Sequence[TrustCrl]
) -> Iterable[Missing]:
    """The signing certificate, and what comes after it, as far as that is known before it is there."""
    signing = _signing(certificate)
    yield signing
    if not _has_list(certificate, crls):
        yield _list_without_signing(certificate)
    intermediate = any(item.kind is ObjectKind.INTERMEDIATE for item in issuers)
    if not intermediate and certificate.generation.generation in _PUBLISHED_GENERATIONS:
        yield _intermediate_without_signing(certificate, signing)


def _signing(certificate: TrustCertificate) -> Missing:
    hint = certificate.generation
    known = hint.generation is not Generation.UNKNOWN
    asker = (certificate.fingerprint,)
    return Missing(
        id=_id(ObjectKind.SIGNING, hint.generation.name, hint.unit),
        kind=ObjectKind.SIGNING,
        title=f"{hint.generation.value} signing certificate" if known else "signing certificate",
        issuer=certificate.issuer_text,
        usual_file=_SIGNING_FILES.get(hint.generation, ""),
        addresses=_published(hint.generation, _SIGNING_FILES.get(hint.generation, "")),
        needed_by=asker,
        why="Without it nobody can tell who made these host key documents.",
        beside=asker,
    )


def _has_list(certificate: TrustCertificate, crls: Sequence[TrustCrl]) -> bool:
    """Whether a list of the missing issuer of a host key is there, by its name or by where it came from."""
    return any(crl.issuer == certificate.issuer or crl.source.name in certificate.crl_addresses for crl in crls)


def _list_without_signing(certificate: TrustCertificate) -> Missing:
    hint, asker = certificate.generation, (certificate.fingerprint,)
    addresses = certificate.crl_addresses
    named = addresses[0].rsplit("/", 1)[-1] if addresses else ""
    return Missing(
        id=_id(ObjectKind.CRL, hint.generation.name, hint.unit),
        kind=ObjectKind.CRL,
        title="revocation list of the signing certificate",
        issuer=certificate.issuer_text,
        usual_file=_LIST_FILES.get(hint.generation, named),
        addresses=addresses,
        needed_by=asker,
        why="Needed once the signing certificate is there: it tells whether a host key was revoked.",
        beside=asker,
    )


def _intermediate_without_signing(certificate: TrustCertificate, signing: Missing) -> Missing:
    return Missing(
        id=_id(ObjectKind.INTERMEDIATE, signing.id),
        kind=ObjectKind.INTERMEDIATE,
        title="intermediate certificate",
        issuer="",
        usual_file=_INTERMEDIATE_FILE,
        addresses=_published(certificate.generation.generation, _INTERMEDIATE_FILE),
        needed_by=(certificate.fingerprint,),
        why="Needed once the signing certificate is there, which then tells whether this one issued it.",
        beside=(signing.id,),
    )


def _published(generation: Generation, file: str) -> tuple[str, ...]:
    return (_PUBLISHED + file,) if generation in _PUBLISHED_GENERATIONS else ()


def _chain_needs(group: SigningGroup, keys: tuple[str, ...]) -> Iterable[Missing]:
    outcome = group.findings.outcome
    last = outcome.chain[-1]
    if not outcome.rooted and outcome.code != path.CHAIN_TOO_LONG and not path.is_self_signed(last):
        beside = (last.fingerprint,)
        signing = last.kind is ObjectKind.SIGNING
        yield Missing(
            id=_id(ObjectKind.INTERMEDIATE, last.issuer_text),
            kind=ObjectKind.INTERMEDIATE if signing else ObjectKind.ROOT,
            title="intermediate certificate" if signing else "root certificate",
            issuer=last.issuer_text,
            usual_file=_INTERMEDIATE_FILE if signing and last.generation.generation is not Generation.UNKNOWN else "",
            addresses=last.issuer_addresses
            or (_published(last.generation.generation, _INTERMEDIATE_FILE) if signing else ()),
            needed_by=_unique((*beside, *keys)),
            why=f"“{last.name}” was issued by it; without it the path does not reach a root.",
            beside=beside,
        )
    for depth, covered in enumerate(group.findings.coverage):
        if covered.used:
            continue
        following = depth + 1 < len(outcome.chain)
        certificate = covered.certificate
        if not following and not path.is_self_signed(certificate):
            continue
        issuer = outcome.chain[depth + 1] if following else certificate
        # A root names no list of its own: it is the one that the certificate below it names.
        below = outcome.chain[depth - 1] if issuer is certificate and depth else certificate
        yield _list(issuer, below.crl_addresses, (certificate.fingerprint,), keys, covered)


def _host_key_list(group: SigningGroup, certificate: TrustCertificate, covered: Coverage) -> Missing:
    need = _list(group.signing, certificate.crl_addresses, (certificate.fingerprint,), (), covered)
    return replace(need, usual_file=_LIST_FILES.get(certificate.generation.generation, need.usual_file))


def _list(
    issuer: TrustCertificate,
    addresses: tuple[str, ...],
    beside: tuple[str, ...],
    keys: tuple[str, ...],
    covered: Coverage,
) -> Missing:
    why = f"Without it nobody can tell whether “{issuer.name}” has revoked what it issued."
    if covered.rejected:
        rejected = covered.rejected[0]
        why = f"{rejected.crl.source.short} is not usable. {rejected.reason}"
    return Missing(
        id=_id(ObjectKind.CRL, issuer.fingerprint),
        kind=ObjectKind.CRL,
        title=f"revocation list of {issuer.name}",
        issuer=issuer.subject_text,
        usual_file=addresses[0].rsplit("/", 1)[-1] if addresses else "",
        addresses=addresses,
        needed_by=_unique((*beside, *keys)),
        why=why,
        beside=beside,
        signer=issuer.fingerprint,
    )
