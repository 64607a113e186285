"""Gaps in the volume chart: hatched where they were, to be seen however short, and their reason said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from tests.helpers.snapshots import NOW, snapshot_of
from trafficdesk.capture.source import Gap
from trafficdesk.ui.charts import VolumeChart
from trafficdesk.ui.charts.gap_layer import reason_at
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SECOND = 1_000_000_000


def gap(start: float, end: float | None, reason: str = "eth0 was unplugged") -> Gap:
    stop = None if end is None else round((NOW + end) * SECOND)
    return Gap("eth0", round((NOW + start) * SECOND), stop, reason)


@pytest.fixture
def chart(qtbot: QtBot) -> VolumeChart:
    made = VolumeChart(LIGHT, clock=lambda: float(NOW))
    qtbot.addWidget(made)
    made.resize(640, 220)
    made.show()
    qtbot.waitExposed(made)
    made.set_data(snapshot_of([0] * 60))
    qtbot.waitUntil(lambda: not made._stale)
    return made


def colors(qtbot: QtBot, chart: VolumeChart, second: float) -> set[int]:
    """Colours in a strip of the plot at a second, some pixels wide."""
    qtbot.waitUntil(lambda: not chart._stale)
    image = chart._plot.grab().toImage()
    scale = image.devicePixelRatio()
    at = chart._plot.mapFromScene(chart._view.mapViewToScene(QPointF(second, 0.55)))
    x, y = round(at.x() * scale), round(at.y() * scale)
    return {QColor(image.pixel(x + dx, y + dy)).rgb() for dx in range(-4, 5) for dy in range(-6, 7)}


def test_gaps_are_hatched_where_they_were(qtbot: QtBot, chart: VolumeChart) -> None:
    """And nowhere else; one that lasts reaches to the end; gone with the gaps."""
    plain = colors(qtbot, chart, 15)
    chart.set_gaps((gap(10, 20), gap(50, None)))
    assert len(colors(qtbot, chart, 15)) > len(plain)
    assert colors(qtbot, chart, 30) == plain
    assert len(colors(qtbot, chart, 58)) > len(plain)
    chart.set_gaps(())
    assert colors(qtbot, chart, 15) == plain


def test_a_short_gap_is_seen(qtbot: QtBot, chart: VolumeChart) -> None:
    """A hundredth of a second in a minute is some pixels wide."""
    plain = colors(qtbot, chart, 30)
    chart.set_gaps((gap(30, 30.01),))
    assert len(colors(qtbot, chart, 30)) > len(plain)


def test_pointing_at_a_gap_says_why(qtbot: QtBot, chart: VolumeChart) -> None:
    """In the chart's own reading and as a tooltip; beside it the numbers are said."""
    chart.set_gaps((gap(10, 20, "eth0\x1b was unplugged"),))
    qtbot.waitUntil(lambda: not chart._stale)
    chart._cursor.index = 15
    chart._read(15)
    assert "eth0\\x1b was unplugged" in chart.accessibleDescription()
    assert chart._plot.toolTip() == "eth0\\x1b was unplugged"
    chart._cursor.index = 30
    chart._read(30)
    assert "packets/s" in chart.accessibleDescription()
    assert chart._plot.toolTip() == ""


def test_several_reasons_are_said_once_each() -> None:
    """Two interfaces that lost their link together."""
    gaps = (gap(10, 20, "a"), gap(12, 14, "b"), gap(13, 15, "a"), gap(40, None, "c"))
    assert reason_at(gaps, NOW + 13, NOW + 14) == "a; b"
    assert reason_at(gaps, NOW + 20, NOW + 21) == ""
    assert reason_at(gaps, NOW + 90, NOW + 91) == "c"
