"""What a machine hands out is judged by the program as a real chain would be: accepted, expired, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from seworkbench.simulator.generations import Generation
from seworkbench.simulator.machine_folder import MachineFolder
from seworkbench.trust.anchors import SystemStore
from seworkbench.trust.causes import CauseKind
from seworkbench.trust.loading import InputFile
from seworkbench.trust.verify import TrustRun, verify_host_keys

from .pki import AT, demo_pki

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.trust.verify import TrustResult


@pytest.fixture
def folder(tmp_path: Path) -> MachineFolder:
    return MachineFolder.create(tmp_path / "machine", Generation.Z16, at=AT, backup_key=True, pki=demo_pki())


def given(path: Path) -> InputFile:
    return InputFile(path.name, path.read_bytes())


def judge(folder: MachineFolder, at: datetime, anchors: InputFile | SystemStore | None = None) -> TrustResult:
    documents = sorted(folder.public.glob("HKD-*.crt"))
    run = TrustRun(
        host_keys=tuple(given(path) for path in documents),
        certificates=tuple(given(path) for path in folder.certificate_paths),
        anchors=anchors or given(folder.root_path),
        crls=tuple(given(path) for path in folder.crl_paths),
    )
    return verify_host_keys(run, at)


def causes(result: TrustResult) -> list[CauseKind | None]:
    return [key.cause.kind if key.cause else None for key in result.host_keys]


def test_its_documents_are_accepted_under_its_root(folder: MachineFolder) -> None:
    result = judge(folder, AT + timedelta(hours=1))
    assert result.accepted
    assert causes(result) == [None, None]
    assert len(result.chain) == 3


def test_its_root_must_be_named_to_be_trusted(folder: MachineFolder) -> None:
    result = judge(folder, AT + timedelta(hours=1), SystemStore((), ""))
    assert not result.accepted
    assert result.cause is not None
    assert result.cause.kind is CauseKind.IBM_SIGN_INVALID


def test_revoked_and_expired_documents_are_found(folder: MachineFolder) -> None:
    at = AT + timedelta(hours=1)
    # The backup host key has a document of its own, which stays.
    assert causes(judge(folder.revoke(AT), at)) == [None, CauseKind.HKD_REVOKED]
    renewed = folder.renew(AT)
    assert causes(judge(renewed, at)) == [None, None]
    assert causes(judge(renewed.renew(AT, expired=True), at)) == [None, CauseKind.AFTER_VALIDITY]


def test_revocation_lists_end_and_are_renewed(folder: MachineFolder) -> None:
    later = AT + timedelta(days=31)
    assert not judge(folder, later).accepted
    assert judge(folder.renew(later), later).accepted
