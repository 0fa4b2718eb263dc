"""A whole image, seen to boot: clear loader, encrypted loader, Linux, init of the ramdisk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import INIT_MARKER
from .memory import WAIT_NO_PV

if TYPE_CHECKING:
    from .conftest import BuildImage, LinuxFiles, StartMemory, UnpackedMemory

pytestmark = pytest.mark.boot

COMMAND_LINE = "console=ttysclp0 panic=-1 seworkbench.test=seen"


@pytest.mark.timeout(900)
def test_protected_image_without_secure_execution(
    build_image: BuildImage, linux_files: LinuxFiles, start_memory: StartMemory
) -> None:
    """The emulator has no Secure Execution, and the operator is told so."""
    image = build_image(kernel=linux_files.kernel, ramdisk=linux_files.ramdisk, command_line=COMMAND_LINE)
    outcome = start_memory(image.read_bytes())
    assert "offers no Secure Execution" in outcome.console
    assert "prot_virt=1" in outcome.console
    assert outcome.wait_address == WAIT_NO_PV
    assert outcome.exit_status != 0


@pytest.mark.timeout(900)
def test_unpacked_image_boots_linux(
    build_image: BuildImage,
    unpacked_memory: UnpackedMemory,
    linux_files: LinuxFiles,
    start_memory: StartMemory,
) -> None:
    """What the Ultravisor unpacks boots through stage3b to the init of the ramdisk."""
    image = build_image(kernel=linux_files.kernel, ramdisk=linux_files.ramdisk, command_line=COMMAND_LINE)
    outcome = start_memory(unpacked_memory(image), mebibytes=1024)
    assert INIT_MARKER in outcome.console
    assert f"command line: <{COMMAND_LINE}>" in outcome.console
    assert outcome.wait_address is None
    assert outcome.exit_status == 0
