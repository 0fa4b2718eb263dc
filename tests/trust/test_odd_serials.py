"""Serial numbers that are not positive: a few old roots in trust stores have one, and nobody wants to read about it."""

from __future__ import annotations

import warnings

from seworkbench.trust.objects import KeyIdentifier, Source
from seworkbench.trust.reading import certificate_of
from seworkbench.trust.signatures import identifier_rows

from .papers import certificate


def test_a_negative_serial_number_is_read_shown_and_compared_without_a_warning() -> None:
    der = certificate("old root").der
    # Version 3, then the serial number: two bytes, whose first bit is the sign.
    place = der.index(bytes.fromhex("a0030201020202")) + 7
    odd = der[:place] + bytes([der[place] | 0x80]) + der[place + 1 :]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = certificate_of(odd, Source("old.crt"))
        assert found.serial < 0
        assert found.serial_text.startswith("-")
        rows = identifier_rows(KeyIdentifier(None, None, found.serial), found)
    assert [row[3] for row in rows] == [True]
