"""The Machine page: an image starts on a simulated machine, call by call; what somebody changed in it is caught.

The image above, the memory of the guest in the middle, below it the calls beside the attacks; the machine, the chosen
call and all checks at the side. The machine is that of the workbench: other pages use the same.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.errors import SeError
from seworkbench.files import AtomicFile, read_whole
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.formats.layout import Protection
from seworkbench.recognise import Kind, Recognised
from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS
from seworkbench.simulator.commands import image_built
from seworkbench.simulator.events import Actor
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS
from seworkbench.ui.actions import Action
from seworkbench.ui.dialogs import ask_new, ask_open
from seworkbench.ui.pages.machine.attack_list import AttackList, attestation_entries, image_entries
from seworkbench.ui.pages.machine.byte_bench import ByteBench
from seworkbench.ui.pages.machine.call_list import CallList
from seworkbench.ui.pages.machine.calls import calls_of, unbroken
from seworkbench.ui.pages.machine.drive import Drive
from seworkbench.ui.pages.machine.guest_map import GuestMap
from seworkbench.ui.pages.machine.new_machine import NewMachine
from seworkbench.ui.pages.machine.page_field import PageField, PageGroup
from seworkbench.ui.pages.machine.places import spots_of
from seworkbench.ui.pages.machine.player import Player
from seworkbench.ui.pages.machine.session import MachineSession
from seworkbench.ui.pages.machine.side import ALL, CALL, COMMANDS, MACHINE, MachineSide
from seworkbench.ui.pages.page import Page
from seworkbench.ui.widgets.basic import Card, CompactBody, ErrorBox, button, label, link
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.map_geometry import MapRegion
from seworkbench.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

    from seworkbench.jobs import Job
    from seworkbench.simulator.generations import Generation
    from seworkbench.simulator.hypervisor import GuestStart
    from seworkbench.simulator.image_tampering import ImageAttack
    from seworkbench.ui.jobs import RunningJob
    from seworkbench.ui.pages.machine.calls import Call
    from seworkbench.ui.pages.machine.session import Start
    from seworkbench.ui.workbench import Workbench

IMAGE_TAB, BYTES_TAB, ATTESTATION_TAB = "image", "bytes", "attestation"
# As it is said in sentences.
_WHO = {actor: actor.value if actor is Actor.LOADER else f"the {actor.value}" for actor in Actor}
_DOCUMENT_LIMIT = 1 << 20
_PUBLIC_MODE = 0o644
_CALLS_WIDTH, _BENCH_WIDTH = 364, 516
# Narrower than this, in unscaled pixels, calls and bench do not stand side by side; less height shows too little.
_WIDE, _LEAST_BELOW, _LEAST_MEMORY = 760, 240, 258
# Narrower than this, words are left out.
_ROOMY = 500
_MARGIN, _BAR = 20, 14
_SIMULATED, _OTHER = "SIMULATED MACHINE", "Another machine…"


class MachinePage(Page):
    """See the module's text.

    Args:
        workbench: what the window shares; the current machine is in it.
        player: plays the starts; one at a pace that can be watched unless given.
    """

    NAME = "machine"
    HELP = "simulated-machine.md"

    def __init__(self, workbench: Workbench, player: Player | None = None) -> None:
        super().__init__(workbench)
        theme = workbench.theme
        self.desk = workbench.machine
        self.session = MachineSession(workbench.jobs, self.desk, self)
        self.player = player or Player(self)
        self._known: tuple[Path, bytes] | None = (Path(), b"")  # as no machine is, so that the first look shows
        self._shown: tuple[Path, ImageAttack | None] | None = None
        self._result: GuestStart | None = None
        self._follows = True
        self.error = ErrorBox(theme)
        self.new_machine = NewMachine(theme)
        self.drive = Drive(theme)
        self.map = GuestMap(theme)
        self.field = PageField(theme)
        self.calls = CallList(theme)
        self.attacks = AttackList(theme, image_entries(), "Make this attack", "Attacks on the image")
        self.bytes = ByteBench(theme)
        self.faults = AttackList(theme, attestation_entries(), "Play false this way", "Attacks on attestation")
        self._side = MachineSide(theme, lambda: datetime.now(UTC))
        self._lay_out()
        self._connect()
        self._show_machine()
        if workbench.settings.machine:
            # Not before the window stands: opening it takes a moment, and it may be gone.
            self._reopen(Path(workbench.settings.machine))

    @property
    def side(self) -> QWidget | None:
        """The machine, the chosen call, all checks; nothing without a machine."""
        return self._side

    @property
    def parts(self) -> MachineSide:
        """The side by its own type."""
        return self._side

    @property
    def result(self) -> GuestStart | None:
        """What the start came to, once it was played to its end."""
        return self._result

    def actions_of_page(self) -> tuple[Action, ...]:
        """Commands of this page."""

        def action(  # noqa: PLR0917 - a row of the table below
            name: str, text: str, menu: str, run: Callable[[], object], keys: str = "", mark: str = "",
            possible: Callable[[], bool] = lambda: True,
        ) -> Action:  # fmt: skip
            return Action(f"machine.{name}", text, menu, lambda: _call(run), keys, mark, possible, self.NAME)

        here, inside, changed, guest = self._has_machine, self._has_image, self._is_changed, self._has_guest
        return (
            action("start", "Start, pause or continue", "File", self.play_or_pause, "F8", "play", inside),
            action("step", "One call further", "File", self.step, "F10", "step-forward", inside),
            action("end", "To the end of the start", "File", self.to_end, "Shift+F10", "skip-forward", inside),
            action("reset", "Reset image and guest", "File", self.reset, "", "rotate-ccw", inside),
            action("undo", "Undo the changes in the image", "Edit", self.session.undo, "", "refresh-cw", changed),
            action("image", "Insert an image…", "File", self.choose_image, "", "plus", here),
            action("demo", "Make a demonstration image", "File", self.make_demo_image, "", "package", here),
            action("eject", "Eject the image", "File", self.session.eject, "", "x", inside),
            action("open", "Open a machine folder…", "File", self.new_machine.ask_folder, "", "folder-open"),
            action("document", "Save the host key document…", "File", self.save_document, "", "save", here),
            action("secret", "Add a secret to the guest…", "File", self.choose_secret, "", "key-round", guest),
            action("commands", "Show what was done as commands", "Edit", self.show_commands, "", "terminal", here),
            action("put-away", "Put the machine away", "File", self.desk.put_away, "", "x", here),
        )

    def takes(self, item: Recognised) -> bool:
        """Folders of machines; while this page is shown, images for its machine and secrets for its guest."""
        if item.kind is Kind.ADD_SECRET_REQUEST:
            return self.isVisible() and self._has_guest()
        if item.kind is Kind.IMAGE:  # elsewhere it is inspected
            return self.isVisible() and self._has_machine()
        return item.kind is Kind.SIMULATED_MACHINE

    def take(self, item: Recognised) -> None:
        """Open the machine, insert the image, or add the secret."""
        ways = {Kind.SIMULATED_MACHINE: self.open, Kind.ADD_SECRET_REQUEST: self.add_secret}
        ways.get(item.kind, self.insert)(item.path)

    def would_take(self, item: Recognised) -> str:
        """Secrets need a guest to be added to."""
        if item.kind is not Kind.ADD_SECRET_REQUEST:
            return ""
        return "Start an image on the Machine page and drop it there: the guest takes it."

    def close_page(self) -> None:
        """Leave nothing behind."""
        self.player.load(None)
        self.bytes.close_source()
        self.session.close()

    # --- what can be asked for

    def make(self, path: Path, generation: Generation, *, backup_key: bool = False) -> None:
        """Make a machine and use it."""
        self.error.hide()
        self.new_machine.allow(possible=False)
        job = self.desk.make(path, generation, backup_key=backup_key)
        for signal in (job.done, job.failed, job.stopped):
            signal.connect(lambda *_: self.new_machine.allow(possible=True))

    def open(self, path: Path) -> None:
        """Use the machine in a folder."""
        self.error.hide()
        self.desk.open(path)

    def insert(self, image: Path) -> None:
        """Insert an image."""
        self.error.hide()
        self.session.insert(image)
        self._show_state()

    def make_demo_image(self) -> None:
        """Build an image for this machine and insert it."""
        folder = self.desk.folder
        if folder is None:
            return
        self.error.hide()

        def build(job: Job) -> Path:
            # On the thread: it loads the page cipher, and numpy with it, which the start of the program does without.
            from seworkbench.ui.pages.machine.demo_image import demo_image_for  # noqa: PLC0415

            return demo_image_for(folder, job)

        job = self.workbench.jobs.start_light("Building a demonstration image", build)
        self.drive.demo.setEnabled(False)
        job.done.connect(self._insert_demo)
        job.failed.connect(self._fail)
        for signal in (job.failed, job.stopped):
            signal.connect(lambda *_: self.drive.demo.setEnabled(True))

    def _insert_demo(self, image: Path) -> None:
        if self.desk.folder is not None:
            self.desk.note(image_built(self.desk.folder, image))
        self.insert(image)

    def attack(self, attack_id: str) -> None:
        """Make an attack on the image; it can be started then."""
        attack = next(one for one in IMAGE_ATTACKS if one.id == attack_id)
        self.error.hide()
        self.show_bench(IMAGE_TAB)
        self.session.attack(attack)
        self._show_state()

    def flip(self, offset: int, bit: int) -> None:
        """Flip a bit of the image."""
        self.error.hide()
        self.session.flip(offset, bit)
        self._show_state()

    def play_false(self, attack_id: str) -> None:
        """Let the machine answer attestation requests falsely; honestly again with an empty id."""
        self.desk.play_false(next((one for one in ATTESTATION_ATTACKS if one.id == attack_id), None))

    def play_or_pause(self) -> None:
        """Start, or go on, or pause."""
        if self.player.playing:
            self.player.pause()
        elif self._ready():
            self.player.play()

    def step(self) -> None:
        """Go one call further, and show it at the side."""
        if self._ready():
            self._side.show_part(CALL)
            self.player.step()

    def to_end(self) -> None:
        """Show how it ends."""
        if self._ready():
            self.player.to_end()

    def reset(self) -> None:
        """Have everything as before: the image as it was built, no guest, nothing played."""
        self.error.hide()
        self.session.forget_start()
        self.player.load(None)
        self._forget_result()
        if self._is_changed():
            self.session.undo()
        if self.desk.guest is not None:
            self.desk.end_guest()
        self._side.show_part(MACHINE)
        self._show_state()

    def choose_image(self) -> None:
        """Ask for an image and insert it."""
        path = ask_open(self, "SE image")
        if path is not None:
            self.insert(path)

    def save_document(self) -> None:
        """Ask where, and save a copy of the host key document."""
        folder = self.desk.folder
        if folder is None:
            return
        path = ask_new(self, "Save the host key document", Path(folder.description.document_name))
        if path is None:
            return
        try:
            content = read_whole(folder.document_path, _DOCUMENT_LIMIT)
            with AtomicFile(path, mode=_PUBLIC_MODE) as file:
                file.write_at(0, content)
        except SeError as error:
            self._fail(error)
        else:
            self.workbench.say(f"The host key document was saved to {path}.")

    def choose_secret(self) -> None:
        """Ask for an add-secret request and add it."""
        path = ask_open(self, "Add-secret request")
        if path is not None:
            self.add_secret(path)

    def add_secret(self, request: Path) -> None:
        """Add a secret to the guest."""
        self.error.hide()
        self._side.show_part(MACHINE)
        job = self.desk.add_secret(request)
        if job is not None:
            job.done.connect(lambda _: self.workbench.say(f"{request.name}: the SIMULATED guest has this secret now."))

    def show_commands(self) -> None:
        """Show what was done as commands."""
        self._side.show_part(COMMANDS)

    def _show_deeds(self) -> None:
        self._side.show_deeds(self.desk.folder, self.desk.deeds)

    def show_bench(self, tab: str) -> None:
        """Show "image" (attacks on it), "bytes" or "attestation" at the bench."""
        self.tabs.choose(tab)
        self.bench.setCurrentIndex((IMAGE_TAB, BYTES_TAB, ATTESTATION_TAB).index(tab))

    # --- the machine

    def _reopen(self, path: Path) -> None:
        job = self.desk.open(path)
        self._reopening: RunningJob | None = job

    def _show_machine(self) -> None:
        folder = self.desk.folder
        known = (folder.path, folder.description.phkh) if folder else None
        self._side.identity.show_machine(folder, self.desk.guest)
        if known == self._known:
            return
        self._known = known
        has = folder is not None
        self.middle.setCurrentIndex(1 if has else 0)
        self.simulated.setVisible(has)
        self.put_away.setVisible(has)
        self.new_machine.suggest()
        self.subtitle.show_text(
            "" if folder is None else f"{folder.description.generation.value} {folder.description.serial}"
        )
        self._side.show_part(MACHINE)
        self.error.hide()
        medium = self.session.medium
        if medium is not None and has:
            # Another machine sees the same image with other eyes.
            self.session.insert(medium.image)
        elif medium is not None:
            self.session.eject()
        self._show_state()

    def _wish(self, wish: str) -> None:
        """What was asked for at the identity of the machine."""
        desk = self.desk
        ways: dict[str, Callable[[], object]] = {
            "save-document": self.save_document,
            "trust": self._send_to_trust,
            "renew": desk.renew,
            "new-key": lambda: desk.renew(new_key=True),
            "expire": lambda: desk.renew(expired=True),
            "revoke": desk.revoke,
            "end-guest": desk.end_guest,
            "add-secret": self.choose_secret,
            "lock-store": desk.lock_store,
        }
        self.error.hide()
        ways[wish]()

    def _send_to_trust(self) -> None:
        folder = self.desk.folder
        if folder is not None:
            files = [folder.document_path, *folder.certificate_paths, folder.root_path, *folder.crl_paths]
            self.workbench.files_offered.emit(files)

    # --- the image

    def _show_medium(self) -> None:
        """Another image, or other changes in it."""
        self.player.load(None)
        self._forget_result()
        medium = self.session.medium
        self.bytes.show_medium(medium)
        regions: list[MapRegion] = []
        size = 0
        if medium is not None:
            size = medium.inspection.size
            hashed = (Protection.HASHED, Protection.ENCRYPTED_HASHED)
            regions = [
                MapRegion(area.offset, area.length, area.name, area.protection, hashed=area.protection in hashed)
                for area in medium.remains
            ]
        self.map.show_map(size, regions)
        self.map.setVisible(medium is not None)
        places = medium.prepared.places if medium else ()
        groups = [
            PageGroup(area.name, area.offset, -(-area.length // PAGE_SIZE))
            for area in (medium.components if medium else ())
        ]
        changed = [(change.offset, change.length) for change in places]
        self.field.show_groups(groups, changed, lost=medium is not None)
        attack = medium.changes.attack if medium else None
        self.attacks.show_made(attack.id if attack else "")
        shown = (medium.image, attack) if medium else None
        if shown == self._shown:
            # A bit was flipped: whoever did it still looks at its byte.
            self.map.mark(self.bytes.offset if medium else None)
        elif places:
            self._show_place(places[0].offset)
        elif groups:
            self._show_place(groups[0].address)
        self._shown = shown
        self._show_state()

    def _show_place(self, offset: int) -> None:
        """Show a byte in the map and among the bytes."""
        self.map.mark(offset)
        self.bytes.go_to(offset)

    # --- the start

    def _ready(self) -> bool:
        """Whether there is a start to go on with; begins one if not."""
        self._follows = True
        if self.player.start is not None and not self.player.over:
            return True
        self.error.hide()
        self._forget_result()
        return self.session.begin() is not None

    def _begin(self, start: Start) -> None:
        self.player.load(start)

    def _show_position(self) -> None:
        """Show how far the start is."""
        start = self.player.start
        events = start.events[: self.player.shown] if start else []
        total = start.total if start else self.session.medium.pages if self.session.medium else 0
        under_way = start is not None and not self.player.over
        calls = calls_of(events, total=total, pages=self.player.pages, under_way=under_way)
        self.calls.show_calls(calls, follow=bool(events) and self._follows)
        self._show_pages()

    def _show_pages(self) -> None:
        start, medium = self.player.start, self.session.medium
        done: dict[int, int] = {}
        head: int | None = None
        refused = False
        events = start.events[: self.player.shown] if start else []
        for number, event in enumerate(events, start=1):
            refused = refused or (event.refused and bool(done))
            run = event.pages
            if run is None:
                continue
            count = self.player.pages if number == len(events) else run.count
            done[run.address - run.first * PAGE_SIZE] = run.first + count
            head = run.address + max(0, count - 1) * PAGE_SIZE if number == len(events) else None
        self.field.show_progress(done, head=head, refused=refused)
        veiled: list[tuple[int, int]] = []
        if start is not None and medium is not None:
            for area in medium.components:
                reached = area.offset + done.get(area.offset, 0) * PAGE_SIZE
                if reached < area.offset + area.length:
                    veiled.append((reached, area.offset + area.length))
        self.map.show_progress(veiled, head)
        total = sum(group.pages for group in self.field.groups)
        count = sum(self.field.done)
        words = f"{count:,} of {total:,} pages unpacked".replace(",", "\u202f") if total else ""
        share = f", a cell is {self.field.share} pages" if self.field.share > 1 else ""
        marked = ", what was changed is marked" if self.field.is_marked else ""
        self.unpacked.show_text(f"{words}{share}{marked}")

    def _end(self) -> None:
        """Everything was played."""
        start = self.player.start
        if start is None or start.result is None:
            self.drive.show_outcome(None, "Stopped. The machine is as it was.")
            self._show_state()
            return
        result = start.result
        self._result = result
        self._side.show_result(result.check)
        medium = self.session.medium
        if medium is not None:
            self.desk.settle(result, medium.image, attack=medium.changes.attack, masks=medium.changes.masks)
        self._show_state()
        # What is painted at the last call and what is told of it are two turns of the event loop, each a short one.
        QTimer.singleShot(0, self, partial(self._tell, result))

    def _tell(self, result: GuestStart) -> None:
        if result is self._result:  # nothing else was begun meanwhile
            self._show_outcome(result)

    def _show_outcome(self, result: GuestStart) -> None:
        refused = next(
            (call for call in self.calls.calls if call.verdict is Verdict.FAILED and call.call != "wait"), None
        )
        if refused is None:
            verdict = result.check.verdict if result.check.verdict is not Verdict.NOT_CHECKED else Verdict.WARNING
            text = "The simulated Ultravisor started the guest." if result.started else result.summary
            leaf = next((leaf for leaf in result.check.leaves() if leaf.verdict is verdict), None)
            if verdict is not Verdict.PASSED and leaf is not None:
                text = f"{text} {leaf.title}: {leaf.reason}"
            elif result.check.notes:
                text = f"{text} {result.check.notes} note{'' if result.check.notes == 1 else 's'} among all checks."
            self._side.show_part(MACHINE if verdict is Verdict.PASSED else ALL)
        else:
            verdict = Verdict.FAILED
            culprit = refused.culprit
            what = f" “{culprit.title}” failed." if culprit else ""
            answer = unbroken(refused.answer)
            text = f"Caught by {_WHO[refused.actor]} at “{refused.title}”:{what} {answer}".strip()
            if result.started:
                text = f"No machine refuses it, but the guest comes to nothing:{what}"
            self._side.show_part(CALL)
            medium = self.session.medium
            spots = spots_of(refused, medium) if medium else ()
            if spots:
                self._show_place(spots[0].offset)
        self.drive.show_outcome(verdict, text)
        name = self.session.medium.image.name if self.session.medium else "The image"
        self.workbench.say(f"{name} on a simulated machine: {verdict.value}. {text}")

    def _forget_result(self) -> None:
        self._result = None
        self._side.show_result(None)
        self._side.call.show_call(None, ())
        self.drive.show_outcome(None, "")

    def _show_call(self, call: Call) -> None:
        medium = self.session.medium
        self._side.call.show_call(call, spots_of(call, medium) if medium else ())

    def _choose_call(self, call: Call) -> None:
        self._show_call(call)
        if self.player.start is not None and self.calls.hasFocus():
            # Somebody looks at it: it stays selected while the start goes on.
            self._follows = False
            self._side.show_part(CALL)

    # --- attestation

    def _show_fault(self) -> None:
        fault = self.desk.fault
        self.faults.show_made(fault.id if fault else "")
        self.honest.setVisible(fault is not None)
        self.fault_words.setText(f"It answers falsely: {fault.title}." if fault else "It answers requests honestly.")

    # --- all of it

    def _show_state(self) -> None:
        medium, busy = self.session.medium, self.session.busy
        self.drive.show_medium(medium, busy=busy)
        possible = medium is not None and not busy
        self.drive.show_player(self.player, possible=possible)
        rests = possible and (self.player.start is None or self.player.over or not self.player.playing)
        self.attacks.allow(possible=rests)
        self.bytes.allow(possible=rests)
        self._show_position()

    def _fail(self, error: SeError) -> None:
        self.error.show_error(error)
        self.workbench.report(error)
        self._show_state()

    def _has_machine(self) -> bool:
        return self.desk.folder is not None

    def _has_guest(self) -> bool:
        return self.desk.guest is not None

    def _has_image(self) -> bool:
        return self.session.medium is not None

    def _is_changed(self) -> bool:
        return self.session.medium is not None and bool(self.session.medium.changes)

    # --- layout

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 14, _MARGIN, 12)
        column.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(label("Machine", "title"))
        self.subtitle = Elided("", "muted")
        head.addWidget(self.subtitle, 1)
        self.simulated = label(_SIMULATED, "simulated")
        self.put_away = button(_OTHER, self.desk.put_away)
        self.put_away.setAccessibleName(_OTHER)
        self.put_away.setToolTip("Put this machine away; its folder stays")
        head.addWidget(self.simulated)
        head.addWidget(self.put_away)
        column.addLayout(head)
        column.addWidget(self.error)
        self.middle = QStackedWidget()
        self.middle.addWidget(self.new_machine)
        self.middle.addWidget(self._make_filled())
        column.addWidget(self.middle, 1)

    def _make_filled(self) -> QWidget:
        made = CompactBody()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.drive)
        self.memory = Card("Memory of the guest")
        self.memory.detail.hide()
        self.unpacked = Elided("", "muted")
        self.memory.head.takeAt(2)  # the stretch: the words take the room
        self.memory.head.addWidget(self.unpacked, 1)
        self.map.hide()
        self.memory.body.addWidget(self.map)
        self.memory.body.addWidget(self.field, 1)
        below = QSplitter(Qt.Orientation.Horizontal)
        below.setHandleWidth(10)
        below.setChildrenCollapsible(False)
        timeline = Card("Calls", "in their order")
        timeline.body.setContentsMargins(1, 0, 1, 6)
        timeline.body.addWidget(self.calls)
        below.addWidget(timeline)
        below.addWidget(self._make_bench())
        below.setSizes([_CALLS_WIDTH, _BENCH_WIDTH])
        below.setStretchFactor(0, 5)
        below.setStretchFactor(1, 7)
        self.below = below
        column.addWidget(self.memory, 2)
        column.addWidget(below, 3)
        area = QScrollArea()
        area.setObjectName("pageScroll")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(made)
        return area

    def _make_bench(self) -> Card:
        card = Card("Tamper")
        card.body.setContentsMargins(1, 0, 1, 0)
        self.bench = QStackedWidget()
        self.tabs = Segments(
            ((IMAGE_TAB, "Image"), (BYTES_TAB, "Bytes"), (ATTESTATION_TAB, "Attestation")),
            self.show_bench,
            "What is tampered with",
        )
        card.head.insertWidget(card.head.count() - 1, self.tabs)
        attestation = QWidget()
        column = QVBoxLayout(attestation)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(14, 6, 14, 6)
        row.setSpacing(10)
        self.fault_words = label("", "small", wrap=True)
        self.honest = button("Answer honestly", lambda: self.play_false(""))
        row.addWidget(self.fault_words, 1)
        go = partial(self.workbench.page_requested.emit, "attestation")
        self.to_attestation = link("To the Attestation page", go)
        row.addWidget(self.to_attestation)
        row.addWidget(self.honest)
        column.addLayout(row)
        column.addWidget(self.faults, 1)
        for widget in (self.attacks, self.bytes, attestation):
            self.bench.addWidget(widget)
        card.body.addWidget(self.bench)
        self.show_bench(IMAGE_TAB)
        self._show_fault()
        return card

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Give the parts the places that there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where the page is narrow for its text, what stands side by side goes one below the other."""
        theme = self.workbench.theme
        wide = self.width() >= theme.pixels(_WIDE)
        self.drive.set_wide(wide=wide)
        self.drive.fit(self.width() - 2 * _MARGIN - _BAR)
        roomy = self.width() >= theme.pixels(_ROOMY)
        self.simulated.setText(_SIMULATED if roomy else "SIMULATED")
        self.put_away.setText(_OTHER if roomy else "Another…")
        self.to_attestation.setVisible(roomy)
        self.bytes.set_wide(wide=roomy)
        self.below.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        self.below.setMinimumHeight(theme.pixels(_LEAST_BELOW if wide else 2 * _LEAST_BELOW))
        self.memory.setMinimumHeight(theme.pixels(_LEAST_MEMORY))

    def _connect(self) -> None:
        desk, session, player, drive = self.desk, self.session, self.player, self.drive
        desk.changed.connect(self._show_machine)
        desk.refused.connect(self._fail)
        desk.fault_changed.connect(self._show_fault)
        desk.deeds_changed.connect(self._show_deeds)
        session.inserted.connect(self._show_medium)
        session.failed.connect(self._fail)
        session.begun.connect(self._begin)
        player.moved.connect(self._show_position)
        player.wish_changed.connect(self._show_state)
        player.ended.connect(self._end)
        drive.choose_asked.connect(self.choose_image)
        drive.demo_asked.connect(self.make_demo_image)
        drive.undo_asked.connect(session.undo)
        drive.eject_asked.connect(session.eject)
        drive.start_asked.connect(self.play_or_pause)
        drive.step_asked.connect(self.step)
        drive.end_asked.connect(self.to_end)
        drive.reset_asked.connect(self.reset)
        self.new_machine.make_asked.connect(lambda path, kind, backup: self.make(path, kind, backup_key=backup))
        self.new_machine.open_asked.connect(self.open)
        self.calls.selected.connect(self._choose_call)
        self.attacks.asked.connect(self.attack)
        self.bytes.asked.connect(self.flip)
        self.bytes.moved.connect(self.map.mark)
        self.bytes.failed.connect(self._fail)
        self.faults.asked.connect(self.play_false)
        self.map.activated.connect(self._show_bytes)
        self.field.activated.connect(self._show_bytes)
        self._side.place_asked.connect(self._show_bytes)
        self._side.help_requested.connect(self.workbench.help_requested)
        self._side.identity.asked.connect(self._wish)
        self.workbench.theme.changed.connect(self._fit)
        self._fit()

    def _show_bytes(self, offset: int) -> None:
        self.show_bench(BYTES_TAB)
        self._show_place(offset)


def _call(run: Callable[[], object]) -> None:
    run()
