"""Every attack on images and attestation, made in the real window with the mouse: `python -m tests.ui.machine_attacks`.

With names of attacks only these are made; with a folder, a picture of each is put there, light and dark.

For each attack a line tells whether it was caught where it must be, and whether the window says so: in the words beside
the buttons, in the list of calls, in the steps of the call at the side, at the byte that was changed. It opens on no
screen unless QT_QPA_PLATFORM says so, for instance

    QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1440x900x24" python -m tests.ui.machine_attacks pictures

The exit status is 1 if anything is not as the attack says.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidget, QPushButton, QWidget

from seworkbench.checks import Verdict
from seworkbench.demo.stage import USER_DATA, Stage
from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS, AttestationAttack
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS
from seworkbench.ui.pages.attestation.case import PERFORM
from seworkbench.ui.pages.attestation.verification import outcome_text
from seworkbench.ui.pages.machine.calls import Progress
from seworkbench.ui.pages.machine.side import CALL
from seworkbench.ui.theme import ThemeChoice

from .attestation_states import page_of as attestation_page
from .attestation_states import settle
from .desk import wait_until
from .machine_states import inserted, page_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.simulator.image_tampering import ImageAttack
    from seworkbench.ui.pages.attestation.page import AttestationPage
    from seworkbench.ui.pages.machine.attack_list import AttackList
    from seworkbench.ui.pages.machine.calls import Call
    from seworkbench.ui.pages.machine.page import MachinePage

    from .screenshots import Studio

# The beginning of a step's id: the call of the list that must refuse.
_CALLS = {
    "load": "IPL",
    "diag": "DIAG 308 subcode 8",
    "uv.ssc": "UV call 0x0300",
    "uv.verify": "UV call 0x0302",
    "guest": "stage3b",
}


def click(where: QWidget, text: str) -> None:
    """Click the visible button of that text, where a person would."""
    found = [one for one in where.findChildren(QPushButton) if one.text() == text and one.isVisible()]
    if not found or not found[0].isEnabled():
        raise AssertionError(f"“{text}” cannot be clicked" if found else f"there is no button “{text}”")
    made = found[0]
    QTest.mouseClick(made, Qt.MouseButton.LeftButton, pos=made.rect().center())


def choose(attacks: AttackList, attack_id: str) -> None:
    """Click an attack in its list."""
    rows: QListWidget = attacks.list
    item = next(rows.item(row) for row in range(rows.count()) if rows.item(row).text() and _id(rows, row) == attack_id)
    rows.scrollToItem(item)
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualItemRect(item).center())


def _id(rows: QListWidget, row: int) -> str:
    return str(rows.item(row).data(Qt.ItemDataRole.UserRole).id)


def make(page: MachinePage, attack: ImageAttack) -> None:
    """Make an attack and play the start to its end."""
    jobs = page.workbench.jobs
    click(page, "Image")
    choose(page.attacks, attack.id)
    click(page.attacks, "Make this attack" if not page.attacks.is_made(attack.id) else "Make this attack again")
    wait_until(lambda: not jobs.running and not page.session.busy, "the attack")
    click(page.drive, "To the end")
    wait_until(lambda: page.player.over, "the start to end")
    wait_until(lambda: not jobs.running, "the guest to be kept")


def findings(page: MachinePage, attack: ImageAttack) -> list[str]:
    """What is not as the attack says; nothing if all of it is."""
    medium, entry = page.session.medium, page.attacks.chosen
    if medium is None or medium.changes.attack is not attack or entry is None or entry.id != attack.id:
        return ["another attack is made or shown"]
    if not medium.prepared.places:
        return ["nothing was changed"]
    place = medium.prepared.places[0]
    # What was cut off is shown at the last byte that is left.
    wrong = _not_at(page, place.offset - (not place.after))
    failed = [call for call in page.calls.calls if call.verdict is Verdict.FAILED and call.call != "wait"]
    if not attack.step:
        refused = failed or page.drive.chip.verdict is Verdict.FAILED
        return [*wrong, "refused, though no machine does"] if refused else wrong
    wanted = _CALLS[attack.step.rpartition(".")[0]]
    if [call.call for call in failed] != [wanted]:
        return [*wrong, f"refused at {[call.call for call in failed]}, not at {wanted}"]
    return [*wrong, *_not_refused_so(page, attack, failed[0]), *_not_told(page, attack, failed[0], entry.caught)]


def _not_at(page: MachinePage, offset: int) -> list[str]:
    """Whether map and bytes show another byte than the one that was changed."""
    shown = {"bytes": page.bytes.offset, "map": page.map.marked}
    return [f"the {name} shows {at}, 0x{offset:x} was changed" for name, at in shown.items() if at != offset]


def _not_refused_so(page: MachinePage, attack: ImageAttack, call: Call) -> Iterator[str]:
    """What the machine does that the attack does not say."""
    after = page.calls.calls[page.calls.calls.index(call) + 1 :]
    if gone_on := [one.call for one in after if one.progress is Progress.DONE and one.call != "wait"]:
        yield f"it was refused, and went on with {gone_on}"
    if call.culprit is None or call.culprit.id != attack.step:
        yield f"the failing step is {call.culprit.id if call.culprit else None}, not {attack.step}"
    if attack.code is not None and call.code != attack.code:
        yield f"the answer is {call.code}, not {attack.code}"


def _not_told(page: MachinePage, attack: ImageAttack, call: Call, announced: str) -> Iterator[str]:
    """What the machine does that the window does not show."""
    title = call.culprit.title if call.culprit else ""
    said, side = page.drive.outcome.text().replace("\u00a0", " "), page.parts
    if page.drive.chip.verdict is not Verdict.FAILED or f"“{title}” failed" not in said:
        yield f"the words beside the buttons do not name the step: {said}"
    if attack.code is not None:
        if f"RC 0x{attack.code.rc:04x}" not in said:
            yield f"the words beside the buttons do not name the code: {said}"
        if f"“{title}”" not in announced:
            yield f"the attack announces something else: {announced}"
    if side.part != CALL or side.call.shown != call:
        yield "the side shows another call"
    selected = side.call.checklist.selected
    if attack.step not in side.call.checklist.opened() or selected is None or selected.id != attack.step:
        yield "the failing step is not opened at the side"
    if page.calls.current != call:
        yield "another call is selected"
    if page.field.refused != (call.call == _CALLS["uv.verify"]):
        yield "the field of pages shows the wrong state"


def play_false(studio: Studio, attack: AttestationAttack) -> None:
    """Have the machine play false on its page, and answer on the Attestation page."""
    page = page_of(studio)
    click(page, "Attestation")
    choose(page.faults, attack.id)
    click(page.faults, "Play false this way again" if page.faults.is_made(attack.id) else "Play false this way")
    _let_answer(studio)


def _let_answer(studio: Studio) -> None:
    click(page_of(studio), "To the Attestation page")
    attestation = attestation_page(studio)
    attestation.session.open_step(PERFORM)
    settle(studio)
    click(attestation, "Let the simulated machine answer")
    settle(studio)


def set_up_attestation(studio: Studio) -> None:
    """A case, its machine on the Machine page, and an honest answer to another request that can be replayed."""
    settle(studio)
    session = attestation_page(studio).session
    session.machine.try_out(studio.folder)
    settle(studio)
    page_of(studio).open(Path(session.state.machine))
    settle(studio)
    stage = Stage(Path(session.state.machine).parent)
    stage.ask(stage.second)
    desk = studio.window.workbench.machine
    desk.answer(stage.second.request.read_bytes(), user_data=USER_DATA)
    settle(studio)


def false_findings(studio: Studio, attack: AttestationAttack) -> list[str]:
    """What is not as the attack says; nothing if all of it is."""
    page = attestation_page(studio)
    if attack.code is not None:
        code, answer = f"0x{attack.code.rc:04x}", page.diagram.pills["answer"].message
        told = {"step": _refusal(page), "diagram": answer.text if answer else ""}
        return [f"the {place} does not tell of {code}: “{words}”" for place, words in told.items() if code not in words]
    result = page.session.result
    if result is None:
        return ["nothing was verified"]
    found = result.check.find(attack.verification) or result.verification.check.find(attack.verification)
    if found is None or found.verdict is not Verdict.FAILED:
        return [f"{attack.verification} is {found.verdict.value if found else 'not there'}"]
    return []


def _refusal(page: AttestationPage) -> str:
    """Why the machine did not answer, as the step says."""
    refused = page.perform.refused
    return refused.what.text() if refused.isVisible() else ""


def main(arguments: list[str]) -> int:
    """Make all attacks, or some."""
    ids = {attack.id for attack in IMAGE_ATTACKS} | {attack.id for attack in ATTESTATION_ATTACKS}
    wanted = set(arguments) & ids or ids
    target = next((Path(word) for word in arguments if word not in ids), None)
    application = QApplication.instance() or QApplication(["attacks"])
    assert isinstance(application, QApplication)
    application.setStyle("Fusion")
    if target:
        target.mkdir(parents=True, exist_ok=True)
    bad = 0
    for choice in (ThemeChoice.LIGHT, ThemeChoice.DARK) if target else (ThemeChoice.LIGHT,):
        for name, wrong, told, studio in _attacked(choice, wanted):
            bad += bool(wrong)
            sys.stdout.write(f"{'✘' if wrong else '✔'} {name:<20} {'; '.join(wrong) or told}\n")
            sys.stdout.flush()
            if target:
                studio.window.grab().save(str(target / f"{name}-{choice.name.lower()}.png"))
    return 1 if bad else 0


def _attacked(choice: ThemeChoice, wanted: set[str]) -> Iterator[tuple[str, list[str], str, Studio]]:
    """Each attack: its name, what is wrong, what the window says, and the window."""
    # Tests use the functions above; they have a window of their own.
    from .screenshots import Studio  # noqa: PLC0415

    images = [attack for attack in IMAGE_ATTACKS if attack.id in wanted]
    exchanges = [attack for attack in ATTESTATION_ATTACKS if attack.id in wanted]
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        folder = Path(home) / "images"
        folder.mkdir()
        studio = Studio(folder, choice)
        if images:
            inserted(studio)
        for attack in images:
            page = page_of(studio)
            make(page, attack)
            studio.settle()
            yield attack.id, findings(page, attack), f"{page.drive.chip.text}: {page.drive.outcome.text()}", studio
        if exchanges:
            set_up_attestation(studio)
        for false in exchanges:
            play_false(studio, false)
            attestation = attestation_page(studio)
            result = attestation.session.result
            told = f"{result.check.verdict.value}: {outcome_text(result)}" if result else _refusal(attestation)
            yield false.id, false_findings(studio, false), told, studio
        studio.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
