"""The parts of `info` that the recorded runs cannot show; the rest is in tests/interop."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from seworkbench.image.access import HeaderKey, unlock
from seworkbench.image.image_file import open_image
from seworkbench.image.info import header_record, info_document, info_text
from seworkbench.image.locate import read_header
from seworkbench.secret import Secret

from .workshop import HEADER_AT, HEADER_KEY

if TYPE_CHECKING:
    from pathlib import Path


def test_the_document_states_the_given_instant_and_this_computer(golden: dict[str, Path]) -> None:
    with open_image(golden["A"]) as image:
        header = read_header(image, HEADER_AT)
    meta = info_document(header, verified=False, content=None, at=datetime(2026, 1, 1, tzinfo=UTC))["meta"]
    assert (meta["time_epoch"], meta["time"]) == (1767225600, "2026-01-01 00:00:00+0000")
    assert meta["host"] == os.uname().nodename


def test_what_was_opened_was_verified(golden: dict[str, Path]) -> None:
    with open_image(golden["C"]) as image:
        header = read_header(image, HEADER_AT)
    content = unlock(header, HeaderKey(Secret(HEADER_KEY)))
    assert header_record(header, verified=False, content=content)["verified"] is True
    text = info_text(header, verified=False, content=content, full=False)
    assert text.startswith("decrypted, integrity and authenticity verified Secure Execution header:\n")
    assert text.endswith("  secret control flags:\n   - CCK extension secret enforced\n")
