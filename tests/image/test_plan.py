"""Where the parts of an image lie (resources/help/image-layout.md#file-map)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import SeError
from seworkbench.formats.components import ComponentKind
from seworkbench.image.plan import ImagePlan, page_up, plan_image

PAGE = 4096
KERNEL, STAGE3B = ComponentKind.KERNEL, ComponentKind.STAGE3B

# Sizes around the borders of pages, and any other.
SIZES = st.one_of(
    st.builds(lambda pages, off: max(0, pages * PAGE + off), st.integers(0, 600), st.integers(-1, 1)),
    st.integers(0, 1 << 34),
)
LOADER_SIZES = st.one_of(st.integers(0x1001, 0x8000), st.sampled_from([0x2E38, 0x3000, 0x4000, 0x4001]))


@st.composite
def component_sizes(draw: st.DrawFn) -> list[tuple[ComponentKind, int]]:
    kinds = [KERNEL, *draw(st.sampled_from(SUBSETS)), STAGE3B]
    return [(kind, draw(SIZES)) for kind in kinds]


SUBSETS: tuple[tuple[ComponentKind, ...], ...] = (
    (),
    (ComponentKind.RAMDISK,),
    (ComponentKind.COMMAND_LINE,),
    (ComponentKind.RAMDISK, ComponentKind.COMMAND_LINE),
)


def spans(plan: ImagePlan) -> list[tuple[int, int]]:
    """Begin and end of every part that is not a gap, in the order of the file map."""
    return [
        (0, 8),
        (0xC000, 0xC000 + 28),
        (0x10000, 0x10000 + plan.stage3a_size),
        (plan.header_address, plan.header_address + plan.header_size),
        *((part.address, part.address + max(part.size, 1)) for part in plan.components),
        (plan.ipib_address, plan.file_size),
    ]


@given(LOADER_SIZES, st.integers(1, 95), component_sizes())
def test_parts_follow_each_other_without_overlap(
    loader: int, slots: int, sizes: list[tuple[ComponentKind, int]]
) -> None:
    for (_, end), (begin, _) in pairwise(spans(plan_image(loader, slots, sizes))):
        assert end <= begin


@given(LOADER_SIZES, st.integers(1, 95), component_sizes())
def test_components_take_whole_pages_one_behind_the_other(
    loader: int, slots: int, sizes: list[tuple[ComponentKind, int]]
) -> None:
    plan = plan_image(loader, slots, sizes)
    assert [(part.kind, part.size) for part in plan.components] == sizes
    address = page_up(plan.header_address + plan.header_size)
    for part in plan.components:
        assert part.address == address
        assert part.stored_size % PAGE == 0
        assert 0 <= part.stored_size - part.size <= (PAGE - 1 if part.size else PAGE)
        address += part.stored_size
    assert plan.ipib_address == address
    assert plan.stored_size == sum(part.stored_size for part in plan.components)
    assert plan.file_size == address + 0x88 + 24 * len(sizes)


@given(LOADER_SIZES, st.integers(1, 95))
def test_the_header_lies_behind_stage3a_and_never_below_0x14000(loader: int, slots: int) -> None:
    plan = plan_image(loader, slots, [(KERNEL, 1), (STAGE3B, 1)])
    assert plan.header_size == 560 + 80 * slots
    assert plan.header_address == max(0x14000, page_up(0x10000 + loader))
    assert plan.stage3a_args_address == 0x10000 + loader - 24


@pytest.mark.parametrize(
    ("size", "pages"), [(0, 1), (1, 1), (4095, 1), (4096, 1), (4097, 2), (8191, 2), (8192, 2), (8193, 3)]
)
def test_a_component_takes_as_many_pages_as_its_bytes_need_and_at_least_one(size: int, pages: int) -> None:
    plan = plan_image(0x2E38, 1, [(KERNEL, size), (STAGE3B, 1)])
    assert plan.components[0].stored_size == pages * PAGE
    assert plan.components[1].address == 0x15000 + pages * PAGE


@pytest.mark.parametrize(("slots", "first"), [(1, 0x15000), (44, 0x15000), (45, 0x16000), (95, 0x16000)])
def test_the_45th_host_moves_all_components_by_one_page(slots: int, first: int) -> None:
    assert plan_image(0x2E38, slots, [(KERNEL, 1), (STAGE3B, 1)]).components[0].address == first


@pytest.mark.parametrize("slots", [0, 96, 1000])
def test_an_image_takes_1_to_95_hosts(slots: int) -> None:
    with pytest.raises(SeError, match=f"1 to 95 host keys; {slots} were given") as caught:
        plan_image(0x2E38, slots, [(KERNEL, 1), (STAGE3B, 1)])
    assert "several images" in caught.value.remedy


def test_a_plan_finds_its_components_by_kind() -> None:
    plan = plan_image(0x2E38, 1, [(KERNEL, 5), (STAGE3B, 7)])
    assert plan.component(STAGE3B) is plan.components[1]
    assert plan.component(ComponentKind.RAMDISK) is None
