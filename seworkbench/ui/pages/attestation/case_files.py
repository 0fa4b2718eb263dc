"""The files of a case: read, written and brought back from the workspace; on threads, no widget is touched here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.attestation.known import FoundHeader
from seworkbench.attestation.protection_key import read_protection_key
from seworkbench.attestation.record import RequestRecord, parse_record, read_record
from seworkbench.attestation.request import CreatedRequest, create_request, record_path, request_flags, write_request
from seworkbench.crypto.request_seal import open_request
from seworkbench.errors import FormatError, SeError
from seworkbench.files import AtomicFile, read_whole, save_secret
from seworkbench.formats.additional_data import PART_KINDS, asked_kinds
from seworkbench.formats.arcb import Arcb, parse_arcb
from seworkbench.formats.exchange import MAX_EXCHANGE_FILE_SIZE, parse_exchange, parse_request, parse_response
from seworkbench.formats.se_header import parse_header
from seworkbench.ui.pasted import PASTED
from seworkbench.workspace.cases import CaseFile
from seworkbench.workspace.records import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from seworkbench.attestation.request import RequestHost
    from seworkbench.ui.pages.attestation.case import CaseState
    from seworkbench.workspace.cases import AttestationCase

_FILE_MODE = 0o644


@dataclass(frozen=True)
class CaseFiles:
    """The files of a case, read.

    Args:
        header: the SE header that is expected.
        request: the request file.
        response: the response file.
        record: what was noted when the request was created.
    """

    header: FoundHeader | None = None
    request: bytes | None = None
    response: bytes | None = None
    record: RequestRecord | None = None

    @property
    def arcb(self) -> bytes | None:
        """The request control block: that of the request, else that which the response carries back."""
        for content in (self.request, self.response):
            if content is not None:
                try:
                    return parse_exchange(content).arcb
                except FormatError:
                    continue
        return None

    @property
    def asked(self) -> Arcb | None:
        """The same, taken apart; None if it cannot be read."""
        try:
            return parse_arcb(self.arcb) if self.arcb else None
        except FormatError:
            return None

    @property
    def options(self) -> tuple[str, ...] | None:
        """What it asks for, as `--add-data` takes it; None without a request."""
        return None if self.asked is None else tuple(kind.option for kind in asked_kinds(self.asked.paf))

    def public(self) -> Iterator[tuple[CaseFile, bytes]]:
        """What the workspace keeps of them."""
        if self.header is not None:
            yield CaseFile.HEADER, self.header.header.build()
        if self.request is not None:
            yield CaseFile.REQUEST, self.request
        if self.response is not None:
            yield CaseFile.RESPONSE, self.response


def load_request(path: Path) -> tuple[bytes, RequestRecord | None]:
    """Read a request, and the record beside it if there is one for it.

    Raises:
        SeError: if it is none.
    """
    content = read_whole(path, MAX_EXCHANGE_FILE_SIZE)
    try:
        file = parse_request(content)
        parse_arcb(file.arcb)
    except FormatError as error:
        raise error.located(str(path)) from None
    return content, _record_beside(path, file.arcb)


def _record_beside(path: Path, arcb: bytes) -> RequestRecord | None:
    try:
        record = read_record(record_path(path))
    except SeError:
        return None
    return record if record.arcb_sha256 == hashlib.sha256(arcb).digest() else None


def load_response(path: Path) -> bytes:
    """Read a response.

    Raises:
        SeError: if it is none.
    """
    content = read_whole(path, MAX_EXCHANGE_FILE_SIZE)
    try:
        parse_response(content)
    except FormatError as error:
        raise error.located(str(path)) from None
    return content


def require_fitting_key(path: Path, arcb: bytes | None) -> bool | None:
    """Whether a key opens a request; None if there is no request yet.

    Raises:
        SeError: if it is no protection key.
    """
    with read_protection_key(path) as key:
        if arcb is None:
            return None
        try:
            open_request(parse_arcb(arcb), key)
        except FormatError:
            return False
    return True


def create_files(
    hosts: tuple[RequestHost, ...], flags: Iterable[str], request: Path, key: Path, *, at: datetime
) -> CreatedRequest:
    """Create a request and write it with its protection key and record: all of them or none.

    Raises:
        SeError: if a name is taken, or a file cannot be written.
    """
    wanted = set(flags)
    created = create_request(hosts, request_flags(kind for kind in PART_KINDS if kind.option in wanted), at=at)
    write_request(created, request, key)
    return created


def save_file(path: Path, content: bytes) -> Path:
    """Write a public file; one that is there is never replaced.

    Raises:
        SeError: if the name is taken, or it cannot be written.
    """
    with AtomicFile(path, mode=_FILE_MODE, expected_size=len(content)) as file:
        file.write_at(0, content)
    return path


def move_key(source: Path, target: Path) -> Path:
    """Save a protection key that was pasted in a file of its own, for its owner alone, and destroy the pasted one.

    Raises:
        SeError: if the name is taken, or it cannot be written; nothing is destroyed then.
    """
    with read_protection_key(source) as key:
        save_secret(target, key)
    source.unlink(missing_ok=True)
    return target


def restored(case: AttestationCase, state: CaseState) -> CaseFiles:
    """The files of a case as the workspace keeps them; what cannot be read is absent."""
    header = record = None
    if (raw := case.files.get(CaseFile.HEADER)) is not None:
        try:
            found = parse_header(raw)
            header = FoundHeader(state.header_path or PASTED, found, state.header_offset, state.header_method)
        except FormatError:
            header = None
    if state.record is not None:
        try:
            record = parse_record(json_text(dict(state.record)).encode())
        except FormatError:
            record = None
    return CaseFiles(header, case.files.get(CaseFile.REQUEST), case.files.get(CaseFile.RESPONSE), record)
