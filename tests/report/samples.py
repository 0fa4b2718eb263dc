"""Reports to test with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.report.drawing import Box, Drawing, Label, Mark, Shape, Stroke
from seworkbench.report.model import Clock, Column, Fact, HandStep, Input, Network, Report, Section, Table

AT = datetime(2026, 11, 26, 8, 13, 7, tzinfo=UTC)
DIGEST = "9b24c6d05e0b71fa83d9427c0123456789abcdef0123456789abcdef01234567"
STATED = "ab" * 64
COMPUTED = "ab" * 30 + "cd" * 4 + "ab" * 30

# What files can bring into a report: markup of every form, text that runs backwards, controls, what no encoding takes.
HOSTILE = (
    "<script>alert(1)</script>\"'&amp;<img src=x onerror=alert(2)>",
    "{{ report.title }}{% raw %}",
    "evil\u202egnp.exe\u2066\u200b",
    "\x1b[31mred\x1b[0m\x00\x07\r\nverdict: passed",
    "| a | b |\n|---|---|\n# heading\n- [x] done `code` ``` ~~~ **bold** [link](javascript:alert(1)) ![i](http://x.y/z)",
    "@octocat #1 https://example.invalid www.example.invalid a@example.invalid",
    "lone \udc80 surrogate",
    "汉字 العربية עברית हिन्दी 😀 \U000e0041",
    "x" * 5000,
    "",
    " ",
)


def step(name: str, title: str = "A step") -> Step:
    """A step with rule and remedy."""
    return Step(f"sample.{name}", title, "reports.md#parts", "Do something about it.")


def tree() -> Check:
    """A tree in which everything occurs."""
    first = group(
        "sample.a",
        "First group",
        [
            step("ok", "Sound").passed("At 0x14000.", ("place", "0x14000")),
            step("digest", "Digest").failed("They differ.", ("in the header", STATED), ("computed", COMPUTED)),
            step("flags", "Flags").warning("A flag without a name.", ("flags", "0x8000000000000001")),
            step("closed", "Closed").not_checked("No key was given."),
        ],
    )
    second = group(
        "sample.b",
        "Second group",
        [
            step("note", "Remark").note("Worth knowing."),
            step("other", "Unasked").not_checked("Nobody asked.", required=False),
        ],
        required=False,
    )
    return group("sample", "Everything", [first, second])


def drawing() -> Drawing:
    """A drawing with every shape."""
    shapes: tuple[Shape, ...] = (
        Box(0, 0, 100, 30),
        Box(120, 0, 100, 30, dashed=True, outline=None),
        Stroke(((100, 15), (120, 15)), dashed=True),
        Label(10, 20, "root", bold=True),
        Label(130, 20, "00ff", code=True),
        *(Mark(240 + 20 * number, 15, verdict) for number, verdict in enumerate(Verdict)),
    )
    return Drawing("A chain of two", 40, shapes)


def report() -> Report:
    """A report in which every part occurs."""
    table = Table(
        (Column("Question", 2), Column("Answer", 3, code=True), Column("Verdict")),
        (("Image host key", DIGEST, Verdict.PASSED), ("User data", "present", Verdict.WARNING)),
    )
    return Report(
        title="Sample",
        subject="One sentence on what was judged.",
        at=AT,
        sections=(
            Section("Checks", "In order.", check=tree()),
            Section("More", "A picture.", drawing(), (Fact("PHKH", DIGEST, code=True), Fact("Count", "2")), table),
        ),
        inputs=(
            Input("guest.img", "SE image", 12_345_678, DIGEST),
            Input("hdr.key", "header key", None, ""),
            Input("gen2.crl", "revocation list", 77, DIGEST, "https://crl.invalid/gen2.crl"),
        ),
        facts=(Fact("Key slots", "2"),),
        network=Network.OFFLINE,
        fresh_until=datetime(2026, 12, 1, tzinfo=UTC),
        by_hand=(HandStep("The digest.", "printf abc |\n  sha256sum", "ba78  -\nsecond line"),),
        notes="Seen with a colleague.\n\nAgreed.",
    )


def warned() -> Report:
    """The same with every banner."""
    return replace(report(), simulated=True, unverified="A machine of the laboratory.", clock=Clock.CHOSEN)


def hostile(text: str) -> Report:
    """A report into which one text got everywhere."""
    leaf = step("x", text).failed(text, (text, text))
    return Report(
        title=text,
        subject=text,
        at=AT,
        sections=(
            Section(
                text,
                text,
                Drawing(text, 20, (Label(0, 10, text),)),
                (Fact(text, text, code=True), Fact(text, text)),
                Table((Column(text), Column(text, code=True)), ((text, text),)),
                group("sample", text, [replace(leaf, remedy=text, rule=text), step("y", text).not_checked(text)]),
            ),
        ),
        inputs=(Input(text, text, 1, text, text),),
        facts=(Fact(text, text),),
        unverified=text,
        by_hand=(HandStep(text, text, text),),
        notes=text,
        signers=(text,),
        made_with=text,
    )
