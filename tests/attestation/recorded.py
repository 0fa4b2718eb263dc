"""What pvattest did: 94 recorded verifications, five requests with their keys, and the machines' host keys."""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seworkbench.attestation.known import FoundHeader
from seworkbench.crypto.private_keys import host_private_key
from seworkbench.formats.se_header import parse_header
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

DATA = Path(__file__).parents[1] / "data" / "interop"
FOLDER = DATA / "attestation"
RUNS: list[dict[str, Any]] = json.loads((DATA / "attestation.json").read_text())
GOOD = [run for run in RUNS if "measured_block" in run]
FLAG_SETS = ("none", "img", "both", "all", "store")


def name_of(run: dict[str, Any]) -> str:
    """The response that a run verified."""
    name: str = run["args"][1]
    return name.removesuffix(".resp")


def content(name: str) -> bytes:
    """A recorded file."""
    return (FOLDER / name).read_bytes()


def image() -> bytes:
    """The image whose header the good responses vouch for."""
    return lzma.decompress((DATA / "images" / "default.img.xz").read_bytes())


@cache
def header(name: str = "se.hdr") -> FoundHeader:
    """A recorded SE header."""
    return FoundHeader(name, parse_header(content(name)))


def key(name: str) -> Secret:
    """The protection key of a recorded request: all, both, img, none or store."""
    return Secret(content(f"{name}.arpk"))


def response(name: str, case: str = "good", user: str = "user") -> bytes:
    """A recorded response."""
    return content(f"{name}.{user}.{case}.resp")


@cache
def host(number: int) -> ec.EllipticCurvePrivateKey:
    """The private key of a machine."""
    return host_private_key((DATA / "pki" / f"host{number}.key").read_bytes())
