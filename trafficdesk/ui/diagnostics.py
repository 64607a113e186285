"""What the program measures of itself for `--diagnostics`: start-up, stalls of the event loop, memory, loading.

The stall of a turn is how much later than asked a 4 ms precise timer fired. It is measured from the end of start-up
(the first window is shown and its charts are built) until the program leaves, loading of a file included.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psutil
from PySide6.QtCore import QObject, Qt, QTimer, Slot, qVersion
from PySide6.QtGui import QGuiApplication

import trafficdesk
from trafficdesk.capture.loss import PLACES

if TYPE_CHECKING:
    from trafficdesk.capture.source import CaptureStatistics
    from trafficdesk.session import AnalysisSession

INTERVAL_MS: Final = 4
_BIN_MS: Final = 0.1
_BINS: Final = 100_000
"""Ten seconds; a longer stall counts as that and shows in `max`."""
_MEBI: Final = 2**20
_DISTRIBUTIONS: Final = ("numpy", "pandas", "pyqtgraph", "PySide6_Essentials", "scapy", "scikit-learn")


class StallProbe(QObject):
    """A histogram of event-loop stalls, bounded however long the program runs."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._counts = np.zeros(_BINS, np.int64)
        self._max_ms = 0.0
        self._last = 0.0
        self._timer = QTimer(self, interval=INTERVAL_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Measure from now on."""
        self._last = time.perf_counter()
        self._timer.start()

    def record(self, stall_ms: float) -> None:
        """Count one stall."""
        stall_ms = max(stall_ms, 0.0)
        self._counts[min(int(stall_ms / _BIN_MS), _BINS - 1)] += 1
        self._max_ms = max(self._max_ms, stall_ms)

    def percentile(self, share: float) -> float:
        """Milliseconds that `share` of the turns did not exceed, to 0.1 ms upwards; 0 without any."""
        total = int(self._counts.sum())
        if not total:
            return 0.0
        reached = np.searchsorted(np.cumsum(self._counts), share * total)
        return min((int(reached) + 1) * _BIN_MS, self._max_ms)

    def summary(self) -> dict[str, float]:
        """As CONTRACT's `event_loop_stall_ms`."""
        shares = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
        values = {name: round(self.percentile(share), 2) for name, share in shares.items()}
        return {**values, "max": round(self._max_ms, 2), "turns": int(self._counts.sum())}

    @Slot()
    def _tick(self) -> None:
        now = time.perf_counter()
        self.record((now - self._last) * 1_000 - INTERVAL_MS)
        self._last = now


class Diagnostics(QObject):
    """Collects the measurements of one run."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = psutil.Process()
        self.probe = StallProbe(self)
        self.first_window_s: float | None = None
        self.charts_s: float | None = None
        self.load_s: float | None = None
        self._opened_at: float | None = None

    def window_shown(self) -> None:
        """The first window has been painted."""
        self.first_window_s = running_s(self._process)

    def start_up_ended(self) -> None:
        """The charts are built: stalls count from here on."""
        self.charts_s = running_s(self._process)
        self.probe.start()

    def file_opened(self) -> None:
        """A file is about to be opened."""
        self._opened_at = time.perf_counter()

    def last_row_shown(self) -> None:
        """Every row of it is in the table, and the table is painted."""
        if self._opened_at is not None:
            self.load_s = time.perf_counter() - self._opened_at
            self._opened_at = None

    def report(self, session: AnalysisSession, statistics: CaptureStatistics) -> dict[str, Any]:
        """Keys of CONTRACT's `--diagnostics`, and some more."""
        model = session.model
        return {
            "first_window_s": _rounded(self.first_window_s),
            "charts_s": _rounded(self.charts_s),
            "packets": session.log.end_id,
            "event_loop_stall_ms": self.probe.summary(),
            "rss_mb": {"now": _rounded(rss_mb(self._process)), "max": _rounded(peak_rss_mb(self._process))},
            "dropped": {place.name: place.count(statistics) for place in PLACES},
            "scored": session.scored,
            "unscored": session.unscored + session.own + session.pending,
            "flagged": session.flagged,
            "incidents": len(session.incidents),
            "refits": model.refits,
            "last_refit_ms": _rounded(model.fit_ms),
            "load_s": _rounded(self.load_s),
            "platform": {
                "system": platform.platform(),
                "qt": QGuiApplication.platformName(),
                "cpus": os.cpu_count(),
            },
            "versions": versions(),
        }

    def write(self, path: Path, session: AnalysisSession, statistics: CaptureStatistics) -> None:
        """Write the report as JSON.

        Raises
        ------
        OSError
            If the file can't be written.
        """
        text = json.dumps(self.report(session, statistics), indent=2)
        path.write_text(f"{text}\n", encoding="utf-8")


def running_s(process: psutil.Process) -> float:
    """Seconds since the process was created, interpreter start-up included.

    On Linux from its start in clock ticks since boot: `create_time` adds a boot time in whole seconds.
    """
    if platform.system() == "Linux":
        ticks = int(
            Path("/proc/self/stat")
            .read_text(encoding="ascii", errors="replace")
            .rpartition(")")[2]
            .split()[19]
        )
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return float(time.time() - process.create_time())


def rss_mb(process: psutil.Process) -> float:
    """Memory of this process now, MiB."""
    return float(process.memory_info().rss / _MEBI)


def peak_rss_mb(process: psutil.Process) -> float:
    """The most memory this process ever had, MiB."""
    information = process.memory_info()
    if hasattr(information, "peak_wset"):
        return float(information.peak_wset / _MEBI)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak / _MEBI if sys.platform == "darwin" else peak / 1024)


def versions() -> dict[str, str]:
    """Of ourselves, Python, Qt and what we stand on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"trafficdesk": trafficdesk.__version__, "python": platform.python_version(), "qt": qVersion()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # a packaged program may come without its metadata
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
