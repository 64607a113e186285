"""How far it is: a changing line for a person, few plain ones for a log, nothing false in either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.cli.collection.progress import CollectionProgress

if TYPE_CHECKING:
    import pytest


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def run(progress: CollectionProgress, clock: Clock, files: int) -> None:
    for _ in range(files):
        clock.now += 0.5
        progress.done(1_000)
    progress.clear()


def test_a_pipe_has_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred files in fifty seconds: four lines, and none that says that nothing remains."""
    clock = Clock()
    run(CollectionProgress(100, 100_000, 7, clock), clock, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "27 of 107 files, 2.0 files/s, about 40 s remaining"
    assert len(lines) == 4


def test_a_terminal_has_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is overwritten, and gone at the end."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    clock = Clock()
    run(CollectionProgress(3, 3_000, 0, clock), clock, 3)
    written = capsys.readouterr().err
    assert "\n" not in written
    assert written.count("\r") == 3
    assert written.endswith("\r\x1b[K")


def test_time_remains_by_what_there_is_to_read() -> None:
    """Two of three files, but a tenth of the bytes: nine tenths are still to come, and starting up does not count."""
    clock = Clock()
    progress = CollectionProgress(3, 1_000_000_000, 0, clock)
    clock.now += 3_600
    progress.done(0)
    assert progress.words(clock.now) == "1 of 3 files"
    clock.now += 60
    progress.done(100_000_000)
    assert progress.words(clock.now) == "2 of 3 files, 0.0 files/s, about 9 min remaining"
