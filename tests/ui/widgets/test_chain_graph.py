"""The drawn chain of trust: where things lie, what is broken, how it is reached without a mouse."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from seworkbench.checks import Verdict
from seworkbench.ui.theme import Theme, ThemeChoice
from seworkbench.ui.widgets.chain_graph import NODE_LIMIT, ChainGraph, _card_lines, limited
from seworkbench.ui.widgets.chain_layout import (
    ChainEdge,
    ChainNode,
    ChainPicture,
    EdgeKind,
    Line,
    NodeShape,
    lay_out,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

PASSED, FAILED, WARNING, NOT_CHECKED = Verdict.PASSED, Verdict.FAILED, Verdict.WARNING, Verdict.NOT_CHECKED


def node(key: str, shape: NodeShape = NodeShape.CERTIFICATE, verdict: Verdict = PASSED, word: str = "") -> ChainNode:
    return ChainNode(key, shape, f"Title of {key}", "until 2036-04-28", verdict, word)


def issued(start: str, end: str, verdict: Verdict = PASSED) -> ChainEdge:
    return ChainEdge(EdgeKind.ISSUED, start, end, verdict)


PICTURE = ChainPicture(
    (
        node("root"),
        node("middle"),
        node("signing"),
        node("root list", NodeShape.LIST),
        node("host list", NodeShape.LIST, WARNING),
        node("good", NodeShape.HOST_KEY),
        node("revoked", NodeShape.HOST_KEY, FAILED, "failed: revoked"),
        node("ghost", NodeShape.MISSING_CERTIFICATE, NOT_CHECKED, "missing"),
        node("orphan", NodeShape.HOST_KEY, NOT_CHECKED),
    ),
    (
        issued("root", "middle"),
        issued("middle", "signing"),
        ChainEdge(EdgeKind.PUBLISHED, "root", "root list", PASSED),
        ChainEdge(EdgeKind.PUBLISHED, "signing", "host list", WARNING, "matched: Armonk → Poughkeepsie"),
        issued("signing", "good"),
        issued("signing", "revoked", FAILED),
        ChainEdge(EdgeKind.LISTS, "host list", "revoked", FAILED, "lists its serial"),
        issued("ghost", "orphan", NOT_CHECKED),
    ),
)


def many(count: int, failed: int = 0) -> ChainPicture:
    """One chain with many host keys, of which the last ones fail."""
    hosts = [node(f"host {n}", NodeShape.HOST_KEY, FAILED if n >= count - failed else PASSED, "") for n in range(count)]
    edges = [issued("root", "signing"), *(issued("signing", host.key, host.verdict) for host in hosts)]
    return ChainPicture((node("root"), node("signing"), *hosts), tuple(edges))


def line_to(picture: ChainPicture, end: str, width: float = 600) -> Line:
    return next(line for line in lay_out(picture, width).lines if line.edge.end == end)


def many_lists() -> ChainPicture:
    """A chain of which everybody has a list."""
    names = ("root", "middle", "signing")
    nodes = [node(name) for name in names] + [node(f"{name} list", NodeShape.LIST) for name in names]
    published = [ChainEdge(EdgeKind.PUBLISHED, name, f"{name} list", PASSED) for name in names]
    return ChainPicture(tuple(nodes), (issued("root", "middle"), issued("middle", "signing"), *published))


@pytest.fixture
def graph(qtbot: QtBot, theme: Theme) -> ChainGraph:
    made = ChainGraph(theme)
    qtbot.addWidget(made)
    made.resize(620, 700)
    made.show_picture(PICTURE)
    made.show()
    qtbot.waitExposed(made)
    return made


# --- where things lie


def test_issuers_stand_above_what_they_signed() -> None:
    boxes = lay_out(PICTURE, 600).boxes
    for edge in PICTURE.edges:
        if edge.kind is EdgeKind.ISSUED:
            assert boxes[edge.start].bottom < boxes[edge.end].top


def test_lists_hang_right_of_their_issuer() -> None:
    boxes = lay_out(PICTURE, 600).boxes
    assert boxes["root list"].left > boxes["root"].right
    assert boxes["root list"].middle[1] == pytest.approx(boxes["root"].middle[1], abs=2)
    assert boxes["host list"].left == boxes["root list"].left


@settings(max_examples=60)
@given(
    hosts=st.lists(st.integers(0, 3), max_size=30),
    lists=st.lists(st.integers(0, 3), max_size=6),
    parents=st.lists(st.integers(-1, 4), min_size=1, max_size=5),
    width=st.floats(220, 1600),
    scale=st.floats(0.7, 2),
)
def test_no_two_things_ever_overlap_and_everything_is_inside(
    hosts: list[int], lists: list[int], parents: list[int], width: float, scale: float
) -> None:
    names = [f"issuer {n}" for n in range(len(parents))]
    nodes = [node(name) for name in names]
    edges = [issued(names[parent], names[n]) for n, parent in enumerate(parents) if 0 <= parent < len(names)]
    for n, issuer in enumerate(hosts):
        nodes.append(node(f"host {n}", NodeShape.HOST_KEY, list(Verdict)[n % 4]))
        if issuer < len(names):
            edges.append(issued(names[issuer], f"host {n}", list(Verdict)[n % 4]))
    for n, issuer in enumerate(lists):
        nodes.append(node(f"list {n}", NodeShape.LIST))
        if issuer < len(names):
            edges.append(ChainEdge(EdgeKind.PUBLISHED, names[issuer], f"list {n}", WARNING, "rule" if n % 2 else ""))
        if hosts:
            edges.append(ChainEdge(EdgeKind.LISTS, f"list {n}", "host 0", FAILED, "lists its serial"))
    layout = lay_out(ChainPicture(tuple(nodes), tuple(edges)), width, scale)
    assert set(layout.boxes) == {item.key for item in nodes}
    for (first, one), (second, two) in combinations(layout.boxes.items(), 2):
        assert not one.overlaps(two), f"{first} and {second}"
    for box in layout.boxes.values():
        assert box.left >= 0
        assert box.right <= layout.width
        assert box.bottom <= layout.height


def test_host_keys_are_broken_into_rows_where_width_is_short() -> None:
    wide, narrow = (lay_out(many(12), width).boxes for width in (2000, 400))
    assert len({box.top for key, box in wide.items() if key.startswith("host")}) == 1
    rows = {box.top for key, box in narrow.items() if key.startswith("host")}
    assert len(rows) > 3
    assert max(box.right for key, box in narrow.items() if key.startswith("host")) <= 400


def test_issuers_that_signed_each_other_in_a_circle_are_drawn_too() -> None:
    circle = ChainPicture((node("a"), node("b")), (issued("a", "b"), issued("b", "a")))
    assert set(lay_out(circle, 600).boxes) == {"a", "b"}


@pytest.mark.parametrize("width", [400, 470, 620, 1200])
def test_certificates_and_their_lists_are_as_wide_as_there_is_room_for(width: int) -> None:
    boxes = lay_out(many_lists(), width).boxes
    assert boxes["root list"].right <= width
    assert boxes["root list"].left - boxes["root"].right >= 24
    assert boxes["root"].width > 160


def test_a_name_that_is_too_long_for_one_line_makes_its_card_higher(qtbot: QtBot, theme: Theme) -> None:
    name = "DigiCert Trusted G4 Code Signing RSA4096 SHA384 2021 CA1"
    long = ChainNode("long", NodeShape.CERTIFICATE, name, "until 2036-04-28", PASSED)
    graph = ChainGraph(theme)
    qtbot.addWidget(graph)
    graph.resize(420, 500)
    graph.show_picture(ChainPicture((node("root"), long), (issued("root", "long"),)))
    shown = graph.nodes["long"]
    title, detail = _card_lines(long, graph.lens, shown.width())
    assert " ".join(title) == name
    assert detail == ["until 2036-04-28"]
    assert shown.height() == graph.nodes["root"].height() + (len(title) - 1) * 16


def lined_up(hosts: int) -> ChainPicture:
    """A whole chain with lists, and so many host keys."""
    names = ("root", "middle", "signing")
    return ChainPicture(
        (
            *(node(name) for name in names),
            *(node(f"{name} list", NodeShape.LIST) for name in names),
            *(node(f"host {number}", NodeShape.HOST_KEY) for number in range(hosts)),
        ),
        (
            *(issued(*pair) for pair in pairwise(names)),
            *(ChainEdge(EdgeKind.PUBLISHED, name, f"{name} list", PASSED) for name in names),
            *(issued("signing", f"host {number}") for number in range(hosts)),
        ),
    )


def in_view(graph: ChainGraph) -> set[str]:
    """Keys of the nodes that are seen whole."""
    seen = graph.area.viewport()
    return {
        key for key, card in graph.nodes.items() if seen.rect().contains(QRect(card.mapTo(seen, QPoint()), card.size()))
    }


@pytest.mark.parametrize(("zoom", "size"), [(1.0, (463, 280)), (1.4, (505, 351)), (1.4, (463, 400))])
def test_a_chain_is_drawn_smaller_until_root_and_host_keys_are_seen_at_once(
    qtbot: QtBot, theme: Theme, zoom: float, size: tuple[int, int]
) -> None:
    theme.set_zoom(zoom)
    graph = ChainGraph(theme)
    qtbot.addWidget(graph)
    graph.resize(*size)
    graph.show_picture(lined_up(2))
    graph.show()
    assert lay_out(graph.picture, size[0], zoom).height > size[1]
    assert in_view(graph) == set(graph.nodes)
    assert graph.lens.zoom >= 0.7 * zoom


def test_of_many_host_keys_the_first_row_is_seen_below_the_root(qtbot: QtBot, theme: Theme) -> None:
    graph = ChainGraph(theme)
    qtbot.addWidget(graph)
    graph.show()
    graph.resize(463, 300)
    graph.show_picture(lined_up(50))
    graph.select("host 0")
    QApplication.processEvents()
    assert {"root", "middle", "signing", "host 0", "host 1"} <= in_view(graph)
    assert graph.area.verticalScrollBar().value() == 0
    assert graph.lens.zoom >= 0.85


def test_a_chain_that_would_be_too_small_to_read_keeps_its_size(qtbot: QtBot, theme: Theme) -> None:
    graph = ChainGraph(theme)
    qtbot.addWidget(graph)
    graph.show()
    for hosts, height in ((2, 150), (50, 400), (50, 200)):
        graph.resize(463, height)
        graph.show_picture(lined_up(hosts))
        QApplication.processEvents()
        assert graph.lens.zoom == theme.zoom
        assert graph.area.verticalScrollBar().maximum() > 0


# --- what is broken


def test_a_broken_line_has_a_cross_and_a_whole_one_has_none() -> None:
    assert line_to(PICTURE, "revoked").cross is not None
    assert line_to(PICTURE, "good").cross is None


def test_broken_lines_are_drawn_last_and_run_above_the_whole_ones() -> None:
    lines = lay_out(PICTURE, 600).lines
    verdicts = [line.edge.verdict for line in lines]
    assert verdicts.index(FAILED) > max(n for n, verdict in enumerate(verdicts) if verdict is PASSED)
    assert line_to(PICTURE, "revoked").points[0][1] < line_to(PICTURE, "good").points[1][1]


def test_crosses_of_neighbours_keep_apart() -> None:
    crosses = [line.cross for line in lay_out(many(6, failed=6), 2000).lines if line.cross is not None]
    assert len(crosses) == 6
    places = sorted(x for x, _y in crosses)
    assert min(later - earlier for earlier, later in pairwise(places)) > 60


def test_what_revokes_a_certificate_points_at_it() -> None:
    layout = lay_out(PICTURE, 600)
    pointer = next(line for line in layout.lines if line.edge.kind is EdgeKind.LISTS)
    x, y = pointer.points[-1]
    box = layout.boxes["revoked"]
    assert box.left < x < box.right
    assert y == box.top


def test_a_bent_rule_is_written_at_its_line() -> None:
    line = line_to(PICTURE, "host list")
    assert line.words is not None
    assert line.words.width > 100


# --- large sets


def test_a_small_picture_is_drawn_whole() -> None:
    assert limited(PICTURE) is PICTURE


def test_a_thousand_host_keys_are_counted_where_they_say_least() -> None:
    shown = limited(many(1000, failed=3), keep="host 500")
    assert len(shown.nodes) <= NODE_LIMIT
    keys = {item.key for item in shown.nodes}
    assert {"host 997", "host 998", "host 999", "host 500"} <= keys
    more = next(item for item in shown.nodes if item.shape is NodeShape.MORE)
    left_out = 1000 - sum(item.shape is NodeShape.HOST_KEY for item in shown.nodes)
    assert more.title == f"and {left_out} more"
    assert more.word == "all passed"


def test_a_host_key_that_is_selected_elsewhere_is_drawn(graph: ChainGraph) -> None:
    graph.show_picture(many(1000))
    assert "host 800" not in graph.nodes
    graph.select("host 800")
    assert "host 800" in graph.nodes
    assert graph.chosen == "host 800"


# --- looking, pressing, hearing


def test_every_node_has_a_name_that_says_all_of_it(graph: ChainGraph) -> None:
    said = graph.nodes["revoked"].accessibleName()
    assert said == "Host key, Title of revoked, until 2036-04-28, failed: revoked"
    assert "9 objects: 5 passed, 1 failed, 1 warning, 2 not checked." in graph.accessibleDescription()


def test_a_click_selects_and_tells(graph: ChainGraph, qtbot: QtBot) -> None:
    with qtbot.waitSignal(graph.selected) as told:
        QTest.mouseClick(graph.nodes["good"], Qt.MouseButton.LeftButton)
    assert told.args == ["good"]
    assert graph.chosen == "good"


def test_selecting_from_outside_tells_nobody(graph: ChainGraph, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(graph.selected):
        graph.select("good")
    assert graph.chosen == "good"


@pytest.mark.parametrize(
    ("start", "key", "end"),
    [
        ("root", Qt.Key.Key_Down, "middle"),
        ("middle", Qt.Key.Key_Up, "root"),
        ("root", Qt.Key.Key_Right, "root list"),
        ("root list", Qt.Key.Key_Left, "root"),
        ("good", Qt.Key.Key_Right, "revoked"),
    ],
)
def test_arrow_keys_move_between_nodes(graph: ChainGraph, start: str, key: Qt.Key, end: str) -> None:
    graph.select(start)
    graph.nodes[start].setFocus()
    QTest.keyClick(graph.nodes[start], key)
    assert graph.chosen == end
    assert graph.nodes[end].hasFocus()


def test_one_tab_stop_leads_into_the_graph(graph: ChainGraph) -> None:
    graph.select("revoked")
    stops = [key for key, card in graph.nodes.items() if card.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert stops == ["revoked"]


def test_the_count_of_the_others_cannot_be_selected(graph: ChainGraph, qtbot: QtBot) -> None:
    graph.show_picture(many(100))
    more = next(card for card in graph.nodes.values() if card.node.shape is NodeShape.MORE)
    with qtbot.assertNotEmitted(graph.selected):
        QTest.mouseClick(more, Qt.MouseButton.LeftButton)


def test_another_verdict_keeps_focus_and_selection(graph: ChainGraph) -> None:
    graph.select("good")
    graph.nodes["good"].setFocus()
    nodes = tuple(
        node("good", NodeShape.HOST_KEY, FAILED, "failed: expired") if item.key == "good" else item
        for item in PICTURE.nodes
    )
    graph.show_picture(ChainPicture(nodes, PICTURE.edges))
    assert graph.chosen == "good"
    assert graph.nodes["good"].hasFocus()
    assert "expired" in graph.nodes["good"].accessibleName()


@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK, ThemeChoice.HIGH_CONTRAST])
def test_the_broken_line_is_seen_in_every_theme(graph: ChainGraph, theme: Theme, choice: ThemeChoice) -> None:
    theme.choose(choice)
    QApplication.processEvents()
    line = next(
        line for line in graph.layout_.lines if line.edge.end == "revoked" and line.edge.kind is EdgeKind.ISSUED
    )
    start, level = line.points[0]
    assert line.cross is not None
    picture = graph.grab().toImage()
    ratio = picture.devicePixelRatio()
    at = ((start + line.cross[0]) / 2 if abs(line.cross[0] - start) > 60 else (line.cross[0] + 40), level)
    canvas = graph.nodes["root"].parentWidget()
    assert canvas is not None
    origin = canvas.mapTo(graph, canvas.rect().topLeft())
    pixel = picture.pixelColor(round((at[0] + origin.x()) * ratio), round((at[1] + origin.y()) * ratio))
    assert pixel.name() == theme.roles.failed


def test_larger_text_makes_larger_nodes(graph: ChainGraph, theme: Theme) -> None:
    graph.resize(1200, 900)
    before = graph.nodes["root"].height()
    theme.set_zoom(1.5)
    assert graph.nodes["root"].height() == pytest.approx(before * 1.5, abs=1)
    theme.set_zoom(1.0)
