"""Evidence of an incident: made of a session for a file or a mail, opened again, its scores computed again."""

from __future__ import annotations

import contextlib
from pathlib import Path

_ZIP = b"PK"


def is_evidence(path: str | Path) -> bool:
    """Whether a file is a zip, by its name and its first bytes; no capture is one."""
    path = Path(path)
    with contextlib.suppress(OSError, ValueError):
        if path.suffix.lower() == ".zip":
            with path.open("rb") as file:
                return file.read(len(_ZIP)) == _ZIP
    return False
