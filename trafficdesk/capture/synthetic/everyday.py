"""What a laptop does all day: names, pages, calls, downloads, mail, files on the NAS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.capture.synthetic import messages
from trafficdesk.capture.synthetic.conversation import TcpConversation
from trafficdesk.capture.synthetic.lan import GATEWAY, LAPTOP, NAS, START_NS, address, outside
from trafficdesk.packets.protocol import IpProtocol

if TYPE_CHECKING:
    from trafficdesk.capture.synthetic.lan import Host, Lan

_A: Final = 1
_AAAA: Final = 28
_HTTPS: Final = 65

SITES: Final = (
    ("www.news.example", "cdn.news.example", "img.news.example", "fonts.example.net"),
    ("www.encyclopedia.example", "upload.encyclopedia.example"),
    ("shop.example.com", "static.shop.example.com", "pay.example.com", "img.shop.example.com"),
    ("mail.example.org", "attachments.example.org"),
    ("forum.hobby.example", "avatars.hobby.example", "cdn.example.net"),
    ("weather.example.net", "tiles.example.net"),
    ("video.example.com", "thumbs.video.example.com", "api.video.example.com"),
    ("docs.work.example", "login.work.example", "assets.work.example"),
)
"""Names of a page's first host and of what it embeds."""


def server_of(name: str) -> Host:
    """Where a name lives: the same every time, spread over the documentation networks."""
    mixed = sum((position + 3) * byte for position, byte in enumerate(name.encode()))
    network = ("203.0.113.", "198.51.100.")[mixed % 2]
    return outside(name, f"{network}{10 + mixed // 2 % 150}", ttl=50 + mixed % 9)


def resolve(lan: Lan, at: float, name: str, *, kinds: tuple[int, ...] = (_A, _AAAA)) -> float:
    """Ask the gateway for a name; when the answer is there."""
    server = server_of(name)
    now = at
    for kind in kinds:
        identifier, port = lan.rng.getrandbits(16), 32_768 + lan.rng.randrange(28_000)
        lan.udp(now, LAPTOP, GATEWAY, (port, 53), messages.dns_query(identifier, name, kind))
        answers = {_A: [server.ip], _AAAA: [address("2001:db8::")[:12] + server.ip]}.get(kind, [])
        reply = messages.dns_answer(identifier, name, kind, answers)
        now += 0.006 + lan.around(0.012)
        lan.udp(now, GATEWAY, LAPTOP, (53, port), reply)
        now += 0.0002
    return now


def page(lan: Lan, at: float, names: tuple[str, ...]) -> float:
    """Load a page: its names, a few connections, requests and answers of many sizes."""
    now = at
    latest = at
    for name in names:
        now = resolve(lan, now, name, kinds=(_HTTPS, _A, _AAAA) if lan.rng.random() < 0.3 else (_A, _AAAA))
        talk = TcpConversation(
            lan, (LAPTOP, server_of(name)), 443, now, delay_s=0.012 + lan.around(0.02)
        ).open()
        talk.tls(name)
        for _ in range(lan.rng.randrange(1, 5)):
            talk.sealed(0, 180 + lan.rng.randrange(500), wait_s=lan.around(0.05))
            if lan.rng.random() < 0.7:
                talk.stream(1, 1_200 + round(lan.around(14_000)), 2_500_000)
            else:
                talk.sealed(1, 90 + lan.rng.randrange(900))
        if lan.rng.random() < 0.6:
            talk.now += lan.around(4.0)
            talk.close()
        latest = max(latest, talk.now)
        now += lan.around(0.15)
    return latest


def plain_page(lan: Lan, at: float, name: str, target: str) -> None:
    """A page without encryption, as connectivity checks and old sites are."""
    now = resolve(lan, at, name, kinds=(_A,))
    talk = TcpConversation(lan, (LAPTOP, server_of(name)), 80, now, delay_s=0.025).open()
    talk.say(0, messages.http_request("GET", target, name))
    size = 300 + lan.rng.randrange(600)
    talk.say(1, messages.http_response("200 OK", b"<!doctype html>", length=size), length=96 + size)
    talk.close()


def quic_page(lan: Lan, at: float, name: str) -> None:
    """A page over HTTP/3: one Initial each, then protected packets both ways."""
    now = resolve(lan, at, name)
    server, port, ids = server_of(name), lan.port(), lan.noise(8)
    delay = 0.014 + lan.around(0.015)
    lan.udp(
        now, LAPTOP, server, (port, 443), messages.quic_initial(ids, b"", lan.noise(40), 1_232), length=1_250
    )
    now += delay
    lan.udp(
        now, server, LAPTOP, (443, port), messages.quic_initial(b"", ids, lan.noise(40), 1_232), length=1_250
    )
    for _ in range(lan.rng.randrange(3, 9)):
        now += 0.001 + lan.around(0.03)
        lan.udp(
            now,
            LAPTOP,
            server,
            (port, 443),
            messages.quic_short(ids, lan.noise(8)),
            length=60 + lan.rng.randrange(400),
        )
        now += delay
        for _ in range(lan.rng.randrange(1, 14)):
            lan.udp(
                now,
                server,
                LAPTOP,
                (443, port),
                messages.quic_short(b"", lan.noise(12)),
                length=1_200 + lan.rng.randrange(50),
            )
            now += 0.0004 + lan.around(0.0008)
        lan.udp(now, LAPTOP, server, (port, 443), messages.quic_short(ids, lan.noise(8)), length=33)


def call(lan: Lan, at: float, seconds: float) -> None:
    """A video call: STUN, then 50 packets a second both ways, voice and picture mixed."""
    now = resolve(lan, at, "meet.example.net")
    server, port = server_of("meet.example.net"), lan.port()
    transaction = lan.noise(12)
    lan.udp(now, LAPTOP, server, (port, 3478), messages.stun_binding(transaction))
    lan.udp(
        now + 0.021,
        server,
        LAPTOP,
        (3478, port),
        messages.stun_binding(transaction, (address("192.0.2.23"), port)),
    )
    voices = (lan.rng.getrandbits(32), lan.rng.getrandbits(32))
    for count in range(round(seconds * 50)):
        for side, voice in enumerate(voices):
            then = now + 0.3 + count / 50 + side * 0.011 + 0.004 * lan.rng.random()
            picture = count % 3 != side
            size = 700 + lan.rng.randrange(450) if picture else 90 + lan.rng.randrange(70)
            head = messages.rtp(96 if picture else 111, count, count * 960, voice + picture)
            ends, ports = ((LAPTOP, server), (port, 3478)) if side == 0 else ((server, LAPTOP), (3478, port))
            lan.udp(then, *ends, ports, head, length=12 + size)


def download(lan: Lan, at: float, name: str, target: str, size: int) -> None:
    """One large file over HTTP, as system updates are (signed, so not encrypted)."""
    now = resolve(lan, at, name)
    talk = TcpConversation(lan, (LAPTOP, server_of(name)), 80, now, delay_s=0.018).open()
    talk.say(0, messages.http_request("GET", target, name))
    talk.say(1, messages.http_response("200 OK", b"", length=size, kind="application/octet-stream"))
    talk.stream(1, size, 330_000, every=4)
    talk.close()


def watch(lan: Lan, at: float, chunks: int) -> None:
    """A video: every few seconds the player fetches the next piece."""
    name = "video.example.com"
    now = resolve(lan, at, name)
    talk = TcpConversation(lan, (LAPTOP, server_of(name)), 443, now, delay_s=0.016).open()
    talk.tls(name)
    for _ in range(chunks):
        talk.sealed(0, 420 + lan.rng.randrange(80), wait_s=2.0 + lan.around(3.0))
        talk.stream(1, 150_000 + lan.rng.randrange(200_000), 1_300_000, every=3)
    talk.close()


def mail(lan: Lan, at: float) -> None:
    """Fetch mail over IMAP with TLS."""
    now = resolve(lan, at, "imap.example.org")
    talk = TcpConversation(lan, (LAPTOP, server_of("imap.example.org")), 993, now, delay_s=0.031).open()
    talk.tls("imap.example.org")
    for _ in range(5):
        talk.sealed(0, 40 + lan.rng.randrange(60), wait_s=0.02)
        talk.sealed(1, 80 + lan.rng.randrange(1_200), wait_s=0.04)
    talk.close()


def photos(lan: Lan, at: float, count: int) -> None:
    """Look at photos on the NAS over HTTP."""
    talk = TcpConversation(lan, (LAPTOP, NAS), 5000, at, delay_s=0.0006).open()
    for number in range(count):
        size = 9_000 + lan.rng.randrange(30_000)
        talk.say(
            0,
            messages.http_request("GET", f"/photos/{2_000 + number}.jpg", "nas.local:5000"),
            wait_s=lan.around(1.5),
        )
        talk.say(1, messages.http_response("200 OK", b"", length=size, kind="image/jpeg"))
        talk.stream(1, size, 9_000_000)
    talk.close()


def backup(lan: Lan, at: float, size: int) -> None:
    """Copy files to the NAS over SSH."""
    talk = TcpConversation(lan, (LAPTOP, NAS), 22, at, delay_s=0.0007).open()
    talk.say(1, b"SSH-2.0-OpenSSH_9.6\r\n", wait_s=0.004)
    talk.say(0, b"SSH-2.0-OpenSSH_9.9\r\n")
    talk.say(0, messages.ssh_key_exchange(lan.noise(16)))
    talk.say(1, messages.ssh_key_exchange(lan.noise(16)))
    talk.stream(0, 1_200, 900_000)
    talk.stream(1, 1_100, 900_000)
    talk.stream(0, size, 6_000_000, merged=6)
    talk.stream(1, 400, 900_000)
    talk.close()


def time_sync(lan: Lan, at: float) -> None:
    """Ask a time server once."""
    server, port = server_of("time.example.net"), lan.port()
    lan.udp(at, LAPTOP, server, (port, 123), messages.ntp(3, 0, START_NS + round(at * 1e9)))
    lan.udp(at + 0.017, server, LAPTOP, (123, port), messages.ntp(4, 2, START_NS + round((at + 0.009) * 1e9)))


def ping(lan: Lan, at: float, target: Host, count: int, delay_s: float) -> None:
    """Echo requests, one a second, and their answers."""
    from trafficdesk.capture.synthetic.frames import icmp

    identifier = lan.rng.getrandbits(16).to_bytes(2, "big")
    for number in range(count):
        rest, body = identifier + (number + 1).to_bytes(2, "big"), bytes(range(56))
        lan.packet(at + number, LAPTOP, target, IpProtocol.ICMP, icmp(8, 0, rest, body))
        lan.packet(at + number + delay_s, target, LAPTOP, IpProtocol.ICMP, icmp(0, 0, rest, body))
