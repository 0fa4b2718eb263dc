"""The states of the Attestation page that pictures are taken of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtTest import QTest

from seworkbench.simulator.attestation_codes import REQUEST_NOT_OPENED
from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS
from seworkbench.ui.pages.attestation import case as steps
from seworkbench.ui.pages.attestation.page import AttestationPage

from .desk import DATA, PKI, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from .screenshots import Studio

FILES = DATA / "attestation"


def page_of(studio: Studio) -> AttestationPage:
    """The page, shown."""
    page = studio.window.pages["attestation"]
    assert isinstance(page, AttestationPage)
    studio.window.show_page("attestation")
    return page


def settle(studio: Studio) -> None:
    """Wait until everything is verified, kept and drawn."""
    session = page_of(studio).session
    wait_until(lambda: session.trust.workspace is not None, "the workspace")
    for _ in range(2):
        studio.settle()
        wait_until(lambda: not session.list.busy and not session.trust.busy, "the case to be kept")
    QTest.qWait(150)


def drop(studio: Studio, *names: str) -> None:
    """Drop files of the recorded attestations."""
    page_of(studio)
    settle(studio)
    for name in names:
        # Where a person has such files, so that the pictures tell nothing about where they were made.
        place = studio.folder / name
        place.write_bytes((FILES / name).read_bytes())
        studio.drop(place)
        settle(studio)


def _empty(studio: Studio) -> None:
    settle(studio)


def _choosing(studio: Studio) -> None:
    drop(studio, "se.hdr")
    for name in ("host1.crt", "host2.crt"):
        studio.drop(PKI / name)
        settle(studio)
    page = page_of(studio)
    QTest.keyClicks(page.choose.rows[0].reason, "Compared with the console, by phone.")
    settle(studio)


def _foreign(studio: Studio) -> None:
    drop(studio, "both.user.good.resp", "both.arpk", "se.hdr")


def _waiting(studio: Studio) -> None:
    drop(studio, "both.user.good.resp")


def _failing(studio: Studio) -> None:
    drop(studio, "both.user.bad_user.resp", "both.arpk", "se.hdr")


def _pasted(studio: Studio) -> None:
    page_of(studio)
    settle(studio)
    for name in ("both.user.good.resp", "se.hdr", "both.arpk"):
        studio.window.open_text((FILES / name).read_bytes().hex())
        settle(studio)


def _pasted_header(studio: Studio) -> None:
    _pasted(studio)
    page_of(studio).session.open_step(steps.CHOOSE)
    settle(studio)


def _renaming(studio: Studio) -> None:
    _foreign(studio)
    page_of(studio).rename()
    settle(studio)


def _deleting(studio: Studio) -> None:
    _list(studio)
    page_of(studio).ask_delete()
    page_of(studio).start.cases.edit_title()
    settle(studio)


def _step(step: str) -> Callable[[Studio], None]:
    def show(studio: Studio) -> None:
        _foreign(studio)
        page_of(studio).session.open_step(step)
        settle(studio)

    return show


def _message(studio: Studio) -> None:
    _foreign(studio)
    page_of(studio).open_message("response-in")
    settle(studio)


def _expected(studio: Studio) -> None:
    drop(studio, "all.user.good.resp", "all.arpk", "se.hdr")
    studio.drop(PKI / "host1.crt")
    page = page_of(studio)
    settle(studio)
    page.show_expected()
    page.expected.ask.setChecked(True)
    page.expected._take_data()
    page.expected.lock.buttons["locked"].click()
    settle(studio)


def _commands(studio: Studio) -> None:
    _foreign(studio)
    page_of(studio).show_commands()
    settle(studio)


def _simulated(studio: Studio) -> None:
    page = page_of(studio)
    settle(studio)
    page.session.machine.try_out(studio.folder)
    settle(studio)


def _verified(studio: Studio) -> None:
    _simulated(studio)
    page_of(studio).session.machine.answer(Path(studio.folder) / "answer.resp")
    settle(studio)


def _refused(studio: Studio) -> None:
    _simulated(studio)
    attack = next(attack for attack in ATTESTATION_ATTACKS if attack.code == REQUEST_NOT_OPENED)
    studio.window.workbench.machine.play_false(attack)
    page_of(studio).session.machine.answer(Path(studio.folder) / "answer.resp")
    settle(studio)


def _list(studio: Studio) -> None:
    for name in ("se.hdr", "other.hdr"):
        drop(studio, "both.user.good.resp", "both.arpk", name)
        page_of(studio).session.close_case()
        settle(studio)
    page_of(studio).start.cases.table.selectRow(0)


STATES: dict[str, Callable[[Studio], None]] = {
    "attestation-empty": _empty,
    "attestation-list": _list,
    "attestation-deleting": _deleting,
    "attestation-renaming": _renaming,
    "attestation-pasted": _pasted,
    "attestation-pasted-header": _pasted_header,
    "attestation-choosing": _choosing,
    "attestation-create": _step(steps.CREATE),
    "attestation-carry": _step(steps.CARRY),
    "attestation-waiting": _waiting,
    "attestation-policy": _foreign,
    "attestation-failing": _failing,
    "attestation-message": _message,
    "attestation-expected": _expected,
    "attestation-commands": _commands,
    "attestation-simulated": _simulated,
    "attestation-refused": _refused,
    "attestation-verified": _verified,
}
