"""What an import changes, in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.trust.importing import Outcome, outcomes
from seworkbench.trust.objects import Bundle
from seworkbench.trust.reading import read_file

if TYPE_CHECKING:
    from seworkbench.trust.objects import TrustObject

PKI = Path(__file__).parents[1] / "data" / "interop" / "pki"


def bundle(*names: str) -> Bundle:
    parts = [read_file(PKI / name) for name in names]
    return Bundle(
        tuple(item for part in parts for item in part.certificates),
        tuple(item for part in parts for item in part.crls),
        tuple(item for part in parts for item in part.problems),
    )


def known(*names: str) -> dict[str, TrustObject]:
    return {item.fingerprint: item for item in bundle(*names).objects}


def test_what_is_new_says_what_it_is_and_until_when() -> None:
    (line,) = outcomes(bundle("root.crt"), {})
    assert line.outcome is Outcome.IMPORTED
    assert line.name == "Root CA"
    assert line.detail == "A root certificate, valid until 2094-01-01."


def test_what_is_there_says_from_where() -> None:
    (line,) = outcomes(bundle("root.crt"), known("root.crt"))
    assert line.outcome is Outcome.KNOWN
    assert "from root.crt" in line.detail


def test_the_same_thing_twice_in_one_import_counts_once() -> None:
    assert [line.outcome for line in outcomes(bundle("root.crt", "root.crt"), {})] == [Outcome.IMPORTED, Outcome.KNOWN]


def test_another_document_of_a_key_is_a_renewal() -> None:
    (line,) = outcomes(bundle("host_renewed.crt"), known("host1.crt"))
    assert line.outcome is Outcome.RENEWAL
    assert "the same host key" in line.detail
    assert "host1.crt" in line.detail


def test_the_document_of_another_key_is_none() -> None:
    (line,) = outcomes(bundle("host2.crt"), known("host1.crt"))
    assert line.outcome is Outcome.IMPORTED


def test_a_list_says_its_entries_and_whether_it_is_newer_than_the_one_that_is_there() -> None:
    (first,) = outcomes(bundle("host.crl"), {})
    assert first.outcome is Outcome.IMPORTED
    assert first.detail.startswith("A revocation list with 1 entry, next update ")
    (older,) = outcomes(bundle("host_expired.crl"), known("host.crl"))
    assert older.outcome is Outcome.OLDER
    (newer,) = outcomes(bundle("host.crl"), known("host_expired.crl"))
    assert newer.outcome is Outcome.NEWER


def test_what_is_refused_stands_last_with_reason_and_remedy() -> None:
    lines = outcomes(bundle("host1.key", "root.crt"), {})
    assert [line.outcome for line in lines] == [Outcome.IMPORTED, Outcome.REFUSED]
    assert "private key" in lines[1].detail
    assert lines[1].fingerprint == ""
