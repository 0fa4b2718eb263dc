"""The page cipher against the published vectors and against one library context for each page."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.crypto.pages import PageCipher, tweaks
from seworkbench.crypto.runs import OUTPUT_ROOM, RUN_PAGES
from seworkbench.errors import SeError
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.secret import Secret

# resources/help/test-vectors.md#page-cipher-and-digest-vector
KEY = b"\x42" * 32 + b"\x43" * 32
PREFIX = bytes.fromhex("0000000000000042")
COMPONENTS = [
    (
        b"\x01" * 0x3400 + bytes(0xC00),
        [
            "6f491067554994df159146098fb52c5a",
            "9fd8ba28925a3e7078cd59c66c2cacec",
            "13d651613ecfa7b05165dff79b8d2f23",
            "db991fd24d66d88ebca471daadc31227",
        ],
    ),
    (
        b"\x02" * 0x3000,
        [
            "722aeb6366af32cfa1d0734447442303",
            "a612835ae3e068ac0f463593256c73d9",
            "ad91e42fedc06a64682e693fb7aa6fb9",
        ],
    ),
]

LAST_RUN = 2**64 // PAGE_SIZE - RUN_PAGES

keys = st.binary(min_size=64, max_size=64).filter(lambda key: key[:32] != key[32:])
prefixes = st.binary(min_size=8, max_size=8)
page_numbers = st.one_of(st.integers(0, LAST_RUN), st.sampled_from([0, 1, 2**20 - 1, 2**20, 2**21 - 300, LAST_RUN]))


def filler(seed: bytes, pages: int) -> bytes:
    return hashlib.shake_128(seed).digest(pages * PAGE_SIZE)


def one_context_per_page(key: bytes, pages: bytes, prefix: bytes, offset: int) -> bytes:
    """AES-256-XTS by the specification: page i under the tweak `prefix ‖ BE64(offset of the page)`."""
    result = b""
    for start in range(0, len(pages), PAGE_SIZE):
        tweak = prefix + (offset + start).to_bytes(8, "big")
        context = Cipher(algorithms.AES(key), modes.XTS(tweak)).encryptor()
        result += context.update(pages[start : start + PAGE_SIZE]) + context.finalize()
    return result


@pytest.mark.parametrize(("content", "beginnings"), COMPONENTS)
def test_the_published_pages_come_out(content: bytes, beginnings: list[str]) -> None:
    encrypted = bytes(PageCipher(Secret(KEY)).encrypt(content, PREFIX, 0, bytearray(len(content) + OUTPUT_ROOM)))
    assert [encrypted[start : start + 16].hex() for start in range(0, len(encrypted), PAGE_SIZE)] == beginnings
    assert encrypted == one_context_per_page(KEY, content, PREFIX, 0)


def test_the_tweak_counts_bytes_and_begins_with_the_prefix() -> None:
    # Kind 3 with the random part 9def2c67db76, from the page test-vectors.md.
    table = tweaks(bytes.fromhex("00039def2c67db76"), 0, 3)
    assert table.tobytes().hex() == (
        "00039def2c67db760000000000000000" + "00039def2c67db760000000000001000" + "00039def2c67db760000000000002000"
    )
    assert int(table[0, 0]) == 1018075497880438


@given(prefix=prefixes, page=page_numbers, count=st.integers(0, RUN_PAGES))
def test_tweaks_of_any_run_are_prefix_and_offset(prefix: bytes, page: int, count: int) -> None:
    expected = [prefix + (number * PAGE_SIZE).to_bytes(8, "big") for number in range(page, page + count)]
    assert tweaks(prefix, page * PAGE_SIZE, count).tobytes() == b"".join(expected)


@settings(max_examples=80)
@given(
    key=keys,
    prefix=prefixes,
    page=page_numbers,
    count=st.one_of(st.integers(1, RUN_PAGES), st.sampled_from([1, 2, 31, 32, 33, RUN_PAGES - 1, RUN_PAGES])),
    room=st.integers(0, 40),
)
def test_a_run_equals_one_library_context_for_each_page_and_decrypts_again(
    key: bytes, prefix: bytes, page: int, count: int, room: int
) -> None:
    content = filler(key + prefix, count)
    cipher = PageCipher(Secret(key))
    out = bytearray(b"\xee" * (len(content) + OUTPUT_ROOM + room))
    encrypted = cipher.encrypt(content, prefix, page * PAGE_SIZE, out)
    assert encrypted == one_context_per_page(key, content, prefix, page * PAGE_SIZE)
    assert bytes(encrypted) == out[: len(content)]
    back = cipher.decrypt(encrypted, prefix, page * PAGE_SIZE, bytearray(len(content) + OUTPUT_ROOM))
    assert back == content


@settings(max_examples=20)
@given(key=keys, counts=st.lists(st.integers(1, 60), min_size=2, max_size=5))
def test_one_instance_serves_many_runs_and_nothing_is_left_from_the_one_before(key: bytes, counts: list[int]) -> None:
    cipher = PageCipher(Secret(key))
    out = bytearray(60 * PAGE_SIZE + OUTPUT_ROOM)
    position = 0
    for count in counts:
        content = filler(bytes([count]), count)
        offset = position * PAGE_SIZE
        assert cipher.encrypt(content, PREFIX, offset, out) == one_context_per_page(key, content, PREFIX, offset)
        assert cipher.decrypt(one_context_per_page(key, content, PREFIX, offset), PREFIX, offset, out) == content
        position += count


def test_input_may_be_any_kind_of_buffer_and_is_left_alone() -> None:
    content = filler(b"any", 2)
    cipher = PageCipher(Secret(KEY))
    expected = one_context_per_page(KEY, content, PREFIX, 0)
    for pages in (bytearray(content), memoryview(content), np.frombuffer(content, np.uint8).data):
        assert cipher.encrypt(pages, PREFIX, 0, bytearray(len(content) + OUTPUT_ROOM)) == expected
        assert bytes(pages) == content


def test_a_run_can_be_replaced_in_its_own_buffer() -> None:
    content = filler(b"own", 3)
    buffer = bytearray(content + bytes(OUTPUT_ROOM))
    view = memoryview(buffer)[: len(content)]
    PageCipher(Secret(KEY)).encrypt(view, PREFIX, 0, buffer)
    assert buffer[: len(content)] == one_context_per_page(KEY, content, PREFIX, 0)


@pytest.mark.parametrize("size", [1, 16, PAGE_SIZE - 1, PAGE_SIZE + 1, (RUN_PAGES + 1) * PAGE_SIZE])
def test_anything_but_a_run_of_whole_pages_is_refused(size: int) -> None:
    cipher = PageCipher(Secret(KEY))
    for operation in (cipher.encrypt, cipher.decrypt):
        with pytest.raises(ValueError, match=f"{size} bytes are no run of 1 to 512 pages"):
            operation(bytes(size), PREFIX, 0, bytearray(size + OUTPUT_ROOM))


def test_a_key_with_equal_halves_makes_no_cipher() -> None:
    """Built from blocks, XTS would work with it; every library refuses it, and so would the machine."""
    with pytest.raises(SeError, match="The two halves of the image key are equal"):
        PageCipher(Secret(b"\x42" * 64))


def test_an_empty_run_is_refused_like_any_other_wrong_size() -> None:
    with pytest.raises(ValueError, match="0 bytes are no run of 1 to 512 pages"):
        PageCipher(Secret(KEY)).encrypt(b"", PREFIX, 0, bytearray(OUTPUT_ROOM))


def test_an_output_buffer_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 4111 bytes"):
        PageCipher(Secret(KEY)).encrypt(bytes(PAGE_SIZE), PREFIX, 0, bytearray(PAGE_SIZE + OUTPUT_ROOM - 1))
