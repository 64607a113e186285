"""More lines of `info`: protocols whose message is one number and perhaps a text, and packets inside tunnels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets import words
from trafficdesk.packets.info_lines import LINES, named
from trafficdesk.packets.pieces import Piece, constant, decimals, join, labels, ports, table, texts_of
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.info_lines import Line

_TLS_HELLOS: Final = (0x1601, 0x1602)


def tls(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`Client Hello (TLS 1.3, SNI=example.com, ALPN=h2)`."""
    code = batch["application_code"][rows]
    pieces = [labels(code, words.tls_record)]
    hello = np.isin(code, _TLS_HELLOS) & (batch["protocol"][rows] == Protocol.TLS)
    named_rows = batch["text_length"][rows] > 0
    next_protocol = batch["application_count"][rows]
    if hello.any() or named_rows.any():
        version = labels(batch["application_type"][rows], lambda key: words.TLS_VERSIONS.get(key, "TLS"))
        told = hello | named_rows
        pieces += [constant(" (").only(told), version.only(hello)]
        pieces += [constant(", ").only(hello & named_rows), constant("SNI=").only(named_rows)]
        pieces.append(texts_of(batch, rows))
        offered = told & (next_protocol > 0)
        pieces += [
            labels(next_protocol, lambda key: f", ALPN={_next_protocol(key)}").only(offered),
            constant(")").only(told),
        ]
    return join(len(rows), pieces)


def _next_protocol(number: int) -> str:
    known = words.NEXT_PROTOCOLS
    return known[number] if number < len(known) else str(number)


def _texted(
    name: Callable[[int], str], label: str = "", column: str = "application_code", *, number: str = ""
) -> Line:
    """A word for the column's number, another column's number, and the text after `label`."""

    def line(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        pieces = [labels(batch[column][rows], name)]
        if number:
            pieces += decimals(batch[number][rows])
        if label:
            pieces.append(constant(label).only(batch["text_length"][rows] > 0))
        return join(len(rows), [*pieces, texts_of(batch, rows)])

    return line


def modbus(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`Query: Unit 1, Func 3: Read Holding Registers`; the top bit of the function is an exception."""

    def function(code: int) -> str:
        name = words.MODBUS_FUNCTIONS.get(code & 0x7F, "Unknown function")
        return f", Func {code & 0x7F}: {name}{', Exception' if code & 0x80 else ''}"

    answers = (batch["source_port"][rows] == _MODBUS_PORT).astype(np.int64)
    read = batch["application_code"][rows] > 0
    pieces = [
        labels(answers, lambda key: "Response: Unit " if key else "Query: Unit ").only(read),
        *(piece.only(read) for piece in decimals(batch["application_type"][rows])),
        labels(batch["application_code"][rows], function).only(read),
        constant("Continuation").only(~read),
    ]
    return join(len(rows), pieces)


def rtp(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`PT=ITU-T G.711 PCMU, Seq=12, Len=160`."""
    kind = labels(
        batch["application_type"][rows], lambda kind: f"PT={words.RTP_TYPES.get(kind, str(kind))}, Seq="
    )
    sequence = decimals(batch["application_id"][rows])
    return join(len(rows), [kind, *sequence, constant(", Len="), *decimals(batch["payload_length"][rows])])


def ssh(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`Client: Key Exchange Init` of what is not encrypted, else as `LINES` has it."""
    plain, code = LINES[Protocol.SSH](batch, rows), batch["application_code"][rows]
    told = code > 0
    if not told.any():
        return plain
    text = np.ascontiguousarray(plain).view(f"S{plain.shape[1]}").reshape(-1)
    answers = np.isin(batch["source_port"][rows], _SSH_PORTS).astype(np.int64)
    pieces = [
        Piece(text, np.char.str_len(text).astype(np.int64)).only(~told),
        table(["Client: ", "Server: "]).of(answers).only(told),
        labels(code, lambda key: words.SSH_MESSAGES.get(key, "")),
    ]
    return join(len(rows), pieces)


def http2(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`Magic, SETTINGS[0], WINDOW_UPDATE[0]`: the first three frames; what begins in the middle of one is a continuation."""
    before = batch["application_code"][rows] > 0
    pieces = [constant("Magic").only(before)]
    for name in _HTTP2_COLUMNS:
        frame = batch[name][rows]
        pieces += [constant(", ").only(before & (frame > 0)), labels(frame, words.http2_frame)]
        before |= frame > 0
    silent = [constant("Continuation (len="), *decimals(batch["payload_length"][rows]), constant(")")]
    return join(len(rows), [*pieces, *(piece.only(~before) for piece in silent)])


def tftp(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`Read Request, File: a.txt`, `Data Packet, Block: 1`; answers come from ports of their own and are not read."""
    code, block = batch["application_code"][rows], batch["application_id"][rows]
    return join(
        len(rows),
        [
            labels(code, lambda key: words.TFTP_MESSAGES.get(key, "Transfer")),
            *(piece.only((code == 3) | (code == 4)) for piece in decimals(block)),
            texts_of(batch, rows),
        ],
    )


def icmp(line: Line) -> Line:
    """`line`, and of an echo `id=0x0001, seq=1`."""

    def with_echo(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        plain = line(batch, rows)
        echo = np.isin(batch["message_type"][rows], _ECHOES)
        if not echo.any():
            return plain
        identifier = labels(batch["application_id"][rows], lambda key: f" id=0x{key:04x}, seq=")
        text = np.ascontiguousarray(plain).view(f"S{plain.shape[1]}").reshape(-1)
        pieces = [Piece(text, np.char.str_len(text).astype(np.int64)), identifier.only(echo)]
        numbers = [piece.only(echo) for piece in decimals(batch["application_code"][rows])]
        return join(len(rows), [*pieces, *numbers])

    return with_echo


def tunnelled_tcp(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`51234 → 443 [SYN] Len=0` of a segment inside a tunnel, whose numbers are not kept."""
    source, destination = (batch[name][rows] for name in ("source_port", "destination_port"))
    known = (source >= 0) & (destination >= 0)
    pieces = [ports().of(np.maximum(source, 0)), constant(" → "), ports().of(np.maximum(destination, 0))]
    flags = labels(batch["tcp_flags"][rows], lambda key: f" [{words.tcp_flags(key)}]")
    size = [constant(" Len="), *decimals(batch["payload_length"][rows])]
    return join(len(rows), [piece.only(known) for piece in (*pieces, flags, *size)])


_MODBUS_PORT: Final = 502
_SSH_PORTS: Final = (22, 29418)
_HTTP2_COLUMNS: Final = ("application_type", "application_id", "application_count")
"""As `decode.applications.http2` fills them."""
_ECHOES: Final = (0, 8, 128, 129)

APPLICATION_LINES: Final[dict[int, Line]] = {
    Protocol.TLS: tls,
    Protocol.DTLS: tls,
    Protocol.MODBUS: modbus,
    Protocol.RTP: rtp,
    Protocol.HTTP2: http2,
    Protocol.SSH: ssh,
    Protocol.TFTP: tftp,
    Protocol.SNMP: _texted(lambda code: words.SNMP_MESSAGES.get(code, "SNMP message"), ", community "),
    Protocol.LDAP: named(lambda code: words.LDAP_MESSAGES.get(code, "Continuation"), size=False),
    Protocol.CLDAP: named(lambda code: words.LDAP_MESSAGES.get(code, "Continuation"), size=False),
    Protocol.KERBEROS: named(lambda code: words.KERBEROS_MESSAGES.get(code, "Continuation"), size=False),
    Protocol.RDP: named(lambda code: words.COTP_MESSAGES.get(code, "Continuation")),
    Protocol.RADIUS: _texted(
        lambda code: f"{words.RADIUS_MESSAGES.get(code, f'Code {code}')} id=", number="application_id"
    ),
    Protocol.OSPF: named(lambda code: words.OSPF_MESSAGES.get(code, f"Type {code}"), size=False),
    Protocol.PIM: named(lambda code: words.PIM_MESSAGES.get(code & 15, f"Type {code & 15}"), size=False),
    Protocol.EIGRP: named(lambda code: words.EIGRP_MESSAGES.get(code, f"Type {code}"), size=False),
    Protocol.VRRP: named(lambda code: f"Announcement (v{code >> 4})", size=False),
    Protocol.LLDP: _texted(lambda _code: "Link layer discovery", ", system "),
}
"""Who writes the line of each of these protocols."""
