"""Whether there is a dumpcap that this user may capture with; quick enough to be asked every second."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

_PLACES: Final = os.pathsep.join(("/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"))
"""Looked in after PATH: some systems keep it out of a user's."""
_TRIAL_S: Final = 10.0


def permitted_program() -> str | None:
    """The dumpcap that this user may capture with; None = there is none."""
    program = _program()
    if program is None:
        return None
    found = Path(program).stat()
    rights = (os.geteuid(), *sorted(os.getgroups()))
    # The time of the last change of its inode stands for its owner, mode and capabilities, too.
    return program if _may_capture(program, found.st_ctime_ns, rights) else None


def group_of_program() -> str | None:
    """The group whose members may run dumpcap, where this user is not one of them."""
    import grp

    program = shutil.which("dumpcap", os.F_OK, path=f"{os.environ.get('PATH', '')}{os.pathsep}{_PLACES}")
    if program is None or os.access(program, os.X_OK):
        return None
    found = Path(program).stat()
    with contextlib.suppress(KeyError):
        return grp.getgrgid(found.st_gid).gr_name if found.st_mode & 0o010 and found.st_gid else None
    return None


def _program() -> str | None:
    path = f"{os.environ.get('PATH', '')}{os.pathsep}{_PLACES}"
    return shutil.which("dumpcap", path=path) if sys.platform == "linux" else None


@functools.lru_cache(maxsize=4)
def _may_capture(program: str, _changed_ns: int, _rights: tuple[int, ...]) -> bool:
    """Whether dumpcap gets as far as opening a device; asked once for a program as it is."""
    try:
        asked = subprocess.run(  # noqa: S603  # a list, no shell
            [program, "-i", "any", "-L"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRIAL_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.info("%s is of no use: %s", program, error)
        return False
    return asked.returncode == 0
