"""Binary layouts, declared once: from the declaration come parse, build and dissection.

A layout is a frozen dataclass whose fields are `item(codec, title, …)` in file order:

    class ImageMetadata(Layout):
        magic: bytes = item(Raw(8), "Magic", default=b"SeImgLnx", fixed=True)
        hdr_off: int = item(Uint(8, hexadecimal), "Header offset")

    ImageMetadata.parse(data)          -> value, or FormatError
    value.build()                      -> bytes
    value.dissect(offset)              -> tree of Field: name, offset, length, raw, value, meaning, protection

All integers are big-endian and nothing is padded, as everywhere in Secure Execution (resources/help/index.md).
A codec whose size depends on an earlier field of the same layout names that field.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast, dataclass_transform

from seworkbench.errors import FormatError
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
L = TypeVar("L", bound="Layout")


class Protection(Enum):
    """What protects bytes against the host; the value is the word shown everywhere."""

    CLEAR = "clear"
    AUTHENTICATED = "authenticated"  # readable; a change breaks the header tag
    ENCRYPTED = "encrypted"  # unreadable without the key; a change breaks the header tag
    HASHED = "hashed"  # readable; a change breaks a digest of the header
    ENCRYPTED_HASHED = "encrypted and hashed"  # unreadable; a change breaks a digest of the header


@dataclass(frozen=True, slots=True)
class Field:
    """One node of a dissection.

    Args:
        name: the specification's own name ("sehs").
        title: plain name ("Header size").
        offset: position of the first byte in whatever was dissected.
        length: number of bytes.
        raw: the bytes; a Secret if they are one; None if they stay in the file (large regions).
        value: decoded value as text; never a secret.
        meaning: plain language.
        protection: what protects these bytes.
        reference: page and anchor below resources/help.
        children: the fields inside this one.
    """

    name: str
    title: str
    offset: int
    length: int
    raw: bytes | Secret | None = None
    value: str = ""
    meaning: str = ""
    protection: Protection = Protection.CLEAR
    reference: str = ""
    children: tuple[Field, ...] = ()

    def find(self, *path: str) -> Field:
        """The descendant reached by names, one level each.

        Raises:
            KeyError: if there is none.
        """
        if not path:
            return self
        for child in self.children:
            if child.name == path[0]:
                return child.find(*path[1:])
        raise KeyError(path[0])

    def to_json(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """A plain structure for JSON; secrets are left out unless asked for."""
        record: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "offset": self.offset,
            "length": self.length,
            "protection": self.protection.value,
        }
        if isinstance(self.raw, bytes) and not self.children:
            record["raw_hex"] = self.raw.hex()
        elif isinstance(self.raw, Secret):
            record["secret"] = True
            if show_secrets:
                record["raw_hex"] = self.raw.reveal().hex()
        for key in ("value", "meaning", "reference"):
            if text := getattr(self, key):
                record[key] = text
        if self.children:
            record["fields"] = [child.to_json(show_secrets=show_secrets) for child in self.children]
        return record


def decimal(value: int) -> str:
    """`1 040` style numbers stay plain digits: they are searched for and copied."""
    return str(value)


def byte_count(value: int) -> str:
    """A size in bytes."""
    return "1 byte" if value == 1 else f"{value} bytes"


class Codec(Generic[T]):
    """How a run of bytes becomes a value and back, and how it is shown.

    `size_in` tells the length from the values parsed so far.
    """

    def size_in(self, earlier: Mapping[str, Any]) -> int:
        """Length in bytes, given the earlier fields of the same layout."""
        raise NotImplementedError

    def decode(self, raw: bytes) -> T:
        """Value of exactly `size_in` bytes."""
        raise NotImplementedError

    def encode(self, value: T) -> bytes:
        """Bytes of a value."""
        raise NotImplementedError

    def show(self, value: T) -> str:
        """Value as text."""
        raise NotImplementedError

    def raw(self, value: T) -> bytes | Secret:
        """What the dissection holds as raw bytes."""
        return self.encode(value)

    def parts(self, value: T, offset: int, parent: Field) -> tuple[Field, ...]:  # noqa: ARG002 - for codecs with parts
        """The fields inside, if any."""
        return ()


def hexadecimal(value: int) -> str:
    """A number as address-like text without padding."""
    return f"0x{value:x}"


def wide_hexadecimal(value: int) -> str:
    """A 64-bit number with all its digits."""
    return f"0x{value:016x}"


@dataclass(frozen=True)
class Uint(Codec[int]):
    """Big-endian unsigned integer of `size` bytes."""

    size: int
    text: Callable[[int], str] = decimal

    def size_in(self, earlier: Mapping[str, Any]) -> int:  # noqa: ARG002 - fixed size
        """See Codec."""
        return self.size

    def decode(self, raw: bytes) -> int:
        """See Codec."""
        return int.from_bytes(raw, "big")

    def encode(self, value: int) -> bytes:
        """See Codec."""
        return value.to_bytes(self.size, "big")

    def show(self, value: int) -> str:
        """See Codec."""
        return self.text(value)


@dataclass(frozen=True)
class Raw(Codec[bytes]):
    """Bytes as they are; `size` is a number, the name of an earlier field, or a function of the earlier fields."""

    size: int | str | Callable[[Mapping[str, Any]], int]
    text: Callable[[bytes], str] = bytes.hex

    def size_in(self, earlier: Mapping[str, Any]) -> int:
        """See Codec."""
        if isinstance(self.size, int):
            return self.size
        return cast("int", earlier[self.size]) if isinstance(self.size, str) else self.size(earlier)

    def decode(self, raw: bytes) -> bytes:
        """See Codec."""
        return raw

    def encode(self, value: bytes) -> bytes:
        """See Codec."""
        return value

    def show(self, value: bytes) -> str:
        """See Codec."""
        return self.text(value)


@dataclass(frozen=True)
class SecretBytes(Codec[Secret]):
    """Key material of `size` bytes."""

    size: int

    def size_in(self, earlier: Mapping[str, Any]) -> int:  # noqa: ARG002 - fixed size
        """See Codec."""
        return self.size

    def decode(self, raw: bytes) -> Secret:
        """See Codec."""
        return Secret(raw)

    def encode(self, value: Secret) -> bytes:
        """See Codec."""
        return value.reveal()

    def show(self, value: Secret) -> str:
        """See Codec."""
        return f"{len(value)} bytes, hidden"

    def raw(self, value: Secret) -> Secret:
        """See Codec."""
        return value


@dataclass(frozen=True)
class Nested(Codec[L]):
    """One layout inside another; its size must not depend on its content."""

    layout: type[L]

    def size_in(self, earlier: Mapping[str, Any]) -> int:  # noqa: ARG002 - fixed size
        """See Codec."""
        return self.layout.fixed_size()

    def decode(self, raw: bytes) -> L:
        """See Codec."""
        return self.layout.parse(raw)

    def encode(self, value: L) -> bytes:
        """See Codec."""
        return value.build()

    def show(self, value: L) -> str:
        """See Codec."""
        return value.summary()

    def parts(self, value: L, offset: int, parent: Field) -> tuple[Field, ...]:
        """See Codec."""
        return value.dissect(offset, protection=parent.protection).children


@dataclass(frozen=True)
class Array(Codec[tuple[L, ...]]):
    """A row of equal layouts; `count` is the name of an earlier field."""

    layout: type[L]
    count: str

    def size_in(self, earlier: Mapping[str, Any]) -> int:
        """See Codec."""
        return cast("int", earlier[self.count]) * self.layout.fixed_size()

    def decode(self, raw: bytes) -> tuple[L, ...]:
        """See Codec."""
        step = self.layout.fixed_size()
        return tuple(self.layout.parse(raw[start : start + step]) for start in range(0, len(raw), step))

    def encode(self, value: tuple[L, ...]) -> bytes:
        """See Codec."""
        return b"".join(element.build() for element in value)

    def show(self, value: tuple[L, ...]) -> str:
        """See Codec."""
        return str(len(value))

    def parts(self, value: tuple[L, ...], offset: int, parent: Field) -> tuple[Field, ...]:
        """See Codec."""
        step = self.layout.fixed_size()
        return tuple(
            dataclasses.replace(
                element.dissect(offset + index * step, protection=parent.protection),
                name=f"{parent.name}[{index}]",
                title=f"{self.layout.TITLE} {index + 1}",
            )
            for index, element in enumerate(value)
        )


@dataclass(frozen=True)
class _Item:
    codec: Codec[Any]
    title: str
    meaning: str | Callable[[Any], str]
    default: Any
    fixed: bool
    protection: Protection | None


def item(
    codec: Codec[T],
    title: str,
    meaning: str | Callable[[Any], str] = "",
    *,
    default: Any = dataclasses.MISSING,
    fixed: bool = False,
    protection: Protection | None = None,
) -> T:
    """Declare a field of a layout.

    Args:
        codec: how its bytes are read, written and shown.
        title: plain name.
        meaning: a sentence, or a function from the value to one.
        default: value when building without one.
        fixed: whether any value other than the default is refused when parsing (magic numbers).
        protection: what protects it, where it differs from the rest of the layout.
    """
    declared = _Item(codec, title, meaning, default, fixed, protection)
    return cast("T", dataclasses.field(default=default, metadata={"item": declared}))


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(item,))
class Layout:
    """Base of all layouts; see the module's text."""

    TITLE: ClassVar[str]
    REFERENCE: ClassVar[str]
    PROTECTION: ClassVar[Protection] = Protection.CLEAR
    _items: ClassVar[tuple[tuple[str, _Item], ...]] = ()

    def __init_subclass__(cls) -> None:
        """Make the subclass a frozen dataclass and note its items in order."""
        dataclass(frozen=True, kw_only=True)(cls)
        cls._items = tuple((f.name, f.metadata["item"]) for f in dataclasses.fields(cls))  # type: ignore[arg-type]

    @classmethod
    def parse(cls, data: bytes | memoryview, offset: int = 0) -> Self:
        """Read the layout from `data`, beginning at `offset`; bytes behind its end are not looked at.

        Raises:
            FormatError: if bytes are missing or a fixed value is another. Nothing else, on any bytes.
        """
        values: dict[str, Any] = {}
        position = offset
        for name, declared in cls._items:
            size = declared.codec.size_in(values)
            available = len(data) - position
            if size < 0 or size > available:
                raise FormatError(
                    f"{cls.TITLE}: {declared.title} ({name}) needs {size} bytes at offset 0x{position:x}, "
                    f"but only {max(available, 0)} are there.",
                    offset=position,
                    remedy="The data is cut off or damaged, or a length in it is wrong.",
                )
            raw = bytes(data[position : position + size])
            values[name] = declared.codec.decode(raw)
            if declared.fixed and values[name] != declared.default:
                found, expected = declared.codec.show(values[name]), declared.codec.show(declared.default)
                raise FormatError(
                    f"{cls.TITLE}: {declared.title} ({name}) at offset 0x{position:x} is {found}, not {expected}.",
                    offset=position,
                    remedy="This is something else, or it is damaged.",
                )
            position += size
        return cls(**values)

    def build(self) -> bytes:
        """The bytes of this value.

        Raises:
            FormatError: if a value does not fit its field or its field's declared length.
        """
        values = self.values()
        pieces = []
        for name, declared in self._items:
            try:
                piece = declared.codec.encode(values[name])
            except OverflowError:
                raise FormatError(f"{self.TITLE}: {declared.title} ({name}) does not fit its field.") from None
            if len(piece) != (size := declared.codec.size_in(values)):
                raise FormatError(
                    f"{self.TITLE}: {declared.title} ({name}) must be {size} bytes long, it has {len(piece)}."
                )
            pieces.append(piece)
        return b"".join(pieces)

    def dissect(self, offset: int = 0, *, protection: Protection | None = None) -> Field:
        """The tree of fields, with `offset` as the position of the first byte.

        Args:
            offset: where this layout lies in what is shown.
            protection: what protects these bytes where they lie; the layout's own answer if not given.
        """
        protection = protection or self.PROTECTION
        values = self.values()
        children = []
        position = offset
        for name, declared in self._items:
            value = values[name]
            length = declared.codec.size_in(values)
            if length:
                meaning = declared.meaning if isinstance(declared.meaning, str) else declared.meaning(value)
                leaf = Field(
                    name=name,
                    title=declared.title,
                    offset=position,
                    length=length,
                    raw=declared.codec.raw(value),
                    value=declared.codec.show(value),
                    meaning=meaning,
                    protection=declared.protection or protection,
                    reference=self.REFERENCE,
                )
                parts = declared.codec.parts(value, position, leaf)
                children.append(dataclasses.replace(leaf, children=parts) if parts else leaf)
            position += length
        return Field(
            name=type(self).__name__,
            title=self.TITLE,
            offset=offset,
            length=position - offset,
            value=self.summary(),
            protection=protection,
            reference=self.REFERENCE,
            children=tuple(children),
        )

    def values(self) -> dict[str, Any]:
        """Field name to value, in file order."""
        return {name: getattr(self, name) for name, _ in self._items}

    @property
    def size(self) -> int:
        """Length of this value in bytes."""
        values = self.values()
        return sum(declared.codec.size_in(values) for _, declared in self._items)

    def summary(self) -> str:
        """One line about this value, where one can be said."""
        return ""

    @classmethod
    def fixed_size(cls) -> int:
        """Length in bytes of a layout without variable parts."""
        return sum(declared.codec.size_in({}) for _, declared in cls._items)
