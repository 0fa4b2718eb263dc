"""Checks: verdicts are derived, nothing is lost on the way to JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import pytest

from seworkbench.checks import Check, Evidence, Step, Verdict, group

STEP = Step("image.digest.pld", "Page digest", rule="verification.md#pld", remedy="Build it again.", code=(0x102, 0x1B))
SEVERITY = {Verdict.PASSED: 0, Verdict.WARNING: 1, Verdict.NOT_CHECKED: 2, Verdict.FAILED: 3}


def leaf(outcome: Verdict, *, required: bool = True, name: str = "leaf") -> Check:
    return Check(id=name, title="Leaf", outcome=outcome, required=required)


LEAVES = [leaf(outcome, required=required) for outcome, required in product(Verdict, (True, False))]


# --- verdicts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_the_verdict_of_a_group_is_that_of_its_worst_required_child_unless_nothing_was_checked(size: int) -> None:
    for children in product(LEAVES, repeat=size):
        if {child.outcome for child in children} == {Verdict.NOT_CHECKED}:
            assert group("g", "Group", children).verdict is Verdict.NOT_CHECKED
            continue
        counting = [child.outcome for child in children if child.required and child.outcome]
        worst = max(counting, key=SEVERITY.__getitem__, default=Verdict.PASSED)
        assert group("g", "Group", children).verdict is worst


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ("passed", Verdict.PASSED),
        ("passed warning", Verdict.WARNING),
        ("passed warning not_checked", Verdict.NOT_CHECKED),
        ("passed warning not_checked failed", Verdict.FAILED),
    ],
)
def test_failed_outranks_not_checked_outranks_warning_outranks_passed(outcomes: str, verdict: Verdict) -> None:
    children = [leaf(Verdict[name.upper()]) for name in outcomes.split()]
    assert group("g", "Group", children).verdict is verdict
    assert group("g", "Group", reversed(children)).verdict is verdict


@pytest.mark.parametrize(("inner_required", "outer"), [(True, Verdict.FAILED), (False, Verdict.PASSED)])
def test_the_verdict_of_an_inner_group_counts_as_that_of_a_step(*, inner_required: bool, outer: Verdict) -> None:
    inner = group("inner", "Inner", [leaf(Verdict.FAILED), leaf(Verdict.PASSED)], required=inner_required)
    assert inner.verdict is Verdict.FAILED
    assert group("outer", "Outer", [inner, leaf(Verdict.PASSED)]).verdict is outer


def test_an_inner_group_of_which_nothing_was_checked_did_not_pass() -> None:
    inner = group("inner", "Inner", [leaf(Verdict.NOT_CHECKED, required=False)])
    assert inner.verdict is Verdict.NOT_CHECKED
    assert group("outer", "Outer", [inner, leaf(Verdict.PASSED)]).verdict is Verdict.NOT_CHECKED
    assert group("outer", "Outer", [replace(inner, required=False), leaf(Verdict.PASSED)]).verdict is Verdict.PASSED


def test_a_leaf_has_the_verdict_it_was_given() -> None:
    for outcome in Verdict:
        assert leaf(outcome).verdict is outcome
        assert leaf(outcome, required=False).verdict is outcome


@pytest.mark.parametrize("outcome", [*Verdict, None])
@pytest.mark.parametrize("children", [(), (leaf(Verdict.PASSED),)], ids=["alone", "with a child"])
def test_a_check_is_either_a_leaf_with_an_outcome_or_a_group_with_children(
    outcome: Verdict | None, children: tuple[Check, ...]
) -> None:
    if (outcome is None) == bool(children):
        made = Check(id="c", title="C", outcome=outcome, children=children)
        assert made.verdict is (outcome or Verdict.PASSED)
    else:
        with pytest.raises(ValueError, match="c: a leaf has an outcome and no children"):
            Check(id="c", title="C", outcome=outcome, children=children)


def test_no_verdict_can_be_stored_beside_the_steps() -> None:
    check = group("g", "Group", [leaf(Verdict.FAILED)])
    with pytest.raises(ValueError, match="a group children and no outcome"):
        replace(check, outcome=Verdict.PASSED)


# --- walking -------------------------------------------------------------------------------------------------------

TREE = group(
    "root",
    "Root",
    [
        leaf(Verdict.PASSED, name="root.a"),
        group(
            "root.b",
            "B",
            [leaf(Verdict.WARNING, required=False, name="root.b.x"), leaf(Verdict.PASSED, name="root.b.y")],
        ),
        leaf(Verdict.NOT_CHECKED, required=False, name="root.c"),
        leaf(Verdict.PASSED, required=False, name="root.d"),
    ],
)


def test_leaves_come_in_order_without_the_groups() -> None:
    assert [check.id for check in TREE.leaves()] == ["root.a", "root.b.x", "root.b.y", "root.c", "root.d"]
    assert list(leaf(Verdict.PASSED).leaves()) == [leaf(Verdict.PASSED)]


def test_a_check_is_found_by_its_id_at_any_depth() -> None:
    for name in ("root", "root.a", "root.b", "root.b.y", "root.c"):
        found = TREE.find(name)
        assert found is not None
        assert found.id == name
    assert TREE.find("root.b") is TREE.children[1]
    assert TREE.find("root.z") is None
    assert TREE.find("") is None


def test_notes_are_leaves_that_did_not_pass_and_do_not_count() -> None:
    assert TREE.verdict is Verdict.PASSED
    assert TREE.notes == 2
    for outcome, required in product(Verdict, (True, False)):
        expected = 0 if required or outcome is Verdict.PASSED else 1
        assert group("g", "Group", [leaf(outcome, required=required)]).notes == expected


def test_a_failed_step_of_a_group_that_does_not_count_is_a_note() -> None:
    optional = group("optional", "Optional", [leaf(Verdict.FAILED), leaf(Verdict.PASSED)], required=False)
    tree = group("g", "Group", [optional, leaf(Verdict.PASSED)])
    assert tree.verdict is Verdict.PASSED
    assert tree.notes == 1


# --- steps ---------------------------------------------------------------------------------------------------------

EVIDENCE = (("in the header", "aa"), ("of the pages", 12))
SHOWN = (Evidence("in the header", "aa"), Evidence("of the pages", "12"))


def test_a_step_that_passed_keeps_its_evidence_and_needs_no_remedy() -> None:
    assert STEP.passed("All the same.", *EVIDENCE) == Check(
        id="image.digest.pld",
        title="Page digest",
        outcome=Verdict.PASSED,
        reason="All the same.",
        evidence=SHOWN,
        rule="verification.md#pld",
    )
    assert STEP.passed().reason == ""


def test_a_step_that_failed_says_what_to_do_and_what_the_ultravisor_would_say() -> None:
    assert STEP.failed("They differ.", *EVIDENCE) == Check(
        id="image.digest.pld",
        title="Page digest",
        outcome=Verdict.FAILED,
        reason="They differ.",
        evidence=SHOWN,
        rule="verification.md#pld",
        remedy="Build it again.",
        code=(0x102, 0x1B),
    )


def test_warnings_count_and_notes_do_not() -> None:
    warning, note = STEP.warning("Look here.", *EVIDENCE), STEP.note("By the way.", *EVIDENCE)
    assert (warning.outcome, warning.required) == (Verdict.WARNING, True)
    assert (note.outcome, note.required) == (Verdict.WARNING, False)
    for check in (warning, note):
        assert check.evidence == SHOWN
        assert check.remedy == "Build it again."
        assert check.code is None


@pytest.mark.parametrize("required", [True, False])
def test_a_step_that_could_not_run_says_why_and_gives_no_advice(*, required: bool) -> None:
    check = STEP.not_checked("No key was given.", required=required)
    assert (check.outcome, check.required) == (Verdict.NOT_CHECKED, required)
    assert (check.reason, check.remedy, check.evidence, check.code) == (
        "No key was given.",
        "",
        (),
        None,
    )
    assert STEP.not_checked("x").required


def test_comparing_two_texts_shows_both_either_way() -> None:
    same = STEP.equal(("expected", "aa"), ("found", "aa"), same="Equal.", different="Different.")
    different = STEP.equal(("expected", "aa"), ("found", "ab"), same="Equal.", different="Different.")
    assert (same.outcome, same.reason) == (Verdict.PASSED, "Equal.")
    assert (different.outcome, different.reason) == (Verdict.FAILED, "Different.")
    assert same.evidence == (Evidence("expected", "aa"), Evidence("found", "aa"))
    assert different.evidence == (Evidence("expected", "aa"), Evidence("found", "ab"))


def test_a_group_takes_any_iterable_and_keeps_its_rule() -> None:
    check = group("g", "Group", (leaf(Verdict.PASSED) for _ in range(2)), rule="verification.md", required=False)
    assert (len(check.children), check.rule, check.required) == (2, "verification.md", False)


# --- JSON ----------------------------------------------------------------------------------------------------------


def test_the_json_form_holds_everything_and_the_derived_verdicts() -> None:
    tree = group(
        "root",
        "Root",
        [
            STEP.failed("They differ.", *EVIDENCE),
            STEP.note("By the way."),
            group("root.b", "B", [leaf(Verdict.NOT_CHECKED)]),
        ],
        rule="verification.md",
    )
    assert json.loads(json.dumps(tree.to_json())) == {
        "id": "root",
        "title": "Root",
        "verdict": "failed",
        "rule": "verification.md",
        "checks": [
            {
                "id": "image.digest.pld",
                "title": "Page digest",
                "verdict": "failed",
                "reason": "They differ.",
                "rule": "verification.md#pld",
                "remedy": "Build it again.",
                "evidence": [
                    {"label": "in the header", "value": "aa"},
                    {"label": "of the pages", "value": "12"},
                ],
                "uv_rc": "0x0102",
                "uv_rrc": "0x001b",
            },
            {
                "id": "image.digest.pld",
                "title": "Page digest",
                "verdict": "warning",
                "reason": "By the way.",
                "rule": "verification.md#pld",
                "remedy": "Build it again.",
                "required": False,
            },
            {
                "id": "root.b",
                "title": "B",
                "verdict": "not checked",
                "checks": [{"id": "leaf", "title": "Leaf", "verdict": "not checked"}],
            },
        ],
    }


def test_the_json_form_leads_back_to_the_check() -> None:
    """As it does between a worker and the window."""
    step = Step("a.b", "Step", "page.md#rule", "Do it again.", (0x0102, 0x001A))
    inner = group("a.inner", "Inner", [step.failed("No.", ("one", "1"), ("other", "2")), step.not_checked("Later.")])
    tree = group("a", "All", [inner, step.note("Odd."), step.passed("Yes.")], rule="page.md", required=False)
    assert Check.from_json(tree.to_json()) == tree
    # What a group says follows from its steps, whatever somebody wrote there.
    assert Check.from_json(tree.to_json() | {"verdict": "passed"}).verdict is Verdict.FAILED


def test_a_reason_code_of_zero_is_still_a_code() -> None:
    record = replace(STEP, code=(0x109, 0)).failed("No.").to_json()
    assert (record["uv_rc"], record["uv_rrc"]) == ("0x0109", "0x0000")


def test_the_words_for_the_verdicts_are_the_published_ones() -> None:
    assert [verdict.value for verdict in Verdict] == ["passed", "failed", "warning", "not checked"]
