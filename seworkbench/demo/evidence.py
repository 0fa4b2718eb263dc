"""The evidence that the demonstration ends with: one report of everything that was checked."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Evidence, Step, Verdict, group
from seworkbench.demo.scene import PlayedScene, as_check
from seworkbench.files import read_whole
from seworkbench.report.image_by_hand import image_steps
from seworkbench.report.inputs import file_input, key_input
from seworkbench.report.json_form import report_id
from seworkbench.report.model import Cell, Column, Fact, Input, Network, Report, Section, Table
from seworkbench.report.write import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.demo.stage import Stage

FILES = Step("demo.evidence.files", "All forms of the report are of one report", "reports.md#report-id")
VERDICT = Step("demo.evidence.verdict", "The report says that all went as it must", "reports.md#parts")
_SIZE_LIMIT = 64 << 20


def write_evidence(stage: Stage) -> Check:
    """Write the report of what was played so far in every form, and judge what was written.

    Raises:
        SeError: if a file cannot be read, or is there already.
    """
    report = stage.report = evidence_report(stage)
    for path in stage.evidence:
        write_report(report, path)
    written = hashlib.sha256(read_whole(stage.evidence[-1], _SIZE_LIMIT)).hexdigest()
    files = FILES.equal(
        ("report id", report_id(report)),
        (f"SHA-256 of {stage.evidence[-1].name}", written),
        same="The report id is the digest of the JSON form.",
        different="The JSON form is not that of the report.",
    )
    counts = report.counts
    said = f"{counts.passed} of {counts.total} steps passed."
    verdict = (
        VERDICT.passed(said) if report.verdict is Verdict.PASSED else VERDICT.failed(f"{report.verdict.value}: {said}")
    )
    return group("demo.evidence", "Evidence", [files, verdict])


def evidence_report(stage: Stage) -> Report:
    """A report of what was played so far; the attacks count as passed where what must catch them did.

    Raises:
        SeError: if a file cannot be read.
    """
    verified = stage.verification.check if stage.verification else None
    inputs = tuple(_inputs(stage))
    image = next(item for item in inputs if item.name == str(stage.image))
    # Who keeps the folder may move it; names lead on from there.
    here = f"{stage.folder}/"
    by_hand = image_steps(image, stage.image, verified) if verified else ()
    trust = stage.trust
    return Report(
        title="Demonstration",
        subject="A simulated machine, an image for it, its start and attestation, and what attacks on them come to.",
        at=stage.clock(),
        inputs=tuple(dataclasses.replace(item, name=item.name.removeprefix(here)) for item in inputs),
        facts=tuple(_facts(stage)),
        sections=tuple(
            dataclasses.replace(section, check=_named_from(here, section.check) if section.check else None)
            for section in _sections(stage, tuple(stage.played.values()))
        ),
        network=Network.OFFLINE,
        fresh_until=trust.fresh_until if trust else None,
        simulated=True,
        by_hand=tuple(dataclasses.replace(step, command=step.command.replace(here, "")) for step in by_hand),
    )


def _named_from(here: str, check: Check) -> Check:
    """A check that names files from a folder on."""
    return dataclasses.replace(
        check,
        title=check.title.replace(here, ""),
        reason=check.reason.replace(here, ""),
        evidence=tuple(Evidence(item.label.replace(here, ""), item.value.replace(here, "")) for item in check.evidence),
        children=tuple(_named_from(here, child) for child in check.children),
    )


def _inputs(stage: Stage) -> Iterator[Input]:
    machine = stage.machine
    yield file_input(machine.document_path, "host key document")
    for path in machine.certificate_paths:
        yield file_input(path, "certificate above it")
    yield file_input(machine.root_path, "root certificate")
    inputs = stage.write_inputs()
    for kind, path in inputs.by_kind.items():
        yield file_input(path, kind.title)
    yield file_input(stage.image, "SE image")
    yield key_input(stage.header_key, "header key")
    for exchange in (stage.first, stage.second):
        if exchange.request.exists():
            yield file_input(exchange.request, "attestation request")
            yield key_input(exchange.protection_key, "protection key of the request")
        if exchange.response.exists():
            yield file_input(exchange.response, "attestation response")


def _facts(stage: Stage) -> Iterator[Fact]:
    machine = stage.machine
    yield Fact("Machine", machine.machine.name)
    yield Fact("Host key hash (PHKH)", machine.machine.host_key_hash.hex(), code=True)
    if stage.verification and stage.verification.header:
        yield Fact("Header tag of the image", stage.verification.header.tag.hex(), code=True)
    if stage.cuid:
        yield Fact("Configuration UID of the guest", stage.cuid.hex(), code=True)


def _sections(stage: Stage, played: tuple[PlayedScene, ...]) -> Iterator[Section]:
    if played:
        columns = (Column("Scene", 4), Column("What came of it", 9), Column("As expected", 2))
        rows: list[tuple[Cell, ...]] = [
            (scene.scene.title, scene.outcome.said, scene.check.verdict) for scene in played
        ]
        yield Section(
            "The story",
            "Every scene, and whether what had to be seen in it was seen. An attack passes where the check that must "
            "catch it did, with the return code it must have.",
            table=Table(columns, tuple(rows)),
            check=as_check(played),
        )
    if stage.trust:
        yield Section("Host key", "Whose key the image was built for, before it was revoked.", check=stage.trust.check)
    if stage.verification:
        yield Section(
            "Image", "Opened with the header key, and compared with what went in.", check=stage.verification.check
        )
    if stage.start:
        yield Section("Start", "What machine and firmware do, step by step.", check=stage.start.check)
    if stage.attestation:
        yield Section(
            "Attestation",
            "The measurement, and everything in the answer against what is expected.",
            check=stage.attestation.check,
        )
