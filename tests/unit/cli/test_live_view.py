"""The monitor's view: an incident once, a pipe without escapes, a terminal redrawn in place."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from tests.helpers.crafted import a_batch
from tests.helpers.incidents import an_incident
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.cli.live_view import LiveView
from trafficdesk.session import AnalysisSession


class Terminal(io.StringIO):
    """A UTF-8 terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def session() -> AnalysisSession:
    session = AnalysisSession()
    session.ingest(a_batch(3_000))
    return session


def test_incident_is_told_once() -> None:
    """Growth of an incident is not told again and again; hostile words stay words."""
    out = io.StringIO()
    view = LiveView("eth0", out, 0)
    view.incidents([an_incident(sentence="bad \x1b[31m words")])
    view.incidents([an_incident(packets=9_999)])
    told = out.getvalue()
    assert told.count("port scan") == 1
    assert "\x1b" not in told


def test_pipe_gets_a_line_now_and_then(session: AnalysisSession) -> None:
    """Without a terminal there is one plain line each half minute."""
    out = io.StringIO()
    view = LiveView("eth0", out, 0)
    for tenth in range(650):
        view.redraw(session, CaptureStatistics(0, 7), tenth / 10)
    lines = out.getvalue().splitlines()
    assert len(lines) == 1 + 2
    assert "3,000 packets" in lines[1]
    assert "dropped 7 by the system" in lines[1]
    assert "\x1b" not in out.getvalue()


def test_terminal_is_redrawn_in_place(session: AnalysisSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many lines are taken back as were drawn, and none is left at the end."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("WT_SESSION", "1")
    out = Terminal()
    view = LiveView("eth0", out, 0)
    view.redraw(session, CaptureStatistics(), 1)
    view.redraw(session, CaptureStatistics(), 2)
    view.close()
    parts = out.getvalue().split("\x1b[4A\x1b[J")
    assert len(parts) == 3
    assert parts[1].count("\n") == 4
    assert parts[2] == ""


def test_learning_then_model(session: AnalysisSession) -> None:
    """Before the first fit the view says how far learning is, then which model scores."""
    view = LiveView("eth0", io.StringIO(), 0)
    said = " ".join(view._lines(session, session.metrics.snapshot(), CaptureStatistics()))
    assert "learning: 0 of 3,000" in said
    session.findings.model = replace(session.model, model_id=2, network_s=754.0, network_needed_s=1_800.0)
    young = " ".join(view._lines(session, session.metrics.snapshot(), CaptureStatistics()))
    assert "learning: 12 of 30 minutes" in young
    session.findings.model = replace(session.model, network_s=1_800.0)
    assert "model 2" in " ".join(view._lines(session, session.metrics.snapshot(), CaptureStatistics()))
