"""`Office`: a gateway, two servers, three PCs, a camera and a television in network namespaces, and some of an outside.

Nothing of it reaches any other network: the outside is one more namespace that holds documentation's addresses
(RFC 5737). Its frames are recorded where a mirror port would be, at the bridge.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

HOSTS = {"gw": 1, "srv": 10, "nas": 11, "pc1": 21, "pc2": 22, "pc3": 23, "cam": 31, "tv": 32}
"""Last octet of each host in 10.77.0.0/24."""
NET = "10.77.0"
SITES = {
    **{f"site{number}.example": f"198.51.100.{10 + number}" for number in range(1, 21)},
    **{f"cdn{number}.example": f"203.0.113.{10 + number}" for number in range(1, 11)},
    "cloud.example": "203.0.113.50",
    "ntp.example": "203.0.113.60",
    "drop.example": "203.0.113.70",
}
"""Names of the outside; `t.example` besides, whose name server is 198.51.100.53."""
OUTSIDE_HOSTS = ("198.51.100.53", "198.51.100.66")
TOOLS = ("ip", "tc", "ethtool", "dumpcap", "dnsmasq", "sshd", "ssh", "ssh-keygen", "openssl", "curl", "wget")
_PARTS_OFF = ("tso", "off", "gso", "off", "gro", "off", "tx", "off")
"""Segments as they would be on a cable, not as the kernel hands them on."""
_WITHOUT_IPV6 = "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e $f ] || echo 1 > $f; done"
_FORWARDING = "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/conf/all/send_redirects"


def unable() -> str:
    """Why it can't be done here; empty = it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "needs root on Linux (network namespaces)"
    missing = [name for name in TOOLS if not shutil.which(name)]
    return f"needs {', '.join(missing)}" if missing else ""


def address(host: str) -> str:
    """Of one of `HOSTS`."""
    return f"{NET}.{HOSTS[host]}"


class Office:
    """Everything is made on entering and gone after leaving.

    Parameters
    ----------
    folder : keys, settings and logs of the services.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tag = f"tdrt{os.getpid()}"
        self._running: list[subprocess.Popen[bytes]] = []
        self.ssh = (
            *("-i", f"{folder}/me", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
            *("-o", "LogLevel=ERROR", "-o", "BatchMode=yes"),
        )

    def __enter__(self) -> Self:
        try:
            self._keys()
            self._build()
            self._serve()
        except BaseException:
            self._tear_down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tear_down()

    def run(self, host: str, *command: object, seconds: float = 60) -> None:
        """Run a command to its end, or for so long."""
        ran = subprocess.Popen(
            self._within(host, *command),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            ran.wait(seconds)
        except subprocess.TimeoutExpired:
            self.end(ran, signal.SIGINT)

    def shell(self, host: str, line: str, seconds: float = 60) -> None:
        """As `run`, of a line of shell."""
        self.run(host, "sh", "-c", line, seconds=seconds)

    def start(self, host: str, *command: object) -> subprocess.Popen[bytes]:
        """Start a command that goes on; `end` it, or leaving does."""
        with (self.folder / f"{host}.log").open("ab") as log:
            started = subprocess.Popen(
                self._within(host, *command),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._running.append(started)
        return started

    def end(self, started: subprocess.Popen[bytes], by: signal.Signals = signal.SIGTERM) -> None:
        """End a command and its children."""
        for number in (by, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(5)
                break
        if started in self._running:
            self._running.remove(started)

    def record(self, path: Path) -> subprocess.Popen[bytes]:
        """Record every frame of the office into `path` until it is ended."""
        path.unlink(missing_ok=True)
        started = self.start("sw", "dumpcap", "-q", "-P", "-i", "br0", "-w", path)
        time.sleep(1.0)
        return started

    def forward(self, host: str) -> None:
        """Let a host pass on what is not for it."""
        self.shell(host, _FORWARDING)

    def join(self, host: str, mac: str, number: int | None = None) -> None:
        """Plug one more host in; without a number it has no address."""
        self._namespace(host, f"{NET}.1")
        cable = ("type", "veth", "peer", "name", f"p{host}", "netns", self._name("sw"))
        self._ip(host, "link", "add", "eth0", *cable)
        self._ip(host, "link", "set", "eth0", "address", mac)
        self._ip("sw", "link", "set", f"p{host}", "master", "br0", "up")
        self._whole_segments(host, "eth0")
        self._whole_segments("sw", f"p{host}")
        self._ip(host, "link", "set", "eth0", "up")
        if number is not None:
            self.number(host, number)

    def number(self, host: str, number: int) -> None:
        """Give a host its address, and the gateway as its way out."""
        self._ip(host, "addr", "add", f"{NET}.{number}/24", "dev", "eth0")
        if host != "gw":
            self._ip(host, "route", "add", "default", "via", f"{NET}.1")

    def _build(self) -> None:
        self._namespace("sw", "")
        self._ip("sw", "link", "add", "br0", "type", "bridge")
        self._ip("sw", "link", "set", "br0", "up")
        for host, number in HOSTS.items():
            self.join(host, f"02:1d:77:0a:00:{number:02x}", number)
        self._namespace("net", OUTSIDE_HOSTS[0])
        self.forward("gw")
        self._ip(
            "gw", "link", "add", "wan0", "type", "veth", "peer", "name", "eth0", "netns", self._name("net")
        )
        for host, device, own in (("gw", "wan0", "192.0.2.1/30"), ("net", "eth0", "192.0.2.2/30")):
            self._whole_segments(host, device)
            self._ip(host, "link", "set", device, "up")
            self._ip(host, "addr", "add", own, "dev", device)
        self._ip("net", "route", "add", f"{NET}.0/24", "via", "192.0.2.1")
        for network in ("198.51.100.0/24", "203.0.113.0/24"):
            self._ip("gw", "route", "add", network, "via", "192.0.2.2")
            self._ip("net", "route", "add", "blackhole", network)
        for outside in (*SITES.values(), *OUTSIDE_HOSTS):
            self._ip("net", "addr", "add", f"{outside}/32", "dev", "lo")

    def _serve(self) -> None:
        records = [f"--host-record={name},{where}" for name, where in SITES.items()]
        records += [f"--host-record={host}.office.example,{address(host)}" for host in HOSTS]
        names = ("dnsmasq", "-k", "-C", "/dev/null", "-R", "-h", "-u", "root", "-i", "eth0")
        leases = f"--dhcp-range={NET}.150,{NET}.200,12h"
        files = (f"--pid-file={self.folder}/dns.pid", f"--dhcp-leasefile={self.folder}/leases")
        # Without anybody to ask it would refuse instead of saying that a name does not exist.
        missing = [f"--local=/{domain}/" for domain in ("com", "net", "example")]
        tunnel = f"--server=/t.example/{OUTSIDE_HOSTS[0]}"
        self.start("gw", *names, "--bind-interfaces", *files, leases, tunnel, *missing, *records)
        for host in ("srv", "net"):
            self.start(host, sys.executable, Path(__file__).with_name("server.py"), self.folder)
        for host in ("srv", "nas", "net"):
            self.start(host, shutil.which("sshd"), "-D", "-e", "-f", self.folder / "sshd_config")
        if shutil.which("vsftpd"):
            self.start("srv", "vsftpd", self.folder / "vsftpd.conf")
        time.sleep(2.0)

    def _keys(self) -> None:
        for name in ("me", "host"):
            if not (self.folder / name).exists():
                make = ["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", str(self.folder / name)]
                subprocess.run(make, check=True)
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=x"]
        made = ["-keyout", str(self.folder / "key.pem"), "-out", str(self.folder / "cert.pem")]
        subprocess.run([*request, *made], check=True, capture_output=True)
        for needed in ("/run/sshd", "/var/run/vsftpd/empty"):
            Path(needed).mkdir(parents=True, exist_ok=True)
        (self.folder / "sshd_config").write_text(
            f"Port 22\nHostKey {self.folder}/host\nPidFile none\nAuthorizedKeysFile {self.folder}/me.pub\n"
            "StrictModes no\nPermitRootLogin yes\nPasswordAuthentication yes\nUsePAM no\n"
        )
        (self.folder / "vsftpd.conf").write_text(
            "listen=YES\nlisten_ipv6=NO\nanonymous_enable=NO\nlocal_enable=YES\nbackground=NO\nseccomp_sandbox=NO\n"
        )

    def _name(self, host: str) -> str:
        return f"{self._tag}{host}"

    def _within(self, host: str, *command: object) -> list[str]:
        return ["ip", "netns", "exec", self._name(host), *map(str, command)]

    def _ip(self, host: str, *command: str) -> None:
        subprocess.run(["ip", "-n", self._name(host), *command], check=True)

    def _namespace(self, host: str, name_server: str) -> None:
        subprocess.run(["ip", "netns", "add", self._name(host)], check=True)
        subprocess.run(self._within(host, "sh", "-c", _WITHOUT_IPV6), check=False)
        self._ip(host, "link", "set", "lo", "up")
        # ip-netns(8): what lies here takes the place of /etc/resolv.conf.
        own = Path("/etc/netns", self._name(host))
        own.mkdir(parents=True)
        (own / "resolv.conf").write_text(f"nameserver {name_server}\n" if name_server else "")

    def _whole_segments(self, host: str, device: str) -> None:
        subprocess.run(
            self._within(host, "ethtool", "-K", device, *_PARTS_OFF), check=False, capture_output=True
        )

    def _tear_down(self) -> None:
        for started in list(self._running):
            self.end(started)
        for name in sorted(path.name for path in Path("/var/run/netns").glob(f"{self._tag}*")):
            held = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False)
            for number in held.stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(number), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", name], check=False)
            shutil.rmtree(Path("/etc/netns", name), ignore_errors=True)
