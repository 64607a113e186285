"""What `monitor --jsonl` writes; the keys are a promise to scripts, see resources/MONITORING.md."""

from __future__ import annotations

import math
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from trafficdesk import __version__
from trafficdesk.capture.loss import PLACES
from trafficdesk.export.summary_json import incident_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trafficdesk.capture.source import Gap
    from trafficdesk.cli.going_incidents import Turn
    from trafficdesk.cli.reloaded import Reloaded
    from trafficdesk.cli.standing import Standing
    from trafficdesk.detect.finding import Incident
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.export.json_lines import JsonLines

STATUS_S: Final = 60.0


class MonitorLines:
    """A `Teller` that writes JSON lines.

    Parameters
    ----------
    lines : closed after the last one.
    now_s : of the clock that `show` is called with.
    wall_ns : nanoseconds since the Unix epoch.
    """

    def __init__(self, lines: JsonLines, now_s: float, *, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._lines = lines
        self._wall_ns = wall_ns
        self._since = now_s
        self._before = (0, 0)
        """Packets and bytes at the last status."""

    def started(self, interface: str, capture_filter: str, seed: int) -> None:
        """Monitoring begins."""
        self._write(
            "start",
            version=__version__,
            pid=os.getpid(),
            interface=interface,
            capture_filter=capture_filter,
            seed=seed,
        )

    def incidents(self, turns: Iterable[tuple[Turn, Incident]]) -> None:
        """See `Teller`."""
        for turn, incident in turns:
            self._write("incident", event=turn.value, **incident_of(incident))

    def gaps(self, changed: Iterable[Gap]) -> None:
        """See `Teller`."""
        for gap in changed:
            event = "began" if gap.end_ns is None else "ended"
            self._write(
                "gap",
                event=event,
                interface=gap.interface,
                start_ns=gap.start_ns,
                end_ns=gap.end_ns,
                reason=gap.reason,
            )

    def say(self, words: str) -> None:
        """See `Teller`."""
        self._write("note", words=words)

    def warn(self, error: TrafficDeskError) -> None:
        """See `Teller`."""
        self._write("warning", words=error.title, hint=error.hint)

    def reloaded(self, reloaded: Reloaded) -> None:
        """See `Teller`; the file is opened anew before."""
        self._lines.reopen()
        self._write("reload", **reloaded.table)

    def is_due(self, now_s: float) -> bool:
        """See `Teller`."""
        return now_s - self._since >= STATUS_S

    def show(self, standing: Standing, now_s: float) -> None:
        """See `Teller`."""
        passed_s = max(now_s - self._since, 1e-9)
        packets, octets = self._before
        told = status_of(standing)
        rates = {
            "packets_per_s": round((told["packets"] - packets) / passed_s, 1),
            "bits_per_s": round(8 * (told["bytes"] - octets) / passed_s, 1),
        }
        self._since, self._before = now_s, (told["packets"], told["bytes"])
        self._write("status", **told, **rates)

    def ended(self, reason: str, standing: Standing) -> None:
        """See `Teller`."""
        self._write("stop", reason=reason, **status_of(standing))
        self._lines.close()

    def _write(self, kind: str, **entry: Any) -> None:
        now = self._wall_ns()
        moment = datetime.fromtimestamp(now // 1_000_000_000, UTC)
        text = f"{moment:%Y-%m-%dT%H:%M:%S}.{now // 1_000 % 1_000_000:06}Z"
        lost = {"lost_lines": self._lines.lost} if self._lines.lost else {}
        self._lines.write({"time": text, "time_ns": now, "kind": kind, **entry, **lost})


def status_of(standing: Standing) -> dict[str, Any]:
    """How it stands, counted since the start."""
    session, lost = standing.session, standing.lost
    metrics, model, store = session.metrics.snapshot(), session.model, standing.store
    share = standing.scored_share
    return {
        "packets": metrics.packets,
        "bytes": metrics.bytes,
        "protocols": {
            name: {"packets": packets, "bytes": octets} for name, packets, octets in metrics.protocols[:20]
        },
        "dropped": {place.name: place.count(lost) for place in PLACES},
        "scored": session.scored,
        "unscored": session.unscored,
        "own": session.own,
        "pending": session.pending,
        "scored_share": None if math.isnan(share) else round(share, 6),
        "flagged": session.flagged,
        "incidents": len(session.incidents),
        "open_incidents": [incident.id for incident in standing.going],
        "model": model.model_id,
        "learning": model.learning_words if model.learning else None,
        "waiting_for": standing.waiting_for or None,
        "gaps": len(session.gaps),
        "history": None
        if store is None
        else {
            "lag_s": round(store.lag_s, 3),
            "waiting_rows": store.waiting_rows,
            "waiting_parcels": store.waiting_parcels,
            "written_rows": store.written_rows,
            "lost_rows": store.lost_rows,
            "error": store.error.title if store.error is not None else None,
        },
        "mails_waiting": standing.mails,
        "memory_bytes": standing.memory or None,
        "analysis_memory_bytes": standing.analysis_memory or None,
    }
