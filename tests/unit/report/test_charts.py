"""Charts: drawn without a display, the same as SVG and PNG, harmless whatever they are told."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np

from trafficdesk.metrics.rates import Series
from trafficdesk.report.charts import bar_chart, heat_map, volume_chart
from trafficdesk.report.drawing import ACCENT, RED, Drawing

HOSTILE = '</text><script>alert(1)</script>"\x1b'


def a_series(values: list[list[float]], starts: list[int] | None = None) -> Series:
    at = starts or list(range(len(values)))
    return Series(np.array(at), np.array(values, np.float64), ("packets", "bytes", "flagged"), 1)


def fills(drawing: Drawing) -> list[tuple[int, int, int]]:
    return [box.fill for box in drawing.boxes]


def test_the_busiest_second_is_the_highest_column() -> None:
    """Heights are in proportion to the bytes; only the second with flagged packets is marked."""
    drawing = volume_chart(a_series([[1, 100, 0], [1, 400, 2], [1, 200, 0]]))
    assert drawing is not None
    heights = [box.height for box in drawing.boxes if box.fill == ACCENT]
    assert [height / max(heights) for height in heights] == [0.25, 1.0, 0.5]
    assert fills(drawing).count(RED) == 1


def test_less_than_two_bins_are_no_chart() -> None:
    """Nothing is drawn of nothing."""
    assert volume_chart(Series()) is None
    assert volume_chart(a_series([[1, 1, 1]])) is None
    assert bar_chart("none", []) is None
    assert heat_map(a_series([[1, 1, 0], [1, 1, 0], [1, 1, 0]])) is None


def test_a_timestamp_of_the_far_future_does_not_make_a_giant() -> None:
    """1970 beside 2400: as many columns as ever."""
    drawing = volume_chart(a_series([[1, 5, 0], [1, 5, 0]], [0, 13_600_000_000]))
    assert drawing is not None
    assert len(drawing.boxes) < 20
    assert drawing.svg()


def test_hostile_names_stay_words() -> None:
    """A name can't end its element; the file is well-formed XML, and the PNG is drawn."""
    drawing = bar_chart(HOSTILE, [(HOSTILE, 3, HOSTILE), ("TLS", 0, "none")])
    assert drawing is not None
    root = ET.fromstring(drawing.svg(alone=True))
    assert {item.tag.rpartition("}")[2] for item in root} == {"rect", "text"}
    assert "\x1b" not in drawing.svg()
    assert drawing.png().startswith(b"\x89PNG")


def test_heat_map_tells_what_rises_together() -> None:
    """Packets and bytes that rise together are 1.00, what falls meanwhile is negative."""
    drawing = heat_map(a_series([[1, 10, 9], [2, 20, 5], [3, 30, 2]]))
    assert drawing is not None
    words = [one.text for one in drawing.words]
    assert words.count("1.00") == 5
    assert any(text == "-1.00" for text in words)
