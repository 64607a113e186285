"""`DetailRollUp`: packets in, rows of `schema_detail` out: lengths, delays, devices, hits on threat lists."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.delays import KINDS, step_of
from trafficdesk.metrics.groups import each, group_rows, sums
from trafficdesk.metrics.packet_lengths import CLASSES
from trafficdesk.packets.address import is_local_pair
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.protocol import EtherType
from trafficdesk.store.admitted import OTHERS, Admitted
from trafficdesk.store.schema_detail import DELAY_HOUR, DEVICE_DAY, LENGTH_MINUTE, THREAT_DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.identities import Identities
    from trafficdesk.store.parcel import Parcel

ANSWERERS_AN_HOUR: Final = 2_000
"""Addresses whose delays are told apart, of each kind."""
DEVICES_A_DAY: Final = 5_000
_NS: Final = 1_000_000_000
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
_NAME: Final = 255
_GROUP: Final = np.uint64(1 << 40)
"""The bit of a link-layer address that says it is many's (IEEE 802); nobody sends from one."""
_ADDRESSED: Final = (EtherType.IPV4, EtherType.IPV6, EtherType.ARP)
_OTHER: Final = (0, OTHERS)


class DetailRollUp:
    """Makes these rows of what one sensor sees.

    Parameters
    ----------
    sensor : its number.
    identities : what the rows' hits on threat lists are; None where nobody asked.
    """

    def __init__(self, sensor: int, identities: Identities | None = None) -> None:
        self._sensor = sensor
        self._identities = identities
        self._delays = {name: kind() for name, kind in KINDS.items()}
        self._answerers = {name: Admitted(ANSWERERS_AN_HOUR) for name in KINDS}
        self._devices = Admitted(DEVICES_A_DAY)

    def add(self, batch: PacketBatch, parcel: Parcel) -> None:
        """Put what `batch` tells into `parcel`; it has rows."""
        self._add_lengths(batch, parcel)
        for kind in KINDS:
            self._add_delays(kind, batch, parcel)
        self._add_devices(batch, parcel)
        self._add_threats(batch, parcel)

    def _add_lengths(self, batch: PacketBatch, parcel: Parcel) -> None:
        lengths = batch["length"].astype(np.int64)
        minutes = batch["timestamp_ns"] // (_MINUTE * _NS) * _MINUTE
        which = np.searchsorted(CLASSES, lengths, "right") - 1
        key, group = np.unique(minutes * len(CLASSES) + which, return_inverse=True)
        total = sums(group, np.stack([np.ones_like(lengths), lengths], axis=1), len(key))
        parcel.add(
            LENGTH_MINUTE,
            key // len(CLASSES),
            [self._sensor] * len(key),
            np.array(CLASSES)[key % len(CLASSES)],
            *total.T,
            each(np.minimum, group, lengths, len(key)),
            each(np.maximum, group, lengths, len(key)),
        )

    def _add_delays(self, kind: str, batch: PacketBatch, parcel: Parcel) -> None:
        answers = self._delays[kind].of(batch)
        if not len(answers.rows):
            return
        hours = batch["timestamp_ns"][answers.rows] // (_HOUR * _NS) * _HOUR
        ends = _words(batch["source"][answers.rows])
        steps = step_of(answers.delays_ns)
        group, first = group_rows(np.stack([*ends.T, hours.view(np.uint64), steps.view(np.uint64)], axis=1))
        spans = hours[first].tolist()
        named = self._answerers[kind].named(spans, _bytes_of(ends[first]), OTHERS)
        rows = len(first)
        parcel.add(
            DELAY_HOUR,
            spans,
            [self._sensor] * rows,
            [kind] * rows,
            named,
            steps[first],
            np.bincount(group),
        )

    def _add_devices(self, batch: PacketBatch, parcel: Parcel) -> None:
        macs = batch["source_mac"]
        rows = np.flatnonzero((macs != NO_MAC) & (macs != 0) & ((macs & _GROUP) == 0))
        if not len(rows):
            return
        at_ns = batch["timestamp_ns"][rows]
        days = at_ns // (_DAY * _NS) * _DAY
        source = batch["source"][rows]
        ends = _words(source)
        own = is_local_pair(np.ascontiguousarray(source).view(">u8").reshape(-1, 2).astype(np.uint64))
        own &= np.isin(batch["network"][rows], _ADDRESSED)
        ends = np.where(own[:, None], ends, np.uint64(0))
        group, first = group_rows(np.stack([macs[rows], *ends.T, days.view(np.uint64)], axis=1))
        values = np.stack([np.ones(len(rows), np.int64), batch["length"][rows].astype(np.int64)], axis=1)
        spans = days[first].tolist()
        keys = list(zip(macs[rows][first].tolist(), _bytes_of(ends[first]), strict=True))
        named = self._devices.named(spans, keys, _OTHER)
        parcel.add(
            DEVICE_DAY,
            spans,
            [self._sensor] * len(first),
            *zip(*named, strict=True),
            *sums(group, values, len(first)).T,
            each(np.minimum, group, at_ns, len(first)),
            each(np.maximum, group, at_ns, len(first)),
        )

    def _add_threats(self, batch: PacketBatch, parcel: Parcel) -> None:
        known = batch.identity.threat if batch.identity is not None else None
        if known is None or self._identities is None or not known.any():
            return
        rows = np.flatnonzero(known)
        at_ns = batch["timestamp_ns"][rows]
        days = at_ns // (_DAY * _NS) * _DAY
        group, first = group_rows(np.stack([known[rows].astype(np.uint64), days.view(np.uint64)], axis=1))
        hits = [self._identities.threats[number] for number in known[rows][first].tolist()]
        texts = [(hit.list_name[:_NAME], hit.entry[:_NAME], hit.met[:_NAME]) for hit in hits]
        parcel.add(
            THREAT_DAY,
            days[first],
            [self._sensor] * len(first),
            [_number(*text) for text in texts],
            *zip(*texts, strict=True),
            [hit.dated_s for hit in hits],
            np.bincount(group),
            each(np.minimum, group, at_ns, len(first)),
            each(np.maximum, group, at_ns, len(first)),
        )


def _words(addresses: NDArray[np.void]) -> NDArray[np.uint64]:
    """(rows, 2) halves as they lie in memory."""
    return np.ascontiguousarray(addresses).view(np.uint64).reshape(-1, 2)


def _bytes_of(words: NDArray[np.uint64]) -> list[Any]:
    """Each address' 16 bytes."""
    return np.ascontiguousarray(words).view("V16").reshape(-1).tolist()


def _number(*parts: str) -> int:
    """63 bits that stand for some texts."""
    told = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest()) >> 1
