"""The golden images: built by the tests' own builder, byte-exact, and started."""

from __future__ import annotations

import hashlib

import pytest

from seworkbench.checks import Verdict
from seworkbench.formats.psw import Psw
from seworkbench.secret import Secret
from seworkbench.simulator.hypervisor import StartOutcome
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.memory import RamMemory

from .builder import COMMAND_LINE, HOST, HOST2, KERNEL, RAMDISK, STAGE3B, Image, golden
from .conftest import Start, ids, leaf

# resources/help/test-vectors.md#golden-images
SHA_256 = {
    "A": "3456fd708696eba5ad423703f199b81293e79476070e5ee77dbbde308a594f58",
    "B": "427355b5e18580c154683949efec3e11bbab401f4b9f5089f992dacbfd4d62f3",
    "C": "03cf9fcae07babba2da6184427a5ec3005eb58d6f6ab4049ddbab3644ddd36f1",
}
PADDED_PLAINTEXT = {
    KERNEL: "8c74f59936191a7b036ae866a19262ec50bf96580bc41a22e226ad413384f76e",
    RAMDISK: "d039bcf8be46400d16f290397cc3242f19a74b4bef59df6a4b447167a65e8dcf",
    COMMAND_LINE: "1610e3b6d23e97c45b56ff9de781a886c9782d0d43d78859edbcdc6cc4e53354",
    STAGE3B: "77ecc3e66280306cb1becaf5faf468fd565371874d911a9ddbde7bd1371831c1",
}
TAGS = {
    "A": "e255c40c21e4f35f5b6ed239f6b76091",
    "B": "0ec1623d94124956c55251c1e326d648",
    "C": "80f26bafe468ad72f31e3637a689b084",
}


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_the_builder_of_these_tests_makes_the_published_images(name: str) -> None:
    assert hashlib.sha256(golden(name).content).hexdigest() == SHA_256[name]


@pytest.mark.parametrize(
    ("name", "machine"),
    [("A", Machine(HOST)), ("B", Machine(HOST)), ("C", Machine(HOST)), ("C", Machine(HOST2))],
    ids=["A", "B", "C on the first host", "C on the second host"],
)
def test_a_golden_image_starts(start: Start, name: str, machine: Machine) -> None:
    image = golden(name)
    memory = RamMemory()
    result = start(image, machine, memory)
    assert result.outcome is StartOutcome.STARTED
    assert result.check.verdict is Verdict.PASSED
    assert ids(result.check, Verdict.PASSED) == {step.id for step in result.check.leaves()}
    assert result.response is None
    assert result.wait_code is None
    assert result.psw == Psw(mask=0x180000000, addr=image.part(STAGE3B).address)
    assert dict(memory.pages()) == image.memory()


@pytest.mark.parametrize("name", ["A", "B"])
def test_the_unpacked_components_have_the_published_hashes(start: Start, name: str) -> None:
    image = golden(name)
    memory = RamMemory()
    start(image, memory=memory)
    for part in image.parts:
        content = memory.read(part.address, len(part.padded))
        assert hashlib.sha256(content).hexdigest() == PADDED_PLAINTEXT[part.kind]
    assert memory.read(0x15000, 16) == image.part(KERNEL).content[:16]
    assert memory.read(0x14FF0, 32) == bytes(16) + image.part(KERNEL).content[:16]


def test_the_components_lie_where_the_vectors_say(image_a: Image) -> None:
    assert [(part.prefix.hex(), part.address, len(part.padded)) for part in image_a.parts] == [
        ("0028010203040506", 0x15000, 0x13000),
        ("00321112131415ff", 0x28000, 0x2000),
        ("003c212223242526", 0x2A000, 0x1000),
        ("0046313233343536", 0x2B000, 0x2000),
    ]


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_the_machine_learns_what_the_header_holds(start: Start, name: str) -> None:
    opened = start(golden(name)).opened
    assert opened is not None
    assert opened.header.tag.hex() == TAGS[name]
    assert opened.secret.cck == Secret(b"\x31" * 32)
    assert opened.secret.xts == Secret(b"\x42" * 32 + b"\x43" * 32)
    assert opened.secret.scf == (0x4000000000000000 if name == "C" else 0)
    assert opened.phkh.hex() == "367b3ea151fbc30ce54f6de2a7428872054887cc9dfacb402c6dec2ba2506bb3"
    assert opened.slot == 0


def test_the_second_host_opens_its_own_slot(start: Start) -> None:
    opened = start(golden("C"), Machine(HOST2)).opened
    assert opened is not None
    assert opened.slot == 1
    assert opened.phkh == Machine(HOST2).host_key_hash


def test_the_arguments_of_stage3b_are_found(start: Start, image_a: Image) -> None:
    arguments = start(image_a).arguments
    assert arguments is not None
    assert arguments.build().hex() == (
        "0000000000015000" "0000000000012345" "000000000002a000" "0000000000000021"
        "0000000000028000" "0000000000001388" "0000000180000000" "0000000000010000"
    )  # fmt: skip


def test_both_values_of_each_comparison_are_shown(start: Start, image_a: Image) -> None:
    check = start(image_a).check
    for name, offset in (("pld", 0xE0), ("ald", 0x120), ("tld", 0x160)):
        evidence = leaf(check, f"uv.verify.{name}").evidence
        assert [item.value for item in evidence] == [image_a.header[offset : offset + 64].hex()] * 2
    assert [item.value for item in leaf(check, "uv.verify.nep").evidence] == ["24", "24"]


def test_no_secret_is_shown_anywhere(start: Start, image_a: Image) -> None:
    result = start(image_a)
    text = repr(result) + repr(result.to_json()) + repr(result.check)
    recipe = image_a.recipe
    for secret in (recipe.cck, recipe.image_key, recipe.image_key[:32], recipe.header_key):
        assert secret.hex() not in text
        assert repr(secret) not in text


def test_the_result_as_json_says_that_it_is_a_simulation(start: Start, image_a: Image) -> None:
    record = start(image_a, Machine(HOST, name="z16 in the cellar")).to_json()
    assert record["simulated"] is True
    assert record["machine"] == "z16 in the cellar"
    assert record["outcome"] == "started"
    assert record["verdict"] == "passed"
    assert record["psw"] == {"mask": "0x0000000180000000", "address": "0x000000000002b000"}
    assert "diag308" not in record
    assert record["checks"]["title"] == "Simulated start on “z16 in the cellar”"
