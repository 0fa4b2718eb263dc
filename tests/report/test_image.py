"""Reports of images, from real verifications."""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.cli.main import run
from seworkbench.formats.components import ComponentKind
from seworkbench.image.access import access_from_files
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import verify_image
from seworkbench.report.image import image_report
from seworkbench.report.json_form import json_bytes

from .samples import AT

if TYPE_CHECKING:
    from seworkbench.report.model import Report, Section, Table

DATA = Path(__file__).parents[1] / "data" / "interop"
KEY = DATA / "images" / "hdr.key"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for name in ("default", "x_psw", "unencrypted"):
        with lzma.open(DATA / "images" / f"{name}.img.xz") as stream:
            (folder / f"{name}.img").write_bytes(stream.read())
    damaged = bytearray((folder / "default.img").read_bytes())
    damaged[0x15000] ^= 1
    (folder / "damaged.img").write_bytes(damaged)
    (folder / "no image.img").write_bytes(b"nothing" * 1000)
    return folder


def of(
    image: Path,
    key: Path | None = None,
    host_key: Path | None = None,
    expected: dict[ComponentKind, Path] | None = None,
) -> Report:
    access = access_from_files(header_key=key, host_private_key=host_key)
    with open_image(image) as file:
        result = verify_image(file, access, inputs=expected)
    return image_report(result, image, AT, header_key=key, host_private_key=host_key, expected=expected)


def test_the_digest_in_a_report_is_of_the_bytes_that_were_verified(tmp_path: Path, images: Path) -> None:
    path = tmp_path / "default.img"
    content = (images / "default.img").read_bytes()
    path.write_bytes(content)
    with open_image(path) as file:
        result = verify_image(file, hash_file=True)
    path.write_bytes(content[:0x15000] + bytes(0x1000) + content[0x16000:])
    report = image_report(result, path, AT)
    assert report.inputs[0].sha256 == hashlib.sha256(content).hexdigest()
    assert report.inputs[0].size == len(content)


def section(report: Report, title: str) -> Section:
    return next(item for item in report.sections if item.title == title)


def table(report: Report, title: str) -> Table:
    found = section(report, title).table
    assert found is not None
    return found


def test_a_sound_image_with_its_key(images: Path) -> None:
    path = images / "default.img"
    report = of(path, KEY)
    assert report.verdict is Verdict.PASSED
    assert report.inputs[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert report.inputs[0].size == path.stat().st_size
    assert not report.simulated
    facts = {fact.label: fact.value for fact in report.facts}
    assert facts["Authenticity"].startswith("proven")
    assert facts["Components"].startswith("equal")
    assert [row[0] for row in table(report, "What is inside").rows] == ["kernel", "ramdisk", "command line", "stage3b"]


def test_no_digest_of_a_key_and_no_key_is_in_a_report(images: Path) -> None:
    report = of(images / "default.img", KEY)
    content = json_bytes(report).decode()
    key = KEY.read_bytes()
    assert report.inputs[1].name == str(KEY)
    assert hashlib.sha256(key).hexdigest() not in content
    assert key.hex() not in content


def test_without_a_key_the_report_does_not_claim_authenticity(images: Path) -> None:
    report = of(images / "default.img")
    facts = {fact.label: fact.value for fact in report.facts}
    assert facts["Authenticity"].startswith("not proven")
    assert report.not_checked
    assert "nothing shows who made it" in report.subject


def test_a_machine_that_opens_an_image_is_a_simulated_one(images: Path) -> None:
    assert of(images / "default.img", host_key=DATA / "pki" / "host1.key").simulated


def test_a_damaged_image_fails_and_its_report_says_where(images: Path) -> None:
    report = of(images / "damaged.img", KEY)
    assert report.verdict is Verdict.FAILED
    assert any(check.id == "image.digest.pld" for check, _ in report.findings)
    assert next(fact.value for fact in report.facts if fact.label == "Components").startswith("not equal")


def test_a_file_without_header_gets_a_report_too(images: Path) -> None:
    report = of(images / "no image.img")
    assert report.verdict is Verdict.FAILED
    assert report.facts == ()
    assert len(report.by_hand) == 1


def test_flags_are_sentences_and_secret_ones_are_told_apart(images: Path) -> None:
    rows = table(of(images / "default.img", KEY), "Control flags").rows
    assert ("allow dumping", "off", "clear", "The host cannot dump this guest's memory.") in rows
    assert {row[2] for row in rows} == {"clear", "secret"}
    assert {row[2] for row in table(of(images / "default.img"), "Control flags").rows} == {"clear"}


def test_known_machines_are_named_at_their_key_slots(images: Path) -> None:
    path = images / "default.img"
    with open_image(path) as file:
        result = verify_image(file)
    assert result.header is not None
    names = {result.header.keyslots[0].phkh: "3931-0275D38"}
    assert table(image_report(result, path, AT, known_hosts=names), "Who can start it").rows[0][2] == "3931-0275D38"
    assert table(image_report(result, path, AT), "Who can start it").rows[0][2] == "not known here"


def test_files_that_were_compared_are_inputs_and_the_difference_is_found(images: Path) -> None:
    kernel = DATA / "images" / "kernel"
    report = of(images / "default.img", KEY, expected={ComponentKind.KERNEL: kernel, ComponentKind.RAMDISK: kernel})
    assert [item.what for item in report.inputs[2:]] == ["expected kernel", "expected ramdisk"]
    assert [check.id for check, _ in report.findings if check.verdict is Verdict.FAILED] == ["image.inputs.ramdisk"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    "name", ["default.img", "damaged.img", "unencrypted.img", "a name; touch $(x) 'y'.img", "-v.img"]
)
def test_the_steps_by_hand_print_what_the_report_says(
    name: str, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = images / name if (images / name).exists() else images / "default.img"
    shutil.copy(source, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    report = of(Path(name))
    assert len(report.by_hand) == 3
    for step in report.by_hand:
        done = subprocess.run(["bash", "-c", step.command], capture_output=True, check=True, text=True)
        assert done.stdout.rstrip("\n") == step.expected
    stated, computed = report.by_hand[1].expected, report.by_hand[2].expected
    assert (f"{stated}  -" == computed) == (name != "damaged.img")


@pytest.mark.parametrize("suffix", ["html", "pdf", "json", "md"])
def test_the_command_line_writes_a_report(suffix: str, images: Path, tmp_path: Path) -> None:
    target = tmp_path / f"report.{suffix}"
    image = str(images / "default.img")
    assert run(["image", "verify", image, "--hdr-key", str(KEY), "-q", "--report", str(target)]) == 0
    assert target.stat().st_size > 1000


def test_the_report_of_a_failed_verification_is_written_as_well(images: Path, tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    assert run(["image", "verify", str(images / "damaged.img"), "-q", "--report", str(target)]) == 3
    assert json.loads(target.read_bytes())["verdict"] == "failed"


def test_a_report_that_cannot_be_written_is_refused_before_the_work(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "r.json"
    taken.write_text("mine")
    assert run(["image", "verify", str(images / "default.img"), "--report", str(taken)]) == 1
    assert run(["image", "verify", str(images / "default.img"), "--report", str(tmp_path / "r.txt")]) == 2
    assert capsys.readouterr().out == ""
    assert taken.read_text() == "mine"
