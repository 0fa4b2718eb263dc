"""What pvattest verified, verified here: the same verdicts, values and files (tests/data/interop/attestation.json)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from seworkbench.attestation.known import find_header
from seworkbench.attestation.result import read_yaml, to_yaml, verification_lines, verification_record
from seworkbench.attestation.verify import AttestationVerification, verify_response
from seworkbench.checks import Verdict
from seworkbench.cli.main import run as command
from seworkbench.formats.exchange import parse_request
from seworkbench.image.image_file import open_image
from seworkbench.secret import Secret
from tests.attestation import independent, recorded
from tests.attestation.recorded import DATA, FOLDER, GOOD, RUNS, name_of

AT = datetime(2026, 11, 1, tzinfo=UTC)
REAL = Path(__file__).resolve().parents[3] / "shared" / "real-artifacts"
every_run = pytest.mark.parametrize("run", RUNS, ids=name_of)
every_good_run = pytest.mark.parametrize("run", GOOD, ids=name_of)


def verified(run: dict[str, Any], image: Path | None = None) -> AttestationVerification:
    """What this program makes of a recorded run."""
    arguments = run["args"]
    header_path = image if image is not None and arguments[3].endswith(".img") else FOLDER / arguments[3]
    with open_image(header_path) as file:
        header = find_header(file)
    key = Secret((FOLDER / arguments[5]).read_bytes())
    return verify_response((FOLDER / arguments[1]).read_bytes(), header, key, at=AT)


@pytest.fixture(scope="session")
def default_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image that some runs name in place of a header."""
    path = tmp_path_factory.mktemp("attestation") / "default.img"
    path.write_bytes(recorded.image())
    return path


def test_there_are_94_recorded_runs_with_every_outcome() -> None:
    assert len(RUNS) == 94
    assert {run["exit"] for run in RUNS} == {0, 1, 2}
    assert len(GOOD) == 15


@every_run
def test_every_verdict_is_that_of_pvattest(run: dict[str, Any], default_image: Path) -> None:
    found = verified(run, default_image)
    if run["exit"] == 0:
        assert found.check.verdict is Verdict.PASSED
        assert found.measurement_equal
    elif run["exit"] == 2:
        assert found.check.verdict is Verdict.FAILED
        assert not found.measurement_equal
        check = found.check.find("attest.measurement.equal")
        assert check is not None
        assert check.verdict is Verdict.FAILED
    else:
        # Wrong keys and broken files say nothing about the guest.
        assert found.check.verdict is Verdict.NOT_CHECKED
        assert found.error is not None


@pytest.mark.parametrize("run", [run for run in RUNS if run["exit"] == 1], ids=name_of)
def test_what_pvattest_calls_an_error_is_the_same_error(run: dict[str, Any]) -> None:
    found = verified(run)
    message = run["stderr"][0]
    causes = {
        "GCM tag mismatch": "does not open this request",
        "File size too small": "only",
        "magic value": "not pvattest",
        "Measurement missing": "the measurement is missing",
    }
    [expected] = [ours for theirs, ours in causes.items() if theirs in message]
    assert expected in str(found.error)


@every_good_run
def test_block_key_nonce_and_measurement_are_those_recorded(run: dict[str, Any]) -> None:
    found = verified(run)
    assert found.block is not None
    assert found.opened is not None
    assert found.computed is not None
    assert found.block.build().hex() == run["measured_block"]
    assert found.opened.measurement_key == Secret(bytes.fromhex(run["measurement_key"]))
    assert found.opened.nonce.hex() == run["nonce"]
    assert found.computed.hex() == run["measurement"]


@every_good_run
def test_pieces_of_the_block_lie_where_they_say(run: dict[str, Any]) -> None:
    found = verified(run)
    assert found.block is not None
    files = {"SE header": recorded.content("se.hdr"), "response": (FOLDER / run["args"][1]).read_bytes()}
    at = 0
    for piece in found.block.pieces:
        assert piece.at == at
        at += piece.size
        if piece.offset is not None and piece.name != "nonce":  # the nonce lies there encrypted
            assert files[piece.file.value][piece.offset : piece.offset + piece.size] == piece.content


@pytest.mark.parametrize("run", [run for run in RUNS if run.get("yaml")], ids=name_of)
def test_the_result_has_the_keys_order_and_values_that_pvattest_writes(
    run: dict[str, Any], default_image: Path
) -> None:
    record = verification_record(verified(run, default_image))
    theirs = read_yaml(run["yaml"])
    assert record == theirs
    assert list(record) == list(theirs)
    assert list(record.get("add_fields", {})) == list(theirs.get("add_fields", {}))


@pytest.mark.parametrize("run", [run for run in RUNS if run["exit"] == 0], ids=name_of)
def test_our_yaml_is_text_to_any_reader(run: dict[str, Any], default_image: Path) -> None:
    record = verification_record(verified(run, default_image))
    assert yaml.safe_load(to_yaml(record)) == record


def test_their_yaml_needs_a_reader_that_keeps_text() -> None:
    run = next(run for run in RUNS if name_of(run) == "all.user.good")
    assert isinstance(yaml.safe_load(run["yaml"])["add"], int)
    assert isinstance(read_yaml(run["yaml"])["add"], str)


@pytest.mark.parametrize("run", [run for run in RUNS if run["exit"] == 0], ids=name_of)
def test_the_text_block_says_the_same(run: dict[str, Any], default_image: Path) -> None:
    theirs = [line for line in run["stderr"] if line]  # blank lines differ between versions of pvattest
    assert ["Attestation measurement verified", *verification_lines(verified(run, default_image))] == theirs


@every_run
def test_the_command_line_ends_with_the_status_that_belongs_to_it(
    run: dict[str, Any], default_image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, response, _, header, _, key = run["args"][:6]
    place = str(default_image) if header.endswith(".img") else str(FOLDER / header)
    out = tmp_path / "result.yaml"
    arguments = ["-i", str(FOLDER / response), "--hdr", place, "--arpk", str(FOLDER / key), "-o", str(out)]

    status = command(["attest", "verify", *arguments])

    # pvattest says 2 where a measurement differs; here 2 is wrong usage.
    assert status == {0: 0, 1: 1, 2: 3}[run["exit"]]
    assert out.exists() == (status == 0)
    written = capsys.readouterr()
    if status == 0:
        assert read_yaml(out.read_text()) == read_yaml(run["yaml"]) if run.get("yaml") else True
        for line in run["stderr"]:
            assert line in written.out
    if status == 1:
        assert written.err.startswith("error: ")


@pytest.mark.parametrize("name", recorded.FLAG_SETS)
def test_a_second_reader_sees_the_same_in_the_requests_of_pvattest(name: str) -> None:
    raw = recorded.content(f"{name}.req")
    opened = independent.open_request(independent.request_in(raw), recorded.content(f"{name}.arpk"))
    file = parse_request(raw)
    sizes = {"none": 0, "img": 32, "both": 64, "store": 64, "all": 448}
    assert file.expected_additional == sizes[name]
    assert independent.unwrap(opened.slots[0], recorded.host(1), opened.customer) == recorded.content(f"{name}.arpk")
    assert opened.slots[0][0] == independent.key_hash(recorded.host(1).public_key())


# --- a real machine -------------------------------------------------------------------------------------------------

needs_real_response = pytest.mark.skipif(not REAL.is_dir(), reason="the response of a real machine is not here")


def real(name: str) -> bytes:
    """A file of a real attestation."""
    return (REAL / name).read_bytes()


@needs_real_response
def test_the_response_of_a_real_machine_is_verified() -> None:
    with open_image(REAL / "se-header.bin") as file:
        header = find_header(file)
    found = verify_response(real("attestation-response.bin"), header, Secret(real("arpk-response.key")), at=AT)
    assert found.check.verdict is Verdict.PASSED
    assert found.response is not None
    assert found.opened is not None
    assert found.computed is not None
    # spec/attestation.md 15.5
    assert found.opened.nonce.hex() == "6258e9afa8ae8fd0ad542419f9354a1f"
    assert found.response.user_data == b"random user data for standard_attempt_5_03_16\n"
    assert (found.response.cuid or b"").hex() == "3eb912539634cdce660ab840209190e2"
    assert found.computed.hex().startswith("0804c88dda9e3e18e1852878631a6cf9")
    assert [key.header_slots for key in found.resolved] == [(1,), (1,)]
    assert {key.phkh.hex()[:16] for key in found.resolved} == {"d1f728efd99e1da6"}
    assert not found.simulated


@needs_real_response
@pytest.mark.parametrize("offset", [0x210, 0x24F, 0x250, 0x27E, 0x28D, 0x1D0])
def test_a_bit_flipped_in_it_fails_and_is_found(offset: int) -> None:
    with open_image(REAL / "se-header.bin") as file:
        header = find_header(file)
    content = bytearray(real("attestation-response.bin"))
    content[offset] ^= 1
    found = verify_response(bytes(content), header, Secret(real("arpk-response.key")), at=AT)
    assert found.check.verdict is Verdict.FAILED
    assert found.search is not None
    assert found.search.cause is not None


@needs_real_response
def test_the_request_for_a_real_machine_opens() -> None:
    raw = real("attestation-request-2.bin")
    opened = independent.open_request(independent.request_in(raw), real("arpk-request-2.key"))
    assert opened.paf == 0x7000000000000000
    assert opened.slots[0][0].hex().startswith("d1f728efd99e1da6")
    assert DATA.is_dir()
