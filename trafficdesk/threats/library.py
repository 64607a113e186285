"""`Library`: the lists a person has, in a folder of their own and wherever else they were added; read when they change."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trafficdesk.paths import data_dir
from trafficdesk.threats.matching import Matching
from trafficdesk.threats.threat_list import ThreatList, read_list

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_LISTS: Final = 100
MOST_ENTRIES: Final = 5_000_000
"""Of all lists; some 200 MB at worst."""
_UNFINISHED: Final = (".part", ".tmp", ".crdownload", ".download", ".swp", "~")
"""Endings of files that are still being written."""


def lists_folder() -> Path:
    """Where lists are dropped."""
    return data_dir() / "threat-lists"


class Library:
    """Reads files once, and again when they change; may be used from any thread, one at a time gets through.

    Parameters
    ----------
    folder : every file in it is a list.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or lists_folder()
        self._read: dict[Path, tuple[tuple[int, int, int], ThreatList]] = {}
        self._lock = threading.Lock()

    def paths(self, files: Iterable[str] = ()) -> tuple[Path, ...]:
        """Every file there is: those in the folder by name, then those added."""
        try:
            dropped = sorted(path for path in self.folder.iterdir() if _is_list(path))
        except OSError:
            dropped = []
        return tuple(dict.fromkeys((*dropped, *map(Path, files))))[:MOST_LISTS]

    def lists(self, files: Iterable[str] = ()) -> tuple[ThreatList, ...]:
        """All of them, read; what can't be read says why (`ThreatList.error`)."""
        with self._lock:
            found = {path: self._one(path) for path in self.paths(files)}
            self._read = {path: known for path, known in self._read.items() if path in found}
            return tuple(found.values())

    def matching(self, files: Iterable[str] = (), off: Iterable[str] = ()) -> Matching | None:
        """Those in force, as many as memory is meant for; None where there is none."""
        return matching_of(self.lists(files), off)

    def _one(self, path: Path) -> ThreatList:
        try:
            status = path.stat()
            state = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            state = (0, 0, 0)
        known = self._read.get(path)
        if known is None or known[0] != state or state == (0, 0, 0):
            known = self._read[path] = (state, read_list(path))
        return known[1]


def matching_of(lists: Iterable[ThreatList], off: Iterable[str] = ()) -> Matching | None:
    """What is to be looked for, without the lists whose paths are `off`; None where that is nothing."""
    off = frozenset(off)
    chosen: list[ThreatList] = []
    left = MOST_ENTRIES
    for one in lists:
        if one.entries and str(one.path) not in off and one.entries <= left:
            chosen.append(one)
            left -= one.entries
    return Matching(chosen) if chosen else None


def _is_list(path: Path) -> bool:
    return not path.name.startswith(".") and not path.name.endswith(_UNFINISHED) and path.is_file()
