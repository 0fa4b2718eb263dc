"""`hostkey show` and `hostkey crls`: what documents say, which lists they need, and how these are got."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from seworkbench.cli.main import run

from ..trust.papers import certificate  # noqa: TID252
from ..trust.web import Web, answer  # noqa: TID252

HOST1 = "ee5b238212e602d7f100765e426540f3e254701fbde33c64d763ae795d3e6fa2"
ADDRESS = "http://127.0.0.1:9/host.crl"
CHAIN = ["sign.crt", "inter.crt", "root.crt", "root.crl", "inter.crl"]


pytestmark = pytest.mark.usefixtures("in_pki")


def show(*words: str) -> int:
    return run(["hostkey", "show", *words])


def crls(*words: str) -> int:
    return run(["hostkey", "crls", *words])


# --- show -------------------------------------------------------------------------------------------------------------


def test_the_hash_of_a_host_key_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("host1.crt") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["public", "host", "key", "hash", HOST1]
    facts = {line[:22].strip(): line[22:] for line in lines}
    assert facts["kind"] == "host key document"
    assert facts["key"] == "EC secp521r1, 256 bits of security"
    assert facts["revocation list at"] == ADDRESS
    assert facts["valid until"] == "2094-01-01T00:00:00+00:00"


def test_several_objects_and_files_are_shown_one_after_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("bundle_sign_inter_crls.crt", "host.der.crl") == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert len(blocks) == 5
    assert blocks[0].startswith("kind                  IBM signing certificate")
    assert "26bf272af7ea2b24c3  2024-01-01T00:00:00+00:00" in blocks[4]


def test_long_lists_are_cut_unless_all_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seworkbench.cli.hostkey_show._ENTRIES_SHOWN", 0)
    show("host.crl")
    assert "and 1 more; -v shows all" in capsys.readouterr().out
    show("host.crl", "-v")
    assert "26bf272af7ea2b24c3" in capsys.readouterr().out


def test_json_says_the_same_and_calls_nothing_passed(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("host1.crt", "host.crl", "root.crt", "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["verdict"] == "not checked"
    host, crl, root = (file["objects"][0] for file in record["files"])
    assert (host["phkh_hex"], host["kind"], host["crl_addresses"]) == (HOST1, "host key document", [ADDRESS])
    assert (host["subject_key_id_hex"], host["authority_key_id_hex"]) == (None, None)
    assert crl["revoked"] == [{"serial": "26bf272af7ea2b24c3", "revoked_at": "2024-01-01T00:00:00+00:00", "reason": ""}]
    assert (root["kind"], root["phkh_hex"], root["may_issue_certificates"]) == ("root certificate", None, True)


def test_what_cannot_be_shown_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("garbage.crt", "host1.crt") == 1
    written = capsys.readouterr()
    assert written.err.startswith("error: garbage.crt: ")
    assert HOST1 in written.out
    assert show("host1.key") == 1
    assert "private key" in capsys.readouterr().err
    assert show("host1.key", "-q") == 1
    assert capsys.readouterr().err.startswith("error: host1.key: This is a private key.")
    assert show("gone.crt") == 1
    assert show() == 2


# --- crls -------------------------------------------------------------------------------------------------------------


def needs(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    """Why each kind of certificate lacks a list; empty if it does not."""
    crls(*words, "--json", "-q")
    record = json.loads(capsys.readouterr().out)
    return {item["kind"]: item["lacks"] for item in record["certificates"]}


def test_every_certificate_is_told_with_its_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert crls("host1.crt", "host.crl", *CHAIN) == 0
    written = capsys.readouterr()
    assert "✔ host key document  ibm-z-host-key-1\n    has   host.crl, next list due 2094-01-01" in written.out
    assert written.out.endswith("Certificates that need a revocation list: 4. Without one: 0.\n")
    assert written.err == ""


def test_what_is_missing_is_told_with_reason_and_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert crls("host1.crt", *CHAIN) == 3
    out = capsys.readouterr().out
    assert "✘ host key document  ibm-z-host-key-1\n    lacks " in out
    assert f"    at    {ADDRESS}\n" in out
    found = needs(capsys, "host1.crt", "host.crl", "sign.crt", "inter.crt", "root.crt", "root.crl", "inter_expired.crl")
    assert "expired" in found["IBM signing certificate"]
    assert found["host key document"] == ""
    alone = "Needed once the signing certificate is there: it tells whether a host key was revoked."
    assert needs(capsys, "host1.crt")["host key document"] == alone
    assert needs(capsys, "sign.crt")["IBM signing certificate"].startswith("The chain is not complete here")


def test_another_instant_can_be_asked_for() -> None:
    assert crls("host1.crt", "host.crl", *CHAIN, "--at", "2093-12-31", "-q") == 0
    assert crls("host1.crt", "host.crl", *CHAIN, "--at", "2094-01-01", "-q") == 3


def test_a_folder_is_searched_and_what_is_no_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "carried"
    folder.mkdir()
    for name in ("host1.crt", "host.crl", *CHAIN):
        shutil.copy(name, folder)
    (folder / "notes.txt").write_text("from Monday")
    assert crls(str(folder)) == 0
    assert "notes.txt: " in capsys.readouterr().err


def test_fetching_tells_all_addresses_first_and_what_came(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    web.pages[ADDRESS] = answer(Path("host.crl").read_bytes())
    folder = tmp_path / "lists"
    assert crls("host1.crt", "host2.crt", *CHAIN, "--fetch", "-d", str(folder)) == 0
    written = capsys.readouterr()
    lines = written.err.splitlines()
    assert lines[0] == f"will ask: {ADDRESS} for ibm-z-host-key-1, ibm-z-host-key-2"
    assert lines[1].startswith(f"asked: {ADDRESS}: CRL, HTTP 200, ")
    assert web.paths == [ADDRESS]
    assert f"    has   {ADDRESS}, next list due" in written.out
    assert f"saved {folder}/host.crl" in written.out
    assert crls("host1.crt", str(folder), *CHAIN, "-q") == 0


def test_an_address_of_another_scheme_is_announced_as_never_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "document.crt"
    document.write_bytes(certificate("odd", "file:///etc/passwd").der)
    assert crls(str(document), "--fetch") == 3
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("never asked: file:///etc/passwd for ")
    assert "only http and https are used" in said[1]


def test_saved_lists_replace_nothing_unless_asked(web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web.pages[ADDRESS] = answer(Path("host.crl").read_bytes())
    words = ["host1.crt", *CHAIN, "--fetch", "-q", "-d", str(tmp_path / "lists")]
    assert crls(*words) == 0
    assert crls(*words) == 1
    assert "already exists" in capsys.readouterr().err
    assert crls(*words, "--overwrite") == 0


def test_a_failed_fetch_is_told_and_leaves_the_need(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    assert crls("host1.crt", *CHAIN, "--fetch", "--json") == 3
    assert web.paths == [ADDRESS]
    record = json.loads(capsys.readouterr().out)
    assert [(made["url"], made["answer"]) for made in record["fetched"]] == [(ADDRESS, "HTML page")]
    assert record["saved"] == {}


def test_nothing_is_asked_without_fetch(web: Web) -> None:
    crls("host1.crt", *CHAIN, "-q")
    assert web.requests == []


def test_a_folder_that_cannot_be_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Access is denied by hand: whoever runs the tests may be allowed everything."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "host1.crt").write_bytes(Path("host1.crt").read_bytes())
    listed = os.scandir

    def denied(path: str) -> object:
        if Path(path) in closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", denied)
    closed = {inner}
    assert crls(str(tmp_path)) == 3
    assert f"warning: {inner}: The folder cannot be read: Permission denied." in capsys.readouterr().err
    closed = {tmp_path}
    assert crls(str(tmp_path)) == 1
    assert f"error: {tmp_path}: Access is denied." in capsys.readouterr().err


def test_the_list_for_an_air_gap_is_written(tmp_path: Path) -> None:
    path = tmp_path / "fetch.sh"
    assert crls("host1.crt", *CHAIN, "--list", str(path), "-q") == 3
    text = path.read_text()
    assert f"curl --fail --location --max-time 60 --output host.crl {ADDRESS}\n" in text
    assert "needed by ibm-z-host-key-1" in text
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 2, "FILE"),
        (["host.crl"], 1, "There is no certificate in these files"),
        (["host1.crt", "-d", "x"], 2, "--directory needs --fetch"),
        (["host1.crt", "--at", "soon"], 2, "no instant"),
        (["gone.crt"], 1, "gone.crt: The file does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_words_are_told(capsys: pytest.CaptureFixture[str], words: list[str], status: int, said: str) -> None:
    assert crls(*words) == status
    assert said in capsys.readouterr().err
