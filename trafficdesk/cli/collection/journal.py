"""`Journal`: what is known of each file, a line of JSON apiece, on disk as soon as it is known.

Memory holds where each line begins, not what it says. Lines below a header hold for its conditions; what another run
wrote under others stays, and is not looked at. A line that was cut off by a crash is one file to be done again.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Self

from trafficdesk.cli.collection.task import STOPPED, without_result
from trafficdesk.cli.terminal import visible
from trafficdesk.errors import ExportError
from trafficdesk.paths import lock, private_dir

if TYPE_CHECKING:
    from trafficdesk.cli.collection.finding import Found
    from trafficdesk.cli.collection.task import Outcome

_NAME: Final = "done.jsonl"
_HINT: Final = "Choose another folder for --resume."


class Journal:
    """Outcomes by path.

    Parameters
    ----------
    folder : where it is kept; None = nowhere, it is gone with the process.
    conditions : digest of what an analysis depends on besides its file.
    now_ns : when this run began; the first run under the same conditions tells it to all later ones.

    Raises
    ------
    ExportError
        If it can't be written, or another run writes into it.
    """

    def __init__(self, folder: str | None, conditions: str, now_ns: int) -> None:
        self.now_ns = now_ns
        self.kept = folder is not None
        """Whether a later run can go on with it."""
        self._kept_at: dict[str, int] = {}
        """Where the lines of files that need not be done again begin, by the files' identity."""
        self._at: dict[str, int] = {}
        """The same of this run's files, by path."""
        self._conditions = conditions
        try:
            self._file = _opened(folder)
            self._begin()
        except OSError as error:
            raise ExportError(
                f"The folder {visible(str(folder))} can't keep what is done: {error.strerror}.", _HINT
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def knows(self, found: Found) -> bool:
        """Whether an earlier run did this very file."""
        at = self._kept_at.get(found.identity) if found.identity else None
        if at is not None:
            self._at[found.path] = at
        return at is not None

    def add(self, found: Found, outcome: Outcome, *, final: bool) -> None:
        """Note a file; `final`: doing it again would tell the same.

        Raises
        ------
        ExportError
            If the disk is full.
        """
        identity = found.identity if final else ""
        try:
            self._at[found.path] = self._append({"identity": identity, "outcome": outcome})
        except OSError as error:
            raise ExportError(
                f"What is done can't be kept: {error.strerror}.", "Free some space and run it again."
            ) from error

    @property
    def any(self) -> bool:
        """Whether anything is known of this run's files."""
        return bool(self._at)

    def outcome(self, path: str) -> Outcome:
        """What is known of a file."""
        at = self._at.get(path)
        if at is None:
            return without_result(STOPPED, "Not analysed: the run was stopped before.")
        self._file.seek(at)
        outcome: Outcome = json.loads(self._file.readline())["outcome"]
        return outcome

    def _begin(self) -> None:
        """Find what earlier runs did, and go on behind it."""
        holds, any_header, at = False, False, 0
        self._file.seek(0)
        for line in self._file:
            entry = _entry_of(line)
            if "conditions" in entry:
                holds = entry["conditions"] == self._conditions and isinstance(entry.get("now_ns"), int)
                if holds and not any_header:
                    any_header, self.now_ns = True, entry["now_ns"]
            elif holds and entry.get("identity") and isinstance(entry.get("outcome"), dict):
                self._kept_at[entry["identity"]] = at
            at += len(line)
        if at and not line.endswith(b"\n"):
            self._file.seek(0, os.SEEK_END)
            self._file.write(b"\n")
        if not holds:
            self._append({"conditions": self._conditions, "now_ns": self.now_ns})

    def _append(self, entry: dict[str, Any]) -> int:
        at = self._file.seek(0, os.SEEK_END)
        self._file.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
        self._file.flush()
        return at


def _entry_of(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):  # cut off, or not ours
        return {}
    return entry if isinstance(entry, dict) else {}


def _opened(folder: str | None) -> IO[bytes]:
    if folder is None:
        return tempfile.TemporaryFile()
    path = private_dir(Path(folder)) / _NAME
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600), "r+b")
    if not lock(file):
        file.close()
        raise ExportError(f"Another run is writing into {visible(folder)}.", f"Wait for it. {_HINT}")
    return file
