"""What people call an interface: "Wi-Fi", "Docker bridge", after what the system says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_SYSFS: Final = Path("/sys/class/net")
_LOOPBACK_TYPE: Final = "772"
"""ARPHRD_LOOPBACK."""

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
_HARDWARE: Final = frozenset({"Wi-Fi", "Mobile broadband", "Bluetooth", "PPP", "CAN bus"})
_MADE_UP: Final = (
    frozenset({"Virtual", "VPN", *_BY_DEVICE_TYPE.values(), *(words for _, words in _BY_PREFIX)}) - _HARDWARE
)
"""Friendly names of interfaces that a program made."""
_VIRTUAL_WORDS: Final = (
    *("virtual", "vpn", "vmware", "hyper-v", "tap-windows", "wintun", "wireguard", "miniport", "pseudo"),
    *("docker", "tunnel"),
)
"""In the descriptions that Windows has of adapters without hardware."""


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


def plain_name(name: str) -> str:
    """On macOS and BSD: what the system's own name says."""
    if name.startswith("lo"):
        return "Loopback"
    return "VPN" if name.startswith(("utun", "tun", "ppp", "ipsec")) else "Network"


def is_virtual(words: str) -> bool:
    """Whether an interface of that friendly name (Windows: description) has no device behind it."""
    low = words.lower()
    return words in _MADE_UP or any(word in low for word in _VIRTUAL_WORDS)


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
