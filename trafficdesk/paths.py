"""Where TrafficDesk keeps its files, and where its bundled resources lie (source tree or packaged program)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

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


def _home(kind: str) -> Path | None:
    home = os.environ.get("TRAFFICDESK_HOME")
    return Path(home) / kind if home else None
