"""`hostkey verify` and `image create` with verification: accepted is what `pvverify` accepts, step by step."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.cli.main import run

from ..trust.web import Web, answer  # noqa: TID252
from .desk import DATA, OnTerminal

if TYPE_CHECKING:
    from .desk import Desk

PKI = DATA / "pki"
HOST1 = "ee5b238212e602d7f100765e426540f3e254701fbde33c64d763ae795d3e6fa2"
VERDICTS = DATA / "hostkey-verdicts.json"
CHAIN = ["-C", "sign.crt,inter.crt", "--crl", "root.crl,inter.crl", "--root-ca", "root.crt"]
GOOD = [*CHAIN, "--crl", "host.crl", "--offline"]


pytestmark = pytest.mark.usefixtures("in_pki")


def verify(*words: str) -> int:
    return run(["hostkey", "verify", *words])


def result(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    verify(*words, "--json")
    record = json.loads(capsys.readouterr().out)
    assert isinstance(record, dict)
    return record


# --- The verdict ------------------------------------------------------------------------------------------------------


def recorded() -> list[dict[str, object]]:
    found = json.loads(VERDICTS.read_text())
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("number", range(0, 102, 6))
def test_the_reference_and_we_accept_the_same(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """One in six of the recorded runs; the engine's own tests take them all."""
    case = recorded()[number]
    words = [str(word) for word in case["args"]]  # type: ignore[attr-defined]
    record = result(capsys, *words)
    cause = record["cause"]
    expected = case["error"]
    assert record["accepted"] is (case["exit"] == 0)
    assert verify(*words, "-q") == (0 if case["exit"] == 0 else 3)
    assert (cause is None) == (expected is None)
    if isinstance(cause, dict):
        assert f"Error: {cause['text']}" == expected


def test_every_step_is_shown_and_every_document_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("-k", "host_revoked.crt,host1.crt", *GOOD) == 3
    out = capsys.readouterr().out
    assert "✘ failed      B7 Not revoked" in out
    assert f"passed  {HOST1}  host1.crt" in out
    assert "failed  5407cb71a78b43a0c0496543110133b1e85acf76dedabf9448d04531d3003867  host_revoked.crt" in out
    assert "✔ passed      A7 Path to a root" in out
    assert out.splitlines()[-1].startswith("failed")


def test_an_accepted_document_says_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("-k", "host1.crt", *GOOD) == 0
    written = capsys.readouterr()
    assert "This holds until 2094-01-01 00:00:00 UTC." in written.out
    assert written.err == ""


def test_quiet_prints_the_verdicts_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("-k", "host1.crt", *GOOD, "-q") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"passed  {HOST1}  host1.crt"
    assert len(lines) == 2


def test_verbose_shows_the_evidence_of_what_passed(capsys: pytest.CaptureFixture[str]) -> None:
    verify("-k", "host1.crt", *GOOD)
    brief = capsys.readouterr().out
    verify("-k", "host1.crt", *GOOD, "-v")
    assert len(capsys.readouterr().out) > 2 * len(brief)


def test_json_holds_result_cause_and_checks(capsys: pytest.CaptureFixture[str]) -> None:
    record = result(capsys, "-k", "host_expired.crt", "-k", "host1.crt", *GOOD)
    assert record["cause"] == {
        "kind": "AfterValidity",
        "text": "Host-key verification failed: After validity period",
        "code": None,
        "depth": None,
    }
    keys = record["host_keys"]
    assert isinstance(keys, list)
    assert [(key["document"], key["accepted"]) for key in keys] == [("host_expired.crt", False), ("host1.crt", True)]
    assert keys[1]["phkh_hex"] == HOST1
    assert isinstance(record["check"], dict)
    assert record["check"]["verdict"] == record["verdict"] == "failed"
    assert (record["offline"], record["fetched"], len(record["chain"])) == (True, [], 3)  # type: ignore[arg-type]


def test_another_instant_is_called_a_simulation(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("-k", "host1.crt", *GOOD, "--at", "2100-01-01") == 3
    written = capsys.readouterr()
    assert "warning: Verified for 2100-01-01T00:00:00+00:00, not for now: a simulation." in written.err
    assert "✘ failed      B2 Validity" in written.out
    assert verify("-k", "host1.crt", *GOOD, "--at", "2093-12-31T23:59:59Z", "-q") == 0
    assert verify("-k", "host1.crt", *GOOD, "--at", "2094-01-01T00:00:00+00:00", "-q") == 3
    assert verify("-k", "host1.crt", *GOOD, "--at", "2094-01-01T00:59:59+01:00", "-q") == 0


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "", "1", "0001-01-01T00:00+14:00"])
def test_what_is_no_instant_is_wrong_usage(text: str) -> None:
    assert verify("-k", "host1.crt", *GOOD, "--at", text) == 2


@pytest.mark.parametrize("ending", [".html", ".json", ".md"])
def test_a_report_says_the_same(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"report{ending}"
    assert verify("-k", "host1.crt,host_revoked.crt", *GOOD, "-q", "--at", "2090-01-01", "--report", str(path)) == 3
    text = path.read_text()
    assert HOST1[:8] in text
    assert "chosen by the user" in text
    assert "failed" in text


def test_a_report_of_an_unknown_form_or_over_a_file_is_refused_before_anything_is_asked(
    tmp_path: Path, web: Web
) -> None:
    assert verify("-k", "host1.crt", *CHAIN, "--report", "report.doc") == 2
    (tmp_path / "report.html").touch()
    assert verify("-k", "host1.crt", *CHAIN, "--report", str(tmp_path / "report.html")) == 1
    assert web.requests == []


# --- Options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "At least one host key document is needed"),
        (["-k", "host1.crt"], "Either --no-verify or --cert is needed"),
        (["-k", "host1.crt", "--crl", "host.crl"], "Either --no-verify or --cert is needed"),
        (["-k", "host1.crt", "--no-verify", "-C", "sign.crt"], "exclude each other"),
        (["-k", "host1.crt", "--no-verify", "--offline"], "--offline needs --cert"),
        (["-k", "host1.crt", "--no-verify", "--crl", "host.crl"], "--crl needs --cert"),
        (["-k", "host1.crt", "--no-verify", "--at", "2026-01-01"], "--at needs --cert"),
        (["-k", "host1.crt", "--no-verify", "--report", "r.html"], "--report needs --cert"),
        (["-k", "host1.crt", *GOOD, "--root-ca", "root.crt"], "given more than once"),
        (["-k", "host1.crt", *GOOD, "-v", "-q"], "exclude each other"),
        (["host1.crt"], "nrecognized arguments"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_options_that_do_not_go_together_are_wrong_usage(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert verify(*words) == 2
    assert said in capsys.readouterr().err


def test_lists_are_given_by_comma_by_repetition_and_under_every_name() -> None:
    words = ["--host-key-document", "host1.crt", "-k", "host2.crt,host_renewed.crt", "--cert", "sign.crt"]
    words += ["--crt", "inter.crt", "--crl", "root.crl", "--crl", "inter.crl,host.crl", "--root-ca", "root.crt"]
    assert verify(*words, "--offline", "-q") == 0


@pytest.mark.parametrize("option", ["-k", "-C", "--crl"])
def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert verify("-k", "host1.crt", *GOOD, option, "gone.crt") == 1
    assert capsys.readouterr().err.startswith("error: gone.crt: The file does not exist.")


def test_without_verification_documents_are_read_and_nothing_is_called_passed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert verify("-k", "host_revoked.crt,host1.crt", "--no-verify") == 0
    written = capsys.readouterr()
    assert written.out.splitlines()[1] == f"not checked  {HOST1}  host1.crt"
    assert "not verified (--no-verify)" in written.err
    assert verify("-k", "garbage.crt", "--no-verify") == 1
    capsys.readouterr()
    assert verify("-k", "host1.crt", "--no-verify", "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record == {"verdict": "not checked", "host_keys": [{"document": "host1.crt", "phkh_hex": HOST1}]}


# --- The network ------------------------------------------------------------------------------------------------------


def test_lists_are_fetched_from_where_the_documents_say_and_every_address_is_told(
    capsys: pytest.CaptureFixture[str], web: Web
) -> None:
    web.pages["http://127.0.0.1:9/host.crl"] = answer(Path("host.crl").read_bytes())
    assert verify("-k", "host1.crt,host2.crt", *CHAIN) == 0
    written = capsys.readouterr()
    assert written.err == "fetching: http://127.0.0.1:9/host.crl\n"
    assert web.paths == ["http://127.0.0.1:9/host.crl"]
    assert verify("-k", "host_revoked.crt", *CHAIN) == 3


def test_offline_asks_nobody(capsys: pytest.CaptureFixture[str], web: Web) -> None:
    web.pages["http://127.0.0.1:9/host.crl"] = answer(Path("host.crl").read_bytes())
    assert verify("-k", "host1.crt", *CHAIN, "--offline") == 3
    assert web.requests == []
    assert "B6" in capsys.readouterr().out


def test_what_a_server_sent_instead_is_told_and_is_in_the_json(capsys: pytest.CaptureFixture[str], web: Web) -> None:
    assert verify("-k", "host1.crt", *CHAIN) == 3
    assert "note: http://127.0.0.1:9/host.crl: HTML page, HTTP 404" in capsys.readouterr().err
    record = result(capsys, "-k", "host1.crt", *CHAIN)
    assert len(web.requests) == 2
    fetched = record["fetched"]
    assert isinstance(fetched, list)
    assert [(made["url"], made["answer"], made["status"]) for made in fetched] == [
        ("http://127.0.0.1:9/host.crl", "HTML page", 404)
    ]
    assert isinstance(record["cause"], dict)
    assert record["cause"]["kind"] == "NoCrl"


def test_control_c_ends_a_slow_server(web: Web) -> None:
    web.pages["http://127.0.0.1:9/host.crl"] = web.drip(b"HTTP/1.1 200 OK\r\n\r\n")
    terminal = OnTerminal("hostkey", "verify", "-k", "host1.crt", *CHAIN)
    terminal.read_until("host.crl")
    terminal.process.terminate()
    status, seen = terminal.finish()
    assert status == -signal.SIGTERM
    assert "Cancelled." in seen


# --- Building for verified documents only -----------------------------------------------------------------------------


def test_an_image_is_built_for_accepted_documents(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for word in desk.required if word != "--no-verify"]
    assert run(["image", "create", *words, *GOOD, "--json", "-q"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [host["phkh_hex"] for host in record["hosts"]] == [HOST1]
    assert record["host_key_verification"]["verdict"] == "passed"
    assert run(["image", "test", "-k", "host1.crt", str(desk.image)]) == 0


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (["-k", "host_revoked.crt"], 3, "host_revoked.crt: The host key documents were not accepted: B7 Not revoked"),
        (["-k", "host_expired.crt"], 3, "host_expired.crt: The host key documents were not accepted: B2 Validity"),
        (["-C", "sign_armonk.crt"], 3, "The host key documents were not accepted: A6 One IBM signing certificate"),
        (["-k", "host_p256.crt"], 1, "host_p256.crt: The key is not on the curve P-521."),
        (["-k", "garbage.crt"], 3, "garbage.crt: The host key documents were not accepted"),
    ],
    ids=lambda value: value[1] if isinstance(value, list) else None,
)
def test_no_image_is_built_for_a_document_that_was_not_accepted(
    desk: Desk, capsys: pytest.CaptureFixture[str], more: list[str], status: int, said: str
) -> None:
    words = [word for word in desk.required if word != "--no-verify"]
    assert run(["image", "create", *words, *GOOD, *more, "--save-keys", str(desk.out / "keys")]) == status
    error = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("error"))
    assert said in error
    assert desk.left == []


def test_a_warning_about_an_accepted_document_is_told(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for word in desk.required if word != "--no-verify"]
    assert run(["image", "create", *words, "-k", "bundle_two_hosts.crt", *GOOD]) == 0
    assert "warning: " in capsys.readouterr().err


def test_a_file_name_cannot_forge_a_line_among_the_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The title of a document's checks is the name of its file."""
    document = tmp_path / "HKD\x1b[2J\n✔ passed.crt"
    document.write_bytes((PKI / "host1.crt").read_bytes())
    assert verify("-k", str(document), *GOOD) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "  HKD\\x1b[2J\\x0a✔ passed.crt" in out.splitlines()


# --- What is missing, and wrong files ---------------------------------------------------------------------------------


def test_what_is_missing_is_listed_with_its_issuer(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("-k", "host1.crt", "-C", "sign.crt", "--root-ca", "root.crt", "--crl", "root.crl,host.crl", "--offline")
    assert verify(*words) == 3
    listed = capsys.readouterr().out.partition("missing:\n")[2]
    assert "intermediate certificate" in listed.splitlines()[0]
    assert "    of     " in listed
    record = result(capsys, *words)
    missing = record["missing"]
    assert isinstance(missing, list)
    (need,) = missing
    assert need["kind"] == "intermediate certificate"
    assert need["why"].endswith("without it the path does not reach a root.")
    assert need["issuer"] in listed


def test_a_root_among_the_certificates_is_still_missing_as_a_root(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("-k", "host1.crt", "-C", "sign.crt,inter.crt,root.crt", "--crl", "root.crl,inter.crl,host.crl")
    record = result(capsys, *words, "--offline")
    assert [need["kind"] for need in record["missing"]] == ["root certificate"]  # type: ignore[attr-defined]


def test_nothing_is_missing_where_all_is_accepted_or_a_document_is_bad(capsys: pytest.CaptureFixture[str]) -> None:
    assert result(capsys, "-k", "host1.crt", *GOOD)["missing"] == []
    assert verify("-k", "host_revoked.crt", *GOOD) == 3
    assert "missing:" not in capsys.readouterr().out


def test_an_image_that_is_refused_says_what_is_missing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    words = desk.create("-C", str(PKI / "inter.crt"), "--offline")
    words.remove("--no-verify")
    assert run(words) == 3
    said = capsys.readouterr().err
    assert said.index("missing:") < said.index("error: The host key documents were not accepted")
    assert "signing certificate" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("host1.key", "This is a private key."),
        ("host.crl", "It is a revocation list. Give it as one."),
        ("empty.crt", "There is nothing in it: 0 bytes."),
        ("garbage.crt", "There is neither a certificate nor a revocation list in it."),
    ],
)
def test_a_wrong_file_is_told_what_it_is(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("-k", name, *GOOD) == 3
    assert f"✘ failed      Document: There is no certificate in it. {said}" in capsys.readouterr().out


def test_a_certificate_given_as_a_list_and_a_key_given_as_a_certificate_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert verify("-k", "host1.crt", *GOOD, "-C", "host1.key", "--crl", "inter2.crt") == 3
    out = capsys.readouterr().out
    assert "There is no certificate in it. This is a private key." in out
    assert "It is a certificate, " in out
    assert "▲ warning     A5 Certificates read: 2 from 3 files. There is none in host1.key." in out
