"""What can be captured on: interfaces with names that people know, addresses, and which one leads to the internet."""

from __future__ import annotations

import ctypes
import socket
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.capture.bpf import load_libpcap
from trafficdesk.capture.interface_names import friendly_name, is_virtual, plain_name
from trafficdesk.capture.permission import explain

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROC: Final = Path("/proc/net")
_ROUTE_UP: Final = 0x1
"""RTF_UP, linux/route.h."""
_ROUTE_REJECT: Final = 0x0200
"""RTF_REJECT."""
_OUTSIDE: Final = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Documentation addresses (RFC 5737, RFC 3849): a UDP socket connected there sends nothing but knows its route."""

ANY: Final = "any"
"""Linux: all interfaces as one."""
_IFF_UP: Final = "up"
_PCAP_IF_UP: Final = 0x2
_PCAP_IF_CONNECTION_STATUS: Final = 0x30
_PCAP_IF_DISCONNECTED: Final = 0x20
"""pcap/pcap.h."""


class LinkState(StrEnum):
    """Whether frames can come in."""

    UP = "up"
    NO_CARRIER = "no carrier"
    """Switched on, but no cable, no network."""
    DOWN = "down"
    """Switched off."""


@dataclass(frozen=True, slots=True)
class InterfaceInfo:
    """One interface."""

    name: str
    """What `open_live` takes."""
    friendly_name: str
    """What people call it; not unique."""
    addresses: tuple[str, ...]
    """IP addresses."""
    is_up: bool
    """Switched on and connected (IFF_RUNNING)."""
    is_loopback: bool
    permitted: bool
    """Whether this process may capture on it."""
    lacks_carrier: bool = False
    """Switched on, but not connected."""
    is_virtual: bool = False
    """Made by a program: there is no device behind it."""
    why_not: str = ""
    """Why capturing is not permitted, in a sentence."""

    @property
    def link(self) -> LinkState:
        """Whether frames can come in."""
        if self.is_up:
            return LinkState.UP
        return LinkState.NO_CARRIER if self.lacks_carrier else LinkState.DOWN

    @property
    def link_words(self) -> str:
        """`link` as a person says it."""
        if self.link is LinkState.NO_CARRIER:
            return "no cable" if self.friendly_name in {"Ethernet", "USB tethering"} else "not connected"
        return self.link.value


def list_interfaces() -> tuple[InterfaceInfo, ...]:
    """All interfaces: the one with the default route first, what is connected, then the others; idle virtual ones last.

    On Linux "any" is one of them, after those that are connected.
    """
    guide = explain()
    why_not = "" if guide.permitted else guide.why
    found = _from_npcap(why_not) if sys.platform == "win32" else _from_psutil(why_not)
    first = _default_of(found)
    if sys.platform == "linux" and found:
        found.append(InterfaceInfo(ANY, "All interfaces", (), True, False, not why_not, why_not=why_not))
    return tuple(sorted(found, key=lambda info: (info.name != first, *_rank(info))))


def _rank(info: InterfaceInfo) -> tuple[object, ...]:
    return (
        not info.is_up,
        not info.is_up and info.is_virtual,
        info.is_loopback,
        info.name == ANY,
        info.link is LinkState.DOWN,
        not info.addresses,
        info.is_virtual,
        info.name,
    )


def interface_names(choice: str) -> tuple[str, ...]:
    """The interfaces of a choice as the settings and the command line have it: "eth0,wlan0".

    Each once; what "any" covers anyway is left out.
    """
    names = tuple(dict.fromkeys(name for part in choice.split(",") if (name := part.strip())))
    return (ANY,) if ANY in names else names


def joined(names: Iterable[str]) -> str:
    """The choice of `names`; `interface_names` takes it apart again."""
    return ",".join(interface_names(",".join(names)))


def default_interface() -> str | None:
    """The interface that leads to the internet; where there is no such route, the likeliest; None = there is none."""
    return next((info.name for info in list_interfaces() if info.name != ANY), None)


def default_route_interface(proc: Path = _PROC) -> str | None:
    """Linux: the interface of the default route with the lowest metric, IPv4 before IPv6.

    Parameters
    ----------
    proc : where `route` and `ipv6_route` lie.
    """
    for routes in (_ipv4_defaults(_lines(proc / "route")), _ipv6_defaults(_lines(proc / "ipv6_route"))):
        best = min(routes, default=None)
        if best is not None:
            return best[1]
    return None


def _from_psutil(why_not: str) -> list[InterfaceInfo]:
    """Interfaces of this network namespace: ioctl answers for it, while sysfs may be mounted for another one."""
    import psutil

    addresses, statistics = psutil.net_if_addrs(), psutil.net_if_stats()
    families = {socket.AF_INET, socket.AF_INET6}
    found = []
    for name in addresses.keys() | statistics.keys():
        state = statistics.get(name)
        shown = tuple(
            entry.address.partition("%")[0] for entry in addresses.get(name, ()) if entry.family in families
        )
        label = friendly_name(name) if sys.platform == "linux" else plain_name(name)
        runs = bool(state and state.isup)
        found.append(
            InterfaceInfo(
                name,
                label,
                shown,
                runs,
                label == "Loopback",
                not why_not,
                lacks_carrier=not runs and state is not None and _IFF_UP in state.flags.split(","),
                is_virtual=is_virtual(label),
                why_not=why_not,
            )
        )
    return found


def _from_npcap(why_not: str) -> list[InterfaceInfo]:
    """Npcap's devices: their names are not those that Windows shows, which stand in the description."""
    library = load_libpcap()
    if library is None:
        return []
    devices = ctypes.POINTER(library.pcap_if_t)()
    reason = ctypes.create_string_buffer(library.PCAP_ERRBUF_SIZE)
    if library.pcap_findalldevs(ctypes.byref(devices), reason) != 0:
        return []
    try:
        return [_from_device(library, device, why_not) for device in _chain(devices)]
    finally:
        library.pcap_freealldevs(devices)


def _from_device(library: Any, device: Any, why_not: str) -> InterfaceInfo:
    words = (device.description or device.name).decode("utf-8", "replace")
    loopback = bool(device.flags & library.PCAP_IF_LOOPBACK)
    enabled = bool(device.flags & _PCAP_IF_UP)
    unplugged = device.flags & _PCAP_IF_CONNECTION_STATUS == _PCAP_IF_DISCONNECTED
    return InterfaceInfo(
        device.name.decode("utf-8", "replace"),
        "Loopback" if loopback else words,
        tuple(text for entry in _chain(device.addresses) if (text := _address(library, entry.addr))),
        enabled and not unplugged,
        loopback,
        not why_not,
        lacks_carrier=enabled and unplugged,
        is_virtual=is_virtual(words),
        why_not=why_not,
    )


def _address(library: Any, pointer: Any) -> str:
    if not pointer:
        return ""
    family = pointer.contents.sa_family
    if family == socket.AF_INET:
        raw = bytes(ctypes.cast(pointer, ctypes.POINTER(library.sockaddr_in)).contents.sin_addr)
    elif family == socket.AF_INET6:
        raw = bytes(ctypes.cast(pointer, ctypes.POINTER(library.sockaddr_in6)).contents.sin6_addr)
    else:
        return ""
    return socket.inet_ntop(family, raw)


def _chain(pointer: Any) -> Iterable[Any]:
    """The elements of a C list linked by `next`."""
    while pointer:
        yield pointer.contents
        pointer = pointer.contents.next


def _default_of(interfaces: list[InterfaceInfo]) -> str | None:
    names = {info.name for info in interfaces}
    routed = default_route_interface()
    if routed in names:
        return routed
    for outside, family in _OUTSIDE:
        own = _own_address(outside, family)
        for info in interfaces:
            if own in info.addresses:
                return info.name
    return None


def _own_address(outside: str, family: int) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((outside, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return None


def _ipv4_defaults(lines: list[str]) -> Iterable[tuple[int, str]]:
    """(metric, interface) of /proc/net/route's default routes."""
    for line in lines[1:]:
        fields = line.split()
        if len(fields) >= 8 and fields[1] == "00000000" and fields[7] == "00000000":
            flags = int(fields[3], 16)
            if flags & _ROUTE_UP and not flags & _ROUTE_REJECT:
                yield int(fields[6]), fields[0]


def _ipv6_defaults(lines: list[str]) -> Iterable[tuple[int, str]]:
    """(metric, interface) of /proc/net/ipv6_route's default routes."""
    for line in lines:
        fields = line.split()
        if len(fields) >= 10 and fields[0] == "0" * 32 and fields[1] == "00":
            flags = int(fields[8], 16)
            if flags & _ROUTE_UP and not flags & _ROUTE_REJECT and fields[9] != "lo":
                yield int(fields[5], 16), fields[9]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
