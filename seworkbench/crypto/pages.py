"""The page cipher: AES-256-XTS, one data unit a 4096-byte page (resources/help/components.md#page-cipher).

Page i of a component has the tweak `prefix ‖ BE64(4096 * i)`. A library context for each page would cost ten times the
cipher itself, so whole runs of pages are done at once: XTS is AES between two exclusive-ors with the same mask, and
the mask of block j is the page's encrypted tweak times alpha**j in GF(2**128) (IEEE 1619). All encrypted tweaks of a
run are one AES-ECB call, all masks a few dozen array operations, the data one AES-ECB call.

Shifts and folds make the masks of a page's first 128 blocks. The field says alpha**128 = alpha**7 + alpha**2 + alpha +
1, so each later mask is the exclusive-or of four that are there already, which costs a third of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from seworkbench.crypto.image_key import require_usable_image_key
from seworkbench.crypto.runs import RUN_PAGES
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.formats.se_header import IMAGE_KEY_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from seworkbench.secret import Secret

# XTS numbers are little-endian, whatever the machine is.
_WORD = np.dtype("<u8")
_BLOCKS = PAGE_SIZE // 16
_WORDS = PAGE_SIZE // 8
# Blocks multiplied at once. Products of alpha**32 leave at most 32 bits to fold back, so they fold in one step.
_STRIDE = 32
# The field polynomial x**128 + x**7 + x**2 + x + 1 without its top and its constant term.
_FOLD_SHIFTS = (1, 2, 7)
_DEGREE = 128
# Rows of a power-of-two length would all fall into the same cache sets when transposed.
_ROW_PADDING = 8


def tweaks(prefix: bytes, offset: int, pages: int) -> NDArray[Any]:
    """The tweaks of a run of pages, shape (pages, 2), 64-bit big-endian: prefix and byte offset in the component."""
    table = np.empty((pages, 2), ">u8")
    table[:, 0] = int.from_bytes(prefix, "big")
    table[:, 1] = np.uint64(offset) + np.arange(pages, dtype=np.uint64) * np.uint64(PAGE_SIZE)
    return table


class PageCipher:
    """Encrypts and decrypts runs of pages. Keeps scratch memory, so one instance serves one thread.

    Args:
        key: the image key, 64 bytes: data key, tweak key.

    Raises:
        SeError: if the key is unusable.
    """

    def __init__(self, key: Secret) -> None:
        require_usable_image_key(key)
        raw = key.reveal()
        data_key = Cipher(algorithms.AES(raw[: IMAGE_KEY_SIZE // 2]), modes.ECB())  # noqa: S305 - a building block of XTS
        tweak_key = Cipher(algorithms.AES(raw[IMAGE_KEY_SIZE // 2 :]), modes.ECB())  # noqa: S305 - likewise
        self._encrypt = data_key.encryptor().update_into
        self._decrypt = data_key.decryptor().update_into
        self._encrypt_tweaks = tweak_key.encryptor().update
        row = RUN_PAGES + _ROW_PADDING
        self._low = np.empty(_BLOCKS * row, np.uint64)
        self._high = np.empty(_BLOCKS * row, np.uint64)
        self._scratch = np.empty((2, _STRIDE * row), np.uint64)
        self._masks = np.empty((RUN_PAGES, _BLOCKS, 2), _WORD)
        self._input = np.empty((RUN_PAGES, _WORDS), _WORD)

    def encrypt(self, pages: bytes | bytearray | memoryview, prefix: bytes, offset: int, into: bytearray) -> memoryview:
        """Encrypt up to RUN_PAGES whole pages.

        Args:
            pages: whole pages.
            prefix: the component's tweak prefix, 8 bytes.
            offset: byte offset of the first page in the component.
            into: output buffer, at least OUTPUT_ROOM bytes larger than `pages`.

        Returns:
            The part of `into` that holds the result.
        """
        return self._run(self._encrypt, pages, prefix, offset, into)

    def decrypt(self, pages: bytes | bytearray | memoryview, prefix: bytes, offset: int, into: bytearray) -> memoryview:
        """Decrypt up to RUN_PAGES whole pages; arguments and result are those of `encrypt`."""
        return self._run(self._decrypt, pages, prefix, offset, into)

    def _run(
        self,
        cipher: Callable[[memoryview, bytearray], int],
        pages: bytes | bytearray | memoryview,
        prefix: bytes,
        offset: int,
        into: bytearray,
    ) -> memoryview:
        count, rest = divmod(len(pages), PAGE_SIZE)
        if rest or not 1 <= count <= RUN_PAGES:
            raise ValueError(f"{len(pages)} bytes are no run of 1 to {RUN_PAGES} pages")
        masks = self._masks_of(prefix, offset, count)
        before = self._input[:count]
        np.bitwise_xor(np.frombuffer(pages, _WORD).reshape(count, _WORDS), masks, out=before)
        cipher(before.data.cast("B"), into)
        after = np.frombuffer(into, _WORD, count=count * _WORDS).reshape(count, _WORDS)
        np.bitwise_xor(after, masks, out=after)
        return memoryview(into)[: count * PAGE_SIZE]

    def _masks_of(self, prefix: bytes, offset: int, count: int) -> NDArray[np.uint64]:
        """Masks of a run, shape (count, 512): for each block its low and its high 64 bits, little-endian as in XTS."""
        row = count + _ROW_PADDING
        low = self._low[: _BLOCKS * row].reshape(_BLOCKS, row)
        high = self._high[: _BLOCKS * row].reshape(_BLOCKS, row)
        first = np.frombuffer(self._encrypt_tweaks(tweaks(prefix, offset, count).tobytes()), _WORD).reshape(count, 2)
        low[0, :count] = first[:, 0]
        high[0, :count] = first[:, 1]
        done = 1
        while done < _DEGREE:
            step = min(done, _STRIDE)
            self._multiply(low, high, done, step)
            done += step
        while done < _BLOCKS:
            # As many as follow from those that are there, and fit into a core's cache.
            step = min(_BLOCKS - done, _STRIDE)
            _add(low, done, step)
            _add(high, done, step)
            done += step
        masks = self._masks[:count]
        masks[:, :, 0] = low[:, :count].T
        masks[:, :, 1] = high[:, :count].T
        return masks.reshape(count, _WORDS)

    def _multiply(self, low: NDArray[np.uint64], high: NDArray[np.uint64], done: int, step: int) -> None:
        """Rows `done` to `done + step` become the `step` rows before them times alpha**step."""
        from_low, from_high = low[done - step : done], high[done - step : done]
        to_low, to_high = low[done : done + step], high[done : done + step]
        out, moved = (part[: to_low.size].reshape(to_low.shape) for part in self._scratch)
        np.right_shift(from_high, 64 - step, out=out)  # the bits that leave the 128
        np.left_shift(from_low, step, out=to_low)
        np.bitwise_xor(to_low, out, out=to_low)
        for shift in _FOLD_SHIFTS:
            np.left_shift(out, shift, out=moved)
            np.bitwise_xor(to_low, moved, out=to_low)
        np.left_shift(from_high, step, out=to_high)
        np.right_shift(from_low, 64 - step, out=out)
        np.bitwise_or(to_high, out, out=to_high)


def _add(rows: NDArray[np.uint64], done: int, step: int) -> None:
    """Rows `done` to `done + step` become the sums of those 128, 127, 126 and 121 before them."""
    first, to = done - _DEGREE, rows[done : done + step]
    source = rows[first : first + step]
    for shift in _FOLD_SHIFTS:
        np.bitwise_xor(source, rows[first + shift : first + shift + step], out=to)
        source = to
