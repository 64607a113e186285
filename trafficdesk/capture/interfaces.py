"""What can be captured on: interfaces with names that people know, addresses, and which one leads to the internet."""

from __future__ import annotations

import ctypes
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.capture.bpf import load_libpcap
from trafficdesk.capture.permission import explain

if TYPE_CHECKING:
    from collections.abc import Iterable

_SYSFS: Final = Path("/sys/class/net")
_PROC: Final = Path("/proc/net")
_ROUTE_UP: Final = 0x1
"""RTF_UP, linux/route.h."""
_ROUTE_REJECT: Final = 0x0200
"""RTF_REJECT."""
_LOOPBACK_TYPE: Final = "772"
"""ARPHRD_LOOPBACK."""
_OUTSIDE: Final = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Documentation addresses (RFC 5737, RFC 3849): a UDP socket connected there sends nothing but knows its route."""

_BY_DEVICE_TYPE: Final = {
    "wlan": "Wi-Fi",
    "wwan": "Mobile broadband",
    "bluetooth": "Bluetooth",
    "bridge": "Bridge",
    "bond": "Bond",
    "team": "Bond",
    "vlan": "VLAN",
    "wireguard": "VPN (WireGuard)",
    "ppp": "PPP",
    "vxlan": "Tunnel (VXLAN)",
    "macvlan": "Virtual (macvlan)",
    "ipvlan": "Virtual (ipvlan)",
}
"""DEVTYPE of /sys/class/net/*/uevent."""
_BY_PREFIX: Final = (
    ("docker", "Docker bridge"),
    ("br-", "Docker bridge"),
    ("podman", "Podman bridge"),
    ("cni", "Container bridge"),
    ("virbr", "Virtual machine bridge"),
    ("vmnet", "VMware network"),
    ("vboxnet", "VirtualBox network"),
    ("veth", "Container cable"),
    ("tailscale", "VPN (Tailscale)"),
    ("wg", "VPN (WireGuard)"),
    ("tun", "VPN"),
    ("tap", "Virtual (tap)"),
    ("ppp", "PPP"),
    ("ifb", "Traffic shaping"),
    ("dummy", "Dummy"),
    ("sit", "Tunnel"),
    ("gre", "Tunnel"),
    ("can", "CAN bus"),
)
_USB_DRIVERS: Final = frozenset({"cdc_ether", "cdc_ncm", "rndis_host", "ipheth"})


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
    is_loopback: bool
    permitted: bool
    """Whether this process may capture on it."""


def list_interfaces() -> tuple[InterfaceInfo, ...]:
    """All interfaces: the one with the default route first, then those that are up, loopback late."""
    permitted = explain().permitted
    found = _from_npcap(permitted) if sys.platform == "win32" else _from_psutil(permitted)
    first = _default_of(found)
    return tuple(
        sorted(
            found,
            key=lambda info: (
                info.name != first,
                not info.is_up,
                info.is_loopback,
                not info.addresses,
                info.name,
            ),
        )
    )


def default_interface() -> str | None:
    """The interface that leads to the internet; where there is no such route, the likeliest; None = there is none."""
    interfaces = list_interfaces()
    return interfaces[0].name if interfaces else None


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


def friendly_name(name: str, sysfs: Path = _SYSFS) -> str:
    """Linux: what people call the interface, after what the kernel says of it.

    Parameters
    ----------
    sysfs : the folder with one folder per interface.
    """
    folder = sysfs / name
    if _first_line(folder / "type") == _LOOPBACK_TYPE or name == "lo":
        return "Loopback"
    if (folder / "wireless").exists() or (folder / "phy80211").exists():
        return "Wi-Fi"
    by_prefix = next((words for prefix, words in _BY_PREFIX if name.startswith(prefix)), "")
    device_type = _uevent(folder).get("DEVTYPE", "")
    if device_type in {"", "bridge"} and by_prefix:
        return by_prefix
    return _BY_DEVICE_TYPE.get(device_type, by_prefix) or _by_device(folder)


def _by_device(folder: Path) -> str:
    """What the interface is after the device behind it."""
    if (folder / "tun_flags").exists():
        return "VPN"
    if not (folder / "device").exists():
        return "Virtual"
    return "USB tethering" if (folder / "device" / "driver").resolve().name in _USB_DRIVERS else "Ethernet"


def _from_psutil(permitted: bool) -> list[InterfaceInfo]:
    import psutil

    addresses, statistics = psutil.net_if_addrs(), psutil.net_if_stats()
    families = {socket.AF_INET, socket.AF_INET6}
    found = []
    for name in addresses.keys() | statistics.keys():
        state = statistics.get(name)
        shown = tuple(
            entry.address.partition("%")[0] for entry in addresses.get(name, ()) if entry.family in families
        )
        label = friendly_name(name) if sys.platform == "linux" else _plain_name(name)
        loopback = label == "Loopback"
        found.append(InterfaceInfo(name, label, shown, bool(state and state.isup), loopback, permitted))
    return found


def _plain_name(name: str) -> str:
    if name.startswith("lo"):
        return "Loopback"
    return "VPN" if name.startswith(("utun", "tun", "ppp", "ipsec")) else "Network"


def _from_npcap(permitted: bool) -> list[InterfaceInfo]:
    """Npcap's devices: their names are not those that Windows shows, which stand in the description."""
    library = load_libpcap()
    if library is None:
        return []
    devices = ctypes.POINTER(library.pcap_if_t)()
    reason = ctypes.create_string_buffer(library.PCAP_ERRBUF_SIZE)
    if library.pcap_findalldevs(ctypes.byref(devices), reason) != 0:
        return []
    try:
        return [_from_device(library, device, permitted) for device in _chain(devices)]
    finally:
        library.pcap_freealldevs(devices)


def _from_device(library: Any, device: Any, permitted: bool) -> InterfaceInfo:
    name = device.name.decode("utf-8", "replace")
    words = (device.description or device.name).decode("utf-8", "replace")
    loopback = bool(device.flags & library.PCAP_IF_LOOPBACK)
    addresses = tuple(text for entry in _chain(device.addresses) if (text := _address(library, entry.addr)))
    up = bool(device.flags & 2)  # PCAP_IF_UP
    return InterfaceInfo(name, "Loopback" if loopback else words, addresses, up, loopback, permitted)


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


def _uevent(folder: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in _lines(folder / "uevent"))
    return {name: value for name, _, value in pairs}


def _first_line(path: Path) -> str:
    return next(iter(_lines(path)), "")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
