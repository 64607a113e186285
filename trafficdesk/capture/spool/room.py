"""How much of a disk spools may take, and what is said when they get no more of it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trafficdesk.errors import SpoolError

if TYPE_CHECKING:
    from pathlib import Path

    from trafficdesk.settings.declared import CaptureSettings

_FULL: Final = (
    "Free some space, or let the spool have less of it in the settings; it is tried again by itself."
)
_CLOSED: Final = "Make that folder yours to write to; it is tried again by itself."
_HINTS: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: _CLOSED,
}


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """How much of a disk spools may take."""

    max_bytes: int = 2 << 30
    """Over all captures."""
    max_age_s: float = 86_400.0
    reserve_bytes: int = 200 << 20
    """Left free for everybody else."""

    @classmethod
    def of(cls, settings: CaptureSettings) -> SpoolLimits:
        """As a person has set them."""
        return cls(settings.spool_mib << 20, settings.spool_hours * 3_600.0, settings.spool_reserve_mib << 20)


class NoRoomError(OSError):
    """The reserve would be used up."""

    def __init__(self, free: int) -> None:
        super().__init__(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.free = free


def check_room(root: Path, reserve_bytes: int) -> None:
    """Make sure that more than the reserve is free where `root` is, or will be.

    Raises
    ------
    NoRoomError
        If it is not.
    """
    with contextlib.suppress(FileNotFoundError):
        free = shutil.disk_usage(root if root.exists() else root.parent).free
        if free < reserve_bytes:
            raise NoRoomError(free)


def refusal(place: Path, error: OSError) -> SpoolError:
    """What a person is told when frames can't be kept in `place`."""
    if isinstance(error, NoRoomError):
        cause = f"only {error.free >> 20:,} MiB are free there"
    else:
        cause = error.strerror or str(error)
    return SpoolError(
        f"Raw frames are not kept in {place} any more: {cause}. The capture goes on.",
        _HINTS.get(error.errno or 0, "The details of older packets will have no bytes."),
    )
