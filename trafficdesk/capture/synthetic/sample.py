"""The sample: half an hour of a laptop with five incidents, the same bytes for the same seed on every machine."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.pcap_writer import PcapngWriter
from trafficdesk.capture.source import Frame
from trafficdesk.capture.synthetic import everyday, neighbours
from trafficdesk.capture.synthetic.incidents import PLANTED, Planted
from trafficdesk.capture.synthetic.lan import GATEWAY, LAPTOP, NAS, PHONE, PRINTER, Lan
from trafficdesk.packets.protocol import LinkType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SECONDS: Final = 1_800.0
DEFAULT_SEED: Final = 7
TRUTH_COLUMNS: Final = (
    "family", "culprit", "peers", "start_ns", "end_ns", "first_packet", "last_packet", "packets", "note",
)  # fmt: skip
_COMMENT: Final = "Synthetic traffic with five planted incidents. All names and addresses are reserved for documentation or private."


@dataclass(frozen=True, slots=True)
class Truth:
    """What is to be found: one row of the ground truth."""

    family: str
    culprit: str
    """Address as text; the link address where the network address is the lie."""
    peers: tuple[str, ...]
    start_ns: int
    end_ns: int
    first_packet: int
    """Frame number, from 1, as tables show it."""
    last_packet: int
    packets: int
    """Frames of the incident, both directions."""
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Generated traffic."""

    frames: tuple[Frame, ...]
    incidents: tuple[int, ...]
    """Per frame the position of its incident in `truths`, from 1; 0 = ordinary."""
    truths: tuple[Truth, ...]


def generate(seed: int = DEFAULT_SEED, incidents: Sequence[Planted] = PLANTED) -> Sample:
    """Half an hour of traffic with `incidents` in it, in capture order."""
    lan = Lan(random.Random(seed))
    # The sample's own come first and others last, so that what is ordinary is the same with and without them.
    numbered = sorted(enumerate(incidents, 1), key=lambda item: item[1] not in PLANTED)
    own = sum(planted in PLANTED for planted in incidents)
    for number, planted in numbered[:own]:
        lan.incident = number
        planted.play(lan, planted.begin_s)
    lan.incident = 0
    _everyday(lan)
    _neighbours(lan)
    for number, planted in numbered[own:]:
        lan.incident = number
        planted.play(lan, planted.begin_s)
    seen = sorted(lan.seen, key=lambda one: one.timestamp_ns)
    numbers: list[list[int]] = [[] for _ in incidents]
    for number, one in enumerate(seen, 1):
        if one.incident:
            numbers[one.incident - 1].append(number)
    frames = tuple(Frame(one.data, one.timestamp_ns, one.wire_length, LinkType.ETHERNET) for one in seen)
    truths = tuple(_truth(planted, mine, frames) for planted, mine in zip(incidents, numbers, strict=True))
    return Sample(frames, tuple(one.incident for one in seen), truths)


def write_sample(
    path: Path,
    truth_path: Path | None = None,
    seed: int = DEFAULT_SEED,
    incidents: Sequence[Planted] = PLANTED,
) -> Sample:
    """Write the capture and its ground truth as CSV (RFC 4180, but lines end with a line feed alone)."""
    sample = generate(seed, incidents)
    with path.open("wb") as stream:
        writer = PcapngWriter(stream, application="TrafficDesk sample generator", comment=_COMMENT)
        for frame in sample.frames:
            writer.write(frame)
    if truth_path is not None:
        truth_path.write_bytes(truth_csv(sample.truths).encode())
    return sample


def truth_csv(truths: Sequence[Truth]) -> str:
    """Ground truth as text; peers are separated by spaces."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(TRUTH_COLUMNS)
    for truth in truths:
        values = {name: getattr(truth, name) for name in TRUTH_COLUMNS} | {"peers": " ".join(truth.peers)}
        rows.writerow(values.values())
    return text.getvalue()


def _truth(planted: Planted, numbers: list[int], frames: tuple[Frame, ...]) -> Truth:
    return Truth(
        family=planted.family,
        culprit=planted.culprit,
        peers=tuple(peer.text for peer in planted.peers),
        start_ns=frames[numbers[0] - 1].timestamp_ns,
        end_ns=frames[numbers[-1] - 1].timestamp_ns,
        first_packet=numbers[0],
        last_packet=numbers[-1],
        packets=len(numbers),
        note=planted.note,
    )


def _everyday(lan: Lan) -> None:
    now = 4.0
    while now < SECONDS - 20:
        names = lan.rng.choice(everyday.SITES)
        everyday.page(lan, now, names[: lan.rng.randrange(1, len(names) + 1)])
        if lan.rng.random() < 0.2:
            everyday.quic_page(lan, now + 3.0, "video.example.com")
        now += 6.0 + lan.around(24.0)
    # Somebody looks whether the line is well before the meeting.
    everyday.ping(lan, 22.0, GATEWAY, 8, 0.0021)
    everyday.call(lan, 118.0, 7.0)
    everyday.call(lan, 240.0, 60.0)
    for at, target, size in (
        (74.0, "/pool/main/list.gz", 1_100_000),
        (395.0, "/pool/main/kernel-6.12.pkg", 3_600_000),
        (1_245.0, "/pool/main/office-25.8.pkg", 3_100_000),
    ):
        everyday.download(lan, at, "packages.updates.example", target, size)
    everyday.watch(lan, 140.0, 12)
    everyday.watch(lan, 760.0, 8)
    for at in (38.0, 610.0, 1_190.0):
        everyday.plain_page(lan, at, "check.example.net", "/generate_204")
    for at in (62.0, 371.0, 702.0, 980.0, 1_333.0, 1_604.0):
        everyday.mail(lan, at)
    everyday.photos(lan, 95.0, 9)
    everyday.photos(lan, 1_420.0, 4)
    everyday.backup(lan, 505.0, 700_000)
    # The client doubles its interval from 32 s, as systemd-timesyncd does.
    for at in (2.0, 34.0, 98.0, 226.0, 482.0, 994.0):
        everyday.time_sync(lan, at)
    everyday.ping(lan, 1_250.0, everyday.server_of("www.news.example"), 5, 0.0193)


def _neighbours(lan: Lan) -> None:
    neighbours.renew_lease(lan, 0.5)
    neighbours.router_discovery(lan, 0.9)
    neighbours.join_network(lan, 300.0, PHONE)

    def gateway_asks(lan: Lan, at: float) -> None:
        neighbours.ask_who_has(lan, at, GATEWAY, lan.rng.choice((PHONE, PRINTER, NAS)), answered=False)

    habits: tuple[tuple[float, float, Callable[[Lan, float], None]], ...] = (
        (3.0, 45.0, lambda lan, at: neighbours.check_neighbour(lan, at, GATEWAY, LAPTOP)),
        (9.0, 80.0, lambda lan, at: neighbours.check_neighbour(lan, at, LAPTOP, GATEWAY)),
        (14.0, 70.0, gateway_asks),
        (20.0, 90.0, lambda lan, at: neighbours.ask_who_has(lan, at, PHONE, NAS, answered=False)),
        (6.0, 22.0, neighbours.chatter),
        (12.0, 240.0, neighbours.find_services),
        (30.0, 120.0, neighbours.search_players),
        (17.0, 100.0, neighbours.announce_gateway),
        (200.0, 200.0, neighbours.advertise_router),
        (25.0, 60.0, neighbours.neighbour_discovery),
    )
    for begin, mean, happen in habits:
        now = begin
        while now < SECONDS - 10:
            happen(lan, now)
            now += 0.3 * mean + lan.around(0.7 * mean)
