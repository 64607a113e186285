"""Names of protocols that a display filter can use: Wireshark's, each asking whether a frame has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.filter_columns import (
    ARP,
    ETHERNET,
    HELLO,
    IPV4,
    IPV6,
    SCTP,
    TCP,
    VLAN,
    application,
    both,
    either,
    equals,
    every,
    messages,
    nested,
    transport,
)
from trafficdesk.packets.filter_rows import FilterField, Kind, Mask, Rows, Values
from trafficdesk.packets.protocol import IpProtocol, Status, TcpNote, Tunnel, tunnel_name
from trafficdesk.packets.protocols import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


def _named(name: str, present: Callable[[Rows], Mask], words: str = "") -> FilterField:
    return FilterField(
        name,
        Kind.PROTOCOL,
        words or f"frames that have {name.upper()}",
        lambda rows: Values(present(rows), ()),
    )


def _inside(name: str, present: Callable[[Rows], Mask], words: str = "") -> FilterField:
    """A protocol that a tunnel may carry."""
    field = _named(name, present, words)
    return FilterField(name, field.kind, field.words, nested(field.read))


_APPLICATIONS: Final = {
    "afp": (Protocol.AFP,),
    "amqp": (Protocol.AMQP,),
    "aoe": (Protocol.AOE,),
    "babel": (Protocol.BABEL,),
    "beanstalk": (Protocol.BEANSTALK,),
    "bfd": (Protocol.BFD,),
    "bgp": (Protocol.BGP,),
    "bitcoin": (Protocol.BITCOIN,),
    "bittorrent": (Protocol.BITTORRENT,),
    "browser": (Protocol.BROWSER,),
    "bt-dht": (Protocol.BT_DHT,),
    "cdp": (Protocol.CDP,),
    "cflow": (Protocol.NETFLOW,),
    "cfm": (Protocol.CFM,),
    "cldap": (Protocol.CLDAP,),
    "coap": (Protocol.COAP,),
    "collectd": (Protocol.COLLECTD,),
    "cotp": (
        Protocol.COTP,
        Protocol.S7COMM,
        Protocol.S7COMM_PLUS,
    ),
    "db-lsp-disc": (Protocol.DB_LSP_DISC,),
    "dcerpc": (Protocol.DCERPC,),
    "dhcp": (Protocol.DHCP,),
    "dhcpv6": (Protocol.DHCPV6,),
    "diameter": (Protocol.DIAMETER,),
    "dnp3": (Protocol.DNP3,),
    "dns": (Protocol.DNS,),
    "doip": (Protocol.DOIP,),
    "dtls": (Protocol.DTLS,),
    "dtp": (Protocol.DTP,),
    "eap": (Protocol.EAP,),
    "eapol": (
        Protocol.EAPOL,
        Protocol.EAP,
    ),
    "ecatf": (Protocol.ETHERCAT,),
    "egp": (Protocol.EGP,),
    "eigrp": (Protocol.EIGRP,),
    "enip": (Protocol.ENIP,),
    "finger": (Protocol.FINGER,),
    "ftp": (Protocol.FTP,),
    "ftp-data": (Protocol.FTP_DATA,),
    "giop": (Protocol.GIOP,),
    "goose": (Protocol.GOOSE,),
    "gquic": (Protocol.GQUIC,),
    "homeplug": (Protocol.HOMEPLUG,),
    "hsrp": (Protocol.HSRP,),
    "http": (Protocol.HTTP,),
    "http2": (Protocol.HTTP2,),
    "iax2": (Protocol.IAX2,),
    "icap": (Protocol.ICAP,),
    "igrp": (Protocol.IGRP,),
    "imap": (Protocol.IMAP,),
    "ipx": (
        Protocol.IPX,
        Protocol.IPX_RIP,
        Protocol.IPX_SAP,
        Protocol.NBIPX,
        Protocol.NMPI,
    ),
    "irc": (Protocol.IRC,),
    "isakmp": (Protocol.ISAKMP,),
    "iscsi": (Protocol.ISCSI,),
    "kafka": (Protocol.KAFKA,),
    "kerberos": (Protocol.KERBEROS,),
    "lacp": (Protocol.LACP,),
    "ldap": (Protocol.LDAP,),
    "lldp": (Protocol.LLDP,),
    "llmnr": (Protocol.LLMNR,),
    "macsec": (Protocol.MACSEC,),
    "mdns": (Protocol.MDNS,),
    "memcache": (Protocol.MEMCACHED,),
    "mgcp": (Protocol.MGCP,),
    "mndp": (Protocol.MNDP,),
    "modbus": (Protocol.MODBUS,),
    "mongo": (Protocol.MONGODB,),
    "mqtt": (Protocol.MQTT,),
    "msdp": (Protocol.MSDP,),
    "mysql": (Protocol.MYSQL,),
    "nat-pmp": (Protocol.NAT_PMP,),
    "nbdgm": (
        Protocol.NBDS,
        Protocol.BROWSER,
    ),
    "nbns": (Protocol.NBNS,),
    "nbss": (
        Protocol.NBSS,
        Protocol.SMB,
        Protocol.SMB2,
    ),
    "nfs": (Protocol.NFS,),
    "nhrp": (Protocol.NHRP,),
    "nntp": (Protocol.NNTP,),
    "ntp": (Protocol.NTP,),
    "olsr": (Protocol.OLSR,),
    "opcua": (Protocol.OPCUA,),
    "openvpn": (Protocol.OPENVPN,),
    "pfcp": (Protocol.PFCP,),
    "pgsql": (Protocol.POSTGRESQL,),
    "pop": (Protocol.POP,),
    "pptp": (Protocol.PPTP,),
    "ptp": (Protocol.PTP,),
    "quic": (Protocol.QUIC,),
    "radius": (Protocol.RADIUS,),
    "rdp": (Protocol.RDP,),
    "resp": (Protocol.REDIS,),
    "rip": (Protocol.RIP,),
    "ripng": (Protocol.RIPNG,),
    "rpc": (
        Protocol.RPC,
        Protocol.NFS,
    ),
    "rsvp": (Protocol.RSVP,),
    "rsync": (Protocol.RSYNC,),
    "rtcp": (Protocol.RTCP,),
    "rtmpt": (Protocol.RTMP,),
    "rtp": (Protocol.RTP,),
    "rtsp": (Protocol.RTSP,),
    "rx": (Protocol.RX,),
    "s7comm": (Protocol.S7COMM,),
    "sflow": (Protocol.SFLOW,),
    "sip": (Protocol.SIP,),
    "slow": (Protocol.SLOW,),
    "smb": (Protocol.SMB,),
    "smb2": (Protocol.SMB2,),
    "smtp": (Protocol.SMTP,),
    "snmp": (Protocol.SNMP,),
    "socks": (Protocol.SOCKS,),
    "someip": (Protocol.SOMEIP,),
    "srvloc": (Protocol.SRVLOC,),
    "ssdp": (Protocol.SSDP,),
    "ssh": (Protocol.SSH,),
    "stp": (Protocol.STP,),
    "stun": (Protocol.STUN,),
    "sv": (Protocol.SAMPLED_VALUES,),
    "syslog": (Protocol.SYSLOG,),
    "tacacs": (Protocol.TACACS,),
    "tacplus": (Protocol.TACACS_PLUS,),
    "tds": (Protocol.TDS,),
    "telnet": (Protocol.TELNET,),
    "tftp": (Protocol.TFTP,),
    "tipc": (Protocol.TIPC,),
    "tns": (Protocol.TNS,),
    "udld": (Protocol.UDLD,),
    "vnc": (Protocol.VNC,),
    "vtp": (Protocol.VTP,),
    "websocket": (Protocol.WEBSOCKET,),
    "wg": (Protocol.WIREGUARD,),
    "whois": (Protocol.WHOIS,),
    "wlan": (Protocol.WLAN,),
    "wol": (Protocol.WAKE_ON_LAN,),
    "x11": (Protocol.X11,),
    "xdmcp": (Protocol.XDMCP,),
    "xmpp": (Protocol.XMPP,),
}

_CARRIED: Final = {
    "gre": IpProtocol.GRE, "esp": IpProtocol.ESP, "ospf": IpProtocol.OSPF, "pim": IpProtocol.PIM,
    "vrrp": IpProtocol.VRRP, "hip": IpProtocol.HIP,
}  # fmt: skip


def _carried(number: IpProtocol) -> Callable[[Rows], Mask]:
    return both(equals("ip_protocol", number), lambda rows: rows.column("fragment_offset") <= 0)


_CARRIERS: Final = {
    "vxlan": (Tunnel.VXLAN, Protocol.VXLAN), "geneve": (Tunnel.GENEVE, Protocol.GENEVE), "gtp": (Tunnel.GTP, Protocol.GTP),
    "teredo": (Tunnel.TEREDO, Protocol.TEREDO), "erspan": (Tunnel.ERSPAN, Protocol.ERSPAN),
    "capwap": (Tunnel.CAPWAP, Protocol.CAPWAP_DATA), "l2tp": (Tunnel.L2TP, Protocol.L2TP), "etherip": (Tunnel.ETHERIP, Protocol.ETHERIP),
}  # fmt: skip


def _tunnelled(tunnel: Tunnel, protocol: Protocol) -> Callable[[Rows], Mask]:
    return lambda rows: (rows.column("tunnel") == tunnel) | (rows.column("protocol") == protocol)


_AGAIN: Final = TcpNote.RETRANSMISSION | TcpNote.FAST_RETRANSMISSION | TcpNote.SPURIOUS_RETRANSMISSION
_NOTES: Final = {
    "flags": (TcpNote(0x7FFF), "TCP segments of which the analysis says something"),
    "retransmission": (_AGAIN, "TCP segments sent again"),
    "fast_retransmission": (TcpNote.FAST_RETRANSMISSION, "TCP segments sent again after duplicate acknowledgements"),
    "spurious_retransmission": (TcpNote.SPURIOUS_RETRANSMISSION, "TCP segments sent again though acknowledged"),
    "out_of_order": (TcpNote.OUT_OF_ORDER, "TCP segments that overtook another"),
    "lost_segment": (TcpNote.PREVIOUS_NOT_CAPTURED, "TCP segments whose predecessor was not captured"),
    "ack_lost_segment": (TcpNote.ACKED_UNSEEN, "acknowledgements of segments that were not captured"),
    "duplicate_ack": (TcpNote.DUPLICATE_ACK, "duplicate acknowledgements"),
    "zero_window": (TcpNote.ZERO_WINDOW, "TCP receivers that take nothing more"),
    "zero_window_probe": (TcpNote.ZERO_WINDOW_PROBE, "TCP probes of a closed window"),
    "zero_window_probe_ack": (TcpNote.ZERO_WINDOW_PROBE_ACK, "answers to such probes"),
    "window_update": (TcpNote.WINDOW_UPDATE, "TCP window updates"),
    "keep_alive": (TcpNote.KEEP_ALIVE, "TCP keep-alives"),
    "keep_alive_ack": (TcpNote.KEEP_ALIVE_ACK, "answers to keep-alives"),
    "reused_ports": (TcpNote.PORT_REUSED, "TCP connections on the ports of one before"),
}  # fmt: skip


def _noted(note: TcpNote) -> Callable[[Rows], Mask]:
    return lambda rows: (rows.column("tcp_notes") & np.uint16(note)) != 0


PROTOCOLS: Final = (
    _named("frame", every, "every frame"),
    _named("eth", ETHERNET),
    _named("vlan", VLAN),
    _inside("arp", ARP),
    _inside("ip", IPV4, "frames that have IPv4"),
    _inside("ipv6", IPV6),
    _inside("tcp", TCP),
    _inside("udp", transport(IpProtocol.UDP)),
    _inside("udplite", transport(IpProtocol.UDPLITE)),
    _inside("sctp", SCTP),
    _inside("dccp", transport(IpProtocol.DCCP)),
    _inside("icmp", messages(IpProtocol.ICMP)),
    _inside("icmpv6", messages(IpProtocol.ICMPV6)),
    _inside("igmp", messages(IpProtocol.IGMP)),
    *(_inside(name, _carried(number)) for name, number in _CARRIED.items()),
    *(_named(name, application(*protocols)) for name, protocols in _APPLICATIONS.items()),
    *(
        _named(name, _tunnelled(tunnel, protocol), f"frames in a tunnel of {tunnel_name(tunnel)}")
        for name, (tunnel, protocol) in _CARRIERS.items()
    ),
    *(_named(f"tcp.analysis.{name}", _noted(note), words) for name, (note, words) in _NOTES.items()),
    _named("tls", either(application(Protocol.TLS), HELLO)),
    _named("_ws.malformed", equals("status", Status.MALFORMED), "frames that contradict themselves"),
)
