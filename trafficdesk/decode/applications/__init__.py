"""Application protocols: one file each, one literal list, recognised by payload first and by port second.

To add one: a file with an `Application`, an entry in `APPLICATIONS`, a member of `Protocol` with its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.decode.applications.asn1 import CLDAP, KERBEROS, LDAP, SNMP
from trafficdesk.decode.applications.bgp import BGP
from trafficdesk.decode.applications.bittorrent import BITTORRENT, HASH_TABLE_PROTOCOL
from trafficdesk.decode.applications.choice import Choice
from trafficdesk.decode.applications.dhcp import DHCP
from trafficdesk.decode.applications.dhcpv6 import DHCPV6
from trafficdesk.decode.applications.dnp3 import DNP3
from trafficdesk.decode.applications.dns import DNS, LLMNR, MDNS, NBNS
from trafficdesk.decode.applications.http import HTTP
from trafficdesk.decode.applications.http2 import HTTP2, HTTP2_FRAMES
from trafficdesk.decode.applications.ipsec import ESP_IN_UDP, ISAKMP
from trafficdesk.decode.applications.line_protocols import FIX, FTP, IMAP, IRC, POP, SMTP, SSDP, SYSLOG, XMPP
from trafficdesk.decode.applications.modbus import MODBUS
from trafficdesk.decode.applications.mqtt import MQTT
from trafficdesk.decode.applications.named_by_payload import NAMED_BY_PAYLOAD
from trafficdesk.decode.applications.named_by_port import NAMED_BY_PORT
from trafficdesk.decode.applications.ntp import NTP
from trafficdesk.decode.applications.quic import GQUIC, QUIC
from trafficdesk.decode.applications.rtp import RTCP, RTP
from trafficdesk.decode.applications.sip import RTSP, SIP
from trafficdesk.decode.applications.smb import NBSS, SMB, SMB2
from trafficdesk.decode.applications.ssh import SSH
from trafficdesk.decode.applications.stun import STUN
from trafficdesk.decode.applications.tls import DTLS, TLS
from trafficdesk.decode.applications.told_by_header import TOLD_BY_HEADER
from trafficdesk.decode.applications.wireguard import WIREGUARD
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from trafficdesk.decode.applications.application import Application
    from trafficdesk.decode.workspace import Workspace

APPLICATIONS: Final[tuple[Application, ...]] = (
    TLS,
    HTTP,
    HTTP2,
    DNS,
    MDNS,
    LLMNR,
    NBNS,
    QUIC,
    GQUIC,
    DTLS,
    STUN,
    SIP,
    RTSP,
    SSH,
    SMB2,
    SMB,
    NBSS,
    BITTORRENT,
    HASH_TABLE_PROTOCOL,
    BGP,
    MQTT,
    DHCP,
    DHCPV6,
    NTP,
    SSDP,
    SMTP,
    FTP,
    IMAP,
    POP,
    IRC,
    XMPP,
    FIX,
    SYSLOG,
    ISAKMP,
    ESP_IN_UDP,
    DNP3,
    SNMP,
    LDAP,
    CLDAP,
    KERBEROS,
    MODBUS,
    *TOLD_BY_HEADER,
    *NAMED_BY_PAYLOAD,
    *NAMED_BY_PORT,
    WIREGUARD,
    RTCP,
    RTP,
    HTTP2_FRAMES,
)
"""Every application protocol that is recognised; where two claim the same payload or port, the earlier one is tried
first."""

_OVER_TCP: Final = Choice(Protocol.TCP, APPLICATIONS)
_OVER_UDP: Final = Choice(Protocol.UDP, APPLICATIONS)


def recognise(workspace: Workspace) -> None:
    """Name the application of every row with transport payload and fill its application columns."""
    _OVER_TCP.recognise(workspace)
    _OVER_UDP.recognise(workspace)
