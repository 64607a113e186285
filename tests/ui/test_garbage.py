"""`ui.garbage`: cycles die in the window's thread."""

from __future__ import annotations

import gc
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING

from trafficdesk.ui.garbage import GarbageCollector

if TYPE_CHECKING:
    import pytest
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


def test_a_library_that_was_imported_is_not_looked_through(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came with many modules is left alone; cycles that come later still die."""
    died_in: list[threading.Thread] = []
    collector = GarbageCollector()
    try:
        frozen = gc.get_freeze_count()
        kept: list[list[int]] = [[] for _ in range(10_000)]
        for number in range(60):
            monkeypatch.setitem(sys.modules, f"a_library.module_{number}", ModuleType("module"))
        collector.collect_due()
        assert gc.get_freeze_count() >= frozen + len(kept)
        Cycle(died_in)
        kept.extend([] for _ in range(5_000))
        qtbot.waitUntil(lambda: bool(died_in), timeout=60_000)
    finally:
        collector.stop()
    gc.disable()
