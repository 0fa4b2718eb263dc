"""A report of an attestation: what was measured, that it is equal or not, and what the policies say."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.attestation.measured_block import PieceFile
from seworkbench.report.block_drawing import block_drawing
from seworkbench.report.inputs import content_input, file_input, key_input
from seworkbench.report.model import Clock, Column, Fact, HandStep, Input, Report, Section, Table
from seworkbench.report.text import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seworkbench.attestation.measured_block import MeasuredBlock, Piece
    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.attestation.verify import AttestationVerification

# It is decrypted from the request: not to be read by who has only the response, so it is in no report.
_KEPT_BACK = "nonce"


def attestation_report(
    result: PolicyResult,
    response: bytes,
    *,
    response_file: Path | None = None,
    header_file: Path | None = None,
    protection_key: Path | None = None,
    clock: Clock = Clock.COMPUTER,
    other_inputs: Sequence[Input] = (),
    notes: str = "",
) -> Report:
    """A report of a response that was verified and judged.

    Args:
        result: what came of it; `seworkbench.attestation.policy.open_points` makes one without policies.
        response: the response.
        response_file: the file it came from; None if it came from elsewhere.
        header_file: the image or header that it was compared with; None if that came from elsewhere.
        protection_key: file of the key of the request.
        clock: where the instant of the verification comes from.
        other_inputs: further files, such as host key documents.
        notes: words of the reviewer.

    Raises:
        SeError: if a file cannot be read.
    """
    found = result.verification
    header = found.header
    inputs = [
        content_input(str(response_file or "response"), "attestation response", response),
        file_input(header_file, "SE image or header")
        if header_file is not None
        else content_input(header.name, "SE header", header.header.build()),
    ]
    if protection_key is not None:
        inputs.append(key_input(protection_key, "protection key of the request"))
    return Report(
        title="Attestation",
        subject=_subject(found),
        at=found.verified_at,
        clock=clock,
        inputs=(*inputs, *other_inputs),
        facts=tuple(_facts(found)),
        sections=tuple(_sections(result)),
        simulated=found.simulated,
        by_hand=tuple(_by_hand(found, response_file, header_file)),
        notes=notes,
    )


def _subject(found: AttestationVerification) -> str:
    name = Path(found.header.name).name
    return f"Whether the guest that answered was started from the image with the SE header of {name}, and what it says."


def _facts(found: AttestationVerification) -> Iterator[Fact]:
    yield Fact("Header tag", found.header.header.tag.hex(), code=True)
    if found.arcb_sha256 is not None:
        yield Fact("Request, SHA-256", found.arcb_sha256.hex(), code=True)
    if found.response is None:
        return
    if found.response.cuid:
        yield Fact("Configuration UID", found.response.cuid.hex(), code=True)
    if found.response.user_data:
        yield Fact("User data", found.response.user_data.hex(), code=True)
        text = found.response.user_data.decode("utf-8", "replace").rstrip("\n")
        if text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in text:
            yield Fact("User data as text", text)


def _sections(result: PolicyResult) -> Iterator[Section]:
    found = result.verification
    if found.block is not None and found.computed is not None and found.response is not None:
        equal = "They are equal." if found.measurement_equal else "They are not equal."
        received = found.response.measurement
        yield Section(
            "Measurement",
            "The Ultravisor computed an HMAC-SHA-512 over this block with a key that only it and whoever made the "
            f"request can know. Here the same was done with the expected header. {equal}",
            drawing=block_drawing(found.block),
            facts=(
                Fact("Computed here", found.computed.hex(), code=True),
                Fact("In the response", received.hex() if received else NOTHING, code=True),
            ),
            table=_pieces_table(found.block),
        )
    if found.resolved:
        rows = tuple((key.kind.title, key.phkh.hex(), key.sentence) for key in found.resolved)
        columns = (Column("Hash", 3), Column("Value", 7, code=True), Column("Belongs to", 5))
        yield Section(
            "Host keys in the answer",
            "Which host keys opened the image and the request, as the Ultravisor says.",
            table=Table(columns, rows),
        )
    if found.error is None:
        yield Section(
            "Policies",
            "What was expected, and what came. What came and was compared with nothing is a warning.",
            check=result.policy,
        )
    yield Section("Checks", "Nothing stopped at the first failure.", check=found.check)


def _pieces_table(block: MeasuredBlock) -> Table:
    columns = (
        Column("Piece", 5),
        Column("Bytes", 2),
        Column("Written by", 5),
        Column("Read from", 6),
        Column("Position in the block", 4),
    )
    rows = tuple(
        (piece.title, str(piece.size), piece.written_by, _place(piece), f"0x{piece.at:x}")
        for piece in block.pieces
        if piece.size
    )
    return Table(columns, rows)


def _place(piece: Piece) -> str:
    if piece.offset is None or piece.file is PieceFile.NONE:
        return "computed"
    encrypted = ", encrypted" if piece.name == _KEPT_BACK else ""
    return f"{piece.file.value} at 0x{piece.offset:x}{encrypted}"


def _by_hand(
    found: AttestationVerification, response_file: Path | None, header_file: Path | None
) -> Iterator[HandStep]:
    if found.block is None or found.response is None:
        return
    files = ((PieceFile.SE_HEADER, header_file), (PieceFile.RESPONSE, response_file))
    for kind, path in files:
        if path is None:
            continue
        pieces = [
            piece
            for piece in found.block.pieces
            if piece.file is kind and piece.offset is not None and piece.size and piece.name != _KEPT_BACK
        ]
        names = ", ".join(piece.title for piece in pieces)
        yield HandStep(
            f"Pieces of the measured block that lie in the {kind.value}: {names}.",
            "\n".join(_read(path, piece.offset or 0, piece.size) for piece in pieces),
            "\n".join(piece.content.hex() for piece in pieces),
        )
    place = found.response.header.entries["measurement"]
    if response_file is not None and found.response.measurement:
        yield HandStep(
            "The measurement in the response. To compute it takes the key and the nonce inside the request, which are "
            "secret and in no report.",
            _read(response_file, place.offset, place.entry_size),
            found.response.measurement.hex(),
        )


def _read(path: Path, offset: int, size: int) -> str:
    file = shlex.quote(f"./{path}" if str(path).startswith("-") else str(path))
    return f"od -An -v -tx1 -j {offset} -N {size} {file} | tr -d ' \\n'; echo"
