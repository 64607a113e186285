"""The log file: rotating, readable by its owner alone, without secrets and without payload."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from io import TextIOWrapper
    from pathlib import Path

_MAX_BYTES: Final = 2_000_000
_BACKUPS: Final = 3
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_path() -> Path:
    """Where the log lies."""
    from trafficdesk.paths import log_dir

    return log_dir() / "trafficdesk.log"


def start_logging(level: int = logging.INFO) -> Path | None:
    """Log to the file from now on; a second call changes nothing but the level.

    Returns
    -------
    Path or None
        The file; None where it can't be written, which must not keep anyone from working.
    """
    from logging.handlers import RotatingFileHandler

    from trafficdesk.paths import private_dir

    class PrivateFile(RotatingFileHandler):
        """Creates its files with mode 0600."""

        def _open(self) -> TextIOWrapper:
            handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            stream: Any = os.fdopen(handle, self.mode, encoding=self.encoding, errors=self.errors)
            return stream  # type: ignore[no-any-return]

        def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
            """A full disk must not fill the terminal, too."""

    root = logging.getLogger("trafficdesk")
    root.setLevel(level)
    path = log_path()
    if any(isinstance(handler, RotatingFileHandler) for handler in root.handlers):
        return path
    try:
        private_dir(path.parent)
        handler = PrivateFile(
            path, maxBytes=_MAX_BYTES, backupCount=_BACKUPS, encoding="utf-8", errors="backslashreplace"
        )
    except OSError:
        return None
    handler.setFormatter(logging.Formatter(_FORMAT))
    root.addHandler(handler)
    return path


def reopen_log() -> None:
    """Go on in the file that has the log's name now: somebody has moved the old one away."""
    for handler in logging.getLogger("trafficdesk").handlers:
        if isinstance(handler, logging.FileHandler):
            handler.close()  # the next record opens it again
