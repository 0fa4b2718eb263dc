"""A heap of documents: each host key under the certificate that signed it, and what everything else is good for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from seworkbench.checks import Check, Verdict
from seworkbench.trust.anchors import SystemStore
from seworkbench.trust.causes import CauseKind
from seworkbench.trust.judgement import Collection, EdgeKind, judge
from seworkbench.trust.objects import ObjectKind
from seworkbench.trust.verify import verify_host_keys

from .pki import (
    AT,
    END,
    SECOND,
    Issuer,
    ListDraft,
    Thing,
    authority,
    document,
    estate,
    ibm_name,
    name,
    read,
    read_list,
    rsa_key,
    signing,
    signing_name,
)

if TYPE_CHECKING:
    from seworkbench.trust.judgement import Judgement

E = estate()
GEN2 = "IBM Z16 Host Key Signing Service"
LISTS = (E.root_crl, E.inter_crl, E.host_crl)
CHAIN = (E.root, E.inter, E.sign)
LATER = AT + timedelta(days=100)

gen2 = signing(signing_name("Armonk", GEN2), rsa_key("other"), E.inter_issuer).make()
gen2_issuer = Issuer(ibm_name("Poughkeepsie", GEN2), rsa_key("other"))
gen2_crl = ListDraft(gen2_issuer).make()
gen2_host = document(7, gen2_issuer).make()


def heap(*things: Thing) -> Collection:
    certificates = tuple(
        read(item, f"{number}.crt") for number, item in enumerate(things) if isinstance(item, x509.Certificate)
    )
    lists = tuple(
        read_list(item, f"{number}.crl")
        for number, item in enumerate(things)
        if isinstance(item, x509.CertificateRevocationList)
    )
    return Collection(certificates, lists)


def fingerprint(thing: Thing) -> str:
    return (read(thing) if isinstance(thing, x509.Certificate) else read_list(thing)).fingerprint


def verdicts(found: Judgement) -> list[CauseKind | None]:
    return [item.cause.kind if item.cause else None for item in found.host_keys]


# --- Host keys --------------------------------------------------------------------------------------------------------


def test_a_whole_heap_passes() -> None:
    found = judge(heap(E.host, *CHAIN, *LISTS), AT)
    assert verdicts(found) == [None]
    assert found.check.verdict is Verdict.PASSED
    assert {item.verdict for item in found.objects.values()} == {Verdict.PASSED}
    assert found.missing == ()
    assert found.fresh_until == END


@pytest.mark.parametrize("after", [timedelta(0), timedelta(days=9), timedelta(days=10), timedelta(days=30)])
def test_the_verdict_that_is_told_at_once_is_that_of_the_steps_that_are_written_down(after: timedelta) -> None:
    short = document(2, E.document_issuer)
    short.end = AT + timedelta(days=10)
    early = document(3, E.document_issuer)
    early.begin = AT + timedelta(days=10)
    bad = document(4, Issuer(ibm_name(), rsa_key("fake-ibm")))
    listed = ListDraft(E.document_issuer, (E.host.serial_number,), end=AT + timedelta(days=20)).make()
    things = (E.host, short.make(), early.make(), bad.make(), gen2_host, *CHAIN, E.root_crl, E.inter_crl, listed)
    found = judge(heap(*things), AT + after)
    for item in found.host_keys:
        assert item.verdict is item.check.verdict
        assert item.stage_b.verdict is item.check.children[-1].verdict
        assert (item.cause is None) == (item.verdict is Verdict.PASSED)
    assert len({item.verdict for item in found.host_keys}) > 1


def test_each_host_key_is_judged_under_its_own_generation() -> None:
    found = judge(heap(gen2_host, E.host, *CHAIN, gen2, *LISTS, gen2_crl), AT)
    assert verdicts(found) == [None, None]
    assert [item.signing and item.signing.generation.generation.value for item in found.host_keys] == [
        "gen2",
        "1st generation",
    ]


def test_the_judgement_agrees_with_a_run_of_the_reference() -> None:
    revoked = document(2, E.document_issuer).make()
    expired = document(3, E.document_issuer)
    expired.end = AT - SECOND
    forged = document(4, Issuer(ibm_name(), rsa_key("fake-ibm"))).make()
    crl = ListDraft(E.document_issuer, (revoked.serial_number,)).make()
    for host in (E.host, revoked, expired.make(), forged):
        for lists in (LISTS, (E.root_crl, E.inter_crl, crl), (E.root_crl, E.host_crl), ()):
            run = verify_host_keys(E.run(host, crls=lists), AT)
            found = judge(heap(host, *CHAIN, *lists), AT)
            assert found.host_keys[0].cause == run.cause
            assert found.host_keys[0].fresh_until == run.fresh_until
            assert (found.check.verdict is Verdict.FAILED) == (run.cause is not None)


def test_of_two_signing_certificates_with_the_same_key_the_better_one_counts() -> None:
    old = signing(signing_name(), rsa_key("ibm"), E.inter_issuer)
    old.end = AT - SECOND
    for order in ((old.make(), E.sign), (E.sign, old.make())):
        found = judge(heap(E.host, E.root, E.inter, *order, *LISTS), AT)
        assert verdicts(found) == [None]
        assert found.host_keys[0].signing == read(E.sign)


def test_a_forged_host_key_is_held_against_the_certificate_it_claims() -> None:
    forged = document(1, Issuer(ibm_name(), rsa_key("fake-ibm"))).make()
    found = judge(heap(forged, *CHAIN, *LISTS), AT)
    assert verdicts(found) == [CauseKind.SIGNATURE]
    edge = next(item for item in found.edges if item.end == fingerprint(forged) and item.kind is EdgeKind.ISSUED)
    assert edge.check.verdict is Verdict.FAILED


def test_a_host_key_of_a_generation_that_is_not_there_is_not_checked() -> None:
    found = judge(heap(gen2_host, *CHAIN, *LISTS), AT)
    assert verdicts(found) == [CauseKind.NO_IBM_SIGN_KEY]
    assert found.host_keys[0].verdict is Verdict.NOT_CHECKED
    assert found.host_keys[0].signing is None


def test_an_expired_host_key_of_a_missing_generation_fails_all_the_same() -> None:
    draft = document(7, gen2_issuer)
    draft.end = AT
    assert judge(heap(draft.make()), AT).host_keys[0].verdict is Verdict.FAILED


def test_renewed_documents_of_a_machine_are_named() -> None:
    newer = document(1, E.document_issuer)
    newer.begin = newer.begin + timedelta(days=9)
    found = judge(heap(newer.make(), E.host, *CHAIN, *LISTS), AT)
    assert found.host_keys[0].same_key == (fingerprint(E.host),)
    assert found.host_keys[1].same_key == (fingerprint(newer.make()),)


def test_an_object_that_is_there_twice_counts_once() -> None:
    found = judge(heap(E.host, E.host, *CHAIN, *CHAIN, *LISTS, *LISTS), AT)
    assert verdicts(found) == [None]
    assert len(found.objects) == 6


def test_an_empty_heap_is_not_checked() -> None:
    found = judge(Collection(), AT)
    assert found.check.verdict is Verdict.NOT_CHECKED
    assert (found.host_keys, found.objects, found.edges, found.missing) == ((), {}, (), ())


def test_a_root_of_the_system_store_serves_and_is_shown() -> None:
    store = SystemStore((read(E.root, "system store"),), "/etc/ssl")
    found = judge(heap(E.host, E.inter, E.sign, *LISTS), AT, anchors=store)
    assert verdicts(found) == [None]
    assert found.objects[fingerprint(E.root)].role == "root of 1 certificate"


def test_fetched_lists_count_only_online() -> None:
    fetched = {fingerprint(E.host): (read_list(E.host_crl),), fingerprint(E.sign): (read_list(E.inter_crl),)}
    things = heap(E.host, *CHAIN, E.root_crl)
    assert verdicts(judge(things, AT, fetched=fetched)) == [CauseKind.IBM_SIGN_INVALID]
    assert verdicts(judge(things, AT, fetched=fetched, offline=False)) == [None]


# --- Other objects ----------------------------------------------------------------------------------------------------


def test_a_look_alike_is_pointed_out() -> None:
    fake = authority(E.inter_issuer.name, rsa_key("fake-inter"), E.root_issuer).make()
    found = judge(heap(E.host, *CHAIN, fake, *LISTS), AT)
    assert verdicts(found) == [None]
    assert found.objects[fingerprint(fake)].look_alike_of == (fingerprint(E.inter),)
    assert found.objects[fingerprint(fake)].role == "used by nobody"


def test_a_list_found_by_the_rule_for_the_locality_is_a_warning_with_the_rule_on_its_edge() -> None:
    armonk = signing(signing_name("Armonk"), rsa_key("ibm"), E.inter_issuer).make()
    found = judge(heap(E.host, E.root, E.inter, armonk, *LISTS), AT)
    assert verdicts(found) == [None]
    assert found.host_keys[0].verdict is Verdict.PASSED
    assert found.objects[fingerprint(E.host_crl)].verdict is Verdict.WARNING
    edge = next(item for item in found.edges if item.kind is EdgeKind.COVERS and item.end == fingerprint(E.host))
    assert edge.rule.startswith("Armonk → Poughkeepsie")


def test_a_revoked_host_key_has_an_edge_from_the_list_that_names_it() -> None:
    crl = ListDraft(E.document_issuer, (E.host.serial_number,)).make()
    found = judge(heap(E.host, *CHAIN, E.root_crl, E.inter_crl, crl), AT)
    (edge,) = [item for item in found.edges if item.kind is EdgeKind.REVOKES]
    assert (edge.start, edge.end) == (fingerprint(crl), fingerprint(E.host))
    assert edge.check.verdict is Verdict.FAILED


def test_a_list_is_usable_expired_or_for_nobody() -> None:
    stale = ListDraft(E.document_issuer, end=AT).make()
    stranger = ListDraft(Issuer(name(CN="who"), rsa_key("fake-root"))).make()
    forged = ListDraft(Issuer(E.inter_issuer.name, rsa_key("fake-root"))).make()
    found = judge(heap(E.host, *CHAIN, *LISTS, stale, stranger, forged), AT)
    assert found.objects[fingerprint(E.host_crl)].role == "used for 1 certificate"
    assert found.objects[fingerprint(E.root_crl)].role == "used for 2 certificates"
    assert found.objects[fingerprint(stale)].verdict is Verdict.FAILED
    assert found.objects[fingerprint(stranger)].verdict is Verdict.NOT_CHECKED
    assert found.objects[fingerprint(forged)].verdict is Verdict.FAILED


def test_every_edge_leads_from_something_to_something() -> None:
    found = judge(heap(E.host, gen2_host, *CHAIN, E.root_crl), AT)
    known = set(found.objects) | {item.certificate.fingerprint for item in found.host_keys}
    known |= {item.id for item in found.missing}
    assert found.edges
    assert {end for edge in found.edges for end in (edge.start, edge.end)} <= known


# --- What is missing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("absent", "kind", "title"),
    [
        (E.root_crl, ObjectKind.CRL, "revocation list of Root"),
        (E.inter_crl, ObjectKind.CRL, "revocation list of Intermediate"),
        (E.host_crl, ObjectKind.CRL, "revocation list of IBM Z Host Key Signing Service (Poughkeepsie)"),
        (E.sign, ObjectKind.SIGNING, "1st generation signing certificate"),
        (E.inter, ObjectKind.INTERMEDIATE, "intermediate certificate"),
        (E.root, ObjectKind.ROOT, "root certificate"),
    ],
)
def test_what_is_taken_away_is_missing(absent: Thing, kind: ObjectKind, title: str) -> None:
    found = judge(heap(*(item for item in (E.host, *CHAIN, *LISTS) if item is not absent)), AT)
    needs = {item.title: item for item in found.missing}
    assert title in needs
    assert needs[title].kind is kind
    assert fingerprint(E.host) in needs[title].needed_by
    assert found.host_keys[0].verdict is not Verdict.PASSED


def test_the_list_of_a_root_is_where_the_certificate_below_it_says() -> None:
    inter = (
        authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer).lists_at("http://127.0.0.1/root.crl").make()
    )
    found = judge(heap(E.host, E.root, inter, E.sign, E.inter_crl, E.host_crl), AT)
    (need,) = found.missing
    assert need.addresses == ("http://127.0.0.1/root.crl",)
    assert need.usual_file == "root.crl"
    assert set(need.beside) == {fingerprint(E.root), fingerprint(inter)}


def test_an_expired_list_is_missing_with_the_reason() -> None:
    stale = ListDraft(E.document_issuer, end=AT).make()
    found = judge(heap(E.host, *CHAIN, E.root_crl, E.inter_crl, stale), AT)
    (need,) = found.missing
    assert "It has expired" in need.why
    assert need.usual_file == "ibm-z-host-key.crl"


def test_what_many_need_is_missing_once() -> None:
    hosts = [document(number, gen2_issuer).make() for number in (11, 12, 13)]
    first, *after = judge(heap(*hosts), AT).missing
    assert set(first.needed_by) == set(map(fingerprint, hosts))
    assert first.usual_file == "ibm-z-host-key-signing-gen2.crt"
    assert all(set(need.needed_by) == set(first.needed_by) for need in after)


def test_what_is_needed_after_the_signing_certificate_is_told_as_far_as_it_is_known() -> None:
    host = document(11, gen2_issuer).lists_at("http://lists.example/gen2.crl").make()
    signing_need, crl_need, intermediate = judge(heap(host), AT).missing
    assert crl_need.addresses == ("http://lists.example/gen2.crl",)
    assert crl_need.kind is ObjectKind.CRL
    assert (intermediate.kind, intermediate.issuer) == (ObjectKind.INTERMEDIATE, "")
    assert intermediate.usual_file == "DigiCertCA.crt"
    assert intermediate.beside == (signing_need.id,)
    edges = {(edge.kind, edge.start, edge.end) for edge in judge(heap(host), AT).edges}
    assert (EdgeKind.ISSUED, intermediate.id, signing_need.id) in edges
    # What is there is not missing, and where nothing is known nothing is invented.
    assert [need.kind for need in judge(heap(host, E.inter, gen2_crl), AT).missing] == [ObjectKind.SIGNING]
    other = judge(heap(document(12, Issuer(name(CN="somebody"), rsa_key("other"))).make()), AT).missing
    assert [need.kind for need in other] == [ObjectKind.SIGNING, ObjectKind.CRL]
    assert other[0].addresses == ()


def test_the_first_check_says_where_a_root_was_looked_for_and_which_one_was_found() -> None:
    imported = judge(heap(E.host, *CHAIN, *LISTS), AT).check.find("trust.a1.anchors")
    assert imported is not None
    assert imported.reason == "The path ends in “Root”, a root that was imported."
    store = SystemStore((read(E.root),), "/etc/ssl/certs")
    stored = judge(heap(E.host, E.inter, E.sign, *LISTS), AT, anchors=store).check.find("trust.a1.anchors")
    assert stored is not None
    assert stored.reason == "The path ends in “Root”, a root of this machine's trust store."
    assert any("1 certificate in /etc/ssl/certs" in item.value for item in stored.evidence)
    elsewhere = SystemStore((read(authority(name(CN="Else"), rsa_key("fake-root")).make()),), "/etc/ssl/certs")
    none = judge(heap(E.host, E.inter, E.sign, *LISTS), AT, anchors=elsewhere).check.find("trust.a1.anchors")
    assert none is not None
    assert none.reason.endswith("but the path ends in none of them: see A7.")
    nothing = judge(heap(E.host, E.inter, E.sign, *LISTS), AT).check.find("trust.a1.anchors")
    assert nothing is not None
    assert nothing.verdict is Verdict.WARNING


# --- Time -------------------------------------------------------------------------------------------------------------


def test_the_next_change_is_the_first_end_that_matters() -> None:
    ending = ListDraft(E.inter_issuer, end=LATER).make()
    unused = ListDraft(Issuer(name(CN="who"), rsa_key("fake-root")), end=AT + SECOND).make()
    found = judge(heap(E.host, *CHAIN, E.root_crl, ending, E.host_crl, unused), AT)
    assert found.next_change is not None
    assert found.next_change.at == LATER
    assert found.next_change.object == read_list(ending)
    assert found.next_change.ends
    assert found.next_change.affected == (fingerprint(E.host),)


def test_an_end_that_another_list_makes_up_for_is_no_change() -> None:
    ending = ListDraft(E.inter_issuer, end=LATER).make()
    following = ListDraft(E.inter_issuer, begin=LATER - SECOND).make()
    found = judge(heap(E.host, *CHAIN, E.root_crl, ending, following, E.host_crl), AT)
    assert found.next_change is not None
    assert found.next_change.at == END


def test_a_beginning_is_a_change_too() -> None:
    coming = document(2, E.document_issuer)
    coming.begin = LATER
    found = judge(heap(coming.make(), *CHAIN, *LISTS), AT)
    assert found.next_change is not None
    assert (found.next_change.at, found.next_change.ends) == (LATER, False)


def test_the_verdict_changes_exactly_at_the_next_change() -> None:
    ending = ListDraft(E.document_issuer, end=LATER).make()
    things = heap(E.host, *CHAIN, E.root_crl, E.inter_crl, ending)
    change = judge(things, AT).next_change
    assert change is not None
    assert verdicts(judge(things, change.at - SECOND)) == [None]
    assert verdicts(judge(things, change.at)) == [CauseKind.NO_CRL]


def test_moving_the_instant_back_and_forth_gives_the_same_answers() -> None:
    ending = ListDraft(E.inter_issuer, end=LATER).make()
    things = heap(E.host, *CHAIN, E.root_crl, ending, E.host_crl)
    for _ in range(2):
        assert verdicts(judge(things, LATER - SECOND)) == [None]
        assert verdicts(judge(things, LATER)) == [CauseKind.IBM_SIGN_INVALID]


def test_the_tree_survives_json() -> None:
    check = judge(heap(E.host, gen2_host, *CHAIN, *LISTS), AT).check
    assert Check.from_json(json.loads(json.dumps(check.to_json()))) == check


# --- Evidence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("/home/officer/lists/ibm.crl", "ibm.crl, "),
        ("https://lists.example/a/ibm.crl", "https://lists.example/a/ibm.crl"),
    ],
)
def test_evidence_names_a_file_without_its_folder_and_an_address_whole(place: str, shown: str) -> None:
    listed = read_list(ListDraft(E.document_issuer, (E.host.serial_number,)).make(), place)
    whole = heap(E.host, *CHAIN, E.root_crl, E.inter_crl)
    check = judge(Collection(whole.certificates, (*whole.crls, listed)), AT).check.find("trust.b7.revocation")
    assert check is not None
    (where,) = (item.value for item in check.evidence if item.label == "listed in")
    assert where.startswith(shown)
