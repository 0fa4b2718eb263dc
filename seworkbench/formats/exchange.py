"""The exchange file that carries an attestation request to a guest and the response back.

    | magic, version, size | five entries | request, measurement, additional data, user data, configuration UID |

Only version 0x100 exists (resources/help/attestation.md#exchange-file). An entry without a size is absent; one with a
size but no offset announces how large a buffer the answer needs.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from seworkbench.errors import FormatError
from seworkbench.formats.additional_data import dissect_additional_data, expected_additional_size
from seworkbench.formats.arcb import MAX_ARCB_SIZE, MEASUREMENT_SIZE, dissect_arcb, parse_arcb
from seworkbench.formats.layout import Field, Layout, Nested, Protection, Raw, Uint, byte_count, hexadecimal, item

if TYPE_CHECKING:
    from seworkbench.formats.arcb import RequestSecretsV1

# Sizes and limits: resources/help/attestation.md#limits.
EXCHANGE_MAGIC = b"pvattest"
EXCHANGE_VERSION_1 = 0x100
EXCHANGE_HEADER_SIZE = 0x40
CUID_SIZE = 16
MAX_MEASUREMENT_SIZE = 0x8000
MAX_ADDITIONAL_SIZE = 0x8000
MAX_USER_DATA_SIZE = 0x100
# Largest file that is read: all entries at their limits, and room for a tail that is told but ignored.
MAX_EXCHANGE_FILE_SIZE = 0x200000
_DAMAGED = "The file is damaged; fetch it again from where it was written."


class Entry(Layout):
    """Size and place of one part of an exchange file, 8 bytes."""

    TITLE = "Entry"
    REFERENCE = "attestation.md#exchange-file"

    entry_size: int = item(Uint(4, byte_count), "Size", "Zero if the part is absent.", default=0)
    offset: int = item(
        Uint(4, hexadecimal), "Offset", "Where it lies in the file; zero with a size announces a buffer.", default=0
    )

    def summary(self) -> str:
        """What the entry says."""
        if not self.entry_size:
            return "absent"
        if not self.offset:
            return f"{byte_count(self.entry_size)} expected"
        return f"{byte_count(self.entry_size)} at 0x{self.offset:x}"


class ExchangeHeaderV1(Layout):
    """The first 64 bytes of an exchange file of version 0x100."""

    TITLE = "Exchange file header"
    REFERENCE = "attestation.md#exchange-file"

    magic: bytes = item(
        Raw(8, lambda raw: raw.decode("latin-1")),
        "Magic",
        "Marks an attestation exchange file.",
        default=EXCHANGE_MAGIC,
        fixed=True,
    )
    version: int = item(Uint(4, hexadecimal), "Version", "File version.", default=EXCHANGE_VERSION_1, fixed=True)
    total: int = item(Uint(4, byte_count), "File size", "Whole file.")
    res1: bytes = item(Raw(8), "Reserved", "Zero.", default=bytes(8))
    arcb: Entry = item(Nested(Entry), "Entry: request", "The attestation request control block.")
    measurement: Entry = item(Nested(Entry), "Entry: measurement", "The answer's HMAC.", default=Entry())
    additional: Entry = item(Nested(Entry), "Entry: additional data", "What the flags asked for.", default=Entry())
    user_data: Entry = item(
        Nested(Entry), "Entry: user data", "Bytes that the guest had measured with it.", default=Entry()
    )
    cuid: Entry = item(Nested(Entry), "Entry: configuration UID", "Name of this run of the guest.", default=Entry())

    @property
    def entries(self) -> dict[str, Entry]:
        """The five entries by name, in file order."""
        return {rule.name: getattr(self, rule.name) for rule in _RULES}


@dataclass(frozen=True, slots=True)
class _Rule:
    """What holds for one part.

    Args:
        name: field name of its entry.
        title: plain name.
        limit: largest size in bytes, stored or announced.
        meaning: one sentence.
    """

    name: str
    title: str
    limit: int
    meaning: str


_RULES = (
    _Rule("arcb", "Attestation request", MAX_ARCB_SIZE, "The request; a response carries it back unchanged."),
    _Rule(
        "measurement",
        "Measurement",
        MAX_MEASUREMENT_SIZE,
        "HMAC-SHA-512 over the identity of the guest, made by the Ultravisor.",
    ),
    _Rule("additional", "Additional data", MAX_ADDITIONAL_SIZE, "What the flags of the request asked for."),
    _Rule("user_data", "User data", MAX_USER_DATA_SIZE, "Bytes that the guest chose; part of the measured block."),
    _Rule("cuid", "Configuration UID", CUID_SIZE, "Names this run of the guest; made anew at each start."),
)


class ExchangeKind(Enum):
    """What an exchange file is; the value is the plain name."""

    REQUEST = "attestation request"
    RESPONSE = "attestation response"


@dataclass(frozen=True)
class ExchangeFile:
    """An exchange file, taken apart. What is absent is None.

    Args:
        header: its first 64 bytes.
        arcb: the attestation request control block, not looked into.
        measurement: the measurement, if it is stored.
        additional: the additional data, if they are stored.
        user_data: the user data.
        cuid: the configuration UID, 16 bytes; only a response has it.
        tail: number of bytes in the file behind its declared size, which are not looked at.
    """

    header: ExchangeHeaderV1
    arcb: bytes
    measurement: bytes | None = None
    additional: bytes | None = None
    user_data: bytes | None = None
    cuid: bytes | None = None
    tail: int = 0

    @property
    def kind(self) -> ExchangeKind:
        """A response has a configuration UID."""
        return ExchangeKind.REQUEST if self.cuid is None else ExchangeKind.RESPONSE

    @property
    def expected_measurement(self) -> int:
        """Bytes of measurement that a request announces; at least this much buffer is needed."""
        return self.header.measurement.entry_size

    @property
    def expected_additional(self) -> int:
        """The most bytes of additional data that a request announces."""
        return self.header.additional.entry_size

    def part(self, name: str) -> bytes | None:
        """The content of a part by the name of its entry."""
        content: bytes | None = getattr(self, name)
        return content

    def build(self) -> bytes:
        """The bytes of the file, parts packed in entry order, without a tail.

        Raises:
            FormatError: if a part is larger than its limit.
        """
        at = EXCHANGE_HEADER_SIZE
        entries: dict[str, Any] = {}
        pieces = []
        for rule in _RULES:
            content = self.part(rule.name)
            if not content:
                announced: Entry = getattr(self.header, rule.name)
                entries[rule.name] = Entry() if announced.offset else announced
                continue
            _require_size(rule, len(content))
            entries[rule.name] = Entry(entry_size=len(content), offset=at)
            pieces.append(content)
            at += len(content)
        return ExchangeHeaderV1(total=at, **entries).build() + b"".join(pieces)

    def dissect(self, opened: RequestSecretsV1 | None = None) -> Field:
        """The field tree of the file.

        Args:
            opened: the decrypted part of the request, if it could be opened.
        """
        children = [dataclasses.replace(self.header.dissect(), name="header")]
        stored = [(self.header.entries[rule.name].offset, rule) for rule in _RULES if self.part(rule.name) is not None]
        for offset, rule in sorted(stored, key=lambda place: place[0]):
            children.append(self._dissect_part(rule, offset, opened))
        end = self.header.total
        if self.tail:
            children.append(
                Field(
                    name="tail",
                    title="Tail",
                    offset=end,
                    length=self.tail,
                    meaning="Bytes behind the declared end of the file; they are ignored.",
                    reference=Entry.REFERENCE,
                )
            )
        return Field(
            name="exchange",
            title=f"{self.kind.value[:1].upper()}{self.kind.value[1:]} (exchange file)",
            offset=0,
            length=end + self.tail,
            value=f"{end} bytes",
            reference=Entry.REFERENCE,
            children=tuple(children),
        )

    def _dissect_part(self, rule: _Rule, offset: int, opened: RequestSecretsV1 | None) -> Field:
        content = self.part(rule.name) or b""
        children: tuple[Field, ...] = ()
        meaning = rule.meaning
        if rule.name == "arcb":
            try:
                children = dissect_arcb(parse_arcb(content), offset, opened).children
            except FormatError as error:
                meaning = f"It cannot be taken apart: {error.what}"
        elif rule.name == "additional":
            children = tuple(dissect_additional_data(self._paf(), content, offset))
        return Field(
            name=rule.name,
            title=rule.title,
            offset=offset,
            length=len(content),
            raw=content,
            value=byte_count(len(content)) if children else content.hex(),
            meaning=meaning,
            protection=Protection.AUTHENTICATED,
            reference="attestation.md#arcb" if rule.name == "arcb" else Entry.REFERENCE,
            children=children,
        )

    def _paf(self) -> int:
        try:
            return parse_arcb(self.arcb).paf
        except FormatError:
            return 0


def build_request(arcb: bytes, paf: int) -> bytes:
    """The exchange file of a new request.

    Args:
        arcb: the attestation request control block.
        paf: its flags: they tell how large the answer will be.
    """
    header = ExchangeHeaderV1(
        total=0,
        arcb=Entry(),
        measurement=Entry(entry_size=MEASUREMENT_SIZE),
        additional=Entry(entry_size=expected_additional_size(paf)),
    )
    return ExchangeFile(header, arcb).build()


def build_response(
    arcb: bytes, *, measurement: bytes, cuid: bytes, additional: bytes = b"", user_data: bytes = b""
) -> bytes:
    """The exchange file of an answer; empty additional and user data are absent.

    Raises:
        FormatError: if a part has a size that the format does not allow.
    """
    if len(cuid) != CUID_SIZE:
        raise FormatError(f"The configuration UID must have {CUID_SIZE} bytes; it has {len(cuid)}.")
    header = ExchangeHeaderV1(total=0, arcb=Entry())
    return ExchangeFile(
        header, arcb, measurement=measurement, additional=additional or None, user_data=user_data or None, cuid=cuid
    ).build()


def parse_exchange(data: bytes) -> ExchangeFile:
    """Read an exchange file, request or response; the request control block itself is not looked into.

    Raises:
        FormatError: on anything else. Sizes are refused before any part is copied.
    """
    if len(data) < EXCHANGE_HEADER_SIZE:
        raise FormatError(
            f"The exchange file is cut off: {len(data)} bytes; its header alone has {EXCHANGE_HEADER_SIZE}.",
            offset=len(data),
            remedy=_DAMAGED,
        )
    header = ExchangeHeaderV1.parse(data)
    if header.total > len(data):
        raise FormatError(
            f"The exchange file says that it has {header.total} bytes; only {len(data)} are there.",
            offset=0x0C,
            remedy=_DAMAGED,
        )
    _require_places(header)
    parts = {
        rule.name: data[entry.offset : entry.offset + entry.entry_size]
        for rule in _RULES
        if (entry := header.entries[rule.name]).entry_size and entry.offset
    }
    if "arcb" not in parts:
        raise FormatError("The exchange file contains no attestation request.", offset=0x18, remedy=_DAMAGED)
    return ExchangeFile(header, parts.pop("arcb"), tail=len(data) - header.total, **parts)


def parse_request(data: bytes) -> ExchangeFile:
    """Read an exchange file as the request in it; a response carries its request too.

    Raises:
        FormatError: if it is none, or announces no room for the answer.
    """
    file = parse_exchange(data)
    if not file.expected_measurement:
        raise FormatError(
            "The exchange file announces no room for the measurement; at least 1 byte is needed.",
            offset=0x20,
            remedy=_DAMAGED,
        )
    return file


def parse_response(data: bytes) -> ExchangeFile:
    """Read an exchange file that must be a response.

    Raises:
        FormatError: if it is none, or is a request that was not answered yet.
    """
    file = parse_exchange(data)
    for rule in (_RULES[1], _RULES[4]):
        if file.part(rule.name) is None:
            raise FormatError(
                f"The exchange file contains no attestation response: the {rule.title[:1].lower()}{rule.title[1:]} "
                "is missing.",
                remedy="This is a request that was not answered: perform the attestation in the guest first.",
            )
    return file


def _require_places(header: ExchangeHeaderV1) -> None:
    """Refuse entries that are too large, lie outside the file or over each other."""
    end_of_last, last = EXCHANGE_HEADER_SIZE, "header"
    for rule in _RULES:
        _require_size(rule, header.entries[rule.name].entry_size)
    cuid = header.cuid
    if cuid.offset and cuid.entry_size not in (0, CUID_SIZE):
        raise FormatError(
            f"The configuration UID has {cuid.entry_size} bytes; {CUID_SIZE} are expected.",
            offset=0x38,
            remedy=_DAMAGED,
        )
    placed = [(entry.offset, rule, entry) for rule in _RULES if (entry := header.entries[rule.name]).entry_size]
    for offset, rule, entry in sorted((place for place in placed if place[0]), key=lambda place: place[0]):
        if offset < end_of_last:
            raise FormatError(
                f"The {rule.title} at 0x{offset:x} lies over the {last}, which ends at 0x{end_of_last:x}.",
                offset=offset,
                remedy=_DAMAGED,
            )
        end_of_last, last = offset + entry.entry_size, rule.title
        if end_of_last > header.total:
            raise FormatError(
                f"The {rule.title} ends at 0x{end_of_last:x}, behind the end of the file.",
                offset=offset,
                remedy=_DAMAGED,
            )


def _require_size(rule: _Rule, size: int) -> None:
    if size > rule.limit:
        raise FormatError(f"The {rule.title} has {size} bytes; {rule.limit} are the most.", remedy=_DAMAGED)
