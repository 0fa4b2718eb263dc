"""One run as a whole: what each file gave, what cannot be checked without it, and which cause comes first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Check, Verdict
from seworkbench.trust.causes import CauseKind
from seworkbench.trust.verify import InputFile, TrustRun, fetch_for, load_input, verify_host_keys

from .pki import (
    AT,
    SYSTEM,
    Issuer,
    ListDraft,
    Thing,
    document,
    estate,
    ibm_name,
    pem,
    read,
    read_list,
    rsa_key,
    run_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.trust.objects import TrustCertificate, TrustCrl
    from seworkbench.trust.verify import TrustResult

E = estate()
DAY = timedelta(days=1)
LISTS = (E.root_crl, E.inter_crl, E.host_crl)
FORGED = document(2, Issuer(ibm_name(), rsa_key("other"))).make()


def judged(
    certificates: dict[str, bytes], crls: dict[str, bytes], *hosts: Thing, root: bytes | Thing | None = E.root
) -> TrustResult:
    return verify_host_keys(run_of(hosts or (E.host,), certificates, crls, root), AT)


CHAIN = {"sign.crt": pem(E.sign), "inter.crt": pem(E.inter)}
ALL = {"all.crl": pem(*LISTS)}


def step(found: TrustResult, check_id: str) -> Check:
    check = found.check.find(f"trust.{check_id}")
    assert check is not None
    return check


@pytest.mark.parametrize(
    ("crls", "verdict", "required", "words"),
    [
        ({}, Verdict.NOT_CHECKED, False, "No file with revocation lists was given."),
        (ALL, Verdict.PASSED, True, "3 from 1 file."),
        ({"a.crl": pem(E.root_crl), "b.crl": pem(E.inter_crl)}, Verdict.PASSED, True, "2 from 2 files."),
        (ALL | {"no.crl": b"x"}, Verdict.FAILED, True, "There is no revocation list in no.crl."),
        ({"no.crl": b"x", "nor.crl": b""}, Verdict.FAILED, True, "There is no revocation list in no.crl, nor.crl."),
    ],
)
def test_what_the_files_of_lists_gave_is_told(
    crls: dict[str, bytes], verdict: Verdict, required: bool, words: str
) -> None:
    found = step(judged(CHAIN, crls), "a2.crls")
    assert (found.verdict, found.required, found.reason) == (verdict, required, words)


@pytest.mark.parametrize(
    ("certificates", "verdict", "required", "words"),
    [
        (CHAIN, Verdict.PASSED, True, "2 from 2 files."),
        ({"both.crt": pem(E.sign, E.inter)}, Verdict.PASSED, True, "2 from 1 file."),
        (CHAIN | {"no.crt": b"x"}, Verdict.WARNING, False, "2 from 3 files. There is none in no.crt."),
        # A file with nothing but lists is of use.
        (CHAIN | {"lists.crt": pem(*LISTS)}, Verdict.PASSED, True, "2 from 3 files."),
        (CHAIN | {"cut.crt": pem(E.root)[:-30]}, Verdict.FAILED, True, "cut.crt cannot be read."),
    ],
)
def test_what_the_files_of_certificates_gave_is_told(
    certificates: dict[str, bytes], verdict: Verdict, required: bool, words: str
) -> None:
    found = step(judged(certificates, ALL), "a5.certificates")
    assert (found.verdict, found.required, found.reason) == (verdict, required, words)


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        ((E.host_crl,), "1 revocation list was found in certificate files."),
        ((E.root_crl, E.host_crl), "2 revocation lists were found in certificate files."),
    ],
)
def test_lists_among_the_certificates_are_told_where_there_are_any(hidden: tuple[Thing, ...], words: str) -> None:
    found = step(judged(CHAIN | {"more.crt": pem(*hidden)}, ALL), "a3.hidden-crls")
    assert (found.verdict, found.reason) == (Verdict.PASSED, words)
    assert judged(CHAIN, ALL).check.find("trust.a3.hidden-crls") is None


def test_without_a_signing_certificate_its_steps_are_there_and_not_checked() -> None:
    found = judged({"inter.crt": pem(E.inter)}, ALL)
    assert found.cause is not None
    assert found.cause.kind is CauseKind.NO_IBM_SIGN_KEY
    names = ("path", "signatures", "strict", "strength", "revocation", "validity")
    steps = [step(found, f"a7.{name}") for name in names] + [step(found, "a8.length")]
    assert {item.verdict for item in steps} == {Verdict.NOT_CHECKED}
    assert found.signing is None
    assert found.chain == found.coverage == ()
    # What needs no signing certificate is checked all the same.
    assert step(found, "b2.validity").verdict is Verdict.PASSED


def test_a_failure_of_stage_a_comes_before_one_of_a_host_key() -> None:
    found = judged(CHAIN, {"root.crl": pem(E.root_crl)}, FORGED)
    assert found.cause is not None
    assert found.cause.kind is CauseKind.IBM_SIGN_INVALID
    assert step(found, "b4.signature").verdict is Verdict.FAILED
    assert [item.cause for item in found.host_keys] == [found.cause]
    found = judged(CHAIN | {"twin.crt": pem(E.sign)}, {"no.crl": b"x"}, FORGED)
    assert found.cause is not None
    assert found.cause.kind is CauseKind.X509_LOAD


def test_a_run_holds_until_the_first_host_key_ends_and_only_if_all_are_accepted() -> None:
    sooner = document(3, E.document_issuer)
    sooner.end = AT + DAY
    assert judged(CHAIN, ALL, E.host, sooner.make()).fresh_until == AT + DAY
    found = judged(CHAIN, ALL, E.host, FORGED)
    assert found.fresh_until is None
    assert not found.accepted
    assert [item.accepted for item in found.host_keys] == [True, False]
    assert judged(CHAIN, ALL).accepted


def test_lists_are_fetched_once_for_every_certificate_and_for_the_first_of_a_document() -> None:
    asked: list[str] = []
    crl = read_list(ListDraft(E.document_issuer).make(), "http://lists.example/host.crl")

    def fetcher(certificate: TrustCertificate) -> tuple[TrustCrl, ...]:
        asked.append(certificate.fingerprint)
        return (crl,)

    run = TrustRun(
        (InputFile("two.crt", pem(E.host, FORGED)), InputFile("cut.crt", pem(E.host)[:-30])),
        (InputFile("chain.crt", pem(E.sign, E.inter, E.sign)), InputFile("cut.crt", pem(E.root)[:-30])),
        SYSTEM,
    )
    found = fetch_for(run, fetcher)
    wanted = [read(item).fingerprint for item in (E.sign, E.inter, E.host)]
    assert asked == wanted
    assert not found.offline
    assert list(found.fetched) == wanted
    assert found.lists_for(read(E.host)) == (crl,)
    assert found.lists_for(read(FORGED)) == ()


def test_a_file_is_named_as_it_was_given_or_as_told(tmp_path: Path) -> None:
    path = tmp_path / "host.crt"
    path.write_bytes(b"content")
    assert load_input(path) == InputFile(str(path), b"content")
    assert load_input(path, "given") == InputFile("given", b"content")
    assert (load_input(path).short, InputFile("folder/", b"").short) == ("host.crt", "folder/")
