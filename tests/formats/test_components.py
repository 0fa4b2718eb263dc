"""Kinds of components."""

from __future__ import annotations

from seworkbench.formats.components import ComponentKind


def test_kinds_and_their_codes_are_those_of_the_specification_in_image_order() -> None:
    # The table of resources/help/components.md#kinds-and-order.
    assert [(kind.name, f"{kind.value:04x}") for kind in ComponentKind] == [
        ("KERNEL", "0028"),
        ("RAMDISK", "0032"),
        ("COMMAND_LINE", "003c"),
        ("STAGE3B", "0046"),
    ]


def test_every_kind_has_a_plain_name_of_its_own() -> None:
    assert [kind.title for kind in ComponentKind] == ["kernel", "ramdisk", "command line", "stage3b"]
