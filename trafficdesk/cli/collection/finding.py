"""Which files a collection has: those named, those below folders that are captures, those that patterns stand for."""

from __future__ import annotations

import glob
import hashlib
import os
import stat
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.formats.pcap_format import is_pcap
from trafficdesk.capture.formats.pcapng_format import is_pcapng
from trafficdesk.cli.collection import is_pattern
from trafficdesk.cli.terminal import visible
from trafficdesk.errors import BadCaptureFile, TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD: Final = 65_536
"""Bytes that tell a file from another one of the same name, size and time."""
_GZIP: Final = b"\x1f\x8b"
_ENDINGS: Final = (".pcap", ".pcapng", ".cap", ".dmp", ".ntar", ".trc")
"""What captures are called; a file called so is told of even if it can't be read."""
_PACKED: Final = (".gz", ".zst", ".lz4", ".xz", ".bz2")


@dataclass(frozen=True, slots=True)
class Found:
    """One file."""

    path: str
    """As named, or below the folder as named."""
    size: int = 0
    """Bytes on disk."""
    identity: str = ""
    """Of place, size, time of change and first bytes; empty where they can't be had."""


@dataclass(frozen=True, slots=True)
class Collection:
    """What was found."""

    files: tuple[Found, ...] = ()
    """By name, each once."""
    skipped: int = 0
    """Files below folders that are no captures."""
    faults: tuple[TrafficDeskError, ...] = ()
    """Folders that can't be looked through, patterns that stand for nothing."""


def find(names: Iterable[str]) -> Collection:
    """Look for captures; symbolic links are followed, each folder is entered and each file taken once."""
    search = _Search()
    for name in names:
        search.take(name)
    files = sorted(search.files.values(), key=lambda found: os.fsencode(found.path))
    return Collection(tuple(files), search.skipped, tuple(search.faults))


class _Search:
    def __init__(self) -> None:
        self.files: dict[str, Found] = {}
        """By the place they really are."""
        self.skipped = 0
        self.faults: list[TrafficDeskError] = []
        self._entered: set[tuple[int, int]] = set()

    def take(self, name: str) -> None:
        """What the command line names."""
        if os.path.isdir(name):  # noqa: PTH112
            self._walk(name)
        elif is_pattern(name):
            matches = sorted(glob.iglob(name, recursive=True))  # noqa: PTH207  # Path refuses some patterns
            for match in matches:
                if os.path.isdir(match):  # noqa: PTH112
                    self._walk(match)
                else:
                    self._file(match, named=False)
            if not matches:
                self.faults.append(BadCaptureFile(f"No file is like {visible(name)}.", "Check the pattern."))
        else:
            self._file(name, named=True)

    def _walk(self, top: str) -> None:
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                status = os.stat(folder)  # noqa: PTH116
                if (status.st_dev, status.st_ino) in self._entered:  # a link that leads back
                    continue
                self._entered.add((status.st_dev, status.st_ino))
                with os.scandir(folder) as entries:
                    inside = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self.faults.append(
                    BadCaptureFile(
                        f"The folder {visible(folder)} can't be looked through: {error.strerror}.",
                        "Ask its owner, or copy it somewhere you own.",
                    )
                )
                continue
            for entry in inside:
                if entry.name.startswith("."):
                    continue
                if os.path.isdir(entry.path):  # noqa: PTH112
                    waiting.append(entry.path)
                else:
                    self._file(entry.path, named=False)

    def _file(self, path: str, *, named: bool) -> None:
        """Take a file that was named, or is a capture by its first bytes or by its name."""
        place = os.path.realpath(path)
        if place in self.files:
            return
        try:
            status = os.stat(path)  # noqa: PTH116
            head = _head_of(path) if stat.S_ISREG(status.st_mode) else None
        except (OSError, ValueError):
            head = None
        if head is None:
            if named or _is_called_capture(path):
                self.files[place] = Found(path)
            else:
                self.skipped += 1
        elif named or _is_capture(head) or _is_called_capture(path):
            told = (place, str(status.st_size), str(status.st_mtime_ns), hashlib.sha256(head).hexdigest())
            identity = hashlib.sha256(os.fsencode("\0".join(told))).hexdigest()
            self.files[place] = Found(path, status.st_size, identity)
        else:
            self.skipped += 1


def _head_of(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(_HEAD)


def _is_capture(head: bytes) -> bool:
    if head[:2] == _GZIP:
        try:
            head = zlib.decompressobj(31).decompress(head, 4_096)
        except zlib.error:
            return False
    return is_pcap(head) or is_pcapng(head)


def _is_called_capture(path: str) -> bool:
    name = os.path.basename(path).lower()  # noqa: PTH119
    for ending in _PACKED:
        name = name.removesuffix(ending)
    return name.endswith(_ENDINGS)
