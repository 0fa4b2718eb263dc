"""Step 5: the measured block, both measurements side by side, and on a mismatch what was tried to explain it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.dialogs import ask_open
from seworkbench.ui.pages.attestation.step_card import StepCard
from seworkbench.ui.pages.attestation.words import hex_lines
from seworkbench.ui.widgets.basic import WarningBox, button, label
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.findings import Findings
from seworkbench.ui.widgets.measured_block import MeasuredBlockView

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.ui.pages.attestation.session import AttestationSession
    from seworkbench.ui.theme import Theme
    from seworkbench.ui.workbench import Workbench


class EqualSign(QWidget):
    """A large sign: equal, or not.

    Args:
        theme: colours.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._equal = False
        self.setFixedSize(self.sizeHint())
        theme.changed.connect(self._restyle)

    @property
    def equal(self) -> bool:
        """Which of both it is."""
        return self._equal

    def show_sign(self, *, equal: bool) -> None:
        """Show which."""
        self._equal = equal
        self.setAccessibleName("equal" if equal else "not equal")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A disc."""
        side = self._theme.pixels(36)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it; not equal has another outline and a stroke, not only another colour."""
        roles, zoom = self._theme.roles, self._theme.zoom
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(roles.colour("passed" if self._equal else "failed"))
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self._equal:
            painter.drawEllipse(box)
        else:
            painter.drawRoundedRect(box, 8 * zoom, 8 * zoom)
        middle, half = box.center(), 7 * zoom
        painter.setPen(QPen(roles.colour("panel"), 3 * zoom, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for shift in (-4 * zoom, 4 * zoom):
            y = middle.y() + shift
            painter.drawLine(QPointF(middle.x() - half, y), QPointF(middle.x() + half, y))
        if not self._equal:
            painter.drawLine(
                QPointF(middle.x() + half * 0.7, middle.y() - half * 1.3),
                QPointF(middle.x() - half * 0.7, middle.y() + half * 1.3),
            )

    def _restyle(self) -> None:
        self.setFixedSize(self.sizeHint())
        self.update()


class MeasurementBox(QFrame):
    """A measurement in lines of sixteen bytes.

    Args:
        title: which one.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("inset")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.setSpacing(3)
        head = QHBoxLayout()
        head.addWidget(label(title, "heading"))
        head.addStretch(1)
        self.whence = label("", "small")
        head.addWidget(self.whence)
        column.addLayout(head)
        self.lines = label("", "bytes", selectable=True)
        column.addWidget(self.lines)
        self._title = title

    def show_bytes(self, content: bytes, whence: str) -> None:
        """Show a measurement and where it comes from."""
        self.whence.setText(whence)
        self.lines.setText("\n".join(hex_lines(content)) or "nothing")
        self.lines.setAccessibleName(f"{self._title}: {content.hex()}")


class VerifyCard(StepCard):
    """The card.

    Args:
        workbench: what the window shares.
        session: the case.
    """

    piece_chosen = Signal(str)  # key of a part of the block

    def __init__(self, workbench: Workbench, session: AttestationSession) -> None:
        super().__init__(workbench.theme, "5 Verify")
        self._session = session
        self.amount = label("", "small")
        self.head.addWidget(self.amount)
        self.sentence = Elided("", "muted")
        self.head.insertWidget(2, self.sentence, 100)
        self.lacking = QWidget()
        column = QVBoxLayout(self.lacking)
        column.setContentsMargins(0, 0, 0, 0)
        self.lacking_text = label("", wrap=True)
        column.addWidget(self.lacking_text)
        self.give = [
            button("Choose image or header…", self._give_header),
            button("Choose the protection key…", self._give_key),
            button("Choose the response…", self._give_response),
        ]
        ways = QHBoxLayout()
        for made in self.give:
            ways.addWidget(made)
        ways.addStretch(1)
        column.addLayout(ways)
        self.body.addWidget(self.lacking)
        self.block = MeasuredBlockView(workbench.theme)
        self.block.selected.connect(self.piece_chosen)
        self.body.addWidget(self.block)
        self.compare = QWidget()
        self._compare = QBoxLayout(QBoxLayout.Direction.LeftToRight, self.compare)
        self._compare.setContentsMargins(0, 0, 0, 0)
        self._compare.setSpacing(10)
        self.computed, self.received = MeasurementBox("Computed"), MeasurementBox("Received")
        self.sign = EqualSign(workbench.theme)
        self.sign_word, self.sign_detail = label("", "heading"), label("", "small")
        self._compare.addWidget(self.computed, 1)
        middle = QVBoxLayout()
        middle.setSpacing(3)
        middle.addStretch(1)
        for part in (self.sign, self.sign_word, self.sign_detail):
            middle.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(1)
        self._compare.addLayout(middle)
        self._compare.addWidget(self.received, 1)
        self.body.addWidget(self.compare)
        self.cause = WarningBox(workbench.theme, "")
        self.body.addWidget(self.cause)
        self.tried = label("", "small", wrap=True, selectable=True)
        self.body.addWidget(self.tried)
        self.findings = Findings(workbench.theme)
        self.body.addWidget(self.findings)

    def refresh(self) -> None:
        """Show the case."""
        result = self._session.result
        self._show_lacking()
        block = result.verification.block if result else None
        for part in (self.block, self.compare, self.amount):
            part.setVisible(block is not None)
        if result is None:
            self.show_verdict(None)
            self.sentence.show_text("")
            for part in (self.cause, self.tried, self.findings):
                part.hide()
            return
        self._show_result(result)

    def _show_result(self, result: PolicyResult) -> None:
        verification = result.verification
        self.show_verdict(verification.check.verdict)
        block, computed = verification.block, verification.computed
        received = (verification.response.measurement if verification.response else None) or b""
        if self.block.parts != () and block is None:
            self.block.show_block(None)
        if block is not None and computed is not None:
            chosen = self.block.chosen
            self.block.show_block(block)
            self.block.select(chosen)
            total = sum(piece.size for piece in block.pieces)
            self.amount.setText(f"all {total} B, HMAC-SHA-512")
            count = sum(1 for piece in block.pieces)
            self.computed.show_bytes(computed, f"here, from the {count} pieces")
            entry = verification.response.header.measurement if verification.response else None
            self.received.show_bytes(received, f"response, {len(received)} B at 0x{entry.offset:x}" if entry else "")
            equal = verification.measurement_equal
            same = sum(mine == theirs for mine, theirs in zip(computed, received, strict=False))
            size = len(computed)
            self.sign.show_sign(equal=equal)
            self.sign_word.setText("Equal" if equal else "Not equal")
            # A few bytes are equal by chance; that they are says nothing.
            self.sign_detail.setText(f"{same} of {size} bytes" if equal else f"{size - same} of {size} differ")
            self._fit(self.width())
        self.sentence.show_text(self._sentence(result))
        self._show_cause(result)
        # What is said above already is not said twice.
        said = {"attest.measurement.equal", "attest.measurement.cause"}
        wrong = [leaf for leaf in verification.check.leaves() if leaf.verdict is Verdict.FAILED and leaf.id not in said]
        wrong += [
            leaf for leaf in verification.check.leaves() if leaf.verdict is Verdict.WARNING and leaf.id not in said
        ]
        self.findings.show_checks(tuple(wrong))

    @staticmethod
    def _sentence(result: PolicyResult) -> str:
        verification = result.verification
        if verification.error is not None:
            return "Nothing can be said about the guest."
        if verification.measurement_equal:
            return "The guest that answered was started from exactly this SE header."
        return "This header, this request and this response do not belong together."

    def _show_cause(self, result: PolicyResult) -> None:
        search = result.verification.search
        self.cause.setVisible(search is not None)
        self.tried.setVisible(search is not None)
        if search is None:
            return
        if search.cause is not None:
            text = f"Likely cause: {search.cause} With that taken into account, both would be equal."
        else:
            text = (
                "No replacement of a single piece, or of two, explains it: another image was started, the image was "
                "built again, or the response was edited."
            )
        self.cause.text.setText(text)
        self.cause.setAccessibleName(text)
        self.tried.setText(
            f"Tried {search.amount} with something replaced: {', '.join(search.groups)}. A cause that is found "
            "explains a failure; it never makes anything pass."
        )

    def _show_lacking(self) -> None:
        session = self._session
        missing = (
            (session.files.header is None, "the image or SE header that you expect"),
            (not session.state.key_path, "the protection key of the request"),
            (session.files.response is None, "the response"),
        )
        words = [text for lacks, text in missing if lacks]
        for (lacks, _text), made in zip(missing, self.give, strict=True):
            made.setVisible(lacks)
        if words:
            drop = "Drop them on this page, in any order." if len(words) > 1 else "Drop it on this page."
            self.lacking_text.setText(f"Still needed: {'; '.join(words)}. {drop}")
        else:
            self.lacking_text.setText("Being verified…" if session.result is None else "")
        self.lacking.setVisible(bool(words) or session.result is None)

    def _give_header(self) -> None:
        if (path := ask_open(self, "Image or SE header")) is not None:
            self._session.take_header(path)

    def _give_key(self) -> None:
        if (path := ask_open(self, "Protection key of the request")) is not None:
            self._session.take_key(path)

    def _give_response(self) -> None:
        if (path := ask_open(self, "Response")) is not None:
            self._session.take_response(path)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """One above the other where two have no room."""
        super().resizeEvent(event)
        self._fit(event.size().width())

    def _fit(self, width: int) -> None:
        """Put both measurements side by side if that fits into a card of that width.

        How narrow the card can be does not depend on how they stand: else it would get wider by being wide, and
        narrower by being narrow, without end.
        """
        boxes = [box.minimumSizeHint().width() for box in (self.computed, self.received)]
        sign = max(part.sizeHint().width() for part in (self.sign, self.sign_word, self.sign_detail))
        margins = self.body.contentsMargins()
        needed = sum(boxes) + sign + 2 * self._compare.spacing() + margins.left() + margins.right()
        wide = width >= needed
        self.compare.setMinimumWidth(max(boxes))
        self._compare.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
