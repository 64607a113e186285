"""Who writes into the history: this machine, by a random number it made itself, not by anything it could be known by."""

from __future__ import annotations

import hashlib
import socket
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trafficdesk.errors import StoreError
from trafficdesk.paths import private_dir

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "sensor-id"


@dataclass(frozen=True, slots=True)
class Sensor:
    """A machine that writes."""

    uid: str
    name: str
    """As people call it; its host name."""

    @property
    def number(self) -> int:
        """63 bits of its uid's SHA-256: what rows carry."""
        return int.from_bytes(hashlib.sha256(self.uid.encode()).digest()[:8]) >> 1


def this_sensor(folder: Path) -> Sensor:
    """The sensor whose uid is kept in `folder`; made at the first call.

    Raises
    ------
    StoreError
        If it can't be kept.
    """
    path = folder / _NAME
    try:
        private_dir(folder)
        try:
            with path.open("x", encoding="ascii") as file:
                path.chmod(0o600)
                file.write(str(uuid.uuid4()))
        except FileExistsError:
            pass
        uid = path.read_text(encoding="ascii").strip() or str(uuid.uuid4())
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise StoreError(
            f"{path} can't be read or made: {why}.", "Make the folder writable; the history needs it."
        ) from error
    return Sensor(uid, socket.gethostname()[:255])
