"""`ui.diagnostics`: what the program says of itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.helpers.traffic import session_with
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.ui.diagnostics import Diagnostics, StallProbe

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot


def test_percentiles_are_those_of_the_stalls(qtbot: QtBot) -> None:
    """p50, p99, p99.9 and the maximum of known stalls, to the bin of 0.1 ms."""
    probe = StallProbe()
    for number in range(1, 1_001):
        probe.record(number / 10)
    summary = probe.summary()
    assert summary == {
        "p50": pytest.approx(50, abs=0.11), "p99": pytest.approx(99, abs=0.11),
        "p999": pytest.approx(99.9, abs=0.11), "max": 100.0, "turns": 1_000,
    }  # fmt: skip


def test_a_blocked_event_loop_is_seen(qtbot: QtBot) -> None:
    """A slot that takes 150 ms is a stall of about as long; longer than the histogram counts in the maximum."""
    import time

    from PySide6.QtCore import QTimer

    probe = StallProbe()
    probe.start()
    QTimer.singleShot(20, lambda: time.sleep(0.15))
    qtbot.waitUntil(lambda: probe.summary()["max"] > 100)
    assert 100 < probe.summary()["max"] < 10_000
    probe.record(60_000)
    assert probe.summary()["max"] == 60_000


def test_nothing_measured_is_zero(qtbot: QtBot) -> None:
    """Leaving before anything happened writes a whole report."""
    assert StallProbe().summary() == {"p50": 0.0, "p99": 0.0, "p999": 0.0, "max": 0.0, "turns": 0}


def test_the_report_has_the_promised_keys(qtbot: QtBot, tmp_path: Path) -> None:
    """CONTRACT's keys, as JSON, with numbers that hang together."""
    diagnostics = Diagnostics()
    diagnostics.window_shown()
    diagnostics.file_opened()
    diagnostics.last_row_shown()
    path = tmp_path / "measured.json"
    diagnostics.write(path, session_with(25), CaptureStatistics(30, 3, 2))
    report = json.loads(path.read_text(encoding="utf-8"))
    assert {
        "first_window_s", "packets", "event_loop_stall_ms", "rss_mb", "dropped", "scored", "unscored", "refits",
        "last_refit_ms", "load_s", "platform", "versions",
    } <= report.keys()  # fmt: skip
    assert report["packets"] == report["unscored"] == 25
    assert report["dropped"] == {"kernel": 3, "queue": 2, "disk": 0}
    assert 0 < report["rss_mb"]["now"] <= report["rss_mb"]["max"] * 1.05
    assert report["first_window_s"] > 0
    assert report["load_s"] >= 0
