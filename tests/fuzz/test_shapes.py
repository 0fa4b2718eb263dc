"""Images cut off, rearranged, overlapping, padded out, or made to look like many: judged at the cost of their size."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.formats.image_metadata import METADATA_OFFSET, ImageMetadata
from seworkbench.formats.ipib import IPIB_MAX_SIZE, Ipib, IpibComponent, ipib_size, parse_ipib
from seworkbench.formats.se_header import HEADER_MAGIC
from seworkbench.formats.stage3 import STAGE3A_ENTRY, Stage3aArgs
from seworkbench.image import locate
from seworkbench.image.extract import extract_image
from seworkbench.image.locate import locate_header

from .surgery import HEADER_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from .readers import Bed, CountingImage
    from .surgery import Sample

PAGE = 4096
SEED = 20261124
# As many as the largest IPIB holds.
MOST_COMPONENTS = (IPIB_MAX_SIZE - ipib_size(0)) // 24


def shuffled(count: int) -> random.Random:
    return random.Random(SEED + count)  # noqa: S311 - a repeatable choice, no secret


def test_an_image_cut_off_at_any_page_is_refused(bed: Bed, sample: Sample) -> None:
    for length in range(0, len(sample.raw), PAGE):
        label = f"cut off at 0x{length:x}"
        bed.put(sample.raw[:length])
        bed.look(label)
        bed.look_in_little_memory(label)
        assert bed.verify(HEADER_KEY, label).check.verdict is Verdict.FAILED, label
        assert bed.verify(None, label).check.verdict is Verdict.FAILED, label


@pytest.mark.parametrize("part", range(8))
def test_an_image_cut_off_at_any_byte_of_its_header_is_refused(bed: Bed, sample: Sample, part: int) -> None:
    size = sample.header.sehs
    for length in range(sample.header_at + part * size // 8, sample.header_at + (part + 1) * size // 8):
        label = f"cut off at 0x{length:x}"
        bed.put(sample.raw[:length])
        bed.look(label)
        assert bed.verify(HEADER_KEY, label).check.verdict is Verdict.FAILED, label


@pytest.mark.parametrize("part", range(4))
def test_a_bare_header_cut_off_at_any_byte_is_refused(bed: Bed, sample: Sample, part: int) -> None:
    header = sample.header.build()
    for length in range(part, len(header), 4):
        label = f"bare header of {length} bytes"
        bed.put(header[:length])
        bed.look(label)
        assert bed.verify(HEADER_KEY, label).check.verdict is Verdict.FAILED, label
    bed.put(header)
    assert bed.verify(HEADER_KEY).check.verdict is Verdict.PASSED


def test_an_ipib_cut_off_at_any_byte_is_refused(bed: Bed, sample: Sample) -> None:
    for length in range(sample.ipib_at, len(sample.raw)):
        label = f"cut off at 0x{length:x}"
        bed.put(sample.raw[:length])
        bed.look(label)
        assert bed.verify(None, label).check.verdict is Verdict.FAILED, label


STAGE3A_PAGES = set(range(0x10, 0x13))


def test_two_pages_that_changed_places_are_noticed_without_a_key(bed: Bed, sample: Sample) -> None:
    first = sample.ipib.components[0].addr // PAGE
    last = sample.ipib_at // PAGE
    pages = [sample.raw[at * PAGE : (at + 1) * PAGE] for at in range(last)]
    pairs = [(at, at + 1) for at in range(first, last - 1)]
    pairs += [tuple(shuffled(n).sample(range(first, last), 2)) for n in range(20)]  # type: ignore[misc]
    for one, other in pairs:
        label = f"pages {one} and {other} swapped"
        changed = list(pages)
        changed[one], changed[other] = pages[other], pages[one]
        bed.put(b"".join(changed) + sample.raw[last * PAGE :])
        verdict = bed.verify(None, label).check
        found = verdict.find("image.digest.pld")
        assert found is not None
        assert found.verdict is Verdict.FAILED, label
        assert verdict.verdict is Verdict.FAILED, label


def test_a_page_of_the_frame_that_changed_its_place_is_judged(bed: Bed, sample: Sample) -> None:
    first = sample.ipib.components[0].addr // PAGE
    pages = [sample.raw[at * PAGE : (at + 1) * PAGE] for at in range(first)]
    bed.put(sample.raw)
    notes = bed.verify(None, "as it was").check.notes
    for one in (0, METADATA_OFFSET // PAGE, 0x10, 0x11, sample.header_at // PAGE):
        for other in range(first):
            # The code of stage3a is clear and measured by nothing; of a loader that is not ours nothing can be said.
            if pages[one] == pages[other] or {one, other} <= STAGE3A_PAGES:
                continue
            changed = list(pages)
            changed[one], changed[other] = pages[other], pages[one]
            bed.put(b"".join(changed) + sample.raw[first * PAGE :])
            label = f"pages {one} and {other} swapped"
            bed.look(label)
            check = bed.verify(None, label).check
            assert check.verdict is not Verdict.PASSED or check.notes > notes, label


def test_a_page_that_took_the_place_of_another_is_noticed_without_a_key(bed: Bed, sample: Sample) -> None:
    first = sample.ipib.components[0].addr // PAGE
    last = sample.ipib_at // PAGE
    for n in range(20):
        source, target = shuffled(n).sample(range(first, last), 2)
        label = f"page {source} also as page {target}"
        bed.put(sample.patched(target * PAGE, sample.raw[source * PAGE : (source + 1) * PAGE]))
        assert bed.verify(None, label).check.verdict is Verdict.FAILED, label


def test_a_page_that_was_doubled_moves_all_others_and_is_noticed(bed: Bed, sample: Sample) -> None:
    for page in range(0, len(sample.raw) // PAGE, 3):
        label = f"page {page} doubled"
        bed.put(sample.raw[: (page + 1) * PAGE] + sample.raw[page * PAGE :])
        bed.look(label)
        assert bed.verify(HEADER_KEY, label).check.verdict is not Verdict.PASSED, label


def test_any_bit_of_a_page_turned_over_is_noticed_without_a_key(bed: Bed, sample: Sample) -> None:
    first = sample.ipib.components[0].addr
    for n in range(60):
        at = shuffled(n).randrange(first, sample.ipib_at)
        bed.put(sample.patched(at, bytes([sample.raw[at] ^ (1 << n % 8)])))
        assert bed.verify(None, f"byte 0x{at:x}").check.verdict is Verdict.FAILED, f"byte 0x{at:x}"


@pytest.mark.parametrize("metadata", ["as they were", "gone"])
def test_an_authentic_header_at_the_start_does_not_vouch_for_what_lies_behind_it(
    bed: Bed, sample: Sample, metadata: str
) -> None:
    """The components were changed and are not checked: whatever this is, it must not be said to have passed."""
    page, kernel = sample.header_at // PAGE, sample.ipib.components[0].addr
    raw = bytearray(sample.patched(kernel, b"changed"))
    raw[:PAGE], raw[page * PAGE : (page + 1) * PAGE] = raw[page * PAGE : (page + 1) * PAGE], raw[:PAGE]
    if metadata == "gone":
        raw[METADATA_OFFSET : METADATA_OFFSET + PAGE] = bytes(PAGE)
    bed.put(bytes(raw))
    assert bed.verify(HEADER_KEY).check.verdict is not Verdict.PASSED


@pytest.mark.parametrize("extra", [b"\0", b"x", b"x" * PAGE, HEADER_MAGIC * 600, bytes(3 * PAGE)])
def test_bytes_behind_the_image_are_told_unless_they_are_zero(bed: Bed, sample: Sample, extra: bytes) -> None:
    bed.put(sample.raw + extra)
    bed.look(f"{len(extra)} bytes more")
    check = bed.verify(HEADER_KEY).check
    gaps = check.find("image.start.gaps")
    assert gaps is not None
    assert gaps.verdict is (Verdict.WARNING if any(extra) else Verdict.PASSED)


def test_a_whole_second_image_behind_the_first_is_a_warning(bed: Bed, sample: Sample) -> None:
    bed.put(sample.raw + bytes(-len(sample.raw) % PAGE) + sample.raw)
    bed.look("two images in one file")
    check = bed.verify(HEADER_KEY).check
    assert check.verdict is Verdict.WARNING
    assert {leaf.id for leaf in check.leaves() if leaf.required and leaf.verdict is not Verdict.PASSED} == {
        "image.start.gaps"
    }


def test_a_hole_of_gigabytes_behind_the_image_is_not_read(bed: Bed, sample: Sample) -> None:
    bed.put(sample.raw, size=len(sample.raw) + (4 << 30))
    read = {}

    def counting(name: str, reader: Callable[[CountingImage], object]) -> Callable[[CountingImage], object]:
        def look(image: CountingImage) -> object:
            found = reader(image)
            read[name] = image.read
            return found

        return look

    for name, reader in bed.readers():
        bed.opened(counting(name, reader), name)
    assert len(read) == len(list(bed.readers()))
    assert all(amount < 8 << 20 for amount in read.values()), read
    assert bed.verify(HEADER_KEY).check.verdict is Verdict.PASSED


# --- Tables that lie ---------------------------------------------------------------------


def component(at: int, length: int, prefix: int) -> IpibComponent:
    return IpibComponent(tweak_pref=prefix, addr=at, length=length)


@pytest.mark.parametrize("count", [MOST_COMPONENTS + 1, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 2, (1 << 32) - 1])
@pytest.mark.parametrize("consistent", [False, True])
def test_a_table_that_claims_billions_of_components_is_refused(
    bed: Bed, sample: Sample, count: int, consistent: bool
) -> None:
    ipib = sample.ipib.build()
    length = ipib_size(count) % (1 << 32) if consistent else len(ipib)
    lie = (
        length.to_bytes(4, "big")
        + ipib[4:8]
        + ((length - 8) % (1 << 32)).to_bytes(4, "big")
        + ipib[12:0x74]
        + count.to_bytes(4, "big")
        + ipib[0x78:]
    )
    bed.put(sample.raw[: sample.ipib_at] + lie + bytes(IPIB_MAX_SIZE))
    label = f"{count} components"
    bed.look(label)
    bed.look_in_little_memory(label)
    assert bed.verify(HEADER_KEY, label).check.verdict is Verdict.FAILED


@pytest.mark.parametrize("honest", [False, True])
def test_a_component_inside_another_structure_is_refused(bed: Bed, clear_sample: Sample, honest: bool) -> None:
    kernel, _, line, loader = clear_sample.ipib.components
    header = clear_sample.header_at
    for name, parts in {
        "in the header": (component(header, PAGE, 1), loader),
        "over header and kernel": (component(header, PAGE + kernel.length, 1), loader),
        "in the IPIB": (kernel, component(clear_sample.ipib_at & -PAGE, PAGE, 1 << 62), loader),
        "over the short PSW": (component(0, PAGE, 1), kernel, loader),
        "over the metadata": (component(METADATA_OFFSET, PAGE, 1), kernel, loader),
        "in stage3a": (component(STAGE3A_ENTRY - PAGE, PAGE, 1), kernel, loader),
        "twice the same": (kernel, component(kernel.addr, kernel.length, kernel.tweak_pref + 1), loader),
        "kernel over ramdisk": (component(kernel.addr, kernel.length + PAGE, 1), line, loader),
        "the whole file": (component(0, clear_sample.ipib_at, 1), loader),
    }.items():
        fits = all(part.addr + part.length <= clear_sample.ipib_at for part in parts)
        bed.put(clear_sample.with_table(*parts, honest=honest and fits))
        bed.look(name)
        bed.look_in_little_memory(name)
        check = bed.verify(HEADER_KEY, name).check
        assert check.verdict is Verdict.FAILED, name


def test_a_component_far_outside_the_file_is_refused_before_anything_is_read(bed: Bed, sample: Sample) -> None:
    kernel, *_, loader = sample.ipib.components
    for at, length in (
        (1 << 40, PAGE),
        ((1 << 64) - PAGE, PAGE),
        (kernel.addr, 1 << 40),
        (kernel.addr, (1 << 64) - PAGE),
        ((1 << 63), (1 << 63)),
        (len(sample.raw) & -PAGE, PAGE),
    ):
        label = f"0x{length:x} bytes at 0x{at:x}"
        bed.put(sample.with_table(component(at, length, 1), loader, honest=False))
        bed.look(label)
        bed.look_in_little_memory(label)
        assert bed.verify(HEADER_KEY, label).check.verdict is Verdict.FAILED, label


@pytest.mark.parametrize("where", ["encrypted", "clear"])
def test_a_table_that_lists_everything_many_times_does_not_multiply_the_work(
    bed: Bed, sample: Sample, clear_sample: Sample, where: str
) -> None:
    """The table is in the clear: whoever passes an image on can write this into it."""
    image = sample if where == "encrypted" else clear_sample
    end = image.ipib_at
    parts = [component(0, end, number + 1) for number in range(MOST_COMPONENTS)]
    bed.put(image.with_table(*parts, honest=False))
    assert bed.verify(HEADER_KEY, "everything many times").check.verdict is Verdict.FAILED
    bed.look("everything many times")


def test_a_command_line_without_its_nul_is_refused_or_extracted_whole(bed: Bed, clear_sample: Sample) -> None:
    """stage3b would stop with it; a byte of it must not be lost without a word."""
    line = clear_sample.ipib.components[2]
    last = line.addr + clear_sample.stage3b_args.cmdline_size - 1
    raw = clear_sample.described(clear_sample.patched(last, b"X"))
    bed.put(raw)
    assert bed.verify().check.verdict is Verdict.FAILED
    result = bed.opened(lambda image: extract_image(image, None, bed.folder, overwrite=True), "no NUL")
    if not isinstance(result, Exception):
        assert (bed.folder / "cmdline").read_bytes() == raw[line.addr : last + 1]


# --- Many things that look like the one looked for ---------------------------------------


def decoy_table(at: int) -> bytes:
    parts = tuple(component(at, PAGE, number) for number in range(MOST_COMPONENTS))
    return Ipib.describing(parts, 0, 0).build()


def test_a_file_full_of_tables_is_searched_with_little_memory_and_work(
    bed: Bed, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2 MiB that consist of consistent IPIBs, none of which is the right one; neither grows with their number."""
    decoys = (2 << 20) // PAGE
    table = decoy_table(0x100000).ljust(PAGE, b"\0")
    metadata = ImageMetadata(hdr_off=sample.header_at, ipib_off=0).build()
    front = bytearray(sample.raw[: sample.ipib.components[0].addr])
    front[METADATA_OFFSET : METADATA_OFFSET + len(metadata)] = metadata
    at = sample.stage3a_args_at
    front[at : at + Stage3aArgs.fixed_size()] = bytes(Stage3aArgs.fixed_size())
    bed.put(bytes(front) + table * decoys)
    parsed = []

    def counted(data: bytes) -> Ipib:
        parsed.append(len(data))
        return parse_ipib(data)

    monkeypatch.setattr(locate, "parse_ipib", counted)
    peak = bed.peak(dict(bed.readers())["dissect"], "a file full of tables")
    assert parsed
    assert peak < 6 << 20, f"{peak >> 20} MiB for {decoys} tables"
    assert len(parsed) < 64, f"{len(parsed)} of {decoys} tables taken apart"


def test_a_loader_full_of_argument_blocks_is_judged_at_the_usual_cost(bed: Bed, sample: Sample) -> None:
    """A megabyte in which every 24 bytes are arguments that lead to the header and to an IPIB."""
    header_at = STAGE3A_ENTRY + (1 << 20)
    size = Stage3aArgs.fixed_size()
    header = sample.header.build()
    ipib_at = header_at + PAGE
    loader = b"".join(
        Stage3aArgs(
            hdr_offs=header_at - at, hdr_size=len(header), ipib_offs=(ipib_at - at if ipib_at > at else 0)
        ).build()
        for at in range(STAGE3A_ENTRY, header_at - size + 1, size)
    )
    raw = bytearray(sample.raw[:STAGE3A_ENTRY] + loader.ljust(1 << 20, b"\0") + header.ljust(PAGE, b"\0"))
    raw += Ipib.describing((component(header_at, PAGE, 1),), header_at, len(header)).build()
    metadata = ImageMetadata(hdr_off=header_at, ipib_off=ipib_at).build()
    raw[METADATA_OFFSET : METADATA_OFFSET + len(metadata)] = metadata
    bed.put(bytes(raw))
    bed.look("a loader full of arguments")
    assert bed.verify().check.verdict is Verdict.FAILED


def test_a_file_without_a_header_is_searched_once(bed: Bed) -> None:
    bed.put(b"", size=64 << 20)
    bed.look("64 MiB of nothing")
    bed.look_in_little_memory("64 MiB of nothing")
    assert bed.verify().check.verdict is Verdict.FAILED


def test_headers_that_are_none_do_not_hide_the_reason(bed: Bed, sample: Sample) -> None:
    """Every page begins with the magic; what follows is nothing."""
    page = HEADER_MAGIC.ljust(PAGE, b"\0")
    bed.put(page * 64)
    bed.look("magics everywhere")
    assert bed.verify().check.verdict is Verdict.FAILED
    # Metadata that point nowhere, and a good header on a later page: verification finds it and says so.
    raw = bytearray(sample.raw)
    raw[METADATA_OFFSET + 8 : METADATA_OFFSET + 16] = bytes(7) + b"\x07"
    bed.put(bytes(raw))
    check = bed.verify(HEADER_KEY).check
    metadata = check.find("image.start.metadata")
    assert metadata is not None
    assert metadata.verdict is Verdict.FAILED
    bed.opened(lambda image: locate_header(image, past_metadata=True), "past the metadata")
