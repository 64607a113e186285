"""`KnownNetworks`: the folder of baselines, one file per network, and the salt that keeps their names from telling which."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path
from typing import Final

from trafficdesk.detect.baseline import Baseline, BaselineError, KnownNetwork, about, read, write
from trafficdesk.paths import data_dir, private_dir

_LOG = logging.getLogger(__name__)
_SALT: Final = "salt"
_SALT_BYTES: Final = 32
_SUFFIX: Final = ".npz"


class KnownNetworks:
    """Baselines by network.

    Parameters
    ----------
    folder : where they lie; below the person's data by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or data_dir() / "networks"

    def salt(self) -> bytes:
        """What the networks' keys are hashed with; made when first asked for.

        Raises
        ------
        BaselineError
            If there is none and it can't be kept: keys would not be found again.
        """
        path = self._folder / _SALT
        try:
            if len(salt := _content(path)) == _SALT_BYTES:
                return salt
            private_dir(self._folder)
            fresh = secrets.token_bytes(_SALT_BYTES)
            # Of two programs that start at once one makes it; a broken one is of no use to anybody.
            beside = path.with_name(f"{_SALT}.{os.getpid()}")
            beside.touch(0o600)
            beside.write_bytes(fresh)
            beside.replace(path)
            return _content(path)
        except OSError as error:
            raise BaselineError(
                f"{self._folder} can't be written: {error.strerror or error}.",
                "What is learned of this network lasts until TrafficDesk is closed; make the folder writable for you.",
            ) from error

    def load(self, key: str) -> tuple[Baseline, KnownNetwork] | None:
        """What is known of a network; None = nothing yet.

        Raises
        ------
        BaselineError
            If there was something of no use; it has been set aside.
        """
        path = self.path_of(key)
        if not path.exists():
            return None
        try:
            return read(path)
        except BaselineError as error:
            aside = path.with_suffix(".broken")
            try:
                path.replace(aside)
            except OSError:
                raise error from None
            raise BaselineError(f"{error.title} It was set aside as {aside.name}.", error.hint) from error

    def save(self, baseline: Baseline, network: KnownNetwork) -> None:
        """Keep a baseline.

        Raises
        ------
        BaselineError
        """
        write(self.path_of(network.key), baseline, network)

    def has(self, key: str) -> bool:
        """Whether there is a baseline of that network."""
        return self.path_of(key).exists()

    def taught_ns(self, key: str) -> int:
        """When the baseline of that network was learned from the history last; 0 = never, or there is none."""
        try:
            return about(self.path_of(key)).taught_ns
        except BaselineError:
            return 0

    def forget(self, key: str) -> None:
        """Remove what is known of a network; a capture that is under way there begins to learn anew.

        Raises
        ------
        BaselineError
        """
        try:
            self.path_of(key).unlink(missing_ok=True)
        except OSError as error:
            raise BaselineError(
                f"{self.path_of(key)} can't be removed: {error.strerror or error}.",
                "Remove the file yourself.",
            ) from error

    def networks(self) -> list[KnownNetwork]:
        """All that are known, the last one used first; what is no baseline is left out."""
        found = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                found.append(about(path))
            except BaselineError as error:
                _LOG.warning("%s", error)
        return sorted(found, key=lambda network: -network.last_ns)

    def path_of(self, key: str) -> Path:
        """Where the baseline of a network lies."""
        return self._folder / f"{Path(key).name}{_SUFFIX}"


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
