"""Pictures of every page in every state, from the real window: `python -m tests.ui.screenshots FOLDER [STATE …]`.

Each picture is called STATE-LOOK.png, where LOOK is light, dark, contrast, larger (light at scale 1.5) or double (light
at scale 2). A process has one scale, so the pictures at other scales are made by processes of their own. Whatever the
pictures show lies in ~/images: the home folder is one of their own, too.

`python -m tests.ui.screenshots --readme` makes the pictures of README.md anew, in resources/pictures. With an s390x
kernel in the cache (tests/boot/fetch_s390x_kernel.sh) that is the kernel they show.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import delete, isValid

from seworkbench.formats.layout import Uint
from seworkbench.ui.app import make_window
from seworkbench.ui.defects import Defects
from seworkbench.ui.pages.trust.page import TrustPage
from seworkbench.ui.theme import ThemeChoice

from .attestation_states import STATES as ATTESTATION_STATES
from .desk import FIRST_COMPONENT, INPUTS, PKI, Images, tampered, wait_until
from .machine_states import STATES as MACHINE_STATES
from .tour_states import STATES as TOUR_STATES
from .tour_states import end_tour
from .trust_files import TrustFiles, write_trust_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.window import MainWindow

ROOT = Path(__file__).parents[2]
SIZE = (1440, 900)
LOOKS = {"light": ThemeChoice.LIGHT, "dark": ThemeChoice.DARK, "contrast": ThemeChoice.HIGH_CONTRAST}
SCALES = {"larger": "1.5", "double": "2"}
REASON = "Compared with the value on the machine's console, by phone."


class Studio:
    """The window before the camera.

    Args:
        folder: for files that are made on the way.
        choice: theme.
    """

    def __init__(self, folder: Path, choice: ThemeChoice) -> None:
        self.folder = folder
        self.images = Images(folder)
        self.window: MainWindow = make_window(folder / "settings.json")
        self.window.resize(*SIZE)
        self.window.workbench.theme.choose(choice)
        self.window.show()
        self.inspect = self.window.pages["inspect"]
        self.build = self.window.pages["build"]
        trust = self.window.pages["trust"]
        assert isinstance(trust, TrustPage)
        self.trust = trust
        # What is dropped before the workspace is open waits for it.
        self.settle()

    def close(self) -> None:
        """Put the window away."""
        self.window.close()
        QTest.qWait(1)
        # A theme is given to every window there is, seen or not.
        delete(self.window)

    def drop(self, *paths: Path) -> None:
        """Open files and wait until they are dealt with."""
        self.window.open_files(list(paths))
        self.settle()

    def settle(self) -> None:
        """Wait until nothing runs and everything is painted."""
        session, jobs = self.trust.session, self.window.workbench.jobs
        wait_until(lambda: not (jobs.running or session.busy or session.workspace is None), "the jobs to end")
        QTest.qWait(50)
        # A change of one layout asks for another round of those around it.
        for _ in range(10):
            QApplication.sendPostedEvents()
            QApplication.processEvents()

    def unlocked(self) -> None:
        """An image, opened with its header key, of a known machine."""
        self.drop(self.images.get("two_hosts"))
        self.drop(INPUTS / "hdr.key", PKI / "host1.crt")


def _overview_empty(studio: Studio) -> None:
    studio.window.show_page("overview")


def _overview_recent(studio: Studio) -> None:
    studio.drop(studio.images.get("default"), studio.images.get("two_hosts"))
    studio.window.show_page("overview")


def _inspect_empty(studio: Studio) -> None:
    studio.window.show_page("inspect")


def _inspect_open(studio: Studio) -> None:
    studio.drop(studio.images.get("two_hosts"))


def _inspect_part(name: str) -> Callable[[Studio], None]:
    def show(studio: Studio) -> None:
        studio.unlocked()
        inspection = studio.inspect.session.inspection  # type: ignore[attr-defined]
        studio.inspect.tree.select_field(inspection.tree.find("SeHeaderV1", "encrypted", name))  # type: ignore[attr-defined]
        studio.inspect._show_field(studio.inspect.tree.selected_field)  # type: ignore[attr-defined]

    return show


def _inspect_side(name: str) -> Callable[[Studio], None]:
    def show(studio: Studio) -> None:
        studio.unlocked()
        studio.inspect.show_side(name)  # type: ignore[attr-defined]

    return show


def _inspect_failing(studio: Studio) -> None:
    studio.drop(tampered(studio.images.get("default"), studio.folder, FIRST_COMPONENT + 5000))
    studio.inspect.show_side("checks")  # type: ignore[attr-defined]
    studio.inspect.checklist.select("image.digest.pld")  # type: ignore[attr-defined]


def _inspect_refused(studio: Studio) -> None:
    studio.drop(studio.images.get("default"))
    studio.drop(PKI / "host2.key")


def _inspect_find(studio: Studio) -> None:
    studio.unlocked()
    studio.inspect.find_bar.ask("Hex")  # type: ignore[attr-defined]
    QTest.keyClicks(studio.inspect.find_bar.line, "01 00 00 00\r")  # type: ignore[attr-defined]


def _trust(studio: Studio, *more: str) -> TrustFiles:
    files = write_trust_files(studio.folder)
    studio.window.show_page("trust")
    given = [*files.issuers, *files.lists, *files.good, *(getattr(files, name) for name in more)]
    for path in given:
        studio.trust.session.import_path(path)
    studio.settle()
    studio.trust.notice.hide()
    return files


def _trust_empty(studio: Studio) -> None:
    studio.window.show_page("trust")


def _trust_filled(studio: Studio) -> None:
    _trust(studio)


def _trust_failing(studio: Studio) -> None:
    files = _trust(studio, "revoked", "expired", "orphan")
    held = studio.trust.session.holdings.objects.values()
    studio.trust.choose(next(item.fingerprint for item in held if item.source.name == str(files.revoked)))


def _trust_missing(studio: Studio) -> None:
    files = write_trust_files(studio.folder)
    studio.window.show_page("trust")
    for path in (*files.issuers, files.lists[0], files.good[0], files.orphan):
        studio.trust.session.import_path(path)
    studio.settle()
    studio.trust.notice.hide()


def _trust_import(studio: Studio) -> None:
    _trust(studio)
    for path in (PKI / "garbage.crt", PKI / "host1.key", PKI / "host1.crt", studio.folder / "root.crt"):
        studio.trust.session.import_path(path)


def _trust_fetch(studio: Studio) -> None:
    _trust(studio, "revoked")
    studio.window.actions_table.run("trust.fetch")


def _trust_as_of(studio: Studio) -> None:
    _trust(studio, "revoked")
    studio.trust.session.move_to(studio.trust.session.now + timedelta(days=16))


def _trust_commands(studio: Studio) -> None:
    _trust(studio)
    studio.window.actions_table.run("trust.commands")


def _overview_trust(studio: Studio) -> None:
    _trust(studio, "revoked", "orphan")
    studio.window.show_page("overview")


def _build_judged(studio: Studio) -> None:
    files = _trust(studio, "revoked")
    studio.window.show_page("build")
    studio.drop(INPUTS / "kernel", _ramdisk(studio), INPUTS / "cmdline", files.good[0], files.revoked)
    studio.build.draft.set_output(studio.folder / "guest.img")  # type: ignore[attr-defined]


def _inspect_fields(studio: Studio) -> None:
    studio.unlocked()
    studio.inspect.find_bar.ask("Field")  # type: ignore[attr-defined]
    QTest.keyClicks(studio.inspect.find_bar.line, "digest")  # type: ignore[attr-defined]


def _inspect_commands(studio: Studio) -> None:
    studio.unlocked()
    studio.inspect.show_commands()  # type: ignore[attr-defined]


def _inspect_compare(studio: Studio) -> None:
    studio.unlocked()
    studio.inspect.session.compare(studio.images.get("cck_update"))  # type: ignore[attr-defined]
    studio.settle()
    studio.inspect.comparison.step(1)  # type: ignore[attr-defined]


def _build_empty(studio: Studio) -> None:
    studio.window.show_page("build")


def _fill(studio: Studio) -> None:
    studio.drop(INPUTS / "kernel", _ramdisk(studio), INPUTS / "cmdline", PKI / "host1.crt")
    path = studio.build.output.path  # type: ignore[attr-defined]
    path.setFocus()
    path.selectAll()
    QTest.keyClicks(path, str(studio.folder / "guest.img"))
    studio.settle()


def _build_filled(studio: Studio) -> None:
    _fill(studio)
    reason = studio.build.hosts.rows[0].reason  # type: ignore[attr-defined]
    reason.setFocus()
    QTest.keyClicks(reason, REASON)
    # A place that is not written to would be written to by the states that build.
    assert studio.build.draft.output == studio.folder / "guest.img"  # type: ignore[attr-defined]


def _build_incomplete(studio: Studio) -> None:
    line = studio.folder / "long-cmdline"
    line.write_text("root=/dev/vda1 rdinit=/bin/bash " + "x" * 140)
    studio.drop(INPUTS / "kernel", line, PKI / "host1.crt", PKI / "host2.crt")
    studio.build.draft.set_output(studio.folder / "guest.img")  # type: ignore[attr-defined]


def _build_running(studio: Studio) -> None:
    large = studio.folder / "large-ramdisk"
    with large.open("wb") as file:
        file.write(b"070701")
        file.truncate(8 << 30)
    _build_filled(studio)
    studio.drop(large)
    studio.window.actions_table.run("build.build")
    job = studio.window.workbench.jobs.running[0]
    wait_until(lambda: job.progress.total > 1 << 30 and job.progress.done > 1 << 28, "the build to be under way")


def _build_built(studio: Studio) -> None:
    _build_filled(studio)
    studio.window.actions_table.run("build.build")


def _build_readme(studio: Studio) -> None:
    """Files with the names that they have in practice."""
    cached = Path(os.environ.get("SEWORKBENCH_S390X_KERNEL", ""))
    named = {
        "vmlinuz-6.1.0-s390x": cached if cached.is_file() else INPUTS / "kernel",
        "initrd.img-6.1.0-s390x": _ramdisk(studio),
        "cmdline": INPUTS / "cmdline",
        "FRA-Z16-01.crt": PKI / "host1.crt",
        "FRA-Z17-02.crt": PKI / "host2.crt",
    }
    studio.drop(*[Path(shutil.copyfile(source, studio.folder / name)) for name, source in named.items()])


def _ramdisk(studio: Studio) -> Path:
    path = studio.folder / "initrd"
    path.write_bytes(b"070701" + bytes(90_000))
    return path


def _messages(studio: Studio) -> None:
    studio.window.show_page("overview")
    studio.drop(PKI / "garbage.crt", INPUTS / "elf", PKI / "host.crl", studio.folder / "gone")


def _palette(studio: Studio) -> None:
    studio.window.show_palette()


def _defect(studio: Studio) -> None:
    try:
        Uint(1).encode(-1)
    except OverflowError as error:
        Defects(studio.window, studio.window.workbench.theme).take(type(error), error, error.__traceback__)


def _help(studio: Studio) -> None:
    studio.window.show_help("verification.md#step-14-digests-and-page-count")


def _settings(studio: Studio) -> None:
    studio.drop(studio.images.get("default"))
    studio.window.show_settings()


STATES: dict[str, Callable[[Studio], None]] = {
    "overview-empty": _overview_empty,
    "overview-recent": _overview_recent,
    "inspect-empty": _inspect_empty,
    "inspect-open": _inspect_open,
    "inspect-unlocked": _inspect_part("psw"),
    "inspect-secret": _inspect_part("xts"),
    "inspect-checks": _inspect_side("checks"),
    "inspect-contents": _inspect_side("contents"),
    "inspect-failing": _inspect_failing,
    "inspect-refused": _inspect_refused,
    "inspect-find": _inspect_find,
    "inspect-fields": _inspect_fields,
    "inspect-compare": _inspect_compare,
    "inspect-commands": _inspect_commands,
    "overview-trust": _overview_trust,
    "trust-empty": _trust_empty,
    "trust-filled": _trust_filled,
    "trust-failing": _trust_failing,
    "trust-missing": _trust_missing,
    "trust-import": _trust_import,
    "trust-fetch": _trust_fetch,
    "trust-as-of": _trust_as_of,
    "trust-commands": _trust_commands,
    "build-empty": _build_empty,
    "build-filled": _build_filled,
    "build-judged": _build_judged,
    "build-incomplete": _build_incomplete,
    "build-running": _build_running,
    "build-built": _build_built,
    "build-readme": _build_readme,
    "messages": _messages,
    "palette": _palette,
    "defect": _defect,
    "help": _help,
    "settings": _settings,
    **ATTESTATION_STATES,
    **TOUR_STATES,
    **MACHINE_STATES,
}
# The pictures of README.md: state -> file in resources/pictures.
_README = {
    "trust-filled": "trust",
    "build-readme": "build",
    "inspect-unlocked": "inspect",
    "attestation-verified": "attestation",
}
# States that run a job when the picture is taken.
_UNSETTLED = ("build-running",)


def take(state: str, look: str, target: Path) -> Path:
    """Take the picture of a state.

    Args:
        state: one of STATES.
        look: one of LOOKS, or of SCALES in a process of that scale.
        target: folder for the picture.
    """
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        folder = Path(home) / "images"
        folder.mkdir()
        studio = Studio(folder, LOOKS.get(look, ThemeChoice.LIGHT))
        STATES[state](studio)
        if state in _UNSETTLED:
            QTest.qWait(100)
        else:
            studio.settle()
        # What opened above the window, if anything did.
        above = [
            widget for widget in QApplication.topLevelWidgets() if widget.isVisible() and _is_above(widget, studio)
        ]
        path = target / f"{state}-{look}.png"
        if not (above[0] if above else studio.window).grab().save(str(path)):
            raise OSError(f"cannot write {path}")
        for job in list(studio.window.workbench.jobs.running):
            job.cancel()
        studio.settle()
        end_tour(studio)
        for widget in filter(isValid, above):
            widget.close()
        studio.close()
    return path


# What may stand above the window; the window of a tour is one like the user's.
_ABOVE = ("CommandPalette", "HelpWindow", "MainWindow", "QMessageBox", "SettingsWindow")


def _is_above(widget: object, studio: Studio) -> bool:
    return type(widget).__name__ in _ABOVE and widget is not studio.window


def main(arguments: list[str]) -> int:
    """Take all pictures, or those of some states."""
    unknown = [state for state in arguments[1:] if state not in STATES]
    if not arguments or unknown or (arguments[0].startswith("-") and arguments != ["--readme"]):
        usage = (
            "usage: python -m tests.ui.screenshots FOLDER [STATE …]\n       python -m tests.ui.screenshots --readme\n"
        )
        sys.stderr.write(f"{usage}states: {', '.join(STATES)}\n")
        return 2
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    os.environ.setdefault("SEWORKBENCH_S390X_KERNEL", str(cache / "seworkbench" / "s390x" / "vmlinuz"))
    if arguments == ["--readme"]:
        _start_application()
        with tempfile.TemporaryDirectory() as folder:
            for state, name in _README.items():
                shutil.copyfile(take(state, "light", Path(folder)), ROOT / "resources" / "pictures" / f"{name}.png")
        return 0
    target = Path(arguments[0])
    wanted = arguments[1:] or list(STATES)
    target.mkdir(parents=True, exist_ok=True)
    scale = os.environ.get("QT_SCALE_FACTOR")
    _start_application()
    for look in [name for name, factor in SCALES.items() if factor == scale] or LOOKS:
        for state in wanted:
            sys.stdout.write(f"{take(state, look, target)}\n")
    if scale:
        return 0
    again = [sys.executable, "-m", "tests.ui.screenshots", str(target.absolute()), *wanted]
    for factor in SCALES.values():
        environment = {**os.environ, "QT_SCALE_FACTOR": factor, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run(again, env=environment, cwd=ROOT, check=False)
        if ran.returncode:
            return ran.returncode
    return 0


def _start_application() -> None:
    application = QApplication.instance() or QApplication(["screenshots"])
    assert isinstance(application, QApplication)
    application.setStyle("Fusion")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
