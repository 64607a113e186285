"""The splicer: attack captures laid into a benign network's traffic, the same for the same seed.

What it keeps: every packet, its length, ports, flags, names, and all times within one capture. What it changes: when a
capture begins, and the addresses of hosts.

1. `everyday` lays benign captures beside each other on one network of half an hour: set-up runs of household devices,
   Echo's questions and answers, up to half an hour of ordinary DNS, cameras. A capture's private hosts become hosts
   of 10.20.0.0/16, the host through which public addresses come becomes that network's gateway, public addresses stay.
2. `spliced` takes one attack capture, draws its beginning from the middle of that half hour, and puts its private
   hosts on the same network: up to eight are hosts that live there already (so an attacker also goes on with its
   ordinary traffic, and a victim's own packets lie between those of the attack); of more than eight, as a sweep
   has, the busiest is one that lives there, the others keep their last octet. Where a capture has no private
   host, its busiest IPv4 host is taken for one.
3. Link addresses follow whoever used them first for a network address, so an ARP conflict stays one. IPv6, multicast
   and link-local addresses stay as they are; `x.y.z.255` becomes the network's broadcast address.

Rows keep their labels: an attack capture's benign rows stay benign. Everything happens on decoded columns: checksums
and quoted headers inside ICMP errors are not looked at by the detector, and are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.corpus import ATTACK, BENIGN, Labelled, Truth, joined, read
from trafficdesk.packets.address import halves, is_ipv4
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

SECOND_NS = 1_000_000_000
EVERYDAY_S = 1_500
"""Seconds over which the benign captures' beginnings are spread."""
BEGIN_NS = 1_700_000_000 * SECOND_NS
FEW = 8
BEGIN_SHARES = (0.45, 0.65)
"""When an attack begins, in shares of the benign time."""
_NETWORK = 10 << 24 | 20 << 16
GATEWAY = _NETWORK | 1
_BROADCAST = _NETWORK | 255
_GATEWAY_MAC = 0x02_00_00_20_00_01
_GROUP_BIT = np.uint64(1 << 40)
_DEVICES, _ECHO_RUNS, _DNS_ROWS = 14, 8, 10_000
HALF_HOUR_NS = 1_800 * SECOND_NS


@dataclass(slots=True)
class Lan:
    """Who lives on the network: address of every host, and its link address."""

    macs: dict[int, int] = field(default_factory=lambda: {GATEWAY: _GATEWAY_MAC})
    homes: dict[tuple[str, int], int] = field(default_factory=dict)
    """(collection, address there) to the address here."""
    strangers: int = 0

    def settle(self, collection: str, address: int, mac: int | None) -> int:
        """Address here of a benign capture's host; the same for the same collection."""
        known = self.homes.get((collection, address))
        if known is None:
            known = _NETWORK | (len(self.macs) + 1)
            self.homes[collection, address] = known
            self.macs[known] = mac if mac is not None else self.stranger()
        return known

    def stranger(self) -> int:
        """A link address nobody has."""
        self.strangers += 1
        return 0x02_00_00_99_00_00 + self.strangers


@dataclass(frozen=True, slots=True, eq=False)
class Roles:
    """Who is who in one capture, IPv4 addresses as numbers."""

    private: list[int]
    """Busiest first, without the gateway."""
    gateway: int | None
    mac_of: dict[int, int]
    """Link address that used a network address first."""
    gateway_macs: frozenset[int]
    """Link addresses that public addresses came from."""


def everyday(captures: Path, seed: int) -> tuple[Labelled, Lan]:
    """The benign half hour of that seed, and its network."""
    random = np.random.default_rng(seed)
    lan = Lan()
    parts = []
    for collection, batch in _benign_captures(captures / "benign", random):
        placed = _placed(batch, _benign_addresses(collection, batch, lan), lan)
        begin = (
            BEGIN_NS if collection == "dns" else BEGIN_NS + int(random.integers(0, EVERYDAY_S * SECOND_NS))
        )
        parts.append(_shifted(placed, begin))
    batch, _ = _in_time_order(parts)
    return Labelled(f"everyday {seed}", batch, np.full(len(batch), BENIGN, np.int8)), lan


def _benign_captures(folder: Path, random: np.random.Generator) -> Iterable[tuple[str, PacketBatch]]:
    devices = sorted(path for path in (folder / "iot_sentinel").iterdir() if path.is_dir())
    for number in sorted(random.choice(len(devices), _DEVICES, replace=False).tolist()):
        runs = sorted(devices[number].glob("*.pcap"))
        yield f"iot {devices[number].name}", read(runs[int(random.integers(len(runs)))])
    echo = sorted((folder / "alexa_voice" / "haipeng_li").glob("*.pcap"))
    for number in random.choice(len(echo), _ECHO_RUNS, replace=False).tolist():
        yield "echo", read(echo[number])
    dns = read(folder / "dns_normal_100k.pcap")
    start = int(random.integers(0, len(dns) - _DNS_ROWS))
    yield "dns", _half_hour(dns.slice(start, start + _DNS_ROWS), 0)
    for path in sorted((folder / "tjoconnor_iot" / "pcaps").glob("*.pcap")):
        batch = read(path)
        yield path.stem, _half_hour(batch, int(random.integers(0, len(batch) // 2)))


def _half_hour(batch: PacketBatch, start: int) -> PacketBatch:
    times = np.maximum.accumulate(batch["timestamp_ns"])
    return batch.slice(start, int(np.searchsorted(times, times[start] + HALF_HOUR_NS)))


def spliced(base: Labelled, lan: Lan, capture: Labelled, seed: int) -> Labelled:
    """`capture` laid into `base`, its incidents moved with it."""
    random = np.random.default_rng(seed)
    batch = capture.batch
    placed = _placed(batch, _attack_addresses(batch, lan, random), lan)
    times = base.batch["timestamp_ns"]
    span = int(times[-1] - times[0])
    begin = int(times[0]) + int(span * random.uniform(*BEGIN_SHARES))
    shift = begin - int(batch["timestamp_ns"].min())
    both, order = _in_time_order([base.batch, _shifted(placed, begin)])
    label = np.concatenate([base.label, capture.label])[order]
    truths = tuple(
        replace(truth, start_ns=truth.start_ns + shift, end_ns=truth.end_ns + shift)
        for truth in capture.truths
    )
    return Labelled(capture.name, both, label, truths)


def first_attack_ns(capture: Labelled, truth: Truth) -> int:
    """Time of the incident's first packet that is labelled as an attack's."""
    times = capture.batch["timestamp_ns"]
    # Times in the incident list are rounded to milliseconds.
    inside = (times >= truth.start_ns - 2_000_000) & (times <= truth.end_ns + 2_000_000)
    own = inside & (capture.label == ATTACK)
    return int(times[own].min()) if own.any() else truth.start_ns


def roles_of(batch: PacketBatch) -> Roles:
    """Who is who in a capture."""
    spoken = np.isin(batch["network"], (EtherType.IPV4, EtherType.ARP))
    source, destination = _numbers(batch["source"]), _numbers(batch["destination"])
    own = spoken & (source > 0)
    macs = batch["source_mac"]
    ends = np.concatenate([source[own], destination[spoken]])
    hosts, rows = np.unique(ends[_is_private(ends)], return_counts=True)
    busiest = hosts[np.argsort(-rows, kind="stable")].tolist()
    if not busiest and len(ends):
        hosts, rows = np.unique(ends[ends > 0], return_counts=True)
        busiest = [int(hosts[rows.argmax()])]
    chosen = np.isin(source, np.array(busiest, np.int64)) & own & (macs != NO_MAC)
    first, at = np.unique(source[chosen], return_index=True)
    mac_of = dict(zip(first.tolist(), macs[chosen][at].tolist(), strict=True))
    outside = own & ~np.isin(source, np.array(busiest, np.int64)) & (macs != NO_MAC)
    gateway_macs = frozenset(np.unique(macs[outside]).tolist())
    gateway = next((host for host in busiest if mac_of.get(host) in gateway_macs), None)
    return Roles([host for host in busiest if host != gateway], gateway, mac_of, gateway_macs)


def _benign_addresses(collection: str, batch: PacketBatch, lan: Lan) -> dict[int, int]:
    roles = roles_of(batch)
    here = {} if roles.gateway is None else {roles.gateway: GATEWAY}
    for host in roles.private:
        here[host] = lan.settle(collection, host, roles.mac_of.get(host))
    return here


def _attack_addresses(batch: PacketBatch, lan: Lan, random: np.random.Generator) -> dict[int, int]:
    roles = roles_of(batch)
    here = {} if roles.gateway is None else {roles.gateway: GATEWAY}
    residents = [host for host in sorted(lan.macs) if host != GATEWAY]
    random.shuffle(residents)
    housed = roles.private if len(roles.private) <= FEW else roles.private[:1]
    here.update(zip(housed, residents, strict=False))
    taken = set(here.values())
    for host in roles.private[len(housed) :]:
        place = _NETWORK | (host & 255)
        while place in taken:
            place += 256
        taken.add(place)
        here[host] = place
    return here


def _placed(batch: PacketBatch, here: dict[int, int], lan: Lan) -> PacketBatch:
    """The same packets with the addresses of this network."""
    roles = roles_of(batch)
    columns = dict(batch.columns)
    for name in ("source", "destination"):
        columns[name] = _moved(batch[name], here)
    macs = dict.fromkeys(roles.gateway_macs, _GATEWAY_MAC)
    for host, mac in roles.mac_of.items():
        if host in here and mac not in macs:
            macs[mac] = lan.macs.get(here[host]) or lan.stranger()
    for name in ("source_mac", "destination_mac"):
        distinct, inverse = np.unique(batch[name], return_inverse=True)
        for index, mac in enumerate(distinct.tolist()):
            if mac != NO_MAC and not np.uint64(mac) & _GROUP_BIT:
                distinct[index] = macs.setdefault(mac, mac)
        columns[name] = distinct[inverse]
    return PacketBatch(batch.first_id, columns, batch.text)


def _moved(addresses: NDArray[np.void], here: dict[int, int]) -> NDArray[np.void]:
    numbers = _numbers(addresses)
    distinct, inverse = np.unique(numbers, return_inverse=True)
    for index, number in enumerate(distinct.tolist()):
        if number in here:
            distinct[index] = here[number]
        elif number > 0 and number & 255 == 255 and _is_private(np.array([number]))[0]:
            distinct[index] = _BROADCAST
    raw = np.ascontiguousarray(addresses).view(np.uint8).reshape(-1, 16).copy()
    four = numbers > 0
    raw[four, 12:] = distinct[inverse][four].astype(">u4").view(np.uint8).reshape(-1, 4)
    return raw.reshape(-1).view("V16")


def _numbers(addresses: NDArray[np.void]) -> NDArray[np.int64]:
    """(rows,) IPv4 addresses as numbers; -1 = not IPv4."""
    pair = halves(addresses)
    return np.where(is_ipv4(pair), (pair[:, 1] & np.uint64(0xFFFF_FFFF)).astype(np.int64), -1)


def _is_private(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """RFC 1918, without what looks like a subnet's broadcast address."""
    inside = (numbers >> 24 == 10) | (numbers >> 20 == 0xAC1) | (numbers >> 16 == 0xC0A8)
    return inside & (numbers & 255 != 255)


def _shifted(batch: PacketBatch, begin_ns: int) -> PacketBatch:
    columns = dict(batch.columns)
    times = batch["timestamp_ns"]
    columns["timestamp_ns"] = times + np.int64(begin_ns - int(times.min()))
    return PacketBatch(batch.first_id, columns, batch.text)


def _in_time_order(parts: list[PacketBatch]) -> tuple[PacketBatch, NDArray[np.intp]]:
    """All packets by time, and where each was before; a capture's own order is kept."""
    both = joined(parts)
    times = np.concatenate([np.maximum.accumulate(part["timestamp_ns"]) for part in parts])
    order = np.argsort(times, kind="stable")
    return PacketBatch(0, {name: column[order] for name, column in both.columns.items()}, both.text), order
