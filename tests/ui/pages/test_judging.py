"""Judging beside the window: the newest question only, never beside what shows the last answer."""

from __future__ import annotations

import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from seworkbench.ui.pages.trust import session as session_module
from seworkbench.ui.pages.trust.judging import LatestOnly
from seworkbench.ui.pages.trust.session import TrustSession
from seworkbench.ui.workbench import Workbench

# The tests of a folder form a package; the desk stands in the folder above.
from ..desk import PKI, wait_until  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

WHOLE = ("root.crt", "inter.crt", "sign.crt", "root.crl", "inter.crl", "host.crl", "host1.crt", "host2.crt")


class Asked:
    """Questions, and what became of them."""

    def __init__(self) -> None:
        self.judging = LatestOnly()
        self.answers: list[object] = []
        self.settled: list[int] = []
        self.judging.answered.connect(self.answers.append)
        self.judging.settled.connect(lambda: self.settled.append(len(self.answers)))
        self.gate = threading.Event()

    def ask(self, answer: object, *, wait: bool = False) -> None:
        """Ask something that is answered at once, or when the gate is open."""

        def question() -> object:
            if wait:
                self.gate.wait(30)
            return answer

        self.judging.ask(question)

    def settle(self) -> None:
        """Wait until nothing is asked any more."""
        wait_until(lambda: not self.judging.busy, "the answers")


@pytest.fixture
def asked(qtbot: QtBot) -> Iterator[Asked]:
    del qtbot
    made = Asked()
    yield made
    made.gate.set()
    made.judging.close()


def test_of_the_questions_that_wait_only_the_newest_is_answered(asked: Asked) -> None:
    asked.ask("first", wait=True)
    for number in range(5):
        asked.ask(number)
    asked.gate.set()
    asked.settle()
    assert asked.answers == ["first", 4]
    assert asked.settled == [2]


def test_while_an_answer_is_shown_no_question_begins(asked: Asked) -> None:
    asked.judging.answered.connect(lambda _answer: asked.judging.hold())
    asked.ask("first")
    wait_until(lambda: asked.answers, "the first answer")
    asked.ask("second")
    assert asked.judging.busy
    assert asked.answers == ["first"]
    assert asked.settled == []
    asked.judging.go_on()
    wait_until(lambda: len(asked.answers) == 2, "the second answer")
    asked.judging.go_on()
    assert asked.settled == [2]


def test_a_defect_is_told_and_the_next_question_is_answered(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, defect, _trace: told.append(str(defect)))

    def broken() -> object:
        raise RuntimeError("broken")

    asked.judging.ask(broken)
    asked.settle()
    asked.ask("whole")
    asked.settle()
    assert asked.answers == ["whole"]
    wait_until(lambda: told, "the defect to be told")
    assert told == ["broken"]


def test_after_the_end_nothing_is_asked_or_told(asked: Asked) -> None:
    asked.ask("first", wait=True)
    asked.gate.set()
    asked.judging.close()
    asked.ask("second")
    asked.settle()
    assert asked.answers == []


def test_moving_the_instant_judges_the_present_once_and_keeps_what_is_equal(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = session_module.present()
    monkeypatch.setattr(session_module, "present", lambda: now)
    workbench = Workbench(tmp_path / "settings.json")
    session = TrustSession(workbench.jobs, workbench)
    todays: list[object] = []
    session.judged_today.connect(lambda: todays.append(session.today))

    def settle() -> None:
        wait_until(
            lambda: session.workspace is not None and not workbench.jobs.running and not session.busy, "the session"
        )

    session.open(None)
    settle()
    for name in WHOLE:
        session.import_path(PKI / name)
    settle()
    todays.clear()
    before, today = session.view, session.today
    session.move_to(now + timedelta(days=3))
    settle()
    assert session.judgement is not today
    assert session.today is today
    assert todays == []
    assert all(one is two for one, two in zip(session.view.bars, before.bars, strict=True))
    rows = [row for _group, _said, found in session.view.groups for row in found]
    assert all(
        one is two for one, two in zip(rows, [row for _, _, found in before.groups for row in found], strict=True)
    )
    session.close()
    workbench.jobs.shut_down()
    del qtbot
