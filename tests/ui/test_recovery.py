"""A capture whose program died is offered at the next start, and opened like a file or discarded."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QPushButton

from trafficdesk.app import Desktop, Options
from trafficdesk.capture.spool.folder import abandoned_captures, spool_dir
from trafficdesk.export.capture_file import save_capture
from trafficdesk.settings import Settings
from trafficdesk.ui.recovery import DISCARD, OPEN, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

CRASH = """
import os, sys, time
from trafficdesk.capture.spool.folder import pieces_in
from dataclasses import replace
from pathlib import Path
from tests.helpers.spooler import numbered_frames
from trafficdesk.capture.spool.spool import Spool
from trafficdesk.capture.spool.room import SpoolLimits
spool = Spool(Path(sys.argv[1]), "eth\\x1b0", names=lambda: ("eth0",), warn=print, limits=SpoolLimits(reserve_bytes=0))
for number in range(2):
    spool.add(replace(numbered_frames(600, 60), first_id=number * 600))
    while not spool.folder or sum(piece.frames for piece in pieces_in(spool.folder)[0]) < (number + 1) * 600:
        time.sleep(0.02)
os._exit(9)
"""


@pytest.fixture
def desktop(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """A desktop in a home where a capture of 1,200 packets was abandoned."""
    subprocess.run([sys.executable, "-c", CRASH, spool_dir()], check=False)
    assert [capture.frames for capture in abandoned_captures(spool_dir())] == [1_200]
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    made = Desktop(app, Options(), Settings())
    qtbot.addWidget(made.window)
    made.window.show()
    qtbot.waitUntil(lambda: "did not end cleanly" in made.window.banner.text, timeout=10_000)
    yield made
    made.shut_down()


def press(desktop: Desktop, words: str) -> None:
    (button,) = [found for found in desktop.window.banner.findChildren(QPushButton) if found.text() == words]
    button.click()


def test_it_is_opened_like_a_file(desktop: Desktop, qtbot: QtBot, tmp_path: Path) -> None:
    """All packets are in the table, have their bytes, and can be saved; it is not offered a second time."""
    assert "1,200 packets on eth\\x1b0" in desktop.window.banner.text
    with qtbot.waitSignal(desktop.desk.loaded, timeout=20_000):
        press(desktop, OPEN)
    assert desktop.session.log.end_id == 1_200
    store = desktop.desk.capture.frames
    assert store is not None
    frame = store.frame(1_199)
    assert frame is not None
    assert len(frame.data) == 60
    assert store.frame(1_200) is None
    saved = save_capture(tmp_path / "x.pcapng", store, np.arange(0, 1_300, 100))
    assert (saved.frames, saved.missing) == (12, 1)
    assert store.interfaces == ("eth0",)
    assert abandoned_captures(spool_dir()) == []
    assert desktop.window.banner.text == ""


def test_it_is_discarded(desktop: Desktop, qtbot: QtBot) -> None:
    """Nothing of it is left on disk."""
    press(desktop, DISCARD)
    qtbot.waitUntil(lambda: list(spool_dir().iterdir()) == [], timeout=10_000)
    assert desktop.window.banner.text == ""


def test_dismissing_decides_nothing(desktop: Desktop) -> None:
    """It is offered again at the next start; another message takes its buttons away."""
    desktop.window.banner.dismiss()
    assert len(abandoned_captures(spool_dir())) == 1
    desktop.window.banner.show_message("Something else.")
    shown = [found.text() for found in desktop.window.banner.findChildren(QPushButton) if found.isVisible()]
    assert shown == ["Copy"]


@pytest.mark.parametrize(
    ("start", "stop", "words"),
    [
        ((21, 14, 3), (21, 14, 20), "14:03\N{EN DASH}14:20"),
        ((21, 14, 3), (21, 14, 3), "14:03"),
        ((20, 14, 3), (20, 14, 20), "20 Nov 14:03\N{EN DASH}14:20"),
        ((20, 23, 50), (21, 0, 10), "20 Nov 23:50 \N{EN DASH} 21 Nov 00:10"),
    ],
)
def test_a_span_is_said_shortly(start: tuple[int, int, int], stop: tuple[int, int, int], words: str) -> None:
    """Dates only where they are not today's."""
    times = [
        round(datetime(2026, 11, day, hour, minute).astimezone().timestamp()) * 10**9
        for day, hour, minute in (start, stop)
    ]
    assert span(*times, datetime(2026, 11, 21, 20).astimezone()) == words
