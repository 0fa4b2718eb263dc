"""The firmware service: what is sent where, only after agreement, and what its answers mean."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from seworkbench.attestation import firmware_service
from seworkbench.attestation.firmware_service import DEFAULT_SERVICE, FirmwareAnswer, ask_firmware_service, service_url
from seworkbench.errors import Cancelled, SeError, UsageError
from seworkbench.jobs import Job
from seworkbench.trust.download import Download
from tests.trust.web import Web, answer, redirect

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 11, 1, tzinfo=UTC)
STATE = bytes(range(256)) + bytes(64)
PATHS = {1: "/hmrs/firmware/attestation/v1/verify", 2: "/hmrs/firmware/attestation/v2/verify"}
V1 = {"version": "1.0", "valid": True, "referenceId": "4711"}
V2 = {
    "version": "2.0",
    "valid": True,
    "reason": None,
    "verifiedHashes": [{"hash": base64.b64encode(b"h" * 32).decode(), "signature": base64.b64encode(b"s").decode()}],
}


@pytest.fixture
def web() -> Iterator[Web]:
    """A local server."""
    with Web() as server:
        yield server


def ask(web: Web, version: int = 1, **changes: object) -> FirmwareAnswer:
    """Ask the local server."""
    arguments: dict[str, object] = {"url_agreed_to": web.root + PATHS[version], "base": web.root}
    return ask_firmware_service(STATE, at=AT, version=version, **arguments | changes)  # type: ignore[arg-type]


def says(document: object, status: str = "200 OK") -> bytes:
    """An answer in JSON."""
    return answer(json.dumps(document).encode(), status, Content_Type="application/json")


def test_the_address_is_that_of_the_service() -> None:
    assert service_url() == "https://esupport.ibm.com/eccedge/ent/z/hmrs/firmware/attestation/v1/verify"
    assert service_url("http://host/base/", 2) == "http://host/base/hmrs/firmware/attestation/v2/verify"


@pytest.mark.parametrize(
    ("base", "version"), [("ftp://x", 1), ("nowhere", 1), ("https://", 1), ("http://[", 1), ("http://x", 3)]
)
def test_an_unusable_address_is_refused(base: str, version: int) -> None:
    with pytest.raises(UsageError):
        service_url(base, version)


def test_the_question_is_the_state_and_nothing_else(web: Web) -> None:
    web.pages[PATHS[1]] = says(V1)
    found = ask(web)
    assert (found.valid, found.reference_id, found.hashes) == (True, "4711", ())
    assert found.state_sha256 == hashlib.sha256(STATE).digest()
    [request] = web.requests
    head, _, body = request.partition("\r\n\r\n")
    lines = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in head.split("\r\n")[1:]}
    assert head.startswith(f"POST {PATHS[1]} HTTP/1.1")
    assert json.loads(body) == {"version": "1.0", "payload": base64.b64encode(STATE).decode()}
    assert (lines["content-type"], lines["x-client-id"]) == ("application/json", "X")


def test_version_2_carries_signed_hashes(web: Web) -> None:
    web.pages[PATHS[2]] = says(V2)
    [entry] = ask(web, 2).hashes
    assert (entry.hash, entry.signature) == (b"h" * 32, b"s")


def test_an_invalid_state_is_an_answer_and_no_error(web: Web) -> None:
    web.pages[PATHS[1]] = says(V1 | {"valid": False, "reason": "Too old."})
    found = ask(web)
    assert (found.valid, found.reason) == (False, "Too old.")


@pytest.mark.parametrize("agreed", ["", "https://example.invalid/", DEFAULT_SERVICE])
def test_nothing_is_sent_to_an_address_that_was_not_agreed_to(web: Web, agreed: str) -> None:
    with pytest.raises(UsageError, match="agreed to"):
        ask(web, url_agreed_to=agreed)
    assert web.requests == []


def test_the_state_of_a_simulated_machine_is_not_sent_to_ibm(web: Web) -> None:
    simulated = b"SIMULATED".ljust(320, b"\0")
    url = service_url()
    with pytest.raises(SeError, match="IBM's service knows nothing about it") as caught:
        ask_firmware_service(simulated, url_agreed_to=url, at=AT)
    assert caught.value.where == url
    # A service of one's own may play along.
    web.pages[PATHS[1]] = says(V1)
    assert ask_firmware_service(simulated, url_agreed_to=web.root + PATHS[1], at=AT, base=web.root).valid


def test_the_state_of_a_real_machine_is_sent_to_ibm_when_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def download(url: str, *_arguments: object, **_options: object) -> Download:
        asked.append(url)
        return Download(url, url, 200, "application/json", json.dumps(V1).encode(), 0.0, "")

    monkeypatch.setattr(firmware_service, "download", download)
    assert ask_firmware_service(STATE, url_agreed_to=service_url(), at=AT).valid
    assert asked == [service_url()]


def test_a_redirect_is_told_and_not_followed(web: Web) -> None:
    web.pages[PATHS[1]] = redirect(web.url("/elsewhere"), "307 Temporary Redirect")
    with pytest.raises(SeError, match=r"leads on to .*/elsewhere; the state is not sent there"):
        ask(web)
    assert len(web.requests) == 1


@pytest.mark.parametrize("status", ["404 Not Found", "500 Internal Server Error", "204 No Content", "503 Busy"])
def test_a_status_that_is_not_200_is_an_error(web: Web, status: str) -> None:
    web.pages[PATHS[1]] = says(V1, status)
    with pytest.raises(SeError, match=f"HTTP status {status[:3]}"):
        ask(web)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"[" * 100_000,
        json.dumps(V2).encode(),
        json.dumps(V1 | {"version": "3.0"}).encode(),
        json.dumps(V1 | {"valid": "true"}).encode(),
        json.dumps(V1 | {"valid": 1}).encode(),
        json.dumps(V1 | {"reason": 7}).encode(),
        json.dumps({"version": "1.0", "valid": True}).encode(),
        json.dumps({"version": "1.0", "referenceId": "1"}).encode(),
    ],
)
def test_an_answer_of_another_form_is_an_error(web: Web, body: bytes) -> None:
    web.pages[PATHS[1]] = answer(body)
    with pytest.raises(SeError, match="cannot be read"):
        ask(web)


@pytest.mark.parametrize("entry", [{}, {"hash": "AA=="}, {"hash": "!", "signature": "AA=="}, 7, None])
def test_signed_hashes_of_another_form_are_an_error(web: Web, entry: object) -> None:
    web.pages[PATHS[2]] = says(V2 | {"verifiedHashes": [entry]})
    with pytest.raises(SeError, match="cannot be read"):
        ask(web, 2)


def test_a_server_that_is_not_there_is_an_error() -> None:
    with Web() as gone:
        pass
    with pytest.raises(SeError, match="refuses the connection"):
        ask(gone)


def test_a_job_that_was_cancelled_ends_the_question(web: Web) -> None:
    web.pages[PATHS[1]] = says(V1)
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        ask(web, job=job)


def test_a_state_of_another_size_is_not_sent() -> None:
    with pytest.raises(SeError, match="320 bytes; this has 319"):
        ask_firmware_service(STATE[:-1], url_agreed_to=service_url(), at=AT)
