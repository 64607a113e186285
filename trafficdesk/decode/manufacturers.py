"""Who made a network card, by the first bytes of its address: scapy's copy of the IEEE registry (Wireshark's `manuf`).

Importing it takes a quarter of a second: ask from a thread.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from trafficdesk.packets.address import mac_text
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.printable import shown

_GROUP: Final = 1 << 40
_LOCAL: Final = 1 << 41
"""Bits of the first byte (IEEE 802 section 8.2): an address of many, or one that its user chose."""

_LONGEST: Final = 40


def manufacturer(address: int) -> str:
    """Name of the maker of a 48-bit address; empty where the registry has none."""
    return _names(address)[1]


def short_manufacturer(address: int) -> str:
    """The same as Wireshark abbreviates it in front of an address."""
    return _names(address)[0]


@lru_cache(maxsize=4_096)
def _names(address: int) -> tuple[str, str]:
    if address == int(NO_MAC) or address & (_GROUP | _LOCAL):
        return "", ""
    from scapy.data import MANUFDB

    text = mac_text(address)
    short, name = MANUFDB.lookup(text)
    return ("", "") if name.lower() == text else (shown(short, _LONGEST), shown(name, _LONGEST))
