"""What goes into an image comes out of it, for any parts, sizes, flags and hosts."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seworkbench.checks import Verdict
from seworkbench.crypto.runs import RUN_SIZE
from seworkbench.formats.components import ComponentKind
from seworkbench.formats.flags import NO_COMPONENT_ENCRYPTION, PCF, SCF
from seworkbench.image.access import HeaderKey, HostPrivateKey
from seworkbench.image.build import BuildOrder, Recipient, build_image
from seworkbench.image.extract import extract_image
from seworkbench.image.header_checks import SupportedFlags
from seworkbench.image.image_file import open_image
from seworkbench.image.keys import ImageKeys

from .workshop import STAGE3A, STAGE3B, kernel, private_key, remarks, stream, verify_file

BORDERS = (0, 1, 4095, 4096, 4097)
AROUND_A_RUN = (RUN_SIZE - 1, RUN_SIZE, RUN_SIZE + 1)
KERNEL_SIZES = (0x11000, 0x11001, 0x11FFF, 0x12345, *AROUND_A_RUN)
HOSTS = (private_key("round trip 1"), private_key("round trip 2"))


@dataclass(frozen=True)
class Recipe:
    """A build to try."""

    kernel: int
    ramdisk: int | None
    line: bytes | None
    hosts: int
    pcf: int
    scf: int


def flags_of(mask: int) -> st.SearchStrategy[int]:
    return st.integers(0, (1 << 64) - 1).map(lambda number: number & mask)


RECIPES = st.builds(
    Recipe,
    kernel=st.sampled_from(KERNEL_SIZES),
    ramdisk=st.none() | st.sampled_from((*BORDERS, *AROUND_A_RUN)) | st.integers(2, 20000),
    line=st.none()
    | st.binary(max_size=300)
    | st.sampled_from([bytes(1), b"a" * 4094, b"a" * 4095, b"a" * 4095 + b"\0"]),
    hosts=st.sampled_from((1, 2, 44, 45, 95)),
    pcf=flags_of(PCF.mask),
    scf=flags_of(SCF.mask & ~SCF.flags[0].mask),
)
PLAIN = NO_COMPONENT_ENCRYPTION.mask


@settings(max_examples=25)
@given(RECIPES)
@example(Recipe(RUN_SIZE, RUN_SIZE, b"", 1, 0xE0, 0))
@example(Recipe(RUN_SIZE + 1, RUN_SIZE - 1, b"\0", 95, PLAIN, 0))
@example(Recipe(0x11000, 0, None, 44, 0, SCF.flags[1].mask))
@example(Recipe(0x11000, None, None, 45, PCF.mask & ~PLAIN, 0))
def test_an_image_verifies_and_gives_its_parts_back_to_header_key_and_machine(recipe: Recipe) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given_parts = write_inputs(folder, recipe)
        keys = ImageKeys.fresh()
        order = order_for(folder, recipe)
        build_image(order, keys)
        machine = SupportedFlags(recipe.pcf, recipe.scf)
        for access in (HeaderKey(keys.header), HostPrivateKey(HOSTS[(recipe.hosts - 1) % 2])):
            check = verify_file(order.output, access, machine, given_parts).check
            assert check.verdict is Verdict.PASSED
            assert set(remarks(check)) == {"image.start.loader"}
            out = folder / type(access).__name__
            with open_image(order.output) as image:
                files = extract_image(image, access, out).files
            for kind, path in given_parts.items():
                expected = path.read_bytes()
                if kind is ComponentKind.COMMAND_LINE:
                    expected = expected.removesuffix(b"\0")
                assert files[kind][0].read_bytes() == expected
            assert files.keys() - {None, ComponentKind.STAGE3B} == given_parts.keys()
            assert files[ComponentKind.STAGE3B][0].read_bytes()[:-64] == STAGE3B[:-64]


def write_inputs(folder: Path, recipe: Recipe) -> dict[ComponentKind, Path]:
    parts = {ComponentKind.KERNEL: kernel(recipe.kernel)}
    if recipe.ramdisk is not None:
        parts[ComponentKind.RAMDISK] = stream("ramdisk", 1024) * (recipe.ramdisk // 1024 + 1)
        parts[ComponentKind.RAMDISK] = parts[ComponentKind.RAMDISK][: recipe.ramdisk]
    if recipe.line is not None:
        parts[ComponentKind.COMMAND_LINE] = recipe.line
    (folder / "stage3a.bin").write_bytes(STAGE3A)
    (folder / "stage3b_reloc.bin").write_bytes(STAGE3B)
    paths = {kind: folder / kind.name for kind in parts}
    for kind, path in paths.items():
        path.write_bytes(parts[kind])
    return paths


def order_for(folder: Path, recipe: Recipe) -> BuildOrder:
    order = BuildOrder(
        kernel=folder / "KERNEL",
        recipients=tuple(Recipient(str(number), HOSTS[number % 2].public_key()) for number in range(recipe.hosts)),
        output=folder / "image",
        bootloader=folder,
        pcf=recipe.pcf,
        scf=recipe.scf,
    )
    if recipe.ramdisk is not None:
        order = replace(order, ramdisk=folder / "RAMDISK")
    if recipe.line is not None:
        order = replace(order, command_line=folder / "COMMAND_LINE")
    return order


def test_two_images_of_the_same_parts_share_no_key_no_iv_and_no_ciphertext(tmp_path: Path) -> None:
    recipe = Recipe(0x11000, 5000, b"quiet", 1, 0xE0, 0)
    write_inputs(tmp_path, recipe)
    order = order_for(tmp_path, recipe)
    keys = [ImageKeys.fresh(), ImageKeys.fresh()]
    images = []
    for number, key in enumerate(keys):
        path = tmp_path / f"image{number}"
        build_image(replace(order, output=path), key)
        images.append(path.read_bytes())
    first, second = images
    for name in ("header", "image", "cck"):
        assert getattr(keys[0], name) != getattr(keys[1], name)
    assert len(first) == len(second)
    different = {
        "IV": (0x14010, 12),
        "customer key": (0x1404E, 66),
        "slot": (0x141C0, 48),
        "encrypted part": (0x141F0, 128),
        "first page": (0x15000, 4096),
    }
    assert [name for name, (at, size) in different.items() if first[at : at + size] == second[at : at + size]] == []
    assert first[:0x14010] == second[:0x14010]


@pytest.mark.parametrize("line", [b"", b"\0", b"quiet", b"quiet\n", b"quiet\0", b"quiet\0\0"])
def test_a_command_line_gets_one_closing_nul_unless_it_brings_one(tmp_path: Path, line: bytes) -> None:
    recipe = Recipe(0x11000, None, line, 1, PLAIN, 0)
    write_inputs(tmp_path, recipe)
    order = order_for(tmp_path, recipe)
    built = build_image(order, ImageKeys.fresh())
    part = built.plan.component(ComponentKind.COMMAND_LINE)
    assert part is not None
    stored = line if line.endswith(b"\0") else line + b"\0"
    assert part.size == len(stored)
    assert order.output.read_bytes()[part.address : part.end] == stored.ljust(4096, b"\0")
