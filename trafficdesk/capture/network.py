"""Which network an interface is in: its gateway, by address and MAC, and what the interface is called in it.

Linux answers from /proc; elsewhere the system's own programs are asked. Nothing is sent.
"""

from __future__ import annotations

import hashlib
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.interfaces import ANY, interface_names, joined

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROC: Final = Path("/proc/net")
_PATIENCE_S: Final = 5.0
_ROUTE_UP: Final = 0x1
_ROUTE_REJECT: Final = 0x0200
"""RTF_UP, RTF_REJECT: linux/route.h."""
_COMPLETE: Final = 0x2
"""ATF_COM: linux/if_arp.h; the neighbour has answered."""
_MAC: Final = re.compile(r"\b([0-9A-Fa-f]{1,2}(?:[:-][0-9A-Fa-f]{1,2}){5})\b")
_ADDRESS: Final = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")

Ask = Callable[[list[str]], str]
"""What a system program answers; empty where there is none."""


@dataclass(frozen=True, slots=True)
class NetworkSight:
    """A network as the system shows it now."""

    interface: str
    """"eth0", "eth0,wlan0" (however it was put), "any"."""
    gateway: str = ""
    """Address of the default route's next hop; empty = there is none."""
    gateway_mac: str = ""
    """Of twelve hex digits; empty = no gateway, or it has not answered yet."""
    own_address: str = field(default="", compare=False)
    """Of this computer, towards the gateway."""

    @property
    def known(self) -> bool:
        """Whether the gateway, if there is one, can be told from any other."""
        return bool(self.gateway_mac) or not self.gateway or ":" in self.gateway

    def key(self, salt: bytes) -> str:
        """32 hex digits that tell nobody which network this is who does not have `salt` (at most 64 bytes).

        An IPv6 router's link-local address is its own like a MAC (RFC 4291 section 2.5.6).
        """
        told = f"{self.gateway_mac or self.gateway}\0{self.interface}"
        return hashlib.blake2b(told.encode(), key=salt, digest_size=16).hexdigest()


def network_of(choice: str, *, proc: Path = _PROC, ask: Ask | None = None) -> NetworkSight:
    """The network behind the interfaces of a choice: of several the one whose default route is preferred."""
    names = interface_names(choice)
    if sys.platform == "linux" and ask is None:
        gateway, device = _linux_gateway(names, proc)
        mac = _linux_neighbour(gateway, device, proc)
    else:
        ask = ask or _asked
        gateway = _elsewhere_gateway(names, ask)
        mac = _mac_in(_neighbour_words(gateway, ask)) if gateway else ""
    return NetworkSight(joined(sorted(names)), gateway, mac, _own_address(gateway))


def _linux_gateway(names: tuple[str, ...], proc: Path) -> tuple[str, str]:
    """Address and interface of the default route with the lowest metric, IPv4 before IPv6."""
    for routes in (_ipv4_routes(_lines(proc / "route")), _ipv6_routes(_lines(proc / "ipv6_route"))):
        through = (route for route in routes if ANY in names or route[1] in names)
        best = min(through, default=None)
        if best is not None:
            return best[2], best[1]
    return "", ""


def _ipv4_routes(lines: list[str]) -> Iterable[tuple[int, str, str]]:
    """(metric, interface, gateway) of /proc/net/route's default routes that have a gateway."""
    for line in lines[1:]:
        fields = line.split()
        if len(fields) < 8 or fields[1] != "00000000" or fields[7] != "00000000" or fields[2] == "00000000":
            continue
        flags = int(fields[3], 16)
        if flags & _ROUTE_UP and not flags & _ROUTE_REJECT:
            # As the machine stores it.
            yield int(fields[6]), fields[0], socket.inet_ntoa(int(fields[2], 16).to_bytes(4, sys.byteorder))


def _ipv6_routes(lines: list[str]) -> Iterable[tuple[int, str, str]]:
    """The same of /proc/net/ipv6_route."""
    for line in lines:
        fields = line.split()
        if len(fields) < 10 or fields[0] != "0" * 32 or fields[1] != "00" or fields[4] == "0" * 32:
            continue
        flags = int(fields[8], 16)
        if flags & _ROUTE_UP and not flags & _ROUTE_REJECT:
            yield int(fields[5], 16), fields[9], socket.inet_ntop(socket.AF_INET6, bytes.fromhex(fields[4]))


def _linux_neighbour(gateway: str, device: str, proc: Path) -> str:
    for line in _lines(proc / "arp")[1:]:
        fields = line.split()
        if len(fields) >= 6 and fields[0] == gateway and fields[5] == device:
            return _mac_in(fields[3]) if int(fields[2], 16) & _COMPLETE else ""
    return ""


def _elsewhere_gateway(names: tuple[str, ...], ask: Ask) -> str:
    """BSD systems, macOS among them, name the interface in the last column; Windows has only the route."""
    if sys.platform == "win32":
        words = (line.split() for line in ask(["route", "print", "-4", "0.0.0.0"]).splitlines())  # noqa: S104  # a route
        return next((w[2] for w in words if len(w) >= 5 and w[:2] == ["0.0.0.0"] * 2), "")  # noqa: S104
    for line in ask(["netstat", "-rn", "-f", "inet"]).splitlines():
        fields = line.split()
        named = len(fields) >= 4 and (ANY in names or fields[3] in names)
        if named and fields[0] == "default" and _ADDRESS.fullmatch(fields[1]):
            return fields[1]
    return ""


def _own_address(gateway: str) -> str:
    """A UDP socket connected there sends nothing, but knows from which address it would."""
    if not gateway or ":" in gateway:
        return ""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((gateway, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def _neighbour_words(gateway: str, ask: Ask) -> str:
    return ask(["arp", "-a", gateway] if sys.platform == "win32" else ["arp", "-n", gateway])


def _mac_in(words: str) -> str:
    """The first MAC in `words`, that of nobody left out, as twelve hex digits."""
    for found in _MAC.findall(words):
        digits = "".join(part.zfill(2) for part in re.split("[:-]", found.lower()))
        if digits != "0" * 12:
            return digits
    return ""


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _asked(command: list[str]) -> str:
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        done = subprocess.run(  # noqa: S603  # a list, no shell; the only foreign word is an address of digits and dots
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
            creationflags=hidden,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
