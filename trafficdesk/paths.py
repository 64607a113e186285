"""Where TrafficDesk keeps its files, and where its bundled resources lie (source tree or packaged program)."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import IO

import platformdirs

_APP = "trafficdesk"


def resources_dir() -> Path:
    """Bundled resources: beside the package in a checkout, inside the bundle when packaged."""
    bundle = getattr(sys, "_MEIPASS", None)
    root = Path(bundle) if bundle else Path(__file__).resolve().parent.parent
    return root / "resources"


def sample_capture() -> Path:
    """The capture behind "Try the sample"."""
    return resources_dir() / "sample.pcapng"


def config_dir() -> Path:
    """Settings; `TRAFFICDESK_HOME` puts all of a person's files below one folder (tests, portable use)."""
    return _home("config") or Path(platformdirs.user_config_dir(_APP, appauthor=False))


def data_dir() -> Path:
    """What TrafficDesk learned and recorded."""
    return _home("data") or Path(platformdirs.user_data_dir(_APP, appauthor=False))


def log_dir() -> Path:
    """Log files."""
    return _home("log") or Path(platformdirs.user_log_dir(_APP, appauthor=False))


def private_dir(path: Path) -> Path:
    """Create `path` so that only its owner can enter it.

    Raises
    ------
    OSError
        If it can't be created.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def replace_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read; it is there whole and on the disk, or as it was before.

    Raises
    ------
    OSError
        If it can't be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")  # 0600 by its contract
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _home(kind: str) -> Path | None:
    home = os.environ.get("TRAFFICDESK_HOME")
    return Path(home) / kind if home else None


def lock(file: IO[bytes]) -> bool:
    """Lock a file for as long as it is open; False = another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
