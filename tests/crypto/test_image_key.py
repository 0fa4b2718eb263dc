"""Image keys that no AES-XTS implementation takes are refused, by the cipher too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.crypto.image_key import is_usable_image_key, require_usable_image_key
from seworkbench.crypto.pages import PageCipher
from seworkbench.errors import SeError
from seworkbench.secret import Secret


@pytest.mark.parametrize("size", [0, 32, 63, 65, 128])
def test_an_image_key_of_the_wrong_length_is_refused_without_showing_it(size: int) -> None:
    key = Secret((b"PLANTED!" * 16)[:size])
    assert not is_usable_image_key(key)
    for use in (require_usable_image_key, PageCipher):
        with pytest.raises(SeError, match=f"must be exactly 64 bytes; it has {size}") as caught:
            use(key)
        assert "PLANTED" not in str(caught.value)
        assert "openssl rand" in caught.value.remedy


@given(half=st.binary(min_size=32, max_size=32), bit=st.integers(0, 255))
def test_two_equal_halves_are_refused_and_one_bit_of_difference_is_enough(half: bytes, bit: int) -> None:
    assert not is_usable_image_key(Secret(half * 2))
    for use in (require_usable_image_key, PageCipher):
        with pytest.raises(SeError, match="two halves of the image key are equal"):
            use(Secret(half * 2))
    other = bytearray(half)
    other[bit // 8] ^= 1 << bit % 8
    require_usable_image_key(Secret(half + bytes(other)))
    assert is_usable_image_key(Secret(half + bytes(other)))
