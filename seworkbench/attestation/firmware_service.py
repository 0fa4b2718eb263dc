"""Asking IBM's service whether a machine's firmware state is a valid one.

The state leaves the house, so nothing is sent without the caller's word that the user saw the address and agreed
(resources/help/attestation.md#firmware-service).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from seworkbench.attestation.known import SIMULATED_MARK
from seworkbench.errors import SeError, UsageError
from seworkbench.formats.additional_data import FIRMWARE_STATE_SIZE
from seworkbench.jobs import Job
from seworkbench.trust.download import SCHEMES, Limits, download

if TYPE_CHECKING:
    from datetime import datetime

# s390-tools rust/pvattest/src/cmd/check/firmware.rs; see also resources/help/attestation.md#firmware-service.
DEFAULT_SERVICE = "https://esupport.ibm.com/eccedge/ent/z"
SERVICE_SECONDS = 120.0
SERVICE_VERSIONS = (1, 2)
_ANSWER_VERSIONS = {1: "1.0", 2: "2.0"}
_ANSWER_LIMIT = 1 << 20
_OK = 200


@dataclass(frozen=True, slots=True)
class VerifiedHash:
    """A hash that the service signed; the key to check the signature is not published.

    Args:
        hash: the hash.
        signature: its signature.
    """

    hash: bytes
    signature: bytes


@dataclass(frozen=True)
class FirmwareAnswer:
    """What the service said.

    Args:
        valid: whether the firmware is in a valid state.
        reason: why not, in the service's words.
        reference_id: the service's name for this answer; version 1 only.
        hashes: what it signed; version 2 only.
        url: the address that was asked.
        version: version of the service's interface.
        asked_at: when, aware, UTC.
        state_sha256: SHA-256 of the state it is about, 32 bytes.
    """

    valid: bool
    reason: str
    reference_id: str
    hashes: tuple[VerifiedHash, ...]
    url: str
    version: int
    asked_at: datetime
    state_sha256: bytes


def service_url(base: str = DEFAULT_SERVICE, version: int = 1) -> str:
    """The address that a question goes to; show it before asking.

    Raises:
        UsageError: if the base is no http address, or the version unknown.
    """
    if version not in SERVICE_VERSIONS:
        raise UsageError(f"The firmware service has no version {version}; known: 1, 2.")
    try:
        parts = urlsplit(base)
        usable = parts.scheme in SCHEMES and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{base!r} is no address of a firmware service.", remedy="Give a URL with https.")
    return f"{base.rstrip('/')}/hmrs/firmware/attestation/v{version}/verify"


def ask_firmware_service(
    state: bytes,
    *,
    url_agreed_to: str,
    at: datetime,
    base: str = DEFAULT_SERVICE,
    version: int = 1,
    job: Job | None = None,
) -> FirmwareAnswer:
    """Ask the service about a firmware state. This sends the state to the service.

    Args:
        state: the firmware state, 320 bytes.
        url_agreed_to: the address that the user was shown and agreed to; nothing is sent to any other.
        at: the instant of asking, aware, UTC.
        base: base address of the service.
        version: version of its interface, 1 or 2.
        job: to cancel it.

    Raises:
        UsageError: if the user agreed to another address.
        SeError: if the service does not answer as it should: no verdict either way.
    """
    job = job or Job()
    url = service_url(base, version)
    if url_agreed_to != url:
        raise UsageError(
            "The firmware state is sent only to an address that was agreed to.", where=url, remedy="Ask the user first."
        )
    if len(state) != FIRMWARE_STATE_SIZE:
        raise SeError(f"A firmware state has {FIRMWARE_STATE_SIZE} bytes; this has {len(state)}.")
    if state.startswith(SIMULATED_MARK) and base == DEFAULT_SERVICE:
        raise SeError(
            "This is the firmware state of a simulated machine: IBM's service knows nothing about it.",
            where=url,
            remedy="Leave the firmware policy out.",
        )
    question = json.dumps({"version": "1.0", "payload": base64.b64encode(state).decode("ascii")}).encode()
    answer = download(
        url,
        Limits(seconds=SERVICE_SECONDS, size=_ANSWER_LIMIT, redirects=0),
        lambda _received, _announced: job.check(),
        post=question,
        headers={"Content-Type": "application/json", "x-client-id": "X"},
    )
    if answer.final_url != url:
        raise SeError(
            f"The firmware service leads on to {answer.final_url}; the state is not sent there.",
            where=url,
            remedy="If you trust that address, name it as the service.",
        )
    if answer.status is not None and answer.status != _OK:
        raise SeError(f"The firmware service answered with HTTP status {answer.status}.", where=url)
    if answer.problem:
        raise SeError(answer.problem, where=url, remedy="Try again later; the policy is not judged without an answer.")
    return _read(answer.body, url, version, at, state)


def _read(body: bytes, url: str, version: int, at: datetime, state: bytes) -> FirmwareAnswer:
    try:
        document = _of_kind(json.loads(body), dict)
        _require_version(document, version)
        return FirmwareAnswer(
            valid=_of_kind(document["valid"], bool),
            reason=_of_kind(document.get("reason") or "", str),
            reference_id=_of_kind(document["referenceId"], str) if version == 1 else "",
            hashes=tuple(_hash(entry) for entry in document["verifiedHashes"]) if version != 1 else (),
            url=url,
            version=version,
            asked_at=at,
            state_sha256=hashlib.sha256(state).digest(),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SeError("The firmware service gave an answer that cannot be read.", where=url) from None


def _require_version(document: dict[str, Any], version: int) -> None:
    if document["version"] != _ANSWER_VERSIONS[version]:
        raise ValueError


def _of_kind(value: object, kind: type[Any]) -> Any:
    if not isinstance(value, kind):
        raise TypeError
    return value


def _hash(entry: Any) -> VerifiedHash:
    return VerifiedHash(*(base64.b64decode(entry[name], validate=True) for name in ("hash", "signature")))
