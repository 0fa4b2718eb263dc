"""`demo`: the story on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from seworkbench.cli.main import run
from seworkbench.demo import evidence, story
from seworkbench.demo.stage import Stage
from seworkbench.demo.story import STORY
from seworkbench.errors import SeError
from seworkbench.report.write import write_report
from seworkbench.simulator.demo_pki import DemoPki

from ..simulator.pki import fixed_pki  # noqa: TID252 - making RSA keys takes a second

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from seworkbench.jobs import Job
    from seworkbench.simulator.generations import Generation


@pytest.fixture(autouse=True)
def ready_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """RSA keys that exist; making three takes a second."""

    def make(generation: Generation, at: datetime, job: Job | None = None) -> DemoPki:
        del job
        return fixed_pki(generation, at)

    monkeypatch.setattr(DemoPki, "make", make)


def test_it_tells_the_story_and_leaves_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "shown"
    assert run(["demo", "-d", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("SIMULATED: ")
    for number, scene in enumerate(STORY, start=1):
        assert f"{number:>2}. {scene.title}\n" in out
    assert "The Ultravisor answers 0x0102/0x001b to this." in out
    assert "This is the answer to the request first.req." in out
    assert "passed: 13 of 13 checks passed.\n" in out
    assert f"Everything is in {folder}; the report is {folder}/evidence.html.\n" in out
    assert {"machine", "guest.img", "attacked", "evidence.pdf"} <= {path.name for path in folder.iterdir()}
    # An empty folder is as good as a new one, a full one is not.
    assert run(["demo", "-d", str(folder)]) == 1
    assert "The folder is not empty." in capsys.readouterr().err


@pytest.fixture
def no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The PDF takes half of the time; one test has it."""
    monkeypatch.setattr(
        evidence, "write_report", lambda report, path: None if path.suffix == ".pdf" else write_report(report, path)
    )


@pytest.mark.usefixtures("no_pdf")
def test_without_a_name_it_finds_one_beside_earlier_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seworkbench-demo").mkdir()
    assert run(["demo", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["directory"] == "seworkbench-demo-2"
    assert record["verdict"] == "passed"
    assert [scene["id"] for scene in record["scenes"]] == [scene.id for scene in STORY]
    assert all(seen["as_expected"] for scene in record["scenes"] for seen in scene["seen"])
    assert [path.rpartition(".")[2] for path in record["report"]] == ["html", "pdf", "json"]


@pytest.mark.usefixtures("no_pdf")
def test_a_story_that_goes_wrong_ends_with_3_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Stage, "attack_image", lambda stage, _name: stage.image)
    assert run(["demo", "-d", str(tmp_path / "shown")]) == 3
    out = capsys.readouterr().out
    assert "Not as expected: uv.verify.pld: failed, RC 0x0102, RRC 0x001b. Found: uv.verify.pld: passed." in out
    assert "failed: 10 of 13 checks passed, 3 failed." in out


@pytest.mark.parametrize("there", [True, False])
def test_a_story_that_cannot_be_played_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, there: bool
) -> None:
    folder = tmp_path / "shown"
    if there:
        folder.mkdir()

    def fail(*_arguments: object) -> None:
        raise SeError("The disk is full.")

    monkeypatch.setattr(story, "write_evidence", fail)
    assert run(["demo", "-q", "-d", str(folder)]) == 1
    assert "The disk is full." in capsys.readouterr().err
    assert folder.exists() is there
    assert not there or not list(folder.iterdir())


def test_the_folders_above_are_made_too_and_go_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: object) -> None:
        assert (tmp_path / "talks" / "autumn" / "shown").is_dir()
        raise SeError("The disk is full.")

    monkeypatch.setattr(Stage, "make_machine", fail)
    assert run(["demo", "-q", "-d", str(tmp_path / "talks" / "autumn" / "shown")]) == 1
    assert "The disk is full." in capsys.readouterr().err
    assert not (tmp_path / "talks").exists()


def test_a_file_is_no_folder_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes").write_text("mine")
    assert run(["demo", "-d", str(tmp_path / "notes")]) == 1
    assert "This is no folder.\n       Choose a new or an empty one." in capsys.readouterr().err
    assert (tmp_path / "notes").read_text() == "mine"


def test_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "demo" in capsys.readouterr().out
    assert run(["demo", "--help"]) == 0
    assert "--directory" in capsys.readouterr().out
