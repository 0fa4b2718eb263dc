"""Commands to copy are commands that exist: this program's own parser takes them."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace

import pytest

from seworkbench.attestation.commands import (
    AttestFiles,
    AttestTool,
    all_commands,
    carry_commands,
    check_command,
    create_command,
    perform_command,
    verify_command,
)
from seworkbench.cli import attest_check, attest_create, attest_perform, attest_verify

FILES = AttestFiles(
    header="/a folder/guest.img",
    request="/a folder/one.req",
    key="/a folder/one.arpk",
    response="/a folder/one.resp",
    documents=("first.crt", "second one.crt"),
    options=("phkh-img", "secret-store-hash"),
    user_data="user-data",
    cuid="00" * 16,
    secrets=("1.bin", "2.bin"),
    locked=True,
)


@pytest.mark.parametrize(
    "change", [{}, {"unverified": True}, {"machine": "a machine"}], ids=["plain", "unverified", "machine"]
)
def test_this_program_understands_its_commands(change: dict[str, object]) -> None:
    files = replace(FILES, **change)  # type: ignore[arg-type]
    for name, command, module in (
        ("create", create_command, attest_create),
        ("perform", perform_command, attest_perform),
        ("verify", verify_command, attest_verify),
        ("check", check_command, attest_check),
    ):
        words = shlex.split(command(files, AttestTool.SEWORKBENCH))
        assert words[:3] == ["seworkbench", "attest", name]
        parser = argparse.ArgumentParser(exit_on_error=False)
        module.configure(parser)
        parser.parse_args(words[3:])


def test_pvattest_is_asked_for_nothing_that_it_does_not_know() -> None:
    text = all_commands(FILES, AttestTool.PVATTEST)
    assert "--cuid" not in text
    assert "seworkbench" not in text
    assert "pvattest check --input '/a folder/one.resp' --output result.yaml" in text


def test_a_simulated_machine_is_never_asked_with_pvattest() -> None:
    text = all_commands(replace(FILES, machine="m"), AttestTool.PVATTEST)
    assert "seworkbench attest perform --machine m" in text
    assert "SIMULATED" in text
    assert "scp" not in text


def test_the_protection_key_is_not_carried() -> None:
    assert all("arpk" not in command for command in carry_commands(FILES))


def test_names_with_blanks_stay_one_word() -> None:
    assert "'second one.crt'" in check_command(FILES, AttestTool.PVATTEST)
