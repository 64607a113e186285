"""JSON lines: whole or not there, bounded, inert, and never in the way of the monitoring."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from trafficdesk.errors import ExportError
from trafficdesk.export.json_lines import JsonLines

HOSTILE = "a\x1b[2J\u202e\r\n\x00b\udcff\u2028"


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def never(error: ExportError) -> None:
    raise AssertionError(error)


def test_each_line_is_there_at_once_and_kept_over_a_restart(tmp_path: Path) -> None:
    """Nothing waits in a buffer, a second run appends, and only the owner may read it."""
    path = tmp_path / "x.jsonl"
    for number in range(3):
        lines = JsonLines(str(path), on_error=never)
        lines.write({"number": number})
        assert lines_of(path)[-1] == {"number": number}
        lines.close()
    assert len(lines_of(path)) == 3
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_hostile_text_is_escaped_and_comes_back(tmp_path: Path) -> None:
    """No control character, line separator or mark reaches the file; a reader gets the very text."""
    path = tmp_path / "x.jsonl"
    JsonLines(str(path), on_error=never).write({"host": HOSTILE})
    raw = path.read_bytes()
    assert raw.count(b"\n") == 1
    assert all(0x20 <= octet < 0x7F for octet in raw[:-1])
    assert lines_of(path) == [{"host": HOSTILE}]


def test_files_are_bounded_in_size_and_number(tmp_path: Path) -> None:
    """Every line is whole, in order over the files, the oldest of which leave."""
    path = tmp_path / "x.jsonl"
    lines = JsonLines(str(path), max_bytes=200, kept=2, on_error=never)
    for number in range(100):
        assert lines.write({"number": number, "filling": "." * 30})
    files = sorted(tmp_path.iterdir(), reverse=True)
    assert [file.name for file in files] == ["x.jsonl.2", "x.jsonl.1", "x.jsonl"]
    assert all(file.stat().st_size <= 200 for file in files)
    numbers = [line["number"] for file in files for line in lines_of(file)]
    assert numbers == list(range(numbers[0], 100))


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    """As logrotate does it: rename, then tell."""
    path = tmp_path / "x.jsonl"
    lines = JsonLines(str(path), on_error=never)
    lines.write({"number": 1})
    if os.name == "nt":
        lines.close()
    path.rename(tmp_path / "moved")
    lines.reopen()
    lines.write({"number": 2})
    assert lines_of(tmp_path / "moved") == [{"number": 1}]
    assert lines_of(path) == [{"number": 2}]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_once_and_ends_nothing() -> None:
    """One sentence, however many lines are lost; they are counted."""
    said: list[ExportError] = []
    lines = JsonLines("/dev/full", on_error=said.append)
    assert [lines.write({"number": number}) for number in range(5)] == [False] * 5
    assert lines.lost == 5
    assert [error.title for error in said] == [
        "JSON lines can't be written to /dev/full: No space left on device."
    ]


def test_part_of_a_line_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that becomes full within a line leaves the file at the end of the one before; later it goes on."""
    path, said = tmp_path / "x.jsonl", []
    lines = JsonLines(str(path), on_error=said.append)
    lines.write({"number": 1})
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:5]))
    assert not lines.write({"number": 2})
    monkeypatch.undo()
    assert lines.write({"number": 3})
    assert lines_of(path) == [{"number": 1}, {"number": 3}]
    assert len(said) == 1
    assert lines.lost == 0


def test_what_a_crash_left_of_a_line_stays_alone(tmp_path: Path) -> None:
    """The next run's lines are whole."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"number":1}\n{"num')
    JsonLines(str(path), on_error=never).write({"number": 2})
    assert path.read_bytes().splitlines() == [b'{"number":1}', b'{"num', b'{"number":2}']


def test_a_folder_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    """Before monitoring begins, with cause and remedy."""
    with pytest.raises(ExportError, match="No such file or directory") as caught:
        JsonLines(str(tmp_path / "none" / "x.jsonl"), on_error=never)
    assert "folder" in caught.value.hint
