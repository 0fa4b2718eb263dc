"""Why a measurement differs: which replaced piece makes it equal (resources/help/attestation.md#likely-causes).

A cause that is found explains a failure; it never changes the verdict.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice, product
from typing import TYPE_CHECKING

from seworkbench.crypto.measurement import measurement, same_measurement, secret_store_hash
from seworkbench.errors import FormatError
from seworkbench.formats.additional_data import (
    ATTESTATION_PHKH,
    FIRMWARE_STATE,
    IMAGE_PHKH,
    SECRET_STORE_HASH,
    PartKind,
    asked_kinds,
    split_additional_data,
)
from seworkbench.formats.exchange import MAX_USER_DATA_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seworkbench.attestation.known import Known
    from seworkbench.attestation.measured_block import BlockValues
    from seworkbench.formats.arcb import Arcb, RequestSecretsV1
    from seworkbench.secret import Secret

# What a part of the additional data could be instead: its content, and whose it is.
Candidates = Mapping[PartKind, Mapping[bytes, str]]

# Each try is one HMAC over less than 1 KiB; this many take some tenths of a second.
_MOST_TRIES = 60_000
_BITS = 8


@dataclass(frozen=True, slots=True)
class Attempt:
    """A block that could have been measured instead.

    Args:
        values: the block.
        key: the measurement key.
    """

    values: BlockValues
    key: Secret

    def with_values(self, **changes: object) -> Attempt:
        """The same with some values replaced."""
        return dataclasses.replace(self, values=dataclasses.replace(self.values, **changes))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Substitution:
    """One replacement.

    Args:
        group: what is replaced; two replacements of one group exclude each other.
        sentence: what it would mean.
        apply: makes the other block.
    """

    group: str
    sentence: str
    apply: Callable[[Attempt], Attempt]


@dataclass(frozen=True, slots=True)
class Cause:
    """Replacements that make the measurement equal.

    Args:
        groups: what had to be replaced ("header", "user data", "nonce", "additional data", "request", "bit").
        sentences: what each replacement means.
    """

    groups: tuple[str, ...]
    sentences: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True)
class CauseSearch:
    """What came of looking for a cause.

    Args:
        cause: the replacements that fit, the fewest that do; None if none fit.
        tried: number of blocks that were measured.
        groups: what was replaced, in order.
    """

    cause: Cause | None
    tried: int
    groups: tuple[str, ...]

    @property
    def amount(self) -> str:
        """How many blocks were measured, in words."""
        return f"{self.tried} block{'' if self.tried == 1 else 's'}"


def find_cause(
    attempt: Attempt, received: bytes, arcb: Arcb, known: Known, header_keys: tuple[bytes, ...]
) -> CauseSearch:
    """Look for the replacements that make a measurement equal: first one, then two, then a single bit.

    Args:
        attempt: the block that should have been measured.
        received: the measurement of the response.
        arcb: the request.
        known: what could be put in.
        header_keys: PHKHs of the key slots of the SE header.
    """
    substitutions = list(_substitutions(attempt.values, arcb, known, header_keys))
    groups = tuple(dict.fromkeys(one.group for one in substitutions))
    singles = ((one,) for one in substitutions)
    pairs = (
        pair for pair in product(substitutions, repeat=2) if groups.index(pair[0].group) < groups.index(pair[1].group)
    )
    tried = 0
    for chosen in islice((*singles, *islice(pairs, _MOST_TRIES)), _MOST_TRIES):
        changed = attempt
        for one in chosen:
            changed = one.apply(changed)
        tried += 1
        if _fits(changed, received):
            return CauseSearch(Cause(tuple(o.group for o in chosen), tuple(o.sentence for o in chosen)), tried, groups)
    groups = (*groups, "bit")
    for name, title in _FLIPPED.items():
        whole = getattr(attempt.values, name)
        for bit in range(len(whole) * _BITS):
            tried += 1
            if _fits(attempt.with_values(**{name: flipped(whole, bit)}), received):
                sentence = f"Bit {bit % _BITS} of byte {bit // _BITS} of the {title} was flipped."
                return CauseSearch(Cause(("bit",), (sentence,)), tried, groups)
    computed = measurement(attempt.key, attempt.values.build())
    difference = int.from_bytes(computed, "big") ^ int.from_bytes(received, "big")
    if difference.bit_count() == 1:
        bit = len(computed) * _BITS - difference.bit_length()
        sentence = f"Bit {bit % _BITS} of byte {bit // _BITS} of the measurement itself was flipped."
        return CauseSearch(Cause(("bit",), (sentence,)), tried, groups)
    return CauseSearch(None, tried, groups)


# What a single flipped bit is looked for in. Bits count from the most significant one, as everywhere in the format.
_FLIPPED = {"cuid": "configuration UID", "user_data": "user data", "additional": "additional data"}


def flipped(content: bytes, bit: int) -> bytes:
    """`content` with one bit inverted, counted from the most significant bit of the first byte."""
    at, mask = bit // _BITS, 0x80 >> bit % _BITS
    return content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]


def _fits(attempt: Attempt, received: bytes) -> bool:
    return same_measurement(measurement(attempt.key, attempt.values.build()), received)


def _substitutions(
    values: BlockValues, arcb: Arcb, known: Known, header_keys: tuple[bytes, ...]
) -> Iterator[Substitution]:
    for found in known.headers:
        header = found.header
        yield _replacing(
            "header",
            f"The guest was started from the SE header of {found.name}.",
            pld=header.pld,
            ald=header.ald,
            tld=header.tld,
            header_tag=header.tag,
        )
    for request in known.requests:
        yield Substitution(
            "request",
            f"This is the answer to the request {request.name}.",
            partial(_as_answer_to, request.secrets),
        )
    yield from _user_data(values, known)
    if values.nonce:
        yield _replacing("nonce", "The nonce was left out: the answer is not bound to this request.", nonce=b"")
    yield from _additional(values, arcb, known, header_keys)


def _replacing(group: str, sentence: str, **changes: object) -> Substitution:
    return Substitution(group, sentence, lambda attempt: attempt.with_values(**changes))


def _user_data(values: BlockValues, known: Known) -> Iterator[Substitution]:
    if content := values.user_data:
        yield _replacing("user data", "No user data was measured: it was added to the response.", user_data=b"")
        if len(content) < MAX_USER_DATA_SIZE:
            padded = content.ljust(MAX_USER_DATA_SIZE, b"\0")
            yield _replacing("user data", "The user data was measured padded to 256 bytes.", user_data=padded)
            yield _replacing(
                "user data",
                "The user data was measured padded to 256 bytes, under its own length.",
                user_data=padded,
                user_data_length=len(content),
            )
        if (stripped := content.rstrip(b"\0")) not in (b"", content):
            yield _replacing("user data", "Zeros were added behind the user data.", user_data=stripped)
    for name, other in known.user_data:
        if other != content:
            yield _replacing(
                "user data", f"The user data measured was {name}, not what the response says.", user_data=other
            )


def _additional(
    values: BlockValues, arcb: Arcb, known: Known, header_keys: tuple[bytes, ...]
) -> Iterator[Substitution]:
    names = {key.phkh: f"that of {key.name}" for key in known.host_keys}
    for number, slot in enumerate(arcb.keyslots, start=1):
        names.setdefault(slot.phkh, f"that of key slot {number} of the request")
    for number, phkh in enumerate(header_keys, start=1):
        names.setdefault(phkh, f"that of key slot {number} of the SE header")
    stores = {
        secret_store_hash((), locked=locked): f"that of an empty, {'locked' if locked else 'open'} store"
        for locked in (False, True)
    }
    candidates = {IMAGE_PHKH: names, ATTESTATION_PHKH: names, SECRET_STORE_HASH: stores}
    if values.additional:
        return _changed_data(values, arcb, candidates)
    return _removed_data(arcb, candidates)


def _removed_data(arcb: Arcb, candidates: Candidates) -> Iterator[Substitution]:
    asked = asked_kinds(arcb.paf)
    if not asked or FIRMWARE_STATE in asked:
        return
    for contents in product(*(candidates[kind] for kind in asked)):
        yield _replacing(
            "additional data", "The additional data was taken out of the response.", additional=b"".join(contents)
        )


def _changed_data(values: BlockValues, arcb: Arcb, candidates: Candidates) -> Iterator[Substitution]:
    yield _replacing(
        "additional data", "No additional data was measured: it was added to the response.", additional=b""
    )
    try:
        parts = split_additional_data(arcb.paf, values.additional)
    except FormatError:
        return
    for part in parts:
        if part.kind is None:
            shorter = values.additional[: part.offset]
            yield _replacing("additional data", "Bytes were added behind the additional data.", additional=shorter)
            continue
        for content, name in candidates.get(part.kind, {}).items():
            if content != part.content:
                yield Substitution(
                    part.title,
                    f"The {part.title} in the response was exchanged; {name} was measured.",
                    partial(_with_part, part.offset, content),
                )


def _with_part(offset: int, content: bytes, attempt: Attempt) -> Attempt:
    whole = attempt.values.additional
    return attempt.with_values(additional=whole[:offset] + content + whole[offset + len(content) :])


def _as_answer_to(secrets: RequestSecretsV1, attempt: Attempt) -> Attempt:
    return dataclasses.replace(attempt.with_values(nonce=secrets.nonce), key=secrets.measurement_key)
