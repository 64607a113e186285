"""The status bar: what is seen, shown, flagged and lost; how far analysis lags; what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStatusBar,
    QToolButton,
    QWidget,
)

from trafficdesk.capture.loss import PLACES, lost_in
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.coverage import Coverage
from trafficdesk.ui import theme
from trafficdesk.ui.icons import icon
from trafficdesk.ui.labels import plain_label, tooltip
from trafficdesk.ui.wording import byte_rate, duration, thousands, visible

if TYPE_CHECKING:
    from trafficdesk.ui.theme import Tokens

_LAG_ROWS: Final = 4_096
"""Rows waiting for analysis below which no lag is mentioned: half of what is handed over at once."""
_LEFT_OUT: Final = "{} packets came faster than they could be analysed. Some of every conversation were, and count for those left out."


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The numbers of one moment."""

    state: str
    """One or two words: Ready, Capturing, Opening, …"""
    healthy: bool = True
    source: str = ""
    waiting_for: str = ""
    """Interfaces that can't be captured on now, and why; empty = none."""
    packets: int = 0
    shown: int = 0
    flagged: int = 0
    suppressed: tuple[int, int] = (0, 0)
    """Incidents and packets of which a person does not want to be told."""
    lost: CaptureStatistics = field(default_factory=CaptureStatistics)
    history: str = ""
    """What is wrong with the history, or how far it is behind; empty while all is well."""
    bytes_per_s: float | None = None
    packets_per_s: float | None = None
    pending: int = 0
    """Rows waiting for analysis."""
    unscored: int = 0
    """Rows that analysis left out."""
    coverage: Coverage = field(default_factory=Coverage)
    model_age_s: float | None = None
    learning: str = ""
    """How far learning is; empty once the network is known, and for files."""
    memory_mb: float = 0.0
    progress: float | None = None
    """0 to 1 while something long runs."""
    progress_words: str = ""
    can_cancel: bool = False
    """Whether a person may end what runs."""


class StatusBar(QStatusBar):
    """Context left, counters in the middle, cost on the right."""

    dropped_clicked = Signal()
    """Someone wants to know why packets were dropped."""
    history_clicked = Signal()
    """Someone wants to see how the history is kept."""
    suppressed_clicked = Signal()
    """Someone wants to see what is suppressed."""
    cancel_clicked = Signal()
    """What runs is to end."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._tokens = tokens
        self._lamp = QLabel()
        self._lamp.setFixedSize(8, 8)
        self._labels: dict[str, QLabel | QPushButton] = {
            name: _button() if name in _CLICKED else plain_label("", "muted") for name in _LEFT + _RIGHT
        }
        self._progress = QProgressBar(maximum=1000, textVisible=False)
        self._progress.setFixedWidth(120)
        self.cancel = QToolButton()
        self.cancel.setToolTip("Cancel")
        self.cancel.setAccessibleName("Cancel")
        self.cancel.setProperty("class", "small")
        self.cancel.clicked.connect(self.cancel_clicked)
        for name, clicked in (
            ("dropped", self.dropped_clicked),
            ("suppressed", self.suppressed_clicked),
            ("history", self.history_clicked),
        ):
            button = self._labels[name]
            assert isinstance(button, QPushButton)
            button.setProperty("class", "status-quiet" if name == "suppressed" else "status")
            button.clicked.connect(clicked)
        for label in self._labels.values():
            label.setFont(theme.number_font(theme.SECONDARY_PX))
        self.addWidget(self._row(["lamp", *_LEFT]), 1)
        self.addPermanentWidget(self._row(["progress", "cancel", *_RIGHT]))
        self.cancel.setIcon(icon("close", tokens.text))
        self.show_report(StatusReport("Ready"))

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._tokens = tokens
        self.cancel.setIcon(icon("close", tokens.text))
        self._color_lamp(healthy=True)

    def text(self, name: str) -> str:
        """What one part says; empty where it is hidden."""
        label = self._labels[name]
        return "" if label.isHidden() else label.text()

    def show_report(self, report: StatusReport) -> None:
        """Say these numbers; only what changed is drawn."""
        lossless = not lost_in(report.lost)
        self._color_lamp(healthy=report.healthy and lossless and not report.waiting_for)
        for name, words in _words(report).items():
            label = self._labels[name]
            if label.text() != words:
                label.setText(words)
            label.setVisible(bool(words))
        for name, words in _tips(report).items():
            self._labels[name].setToolTip(words)
        self._progress.setVisible(report.progress is not None)
        self.cancel.setVisible(report.can_cancel)
        if report.progress is not None:
            self._progress.setValue(round(report.progress * 1000))

    def _row(self, names: list[str]) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(20)
        named = {"lamp": self._lamp, "progress": self._progress, "cancel": self.cancel}
        for name in names:
            widget: QWidget = named.get(name) or self._labels[name]
            last = name == _LEFT[-1]
            row.addWidget(widget, int(last), Qt.AlignmentFlag.AlignVCenter)
            if last:
                # Many numbers must not make the window wider: this one is cut.
                widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if names[0] == "lamp":
            row.addStretch(0)
            holder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return holder

    def _color_lamp(self, *, healthy: bool) -> None:
        color = self._tokens.good if healthy else self._tokens.unusual
        sheet = f"background: {color}; border-radius: 4px;"
        if self._lamp.styleSheet() != sheet:
            self._lamp.setStyleSheet(sheet)


def _button() -> QPushButton:
    button = QPushButton()
    button.setProperty("class", "status")
    button.setFlat(True)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button


_LEFT: Final = ["state", "packets", "shown", "flagged", "suppressed", "dropped", "history", "rate"]
_CLICKED: Final = frozenset({"suppressed", "dropped", "history"})
_RIGHT: Final = ["progress_words", "lag", "model", "memory"]


def _words(report: StatusReport) -> dict[str, str]:
    return {
        "state": _state(report),
        "packets": f"Packets {thousands(report.packets)}",
        "shown": f"Shown {thousands(report.shown)}",
        "flagged": f"Flagged {thousands(report.flagged)}",
        "suppressed": _suppressed(report),
        "dropped": _dropped(report),
        "history": report.history,
        "rate": _rate(report),
        "progress_words": report.progress_words,
        "lag": _lag(report),
        "model": _model(report),
        "memory": f"Memory {thousands(report.memory_mb)} MB" if report.memory_mb else "",
    }


def _model(report: StatusReport) -> str:
    if report.learning:
        return f"Learning {report.learning}"
    return "" if report.model_age_s is None else f"Model {duration(report.model_age_s)} old"


def _state(report: StatusReport) -> str:
    if report.waiting_for:
        # Of several interfaces the others go on.
        begin = f"{report.state}, waiting for" if "," in report.source else "Waiting for"
        return visible(f"{begin} {report.waiting_for}")
    return f"{report.state} · {report.source}" if report.source else report.state


def _suppressed(report: StatusReport) -> str:
    incidents, rows = report.suppressed
    if not rows:
        return ""
    told = "1 incident" if incidents == 1 else f"{thousands(incidents)} incidents"
    packets = "1 row" if rows == 1 else f"{thousands(rows)} rows"
    return f"{told}, {packets} suppressed" if incidents else f"{packets} suppressed"


def _dropped(report: StatusReport) -> str:
    counts = ((place.count(report.lost), place.name) for place in PLACES)
    places = ", ".join(f"{thousands(count)} {name}" for count, name in counts if count)
    return f"Dropped {places}" if places else ""


def _tips(report: StatusReport) -> dict[str, str]:
    lost = [place for place in PLACES if place.count(report.lost)]
    said = " ".join(f"{place.title}: {thousands(place.count(report.lost))} packets." for place in lost)
    return {
        "dropped": tooltip(f"{said} Click for what helps.") if lost else "",
        "suppressed": tooltip("You said that they are expected, or suppressed them. Click to list them."),
        "history": tooltip("Click for where the history is kept, and a test of it.")
        if report.history
        else "",
        "lag": tooltip(_LEFT_OUT.format(thousands(report.unscored))) if report.unscored else "",
    }


def _rate(report: StatusReport) -> str:
    if report.bytes_per_s is None or report.packets_per_s is None:
        return ""
    return f"{byte_rate(report.bytes_per_s)} · {thousands(report.packets_per_s)} packets/s"


def _lag(report: StatusReport) -> str:
    # Where packets are left out, those that wait are those of two seconds, and no news.
    if words := report.coverage.words:
        return words[:1].upper() + words[1:]
    if report.pending > _LAG_ROWS and report.progress is None:
        return f"Analysis {thousands(report.pending)} packets behind"
    return ""
