"""`threats.library`: files come, change and go; each is read when it changes, and no oftener."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from trafficdesk.settings import ThreatSettings
from trafficdesk.threats import Library, library
from trafficdesk.threats.library import matching_of
from trafficdesk.threats.words import complaints

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_files_come_change_and_go(tmp_path: Path) -> None:
    """Of the folder every file but unfinished and hidden ones, then those added; missing ones say so."""
    folder, elsewhere = tmp_path / "lists", tmp_path / "mine.txt"
    lists = Library(folder)
    assert lists.lists() == ()
    assert lists.matching() is None
    folder.mkdir()
    (folder / "b.txt").write_text("203.0.113.7\n")
    (folder / "a.csv").write_text("ip,port\n203.0.113.8,1\n")
    (folder / "c.txt.part").write_text("203.0.113.9\n")
    (folder / ".hidden").write_text("203.0.113.9\n")
    (folder / "sub").mkdir()
    elsewhere.write_text("bad.example\n")
    found = lists.lists([str(elsewhere), str(tmp_path / "gone.txt")])
    assert [(one.name, one.entries) for one in found] == [("a", 1), ("b", 1), ("mine", 1), ("gone", 0)]
    assert found[3].error
    again = lists.lists([str(elsewhere)])
    assert all(one is other for one, other in zip(again, found, strict=False))
    (folder / "b.txt").write_text("203.0.113.7\n203.0.113.17\n")
    os.utime(folder / "b.txt", (1, 1))
    (folder / "a.csv").unlink()
    assert [(one.name, one.entries) for one in lists.lists()] == [("b", 2)]


def test_switched_off_lists_are_not_looked_for(tmp_path: Path) -> None:
    """They stay listed."""
    (tmp_path / "a.txt").write_text("203.0.113.7\n")
    (tmp_path / "b.txt").write_text("203.0.113.8\n203.0.113.9\n")
    lists = Library(tmp_path)
    matching = lists.matching(off=[str(tmp_path / "a.txt")])
    assert matching is not None
    assert [one.name for one in matching.lists] == ["b"]
    assert lists.matching(off=[str(path) for path in lists.paths()]) is None


def test_more_than_memory_is_meant_for_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole lists, never half of one."""
    monkeypatch.setattr(library, "MOST_ENTRIES", 3)
    (tmp_path / "a.txt").write_text("203.0.113.7\n203.0.113.8\n")
    (tmp_path / "b.txt").write_text("203.0.113.17\n203.0.113.18\n")
    (tmp_path / "c.txt").write_text("203.0.113.27\n")
    matching = matching_of(Library(tmp_path).lists())
    assert matching is not None
    assert [one.name for one in matching.lists] == ["a", "c"]


def test_what_is_wrong_with_lists_is_said(tmp_path: Path) -> None:
    """Unreadable and old ones, but not those that are switched off."""
    (tmp_path / "new.txt").write_text("# Updated 2026-09-01\n203.0.113.7\n")
    (tmp_path / "old.txt").write_text("# Updated 2026-01-01\n203.0.113.7\n")
    (tmp_path / "off.txt").write_text("# Updated 2026-01-01\n203.0.113.7\n")
    settings = ThreatSettings(files=(str(tmp_path / "gone.txt"),), off=(str(tmp_path / "off.txt"),))
    now_s = 1_788_220_800 + 3 * 86_400
    for path in tmp_path.iterdir():
        os.utime(path, (now_s, now_s))
    said = list(complaints(Library(tmp_path).lists(settings.files), settings, now_s))
    assert [words.partition(" is ")[0].rpartition("/")[2] for words in said] == ["old.txt", "gone.txt"]
    assert "246 days old" in said[0]
