"""Reports of host keys, and the commands in them: run by bash and OpenSSL they print what the report says."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from seworkbench.checks import Verdict
from seworkbench.report.drawing import WIDTH, Box, Drawing, Label, Mark, Stroke, broken
from seworkbench.report.json_form import json_bytes
from seworkbench.report.model import Clock, Fact, Network, Section
from seworkbench.report.reproduce import shell_script
from seworkbench.report.trust import judgement_report, verification_report
from seworkbench.report.write import report_bytes
from seworkbench.resources import resource
from seworkbench.trust.judgement import Collection, judge
from seworkbench.trust.reading import read_objects
from seworkbench.trust.verify import TrustRun, load_input, verify_host_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from seworkbench.report.model import Report
    from seworkbench.trust.judgement import Judgement
    from seworkbench.trust.verify import InputFile, TrustResult

PKI = Path(__file__).parents[1] / "data" / "interop" / "pki"
AT = datetime(2026, 11, 26, 8, 0, 0, tzinfo=UTC)
LISTS = ("root.crl", "inter.crl", "host.crl")
needs_openssl = pytest.mark.skipif(
    shutil.which("bash") is None or shutil.which("openssl") is None, reason="needs bash and openssl"
)


@pytest.fixture(autouse=True)
def _in_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PKI)


def verify(
    *host_keys: str,
    certificates: tuple[str, ...] = ("sign.crt", "inter.crt"),
    crls: tuple[str, ...] = LISTS,
    root: str = "root.crt",
    at: datetime = AT,
) -> TrustResult:
    def files(names: Iterable[str]) -> tuple[InputFile, ...]:
        return tuple(load_input(Path(name)) for name in names)

    run = TrustRun(files(host_keys), files(certificates), load_input(Path(root)), files(crls))
    return verify_host_keys(run, at)


def judged(*names: str) -> Judgement:
    found = [read_objects((PKI / name).read_bytes(), name) for name in names]
    return judge(
        Collection(
            tuple(item for bundle in found for item in bundle.certificates),
            tuple(item for bundle in found for item in bundle.crls),
        ),
        AT,
    )


def section(report: Report, title: str) -> Section:
    return next(item for item in report.sections if item.title.startswith(title))


def picture(report: Report) -> Drawing:
    found = section(report, "Chain of trust").drawing
    assert found is not None
    return found


def printed(report: Report, folder: Path) -> list[str]:
    """What each step prints, all run in one shell."""
    script = "\n".join(f"echo '=== {number}'\n{step.command}" for number, step in enumerate(report.by_hand))
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False, text=True, cwd=folder)
    return [part.split("\n", 1)[1].rstrip("\n") for part in done.stdout.split("=== ")[1:]]


# --- What a report says -----------------------------------------------------------------------------------------------


def test_an_accepted_host_key_with_its_inputs_and_end() -> None:
    result = verify("host1.crt")
    report = verification_report(result)
    assert report.verdict is Verdict.PASSED
    assert report.at == AT
    assert report.fresh_until == result.fresh_until
    assert report.network is Network.OFFLINE
    assert {item.name for item in report.inputs} == {"host1.crt", "sign.crt", "inter.crt", "root.crt", *LISTS}
    assert all(len(item.sha256) == 64 and item.size for item in report.inputs)
    certificate = result.host_keys[0].certificate
    assert certificate is not None
    assert Fact("Host key hash", certificate.phkh or "", code=True) in report.facts


@pytest.mark.parametrize(
    ("host_key", "check"),
    [("host_revoked.crt", "trust.b7"), ("host_expired.crt", "trust.b2"), ("host_forged.crt", "trust.b4")],
)
def test_a_refused_host_key_with_its_reason(host_key: str, check: str) -> None:
    report = verification_report(verify(host_key))
    assert report.verdict is Verdict.FAILED
    assert report.fresh_until is None
    assert report.findings[0][0].id.startswith(check)


def test_one_bad_host_key_does_not_spoil_the_verdict_on_others() -> None:
    table = section(verification_report(verify("host1.crt", "host_revoked.crt")), "Host keys").table
    assert table is not None
    assert [row[-1] for row in table.rows] == [Verdict.PASSED, Verdict.FAILED]


def test_a_chosen_instant_is_pointed_out() -> None:
    page = report_bytes(verification_report(verify("host1.crt"), clock=Clock.CHOSEN), ".html").decode()
    assert "an instant that the user chose" in page


def test_a_file_that_led_to_nothing_is_an_input_too() -> None:
    report = verification_report(verify("host1.crt"), given=[load_input(Path("garbage.crt"))])
    assert report.inputs[-1].what == "file that was given"
    assert report.inputs[-1].size == (PKI / "garbage.crt").stat().st_size


def test_a_certificate_that_nothing_is_known_about_makes_a_report_too() -> None:
    report = verification_report(verify("garbage.crt", certificates=("inter.crt",)))
    assert report.verdict is Verdict.FAILED
    assert "none fits" in [shape.text for shape in picture(report).shapes if isinstance(shape, Label)]
    report_bytes(report, ".pdf")


def test_the_judgement_of_a_collection_in_groups_and_of_one_key_alone() -> None:
    judgement = judged("host1.crt", "host2.crt", "host_revoked.crt", "sign.crt", "inter.crt", "root.crt", *LISTS)
    everything = judgement_report(judgement)
    assert everything.verdict is Verdict.FAILED
    assert len([item for item in everything.sections if item.title.startswith("Stage B")]) == 3
    first = judgement.host_keys[0].certificate
    names = {first.phkh or "": "3931-0275D38"}
    alone = judgement_report(judgement, only=first.fingerprint, machines=names)
    assert alone.verdict is Verdict.PASSED
    assert len([item for item in alone.sections if item.title.startswith("Stage B")]) == 1
    assert "3931-0275D38" in [shape.text for shape in picture(alone).shapes if isinstance(shape, Label)]


def test_what_is_missing_is_said_in_the_report_of_who_needs_it() -> None:
    judgement = judged("host1.crt", "sign.crt", "inter.crt", "root.crt", "root.crl", "host.crl")
    report = judgement_report(judgement, only=judgement.host_keys[0].certificate.fingerprint)
    table = section(report, "What is missing").table
    assert table is not None
    assert len(table.rows) == 1


def test_reports_of_trust_fit_the_schema() -> None:
    schema = json.loads(resource("schema/report-v1.schema.json").read_text("utf-8"))
    for report in (
        verification_report(verify("host1.crt", "host_revoked.crt")),
        judgement_report(judged("host1.crt", "sign.crt", "inter.crt")),
        judgement_report(judged("host1.crt")),
    ):
        jsonschema.Draft202012Validator(schema).validate(json.loads(json_bytes(report)))


# --- The picture ------------------------------------------------------------------------------------------------------


def within(drawing: Drawing) -> bool:
    """Whether every shape lies inside the picture."""
    places: list[tuple[float, float]] = []
    for shape in drawing.shapes:
        match shape:
            case Box():
                places += [(shape.x, shape.y + 1), (shape.x + shape.width - 1.5, shape.y + shape.height)]
            case Stroke():
                places += shape.points
            case Label() | Mark():
                places.append((shape.x, shape.y))
    return all(0 <= x <= WIDTH and 0 <= y <= drawing.height for x, y in places)


@pytest.mark.parametrize(
    "names",
    [("host1.crt",), ("host1.crt", "host2.crt", "host_revoked.crt", "host_expired.crt", "host_forged.crt")],
    ids=["one", "five"],
)
def test_the_picture_holds_everything_it_draws(names: tuple[str, ...]) -> None:
    assert within(picture(verification_report(verify(*names))))


def test_long_names_are_drawn_in_two_lines_and_whole() -> None:
    report = verification_report(verify("host1.crt"))
    said = " ".join(shape.text for shape in picture(report).shapes if isinstance(shape, Label))
    assert "…" not in said
    assert "IBM Z Host Key Signing Service (Poughkeepsie)" in said


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ("short",)),
        ("two words", ("two words",)),
        ("a name of several words", ("a name of", "several w…")),
        ("a name of two", ("a name of", "two")),
        ("onewordthatistoolong", ("onewordth…",)),
        ("x onewordthatistoolong", ("x", "onewordth…")),
    ],
)
def test_a_name_is_broken_at_a_blank_and_cut_only_where_two_lines_are_too_short(
    text: str, lines: tuple[str, ...]
) -> None:
    assert broken(text, 10 * 9 * 0.57) == lines


def test_host_keys_beyond_what_is_drawn_are_counted() -> None:
    report = verification_report(verify(*["host1.crt"] * 15))
    assert "and 3 more, see the table" in [shape.text for shape in picture(report).shapes if isinstance(shape, Label)]
    assert within(picture(report))


def test_a_list_found_by_the_rule_for_the_locality_says_so() -> None:
    report = verification_report(verify("host1.crt", certificates=("sign_armonk.crt", "inter.crt")))
    labels = [shape.text for shape in picture(report).shapes if isinstance(shape, Label)]
    assert any(text.startswith("matched: Armonk → Poughkeepsie") for text in labels)


def test_a_missing_list_is_drawn_as_a_gap() -> None:
    report = verification_report(verify("host1.crt", crls=("root.crl", "host.crl")))
    labels = [shape.text for shape in picture(report).shapes if isinstance(shape, Label)]
    assert "missing" in labels


# --- By hand ----------------------------------------------------------------------------------------------------------

CASES: dict[str, Callable[[], TrustResult]] = {
    "good": lambda: verify("host1.crt"),
    "DER": lambda: verify("host1.der.crt", crls=("root.crl", "inter.crl", "host.der.crl")),
    "revoked": lambda: verify("host_revoked.crt"),
    "expired": lambda: verify("host_expired.crt"),
    "forged": lambda: verify("host_forged.crt"),
    "key identifier": lambda: verify("host_aki.crt"),
    "RSA": lambda: verify("host_rsa.crt"),
    "list forged": lambda: verify("host1.crt", crls=("root.crl", "inter.crl", "host_badsig.crl")),
    "signing certificate revoked": lambda: verify("host1.crt", certificates=("sign_revoked.crt", "inter.crt")),
    "signing certificate weak": lambda: verify("host1.crt", certificates=("sign_weak.crt", "inter.crt")),
    "list of the chain missing": lambda: verify("host1.crt", crls=("root.crl", "host.crl")),
    "no root": lambda: verify("host1.crt", root="inter.crt"),
    "bundle": lambda: verify(
        "bundle_two_hosts.crt", certificates=("bundle_sign_inter_crls.crt",), crls=("host.crl", "root.crl")
    ),
}


@needs_openssl
@pytest.mark.parametrize("case", CASES)
def test_openssl_prints_what_the_report_says(case: str) -> None:
    report = verification_report(CASES[case]())
    assert len(report.by_hand) >= 7
    assert printed(report, PKI) == [step.expected for step in report.by_hand]


@needs_openssl
def test_the_three_answers_differ_where_they_should() -> None:
    outputs = {
        name: {step.comment[:2]: step.expected for step in verification_report(verify(f"{name}.crt")).by_hand}
        for name in ("host1", "host_revoked", "host_expired", "host_forged")
    }
    assert outputs["host1"]["B7"] == "0"
    assert outputs["host_revoked"]["B7"] == "1"
    assert outputs["host_expired"]["B2"].endswith(": expired")
    assert outputs["host_forged"]["B4"] == "Verification failure"
    assert {found["A7"] for found in outputs.values()} == {"OK"}


@needs_openssl
def test_another_instant_gives_another_answer_by_hand_as_well() -> None:
    report = verification_report(verify("host1.crt", at=datetime(2023, 1, 1, tzinfo=UTC)))
    steps = {step.comment[:2]: step.expected for step in report.by_hand}
    assert steps["B2"].endswith(": not yet valid")
    assert printed(report, PKI) == [step.expected for step in report.by_hand]


@needs_openssl
def test_a_judgement_is_reproduced_without_any_file(tmp_path: Path) -> None:
    judgement = judged("host1.crt", "host_revoked.crt", "sign.crt", "inter.crt", "root.crt", *LISTS)
    report = judgement_report(judgement)
    assert printed(report, tmp_path) == [step.expected for step in report.by_hand]


@needs_openssl
def test_the_script_is_one_file_that_bash_runs_and_reads_files_of_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = "-a 'name'; $(touch never).crt"
    shutil.copy(PKI / "host1.crt", tmp_path / odd)
    for name in ("sign.crt", "inter.crt", "root.crt", *LISTS):
        shutil.copy(PKI / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    report = verification_report(verify(odd))
    script = tmp_path / "verify.sh"
    script.write_text(shell_script(report.by_hand))
    done = subprocess.run(["bash", script], capture_output=True, check=False, text=True, cwd=tmp_path)
    assert done.stdout.splitlines() == [line for step in report.by_hand for line in step.expected.splitlines()]
    assert not (tmp_path / "never").exists()


def test_the_steps_need_no_python() -> None:
    assert "python" not in shell_script(verification_report(verify("host1.crt")).by_hand).lower()
