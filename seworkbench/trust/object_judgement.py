"""What issuers' certificates and revocation lists of a collection are good for.

Rules: resources/help/host-keys.md#judging-a-collection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.trust import path
from seworkbench.trust.certificate_checks import known_root_check, validity_check
from seworkbench.trust.crls import chain_coverage, moment, time_fault
from seworkbench.trust.names import LOCALITY_RULE, compare_names, lookup_variants
from seworkbench.trust.objects import ObjectKind, TrustCertificate, TrustCrl, TrustObject
from seworkbench.trust.path_rules import STRENGTH_LIMIT, is_weak_digest
from seworkbench.trust.signatures import identifier_agrees, is_signed_by
from seworkbench.trust.stage_a import crl_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

ISSUER = Step(
    "trust.object.issuer",
    "Issuer and signature",
    "host-keys.md#path-validation",
    "Get the certificate again, and that of its issuer.",
)
VALIDITY = Step("trust.object.validity", "Validity", "host-keys.md#validity", "Get the renewed one.")
STRENGTH = Step("trust.object.strength", "Key and digest strength", "host-keys.md#strength", "Use a current one.")
REVOCATION = Step(
    "trust.object.revocation",
    "Revocation",
    "host-keys.md#revocation-in-the-chain",
    "Add the current revocation list of its issuer.",
)
USE = Step("trust.object.use", "What it is used for", "host-keys.md#judging-a-collection")
LOOK_ALIKE = Step("trust.object.look-alike", "No look-alike", "host-keys.md#look-alikes")

LIST_ISSUER = Step(
    "trust.crl.issuer",
    "Issuer and signature",
    "host-keys.md#revocation-of-a-host-key",
    "Get the list again from its issuer.",
)
LIST_VALIDITY = Step("trust.crl.validity", "Validity", "host-keys.md#validity", "Get the current list.")
LIST_USE = Step("trust.crl.use", "What it is used for", "host-keys.md#judging-a-collection")


@dataclass(frozen=True)
class ObjectJudgement:
    """What an issuer's certificate or a revocation list is good for.

    Args:
        object: it.
        check: its own checks; their group gives its verdict.
        role: one phrase: "root of 2 certificates", "used for 4 certificates", "used by nobody".
        serves: fingerprints of the objects that depend on it.
        look_alike_of: fingerprints of certificates with the same subject and another key.
        issuer: fingerprint of the certificate that issued it; empty if that is not there.
    """

    object: TrustObject
    check: Check
    role: str
    serves: tuple[str, ...] = ()
    look_alike_of: tuple[str, ...] = ()
    issuer: str = ""

    @property
    def verdict(self) -> Verdict:
        """The derived verdict of its checks."""
        return self.check.verdict


def judge_certificate(
    certificate: TrustCertificate,
    everything: Sequence[TrustCertificate],
    crls: Sequence[TrustCrl],
    serves: tuple[str, ...],
    at: datetime,
) -> ObjectJudgement:
    """Judge an issuer's certificate by itself.

    Args:
        certificate: it.
        everything: all certificates that may have issued it, anchors included.
        crls: all revocation lists.
        serves: fingerprints of the objects that depend on it.
        at: the instant, of whole seconds.
    """
    issuer = find_issuer(certificate, everything)
    alike = tuple(item.fingerprint for item in everything if is_look_alike(item, certificate))
    checks = [
        _issuer(certificate, issuer, everything),
        validity_check(VALIDITY, certificate, at),
        _strength(certificate, root=issuer is certificate),
        _revocation(certificate, issuer, crls, at, needed=bool(serves)),
    ]
    if certificate.kind is ObjectKind.ROOT:
        checks.append(known_root_check(certificate))
    if alike:
        text = "There are other certificates of the same name with another key; see which one you trust."
        checks.append(LOOK_ALIKE.note(text, *((f"look-alike {number}", item) for number, item in enumerate(alike, 1))))
    role = certificate_role(certificate, len(serves))
    checks.append(USE.passed(role) if serves else USE.not_checked("Nothing here depends on it.", required=False))
    check = group("trust.object", certificate.name, checks)
    return ObjectJudgement(certificate, check, role, serves, alike, issuer.fingerprint if issuer else "")


def certificate_role(certificate: TrustCertificate, count: int) -> str:
    """What a certificate is used for, as a phrase."""
    if not count:
        return "used by nobody"
    things = {ObjectKind.SIGNING: "host key"}.get(certificate.kind, "certificate")
    word = {ObjectKind.ROOT: "root of", ObjectKind.SIGNING: "signed"}.get(certificate.kind, "issued")
    return f"{word} {count} {things}{'' if count == 1 else 's'}"


def find_issuer(certificate: TrustCertificate, everything: Iterable[TrustCertificate]) -> TrustCertificate | None:
    """The certificate that issued another; of several with the same key, the one that ends last."""
    if path.is_self_signed(certificate):
        return certificate if is_signed_by(certificate, certificate) else None
    found = [
        item
        for item in everything
        if item is not certificate and path.may_issue(item, certificate) and is_signed_by(certificate, item)
    ]
    return max(found, key=lambda item: item.not_after, default=None)


def is_look_alike(one: TrustCertificate, two: TrustCertificate) -> bool:
    """Whether two certificates have the same subject and different keys."""
    return one.subject == two.subject and one != two and _key_bytes(one) != _key_bytes(two)


def _key_bytes(certificate: TrustCertificate) -> bytes:
    return certificate.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _issuer(
    certificate: TrustCertificate, issuer: TrustCertificate | None, everything: Iterable[TrustCertificate]
) -> Check:
    if issuer is certificate:
        return ISSUER.passed("It is a root: it signed itself, and the signature is right.")
    if issuer is not None:
        return ISSUER.passed(f"Signed by {issuer.name}.", ("issuer", issuer.subject_text))
    wanted = ("wanted", certificate.issuer_text)
    if path.is_self_signed(certificate):
        return ISSUER.failed("It names itself as its issuer, and its signature is wrong.", wanted)
    named = [item for item in everything if item.subject == certificate.issuer and item != certificate]
    if named:
        rows = [(f"of that name, {item.source.short}", f"SHA-256 {item.fingerprint}") for item in named]
        return ISSUER.failed(f"{named[0].name} is there, but its key did not sign this.", wanted, *rows)
    return ISSUER.not_checked(f"Its issuer is not there: {certificate.issuer_text}.")


def _strength(certificate: TrustCertificate, *, root: bool) -> Check:
    bits = certificate.security_bits
    rows = (("key", f"{certificate.key_text}, {bits} bits"), ("signature", certificate.signature_text))
    if bits < STRENGTH_LIMIT:
        return STRENGTH.failed(f"The key has {bits} bits of security; {STRENGTH_LIMIT} are needed.", *rows)
    if is_weak_digest(certificate) and not root:
        return STRENGTH.failed(f"It is signed with {certificate.signature_text}, which is too weak.", *rows)
    return STRENGTH.passed(f"{certificate.key_text}, {certificate.signature_text}.", *rows)


def _revocation(
    certificate: TrustCertificate,
    issuer: TrustCertificate | None,
    crls: Iterable[TrustCrl],
    at: datetime,
    *,
    needed: bool,
) -> Check:
    if issuer is None:
        return REVOCATION.not_checked("Its issuer is not there, so no list can be judged.", required=needed)
    covered = chain_coverage(certificate, issuer, crls, at)
    rows = [("serial number", certificate.serial_text), *crl_rows(covered)]
    if not covered.used:
        text = f"There is no valid revocation list of {issuer.name}."
        return REVOCATION.failed(text, *rows) if needed else REVOCATION.not_checked(text, required=False)
    entry = covered.used[0].entry(certificate.serial)
    if entry is not None:
        return REVOCATION.failed(f"It is revoked since {moment(entry.revocation_date_utc)}.", *rows)
    return REVOCATION.passed(f"Not in {covered.used[0].source.short}.", *rows)


# --- Revocation lists -------------------------------------------------------------------------------------------------


def list_issuer(crl: TrustCrl, everything: Iterable[TrustCertificate]) -> tuple[TrustCertificate | None, str]:
    """The certificate whose key signed a list, and the name rule by which they belong together.

    Returns:
        The certificate, of several with the same key the one with the plainest rule; None if it is not there. The rule
        is empty if the names are equal.
    """
    found = []
    for certificate in everything:
        if certificate.kind is ObjectKind.HOST_KEY or not identifier_agrees(crl, certificate):
            continue
        if certificate.subject == crl.issuer:
            if is_signed_by(crl, certificate):
                return certificate, ""
        elif certificate.kind is ObjectKind.SIGNING and is_signed_by(crl, certificate):
            rules = [item.rule for item in lookup_variants(certificate.certificate.subject) if item.name == crl.issuer]
            words = compare_names(crl.crl.issuer, certificate.certificate.subject).words
            found.append((certificate, rules[0] if rules else words))
    return min(found, key=lambda pair: len(pair[1]), default=(None, ""))


def judge_list(
    crl: TrustCrl,
    everything: Sequence[TrustCertificate],
    serves: tuple[str, ...],
    at: datetime,
    *,
    quirk: bool,
) -> tuple[ObjectJudgement, str]:
    """Judge a revocation list.

    Args:
        crl: it.
        everything: all certificates.
        serves: fingerprints of the certificates it is used for.
        at: the instant, of whole seconds.
        quirk: whether host keys found it by the rule for the locality only.

    Returns:
        The judgement, and the name rule between the list and its issuer.
    """
    issuer, rule = list_issuer(crl, everything)
    checks = [_list_signature(crl, issuer, rule, everything), _list_validity(crl, issuer, at)]
    count = len(serves)
    role = f"used for {count} certificate{'' if count == 1 else 's'}" if count else "used for nothing"
    if quirk:
        checks.append(LIST_USE.warning(f"{role[0].upper()}{role[1:]}, found by the rule {LOCALITY_RULE}."))
    elif count:
        checks.append(LIST_USE.passed(f"{role[0].upper()}{role[1:]}."))
    else:
        checks.append(LIST_USE.not_checked("No certificate here needs it now.", required=False))
    check = group("trust.crl", crl.name, checks)
    return ObjectJudgement(crl, check, role, serves, (), issuer.fingerprint if issuer else ""), rule


def _list_signature(
    crl: TrustCrl, issuer: TrustCertificate | None, rule: str, everything: Iterable[TrustCertificate]
) -> Check:
    number = str(crl.number) if crl.number is not None else "none"
    rows = [("issuer", crl.issuer_text), ("entries", crl.entries), ("list number", number)]
    if issuer is not None:
        names = f", whose name differs: {rule}" if rule else ""
        return LIST_ISSUER.passed(f"Signed by {issuer.name}{names}.", *rows, ("signature", crl.signature_text))
    named = [item for item in everything if item.subject == crl.issuer]
    if named:
        return LIST_ISSUER.failed(f"{named[0].name} is there, but its key did not sign this list.", *rows)
    return LIST_ISSUER.not_checked(f"Its issuer is not there: {crl.issuer_text}.")


def _list_validity(crl: TrustCrl, issuer: TrustCertificate | None, at: datetime) -> Check:
    rows = [("valid from", moment(crl.this_update)), ("instant", moment(at))]
    if crl.next_update is not None:
        rows.insert(1, ("next list due", moment(crl.next_update)))
    elif issuer is None or issuer.kind is ObjectKind.SIGNING:
        return LIST_VALIDITY.failed("It does not say when the next list is due; for host keys it must.", *rows)
    fault = time_fault(crl, at)
    if fault:
        return LIST_VALIDITY.failed(fault, *rows)
    return LIST_VALIDITY.passed(f"The next list is due {moment(crl.next_update)}." if crl.next_update else "", *rows)
