"""Creating requests: what a second reader sees, what is refused, and files all or none."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.attestation.record import RequestRecord, parse_record, read_record
from seworkbench.attestation.request import (
    RequestHost,
    RequestKeys,
    create_request,
    record_path,
    request_flags,
    write_request,
)
from seworkbench.checks import Verdict
from seworkbench.errors import FormatError, SeError
from seworkbench.formats.additional_data import PART_KINDS
from seworkbench.secret import Secret
from tests.attestation import independent, recorded

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
HOSTS = tuple(
    RequestHost(f"host{number}.crt", recorded.host(number).public_key(), bytes([number]) * 32, Verdict.PASSED)
    for number in (1, 2)
)


def fixed_keys() -> RequestKeys:
    """Keys that give the same request each time."""
    return RequestKeys(
        protection=Secret(b"\x17" * 32),
        measurement=Secret(b"\x77" * 64),
        nonce=b"\xab" * 16,
        iv=b"\x55" * 12,
        customer=ec.derive_private_key(1234567, ec.SECP521R1()),
        request_id="00000000-0000-4000-8000-000000000000",
    )


def test_a_second_reader_opens_the_request_with_its_key_and_as_each_machine() -> None:
    created = create_request(HOSTS, request_flags(PART_KINDS), at=AT, keys=fixed_keys())
    arcb = independent.request_in(created.file)
    opened = independent.open_request(arcb, b"\x17" * 32)
    assert opened.paf == 0x7C00000000000000
    assert (opened.measurement_key, opened.nonce) == (b"\x77" * 64, b"\xab" * 16)
    assert len(arcb) == 480
    assert independent.entries(created.file) == [(480, 0x40), (64, 0), (448, 0), (0, 0), (0, 0)]
    for number, slot in enumerate(opened.slots, start=1):
        host = recorded.host(number)
        assert slot[0] == independent.key_hash(host.public_key())
        assert independent.unwrap(slot, host, opened.customer) == b"\x17" * 32


def test_order_and_repetition_of_the_host_keys_are_kept() -> None:
    created = create_request((HOSTS[1], HOSTS[0], HOSTS[1]), request_flags(), at=AT)
    hashes = [slot.phkh for slot in created.arcb.keyslots]
    assert hashes == [independent.key_hash(recorded.host(number).public_key()) for number in (2, 1, 2)]
    assert [host.document for host in created.record.hosts] == ["host2.crt", "host1.crt", "host2.crt"]


def test_the_same_keys_give_the_same_bytes_and_fresh_ones_never_do() -> None:
    first, second = (create_request(HOSTS, request_flags(), at=AT, keys=fixed_keys()) for _ in range(2))
    assert first.file == second.file
    one, other = (create_request(HOSTS, request_flags(), at=AT) for _ in range(2))
    assert one.protection_key != other.protection_key
    assert one.arcb.iv != other.arcb.iv
    assert one.arcb.cust_pub_key != other.arcb.cust_pub_key
    assert one.record.request_id != other.record.request_id


def test_the_nonce_is_always_there() -> None:
    assert create_request(HOSTS, 0, at=AT).arcb.paf == 0x4000000000000000


@pytest.mark.parametrize(("count", "reason"), [(0, "No host key"), (256, "1 to 255 host keys; 256 were given")])
def test_too_few_and_too_many_machines_are_refused(count: int, reason: str) -> None:
    with pytest.raises(SeError, match=reason):
        create_request(HOSTS[:1] * count, request_flags(), at=AT)


def test_255_machines_fit() -> None:
    created = create_request(HOSTS[:1] * 255, request_flags(), at=AT)
    assert (created.arcb.nks, len(created.file)) == (255, 0x40 + 320 + 80 * 255)


def test_a_key_on_another_curve_is_refused() -> None:
    host = RequestHost("p256.crt", ec.derive_private_key(7, ec.SECP256R1()).public_key(), bytes(32))
    with pytest.raises(FormatError, match="P-521"):
        create_request((host,), request_flags(), at=AT)


# --- files -----------------------------------------------------------------------------------------------------------


def test_three_files_are_written_and_the_key_is_private(tmp_path: Path) -> None:
    created = create_request(HOSTS, request_flags(PART_KINDS[:2]), at=AT, keys=fixed_keys())
    old = os.umask(0)
    try:
        write_request(created, tmp_path / "req.bin", tmp_path / "arpk.key")
    finally:
        os.umask(old)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arpk.key", "req.bin", "req.bin.json"]
    assert (tmp_path / "arpk.key").read_bytes() == b"\x17" * 32
    assert (tmp_path / "arpk.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "req.bin").read_bytes() == created.file


def test_the_record_names_everything_and_holds_no_secret(tmp_path: Path) -> None:
    created = create_request(HOSTS, request_flags(PART_KINDS[:2]), at=AT, keys=fixed_keys())
    write_request(created, tmp_path / "req.bin", tmp_path / "arpk.key")
    text = (tmp_path / "req.bin.json").read_text()
    record = json.loads(text)
    assert record["arcb_sha256"] == hashlib.sha256(independent.request_in(created.file)).hexdigest()
    assert record["file_sha256"] == hashlib.sha256(created.file).hexdigest()
    assert record["flags"] == ["phkh-img", "phkh-att"]
    assert record["created_at"] == "2026-11-01T12:30:00+00:00"
    assert [host["verdict"] for host in record["hosts"]] == ["passed", "passed"]
    for secret in ("17" * 32, "77" * 64, "ab" * 16):
        assert secret not in text
    assert read_record(record_path(tmp_path / "req.bin")) == created.record


@pytest.mark.parametrize("taken", ["arpk.key", "req.bin", "req.bin.json"])
def test_a_taken_name_is_refused_and_nothing_is_written(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_bytes(b"precious")
    created = create_request(HOSTS, request_flags(), at=AT)
    with pytest.raises(SeError, match="already exists"):
        write_request(created, tmp_path / "req.bin", tmp_path / "arpk.key")
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_bytes() == b"precious"


def test_a_protection_key_is_never_replaced(tmp_path: Path) -> None:
    created = create_request(HOSTS, request_flags(), at=AT)
    write_request(created, tmp_path / "req.bin", tmp_path / "arpk.key")
    again = create_request(HOSTS, request_flags(), at=AT)
    with pytest.raises(SeError, match="already exists"):
        write_request(again, tmp_path / "req.bin", tmp_path / "arpk.key", overwrite=True)
    assert (tmp_path / "req.bin").read_bytes() == created.file
    write_request(again, tmp_path / "req.bin", tmp_path / "other.key", overwrite=True)
    assert (tmp_path / "req.bin").read_bytes() == again.file


@pytest.mark.parametrize("key", ["req.bin", "req.bin.json", "./sub/../req.bin"])
def test_key_and_request_must_not_be_the_same_file(tmp_path: Path, key: str) -> None:
    (tmp_path / "sub").mkdir()
    created = create_request(HOSTS, request_flags(), at=AT)
    with pytest.raises(SeError, match="different files"):
        write_request(created, tmp_path / "req.bin", tmp_path / key)
    assert [path.name for path in tmp_path.iterdir()] == ["sub"]


def test_a_folder_that_is_missing_leaves_nothing(tmp_path: Path) -> None:
    created = create_request(HOSTS, request_flags(), at=AT)
    with pytest.raises(SeError, match="folder does not exist"):
        write_request(created, tmp_path / "req.bin", tmp_path / "nowhere" / "arpk.key")
    assert not list(tmp_path.iterdir())


# --- the record ------------------------------------------------------------------------------------------------------


def a_record() -> RequestRecord:
    return create_request(HOSTS, request_flags(), at=AT, keys=fixed_keys()).record


def test_a_record_tells_which_documents_were_not_verified() -> None:
    record = a_record()
    assert not record.unverified
    doubtful = dataclasses.replace(record.hosts[1], verdict=Verdict.NOT_CHECKED)
    assert dataclasses.replace(record, hosts=(record.hosts[0], doubtful)).unverified == (doubtful,)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "something else"),
        ("version", 2),
        ("created_at", "2026-11-01T12:30:00"),
        ("created_at", "yesterday"),
        ("arcb_sha256", "00"),
        ("arcb_sha256", 7),
        ("hosts", 7),
        ("hosts", [{"document": "x"}]),
        ("hosts", [7]),
        ("flags", [7]),
        ("request_id", None),
    ],
)
def test_a_record_with_a_wrong_value_is_refused(key: str, value: object) -> None:
    document = json.loads(a_record().build())
    document[key] = value
    with pytest.raises(FormatError, match="record"):
        parse_record(json.dumps(document).encode())


@given(st.one_of(st.binary(max_size=100), st.text(max_size=50).map(str.encode)))
def test_any_bytes_are_a_record_or_a_format_error(raw: bytes) -> None:
    with pytest.raises(FormatError):
        parse_record(raw)


@pytest.mark.parametrize("raw", [b"[" * 100_000, b"[]", b"null", b"7", b'{"format": {}}'])
def test_json_of_another_shape_is_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        parse_record(raw)
