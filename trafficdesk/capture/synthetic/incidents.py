"""The planted incidents: what they look like on the wire, and the ground truth of each."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.synthetic import frames, messages
from trafficdesk.capture.synthetic.conversation import TcpConversation
from trafficdesk.capture.synthetic.everyday import resolve
from trafficdesk.capture.synthetic.lan import GATEWAY, INTRUDER, LAPTOP, SCANNER, outside
from trafficdesk.capture.synthetic.neighbours import ask_who_has
from trafficdesk.packets.protocol import IpProtocol, TcpFlag

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.capture.synthetic.lan import Host, Lan

CONTROLLER: Final = outside("controller", "192.0.2.77", ttl=48)
STORAGE: Final = outside("storage", "192.0.2.140", ttl=51)
_TXT: Final = 16
_NULL: Final = 10
_WELL_KNOWN: Final = (
    21,
    22,
    23,
    25,
    53,
    80,
    110,
    111,
    135,
    139,
    143,
    443,
    445,
    548,
    631,
    993,
    3306,
    3389,
    5000,
    5900,
)


@dataclass(frozen=True, slots=True)
class Planted:
    """One incident and who is to blame."""

    family: str
    """Name in `detect.families`."""
    culprit: str
    """Address as text; the link address of a device that lies about its network address."""
    peers: tuple[Host, ...]
    begin_s: float
    play: Callable[[Lan, float], None]
    note: str


def port_scan(lan: Lan, at: float) -> None:
    """300 ports of the laptop in a quarter of a minute: refused, dropped, and one that is open."""
    ask_who_has(lan, at, SCANNER, LAPTOP, answered=True)
    others = [port for port in range(1, 1_025) if port not in _WELL_KNOWN]
    ports = [*_WELL_KNOWN, *lan.rng.sample(others, 300 - len(_WELL_KNOWN))]
    lan.rng.shuffle(ports)
    now = at + 0.01
    for port in ports:
        _probe(lan, now, port)
        now += 0.012 + lan.around(0.036)


def _probe(lan: Lan, at: float, port: int) -> None:
    own = 40_000 + lan.rng.randrange(20_000)
    sequence = lan.rng.getrandbits(32)

    def send(when: float, side: int, flags: int, numbers: tuple[int, int]) -> None:
        source, destination = (SCANNER, LAPTOP) if side == 0 else (LAPTOP, SCANNER)
        ports = (own, port) if side == 0 else (port, own)
        segment = frames.tcp(
            (source.ip, destination.ip),
            ports,
            sequence=numbers[0],
            acknowledgement=numbers[1],
            flags=flags,
            window=1_024,
        )
        lan.packet(when, source, destination, IpProtocol.TCP, segment)

    send(at, 0, TcpFlag.SYN, (sequence, 0))
    if port == 22:
        own_sequence = lan.rng.getrandbits(32)
        send(at + 0.0001, 1, TcpFlag.SYN | TcpFlag.ACK, (own_sequence, sequence + 1))
        send(at + 0.0008, 0, TcpFlag.RST, (sequence + 1, 0))
    elif lan.rng.random() < 0.7:
        send(at + 0.0001, 1, TcpFlag.RST | TcpFlag.ACK, (0, sequence + 1))


def dns_tunnel(lan: Lan, at: float) -> None:
    """Data in the labels of DNS questions, answered in TXT and NULL records, for a minute."""
    now = at
    for number in range(330):
        kind = _NULL if number % 5 == 4 else _TXT
        up = base64.b32encode(lan.noise(75)).decode().rstrip("=").lower()
        name = f"{up[:60]}.{up[60:]}.{number:04x}.t.tunnel.example"
        identifier, port = lan.rng.getrandbits(16), 32_768 + lan.rng.randrange(28_000)
        lan.udp(now, LAPTOP, GATEWAY, (port, 53), messages.dns_query(identifier, name, kind))
        down = base64.b64encode(lan.noise(60))
        data = bytes([len(down)]) + down if kind == _TXT else lan.noise(90)
        lan.udp(
            now + 0.03 + lan.around(0.02),
            GATEWAY,
            LAPTOP,
            (53, port),
            messages.dns_answer(identifier, name, kind, [data], ttl_s=0),
        )
        now += 0.08 + lan.around(0.1)


def beacon(lan: Lan, at: float) -> None:
    """A call home about every 12 s for six minutes: a short TLS connection each, next to no data."""
    for number in range(31):
        begin = at + number * 12.0 + 0.7 * (lan.rng.random() - 0.5)
        talk = TcpConversation(lan, (LAPTOP, CONTROLLER), 443, begin, delay_s=0.044).open()
        talk.tls("status.controller.example")
        talk.sealed(0, 212)
        talk.sealed(1, 64, wait_s=0.05)
        talk.close()


def upload_burst(lan: Lan, at: float) -> None:
    """40 MB to a host never spoken to before, in half a minute."""
    now = resolve(lan, at, "drop.storage.example")
    talk = TcpConversation(lan, (LAPTOP, STORAGE), 443, now, delay_s=0.038).open()
    talk.tls("drop.storage.example")
    talk.stream(0, 40_000_000, 1_330_000, every=4, merged=8)
    talk.sealed(1, 120)
    talk.close()


def arp_conflict(lan: Lan, at: float) -> None:
    """Another device answers for the gateway's address, unasked and for three quarters of a minute."""
    ask_who_has(lan, at - 2.0, INTRUDER, LAPTOP, answered=True)
    for number in range(30):
        lan.arp(
            at + number * 1.5 + 0.05 * lan.rng.random(), 2, INTRUDER, LAPTOP, to=LAPTOP.mac, claims=GATEWAY.ip
        )
    lan.poisoned = (at + 0.01, at + 46.0)
    # The gateway's own word puts an end to it.
    ask_who_has(lan, at + 46.0, LAPTOP, GATEWAY, answered=True)


PLANTED: Final = (
    Planted(
        "port scan", SCANNER.text, (LAPTOP,), 620.0, port_scan, "300 TCP ports of the laptop in about 15 s"
    ),
    Planted(
        "dns tunnel",
        LAPTOP.text,
        (GATEWAY,),
        860.0,
        dns_tunnel,
        "330 long TXT and NULL questions in about 60 s",
    ),
    Planted(
        "beacon", LAPTOP.text, (CONTROLLER,), 1_010.0, beacon, "31 TLS connections, one about every 12 s"
    ),
    Planted(
        "upload burst", LAPTOP.text, (STORAGE,), 1_500.0, upload_burst, "40 MB in about 30 s to a new host"
    ),
    Planted(
        "arp spoof",
        INTRUDER.mac.hex(":"),
        (GATEWAY, LAPTOP),
        1_680.0,
        arp_conflict,
        "30 unasked replies claim the gateway's address",
    ),
)
