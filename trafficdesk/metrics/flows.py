"""`Flows`: every IP conversation of a capture with packets and bytes each way, bounded.

A conversation is a pair of ends (addresses, ports, IP protocol); one TCP pair of ends may carry several conversations
one after the other (`tcp_streams`). When there are more than the bound allows, the smaller ones of the older ones are
folded together by their pair of addresses, and those pairs in turn into one remainder: sums stay exact at every level,
and how many were folded is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.flow_keys import WORDS, FlowKeys, flow_keys
from trafficdesk.metrics.flow_rows import FlowRows
from trafficdesk.metrics.folded import Folded
from trafficdesk.metrics.tcp_sequence import count_resent
from trafficdesk.metrics.tcp_streams import is_syn, renewals
from trafficdesk.packets.key_table import KeyTable, mix
from trafficdesk.packets.protocol import IpProtocol, TcpFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.log import PacketLog

DEFAULT_BITS: Final = 18
"""131,072 conversations: some 25 MB."""
_PIECE_ROWS: Final = 8_192
"""Rows counted at once; they may all be new conversations."""
_SYN_ACK: Final = np.uint16(TcpFlag.SYN | TcpFlag.ACK)


class Flows:
    """Conversations by number, in order of appearance.

    Parameters
    ----------
    bits : 2**(bits - 1) conversations are kept apart at most.
    """

    def __init__(self, bits: int = DEFAULT_BITS) -> None:
        self._bits = bits
        self._piece = min(_PIECE_ROWS, 1 << (bits - 3))
        self.rows = FlowRows()
        self.folded = Folded(1 << (bits - 4))
        self._table = self._new_table()
        self._current = np.zeros(self.capacity, np.int64)
        """By number of the pair of ends: the row of the conversation in force."""

    @property
    def capacity(self) -> int:
        """Conversations kept apart at most."""
        return 1 << (self._bits - 1)

    def tell(self, log: PacketLog) -> None:
        """Take what became known of conversations after they were counted, from their newest packets in the log."""
        ids = self.rows["last_id"]
        here = np.flatnonzero((ids >= log.first_id) & (ids < log.end_id))
        for name in _WHOSE:
            known = log.column(name, ids[here])
            told = np.flatnonzero(known)
            self.rows[name][here[told]] = known[told]

    def add(self, batch: PacketBatch) -> None:
        """Count a batch."""
        for start in range(0, len(batch), self._piece):
            piece = batch.slice(start, min(start + self._piece, len(batch)))
            keys = flow_keys(piece)
            if len(keys):
                # A row may begin a conversation of its own, and a second one in a pair of ends known already.
                if len(self.rows) + len(keys) > self.capacity:
                    self._fold()
                self._add(piece, keys)

    def _add(self, batch: PacketBatch, keys: FlowKeys) -> None:
        packets = {name: batch[name][keys.rows] for name in _READ}
        packets["packet_id"] = batch.ids[keys.rows]
        packets["ported"] = keys.ported
        if batch.identity is not None:
            packets |= {name: values[keys.rows] for name, values in batch.identity.columns().items()}
        pair, settled = self._pairs(keys)
        self._count(packets, self._conversations(packets, keys, pair, settled), keys)

    def _pairs(self, keys: FlowKeys) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Number of each row's pair of ends, -1 where there was no room, and whether the row is the pair's first."""
        known = len(self._table)
        pair = self._table.numbers(mix(*keys.words), mix(*keys.words[::-1])).astype(np.int64)
        settled = np.zeros(len(keys), bool)
        fresh = np.flatnonzero(pair >= known)
        if len(fresh):
            first = np.empty(len(self._table) - known, np.int64)
            first[pair[fresh[::-1]] - known] = fresh[
                ::-1
            ]  # of several the last written wins: the earliest row
            words = np.stack([word[first] for word in keys.words], axis=1)
            self._current[known : len(self._table)] = self.rows.append(words, keys.side[first])
            settled[first] = True
        return pair, settled

    def _conversations(
        self,
        packets: dict[str, NDArray[Any]],
        keys: FlowKeys,
        pair: NDArray[np.int64],
        settled: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """(rows,) row of each packet's conversation; -1 where there was no room."""
        same = pair >= 0
        row = self._current[np.where(same, pair, 0)]
        words = self.rows["words"]
        # Two keys of the same 128 bits are no accident but crafted: they must not be counted as one.
        for number, word in enumerate(keys.words):
            same &= words[row, number] == word
        row[~same] = -1
        way = 2 * row + keys.side
        found = renewals(
            np.where(same, pair, -1), keys.side, packets["tcp_flags"], packets["tcp_sequence"],
            settled=settled | ~same, known=self.rows["begun"][way], base=self.rows["base_sequence"][way],
        )  # fmt: skip
        if found is not None:
            begin = found.at[found.begins]
            begun = self.rows.append(np.stack([word[begin] for word in keys.words], axis=1), keys.side[begin])
            row[found.at[found.renewed]] = begun[found.generation[found.renewed] - 1]
            self._current[pair[begin]] = begun  # of several the last written wins: the newest
        return row

    def _count(self, packets: dict[str, NDArray[Any]], row: NDArray[np.int64], keys: FlowKeys) -> None:
        side = keys.side
        lost = row < 0
        if lost.any():
            self.folded.add_remainder({"length": packets["length"][lost]}, keys.words[-1][lost])
            packets = {name: values[~lost] for name, values in packets.items()}
            row, side = row[~lost], side[~lost]
        at_ns = packets["timestamp_ns"]
        way = 2 * row + side
        np.add.at(self.rows["packets"], way, 1)
        np.add.at(self.rows["bytes"], way, packets["length"].astype(np.int64))
        np.minimum.at(self.rows["first_ns"], row, at_ns)
        np.maximum.at(self.rows["last_ns"], row, at_ns)
        np.maximum.at(self.rows["last_id"], row, packets["packet_id"])
        for name in _WHOSE:
            if name in packets:
                told = np.flatnonzero(packets[name])
                self.rows[name][row[told]] = packets[name][
                    told
                ]  # of several the last written wins: the newest
        is_tcp = packets["ip_protocol"] == IpProtocol.TCP
        tcp = np.flatnonzero(is_tcp & packets["ported"])
        if len(tcp):
            self._count_tcp({name: values[tcp] for name, values in packets.items()}, row[tcp], way[tcp])

    def _count_tcp(
        self, packets: dict[str, NDArray[Any]], row: NDArray[np.int64], way: NDArray[np.int64]
    ) -> None:
        rows, flags, at_ns = self.rows, packets["tcp_flags"], packets["timestamp_ns"]
        sequence = packets["tcp_sequence"]
        unknown = np.flatnonzero(~rows["begun"][way])[
            ::-1
        ]  # reversed: the earliest is written last and stays
        no_syn = (flags[unknown] & np.uint16(TcpFlag.SYN)) == 0
        rows["base_sequence"][way[unknown]] = sequence[unknown] - no_syn.astype(np.uint32)
        rows["begun"][way[unknown]] = True
        syn = np.flatnonzero(is_syn(flags))
        np.minimum.at(rows["syn_ns"], row[syn], at_ns[syn])
        syn_ack = np.flatnonzero((flags & _SYN_ACK) == _SYN_ACK)
        np.minimum.at(rows["syn_ack_ns"], row[syn_ack], at_ns[syn_ack])
        rows["reset"][row[(flags & np.uint16(TcpFlag.RST)) != 0]] = True
        count_resent(rows, way, flags, sequence, packets["payload_length"])

    def _fold(self) -> None:
        """Make room: keep the half that weighs most or is youngest, a quarter each."""
        rows, quarter = self.rows, self.capacity // 4
        octets = rows["bytes"].reshape(-1, 2).sum(axis=1)
        keep = np.zeros(len(rows), bool)
        keep[np.argpartition(octets, -quarter)[-quarter:]] = True
        rest = np.flatnonzero(~keep)
        keep[rest[np.argpartition(rows["last_ns"][rest], -quarter)[-quarter:]]] = True
        gone = np.flatnonzero(~keep)
        self.folded.add({name: values[gone] for name, values in rows.columns().items()})
        in_force = np.zeros(len(rows), bool)
        in_force[self._current[: len(self._table)]] = True
        kept = np.flatnonzero(keep)
        rows.keep(kept)
        self._renumber(np.flatnonzero(in_force[kept]))

    def _new_table(self) -> KeyTable:
        """At most a quarter full, so that no honest key finds its neighbourhood taken."""
        return KeyTable(self._bits + 1)

    def _renumber(self, in_force: NDArray[np.int64]) -> None:
        """Fill a new table with the pairs of ends of these rows."""
        words = tuple(np.ascontiguousarray(self.rows["words"][in_force, word]) for word in range(WORDS))
        self._table = self._new_table()
        pair = self._table.numbers(mix(*words), mix(*words[::-1])).astype(np.int64)
        found = pair >= 0
        self._current[pair[found]] = in_force[found]


_WHOSE: Final = ("program", "host")
_READ: Final = (
    "timestamp_ns", "length", "ip_protocol", "tcp_flags", "tcp_sequence", "payload_length",
)  # fmt: skip
