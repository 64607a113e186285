"""`ui.charts.volume`: stores the newest, draws ten times a second, marks, answers mouse and keys."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication

from tests.helpers.incidents import an_incident
from tests.helpers.snapshots import NOW, snapshot_of
from trafficdesk.metrics.snapshot import MetricsSnapshot
from trafficdesk.ui.charts import VolumeChart
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SECOND = 1_000_000_000


@pytest.fixture
def chart(qtbot: QtBot) -> VolumeChart:
    made = VolumeChart(LIGHT, clock=lambda: float(NOW))
    qtbot.addWidget(made)
    made.resize(640, 220)
    made.show()
    qtbot.waitExposed(made)
    return made


def drawn(qtbot: QtBot, chart: VolumeChart) -> None:
    qtbot.waitUntil(lambda: not chart._stale)


def test_importing_the_package_leaves_pyqtgraph_out() -> None:
    """The charts' package can be imported before the first window without pyqtgraph's third of a second."""
    code = "import sys, trafficdesk.ui.charts; sys.exit('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_chart_is_a_mistake() -> None:
    """The package answers for its charts only."""
    import trafficdesk.ui.charts as package

    with pytest.raises(AttributeError, match="NoSuchChart"):
        package.NoSuchChart  # noqa: B018


def test_without_packets_it_says_what_to_do(qtbot: QtBot, chart: VolumeChart) -> None:
    """The empty state is one sentence, gone with the first packet."""
    assert chart.empty.isVisible()
    chart.set_data(snapshot_of([1, 2, 3]))
    qtbot.waitUntil(lambda: not chart.empty.isVisible())


def test_a_flood_of_data_is_drawn_a_few_times(
    qtbot: QtBot, chart: VolumeChart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand updates in a row cost one drawing, of the newest."""
    drawings: list[int] = []
    draw = chart._draw
    monkeypatch.setattr(chart, "_draw", lambda: (drawings.append(1), draw()))
    for packets in range(1, 1_001):
        chart.set_data(snapshot_of([packets] * 5))
    drawn(qtbot, chart)
    assert len(drawings) == 1
    assert chart._columns.packets_per_s.max() == 1_000


def test_an_idle_file_chart_stops_its_timer(qtbot: QtBot, chart: VolumeChart) -> None:
    """Nothing new, nothing to do."""
    chart.set_data(snapshot_of([1, 2, 3]))
    qtbot.waitUntil(lambda: not chart._timer.isActive())


def test_a_live_chart_moves_on_in_silence(qtbot: QtBot, chart: VolumeChart) -> None:
    """The right edge is now, though no packet came for a minute."""
    now = [float(NOW)]
    chart._clock = lambda: now[0]
    chart.set_live(True)
    chart.set_data(snapshot_of([1] * 100, start=NOW - 100))
    drawn(qtbot, chart)
    assert chart._columns.stop_s == NOW
    now[0] += 60
    qtbot.waitUntil(lambda: chart._columns.stop_s == NOW + 60)


def test_a_click_names_its_second_in_nanoseconds(qtbot: QtBot, chart: VolumeChart) -> None:
    """Times beyond 32 bits arrive whole."""
    chart.set_data(snapshot_of([1] * 60))
    drawn(qtbot, chart)
    viewport = chart._plot.viewport()
    scene = chart._view.mapViewToScene(chart._view.viewRect().center())
    with qtbot.waitSignal(chart.range_clicked) as signal:
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=chart._plot.mapFromScene(scene))
    start, stop = signal.args
    assert stop - start == SECOND
    assert abs(start - (NOW + 30) * SECOND) <= SECOND


def test_a_drag_names_its_range(qtbot: QtBot, chart: VolumeChart) -> None:
    """Dragging backwards gives the same range as forwards: earlier first."""
    chart.set_data(snapshot_of([1] * 60))
    drawn(qtbot, chart)
    with qtbot.waitSignal(chart.range_clicked) as signal:
        chart._view.dragged.emit(40.0, 10.0)
    assert signal.args == [(NOW + 10) * SECOND, (NOW + 41) * SECOND]


def test_the_keyboard_does_what_the_mouse_does(qtbot: QtBot, chart: VolumeChart) -> None:
    """Left moves the cursor from the newest column, Enter chooses its second, Escape takes it away."""
    chart.set_data(snapshot_of([1] * 60))
    drawn(qtbot, chart)
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    with qtbot.waitSignal(chart.range_clicked) as signal:
        qtbot.keyClick(chart, Qt.Key.Key_Return)
    assert signal.args == [(NOW + 58) * SECOND, (NOW + 59) * SECOND]
    assert "1 packets/s" in chart.accessibleDescription()
    qtbot.keyClick(chart, Qt.Key.Key_Escape)
    assert chart._cursor.index is None


def test_hovering_says_the_value(qtbot: QtBot, chart: VolumeChart) -> None:
    """The mouse over a column reads it out; leaving goes back to the peak."""
    chart.set_data(snapshot_of([1, 2, 50, 4, 5, 6]))
    drawn(qtbot, chart)
    assert chart._reading.whole() == "peak · 50.0 kB/s · 50 packets/s"
    chart._point_at(chart._view.mapViewToScene(chart._view.viewRect().center()) + QPoint(1, 0))
    assert chart._reading.whole().endswith(" · 4.0 kB/s · 4 packets/s")
    qtbot.mouseMove(chart._plot.viewport())
    QApplication.sendEvent(chart._plot.viewport(), QEvent(QEvent.Type.Leave))
    assert chart._reading.whole().startswith("peak")


def test_a_narrow_chart_keeps_its_reading_for_those_who_listen(qtbot: QtBot, chart: VolumeChart) -> None:
    """No rest of a sentence is shown where it does not fit."""
    chart.resize(300, 180)
    chart.set_data(snapshot_of([1, 2, 50]))
    drawn(qtbot, chart)
    assert chart._reading.whole() == ""
    assert "50 packets/s" in chart.accessibleDescription()


def test_flagged_moments_are_marked(qtbot: QtBot, chart: VolumeChart) -> None:
    """Each incident in view has its line; the hostile name of a family stays text; none is left when it goes."""
    chart.set_data(snapshot_of([1] * 60))
    chart.set_marks(
        [an_incident(id=1, family="<b>x</b>", start_ns=(NOW + 30) * SECOND, end_ns=(NOW + 31) * SECOND)]
    )
    drawn(qtbot, chart)
    assert [line.value() for line in chart._marks._lines if line.isVisible()] == [30.0]
    assert chart._marks._names[0].textItem.toPlainText() == "<b>x</b>"
    chart.set_marks([])
    drawn(qtbot, chart)
    assert not any(line.isVisible() for line in chart._marks._lines)


def test_a_flood_of_marks_is_bounded(qtbot: QtBot, chart: VolumeChart) -> None:
    """Two thousand incidents make no more lines than can be told apart."""
    chart.set_data(snapshot_of([1] * 60))
    chart.set_marks(
        [
            an_incident(id=i, start_ns=(NOW + i % 60) * SECOND, end_ns=(NOW + 60) * SECOND)
            for i in range(2_000)
        ]
    )
    drawn(qtbot, chart)
    assert len(chart._marks._lines) == 24


def test_a_new_theme_changes_the_colours(qtbot: QtBot, chart: VolumeChart) -> None:
    """Dark after light leaves nothing of the light background."""
    chart.set_data(snapshot_of([1] * 60))
    drawn(qtbot, chart)
    chart.apply_theme(DARK)
    assert chart._plot.backgroundBrush().color().name() == DARK.raised


def test_it_forgets_when_a_capture_begins(qtbot: QtBot, chart: VolumeChart) -> None:
    """An empty snapshot after a full one shows the empty state again, with the cursor gone."""
    chart.set_data(snapshot_of([1] * 60))
    drawn(qtbot, chart)
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    chart.set_data(MetricsSnapshot())
    drawn(qtbot, chart)
    assert chart.empty.isVisible()
    assert chart._reading.whole() == ""


def test_the_same_again_is_not_drawn_again(
    qtbot: QtBot, chart: VolumeChart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Live, ten updates a second change one column a second: only then the curve is drawn anew."""
    curves: list[int] = []
    draw = chart._curves.draw
    monkeypatch.setattr(chart._curves, "draw", lambda *args: (curves.append(1), draw(*args)))
    chart.set_live(True)
    incidents = [an_incident()]
    for _ in range(3):
        chart.set_data(snapshot_of([1] * 100, start=NOW - 100))
        chart.set_marks(list(incidents))
        chart._draw()
    assert len(curves) == 1
    chart.set_marks([])
    chart._draw()
    assert len(curves) == 2
