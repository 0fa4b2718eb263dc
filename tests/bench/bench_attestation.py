"""Attestation, run by hand from the project's root: python -m tests.bench.bench_attestation

Measured in this process, the best of several rounds: creating a request, verifying an answer, and looking for the cause
of a difference that nothing explains, which tries everything. `attest create` and `attest verify` are measured as
processes too.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seworkbench.attestation.known import Known
from seworkbench.attestation.request import RequestHost, create_request, request_flags
from seworkbench.attestation.verify import verify_response
from seworkbench.formats.additional_data import PART_KINDS
from seworkbench.formats.exchange import build_response, parse_response
from tests.attestation import recorded

from .measuring import timed

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime(2026, 11, 1, tzinfo=UTC)
ROUNDS = 5
HEADERS = 100


def best_of(action: Callable[[], Any]) -> float:
    """Seconds of the fastest round."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return min(times)


def in_process() -> dict[str, float]:
    """Seconds of each action in this process."""
    host = RequestHost("host1.crt", recorded.host(1).public_key(), bytes(32))
    everything = request_flags(PART_KINDS)
    good = recorded.response("all", user="user256")
    file = parse_response(good)
    unexplained = build_response(
        file.arcb,
        measurement=bytes(64),
        cuid=file.cuid or b"",
        additional=file.additional or b"",
        user_data=file.user_data or b"",
    )
    header, key = recorded.header(), recorded.key("all")
    known = Known(headers=(recorded.header("other.hdr"),) * HEADERS)
    return {
        f"create for {count} machines": best_of(lambda count=count: create_request((host,) * count, everything, at=AT))  # type: ignore[misc]
        for count in (1, 95, 255)
    } | {
        "verify": best_of(lambda: verify_response(good, header, key, at=AT)),
        f"no cause found, {HEADERS} other headers": best_of(
            lambda: verify_response(unexplained, header, key, at=AT, known=known)
        ),
    }


def as_processes() -> dict[str, float]:
    """Seconds of each command as a process of its own."""
    program = [sys.executable, "-m", "seworkbench", "attest"]
    document = recorded.DATA / "pki" / "host1.crt"
    response = [recorded.FOLDER / "all.user.good.resp", "--hdr", recorded.FOLDER / "se.hdr"]
    verify = [*program, "verify", *response, "-a", recorded.FOLDER / "all.arpk", "-q"]
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(ROUNDS):
            files = ["-o", Path(scratch) / f"{number}.req", "-a", Path(scratch) / f"{number}.key"]
            create = [*program, "create", "-k", ",".join([str(document)] * 95), "--no-verify", "-q", *files]
            times.setdefault("attest create, 95 machines", []).append(timed(create).seconds)
            times.setdefault("attest verify", []).append(timed(verify).seconds)
    return {name: min(samples) for name, samples in times.items()}


def main() -> None:
    """Print the figures."""
    for name, seconds in (in_process() | as_processes()).items():
        sys.stdout.write(f"{name:<44} {seconds * 1000:9.1f} ms\n")


if __name__ == "__main__":
    main()
