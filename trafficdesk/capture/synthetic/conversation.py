"""TCP conversations of the stage: handshake, data with acknowledgements, close; and TLS and HTTP on top."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.synthetic import frames, messages
from trafficdesk.packets.protocol import IpProtocol, TcpFlag

if TYPE_CHECKING:
    from trafficdesk.capture.synthetic.lan import Host, Lan

SEGMENT: Final = 1460
"""Bytes of payload in a full frame of 1514."""
_ACK: Final = TcpFlag.ACK
_DATA: Final = TcpFlag.PSH | TcpFlag.ACK


class TcpConversation:
    """One connection, seen from the client's side.

    Parameters
    ----------
    at : seconds; `now` moves on from there with every exchange.
    delay_s : there and back again.
    """

    def __init__(self, lan: Lan, ends: tuple[Host, Host], port: int, at: float, *, delay_s: float) -> None:
        self.lan = lan
        self.client, self.server = ends
        self.ports = (lan.port(), port)
        self.now = at
        self.delay_s = delay_s
        self._sent = [lan.rng.getrandbits(32), lan.rng.getrandbits(32)]

    def open(self) -> TcpConversation:
        """SYN, SYN-ACK, ACK."""
        size = struct.pack(">BBH", 2, 4, SEGMENT) + b"\x01\x01\x04\x02\x01\x03\x03\x07"
        self._segment(0, TcpFlag.SYN, options=size)
        self._sent[0] += 1
        self.now += self.delay_s * (0.95 + 0.1 * self.lan.rng.random())
        self._segment(1, TcpFlag.SYN | TcpFlag.ACK, options=size)
        self._sent[1] += 1
        self.now += 0.00004
        self._segment(0, _ACK)
        return self

    def say(self, side: int, payload: bytes, *, length: int | None = None, wait_s: float = 0.0) -> None:
        """One message in one segment after `wait_s`; side 0 = client, 1 = server; the other acknowledges."""
        self.now += wait_s if side == 0 else max(wait_s, self.delay_s)
        self._segment(side, _DATA, payload=payload, length=length)
        self._sent[side] += len(payload) if length is None else length
        self.now += self.delay_s if side == 0 else 0.0001
        self._segment(1 - side, _ACK)

    def stream(self, side: int, size: int, bytes_per_s: float, *, every: int = 2, merged: int = 1) -> None:
        """`size` bytes in full segments, captured up to the payload; every so many frames are acknowledged.

        `merged` is how many segments a frame holds at most: a computer that leaves segmentation to its network card
        sees its own segments before they are cut.
        """
        self.now += self.delay_s if side else 0.001
        left = size
        count = 0
        while left > 0:
            length = min(SEGMENT * (1 + self.lan.rng.randrange(merged)), left)
            left -= length
            self._segment(side, _ACK if left else _DATA, length=length)
            self._sent[side] += length
            count += 1
            self.now += length / bytes_per_s * (0.6 + 0.8 * self.lan.rng.random())
            if count % every == 0 or not left:
                self._segment(1 - side, _ACK)

    def close(self) -> None:
        """FIN from the client, FIN from the server, last ACK."""
        self._segment(0, TcpFlag.FIN | _ACK)
        self._sent[0] += 1
        self.now += self.delay_s
        self._segment(1, TcpFlag.FIN | _ACK)
        self._sent[1] += 1
        self.now += 0.00004
        self._segment(0, _ACK)

    def tls(self, server_name: str) -> TcpConversation:
        """Both hellos and the finished messages of TLS 1.3."""
        noise = self.lan.noise
        session = noise(32)
        self.say(0, messages.tls_client_hello(server_name, noise(32), session, noise(32)))
        hello = messages.tls_server_hello(noise(32), session, noise(32))
        rest = messages.tls_record(23, noise(12), 1_100 + self.lan.rng.randrange(200))
        self.say(
            1, hello + rest, length=len(hello) + 5 + int.from_bytes(rest[3:5], "big"), wait_s=self.delay_s
        )
        finished = messages.tls_record(20, b"\x01") + messages.tls_record(23, noise(53))
        self.say(0, finished, wait_s=0.0006)
        return self

    def sealed(self, side: int, size: int, *, wait_s: float = 0.0) -> None:
        """One TLS record of application data; its beginning is captured."""
        body = self.lan.noise(min(size, 11))
        self.say(side, messages.tls_record(23, body, size), length=size + 5, wait_s=wait_s)

    def _segment(
        self, side: int, flags: int, *, payload: bytes = b"", options: bytes = b"", length: int | None = None
    ) -> None:
        source, destination = (self.client, self.server) if side == 0 else (self.server, self.client)
        ports = self.ports if side == 0 else self.ports[::-1]
        answering = bool(flags & TcpFlag.ACK)
        segment = frames.tcp(
            (source.ip, destination.ip),
            (ports[0], ports[1]),
            sequence=self._sent[side],
            acknowledgement=self._sent[1 - side] if answering else 0,
            flags=flags,
            window=64_240 if flags & TcpFlag.SYN else 502,
            options=options,
            payload=payload,
            length=length,
        )
        claimed = None if length is None else 20 + len(options) + length
        self.lan.packet(self.now, source, destination, IpProtocol.TCP, segment, length=claimed)
