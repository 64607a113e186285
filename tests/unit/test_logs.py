"""The log file: private, bounded, and never in anyone's way."""

from __future__ import annotations

import logging
import logging.handlers
import os
import stat

import pytest

from trafficdesk import logs
from trafficdesk.logs import log_path, start_logging


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


def test_an_unwritable_place_stops_nobody() -> None:
    """Without a log file the program goes on."""
    log_path().parent.parent.mkdir(parents=True, exist_ok=True)
    log_path().parent.write_text("a file in the way")
    assert start_logging() is None
