"""Stage B as checks: whether a host key document was signed by the signing certificate, is valid and not revoked.

Rules: resources/help/host-keys.md#stage-b. The issuer of a host key document is no certificate authority, so no library
does this; the seven steps are carried out here one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.trust.causes import Cause, CauseKind, cause, strength_cause
from seworkbench.trust.certificate_checks import validity_check
from seworkbench.trust.crls import Coverage, CrlCandidate, host_key_crl_fault, moment
from seworkbench.trust.names import ORDER_RULE, compare_names, printable
from seworkbench.trust.path_rules import STRENGTH_LIMIT, is_weak_digest
from seworkbench.trust.signatures import identifier_agrees, identifier_rows, is_signed_by
from seworkbench.trust.stage_a import crl_rows, due

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cryptography import x509

    from seworkbench.trust.objects import TrustCertificate, TrustCrl

_GENUINE = "Get the document again from where IBM provides it, and the signing certificate of its generation."

KEY = Step(
    "trust.b0.key",
    "Host key on P-521",
    "host-keys.md#document",
    "No machine has such a host key; images and requests cannot be made for it.",
)
STRENGTH = Step("trust.b1.strength", "B1 Key strength", "host-keys.md#stage-b", "Use a document with a P-521 key.")
VALIDITY = Step(
    "trust.b2.validity",
    "B2 Validity",
    "host-keys.md#validity",
    "Get the renewed document of this machine; the hash of its key stays the same.",
)
IDENTIFIER = Step("trust.b3.akid", "B3 Authority key identifier", "host-keys.md#authority-key-identifier", _GENUINE)
SIGNATURE = Step("trust.b4.signature", "B4 Signature", "host-keys.md#signature", _GENUINE)
NAME = Step("trust.b4.name", "Issuer name (information)", "host-keys.md#names")
FOUND = Step("trust.b5.crls", "B5 Revocation lists found", "host-keys.md#revocation-of-a-host-key")
USABLE = Step(
    "trust.b6.usable",
    "B6 A usable revocation list",
    "host-keys.md#revocation-of-a-host-key",
    "Get the current revocation list of the signing certificate.",
)
REVOCATION = Step(
    "trust.b7.revocation",
    "B7 Not revoked",
    "host-keys.md#revocation-of-a-host-key",
    "Do not use this host key. Get the document of the machine's new key, and rebuild what was made for the old one.",
)

_SIGNED_STEPS = (IDENTIFIER, SIGNATURE, FOUND, USABLE, REVOCATION)


# How lists were found, in words; by the rule for the locality is a sentence of its own.
_FOUND_BY = {
    "issuer name": "under the signing certificate's name",
    ORDER_RULE: f"under the signing certificate's {ORDER_RULE}",
    "distribution point": "at a distribution point of the document",
}

Candidates = tuple["tuple[TrustCrl, str, bool]", ...]

# A thousand host keys, each before, within and after its validity, under a handful of states of its lists.
_REMEMBERED = 1 << 14


@dataclass(frozen=True)
class StageB:
    """What stage B found about one host key document.

    The steps are written down when somebody looks at them: of a thousand host keys that are judged while the instant
    is moved, one is looked at.

    Args:
        signing: the signing certificate.
        at: the instant.
        cause: the first failure; None if there is none.
        coverage: its revocation lists.
        fresh_until: until when document and lists hold; None if the document is not accepted.
    """

    signing: TrustCertificate
    at: datetime
    cause: Cause | None
    coverage: Coverage
    fresh_until: datetime | None

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """Its steps."""
        certificate = self.coverage.certificate
        validity = validity_check(VALIDITY, certificate, self.at)
        return _steps(certificate, self.signing, self.coverage.candidates, validity)

    @property
    def verdict(self) -> Verdict:
        """The verdict of its steps together."""
        certificate = self.coverage.certificate
        return _standing(certificate, self.signing, self.coverage.candidates, _place(certificate, self.at)).verdict


class _Place(Enum):
    """Where an instant lies; the value is the failure that this is."""

    BEFORE = CauseKind.BEFORE_VALIDITY
    WITHIN = None
    AFTER = CauseKind.AFTER_VALIDITY


def _place(certificate: TrustCertificate, at: datetime) -> _Place:
    if at < certificate.not_before:
        return _Place.BEFORE
    return _Place.WITHIN if at < certificate.not_after else _Place.AFTER


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is the same for a host key until something begins or ends: the first failure, and the verdict."""

    cause: Cause | None
    verdict: Verdict


@lru_cache(maxsize=_REMEMBERED)
def _standing(
    certificate: TrustCertificate, signing: TrustCertificate, rated: tuple[CrlCandidate, ...], place: _Place
) -> _Standing:
    # Of the step about validity only the verdict counts here; its words depend on the instant.
    validity = VALIDITY.passed() if place is _Place.WITHIN else VALIDITY.failed("")
    verdict = host_key_group("", _steps(certificate, signing, rated, validity)).verdict
    if certificate.security_bits < STRENGTH_LIMIT:
        return _Standing(strength_cause(certificate.security_bits, STRENGTH_LIMIT), verdict)
    usable = [item.crl for item in rated if item.usable]
    kind = place.value
    if kind is None:
        if not identifier_agrees(certificate, signing):
            kind = CauseKind.AKID
        elif not is_signed_by(certificate, signing):
            kind = CauseKind.SIGNATURE
        elif not usable:
            kind = CauseKind.NO_CRL
        elif any(crl.entry(certificate.serial) is not None for crl in usable):
            kind = CauseKind.HKD_REVOKED
    return _Standing(cause(kind) if kind else None, verdict)


def _steps(
    certificate: TrustCertificate, signing: TrustCertificate, rated: tuple[CrlCandidate, ...], validity: Check
) -> tuple[Check, ...]:
    key, strength, *signed = _fixed_checks(certificate, signing, certificate.source.name)
    usable = tuple(item.crl for item in rated if item.usable)
    lists = _list_checks(rated, signing, _sources(item.crl for item in rated))
    return (key, strength, validity, *signed, *lists, revocation_check(certificate, usable))


def host_key_cause(
    certificate: TrustCertificate, signing: TrustCertificate, candidates: Candidates, at: datetime
) -> Cause | None:
    """The failure with which the reference would end for this host key under this signing certificate.

    Args:
        certificate: the host key document.
        signing: the signing certificate.
        candidates: see `crls.host_key_candidates`.
        at: the instant, of whole seconds.
    """
    return _standing(certificate, signing, _rated(candidates, signing, at), _place(certificate, at)).cause


def stage_b(certificate: TrustCertificate, signing: TrustCertificate, candidates: Candidates, at: datetime) -> StageB:
    """Run every step of stage B.

    Args:
        certificate: the host key document.
        signing: the signing certificate.
        candidates: see `crls.host_key_candidates`.
        at: the instant, of whole seconds.
    """
    rated = _rated(candidates, signing, at)
    found = _standing(certificate, signing, rated, _place(certificate, at)).cause
    usable = tuple(item.crl for item in rated if item.usable)
    fresh = None
    if found is None:
        fresh = min(certificate.not_after, *(crl.next_update for crl in usable if crl.next_update is not None))
    return StageB(signing, at, found, Coverage(certificate, rated, usable), fresh)


def issuer_check(certificate: TrustCertificate, signing: TrustCertificate) -> Check:
    """Whether a signing certificate issued a host key document: the step that settles it.

    That is the signature, or the identifier where it names another key.
    """
    found = {step.id: step for step in _fixed_checks(certificate, signing, certificate.source.name)}
    identifier = found[IDENTIFIER.id]
    return identifier if identifier.verdict is Verdict.FAILED else found[SIGNATURE.id]


@dataclass(frozen=True)
class StageBAlone:
    """The steps that need no signing certificate; the others are not checked.

    Args:
        certificate: the host key document.
        at: the instant, of whole seconds.
        reason: why there is no signing certificate.
    """

    certificate: TrustCertificate
    at: datetime
    reason: str

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """Its steps."""
        certificate = self.certificate
        skipped = tuple(step.not_checked(self.reason) for step in _SIGNED_STEPS)
        return (_key(certificate), _strength(certificate), validity_check(VALIDITY, certificate, self.at), *skipped)

    @property
    def verdict(self) -> Verdict:
        """The verdict of its steps together."""
        return host_key_group("", self.checks).verdict


@lru_cache(maxsize=_REMEMBERED)
def _fixed_checks(certificate: TrustCertificate, signing: TrustCertificate, _source: str) -> tuple[Check, ...]:
    """The steps that do not depend on the instant.

    What is remembered here names files. Objects with the same bytes are equal wherever they came from, so where they
    did is part of what is asked.
    """
    return (
        _key(certificate),
        _strength(certificate),
        _identifier(certificate, signing),
        _signature(certificate, signing),
        _name(certificate, signing),
    )


def _key(certificate: TrustCertificate) -> Check:
    if certificate.phkh is None:
        return KEY.warning(f"Its key is {certificate.key_text}, not EC secp521r1.", ("key", certificate.key_text))
    hint = certificate.generation
    rows = (
        ("key", certificate.key_text),
        ("PHKH", certificate.phkh),
        ("subject", certificate.subject_text),
        ("serial number", certificate.serial_text),
        ("machine, by file name or common name", certificate.machine or "not named"),
        (
            "generation",
            f"{hint.generation.value}, by issuer OU “{printable(hint.unit)}” and list “{printable(hint.address)}”",
        ),
    )
    return KEY.passed(f"PHKH {certificate.phkh[:16]}…", *rows)


def _strength(certificate: TrustCertificate) -> Check:
    bits = certificate.security_bits
    rows = (("key", certificate.key_text), ("bits of security", bits), ("needed", STRENGTH_LIMIT))
    if bits < STRENGTH_LIMIT:
        return STRENGTH.failed(f"{bits} bits of security; {STRENGTH_LIMIT} are needed.", *rows)
    return STRENGTH.passed(f"{bits} bits; {STRENGTH_LIMIT} are needed.", *rows)


def _identifier(certificate: TrustCertificate, signing: TrustCertificate) -> Check:
    identifier = certificate.authority_key_id
    rows = identifier_rows(identifier, signing) if identifier else []
    if not rows:
        what = "It has none" if identifier is None else "It names nothing that can be compared"
        return IDENTIFIER.not_checked(f"{what}: there is nothing to compare.", required=False)
    shown = [
        pair
        for label, wanted, own, _ in rows
        for pair in ((f"{label} in the document", wanted), (f"{label} of the signing certificate", own))
    ]
    if all(same for _, _, _, same in rows):
        return IDENTIFIER.passed("It names this signing certificate.", *shown)
    return IDENTIFIER.failed("It names another signing certificate.", *shown)


def _signature(certificate: TrustCertificate, signing: TrustCertificate) -> Check:
    rows = [("signature", certificate.signature_text), ("key", f"{signing.key_text} of {signing.name}")]
    if is_signed_by(certificate, signing):
        if is_weak_digest(certificate):
            weak = f"It is right, but {certificate.signature_text} no longer keeps others from making one like it."
            return SIGNATURE.warning(weak, *rows)
        return SIGNATURE.passed(f"{certificate.signature_text}, {signing.key_text}.", *rows)
    own, other = certificate.generation, signing.generation
    rows += [
        (
            "generation of the document",
            f"{own.generation.value} (issuer OU “{own.unit}”, list {own.address or 'none'})",
        ),
        ("generation of the signing certificate", f"{other.generation.value} (OU “{other.unit}”)"),
    ]
    reason = "The key of this signing certificate did not make it: another generation, a wrong file, or a forgery."
    return SIGNATURE.failed(reason, *rows)


def _name(certificate: TrustCertificate, signing: TrustCertificate) -> Check:
    difference = compare_names(certificate.certificate.issuer, signing.certificate.subject)
    rows = [("issuer of the document", certificate.issuer_text), ("signing certificate", signing.subject_text)]
    rows += [(f"{label} differs", f"{printable(one)} / {printable(two)}") for label, one, two in difference.rows]
    words = difference.words[0].upper() + difference.words[1:]
    if not difference.rows:
        return NAME.passed(f"{words}. The signature is what binds.", *rows)
    return NAME.note(f"{words}. The signature is what binds.", *rows)


def _rated(candidates: Candidates, signing: TrustCertificate, at: datetime) -> tuple[CrlCandidate, ...]:
    return _rate(candidates, signing, at, _sources(crl for crl, _, _ in candidates))


@lru_cache(maxsize=64)
def _rate(
    candidates: Candidates, signing: TrustCertificate, at: datetime, _from: tuple[str, ...]
) -> tuple[CrlCandidate, ...]:
    return tuple(
        CrlCandidate(crl, host_key_crl_fault(crl, signing, at), found_by, quirk) for crl, found_by, quirk in candidates
    )


@lru_cache(maxsize=64)
def _list_checks(
    rated: tuple[CrlCandidate, ...], signing: TrustCertificate, _from: tuple[str, ...]
) -> tuple[Check, Check]:
    """B5 and B6: the same for all host keys of a signing certificate that came with the same lists."""
    rows = crl_rows(Coverage(signing, rated, ()))
    usable = [item.crl for item in rated if item.usable]
    if not rated:
        wanted = ("wanted issuer", signing.subject_text)
        return (
            FOUND.note("None was found under the name of the signing certificate or its variants.", wanted),
            USABLE.failed("There is none at all.", wanted),
        )
    quirk = next((item for item in rated if item.quirk), None)
    if quirk is not None:
        found = f"Found only by the rule {quirk.found_by}: the issuer of the list is {quirk.crl.issuer_text}."
        first = FOUND.note(found, *rows)
    else:
        first = FOUND.passed(f"{len(rated)} found {_FOUND_BY[rated[0].found_by]}.", *rows)
    if not usable:
        item = rated[0]
        return first, USABLE.failed(f"None of {len(rated)} is usable. {item.crl.source.short}: {item.reason}", *rows)
    last = min(usable, key=lambda crl: crl.next_update or crl.this_update)
    return first, USABLE.passed(f"{len(usable)} of {len(rated)}; the next list is due {due(last)}.", *rows)


def _sources(lists: Iterable[TrustCrl]) -> tuple[str, ...]:
    return tuple(crl.source.name for crl in lists)


def revocation_check(certificate: TrustCertificate, usable: tuple[TrustCrl, ...]) -> Check:
    """The step that looks for a host key in the lists that count.

    Args:
        certificate: the host key document.
        usable: these lists.
    """
    return _revocation(certificate, usable, _sources(usable))


@lru_cache(maxsize=_REMEMBERED)
def _revocation(certificate: TrustCertificate, usable: tuple[TrustCrl, ...], _from: tuple[str, ...]) -> Check:
    if not usable:
        return REVOCATION.not_checked("There is no usable revocation list.")
    serial = ("serial number", certificate.serial_text)
    for crl in usable:
        entry = crl.entry(certificate.serial)
        if entry is not None:
            why = revocation_reason(entry)
            rows = (serial, ("listed in", f"{crl.source.shown}, {crl.name}"), ("reason", why or "none stated"))
            since = moment(entry.revocation_date_utc)
            return REVOCATION.failed(f"It is listed as revoked since {since}.", *rows, ("since", since))
    count = "the list" if len(usable) == 1 else f"any of {len(usable)} lists"
    entries = sum(crl.entries for crl in usable)
    return REVOCATION.passed(f"Its serial number is not in {count}.", serial, ("entries searched", entries))


def revocation_reason(entry: x509.RevokedCertificate) -> str:
    """The reason for which a certificate was revoked; empty if none is stated or readable."""
    from cryptography import x509  # noqa: PLC0415 - only for the rare revoked one

    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except (x509.ExtensionNotFound, ValueError):
        return ""


def host_key_group(title: str, checks: tuple[Check, ...]) -> Check:
    """The steps of one host key document as one check."""
    return group("trust.b", title, checks, rule="host-keys.md#stage-b")
