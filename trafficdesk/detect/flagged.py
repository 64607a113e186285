"""`FlaggedRows`: the rows an incident may be made of, with both ends as keys and as addresses."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np

from trafficdesk.packets.address import address_text, mac_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from trafficdesk.detect.explanation import Reasons
    from trafficdesk.features import Observation
    from trafficdesk.packets.batch import PacketBatch


@dataclass(frozen=True, slots=True, eq=False)
class FlaggedRows:
    """Rows that a rule or the model flagged; arrays over (rows,).

    The first end is the culprit where a rule knows it, else the source.
    """

    ids: NDArray[np.int64]
    timestamps_ns: NDArray[np.int64]
    seconds: NDArray[np.float64]
    """`CaptureClock`'s time."""
    first: NDArray[np.int64]
    """Host key of the first end."""
    second: NDArray[np.int64]
    first_address: NDArray[np.void]
    second_address: NDArray[np.void]
    first_mac: NDArray[np.uint64]
    second_mac: NDArray[np.uint64]
    first_by_mac: NDArray[np.bool_]
    """Whether the MAC names the first end: it has no address, or the address is what is disputed."""
    second_by_mac: NDArray[np.bool_]
    port: NDArray[np.int64]
    """The second end's port, -1 = none."""
    score: NDArray[np.float32]
    reason_features: NDArray[np.int16]
    """(rows, told), -1 = none."""
    reason_values: NDArray[np.float32]
    reason_usual: NDArray[np.float32]
    reason_second: NDArray[np.int8]
    """Whether a reason tells of the second end; -1 = of neither."""

    def __len__(self) -> int:
        return len(self.ids)

    def where(self, chosen: NDArray[np.bool_]) -> FlaggedRows:
        """The chosen rows."""
        return FlaggedRows(*(getattr(self, item.name)[chosen] for item in fields(self)))

    @classmethod
    def joined(cls, parts: Iterable[FlaggedRows]) -> Self:
        """Rows end to end."""
        whole = list(parts)
        return cls(*(np.concatenate([getattr(part, item.name) for part in whole]) for item in fields(cls)))

    def first_text(self, row: int) -> str:
        """Name of a row's first end."""
        return _text(self.first_address[row], self.first_mac[row], by_mac=bool(self.first_by_mac[row]))

    def second_text(self, row: int) -> str:
        """Name of a row's second end."""
        return _text(self.second_address[row], self.second_mac[row], by_mac=bool(self.second_by_mac[row]))

    def swapped(self, swap: NDArray[np.bool_]) -> FlaggedRows:
        """With the ends exchanged where `swap`; the port, which was the second end's, is then unknown."""
        pairs = {}
        for name in ("", "_address", "_mac", "_by_mac"):
            first, second = getattr(self, f"first{name}"), getattr(self, f"second{name}")
            pairs[f"first{name}"] = np.where(swap, second, first)
            pairs[f"second{name}"] = np.where(swap, first, second)
        rest = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in pairs}
        rest["port"] = np.where(swap, -1, self.port)
        rest["reason_second"] = _turned(self.reason_second, swap)
        return FlaggedRows(**rest, **pairs)


def flagged_rows(  # one row of each kind of end
    batch: PacketBatch,
    observation: Observation,
    at: NDArray[np.intp],
    *,
    at_destination: NDArray[np.bool_],
    disputed: bool,
    score: NDArray[np.float32],
    reasons: Reasons,
) -> FlaggedRows:
    """Rows `at` of a batch.

    Parameters
    ----------
    at_destination : (rows,) whether the first end is the destination.
    disputed : ARP rows in which addresses are disputed: the first end goes by its MAC, and the second is the address
        it claims.
    score : (rows,).
    """
    rows = observation.rows
    arp = rows.arp[at]
    bare = ~rows.ip[at] & ~arp
    any_sender = rows.sender_is_any[at]
    # In ARP a MAC is who acts and an address is what is asked for or claimed.
    host = {"source": rows.source[at], "destination": rows.destination[at]}
    peer = {
        "source": np.where(arp, rows.sender_address[at], rows.source[at]),
        "destination": np.where(arp, rows.target_address[at], rows.destination[at]),
    }
    if disputed:
        peer["destination"] = np.where(arp, rows.sender_address[at], peer["destination"])
    address = {"source": batch["source"][at], "destination": batch["destination"][at]}
    claimed = address["source"] if disputed else address["destination"]
    mac = {"source": batch["source_mac"][at], "destination": batch["destination_mac"][at]}
    swap = at_destination
    return FlaggedRows(
        ids=batch.ids[at],
        timestamps_ns=batch["timestamp_ns"][at],
        seconds=rows.seconds[at],
        first=np.where(swap, host["destination"], host["source"]),
        second=np.where(swap, peer["source"], peer["destination"]),
        first_address=np.where(swap, address["destination"], address["source"]),
        second_address=np.where(swap, address["source"], np.where(arp, claimed, address["destination"])),
        first_mac=np.where(swap, mac["destination"], mac["source"]),
        second_mac=np.where(swap, mac["source"], mac["destination"]),
        first_by_mac=bare | (arp & (disputed | (any_sender & ~swap))),
        second_by_mac=bare,
        port=np.where(swap, rows.source_port[at], rows.destination_port[at]),
        score=score,
        reason_features=reasons.features,
        reason_values=reasons.values,
        reason_usual=reasons.usual,
        reason_second=_turned(reasons.ends, swap),
    )


def _turned(ends: NDArray[np.int8], swap: NDArray[np.bool_]) -> NDArray[np.int8]:
    """(rows, told) ends, those of the rows to `swap` exchanged."""
    return np.where(swap[:, None] & (ends >= 0), 1 - ends, ends).astype(np.int8)


def _text(address: np.void, mac: np.uint64, *, by_mac: bool) -> str:
    if by_mac:
        return mac_text(int(mac)) or "a device without an address"
    return address_text(address.tobytes())
