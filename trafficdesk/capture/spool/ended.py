"""Captures that have ended, found by time: their frames are kept until the caps want the room."""

from __future__ import annotations

import calendar
import os
import time
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.spool.folder import Abandoned, is_alive, pieces_in

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER: Final = "%Y%m%dT%H%M%SZ"
"""Name of a folder: when its capture began, UTC; see `folder.new_folder`."""
_SECOND_NS: Final = 1_000_000_000


def ended_capture(root: Path, time_ns: int) -> Abandoned | None:
    """The capture that was under way at `time_ns`, if no program writes it and its frames are still kept."""
    for folder in _newest_first(root):
        began_ns = _began_ns(folder)
        if began_ns is None or began_ns > time_ns or is_alive(folder):
            continue
        pieces = [piece for piece in pieces_in(folder)[0] if piece.frames]
        if not pieces:
            continue
        stop_ns = max(piece.modified_ns for piece in pieces)
        if time_ns <= stop_ns + _SECOND_NS:
            frames = sum(piece.frames for piece in pieces)
            return Abandoned(folder, "History", frames, began_ns, stop_ns, tuple(pieces))
    return None


def _newest_first(root: Path) -> list[Path]:
    try:
        found = [root / entry.name for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(found, reverse=True)


def _began_ns(folder: Path) -> int | None:
    try:
        began = time.strptime(folder.name.partition("-")[0], _FOLDER)
    except ValueError:
        return None
    return calendar.timegm(began) * _SECOND_NS
