"""What is done on the pages in each scene: the widgets that a person would use, with the files of the story.

An act shows what the person would do, has the story judge it, and points at what must be seen.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QScrollArea, QSplitter, QWidget

from seworkbench.demo.stage import USER_DATA
from seworkbench.demo.story import play_scene
from seworkbench.errors import Cancelled
from seworkbench.files import read_whole
from seworkbench.formats.exchange import MAX_EXCHANGE_FILE_SIZE
from seworkbench.formats.layout import Protection
from seworkbench.report.markdown_form import markdown_bytes
from seworkbench.trust.loading import crls_in
from seworkbench.trust.verify import load_input
from seworkbench.ui.pages.attestation.case import PERFORM, Expected, ExpectedKey
from seworkbench.ui.pages.attestation.page import AttestationPage
from seworkbench.ui.pages.build.page import BuildPage
from seworkbench.ui.pages.inspect.page import InspectPage
from seworkbench.ui.pages.machine.page import MachinePage
from seworkbench.ui.pages.trust.page import TrustPage
from seworkbench.ui.tour.evidence_page import EvidencePage
from seworkbench.ui.tour.script import Beat, Point, Until
from seworkbench.ui.tour.spotlight import Spot, current_row

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from seworkbench.demo.scene import Place, PlayedScene, Scene
    from seworkbench.demo.stage import Exchange, Stage
    from seworkbench.image.inspection import Inspection
    from seworkbench.jobs import Job
    from seworkbench.ui.pages.page import Page
    from seworkbench.ui.tour.script import Act, Steps, Wait
    from seworkbench.ui.window import MainWindow

# How the attestation cases are called.
_OUR_CASE, _NEXT_CASE = "Payroll", "Payroll, next day"
# Frames for which a call stands while an attacked image starts: by then everybody knows how a start goes.
_QUICK_PACE = 18
T = TypeVar("T")
P = TypeVar("P", bound="Page")


@dataclass
class _Ended:
    """How a job on a thread ended."""

    result: Any = None
    error: Exception | None = None
    done: bool = False


class Acts:
    """The acts of a tour.

    Args:
        window: where they are played.
        stage: the folder and what is in it.
    """

    def __init__(self, window: MainWindow, stage: Stage) -> None:
        self.window = window
        self.stage = stage
        # Whether who watches presses the buttons that matter.
        self.hands_on = False
        # Numbers of the attestation cases that were made, by title.
        self._cases: dict[str, int] = {}
        self._acts: dict[str, Callable[[Scene], Act]] = {
            "machine": self._machine,
            "host-key": self._host_key,
            "build": self._build,
            "look-inside": self._look_inside,
            "start": self._start,
            "page-flipped": self._start,
            "header-flipped": self._start,
            "wrong-machine": self._start,
            "attest": self._attest,
            "forged-response": self._forged,
            "replay": self._replay,
            "revoked": self._host_key,
            "evidence": self._evidence,
        }

    def of(self, scene: Scene) -> Act:
        """The act of a scene."""
        return self._acts.get(scene.id, self._plain)(scene)

    # --- what acts are made of

    def page(self, kind: type[P]) -> P:
        """A page of the window."""
        found = self.window.pages[kind.NAME]
        if not isinstance(found, kind):
            raise TypeError(f"{kind.NAME} is another page")
        return found

    def show(self, place: Place) -> Steps:
        """Go to a page, and let it be seen."""
        self.window.show_page(place.value)
        yield Beat()

    def light(self, title: str, function: Callable[[Job], T]) -> Generator[Wait, None, T]:
        """Do something on a thread, and wait for it.

        Raises:
            SeError: what the function raised.
        """
        ended = _Ended()

        def end(*, result: Any = None, error: Exception | None = None) -> None:
            ended.result, ended.error, ended.done = result, error, True

        job = self.window.workbench.jobs.start_light(title, function)
        job.done.connect(lambda result: end(result=result))
        job.failed.connect(lambda error: end(error=error))
        job.stopped.connect(lambda: end(error=Cancelled()))
        yield Until(lambda: ended.done, title)
        if ended.error is not None:
            raise ended.error
        result: T = ended.result
        return result

    def perform(self, scene: Scene) -> Act:
        """Let the story judge the scene; once is enough, when it is shown again too."""
        played = self.stage.played.get(scene.id)
        if played is None:
            played = yield from self.light(scene.title, lambda job: play_scene(self.stage, scene, job))
        return played

    def drop(self, *paths: Path) -> Steps:
        """Drop files onto the window, one after the other, and wait until they are dealt with."""
        for path in paths:
            self.window.open_files([path])
            yield Beat(300)
        yield from self.settled()

    def press(self, spot: Spot, says: str, press: Callable[[], object], pressed: Callable[[], object]) -> Steps:
        """Press a button, or let whoever watches press it, if they want to.

        Args:
            spot: where it is.
            says: what is to be pressed.
            press: does what the button does.
            pressed: tells whether it was pressed.
        """
        if not self.hands_on:
            press()
            return
        yield Point((spot,), f"Your turn: {says} “Next” does it for you.")
        yield Until(pressed, says, hasten=press, patient=True)

    def settled(self) -> Steps:
        """Wait until nothing runs."""
        yield Until(lambda: not self.window.workbench.jobs.running, "the jobs to end")

    # --- the acts

    def _plain(self, scene: Scene) -> Act:
        if scene.page.value in self.window.pages:
            yield from self.show(scene.page)
        return (yield from self.perform(scene))

    def _machine(self, scene: Scene) -> Act:
        yield from self.show(scene.page)
        yield Point(says="A host key is made, and the authority that signs the document for it.")
        played = yield from self.perform(scene)
        yield from self._use(self.stage.machine_folder)
        yield _point(self.page(MachinePage).parts.identity)
        return played

    def _use(self, folder: Path) -> Steps:
        """Have a machine on the desk, as its folder is now."""
        page = self.page(MachinePage)
        if page.desk.folder is None or page.desk.folder.path != folder:
            page.open(folder)
        else:
            page.desk.refresh()
        yield from self.settled()
        yield Until(lambda: page.desk.folder is not None and page.desk.folder.path == folder, "the machine")

    def _start(self, scene: Scene) -> Act:
        """An image is started: as it is, changed, or on another machine."""
        page, stage = self.page(MachinePage), self.stage
        yield from self.show(scene.page)
        other = scene.id == "wrong-machine"
        # The machine of the window is the last that starts the image: its guest is the one that answers later.
        played = yield from self.perform(scene)
        yield from self._use(stage.other_machine_folder if other else stage.machine_folder)
        where = "another machine" if other else "the machine"
        yield _point(page.drive, says=f"The image is handed to {where}.")
        page.insert(stage.image)
        yield Until(lambda: page.session.medium is not None and not page.session.busy, "the image")
        # Where the last start ended is of no interest any more.
        page.calls.scrollToTop()
        yield Beat(1800)
        if scene.attack:
            page.attacks.choose(scene.attack)
            page.player.pace = _QUICK_PACE
        if scene.attack and not other:
            yield from self.press(
                Spot(page.attacks.make),
                "press “Make this attack”.",
                lambda: page.attack(scene.attack),
                lambda: page.session.busy or (page.session.medium and page.session.medium.changes),
            )
            yield Until(lambda: not page.session.busy and page.session.medium and page.session.medium.changes, "it")
            yield _point(page.attacks, page.drive, says="The host makes its change; nothing else is touched.")
            yield Beat(3500)
        yield from self.press(
            Spot(page.drive.start), "press “Start”.", page.play_or_pause, lambda: page.player.start is not None
        )
        yield _point(page.memory, says="It starts: header first, then page after page.")
        yield Until(
            lambda: page.player.over,
            "the start to end",
            hasten=page.to_end,
            hold=lambda held: page.player.pause() if held else page.player.play(),
            patient=self.hands_on,
        )
        yield from self.settled()
        if scene.attack:
            page.parts.call.checklist.select(scene.select)
            yield Point((current_row(page.calls), current_row(page.parts.call.checklist.tree)))
        else:
            yield _point(page.calls)
        return played

    def _host_key(self, scene: Scene) -> Act:
        page, machine = self.page(TrustPage), self.stage.machine
        lists: tuple[Path, ...] = machine.crl_paths
        yield from self.show(scene.page)
        played = yield from self.perform(scene)
        if scene.id == "revoked":
            # The list on which the key stands is the news; the others say what they said before.
            lists = lists[-1:]
            yield _point(page.documents, says="The authority issues a new revocation list. It is dropped here.")
        else:
            yield _point(page.documents, says="The document, certificates and revocation lists are dropped here.")
            yield from self.drop(machine.document_path, *machine.certificate_paths, machine.root_path)
        yield from self.drop(*lists)
        new = {crl.fingerprint for path in lists for crl in crls_in(load_input(path))}
        yield Until(lambda: _judged(page) >= new, "the judgement")
        page.notice.hide()
        yield Beat(100)
        _give_room(page.graph.area)
        chain = "The chain of trust: from the root down to the host key, and beside each authority its revocation list."
        yield _point(page.graph, says=chain)
        yield Beat(3500)
        page.choose("")
        yield Beat(100)
        hosts = page.session.judgement.host_keys if page.session.judgement else ()
        if hosts:
            page.choose(hosts[0].certificate.fingerprint)
        yield Beat()
        page.side.checklist.select(scene.select)
        yield Point((Spot(page.graph), current_row(page.side.checklist.tree)))
        return played

    def _build(self, scene: Scene) -> Act:
        page, stage = self.page(BuildPage), self.stage
        yield from self.show(scene.page)
        if not stage.image.exists():
            yield from self.light("Writing the inputs", lambda _job: stage.write_inputs())
            yield from self.drop(stage.recipe)
            yield Until(lambda: page.draft.kernel_facts is not None and page.output.possible(), "the recipe")
            recipe = "A recipe fills in the page: what goes in, for whose machine, and what the host may do."
            yield _point(page.inputs, page.hosts, says=recipe)
            yield Beat(3500)
            yield _point(page.output, says="It is built, read back from the disk and verified.")
            yield Beat()
            yield from self.press(
                Spot(page.output.build),
                "press “Build image”.",
                page.build,
                lambda: page.job is not None or stage.image.exists(),
            )
            yield Until(lambda: page.job is None, "the image")
            yield from self.settled()
        played = yield from self.perform(scene)
        result = page.side.result
        yield Point((Spot(page.hosts), Spot(result, lambda: _down_to(result, result.sentence))))
        return played

    def _look_inside(self, scene: Scene) -> Act:
        page, stage = self.page(InspectPage), self.stage
        yield from self.show(scene.page)
        played = yield from self.perform(scene)
        yield from self.drop(stage.image)
        yield Until(lambda: page.session.check is not None, "the verification")
        yield from self.drop(stage.machine.document_path)
        yield Point(
            (Spot(page.map), Spot(page.hex)), "Without a key: noise where the kernel is, and no way to tell what."
        )
        if (inspection := page.session.inspection) is not None:
            page.map.activated.emit(_first_encrypted(inspection))
        yield Beat(4000)
        yield from self.drop(stage.header_key)
        yield Until(lambda: page.session.inspection is not None and page.session.inspection.content, "the key")
        page.show_side("contents")
        yield _point(page.contents, says="With the header key: which kernel, which command line, which ramdisk.")
        yield Beat(4000)
        page.session.expect(stage.write_inputs().by_kind)
        page.show_side("checks")
        yield from self.settled()
        page.checklist.select(scene.select)
        yield Point((current_row(page.checklist.tree),))
        return played

    def _attest(self, scene: Scene) -> Act:
        page, stage = self.page(AttestationPage), self.stage
        first = stage.first
        yield from self.show(scene.page)
        yield Point(says="A request is sealed for our machine; its key stays with us.")
        yield from self.light("Creating the request", lambda _job: stage.ask(first))
        yield from self._open_case(_OUR_CASE, first)
        if first.response.exists():
            yield from self.drop(first.response)
        else:
            page.session.machine.choose(stage.machine_folder)
            page.session.machine.set_user_data(USER_DATA)
            page.session.open_step(PERFORM)
            yield from self.settled()
            parties = "We ask, the host carries, the guest passes on, the firmware answers."
            yield _point(page.diagram, says=parties)
            yield Beat(4000)
            page.session.machine.answer(first.response)
        yield from self._verified(first.response)
        page.show_piece("additional")
        played = yield from self.perform(scene)
        yield _point(page.verify.compare)
        return played

    def _forged(self, scene: Scene) -> Act:
        yield from self.show(scene.page)
        played = yield from self.perform(scene)
        # The very same request; only the response was changed on its way.
        yield from self._attacked(played, _OUR_CASE, self.stage.first, "user_data")
        return played

    def _replay(self, scene: Scene) -> Act:
        yield from self.show(scene.page)
        played = yield from self.perform(scene)
        yield from self._attacked(played, _NEXT_CASE, self.stage.second, "nonce")
        return played

    def _attacked(self, played: PlayedScene, title: str, exchange: Exchange, piece: str) -> Steps:
        """What comes back is not what the guest sent; the piece of the block that tells is shown."""
        page = self.page(AttestationPage)
        yield from self._open_case(title, exchange)
        yield _point(page.diagram, says="What the host brings back is verified as if it were the answer.")
        yield Beat(2500)
        response = played.outcome.files[0]
        yield from self.drop(response)
        yield from self._verified(response)
        page.show_piece(piece)
        # Cards are brought up to date when everything that changes has changed.
        yield Beat(100)
        block = page.verify.block

        def place() -> QRect:
            # Found anew each time: pieces are made anew.
            return block.pieces[piece].geometry()

        yield Point((Spot(block, place), Spot(page.verify.cause)))

    def _open_case(self, title: str, exchange: Exchange) -> Steps:
        """Open a case, or begin it: with header, request, key, and what is expected; only the response is missing."""
        page, stage = self.page(AttestationPage), self.stage
        if (number := self._cases.get(title)) is not None:
            page.session.open_case(number)
            yield from self.settled()
            return
        page.session.new_case(title)
        for path in (stage.image, exchange.request, exchange.protection_key):
            yield from self.drop(path)
        yield Until(lambda: page.session.files.header and page.session.key_fits, "header, request and key")
        machine = stage.machine
        guest = machine.guest()
        page.session.expect(
            Expected(
                host_keys=(
                    ExpectedKey(machine.document_path.name, machine.machine.host_key_hash.hex(), verified=True),
                ),
                require_image_key=True,
                require_attestation_key=True,
                user_data=USER_DATA.hex(),
                cuid=(stage.cuid or (guest.cuid if guest else b"")).hex(),
                locked=False,
            )
        )
        yield from self.settled()
        case = page.session.case
        if case is not None and case.number is not None:
            self._cases[title] = case.number

    def _verified(self, response: Path) -> Steps:
        """Wait for the verdict on a response."""
        page = self.page(AttestationPage)

        def judged() -> bool:
            result = page.session.result
            return result is not None and result.verification.response_sha256 == digest

        yield Until(response.exists, "the response")
        digest = hashlib.sha256(read_whole(response, MAX_EXCHANGE_FILE_SIZE)).digest()
        yield Until(judged, "the verdict")
        yield from self.settled()

    def _evidence(self, scene: Scene) -> Act:
        page, stage = self.page(EvidencePage), self.stage
        yield from self.show(scene.page)
        played = yield from self.perform(scene)
        if (report := stage.report) is not None:
            text = yield from self.light("Reading the report", lambda _job: markdown_bytes(report).decode())
            page.show_report(text, tuple(stage.played.values()), stage.evidence)
            yield _point(page.report)
        return played


def _point(*widgets: QWidget, says: str = "") -> Point:
    """Draw the eye to widgets."""
    return Point(tuple(map(Spot, widgets)), says)


def _give_room(area: QScrollArea) -> None:
    """Drag the handle between an area and what is below it as far as the area needs, or as it goes."""
    lacking = area.verticalScrollBar().maximum()
    part: QWidget = area
    while lacking and (around := part.parentWidget()) is not None:
        if isinstance(around, QSplitter) and around.orientation() is Qt.Orientation.Vertical:
            place, last = around.indexOf(part), around.count() - 1
            sizes = around.sizes()
            sizes[place] += lacking
            sizes[last] = max(0, sizes[last] - lacking)
            around.setSizes(sizes)
            return
        part = around


def _down_to(whole: QWidget, part: QWidget) -> QRect:
    """The upper part of a widget, down to the end of something in it."""
    return QRect(0, 0, whole.width(), part.geometry().bottom() + 1)


def _first_encrypted(inspection: Inspection) -> int:
    """Where the first part of an image begins that cannot be read without a key."""
    return next(area.offset for area in inspection.parts() if area.protection is Protection.ENCRYPTED_HASHED)


def _judged(page: TrustPage) -> set[str]:
    """Fingerprints of everything that is judged on the Trust page by now."""
    judgement = page.session.judgement
    return set(judgement.objects) if judgement is not None and not page.session.busy else set()
