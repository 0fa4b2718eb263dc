"""Tampered images: each kind of change gives its own code, and nothing starts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seworkbench.checks import Verdict
from seworkbench.simulator import codes
from seworkbench.simulator.codes import Code, PvCommand
from seworkbench.simulator.hypervisor import StartOutcome
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.memory import RamMemory
from seworkbench.simulator.secure_parameters import open_for_machine

from .builder import BACKUP_KEYS, COMMAND_LINE, DEFAULT_PCF, HOST, HOST2, Image, Recipe, build
from .conftest import Start, failed, ids, leaf

SCF_OFFSET = 0x70

Tamper = Callable[[Image], Image]

# The cases that a test of a verifier should contain, by resources/help/verification.md, section Tampering.
CATALOGUE: dict[str, tuple[Tamper, str, Code]] = {
    "sehs one larger": (
        lambda image: image.patched_header(0x0C, (641).to_bytes(4, "big")),
        "uv.ssc.length",
        Code(0x010A, 0x0031),
    ),
    "hash of the first slot all zero": (
        lambda image: image.patched_header(0x1A0, bytes(32)),
        "uv.ssc.slot",
        Code(0x0108, 0x0005),
    ),
    "unsupported plaintext flag": (
        lambda image: image.patched_header(0x38, (0xFFFFFFFFFFFFD5FF - 0x300000F2).to_bytes(8, "big")),
        "uv.ssc.pcf",
        Code(0x0106, 0x0030),
    ),
    "nks 0": (lambda image: image.patched_header(0x20, bytes(8)), "uv.ssc.slots", Code(0x010A, 0x0040)),
    "sea 0": (lambda image: image.patched_header(0x28, bytes(8)), "uv.ssc.secret-size", Code(0x010A, 0x0039)),
    "ALD": (lambda image: image.resealed(0x120, bytes(8)), "uv.verify.ald", Code(0x0102, 0x001A)),
    "PLD": (lambda image: image.resealed(0xE0, bytes(8)), "uv.verify.pld", Code(0x0102, 0x001B)),
    "TLD": (lambda image: image.resealed(0x160, bytes(8)), "uv.verify.tld", Code(0x0102, 0x001C)),
    "nep 0": (lambda image: image.resealed(0x30, bytes(8)), "uv.verify.nep", Code(0x0102, 0x001D)),
    "customer key all zero": (
        lambda image: image.resealed(0x40, bytes(160)),
        "uv.ssc.customer-key",
        Code(0x0108, 0x000B),
    ),
    "all secret flags": (
        lambda image: image.resealed(image.secret_part_offset + SCF_OFFSET, b"\xff" * 8),
        "uv.ssc.scf",
        Code(0x0109, 0x0000),
    ),
}
FURTHER: dict[str, tuple[Tamper, str, Code]] = {
    "magic": (lambda image: image.patched_header(0, b"IBMSecEy"), "uv.ssc.magic", codes.NO_HEADER),
    "version": (
        lambda image: image.patched_header(8, (0x200).to_bytes(4, "big")),
        "uv.ssc.version",
        Code(0x0104, 0x0001),
    ),
    "nks 2^63": (
        lambda image: image.patched_header(0x20, (1 << 63).to_bytes(8, "big")),
        "uv.ssc.length",
        Code(0x010A, 0x0031),
    ),
    "sea not in whole blocks": (
        lambda image: image.patched_header(0x28, (0x81).to_bytes(8, "big")),
        "uv.ssc.secret-size",
        Code(0x010A, 0x0039),
    ),
    "bit of the wrapped key": (
        lambda image: image.patched_header(0x1A0 + 0x20, bytes([image.header[0x1C0] ^ 1])),
        "uv.ssc.slot-tag",
        Code(0x0108, 0xF001),
    ),
    "another customer key": (
        lambda image: image.resealed(0x40, _coordinates_of_host2()),
        "uv.ssc.slot-tag",
        Code(0x0108, 0xF001),
    ),
    "bit of the IV": (
        lambda image: image.patched_header(0x10, b"\x32"),
        "uv.ssc.header-tag",
        Code(0x010A, 0xF002),
    ),
    "reserved byte": (lambda image: image.patched_header(0x1C, b"\1"), "uv.ssc.header-tag", Code(0x010A, 0xF002)),
    "known plaintext flag": (
        lambda image: image.patched_header(0x38, DEFAULT_PCF.to_bytes(8, "big")[:7] + b"\xf0"),
        "uv.ssc.header-tag",
        Code(0x010A, 0xF002),
    ),
    "bit of the encrypted part": (
        lambda image: image.patched_header(0x1F0, bytes([image.header[0x1F0] ^ 0x80])),
        "uv.ssc.header-tag",
        Code(0x010A, 0xF002),
    ),
    "bit of the tag": (
        lambda image: image.patched_header(639, bytes([image.header[639] ^ 1])),
        "uv.ssc.header-tag",
        Code(0x010A, 0xF002),
    ),
    "optional item": (
        lambda image: image.resealed(image.secret_part_offset + 0x78, b"\0\0\0\1"),
        "uv.ssc.secret-part",
        Code(0x010A, 0xF003),
    ),
    "byte of the kernel": (
        lambda image: image.patched(0x15000, bytes([image.content[0x15000] ^ 1])),
        "uv.verify.pld",
        Code(0x0102, 0x001B),
    ),
    "byte of the last page": (
        lambda image: image.patched(0x2CFFF, bytes([image.content[0x2CFFF] ^ 1])),
        "uv.verify.pld",
        Code(0x0102, 0x001B),
    ),
    "tweak prefix of the kernel": (
        lambda image: image.patched(image.ipib_address + 0x88, bytes.fromhex("0028010203040507")),
        "uv.verify.tld",
        Code(0x0102, 0x001C),
    ),
}


def _coordinates_of_host2() -> bytes:
    numbers = HOST2.public_key().public_numbers()
    return numbers.x.to_bytes(80, "big") + numbers.y.to_bytes(80, "big")


@pytest.mark.parametrize("name", [*CATALOGUE, *FURTHER])
def test_a_change_gives_its_code(start: Start, image_a: Image, name: str) -> None:
    tamper, check_id, code = (CATALOGUE | FURTHER)[name]
    memory = RamMemory()
    result = start(tamper(image_a), memory=memory)
    assert result.outcome is StartOutcome.REFUSED
    assert not result.started
    assert result.check.verdict is Verdict.FAILED
    step = leaf(result.check, check_id)
    assert step.verdict is Verdict.FAILED
    assert step.code == code
    assert step.remedy
    assert step.evidence or step.reason
    assert result.response is not None
    assert result.response.code == code
    assert result.response.response == 0x0A02
    in_ssc = check_id.startswith("uv.ssc")
    assert result.response.command is (PvCommand.SET_SEC_PARMS if in_ssc else PvCommand.VERIFY)
    if in_ssc:
        assert len(memory) == 0
    assert {leaf.verdict for leaf in result.forecast.check.leaves()} == {Verdict.NOT_CHECKED}


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_change_of_one_thing_fails_that_thing_alone(start: Start, image_a: Image, name: str) -> None:
    tamper, check_id, _ = CATALOGUE[name]
    # Raw edits of counts and flags break more than one rule, and all of them are told.
    also = {
        "nks 0": {"uv.ssc.length"},
        "sea 0": {"uv.ssc.length"},
        "unsupported plaintext flag": {"uv.ssc.header-tag"},
    }
    assert failed(start(tamper(image_a)).check) == {check_id} | also.get(name, set())


def test_the_result_register_is_that_of_the_example_in_the_help(start: Start, image_a: Image) -> None:
    result = start(image_a.resealed(0xE0, bytes(8)))
    assert result.response is not None
    assert result.response.register == 0x0004001B01020A02
    assert result.to_json()["diag308"] == {"subcode": 10, "response": "0x0a02", "register": "0x0004001b01020a02"}


@pytest.mark.parametrize(
    ("header", "judged"),
    [
        (b"", {"magic": Verdict.FAILED}),
        (b"IBMSecEy" + bytes(600), {"magic": Verdict.FAILED}),
        (b"IBMSecEx\0\0\2\0" + bytes(600), {"magic": Verdict.PASSED, "version": Verdict.FAILED}),
        (
            b"IBMSecEx\0\0\1\0".ljust(0x19F, b"\0"),
            {
                "magic": Verdict.PASSED,
                "version": Verdict.PASSED,
                "slots": Verdict.NOT_CHECKED,
                "secret-size": Verdict.NOT_CHECKED,
                "length": Verdict.FAILED,
            },
        ),
        (
            b"IBMSecEx\0\0\1\0".ljust(0x1A0, b"\0"),
            {
                "magic": Verdict.PASSED,
                "version": Verdict.PASSED,
                "slots": Verdict.FAILED,
                "secret-size": Verdict.FAILED,
                "length": Verdict.FAILED,
                "pcf": Verdict.PASSED,
                "customer-key": Verdict.FAILED,
            },
        ),
    ],
    ids=["nothing", "another magic", "another version", "a byte too short", "only a fixed part"],
)
def test_what_cannot_be_read_is_not_judged_any_further(header: bytes, judged: dict[str, Verdict]) -> None:
    checks, opened = open_for_machine(header, len(header), Machine(HOST))
    assert opened is None
    found = {check.id.removeprefix("uv.ssc."): check.verdict for check in checks}
    assert {name: verdict for name, verdict in found.items() if verdict is not Verdict.NOT_CHECKED} == {
        name: verdict for name, verdict in judged.items() if verdict is not Verdict.NOT_CHECKED
    }
    assert all(found[name] is verdict for name, verdict in judged.items())
    magic = next(check for check in checks if check.id == "uv.ssc.magic")
    if magic.verdict is Verdict.FAILED:
        assert magic.evidence[0].value == (header[:8].hex() or "none")


@pytest.mark.parametrize(
    ("slots", "said", "verdict"),
    [(1, "1 key slot.", Verdict.PASSED), (95, "95 key slots.", Verdict.PASSED), (96, "96 key slots.", Verdict.FAILED)],
)
def test_the_largest_header_has_8_kib(slots: int, said: str, verdict: Verdict) -> None:
    """With an encrypted part of 160 bytes, 95 key slots make exactly that."""
    size = 0x1A0 + 80 * slots + 160 + 16
    raw = b"IBMSecEx\0\0\1\0" + size.to_bytes(4, "big") + bytes(16) + slots.to_bytes(8, "big")
    raw = (raw + (160).to_bytes(8, "big")).ljust(size, b"\0")
    checks, _opened = open_for_machine(raw, size, Machine(HOST))
    found = {check.id.removeprefix("uv.ssc."): check for check in checks}
    assert found["slots"].reason == said
    length = found["length"]
    assert (size > 0x2000) is (verdict is Verdict.FAILED)
    assert length.verdict is verdict
    shown = [item.value for item in length.evidence]
    assert shown == [f"{size} bytes"] * 3 + (["8192 bytes"] if verdict is Verdict.FAILED else [])


def test_all_digests_that_differ_are_reported(start: Start, image_a: Image) -> None:
    changed = image_a
    for offset in (0xE0, 0x120, 0x160, 0x30):
        changed = changed.resealed(offset, bytes(8))
    result = start(changed)
    assert failed(result.check) == {"uv.verify.ald", "uv.verify.pld", "uv.verify.tld", "uv.verify.nep"}
    assert result.response is not None
    assert result.response.code == codes.ALD_MISMATCH
    assert [item.value for item in leaf(result.check, "uv.verify.nep").evidence] == ["0", "24"]


def test_several_faults_of_a_header_are_all_reported(start: Start, image_a: Image) -> None:
    changed = (
        image_a.patched_header(0x38, b"\xff" * 8).patched_header(0x40, bytes(160)).patched_header(0x1A0, bytes(32))
    )
    result = start(changed)
    assert failed(result.check) == {"uv.ssc.pcf", "uv.ssc.customer-key", "uv.ssc.slot"}
    assert result.response is not None
    assert result.response.code == codes.PCF_NOT_SUPPORTED


def test_two_exchanged_pages_are_found(start: Start, image_a: Image) -> None:
    first, second = image_a.content[0x15000:0x16000], image_a.content[0x16000:0x17000]
    assert failed(start(image_a.patched(0x15000, second + first)).check) == {"uv.verify.pld"}


def test_a_component_left_out_is_found(start: Start, image_a: Image) -> None:
    ipib = bytearray(image_a.content[image_a.ipib_address :])
    del ipib[0x88 + 24 : 0x88 + 48]
    ipib[0x00:0x04], ipib[0x08:0x0C], ipib[0x77] = (208).to_bytes(4, "big"), (200).to_bytes(4, "big"), 3
    result = start(image_a.content[: image_a.ipib_address] + bytes(ipib))
    assert failed(result.check) == {"uv.verify.ald", "uv.verify.pld", "uv.verify.tld", "uv.verify.nep"}


def test_a_component_at_another_address_is_found(start: Start, image_a: Image) -> None:
    """The command line moved to where nothing is: content, address and, on the way, only these differ."""
    line = image_a.part(COMMAND_LINE)
    moved = 0x8000
    content = image_a.patched(moved, image_a.content[line.address : line.address + 0x1000])
    at = image_a.ipib_address + 0x88 + 2 * 24 + 8
    result = start(content.patched(at, moved.to_bytes(8, "big")))
    assert failed(result.check) == {"table.overlap", "uv.verify.ald"}


def test_our_own_codes_are_called_our_own(start: Start, image_a: Image) -> None:
    result = start(image_a.patched_header(0x10, b"\x32"))
    step = leaf(result.check, "uv.ssc.header-tag")
    assert any("the simulator's own" in item.value for item in step.evidence)
    assert "the simulator's own" in result.summary
    assert "RC 0x010a, RRC 0xf002" in result.summary
    published = start(image_a.resealed(0xE0, bytes(8)))
    assert "own" not in published.summary


def test_own_codes_are_exactly_those_with_reasons_from_0xf000() -> None:
    own = {name for name, code in vars(codes).items() if isinstance(code, Code) and code.is_own}
    assert own == {
        "SLOT_NOT_AUTHENTIC",
        "HEADER_NOT_AUTHENTIC",
        "OPTIONAL_ITEMS",
        "NO_HEADER",
        "WRONG_ORDER",
        "PAGE_UNPACKED_TWICE",
        "PAGE_ADDRESS_INVALID",
    }


def test_another_machine_is_refused_and_told_which_slots_there_are(start: Start, image_a: Image) -> None:
    result = start(image_a, Machine(HOST2))
    step = leaf(result.check, "uv.ssc.slot")
    assert step.code == codes.NO_SLOT_FOR_HOST_KEY
    assert [(item.label, item.value) for item in step.evidence] == [
        ("hash of the host key", Machine(HOST2).host_key_hash.hex()),
        ("key slot 1", Machine(HOST).host_key_hash.hex()),
    ]
    assert result.opened is None
    assert result.psw is None
    assert ids(result.check, Verdict.NOT_CHECKED) >= {"uv.ssc.slot-tag", "uv.unpack.pages", "uv.verify.pld"}


def test_not_more_slots_are_shown_than_can_be_read(start: Start) -> None:
    step = leaf(start(build(Recipe(hosts=(HOST,) * 20)), Machine(HOST2)).check, "uv.ssc.slot")
    assert step.evidence[-1].value == "12"
    assert len(step.evidence) == 10


# --- Backup host key ---------------------------------------------------------------------------------------------


def test_a_backup_key_opens_an_image_that_allows_it(start: Start) -> None:
    image = build(Recipe(pcf=DEFAULT_PCF | BACKUP_KEYS))
    result = start(image, Machine(HOST2, backup_key=HOST))
    assert result.started
    assert "backup" in leaf(result.check, "uv.ssc.slot").reason
    assert result.opened is not None
    assert result.opened.phkh == Machine(HOST).host_key_hash


def test_a_backup_key_does_not_open_an_image_that_does_not_allow_it(start: Start, image_a: Image) -> None:
    result = start(image_a, Machine(HOST2, backup_key=HOST))
    assert leaf(result.check, "uv.ssc.slot").code == codes.NO_SLOT_FOR_HOST_KEY


def test_a_backup_key_without_slot_has_a_code_of_its_own(start: Start) -> None:
    image = build(Recipe(pcf=DEFAULT_PCF | BACKUP_KEYS))
    stranger = Machine(HOST2, backup_key=HOST2)
    result = start(image, stranger)
    assert leaf(result.check, "uv.ssc.slot").code == codes.NO_SLOT_FOR_BACKUP_KEY
    assert result.response is not None
    assert result.response.code == Code(0x0108, 0x0034)


def test_the_host_key_comes_before_the_backup_key(start: Start) -> None:
    image = build(Recipe(pcf=DEFAULT_PCF | BACKUP_KEYS, hosts=(HOST2, HOST)))
    opened = start(image, Machine(HOST, backup_key=HOST2)).opened
    assert opened is not None
    assert opened.slot == 1


def test_a_damaged_slot_does_no_harm_if_another_is_for_the_same_machine(start: Start) -> None:
    image = build(Recipe(hosts=(HOST, HOST)))
    # The header is sealed again: the slots are part of what its tag covers.
    result = start(image.resealed(0x1A0 + 0x20, bytes(32)))
    assert result.started
    assert result.opened is not None
    assert result.opened.slot == 1


# --- What a machine supports -------------------------------------------------------------------------------------


def test_a_machine_refuses_flags_that_it_does_not_support(start: Start, image_a: Image) -> None:
    old = Machine(HOST, supported_pcf=0x20)
    step = leaf(start(image_a, old).check, "uv.ssc.pcf")
    assert step.code == codes.PCF_NOT_SUPPORTED
    assert "0x00000000000000c0" in step.reason
    image = build(Recipe(scf=0x2000000000000000))
    assert start(image).started
    refused = start(image, Machine(HOST, supported_scf=0x4000000000000000))
    assert refused.response is not None
    assert refused.response.code == codes.SCF_NOT_SUPPORTED


def test_secret_flags_that_exclude_each_other_are_a_warning(start: Start) -> None:
    result = start(build(Recipe(scf=0x6000000000000000)))
    assert result.started
    assert ids(result.check, Verdict.WARNING) == {"uv.ssc.scf"}


@pytest.mark.parametrize(
    "recipe", [Recipe(res2=b"\0\0\0\1"), Recipe(image_key=b"\x42" * 64, pcf=0x100000E0)], ids=["res2", "equal halves"]
)
def test_oddities_of_the_encrypted_part_are_a_warning(start: Start, recipe: Recipe) -> None:
    result = start(build(recipe))
    assert result.started
    assert ids(result.check, Verdict.WARNING) == {"uv.ssc.secret-part"}


def test_a_larger_encrypted_part_is_a_warning(start: Start) -> None:
    """An encrypted part of 0x90 bytes, sealed rightly; the published part of it is as always."""
    image = build(Recipe())
    cipher = AESGCM(image.recipe.header_key)
    header, secret_at = image.header, image.secret_part_offset
    secret = cipher.decrypt(header[0x10:0x1C], header[secret_at:], header[:secret_at])
    clear = bytearray(header[:secret_at])
    clear[0x0C:0x10], clear[0x28:0x30] = (656).to_bytes(4, "big"), (0x90).to_bytes(8, "big")
    sealed = bytes(clear) + cipher.encrypt(bytes(clear[0x10:0x1C]), secret + bytes(16), bytes(clear))
    changed = image.patched(image.header_address, sealed).patched(image.stage3a_args + 8, (656).to_bytes(8, "big"))
    result = start(changed)
    assert result.started
    assert ids(result.check, Verdict.WARNING) == {"uv.ssc.secret-size", "table.header"}
    assert failed(result.check) == set()
