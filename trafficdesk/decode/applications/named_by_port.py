"""Protocols of which only the name is told, by their registered port (IANA "Service Name and Port Number")."""

from __future__ import annotations

from typing import Final

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol


def _on(protocol: Protocol, *, tcp: tuple[int, ...] = (), udp: tuple[int, ...] = ()) -> Application:
    return Application(protocol, tcp=Over(ports=tcp) if tcp else None, udp=Over(ports=udp) if udp else None)


NAMED_BY_PORT: Final = (
    _on(Protocol.TELNET, tcp=(23,)),
    _on(Protocol.SNMP, tcp=(161, 162), udp=(161, 162)),
    _on(Protocol.MODBUS, tcp=(502,), udp=(502,)),
    _on(Protocol.LDAP, tcp=(389, 3268)),
    _on(Protocol.CLDAP, udp=(389,)),
    _on(Protocol.KERBEROS, tcp=(88,), udp=(88,)),
    _on(Protocol.RDP, tcp=(3389,), udp=(3389,)),
    _on(Protocol.TFTP, udp=(69,)),
    _on(Protocol.RADIUS, udp=(1645, 1646, 1812, 1813, 3799)),
    _on(Protocol.MYSQL, tcp=(3306,)),
    _on(Protocol.FTP_DATA, tcp=(20,)),
    _on(Protocol.VNC, tcp=(5500, 5501, 5900, 5901)),
    _on(Protocol.OPENVPN, tcp=(1194,), udp=(1194,)),
    _on(Protocol.POSTGRESQL, tcp=(5432,)),
    _on(Protocol.REDIS, tcp=(6379,)),
    _on(Protocol.NFS, tcp=(2049,), udp=(2049,)),
    _on(Protocol.VXLAN, udp=(4789,)),
    _on(Protocol.GTP, udp=(2123, 2152)),
    _on(Protocol.SYNCHROPHASOR, tcp=(4712,), udp=(4713,)),
    _on(Protocol.OMRON, tcp=(9600,), udp=(9600,)),
    _on(Protocol.BABEL, udp=(6696,)),
    _on(Protocol.MEGACO, tcp=(2944,), udp=(2944,)),
    _on(Protocol.BACNET, udp=(47808,)),
    _on(Protocol.ENIP, tcp=(44818,), udp=(44818,)),
    _on(Protocol.SFLOW, udp=(6343,)),
    _on(Protocol.COLLECTD, udp=(25826,)),
    _on(Protocol.RX, udp=(*range(7000, 7010), 7021)),
    _on(Protocol.TPLINK, udp=(9999,)),
    _on(Protocol.AMQP, tcp=(5672,)),
    _on(Protocol.COAP, udp=(5683,)),
    _on(Protocol.DB_LSP_DISC, udp=(17500,)),
    _on(Protocol.SRVLOC, tcp=(427,), udp=(427,)),
    _on(Protocol.PTP, udp=(319, 320)),
    _on(Protocol.RIP, udp=(520,)),
    _on(Protocol.RIPNG, udp=(521,)),
    _on(Protocol.HSRP, udp=(1985, 2029)),
    _on(Protocol.BFD, udp=(3784, 4784)),
    _on(Protocol.OPCUA, tcp=(4840,)),
    _on(Protocol.SOCKS, tcp=(1080,)),
    _on(Protocol.RPC, tcp=(111,), udp=(111,)),
)
