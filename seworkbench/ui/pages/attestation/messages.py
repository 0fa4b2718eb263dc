"""What travels in each message, taken apart: the fields and the very bytes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.formats.additional_data import dissect_additional_data
from seworkbench.formats.arcb import dissect_arcb, parse_arcb
from seworkbench.formats.exchange import parse_exchange
from seworkbench.formats.layout import Field, Protection
from seworkbench.formats.se_header import dissect_header
from seworkbench.secret import Secret
from seworkbench.ui.pages.attestation.picture import flags_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seworkbench.attestation.measured_block import MeasuredBlock
    from seworkbench.formats.arcb import RequestSecretsV1
    from seworkbench.formats.exchange import ExchangeFile
    from seworkbench.ui.pages.attestation.picture import Situation

_REQUESTS = ("request", "request-out", "request-in")
_RESPONSES = ("response-out", "response-in")
_MEASURED = "attestation.md#measured-block"


@dataclass(frozen=True)
class Opened:
    """A message, opened.

    Args:
        title: what it is.
        said: a sentence about it.
        field: its fields; None if there is nothing yet.
        content: its bytes; those of a secret are zeros.
    """

    title: str
    said: str
    field: Field | None = None
    content: bytes = b""


def open_message(key: str, now: Situation) -> Opened:
    """The content of a message of the diagram.

    Args:
        key: of the message.
        now: the case.
    """
    if key == "header":
        return _header(now)
    if key in _REQUESTS:
        return _request(key, now)
    if key in _RESPONSES:
        return _response(now)
    if key == "ask":
        return _ask(now)
    if key == "answer":
        return _answer(now)
    return _block(now)


def _header(now: Situation) -> Opened:
    found = now.files.header
    if found is None:
        return Opened("SE header", "None was chosen yet: drop an image or a header.")
    return Opened(
        "SE header", f"From {found.name}, at 0x{found.offset:x}.", dissect_header(found.header), found.header.build()
    )


def _request(key: str, now: Situation) -> Opened:
    title = {"request": "Request", "request-out": "Request, to the host", "request-in": "Request, to the guest"}[key]
    if now.files.request is None:
        arcb = now.files.arcb
        if arcb is None:
            return Opened(title, "There is none yet.")
        said = "The request as the response carries it back; its file is not here."
        try:
            return Opened(title, said, dissect_arcb(parse_arcb(arcb), opened=_secrets(now)), arcb)
        except FormatError as error:
            return Opened(title, error.what)
    said = "What leaves this workstation. Measurement key and nonce in it are encrypted for the chosen machines alone."
    if key == "request-in":
        said = "The host carries it as it is: changing one bit makes the Ultravisor refuse it."
    return Opened(title, said, parse_exchange(now.files.request).dissect(_secrets(now)), now.files.request)


def _response(now: Situation) -> Opened:
    title = "Response"
    file = _parsed(now)
    if file is None or now.files.response is None:
        refused = now.state.refusal is not None
        return Opened(title, "There is none: the machine refused the request." if refused else "There is none yet.")
    said = "Request, measurement and data as the guest sent them. The host could change them, but not the measurement."
    return Opened(title, said, file.dissect(_secrets(now)), now.files.response)


def _ask(now: Situation) -> Opened:
    title = "From the guest to the Ultravisor"
    file = _parsed(now)
    arcb = now.files.arcb
    if arcb is None:
        return Opened(title, "There is no request yet.")
    try:
        parts = [dissect_arcb(parse_arcb(arcb), opened=_secrets(now))]
    except FormatError as error:
        return Opened(title, error.what)
    user = (file.user_data if file else None) or b""
    if user:
        parts.append(_field("user_data", "User data", len(arcb), user, "Bytes that the guest has measured along."))
    return _joined(title, "The request, and what the guest adds to it.", parts, arcb + user)


def _answer(now: Situation) -> Opened:
    title = "From the Ultravisor to the guest"
    file = _parsed(now)
    if file is None:
        refusal = now.state.refusal
        refused = f"Refused with {refusal.code}. {refusal.said}" if refusal is not None else ""
        return Opened(title, refused or "There is no answer yet.")
    parts = []
    at = 0
    for name, plain, content, meaning in (
        ("measurement", "Measurement", file.measurement, "HMAC-SHA-512 with the key inside the request."),
        ("additional", "Additional data", file.additional, "What the flags of the request asked for."),
        ("cuid", "Configuration UID", file.cuid, "Names this run of the guest."),
    ):
        if not content:
            continue
        field = _field(name, plain, at, content, meaning)
        if name == "additional":
            children = tuple(dissect_additional_data(flags_of(file.arcb), content, at))
            field = dataclasses.replace(field, children=children)
        parts.append(field)
        at += len(content)
    content = b"".join(part.raw for part in parts if isinstance(part.raw, bytes))
    return _joined(title, "Return code 0x0001, or there would be no response.", parts, content)


def _block(now: Situation) -> Opened:
    block = now.result.verification.block if now.result else None
    if block is None:
        return Opened("Measured block", "It is put together when header, response and protection key are here.")
    return Opened("Measured block", "What both ends compute the HMAC over.", block_field(block), block_bytes(block))


def block_field(block: MeasuredBlock) -> Field:
    """The fields of a measured block; the nonce is a secret of the request."""
    children = tuple(
        dataclasses.replace(
            _field(piece.name, piece.title, piece.at, piece.content, f"Decided by {piece.written_by}."),
            raw=Secret(piece.content) if piece.name == "nonce" else piece.content,
            value="" if piece.name == "nonce" else piece.content.hex(),
            reference=_MEASURED,
        )
        for piece in block.pieces
        if piece.size
    )
    size = sum(piece.size for piece in block.pieces)
    return Field(
        "block", "Measured block", 0, size, value=f"{size} bytes", reference=_MEASURED, children=children,
        meaning="The Ultravisor measures it; here it is put together from what is expected.",
    )  # fmt: skip


def block_bytes(block: MeasuredBlock) -> bytes:
    """Its bytes; zeros where the nonce is."""
    return b"".join(bytes(piece.size) if piece.name == "nonce" else piece.content for piece in block.pieces)


def _parsed(now: Situation) -> ExchangeFile | None:
    try:
        return parse_exchange(now.files.response) if now.files.response is not None else None
    except FormatError:
        return None


def _secrets(now: Situation) -> RequestSecretsV1 | None:
    return now.result.verification.opened if now.result else None


def _field(name: str, title: str, offset: int, raw: bytes, meaning: str) -> Field:
    return Field(
        name=name,
        title=title,
        offset=offset,
        length=len(raw),
        raw=raw,
        value=raw.hex(),
        meaning=meaning,
        protection=Protection.AUTHENTICATED,
        reference="attestation.md#perform",
    )


def _joined(title: str, said: str, parts: Iterable[Field], content: bytes) -> Opened:
    field = Field("message", title, 0, len(content), value=f"{len(content)} bytes", meaning=said, children=tuple(parts))
    return Opened(title, said, field, content)
