"""Packets as rows of the table `packet`, and back: what the detector's features are made of survives, content does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import COLUMN_NAMES, PACKET_DTYPE, empty_columns
from trafficdesk.packets.protocol_names import PROTOCOL_NAMES, protocol_name
from trafficdesk.packets.protocols import Protocol
from trafficdesk.store.schema import PACKET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_KEY: Final = 4
"""Columns of the key."""
_OTHER_NAMES: Final = {"name_length": "text_length"}
"""Columns of the table that a batch calls something else."""
_NUMBERS: Final = {name: int(protocol) for protocol, name in reversed(PROTOCOL_NAMES.items())}


def packet_columns(batch: PacketBatch, sensor: int, capture: int) -> list[Any]:
    """A sequence per column of `PACKET`."""
    rows = len(batch)
    return [
        batch["timestamp_ns"],
        [sensor] * rows,
        [capture] * rows,
        batch.ids,
        *(_stored(batch, column.name) for column in list(PACKET.columns)[_KEY:]),
    ]


def _stored(batch: PacketBatch, name: str) -> Any:
    if name == "protocol":
        numbers, which = np.unique(batch["protocol"], return_inverse=True)
        return np.array([protocol_name(number) for number in numbers.tolist()], object)[which]
    values = batch[_OTHER_NAMES.get(name, name)]
    if name == "name_length":
        # Of other protocols the text may be a page's address, and is none of the features' business.
        return np.where(batch["protocol"] == Protocol.DNS, values, 0)
    return values.view(np.int64) if values.dtype == np.uint64 else values


def batch_of(rows: Sequence[Sequence[Any]], first_id: int) -> PacketBatch:
    """Packets of rows of `PACKET`, numbered anew from `first_id`; what is not stored is "none".

    As in the analysis process, their names are known by hash, length and entropy only.
    """
    columns: dict[str, NDArray[Any]] = empty_columns(len(rows))
    stored = dict(zip((column.name for column in PACKET.columns), zip(*rows, strict=True), strict=False))
    for name in (name for name in stored if _OTHER_NAMES.get(name, name) in COLUMN_NAMES):
        column = _OTHER_NAMES.get(name, name)
        columns[column] = _column(column, stored[name])
    return PacketBatch(first_id, columns, np.empty(0, np.uint8))


def _column(name: str, values: Sequence[Any]) -> NDArray[Any]:
    kind = PACKET_DTYPE[name]
    if name in {"source", "destination"}:
        return np.frombuffer(b"".join(bytes(value) for value in values), kind)
    if name == "protocol":
        return np.array([_NUMBERS.get(value, int(Protocol.UNKNOWN)) for value in values], kind)
    if kind == np.uint64:
        return np.array(values, np.int64).view(np.uint64)
    return np.array(values).astype(kind)
