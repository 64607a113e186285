"""`ui.garbage`: cycles die in the window's thread."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

from trafficdesk.ui.garbage import GarbageCollector

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


class Cycle:
    """Refers to itself and says where it died."""

    def __init__(self, died_in: list[threading.Thread]) -> None:
        self.myself = self
        self.died_in = died_in

    def __del__(self) -> None:
        self.died_in.append(threading.current_thread())


def test_cycles_die_in_the_windows_thread(qtbot: QtBot) -> None:
    """A worker that allocates a lot destroys nothing; the window's thread does, soon."""
    died_in: list[threading.Thread] = []
    collector = GarbageCollector()
    try:
        Cycle(died_in)
        kept: list[list[int]] = []
        worker = threading.Thread(target=lambda: kept.extend([] for _ in range(100_000)))
        worker.start()
        worker.join()
        assert not died_in
        qtbot.waitUntil(lambda: bool(died_in), timeout=10_000)
        assert died_in == [threading.main_thread()]
    finally:
        collector.stop()
    assert gc.isenabled()
    gc.disable()
