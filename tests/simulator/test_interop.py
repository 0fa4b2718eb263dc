"""The recorded images of pvimg, started on the two machines that they were made for."""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seworkbench.checks import Verdict
from seworkbench.crypto.private_keys import host_private_key
from seworkbench.simulator.codes import Code
from seworkbench.simulator.hypervisor import StartOutcome
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.memory import RamMemory

from .conftest import INTEROP, Start, failed, ids

IMAGES = INTEROP / "images"
ALL_FLAGS = (1 << 64) - 1


@dataclass(frozen=True)
class Record:
    """One recorded `pvimg create`."""

    name: str
    args: list[str]
    info: dict[str, Any]

    def option(self, *names: str) -> bytes | None:
        """Content of the file given with an option."""
        for option, value in zip(self.args, self.args[1:], strict=False):
            if option in names:
                return (IMAGES / value).read_bytes()
        return None

    @property
    def image(self) -> bytes:
        return lzma.decompress((IMAGES / f"{self.name}.img.xz").read_bytes())

    @property
    def hosts(self) -> set[str]:
        return {Path(arg).stem for arg in self.args if arg.endswith(".crt")}


def _records() -> list[Record]:
    recorded = json.loads((INTEROP / "images.json").read_text())
    return [
        Record(record["name"], record["args"], record["info_decrypted"]) for record in recorded if record["exit"] == 0
    ]


RECORDS = _records()
MACHINES = {
    name: Machine(
        host_private_key((INTEROP / "pki" / f"{name}.key").read_bytes()),
        supported_pcf=ALL_FLAGS,
        supported_scf=ALL_FLAGS,
        name=name,
    )
    for name in ("host1", "host2")
}
FINDINGS: dict[str, tuple[Verdict, set[str]]] = {
    "x_psw": (Verdict.FAILED, {"guest.psw"}),
    "nocheck": (Verdict.WARNING, {"guest.kernel"}),
}

every_image = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
every_machine = pytest.mark.parametrize("name", ["host1", "host2"])


def test_all_recorded_images_are_here() -> None:
    assert len(RECORDS) == 15
    assert sorted(record.name for record in RECORDS) == sorted(
        path.name.removesuffix(".img.xz") for path in IMAGES.glob("*.img.xz")
    )


@every_machine
@every_image
def test_an_image_starts_on_its_machines_and_on_no_other(start: Start, record: Record, name: str) -> None:
    result = start(record.image, MACHINES[name])
    if name not in record.hosts:
        assert result.outcome is StartOutcome.REFUSED
        assert result.response is not None
        assert result.response.code == Code(0x0108, 0x0005)
        assert result.opened is None
        return
    assert result.outcome is StartOutcome.STARTED
    verdict, findings = FINDINGS.get(record.name, (Verdict.PASSED, set()))
    assert result.check.verdict is verdict
    assert failed(result.check) | ids(result.check, Verdict.WARNING) == findings
    assert result.wait_code is None


@every_image
def test_the_guest_memory_is_what_went_into_the_image(start: Start, record: Record) -> None:
    memory = RamMemory()
    result = start(record.image, MACHINES[min(record.hosts)], memory)
    arguments = result.arguments
    assert arguments is not None
    kernel = record.option("--kernel")
    assert kernel is not None
    expected = {arguments.kernel_src: kernel}
    if (ramdisk := record.option("--ramdisk")) is not None:
        expected[arguments.initrd_src] = ramdisk
        assert arguments.initrd_size == len(ramdisk)
    if (line := record.option("--parmfile")) is not None:
        line = line if line.endswith(b"\0") else line + b"\0"
        expected[arguments.cmdline_src] = line
        assert arguments.cmdline_size == len(line)
    stage3b = (IMAGES / "boot" / "stage3b_reloc.bin").read_bytes()[:-64] + arguments.build()
    last = max(address for address, _ in memory.pages()) + 0x1000
    expected[last - -(-len(stage3b) // 0x1000) * 0x1000] = stage3b
    pages = 0
    for address, content in expected.items():
        padded = content.ljust(max(1, -(-len(content) // 0x1000)) * 0x1000, b"\0")
        assert memory.read(address, len(padded)) == padded
        pages += len(padded) // 0x1000
    assert len(memory) == pages * 0x1000


@every_image
def test_the_opened_header_is_what_pvimg_shows(start: Start, record: Record) -> None:
    opened = start(record.image, MACHINES[min(record.hosts)]).opened
    assert opened is not None
    info = record.info
    assert opened.secret.cck.reveal().hex() == info["cck_hex"]
    assert opened.secret.xts.reveal().hex() == info["xts_hex"]
    assert f"{opened.secret.psw.mask:016x}" == info["psw"]["mask_hex"]
    assert f"{opened.secret.psw.addr:016x}" == info["psw"]["addr_hex"]
    assert f"{opened.secret.scf:016x}" == info["scf_hex"]
    assert f"{opened.header.pcf:016x}" == info["pcf_hex"]
    assert opened.header.nep == info["nep"]
    assert opened.header.tag.hex() == info["tag_hex"]


def test_flags_without_a_meaning_are_refused_by_a_machine_that_knows_the_published_ones(start: Start) -> None:
    record = next(record for record in RECORDS if record.name == "x_flags")
    machine = Machine(MACHINES["host1"].host_key)
    result = start(record.image, machine)
    assert failed(result.check) == {"uv.ssc.pcf", "uv.ssc.scf"}
    assert result.response is not None
    assert result.response.code == Code(0x0106, 0x0030)


def test_a_start_address_outside_of_the_image_is_the_guests_misfortune(start: Start) -> None:
    record = next(record for record in RECORDS if record.name == "x_psw")
    result = start(record.image, MACHINES["host1"])
    assert result.psw is not None
    assert result.psw.addr == 0x12340
    assert result.started
    assert "lies outside every component" in result.summary
