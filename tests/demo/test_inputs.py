"""What goes into the image of the demonstration passes for what it stands in for, and says that it is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.demo.inputs import KERNEL_VERSION, DemoInputs, kernel_stand_in, ramdisk_archive
from seworkbench.errors import SeError
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.formats.kernel import kernel_facts, version_text
from seworkbench.image.preflight import kernel_checks
from seworkbench.image.ramdisk_listing import list_ramdisk
from seworkbench.jobs import Job
from seworkbench.recognise import Kind, recognise
from seworkbench.resources import resource

if TYPE_CHECKING:
    from pathlib import Path


def test_the_kernel_passes_for_one_and_names_a_version() -> None:
    kernel = kernel_stand_in()
    facts, checks = kernel_checks(kernel, len(kernel))
    assert [check.verdict for check in checks] == [Verdict.PASSED]
    assert facts is not None
    assert version_text(kernel[kernel_facts(kernel).version_pointer :]) == KERNEL_VERSION


def test_every_page_of_the_kernel_says_that_it_is_simulated_and_no_two_are_equal() -> None:
    kernel = kernel_stand_in()
    pages = [kernel[at : at + PAGE_SIZE] for at in range(0, len(kernel), PAGE_SIZE)]
    assert all(b"SIMULATED" in page for page in pages)
    assert len(set(pages)) == len(pages)


def test_the_ramdisk_lists_its_files() -> None:
    listing = list_ramdisk(iter([ramdisk_archive(resource("demo/ramdisk"))]), Job())
    names = [entry.name.decode() for entry in listing.entries]
    assert names == ["etc", "etc/os-release", "etc/payroll.conf", "init"]
    assert listing.problem == ""
    assert next(entry.mode for entry in listing.entries if entry.name == b"init") == "-rwxr-xr-x"


def test_the_files_are_recognised_and_the_same_every_time(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        inputs = DemoInputs.inside(tmp_path / name)
        inputs.write()
        files = (inputs.kernel, inputs.ramdisk, inputs.command_line)
        assert [recognise(path).kind for path in files] == [Kind.KERNEL, Kind.RAMDISK, Kind.COMMAND_LINE]
        contents.append([path.read_bytes() for path in files])
    assert contents[0] == contents[1]


def test_files_that_are_there_are_not_replaced(tmp_path: Path) -> None:
    inputs = DemoInputs.inside(tmp_path)
    inputs.command_line.write_text("mine")
    with pytest.raises(SeError, match="already exists"):
        inputs.write()
    assert inputs.command_line.read_text() == "mine"
