"""Commands that verify a host key elsewhere, and the files that they name."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seworkbench.errors import SeError
from seworkbench.trust.commands import CommandFiles, command_files, own_command, pvverify_command, save_files
from seworkbench.trust.judgement import Collection, Judgement, judge
from seworkbench.trust.reading import read_file
from seworkbench.trust.verify import TrustRun, load_input, verify_host_keys

PKI = Path(__file__).parents[1] / "data" / "interop" / "pki"
AT = datetime(2026, 11, 26, tzinfo=UTC)
WHOLE = ("root.crt", "inter.crt", "sign.crt", "root.crl", "inter.crl", "host.crl", "host1.crt", "host2.crt")


def judged(*names: str) -> Judgement:
    bundles = [read_file(PKI / name) for name in names]
    certificates = tuple(item for bundle in bundles for item in bundle.certificates)
    return judge(Collection(certificates, tuple(item for bundle in bundles for item in bundle.crls)), AT)


@pytest.fixture(scope="module")
def judgement() -> Judgement:
    return judged(*WHOLE)


@pytest.fixture(scope="module")
def files(judgement: Judgement) -> CommandFiles:
    return command_files(judgement.host_keys[0], judgement)


def test_the_files_are_the_chain_and_every_list_for_it(files: CommandFiles) -> None:
    assert files.certificates == ("ibm-z-host-key-signing.crt", "Intermediate-CA.crt")
    assert files.root == "root-Root-CA.crt"
    assert len(files.crls) == 3
    assert len(files.objects) == 7
    assert files.host_key in files.objects


def test_the_saved_files_verify_as_the_page_says(judgement: Judgement, files: CommandFiles, tmp_path: Path) -> None:
    save_files(files.objects.items(), tmp_path)
    run = TrustRun(
        host_keys=(load_input(tmp_path / files.host_key),),
        certificates=tuple(load_input(tmp_path / name) for name in files.certificates),
        crls=tuple(load_input(tmp_path / name) for name in files.crls),
        anchors=load_input(tmp_path / files.root),
    )
    result = verify_host_keys(run, AT)
    assert result.accepted
    assert judgement.host_keys[0].cause is None


def test_files_that_are_there_are_not_replaced(files: CommandFiles, tmp_path: Path) -> None:
    (tmp_path / files.host_key).write_bytes(b"mine")
    with pytest.raises(SeError):
        save_files(files.objects.items(), tmp_path)
    assert (tmp_path / files.host_key).read_bytes() == b"mine"


def test_commands_are_ones_that_a_shell_takes_apart_as_meant(judgement: Judgement, files: CommandFiles) -> None:
    words = shlex.split(pvverify_command(files))
    assert words[:3] == ["pvverify", "--host-key-document", files.host_key]
    assert words[-1] == "--offline"
    assert words.count("--crl") == 3
    own = shlex.split(own_command(files, judgement, at_now=False))
    assert own[:3] == ["seworkbench", "hostkey", "verify"]
    assert own[-2:] == ["--at", "2026-11-26T00:00:00Z"]
    assert "--at" not in own_command(files, judgement, at_now=True)


def test_two_objects_never_share_a_name() -> None:
    two = judged(*WHOLE, "host_revokes1.crl", "host_armonk.crl")
    files = command_files(two.host_keys[0], two)
    assert len(files.objects) == len(set(files.objects.values()))
    assert all(
        set(name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") for name in files.objects
    )


def test_without_a_root_the_machine_s_own_store_is_used() -> None:
    less = judged("inter.crt", "sign.crt", "host1.crt")
    files = command_files(less.host_keys[0], less)
    assert files.root == ""
    assert "--root-ca" not in pvverify_command(files)
