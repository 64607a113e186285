"""The log file: private, bounded, and never in anyone's way."""

from __future__ import annotations

import logging
import logging.handlers
import os
import stat

import pytest

from trafficdesk import logs
from trafficdesk.logs import log_path, reopen_log, start_logging


@pytest.fixture(autouse=True)
def _fresh_logger():
    """No handler before, none after."""
    root = logging.getLogger("trafficdesk")
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)


def test_messages_arrive_once() -> None:
    """Starting twice does not write twice."""
    assert start_logging() == start_logging() == log_path()
    logging.getLogger("trafficdesk.test").info("packet %d of %s", 7, "eth0")
    lines = log_path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    assert lines[0].endswith("INFO trafficdesk.test: packet 7 of eth0")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no mode bits")
def test_only_the_owner_can_read_it_even_after_rotation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses of one's network are nobody else's business, and the files stay small and few."""
    monkeypatch.setattr(logs, "_MAX_BYTES", 2_000)
    start_logging()
    for number in range(200):
        logging.getLogger("trafficdesk.test").info("line %d", number)
    files = list(log_path().parent.iterdir())
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert all(file.stat().st_size <= 2_000 for file in files)


def test_odd_text_is_written_escaped() -> None:
    """A lone surrogate does not stop the log."""
    start_logging()
    logging.getLogger("trafficdesk.test").info("name %s", "a\udcffb")
    assert "a\\udcffb" in log_path().read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows moves no open file")
def test_a_log_that_was_moved_away_is_begun_anew() -> None:
    """As logrotate does it: rename, then tell."""
    start_logging()
    logging.getLogger("trafficdesk.test").info("one")
    moved = log_path().with_name("moved")
    log_path().rename(moved)
    reopen_log()
    logging.getLogger("trafficdesk.test").info("two")
    assert moved.read_text(encoding="utf-8").endswith("one\n")
    assert log_path().read_text(encoding="utf-8").endswith("two\n")


def test_a_full_disk_is_nobodys_business(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record that can't be written fills neither the terminal nor stops the work."""
    start_logging()
    handler = logging.getLogger("trafficdesk").handlers[-1]
    monkeypatch.setattr(handler, "shouldRollover", lambda _record: 1 / 0)
    logging.getLogger("trafficdesk.test").info("one")
    assert capsys.readouterr().err == ""


def test_an_unwritable_place_stops_nobody() -> None:
    """Without a log file the program goes on."""
    log_path().parent.parent.mkdir(parents=True, exist_ok=True)
    log_path().parent.write_text("a file in the way")
    assert start_logging() is None
