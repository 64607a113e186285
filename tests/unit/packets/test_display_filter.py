from __future__ import annotations

import ipaddress
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.wire import block_of
from trafficdesk.capture.synthetic import frames, messages
from trafficdesk.decode import decode
from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets import PacketBatch, PacketLog
from trafficdesk.packets.display_filter import FIELD_NAMES, compile_filter, filter_for_value
from trafficdesk.packets.filter_fields import BY_NAME
from trafficdesk.packets.log import Verdict
from trafficdesk.packets.protocol import EtherType, IpProtocol

ME, YOU = bytes.fromhex("02005e005301"), bytes.fromhex("02005e005302")


def packed(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def over_ip(source: str, destination: str, protocol: int, payload: bytes, **more: int) -> bytes:
    packet = frames.ipv4(packed(source), packed(destination), protocol, payload, **more)
    return frames.ethernet(ME, YOU, EtherType.IPV4, packet)


def over_tcp(ends: tuple[str, str], ports: tuple[int, int], *, ttl: int = 64, **more: object) -> bytes:
    addresses = (packed(ends[0]), packed(ends[1]))
    segment = frames.tcp(addresses, ports, **more)
    if len(addresses[0]) == 16:
        return frames.ethernet(
            ME, YOU, EtherType.IPV6, frames.ipv6(*addresses, IpProtocol.TCP, segment, hop_limit=ttl)
        )
    return over_ip(*ends, IpProtocol.TCP, segment, ttl=ttl)


def over_udp(ends: tuple[str, str], ports: tuple[int, int], payload: bytes) -> bytes:
    return over_ip(*ends, IpProtocol.UDP, frames.udp((packed(ends[0]), packed(ends[1])), ports, payload))


LAPTOP, SERVER, ROUTER = "192.168.1.2", "10.0.0.1", "192.168.1.1"
HELLO = messages.tls_client_hello("www.Example.com", bytes(32), bytes(32), bytes(32))
SOLICITATION = frames.icmpv6((packed("fe80::1"), packed("ff02::1")), 135, 0, bytes(4) + packed("fe80::2"))

FRAMES = {
    "syn": over_tcp((LAPTOP, SERVER), (50_000, 443), flags=0x002, sequence=7, window=64_240),
    "synack": over_tcp((SERVER, LAPTOP), (443, 50_000), flags=0x012, sequence=3_000_000_000, ttl=50, window=512),
    "tls": over_tcp((LAPTOP, SERVER), (50_000, 443), flags=0x018, payload=HELLO),
    "get": over_tcp((LAPTOP, SERVER), (50_001, 80), flags=0x018, payload=messages.http_request("GET", "/a", "x.example")),
    "404": over_tcp((SERVER, LAPTOP), (80, 50_001), flags=0x018, payload=messages.http_response("404 Not Found", b"")),
    "v6": over_tcp(("2001:db8::1", "2001:db8::2"), (50_002, 443), flags=0x004, ttl=57),
    "query": over_udp((LAPTOP, ROUTER), (40_000, 53), messages.dns_query(0x1234, "www.example.com")),
    "nxdomain": over_udp((ROUTER, LAPTOP), (53, 40_000), messages.dns_answer(0x1234, "www.example.com", 1, [], code=3)),
    "mdns": over_udp((LAPTOP, "224.0.0.251"), (5353, 5353), messages.mdns_query("_IPP._tcp.local")),
    "ping": over_ip(LAPTOP, ROUTER, IpProtocol.ICMP, frames.icmp(8, 0, bytes(4), bytes(16))),
    "arp": frames.ethernet(ME, frames.BROADCAST, EtherType.ARP, frames.arp(1, (ME, packed(LAPTOP)), (bytes(6), packed(ROUTER)))),
    "neighbour": frames.ethernet(ME, YOU, EtherType.IPV6, frames.ipv6(packed("fe80::1"), packed("ff02::1"), 58, SOLICITATION, hop_limit=255)),
    "fragment": over_ip(LAPTOP, SERVER, IpProtocol.TCP, bytes(64), fragment=185),
    "vlan": frames.ethernet(ME, YOU, EtherType.VLAN, frames.vlan(100, EtherType.IPV4, over_udp((LAPTOP, ROUTER), (123, 123), messages.ntp(3, 0, 10**18))[14:])),
    "lldp": frames.ethernet(ME, bytes.fromhex("0180c200000e"), EtherType.LLDP, b"\x02\x07\x04" + ME + b"\x04\x02\x07a\x06\x02\x00\x78\x00\x00"),
}  # fmt: skip
NAMES = list(FRAMES)
ALL_IP4 = "syn synack tls get 404 query nxdomain mdns ping fragment vlan"
ALL_TCP = "syn synack tls get 404 v6"


@pytest.fixture(scope="module")
def batch() -> PacketBatch:
    return decode(block_of(*FRAMES.values()))


def matching(expression: str, batch: PacketBatch) -> list[str]:
    return [NAMES[row] for row in np.flatnonzero(compile_filter(expression).mask(batch))]


EXAMPLES = [
    ("", " ".join(NAMES)),
    ("tcp", ALL_TCP),
    ("udp", "query nxdomain mdns vlan"),
    ("ip", ALL_IP4),
    ("ipv6", "v6 neighbour"),
    ("arp or icmp or icmpv6", "ping arp neighbour"),
    ("dns", "query nxdomain"),
    ("mdns", "mdns"),
    ("tls", "tls"),
    ("http", "get 404"),
    ("lldp", "lldp"),
    ("vlan", "vlan"),
    ("eth.type == 0x8100", "vlan"),
    ("vlan.id == 100", "vlan"),
    ("ntp", "vlan"),
    ("!(tcp) && !(udp)", "ping arp neighbour fragment lldp"),
    ("not tcp and not udp", "ping arp neighbour fragment lldp"),
    ("tcp.port == 443", "syn synack tls v6"),
    ("tcp.srcport == 443", "synack"),
    ("tcp.dstport eq 0x1bb", "syn tls v6"),
    ("tcp.port in {80, 5000..6000, 50001..50002}", "get 404 v6"),
    ("tcp.port not in {443} && tcp", "get 404"),
    ("not tcp.port in {443} and tcp", "get 404"),
    ("tcp.port != 443", "get 404"),
    ("tcp.port !== 443", ALL_TCP),
    ("tcp.port ~= 443", ALL_TCP),
    ("tcp.port === 443", ""),
    ("all tcp.port > 1000", ""),
    ("all udp.port > 1000", "mdns"),
    ("any udp.port < 100", "query nxdomain"),
    ("udp.srcport == udp.dstport", "mdns vlan"),
    ("ip.src > ip.dst", "syn tls get ping query fragment vlan"),
    ("ip.addr == 10.0.0.1", "syn synack tls get 404 fragment"),
    ("ip.addr == 10.0.0.0/8 && tcp", "syn synack tls get 404"),
    ("ip.src == 192.168.0.0/16 and ip.dst == 192.168.1.1", "query ping vlan"),
    ("ip.addr in {10.0.0.0..10.0.0.9, 224.0.0.0/4}", "syn synack tls get 404 mdns fragment"),
    ("ip.addr != 10.0.0.1", "query nxdomain mdns ping vlan"),
    ("!(ip.addr == 10.0.0.1)", "v6 query nxdomain mdns ping arp neighbour vlan lldp"),
    ("ip.src >= 192.168.1.2", "syn tls get query mdns ping fragment vlan"),
    ("ipv6.addr == fe80::/10", "neighbour"),
    ("ipv6.src == 2001:db8::1", "v6"),
    ("ipv6.dst > 2001:db8::1", "v6 neighbour"),
    ("ipv6.addr in {2001:db8::2..2001:db8::f}", "v6"),
    ("ipv6.hlim == 57", "v6"),
    ("ip.ttl < 64", "synack"),
    ("ip.ttl <= 57", "synack"),
    ("ip.proto == 17", "query nxdomain mdns vlan"),
    ("eth.dst == ff:ff:ff:ff:ff:ff", "arp"),
    ("eth.addr == 02-00-5e-00-53-02 && arp", ""),
    ("eth.addr == 0180.c200.000e", "lldp"),
    ("arp.opcode == 1", "arp"),
    ("arp.src.proto_ipv4 == 192.168.1.0/24", "arp"),
    ("ip.addr == 192.168.1.2 && arp", ""),
    ("tcp.flags.syn == 1", "syn synack"),
    ("tcp.flags.syn == 1 && tcp.flags.ack == 0", "syn"),
    ("tcp.flags.syn == True and !tcp.flags.ack == true", "syn"),
    ("tcp.flags.syn", ALL_TCP),
    ("tcp.flags.reset == 1", "v6"),
    ("tcp.flags == 0x012", "synack"),
    ("tcp.flags & 0x12 == 2", "syn"),
    ("tcp.flags & 0x04", "v6"),
    ("tcp.len > 0", "tls get 404"),
    ("tcp.seq_raw == 3000000000", "synack"),
    ("tcp.window_size_value == 512", "synack"),
    ("udp.length == 0x29", "query nxdomain mdns"),
    ("icmp.type == 8", "ping"),
    ("icmpv6.type == 135 && icmpv6.code == 0", "neighbour"),
    ("dns.id == 0x1234", "query nxdomain"),
    ("dns.flags.response == 0", "query mdns"),
    ("dns.flags.rcode == 3", "nxdomain"),
    ("dns.flags.rcode != 3", ""),
    ("dns.qry.type == 12", "mdns"),
    ('dns.qry.name == "www.example.com"', "query nxdomain"),
    ('dns.qry.name != "www.example.com"', "mdns"),
    ("dns.qry.name == www.example.com", "query nxdomain"),
    ('dns.qry.name contains "EXAMPLE"', ""),
    ('dns.qry.name contains "ample"', "query nxdomain"),
    ('dns.qry.name matches r"^WWW\\.ex"', "query nxdomain"),
    ('dns.qry.name ~ "ipp"', "mdns"),
    ('dns.qry.name matches "(?-i:ipp)"', ""),
    ('lower(dns.qry.name) contains "ipp"', "mdns"),
    ('upper(dns.qry.name) == "WWW.EXAMPLE.COM"', "query nxdomain"),
    ("len(dns.qry.name) == 15", "query nxdomain mdns"),
    ('dns.qry.name in {"www.example.com", "other"}', "query nxdomain"),
    ('tls.handshake.extensions_server_name == "www.Example.com"', "tls"),
    ("tls.handshake.type == 1", "tls"),
    ('http.request.method == "GET"', "get"),
    ('http.request.uri contains "/a"', "get"),
    ("http.response.code >= 400", "404"),
    ("frame.number == 1", "syn"),
    ("frame.number in {2..3}", "synack tls"),
    ("frame.len > 200", "tls"),
    ("frame.cap_len <= 42", "arp lldp"),
    ("frame.time_epoch > 1700000000.000000011", "fragment vlan lldp"),
    ('frame.time <= "2023-11-14 22:13:20.000000001Z"', "syn synack"),
    ("eth.dst[0:3] == 01:80:c2", "lldp"),
    ("eth.dst[0:1] != ff && arp", ""),
    ("eth.dst[3-5] == 00-00-0e", "lldp"),
    ("eth.dst[-1] == 0x0e", "lldp"),
    ("ip.src[3] == 02", "syn tls get query mdns ping fragment vlan"),
    ("ip.dst[0:2] == c0:a8 && tcp", "synack 404"),
    ('dns.qry.name[0:3] == "www"', "query nxdomain"),
    ('dns.qry.name[4:] contains "ample"', "query nxdomain"),
    ('_ws.col.protocol == "mdns"', "mdns"),
    ('td.status == "complete" && arp', "arp"),
    ("arp || icmp && tcp", "arp"),
    ("(arp || icmp) && tcp", ""),
    ("tcp ^^ ip", "v6 query nxdomain mdns ping fragment vlan"),
    ("tcp xor ip && ipv6", ALL_TCP),
    ("! ! tcp", ALL_TCP),
    ("not not(tcp)", ALL_TCP),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), EXAMPLES)
def test_lets_through_what_wireshark_would(batch, expression, expected):
    """Fields, operators and precedence mean what Wireshark 4's manual says."""
    assert matching(expression, batch) == [name for name in NAMES if name in expected.split()]


@pytest.mark.parametrize(
    ("expression", "position", "title", "hint"),
    [
        ("tcp.prt == 80", 0, "tcp.prt is no field", "tcp.port"),
        ("ip && tcp.window_size == 5", 6, "tcp.window_size is no field", "tcp.window_size_value"),
        ("tcp.port = 80", 9, "'='", "=="),
        ("tcp.port ==", 11, "too early", ""),
        ("(tcp", 4, "too early", ""),
        ("tcp)", 3, "')'", ""),
        ("tcp udp", 4, "'udp'", "&&"),
        ("tcp.port == 70000", 12, "too big", ""),
        ("tcp.port == web", 12, "whole number", ""),
        ("tcp.port == 1_000", 12, "whole number", ""),
        ('tcp.port contains "8"', 9, "can't be compared", ""),
        ("tcp.flags.syn > 0", 14, "can't be compared", ""),
        ("tcp == 1", 4, "can't be compared", "alone"),
        ("ip && tcp in {443}", 6, "can't be compared", "alone"),
        ("ip.addr == 10.0.0", 11, "takes an IPv4 address", ""),
        ("ip.addr == 10.0.0.1/33", 11, "takes an IPv4 address", ""),
        ("ip.addr == fe80::1", 11, "use ipv6.addr", ""),
        ("ipv6.addr == 10.0.0.1", 13, "use ip.addr", ""),
        ('ip.addr == "10.0.0.1"', 11, "without quotes", ""),
        ("eth.addr == 00:11:22:33:44", 12, "link-layer address", ""),
        ("tcp.len[0:3] == 00:11:22", 0, "not supported", "eth.src[0:3]"),
        ("eth.src[0:3] == 00:11", 16, "3 bytes", ""),
        ("eth.src[5:3] == 00:11:22", 8, "no part", "6 bytes"),
        ("eth.src[a] == 1", 0, "not supported", ""),
        ("tcp.len + 5 > 10", 8, "'+'", "Arithmetic"),
        ("tcp.len+5 > 10", 0, "no field", "Arithmetic"),
        ("tcp.len * 2 > 10", 8, "'*'", "Arithmetic"),
        ("tcp.srcport - 5 == tcp.dstport", 12, "'-'", "Arithmetic"),
        ("udp.checksum == 5", 0, "no field", "udp.port"),
        ("ip.flags.df == 1", 0, "no field", "ip.addr"),
        ("tcp.stream eq 3", 0, "no field", "no number"),
        ('_ws.col.info contains "x"', 0, "no field", "td.text"),
        ("htpp", 0, "no field", "http"),
        ("qqqqqq", 0, "no field", "Ctrl+Space"),
        ('dns.qry.name matches "("', 21, "no regular expression", ""),
        ('dns.qry.name == "abc', 16, "not expected", "quote"),
        ("tcp.port in {}", 13, "'}'", ""),
        ("tcp.port in {80..}", 17, "'}'", ""),
        ("10.0.0.1", 0, "no field", "ip.addr == 10.0.0.1"),
        ("fe80::1", 0, "no field", "ipv6.addr == fe80::1"),
        ("443", 0, "no field", "tcp.port == 443"),
        ("ip.addr == tcp.port", 11, "can't be compared", ""),
        ("tcp.port & tcp", 0, "not supported", "&&"),
        ("count(tcp.port) > 1", 0, "not supported", "lower"),
        ('td.family == "port scam"', 13, "never", "port scan"),
        ('frame.time > "yesterday"', 13, "a time", ""),
        ("td.score > nan", 11, "a number", ""),
    ],
)
def test_says_what_is_wrong_and_where(expression, position, title, hint):
    """A filter that can't be understood names the fault, its place and, where one is near, the remedy."""
    with pytest.raises(BadDisplayFilter) as caught:
        compile_filter(expression, ("none", "port scan"))
    assert caught.value.position == position
    assert title in caught.value.title
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "expression", ["!" * 5_000 + "tcp", "tcp &&" * 5_000 + "tcp", "!(" * 3_000 + "tcp" + ")" * 3_000]
)
def test_bounds_what_a_pasted_mistake_costs(expression):
    """Endless or endlessly nested filters are refused, not recursed into."""
    with pytest.raises(BadDisplayFilter):
        compile_filter(expression)


def test_parentheses_alone_do_not_nest(batch):
    """Any number of parentheses around one condition is that condition."""
    assert matching("(" * 2_000 + "arp" + ")" * 2_000, batch) == ["arp"]


TEXT = st.text(st.sampled_from('tcp.port=80!&|()"\\ {}<>~in.,and fe80:1/8[]'), max_size=40)


@settings(deadline=None)  # the first call builds the parser
@given(st.one_of(TEXT, st.text(max_size=20)))
def test_never_fails_otherwise(expression):
    """Whatever is typed, the only error is `BadDisplayFilter`."""
    with suppress(BadDisplayFilter):
        assert compile_filter(expression).mask(PacketBatch.empty()).shape == (0,)


SIMPLE = st.sampled_from([expression for expression, _ in EXAMPLES if expression])


@settings(deadline=None)
@given(SIMPLE, SIMPLE)
def test_combines_as_logic_does(left, right):
    """Negation, and, or and xor of filters are those of their masks."""
    rows = decode(block_of(*FRAMES.values()))
    one, other = (compile_filter(f"({part})").mask(rows) for part in (left, right))
    for word, combined in (("&&", one & other), ("or", one | other), ("xor", one ^ other)):
        assert np.array_equal(compile_filter(f"({left}) {word} ({right})").mask(rows), combined)
    assert np.array_equal(compile_filter(f"not ({left})").mask(rows), ~one)


@pytest.mark.parametrize("name", FIELD_NAMES)
def test_every_name_stands_alone(batch, name):
    """Every field and protocol asks by itself whether a frame has it, on any rows, even none."""
    assert compile_filter(name).mask(batch).dtype == np.bool_
    assert len(compile_filter(name).mask(PacketBatch.empty())) == 0
    assert BY_NAME[name].words


def test_protocols_are_found_in_lower_layers(batch):
    """Every protocol word means "has it", so that a TLS row is a TCP row, an IP row and a frame."""
    row = batch.slice(NAMES.index("tls"), NAMES.index("tls") + 1)
    for name in ("frame", "eth", "ip", "tcp", "tls"):
        assert compile_filter(name).mask(row).all()


@pytest.mark.parametrize(
    ("field", "value", "expression"),
    [
        ("ip.addr", "10.0.0.1", "ip.addr == 10.0.0.1"),
        ("ip.addr", "fe80::1", "ipv6.addr == fe80::1"),
        ("ip.src", "2001:db8::1", "ipv6.src == 2001:db8::1"),
        ("tcp.port", 443, "tcp.port == 443"),
        ("eth.src", "02:00:5e:00:53:01", "eth.src == 02:00:5e:00:53:01"),
        ("dns.qry.name", 'a"b\\c', 'dns.qry.name == "a\\"b\\\\c"'),
        ("_ws.col.protocol", "mDNS", '_ws.col.protocol == "mDNS"'),
        ("tcp", "TCP", "tcp"),
    ],
)
def test_writes_the_filter_of_a_value(field, value, expression):
    """ "Apply as filter" gives a filter that compiles and asks for that very value."""
    assert filter_for_value(field, value) == expression
    assert compile_filter(expression).expression == expression


def test_quoted_text_reaches_the_packet():
    """A name with a quote and a backslash in it is found by the filter written for it."""
    name = b'a"b\\c.example'
    query = struct.pack(">6H", 1, 0x100, 1, 0, 0, 0) + b"\x05" + name[:5] + b"\x07example\0\0\x01\0\x01"
    batch = decode(block_of(over_udp((LAPTOP, ROUTER), (40_000, 53), query)))
    text = batch.text_of(0).decode()
    assert compile_filter(filter_for_value("dns.qry.name", text)).mask(batch).all()


def test_asks_the_analysis(batch):
    """td fields read the log's columns of analysis; what was not analysed matches nothing."""
    log = PacketLog()
    log.append(batch)
    rows = len(batch)
    score = np.full(rows, np.nan, np.float32)
    score[:3] = (0.5, 1.5, 1.0)
    verdict = np.zeros(rows, np.uint8)
    verdict[1] = Verdict.SCORED | Verdict.FAMILY
    family = np.zeros(rows, np.uint8)
    family[1] = 1
    incident = np.zeros(rows, np.int32)
    incident[1:3] = 4
    log.set_analysis(0, score, verdict, family, incident)

    def chosen(expression: str) -> list[int]:
        return log.select(compile_filter(expression, ("none", "port scan")).mask).tolist()

    assert chosen("td.score > 0.9") == [1, 2]
    assert chosen("td.score <= 0.5") == [0]
    assert chosen("td.flagged") == chosen("td.flagged == 1") == [1]
    assert len(chosen("td.flagged == 0")) == rows - 1
    assert chosen('td.family == "Port Scan"') == [1]
    assert chosen('td.family contains "scan"') == [1]
    assert chosen('td.family != "port scan"') == []
    assert chosen("td.incident == 4") == chosen("td.incident") == [1, 2]
    assert not compile_filter("td.score > 0 || td.flagged || td.incident").mask(batch).any()


def test_numbers_beyond_a_column_compare(batch):
    """A number no frame can have is compared as a number, not wrapped into the column's range."""
    assert matching("frame.len > -1 && tcp.len >= -5 && frame.number < 99999999999", batch) == ALL_TCP.split()


def test_unknown_escapes_stay(batch):
    """A backslash before another letter than quote or backslash reaches the regular expression."""
    assert matching('dns.qry.name matches "^www\\.e"', batch) == ["query", "nxdomain"]


def test_frame_numbers_are_the_captures(batch):
    """frame.number counts from the capture's first packet, not the batch's."""
    later = PacketBatch(1_000, batch.columns, batch.text)
    assert np.flatnonzero(compile_filter("frame.number == 1003").mask(later)).tolist() == [2]


def test_cut_payload_has_no_application(batch):
    """A row whose payload was not captured is named by its port; its protocol is not asserted of it."""
    cut = decode(block_of(FRAMES["tls"][:54], wire_lengths=[len(FRAMES["tls"])]))
    assert not compile_filter("tls").mask(cut).any()
    assert compile_filter("tcp.len > 0").mask(cut).all()
