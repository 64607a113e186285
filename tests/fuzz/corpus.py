"""`python -m tests.fuzz.corpus`: write the inputs that fuzzing begins with, made by our own generators alone.

What long runs found to be worth keeping lies beside them under names that begin with `found-`; it is left alone.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fuzz.analysis import CLOCK
from tests.fuzz.classifiers import LABELS, a_small_model
from tests.fuzz.conversations import STEP
from tests.fuzz.evidences import a_small_recording
from tests.fuzz.frames import packed, packed_payload
from tests.fuzz.words import VOCABULARY
from tests.helpers import capture_bytes as files
from tests.helpers import wire
from tests.helpers.payloads import TCP, UDP
from trafficdesk.capture.helper import GREETING
from trafficdesk.capture.synthetic import generate
from trafficdesk.capture.synthetic.messages import dns_answer, dns_query, mdns_answer, mdns_query
from trafficdesk.decode import decode
from trafficdesk.packets.display_filter import FIELD_NAMES
from trafficdesk.packets.protocol import IpProtocol, LinkType

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS: Final = Path(__file__).parent / "corpus"
_LONGEST: Final = 700
"""Bytes of a seed frame; longer ones are cut, as by a snap length."""
_PAYLOADS: Final = (
    (UDP, (42759, 3478), bytes.fromhex("000100002112a4424133516369344e75724f4b41")),
    (TCP, (445, 50000), bytes.fromhex("00000048fe534d4240000100030100000f0001000300000000000000a90f0000")),
    (TCP, (445, 50000), bytes.fromhex("00000048ff534d42720001000301000000000100")),
    (TCP, (50000, 179), b"\xff" * 16 + bytes.fromhex("001304")),
    (UDP, (50000, 51820), b"\1\0\0\0" + bytes(144)),
    (UDP, (16756, 15580), bytes.fromhex("800d03c70002477017d901344c")),
    (UDP, (16757, 15581), bytes.fromhex("80c80006") + bytes(24)),
    (UDP, (50000, 4500), bytes.fromhex("000000001111111111111111222222222222222200100200000000000000001c")),
    (TCP, (50000, 40000), b"\x13BitTorrent protocol" + bytes(48)),
    (TCP, (50000, 1883), b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"),
    (UDP, (5060, 5060), b"INVITE sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n\r\n"),
    (TCP, (5060, 40000), b"SIP/2.0 486 Busy Here\r\n"),
    (TCP, (50000, 554), b"DESCRIBE rtsp://192.0.2.1/ RTSP/1.0\r\nCSeq: 2\r\n\r\n"),
    (TCP, (20000, 50000), b"\x05\x64\x05\xc0\x01\0\0\4"),
    (TCP, (50000, 80), b"POST /a HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\n\r\nabc"),
    (TCP, (80, 50000), b"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n"),
    (TCP, (50000, 80), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)),
    (TCP, (50000, 22), b"SSH-2.0-OpenSSH_9.6\r\n"),
    (TCP, (25, 50000), b"220 mail.example.com ESMTP\r\n"),
    (TCP, (50000, 143), b"a1 LOGIN user secret\r\n"),
    (TCP, (110, 50000), b"+OK ready\r\n"),
    (TCP, (50000, 21), b"USER anonymous\r\n"),
    (TCP, (50000, 6667), b"NICK someone\r\n"),
    (TCP, (50000, 5222), b"<?xml version='1.0'?><stream:stream to='example.com'>"),
    (TCP, (50000, 9878), b"8=FIX.4.2\x019=65\x0135=A\x01"),
    (UDP, (50000, 514), b"<34>Oct 11 22:14:15 host su: failed"),
    (UDP, (137, 137), bytes.fromhex("8001 0110 0001 0000 0000 0000 20") + b"CK" + b"A" * 30 + b"\0\0\x21\0\1"),
    (UDP, (138, 138), b"\x11\x02\0\1\xc0\0\2\1\0\x8a\0\xbb\0\0"),
    (UDP, (50000, 161), bytes.fromhex("302602010104067075626c6963a019020401020304020100020100300b300906052b060102010500")),
    (TCP, (50000, 502), bytes.fromhex("00010000000611030 06b0003".replace(" ", ""))),
    (TCP, (50000, 389), bytes.fromhex("300c020101600702010304008000")),
    (UDP, (50000, 88), bytes.fromhex("6a81 08 30 81 05 a1 03 02 01 05".replace(" ", ""))),
    (TCP, (50000, 3389), bytes.fromhex("0300001300e00000000000010008000300 0000".replace(" ", ""))),
    (UDP, (546, 547), bytes.fromhex("01abcdef0001000e000100012b0c0ffe02005e0053010006000400170018")),
    (UDP, (50000, 123), b"\x23" + bytes(47)),
    (UDP, (50000, 1900), b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"),
    (UDP, (50000, 443), bytes.fromhex("c30000000108") + bytes(8) + bytes.fromhex("00004496") + bytes(40)),
    (UDP, (50000, 4433), bytes.fromhex("16fefd0000000000000000002c0100002000000000000000 20fefd".replace(" ", "")) + bytes(32)),
)  # fmt: skip
_FILTERS: Final = (
    "ip.addr == 10.0.0.0/8 && tcp.port in {80, 443} && !(dns) && frame.len > 500 && tcp.flags.syn == 1",
    'ip.src != 1.1.1.1 && dns.qry.name contains "example"',
    'td.score > 0.9 or td.flagged and td.program == "firefox" xor td.host contains "github"',
    "any tcp.port in {1..1023, 8080} || all udp.port == 53",
    "tcp.flags & 0x12 == 0x12",
    "ipv6.addr == 2001:db8::/32 || eth.addr == 02:00:5e:00:53:01",
    'frame.time >= "2026-11-20 19:00:00Z" and not icmp',
    'http.request.method matches "(?i)^get|post$"',
    'lower(dns.qry.name) ~ r"\\.(com|net)$"',
    "tcp.dstport not in {443} && vlan.id === 7",
    'td.family == "port_scan" || td.family == "none"',
    "(" * 90 + "ip" + ")" * 90,
    "!" * 90 + "arp",
    "frame.number >= 18446744073709551615 or ip.ttl < -1",
    'frame contains "a\\x00\\"b\\u0041"',
    "ip.proto == tcp and ip.len == 0x28",
    "tcp.srcport == tcp.dstport",
)  # fmt: skip
_LISTS: Final = (
    "# Updated: 2026-09-01\n192.0.2.1\n203.0.113.0/24 ; remark\n2001:db8::/32\nbad.example\n*.worse.example\n",
    "192.0.2.1 - 192.0.2.9\n198.51.100.7:8080\n[2001:db8::1]:53\nhxxp://bad[.]example/\nhttp://x.example/page\n",
    "0.0.0.0/0\n10.0.0.0/8\n127.0.0.1\nfe80::1%eth0\ncom\nprinter.local\n::ffff:192.0.2.1\n2000::/3\nrubbish here\n",
    "127.0.0.1 localhost\n0.0.0.0 bad.example worse.example # two\n:: x.example\n8.8.8.8 y.example\n",
    'first_seen,dst_ip,port\n"2026-01-01","192.0.2.1","443"\n2026-01-02,nowhere,1\n',
    "# a;ioc_value;b\n1;192.0.2.2;x\n2;bad.example;y\n",
    "a\tb\n1\t2\n",
    (
        '{"type":"bundle","objects":[{"type":"indicator","modified":"2026-09-10T08:00:00Z","pattern":'
        "\"[ipv4-addr:value = '192.0.2.1'] OR [domain-name:value IN ('bad.example','x.example')]\"},"
        '{"type":"indicator","pattern_type":"snort","pattern":"alert"},{"type":"indicator","revoked":true},'
        '{"type":"indicator","valid_until":"2020-01-01T00:00:00Z"},{"type":"indicator","pattern":'
        "\"[file:name = 'x' AND ipv4-addr:value ISSUBSET '192.0.2.0/24']\"}]}"
    ),
    '{"objects":',
    "\ufeffb\u00fccher.example\r\n\u4f8b\u3048.example\r\n",
)


def seeds(name: str) -> list[bytes]:
    """The inputs that target `name` begins with."""
    return {
        "pcap": _pcap_files,
        "pcapng": _pcapng_files,
        "gzip": _gzip_files,
        "decode": lambda: [*(packed([frame]) for frame in _frames()), *_together()],
        "applications": lambda: list(_payloads()),
        "answers": _answers,
        "conversations": _stories,
        "dissect": lambda: [
            struct.pack("<HB", link, min(more, 255)) + frame[:500] for link, frame, more in _frames()
        ],
        "analysis": lambda: [_CLOCKS[number % len(_CLOCKS)] + frames for number, frames in enumerate(_together(3))],
        "display_filter": lambda: [*(text.encode() for text in _FILTERS), *_words()],
        "dumpcap_words": _dumpcap_words,
        "model": lambda: [a_small_model(), a_small_model()[:-40], a_small_model().replace(b"DNS", b"TLS")],
        "recording": lambda: [a_small_recording(), a_small_recording()[:-9], a_small_recording().replace(b"<f4", b"<f8", 1)],
        "labels": lambda: [text.encode() for text in LABELS],
        "threat_lists": lambda: [text.encode() for text in _LISTS],
        "hand_over": lambda: [bytes([kind << 5 | count]) + words for kind in range(8) for count, words in _VISITS],
    }[name]()  # fmt: skip


_CLOCKS: Final = tuple(
    CLOCK.pack(*clock)
    for clock in ((1_700_000_000_000_000_000, 30), (0, 20), (1 << 62, 63), (-(1 << 63), 40))
)
_VISITS: Final = ((16, GREETING), (0, GREETING), (17, GREETING + b"x"), (1, GREETING[:-1]))


def _frames() -> Iterator[tuple[int, bytes, int]]:
    """One frame of each kind the sample and the tests' builders have."""
    for frame in wire.CAPTURED.values():
        yield LinkType.ETHERNET, frame[:_LONGEST], len(frame[_LONGEST:])
    yield LinkType.LINUX_SLL, wire.SLL_ARP, 0
    yield LinkType.LINUX_SLL2, wire.SLL2_UDP_6, 0
    yield from _tunnels()
    for link_type in LinkType:
        yield link_type, wire.HTTP_GET[14:], 0
    yield from _sample_frames()


def _tunnels() -> Iterator[tuple[int, bytes, int]]:
    inner = wire.ipv4(17, wire.udp(b"tick"))
    inner_6 = wire.ipv6(6, wire.tcp(b"GET / HTTP/1.1\r\n\r\n"))
    framed = wire.ethernet(0x0800, inner)

    def over_udp(port: int, payload: bytes) -> bytes:
        return wire.ipv4(17, struct.pack(">HHHH", 50_000, port, 8 + len(payload), 0) + payload)

    for ether_type, payload in (
        (0x8100, b"\0\7\x08\0" + inner),
        (0x88A8, b"\0\7\x81\0\0\x09\x08\0" + inner),
        (0x8847, b"\0\1\0\x40\0\2\1\x40" + inner),
        (0x8864, struct.pack(">BBHHH", 0x11, 0, 1, len(inner) + 2, 0x21) + inner),
        (0x0800, wire.ipv4(4, inner)),
        (0x0800, wire.ipv4(41, inner_6)),
        (0x0800, wire.ipv4(47, b"\0\0\x08\0" + inner)),
        (0x0800, wire.ipv4(47, b"\x20\0\x65\x58\0\0\0\1" + framed)),
        (0x0800, over_udp(4789, b"\x08\0\0\0\0\0\7\0" + framed)),
        (0x0800, over_udp(6081, b"\0\0\x65\x58\0\0\7\0" + framed)),
        (0x0800, over_udp(3544, inner_6)),
        (0x0800, over_udp(2152, b"\x30\xff" + struct.pack(">HI", len(inner), 7) + inner)),
        (0x0800, wire.ipv4(51, b"\x11\4\0\0" + bytes(20) + wire.udp(b"x"))),
        (0x0800, wire.ipv4(50, bytes(40))),
        (0x86DD, wire.ipv6(0, b"\x2b\0" + bytes(6) + b"\x2c\0" + bytes(6) + b"\x11\0\0\1\0\0\0\7" + wire.udp(b"x"))),
        (0x0800, wire.ipv4(17, wire.udp(b"first"), fragment=0x2000)),
        (0x0800, wire.ipv4(17, b"second", fragment=0x0002)),
        (0x88CC, bytes.fromhex("0207040200 5e0053010403056574683006020078fe0600120f0102030000".replace(" ", ""))),
        (0x0800, wire.ipv4(89, bytes.fromhex("0201002cc0000201000000000000000000000000") + bytes(24))),
        (0x0800, wire.ipv4(132, struct.pack(">HHII", 5000, 5001, 1, 0) + b"\1\0\0\x14" + bytes(16))),
    ):  # fmt: skip
        yield LinkType.ETHERNET, wire.ethernet(ether_type, payload), 0


def _sample_frames() -> Iterator[tuple[int, bytes, int]]:
    """One frame of each protocol and message that the sample has."""
    frames = generate().frames
    batch = decode(wire.block_of(*(frame.data for frame in frames)))
    kinds = zip(
        *(batch[name].tolist() for name in ("protocol", "application_code", "message_type")), strict=True
    )
    first = {kind: number for number, kind in reversed(list(enumerate(kinds)))}
    for number in sorted(first.values()):
        data = frames[number].data
        yield frames[number].link_type, data[:_LONGEST], len(data[_LONGEST:])


def _together(apart: int = 0) -> list[bytes]:
    """Frames by the seven, each lacking `apart` bytes more than the one before: their times, where that is asked for."""
    frames = [frame for frame in _frames() if len(frame[1]) < 130]
    return [
        packed(
            (link_type, data, place * apart) for place, (link_type, data, _) in enumerate(frames[at : at + 7])
        )
        for at in range(0, len(frames), 7)
    ]


def _payloads() -> Iterator[bytes]:
    for transport, ports, payload in _PAYLOADS:
        yield packed_payload(transport, ports, payload)
    frames = list(_sample_frames())
    batch = decode(wire.block_of(*(frame for _, frame, _ in frames)))
    for row, (_, frame, _) in enumerate(frames):
        transport = {IpProtocol.TCP: TCP, IpProtocol.UDP: UDP}.get(int(batch["ip_protocol"][row]))
        if transport is not None and batch["payload_length"][row]:
            ports = (int(batch["source_port"][row]), int(batch["destination_port"][row]))
            yield packed_payload(transport, ports, frame[int(batch["payload_offset"][row]) :])


def _answers() -> list[bytes]:
    ours, six = bytes([192, 0, 2, 9]), bytes(15) + b"\1"
    dhcp = (
        bytes.fromhex("0101060012345678")
        + bytes(228)
        + bytes.fromhex("63825363350103320 4c0a801090c0474657374ff".replace(" ", ""))
    )
    loop = struct.pack(">6H", 1, 0x8180, 1, 2, 0, 0) + b"\xc0\x0c\0\1\0\1" + b"\xc0\x12\0\1\0\1" + bytes(10)
    return [
        b"\0" + dns_answer(7, "www.example.com", 1, [ours, ours]),
        b"\0" + dns_answer(7, "www.example.com", 28, [six]) + b"\r\n--\r\n" + dns_query(8, "a.example", 28),
        b"\0" + loop,
        b"\1" + mdns_answer("printer.local", 1, bytes([192, 168, 1, 40])),
        b"\1" + mdns_query("_ipp._tcp.local"),
        b"\2" + dns_answer(9, "fileserver", 1, [bytes([192, 168, 1, 41])]),
        b"\3" + dhcp,
    ]  # fmt: skip


def _words() -> list[bytes]:
    """Some fields alone and compared, as numbers of `VOCABULARY`."""
    place = VOCABULARY.index
    values = [place(word) for word in ("1", "192.0.2.1", '"a"', "02:00:5e:00:53:01", "0.5")]
    fields = [place(name) for name in FIELD_NAMES[::7]]
    alone = [struct.pack("<BH", 0, field) for field in fields[::3]]
    return alone + [
        struct.pack("<BHHH", 0, field, place("=="), values[number % len(values)])
        for number, field in enumerate(fields)
    ]


def _stories() -> list[bytes]:
    """Steps as `conversations.STEP` has them: handshake, data, repetition, reset; names that others inherit."""
    palette = 252  # a multiple of the number of payloads
    opening = ((0, 2, 9, 0), (1, 0x12, 99, 10), (0, 0x10, 10, 100))
    get, answer = (0, 0x18, 10, 100, 500, 1, palette), (1, 0x18, 100, 36, 500, 1, palette + 1)
    more = (1, 0x10, 136, 36, 500, 1, 50)

    def opened(conversation: int) -> list[tuple[int, ...]]:
        return [(who | conversation << 1, *rest, 500, 1, 0) for who, *rest in opening]

    stories: list[list[tuple[int, ...]]] = [
        [*opened(0), get, answer, more, more, (0, 4, 36, 186, 0, 1, 0)],
        [*opened(0), get, (0, 0x10, 35, 100, 0, 250, 1), (1, 0x10, 100, 36, 0, 1, 0), *opened(0), get],
        [*opened(1), (3, 0x18, 100, 10, 500, 1, palette + 2), *opened(2), (5, 0x10, 100, 10, 500, 1, 90)],
        [(6, 0, 0, 0, 0, 1, 201), (7, 0, 0, 0, 0, 1, 202), (6, 0, 0, 0, 0, 1, 4)],
        [(0, 0x10, 32_700, 1, 500, 1, 199)] * 5,
    ]
    return [bytes([3, 6]) + b"".join(STEP.pack(*step) for step in story) for story in stories]


def _pcap_files() -> list[bytes]:
    frames = (wire.TCP_SYN, wire.UDP_TICK, b"", wire.ARP_REQUEST)
    return [
        files.pcap(*frames),
        files.pcap(*frames, order=">"),
        files.pcap(*frames, magic=0xA1B23C4D),
        files.pcap(*frames, magic=0xA1B2CD34, extra=struct.pack("<IHBB", 1, 0x0800, 0, 0)),
        files.pcap(*frames, version=(2, 2), wire_first=True),
        files.pcap(*frames, version=(2, 3)),
        files.pcap(*frames, version=(543, 0), wire_first=True),
        files.pcap(*frames, link_word=113 | 0xF000_0000),
        files.pcap(*frames, magic=0x1C0001AC, after_header=b"\0\0\0\1"),
        files.pcap(*frames, extra=b"\0\0\0\x0f"),
        files.pcap(*frames)[:-7],
        files.pcap(*[wire.UDP_TICK] * 40),
    ]


def _pcapng_files() -> list[bytes]:
    first, second = wire.TCP_SYN, wire.UDP_TICK
    start = files.section() + files.interface(snap_length=96, resolution=9) + files.interface(113)
    other = files.section(">") + files.interface(order=">", resolution=0x8A, offset_s=-5)
    said = b"".join(
        files.option(code, text, ">")
        for code, text in ((2, bytes(4)), (1, b"one"), (1, b"two \xff"), (0, b""))
    )
    packets = files.enhanced(first, 5) + files.enhanced(second, 6, number=1, options=files.option(1, b"why"))
    return [
        start + packets + files.simple(first) + files.obsolete(second, 7),
        start + packets + other + files.enhanced(first, 1, order=">") + files.simple(second, order=">"),
        start + files.block(5, struct.pack("<III", 0, 0, 0)) + files.block(4, bytes(8)) + packets,
        start + files.block(0x80000001, b"own") + files.enhanced(first, 1 << 62),
        files.section(version=(1, 2)) + files.interface(1, resolution=0x94) + packets,
        start + files.enhanced(first, 1, number=9) + packets,
        start + packets[:-5],
        start + b"".join(files.enhanced(second, number) for number in range(40)),
        files.section() + b"".join(files.interface(kind) for kind in range(20)) + files.enhanced(b"", 1, number=19),
        start + packets + other + files.enhanced(first, 1, order=">", options=said) + files.enhanced(first[:-1], 2, order=">", options=said),
    ]  # fmt: skip


def _gzip_files() -> list[bytes]:
    small, ng = _pcap_files()[0], _pcapng_files()[0]
    return [
        gzip.compress(small, mtime=0),
        gzip.compress(ng, 1, mtime=0),
        gzip.compress(small[:60], mtime=0) + gzip.compress(small[60:], 0, mtime=0),
        gzip.compress(ng, mtime=0) + b"rubbish",
        gzip.compress(small, mtime=0)[:-9],
        gzip.compress(small + bytes(100_000), mtime=0),
        gzip.compress(gzip.compress(small, mtime=0), mtime=0),
    ]


def _dumpcap_words() -> list[bytes]:
    statistics = struct.pack("=IIQHHQHHQHH", 0, 5, 77, 4, 8, 9, 5, 8, 3, 0, 0)
    block = struct.pack("=II", 5, len(statistics) + 12) + statistics + struct.pack("=I", len(statistics) + 12)
    return [
        block,
        b"rest of a packet" + block,
        b"dumpcap: The capture session could not be initiated (You don't have permission to capture).\n",
        b'dumpcap: Invalid capture filter "x y" for interface eth0 (can\'t parse filter expression: syntax error).',
        b"dumpcap: There is no device named eth7.\nCapturing on 'eth7'\n",
        b"dumpcap: The network is down\n",
    ]


def main() -> int:
    """Write them all; returns the exit code."""
    from tests.fuzz.targets import TARGETS

    for target in TARGETS:
        folder = CORPUS / target.name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("seed-*"):
            old.unlink()
        for data in seeds(target.name):
            (folder / f"seed-{hashlib.sha1(data).hexdigest()[:12]}").write_bytes(data)
        size = sum(path.stat().st_size for path in folder.iterdir())
        sys.stdout.write(f"{target.name}: {len(list(folder.iterdir()))} inputs, {size:,} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
