"""`attest create`, `perform`, `verify` and `check`: the whole way with a simulated machine, and every refusal."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seworkbench.attestation.record import read_record
from seworkbench.attestation.result import read_yaml
from seworkbench.checks import Check, Verdict
from seworkbench.cli.main import run
from seworkbench.formats.exchange import parse_response
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.machine_folder import MachineFolder
from tests.attestation import independent, recorded
from tests.simulator.pki import fixed_pki
from tests.trust.web import Web, answer

from .desk import Desk

PKI = recorded.DATA / "pki"
ALL = "phkh-img,phkh-att,secret-store-hash,firmware-state"


@dataclass(frozen=True)
class Place:
    """A folder with a machine that runs a guest, its request and the answer.

    Args:
        folder: machine "z17", image "guest.img", "req.bin" with "arpk.key", "resp.bin", user data "ud".
    """

    folder: Path

    def file(self, name: str) -> str:
        return str(self.folder / name)

    @property
    def document(self) -> str:
        return str(MachineFolder.open(self.folder / "z17").document_path)

    def verification(self, response: str = "resp.bin", header: str = "guest.img") -> list[str]:
        """The options that every verification needs."""
        return ["-i", self.file(response), "--hdr", self.file(header), "--arpk", self.file("arpk.key")]


def attest(*arguments: object) -> int:
    return run(["attest", *map(str, arguments)])


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, shared_inputs: Path) -> Path:
    """The folder; nobody changes it."""
    folder = tmp_path_factory.mktemp("attest")
    place = Place(folder)
    now = datetime.now(UTC)
    machine = MachineFolder.create(folder / "z17", Generation.Z17, at=now, pki=fixed_pki(Generation.Z17, now))
    desk = Desk(shared_inputs, folder)
    host = ["-k", str(machine.document_path), "--no-verify", "-q"]
    assert run(["image", "create", "-i", desk.file("kernel"), "-o", str(desk.image), *host]) == 0
    assert run(["machine", "start", str(folder / "z17"), str(desk.image), "-q"]) == 0
    (folder / "ud").write_bytes(b"hello")
    assert attest("create", *host, "-o", place.file("req.bin"), "-a", place.file("arpk.key"), "--add-data", ALL) == 0
    machine_options = ["--machine", folder / "z17", "-u", folder / "ud", "-q"]
    assert attest("perform", folder / "req.bin", folder / "resp.bin", *machine_options) == 0
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    """A copy of it for one test."""
    return Place(Path(shutil.copytree(made, tmp_path / "place")))


# --- create ----------------------------------------------------------------------------------------------------------


def create(place: Place, *options: object) -> int:
    return attest("create", "-o", place.file("new"), "-a", place.file("new.key"), *options)


def test_a_request_is_written_with_key_and_record(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    status = create(place, "-k", place.document, "--no-verify", "--add-data", "phkh-img", "--add-data", "phkh-att")
    written = capsys.readouterr()
    assert status == 0
    assert written.out.startswith("Successfully generated the request")
    assert "not verified" in written.err
    opened = independent.open_request(
        independent.request_in(Path(place.file("new")).read_bytes()), Path(place.file("new.key")).read_bytes()
    )
    assert opened.paf == 0x7000000000000000
    [host] = read_record(Path(place.file("new.json"))).hosts
    assert host.verdict is Verdict.NOT_CHECKED


def test_documents_are_verified_and_the_record_says_so(place: Place) -> None:
    machine = MachineFolder.open(place.folder / "z17")
    certificates = ",".join(map(str, machine.certificate_paths))
    lists = ",".join(map(str, machine.crl_paths))
    trust = ["-C", certificates, "--crl", lists, "--root-ca", machine.root_path, "--offline"]
    assert create(place, "-k", place.document, *trust, "-q") == 0
    [host] = read_record(Path(place.file("new.json"))).hosts
    assert host.verdict is Verdict.PASSED


def test_a_document_that_is_not_accepted_leaves_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in place.folder.iterdir())
    trust = ["-C", PKI / "sign.crt", "-C", PKI / "inter.crt", "--root-ca", PKI / "root.crt", "--offline"]
    assert create(place, "-k", place.document, *trust) == 3
    assert "not accepted" in capsys.readouterr().err
    assert sorted(path.name for path in place.folder.iterdir()) == before


def test_nothing_secret_is_printed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert create(place, "-k", place.document, "--no-verify", "--json") == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["record"] == place.file("new.json")
    assert Path(place.file("new.key")).read_bytes().hex() not in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--no-verify"], "host key document is needed"),
        (["-k", "x.crt"], "Either --no-verify or --cert is needed"),
        (["-k", "x.crt", "--no-verify", "--add-data", "everything"], "none of phkh-img"),
        (["-k", "x.crt", "--no-verify", "--add-data", ","], "none of phkh-img"),
        (["-k", "x.crt", "--no-verify", "-v", "-q"], "exclude each other"),
    ],
)
def test_wrong_usage_of_create_is_told(
    place: Place, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert create(place, *options) == 2
    assert message in capsys.readouterr().err


# --- perform ---------------------------------------------------------------------------------------------------------


def test_both_forms_of_naming_the_files_work(place: Place) -> None:
    machine = ["--machine", place.file("z17"), "-q"]
    for number, names in enumerate(
        (
            [place.file("req.bin"), place.file("out0")],
            ["-i", place.file("req.bin"), "-o", place.file("out1")],
            ["-i", place.file("req.bin"), place.file("out2")],
            [place.file("req.bin"), "-o", place.file("out3")],
        )
    ):
        assert attest("perform", *names, *machine) == 0
        assert parse_response(Path(place.file(f"out{number}")).read_bytes()).user_data is None


@pytest.mark.parametrize("names", [[], ["req.bin"], ["req.bin", "out", "-i", "req.bin"], ["req.bin", "a", "-o", "b"]])
def test_files_named_twice_or_never_are_wrong_usage(place: Place, names: list[str]) -> None:
    assert attest("perform", *names, "--machine", place.file("z17")) == 2


def test_away_from_a_guest_the_exact_command_is_told(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    status = attest("perform", place.file("req.bin"), place.file("out put"), "-u", place.file("ud"))
    assert status == 1
    assert "seworkbench attest perform -i req.bin -o 'out put' -u ud" in capsys.readouterr().err
    assert not Path(place.file("out put")).exists()


def test_a_simulated_answer_is_called_one(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert attest("perform", place.file("req.bin"), place.file("out"), "--machine", place.file("z17")) == 0
    assert capsys.readouterr().out.startswith("SIMULATED")


def test_a_request_for_another_machine_is_refused_with_the_code(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    request = recorded.FOLDER / "none.req"
    assert attest("perform", request, place.file("out"), "--machine", place.file("z17")) == 1
    assert "0x010c" in capsys.readouterr().err.lower()
    assert not Path(place.file("out")).exists()


def test_an_existing_response_stays_unless_it_may_be_replaced(place: Place) -> None:
    before = Path(place.file("resp.bin")).read_bytes()
    arguments = [place.file("req.bin"), place.file("resp.bin"), "--machine", place.file("z17"), "-q"]
    assert attest("perform", *arguments) == 1
    assert Path(place.file("resp.bin")).read_bytes() == before
    assert attest("perform", *arguments, "--overwrite") == 0
    assert Path(place.file("resp.bin")).read_bytes() != before


def test_too_much_user_data_is_refused(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    Path(place.file("much")).write_bytes(bytes(257))
    status = attest("perform", place.file("req.bin"), place.file("out"), "-u", place.file("much"))
    assert status == 1
    assert "257 bytes; 256 are the most" in capsys.readouterr().err


# --- verify ----------------------------------------------------------------------------------------------------------


def test_a_good_answer_is_verified_and_written_out(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    status = attest("verify", *place.verification(), "-o", place.file("out.yaml"), "-u", place.file("out.ud"))
    printed = capsys.readouterr().out
    assert status == 0
    assert "Attestation measurement verified\nConfig UID:\n0x" in printed
    assert "SIMULATED" in printed
    record = read_yaml(Path(place.file("out.yaml")).read_text())
    assert list(record) == ["cuid", "add", "add_fields", "user_data"]
    assert Path(place.file("out.ud")).read_bytes() == b"hello"


def test_json_results_hold_the_same(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert attest("verify", *place.verification(), "-o", place.file("out.json"), "--format", "json", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "warning"  # nobody compared the values
    assert document["simulated"] is True
    assert json.loads(Path(place.file("out.json")).read_text())["user_data"] == "0x68656c6c6f"


def test_another_header_fails_and_the_right_one_is_named(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    other = ["-i", place.file("resp.bin"), "--hdr", recorded.FOLDER / "se.hdr", "-a", place.file("arpk.key")]
    status = attest("verify", *other, "--other-hdr", place.file("guest.img"), "-o", place.file("out"))
    assert status == 3
    assert f"started from the SE header of {place.file('guest.img')}" in capsys.readouterr().out
    assert not Path(place.file("out")).exists()


def test_the_answer_to_another_request_is_told(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert create(place, "-k", place.document, "--no-verify", "-q", "--add-data", ALL) == 0
    file = parse_response(Path(place.file("resp.bin")).read_bytes())
    parts = [file.measurement, file.additional, file.user_data, file.cuid]
    new_request = independent.request_in(Path(place.file("new")).read_bytes())
    Path(place.file("replay")).write_bytes(independent.exchange(new_request, *(part or b"" for part in parts)))
    options = ["-i", place.file("replay"), "--hdr", place.file("guest.img"), "-a", place.file("new.key")]
    others = ["--other-request", place.file("req.bin"), "--other-arpk", place.file("arpk.key")]
    assert attest("verify", *options, *others) == 3
    assert "the answer to the request" in capsys.readouterr().out


def test_the_record_says_that_documents_were_not_verified(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert attest("verify", *place.verification(), "--record", place.file("req.bin.json")) == 0
    assert "Not verified: " in capsys.readouterr().out


def test_a_key_as_hexadecimal_text_is_explained(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    key = Path(place.file("arpk.key"))
    key.chmod(0o600)
    key.write_text(key.read_bytes().hex() + "\n")
    assert attest("verify", *place.verification()) == 1
    assert "hexadecimal text" in capsys.readouterr().err


def test_a_key_of_another_size_is_refused_without_advice_to_make_one(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(place.file("arpk.key")).write_bytes(bytes(31))
    assert attest("verify", *place.verification()) == 1
    written = capsys.readouterr().err
    assert "exactly 32 bytes; the file has 31" in written
    assert "openssl rand" not in written


def test_the_protection_key_may_come_through_a_pipe(place: Place) -> None:
    ours, theirs = os.pipe()
    os.write(theirs, Path(place.file("arpk.key")).read_bytes())
    os.close(theirs)
    options = ["-i", place.file("resp.bin"), "--hdr", place.file("guest.img"), "-a", f"/dev/fd/{ours}", "-q"]
    assert attest("verify", *options) == 0
    os.close(ours)


def test_a_missing_header_is_an_error(place: Place) -> None:
    assert attest("verify", *place.verification(header="ud")) == 1


def test_no_user_data_is_a_warning(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert attest("perform", place.file("req.bin"), place.file("bare"), "--machine", place.file("z17"), "-q") == 0
    assert attest("verify", *place.verification("bare"), "-u", place.file("none")) == 0
    assert "no user data" in capsys.readouterr().err
    assert not Path(place.file("none")).exists()


def test_an_instant_other_than_now_is_said_and_recorded(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*place.verification(), "--at", "2026-03-01T12:00", "--json", "--report", place.file("evidence.json")]
    assert attest("verify", *arguments) == 0
    written = capsys.readouterr()
    assert json.loads(written.out)["verified_at"] == "2026-03-01T12:00:00+00:00"
    assert "Verified for 2026-03-01T12:00:00+00:00, not for now: a simulation." in written.err
    assert "chosen by the user" in Path(place.file("evidence.json")).read_text()


def test_a_second_answer_to_a_request_is_a_warning_where_a_workspace_is_named(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*place.verification(), "--workspace", place.file("kept.sewb"), "--json"]

    def freshness() -> str:
        assert attest("verify", *arguments) == 0
        checks = Check.from_json(json.loads(capsys.readouterr().out)["checks"])
        found = checks.find("attest.policy.freshness")
        assert found is not None
        return f"{found.verdict.value}: {found.reason}"

    assert freshness() == "passed: First response to this request."
    assert freshness().startswith("warning: A response to this request was verified before: 20")
    policies = [*arguments, "-o", place.file("res"), "-u", place.file("ud")]
    assert attest("check", *policies) == 0
    assert "was verified before" in capsys.readouterr().out


def test_no_workspace_is_touched_unless_it_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", place.file("data"))
    assert attest("verify", *place.verification(), "-q") == 0
    assert not Path(place.file("data")).exists()
    assert attest("verify", *place.verification(), "-q", "--workspace", "evidence") == 0
    assert Path(place.file("data"), "seworkbench", "workspaces", "evidence.sewb").exists()


def test_an_answer_that_is_not_equal_does_not_count(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(Path(place.file("resp.bin")).read_bytes())
    content[-1] ^= 1
    Path(place.file("bad")).write_bytes(content)
    counted = ["--workspace", place.file("kept.sewb")]
    assert attest("verify", *place.verification("bad"), *counted) == 3
    assert attest("verify", *place.verification(), *counted, "-v") == 0
    assert "First response to this request." in capsys.readouterr().out


def test_a_workspace_that_is_none_is_refused_before_anything_is_verified(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attest("verify", *place.verification(), "--workspace", place.file("ud"), "-o", place.file("out")) == 1
    written = capsys.readouterr()
    assert "This file is not a workspace." in written.err
    assert written.out == ""
    assert not Path(place.file("out")).exists()
    assert attest("verify", *place.verification(), "--workspace", "no\nname") == 1


# --- check -----------------------------------------------------------------------------------------------------------


def test_every_policy_but_firmware_is_fulfilled(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    cuid = parse_response(Path(place.file("resp.bin")).read_bytes()).cuid or b""
    policies = ["-k", place.document, "--host-key-check", "att-key-hash,boot-key-hash", "-u", place.file("ud")]
    policies += ["--secret-store-locked", "false", "--cuid", f"0x{cuid.hex()}"]
    assert attest("check", *place.verification(), "-o", place.file("res"), *policies) == 0
    assert "fulfills all policies" in capsys.readouterr().out
    record = read_yaml(Path(place.file("res")).read_text())
    assert record["successful"] == "true"
    assert record["image_host_key"] == {"check_enforced": "true", "hash": place.document}


def test_a_document_that_nobody_verified_is_a_warning_beside_the_key_that_it_names(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attest("check", *place.verification(), "-o", place.file("res"), "-k", place.document) == 0
    printed = capsys.readouterr().out
    assert f"Host key documents were verified: Not verified: {place.document}." in printed
    assert "passed      Image was opened by an expected host key" in printed


def test_a_policy_that_fails_writes_the_result_all_the_same(place: Place) -> None:
    Path(place.file("other")).write_bytes(b"bye")
    assert attest("check", *place.verification(), "-o", place.file("res"), "-u", place.file("other"), "-q") == 3
    record = read_yaml(Path(place.file("res")).read_text())
    assert record["successful"] == "false"
    assert "does not match the user data" in record["issues"][0]


def test_no_policy_is_not_checked(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert attest("check", *place.verification(), "-o", place.file("res")) == 3
    printed = capsys.readouterr().out
    assert "No policy was given." in printed
    assert "not checked: " in printed


def test_a_response_that_is_not_verified_is_not_judged(place: Place) -> None:
    content = bytearray(Path(place.file("resp.bin")).read_bytes())
    content[-1] ^= 1
    Path(place.file("bad")).write_bytes(content)
    assert attest("check", *place.verification("bad"), "-o", place.file("res"), "-u", place.file("ud"), "-q") == 3
    assert read_yaml(Path(place.file("res")).read_text())["successful"] == "false"


def test_user_data_changed_on_its_way_is_told_where_the_right_one_is_given(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    file = parse_response(Path(place.file("resp.bin")).read_bytes())
    parts = [file.measurement, file.additional, b"other", file.cuid]
    Path(place.file("bad")).write_bytes(independent.exchange(file.arcb, *(part or b"" for part in parts)))
    assert attest("check", *place.verification("bad"), "-o", place.file("res"), "-u", place.file("ud")) == 3
    assert f"The user data measured was {place.file('ud')}" in " ".join(capsys.readouterr().out.split())


def test_a_wrong_key_is_an_error_and_writes_no_result(place: Place) -> None:
    Path(place.file("arpk.key")).write_bytes(bytes(32))
    assert attest("check", *place.verification(), "-o", place.file("res"), "-u", place.file("ud")) == 1
    assert not Path(place.file("res")).exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--host-key-check", "att-key-hash"],
        ["--host-key-check", "everything", "-k", "x"],
        ["--secret", "x.asr"],
        ["--secret-store-locked", "maybe"],
        ["--firmware-check-version", "1"],
        ["--firmware-verify-url", "http://x"],
        ["--agree-to-send"],
        ["--firmware", "--fw-ver", "3"],
        ["--cuid", "00"],
        ["--format", "xml"],
    ],
)
def test_wrong_usage_of_check_is_told(place: Place, options: list[str]) -> None:
    assert attest("check", *place.verification(), "-o", place.file("res"), *options) == 2
    assert not Path(place.file("res")).exists()


def test_the_firmware_state_is_sent_only_with_consent(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with Web() as web:
        path = "/hmrs/firmware/attestation/v1/verify"
        web.pages[path] = answer(json.dumps({"version": "1.0", "valid": True, "referenceId": "7"}).encode())
        arguments = [*place.verification(), "-o", place.file("res"), "--firmware", "--firmware-verify-url", web.root]

        assert attest("check", *arguments) == 2
        assert f"would be sent to {web.root}{path}" in capsys.readouterr().err
        assert web.requests == []

        assert attest("check", *arguments, "--agree-to-send") == 0
        assert f"{web.root}{path}" in capsys.readouterr().err
        payload = json.loads(web.requests[0].partition("\r\n\r\n")[2])["payload"]
        assert base64.b64decode(payload).startswith(b"SIMULATED")
    assert read_yaml(Path(place.file("res")).read_text())["valid_firmware"] == "true"


def test_a_service_that_fails_is_an_error_without_a_result(place: Place) -> None:
    with Web() as web:
        arguments = [*place.verification(), "-o", place.file("res"), "--firmware", "--firmware-verify-url", web.root]
        assert attest("check", *arguments, "--agree-to-send", "-q") == 1
    assert not Path(place.file("res")).exists()


# --- outputs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["resp.bin", "guest.img", "arpk.key", "ud"])
def test_no_output_takes_the_place_of_an_input(place: Place, name: str) -> None:
    before = Path(place.file(name)).read_bytes()
    arguments = [*place.verification(), "-o", place.file(name), "--overwrite", "-q", "-u", place.file("ud")]
    assert attest("check", *arguments) == 1
    assert Path(place.file(name)).read_bytes() == before


def test_no_request_takes_the_place_of_a_document(place: Place) -> None:
    document = Path(place.document)
    before = document.read_bytes()
    status = attest(
        "create", "-k", document, "--no-verify", "-q", "-o", document, "-a", place.file("new.key"), "--overwrite"
    )
    assert status == 1
    assert document.read_bytes() == before
    assert not Path(place.file("new.key")).exists()


@pytest.mark.parametrize(
    ("outputs", "status"),
    [(["-o", "new", "-u", "ud"], 1), (["-o", "same", "-u", "same"], 2), (["-o", "a.md", "--report", "./a.md"], 2)],
    ids=["one exists", "same name", "result and report"],
)
def test_outputs_that_cannot_all_be_written_leave_none(
    place: Place, monkeypatch: pytest.MonkeyPatch, outputs: list[str], status: int
) -> None:
    monkeypatch.chdir(place.folder)
    before = sorted(place.folder.iterdir())
    assert attest("verify", *place.verification(), *outputs, "-q") == status
    assert sorted(place.folder.iterdir()) == before


def test_a_report_takes_the_place_of_no_input(place: Place) -> None:
    record = Path(place.file("req.bin.json"))
    before = record.read_bytes()
    arguments = [*place.verification(), "--record", record, "--report", record, "--overwrite", "-q"]
    assert attest("verify", *arguments) == 1
    assert record.read_bytes() == before


def test_nobody_is_asked_for_a_result_that_cannot_be_written(place: Place) -> None:
    with Web() as web:
        arguments = [*place.verification(), "-o", place.file("req.bin"), "--firmware", "--agree-to-send", "-q"]
        assert attest("check", *arguments, "--firmware-verify-url", web.root) == 1
        assert web.requests == []


def test_a_document_may_come_through_a_pipe_and_is_recorded_as_it_was(place: Place) -> None:
    content = Path(place.document).read_bytes()
    reading, writing = os.pipe()
    try:
        os.write(writing, content)
        os.close(writing)
        assert create(place, "-k", f"/dev/fd/{reading}", "--no-verify", "-q") == 0
    finally:
        os.close(reading)
    record = json.loads(Path(place.file("new.json")).read_text())
    assert hashlib.sha256(content).hexdigest() in json.dumps(record)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("resp.bin", "ud"), "No Secure Execution header was found. By its content the file is: command line."),
        (("resp.bin", "req.bin"), "was found. By its content the file is: attestation request."),
        (("guest.img", "guest.img"), "not pvattest. By its content the file is: SE image."),
        (("req.bin", "guest.img"), "the measurement is missing. By its content the file is: attestation request."),
    ],
    ids=["text as header", "request as header", "image as response", "request as response"],
)
def test_a_file_in_the_wrong_place_is_told_what_it_is(
    place: Place, capsys: pytest.CaptureFixture[str], given: tuple[str, str], said: str
) -> None:
    assert attest("verify", *place.verification(*given), "-q") == 1
    assert said in capsys.readouterr().err


def test_whoever_meets_a_protection_key_is_not_told_of_an_option_that_does_not_replace_it(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    for taken, advice in (("new", "or add --overwrite."), ("new.key", "or remove it first.")):
        Path(place.file(taken)).write_bytes(b"there")
        assert create(place, "-k", place.document, "--no-verify", "-q") == 1
        said = f"error: {place.file(taken)}: The file already exists.\n       Choose another name, {advice}\n"
        assert capsys.readouterr().err == said
        Path(place.file(taken)).unlink()


def test_no_machine_is_asked_for_a_response_that_cannot_be_written(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attest("perform", place.file("req.bin"), place.file("resp.bin"), "--machine", place.file("none")) == 1
    assert "resp.bin: The file already exists." in capsys.readouterr().err


# --- dissect ---------------------------------------------------------------------------------------------------------


def test_requests_and_responses_are_taken_apart(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "dissect", place.file("resp.bin")]) == 0
    closed = capsys.readouterr().out
    assert "Attestation response (exchange file)" in closed
    assert "80 bytes of ciphertext" in closed
    assert run(["image", "dissect", place.file("resp.bin"), "--arpk", place.file("arpk.key")]) == 0
    opened = capsys.readouterr().out
    assert "Measurement key (measurement_key)" in opened
    assert "64 bytes, hidden" in opened
    assert run(["image", "dissect", place.file("req.bin"), "--arpk", place.file("ud")]) == 1
