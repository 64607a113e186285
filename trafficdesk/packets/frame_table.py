"""Packets as a pandas table: addresses as text, UTC timestamps, names instead of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trafficdesk.packets.address import address_texts, mac_texts
from trafficdesk.packets.protocol import EtherType, Status, protocol_name, tunnel_name

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

_HIDDEN = ("text_start", "text_length", "name_hash")
_ADDRESSED = (EtherType.IPV4, EtherType.IPV6, EtherType.ARP)


def dataframe_of(batch: PacketBatch) -> pd.DataFrame:
    """One row per packet, indexed by packet_id; the columns of `PACKET_DTYPE` in the person's terms.

    Application text is decoded as UTF-8 with undecodable bytes escaped; it is hostile all the same.
    """
    import pandas as pd

    columns: dict[str, object] = {"timestamp": pd.to_datetime(batch["timestamp_ns"], unit="ns", utc=True)}
    columns |= {name: column for name, column in batch.columns.items() if name not in (*_HIDDEN, *_NAMED)}
    addressed = np.isin(batch["network"], _ADDRESSED)
    for name in ("source", "destination"):
        columns[name] = np.where(addressed, address_texts(batch[name]), "")
        columns[f"{name}_mac"] = mac_texts(batch[f"{name}_mac"])
    columns["protocol"] = _names(batch["protocol"], protocol_name)
    columns["status"] = _names(batch["status"], lambda number: Status(number).name.lower())
    columns["tunnel"] = _names(batch["tunnel"], tunnel_name)
    columns["text"] = [batch.text_of(row).decode("utf-8", "backslashreplace") for row in range(len(batch))]
    return pd.DataFrame(columns, index=pd.Index(batch.ids, name="packet_id"))


_NAMED = ("source", "destination", "source_mac", "destination_mac", "protocol", "status", "tunnel")


def _names(numbers: NDArray[Any], name_of: object) -> NDArray[np.object_]:
    assert callable(name_of)
    distinct, inverse = np.unique(numbers, return_inverse=True)
    return (
        np.array([name_of(int(number)) for number in distinct], object)[inverse]
        if len(numbers)
        else np.empty(0, object)
    )
