"""Checks: every verification is a tree of these, and every verdict is derived from the steps.

A leaf compares two things and carries its own verdict; a group's verdict follows from its children and is never
stored beside them. Verification runs every step that still makes sense and marks the others "not checked" with the
reason, so a reader sees all that is wrong, not only the first thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Verdict(Enum):
    """The four verdicts; the value is the word shown everywhere."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    NOT_CHECKED = "not checked"


_WORST_FIRST = (Verdict.FAILED, Verdict.NOT_CHECKED, Verdict.WARNING)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that a check looked at, in plain words and exact text.

    Args:
        label: what it is and where it comes from ("PLD in the header").
        value: its exact text, hexadecimal for bytes. Never a secret.
    """

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Check:
    """One step of a verification, or a group of steps.

    Args:
        id: stable dotted name ("image.digest.pld"), for reports and tests.
        title: plain name of the step.
        outcome: the verdict of a leaf; None for a group, whose verdict is derived.
        reason: one sentence: what was found, or why it was not checked.
        evidence: what was compared.
        rule: where the rule comes from, a page of resources/help with its anchor, or a public source.
        remedy: what to do when it did not pass.
        required: whether the verdict of the whole depends on it. A step that is not required adds a note only.
        code: return code and reason code (rc, rrc) the Ultravisor gives for this failure, where known.
        children: the steps of a group.
    """

    id: str
    title: str
    outcome: Verdict | None = None
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    rule: str = ""
    remedy: str = ""
    required: bool = True
    code: tuple[int, int] | None = None
    children: tuple[Check, ...] = field(default=())
    # Worked out once, when the check is made: nothing of it can change, and a table of verdicts asks very often.
    _derived: Verdict = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if (self.outcome is None) != bool(self.children):
            raise ValueError(f"{self.id}: a leaf has an outcome and no children, a group children and no outcome")
        object.__setattr__(self, "_derived", self._derive())

    @property
    def verdict(self) -> Verdict:
        """Failed if a required step failed; else not checked if one was not; else warning if one warns; else passed.

        A group of which nothing was checked did not pass, required or not.
        """
        return self._derived

    def _derive(self) -> Verdict:
        if self.outcome is not None:
            return self.outcome
        found = combined(child.verdict for child in self.children if child.required)
        if found is Verdict.PASSED and all(child.verdict is Verdict.NOT_CHECKED for child in self.children):
            return Verdict.NOT_CHECKED
        return found

    def leaves(self) -> Iterator[Check]:
        """All leaves in order."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def find(self, check_id: str) -> Check | None:
        """The check of that id in this tree."""
        if self.id == check_id:
            return self
        return next((hit for child in self.children if (hit := child.find(check_id))), None)

    @property
    def notes(self) -> int:
        """Number of leaves that did not pass and do not count against the whole."""
        return self._notes(optional=False)

    def _notes(self, *, optional: bool) -> int:
        optional = optional or not self.required
        if self.outcome is not None:
            return int(optional and self.outcome is not Verdict.PASSED)
        return sum(child._notes(optional=optional) for child in self.children)  # noqa: SLF001 - the same class

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON: everything, verdicts as words, the derived ones included."""
        record: dict[str, Any] = {"id": self.id, "title": self.title, "verdict": self.verdict.value}
        for name in ("reason", "rule", "remedy"):
            if text := getattr(self, name):
                record[name] = text
        if not self.required:
            record["required"] = False
        if self.evidence:
            record["evidence"] = [{"label": item.label, "value": item.value} for item in self.evidence]
        if self.code:
            record["uv_rc"], record["uv_rrc"] = (f"0x{number:04x}" for number in self.code)
        if self.children:
            record["checks"] = [child.to_json() for child in self.children]
        return record

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Check:
        """The check that `to_json` described; verdicts of groups are derived anew.

        Raises:
            KeyError, ValueError: if `record` does not come from `to_json`.
        """
        children = tuple(cls.from_json(child) for child in record.get("checks", ()))
        code = (int(record["uv_rc"], 16), int(record["uv_rrc"], 16)) if "uv_rc" in record else None
        return cls(
            id=record["id"],
            title=record["title"],
            outcome=None if children else Verdict(record["verdict"]),
            reason=record.get("reason", ""),
            evidence=tuple(Evidence(item["label"], item["value"]) for item in record.get("evidence", ())),
            rule=record.get("rule", ""),
            remedy=record.get("remedy", ""),
            required=record.get("required", True),
            code=code,
            children=children,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """The constant part of a check: written once, then told how it went.

    Args are those of Check.
    """

    id: str
    title: str
    rule: str = ""
    remedy: str = ""
    code: tuple[int, int] | None = None

    def _leaf(self, outcome: Verdict, reason: str, evidence: Iterable[tuple[str, object]], *, required: bool) -> Check:
        shown = tuple(Evidence(label, str(value)) for label, value in evidence)
        return Check(
            id=self.id,
            title=self.title,
            outcome=outcome,
            reason=reason,
            evidence=shown,
            rule=self.rule,
            remedy=self.remedy if outcome in (Verdict.FAILED, Verdict.WARNING) else "",
            required=required,
            code=self.code if outcome is Verdict.FAILED else None,
        )

    def passed(self, reason: str = "", *evidence: tuple[str, object]) -> Check:
        """The step passed."""
        return self._leaf(Verdict.PASSED, reason, evidence, required=True)

    def failed(self, reason: str, *evidence: tuple[str, object]) -> Check:
        """The step failed."""
        return self._leaf(Verdict.FAILED, reason, evidence, required=True)

    def warning(self, reason: str, *evidence: tuple[str, object]) -> Check:
        """A person has to decide: the whole becomes a warning."""
        return self._leaf(Verdict.WARNING, reason, evidence, required=True)

    def note(self, reason: str, *evidence: tuple[str, object]) -> Check:
        """Worth saying, but the whole does not depend on it."""
        return self._leaf(Verdict.WARNING, reason, evidence, required=False)

    def not_checked(self, reason: str, *, required: bool = True) -> Check:
        """The step could not run; `required=False` when nobody asked for it.

        It carries no remedy: the step's own is for a failure that nobody saw.
        """
        return self._leaf(Verdict.NOT_CHECKED, reason, (), required=required)

    def equal(self, expected: tuple[str, str], found: tuple[str, str], *, same: str, different: str) -> Check:
        """Compare two values that are shown either way.

        Args:
            expected: label and text of the first value.
            found: label and text of the second value.
            same: sentence when they are equal.
            different: sentence when they are not.
        """
        if expected[1] == found[1]:
            return self.passed(same, expected, found)
        return self.failed(different, expected, found)


def combined(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of steps together, all of them required: failed, else not checked, else warning, else passed."""
    found = set(verdicts)
    return next((verdict for verdict in _WORST_FIRST if verdict in found), Verdict.PASSED)


def group(check_id: str, title: str, children: Iterable[Check], *, rule: str = "", required: bool = True) -> Check:
    """A group of steps; its verdict is derived."""
    return Check(id=check_id, title=title, children=tuple(children), rule=rule, required=required)
