"""`ThreatList`: one file, read; broken entries are told by their place, the others used.

A million addresses are read in about a second, a million names in some three (measured by `benchmarks/threats.py`).
"""

from __future__ import annotations

import gzip
import io
import logging
import os
import re
import socket
import stat
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.address import IPV4_PREFIX, is_local
from trafficdesk.packets.printable import shown
from trafficdesk.threats.formats import format_of
from trafficdesk.threats.indicator import PLAIN_DOMAIN, NotUsable, indicator_of, span_text
from trafficdesk.threats.intervals import Intervals
from trafficdesk.threats.names import DomainSet
from trafficdesk.threats.problems import Problem, Problems
from trafficdesk.threats.stix import newest_s

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_log = logging.getLogger(__name__)

MOST_BYTES: Final = 128 << 20
"""Of a file, unpacked; the largest public lists have some 30 MB."""
MOST_ENTRIES: Final = 2_000_000
"""Of a list; some 60 bytes each while it is read, 10 to 40 afterwards."""
LONGEST_NAME: Final = 60
_DATED: Final = re.compile(
    r"(?:updated?|generated|modified|date|created|version)\D{0,24}?((?:19|20)\d\d-[01]\d-[0-3]\d)(?!\d)", re.IGNORECASE
)  # fmt: skip
_DATED_LINES: Final = 60
"""Remarks at a list's head, where publishers say of when it is."""
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, eq=False)
class ThreatList:
    """What a file lists."""

    name: str
    """The file's, without its ending; printable."""
    path: Path
    format: str
    """As a person reads it; empty where it could not be read."""
    unit: str
    """What the problems' places are counted in: lines or objects."""
    dated_s: int
    """Of when it is, seconds since 1970: as it says itself, else as the file's time says."""
    four: Intervals
    """IPv4 addresses as numbers."""
    six: Intervals
    """IPv6 addresses as 16 bytes (`S16`, which compares like the number: both sides are padded alike)."""
    domains: DomainSet
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    """All of them; `problems` has the first."""
    error: str = ""
    """Why nothing of it could be read."""

    @property
    def entries(self) -> int:
        """How many are used."""
        return len(self.four) + len(self.six) + len(self.domains)

    def find_addresses(self, pair: NDArray[np.uint64]) -> NDArray[np.int64]:
        """(rows,) entry that each address, given as halves (rows, 2), lies in, -1 = none; for `address_entry`."""
        found = np.full(len(pair), -1, np.int64)
        four = (pair[:, 0] == 0) & (pair[:, 1] >> np.uint64(32) == 0xFFFF)
        if len(self.four) and four.any():
            found[four] = self.four.find((pair[four, 1] & np.uint64(0xFFFF_FFFF)).astype(np.uint32))
        rest = np.flatnonzero(~four)
        if len(self.six) and len(rest):
            packed = pair[rest].astype(">u8").view("S16").reshape(-1)
            at = self.six.find(packed)
            found[rest] = np.where(at >= 0, at + len(self.four), -1)
        return found

    def address_entry(self, number: int) -> str:
        """Text of an entry that `find_addresses` gave."""
        if number < len(self.four):
            low, high = (
                IPV4_PREFIX + int(column[number]).to_bytes(4) for column in (self.four.low, self.four.high)
            )
        else:
            at = number - len(self.four)
            low, high = (
                column[at : at + 1].view("V16")[0].tobytes() for column in (self.six.low, self.six.high)
            )
        return span_text(low, high)


def read_list(path: Path) -> ThreatList:
    """Read a file; what is wrong with it is told in the list, nothing is raised over it."""
    name = shown(path.name.removesuffix(".gz").rpartition(".")[0] or path.name, LONGEST_NAME)
    try:
        raw, modified_s = _content(path)
    except (OSError, EOFError, zlib.error, NotUsable) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        _log.warning("threat list %s not read: %s", path.name, why)
        return _of_nothing(name, path, why)
    return list_of(raw, name=name, path=path, modified_s=modified_s)


def list_of(raw: bytes, *, name: str, path: Path, modified_s: int) -> ThreatList:
    """A list of a file's bytes."""
    text = _decoded(raw)
    form = format_of(text)
    problems = Problems()
    gathered = _Gathered(problems)
    gathered.add(form.entries(text, problems))
    four, six, domains = gathered.tables()
    told = newest_s(text) if form.unit == "object" else _dated_s(text)
    return ThreatList(
        name=name,
        path=path,
        format=form.name,
        unit=form.unit,
        dated_s=told if 0 < told <= modified_s + _DAY_S else modified_s,
        four=four,
        six=six,
        domains=domains,
        problems=tuple(sorted(problems.told, key=lambda problem: problem.place)),
        problem_count=problems.count,
    )


_DAY_S: Final = 86_400


class _Gathered:
    """Entries in the making."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._singles: list[bytes] = []
        """IPv4 addresses, 4 bytes each, and where each stands."""
        self._places: list[int] = []
        self._low: list[bytes] = []
        self._high: list[bytes] = []
        self._domains: list[bytes] = []

    def add(self, entries: Iterable[tuple[int, str]]) -> None:
        to_bytes, four, is_domain = socket.inet_pton, socket.AF_INET, PLAIN_DOMAIN.fullmatch
        left = MOST_ENTRIES
        for place, text in entries:
            left -= 1
            if left < 0:
                self._problems.add(
                    place, f"and what follows is not used: {MOST_ENTRIES:,} entries are the limit"
                )
                return
            # The quickest ways for what most lists are made of.
            if text[-1:].isdigit():
                try:
                    self._singles.append(to_bytes(four, text))
                    self._places.append(place)
                except (OSError, ValueError):
                    self._add_one(place, text)
            elif is_domain(text):
                self._domains.append(text.encode("ascii"))
            else:
                self._add_one(place, text)

    def tables(self) -> tuple[Intervals, Intervals, DomainSet]:
        singles = self._public_singles()
        low, high = (np.frombuffer(b"".join(ends), "V16") for ends in (self._low, self._high))
        mapped = np.array([end.startswith(IPV4_PREFIX) for end in self._low], np.bool_)
        numbers = [_numbers(ends[mapped]) for ends in (low, high)]
        four = Intervals.of(*(np.concatenate([singles, ends]) for ends in numbers))
        six = Intervals.of(*(ends[~mapped].view("S16") for ends in (low, high)))
        return four, six, DomainSet.of(self._domains)

    def _add_one(self, place: int, text: str) -> None:
        try:
            found = indicator_of(text)
        except NotUsable as reason:
            self._problems.add(place, str(reason))
            return
        if isinstance(found, bytes):
            self._domains.append(found)
        else:
            self._low.append(found.low)
            self._high.append(found.high)

    def _public_singles(self) -> NDArray[np.uint32]:
        singles = np.frombuffer(b"".join(self._singles), ">u4").astype(np.uint32)
        packed = np.zeros((len(singles), 2), ">u8")
        packed[:, 1] = singles.astype(np.uint64) | np.uint64(0xFFFF_0000_0000)
        local = is_local(packed.view("V16").reshape(-1))
        for at in np.flatnonzero(local).tolist():
            address = socket.inet_ntop(socket.AF_INET, self._singles[at])
            self._problems.add(
                self._places[at], f"{address} is private or reserved: it would accuse your own network"
            )
        return np.unique(singles[~local])


def _numbers(packed: NDArray[np.void]) -> NDArray[np.uint32]:
    """The last four bytes of V16 addresses."""
    return np.ascontiguousarray(packed).view(">u4").reshape(-1, 4)[:, 3].astype(np.uint32)


def _content(path: Path) -> tuple[bytes, int]:
    """A regular file's bytes, unpacked, and when it was changed.

    Raises
    ------
    OSError, EOFError, zlib.error
        If it can't be read.
    NotUsable
        If it is no file, or too large.
    """
    # Not waiting for the other end of a pipe that lies in the folder.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise NotUsable("is no file")
        raw = file.read(MOST_BYTES + 1)
    if raw.startswith(_GZIP):
        with gzip.open(io.BytesIO(raw)) as packed:
            raw = packed.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise NotUsable(f"is larger than {MOST_BYTES >> 20} MiB")
    return raw, int(status.st_mtime)


def _decoded(raw: bytes) -> str:
    """Text with line feeds; what is not UTF-8 becomes replacement characters, which no entry has."""
    coding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = raw.decode(coding, "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _dated_s(text: str) -> int:
    """Of when a list says it is, in its remarks; 0 = it does not say."""
    for line in text[:20_000].split("\n", _DATED_LINES)[:_DATED_LINES]:
        if line.lstrip()[:1] in {"#", ";", "!", "/"} and (found := _DATED.search(line)):
            try:
                return int(datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp())
            except ValueError:
                continue
    return 0


def _of_nothing(name: str, path: Path, error: str) -> ThreatList:
    no_numbers, no_bytes = np.empty(0, np.uint32), np.empty(0, "S16")
    return ThreatList(
        name=name,
        path=path,
        format="",
        unit="line",
        dated_s=0,
        four=Intervals.of(no_numbers, no_numbers),
        six=Intervals.of(no_bytes, no_bytes),
        domains=DomainSet.of(()),
        error=error,
    )
