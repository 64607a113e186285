"""One incident as a card: what, in which words, why, when, how bad."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from trafficdesk.detect.words import seconds
from trafficdesk.ui.labels import ElidedLabel, WrappedLabel, plain_label, tooltip
from trafficdesk.ui.panels.correction_buttons import CorrectionButtons
from trafficdesk.ui.panels.sparkline import Sparkline
from trafficdesk.ui.theme import SECONDARY_PX, mixed
from trafficdesk.ui.wording import clock_time, family_title, family_words, is_family, thousands, visible

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent, SignalInstance
    from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QKeyEvent, QMouseEvent, QPaintEvent

    from trafficdesk.detect.finding import Incident, Reason
    from trafficdesk.ui.theme import Tokens

MAX_REASONS: Final = 3
_RADIUS: Final = 8
_EDGE: Final = 4


def title_of(incident: Incident) -> str:
    """Family and culprit: "Port scan · 192.168.1.60"."""
    return f"{family_title(incident.family)} · {visible(incident.culprit)}"


def parts_of(reason: Reason) -> tuple[str, str]:
    """What was measured and what is usual: ("about 212 ports tried on one host in 60 s", "usually ≤ 6")."""
    said, _, usual = visible(reason.words).replace("<=", "≤").partition("; usual")
    return said, f"usual{usual}" if usual else ""


def when_of(incident: Incident) -> str:
    """Start and flagged rows: "14:05:11 · 3,110 packets"."""
    packets = "1 packet" if incident.packets == 1 else f"{thousands(incident.packets)} packets"
    return f"{clock_time(incident.start_ns)} · {packets}"


def evidence_of(incident: Incident) -> str:
    """What it rests on: rows, how soon it was found, since when by which model."""
    rows = "1 packet" if incident.packets == 1 else f"{thousands(incident.packets)} packets"
    model = f"model {incident.model_id}" if incident.model_id else "rules only, no model yet"
    found = f"found {seconds(incident.delay_s)} after it began" if incident.opened_ns else ""
    lasted = f"lasted {seconds((incident.end_ns - incident.start_ns) / 1e9)}"
    return " · ".join(filter(None, (f"#{incident.id}", f"{rows} of evidence", lasted, found, model)))


def timeline_words(incident: Incident) -> str:
    """The sparkline for who does not see it."""
    if not incident.timeline:
        return ""
    most = max(incident.timeline)
    return f"Flagged packets over time, at most {thousands(most)} in {seconds(incident.step_s)}"


class ReasonRow(QWidget):
    """One reason: what was measured left, what is usual right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._said = WrappedLabel(pixels=SECONDARY_PX, max_lines=4)
        self._usual = plain_label("", "muted")
        row.addWidget(self._said, 1)
        row.addWidget(self._usual, 0, Qt.AlignmentFlag.AlignTop)

    def show_reason(self, reason: Reason) -> None:
        """Show `reason`."""
        said, usual = parts_of(reason)
        self._said.set_text(said)
        self._usual.setText(usual)


class IncidentCard(QFrame):
    """A card that can be focused and activated; reused for other incidents.

    Signals
    -------
    activated : the incident's id, on a click, Enter or Space.
    stepped : -1 or 1, on Up and Down: the next card is wanted.
    filter_wanted, first_wanted : the incident's id: its rows alone are wanted, its first row is.
    correction_wanted : the incident's id and what is to be said of it, see `CorrectionButtons`.
    """

    activated = Signal(int)
    stepped = Signal(int)
    filter_wanted = Signal(int)
    first_wanted = Signal(int)
    correction_wanted = Signal(int, str)

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._incident: Incident | None = None
        self._tokens = tokens
        self._selected = self._hovered = False
        self._title = WrappedLabel(bold=True, max_lines=2)
        self._sentence = WrappedLabel(pixels=SECONDARY_PX, max_lines=5)
        self._looks = WrappedLabel(pixels=SECONDARY_PX, max_lines=2)
        self._reasons = [ReasonRow() for _ in range(MAX_REASONS)]
        self._sparkline = Sparkline()
        self._evidence = WrappedLabel(pixels=SECONDARY_PX, max_lines=3)
        self.buttons = self._make_buttons()
        """Buttons of the chosen card."""
        self._when = ElidedLabel("", "muted")
        self._severity = plain_label("", "muted")
        self._corrections = CorrectionButtons()
        self._corrections.chosen.connect(self._correct)
        self._corrections.hide()
        self._lay_out()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.apply_theme(tokens)

    @property
    def incident(self) -> Incident | None:
        """What is shown."""
        return self._incident

    def show_incident(self, incident: Incident) -> None:
        """Show `incident`; touches only what changed."""
        if incident == self._incident:
            return
        self._incident = incident
        self._title.set_text(title_of(incident))
        self._sentence.set_text(incident.sentence)
        self._looks.set_text(f"{incident.looks_like[:1].upper()}{incident.looks_like[1:]}")
        self._looks.setVisible(bool(incident.looks_like))
        for index, row in enumerate(self._reasons):
            row.setVisible(index < len(incident.reasons))
            if index < len(incident.reasons):
                row.show_reason(incident.reasons[index])
        self._sparkline.show_counts(incident.timeline, timeline_words(incident))
        self._sparkline.setVisible(len(incident.timeline) > 1)
        self._evidence.set_text(evidence_of(incident))
        self._color_sparkline()
        self._when.set_whole(when_of(incident))
        self._severity.setText(f"severity {incident.severity}")
        self._severity.setToolTip(f"Last seen {clock_time(incident.end_ns)}")
        self.setToolTip(tooltip(family_words(incident.family)) if family_words(incident.family) else "")
        self.setAccessibleName(f"{title_of(incident)}, severity {incident.severity}")
        reasons = (visible(reason.words) for reason in incident.reasons[:MAX_REASONS])
        self.setAccessibleDescription(". ".join((visible(incident.sentence), when_of(incident), *reasons)))
        self.update()

    def set_selected(self, selected: bool) -> None:
        """Mark as the one whose rows are shown."""
        if selected != self._selected:
            self._selected = selected
            self._evidence.setVisible(selected)
            self.buttons.setVisible(selected)
            self._corrections.setVisible(selected)
            self.update()

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        self._title.set_color(tokens.text)
        self._sentence.set_color(tokens.muted)
        self._looks.set_color(tokens.accent)
        self._evidence.set_color(tokens.muted)
        self._color_sparkline()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space activate; Up and Down are told, else the scroll area around would take them."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._activate()
        elif event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click activates."""
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._activate()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the release comes here too."""
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be said of it."""
        self._corrections.choose_in_menu(event.globalPos())

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show that it can be clicked."""
        super().enterEvent(event)
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """As it was."""
        super().leaveEvent(event)
        self._hovered = False
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the card with its coloured edge; a style sheet joins borders of two widths badly at round corners."""
        tokens = self._tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        marked = self._selected or self.hasFocus()
        inset = 1.0 if marked else 0.5
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), _RADIUS, _RADIUS)
        fill = mixed(tokens.text, tokens.raised, 0.05) if self._hovered else QColor(tokens.raised)
        painter.fillPath(outline, QColor(tokens.accent_background) if self._selected else fill)
        painter.setPen(QPen(QColor(tokens.accent if marked else tokens.line), 2 * inset))
        painter.drawPath(outline)
        painter.setClipPath(outline)
        painter.fillRect(0, 0, _EDGE, self.height(), QColor(self._edge_color()))
        painter.end()

    def _color_sparkline(self) -> None:
        self._sparkline.set_colors(self._edge_color(), self._tokens.line)

    def _make_buttons(self) -> QWidget:
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(4)
        for text, tip, signal in (
            ("Only its packets", "Show the packets of this incident alone", self.filter_wanted),
            ("First packet", "Go to the first packet of this incident", self.first_wanted),
        ):
            button = QPushButton(text)
            button.setProperty("class", "small")
            button.setToolTip(tip)
            button.clicked.connect(partial(self._tell, signal))
            row.addWidget(button)
        row.addStretch(1)
        return buttons

    def _tell(self, signal: SignalInstance) -> None:
        if self._incident is not None:
            signal.emit(self._incident.id)

    def _edge_color(self) -> str:
        named = self._incident is not None and is_family(self._incident.family)
        return self._tokens.family if named else self._tokens.unusual

    def _activate(self) -> None:
        if self._incident is not None:
            self.activated.emit(self._incident.id)

    def _correct(self, what: str) -> None:
        if self._incident is not None:
            self.correction_wanted.emit(self._incident.id, what)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 12)
        column.setSpacing(4)
        column.addWidget(self._title)
        column.addWidget(self._sentence)
        column.addWidget(self._looks)
        column.addSpacing(4)
        for row in self._reasons:
            row.hide()
            column.addWidget(row)
        column.addWidget(self._sparkline)
        column.addWidget(self._evidence)
        column.addWidget(self.buttons)
        self._sparkline.hide()
        self._evidence.hide()
        self.buttons.hide()
        footer = QHBoxLayout()
        footer.setSpacing(8)
        footer.addWidget(self._when, 1)
        footer.addWidget(self._severity)
        column.addSpacing(4)
        column.addLayout(footer)
        column.addWidget(self._corrections)
