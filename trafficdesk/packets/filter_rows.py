"""What a display filter reads: rows with their columns, and how a named field looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np

from trafficdesk.packets.fields import INNER_DTYPE
from trafficdesk.packets.notes import NoteFlag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.identities import Identities, Interned

Mask: TypeAlias = "NDArray[np.bool_]"
Column: TypeAlias = "NDArray[Any]"

_INNER: Final = frozenset(INNER_DTYPE.names or ())


class Kind(Enum):
    """How a field's values are written and compared."""

    NUMBER = "a whole number, such as 443 or 0x1bb"
    BOOLEAN = "1 or 0"
    REAL = "a number"
    TIME_EPOCH = "seconds since 1970, such as 1700000000.25"
    TIME = 'a time in quotes, such as "2026-11-20 19:00:00Z"'
    MAC = "a link-layer address, such as 00:11:22:33:44:55"
    IPV4 = "an IPv4 address or network, such as 192.168.1.0/24"
    IPV6 = "an IPv6 address or network, such as fe80::/10"
    TEXT = 'text in quotes, such as "example.com"'
    NAMED = "one of a few names, in quotes"
    LISTED = 'a name in quotes, such as "eth0"'
    LABEL = 'text in quotes, such as "firefox"'
    COMMENT = 'text in quotes, such as "printer"'
    PROTOCOL = "nothing: a protocol is there or not"


class Labels(NamedTuple):
    """Texts behind a field's numbers."""

    table: Interned[Any]
    text: Callable[[Any], str]
    """Of one entry; empty = the row does not have the field."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What one evaluation looks at: a batch and, beside it, the columns of analysis."""

    # Without slots: `inner` is kept in the instance's dictionary.

    batch: PacketBatch
    analysis: Mapping[str, Column]
    """`score`, `verdict`, `family`, `incident`, `program`, `host`, `mark`, each (rows,); may be empty where nothing is known."""
    identities: Identities | None = None
    """What the numbers of `program` and `host` stand for."""

    carrying: NDArray[np.int64] | None = None
    """Which rows of the batch these packets are inside of; None = these are the batch's rows."""
    records: NDArray[np.void] | None = None
    """`INNER_DTYPE` of those packets."""

    @cached_property
    def inner(self) -> Rows | None:
        """Packets inside the tunnels of these rows; None where there are none."""
        if self.carrying is not None or not self.batch["tunnel"].any():
            return None
        carrying = np.flatnonzero(self.batch["tunnel"])
        return Rows(self.batch, {}, None, carrying, self.batch.inner(carrying))

    def column(self, name: str) -> Column:
        """One of the packet's columns; of a packet inside, what it has of its own."""
        if self.records is None:
            return self.batch[name]
        if name in _INNER:
            return self.records[name]
        return self.batch[name][self.carrying]

    def comments(self) -> dict[int, tuple[str, ...]]:
        """What is said of packets, by row of the batch: by their file as they come, later by the log's notes."""
        if self.batch.comments is not None:
            return dict(self.batch.comments)
        if self.identities is None:
            return {}
        rows = np.flatnonzero(self.judged("mark", 0).astype(np.uint8) & int(NoteFlag.COMMENTED))
        notes, ids = self.identities.notes, self.batch.ids[rows].tolist()
        return {row: notes.comments(packet_id) for row, packet_id in zip(rows.tolist(), ids, strict=True)}

    def judged(self, name: str, otherwise: float) -> Column:
        """One of the columns of analysis; `otherwise` for every row where there is none."""
        return self.analysis[name] if name in self.analysis else np.full(len(self.batch), otherwise)


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """A field's occurrences in every row: all of them are there, or none."""

    present: Mask
    """(rows,) whether the row has the field."""
    occurrences: tuple[Column, ...]
    """Each (rows,), or (rows, 2) big-endian halves for IPv6; empty for text and protocols."""


@dataclass(frozen=True, slots=True)
class FilterField:
    """One name a filter can use."""

    name: str
    kind: Kind
    words: str
    """What it is, for completion."""
    read: Callable[[Rows], Values]
    maximum: int = 0
    """Largest value a number may have; 0 = no limit."""
    names: tuple[str, ...] = ()
    """Kind NAMED: name of every number, by position. Kind LABEL: what it can be, where that is a closed set."""
    labels: Callable[[Identities], Labels] | None = None
    """Kind LABEL: what the numbers stand for."""
    alone: bool = False
    """Kind BOOLEAN that every row has: named alone it asks for those where it is true, as a person means it."""
    part: int = -1
    """Kind TEXT: which space-separated word of the row's text it is; -1 = all of it."""
