"""`RollUp`: packets in, rows of the history out: sums by second, minute and hour, bounded whatever the traffic is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.flow_keys import flow_keys, unpack
from trafficdesk.metrics.groups import each, group_rows, sums
from trafficdesk.packets.address import unique_addresses
from trafficdesk.packets.protocol import EtherType
from trafficdesk.packets.protocol_names import protocol_name
from trafficdesk.packets.protocols import Protocol
from trafficdesk.store.admitted import OTHERS, Admitted
from trafficdesk.store.packet_rows import packet_columns
from trafficdesk.store.rollup_detail import DetailRollUp
from trafficdesk.store.schema import (
    CONVERSATION,
    HOST_DAY,
    HOST_HOUR,
    HOST_MINUTE,
    NAME_LENGTH,
    PACKET,
    PROTOCOL_HOUR,
    PROTOCOL_MINUTE,
    VOLUME_MINUTE,
    VOLUME_SECOND,
)
from trafficdesk.store.services import Services

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.identities import Identities
    from trafficdesk.store.parcel import Parcel

HOSTS_A_MINUTE: Final = 10_000
CONVERSATIONS_AN_HOUR: Final = 200_000
"""Those that come later in the span are folded together: a flood of invented addresses must not fill the disk."""
_BARE: Final = (Protocol.TCP, Protocol.UDP)
_NS: Final = 1_000_000_000
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400


class RollUp:
    """Makes rows of what one sensor sees.

    Parameters
    ----------
    sensor : its number.
    identities : what the rows' programs and hosts are; None where nobody asked.
    packets : whether packets are kept one by one, too.
    """

    def __init__(self, sensor: int, identities: Identities | None = None, *, packets: bool = False) -> None:
        self._sensor = sensor
        self._identities = identities
        self._packets = packets
        self._hosts = Admitted(HOSTS_A_MINUTE)
        self._hosts_of_hour = Admitted(10 * HOSTS_A_MINUTE)
        self._hosts_of_day = Admitted(10 * HOSTS_A_MINUTE)
        self._ends = Admitted(CONVERSATIONS_AN_HOUR)
        self._services = Services(sensor)
        self._detail = DetailRollUp(sensor, identities)

    def add(self, batch: PacketBatch, capture: int, parcel: Parcel) -> None:
        """Put what `batch` tells into `parcel`.

        Parameters
        ----------
        capture : as in `schema.CAPTURE`.
        """
        if not len(batch):
            return
        seconds = batch["timestamp_ns"] // _NS
        lengths = batch["length"].astype(np.int64)
        self._add_volume(seconds, lengths, parcel)
        self._add_protocols(seconds, batch["protocol"], lengths, parcel)
        self._add_hosts(batch, seconds, lengths, parcel)
        self._add_conversations(batch, seconds, lengths, parcel)
        self._detail.add(batch, parcel)
        if self._packets:
            parcel.add(PACKET, *packet_columns(batch, self._sensor, capture))

    def _add_volume(self, seconds: NDArray[np.int64], lengths: NDArray[np.int64], parcel: Parcel) -> None:
        for table, span in ((VOLUME_SECOND, 1), (VOLUME_MINUTE, _MINUTE)):
            at, group = np.unique(seconds // span * span, return_inverse=True)
            total = sums(group, np.stack([np.ones_like(lengths), lengths], axis=1), len(at))
            parcel.add(table, at, self._sensors(at), total[:, 0], total[:, 1])

    def _add_protocols(
        self,
        seconds: NDArray[np.int64],
        protocols: NDArray[np.uint16],
        lengths: NDArray[np.int64],
        parcel: Parcel,
    ) -> None:
        values = np.stack([np.ones_like(lengths), lengths], axis=1)
        for table, span in ((PROTOCOL_MINUTE, _MINUTE), (PROTOCOL_HOUR, _HOUR)):
            key, group = np.unique(seconds // span * span << 16 | protocols, return_inverse=True)
            total = sums(group, values, len(key))
            names = [protocol_name(number) for number in (key & 0xFFFF).tolist()]
            parcel.add(table, key >> 16, self._sensors(key), names, total[:, 0], total[:, 1])

    def _add_hosts(
        self, batch: PacketBatch, seconds: NDArray[np.int64], lengths: NDArray[np.int64], parcel: Parcel
    ) -> None:
        network = batch["network"]
        rows = np.flatnonzero((network == EtherType.IPV4) | (network == EtherType.IPV6))
        if not len(rows):
            return
        ends = np.concatenate([batch["source"][rows], batch["destination"][rows]])
        addresses, which = unique_addresses(ends)
        values = np.zeros((len(ends), 4), np.int64)
        values[: len(rows), 0] = values[len(rows) :, 2] = 1
        values[: len(rows), 1] = values[len(rows) :, 3] = lengths[rows]
        both = np.tile(seconds[rows], 2)
        for table, span, admitted in (
            (HOST_MINUTE, _MINUTE, self._hosts),
            (HOST_HOUR, _HOUR, self._hosts_of_hour),
            (HOST_DAY, _DAY, self._hosts_of_day),
        ):
            at = both // span * span
            key, group = np.unique(at * len(addresses) + which, return_inverse=True)
            total = sums(group, values, len(key))
            spans, texts = key // len(addresses), addresses[key % len(addresses)].tolist()
            named = admitted.named(spans.tolist(), texts, OTHERS)
            parcel.add(table, *_merged(self._sensor, spans, named, total))

    def _add_conversations(
        self, batch: PacketBatch, seconds: NDArray[np.int64], lengths: NDArray[np.int64], parcel: Parcel
    ) -> None:
        keys = flow_keys(batch)
        if not len(keys):
            return
        hours = seconds[keys.rows] // _HOUR * _HOUR
        group, first = group_rows(np.stack([*keys.words, hours.astype(np.uint64)], axis=1))
        count = len(first)
        values = np.zeros((len(group), 4), np.int64)
        every = np.arange(len(group))
        values[every, keys.side] = 1
        values[every, keys.side + 2] = lengths[keys.rows]
        total = sums(group, values, count)
        at_ns = batch["timestamp_ns"][keys.rows]
        parts = unpack(keys.words[-1][first])
        ends = np.stack([word[first] for word in keys.words[:4]], axis=1)
        low, high = (
            np.ascontiguousarray(ends[:, 2 * side : 2 * side + 2]).view("V16").reshape(-1) for side in (0, 1)
        )
        protocols = batch["protocol"][keys.rows]
        last = np.zeros(count, np.int64)
        last[group] = every
        # The last that says what is carried; what is not more than its transport is told by the key.
        telling = np.flatnonzero(~np.isin(protocols, _BARE))
        speaks = np.full(count, -1)
        speaks[group[telling]] = telling
        names = [protocol_name(protocols[row]) if row >= 0 else "" for row in speaks.tolist()]
        self._put_conversations(
            parcel,
            hours[first].tolist(),
            [
                low.tolist(),
                high.tolist(),
                parts["low_port"].tolist(),
                parts["high_port"].tolist(),
                parts["protocol"].tolist(),
            ],
            [
                *total.T.tolist(),
                each(np.minimum, group, at_ns, count).tolist(),
                each(np.maximum, group, at_ns, count).tolist(),
            ],
            [names, *self._who(batch, keys.rows, last)],
        )

    def _put_conversations(
        self,
        parcel: Parcel,
        hours: list[int],
        ends: list[list[Any]],
        sums_: list[list[int]],
        texts: list[list[str]],
    ) -> None:
        folded = (OTHERS, OTHERS, -1, -1, -1)
        named = self._ends.named(hours, list(zip(*ends, strict=True)), folded)
        for number, end in enumerate(named):
            if end is folded:
                for text in texts:
                    text[number] = ""
        rows = (hours, [self._sensor] * len(hours), *zip(*named, strict=True), *sums_, *texts)
        parcel.add(CONVERSATION, *rows)
        self._services.add(rows, parcel)

    def _who(self, batch: PacketBatch, rows: Any, last: NDArray[np.int64]) -> list[list[str]]:
        """Program, how it is known, host and where its name is from, of conversations' last rows."""
        known, names = batch.identity, self._identities
        if known is None or names is None:
            return [[""] * len(last) for _ in range(4)]
        programs = [names.programs[number] for number in known.program[rows][last].tolist()]
        hosts = [names.hosts[number] for number in known.host[rows][last].tolist()]
        return [
            [one.name[:NAME_LENGTH] for one in programs],
            [one.certainty.words for one in programs],
            [one.name[:NAME_LENGTH] for one in hosts],
            [one.source.words for one in hosts],
        ]

    def _sensors(self, rows: NDArray[np.int64]) -> list[int]:
        return [self._sensor] * len(rows)


def _merged(
    sensor: int, spans: NDArray[np.int64], named: list[bytes], total: NDArray[np.int64]
) -> tuple[list[Any], ...]:
    return (spans.tolist(), [sensor] * len(named), named, *total.T.tolist())
