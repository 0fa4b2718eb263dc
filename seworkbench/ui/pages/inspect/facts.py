"""What is known about an image, in four sentences; without Qt, so that it can be tested as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seworkbench.image.inspection import Inspection

_SHOWN_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence with its verdict.

    Args:
        verdict: how it stands.
        sentence: plain words.
        detail: one line of evidence.
        check_id: the check that says more; empty if there is none.
    """

    verdict: Verdict
    sentence: str
    detail: str
    check_id: str = ""


def facts(
    inspection: Inspection, check: Check | None, known: Mapping[bytes, str], *, reading: bool
) -> tuple[Fact, ...]:
    """How the header was found, integrity, authenticity, and for which machines.

    Args:
        inspection: the first look.
        check: the verification, once there is one.
        known: names of host keys by their hash.
        reading: whether the verification is under way.
    """
    return (
        _found(inspection),
        _digests(inspection, check, reading=reading),
        _authenticity(inspection),
        _slots(inspection, known),
    )


def _found(inspection: Inspection) -> Fact:
    location = inspection.location
    if not inspection.is_image:
        return Fact(Verdict.PASSED, "A bare SE header", "There are no components in this file", "image.header.found")
    verdict = Verdict.WARNING if location.misleading else Verdict.PASSED
    detail = "The image metadata point elsewhere" if location.misleading else f"At 0x{location.offset:x}"
    return Fact(verdict, f"Header found {location.method}", detail, "image.header.found")


def _digests(inspection: Inspection, check: Check | None, *, reading: bool) -> Fact:
    if not inspection.is_image:
        return Fact(Verdict.NOT_CHECKED, "No components to check", "A header alone has none")
    digests = check.find("image.digest") if check else None
    if digests is None:
        state = "Digests are being recomputed" if reading else "Digests were not recomputed"
        return Fact(Verdict.NOT_CHECKED, state, f"{inspection.header.nep} pages")
    wrong = [leaf.title for leaf in digests.leaves() if leaf.verdict is Verdict.FAILED]
    if wrong:
        return Fact(Verdict.FAILED, "The components are not those of the header", "; ".join(wrong), digests.id)
    if digests.verdict is Verdict.NOT_CHECKED:
        return Fact(
            Verdict.NOT_CHECKED, "Digests cannot be recomputed", "The component table is damaged", "image.table"
        )
    sentence = "Digests recomputed: PLD, ALD, TLD and page count match"
    return Fact(Verdict.PASSED, sentence, f"{inspection.header.nep} pages", digests.id)


def _authenticity(inspection: Inspection) -> Fact:
    if inspection.content is not None:
        return Fact(Verdict.PASSED, "Authenticity proven: the header opens", "GCM tag", "image.access.header-tag")
    return Fact(
        Verdict.NOT_CHECKED,
        "Authenticity not proven",
        "Needs the header key, or a machine's private key",
        "image.access.header-tag",
    )


def _slots(inspection: Inspection, known: Mapping[bytes, str]) -> Fact:
    slots = inspection.header.keyslots
    total = f"{len(slots)} key slot{'' if len(slots) == 1 else 's'}"
    if not slots:
        return Fact(Verdict.FAILED, "No key slot: no machine can open this", "", "image.header.slots")
    if not known:
        return Fact(Verdict.NOT_CHECKED, f"{total}, for machines not known here", "Drop host key documents to compare")
    strangers = [number for number, slot in enumerate(slots, start=1) if slot.phkh not in known]
    if not strangers:
        names = sorted({known[slot.phkh] for slot in slots})
        sentence = "The key slot matches a known machine" if len(slots) == 1 else f"All {total} match known machines"
        return Fact(Verdict.PASSED, sentence, ", ".join(names))
    first = slots[strangers[0] - 1].phkh.hex()[:_SHOWN_DIGITS]
    sentence = f"{len(slots) - len(strangers)} of {total} match known machines"
    return Fact(Verdict.WARNING, sentence, f"Slot {strangers[0]}, {first}…, is not known")
