"""Secret bytes: one type that never prints its content and is wiped, as far as Python allows, when done."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, NoReturn, Self, SupportsIndex

if TYPE_CHECKING:
    from types import TracebackType


class Secret:
    """Key material held in a buffer of our own.

    Text forms show the length only; pickling and copying through `copy` are refused, so a secret cannot slip into a
    log, a session file or another process unnoticed. `reveal()` is the one way to the bytes and easy to search for.
    Wiping is best effort: copies that cryptographic libraries or the interpreter made cannot be reached
    (resources/help/threat-model.md).

    Args:
        content: the secret bytes; copied.
    """

    __slots__ = ("__weakref__", "_buffer")

    def __init__(self, content: bytes | bytearray | memoryview) -> None:
        self._buffer = bytearray(content)

    def reveal(self) -> bytes:
        """The secret bytes themselves."""
        return bytes(self._buffer)

    def wipe(self) -> None:
        """Overwrite the buffer with zeros and forget it."""
        self._buffer[:] = bytes(len(self._buffer))
        self._buffer.clear()

    def __len__(self) -> int:
        return len(self._buffer)

    def __bool__(self) -> bool:
        """A secret is a thing, even an empty one."""
        return True

    def __repr__(self) -> str:
        return f"<secret, {len(self)} bytes>"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        """Compare in time independent of the content."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._buffer, other._buffer)

    __hash__ = None  # type: ignore[assignment]  # equal secrets must not be told apart, nor be found, by a hash

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("A secret is not serialised.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    def __del__(self) -> None:
        # A view still held elsewhere makes clearing raise BufferError; the zeros are in place by then.
        buffer = getattr(self, "_buffer", None)
        if buffer is not None:
            buffer[:] = bytes(len(buffer))
