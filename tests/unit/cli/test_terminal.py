"""Words for a terminal: readable sizes, no bar where nobody looks, nothing that steers it."""

from __future__ import annotations

import io
import sys

import pytest

from trafficdesk.cli.terminal import Progress, size, visible


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("octets", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (35_400_000, "35.4 MB"), (5e15, "5000.0 TB")],
)
def test_sizes(octets: float, text: str) -> None:
    """Decimal units, one digit."""
    assert size(octets) == text


def test_no_bar_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log file of stderr stays clean."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress("decoding") as bar:
        bar.show(0.5)
    assert stream.getvalue() == ""


def test_bar_is_drawn_seldom_and_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million calls draw ten times a second, and the line is clean afterwards."""
    stream, now = Terminal(), [100.0]
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress("decoding", clock=lambda: now[0]) as bar:
        for _ in range(1_000):
            bar.show(0.5)
        now[0] += 1
        bar.show(2.0)
    drawn = stream.getvalue()
    assert drawn.count("decoding") == 2
    assert " 50%" in drawn
    assert "100%" in drawn
    assert drawn.endswith("\r\x1b[K")


def test_hostile_text_does_not_steer() -> None:
    """Escapes and line ends from the network are made visible."""
    shown = visible("a\x1b[2Jb\r\nc\u202ed")
    assert not set(shown) & {"\x1b", "\r", "\n", "\u202e"}
    assert shown.startswith("a")
