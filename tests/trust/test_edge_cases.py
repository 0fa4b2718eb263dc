"""One thing wrong at a time, and the cause that must be found; and what looks wrong and is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA512

from seworkbench.checks import Verdict
from seworkbench.trust.causes import CauseKind
from seworkbench.trust.verify import InputFile, TrustRun, verify_host_keys

from .pki import (
    AT,
    BEGIN,
    CA,
    END,
    NO_CA,
    SECOND,
    Draft,
    Issuer,
    ListDraft,
    Thing,
    authority,
    der,
    document,
    estate,
    host_key,
    ibm_name,
    identifier,
    name,
    pem,
    resigned,
    rsa_key,
    run_of,
    signing,
    signing_name,
    usage,
    with_sha_1,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seworkbench.trust.verify import TrustResult

E = estate()
MIDDLE = datetime(2030, 1, 1, tzinfo=UTC)


def cause_of(found: TrustResult) -> CauseKind | tuple[int | None, int | None] | None:
    """The kind of a failure; of a path, code and level; None if all is well."""
    if found.cause is None:
        return None
    if found.cause.kind is CauseKind.IBM_SIGN_INVALID:
        return found.cause.code, found.cause.depth
    return found.cause.kind


def judge_host(host: Thing, crls: Iterable[Thing] | None = None, at: datetime = AT) -> TrustResult:
    return verify_host_keys(E.run(host, crls=crls), at)


def judge_chain(*certificates: Thing, crls: Iterable[Thing] | None = None, at: datetime = AT) -> TrustResult:
    return verify_host_keys(E.run(certificates=certificates, crls=crls), at)


def lists(host: Thing | None = None, *more: Thing) -> list[Thing]:
    return [E.root_crl, E.inter_crl, *([] if host is None else [host]), *more]


def leaf(found: TrustResult, check_id: str) -> Verdict:
    check = found.check.find(check_id)
    assert check is not None
    return check.verdict


def test_a_sound_pki_passes_every_step() -> None:
    found = verify_host_keys(E.run(), AT)
    assert found.accepted
    assert found.check.verdict is Verdict.PASSED
    assert found.fresh_until == END
    assert [item.name for item in found.chain] == [
        "IBM Z Host Key Signing Service (Poughkeepsie)",
        "Intermediate",
        "Root",
    ]
    # Absent is not passed.
    assert leaf(found, "trust.b3.akid") is Verdict.NOT_CHECKED


# --- Host key documents -----------------------------------------------------------------------------------------------


def test_a_document_without_identifier_and_with_a_foreign_signature_fails_at_the_signature() -> None:
    forged = document(1, Issuer(ibm_name(), rsa_key("other"))).make()
    assert cause_of(judge_host(forged)) is CauseKind.SIGNATURE


def test_an_identifier_is_looked_at_before_the_signature() -> None:
    forged = document(1, Issuer(ibm_name(), rsa_key("other"))).add(identifier(rsa_key("other"))).make()
    found = judge_host(forged)
    assert cause_of(found) is CauseKind.AKID
    # Both are shown.
    assert leaf(found, "trust.b4.signature") is Verdict.FAILED


@pytest.mark.parametrize(
    ("issuer", "serial", "kind"),
    [
        (E.inter_issuer.name, E.sign.serial_number, None),
        (E.inter_issuer.name, E.sign.serial_number + 1, CauseKind.AKID),
        (E.root_issuer.name, E.sign.serial_number, CauseKind.AKID),
    ],
)
def test_issuer_and_serial_number_of_an_identifier_count_too(
    issuer: x509.Name, serial: int, kind: CauseKind | None
) -> None:
    wanted = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(issuer)], serial)
    assert cause_of(judge_host(document(1, E.document_issuer).add(wanted).make())) is kind


def test_the_issuer_name_of_a_document_does_not_matter_but_is_pointed_out() -> None:
    found = judge_host(document(1, Issuer(signing_name("Armonk"), rsa_key("ibm"))).make())
    assert found.accepted
    note = found.check.find("trust.b4.name")
    assert note is not None
    assert note.outcome is Verdict.WARNING
    assert note.reason.startswith("Equal but for the locality.")
    assert found.check.verdict is Verdict.PASSED


@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP384R1])
def test_a_key_on_another_curve_is_accepted_with_a_warning(curve: type[ec.EllipticCurve]) -> None:
    found = judge_host(document(1, E.document_issuer, host_key(1, curve)).make())
    assert found.accepted
    assert leaf(found, "trust.b0.key") is Verdict.WARNING
    assert found.check.verdict is Verdict.WARNING


def test_a_weak_key_is_refused_first() -> None:
    draft = document(1, E.document_issuer, rsa_key("weak"))
    draft.end = BEGIN + SECOND
    found = judge_host(draft.make())
    assert cause_of(found) is CauseKind.SECURITY_BITS
    assert found.cause is not None
    assert found.cause.text == "Host-key verification failed: Not enough bits of security. (80, 112 expected)"


def test_a_document_signed_with_a_weak_digest_is_accepted_with_a_warning() -> None:
    found = judge_host(with_sha_1(document(1, E.document_issuer)))
    assert found.accepted
    assert leaf(found, "trust.b4.signature") is Verdict.WARNING


def test_only_the_first_certificate_of_a_document_counts() -> None:
    other = document(2, Issuer(ibm_name(), rsa_key("other"))).make()
    for order, kind in (((E.host, other), None), ((other, E.host), CauseKind.SIGNATURE)):
        run = run_of({"two.crt": pem(*order)}, [E.sign, E.inter], lists(E.host_crl), E.root)
        found = verify_host_keys(run, AT)
        assert cause_of(found) is kind
        note = found.check.find("trust.b0.document")
        assert note is not None
        assert "2 certificates" in note.reason


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x7fELF" * 9, CauseKind.NO_HKD_IN_FILE),
        (b"", CauseKind.NO_HKD_IN_FILE),
        (pem(E.host_crl), CauseKind.NO_HKD_IN_FILE),
        (pem(E.host)[:-30], CauseKind.HKD_NOT_PEM_OR_DER),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", CauseKind.HKD_NOT_PEM_OR_DER),
    ],
)
def test_a_file_without_a_document_has_its_own_cause(content: bytes, kind: CauseKind) -> None:
    run = run_of({"x.crt": content}, [E.sign, E.inter], lists(E.host_crl), E.root)
    found = verify_host_keys(run, AT)
    assert cause_of(found) is kind
    assert found.check.verdict is Verdict.FAILED


def test_all_documents_are_judged_though_the_reference_stops_at_the_first() -> None:
    bad = document(2, Issuer(ibm_name(), rsa_key("other"))).make()
    found = verify_host_keys(run_of([bad, E.host], [E.sign, E.inter], lists(E.host_crl), E.root), AT)
    assert [item.accepted for item in found.host_keys] == [False, True]
    assert cause_of(found) is CauseKind.SIGNATURE


@pytest.mark.parametrize("reason", [None, *x509.ReasonFlags], ids=lambda reason: reason and reason.value)
def test_whatever_the_reason_a_listed_document_is_revoked(reason: x509.ReasonFlags | None) -> None:
    draft = ListDraft(E.document_issuer, (E.host.serial_number,), reason=reason)
    found = judge_host(E.host, lists(draft.make()))
    assert cause_of(found) is CauseKind.HKD_REVOKED
    check = found.check.find("trust.b7.revocation")
    assert check is not None
    assert (reason.value if reason else "none stated") in [item.value for item in check.evidence]


def test_a_list_without_next_update_is_not_usable_for_host_keys() -> None:
    endless = ListDraft(E.document_issuer, end=None).make()
    assert endless.next_update_utc is None
    found = judge_host(E.host, lists(endless))
    assert cause_of(found) is CauseKind.NO_CRL
    (host,) = found.host_keys
    assert host.coverage is not None
    assert "does not say when the next list is due" in host.coverage.rejected[0].reason


def test_one_usable_list_that_names_the_document_is_enough() -> None:
    revoking = ListDraft(E.document_issuer, (E.host.serial_number,), begin=BEGIN - timedelta(days=9)).make()
    assert cause_of(judge_host(E.host, lists(E.host_crl, revoking))) is CauseKind.HKD_REVOKED


def test_a_negative_serial_number_is_looked_up_too() -> None:
    # Real certificates may not have one; the library's builder and search refuse it.
    serial = E.host.serial_number.to_bytes(9, "big")
    negative = bytes([serial[0] | 0x80]) + serial[1:]

    def turned(thing: Thing) -> bytes:
        return resigned(der(thing), rsa_key("ibm"), serial, negative, SHA512())

    crl = ListDraft(E.document_issuer, (E.host.serial_number,)).make()
    chain, roots = [E.sign, E.inter], {"root.crl": pem(E.root_crl), "inter.crl": pem(E.inter_crl)}
    for content, kind in ((pem(E.host_crl), None), (pem(crl), None), (turned(crl), CauseKind.HKD_REVOKED)):
        run = run_of({"host.crt": turned(E.host)}, chain, roots | {"host.crl": content}, E.root)
        assert cause_of(verify_host_keys(run, AT)) is kind


def test_the_same_serial_number_under_another_issuer_is_somebody_else() -> None:
    elsewhere = ListDraft(E.inter_issuer, (E.host.serial_number,), begin=BEGIN - timedelta(days=9)).make()
    assert judge_host(E.host, lists(E.host_crl, elsewhere)).accepted


def test_the_first_name_with_a_list_wins_even_if_that_list_is_no_use() -> None:
    armonk = signing(signing_name("Armonk"), rsa_key("ibm"), E.inter_issuer).make()
    stale = ListDraft(Issuer(signing_name("Armonk"), rsa_key("ibm")), end=BEGIN + SECOND).make()
    run = E.run(certificates=[armonk, E.inter], crls=lists(E.host_crl))
    assert verify_host_keys(run, AT).accepted
    run = E.run(certificates=[armonk, E.inter], crls=lists(E.host_crl, stale))
    assert cause_of(verify_host_keys(run, AT)) is CauseKind.NO_CRL


# --- Times, to the second ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "kind"),
    [(-1, CauseKind.BEFORE_VALIDITY), (0, None), (1, None)],
)
def test_a_document_begins_with_its_first_second(offset: int, kind: CauseKind | None) -> None:
    draft = document(1, E.document_issuer)
    draft.begin = MIDDLE
    assert cause_of(judge_host(draft.make(), at=MIDDLE + offset * SECOND)) is kind


@pytest.mark.parametrize(("offset", "kind"), [(-1, None), (0, CauseKind.AFTER_VALIDITY), (1, CauseKind.AFTER_VALIDITY)])
def test_a_document_ends_before_its_last_second(offset: int, kind: CauseKind | None) -> None:
    draft = document(1, E.document_issuer)
    draft.end = MIDDLE
    assert cause_of(judge_host(draft.make(), at=MIDDLE + offset * SECOND)) is kind


@pytest.mark.parametrize(
    ("offset", "begins", "ends"),
    [(-1, CauseKind.NO_CRL, None), (0, None, CauseKind.NO_CRL), (1, None, CauseKind.NO_CRL)],
)
def test_a_list_for_host_keys_holds_from_its_first_second_to_before_its_last(
    offset: int, begins: CauseKind | None, ends: CauseKind | None
) -> None:
    at = MIDDLE + offset * SECOND
    beginning = ListDraft(E.document_issuer, begin=MIDDLE).make()
    assert cause_of(judge_host(E.host, lists(beginning), at)) is begins
    ending = ListDraft(E.document_issuer, end=MIDDLE).make()
    assert cause_of(judge_host(E.host, lists(ending), at)) is ends


@pytest.mark.parametrize(("offset", "begins", "ends"), [(-1, (9, 0), None), (0, None, (10, 0)), (1, None, (10, 0))])
def test_a_signing_certificate_holds_from_its_first_second_to_before_its_last(
    offset: int, begins: object, ends: object
) -> None:
    at = MIDDLE + offset * SECOND
    draft = signing(signing_name(), rsa_key("ibm"), E.inter_issuer)
    draft.begin = MIDDLE
    assert cause_of(judge_chain(draft.make(), E.inter, at=at)) == begins
    draft.begin, draft.end = BEGIN, MIDDLE
    assert cause_of(judge_chain(draft.make(), E.inter, at=at)) == ends


@pytest.mark.parametrize(("offset", "begins", "ends"), [(-1, (11, 1), None), (0, None, (12, 1)), (1, None, (12, 1))])
def test_a_list_in_the_chain_holds_from_its_first_second_to_before_its_last(
    offset: int, begins: object, ends: object
) -> None:
    at = MIDDLE + offset * SECOND
    draft = ListDraft(E.root_issuer, begin=MIDDLE)
    assert cause_of(judge_chain(E.sign, E.inter, crls=[draft.make(), E.inter_crl, E.host_crl], at=at)) == begins
    draft = ListDraft(E.root_issuer, end=MIDDLE)
    assert cause_of(judge_chain(E.sign, E.inter, crls=[draft.make(), E.inter_crl, E.host_crl], at=at)) == ends


def test_a_list_that_takes_over_at_the_second_the_other_ends_leaves_no_gap() -> None:
    crls = [ListDraft(E.root_issuer, end=MIDDLE).make(), ListDraft(E.root_issuer, begin=MIDDLE).make()]
    for offset in (-1, 0, 1):
        found = judge_chain(E.sign, E.inter, crls=[*crls, E.inter_crl, E.host_crl], at=MIDDLE + offset * SECOND)
        assert found.accepted


@pytest.mark.parametrize(
    "at",
    [
        datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
        datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2050, 1, 1, tzinfo=UTC),
        datetime(2093, 12, 31, tzinfo=UTC),
    ],
)
def test_no_date_of_computing_history_breaks_a_verdict(at: datetime) -> None:
    assert verify_host_keys(E.run(), at).accepted


@pytest.mark.parametrize("end", [datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)])
def test_both_encodings_of_time_end_when_they_say(end: datetime) -> None:
    draft = document(1, E.document_issuer)
    draft.end = end
    assert judge_host(draft.make(), at=end - SECOND).accepted
    assert cause_of(judge_host(draft.make(), at=end)) is CauseKind.AFTER_VALIDITY


def test_fractions_of_a_second_are_cut_off() -> None:
    draft = document(1, E.document_issuer)
    draft.end = MIDDLE
    assert judge_host(draft.make(), at=MIDDLE - timedelta(microseconds=1)).accepted


def test_a_verdict_is_fresh_until_the_first_of_all_ends() -> None:
    first = ListDraft(E.inter_issuer, end=MIDDLE).make()
    found = judge_chain(E.sign, E.inter, crls=[E.root_crl, first, E.host_crl])
    assert found.fresh_until == MIDDLE


# --- The path ---------------------------------------------------------------------------------------------------------


def ladder(count: int) -> tuple[list[x509.Certificate], list[x509.CertificateRevocationList]]:
    """A signing certificate below so many intermediates, and the lists of all of them."""
    above = E.root_issuer
    certificates: list[x509.Certificate] = []
    crls = [E.root_crl]
    for number in range(count):
        own = Issuer(name(C="US", O="Test", CN=f"Step {number}"), ec.derive_private_key(77 + number, ec.SECP256R1()))
        certificates.append(authority(own.name, own.key, above).make())
        crls.append(ListDraft(own).make())
        above = own
    certificates.append(signing(signing_name(), rsa_key("ibm"), above).make())
    return certificates, crls


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("count", "expected"), [(0, None), (1, None), (2, None), (3, (22, 3)), (4, (22, 3)), (30, (22, 3))]
)
def test_at_most_two_intermediates_stand_between_signing_certificate_and_root(count: int, expected: object) -> None:
    certificates, crls = ladder(count)
    found = judge_chain(*certificates, crls=[*crls, E.host_crl])
    assert cause_of(found) == expected


def test_a_weak_signing_key_is_found_before_a_missing_issuer() -> None:
    weak = signing(signing_name(), rsa_key("weak"), E.inter_issuer).make()
    assert cause_of(judge_chain(weak, E.inter)) == (66, 0)
    assert cause_of(judge_chain(weak)) == (66, 0)


def test_a_weak_intermediate_key_has_its_own_code() -> None:
    weak = Issuer(E.inter_issuer.name, rsa_key("weak"))
    found = judge_chain(
        signing(signing_name(), rsa_key("ibm"), weak).make(),
        authority(weak.name, weak.key, E.root_issuer).make(),
        crls=[E.root_crl, ListDraft(weak).make(), E.host_crl],
    )
    assert cause_of(found) == (67, 1)


def test_an_intermediate_signed_with_sha_1_has_its_own_code() -> None:
    draft = authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer)
    assert cause_of(judge_chain(E.sign, with_sha_1(draft))) == (68, 1)


def test_a_root_signed_with_sha_1_is_all_right() -> None:
    root = with_sha_1(authority(E.root_issuer.name, E.root_issuer.key))
    assert verify_host_keys(E.run(root=root), AT).accepted


def test_an_authority_that_may_not_sign_lists_covers_nothing() -> None:
    draft = authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer).add(usage("key_cert_sign"), critical=True)
    assert cause_of(judge_chain(E.sign, draft.make())) == (35, 0)


def no_identifier() -> Draft:
    return signing(signing_name(), rsa_key("ibm"), E.inter_issuer).without(x509.AuthorityKeyIdentifier)


def no_authority() -> Draft:
    return authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer).add(NO_CA, critical=True)


def uncritical() -> Draft:
    return authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer).add(CA)


@pytest.mark.parametrize(
    ("certificates", "codes", "depth"),
    [
        (lambda: (no_identifier().make(), E.inter), {85}, 0),
        (lambda: (E.sign, no_authority().make()), {24, 79}, 1),
        (lambda: (E.sign, uncritical().make()), {89}, 1),
    ],
)
def test_strict_rules_are_kept(certificates: object, codes: set[int], depth: int) -> None:
    found = judge_chain(*certificates())  # type: ignore[operator]
    assert found.cause is not None
    assert found.cause.code in codes
    assert found.cause.depth == depth
    assert leaf(found, "trust.a7.strict") is Verdict.FAILED


def test_a_signing_certificate_may_lack_a_subject_key_identifier() -> None:
    bare = signing(signing_name(), rsa_key("ibm"), E.inter_issuer).without(x509.SubjectKeyIdentifier).make()
    assert judge_chain(bare, E.inter).accepted


def test_a_list_without_number_still_revokes() -> None:
    draft = ListDraft(E.inter_issuer, (E.sign.serial_number,)).without(x509.CRLNumber)
    assert cause_of(judge_chain(E.sign, E.inter, crls=[E.root_crl, draft.make(), E.host_crl])) == (23, 0)


def test_a_list_whose_critical_extension_nobody_knows_covers_nothing() -> None:
    draft = ListDraft(E.inter_issuer).add(x509.CRLNumber(1), critical=True)
    found = judge_chain(E.sign, E.inter, crls=[E.root_crl, draft.make(), E.host_crl])
    assert cause_of(found) == (36, 0)


def test_a_changed_list_of_the_chain_is_found_by_its_signature() -> None:
    foreign = ListDraft(Issuer(E.inter_issuer.name, rsa_key("other"))).without(x509.AuthorityKeyIdentifier).make()
    found = judge_chain(E.sign, E.inter, crls=[E.root_crl, foreign, E.host_crl])
    assert cause_of(found) == (8, 0)


@pytest.mark.timeout(60)
def test_authorities_that_issued_each_other_end_nowhere() -> None:
    one, two = (
        Issuer(name(CN=word), ec.derive_private_key(900 + len(word), ec.SECP256R1())) for word in ("one", "three")
    )
    found = judge_chain(
        signing(signing_name(), rsa_key("ibm"), one).make(),
        authority(one.name, one.key, two).make(),
        authority(two.name, two.key, one).make(),
    )
    assert cause_of(found) == (20, 2)


@pytest.mark.timeout(60)
def test_many_names_under_many_constraints_do_not_take_for_ever() -> None:
    subtrees = [x509.DNSName(f"x{number}.example") for number in range(1500)]
    draft = authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer)
    draft.add(x509.NameConstraints(None, subtrees), critical=True)
    names = x509.SubjectAlternativeName([x509.DNSName(f"y{number}.test") for number in range(1500)])
    leaf_ = signing(signing_name(), rsa_key("ibm"), E.inter_issuer).add(names).make()
    # Whatever OpenSSL thinks of it, it must think of something.
    found = judge_chain(leaf_, draft.make())
    assert found.cause is None or found.cause.kind is CauseKind.IBM_SIGN_INVALID


@pytest.mark.timeout(60)
def test_a_thousand_certificates_of_the_same_name_do_not_take_for_ever() -> None:
    keys = [ec.derive_private_key(5000 + number, ec.SECP256R1()) for number in range(100)]
    crowd = [authority(E.inter_issuer.name, key, Issuer(E.inter_issuer.name, keys[0])).make() for key in keys]
    assert judge_chain(E.sign, *crowd, E.inter).accepted


def test_a_look_alike_of_the_intermediate_is_named_in_the_finding() -> None:
    fake = authority(E.inter_issuer.name, rsa_key("fake-inter"), E.root_issuer).make()
    found = judge_chain(E.sign, fake)
    assert cause_of(found) == (20, 0)
    check = found.check.find("trust.a7.path")
    assert check is not None
    assert "is there, but it is not the issuer" in check.reason


def test_a_look_alike_beside_the_right_intermediate_does_no_harm() -> None:
    fake = authority(E.inter_issuer.name, rsa_key("fake-inter"), E.root_issuer).make()
    assert judge_chain(E.sign, fake, E.inter).accepted


# --- Roots and files --------------------------------------------------------------------------------------------------


def test_a_root_file_with_several_certificates_trusts_all_and_says_so() -> None:
    other = authority(name(CN="Other"), rsa_key("other")).make()
    found = verify_host_keys(E.run(root=pem(other, E.root)), AT)
    assert found.accepted
    check = found.check.find("trust.a1.anchors")
    assert check is not None
    assert check.reason == "All 2 certificates in root.crt are trusted."
    assert not check.required


def test_an_unknown_root_is_pointed_out_and_accepted() -> None:
    check = verify_host_keys(E.run(), AT).check.find("trust.a7.root")
    assert check is not None
    assert (check.outcome, check.required) == (Verdict.WARNING, False)


@pytest.mark.parametrize("content", [b"", b"nothing", pem(E.host_crl), pem(E.root)[:-40]])
def test_a_root_file_without_a_certificate_cannot_be_loaded(content: bytes) -> None:
    found = verify_host_keys(E.run(root=content or b"\n"), AT)
    assert found.cause is not None
    assert found.cause.text == "Cannot load certificate  from root.crt"


def test_a_list_file_without_a_list_cannot_be_loaded() -> None:
    run = run_of([E.host], [E.sign, E.inter], {"no.crl": pem(E.host)}, E.root)
    found = verify_host_keys(run, AT)
    assert found.cause is not None
    assert (found.cause.kind, found.cause.text) == (CauseKind.X509_LOAD, "Cannot load CRL  from no.crl")


def test_a_certificate_file_that_is_cut_off_ends_the_run_as_an_internal_error() -> None:
    run = run_of([E.host], {"cut.crt": pem(E.sign, E.inter)[:-50]}, lists(E.host_crl), E.root)
    assert cause_of(verify_host_keys(run, AT)) is CauseKind.INTERNAL


def test_lists_in_the_root_file_and_in_certificate_files_count() -> None:
    run = run_of(
        [E.host],
        {"all.crt": pem(E.host_crl, E.sign, E.inter_crl, E.inter)},
        (),
        pem(E.root, E.root_crl),
    )
    assert verify_host_keys(run, AT).accepted


def test_offline_means_that_downloaded_lists_are_not_looked_at() -> None:
    from dataclasses import replace  # noqa: PLC0415 - the only use

    from .pki import read, read_list  # noqa: PLC0415 - the only use

    fingerprint = read(E.host).fingerprint
    run = replace(E.run(crls=lists()), fetched={fingerprint: (read_list(E.host_crl),)})
    assert cause_of(verify_host_keys(run, AT)) is CauseKind.NO_CRL
    assert verify_host_keys(replace(run, offline=False), AT).accepted


def test_a_downloaded_list_counts_whatever_its_issuer_is_called() -> None:
    from dataclasses import replace  # noqa: PLC0415 - the only use

    from .pki import read, read_list  # noqa: PLC0415 - the only use

    strange = ListDraft(Issuer(name(CN="who"), rsa_key("ibm")), (E.host.serial_number,)).make()
    run = replace(E.run(), fetched={read(E.host).fingerprint: (read_list(strange),)}, offline=False)
    assert cause_of(verify_host_keys(run, AT)) is CauseKind.HKD_REVOKED


def test_a_name_in_another_case_or_with_more_blanks_is_the_same_issuer() -> None:
    shouted = Issuer(name(C="US", O="TEST", CN="  Intermediate "), E.inter_issuer.key)
    loud = signing(signing_name(), rsa_key("ibm"), shouted).make()
    assert judge_chain(loud, E.inter).accepted


def test_a_title_names_a_file_without_its_folder_where_that_leaves_no_doubt() -> None:
    files = {"/keys/a/host.crt": pem(E.host), "/keys/b/host.crt": pem(E.host), "/keys/b/other.crt": pem(E.host)}
    found = verify_host_keys(run_of(files, [E.sign, E.inter], lists(E.host_crl), E.root), AT)
    assert [item.check.title for item in found.host_keys] == ["/keys/a/host.crt", "/keys/b/host.crt", "other.crt"]
    assert [item.name for item in found.host_keys] == list(files)
    document_check = found.host_keys[2].check.find("trust.b0.document")
    assert document_check is not None
    assert document_check.evidence[0].value.startswith("/keys/b/other.crt, ")


def test_sentences_name_a_file_and_evidence_says_where_it_lies() -> None:
    run = TrustRun(
        (InputFile("/far/away/host.crt", pem(E.host)),),
        (InputFile("/far/away/chain.crt", pem(E.sign, E.inter)), InputFile("/far/away/empty.crt", b"")),
        InputFile("/far/away/root.crt", pem(E.root)),
        (InputFile("/far/away/no.crl", b"x"),),
    )
    found = verify_host_keys(run, AT)
    steps = [found.check.find(f"trust.{step}") for step in ("a1.anchors", "a2.crls", "a5.certificates")]
    for step, file in zip(steps, ("root.crt", "no.crl", "empty.crt"), strict=True):
        assert step is not None
        assert file in step.reason
        assert "/far/away" not in step.reason
        assert any("/far/away" in item.label + item.value for item in step.evidence)


def test_input_files_keep_their_names() -> None:
    assert InputFile("a", b"").source(0, "PEM").name == "a"
