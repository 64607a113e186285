"""The monitor's view: an incident once, a pipe without escapes, a terminal redrawn in place."""

from __future__ import annotations

import errno
import io
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.helpers.crafted import START_NS, a_batch
from tests.helpers.incidents import an_incident
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.cli.going_incidents import Turn
from trafficdesk.cli.live_view import LiveView
from trafficdesk.cli.standing import Standing
from trafficdesk.session import AnalysisSession

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = "bad \x1b[31m \u202e words\r\n"


class Terminal(io.StringIO):
    """A UTF-8 terminal."""

    encoding = "utf-8"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.size = os.terminal_size((100, 40))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("WT_SESSION", "1")
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setattr(os, "get_terminal_size", lambda _number: self.size)

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


@pytest.fixture
def standing() -> Standing:
    session = AnalysisSession()
    session.ingest(a_batch(3_000))
    return Standing(session, CaptureStatistics(0, 7), START_NS + 3_000_000_000)


def test_incident_is_told_once() -> None:
    """Growth of an incident is not told again and again; hostile words stay words."""
    out = io.StringIO()
    view = LiveView("eth0", out, 0)
    view.incidents([(Turn.OPENED, an_incident(sentence=HOSTILE))])
    view.incidents([(Turn.CHANGED, an_incident(packets=9_999)), (Turn.CLOSED, an_incident())])
    told = out.getvalue()
    assert told.count("port scan") == 1
    assert told.count("\n") == 2
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", told)


def test_pipe_gets_a_line_now_and_then(standing: Standing) -> None:
    """Without a terminal there is one plain line each half minute."""
    out = io.StringIO()
    view = LiveView("eth0", out, 0)
    for tenth in range(650):
        if view.is_due(tenth / 10):
            view.show(standing, tenth / 10)
    lines = out.getvalue().splitlines()
    assert len(lines) == 1 + 2
    assert "3,000 packets" in lines[1]
    assert "dropped 7 by the system" in lines[1]
    assert "learning: 0 of 3,000 packets" in lines[1]
    assert "\x1b" not in out.getvalue()


def test_plain_is_a_pipe_in_a_terminal(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Screen readers and logs of a service want lines."""
    out = Terminal(monkeypatch)
    view = LiveView("eth0", out, 0, plain=True)
    assert not view.is_due(29.0)
    view.show(standing, 30)
    assert "\x1b" not in out.getvalue()


def test_terminal_is_redrawn_in_place(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many lines are taken back as were drawn, and none is left at the end."""
    out = Terminal(monkeypatch)
    view = LiveView("eth0", out, 0)
    view.show(standing, 1)
    view.show(standing, 2)
    view.ended("", standing)
    first, *again = re.split(r"\x1b\[(\d+)A\r\x1b\[J", out.getvalue())
    rows, second, rows_again, rest = again
    assert first.count("\n") - 1 == int(rows) == second.count("\n") == int(rows_again)
    assert rest == ""


def test_what_is_said_stays_above_the_picture(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture is taken away, the line said, and the picture due at once."""
    out = Terminal(monkeypatch)
    view = LiveView("eth0", out, 0)
    view.show(standing, 1)
    drawn = out.getvalue().count("\n") - 1
    view.say("It begins anew.")
    assert out.getvalue().endswith(f"\x1b[{drawn}A\r\x1b[J! It begins anew.\n")
    assert view.is_due(1.01)


def test_a_narrower_terminal_has_wrapped_what_was_drawn(
    standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many rows are taken back as the lines take now, and the new picture fits."""
    out = Terminal(monkeypatch)
    view = LiveView("eth0", out, 0)
    view.show(standing, 1)
    drawn = [re.sub(r"\x1b\[[0-9]*m", "", line) for line in out.getvalue().splitlines()[1:]]
    out.size = os.terminal_size((40, 12))
    assert view.is_due(1.1)
    out.truncate(0)
    out.seek(0)
    view.show(standing, 1.1)
    rows = sum(-(-len(line) // 40) for line in drawn)
    assert out.getvalue().startswith(f"\x1b[{rows}A\r\x1b[J")
    shown = re.sub(r"\x1b\[[0-9]*[mAJ]|\r", "", out.getvalue()).splitlines()
    assert len(shown) <= 12
    assert max(map(len, shown)) < 40


def test_no_colour_where_none_is_wanted(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR (no-color.org) leaves the movement of the cursor only."""
    out = Terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    view = LiveView("eth0", out, 0)
    view.show(replace(standing, going=(an_incident(severity=99),)), 1)
    assert "\x1b" not in out.getvalue()


def test_a_closed_terminal_is_no_fault(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be shown any more is let go, whoever says first that nobody looks on; a pipe's end is told."""
    out = Terminal(monkeypatch)
    view = LiveView("eth0", out, 0)

    def refuse(number: int) -> Callable[[str], int]:
        def write(_text: str) -> int:
            raise OSError(number, os.strerror(number))

        return write

    monkeypatch.setattr(out, "write", refuse(errno.EIO))
    view.show(standing, 1)
    view.say("It begins anew.")
    monkeypatch.setattr(out, "write", refuse(errno.EPIPE))
    with pytest.raises(BrokenPipeError):
        view.say("It begins anew.")
