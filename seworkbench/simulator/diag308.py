"""What the hypervisor accepts as IPIB: step 3 of resources/help/verification.md#steps.

`diag` holds the rules of QEMU for DIAG 308 subcode 8 (resources/help/image-layout.md#qemu-rules); breaking one of them
is answered with 0x0402. `table` holds what QEMU does not look at and an image must keep to nevertheless.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.formats.ipib import IPIB_MAX_SIZE, IPIB_TYPE_PV, IPIB_VERSION, Ipib, ipib_size, parse_ipib
from seworkbench.formats.se_header import MAX_HEADER_SIZE
from seworkbench.formats.stage3 import STAGE3A_ENTRY
from seworkbench.simulator.codes import DIAG_ACCEPTED, DIAG_IPIB_INVALID, SUBCODE_SET_IPIB, DiagResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.formats.ipib import IpibComponent
    from seworkbench.simulator.loading import Handover, LoadedImage

_PAGE_SIZE = 4096
_LIST_HEADER_SIZE = 8
# S390_IPLB_MIN_PV_LEN in QEMU hw/s390x/ipl.h.
_MIN_LENGTH = 148
_SHOWN = 8
_REBUILD = "Build the image again."
_QEMU = "image-layout.md#qemu-rules"
_STEP_3 = "verification.md#step-3-ipib"

ADDRESS = Step("diag.address", "The IPIB is a page of the guest", _QEMU, _REBUILD)
LENGTH = Step("diag.length", "IPIB length", _QEMU, _REBUILD)
TYPE = Step("diag.type", "The IPIB describes a protected guest", _QEMU, _REBUILD)
HEADER = Step("diag.header", "The header can be read", _QEMU, _REBUILD)
COUNT = Step("diag.count", "The IPIB holds its components", _QEMU, _REBUILD)
ALIGNMENT = Step("diag.alignment", "Components begin at pages", _QEMU, _REBUILD)
TWEAKS = Step("diag.tweaks", "Tweak prefixes ascend", _QEMU, _REBUILD)

BLOCK = Step("table.block", "The IPIB is consistent", _STEP_3, _REBUILD)
NAMES_HEADER = Step("table.header", "The IPIB names the header", _STEP_3, _REBUILD)
PLACES = Step("table.places", "Components are whole pages inside the file", _STEP_3, _REBUILD)
OVERLAP = Step("table.overlap", "Components do not overlap anything", _STEP_3, _REBUILD)

_DIAG_STEPS = (ADDRESS, LENGTH, TYPE, HEADER, COUNT, ALIGNMENT, TWEAKS)
_TABLE_STEPS = (BLOCK, NAMES_HEADER, PLACES, OVERLAP)


@dataclass(frozen=True)
class IpibAnswer:
    """The answer to DIAG 308 subcode 8.

    Args:
        checks: the rules of QEMU and the further ones, two groups.
        response: what stage3a gets back; None if it gets a program exception instead.
        components: the component table; empty if there is none that could be read.
        unpackable: whether every component lies in guest memory.
    """

    checks: tuple[Check, Check]
    response: DiagResponse | None
    components: tuple[IpibComponent, ...] = ()
    unpackable: bool = False


def unpacked_length(component: IpibComponent) -> int:
    """Bytes of a component that are unpacked: QEMU rounds up to whole pages."""
    return -(-component.length // _PAGE_SIZE) * _PAGE_SIZE


def set_ipib(image: LoadedImage, handover: Handover | None) -> IpibAnswer:
    """Give the IPIB to the hypervisor, as stage3a does."""
    if handover is None or handover.ipib_address is None:
        return IpibAnswer(_not_checked("stage3a hands over no IPIB.", ()), None)
    address = handover.ipib_address
    shown = ("address", f"0x{address:x}")
    if address % _PAGE_SIZE:
        reason = "It does not begin at a page: the guest gets a specification exception instead of an answer."
        return IpibAnswer(_not_checked("The IPIB is not looked at.", (ADDRESS.failed(reason, shown),)), None)
    if not image.holds(address, _PAGE_SIZE):
        reason = "It lies behind the end of the file: the hypervisor finds zeros there, or no memory."
        refused = ADDRESS.failed(reason, shown, ("end of the file", f"0x{image.file_size:x}"))
        response = DiagResponse(SUBCODE_SET_IPIB, DIAG_IPIB_INVALID)
        return IpibAnswer(_not_checked("There is no IPIB.", (refused,)), response)
    raw = image.read(address, IPIB_MAX_SIZE)
    ipib = _readable(raw)
    rules = group(
        "diag",
        "Hypervisor, DIAG 308 subcode 8",
        [ADDRESS.passed(f"0x{address:x}."), *_qemu_rules(image, handover, raw, ipib)],
    )
    accepted = rules.verdict is not Verdict.FAILED
    response = DiagResponse(SUBCODE_SET_IPIB, DIAG_ACCEPTED if accepted else DIAG_IPIB_INVALID)
    if ipib is None or not ipib.components:
        steps = [step.not_checked("The IPIB holds no component table that could be read.") for step in _TABLE_STEPS]
        return IpibAnswer((rules, group("table", "Component table", steps)), response)
    places = _places(image, ipib)
    checks = [_block(ipib), _names_header(ipib, handover), places, _overlap(ipib, handover)]
    return IpibAnswer(
        checks=(rules, group("table", "Component table", checks)),
        response=response,
        components=ipib.components,
        unpackable=places.verdict is not Verdict.FAILED,
    )


def _not_checked(reason: str, done: tuple[Check, ...]) -> tuple[Check, Check]:
    rest = [step.not_checked(reason) for step in _DIAG_STEPS[len(done) :]]
    table = [step.not_checked(reason) for step in _TABLE_STEPS]
    return group("diag", "Hypervisor, DIAG 308 subcode 8", [*done, *rest]), group("table", "Component table", table)


def _readable(raw: bytes) -> Ipib | None:
    """The block, if its components fit into what the hypervisor reads of it."""
    count = int.from_bytes(raw[0x74:0x78], "big")
    return parse_ipib(raw) if ipib_size(count) <= IPIB_MAX_SIZE else None


def _qemu_rules(image: LoadedImage, handover: Handover, raw: bytes, ipib: Ipib | None) -> Iterator[Check]:
    length = int.from_bytes(raw[:4], "big")
    if _MIN_LENGTH <= length <= IPIB_MAX_SIZE:
        yield LENGTH.passed(f"{length} bytes.")
    else:
        yield LENGTH.failed(f"{length} bytes; {_MIN_LENGTH} to {IPIB_MAX_SIZE} are accepted.")
    block_type = raw[0x0C]
    if block_type == IPIB_TYPE_PV:
        yield TYPE.passed(f"Type {block_type}.")
    else:
        yield TYPE.failed(f"Type {block_type}; {IPIB_TYPE_PV} stands for a protected guest.")
    yield _header_readable(image, handover)
    if ipib is None or not ipib.components or ipib_size(ipib.num_comp) > length:
        count = int.from_bytes(raw[0x74:0x78], "big")
        yield COUNT.failed(
            f"It says {count} components." if count else "It lists no component.",
            ("length needed for them", f"{ipib_size(count)} bytes"),
            ("length of the IPIB", f"{length} bytes"),
        )
    else:
        yield COUNT.passed(f"{ipib.num_comp} components.")
    if ipib is None or not ipib.components:
        yield from (step.not_checked("There is no component table that could be read.") for step in (ALIGNMENT, TWEAKS))
        return
    yield _alignment(ipib)
    yield _tweaks(ipib)


def _header_readable(image: LoadedImage, handover: Handover) -> Check:
    """stage3a has written address and size into the IPIB before it hands it over."""
    shown = ("header as handed over", f"0x{handover.header_address:x}, {handover.header_length} bytes")
    if handover.header_length > MAX_HEADER_SIZE:
        return HEADER.failed(f"It is larger than {MAX_HEADER_SIZE} bytes.", shown)
    if not image.holds(handover.header_address, handover.header_length):
        return HEADER.failed("It is not in guest memory.", shown, ("end of the file", f"0x{image.file_size:x}"))
    return HEADER.passed("", shown)


def _alignment(ipib: Ipib) -> Check:
    wrong = [(n, part) for n, part in enumerate(ipib.components, start=1) if part.addr % _PAGE_SIZE]
    if wrong:
        return ALIGNMENT.failed("Some do not.", *((f"component {n}", f"0x{part.addr:x}") for n, part in wrong[:_SHOWN]))
    return ALIGNMENT.passed()


def _tweaks(ipib: Ipib) -> Check:
    shown = [(f"component {n}", part.prefix.hex()) for n, part in enumerate(ipib.components[:_SHOWN], start=1)]
    if all(first.tweak_pref < second.tweak_pref for first, second in pairwise(ipib.components)):
        return TWEAKS.passed("", *shown)
    return TWEAKS.failed("They do not.", *shown)


def _block(ipib: Ipib) -> Check:
    expected = ipib_size(ipib.num_comp)
    if (ipib.list_length, ipib.block_length) != (expected, expected - _LIST_HEADER_SIZE):
        return BLOCK.failed(
            "Its lengths are not those of its components.",
            ("list and block length", f"{ipib.list_length} and {ipib.block_length} bytes"),
            ("of its components", f"{expected} and {expected - _LIST_HEADER_SIZE} bytes"),
        )
    versions = (ipib.list_version, ipib.version)
    if versions != (IPIB_VERSION, IPIB_VERSION):
        return BLOCK.warning(f"Its versions are {versions[0]} and {versions[1]}; {IPIB_VERSION} is known.")
    return BLOCK.passed(f"{ipib.list_length} bytes.")


def _names_header(ipib: Ipib, handover: Handover) -> Check:
    named = ("header in the IPIB", f"0x{ipib.pv_hdr_addr:x}, {ipib.pv_hdr_size} bytes")
    handed = ("header as handed over", f"0x{handover.header_address:x}, {handover.header_length} bytes")
    if named[1] != handed[1]:
        return NAMES_HEADER.warning("It names another header; stage3a corrects that when it runs.", named, handed)
    return NAMES_HEADER.passed("Address and size are those of the header.", named)


def _places(image: LoadedImage, ipib: Ipib) -> Check:
    rounded = []
    for number, part in enumerate(ipib.components, start=1):
        shown = (f"component {number}", f"0x{part.addr:x}, {part.length} bytes")
        if not part.length:
            return PLACES.failed("A component is empty; KVM refuses to unpack it.", shown)
        if part.addr % _PAGE_SIZE:
            return PLACES.failed("A component does not begin at a page.", shown)
        if not image.holds(part.addr, unpacked_length(part)):
            end = ("end of the file", f"0x{image.file_size:x}")
            return PLACES.failed("A component ends behind the end of the file: the file is cut off.", shown, end)
        if part.length % _PAGE_SIZE:
            rounded.append(shown)
    if rounded:
        return PLACES.warning("A length is not that of whole pages; QEMU rounds it up.", *rounded[:_SHOWN])
    return PLACES.passed()


def _overlap(ipib: Ipib, handover: Handover) -> Check:
    components = [
        (part.addr, part.addr + unpacked_length(part), f"component {n}")
        for n, part in enumerate(ipib.components, start=1)
    ]
    header = (handover.header_address, handover.header_address + handover.header_length, "the SE header")
    spans = [*components, header, (0, handover.args_end or STAGE3A_ENTRY, "short PSW, metadata and stage3a")]
    if handover.ipib_address is not None:
        spans.append((handover.ipib_address, handover.ipib_address + ipib.size, "the IPIB"))
    for (_, end, name), (start, _, other) in pairwise(sorted(spans)):
        if start < end:
            return OVERLAP.failed(f"{name} and {other} overlap at 0x{start:x}.")
    if components != sorted(components):
        return OVERLAP.warning("The components are not in ascending order.")
    return OVERLAP.passed()
