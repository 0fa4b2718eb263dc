"""Parts of the Machine page that need no window: changes, calls, the player, the field of pages, words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication

from seworkbench.checks import Verdict
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.formats.layout import Protection
from seworkbench.simulator import codes
from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS
from seworkbench.simulator.events import Actor, PageRun, StartEvent
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.hypervisor import GuestStarting
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.machine_description import MachineDescription
from seworkbench.ui.pages.machine.attack_list import AttackList, attestation_entries, image_entries
from seworkbench.ui.pages.machine.call_list import COUNTS, CallList, _answer_shown, _most_said
from seworkbench.ui.pages.machine.calls import PLAN, UNPACK, Progress, calls_of
from seworkbench.ui.pages.machine.changes import Changes, prepare
from seworkbench.ui.pages.machine.features import feature_lines
from seworkbench.ui.pages.machine.guest_map import GuestMap
from seworkbench.ui.pages.machine.page_field import PageField, PageGroup
from seworkbench.ui.pages.machine.player import Player, Wish
from seworkbench.ui.pages.machine.session import Start
from seworkbench.ui.theme import Theme
from seworkbench.ui.widgets.map_geometry import MapRegion

from ...simulator.builder import HOST, KERNEL, golden  # noqa: TID252
from ...simulator.pki import AT  # noqa: TID252
from ..desk import wait_until  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QPainter
    from pytestqt.qtbot import QtBot

    from seworkbench.simulator.hypervisor import GuestStart

ATTACKS = {attack.id: attack for attack in IMAGE_ATTACKS}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "guest.img"
    path.write_bytes(golden("A").content)
    return path


@pytest.fixture(scope="module")
def events(image: Path) -> list[StartEvent]:
    """The events of a good start."""
    return list(GuestStarting(image, Machine(HOST)))


# --- changes


@given(st.lists(st.tuples(st.integers(0, 1 << 40), st.integers(0, 7)), max_size=8))
def test_bits_that_are_flipped_twice_are_as_they_were(bits: list[tuple[int, int]]) -> None:
    changes = Changes()
    for offset, bit in (*bits, *bits):
        changes = changes.flip(offset, bit)
    assert not changes
    assert changes == Changes()


def test_flips_are_made_on_what_the_attack_left(image: Path) -> None:
    kernel = golden("A").part(KERNEL).address
    before = image.read_bytes()[kernel]
    attack = Changes(ATTACKS["page-bit"])
    assert [
        (place.offset, place.before[0] ^ place.after[0]) for place in prepare(attack, image, Machine(HOST)).places
    ] == [(kernel, 1)]
    both = prepare(attack.flip(kernel, 0), image, Machine(HOST))
    assert both.places[0].after == bytes([before ^ 0x81])
    # Flipping the bit that the attack flipped leaves nothing changed.
    assert prepare(attack.flip(kernel, 7), image, Machine(HOST)).places == ()


def test_changes_say_what_they_are() -> None:
    changes = Changes(ATTACKS["tweak"]).flip(5, 0)
    assert changes.text == "Another tweak, 1 bit flipped"
    assert changes.flip(5, 1).flip(6, 1).text == "Another tweak, 3 bits flipped"
    assert changes.bits == 1


def test_what_was_cut_off_and_what_was_added_are_places_too(image: Path) -> None:
    size = image.stat().st_size
    cut = prepare(Changes(ATTACKS["cut-off"]), image, Machine(HOST))
    assert cut.places[-1].after == b""
    assert cut.places[-1].offset == cut.tampering.size
    moved = prepare(Changes(ATTACKS["moved-component"]), image, Machine(HOST))
    assert any(place.offset >= size and not place.before for place in moved.places)


# --- calls


def test_before_a_start_every_call_waits() -> None:
    calls = calls_of([], total=24)
    assert [call.call for call in calls] == [plan.call for plan in PLAN]
    assert {call.progress for call in calls} == {Progress.WAITING}


def test_a_good_start_passes_every_call(events: list[StartEvent]) -> None:
    last = events[-1]
    calls = calls_of(events, total=24, pages=last.pages.count if last.pages else 0)
    assert [call.call for call in calls] == [plan.call for plan in PLAN]
    assert {call.progress for call in calls} == {Progress.DONE}
    assert {call.verdict for call in calls} <= {Verdict.PASSED, Verdict.WARNING}
    unpacked = next(call for call in calls if call.call == UNPACK)
    assert unpacked.done == unpacked.pages == 24
    assert unpacked.answer == "RC 0x0001"
    assert unpacked.answer_words == "executed"


def test_the_next_call_is_under_way_while_a_start_goes_on(events: list[StartEvent]) -> None:
    calls = calls_of(events[:2], total=24, under_way=True)
    assert [call.progress for call in calls[:4]] == [
        Progress.DONE,
        Progress.DONE,
        Progress.UNDER_WAY,
        Progress.WAITING,
    ]


def test_pages_of_the_last_event_count_as_far_as_they_are_shown(events: list[StartEvent]) -> None:
    first = next(number for number, event in enumerate(events) if event.pages)
    call = calls_of(events[: first + 1], total=24, pages=5, under_way=True)[4]
    assert (call.call, call.done, call.progress) == (UNPACK, 5, Progress.UNDER_WAY)


def test_after_a_refusal_the_rest_is_not_reached(image: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.img"
    broken.write_bytes(golden("A").patched_header(0, b"X").content)
    calls = calls_of(list(GuestStarting(broken, Machine(HOST))), total=24)
    refused = next(call for call in calls if call.refused)
    assert refused.call == "UV call 0x0300"
    assert refused.verdict is Verdict.FAILED
    assert refused.answer == "RC 0x0104  RRC 0xf004"
    assert "simulator's own" in refused.answer_words
    after = calls[calls.index(refused) + 1 :]
    assert after[0].call == "wait"
    assert {call.progress for call in after[1:]} == {Progress.NOT_REACHED}
    assert {call.verdict for call in after[1:]} == {Verdict.NOT_CHECKED}
    del image


# --- the player


def run(first: int, count: int, of: int) -> StartEvent:
    pages = PageRun(1, 1, 0x15000 + first * PAGE_SIZE, first, count, of)
    return StartEvent(Actor.ULTRAVISOR, UNPACK, "Unpack", "", code=codes.EXECUTED, pages=pages)


def plain(number: int) -> StartEvent:
    return StartEvent(Actor.LOADER, f"call {number}", "A call", "")


@pytest.fixture
def player(qapp: QApplication) -> Iterator[Player]:
    del qapp
    made = Player(pace=0, frame_ms=0)
    yield made
    made.load(None)


def finished(start: Start) -> Start:
    # Only its presence counts.
    start.result = cast("GuestStart", object())
    return start


def test_a_step_ends_with_a_call_or_with_a_component(player: Player) -> None:
    start = finished(Start(Path("image"), 600, [plain(1), run(0, 256, 300), run(256, 44, 300), plain(2)]))
    player.load(start)
    shown = []
    for _ in range(3):
        player.step()
        wait_until(lambda: player.wish is Wish.REST, "the step to end")
        shown.append((player.shown, player.pages))
    assert shown == [(1, 0), (3, 44), (4, 0)]
    assert player.over


def test_it_waits_for_events_that_are_not_there_yet(player: Player) -> None:
    start = Start(Path("image"), 10, [plain(1)])
    player.load(start)
    player.play()
    wait_until(lambda: player.shown == 1, "the first event")
    assert player.playing
    assert not player.over
    start.events.append(run(0, 10, 10))
    finished(start)
    wait_until(lambda: player.over, "the end")
    assert (player.shown, player.pages) == (2, 10)


def test_pages_stream_by_in_order(player: Player) -> None:
    start = finished(Start(Path("image"), 1000, [run(0, 500, 1000), run(500, 500, 1000)]))
    player.load(start)
    seen: list[int] = []
    player.moved.connect(lambda: seen.append((player.shown - 1) * 500 + player.pages))
    player.play()
    wait_until(lambda: player.over, "the end")
    assert seen == sorted(seen)
    assert len(set(seen)) > 100
    assert seen[-1] == 1000


def test_pausing_keeps_the_place_and_the_end_skips_it(player: Player) -> None:
    start = finished(Start(Path("image"), 100_000, [run(0, 100_000, 100_000), plain(1)]))
    player.load(start)
    player.moved.connect(player.pause, Qt.ConnectionType.SingleShotConnection)
    player.play()
    wait_until(lambda: player.wish is Wish.REST, "the pause")
    assert (player.wish, player.shown) == (Wish.REST, 1)
    assert 0 < player.pages < 100_000
    player.to_end()
    wait_until(lambda: player.over, "the end")
    assert player.shown == 2


def test_who_waits_for_the_end_hurries_the_start(player: Player) -> None:
    start = Start(Path("image"), 10, [plain(1)])
    player.load(start)
    player.play()
    assert not start.hurried
    player.to_end()
    hurried = start.hurried
    player.pause()
    assert (hurried, start.hurried) == (True, False)


def test_a_start_that_was_given_up_ends_the_play(player: Player) -> None:
    start = Start(Path("image"), 10, [plain(1)])
    player.load(start)
    player.play()
    start.given_up = True
    wait_until(lambda: player.over, "the end")
    assert player.wish is Wish.REST


# --- the field of pages

GROUPS = (PageGroup("kernel", 0x15000, 480), PageGroup("ramdisk", 0x1F5000, 3), PageGroup("stage3b", 0x1F8000, 1))


@pytest.fixture
def field(qtbot: QtBot) -> PageField:
    made = PageField(Theme())
    qtbot.addWidget(made)
    made.resize(800, 100)
    return made


@pytest.mark.parametrize("pages", [1, 480, 18_000, 3_000_000])
def test_all_pages_are_in_view_whatever_their_number(field: PageField, pages: int) -> None:
    field.show_groups((PageGroup("kernel", 0x15000, pages), PageGroup("stage3b", 1 << 40, 2)))
    for address in (0x15000, 0x15000 + (pages - 1) * PAGE_SIZE, 1 << 40):
        cell = field.cell_of(address)
        assert cell is not None
        assert cell.bottom() <= field.height()
        assert cell.right() <= field.width()
        start = field.address_at(cell.center())
        assert start is not None
        assert start <= address < start + field.share * PAGE_SIZE


def test_there_is_no_page_beside_the_cells(field: PageField) -> None:
    field.show_groups(GROUPS)
    assert field.address_at(QPointF(3, 3)) is None
    assert field.cell_of(0x14000) is None


def test_progress_is_told_in_words(field: PageField) -> None:
    field.show_groups(GROUPS)
    field.show_progress({0x15000: 480, 0x1F5000: 1}, head=0x1F5000)
    assert field.done == (480, 1, 0)
    assert field.accessibleDescription() == "481 of 484 pages are unpacked."
    field.show_progress({0x15000: 480, 0x1F5000: 3, 0x1F8000: 1}, refused=True)
    assert field.accessibleDescription() == "484 of 484 pages are unpacked and refused."


def test_pages_are_marked_where_something_in_them_was_changed(field: PageField) -> None:
    field.show_groups(GROUPS, ((0x14038, 1),))
    assert not field.is_marked  # in the header
    field.show_groups(GROUPS, ((0x14038, 1), (0x15000, 1)))
    assert field.is_marked


def test_pages_that_belong_to_no_component_are_left_out(field: PageField) -> None:
    field.show_groups(GROUPS)
    field.show_progress({0x15000: 9999, 0x900000: 7})
    assert field.done == (480, 0, 0)


def test_without_components_the_field_says_why_there_are_no_pages(field: PageField) -> None:
    blank = field.grab().toImage()
    field.show_groups((), lost=True)
    assert field.grab().toImage() != blank, "an image that lost its table is told from no image"


# --- the map

REGIONS = (
    MapRegion(0x14000, 640, "header", Protection.AUTHENTICATED),
    MapRegion(0x15000, 1 << 20, "kernel", Protection.ENCRYPTED_HASHED, hashed=True),
)


@pytest.fixture
def guest_map(qtbot: QtBot) -> GuestMap:
    made = GuestMap(Theme())
    qtbot.addWidget(made)
    made.resize(800, made.sizeHint().height())
    made.show_map(0x115000, REGIONS)
    made.show()
    return made


def colours(guest_map: GuestMap) -> list[str]:
    """What stands near the beginning and near the end of the kernel; between them the map is hatched."""
    arranged = guest_map.arrangement
    assert arranged is not None
    picture = guest_map.grab().toImage()
    found = []
    for offset in (0x16000, 0x114000):
        place = arranged.magnified.place(offset)
        spot = guest_map._point(place, arranged.metrics.magnified_at + 6)
        found.append(picture.pixelColor((spot * picture.devicePixelRatio()).toPoint()).name())
    return found


def test_what_is_not_unpacked_is_pale(guest_map: GuestMap) -> None:
    full = colours(guest_map)
    guest_map.show_progress([(0x15000, 0x115000)])
    pale = colours(guest_map)
    assert full[0] != pale[0]
    assert full[1] != pale[1]
    guest_map.show_progress([(0x95000, 0x115000)], head=0x94000)
    assert colours(guest_map) == [full[0], pale[1]]
    guest_map.show_progress([])
    assert colours(guest_map) == full


def test_the_map_is_painted_anew_only_when_it_is_another_one(
    guest_map: GuestMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[object] = []
    paint = GuestMap._paint

    def counted(self: GuestMap, painter: QPainter) -> None:
        painted.append(painter)
        paint(self, painter)

    monkeypatch.setattr(GuestMap, "_paint", counted)
    for page in range(20):
        guest_map.show_progress([(0x15000 + page * PAGE_SIZE, 0x115000)], head=0x15000 + page * PAGE_SIZE)
        guest_map.grab()
    assert len(painted) == 2, "all of it unpacked, and nothing of it"
    guest_map.mark(0x14000)
    guest_map.grab()
    assert len(painted) == 4
    guest_map.resize(700, guest_map.height())
    guest_map.grab()
    assert len(painted) == 6


# --- the list of calls


def test_a_count_that_goes_on_lays_nothing_out_anew(qtbot: QtBot, events: list[StartEvent]) -> None:
    made = CallList(Theme())
    qtbot.addWidget(made)
    first = next(number for number, event in enumerate(events) if event.pages)
    told: list[list[int]] = []
    made.model().dataChanged.connect(lambda _first, _last, roles: told.append(list(roles)))
    for pages in (1, 2, 3):
        made.show_calls(calls_of(events[: first + 1], total=24, pages=pages, under_way=True), follow=True)
    assert told == [[COUNTS]] * 2
    assert made.current is not None
    assert made.current.done == 3
    made.show_calls(calls_of(events, total=24, pages=1), follow=True)
    assert [] in told, "what came of it is something else than a count"


# --- words


def test_beside_a_call_stands_as_much_of_who_makes_it_as_there_is_room_for(qapp: QApplication) -> None:
    theme = Theme(qapp)
    call = calls_of([], total=0, pages=0, under_way=False)[1]
    metrics = QFontMetricsF(theme.font(11))
    whole = f"{call.actor.value} · {call.call}"
    assert _most_said(call, metrics, metrics.horizontalAdvance(whole)) == whole
    assert _most_said(call, metrics, metrics.horizontalAdvance(call.call)) == call.call
    assert not _most_said(call, metrics, 10)


@pytest.mark.parametrize(
    ("answer", "short"),
    [("RC 0x0102  RRC 0x001b", "0x0102/0x001b"), ("RC 0x0001", "0x0001"), ("0x0a02", "0x0a02"), ("", "")],
)
def test_an_answer_without_room_is_told_by_its_numbers_alone(qapp: QApplication, answer: str, short: str) -> None:
    metrics = QFontMetricsF(Theme(qapp).mono(11))
    width = metrics.horizontalAdvance(answer)
    assert _answer_shown(answer, metrics, width) == answer
    assert _answer_shown(answer, metrics, width - 1) == short


def test_the_chosen_attack_stays_in_sight_when_its_story_takes_room(qtbot: QtBot) -> None:
    made = AttackList(Theme(), image_entries(), "Make this attack", "Attacks")
    qtbot.addWidget(made)
    made.resize(460, 260)
    made.show()
    for entry in image_entries():
        made.choose(entry.id)
        QApplication.processEvents()
        row = made.list.visualItemRect(made.list.currentItem())
        assert made.list.viewport().rect().contains(row), entry.id


def test_every_attack_is_listed_with_what_must_catch_it() -> None:
    images, exchanges = image_entries(), attestation_entries()
    assert [entry.id for entry in images] == [attack.id for attack in IMAGE_ATTACKS]
    assert [entry.id for entry in exchanges] == [attack.id for attack in ATTESTATION_ATTACKS]
    for entry in (*images, *exchanges):
        assert entry.title
        assert entry.story
        assert entry.short
        assert "“”" not in entry.caught, entry.id
    codes_of = {attack.id: attack.code for attack in IMAGE_ATTACKS}
    for entry in images:
        assert bool(entry.code) == (codes_of[entry.id] is not None), entry.id


@pytest.mark.parametrize(
    ("generation", "attestation"),
    [
        (Generation.Z15, "This generation does not attest."),
        (Generation.Z16, "Tells image and host keys."),
        (Generation.Z17, "Tells image, host keys, secret store and firmware state."),
    ],
)
def test_features_are_told_in_words(generation: Generation, attestation: str) -> None:
    profile = generation.profile
    about = MachineDescription(
        generation, "0000001", AT, profile.supported_pcf, profile.supported_scf, profile.supported_paf, b"", 1, b""
    )
    lines = dict(feature_lines(about))
    assert lines["Attestation"] == attestation
    assert "AES" in lines["Protected keys"]
    assert ("HMAC" in lines["Protected keys"]) == (generation is Generation.Z17)
