"""The summary of a run of `monitor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trafficdesk.cli.monitor_loop import Monitor
    from trafficdesk.export.summary_json import Summary
    from trafficdesk.settings import Settings


def summary_of_run(monitor: Monitor, settings: Settings, total_s: float) -> Summary:
    """What is known when it has ended, after `total_s` seconds."""
    from trafficdesk.export.summary_json import Summary

    session, lost = monitor.session, monitor.pump.statistics
    nan = float("nan")
    return Summary(
        metrics=session.metrics.snapshot(),
        incidents=session.incidents,
        flagged=session.flagged,
        scored=session.scored,
        unscored=session.unscored + session.pending,
        own=session.own,
        lost=lost,
        seconds={
            "read": monitor.pump.read_s,
            "decode": monitor.pump.decode_s,
            "features": nan,
            "detect": nan,
            "total": total_s,
        },
        seed=settings.detection.seed,
        tables=monitor.tables.tell(session.log) if monitor.tables else None,
        gaps=session.gaps,
        threats=session.listed.sightings,
        suppressed=(len(session.suppressed_incidents), session.recall.suppressed_rows),
    )
