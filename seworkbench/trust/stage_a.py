"""Stage A as checks: which certificate is the IBM signing certificate, and whether a root vouches for it.

Rules: resources/help/host-keys.md#signing-certificate and #path-validation. OpenSSL's answer decides; the steps beside
it are worked out here, so that a reader sees all that is wrong and not only the first code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, group
from seworkbench.trust import path
from seworkbench.trust.certificate_checks import KNOWN_ROOT, known_root_check
from seworkbench.trust.crls import Coverage, chain_coverage, moment
from seworkbench.trust.names import printable, signing_rules
from seworkbench.trust.objects import ObjectKind, TrustCertificate, TrustCrl
from seworkbench.trust.path_rules import CRL_BAD_SIGNATURE, STRENGTH_LIMIT, is_weak_digest
from seworkbench.trust.signatures import identifier_rows, is_signed_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from seworkbench.trust.path import PathOutcome, PathValidator

_PATH_RULE = "host-keys.md#path-validation"

ANCHORS = Step(
    "trust.a1.anchors",
    "A1 Trust anchor",
    "host-keys.md#roots",
    "Give the root certificate as a file, or install it in the trust store of this machine.",
)
LISTS = Step(
    "trust.a2.crls", "A2 Revocation lists loaded", "host-keys.md#inputs", "Get the file again, in PEM or DER form."
)
HIDDEN_LISTS = Step("trust.a3.hidden-crls", "A3 Revocation lists in certificate files", "host-keys.md#inputs")
CERTIFICATES = Step(
    "trust.a5.certificates", "A5 Certificates read", "host-keys.md#inputs", "Get the certificate file again, complete."
)
SIGNING_KEY = Step(
    "trust.a6.signing-key",
    "A6 One IBM signing certificate",
    "host-keys.md#signing-certificate",
    "Give exactly one IBM signing certificate, that of the generation of the host key.",
)
SIGNING_KEY_LOCATION = Step("trust.a6.locality", "A6 Locality of the signing certificate", "host-keys.md#names")

PATH = Step("trust.a7.path", "A7 Path to a root", _PATH_RULE, "Add the missing issuer, or the right root.")
SIGNATURES = Step(
    "trust.a7.signatures",
    "A7 Signatures of the chain",
    _PATH_RULE,
    "A certificate was changed, damaged or made by somebody else; get the files again from where IBM provides them.",
)
STRICT = Step(
    "trust.a7.strict",
    "A7 Strict rules for extensions",
    "host-keys.md#strict-rules",
    "Get the certificate again from where IBM provides it: authorities do not issue certificates like this.",
)
STRENGTH = Step(
    "trust.a7.strength",
    "A7 Key and digest strength",
    "host-keys.md#strength",
    "Use certificates of a current generation.",
)
VALIDITY = Step(
    "trust.a7.validity",
    "A7 Validity of the chain",
    "host-keys.md#validity",
    "Get the renewed certificate; the documents of the machines stay valid under it.",
)
LENGTH = Step(
    "trust.a8.length",
    "A8 Chain length",
    "host-keys.md#path-validation",
    "The signing certificate must be issued by an authority, not by itself.",
)
REVOCATION = Step("trust.a7.revocation", "A7 Revocation at every level", "host-keys.md#revocation-in-the-chain")
_REVOCATION_REMEDY = "Add the current revocation list of the issuer."


class _Aspect(Enum):
    """What a verification code of OpenSSL is about; the value is the step that tells it."""

    PATH = PATH
    SIGNATURES = SIGNATURES
    STRICT = STRICT
    STRENGTH = STRENGTH
    VALIDITY = VALIDITY
    REVOCATION = REVOCATION


_ASPECTS = {
    _Aspect.PATH: (2, 18, 19, 20, 21, 22),
    _Aspect.SIGNATURES: (4, 6, 7),
    _Aspect.STRENGTH: (66, 67, 68),
    _Aspect.VALIDITY: (9, 10, 13, 14),
    _Aspect.REVOCATION: (3, 5, 8, 11, 12, 15, 16, 23, 33, 35, 36, 41, 44, 54),
}


def _aspect(code: int) -> _Aspect:
    return next((aspect for aspect, codes in _ASPECTS.items() if code in codes), _Aspect.STRICT)


@dataclass(frozen=True)
class ChainFindings:
    """What stage A found about the path of one signing certificate.

    Args:
        checks: the steps A7 and A8.
        outcome: OpenSSL's answer, with what its binding leaves out.
        coverage: the revocation lists of each certificate of the chain.
    """

    checks: tuple[Check, ...]
    outcome: PathOutcome
    coverage: tuple[Coverage, ...]

    @property
    def fresh_until(self) -> datetime | None:
        """Until when the chain holds; None if it does not hold."""
        if self.outcome.code:
            return None
        ends = [certificate.not_after for certificate in self.outcome.chain]
        ends += [crl.next_update for item in self.coverage for crl in item.used if crl.next_update is not None]
        return min(ends)


# --- A6 ---------------------------------------------------------------------------------------------------------------


def signing_key_check(certificates: Sequence[TrustCertificate]) -> tuple[Check, tuple[TrustCertificate, ...]]:
    """Pick the IBM signing certificate among all certificates read, by the seven rules for its subject.

    Returns:
        The check, and those that satisfy the rules; the run can go on only with exactly one.
    """
    found = tuple(item for item in certificates if item.kind is ObjectKind.SIGNING)
    if len(found) == 1:
        rules = signing_rules(found[0].certificate.subject)
        rows = [(f"{rule.rule} ✓", printable(rule.value)) for rule in rules]
        rows += _rejected(item for item in certificates if item.kind is ObjectKind.OTHER)
        return SIGNING_KEY.passed(
            f"{found[0].name}: {len(rules)} of {len(rules)} rules hold.", ("fingerprint", found[0].fingerprint), *rows
        ), found
    if found:
        rows = [(f"{item.source.short}, {item.generation.generation.value}", item.subject_text) for item in found]
        twice = len(set(found)) < len(found)
        reason = f"{len(found)} were given{'; one of them twice' if twice else ''}: only one can be used in one run."
        return SIGNING_KEY.failed(reason, *rows), found
    if not certificates:
        return SIGNING_KEY.failed("No certificate was given, so there is no IBM signing certificate."), ()
    rejected = _rejected(item for item in certificates if item.kind is not ObjectKind.ROOT)
    return SIGNING_KEY.failed("None of the given certificates is an IBM signing certificate.", *rejected), ()


def _rejected(certificates: Iterable[TrustCertificate]) -> list[tuple[str, str]]:
    return [(item.source.short, f"{item.subject_text} — {_first_broken_rule(item)}") for item in certificates]


def _first_broken_rule(certificate: TrustCertificate) -> str:
    rule = next(rule for rule in signing_rules(certificate.certificate.subject) if not rule.holds)
    return f"broken rule: {rule.rule}; it is {printable(rule.value)}"


# --- A7 and A8 --------------------------------------------------------------------------------------------------------


def chain_findings(validator: PathValidator, at: datetime) -> ChainFindings:
    """Judge the path of a signing certificate.

    Args:
        validator: of the signing certificate and all that may belong to its path.
        at: the instant, of whole seconds.
    """
    outcome = validator.at(at)
    crls = validator.material.crls
    chain = outcome.chain
    coverage = []
    revocation = []
    for depth, certificate in enumerate(chain):
        issuer = _issuer(outcome, depth)
        covered = chain_coverage(certificate, issuer, crls, at) if issuer else Coverage(certificate, (), ())
        coverage.append(covered)
        revocation.append(_revocation(outcome, depth, covered, issuer))
    checks = (
        _path(outcome, validator),
        _signatures(outcome),
        _strict(outcome),
        _strength(outcome),
        group(REVOCATION.id, REVOCATION.title, revocation, rule=REVOCATION.rule),
        _validity(outcome, at),
        _root(outcome),
        _length(outcome),
    )
    return ChainFindings(checks, outcome, tuple(coverage))


def _issuer(outcome: PathOutcome, depth: int) -> TrustCertificate | None:
    if depth + 1 < len(outcome.chain):
        return outcome.chain[depth + 1]
    last = outcome.chain[depth]
    return last if path.is_self_signed(last) else None


def _settled(aspect: _Aspect, outcome: PathOutcome, fault: str, good: str, rows: Sequence[tuple[str, object]]) -> Check:
    """OpenSSL's answer decides; our own finding explains it."""
    step = aspect.value
    if outcome.code and _aspect(outcome.code) is aspect:
        return step.failed(fault or f"{_level(outcome)}: {outcome.text}.", *_code_rows(outcome), *rows)
    if fault and outcome.code:
        return step.failed(fault, *rows)
    if fault:
        return step.warning(f"{fault} OpenSSL accepts it.", *rows)
    return step.passed(good, *rows)


def _code_rows(outcome: PathOutcome) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("OpenSSL", f"error {outcome.code}, {outcome.text}"), ("level", _level(outcome))


def _level(outcome: PathOutcome) -> str:
    if outcome.depth < len(outcome.chain):
        return f"{outcome.depth}, {outcome.chain[outcome.depth].name}"
    return str(outcome.depth)


def _path(outcome: PathOutcome, validator: PathValidator) -> Check:
    rows: list[tuple[str, object]] = [
        (f"level {depth}", f"{item.subject_text}; SHA-256 {item.fingerprint}")
        for depth, item in enumerate(outcome.chain)
    ]
    rows.append(("settings (A4)", "strict, revocation at every level, at most 2 intermediates, 112 bits"))
    last = outcome.chain[-1]
    fault = ""
    if outcome.code == path.CHAIN_TOO_LONG:
        fault = "There are more than two intermediate certificates between the signing certificate and a root."
    elif not outcome.rooted:
        fault, more = _missing_issuer(last, validator)
        rows += more
    return _settled(_Aspect.PATH, outcome, fault, f"{len(outcome.chain)} certificates up to {last.name}.", rows)


def _missing_issuer(last: TrustCertificate, validator: PathValidator) -> tuple[str, list[tuple[str, object]]]:
    rows: list[tuple[str, object]] = [("wanted", last.issuer_text)]
    if path.is_self_signed(last):
        return f"“{last.name}” signed itself and is not a trusted root.", rows
    material = validator.material
    for other in (*material.pool, *material.anchors):
        if other.subject == last.issuer and last.authority_key_id is not None:
            for label, wanted, found, same in identifier_rows(last.authority_key_id, other):
                if not same:
                    rows += [(f"wanted {label}", wanted), (f"{label} of {other.source.short}", found)]
            return f"A certificate named “{other.name}” is there, but it is not the issuer of “{last.name}”.", rows
    if last in material.anchors:
        return f"“{last.name}” is trusted, but it is not self-signed: a path must end in a root.", rows
    return f"The issuer of “{last.name}” is not there.", rows


def _signatures(outcome: PathOutcome) -> Check:
    rows = []
    bad = []
    for depth, certificate in enumerate(outcome.chain):
        issuer = _issuer(outcome, depth)
        if issuer is None:
            continue
        right = is_signed_by(certificate, issuer)
        if not right:
            bad.append(certificate.name)
        by = "itself" if issuer is certificate else issuer.name
        named = certificate.authority_key_id
        key = f", names key {named.key_id.hex()}" if named and named.key_id else ""
        signed = "signed" if right else "not signed"
        rows.append((certificate.name, f"{signed} by {by}, {certificate.signature_text}{key}"))
    if not rows:
        return SIGNATURES.not_checked("The issuer of the signing certificate is missing.")
    fault = f"The signature of {', '.join(bad)} is wrong." if bad else ""
    return _settled(_Aspect.SIGNATURES, outcome, fault, f"{len(rows)} of {len(rows)} are right.", rows)


def _strict(outcome: PathOutcome) -> Check:
    if outcome.code and _aspect(outcome.code) in (_Aspect.PATH, _Aspect.STRENGTH) and not outcome.rooted:
        return STRICT.not_checked("There is no complete path.")
    fault = ""
    if outcome.code and _aspect(outcome.code) is _Aspect.STRICT:
        fault = f"{_level(outcome)}: {outcome.text}."
    return _settled(_Aspect.STRICT, outcome, fault, "None is broken, as far as OpenSSL looked.", ())


def _strength(outcome: PathOutcome) -> Check:
    rows = []
    weak = []
    for depth, certificate in enumerate(outcome.chain):
        root = outcome.rooted and depth == len(outcome.chain) - 1
        bits = certificate.security_bits
        rows.append((certificate.name, f"{certificate.key_text}, {bits} bits; {certificate.signature_text}"))
        if bits < STRENGTH_LIMIT:
            weak.append(f"The key of “{certificate.name}” has {bits} bits of security; 112 are needed.")
        elif is_weak_digest(certificate) and not root:
            weak.append(f"“{certificate.name}” is signed with {certificate.signature_text}, which is too weak.")
    least = min(certificate.security_bits for certificate in outcome.chain)
    return _settled(_Aspect.STRENGTH, outcome, " ".join(weak), f"At least {least} bits; 112 are needed.", rows)


def _validity(outcome: PathOutcome, at: datetime) -> Check:
    rows = []
    faults = []
    for item in outcome.chain:
        rows.append((item.name, f"{moment(item.not_before)} to {moment(item.not_after)}"))
        if at < item.not_before:
            faults.append(f"“{item.name}” is not valid before {moment(item.not_before)}.")
        elif at >= item.not_after:
            faults.append(f"“{item.name}” has expired on {moment(item.not_after)}.")
    rows.append(("instant", moment(at)))
    end = min(item.not_after for item in outcome.chain)
    return _settled(_Aspect.VALIDITY, outcome, " ".join(faults), f"All are valid until {moment(end)}.", rows)


def _revocation(outcome: PathOutcome, depth: int, covered: Coverage, issuer: TrustCertificate | None) -> Check:
    certificate = covered.certificate
    itself = "itself, being the root" if issuer is certificate else "its issuer"
    step = Step(
        f"trust.a7.revocation.{depth}",
        f"Revocation of {certificate.name}",
        "host-keys.md#revocation-in-the-chain",
        _remedy(covered, issuer),
    )
    if issuer is None:
        return step.not_checked("Its issuer is missing, so its revocation list cannot be judged.")
    rows: list[tuple[str, object]] = [("serial number", certificate.serial_text), ("list wanted from", issuer.name)]
    rows += crl_rows(covered)
    decided = outcome.code != 0 and _aspect(outcome.code) is _Aspect.REVOCATION and outcome.depth == depth
    fault = ""
    if not covered.used:
        fault = f"There is no valid revocation list of {itself}."
        if covered.rejected:
            fault += f" {covered.rejected[0].crl.source.short}: {covered.rejected[0].reason}"
    elif entry := covered.used[0].entry(certificate.serial):
        fault = f"It is revoked since {moment(entry.revocation_date_utc)}."
    elif decided and outcome.code == CRL_BAD_SIGNATURE:
        fault = "A list with the right issuer name and a wrong signature takes the place of the good one."
    if decided:
        return step.failed(fault or f"{outcome.text}.", *_code_rows(outcome), *rows)
    if fault:
        return step.failed(fault, *rows) if outcome.code else step.warning(f"{fault} OpenSSL accepts it.", *rows)
    crl = covered.used[0]
    return step.passed(f"Not among the {crl.entries} entries of {crl.source.short}.", *rows)


def _remedy(covered: Coverage, issuer: TrustCertificate | None) -> str:
    if any(not is_signed_by(item.crl, issuer) for item in covered.rejected if issuer):
        return "Remove the list with the wrong signature; it is damaged, or somebody else made it."
    addresses = covered.certificate.crl_addresses
    return f"{_REVOCATION_REMEDY} It is published at {addresses[0]}" if addresses else _REVOCATION_REMEDY


def crl_rows(covered: Coverage) -> list[tuple[str, object]]:
    """One line for every list considered: usable or why not."""
    rows: list[tuple[str, object]] = []
    for candidate in covered.candidates:
        crl = candidate.crl
        state = candidate.reason or f"usable, {crl.entries} entries, of {moment(crl.this_update)}, next due {due(crl)}"
        rows.append((f"list {crl.source.short}", f"{state} (found by {candidate.found_by})"))
    return rows


def due(crl: TrustCrl) -> str:
    """When the next list is due."""
    return moment(crl.next_update) if crl.next_update else "at no stated time"


def _root(outcome: PathOutcome) -> Check:
    if not outcome.rooted:
        return KNOWN_ROOT.not_checked("There is no complete path.", required=False)
    return known_root_check(outcome.chain[-1])


def _length(outcome: PathOutcome) -> Check:
    count = len(outcome.chain)
    if not outcome.rooted:
        return LENGTH.not_checked("There is no complete path.")
    shown = ("certificates", count)
    if count < 2:  # noqa: PLR2004 - a signing certificate and its issuer
        return LENGTH.failed(
            "The chain has no issuer.", ("OpenSSL", "error 50, application verification failure"), shown
        )
    return LENGTH.passed(f"{count} certificates; at least 2 are needed.", shown)


def skipped_chain(reason: str) -> tuple[Check, ...]:
    """The steps A7 and A8 when there is nothing to run them on."""
    return tuple(
        step.not_checked(reason) for step in (PATH, SIGNATURES, STRICT, STRENGTH, REVOCATION, VALIDITY, LENGTH)
    )
