"""Sentences that every form of a report says in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Verdict
from seworkbench.report.model import SIMULATED, Clock, Fact, Network
from seworkbench.report.text import instant, is_bytes, plural

if TYPE_CHECKING:
    from seworkbench.checks import Evidence
    from seworkbench.report.model import Report

SIGNING = (
    "Who signs has read this report. The report id is the SHA-256 of its JSON form and stands on every page: a page "
    "with another id belongs to another report."
)
BY_HAND = (
    "With bash, the small programs of every Linux and OpenSSL 3, in the folder that the names of the files start from, "
    "in this order and in one shell. What differs from what is printed here contradicts this report."
)
VERDICTS = (
    "passed: the step was made and what was found is what must be. failed: it was made, and what was found must not be "
    "relied on. warning: a person has to decide; as a note, worth knowing, but the verdict does not depend on it. "
    "not checked: the step could not be made, for the reason stated. The verdict of the whole is failed if a step "
    "failed, otherwise not checked if a step it depends on was not checked, otherwise warning if one warns, otherwise "
    "passed."
)
EVERYTHING_CHECKED = "Every step was checked."
# Reason codes from here on are those of the simulated Ultravisor (resources/help/verification.md#simulator-codes).
_FIRST_OWN_REASON = 0xF000


class BannerKind(Enum):
    """What a banner warns of; the value names its look."""

    SIMULATED = "simulated"
    UNVERIFIED = "unverified"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Banner:
    """Something that must be read before the verdict."""

    kind: BannerKind
    title: str
    text: str


def banners(report: Report) -> tuple[Banner, ...]:
    """What must be read before the verdict."""
    found = []
    if report.simulated:
        text = "Made with a simulated machine. It shows the method and proves nothing about hardware."
        found.append(Banner(BannerKind.SIMULATED, SIMULATED, text))
    if report.unverified:
        text = f"Somebody went on without verification and gave this reason: {report.unverified}"
        found.append(Banner(BannerKind.UNVERIFIED, "Unverified.", text))
    if report.clock is Clock.CHOSEN:
        text = f"The verdict is that of {instant(report.at)}, an instant that the user chose, not that of the check."
        found.append(Banner(BannerKind.CHOSEN, "Not now.", text))
    return tuple(found)


def circumstances(report: Report) -> tuple[Fact, ...]:
    """When and how it was verified."""
    facts = [Fact("Verified at", f"{instant(report.at)}, by {report.clock.value}")]
    if report.clock is Clock.CHOSEN:
        facts = [Fact("Verified as of", f"{instant(report.at)}, {report.clock.value}")]
    if report.fresh_until is not None:
        facts.append(Fact("Holds until", f"{instant(report.fresh_until)} at most"))
    if report.network is not Network.UNUSED:
        facts.append(Fact("Network", f"{report.network.value[:1].upper()}{report.network.value[1:]}"))
    facts.append(Fact("Made with", report.made_with))
    return tuple(facts)


def counted(report: Report) -> str:
    """How the steps came out, in one line."""
    counts = report.counts
    if not counts.total:
        return "Nothing was checked."
    said = [f"{counts.passed} of {plural(counts.total, 'step')} passed"]
    for count, words in ((counts.failed, "{} failed"), (counts.not_checked, "{} not checked")):
        if count:
            said.append(words.format(count))
    for count, noun in ((counts.warnings, "warning"), (counts.notes, "note")):
        if count:
            said.append(plural(count, noun))
    return ", ".join(said)


def word(verdict: Verdict, *, required: bool) -> str:
    """The verdict of a step, with what it means for the whole."""
    if required or verdict is Verdict.PASSED:
        return verdict.value
    return f"{verdict.value}, a note" if verdict is Verdict.WARNING else f"{verdict.value}, not needed"


def compared(check: Check, item: Evidence) -> str | None:
    """What a value is to be read against: the other of two values of equal length in a step that failed."""
    values = [evidence for evidence in check.evidence if is_bytes(evidence.value)]
    if check.verdict is not Verdict.FAILED or len(values) != 2 or item not in values:  # noqa: PLR2004 - a pair
        return None
    other = values[0] if item is values[1] else values[1]
    return other.value if len(other.value) == len(item.value) else None


def answered(code: tuple[int, int]) -> str:
    """What a machine says to a failure."""
    who = "The simulated Ultravisor" if code[1] >= _FIRST_OWN_REASON else "The Ultravisor"
    return f"{who} answers 0x{code[0]:04x}/0x{code[1]:04x} to this."
