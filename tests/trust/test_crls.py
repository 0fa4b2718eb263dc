"""Which revocation lists are looked at, which of them count, and what is said of those that do not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from seworkbench.trust.crls import (
    chain_coverage,
    host_key_candidates,
    host_key_crl_fault,
    time_fault,
    usable_in_chain,
)
from seworkbench.trust.names import LOCALITY_RULE, ORDER_RULE

from .pki import AT, BEGIN, SECOND, Issuer, ListDraft, estate, read, read_list, rsa_key, signing, signing_name

E = estate()
DAY = timedelta(days=1)
INTER, ROOT, SIGN = read(E.inter, "inter.crt"), read(E.root, "root.crt"), read(E.sign, "sign.crt")
ARMONK = read(signing(signing_name("Armonk"), rsa_key("ibm"), E.inter_issuer).make(), "armonk.crt")
IMPOSTOR = Issuer(E.inter_issuer.name, rsa_key("other"))

ENDED = read_list(ListDraft(E.inter_issuer, begin=BEGIN + DAY, end=AT).make(), "ended.crl")
EARLY = read_list(ListDraft(E.inter_issuer, begin=AT + SECOND).make(), "early.crl")
FOREIGN = read_list(ListDraft(IMPOSTOR).without(x509.AuthorityKeyIdentifier).make(), "foreign.crl")
NAMED = read_list(ListDraft(IMPOSTOR).make(), "named.crl")
OTHERS = read_list(E.root_crl, "others.crl")
GOOD = read_list(E.inter_crl, "good.crl")
LATER = read_list(ListDraft(E.inter_issuer, begin=BEGIN + 9 * DAY).make(), "later.crl")
ENDLESS = read_list(ListDraft(E.inter_issuer, end=None).make(), "endless.crl")


@pytest.mark.parametrize(
    ("crl", "reason"),
    [
        (ENDED, "It has expired: the next list was due 2026-11-26 12:00:00 UTC."),
        (EARLY, "It is not valid before 2026-11-26 12:00:01 UTC."),
        (FOREIGN, "Its signature was not made by this issuer's key."),
        (NAMED, "Its authority key identifier names another key."),
    ],
    ids=["ended", "early", "foreign", "names another key"],
)
def test_a_list_of_the_chain_that_does_not_count_says_why(crl: object, reason: str) -> None:
    found = chain_coverage(SIGN, INTER, [crl], AT)  # type: ignore[list-item]
    assert not found.used
    assert [candidate.reason for candidate in found.rejected] == [reason]
    assert not usable_in_chain(crl, SIGN, INTER, AT)  # type: ignore[arg-type]


def test_lists_of_other_issuers_are_no_candidates() -> None:
    found = chain_coverage(SIGN, INTER, [OTHERS, GOOD], AT)
    assert [candidate.crl for candidate in found.candidates] == [GOOD]
    assert found.used == (GOOD,)
    assert not found.rejected
    # Made by the right key, but under another name: OpenSSL would not look at it.
    renamed = read_list(ListDraft(Issuer(E.root_issuer.name, rsa_key("inter"))).make())
    assert not usable_in_chain(renamed, SIGN, INTER, AT)
    assert usable_in_chain(GOOD, SIGN, INTER, AT)


def test_of_several_lists_of_the_chain_the_one_that_began_last_counts() -> None:
    for order in ([GOOD, LATER, ENDED], [LATER, ENDED, GOOD]):
        assert chain_coverage(SIGN, INTER, order, AT).used == (LATER,)
    twin = read_list(ListDraft(E.inter_issuer, (7,)).make())
    assert chain_coverage(SIGN, INTER, [GOOD, twin], AT).used == (GOOD,)
    assert not any(candidate.quirk for candidate in chain_coverage(SIGN, INTER, [GOOD], AT).candidates)


def test_a_list_without_an_end_is_good_for_the_chain_and_not_for_host_keys() -> None:
    assert time_fault(ENDLESS, AT) == ""
    assert usable_in_chain(ENDLESS, SIGN, INTER, AT)
    endless = read_list(ListDraft(E.document_issuer, end=None).make())
    assert host_key_crl_fault(endless, SIGN, AT).startswith("It does not say when the next list is due")
    assert host_key_crl_fault(read_list(E.host_crl), SIGN, AT) == ""


def test_a_list_holds_from_its_first_second_to_before_its_last() -> None:
    crl = read_list(ListDraft(E.inter_issuer, begin=AT, end=AT + DAY).make())
    assert [bool(time_fault(crl, AT + offset)) for offset in (-SECOND, 0 * SECOND, DAY - SECOND, DAY)] == [
        True,
        False,
        False,
        True,
    ]


def test_how_a_list_for_host_keys_was_found_is_told() -> None:
    own = read_list(ListDraft(E.sign_issuer).make())
    ordered = read_list(E.host_crl)
    assert host_key_candidates(SIGN, [own, ordered], []) == ((own, "issuer name", False),)
    assert host_key_candidates(SIGN, [ordered], []) == ((ordered, ORDER_RULE, False),)
    moved = read_list(ListDraft(Issuer(signing_name(), rsa_key("ibm"))).make())
    assert host_key_candidates(ARMONK, [moved], []) == ((moved, LOCALITY_RULE, True),)
    assert host_key_candidates(ARMONK, [ordered], []) == ((ordered, f"{LOCALITY_RULE}, {ORDER_RULE}", True),)


def test_a_fetched_list_counts_beside_those_at_hand_and_only_once() -> None:
    fetched = read_list(ListDraft(E.root_issuer).make(), "http://lists.example/host.crl")
    at_hand = read_list(E.host_crl)
    found = host_key_candidates(SIGN, [at_hand, at_hand], [fetched, at_hand, fetched])
    assert found == ((at_hand, ORDER_RULE, False), (fetched, "distribution point", False))
