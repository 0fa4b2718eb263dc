"""Building in the worker for documents that were verified there."""

from __future__ import annotations

from pathlib import Path

import pytest

from seworkbench.errors import CheckFailed
from seworkbench.jobs import Job
from seworkbench.worker.tasks import build

DATA = Path(__file__).parents[1] / "data" / "interop"
PKI = DATA / "pki"


def order(folder: Path, *documents: str) -> dict[str, object]:
    return {
        "kernel": str(DATA / "images" / "kernel"),
        "recipients": [str(PKI / name) for name in documents],
        "output": str(folder / "guest.img"),
        "pcf": 0xE0,
        "scf": 0,
    }


TRUST = {
    "certificates": [str(PKI / "sign.crt"), str(PKI / "inter.crt")],
    "crls": [str(PKI / name) for name in ("root.crl", "inter.crl", "host.crl")],
    "root_ca": str(PKI / "root.crt"),
}


def test_an_image_is_built_for_accepted_documents(tmp_path: Path) -> None:
    result = build(Job(), order=order(tmp_path, "host1.crt", "host2.crt"), keys={}, trust=TRUST)
    assert [Path(host["document"]).name for host in result["built"]["hosts"]] == ["host1.crt", "host2.crt"]
    assert result["verification"]["checks"]["verdict"] == "passed"


def test_nothing_is_built_if_a_document_was_not_accepted(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="B7 Not revoked"):
        build(Job(), order=order(tmp_path, "host1.crt", "host_revoked.crt"), keys={}, trust=TRUST)
    assert list(tmp_path.iterdir()) == []
