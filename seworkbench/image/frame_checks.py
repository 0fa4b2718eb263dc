"""Checks of the clear frame around the components: start PSW, loader arguments, component table.

Rules: resources/help/image-layout.md, QEMU's among them (#qemu-rules).
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, group
from seworkbench.errors import FormatError, SeError
from seworkbench.files import read_whole
from seworkbench.formats.image_metadata import METADATA_OFFSET, METADATA_VERSION, ImageMetadata
from seworkbench.formats.ipib import IPIB_MAX_SIZE, Ipib
from seworkbench.formats.psw import MASK_64_BIT, Psw, ShortPsw
from seworkbench.formats.se_header import MAX_HEADER_SIZE, SeHeader
from seworkbench.formats.stage3 import STAGE3A_ADDRESS, STAGE3A_ENTRY, Stage3aArgs
from seworkbench.image.locate import HeaderLocation, IpibLocation, locate_stage3a_args
from seworkbench.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.image.image_file import ImageFile

_PAGE = 4096
_REBUILD = "Build the image again."
_QEMU = "image-layout.md#qemu-rules"
_GAP_LIMIT = 1 << 20

SHORT_PSW = Step("image.start.psw", "The image starts at stage3a", "image-layout.md#short-psw", _REBUILD)
METADATA = Step("image.start.metadata", "Image metadata", "image-layout.md#image-metadata", _REBUILD)
STAGE3A = Step("image.start.stage3a", "stage3a finds header and IPIB", "image-layout.md#stage3a-arguments", _REBUILD)
GAPS = Step(
    "image.start.gaps",
    "Nothing is hidden between the parts",
    "image-layout.md#file-map",
    "Find out what they are and which tool wrote them.",
)
LOADER = Step("image.start.loader", "The boot loader is known", "boot.md#stage3a")

TABLE = Step("image.table.block", "The IPIB is consistent", "image-layout.md#ipib", _REBUILD)
TABLE_HEADER = Step("image.table.header", "The IPIB names the header", "image-layout.md#ipib", _REBUILD)
PLACES = Step("image.table.places", "Components are whole pages inside the file", _QEMU, _REBUILD)
OVERLAP = Step("image.table.overlap", "Components do not overlap anything", "image-layout.md#file-map", _REBUILD)
ORDER = Step("image.table.order", "Tweak prefixes ascend", _QEMU, _REBUILD)


def start_checks(image: ImageFile, location: HeaderLocation, header: SeHeader, ipib: IpibLocation | None) -> Check:
    """How the image starts, before anything is decrypted."""
    places = locate_stage3a_args(image, location.offset, header.sehs)
    return group(
        "image.start",
        "Start",
        [
            _short_psw(image),
            _metadata(location, ipib),
            _stage3a(image, places, ipib),
            _gaps(image, location, header, ipib, places),
            _loader(image, places),
        ],
    )


def _short_psw(image: ImageFile) -> Check:
    raw = image.read_at(0, ShortPsw.fixed_size())
    shown = ("bytes at 0", raw.hex())
    try:
        psw = Psw.from_short(ShortPsw.parse(raw).value)
    except FormatError as error:
        return SHORT_PSW.failed(error.what, shown)
    if psw.addr != STAGE3A_ENTRY:
        return SHORT_PSW.warning(f"It starts at 0x{psw.addr:x}; stage3a is entered at 0x{STAGE3A_ENTRY:x}.", shown)
    if psw.mask != MASK_64_BIT:
        return SHORT_PSW.warning(f"Its mask is 0x{psw.mask:016x}; that of stage3a is 0x{MASK_64_BIT:016x}.", shown)
    return SHORT_PSW.passed(f"Start address 0x{psw.addr:x}.", shown)


def _metadata(location: HeaderLocation, ipib: IpibLocation | None) -> Check:
    metadata = location.metadata
    if metadata is None:
        return METADATA.note("There are none: the image was made by a tool older than s390-tools 2.36.")
    if location.misleading:
        return METADATA.failed(
            "They point to no header; other tools will not find it.",
            ("header according to the metadata", f"0x{metadata.hdr_off:x}"),
            ("header found", f"0x{location.offset:x}"),
        )
    if ipib is None or metadata.ipib_off != ipib.offset:
        return METADATA.failed(
            "They point to no IPIB that can be read.",
            ("IPIB according to the metadata", f"0x{metadata.ipib_off:x}"),
            ("IPIB found", "none" if ipib is None else f"0x{ipib.offset:x}"),
        )
    if metadata.version != METADATA_VERSION:
        return METADATA.warning(f"Version {metadata.version} is not known; {METADATA_VERSION} is.")
    return METADATA.passed(f"Header at 0x{metadata.hdr_off:x}, IPIB at 0x{metadata.ipib_off:x}.")


def _stage3a(image: ImageFile, places: list[int], ipib: IpibLocation | None) -> Check:
    if not places:
        return STAGE3A.failed("No argument block leads to this header and an IPIB: the image would not boot.")
    # Which of several blocks stage3a uses is not known; none may hand over what was not looked at.
    for place in places:
        args = Stage3aArgs.parse(image.read_at(place, Stage3aArgs.fixed_size()))
        if ipib is not None and place + args.ipib_offs != ipib.offset:
            return STAGE3A.failed(
                f"The arguments at 0x{place:x} hand another IPIB over than the one that is checked here.",
                ("IPIB that stage3a hands over", f"0x{place + args.ipib_offs:x}"),
                ("IPIB found", f"0x{ipib.offset:x}, {ipib.method}"),
            )
    if len(places) > 1:
        found = ", ".join(f"0x{place:x}" for place in places)
        return STAGE3A.warning(f"Several places could be the argument block: {found}.")
    return STAGE3A.passed(f"The arguments at 0x{places[0]:x} lead to both.")


def _gaps(
    image: ImageFile, location: HeaderLocation, header: SeHeader, ipib: IpibLocation | None, places: list[int]
) -> Check:
    """Bytes that no part owns must be zero: nothing protects them and nothing should use them."""
    owned = [
        (0, ShortPsw.fixed_size()),
        (METADATA_OFFSET, METADATA_OFFSET + (ImageMetadata.fixed_size() if location.metadata else 0)),
        (location.offset, location.offset + header.sehs),
    ]
    if places:
        owned.append((STAGE3A_ADDRESS, places[-1] + Stage3aArgs.fixed_size()))
    elif location.offset > STAGE3A_ADDRESS:
        owned.append((STAGE3A_ADDRESS, location.offset))
    if ipib is not None:
        owned.append((ipib.offset, ipib.offset + ipib.ipib.size))
        owned += [(part.addr, part.addr + part.length) for part in ipib.ipib.components]
    found = []
    for start, end in _between(sorted(owned), image.size):
        # A gap is less than a page in a sound image; a larger one is told by its beginning.
        content = image.read_at(start, min(end - start, _GAP_LIMIT))
        if any(content):
            first = next(index for index, byte in enumerate(content) if byte)
            found.append((f"bytes at 0x{start + first:x}", content[first : first + 16].hex()))
    if found:
        return GAPS.warning("There are bytes that belong to no part; they are not protected and not used.", *found[:8])
    return GAPS.passed("All bytes that belong to no part are zero.")


def _between(owned: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    position = 0
    for start, end in owned:
        if start > position:
            yield position, min(start, size)
        position = max(position, end)
    if position < size:
        yield position, size


def _loader(image: ImageFile, places: list[int]) -> Check:
    if not places:
        return LOADER.not_checked("stage3a could not be delimited.", required=False)
    code = image.read_at(STAGE3A_ADDRESS, places[0] - STAGE3A_ADDRESS)
    digest = hashlib.sha256(code).hexdigest()
    shown = ("SHA-256 of stage3a without its arguments", digest)
    try:
        own = read_whole(resource("boot/stage3a.bin"), _GAP_LIMIT)[: -Stage3aArgs.fixed_size()]
    except SeError:
        own = b""
    if code == own:
        return LOADER.passed("It is the boot loader that comes with this program.", shown)
    # stage3a runs before protection starts: whatever it does, a wrong header or component does not verify.
    return LOADER.note(
        "It is not the boot loader that comes with this program; compare its hash with the one you expect.", shown
    )


def table_checks(image: ImageFile, location: HeaderLocation, header: SeHeader, found: IpibLocation) -> Check:
    """The component table: QEMU's rules, and that it describes this file."""
    ipib = found.ipib
    return group(
        "image.table",
        "Component table",
        [
            _block(ipib, found.offset),
            _names_header(ipib, location.offset, header),
            _places(image, ipib),
            _overlap(ipib, found.offset, location.offset, header, _loader_end(image, location, header)),
            _order(ipib),
        ],
    )


def _block(ipib: Ipib, offset: int) -> Check:
    usual = Ipib.describing(ipib.components, ipib.pv_hdr_addr, ipib.pv_hdr_size)
    refused = []
    if not usual.list_length <= ipib.list_length <= IPIB_MAX_SIZE:
        refused.append(f"its length is {ipib.list_length}, that of its components {usual.list_length}")
    if offset % _PAGE:
        refused.append(f"its address 0x{offset:x} is not that of a page")
    if refused:
        return TABLE.failed("The hypervisor refuses it (DIAG 308 response 0x0402): " + "; ".join(refused) + ".")
    odd = []
    for name, found, known in (
        ("lengths", (ipib.list_length, ipib.block_length), (usual.list_length, usual.block_length)),
        ("versions", (ipib.list_version, ipib.version), (usual.list_version, usual.version)),
    ):
        if found != known:
            odd.append(f"{name} {found[0]} and {found[1]} instead of {known[0]} and {known[1]}")
    if odd:
        return TABLE.warning(f"It has {' and '.join(odd)}.")
    return TABLE.passed(f"{ipib.num_comp} components, {ipib.list_length} bytes at 0x{offset:x}.")


def _names_header(ipib: Ipib, header_offset: int, header: SeHeader) -> Check:
    named = f"0x{ipib.pv_hdr_addr:x}, {ipib.pv_hdr_size} bytes"
    actual = f"0x{header_offset:x}, {header.sehs} bytes"
    if ipib.pv_hdr_size > MAX_HEADER_SIZE:
        return TABLE_HEADER.failed(f"It claims a header of {ipib.pv_hdr_size} bytes; {MAX_HEADER_SIZE} are the most.")
    if named != actual:
        return TABLE_HEADER.warning(
            "It names another header; stage3a corrects that when it runs.",
            ("header in the IPIB", named),
            ("header", actual),
        )
    return TABLE_HEADER.passed("Address and size are those of the header.", ("header", actual))


def _places(image: ImageFile, ipib: Ipib) -> Check:
    for number, part in enumerate(ipib.components, start=1):
        if part.addr % _PAGE or part.length % _PAGE or not part.length:
            return PLACES.failed(
                f"Component {number} (0x{part.addr:x}, {part.length} bytes) is not made of whole pages."
            )
        if part.addr + part.length > image.size:
            return PLACES.failed(
                f"Component {number} ends behind the end of the file: the file is cut off.",
                ("end of the component", f"0x{part.addr + part.length:x}"),
                ("end of the file", f"0x{image.size:x}"),
            )
    return PLACES.passed()


def _loader_end(image: ImageFile, location: HeaderLocation, header: SeHeader) -> int:
    """Where stage3a ends, as far as that can be told."""
    places = locate_stage3a_args(image, location.offset, header.sehs)
    return places[-1] + Stage3aArgs.fixed_size() if places else STAGE3A_ENTRY


def _overlap(ipib: Ipib, ipib_offset: int, header_offset: int, header: SeHeader, loader_end: int) -> Check:
    spans = [(part.addr, part.addr + part.length, f"component {n}") for n, part in enumerate(ipib.components, start=1)]
    ascending = spans == sorted(spans)
    spans += [
        (header_offset, header_offset + header.sehs, "the SE header"),
        (ipib_offset, ipib_offset + ipib.size, "the IPIB"),
        (0, loader_end, "short PSW, metadata and stage3a"),
    ]
    spans.sort()
    for (_, end, name), (start, _, other) in pairwise(spans):
        if start < end:
            return OVERLAP.failed(f"{name} and {other} overlap at 0x{start:x}.")
    if not ascending:
        return OVERLAP.warning("The components are not in ascending order.")
    return OVERLAP.passed()


def _order(ipib: Ipib) -> Check:
    prefixes = [part.tweak_pref for part in ipib.components]
    shown = [(f"component {number}", f"{prefix:016x}") for number, prefix in enumerate(prefixes[:8], start=1)]
    if all(first < second for first, second in pairwise(prefixes)):
        return ORDER.passed("", *shown)
    return ORDER.failed("They do not; QEMU refuses such an image (DIAG 308 response 0x0402).", *shown)
