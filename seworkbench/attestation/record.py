"""The record beside a request: what was asked of whom, and whether the host keys were verified. It holds no secrets.

Ours; no other tool needs it (resources/help/attestation.md#create).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from seworkbench.checks import Verdict
from seworkbench.errors import FormatError
from seworkbench.files import read_whole

if TYPE_CHECKING:
    from pathlib import Path

RECORD_FORMAT = "seworkbench attestation request"
RECORD_VERSION = 1
RECORD_SUFFIX = ".json"
_SIZE_LIMIT = 4 << 20


@dataclass(frozen=True, slots=True)
class RecordedHost:
    """A host key document that a request was made for.

    Args:
        document: file name.
        sha256: SHA-256 of the file, 32 bytes.
        phkh: hash of its key, 32 bytes.
        verdict: what its verification came to; not checked if nobody verified it.
        reason: one sentence about that.
    """

    document: str
    sha256: bytes
    phkh: bytes
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class RequestRecord:
    """What was noted when a request was created.

    Args:
        request_id: random, unique name of the request.
        created_at: aware, UTC.
        arcb_sha256: SHA-256 of the request control block, 32 bytes: names the request in a response.
        file_sha256: SHA-256 of the request file, 32 bytes.
        flags: names of the additional data that was asked for, as `--add-data` takes them.
        hosts: the host key documents, in the order of the key slots.
        made_with: program and version.
    """

    request_id: str
    created_at: datetime
    arcb_sha256: bytes
    file_sha256: bytes
    flags: tuple[str, ...]
    hosts: tuple[RecordedHost, ...]
    made_with: str

    @property
    def unverified(self) -> tuple[RecordedHost, ...]:
        """The documents whose verification did not pass."""
        return tuple(host for host in self.hosts if host.verdict is not Verdict.PASSED)

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON."""
        return {
            "format": RECORD_FORMAT,
            "version": RECORD_VERSION,
            "request_id": self.request_id,
            "created_at": self.created_at.astimezone(UTC).isoformat(),
            "arcb_sha256": self.arcb_sha256.hex(),
            "file_sha256": self.file_sha256.hex(),
            "flags": list(self.flags),
            "hosts": [
                {
                    "document": host.document,
                    "sha256": host.sha256.hex(),
                    "phkh": host.phkh.hex(),
                    "verdict": host.verdict.value,
                    "reason": host.reason,
                }
                for host in self.hosts
            ],
            "made_with": self.made_with,
        }

    def build(self) -> bytes:
        """The record as a file."""
        return (json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n").encode()


def parse_record(raw: bytes) -> RequestRecord:
    """Read a record.

    Raises:
        FormatError: on anything else.
    """
    remedy = "Use the file that was written beside the request."
    try:
        document = json.loads(raw)
        if document["format"] != RECORD_FORMAT or document["version"] != RECORD_VERSION:
            raise FormatError("This is not the record of an attestation request.", remedy=remedy)
        created_at = datetime.fromisoformat(document["created_at"])
        if created_at.tzinfo is None:
            raise FormatError("The record names a time without a time zone.", remedy=remedy)
        return RequestRecord(
            request_id=_text(document["request_id"]),
            created_at=created_at.astimezone(UTC),
            arcb_sha256=_hash(document["arcb_sha256"]),
            file_sha256=_hash(document["file_sha256"]),
            flags=tuple(_text(flag) for flag in document["flags"]),
            hosts=tuple(
                RecordedHost(
                    document=_text(host["document"]),
                    sha256=_hash(host["sha256"]),
                    phkh=_hash(host["phkh"]),
                    verdict=Verdict(host["verdict"]),
                    reason=_text(host["reason"]),
                )
                for host in document["hosts"]
            ),
            made_with=_text(document["made_with"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        raise FormatError("The record of the attestation request cannot be read.", remedy=remedy) from None


def read_record(path: Path) -> RequestRecord:
    """Read a record file.

    Raises:
        SeError: if it cannot be read or is none.
    """
    try:
        return parse_record(read_whole(path, _SIZE_LIMIT))
    except FormatError as error:
        raise error.located(str(path)) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _hash(value: object) -> bytes:
    raw = bytes.fromhex(_text(value))
    if len(raw) != 32:  # noqa: PLR2004 - SHA-256
        raise ValueError
    return raw
