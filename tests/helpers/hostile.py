"""Text that strangers would like to be more than text, frames that carry it, and what it means to be no more than text."""

from __future__ import annotations

import struct
import unicodedata
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.pcap_writer import write_pcapng
from trafficdesk.capture.source import Frame
from trafficdesk.capture.synthetic.frames import ethernet, ipv4, tcp, udp
from trafficdesk.capture.synthetic.messages import dhcp, tls_client_hello
from trafficdesk.packets.printable import shown
from trafficdesk.packets.protocol import EtherType, IpProtocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TEXTS: Final = {
    "formula": "=cmd|' /C calc'!A0",
    "plus": '+HYPERLINK("http://evil.example","x")',
    "minus": "-2+3+cmd|'/C calc'!A0",
    "at": "@SUM(1+9)*cmd|'/C calc'!A0",
    "tab": "\t=1+1",
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "svg": "</td></table><svg/onload=alert(1)>",
    "header": "a\r\nBcc: victim@example.com\r\n\r\nbody",
    "line": "a\nalert: all is well\nb",
    "ansi": "\x1b[2J\x1b]0;owned\x07\x1b[31m",
    "c1": "a\u009b31mb\u0085c",
    "nul": "good\x00.evil",
    "rtl": "\u202egpj.exe\u202c\u2066x",
    "hidden": "pay\u200bpal\u00ad\u2060.com\ufeff",
    "blank": "a\u3164\u2800b\ufe0f\U000e0100c\u115f",
    "separators": "a\u2028b\u2029c",
    "jinja": "{{ 7*7 }}{% for a in b %}{{ config }}",
    "markdown": "[x](javascript:alert(1))![y](http://evil/p.png)|`a`**b**",
    "percent": "%s%n%(x)s{0}{x!r}${HOME}`id`$(id)",
    "invalid": b"\xff\xfe\xc3(\xa0\xed\xa0\x80",
    "long": "A" * 240,
}
"""What it tries, and the text as it stands on the wire."""

ATTACKER_MAC, ROUTER_MAC, DESK_MAC = (bytes((2, 0, 0, 0, 0, number)) for number in (6, 1, 9))
DESK: Final = bytes((192, 168, 7, 10))
ROUTER: Final = bytes((192, 168, 7, 1))
START_NS: Final = 1_700_000_000_000_000_000
_SYN, _RST, _PUSH = 0x02, 0x14, 0x18
_STEERING: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories: control, format (bidi overrides among them), surrogates, line and paragraph separators."""
_BLANK: Final = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe0e\ufe0f\U000e0100")
"""Called printable, but nothing is seen of them."""
PORTS: Final = 40
"""So many a port scan tries."""


def raw(name: str) -> bytes:
    """The bytes of a text."""
    text = TEXTS[name]
    return text if isinstance(text, bytes) else text.encode()


def target_of(name: str) -> bytes:
    """Address that is called by that text."""
    return bytes((198, 51, 100, 10 + list(TEXTS).index(name)))


def frames() -> Iterator[Frame]:
    """For each text: a name told by DNS, mDNS and DHCP, a TLS server name, an HTTP request, and a scan of its bearer."""
    at = START_NS
    for name in TEXTS:
        target, text = target_of(name), raw(name)
        scanner = bytes((192, 168, 7, 100 + list(TEXTS).index(name)))
        messages = [
            (DESK, ROUTER, 40_000, 53, _question(text)),
            (ROUTER, DESK, 53, 40_000, _question(text, target)),
            (DESK, bytes((224, 0, 0, 251)), 5353, 5353, _question(text + b"\x05local", DESK, multicast=True)),
            (bytes(4), b"\xff" * 4, 68, 67, _host_name(text)),
        ]
        for source, destination, near, far, payload in messages:
            at += 5_000_000
            yield _frame(
                at, source, destination, IpProtocol.UDP, udp((source, destination), (near, far), payload)
            )
        for port, payload in ((443, _hello(text)), (80, _request(text))):
            at += 5_000_000
            yield _frame(
                at, scanner, target, IpProtocol.TCP, _segment(scanner, target, 50_000, port, _PUSH, payload)
            )
        for port in range(PORTS):
            at += 10_000_000
            near = 51_000 + port
            yield _frame(
                at, scanner, target, IpProtocol.TCP, _segment(scanner, target, near, 1_000 + port, _SYN)
            )
            at += 1_000_000
            yield _frame(
                at, target, scanner, IpProtocol.TCP, _segment(target, scanner, 1_000 + port, near, _RST)
            )


def write_capture(path: Path) -> None:
    """All of them as a file."""
    with path.open("wb") as stream:
        write_pcapng(stream, frames())


def is_inert(text: str, *, lines: bool = False) -> bool:
    """Whether a text that is shown can't steer what shows it; `lines` where several lines are meant."""
    return all(
        (unicodedata.category(mark) not in _STEERING and mark not in _BLANK) or (lines and mark in "\n\t")
        for mark in text
    )


def as_shown(name: str) -> str:
    """How the text is written where it is shown to people: what can't be seen is an escape."""
    return shown(raw(name).decode("utf-8", "backslashreplace"), 255)


class Markup(HTMLParser):
    """Every element and attribute of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str], ...]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple((name, value or "") for name, value in attrs)))

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.elements.append(("comment", (("", data),)))

    @property
    def active(self) -> list[object]:
        """What runs, loads or leads somewhere."""
        return [
            (tag, name, value)
            for tag, attributes in self.elements
            for name, value in (*attributes, ("", ""))
            if tag in {"script", "iframe", "object", "embed", "base", "form", "link", "meta-refresh"}
            or name.startswith("on")
            or (
                name in {"href", "src", "action", "xlink:href"}
                and not value.startswith(("#", "data:image/", "cid:"))
            )
        ]


def hostile_cells(rows: Iterable[Iterable[str]]) -> list[str]:
    """Cells that a spreadsheet would run, or that hold what can't be seen."""
    return [
        cell
        for row in rows
        for cell in row
        if (cell[:1] in {"=", "+", "-", "@", "\t", "\r"} and not _is_number(cell)) or not is_inert(cell)
    ]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _labels(text: bytes) -> bytes:
    """Wire form of a name whose labels are any bytes (RFC 2181 section 11)."""
    pieces = [text[start : start + 60] for start in range(0, min(len(text), 240), 60)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


def _question(text: bytes, answer: bytes | None = None, *, multicast: bool = False) -> bytes:
    local = text.removesuffix(b"\x05local")
    name = _labels(local) + (b"\x05local" if local != text else b"") + b"\0"
    question = name + struct.pack(">HH", 1, 1)
    if answer is None:
        return struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0) + question
    if multicast:
        record = name + struct.pack(">HHIH", 1, 0x8001, 120, 4) + answer
        return struct.pack(">6H", 0, 0x8400, 0, 1, 0, 0) + record
    record = struct.pack(">HHHIH", 0xC00C, 1, 1, 300, 4) + answer
    return struct.pack(">6H", 1, 0x8180, 1, 1, 0, 0) + question + record


def _host_name(text: bytes) -> bytes:
    option = bytes([12, len(text[:255])]) + text[:255]
    return dhcp(3, 1, DESK_MAC, DESK, reply=False, options=option)


def _hello(text: bytes) -> bytes:
    made = tls_client_hello("N" * len(text), bytes(32), bytes(32), bytes(32))
    return made.replace(b"N" * len(text), text)


def _request(text: bytes) -> bytes:
    line = b"GET /" + text.replace(b"\r", b"").replace(b"\n", b"")[:150] + b" HTTP/1.1\r\n"
    return line + b"Host: " + text + b"\r\nUser-Agent: " + text + b"\r\n\r\n"


def _segment(
    source: bytes, destination: bytes, near: int, far: int, flags: int, payload: bytes = b""
) -> bytes:
    return tcp(
        (source, destination), (near, far), sequence=1, acknowledgement=1, flags=flags, payload=payload
    )


def _frame(at: int, source: bytes, destination: bytes, protocol: int, segment: bytes) -> Frame:
    outbound = destination[:2] != b"\xc0\xa8"
    macs = (DESK_MAC, ROUTER_MAC) if outbound else (ROUTER_MAC, DESK_MAC)
    data = ethernet(*macs, EtherType.IPV4, ipv4(source, destination, protocol, segment))
    return Frame(data, at, len(data), 1)
