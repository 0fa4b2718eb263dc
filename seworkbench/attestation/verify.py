"""Verifying a response: is this the guest that I built, and did a genuine machine vouch for it?

The steps and what each proves: resources/help/attestation.md#verify.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seworkbench.attestation.causes import Attempt, CauseSearch, find_cause
from seworkbench.attestation.known import SIMULATED_MARK, FoundHeader, Known
from seworkbench.attestation.measured_block import MeasuredBlock, measured_block
from seworkbench.checks import Check, Step, group
from seworkbench.crypto.measurement import measurement, same_measurement
from seworkbench.crypto.request_seal import open_request
from seworkbench.errors import FormatError
from seworkbench.formats.additional_data import (
    ATTESTATION_PHKH,
    FIRMWARE_STATE,
    IMAGE_PHKH,
    AdditionalPart,
    PartKind,
    asked_kinds,
    split_additional_data,
)
from seworkbench.formats.arcb import Arcb, parse_arcb
from seworkbench.formats.exchange import parse_response
from seworkbench.formats.flags import PAF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from seworkbench.formats.arcb import RequestSecretsV1
    from seworkbench.formats.exchange import ExchangeFile
    from seworkbench.formats.layout import Field
    from seworkbench.secret import Secret

_AGAIN = "Perform the attestation again with a new request."

FORM = Step("attest.response.form", "Response is well-formed", "attestation.md#exchange-file", _AGAIN)
SPARE = Step("attest.response.reserved", "Reserved bytes of the response are zero", "attestation.md#exchange-file")
TAIL = Step("attest.response.tail", "Nothing lies behind the response", "attestation.md#exchange-file")
REQUEST_FORM = Step("attest.request.form", "Request in it is well-formed", "attestation.md#arcb", _AGAIN)
RESERVED = Step("attest.request.reserved", "Reserved bytes of the request are zero", "attestation.md#arcb")
FLAGS = Step("attest.request.flags", "Flags of the request are known", "attestation.md#flags")
OPENS = Step(
    "attest.request.opens",
    "The protection key opens the request",
    "attestation.md#arcb-encrypted-part",
    "Use the protection key that was written when this request was created; if it is the right one, the request was "
    "changed on its way.",
)
HEADER = Step("attest.header.found", "There is an SE header to compare with", "image-layout.md#finding-the-header")
EQUAL = Step(
    "attest.measurement.equal",
    "Measurement is equal",
    "attestation.md#measured-block",
    "Compare with the header of the very image that was started; then attest again with a new request.",
)
CAUSE = Step("attest.measurement.cause", "Likely cause", "attestation.md#likely-causes")
COMPLETE = Step("attest.data.complete", "Data asked for is there", "attestation.md#additional-data", _AGAIN)
UNASKED = Step("attest.data.unasked", "No data that nobody asked for", "attestation.md#additional-data")
IMAGE_KEY = Step(
    "attest.data.image-phkh",
    "Image PHKH names a key slot of the SE header",
    "attestation.md#additional-data",
    "Check that this is the header of the very image that was started.",
)
ATTESTATION_KEY = Step(
    "attest.data.attestation-phkh",
    "Attestation PHKH names a key slot of the request",
    "attestation.md#additional-data",
    _AGAIN,
)


@dataclass(frozen=True, slots=True)
class ResolvedKey:
    """A host key hash of a response, and what it belongs to.

    Args:
        kind: image or attestation PHKH.
        phkh: the hash, 32 bytes.
        header_slots: indices of the key slots of the SE header with that hash.
        request_slots: indices of the key slots of the request with that hash.
        documents: names of the documents for that key.
    """

    kind: PartKind
    phkh: bytes
    header_slots: tuple[int, ...]
    request_slots: tuple[int, ...]
    documents: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Everything the hash belongs to, or "unknown"."""
        places = [f"key slot {index + 1} of the SE header" for index in self.header_slots]
        places += [f"key slot {index + 1} of the request" for index in self.request_slots]
        places += [f"document {name}" for name in self.documents]
        return ", ".join(places) or "unknown"


@dataclass(frozen=True)
class AttestationVerification:
    """The result of verifying a response.

    Args:
        check: the whole tree.
        verified_at: the instant of verification, aware, UTC.
        response_sha256: SHA-256 of the whole response file, 32 bytes: policies are bound to these bytes.
        header: the SE header compared with.
        response: the response; None if it is malformed.
        arcb: the request in it; None if it is malformed.
        opened: its opened part; None if the protection key does not open it.
        block: the measured block; None if it could not be put together.
        computed: the measurement computed from it, 64 bytes.
        parts: the additional data, split.
        resolved: the host key hashes in it.
        search: what was tried to explain a difference; None if there is none.
        known: what was known beside the response.
        error: why nothing could be judged: malformed files or a wrong protection key; None if it could.
    """

    check: Check
    verified_at: datetime
    response_sha256: bytes
    header: FoundHeader
    response: ExchangeFile | None = None
    arcb: Arcb | None = None
    opened: RequestSecretsV1 | None = None
    block: MeasuredBlock | None = None
    computed: bytes | None = None
    parts: tuple[AdditionalPart, ...] = ()
    resolved: tuple[ResolvedKey, ...] = ()
    search: CauseSearch | None = None
    known: Known = field(default_factory=Known)
    error: FormatError | None = None

    @property
    def measurement_equal(self) -> bool:
        """Whether the measurement was computed and is the one in the response."""
        received = self.response.measurement if self.response else None
        return self.computed is not None and received is not None and same_measurement(self.computed, received)

    @property
    def arcb_sha256(self) -> bytes | None:
        """SHA-256 of the request control block, 32 bytes: names the request."""
        return hashlib.sha256(self.response.arcb).digest() if self.response else None

    @property
    def simulated(self) -> bool:
        """Whether firmware state or configuration UID say that a simulated machine answered."""
        cuid = self.response.cuid if self.response else None
        return any((said or b"").startswith(SIMULATED_MARK) for said in (self.part(FIRMWARE_STATE), cuid))

    def part(self, kind: PartKind) -> bytes | None:
        """A part of the additional data."""
        return next((part.content for part in self.parts if part.kind is kind), None)

    def dissect(self) -> Field | None:
        """The field tree of the response, the request in it opened if it could be; None if it is malformed."""
        return self.response.dissect(self.opened) if self.response else None

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON; no secrets."""
        record: dict[str, Any] = {
            "verdict": self.check.verdict.value,
            "verified_at": self.verified_at.isoformat(),
            "simulated": self.simulated,
            "response_sha256": self.response_sha256.hex(),
            "header": {"file": self.header.name, "offset": self.header.offset, "tag": self.header.header.tag.hex()},
        }
        if self.response and self.response.cuid:
            record["request_sha256"] = hashlib.sha256(self.response.arcb).hexdigest()
            record["cuid"] = self.response.cuid.hex()
            record["user_data"] = (self.response.user_data or b"").hex()
            record["additional_data"] = {part.name: part.content.hex() for part in self.parts}
        if self.resolved:
            record["host_keys"] = [
                {
                    "name": key.kind.name,
                    "phkh": key.phkh.hex(),
                    "header_slots": [index + 1 for index in key.header_slots],
                    "request_slots": [index + 1 for index in key.request_slots],
                    "documents": list(key.documents),
                }
                for key in self.resolved
            ]
        if self.block:
            record["measured_block"] = self.block.to_json()
        if self.computed and self.response and self.response.measurement:
            record["measurement"] = {"computed": self.computed.hex(), "received": self.response.measurement.hex()}
        if self.search:
            record["likely_cause"] = list(self.search.cause.sentences) if self.search.cause else []
        record["checks"] = self.check.to_json()
        return record


def verify_response(
    response: bytes, header: FoundHeader, protection_key: Secret, *, at: datetime, known: Known | None = None
) -> AttestationVerification:
    """Verify a response.

    Args:
        response: the whole response file.
        header: the SE header of the image that is expected.
        protection_key: the protection key of the request (ARPK), 32 bytes.
        at: the instant of verification, aware, UTC.
        known: what else is known; it explains failures and gives names, and never makes anything pass.

    Returns:
        The result. Malformed files and a wrong protection key are told by its `error`: they say nothing about a guest.
    """
    known = known or Known()
    digest = hashlib.sha256(response).digest()
    found = group("attest.header", "SE header", [_header_found(header)])
    try:
        file = parse_response(response)
    except FormatError as error:
        checks = [
            group("attest.response", "Response", [_broken(FORM, error)]),
            _skipped_request("The response cannot be read."),
            found,
            *_skipped("The response cannot be read."),
        ]
        return AttestationVerification(_whole(checks), at, digest, header, known=known, error=error)
    form = group("attest.response", "Response", [FORM.passed(f"{file.header.total} bytes."), *_surroundings(file)])
    try:
        arcb = parse_arcb(file.arcb)
    except FormatError as error:
        checks = [
            form,
            group(
                "attest.request",
                "Request",
                [_broken(REQUEST_FORM, error), *_not_checked((RESERVED, FLAGS, OPENS), "The request cannot be read.")],
            ),
            found,
            *_skipped("The request cannot be read."),
        ]
        return AttestationVerification(_whole(checks), at, digest, header, response=file, known=known, error=error)
    request = [REQUEST_FORM.passed(f"{arcb.summary()}."), _reserved(arcb), _flags(arcb)]
    try:
        opened = open_request(arcb, protection_key)
    except FormatError as error:
        request.append(_broken(OPENS, error))
        reason = "The request does not open, so nothing is known about what was measured."
        checks = [form, group("attest.request", "Request", request), found, *_skipped(reason)]
        return AttestationVerification(
            _whole(checks), at, digest, header, response=file, arcb=arcb, known=known, error=error
        )
    request.append(
        OPENS.passed("Its tag is right: no bit of the request was changed.", ("request tag", arcb.tag.hex()))
    )
    return _judge(
        file=file,
        header=header,
        arcb=arcb,
        opened=opened,
        known=known,
        at=at,
        digest=digest,
        checks=[form, group("attest.request", "Request", request), found],
    )


def _judge(
    *,
    file: ExchangeFile,
    header: FoundHeader,
    arcb: Arcb,
    opened: RequestSecretsV1,
    known: Known,
    at: datetime,
    digest: bytes,
    checks: list[Check],
) -> AttestationVerification:
    """The part that says something about the guest."""
    block = measured_block(header.header, header.offset, file, arcb, opened)
    computed = measurement(opened.measurement_key, block.build())
    received = file.measurement or b""
    search = None
    measured = [_equal(computed, received)]
    if not same_measurement(computed, received):
        header_keys = tuple(slot.phkh for slot in header.header.keyslots)
        search = find_cause(Attempt(block.values, opened.measurement_key), received, arcb, known, header_keys)
        measured.append(_cause(search))
    checks.append(group("attest.measurement", "Measurement", measured))
    data, parts = _data(arcb, file)
    resolved = tuple(
        _resolve(part, header, arcb, known) for part in parts if part.kind in (IMAGE_PHKH, ATTESTATION_PHKH)
    )
    data += [_slot(key, header, arcb) for key in resolved]
    # Without an equal measurement nobody vouches for the data; what they say still helps to find out why.
    title = "Data of the answer" if search is None else "Data of the answer (not authentic)"
    checks.append(group("attest.data", title, data))
    return AttestationVerification(
        check=_whole(checks),
        verified_at=at,
        response_sha256=digest,
        header=header,
        response=file,
        arcb=arcb,
        opened=opened,
        block=block,
        computed=computed,
        parts=parts,
        resolved=resolved,
        search=search,
        known=known,
    )


def _whole(checks: Iterable[Check]) -> Check:
    return group("attest", "Verification of the response", checks)


def _broken(step: Step, error: FormatError) -> Check:
    """A step that shows why nothing can be judged. It does not make the guest's verdict "failed"."""
    return dataclasses.replace(step.failed(error.what), required=False, remedy=error.remedy or step.remedy)


def _not_checked(steps: Iterable[Step], reason: str) -> list[Check]:
    return [step.not_checked(reason) for step in steps]


def _skipped_request(reason: str) -> Check:
    return group("attest.request", "Request", _not_checked((REQUEST_FORM, RESERVED, FLAGS, OPENS), reason))


def _skipped(reason: str) -> list[Check]:
    return [
        group("attest.measurement", "Measurement", _not_checked((EQUAL,), reason)),
        group("attest.data", "Data of the answer", _not_checked((COMPLETE,), reason)),
    ]


def _header_found(header: FoundHeader) -> Check:
    return HEADER.passed(
        f"In {header.name} at 0x{header.offset:x}, {header.method}.", ("header tag", header.header.tag.hex())
    )


def _surroundings(file: ExchangeFile) -> Iterator[Check]:
    """What the format has no use for."""
    spare = file.header.res1
    yield SPARE.note("They are not zero.", ("bytes", spare.hex())) if any(spare) else SPARE.passed()
    if file.tail:
        yield TAIL.note(f"{file.tail} bytes behind its declared end are ignored.")
    else:
        yield TAIL.passed()


def _reserved(arcb: Arcb) -> Check:
    if any(arcb.reserved):
        return RESERVED.note("They are not zero.", ("bytes", arcb.reserved.hex()))
    return RESERVED.passed()


def _flags(arcb: Arcb) -> Check:
    shown = ("flags", f"0x{arcb.paf:016x}")
    if unknown := PAF.unknown_in(arcb.paf):
        return FLAGS.warning(f"Bits without a published meaning are set: 0x{unknown:016x}.", shown)
    return FLAGS.passed(f"Set: {', '.join(flag.name for flag in PAF.set_in(arcb.paf)) or 'none'}.", shown)


def _equal(computed: bytes, received: bytes) -> Check:
    shown = (("computed here", computed.hex()), ("in the response", received.hex()))
    if same_measurement(computed, received):
        return EQUAL.passed("The guest that answered was started from exactly this SE header.", *shown)
    if len(received) != len(computed):
        return EQUAL.failed(f"The response holds {len(received)} bytes; a measurement has {len(computed)}.", *shown)
    return EQUAL.failed("Calculated and received measurement are not equal.", *shown)


def _cause(search: CauseSearch) -> Check:
    tried = ("tried", f"{search.amount}: {', '.join(search.groups)}")
    if search.cause:
        return CAUSE.note(f"{search.cause} With that taken into account, both would be equal.", tried)
    return CAUSE.note(
        "No replacement of a single piece explains it: another image was started, the image was built again, or the "
        "response was edited.",
        tried,
    )


def _data(arcb: Arcb, file: ExchangeFile) -> tuple[list[Check], tuple[AdditionalPart, ...]]:
    asked = asked_kinds(arcb.paf)
    data = file.additional or b""
    wanted = ("asked for", ", ".join(f"{kind.title} ({kind.size} bytes)" for kind in asked) or "nothing")
    there = ("in the response", f"{len(data)} bytes")
    try:
        parts = split_additional_data(arcb.paf, data)
    except FormatError as error:
        return [COMPLETE.failed(error.what, wanted, there)], ()
    if asked and not data:
        return [COMPLETE.failed("The flags asked for data, but the response has none.", wanted, there)], ()
    checks = [COMPLETE.passed("" if asked else "Nothing was asked for.", wanted, there)]
    rest = [part for part in parts if part.kind is None]
    if rest:
        size = len(rest[0].content)
        checks.append(UNASKED.warning(f"{size} bytes that no flag asked for.", ("bytes", rest[0].content.hex())))
    else:
        checks.append(UNASKED.passed())
    return checks, parts


def _resolve(part: AdditionalPart, header: FoundHeader, arcb: Arcb, known: Known) -> ResolvedKey:
    def places(slots: Sequence[Any]) -> tuple[int, ...]:
        return tuple(index for index, slot in enumerate(slots) if slot.phkh == part.content)

    kind = part.kind or IMAGE_PHKH
    documents = tuple(key.name for key in known.host_keys if key.phkh == part.content)
    return ResolvedKey(kind, part.content, places(header.header.keyslots), places(arcb.keyslots), documents)


def _slot(key: ResolvedKey, header: FoundHeader, arcb: Arcb) -> Check:
    of_image = key.kind is IMAGE_PHKH
    step, slots = (IMAGE_KEY, key.header_slots) if of_image else (ATTESTATION_KEY, key.request_slots)
    where, count = ("SE header", header.header.nks) if of_image else ("request", arcb.nks)
    answer = ("in the answer", key.phkh.hex())
    if slots:
        return step.passed(f"Key slot {slots[0] + 1} of {count}. Known as: {key.sentence}.", answer)
    return step.failed(f"None of the {count} key slots of the {where} has this hash. Known as: {key.sentence}.", answer)
