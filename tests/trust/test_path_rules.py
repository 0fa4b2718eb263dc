"""What the reference demands beyond OpenSSL's answer, and which answers of OpenSSL give way to it."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA384

from seworkbench.trust.path_rules import (
    CONSTRAINTS_UNCRITICAL,
    CRL_EXPIRED,
    DIGEST_WEAK,
    EXPIRED,
    IDENTIFIER_MISSING,
    ISSUER_KEY_WEAK,
    OK,
    REVOKED,
    is_weak_digest,
    stricter,
)

from .pki import AT, CA, SECOND, ListDraft, Thing, authority, document, estate, read, read_list, rsa_key, with_sha_1
from .pki import signing as signing_draft

E = estate()
SOUND = tuple(map(read, (E.sign, E.inter, E.root)))
LISTS = tuple(map(read_list, (E.root_crl, E.inter_crl)))
# The order in which OpenSSL looks at a path: issuers and extensions, strength, revocation, then all else.
AFTER_STRENGTH = {3, 4, 5, 8, 11, 12, 15, 16, 23, 33, 35, 36, 41, 44, 45, 46, 54}
AFTER_REVOCATION = {6, 7, 9, 10, 13, 14, 32, 42, 43, 47, 48, 49, 51, 52, 53}


def answered(code: int, *chain: Thing, crls: tuple[object, ...] = LISTS) -> tuple[int, int]:
    """Code and level after the stricter rules, for an answer of OpenSSL about the last level."""
    certificates = [read(item) for item in chain if isinstance(item, x509.Certificate)]
    found = stricter((code, 2, "as OpenSSL says"), certificates, crls, AT)  # type: ignore[arg-type]
    return found[:2]


def inter(**changes: object) -> x509.Certificate:
    """An intermediate with one thing changed."""
    draft = authority(E.inter_issuer.name, rsa_key("weak") if "weak" in changes else E.inter_issuer.key, E.root_issuer)
    if "uncritical" in changes:
        draft.add(CA, critical=False)
    if "nameless" in changes:
        draft.without(x509.AuthorityKeyIdentifier)
    return with_sha_1(draft) if "sha1" in changes else draft.make()


@pytest.mark.parametrize("code", [OK, *range(2, 96)])
def test_weakness_is_told_before_all_that_openssl_looks_at_later(code: int) -> None:
    later = code in AFTER_STRENGTH | AFTER_REVOCATION | {OK}
    assert answered(code, E.sign, inter(weak=True), E.root) == ((ISSUER_KEY_WEAK, 1) if later else (code, 2))


@pytest.mark.parametrize("code", [OK, *range(2, 96)])
def test_a_revoked_root_is_told_before_all_that_openssl_looks_at_later(code: int) -> None:
    revoking = read_list(ListDraft(E.root_issuer, (E.root.serial_number,)).make())
    later = code in AFTER_REVOCATION | {OK}
    found = answered(code, E.sign, E.inter, E.root, crls=(revoking, LISTS[1]))
    assert found == ((REVOKED, 2) if later else (code, 2))


@pytest.mark.parametrize(
    ("chain", "answer"),
    [
        ((E.sign, E.inter, E.root), (OK, 2)),
        ((E.sign, inter(uncritical=True), E.root), (CONSTRAINTS_UNCRITICAL, 1)),
        ((E.sign, inter(nameless=True), E.root), (IDENTIFIER_MISSING, 1)),
        ((E.sign, inter(sha1=True), E.root), (DIGEST_WEAK, 1)),
        (
            (
                signing_draft(E.sign_issuer.name, E.sign_issuer.key, E.inter_issuer)
                .without(x509.AuthorityKeyIdentifier)
                .make(),
                E.inter,
                E.root,
            ),
            (IDENTIFIER_MISSING, 0),
        ),
        (
            (
                signing_draft(E.sign_issuer.name, E.sign_issuer.key, E.inter_issuer)
                .add(x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(E.root.subject)], E.inter.serial_number))
                .make(),
                E.inter,
                E.root,
            ),
            (IDENTIFIER_MISSING, 0),
        ),
        (
            (
                E.sign,
                E.inter,
                authority(E.root_issuer.name, E.root_issuer.key).without(x509.AuthorityKeyIdentifier).make(),
            ),
            (OK, 2),
        ),
        ((E.sign, E.inter, with_sha_1(authority(E.root_issuer.name, E.root_issuer.key))), (OK, 2)),
    ],
    ids=[
        "sound",
        "constraints not critical",
        "intermediate names no issuer key",
        "intermediate signed with SHA-1",
        "signing certificate names no issuer key",
        "signing certificate names its issuer without a key",
        "a root need not name its key",
        "how a root is signed does not matter",
    ],
)
def test_one_rule_at_a_time_is_broken_and_named(chain: tuple[Thing, ...], answer: tuple[int, int]) -> None:
    assert answered(OK, *chain) == answer


def test_what_ends_at_this_very_second_has_ended() -> None:
    ended = authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer)
    ended.end = AT
    assert answered(OK, E.sign, ended.make(), E.root) == (EXPIRED, 1)
    ended.end = AT + SECOND
    assert answered(OK, E.sign, ended.make(), E.root) == (OK, 2)
    over = read_list(ListDraft(E.inter_issuer, end=AT).make())
    assert answered(OK, E.sign, E.inter, E.root, crls=(LISTS[0], over)) == (CRL_EXPIRED, 0)
    over = read_list(ListDraft(E.root_issuer, end=AT).make())
    assert answered(OK, E.sign, E.inter, E.root, crls=(over, LISTS[1])) == (CRL_EXPIRED, 1)


def test_only_digests_below_112_bits_are_weak() -> None:
    assert is_weak_digest(read(with_sha_1(document(1, E.document_issuer))))
    draft = document(1, E.document_issuer)
    draft.digest = SHA384()
    assert not is_weak_digest(read(draft.make()))
    assert not any(map(is_weak_digest, SOUND))
