"""The trust store of the machine: where the system says it is, read once, bad files in it skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.trust.anchors import SystemStore, anchor_check, is_anchor, system_store
from seworkbench.trust.loading import InputFile, anchors_in
from seworkbench.trust.verify import TrustRun, verify_host_keys

from .pki import AT, estate, pem, read

if TYPE_CHECKING:
    from pathlib import Path

E = estate()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SystemStore:
    """A machine with a file and a folder of roots."""
    (tmp_path / "file.pem").write_bytes(pem(E.root))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "4bfab552.0").write_bytes(pem(E.root, E.inter))
    (folder / "4bfab552.1").write_bytes(b"not a certificate")
    (folder / "4bfab552.2").mkdir()
    (folder / "README").write_bytes(pem(E.sign))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "file.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    return system_store()


def test_the_store_is_where_the_environment_says(store: SystemStore, tmp_path: Path) -> None:
    assert set(store.certificates) == {read(E.root), read(E.inter)}
    assert store.place == f"{tmp_path / 'file.pem'}, {tmp_path / 'folder'}"


def test_a_run_without_root_file_ends_in_the_store(store: SystemStore) -> None:
    run = E.run()
    found = verify_host_keys(TrustRun(run.host_keys, run.certificates, store, run.crls), AT)
    assert found.accepted
    assert found.chain[-1] == read(E.root)


def test_a_machine_without_store_gives_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "gone too"))
    store = system_store()
    assert store == SystemStore((), "")
    assert anchor_check(store, store.certificates).verdict is Verdict.WARNING


def test_a_root_file_without_a_root_gives_a_warning() -> None:
    file = InputFile("inter.crt", pem(E.inter))
    check = anchor_check(file, anchors_in(file))
    assert check.verdict is Verdict.WARNING
    assert "no self-signed certificate" in check.reason


def test_only_self_signed_authorities_are_anchors() -> None:
    assert [is_anchor(read(item)) for item in (E.root, E.inter, E.sign, E.host)] == [True, False, False, False]
