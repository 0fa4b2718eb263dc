"""Finding the SE header in whatever is given for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.attestation.known import load_header
from seworkbench.errors import FormatError
from tests.attestation import recorded

if TYPE_CHECKING:
    from pathlib import Path


def test_a_bare_header_begins_its_file() -> None:
    path = recorded.FOLDER / "se.hdr"
    found = load_header(path)
    assert (found.name, found.offset, found.method) == (str(path), 0, "at the beginning of the file")
    assert found.header.build() == path.read_bytes()


def test_an_image_serves_as_well_as_its_header(tmp_path: Path) -> None:
    path = tmp_path / "guest.img"
    path.write_bytes(recorded.image())
    found = load_header(path)
    assert found.name == str(path)
    assert found.header.build() == recorded.content("se.hdr")
    assert path.read_bytes()[found.offset :].startswith(b"IBMSecEx")


@pytest.mark.parametrize("content", [b"", b"IBMSecEx", bytes(0x20000)], ids=["empty", "magic alone", "zeros"])
def test_a_file_without_a_header_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "none.img"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        load_header(path)
    assert caught.value.where == str(path)
