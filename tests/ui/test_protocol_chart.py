"""`ui.charts.protocols`: at most eight bars, by bytes or packets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trafficdesk.metrics.snapshot import MetricsSnapshot
from trafficdesk.ui.charts import ProtocolChart
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SNAPSHOT = MetricsSnapshot(
    packets=100, protocols=(("TLS", 10, 900), ("DNS", 90, 100), *((f"P{index}", 0, 0) for index in range(10)))
)


@pytest.fixture
def chart(qtbot: QtBot) -> ProtocolChart:
    made = ProtocolChart(LIGHT)
    qtbot.addWidget(made)
    made.resize(320, 240)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_it_compares_bytes_or_packets(qtbot: QtBot, chart: ProtocolChart) -> None:
    """The toggle changes what is largest."""
    chart.set_data(SNAPSHOT)
    qtbot.waitUntil(lambda: bool(chart._rows))
    assert chart._rows[0] == ("TLS", 0.9)
    chart.set_by_packets(True)
    assert chart._rows[0] == ("DNS", 0.9)


def test_rows_are_bounded(qtbot: QtBot, chart: ProtocolChart) -> None:
    """Seven protocols and the rest; fewer where the chart is low."""
    chart.set_data(SNAPSHOT)
    qtbot.waitUntil(lambda: len(chart._rows) == 8)
    assert chart._rows[-1][0] == "other"
    chart.resize(320, 140)
    qtbot.waitUntil(lambda: 1 < len(chart._rows) < 8)


def test_a_click_names_the_protocol(qtbot: QtBot, chart: ProtocolChart) -> None:
    """A row's protocol is named; "other" and the space below are not."""
    chart.set_data(SNAPSHOT)
    qtbot.waitUntil(lambda: bool(chart._rows))
    with qtbot.waitSignal(chart.protocol_clicked) as signal:
        chart._view.clicked.emit(0.5, 1.5)
    assert signal.args == ["DNS"]
    with qtbot.assertNotEmitted(chart.protocol_clicked):
        chart._view.clicked.emit(0.5, 7.5)
        chart._view.clicked.emit(0.5, 70.0)


def test_it_is_read_out(qtbot: QtBot, chart: ProtocolChart) -> None:
    """A screen reader gets the shares, and a hostile name as text."""
    chart.set_data(MetricsSnapshot(packets=1, protocols=(("<i>\u202ex", 1, 1),)))
    qtbot.waitUntil(lambda: bool(chart._rows))
    assert chart.accessibleDescription() == r"<i>\u202ex 100 %"
    assert all(button.accessibleName() for button in chart._units.buttons())


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_the_largest_bar_has_the_first_colour(qtbot: QtBot, chart: ProtocolChart, tokens: object) -> None:
    """The picture shows the accent where the first bar is."""
    chart.apply_theme(tokens)
    chart.set_data(SNAPSHOT)
    qtbot.waitUntil(lambda: bool(chart._rows))
    image = chart.grab().toImage()
    colors = {
        image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)
    }
    assert tokens.accent in colors


def test_without_packets_it_says_so(chart: ProtocolChart) -> None:
    """The empty state is a sentence."""
    assert chart.empty.isVisible()
