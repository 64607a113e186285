"""Everyday use of the office by ordinary programs: what the detector learns from before an attack."""

from __future__ import annotations

import threading
import time
from random import Random
from typing import TYPE_CHECKING

from benchmarks.real_tools.office import SITES

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.real_tools.office import Office

    Act = Callable[[Office, str, Random], None]

_VISITED = tuple(SITES)[:30]
_ASK_TIME = (
    "import socket, os; s = socket.socket(2, 2); s.settimeout(1); "
    "s.sendto(b'\\x23' + bytes(39) + os.urandom(8), ('203.0.113.60', 123)); s.recv(99)"
)


def browse(office: Office, host: str, random: Random) -> None:
    """A few pages with what belongs to them, half of them at once."""
    asked: list[str] = ["-Z"] if random.random() < 0.5 else []
    for _ in range(random.randint(1, 6)):
        site = f"{random.choice(('http', 'https', 'https'))}://{random.choice(_VISITED)}"
        for _ in range(random.randint(1, 4)):
            asked += ["-o", "/dev/null", f"{site}/a/{int(10 ** random.uniform(2.5, 5.3))}"]
    office.run(host, "curl", "-sk", "-m", "20", *asked)


def download(office: Office, host: str, random: Random) -> None:
    """A file of the server, or a larger one from outside."""
    inside = random.random() < 0.8
    where, size = (
        ("srv.office.example", random.randint(20_000, 900_000))
        if inside
        else (random.choice(_VISITED), random.randint(1_000_000, 4_000_000))
    )
    office.run(host, "wget", "-q", "-O", "/dev/null", f"http://{where}/f/{size}")


def send(office: Office, host: str, random: Random) -> None:
    """A file to the cloud, as a camera sends pictures."""
    put = "curl -sk -m 20 -T $f -o /dev/null https://cloud.example/up"
    office.shell(
        host, f"f=$(mktemp); head -c {int(10 ** random.uniform(3, 5.5))} /dev/zero > $f; {put}; rm $f"
    )


def log_in(office: Office, host: str, random: Random) -> None:
    """A look at a server with a key, or a file copied there."""
    server = f"root@{random.choice(('srv', 'nas'))}.office.example"
    if random.random() < 0.6:
        office.run(
            host, "ssh", *office.ssh, server, random.choice(("ls -l /usr/bin", "uptime", "sleep 4; df"))
        )
    else:
        size = random.randint(10_000, 1_500_000)
        office.shell(host, f"head -c {size} /dev/zero | ssh {' '.join(office.ssh)} {server} 'cat >/dev/null'")


def ping(office: Office, host: str, random: Random) -> None:
    """One to five pings."""
    target = random.choice(("10.77.0.1", "10.77.0.10", "site1.example"))
    office.run(host, "ping", "-q", "-c", str(random.choice((1, 3, 5))), target)


def look_up(office: Office, host: str, random: Random) -> None:
    """A name, now and then one that does not exist, or one of a neighbour by mDNS."""
    if random.random() < 0.1:
        multicast = ("+time=1", "-p", "5353", "@224.0.0.251")
        office.run(host, "dig", "+short", "+tries=1", *multicast, "_ipp._tcp.local", "PTR")
    else:
        name = random.choice((*SITES, "typo.example", "wpad.office.example"))
        office.run(host, "dig", "+short", "+tries=1", random.choice(("A", "AAAA", "MX")), name)


def ask_time(office: Office, host: str, _random: Random) -> None:
    """By NTP."""
    office.run(host, "python3", "-c", _ASK_TIME)


def stream(office: Office, host: str, _random: Random) -> None:
    """Two seconds of a film."""
    office.run(
        host,
        "curl",
        "-sk",
        "-m",
        "30",
        "--limit-rate",
        "400k",
        "-o",
        "/dev/null",
        "https://cdn3.example/v/800000",
    )


_PCS = ("pc1", "pc2", "pc3")
_HABITS: tuple[tuple[Act, tuple[str, ...], float], ...] = (
    (browse, _PCS, 16),
    (download, _PCS, 35),
    (send, (*_PCS, "cam"), 35),
    (log_in, (*_PCS, "srv"), 60),
    (ping, (*_PCS, "srv"), 45),
    (look_up, (*_PCS, "tv", "cam"), 14),
    (ask_time, (*_PCS, "cam", "tv", "srv", "nas"), 64),
    (stream, ("tv",), 45),
)
"""What who does how often: mean seconds between."""


def live(office: Office, seconds: float, seed: int) -> None:
    """Everybody goes about their business for so long; returns when all are done."""
    until = time.monotonic() + seconds

    def keep(act: Act, host: str, mean_s: float) -> None:
        random = Random(f"{seed} {act.__name__} {host}")
        time.sleep(random.random() * mean_s)
        while time.monotonic() < until:
            act(office, host, random)
            time.sleep(min(random.expovariate(1 / mean_s), max(0.0, until - time.monotonic())))

    threads = [
        threading.Thread(target=keep, args=(act, host, mean_s))
        for act, hosts, mean_s in _HABITS
        for host in hosts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
