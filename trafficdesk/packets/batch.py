"""`PacketBatch`: consecutive packets as immutable columns; the one data type that flows through TrafficDesk."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from trafficdesk.packets.block import between
from trafficdesk.packets.fields import COLUMN_NAMES, INNER_DTYPE, PACKET_DTYPE, empty_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from trafficdesk.packets.identities import NameEvidence, RowIdentity


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Which packets the rows of a thinned batch are, and for how many each stands; arrays over (rows,).

    The weights are Horvitz and Thompson's (JASA 1952): one over the chance of being kept, so that a weighted sum over
    the kept rows is right on average. A packet is rarer than its conversation, which is rarer than its service, so
    each counts for itself: a row may stand for twenty packets of one conversation.
    """

    ids: NDArray[np.int64]
    """packet_ids, ascending."""
    packets: NDArray[np.float32]
    """Packets the row stands for, at least 1."""
    conversations: NDArray[np.float32]
    """Conversations its conversation stands for."""
    services: NDArray[np.float32]
    """Services (two hosts and a port, or a name asked for) its service stands for."""
    pairs: NDArray[np.float32]
    """Pairs of hosts its pair stands for."""

    def slice(self, start: int, stop: int) -> Sample:
        """Rows `start:stop` as views."""
        return Sample(*(getattr(self, item.name)[start:stop] for item in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Fragments:
    """Which rows of a batch are fragments, and of which packets."""

    rows: NDArray[np.int64]
    """(fragments,) ascending."""
    packets: NDArray[np.uint64]
    """(fragments,) a number for addresses, protocol and identification: what a receiver puts fragments together by."""


@dataclass(frozen=True, slots=True, eq=False)
class PacketBatch:
    """Columns of `PACKET_DTYPE`, read-only, plus the arena their application text lies in.

    `batch["length"]` is the column `length`, shape (rows,).

    Raises
    ------
    ValueError
        If a column is missing, unknown, of another dtype, or of another length.
    """

    first_id: int
    """packet_id of the first row; 0-based over the whole capture; the others follow by one, but in a `sample`."""
    columns: Mapping[str, NDArray[np.generic]]
    """One array per field of `PACKET_DTYPE`."""
    text: NDArray[np.uint8]
    """(bytes,) the text arena: raw bytes from the network, hostile until escaped."""
    interfaces: tuple[str, ...] = ()
    """Names of the column `interface`'s numbers, as far as they are known."""
    sample: Sample | None = None
    """Where rows in between were left out; None = the packets are consecutive and stand for themselves."""
    names: NameEvidence | None = None
    """What its packets tell of addresses' names; None where nobody looked. Rows taken from it do not have it."""
    identity: RowIdentity | None = None
    """Program and host of its rows, where they were asked for."""
    comments: Mapping[int, tuple[str, ...]] | None = None
    """By row, what the file says of packets; None = nothing. Rows taken from a log do not have it."""
    fragments: Fragments | None = None
    """Its fragments, which `Conversations` carries ports between. Rows taken from it do not have it."""

    def __post_init__(self) -> None:
        if set(self.columns) != set(COLUMN_NAMES):
            raise ValueError(
                f"columns differ from the schema: {sorted(set(self.columns) ^ set(COLUMN_NAMES))}"
            )
        rows = len(self.columns["timestamp_ns"])
        for name, column in self.columns.items():
            if len(column) != rows or column.dtype != PACKET_DTYPE[name]:
                raise ValueError(f"column {name} has {len(column)} rows of {column.dtype}")
            column.setflags(write=False)
        self.text.setflags(write=False)

    def __len__(self) -> int:
        return len(self.columns["timestamp_ns"])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    @classmethod
    def empty(cls, first_id: int = 0) -> PacketBatch:
        """No rows."""
        return cls(first_id, empty_columns(0), np.empty(0, np.uint8))

    @property
    def ids(self) -> NDArray[np.int64]:
        """(rows,) packet_id of every row."""
        if self.sample is not None:
            return self.sample.ids
        return np.arange(self.first_id, self.first_id + len(self), dtype=np.int64)

    def text_of(self, row: int) -> bytes:
        """Application text of one row, raw."""
        start = int(self.columns["text_start"][row])
        return self.text[start : start + int(self.columns["text_length"][row])].tobytes()

    def inner(self, rows: NDArray[np.int64]) -> NDArray[np.void]:
        """(rows,) `INNER_DTYPE` of rows that have a tunnel."""
        starts = self["text_start"][rows] + self["text_length"][rows]
        raw = self.text[starts[:, None] + np.arange(INNER_DTYPE.itemsize)]
        inner: NDArray[np.void] = raw.view(INNER_DTYPE).reshape(-1)
        return inner

    def slice(self, start: int, stop: int) -> PacketBatch:
        """Rows `start:stop` as views; the text arena is shared."""
        sample = self.sample.slice(start, stop) if self.sample is not None else None
        return PacketBatch(
            self.first_id + start if sample is None or not len(sample.ids) else int(sample.ids[0]),
            {name: column[start:stop] for name, column in self.columns.items()},
            self.text,
            interfaces=self.interfaces,
            sample=sample,
            identity=self.identity.slice(slice(start, stop)) if self.identity is not None else None,
            comments=between(self.comments, start, stop) if self.comments else None,
        )

    def to_dataframe(self) -> pd.DataFrame:
        """Rows as pandas: addresses as text, UTC timestamps, protocol and status by name."""
        from trafficdesk.packets.frame_table import dataframe_of

        return dataframe_of(self)
