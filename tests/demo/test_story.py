"""The story: every scene shows what it must, and one in which something else happens fails."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import jsonschema
import pytest

from seworkbench.checks import Verdict
from seworkbench.demo.evidence import evidence_report
from seworkbench.demo.scene import Place, Scene, as_check
from seworkbench.demo.story import STORY, play, play_scene
from seworkbench.errors import Cancelled
from seworkbench.jobs import Job
from seworkbench.resources import resource
from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS

from .conftest import AT, stage_in

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.demo.stage import Stage

SCENES = {scene.id: scene for scene in STORY}
IMAGE = {attack.id: (attack.step, attack.code) for attack in IMAGE_ATTACKS}
ANSWER = {attack.id: (attack.verification, attack.code) for attack in ATTESTATION_ATTACKS}


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_shows_what_it_must(played: Stage, name: str) -> None:
    scene = played.played[name]
    assert [(str(seen.sight), seen.found) for seen in scene.seen if not seen.as_expected] == []
    assert scene.check.verdict is Verdict.PASSED
    assert scene.outcome.said


@pytest.mark.parametrize("name", [scene.id for scene in STORY if scene.attack])
def test_an_attack_is_caught_where_its_description_says(played: Stage, name: str) -> None:
    scene = SCENES[name]
    step, code = (IMAGE | ANSWER)[scene.attack]
    failed = {sight.check: sight.code for sight in scene.sights if sight.verdict is Verdict.FAILED}
    assert step in failed
    assert failed[step] == code
    assert scene.select in failed
    assert played.played[name].outcome.check.verdict is Verdict.FAILED


@pytest.mark.parametrize("scene", STORY, ids=lambda scene: scene.id)
def test_a_scene_can_be_told_to_an_audience(scene: Scene) -> None:
    assert 40 <= len(scene.caption) <= 240
    assert scene.caption.count(".") <= 3
    assert len(scene.title) <= 44
    assert scene.sights


def test_the_whole_is_one_tree_and_passed(played: Stage) -> None:
    check = as_check(tuple(played.played.values()))
    assert check.verdict is Verdict.PASSED
    assert [leaf.id for leaf in check.leaves()] == [f"demo.{scene.id}" for scene in STORY]


def test_an_attack_that_nobody_catches_fails_the_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = stage_in(tmp_path)
    for scene in STORY[:5]:
        play_scene(stage, scene, Job())
    monkeypatch.setattr(stage, "attack_image", lambda _name: stage.image)
    shown = play_scene(stage, SCENES["page-flipped"], Job())
    assert not shown.as_expected
    assert shown.check.verdict is Verdict.FAILED
    assert "Expected uv.verify.pld: failed, RC 0x0102, RRC 0x001b" in shown.check.reason
    assert "Found uv.verify.pld: passed" in shown.check.reason
    report = evidence_report(stage)
    assert report.verdict is Verdict.FAILED


def test_the_refusal_must_have_the_code_that_is_told(played: Stage) -> None:
    seen = next(seen for seen in played.played["wrong-machine"].seen if seen.sight.code)
    assert seen.check is not None
    assert seen.check.code == (0x0108, 0x0005)
    assert "RC 0x0108, RRC 0x0005" in seen.found


def test_replaying_names_the_request_that_was_answered(played: Stage) -> None:
    assert "first.req" in played.played["replay"].outcome.said


def test_without_the_key_only_authenticity_is_not_checked(played: Stage) -> None:
    tree = played.played["look-inside"].outcome.check
    assert {leaf.verdict for leaf in tree.find("closed").leaves()} == {Verdict.NOT_CHECKED}  # type: ignore[union-attr]
    assert tree.find("image").verdict is Verdict.PASSED  # type: ignore[union-attr]


def test_the_evidence_is_a_report_by_the_schema_with_every_attack_in_it(played: Stage) -> None:
    html, pdf, record = played.evidence
    report = json.loads(record.read_bytes())
    jsonschema.validate(report, json.loads(resource("schema/report-v1.schema.json").read_bytes()))
    assert report["simulated"] is True
    assert report["verdict"] == "passed"
    assert report["verified_at"] == "2026-11-26T12:00:00Z"
    told = [check["id"] for check in report["sections"][0]["checks"]["checks"]]
    assert told == [f"demo.{scene.id}" for scene in STORY[:-1]]
    assert {"SE image", "host key document", "attestation response"} <= {item["what"] for item in report["inputs"]}
    assert pdf.read_bytes().startswith(b"%PDF")
    assert "SIMULATED" in html.read_text()


def test_the_evidence_names_files_from_its_folder_on(played: Stage) -> None:
    report = json.loads(played.evidence[2].read_bytes())
    assert str(played.folder) not in json.dumps(report)
    assert all((played.folder / item["name"]).is_file() for item in report["inputs"])
    # What is to be done by hand there works there.
    for step in report["by_hand"]:
        ran = subprocess.run(
            ["bash", "-c", step["command"]], cwd=played.folder, capture_output=True, text=True, check=True
        )
        assert ran.stdout.rstrip("\n") == step["expected"]


def test_no_secret_is_in_the_evidence(played: Stage) -> None:
    content = b"".join(path.read_bytes() for path in played.evidence)
    for key in (*played.keys.iterdir(), played.first.protection_key, played.second.protection_key):
        assert key.read_bytes() not in content
        assert key.read_bytes().hex().encode() not in content


def test_what_is_there_already_is_used(tmp_path: Path) -> None:
    """The window makes some of the files itself."""
    stage = stage_in(tmp_path)
    for scene in STORY[:2]:
        play_scene(stage, scene, Job())
    stage.build()
    before = stage.image.read_bytes()
    assert play_scene(stage, SCENES["build"], Job()).as_expected
    assert stage.image.read_bytes() == before


def test_the_story_can_be_cancelled(tmp_path: Path) -> None:
    job = Job()
    scenes = play(stage_in(tmp_path), job)
    next(scenes)
    job.cancel()
    with pytest.raises(Cancelled):
        next(scenes)


def test_every_act_is_about_the_instant_it_is_told(played: Stage) -> None:
    assert played.trust is not None
    assert played.trust.at == AT
    assert played.machine.description.created_at == AT
    assert played.attestation is not None
    assert played.attestation.verification.verified_at == AT


def test_every_scene_has_its_page() -> None:
    assert {scene.page for scene in STORY} == set(Place)
