"""The simulator is a witness of its own, and what it cites exists."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import seworkbench
from seworkbench.checks import Verdict
from seworkbench.simulator import codes
from seworkbench.simulator.codes import Code
from seworkbench.simulator.machine import Machine

from .builder import HOST2, Image

if TYPE_CHECKING:
    from .conftest import Start

PACKAGE = Path(seworkbench.__file__).parent
HELP = PACKAGE.parent / "resources" / "help"
FORBIDDEN = ("seworkbench.image", "seworkbench.crypto.pages", "seworkbench.crypto.digests", "numpy")


def test_nothing_of_the_builder_is_imported() -> None:
    program = "import sys, seworkbench.simulator.hypervisor; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "seworkbench.simulator.ultravisor" in loaded
    assert [name for name in loaded if name.startswith(FORBIDDEN)] == []


def test_the_builder_of_these_tests_imports_nothing_of_the_program() -> None:
    tree = ast.parse(Path(__file__).with_name("builder.py").read_text())
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert imported
    assert [name for name in imported if name.startswith("seworkbench")] == []


def anchors(page: str) -> set[str]:
    """The anchors of a help page: its headings as GitHub links them."""
    headings = re.findall(r"^#+ (.*)$", (HELP / page).read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_rule_is_a_place_in_the_help(start: Start, image_a: Image) -> None:
    rules = {leaf.rule for leaf in start(image_a).check.leaves()}
    assert "" not in rules
    for rule in rules:
        page, anchor = rule.split("#")
        assert anchor in anchors(page), rule


def test_places_named_in_the_code_exist() -> None:
    named = set()
    for source in (PACKAGE / "simulator").glob("*.py"):
        named |= set(re.findall(r"resources/help/([\w-]+\.md)#([\w-]+)", source.read_text()))
    assert len(named) > 5
    for page, anchor in named:
        assert anchor in anchors(page), (page, anchor)


def test_published_codes_are_those_of_the_help() -> None:
    table = (HELP / "boot.md").read_text()
    listed = {
        Code(int(rc, 16), int(rrc, 16))
        for rc, rrc in re.findall(r"^\| `(0x\w{4})` \| `(0x\w{4})` \|", table, re.MULTILINE)
    }
    ours = {code for code in vars(codes).values() if isinstance(code, Code) and not code.is_own}
    assert ours - {codes.EXECUTED, codes.NOT_ASKED} == listed


def test_codes_of_the_simulators_own_do_not_contradict_the_help() -> None:
    table = (HELP / "verification.md").read_text()
    listed = {
        Code(int(rc, 16), int(rrc, 16))
        for rc, rrc in re.findall(r"^\| `(0x\w{4})` \| `(0xf\w{3})` \|", table, re.MULTILINE)
    }
    assert {code for code in vars(codes).values() if isinstance(code, Code) and code.is_own} >= listed
    assert listed


def test_every_step_that_did_not_pass_says_what_to_do(start: Start, image_a: Image) -> None:
    check = start(image_a, Machine(HOST2)).check
    assert all(leaf.remedy for leaf in check.leaves() if leaf.verdict is Verdict.FAILED)


def test_ids_are_unique(start: Start, image_a: Image) -> None:
    listed = [leaf.id for leaf in start(image_a).check.leaves()]
    assert len(listed) == len(set(listed)) == 41
