"""Which signing certificate of a heap a host key belongs to, and what there is for all of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from seworkbench.checks import Verdict
from seworkbench.trust.anchors import SystemStore
from seworkbench.trust.judgement import Collection, judge
from seworkbench.trust.signing_groups import fitting

from .pki import AT, Issuer, Thing, document, estate, ibm_name, read, read_list, rsa_key, signing, signing_name

if TYPE_CHECKING:
    from seworkbench.checks import Check

E = estate()
FIRST, GEN2 = "IBM Z Host Key Signing Service", "IBM Z16 Host Key Signing Service"
GEN2_LIST = "https://www.ibm.com/support/resourcelink/api/content/public/ibm-z-host-key-gen2.crl"
COUNTED = "A7 and B5 tell which of them count."
OTHER = "Test Key Signing Service"


def group(unit: str, key: str) -> Any:
    made = signing(signing_name("Poughkeepsie", unit), rsa_key(key), E.inter_issuer).make()
    return SimpleNamespace(signing=read(made, f"{unit}-{key}.crt"))


def host(unit: str, key: str, *addresses: str) -> Any:
    draft = document(1, Issuer(ibm_name("Poughkeepsie", unit), rsa_key(key)))
    draft = draft.lists_at(*addresses) if addresses else draft.without(x509.CRLDistributionPoints)
    return read(draft.make(), "host.crt")


def test_whoever_signed_a_host_key_is_its_issuer_whatever_the_names_say() -> None:
    signer, claimed = group(GEN2, "other"), group(FIRST, "ibm")
    assert fitting(host(FIRST, "other"), [claimed, signer]) == (signer,)
    again = group(GEN2, "other")
    assert fitting(host(FIRST, "other"), [signer, claimed, again]) == (signer, again)


@pytest.mark.parametrize(
    ("unit", "addresses", "claims"),
    [(FIRST, (), FIRST), (GEN2, (), GEN2), (FIRST, (GEN2_LIST,), ""), (OTHER, (), OTHER), ("Another", (), "")],
    ids=["first", "gen2", "list of another generation", "unknown generation", "unknown unit"],
)
def test_a_host_key_that_nobody_signed_belongs_to_whom_it_names(
    unit: str, addresses: tuple[str, ...], claims: str
) -> None:
    groups = {name: group(name, "ibm") for name in (FIRST, GEN2, OTHER)}
    found = fitting(host(unit, "other", *addresses), list(groups.values()))
    assert found == ((groups[claims],) if claims else ())


def stock(*things: Thing, store: SystemStore | None) -> tuple[Check, Check]:
    """What is said of roots and lists in a heap with the signing certificate and the host key."""
    certificates = tuple(read(item) for item in (E.host, E.sign, *things) if isinstance(item, x509.Certificate))
    lists = tuple(read_list(item) for item in things if isinstance(item, x509.CertificateRevocationList))
    found = judge(Collection(certificates, lists), AT, anchors=store)
    roots, crls = (found.check.find(f"trust.{step}") for step in ("a1.anchors", "a2.crls"))
    assert roots is not None
    assert crls is not None
    return roots, crls


STORE = SystemStore((read(E.root, "store.crt"),), "/etc/ssl/certs")


@pytest.mark.parametrize(
    ("things", "store", "verdict", "words"),
    [
        ((), None, Verdict.WARNING, "No root certificate was imported, and no trust store is asked."),
        (
            (),
            SystemStore((), ""),
            Verdict.WARNING,
            "No root certificate was imported, and this machine has no trust store that could be found.",
        ),
        ((E.root,), None, Verdict.PASSED, "There are roots (1 imported), but the path ends in none of them: see A7."),
        (
            (),
            STORE,
            Verdict.PASSED,
            "There are roots (1 in this machine's trust store), but the path ends in none of them: see A7.",
        ),
        ((E.root, E.inter), None, Verdict.PASSED, "The path ends in “Root”, a root that was imported."),
        ((E.inter,), STORE, Verdict.PASSED, "The path ends in “Root”, a root of this machine's trust store."),
    ],
    ids=["none asked", "none found", "imported", "of the store", "ends in an imported one", "ends in the store"],
)
def test_where_roots_were_looked_for_is_told(
    things: tuple[Thing, ...], store: SystemStore | None, verdict: Verdict, words: str
) -> None:
    found = stock(*things, store=store)[0]
    assert (found.verdict, found.reason) == (verdict, words)


@pytest.mark.parametrize(
    ("lists", "verdict", "words"),
    [
        ((), Verdict.NOT_CHECKED, "There are no revocation lists."),
        ((E.root_crl,), Verdict.PASSED, f"1 revocation list is at hand; {COUNTED}"),
        (
            (E.root_crl, E.host_crl),
            Verdict.PASSED,
            f"2 revocation lists are at hand; {COUNTED}",
        ),
    ],
)
def test_how_many_lists_are_at_hand_is_told(lists: tuple[Thing, ...], verdict: Verdict, words: str) -> None:
    found = stock(E.root, *lists, store=None)[1]
    assert (found.verdict, found.reason) == (verdict, words)


@pytest.mark.parametrize(
    ("things", "store", "imported", "stored"),
    [
        ((), None, "there is no root", "not asked"),
        ((E.root, E.inter), SystemStore((), ""), "Root", "none was found"),
        ((), STORE, "there is no root", "1 certificate in /etc/ssl/certs"),
        ((), SystemStore((*STORE.certificates, read(E.inter)), "/a"), "there is no root", "2 certificates in /a"),
    ],
    ids=["none", "imported", "one stored", "two stored"],
)
def test_what_was_looked_through_for_roots_is_evidence(
    things: tuple[Thing, ...], store: SystemStore | None, imported: str, stored: str
) -> None:
    said = {item.label: item.value for item in stock(*things, store=store)[0].evidence}
    assert (said["among what was imported"], said["in the trust store of this machine"]) == (imported, stored)
