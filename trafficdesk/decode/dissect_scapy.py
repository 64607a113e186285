"""Which scapy class reads a frame's first layer, and which reads an application; each is imported when first needed.

Every import is spelled out, so that the packaged program holds the modules.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.packets.protocol import LinkType, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


def _ether() -> Any:
    from scapy.layers.l2 import Ether

    return Ether


def _cookedlinux() -> Any:
    from scapy.layers.l2 import CookedLinux

    return CookedLinux


def _cookedlinuxv2() -> Any:
    from scapy.layers.l2 import CookedLinuxV2

    return CookedLinuxV2


def _loopback() -> Any:
    from scapy.layers.l2 import Loopback

    return Loopback


def _ppp() -> Any:
    from scapy.layers.ppp import PPP

    return PPP


def _hdlc() -> Any:
    from scapy.layers.ppp import HDLC

    return HDLC


def _ip() -> Any:
    from scapy.layers.inet import IP

    return IP


def _ipv6() -> Any:
    from scapy.layers.inet6 import IPv6

    return IPv6


def _dns() -> Any:
    from scapy.layers.dns import DNS

    return DNS


def _llmnrquery() -> Any:
    from scapy.layers.llmnr import LLMNRQuery

    return LLMNRQuery


def _nbnsheader() -> Any:
    from scapy.layers.netbios import NBNSHeader

    return NBNSHeader


def _nbtdatagram() -> Any:
    from scapy.layers.netbios import NBTDatagram

    return NBTDatagram


def _bootp() -> Any:
    from scapy.layers.dhcp import BOOTP

    return BOOTP


def _dhcp6() -> Any:
    from scapy.layers.dhcp6 import DHCP6

    return DHCP6


def _ntp() -> Any:
    from scapy.layers.ntp import NTP

    return NTP


def _tls() -> Any:
    from scapy.layers.tls.record import TLS

    return TLS


def _snmp() -> Any:
    from scapy.layers.snmp import SNMP

    return SNMP


def _tftp() -> Any:
    from scapy.layers.tftp import TFTP

    return TFTP


def _radius() -> Any:
    from scapy.layers.radius import Radius

    return Radius


def _isakmp() -> Any:
    from scapy.layers.isakmp import ISAKMP

    return ISAKMP


def _eapol() -> Any:
    from scapy.layers.eap import EAPOL

    return EAPOL


def _pppoe() -> Any:
    from scapy.layers.ppp import PPPoE

    return PPPoE


def _sctp() -> Any:
    from scapy.layers.sctp import SCTP

    return SCTP


def _hsrp() -> Any:
    from scapy.layers.hsrp import HSRP

    return HSRP


def _rip() -> Any:
    from scapy.layers.rip import RIP

    return RIP


def _rtp() -> Any:
    from scapy.layers.rtp import RTP

    return RTP


_FIRST: Final[dict[int, Callable[[], Any]]] = {
    LinkType.ETHERNET: _ether,
    LinkType.LINUX_SLL: _cookedlinux,
    LinkType.LINUX_SLL2: _cookedlinuxv2,
    LinkType.NULL: _loopback,
    LinkType.LOOP: _loopback,
    LinkType.PPP: _ppp,
    LinkType.PPP_HDLC: _hdlc,
    LinkType.IPV4: _ip,
    LinkType.IPV6: _ipv6,
}
_RAW_IP: Final = (LinkType.RAW, LinkType.RAW_BSD_12, LinkType.RAW_OPENBSD_14)
_APPLICATIONS: Final[dict[int, Callable[[], Any]]] = {
    Protocol.DNS: _dns,
    Protocol.MDNS: _dns,
    Protocol.LLMNR: _llmnrquery,
    Protocol.NBNS: _nbnsheader,
    Protocol.NBDS: _nbtdatagram,
    Protocol.DHCP: _bootp,
    Protocol.DHCPV6: _dhcp6,
    Protocol.NTP: _ntp,
    Protocol.TLS: _tls,
    Protocol.SNMP: _snmp,
    Protocol.TFTP: _tftp,
    Protocol.RADIUS: _radius,
    Protocol.ISAKMP: _isakmp,
    Protocol.EAPOL: _eapol,
    Protocol.PPPOE: _pppoe,
    Protocol.SCTP: _sctp,
    Protocol.HSRP: _hsrp,
    Protocol.RIP: _rip,
    Protocol.RTP: _rtp,
}


def first_class(link_type: int, nibble: int) -> Any:
    """The class of a frame's first layer, None for a link type scapy is not asked about.

    `nibble` is the frame's first half byte: the IP version where frames begin with IP.
    """
    if link_type in _RAW_IP:
        return _loaded(_ipv6 if nibble == 6 else _ip)
    return _loaded(_FIRST.get(link_type))


def application_class(protocol: int) -> Any:
    """The class that reads a recognised `Protocol`, None where there is none."""
    return _loaded(_APPLICATIONS.get(protocol))


@cache
def _loaded(load: Callable[[], Any] | None) -> Any:
    """The class, or None where scapy can't import it (its TLS needs a library that we do not ship)."""
    # Dissecting hostile bytes makes scapy warn about every oddity; they are shown in the tree instead.
    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    if load is None:
        return None
    try:
        _ipv6()  # also binds the layers between link and transport
        return load()
    except ImportError:
        return None
