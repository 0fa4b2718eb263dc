"""Reports of attestations, from recorded responses."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from seworkbench.attestation.policy import Policies, check_policies, open_points
from seworkbench.attestation.verify import verify_response
from seworkbench.checks import Verdict
from seworkbench.cli.main import run
from seworkbench.report.attestation import attestation_report
from seworkbench.report.drawing import WIDTH, Box, Label
from seworkbench.report.json_form import json_bytes
from seworkbench.report.write import report_bytes
from seworkbench.resources import resource
from tests.attestation import recorded

if TYPE_CHECKING:
    from seworkbench.report.model import Report, Section

AT = datetime(2026, 11, 26, 8, 0, 0, tzinfo=UTC)
FOLDER = recorded.FOLDER


@pytest.fixture(autouse=True)
def _in_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


def of(flags: str = "all", case: str = "good", user: str = "user", policies: Policies | None = None) -> Report:
    response = recorded.response(flags, case, user)
    found = verify_response(response, recorded.header(), recorded.key(flags), at=AT)
    result = open_points(found, response) if policies is None else check_policies(found, policies, response)
    return attestation_report(
        result,
        response,
        response_file=Path(f"{flags}.{user}.{case}.resp"),
        header_file=Path("se.hdr"),
        protection_key=Path(f"{flags}.arpk"),
    )


def section(report: Report, title: str) -> Section | None:
    return next((item for item in report.sections if item.title == title), None)


def test_an_equal_measurement_is_shown_with_every_piece() -> None:
    report = of()
    found = section(report, "Measurement")
    assert found is not None
    assert found.intro.endswith("They are equal.")
    assert found.facts[0].value == found.facts[1].value
    assert found.table is not None
    assert sum(int(str(row[1])) for row in found.table.rows) == 64 * 3 + 16 + 16 + 8 + 77 + 16 + 448
    assert report.verdict is Verdict.WARNING  # what came was compared with nothing


def test_a_measurement_that_differs_shows_both_values_and_the_likely_cause() -> None:
    report = of(case="bad_add")
    found = section(report, "Measurement")
    assert found is not None
    assert found.intro.endswith("They are not equal.")
    assert found.facts[0].value != found.facts[1].value
    assert report.verdict is Verdict.FAILED
    assert [check.id for check, _ in report.findings][:2] == ["attest.measurement.equal", "attest.measurement.cause"]
    page = report_bytes(report, ".html").decode()
    assert page.count("<mark>") >= 16


def test_a_response_that_cannot_be_read_is_not_checked_and_says_why() -> None:
    report = of(case="truncated")
    assert report.verdict is Verdict.NOT_CHECKED
    assert section(report, "Measurement") is None
    assert section(report, "Policies") is None
    assert report.by_hand == ()
    report_bytes(report, ".pdf")


def test_policies_decide_the_verdict() -> None:
    passed = of("none", "good", "nouser", Policies(user_data=b"", cuid=_cuid("none.nouser.good.resp")))
    assert passed.verdict is Verdict.PASSED
    assert of("none", "good", "nouser", Policies(user_data=b"something")).verdict is Verdict.FAILED


def _cuid(name: str) -> bytes:
    from seworkbench.formats.exchange import parse_response  # noqa: PLC0415 - here only

    return parse_response((FOLDER / name).read_bytes()).cuid or b""


def test_inputs_have_the_digests_of_the_files_and_the_key_has_none() -> None:
    inputs = of().inputs
    assert [item.name for item in inputs] == ["all.user.good.resp", "se.hdr", "all.arpk"]
    for item in inputs[:2]:
        assert item.sha256 == hashlib.sha256((FOLDER / item.name).read_bytes()).hexdigest()
    assert inputs[2].sha256 == ""


@pytest.mark.parametrize("suffix", [".html", ".json", ".md"])
def test_no_secret_of_the_request_is_in_a_report(suffix: str) -> None:
    response = recorded.response("all")
    found = verify_response(response, recorded.header(), recorded.key("all"), at=AT)
    assert found.opened is not None
    content = report_bytes(of(), suffix).decode().replace(" ", "")
    for secret in (found.opened.nonce, found.opened.measurement_key.reveal(), recorded.key("all").reveal()):
        assert len(secret) >= 16
        assert secret.hex() not in content


def test_without_files_the_report_names_what_it_was_given_and_needs_none() -> None:
    response = recorded.response("all")
    found = verify_response(response, recorded.header(), recorded.key("all"), at=AT)
    report = attestation_report(open_points(found, response), response)
    assert [item.what for item in report.inputs] == ["attestation response", "SE header"]
    assert report.inputs[1].sha256 == hashlib.sha256((FOLDER / "se.hdr").read_bytes()).hexdigest()
    assert report.by_hand == ()


@pytest.mark.parametrize("flags", ["none", "all"])
def test_the_bar_is_as_wide_as_the_text_and_every_label_stands_over_its_piece(flags: str) -> None:
    found = section(of(flags), "Measurement")
    assert found is not None
    assert found.drawing is not None
    boxes = [shape for shape in found.drawing.shapes if isinstance(shape, Box)]
    assert boxes[0].x == 0
    assert boxes[-1].x + boxes[-1].width == pytest.approx(WIDTH, abs=2)
    assert all(before.x + before.width <= after.x for before, after in pairwise(boxes))
    labels = [shape for shape in found.drawing.shapes if isinstance(shape, Label)]
    assert {"PLD", "ALD", "TLD", "CUID", "nonce"} <= {label.text for label in labels}
    assert all(0 <= label.y <= found.drawing.height for label in labels)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("flags", ["none", "img", "both", "all", "store"])
def test_the_steps_by_hand_print_what_the_report_says(flags: str) -> None:
    report = of(flags)
    assert len(report.by_hand) == 3
    for step in report.by_hand:
        done = subprocess.run(["bash", "-c", step.command], capture_output=True, check=True, text=True)
        assert done.stdout.rstrip("\n") == step.expected


def test_reports_of_attestations_fit_the_schema() -> None:
    schema = json.loads(resource("schema/report-v1.schema.json").read_text("utf-8"))
    for report in (of(), of(case="bad_add"), of(case="truncated")):
        jsonschema.Draft202012Validator(schema).validate(json.loads(json_bytes(report)))


@pytest.mark.parametrize(
    ("case", "status", "verdict"), [("good", 0, "warning"), ("bad_add", 3, "failed"), ("truncated", 1, "not checked")]
)
def test_attest_verify_writes_a_report_whatever_comes_out(
    case: str, status: int, verdict: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "r.json"
    options = ["-i", f"all.user.{case}.resp", "--hdr", "se.hdr", "-a", "all.arpk", "-q", "--report", str(target)]
    assert run(["attest", "verify", *options]) == status
    assert json.loads(target.read_bytes())["verdict"] == verdict
    assert run(["attest", "verify", *options]) == 1  # it is there
    assert run(["attest", "verify", *options, "--overwrite"]) == status
    capsys.readouterr()


def test_attest_check_writes_a_report_with_its_policies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, result = tmp_path / "r.json", tmp_path / "result.yaml"
    empty = tmp_path / "empty"
    empty.touch()
    options = ["none.nouser.good.resp", str(result), "--hdr", "se.hdr", "-a", "none.arpk", "-u", str(empty)]
    assert run(["attest", "check", *options, "-q", "--report", str(target)]) == 0
    titles = [item["title"] for item in json.loads(target.read_bytes())["sections"]]
    assert "Policies" in titles
    capsys.readouterr()
