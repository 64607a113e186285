"""`JsonLines`: one JSON object a line, appended as things happen, in files that are bounded in size and number.

A line is there whole or not at all: what a full disk or a power cut left of one is taken away. Only ASCII is written,
everything else as JSON escapes, so that text from the network can't steer the terminal that shows the file.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.errors import ExportError
from trafficdesk.export.atomic import STANDARD_OUTPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_log = logging.getLogger(__name__)

MAX_BYTES: Final = 100_000_000
KEPT: Final = 5
"""Full files beside the one that is written."""
_APPEND: Final = os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


class JsonLines:
    """Appends to a file; one that can't be written to is said once, tried again with each line, and ends nothing.

    Parameters
    ----------
    path : `-` = standard output. What is no regular file is written to and never rotated.
    max_bytes : a line that would not fit any more begins a new file; PATH becomes PATH.1, that PATH.2, and so on.
    kept : so many full ones.
    on_error : told when lines begin to be lost.

    Raises
    ------
    ExportError
        If it can't be opened.
    BrokenPipeError
        When the reader of standard output has gone.
    """

    def __init__(
        self,
        path: str,
        *,
        max_bytes: int = MAX_BYTES,
        kept: int = KEPT,
        on_error: Callable[[ExportError], None],
    ) -> None:
        self._to_output = path == STANDARD_OUTPUT
        self._path = Path(path)
        self._max_bytes = max_bytes
        self._kept = kept
        self._on_error = on_error
        self._mode = 0o600
        self._handle: int | None = None
        self.lost = 0
        """Lines that could not be written since the last one that could."""
        try:
            self._open()
        except OSError as error:
            raise self._fault(error) from error

    def write(self, entry: Mapping[str, Any]) -> bool:
        """Append one object; returns whether that was possible."""
        text = json.dumps(entry, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
        try:
            self._append(f"{text}\n".encode("ascii"))
        except OSError as error:
            if self._to_output and error.errno == errno.EPIPE:
                raise
            self._lose(error)
            return False
        self.lost = 0
        return True

    def reopen(self) -> None:
        """Go on in the file that has the name now: somebody has moved the old one away."""
        self.close()
        try:
            self._open()
        except OSError as error:
            self._lose(error)
            self.lost -= 1  # none yet

    def close(self) -> None:
        """Give the file back; may be called twice, and `write` opens it anew."""
        if self._handle is not None and not self._to_output:
            with contextlib.suppress(OSError):
                os.close(self._handle)
        self._handle = None

    def _open(self) -> None:
        if self._to_output:
            self._handle = sys.stdout.fileno()
            return
        regular = not self._path.exists() or self._path.is_file()
        access = os.O_RDWR if regular else os.O_WRONLY
        self._handle = os.open(self._path, access | _APPEND, self._mode)
        known = os.fstat(self._handle)
        if not stat.S_ISREG(known.st_mode):
            return
        self._mode = stat.S_IMODE(known.st_mode)
        if known.st_size and not _ends_a_line(self._path):
            os.write(self._handle, b"\n")  # what a crash left of a line stays alone on its own

    def _append(self, line: bytes) -> None:
        if self._handle is None:
            self._open()
        assert self._handle is not None
        known = os.fstat(self._handle)
        bounded = stat.S_ISREG(known.st_mode) and not self._to_output
        if bounded and known.st_size and known.st_size + len(line) > self._max_bytes:
            self._rotate()
            known = os.fstat(self._handle)
        written = os.write(self._handle, line)
        if written < len(line):
            if bounded:
                os.ftruncate(self._handle, known.st_size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _rotate(self) -> None:
        """Begin a new file; where the old one can't be renamed, it goes on to grow."""
        self.close()  # Windows renames no file that is open
        try:
            for number in range(self._kept, 0, -1):
                older = self._numbered(number - 1)
                if older.exists():
                    older.replace(self._numbered(number))
        except OSError as error:
            _log.warning("%s can't be rotated: %s", self._path, error)
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path

    def _lose(self, error: OSError) -> None:
        self.close()
        self.lost += 1
        if self.lost == 1:
            self._on_error(self._fault(error))

    def _fault(self, error: OSError) -> ExportError:
        return ExportError(
            f"JSON lines can't be written to {self._path}: {error.strerror or error}.",
            "Monitoring goes on without them until there is room and permission to write."
            if self.lost
            else "Name a file in a folder that you may write to.",
        )


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
