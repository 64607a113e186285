"""`OwnQuestions`: the names that TrafficDesk itself asks the resolver for, as it asks.

The question leaves by a socket of the system's, often of another program (a caching resolver), so that it is not known
by its ends. It is known by what it says: exactly this name, asked for its addresses, about now. Whoever asks for
anything below the name, for other records, at another time or in great number is judged.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.protocol import IpProtocol, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

MOST: Final = 1_024
"""Questions known; the oldest leave first."""
MOST_ROWS: Final = 64
"""Packets of one name in one batch: several servers, two families, both ways, repeated, seen on several interfaces."""
LINGER_NS: Final = 5_000_000_000
"""A late answer, and what the resolver repeats: `timeout` of resolv.conf(5)."""
_EARLY_NS: Final = 1_000_000_000
"""A capture's clock may be a little behind ours."""
_OPEN: Final = 2**63 - 1
_PORT: Final = 53
_ADDRESSES: Final = (1, 28)
"""A and AAAA (RFC 1035, RFC 3596)."""
_POINTER: Final = (12,)
_LOWER: Final = np.frombuffer(bytes(range(256)).lower(), np.uint8)


@dataclass(slots=True)
class _Question:
    name: NDArray[np.uint8]
    """Lower-cased, without the final dot."""
    types: tuple[int, ...]
    begin_ns: int
    end_ns: int = _OPEN


class OwnQuestions:
    """What this process asks; may be used by any thread."""

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._known: deque[_Question] = deque(maxlen=MOST)

    @contextmanager
    def asking(self, name: str) -> Iterator[None]:
        """Ask for the addresses of a name within; for what is an address, for its name."""
        types: tuple[int, ...] = _ADDRESSES
        with suppress(ValueError):
            name, types = ip_address(name.partition("%")[0]).reverse_pointer, _POINTER
        text = np.frombuffer(_wire_name(name), np.uint8)
        question = _Question(text, types, self._clock_ns() - _EARLY_NS)
        with self._lock:
            self._known.append(question)
        try:
            yield
        finally:
            question.end_ns = self._clock_ns() + LINGER_NS

    def rows(self, batch: PacketBatch) -> NDArray[np.int64]:
        """Ascending rows of `batch` that ask one of our questions, or answer it."""
        none: NDArray[np.int64] = np.empty(0, np.int64)
        if not self._known or not len(batch):
            return none
        times = batch["timestamp_ns"]
        first, last = int(times.min()), int(times.max())
        with self._lock:
            near = [one for one in self._known if one.begin_ns <= last and one.end_ns >= first]
        if not near:
            return none
        asked = np.flatnonzero(
            (batch["protocol"] == Protocol.DNS)
            & np.isin(batch["ip_protocol"], (IpProtocol.UDP, IpProtocol.TCP))
            & ((batch["source_port"] == _PORT) | (batch["destination_port"] == _PORT))
        )
        return np.unique(np.concatenate([_of(one, batch, asked) for one in near])) if len(asked) else none


def _of(question: _Question, batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of `rows` with exactly this name, of these types, in its time; not more than a resolver needs."""
    times, length = batch["timestamp_ns"][rows], len(question.name)
    rows = rows[
        (times >= question.begin_ns)
        & (times <= question.end_ns)
        & np.isin(batch["application_type"][rows], question.types)
        & (batch["text_length"][rows] == length)
    ]
    if not len(rows) or not length:
        return rows[:0]
    # The text itself: two names of one hash can be made with care.
    said = _LOWER[batch.text[batch["text_start"][rows][:, None] + np.arange(length)]]
    mine: NDArray[np.int64] = rows[(said == question.name).all(axis=1)][:MOST_ROWS]
    return mine


def _wire_name(name: str) -> bytes:
    """As the resolver asks for it (RFC 3490 beyond ASCII); empty where it can't be asked for."""
    try:
        return name.rstrip(".").encode("idna").lower()
    except UnicodeError:
        return b""


OWN_QUESTIONS: Final = OwnQuestions()
"""This process's."""
