"""What stage A tells of a chain: which step decides, which others are wrong too, and which could not be checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.trust.verify import verify_host_keys

from .pki import (
    AT,
    CA,
    SECOND,
    Issuer,
    ListDraft,
    Thing,
    authority,
    estate,
    identifier,
    name,
    rsa_key,
    signing,
)

if TYPE_CHECKING:
    from cryptography import x509

E = estate()
SIGN = "IBM Z Host Key Signing Service (Poughkeepsie)"
NO_PATH = "There is no complete path."
SKIPPED = {"a7.strict": NO_PATH, "a8.length": NO_PATH}
NO_ISSUER = SKIPPED | {
    "a7.signatures": "The issuer of the signing certificate is missing.",
    "a7.revocation.0": "Its issuer is missing, so its revocation list cannot be judged.",
}
NO_LIST = "There is no valid revocation list of its issuer."
NO_LIST_OF_ROOT = "There is no valid revocation list of itself, being the root."


def between(**times: object) -> x509.Certificate:
    draft = authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer)
    for part, at in times.items():
        setattr(draft, part, at)
    return draft.make()


FAKE_ROOT = Issuer(E.root_issuer.name, rsa_key("fake-root"))
LOOK_ALIKE = authority(E.inter_issuer.name, rsa_key("fake-inter"), FAKE_ROOT).make()
FORGED = authority(E.inter_issuer.name, E.inter_issuer.key, FAKE_ROOT).add(identifier(rsa_key("root"))).make()
UNCRITICAL = authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer).add(CA, critical=False).make()
WEAK = Issuer(E.inter_issuer.name, rsa_key("weak"))
UNDER_WEAK = signing(E.sign_issuer.name, E.sign_issuer.key, WEAK).make()
BY_ITSELF = signing(E.sign_issuer.name, E.sign_issuer.key, E.sign_issuer).make()
ELSE = authority(name(CN="Else"), rsa_key("other")).make()


@dataclass(frozen=True)
class Case:
    """A chain with something wrong: code and level, the step that decides, and all others that did not pass."""

    certificates: tuple[Thing, ...]
    answer: tuple[int, int]
    step: str
    reason: str
    wrong: dict[str, str]
    skipped: dict[str, str]
    root: Thing = E.root
    crls: tuple[Thing, ...] = (E.root_crl, E.inter_crl, E.host_crl)


CASES = {
    "no issuer": Case((E.sign,), (20, 0), "a7.path", f"The issuer of “{SIGN}” is not there.", {}, NO_ISSUER),
    "look-alike": Case(
        (E.sign, LOOK_ALIKE),
        (20, 0),
        "a7.path",
        f"A certificate named “Intermediate” is there, but it is not the issuer of “{SIGN}”.",
        {},
        NO_ISSUER,
    ),
    "root not trusted": Case(
        (E.sign, E.inter, E.root),
        (19, 2),
        "a7.path",
        "“Root” signed itself and is not a trusted root.",
        {},
        SKIPPED,
        root=ELSE,
    ),
    "intermediate as root": Case(
        (E.sign,),
        (2, 1),
        "a7.path",
        "“Intermediate” is trusted, but it is not self-signed: a path must end in a root.",
        {},
        SKIPPED | {"a7.revocation.1": NO_ISSUER["a7.revocation.0"]},
        root=E.inter,
    ),
    "signed by itself": Case(
        (BY_ITSELF,),
        (18, 0),
        "a7.path",
        f"“{SIGN}” signed itself and is not a trusted root.",
        {"a7.revocation.0": NO_LIST_OF_ROOT},
        SKIPPED,
    ),
    "forged": Case((E.sign, FORGED), (7, 1), "a7.signatures", "The signature of Intermediate is wrong.", {}, {}),
    "ended": Case(
        (E.sign, between(end=AT)),
        (10, 1),
        "a7.validity",
        "“Intermediate” has expired on 2026-11-26 12:00:00 UTC.",
        {},
        {},
    ),
    "not begun": Case(
        (E.sign, between(begin=AT + SECOND)),
        (9, 1),
        "a7.validity",
        "“Intermediate” is not valid before 2026-11-26 12:00:01 UTC.",
        {},
        {},
    ),
    "weak": Case(
        (UNDER_WEAK, authority(WEAK.name, WEAK.key, E.root_issuer).make()),
        (67, 1),
        "a7.strength",
        "The key of “Intermediate” has 80 bits of security; 112 are needed.",
        {"a7.revocation.0": f"{NO_LIST} list1: Its authority key identifier names another key."},
        {},
    ),
    "not critical": Case(
        (E.sign, UNCRITICAL),
        (89, 1),
        "a7.strict",
        "1, Intermediate: Basic Constraints of CA cert not marked critical.",
        {},
        {},
    ),
    "revoked": Case(
        (E.sign, E.inter),
        (23, 0),
        "a7.revocation.0",
        "It is revoked since 2024-01-01 00:00:00 UTC.",
        {},
        {},
        crls=(E.root_crl, ListDraft(E.inter_issuer, (E.sign.serial_number,)).make(), E.host_crl),
    ),
    "list ended": Case(
        (E.sign, E.inter),
        (12, 0),
        "a7.revocation.0",
        f"{NO_LIST} list1: It has expired: the next list was due 2026-11-26 12:00:00 UTC.",
        {},
        {},
        crls=(E.root_crl, ListDraft(E.inter_issuer, end=AT).make(), E.host_crl),
    ),
    "no list of the root": Case(
        (E.sign, E.inter),
        (3, 1),
        "a7.revocation.1",
        NO_LIST,
        {"a7.revocation.2": NO_LIST_OF_ROOT},
        {},
        crls=(E.inter_crl, E.host_crl),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_step_that_decides_is_told_with_the_code_and_all_else_that_is_wrong(case: Case) -> None:
    found = verify_host_keys(E.run(certificates=case.certificates, crls=case.crls, root=case.root), AT)
    assert found.cause is not None
    assert (found.cause.code, found.cause.depth) == case.answer
    assert found.fresh_until is None
    steps = {item.id.removeprefix("trust."): item for item in found.stage_a.leaves()}
    told = {name: item for name, item in steps.items() if name.startswith(("a7", "a8")) and name != "a7.root"}
    failed = {name: item.reason for name, item in told.items() if item.verdict is Verdict.FAILED}
    skipped = {name: item.reason for name, item in told.items() if item.verdict is Verdict.NOT_CHECKED}
    assert failed == {case.step: case.reason} | case.wrong
    assert skipped == case.skipped
    # OpenSSL's answer stands where it belongs, and nowhere else.
    coded = {name: item.value for name, step in told.items() for item in step.evidence if item.label == "OpenSSL"}
    assert list(coded) == [case.step]
    assert coded[case.step].startswith(f"error {case.answer[0]}, ")
    assert told[case.step].evidence[1].value.startswith(f"{case.answer[1]}, ")


def test_what_a_sound_chain_was_judged_by_is_evidence() -> None:
    found = verify_host_keys(E.run(), AT)
    steps = {item.id.removeprefix("trust."): item for item in found.stage_a.leaves()}
    reasons = {name: steps[name].reason for name in ("a7.path", "a7.signatures", "a7.strength", "a7.validity")}
    assert reasons == {
        "a7.path": "3 certificates up to Root.",
        "a7.signatures": "3 of 3 are right.",
        "a7.strength": "At least 112 bits; 112 are needed.",
        "a7.validity": "All are valid until 2094-01-01 00:00:00 UTC.",
    }
    shown = {name: [item.label for item in steps[name].evidence] for name in reasons}
    chain = [SIGN, "Intermediate", "Root"]
    assert shown == {
        "a7.path": ["level 0", "level 1", "level 2", "settings (A4)"],
        "a7.signatures": chain,
        "a7.strength": chain,
        "a7.validity": [*chain, "instant"],
    }
    lists = [item.value for item in steps["a7.revocation.0"].evidence if item.label.startswith("list ")]
    assert lists[0] == "Intermediate"
    assert "next due 2094-01-01" in lists[1]
