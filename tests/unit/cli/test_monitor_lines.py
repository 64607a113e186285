"""What `monitor --jsonl` writes: keys are a promise to scripts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.helpers.crafted import START_NS, a_batch
from tests.helpers.incidents import an_incident
from trafficdesk.capture.source import CaptureStatistics, Gap
from trafficdesk.cli.going_incidents import Turn
from trafficdesk.cli.monitor_lines import MonitorLines
from trafficdesk.cli.reloaded import Change, Reloaded
from trafficdesk.cli.standing import Standing
from trafficdesk.errors import SpoolError, StoreError
from trafficdesk.export.json_lines import JsonLines
from trafficdesk.session import AnalysisSession
from trafficdesk.store.writer import StoreState

if TYPE_CHECKING:
    from pathlib import Path

STATUS_KEYS = {
    "time", "time_ns", "kind", "packets", "bytes", "protocols", "dropped", "scored", "unscored", "own", "pending",
    "scored_share", "flagged", "incidents", "open_incidents", "model", "learning", "waiting_for", "gaps", "history",
    "mails_waiting", "memory_bytes", "analysis_memory_bytes",
}  # fmt: skip


@pytest.fixture
def standing() -> Standing:
    session = AnalysisSession()
    session.ingest(a_batch(600))
    store = StoreState(lag_s=2.5, error=StoreError("Out of reach.", "Wait."))
    lost = CaptureStatistics(600, dropped_kernel=3)
    return Standing(session, lost, going=(an_incident(),), store=store, mails=2, memory=1_000)


def written(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_lines_of_every_kind(tmp_path: Path, standing: Standing) -> None:
    """Start, incident, gap, note, warning, reload, status, stop: each with its time and its keys."""
    path = tmp_path / "x.jsonl"
    lines = MonitorLines(JsonLines(str(path), on_error=pytest.fail), 0.0, wall_ns=lambda: START_NS + 1_500)
    lines.started("eth0", "not port 22", 7)
    lines.incidents([(Turn.OPENED, an_incident())])
    lines.gaps([Gap("eth0", START_NS, None, "eth0 was removed")])
    lines.say("It begins anew.")
    lines.warn(SpoolError("Frames are not kept.", "Free some space."))
    change = Change("detection.incidents_per_day", "Alert budget", 10, 5)
    lines.reloaded(Reloaded((change, Change("history.url", "Server", "a", "b")), ("corrections",), ("Bad.",)))
    lines.show(standing, 60.0)
    lines.ended("1 MB were captured", standing)
    start, incident, gap, note, warning, reload, status, stop = written(path)
    assert (start["time"], start["time_ns"]) == ("2023-11-14T22:13:20.000001Z", START_NS + 1_500)
    assert (start["interface"], start["capture_filter"], start["seed"]) == ("eth0", "not port 22", 7)
    assert (incident["event"], incident["id"], incident["family"]) == ("opened", 7, "port scan")
    assert incident["reasons"][0]["feature"] == "destination_ports"
    assert (gap["event"], gap["end_ns"]) == ("began", None)
    assert note["words"] == "It begins anew."
    assert (warning["words"], warning["hint"]) == ("Frames are not kept.", "Free some space.")
    assert reload["changed"] == [
        {"setting": "detection.incidents_per_day", "before": 10, "after": 5},
        {"setting": "history.url", "before": None, "after": None},
    ]
    assert (reload["also"], reload["warnings"]) == (["corrections"], ["Bad."])
    assert set(status) == STATUS_KEYS | {"packets_per_s", "bits_per_s"}
    assert (status["packets"], status["packets_per_s"], status["bits_per_s"]) == (600, 10.0, 8_000.0)
    assert status["dropped"] == {"kernel": 3, "queue": 0, "disk": 0}
    assert (status["open_incidents"], status["mails_waiting"]) == ([7], 2)
    assert (status["history"]["lag_s"], status["history"]["error"]) == (2.5, "Out of reach.")
    assert set(stop) == STATUS_KEYS | {"reason"}
    assert stop["reason"] == "1 MB were captured"


def test_a_status_is_due_each_minute(tmp_path: Path, standing: Standing) -> None:
    """Rates are those of the minute, not of the whole run."""
    path = tmp_path / "x.jsonl"
    lines = MonitorLines(JsonLines(str(path), on_error=pytest.fail), 0.0)
    assert [second for second in range(100) if lines.is_due(second)] == list(range(60, 100))
    lines.show(standing, 60.0)
    assert not lines.is_due(119.0)
    standing.session.ingest(a_batch(60, first_id=600))
    lines.show(replace(standing, store=None, mails=None), 120.0)
    last = written(path)[-1]
    assert last["packets_per_s"] == 1.0
    assert last["history"] is None
    assert last["mails_waiting"] is None
