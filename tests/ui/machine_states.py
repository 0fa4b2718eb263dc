"""The states of the Machine page that pictures are taken of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtTest import QTest

from seworkbench.simulator.generations import Generation
from seworkbench.ui.pages.machine.page import ATTESTATION_TAB, BYTES_TAB, MachinePage
from seworkbench.ui.pages.machine.player import Wish
from seworkbench.ui.pages.machine.side import ALL, COMMANDS, MACHINE
from tests.simulator.builder import HOST2
from tests.simulator.secret_requests import META, SecretRequest

from .desk import wait_until
from .machines import image_for, quick_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from .screenshots import Studio


def page_of(studio: Studio) -> MachinePage:
    """The page, shown."""
    page = studio.window.pages["machine"]
    assert isinstance(page, MachinePage)
    studio.window.show_page("machine")
    return page


def made(studio: Studio, generation: Generation = Generation.Z16) -> None:
    """A machine, and nothing in it."""
    page = page_of(studio)
    page.open(quick_machine(studio.folder / generation.value, generation).path)
    studio.settle()


def inserted(studio: Studio) -> None:
    """The image of the demonstration in it."""
    made(studio)
    page_of(studio).make_demo_image()
    studio.settle()
    studio.settle()


def play(studio: Studio) -> None:
    """See how the start ends."""
    page = page_of(studio)
    page.to_end()
    wait_until(lambda: page.player.over, "the start to end")
    studio.settle()


def started(studio: Studio) -> None:
    """The guest runs."""
    inserted(studio)
    play(studio)


def _empty(studio: Studio) -> None:
    page_of(studio)


def _playing(studio: Studio) -> None:
    inserted(studio)
    page = page_of(studio)
    page.player.pace = 0
    page.play_or_pause()
    wait_until(lambda: sum(page.field.done) > 300, "most pages")
    page.player.pause()


def _stepping(studio: Studio) -> None:
    inserted(studio)
    page = page_of(studio)
    for _ in range(4):
        page.step()
        wait_until(lambda: page.player.wish is Wish.REST, "the step to end")


def _attacked(attack: str) -> Callable[[Studio], None]:
    def show(studio: Studio) -> None:
        inserted(studio)
        page_of(studio).attack(attack)
        studio.settle()
        play(studio)

    return show


def _prepared(studio: Studio) -> None:
    inserted(studio)
    page_of(studio).attack("swapped-pages")
    studio.settle()


def _foreign(studio: Studio) -> None:
    made(studio)
    page_of(studio).insert(image_for(studio.folder / "other-machine.img", HOST2))
    studio.settle()
    play(studio)


def _bytes(studio: Studio) -> None:
    inserted(studio)
    page = page_of(studio)
    page.flip(0x14038, 3)
    studio.settle()
    play(studio)
    page.show_bench(BYTES_TAB)


def _checks(studio: Studio) -> None:
    started(studio)
    page_of(studio).parts.show_part(ALL)


def _false(studio: Studio) -> None:
    started(studio)
    page = page_of(studio)
    page.show_bench(ATTESTATION_TAB)
    page.play_false("other-guest")


def _secrets(studio: Studio) -> None:
    started(studio)
    page = page_of(studio)
    folder = page.desk.folder
    guest = page.desk.guest
    assert folder is not None
    assert guest is not None
    good = SecretRequest(guest.header.build(), hosts=(folder.machine.host_key,))
    requests = (
        good.other(kind=META),
        good,
        good.other(kind=0x03, value=bytes(48), id=b"disk passphrase".ljust(32, b"\0")),
    )
    for number, request in enumerate(requests):
        path = studio.folder / f"{number}.asr"
        path.write_bytes(request.build())
        studio.drop(path)
    page.parts.show_part(MACHINE)
    bar = page.parts.identity_area.verticalScrollBar()
    studio.settle()
    bar.setValue(bar.maximum())


def _secret_refused(studio: Studio) -> None:
    _secrets(studio)
    page = page_of(studio)
    page.desk.lock_store()
    studio.settle()
    studio.drop(studio.folder / "1.asr")


def _commands(studio: Studio) -> None:
    _secrets(studio)
    page = page_of(studio)
    page.attack("forged-pld")
    studio.settle()
    page.flip(0x15000, 3)
    studio.settle()
    play(studio)
    page.desk.revoke()
    studio.settle()
    page.parts.show_part(COMMANDS)


def _revoked(studio: Studio) -> None:
    made(studio, Generation.Z15)
    page_of(studio).desk.revoke()
    studio.settle()


def _menu_of_attacks(studio: Studio) -> None:
    inserted(studio)
    page = page_of(studio)
    page.attacks.choose("start-address")
    page.attacks.list.setFocus()
    QTest.qWait(10)


STATES: dict[str, Callable[[Studio], None]] = {
    "machine-empty": _empty,
    "machine-made": made,
    "machine-revoked": _revoked,
    "machine-inserted": inserted,
    "machine-attacks": _menu_of_attacks,
    "machine-prepared": _prepared,
    "machine-playing": _playing,
    "machine-stepping": _stepping,
    "machine-started": started,
    "machine-checks": _checks,
    "machine-refused": _attacked("page-bit"),
    "machine-header": _attacked("allow-dump"),
    "machine-unloaded": _attacked("short-psw"),
    "machine-cut": _attacked("cut-off"),
    "machine-nothing": _attacked("start-address"),
    "machine-foreign": _foreign,
    "machine-bytes": _bytes,
    "machine-false": _false,
    "machine-secrets": _secrets,
    "machine-locked": _secret_refused,
    "machine-commands": _commands,
}
