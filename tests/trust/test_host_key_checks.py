"""What each step of stage B tells its reader: the verdict of every step, not only the cause of the whole."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from seworkbench.checks import Verdict
from seworkbench.trust.causes import CauseKind
from seworkbench.trust.crls import host_key_candidates
from seworkbench.trust.host_key_checks import issuer_check, stage_b

from .pki import (
    AT,
    BEGIN,
    END,
    Issuer,
    ListDraft,
    Thing,
    document,
    estate,
    ibm_name,
    identifier,
    name,
    read,
    read_list,
    rsa_key,
    signing,
    signing_name,
    with_sha_1,
)

if TYPE_CHECKING:
    from seworkbench.checks import Check
    from seworkbench.trust.host_key_checks import StageB

E = estate()
DAY = timedelta(days=1)
SIGN = read(E.sign, "sign.crt")
ARMONK = read(signing(signing_name("Armonk"), rsa_key("ibm"), E.inter_issuer).make(), "armonk.crt")
FOREIGN = Issuer(ibm_name(), rsa_key("other"))


def judged(
    host: x509.Certificate = E.host, *crls: x509.CertificateRevocationList, under: x509.Certificate | None = None
) -> StageB:
    """Stage B of a document with these lists at hand."""
    certificate, signing_certificate = read(host, "host.crt"), read(under or E.sign, "sign.crt")
    lists = [read_list(crl, f"list{number}.crl") for number, crl in enumerate(crls)]
    return stage_b(certificate, signing_certificate, host_key_candidates(signing_certificate, lists, ()), AT)


def step(found: StageB, check_id: str) -> Check:
    return next(check for check in found.checks if check.id == f"trust.{check_id}")


def shown(check: Check) -> dict[str, str]:
    return {item.label: item.value for item in check.evidence}


# --- strength, key, identifier, signature, name


@pytest.mark.parametrize(
    ("key", "bits", "verdict", "cause"),
    [("weak", 80, Verdict.FAILED, CauseKind.SECURITY_BITS), ("other", 112, Verdict.PASSED, None)],
)
def test_the_strength_of_a_key_is_judged_where_it_is_told(
    key: str, bits: int, verdict: Verdict, cause: CauseKind | None
) -> None:
    found = judged(document(1, E.document_issuer, rsa_key(key)).make(), E.host_crl)
    assert step(found, "b1.strength").verdict is verdict
    assert step(found, "b1.strength").reason.startswith(f"{bits} bits")
    assert (found.cause.kind if found.cause else None) is cause


def test_the_key_is_told_by_the_beginning_of_its_hash_and_the_machine_by_its_name() -> None:
    found = step(judged(E.host, E.host_crl), "b0.key")
    phkh = read(E.host).phkh
    assert phkh is not None
    assert found.reason == f"PHKH {phkh[:16]}…"
    assert shown(found)["machine, by file name or common name"] == "1"
    draft = document(1, E.document_issuer)
    draft.subject = name(CN="some key")
    nameless = step(judged(draft.make(), E.host_crl), "b0.key")
    assert shown(nameless)["machine, by file name or common name"] == "not named"


@pytest.mark.parametrize(
    ("wanted", "verdict", "words"),
    [
        (None, Verdict.NOT_CHECKED, "It has none: "),
        (x509.AuthorityKeyIdentifier(None, None, None), Verdict.NOT_CHECKED, "It names nothing that can be compared: "),
        (identifier(rsa_key("ibm")), Verdict.PASSED, "It names this signing certificate."),
        (identifier(rsa_key("other")), Verdict.FAILED, "It names another signing certificate."),
        (
            x509.AuthorityKeyIdentifier(
                identifier(rsa_key("ibm")).key_identifier,
                [x509.DirectoryName(E.inter_issuer.name)],
                E.sign.serial_number + 1,
            ),
            Verdict.FAILED,
            "It names another signing certificate.",
        ),
    ],
    ids=["absent", "empty", "right", "other key", "one part of three"],
)
def test_an_identifier_passes_only_if_every_part_of_it_agrees(
    wanted: x509.AuthorityKeyIdentifier | None, verdict: Verdict, words: str
) -> None:
    draft = document(1, E.document_issuer)
    found = step(judged((draft.add(wanted) if wanted else draft).make(), E.host_crl), "b3.akid")
    assert found.verdict is verdict
    assert found.reason.startswith(words)


def test_a_wrong_signature_is_told_with_both_generations() -> None:
    draft = document(1, FOREIGN).without(x509.CRLDistributionPoints)
    said = shown(step(judged(draft.make(), E.host_crl), "b4.signature"))
    assert said["generation of the document"].endswith("list none)")
    assert "Key Signing Service" in said["generation of the signing certificate"]
    said = shown(step(judged(document(1, FOREIGN).make(), E.host_crl), "b4.signature"))
    assert said["generation of the document"].endswith("list http://127.0.0.1:9/host.crl)")


def test_a_weak_digest_is_for_a_person_to_decide() -> None:
    found = step(judged(with_sha_1(document(1, E.document_issuer)), E.host_crl), "b4.signature")
    assert found.verdict is Verdict.WARNING
    assert found.required


@pytest.mark.parametrize(
    ("issuer", "verdict", "differing"),
    [
        (signing_name(), Verdict.PASSED, {}),
        (ibm_name(), Verdict.PASSED, {}),
        (signing_name("Armonk"), Verdict.WARNING, {"L differs": "Armonk / Poughkeepsie"}),
    ],
    ids=["equal", "another order", "another locality"],
)
def test_names_are_information_and_what_differs_is_shown(
    issuer: x509.Name, verdict: Verdict, differing: dict[str, str]
) -> None:
    found = step(judged(document(1, Issuer(issuer, rsa_key("ibm"))).make(), E.host_crl), "b4.name")
    assert found.verdict is verdict
    assert {label: value for label, value in shown(found).items() if label.endswith("differs")} == differing
    assert found.required is (verdict is Verdict.PASSED)


def test_what_settles_who_issued_it_is_the_signature_or_an_identifier_that_names_another() -> None:
    assert issuer_check(read(E.host), SIGN).id == "trust.b4.signature"
    right = document(1, E.document_issuer).add(identifier(rsa_key("ibm"))).make()
    assert issuer_check(read(right), SIGN).id == "trust.b4.signature"
    other = document(1, FOREIGN).add(identifier(rsa_key("other"))).make()
    assert issuer_check(read(other), SIGN).id == "trust.b3.akid"


# --- revocation lists


def test_without_a_list_nothing_is_found_and_nothing_usable() -> None:
    found = judged(E.host)
    assert step(found, "b5.crls").verdict is Verdict.WARNING
    assert not step(found, "b5.crls").required
    assert step(found, "b6.usable").verdict is Verdict.FAILED
    assert step(found, "b7.revocation").verdict is Verdict.NOT_CHECKED


@pytest.mark.parametrize(
    "unusable",
    [
        ListDraft(E.document_issuer, (E.host.serial_number,), end=AT).make(),
        ListDraft(E.document_issuer, (E.host.serial_number,), begin=AT + DAY).make(),
        ListDraft(FOREIGN, (E.host.serial_number,)).without(x509.AuthorityKeyIdentifier).make(),
    ],
    ids=["ended", "not begun", "foreign"],
)
def test_a_list_that_does_not_count_revokes_nothing(unusable: Thing) -> None:
    assert isinstance(unusable, x509.CertificateRevocationList)
    found = judged(E.host, unusable)
    assert found.cause is not None
    assert found.cause.kind is CauseKind.NO_CRL
    assert step(found, "b7.revocation").verdict is Verdict.NOT_CHECKED
    assert judged(E.host, unusable, E.host_crl).cause is None


def test_lists_are_counted_and_the_first_end_is_told() -> None:
    one = step(judged(E.host, E.host_crl), "b7.revocation")
    assert one.reason == "Its serial number is not in the list."
    sooner = ListDraft(E.document_issuer, (1, 2), end=AT + DAY).make()
    for lists in ((E.host_crl, sooner), (sooner, E.host_crl)):
        found = judged(E.host, *lists)
        assert step(found, "b7.revocation").reason == "Its serial number is not in any of 2 lists."
        assert shown(step(found, "b7.revocation"))["entries searched"] == "2"
        assert step(found, "b6.usable").reason.startswith("2 of 2; the next list is due 2026-11-27")
        assert step(found, "b5.crls").verdict is Verdict.PASSED


def test_a_list_found_only_by_the_rule_for_the_locality_is_pointed_out() -> None:
    armonk = signing(signing_name("Armonk"), rsa_key("ibm"), E.inter_issuer).make()
    moved = step(judged(E.host, E.host_crl, under=armonk), "b5.crls")
    assert moved.verdict is Verdict.WARNING
    assert not moved.required
    assert moved.reason.startswith("Found only by the rule Armonk → Poughkeepsie")
    plain = step(judged(E.host, E.host_crl), "b5.crls")
    assert plain.verdict is Verdict.PASSED
    named = "1 found under the signing certificate's name"
    assert plain.reason == f"{named} in the order C, O, OU, L, ST, CN."
    assert step(judged(E.host, ListDraft(E.sign_issuer).make()), "b5.crls").reason == f"{named}."
    fetched = host_key_candidates(SIGN, (), (read_list(E.host_crl),))
    found = step(stage_b(read(E.host), SIGN, fetched, AT), "b5.crls")
    assert found.reason == "1 found at a distribution point of the document."


@pytest.mark.parametrize(
    ("list_end", "own_end", "until"),
    [(AT + DAY, AT + 2 * DAY, AT + DAY), (AT + 2 * DAY, AT + DAY, AT + DAY), (AT + DAY, AT - DAY, None)],
)
def test_a_host_key_holds_until_the_first_of_its_own_end_and_that_of_its_lists(
    list_end: object, own_end: object, until: object
) -> None:
    draft = document(1, E.document_issuer)
    draft.end = own_end  # type: ignore[assignment]
    found = judged(draft.make(), ListDraft(E.document_issuer, end=list_end).make(), E.host_crl)  # type: ignore[arg-type]
    assert found.fresh_until == until


def test_the_lists_of_the_sound_pki_outlive_the_tests() -> None:
    assert judged(E.host, E.host_crl).fresh_until == END
    assert BEGIN < AT < END
