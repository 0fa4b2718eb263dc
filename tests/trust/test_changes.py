"""When verdicts change by themselves: at which second, because of what, and for whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from seworkbench.trust.changes import instants_of
from seworkbench.trust.judgement import Collection, judge

from .pki import AT, BEGIN, END, SECOND, Draft, ListDraft, Thing, authority, document, estate, read, read_list, signing

if TYPE_CHECKING:
    from seworkbench.trust.changes import Change

E = estate()
DAY = timedelta(days=1)
SOON = AT + 10 * DAY


def until(draft: Draft, end: datetime, begin: datetime = BEGIN) -> x509.Certificate:
    """The certificate, valid between two instants."""
    draft.begin, draft.end = begin, end
    return draft.make()


def host(number: int, end: datetime = END, begin: datetime = BEGIN) -> x509.Certificate:
    return until(document(number, E.document_issuer), end, begin)


def change_among(*things: Thing, at: datetime = AT) -> Change | None:
    certificates = tuple(read(item) for item in things if isinstance(item, x509.Certificate))
    lists = tuple(read_list(item) for item in things if isinstance(item, x509.CertificateRevocationList))
    return judge(Collection(certificates, lists), at).next_change


def told(change: Change | None) -> tuple[datetime, str, bool, int] | None:
    """Instant, fingerprint of the culprit, whether it ends, number of host keys."""
    return (change.at, change.object.fingerprint, change.ends, len(change.affected)) if change else None


ROOT = (until(authority(E.root_issuer.name, E.root_issuer.key), SOON), "root")
INTER = (until(authority(E.inter_issuer.name, E.inter_issuer.key, E.root_issuer), SOON), "intermediate")
SIGN = (until(signing(E.sign_issuer.name, E.sign_issuer.key, E.inter_issuer), SOON), "signing certificate")


@pytest.mark.parametrize(("ending", "place"), [ROOT, INTER, SIGN], ids=[ROOT[1], INTER[1], SIGN[1]])
def test_the_end_of_every_certificate_of_the_chain_is_a_change(ending: x509.Certificate, place: str) -> None:
    chain = {"root": E.root, "intermediate": E.inter, "signing certificate": E.sign} | {place: ending}
    found = change_among(host(1), host(2), *chain.values(), E.root_crl, E.inter_crl, E.host_crl)
    assert told(found) == (SOON, read(ending).fingerprint, True, 2)


@pytest.mark.parametrize("issuer", [E.root_issuer, E.inter_issuer, E.document_issuer], ids=["root", "inter", "host"])
def test_the_end_of_every_list_that_counts_is_a_change(issuer: object) -> None:
    lists = {item: ListDraft(item).make() for item in (E.root_issuer, E.inter_issuer, E.document_issuer)}
    ending = ListDraft(issuer, end=SOON).make()  # type: ignore[arg-type]
    lists[issuer] = ending  # type: ignore[index]
    found = change_among(host(1), E.root, E.inter, E.sign, *lists.values())
    assert told(found) == (SOON, read_list(ending).fingerprint, True, 1)


SOUND = (E.root, E.inter, E.sign, E.root_crl, E.inter_crl, E.host_crl)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 1, 3)])
def test_of_several_ends_the_first_is_told_whatever_the_order(order: tuple[int, ...]) -> None:
    hosts = [host(number, AT + number * DAY) for number in order]
    found = change_among(*hosts, *SOUND)
    assert told(found) == (AT + DAY, read(host(1, AT + DAY)).fingerprint, True, 1)


def test_what_ends_at_the_same_second_is_one_change() -> None:
    found = change_among(host(1, SOON), host(2, SOON), host(3, SOON + SECOND), *SOUND)
    assert found is not None
    assert (found.at, len(found.affected)) == (SOON, 2)


def test_what_most_host_keys_depend_on_is_named_and_an_end_before_a_beginning() -> None:
    ending = ListDraft(E.document_issuer, end=SOON).make()
    lists = (E.root, E.inter, E.sign, E.root_crl, E.inter_crl, ending)
    found = change_among(host(1, SOON), host(2), host(3), *lists)
    assert told(found) == (SOON, read_list(ending).fingerprint, True, 3)
    found = change_among(host(1, SOON), host(2, begin=SOON), host(3, begin=SOON), *SOUND)
    assert told(found) == (SOON, read(host(1, SOON)).fingerprint, True, 3)


def test_a_beginning_is_told_as_one() -> None:
    coming = ListDraft(E.document_issuer, begin=SOON).make()
    found = change_among(host(1), E.root, E.inter, E.sign, E.root_crl, E.inter_crl, coming)
    assert told(found) == (SOON, read_list(coming).fingerprint, False, 1)
    found = change_among(host(1, begin=SOON), *SOUND)
    assert told(found) == (SOON, read(host(1, begin=SOON)).fingerprint, False, 1)


def test_what_has_changed_at_this_very_second_is_no_change_to_come() -> None:
    found = change_among(host(1, AT), host(2, SOON), *SOUND)
    assert told(found) == (SOON, read(host(2, SOON)).fingerprint, True, 1)
    assert told(change_among(host(1, AT), *SOUND)) is None


def test_a_host_key_is_accepted_as_long_as_one_of_its_signing_certificates_is() -> None:
    longer = until(signing(E.sign_issuer.name, E.sign_issuer.key, E.inter_issuer), SOON + DAY)
    found = change_among(host(1), E.root, E.inter, SIGN[0], longer, E.root_crl, E.inter_crl, E.host_crl)
    assert told(found) == (SOON + DAY, read(longer).fingerprint, True, 1)


def test_every_object_tells_when_it_begins_and_ends() -> None:
    assert list(instants_of(read(E.host))) == [(BEGIN, False), (END, True)]
    assert list(instants_of(read_list(E.host_crl))) == [(BEGIN, False), (END, True)]
    assert list(instants_of(read_list(ListDraft(E.document_issuer, end=None).make()))) == [(BEGIN, False)]
