"""The drill: the sample's half hour with an incident of every family, for the self-test. Nothing of it is ever sent."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.synthetic import frames, messages
from trafficdesk.capture.synthetic.conversation import TcpConversation
from trafficdesk.capture.synthetic.incidents import PLANTED, Planted
from trafficdesk.capture.synthetic.lan import GATEWAY, LAPTOP, PHONE, Host, outside
from trafficdesk.capture.synthetic.neighbours import ask_who_has
from trafficdesk.packets.protocol import IpProtocol, TcpFlag

if TYPE_CHECKING:
    from trafficdesk.capture.synthetic.lan import Lan

GUESSER: Final = outside("guesser", "192.0.2.199", ttl=49)
FLOODER: Final = outside("flooder", "192.0.2.210", ttl=52)
STRANGER: Final = Host("stranger", bytes.fromhex("021a1100004d"), bytes((192, 168, 1, 77)))
SINK: Final = outside("sink", "192.0.2.88", ttl=47)
_NX: Final = 3
_BEFORE_S: Final = 300.0
"""When the first of them begins: some thousand packets are learned from by then."""


def arp_sweep(lan: Lan, at: float) -> None:
    """A phone asks for sixty addresses of the network within four seconds."""
    for last in range(100, 160):
        ask_who_has(lan, at + (last - 100) * 0.066, PHONE, _neighbour(last), answered=False)


def brute_force(lan: Lan, at: float) -> None:
    """Forty logins at the laptop's SSH within a minute, each refused."""
    for number in range(40):
        talk = TcpConversation(lan, (GUESSER, LAPTOP), 22, at + number * 1.4, delay_s=0.031).open()
        talk.say(1, b"SSH-2.0-OpenSSH_9.9\r\n", wait_s=0.004)
        talk.say(0, b"SSH-2.0-Go\r\n")
        talk.say(0, messages.ssh_key_exchange(lan.noise(16)))
        talk.say(1, messages.ssh_key_exchange(lan.noise(16)))
        talk.stream(0, 700, 90_000)
        talk.stream(1, 300, 90_000)
        talk.close()


def icmp_tunnel(lan: Lan, at: float) -> None:
    """Ninety pings of a kilobyte within half a minute, answered with as much."""
    identifier = lan.rng.getrandbits(16).to_bytes(2, "big")
    for number in range(90):
        now = at + number * 0.33 + lan.around(0.02)
        rest = identifier + (number + 1).to_bytes(2, "big")
        for when, ends, kind in ((now, (LAPTOP, SINK), 8), (now + 0.045, (SINK, LAPTOP), 0)):
            message = frames.icmp(kind, 0, rest, lan.noise(900 + lan.rng.randrange(100)))
            lan.packet(when, *ends, IpProtocol.ICMP, message)


def missing_names(lan: Lan, at: float) -> None:
    """Eighty names of a network that the laptop has left, within forty seconds; none exists here."""
    for number in range(80):
        _ask_in_vain(lan, at + number * 0.5 + lan.around(0.05), f"room{number}.office.example")


def generated_names(lan: Lan, at: float) -> None:
    """Sixty names made of chance within half a minute, none of which exists."""
    for number in range(60):
        label = base64.b32encode(lan.noise(10)).decode().rstrip("=").lower()
        _ask_in_vain(lan, at + number * 0.5 + lan.around(0.05), f"{label}.example")


def exfiltration(lan: Lan, at: float) -> None:
    """180 MB to twelve hosts within five minutes, from a laptop that never sent the tenth of it; to each too little for a burst."""
    for number in range(12):
        receiver = outside(f"drop{number}", f"192.0.2.{150 + number}", ttl=50)
        talk = TcpConversation(lan, (LAPTOP, receiver), 443, at + number * 24.0, delay_s=0.041).open()
        talk.tls(f"drop{number}.storage.example")
        talk.stream(0, 15_000_000, 900_000, every=4, merged=40)
        talk.close()


def new_service(lan: Lan, at: float) -> None:
    """Somebody outside asks the laptop for what it never served, and gets an answer."""
    for number in range(3):
        talk = TcpConversation(lan, (GUESSER, LAPTOP), 4_444, at + number * 4.0, delay_s=0.033).open()
        talk.say(0, b"whoami\n")
        talk.say(1, b"laptop\n")
        talk.close()


def new_device(lan: Lan, at: float) -> None:
    """A device that was never there announces itself and asks for the gateway."""
    lan.arp(at, 1, STRANGER, STRANGER, to=frames.BROADCAST)
    ask_who_has(lan, at + 1.0, STRANGER, GATEWAY, answered=False)


def _ask_in_vain(lan: Lan, at: float, name: str) -> None:
    identifier, port = lan.rng.getrandbits(16), 32_768 + lan.rng.randrange(28_000)
    lan.udp(at, LAPTOP, GATEWAY, (port, 53), messages.dns_query(identifier, name))
    reply = messages.dns_answer(identifier, name, 1, [], code=_NX)
    lan.udp(at + 0.02, GATEWAY, LAPTOP, (53, port), reply)


def host_sweep(lan: Lan, at: float) -> None:
    """The laptop asks sixty neighbours for SMB within twenty seconds; nobody answers."""
    for last in range(100, 160):
        _knock(lan, at + (last - 100) * 0.33, LAPTOP, _neighbour(last), 445)


def flood(lan: Lan, at: float) -> None:
    """Two thousand pings at the laptop within five seconds."""
    for number in range(2_000):
        rest = (7).to_bytes(2, "big") + number.to_bytes(2, "big")
        lan.packet(at + number * 0.0025, FLOODER, LAPTOP, IpProtocol.ICMP, frames.icmp(8, 0, rest, bytes(56)))


def _neighbour(last: int) -> Host:
    """An address of the home network that nobody has."""
    return Host("nobody", bytes.fromhex("021a110001") + bytes([last]), bytes((192, 168, 1, last)))


def _knock(lan: Lan, at: float, source: Host, destination: Host, port: int) -> None:
    ports = (40_000 + lan.rng.randrange(20_000), port)
    segment = frames.tcp(
        (source.ip, destination.ip), ports, sequence=lan.rng.getrandbits(32), flags=TcpFlag.SYN
    )
    lan.packet(at, source, destination, IpProtocol.TCP, segment)


DRILL: Final = (
    *PLANTED,
    Planted("arp sweep", PHONE.text, (), _BEFORE_S, arp_sweep, "60 addresses asked for in 4 s"),
    Planted("brute force", GUESSER.text, (LAPTOP,), 345.0, brute_force, "40 SSH logins in about 56 s"),
    Planted("icmp tunnel", LAPTOP.text, (SINK,), 440.0, icmp_tunnel, "90 pings of 1 kB in about 30 s"),
    Planted("nxdomain", LAPTOP.text, (GATEWAY,), 520.0, missing_names, "80 names that do not exist in about 40 s"),
    Planted("host sweep", LAPTOP.text, (), 700.0, host_sweep, "port 445 on 60 hosts in about 20 s"),
    Planted("flood", FLOODER.text, (LAPTOP,), 1_430.0, flood, "2,000 pings in about 5 s"),
    Planted("dga", LAPTOP.text, (GATEWAY,), 1_580.0, generated_names, "60 names made of chance in about 30 s"),
    Planted("new device", STRANGER.text, (), 1_815.0, new_device, "two ARP messages of a device never seen"),
    Planted("new service", LAPTOP.text, (GUESSER,), 1_825.0, new_service, "three answers from port 4444"),
    Planted("exfiltration", LAPTOP.text, (), 1_850.0, exfiltration, "180 MB to 12 hosts in about 5 min"),
)  # fmt: skip
"""One incident of every family that a rule has; the last three need half an hour of what is usual before them."""
